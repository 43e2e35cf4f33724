//! One WebSocket connection: frames out, commands in, a ping every ten seconds.

use super::http::{Shared, claim_of, over, to_response};
use super::owner::Ask;
use crate::desk::Frames;
use crate::exchange::SessionId;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How often the exchange pings, and with what. Source: docs.kalshi.com/websockets/connection-keep-alive, state of October 2026.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING: &[u8] = b"heartbeat";
/// A client that answers nothing for so long is gone. The exchange's own patience is not confirmed.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a frame may take to leave.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// Refuses with 401 before the upgrade, as the exchange does.
pub(super) async fn upgrade(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let claim = claim_of(&headers);
    let account = match shared.ask(|reply| Ask::Authorize { claim, reply }).await {
        Some(Ok(account)) => account,
        Some(Err(refusal)) => return to_response(refusal),
        None => return over(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    // The session is open before the client hears so: whatever it does next finds it. If the upgrade fails, the reading end is dropped, and
    // the exchange sees that.
    let Some((session, frames)) = shared.ask(|reply| Ask::Connect { account, reply }).await else { return over() };
    upgrade.on_upgrade(move |socket| {
        let tracker = shared.tracker.clone();
        tracker.track_future(serve(shared, session, frames, socket))
    })
}

async fn serve(shared: Shared, session: SessionId, mut frames: Frames, socket: WebSocket) {
    let (mut outgoing, mut incoming) = socket.split();
    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let goes_on = tokio::select! {
            biased;
            () = shared.stop.cancelled() => false,
            batch = frames.recv() => match batch {
                Some(batch) => {
                    let send = async {
                        for frame in batch {
                            outgoing.feed(Message::Text(frame.into())).await?;
                        }
                        outgoing.flush().await
                    };
                    matches!(tokio::time::timeout(SEND_WITHIN, send).await, Ok(Ok(())))
                }
                // The exchange has cut a connection that does not keep up.
                None => false,
            },
            message = incoming.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        let command = Ask::Command { session, text: text.as_str().to_owned() };
                        shared.asks.send(command).await.is_ok()
                    }
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                }
            }
            _ = ping.tick() => {
                let send = outgoing.send(Message::Ping(Bytes::from_static(PING)));
                heard.elapsed() < SILENCE && matches!(tokio::time::timeout(SEND_WITHIN, send).await, Ok(Ok(())))
            }
        };
        if !goes_on {
            break;
        }
    }
    // The exchange may be over already; then there is nobody to tell.
    let _ = shared.asks.send(Ask::Disconnect { session }).await;
    let _ = tokio::time::timeout(Duration::from_secs(1), outgoing.close()).await;
}
