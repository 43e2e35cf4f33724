//! HTTP: Kalshi's routes go to the exchange as they are; the simulator's own channel lies beside them.

use super::owner::Ask;
use super::socket;
use crate::admin::{Admin, AdminAnswer};
use crate::auth::AuthClaim;
use crate::control::{BookName, ClientName, ControlRefusal, Join, SIMULATOR_HEADER};
use crate::control::{Inject, KeyName, Pause};
use crate::desk::Delivery;
use crate::exchange::ApiRequest;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use recio_kalshi::transport::{HttpResponse, Method};
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The largest body that is read; an order has a few hundred bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How long a request without an answer keeps its connection; clients give up before.
const SILENCE: Duration = Duration::from_secs(120);

/// What every connection has.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) stop: CancellationToken,
    pub(super) tracker: TaskTracker,
}

impl Shared {
    /// Asks the exchange; `None` when it is over.
    pub(super) async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.ok()?;
        answer.await.ok()
    }
}

pub(super) fn router(shared: Shared) -> Router {
    let control = Router::new()
        .route("/about", get(about))
        .route("/join", post(join))
        .route("/advance", post(advance))
        .route("/frames", get(frames))
        .route("/account", get(account))
        .route("/stop", post(stop))
        .route("/inject", post(async |State(shared), Json(Inject { fault })| admin(shared, Admin::Inject(fault)).await))
        .route("/heal", post(async |State(shared)| admin(shared, Admin::Heal).await))
        .route("/pause", post(async |State(shared), Json(pause): Json<Pause>| admin(shared, Admin::Pause(pause)).await))
        .route("/faults", get(async |State(shared)| admin(shared, Admin::Faults).await))
        .route("/book", get(async |State(shared), Query(BookName { market })| admin(shared, Admin::Book(market)).await))
        .route(
            "/posts",
            get(async |State(shared), Query(KeyName { key_id })| admin(shared, Admin::Posts(key_id)).await),
        )
        .fallback(|| async { StatusCode::NOT_FOUND });
    Router::new()
        .route(SOCKET_PATH, get(socket::upgrade))
        .nest("/control", control)
        .fallback(api)
        .layer(axum::middleware::map_response(mark))
        .with_state(shared)
}

/// Every answer says that it is a simulator's.
async fn mark(mut response: Response) -> Response {
    response.headers_mut().insert(HeaderName::from_static(SIMULATOR_HEADER), HeaderValue::from_static("true"));
    response
}

pub(super) fn claim_of(headers: &HeaderMap) -> AuthClaim {
    AuthClaim::from_headers(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))))
}

pub(super) fn to_response(answer: HttpResponse) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if answer.body.starts_with(b"<") { "text/html" } else { "application/json" };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], Body::from(answer.body)).into_response()
}

/// No answer: the connection ends before one is whole.
fn cut() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<bytes::Bytes, _>(std::io::Error::other("a fault of the scenario cuts the connection"))
    });
    Body::from_stream(broken).into_response()
}

/// The answer when the exchange is over.
pub(super) fn over() -> Response {
    control_answer::<()>(Err(ControlRefusal::over()))
}

async fn api(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = match parts.method {
        HttpMethod::GET => Method::Get,
        HttpMethod::POST => Method::Post,
        HttpMethod::PUT => Method::Put,
        HttpMethod::DELETE => Method::Delete,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let path = parts.uri.path();
    if !path.strip_prefix(REST_BASE).is_some_and(|rest| rest.starts_with('/')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(Query(query)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let request =
        ApiRequest { method, path: path.to_owned(), query, content_type: content_type.map(ToOwned::to_owned), body };
    let claim = claim_of(&parts.headers);
    match shared.ask(|reply| Ask::Request { claim, request, reply }).await {
        None => over(),
        Some(Delivery::Answer { answer, after }) => {
            if !after.is_zero() {
                shared.stop.run_until_cancelled(tokio::time::sleep(after)).await;
            }
            to_response(answer)
        }
        Some(Delivery::Silence) => {
            shared.stop.run_until_cancelled(tokio::time::sleep(SILENCE)).await;
            cut()
        }
        Some(Delivery::Cut) => cut(),
    }
}

fn control_answer<T: Serialize>(answer: Result<T, ControlRefusal>) -> Response {
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(refusal)).into_response()
        }
    }
}

async fn about(State(shared): State<Shared>) -> Response {
    control_answer(shared.ask(|reply| Ask::About { reply }).await.ok_or_else(ControlRefusal::over))
}

async fn join(State(shared): State<Shared>, Json(Join { key_id }): Json<Join>) -> Response {
    let joined = shared.ask(|reply| Ask::Join { key_id, reply }).await;
    control_answer(joined.unwrap_or_else(|| Err(ControlRefusal::over())))
}

/// Waits for the next instant. If the client goes away meanwhile, this future and with it the acknowledgement is dropped.
async fn advance(State(shared): State<Shared>, Json(ClientName { client }): Json<ClientName>) -> Response {
    let stop = shared.stop.clone();
    let waiting = shared.ask(|waiter| Ask::Advance { client, waiter });
    let advanced = stop.run_until_cancelled(waiting).await.flatten();
    control_answer(advanced.unwrap_or_else(|| Err(ControlRefusal::over())))
}

async fn frames(State(shared): State<Shared>, Query(ClientName { client }): Query<ClientName>) -> Response {
    let queued = shared.ask(|reply| Ask::Frames { client, reply }).await;
    control_answer(queued.unwrap_or_else(|| Err(ControlRefusal::over())))
}

async fn account(State(shared): State<Shared>, Query(KeyName { key_id }): Query<KeyName>) -> Response {
    let truth = shared.ask(|reply| Ask::Account { key_id, reply }).await;
    control_answer(truth.unwrap_or_else(|| Err(ControlRefusal::over())))
}

async fn admin(shared: Shared, admin: Admin) -> Response {
    let done = shared.ask(|reply| Ask::Admin { admin, reply }).await;
    match done.unwrap_or_else(|| Err(ControlRefusal::over())) {
        Ok(AdminAnswer::Done) => control_answer(Ok(serde_json::json!({ "done": true }))),
        Ok(AdminAnswer::Faults(faults)) => control_answer(Ok(faults)),
        Ok(AdminAnswer::Book(book)) => control_answer(Ok(book)),
        Ok(AdminAnswer::Posts(posts)) => control_answer(Ok(posts)),
        Err(refusal) => control_answer::<()>(Err(refusal)),
    }
}

async fn stop(State(shared): State<Shared>) -> Response {
    shared.stop.cancel();
    control_answer(Ok(serde_json::json!({ "stopping": true })))
}
