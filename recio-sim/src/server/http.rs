//! HTTP: Kalshi's routes go to the exchange as they are; the simulator's own channel lies beside them.

use super::owner::Ask;
use super::socket;
use crate::auth::AuthClaim;
use crate::control::{ClientName, ControlRefusal, Join, SIMULATOR_HEADER};
use crate::exchange::ApiRequest;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use recio_kalshi::transport::{HttpResponse, Method};
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The largest body that is read; an order has a few hundred bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// What every connection has.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) stop: CancellationToken,
    pub(super) tracker: TaskTracker,
}

#[derive(Deserialize)]
struct KeyName {
    key_id: String,
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
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], Body::from(answer.body)).into_response()
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
    shared.ask(|reply| Ask::Request { claim, request, reply }).await.map_or_else(over, to_response)
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

async fn stop(State(shared): State<Shared>) -> Response {
    shared.stop.cancel();
    control_answer(Ok(serde_json::json!({ "stopping": true })))
}
