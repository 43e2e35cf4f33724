//! The simulator in the same process: the client's transport without sockets, over the same exchange with the same signature checks.

use crate::auth::AuthClaim;
use crate::control::SIMULATOR_HEADER;
use crate::desk::{Delivery, Desk, Frames};
use crate::exchange::{AccountTruth, ApiRequest, Exchange, ExchangeError, Scope, SessionId};
use crate::recording::Header;
use crate::scenario::{FaultCounts, PlannedFault, Staged};
use async_trait::async_trait;
use bytes::Bytes;
use recio_core::units::{MarketTicker, Money, Timestamp};
use recio_core::venue::{BookLevels, CRYPTO_SHARD};
use recio_kalshi::client::SignatureClock;
use recio_kalshi::signing::VerifyingKey;
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time stands still while a client waits, so an answer that is later than clients wait (10 s, as the network transport does) never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A simulated exchange as a [`Transport`]. Cheap to clone; all clones share the exchange.
///
/// Time stands still until [`advance`](Self::advance). What a request or an instant caused is with the streams when the call returns.
#[derive(Clone)]
pub struct InProcess {
    desk: Arc<Mutex<Desk>>,
    clock: SignatureClock,
}

struct InProcessFrames {
    exchange: InProcess,
    session: SessionId,
    frames: Frames,
    waiting: VecDeque<String>,
}

impl InProcess {
    /// Takes an exchange. `clock` is the time that signatures are checked against, in Unix milliseconds: the signer's.
    #[must_use]
    pub fn new(exchange: Exchange, clock: SignatureClock) -> Self {
        Self::with_faults(Staged::calm(exchange), clock)
    }

    /// As [`new`](Self::new), with what a scenario lets go wrong: see [`Scenario::stage`](crate::scenario::Scenario::stage).
    #[must_use]
    pub fn with_faults(staged: Staged, clock: SignatureClock) -> Self {
        Self { desk: Arc::new(Mutex::new(Desk::new(staged))), clock }
    }

    /// Lets a key in, with an account of its own and cash on the shard of the crypto markets.
    ///
    /// # Errors
    /// The cash is below zero.
    pub fn add_key(&self, key_id: &str, key: VerifyingKey, cash: Money) -> Result<(), ExchangeError> {
        self.add_key_on(key_id, key, &[(CRYPTO_SHARD, cash)])
    }

    /// Lets a key in, with an account whose cash lies on these shards.
    ///
    /// # Errors
    /// A cash is below zero.
    pub fn add_key_on(&self, key_id: &str, key: VerifyingKey, cash: &[(u16, Money)]) -> Result<(), ExchangeError> {
        self.desk().add_key(key_id, key, cash)
    }

    /// Lets one more key in to the account of another, with scopes of its own and, where a subaccount is named, locked to it. False where the other
    /// key was not let in.
    pub fn add_key_beside(
        &self,
        other: &str,
        key_id: &str,
        key: VerifyingKey,
        scopes: BTreeSet<Scope>,
        subaccount: Option<u16>,
    ) -> bool {
        self.desk().add_key_beside(other, key_id, key, scopes, subaccount)
    }

    /// Does something with the exchange itself, as its operators would: pauses, disputes, how it behaves. What that caused is with the streams when
    /// the call returns.
    pub fn operate<T>(&self, action: impl FnOnce(&mut Exchange) -> T) -> T {
        self.desk().operate(action)
    }

    /// Lets everything happen until `to`.
    ///
    /// # Errors
    /// The recording cannot be played further.
    pub fn advance(&self, to: Timestamp) -> Result<(), ExchangeError> {
        self.desk().advance(to)
    }

    /// The exchange's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.desk().exchange.now()
    }

    /// Whether everything that was recorded has been played.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.desk().exchange.ended()
    }

    /// When the recording's last record is due, in the exchange's time.
    #[must_use]
    pub fn recording_ends(&self) -> Timestamp {
        self.desk().exchange.recording_ends()
    }

    /// Text frames queued so far on the newest connection of a key; none without one.
    #[must_use]
    pub fn frames_queued(&self, key_id: &str) -> u64 {
        let desk = self.desk();
        desk.account(key_id).map_or(0, |account| desk.frames_queued(account))
    }

    /// What the account of a key really has; `None` for a key that was not let in.
    #[must_use]
    pub fn account(&self, key_id: &str) -> Option<AccountTruth> {
        self.desk().truth(key_id)
    }

    /// How often the clients of a key sent each client order id, lost requests included; `None` for a key that was not let in.
    #[must_use]
    pub fn posts(&self, key_id: &str) -> Option<BTreeMap<String, u64>> {
        self.desk().posts(key_id)
    }

    /// The book that the exchange shows of a market; `None` for an unknown one.
    #[must_use]
    pub fn book(&self, market: &MarketTicker) -> Option<BookLevels> {
        self.desk().exchange.book(market)
    }

    /// The markets that trade now.
    #[must_use]
    pub fn trading_markets(&self) -> Vec<MarketTicker> {
        self.desk().exchange.trading_markets().cloned().collect()
    }

    /// Whether frames are held back or the exchange is away: what clients know may then be old without any fault of theirs.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        let desk = self.desk();
        desk.weather.is_stalled() || desk.weather.away().is_some()
    }

    /// Markets of which clients may believe what is not so without any fault of theirs: frames about them were lost or swapped, and no whole
    /// book has come since.
    #[must_use]
    pub fn doubtful_books(&self) -> BTreeSet<String> {
        self.desk().weather.doubtful().clone()
    }

    /// What the recording says about itself.
    #[must_use]
    pub fn header(&self) -> Header {
        self.desk().exchange.header().clone()
    }

    /// Adds a fault, from the present on.
    pub fn inject(&self, fault: PlannedFault) {
        self.desk().inject(fault);
    }

    /// Ends what goes wrong by itself. Requests that are late still land.
    pub fn heal(&self) {
        self.desk().heal();
    }

    /// How often each kind of fault came so far.
    #[must_use]
    pub fn fault_counts(&self) -> FaultCounts {
        self.desk().weather.plan.counts()
    }

    /// Checks the exchange's own books.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn audit(&self) -> Result<(), String> {
        self.desk().exchange.audit()
    }

    /// A panic elsewhere does not take the exchange away; its books can be audited.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field(SIMULATOR_HEADER, &true).field("exchange", &self.desk().exchange).finish()
    }
}

fn claim_of(headers: &[(&'static str, String)]) -> AuthClaim {
    AuthClaim::from_headers(headers.iter().map(|(name, value)| (*name, value.as_str())))
}

#[async_trait]
impl Transport for InProcess {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let claim = claim_of(&request.headers);
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        let content_type = request.headers.iter().find(|(name, _)| is_type(name)).map(|(_, value)| value.clone());
        let request = ApiRequest {
            method: request.method,
            path: request.path,
            query: request.query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            content_type,
            body: request.body,
        };
        match self.desk().request(&claim, request, (self.clock)()) {
            Delivery::Answer { answer, after } if after <= PATIENCE => Ok(answer),
            Delivery::Answer { .. } | Delivery::Silence => Err(TransportError::Lost("no answer came in time".into())),
            Delivery::Cut => Err(TransportError::Lost("the connection was cut".into())),
        }
    }

    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        let mut desk = self.desk();
        let account = desk.authorize_socket(&claim_of(&headers), (self.clock)());
        let account = account.map_err(TransportError::HandshakeRefused)?;
        let (session, frames) = desk.connect(&account);
        drop(desk);
        Ok(Box::new(InProcessFrames { exchange: self.clone(), session, frames, waiting: VecDeque::new() }))
    }
}

#[async_trait]
impl FrameStream for InProcessFrames {
    async fn send(&mut self, text: String) -> Result<(), TransportError> {
        self.exchange.desk().command(self.session, &text);
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Some(Ok(frame.into()));
            }
            self.waiting.extend(self.frames.recv().await?);
        }
    }
}

impl Drop for InProcessFrames {
    fn drop(&mut self) {
        self.exchange.desk().disconnect(self.session);
    }
}
