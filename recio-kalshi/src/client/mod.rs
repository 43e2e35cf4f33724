//! Typed REST calls over a transport: each signs, asks once, and turns the answer into core's types.

mod account;
mod markets;
mod orders;
mod paging;

pub use account::FillFilter;
pub use markets::MarketFilter;
pub use orders::{CanceledOrder, NewOrder, OrderFilter};
pub use paging::Paged;

use crate::error::{ReadError, classify_read};
use crate::signing::SigningKey;
use crate::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::{REST_BASE, SOCKET_PATH};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc};

/// The time that signatures carry, in Unix milliseconds. Always the real time, also where a simulation plays another: the exchange checks it.
pub type SignatureClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock, for signatures.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the exchange checks signatures against real time, whatever time a simulation plays"
)]
pub fn wall_clock() -> SignatureClock {
    Arc::new(|| recio_core::units::Timestamp::now().as_millisecond())
}

/// Names and values of a query.
pub(crate) type Query = Vec<(&'static str, String)>;

/// The exchange's REST API. Cheap to clone; all clones share the transport.
#[derive(Clone)]
pub struct KalshiClient {
    transport: Arc<dyn Transport>,
    key: Option<Arc<SigningKey>>,
    clock: SignatureClock,
}

impl KalshiClient {
    /// A client that signs every request with a key; without one only public data can be read.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, key: Option<Arc<SigningKey>>, clock: SignatureClock) -> Self {
        Self { transport, key, clock }
    }

    /// What carries the requests.
    #[must_use]
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// The headers of a WebSocket handshake at this moment.
    ///
    /// # Errors
    /// The signature failed.
    pub fn socket_headers(&self) -> Result<Vec<(&'static str, String)>, crate::signing::SignError> {
        self.signed(Method::Get, SOCKET_PATH)
    }

    fn signed(&self, method: Method, path: &str) -> Result<Vec<(&'static str, String)>, crate::signing::SignError> {
        match &self.key {
            Some(key) => Ok(key.sign((self.clock)(), method.as_str(), path)?.into_pairs().into()),
            None => Ok(Vec::new()),
        }
    }

    /// The request is built and signed right before it leaves, as a signature is good for seconds only.
    fn build(
        &self,
        method: Method,
        path: &str,
        query: Query,
        body: Bytes,
    ) -> Result<HttpRequest, crate::signing::SignError> {
        let path = format!("{REST_BASE}{path}");
        let mut headers = self.signed(method, &path)?;
        headers.push(("accept", "application/json".into()));
        if method != Method::Get {
            headers.push(("content-type", "application/json".into()));
        }
        Ok(HttpRequest { method, path, query, headers, body })
    }

    async fn get(&self, what: &str, path: &str, query: Query) -> Result<HttpResponse, ReadError> {
        let request = self
            .build(Method::Get, path, query, Bytes::new())
            .map_err(|error| ReadError::NotSigned { what: what.to_owned(), source: error.into() })?;
        self.transport.request(request).await.map_err(|error: TransportError| ReadError::transport(what, error))
    }

    async fn read<T: DeserializeOwned>(&self, what: &str, path: &str, query: Query) -> Result<T, ReadError> {
        let answer = self.get(what, path, query).await?;
        let body = classify_read(what, answer.status, &answer.body)?;
        serde_json::from_slice(body).map_err(|error| ReadError::unreadable(what, error))
    }
}

impl fmt::Debug for KalshiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KalshiClient").field("key", &self.key).finish_non_exhaustive()
    }
}

/// One segment of a path, percent-encoded in upper-case hex, so that what is signed is what is sent.
fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_odd_id_cannot_leave_its_segment() {
        assert_eq!(super::segment("KXBTCD-26NOV2217-T91249.99"), "KXBTCD-26NOV2217-T91249.99");
        assert_eq!(super::segment("a/../b?c#d%"), "a%2F..%2Fb%3Fc%23d%25");
    }
}
