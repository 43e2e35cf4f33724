//! An open WebSocket to a venue: text frames and signs of life.

use crate::venue::Hosts;
use futures_util::{SinkExt, StreamExt};
use recio_core::read::BoxError;
use std::time::Duration;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

/// The largest frame taken: a snapshot of 50 trades is below 10 KB.
const MAX_FRAME_BYTES: usize = 1 << 20;

/// What came.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A text (or binary) frame.
    Frame(Vec<u8>),
    /// A ping or pong.
    Life,
}

#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<reqwest::Upgraded>,
}

/// An HTTP client that opens sockets and reads candles. It never repeats a request by itself.
pub(crate) fn http_client(hosts: &Hosts, connect_within: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .http1_only()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect_within)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(15))
        .user_agent(concat!("recio/", env!("CARGO_PKG_VERSION")));
    if hosts.is_plain() { builder.no_proxy().build() } else { builder.build() }
}

impl Socket {
    /// Opens it. TLS and proxy are those of the HTTP client: the handshake is an HTTP request.
    pub(crate) async fn open(http: &reqwest::Client, hosts: &Hosts) -> Result<Self, BoxError> {
        let key = generate_key();
        let answer = http
            .get(hosts.socket().clone())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", &key)
            .send()
            .await?;
        let accepted = answer.headers().get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
        let expected = derive_accept_key(key.as_bytes());
        if answer.status().as_u16() != 101 || accepted.as_deref() != Some(expected.as_bytes()) {
            return Err(format!("the handshake was answered with status {}", answer.status()).into());
        }
        let upgraded = answer.upgrade().await?;
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_FRAME_BYTES)).max_frame_size(Some(MAX_FRAME_BYTES));
        Ok(Self { stream: WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await })
    }

    /// Not cancel safe: part of the frame may have left.
    pub(crate) async fn send(&mut self, text: String) -> Result<(), BoxError> {
        self.stream.send(Message::text(text)).await.map_err(Into::into)
    }

    /// What comes next; `None` after an orderly close. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Result<Heard, BoxError>> {
        match self.stream.next().await? {
            Ok(Message::Text(text)) => Some(Ok(Heard::Frame(text.as_bytes().to_vec()))),
            Ok(Message::Binary(bytes)) => Some(Ok(Heard::Frame(bytes.to_vec()))),
            // The library answers a ping by itself, with the next read or write.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Some(Ok(Heard::Life)),
            Ok(Message::Close(_)) => None,
            Err(error) => Some(Err(error.into())),
        }
    }
}
