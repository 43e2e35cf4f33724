//! The seam between the client and whatever answers it: the network, or a simulator in the same process.

mod network;

pub use network::{BadEndpoint, Endpoint, NetworkTransport, Timeouts};

use async_trait::async_trait;
use bytes::Bytes;

/// The error of another library, boxed so that its version is not part of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The methods that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces, or resets.
    Put,
    /// Removes.
    Delete,
}

/// One HTTP request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The full path from the root, without query: what is signed. Percent-encoded where it needs to be.
    pub path: String,
    /// The query's names and values, not yet encoded; names may repeat.
    pub query: Vec<(&'static str, String)>,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// One HTTP answer, read in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Why no answer came. What matters is whether the request can have reached the exchange.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Not one byte of the request left this machine.
    #[error("cannot reach the exchange: nothing was sent")]
    NotSent(#[source] BoxError),
    /// The request, or part of it, may have arrived; its answer did not.
    #[error("the exchange did not answer in full: the request may have arrived")]
    Lost(#[source] BoxError),
    /// The exchange answered the WebSocket handshake with something else than a WebSocket.
    #[error("the exchange refused the WebSocket with status {}", .0.status)]
    HandshakeRefused(HttpResponse),
}

/// Carries requests to an exchange and answers back. Carries each request at most once: no retry, no replay, no redirect.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and waits for its whole answer, of whatever status.
    ///
    /// # Errors
    /// No answer came; the error says whether the request may have arrived.
    ///
    /// # Cancel safety
    /// Not cancel-safe: a dropped future leaves open whether the request arrived.
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;

    /// Opens the WebSocket, with these headers on its handshake.
    ///
    /// # Errors
    /// No connection, or the handshake was refused.
    ///
    /// # Cancel safety
    /// Cancel-safe: a dropped future closes what it opened.
    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError>;
}

/// An open WebSocket: text frames both ways. Pings, and noticing that the other end is gone, are its own business.
#[async_trait]
pub trait FrameStream: Send {
    /// Sends a text frame.
    ///
    /// # Errors
    /// The connection is broken.
    ///
    /// # Cancel safety
    /// Not cancel-safe: part of the frame may have left, so the stream has to be dropped with the future.
    async fn send(&mut self, text: String) -> Result<(), TransportError>;

    /// The next text frame; `None` after an orderly close. After `None` or an error the stream is over.
    ///
    /// # Cancel safety
    /// Cancel-safe: no frame is lost with a dropped future.
    async fn next(&mut self) -> Option<Result<Bytes, TransportError>>;
}

impl Method {
    /// The method as it is sent and signed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl std::fmt::Debug for HttpRequest {
    // Headers hold signatures, so they are not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
