//! The server's routes, and its side of a connection.

use super::candles;
use super::speech::{self, Wish};
use super::world::{Out, Shared};
use crate::venue::Venue;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::State, routing::get};
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let socket = |venue: Venue| {
        get(
            move |State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade| async move { open(&shared, venue, upgrade) },
        )
    };
    Router::new()
        .route("/coinbase", socket(Venue::Coinbase))
        .route("/kraken/v2", socket(Venue::Kraken))
        .route("/bitstamp", socket(Venue::Bitstamp))
        .route("/gemini", socket(Venue::Gemini))
        .merge(candles::routes())
        .layer(map_response(|mut response: Response| async move {
            response.headers_mut().insert("x-recio-simulated", HeaderValue::from_static("venues"));
            response
        }))
        .with_state(shared)
}

fn open(shared: &Arc<Shared>, venue: Venue, upgrade: WebSocketUpgrade) -> Response {
    let refused = shared.lock().knock(venue);
    shared.changed();
    if refused {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let shared = Arc::clone(shared);
    upgrade.on_upgrade(move |socket| async move {
        let (number, told) = shared.lock().enter(venue);
        let connection = Connection { shared: Arc::clone(&shared), venue, number, socket };
        connection.run(told).await;
        shared.lock().leave(venue, number);
        shared.changed();
    })
}

struct Connection {
    shared: Arc<Shared>,
    venue: Venue,
    number: u64,
    socket: WebSocket,
}

impl Connection {
    /// Speaks until the client goes or the venue cuts it off. What is dropped at the end breaks without a goodbye.
    async fn run(mut self, mut told: tokio::sync::mpsc::Receiver<Out>) {
        let every = self.shared.heartbeat_every;
        let mut beats = interval_at(Instant::now() + every, every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let silent = self.shared.lock().is_silent(self.venue);
            let going_on = tokio::select! {
                biased;
                out = told.recv() => match out {
                    None => false,
                    Some(Out::Look) => true,
                    // What is said while the venue is silent is lost.
                    Some(Out::Text(_)) if silent => true,
                    Some(Out::Text(text)) => self.send(text).await,
                },
                message = self.socket.recv(), if !silent => match message {
                    Some(Ok(Message::Text(text))) => self.heard(text.as_str()).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                },
                _ = beats.tick(), if speech::beats(self.venue) && !silent => self.beat().await,
            };
            if !going_on {
                return;
            }
        }
    }

    async fn heard(&mut self, text: &str) -> bool {
        match speech::wish(self.venue, text) {
            Wish::Nothing => true,
            Wish::Answer(answer) => self.send(answer).await,
            Wish::Subscribe(assets) => {
                for asset in assets {
                    self.shared.lock().subscribe(self.venue, self.number, asset);
                }
                self.shared.changed();
                true
            }
        }
    }

    async fn beat(&mut self) -> bool {
        let texts: Vec<String> = {
            let world = self.shared.lock();
            let assets = world.follows(self.venue, self.number);
            assets.into_iter().map(|asset| world.heartbeat(self.venue, asset)).collect()
        };
        for text in texts {
            if !self.send(text).await {
                return false;
            }
        }
        true
    }

    async fn send(&mut self, text: String) -> bool {
        self.socket.send(Message::text(text)).await.is_ok()
    }
}
