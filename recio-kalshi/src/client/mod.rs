//! Typed REST calls over a transport: each signs, asks once, and turns the answer into core's types.

mod account;
mod batches;
mod candles;
mod discovery;
mod exchange;
mod historical;
mod markets;
mod order_changes;
mod order_groups;
mod orders;
mod outcome;
mod paging;
mod series;
mod subaccounts;
mod summaries;
mod transfers;

pub use account::{FillFilter, PositionFilter, SettlementFilter};
pub use batches::BatchOutcome;
pub use candles::{CandlePeriod, CandleRange};
pub use discovery::Discovered;
pub use historical::ArchivedMarkets;
pub use markets::{MarketFilter, TradeFilter};
pub use order_changes::{Decrease, ExpirationChange, OrderChange};
pub use orders::{CanceledOrder, NewOrder, OrderFilter};
pub use paging::Paged;
pub use series::{EventFilter, SeriesFilter};
pub use subaccounts::{CashMove, NoSubaccount, Subaccount};
pub use summaries::MarketSummary;
pub use transfers::{RestingReserve, ShardMove};

use crate::error::{ReadError, WriteError, classify_read};
use crate::signing::{HeaderPool, SigningKey};
use crate::socket::{Sleep, Socket, SocketConfig, SocketStreams, Wanted};
use crate::transport::{
    BoxError, Endpoint, HttpRequest, HttpResponse, Method, NetworkTransport, Timeouts, Transport, TransportError,
};
use crate::{REST_BASE, SOCKET_PATH, wire};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};
use tokio::sync::watch;

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

/// The body of a write that has nothing to say: the exchange wants a JSON object all the same.
const NO_BODY: NoBody = NoBody {};

#[derive(Serialize)]
struct NoBody {}

/// The exchange's REST API. Cheap to clone; all clones share the transport.
///
/// Each call asks once: nothing is repeated, whatever the answer (but for reads refused with a 429, by a transport with
/// [`Limits`](crate::limits::Limits) around it). A read gives what was read or a [`ReadError`]; a list read page by page is
/// [`Paged`] and says whether it is all. A write gives what was done or a [`WriteError`] cut by what to do next.
#[derive(Clone)]
pub struct KalshiClient {
    transport: Arc<dyn Transport>,
    key: Option<Arc<SigningKey>>,
    clock: SignatureClock,
    pool: Option<Arc<HeaderPool>>,
    subaccount: Option<Subaccount>,
}

impl KalshiClient {
    /// A client that signs every request with a key; without one only public data can be read.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, key: Option<Arc<SigningKey>>, clock: SignatureClock) -> Self {
        Self { transport, key, clock, pool: None, subaccount: None }
    }

    /// Takes signatures out of a pool where one lies ready there. The pool has to be of this client's key, and somebody has to keep it fresh.
    #[must_use]
    pub fn with_pool(mut self, pool: Arc<HeaderPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// The same client for one subaccount: its orders are sent there, and reads of the account show it alone.
    ///
    /// Without one, writes go to the primary account, lists of orders, fills, settlements and groups show all subaccounts, positions and balance
    /// show the primary one, and [`cancel_all`](Self::cancel_all) ends the orders of all. Source: docs.kalshi.com/api-reference; read 2026-11-22.
    #[must_use]
    pub fn on_subaccount(&self, subaccount: Subaccount) -> Self {
        Self { subaccount: Some(subaccount), ..self.clone() }
    }

    /// A client over the network with the usual timeouts, signing with the machine's clock.
    ///
    /// # Errors
    /// The machine's TLS roots or its HTTP client cannot be set up.
    pub fn connect(endpoint: Endpoint, key: Option<SigningKey>) -> Result<Self, BoxError> {
        let transport = NetworkTransport::new(endpoint, Timeouts::default())?;
        Ok(Self::new(Arc::new(transport), key.map(Arc::new), wall_clock()))
    }

    /// The WebSocket of this client, with its streams; to be [run](Socket::run). What it subscribes to follows `wanted`.
    #[must_use]
    pub fn socket(&self, wanted: watch::Receiver<Wanted>) -> (Socket, SocketStreams) {
        let sleep: Sleep = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
        Socket::new(self.clone(), sleep, SocketConfig::default(), wanted)
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
        let Some(key) = &self.key else { return Ok(Vec::new()) };
        let pooled = self.pool.as_ref().and_then(|pool| pool.take(method, path));
        let headers = match pooled {
            Some(headers) => headers,
            None => key.sign((self.clock)(), method.as_str(), path)?,
        };
        Ok(headers.into_pairs().into())
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

    /// Sends a write, once. Only an error that happens before the request leaves is one that proves it did nothing.
    async fn write(
        &self,
        method: Method,
        path: &str,
        query: Query,
        body: &impl Serialize,
    ) -> Result<HttpResponse, WriteError> {
        let body = serde_json::to_vec(body).map_err(|error| WriteError::NotSent(error.into()))?;
        let request = self.build(method, path, query, body.into())?;
        Ok(self.transport.request(request).await?)
    }

    /// A query with this client's subaccount.
    fn with_subaccount(&self, mut query: Query) -> Query {
        query.extend(self.subaccount.map(|subaccount| ("subaccount", subaccount.to_string())));
        query
    }

    async fn read<T: DeserializeOwned>(&self, what: &str, path: &str, query: Query) -> Result<T, ReadError> {
        let answer = self.get(what, path, query).await?;
        let body = classify_read(what, answer.status, &answer.body)?;
        wire::read_body(body).map_err(|error| ReadError::unreadable(what, error))
    }
}

impl fmt::Debug for KalshiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("KalshiClient");
        text.field("key", &self.key).field("subaccount", &self.subaccount).finish_non_exhaustive()
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
