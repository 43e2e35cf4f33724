//! The transport over the network: HTTP/1.1 and WebSocket, TLS for hosts elsewhere, plain for the loopback.

use super::{BoxError, FrameStream, HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::{REST_BASE, SOCKET_PATH};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use recio_core::kill_point::{KillPoint, reached_if};
use reqwest::Url;
use std::{fmt, time::Duration};
use tokio::time::Instant;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

/// The exchange sends frames of up to 64 MiB. Source: docs.kalshi.com/websockets; read 2026-11-22.
const MAX_FRAME_BYTES: usize = 64 << 20;
/// The largest REST answer: a page of 1,000 markets is about 2.5 MB.
const MAX_BODY_BYTES: usize = 32 << 20;

/// Where an exchange is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    rest: Url,
    socket: Url,
}

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not an address of the exchange: {reason}")]
pub struct BadEndpoint {
    /// The address.
    pub url: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For a whole request, from its first byte to the answer's last.
    pub request: Duration,
    /// Without any frame or ping from the exchange. It pings every 10 s; 20 to 30 s without is dead.
    pub silence: Duration,
}

/// Reaches an exchange over the network.
pub struct NetworkTransport {
    http: reqwest::Client,
    socket_http: reqwest::Client,
    endpoint: Endpoint,
    timeouts: Timeouts,
}

struct NetworkFrames {
    stream: WebSocketStream<reqwest::Upgraded>,
    heard: Instant,
    silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(10), silence: Duration::from_secs(25) }
    }
}

impl Endpoint {
    /// Takes the REST and WebSocket addresses with their paths, such as `https://external-api.kalshi.com/trade-api/v2` and
    /// `wss://external-api-ws.kalshi.com/trade-api/ws/v2`.
    ///
    /// # Errors
    /// Not a URL, another path, or without TLS to anywhere but the loopback.
    pub fn new(rest: &str, socket: &str) -> Result<Self, BadEndpoint> {
        let rest = check(rest, REST_BASE, "https", "http")?;
        let mut socket = check(socket, SOCKET_PATH, "wss", "ws")?;
        // The handshake is an HTTP request; the HTTP client knows these schemes by their HTTP names.
        let scheme = if socket.scheme() == "wss" { "https" } else { "http" };
        if socket.set_scheme(scheme).is_err() {
            return Err(BadEndpoint { url: socket.to_string(), reason: "its scheme cannot be mapped to HTTP".into() });
        }
        Ok(Self { rest, socket })
    }

    /// The production exchange. Source: docs.kalshi.com/getting_started/api_environments; read 2026-11-22.
    ///
    /// # Errors
    /// Never: the addresses are constants.
    pub fn production() -> Result<Self, BadEndpoint> {
        Self::new("https://external-api.kalshi.com/trade-api/v2", "wss://external-api-ws.kalshi.com/trade-api/ws/v2")
    }

    /// The exchange's test environment. Source: as [`Endpoint::production`].
    ///
    /// # Errors
    /// Never: the addresses are constants.
    pub fn demo() -> Result<Self, BadEndpoint> {
        Self::new(
            "https://external-api.demo.kalshi.co/trade-api/v2",
            "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2",
        )
    }

    /// The address of a REST path below the API's root, such as `/exchange/status`.
    #[must_use]
    pub fn rest_url(&self, path: &str) -> String {
        format!("{}{path}", self.rest.as_str().trim_end_matches('/'))
    }

    fn is_plain(&self) -> bool {
        self.rest.scheme() == "http" || self.socket.scheme() == "http"
    }
}

fn check(text: &str, path: &str, secure: &str, plain: &str) -> Result<Url, BadEndpoint> {
    let bad = |reason: String| BadEndpoint { url: text.to_owned(), reason };
    let url: Url = text.parse().map_err(|error| bad(format!("{error}")))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        // Not shown as it came: it may hold a password.
        let shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        return Err(BadEndpoint { url: shown, reason: "it has to be scheme, host, port and path alone".into() });
    }
    if url.path().trim_end_matches('/') != path {
        return Err(bad(format!("its path has to be {path}")));
    }
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let loopback = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    if url.scheme() == secure || (url.scheme() == plain && loopback) {
        Ok(url)
    } else {
        Err(bad(format!("its scheme has to be {secure} ({plain} for the loopback alone)")))
    }
}

impl NetworkTransport {
    /// Prepares connections to an endpoint; opens none yet.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new(endpoint: Endpoint, timeouts: Timeouts) -> Result<Self, BoxError> {
        let builder = || {
            // No request is ever sent twice by itself. HTTP/1.1 alone, so that no refused stream is replayed. hyper-util may move a
            // request to another pooled connection only where it was handed back whole, before its first byte was written.
            let builder = reqwest::Client::builder()
                .http1_only()
                .retry(reqwest::retry::never())
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(timeouts.connect)
                .tcp_nodelay(true)
                .tcp_keepalive(Duration::from_secs(15))
                .user_agent(concat!("recio/", env!("CARGO_PKG_VERSION")));
            if endpoint.is_plain() { builder.no_proxy() } else { builder }
        };
        Ok(Self {
            http: builder().timeout(timeouts.request).build()?,
            socket_http: builder().pool_max_idle_per_host(0).build()?,
            endpoint,
            timeouts,
        })
    }

    fn url(&self, request: &HttpRequest) -> Url {
        let mut url = self.endpoint.rest.clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }
}

impl fmt::Debug for NetworkTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkTransport").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Only what certainly happened before the first byte counts as "not sent".
fn classify(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(error.into())
    } else {
        TransportError::Lost(error.into())
    }
}

#[async_trait]
impl Transport for NetworkTransport {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = self.http.request(method, self.url(&request));
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        if !request.body.is_empty() {
            call = call.body(request.body);
        }
        let mut answer = call.send().await.map_err(classify)?;
        reached_if(KillPoint::K5, || request.method == Method::Post);
        reached_if(KillPoint::K12, || request.method == Method::Delete);
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| TransportError::Lost(error.into()))? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(TransportError::Lost(format!("the answer is longer than {MAX_BODY_BYTES} bytes").into()));
            }
            body.extend_from_slice(&chunk);
        }
        reached_if(KillPoint::K6, || request.method == Method::Post);
        Ok(HttpResponse { status, body: body.into() })
    }

    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        let deadline = self.timeouts.connect + self.timeouts.request;
        let open = async {
            let key = generate_key();
            let mut call = self
                .socket_http
                .get(self.endpoint.socket.clone())
                .header("connection", "Upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", &key);
            for (name, value) in headers {
                call = call.header(name, value);
            }
            let answer = call.send().await.map_err(classify)?;
            let accepted = answer.headers().get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
            if answer.status().as_u16() != 101
                || accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes())
            {
                let status = answer.status().as_u16();
                let body = answer.bytes().await.unwrap_or_default();
                return Err(TransportError::HandshakeRefused(HttpResponse { status, body }));
            }
            let upgraded = answer.upgrade().await.map_err(|error| TransportError::Lost(error.into()))?;
            let config = WebSocketConfig::default()
                .max_message_size(Some(MAX_FRAME_BYTES))
                .max_frame_size(Some(MAX_FRAME_BYTES));
            let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
            Ok(NetworkFrames { stream, heard: Instant::now(), silence: self.timeouts.silence })
        };
        match tokio::time::timeout(deadline, open).await {
            Ok(opened) => Ok(Box::new(opened?)),
            Err(late) => Err(TransportError::Lost(late.into())),
        }
    }
}

#[async_trait]
impl FrameStream for NetworkFrames {
    async fn send(&mut self, text: String) -> Result<(), TransportError> {
        let sent = tokio::time::timeout(self.silence, self.stream.send(Message::text(text))).await;
        match sent {
            Ok(done) => done.map_err(|error| TransportError::Lost(error.into())),
            Err(late) => Err(TransportError::Lost(late.into())),
        }
    }

    async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            let dead = self.heard + self.silence;
            let message = match tokio::time::timeout_at(dead, self.stream.next()).await {
                Ok(message) => message?,
                Err(late) => return Some(Err(TransportError::Lost(late.into()))),
            };
            self.heard = Instant::now();
            match message {
                Ok(Message::Text(text)) => return Some(Ok(text.into())),
                Ok(Message::Binary(bytes)) => return Some(Ok(bytes)),
                // The library answers a ping by itself, with the next read or write.
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Close(_)) => return None,
                Err(error) => return Some(Err(TransportError::Lost(error.into()))),
            }
        }
    }
}
