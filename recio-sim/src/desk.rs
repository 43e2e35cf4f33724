//! The exchange with its door: keys are checked, requests answered, and frames handed to the connections they belong to.
//!
//! Whatever a call caused is with the connections before the call returns: an answer never overtakes its frames. What a scenario lets go wrong
//! goes wrong here, behind both doors of the simulator.

use crate::auth::{AuthClaim, KeyRing};
use crate::exchange::{AccountTruth, ApiRequest, Caller, Exchange, ExchangeError, PlayedPrice, Scope, SessionId};
use crate::scenario::{PlannedFault, RequestFault, Staged};
use crate::weather::{Change, Verdict, Weather, call_of, error};
use recio_core::units::{AccountName, Money, Timestamp};
use recio_kalshi::signing::VerifyingKey;
use recio_kalshi::transport::{HttpResponse, Method};
use recio_kalshi::wire::ErrorBody;
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};

/// Batches of frames that may wait for one connection; one that is further behind is cut off, as the exchange does it. A batch is what one
/// call or one instant caused, so this is minutes of market time.
const OUTLET_BATCHES: usize = 16_384;

/// Frames that a stall may hold back for one connection; beyond, it is cut off.
const HELD_FRAMES: usize = 262_144;

/// Frames on their way to a connection; its end means that the exchange has cut it.
pub(crate) type Frames = mpsc::Receiver<Vec<String>>;

pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    pub(crate) weather: Weather,
    /// Requests whose sender has given up, by the time at which they arrive.
    landings: BTreeMap<(Timestamp, u64), Landing>,
    landing_count: u64,
    /// Creates that the clients of an account sent, by client order id.
    posts: BTreeMap<AccountName, BTreeMap<String, u64>>,
    keys: KeyRing,
    outlets: BTreeMap<SessionId, Outlet>,
    /// The newest connection of each account.
    current: BTreeMap<AccountName, SessionId>,
    /// Accounts that have lost a connection since they were last asked for.
    lost: Vec<AccountName>,
    /// How fast the meter of the token buckets goes by real time; `None` by the exchange's time.
    meter_speed: Option<f64>,
    prices: Option<broadcast::Sender<PlayedPrice>>,
}

struct Outlet {
    account: AccountName,
    sender: mpsc::Sender<Vec<String>>,
    /// Frames that a stall holds back.
    held: Vec<String>,
    /// Frames that were handed over.
    delivered: u64,
}

struct Landing {
    claim: AuthClaim,
    request: ApiRequest,
    real_ms: i64,
}

/// What the asker of a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// An answer, so much later in the exchange's time.
    Answer { answer: HttpResponse, after: Duration },
    /// Nothing, until it gives up.
    Silence,
    /// The connection's end.
    Cut,
}

impl Desk {
    pub(crate) fn new(staged: Staged) -> Self {
        Self {
            exchange: staged.exchange,
            weather: Weather::new(staged.faults),
            landings: BTreeMap::new(),
            landing_count: 0,
            posts: BTreeMap::new(),
            keys: KeyRing::default(),
            outlets: BTreeMap::new(),
            current: BTreeMap::new(),
            lost: Vec::new(),
            meter_speed: None,
            prices: None,
        }
    }

    /// Opens an account for a key, with cash on these shards. Accounts are numbered, so that nothing about them differs between two runs.
    pub(crate) fn add_key(
        &mut self,
        key_id: &str,
        key: VerifyingKey,
        cash: &[(u16, Money)],
    ) -> Result<(), ExchangeError> {
        let number = self.keys.account_count() + 1;
        let name = format!("sim-{number}");
        let account = AccountName::new(&name).expect("it is short visible ASCII");
        self.exchange.open_account_on(account.clone(), cash)?;
        self.keys.add(key_id, key, Caller::unlimited(account));
        Ok(())
    }

    /// Lets one more key in to the account of another; false where that other is not known.
    pub(crate) fn add_key_beside(
        &mut self,
        other: &str,
        key_id: &str,
        key: VerifyingKey,
        scopes: BTreeSet<Scope>,
        subaccount: Option<u16>,
    ) -> bool {
        let Some(account) = self.keys.account(other).cloned() else { return false };
        self.keys.add(key_id, key, Caller { account, scopes, subaccount });
        true
    }

    /// Lets the meter of the token buckets follow real time, so many times as fast, instead of the exchange's time.
    pub(crate) const fn meter_real_time(&mut self, speed: f64) {
        self.meter_speed = Some(speed);
    }

    /// Sends the prices that are played from here on to whoever listens.
    pub(crate) fn broadcast_prices(&mut self, listeners: broadcast::Sender<PlayedPrice>) {
        self.exchange.watch_prices();
        self.prices = Some(listeners);
    }

    /// Takes a request whose path is the whole one, from the root. Public data needs no signature, but a wrong one is refused there too.
    pub(crate) fn request(&mut self, claim: &AuthClaim, request: ApiRequest, real_ms: i64) -> Delivery {
        let at_once = |answer| Delivery::Answer { answer, after: Duration::ZERO };
        self.count_posts(claim, &request);
        if let Some(away) = self.weather.away() {
            return at_once(away);
        }
        let now = self.exchange.now();
        let real_ms = real_ms.saturating_add(self.weather.skew_ms());
        let Some(fault) = self.weather.on_call(call_of(request.method, &request.path), now) else {
            return at_once(self.execute(claim, request, real_ms));
        };
        match fault {
            RequestFault::LostRequest => Delivery::Silence,
            RequestFault::LostReply => {
                self.execute(claim, request, real_ms);
                Delivery::Silence
            }
            RequestFault::LateReply { by } => {
                Delivery::Answer { answer: self.execute(claim, request, real_ms), after: by }
            }
            RequestFault::LateLanding { by } => {
                self.landing_count += 1;
                let time = now.checked_add(by).unwrap_or(Timestamp::MAX);
                let landing = Landing { claim: claim.clone(), request, real_ms };
                self.landings.insert((time, self.landing_count), landing);
                Delivery::Silence
            }
            RequestFault::DuplicateDelivery => {
                let answer = self.execute(claim, request.clone(), real_ms);
                self.execute(claim, request, real_ms);
                at_once(answer)
            }
            RequestFault::TruncatedReply => {
                let HttpResponse { status, body } = self.execute(claim, request, real_ms);
                at_once(HttpResponse { status, body: body.slice(..body.len() / 2) })
            }
            RequestFault::HtmlReply => {
                self.execute(claim, request, real_ms);
                at_once(HttpResponse { status: 200, body: HTML.into() })
            }
            RequestFault::RateLimited => {
                let body = serde_json::to_vec(&ErrorBody::Text { error: "too many requests".to_owned() });
                at_once(HttpResponse { status: 429, body: body.unwrap_or_default().into() })
            }
            RequestFault::ServerError { status, executed } => {
                if executed {
                    self.execute(claim, request, real_ms);
                }
                at_once(error(status, "internal_error"))
            }
            RequestFault::ConnectionReset { executed } => {
                if executed {
                    self.execute(claim, request, real_ms);
                }
                Delivery::Cut
            }
            RequestFault::InsufficientBalance => at_once(error(400, "insufficient_balance")),
        }
    }

    /// Lets the exchange answer.
    fn execute(&mut self, claim: &AuthClaim, mut request: ApiRequest, real_ms: i64) -> HttpResponse {
        let caller = if claim.is_absent() {
            None
        } else {
            match self.keys.check(claim, request.method.as_str(), &request.path, real_ms) {
                Ok(caller) => Some(caller.clone()),
                Err(refusal) => return refusal,
            }
        };
        request.path = request.path.strip_prefix(REST_BASE).unwrap_or_default().to_owned();
        let answer = match caller {
            Some(caller) => self.exchange.request_by(&caller, &request, self.meter_ms(real_ms)),
            None => self.exchange.request(None, &request),
        };
        self.deliver();
        answer
    }

    /// Counts creates as they come from clients, whatever becomes of them: whether an order was sent twice.
    fn count_posts(&mut self, claim: &AuthClaim, request: &ApiRequest) {
        let is_order =
            request.path.strip_prefix(REST_BASE).is_some_and(|path| path.starts_with("/portfolio/events/orders"));
        let account = claim.key_id.as_deref().and_then(|key_id| self.keys.account(key_id));
        let (Some(account), Method::Post, true) = (account, request.method, is_order) else { return };
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let posts = self.posts.entry(account.clone()).or_default();
        let orders =
            body.get("orders").and_then(Value::as_array).map_or_else(|| vec![&body], |orders| orders.iter().collect());
        for order in orders {
            if let Some(id) = order.get("client_order_id").and_then(Value::as_str) {
                *posts.entry(id.to_owned()).or_default() += 1;
            }
        }
    }

    /// How often the clients of a key sent each client order id, lost requests included.
    pub(crate) fn posts(&self, key_id: &str) -> Option<BTreeMap<String, u64>> {
        let account = self.keys.account(key_id)?;
        Some(self.posts.get(account).cloned().unwrap_or_default())
    }

    /// Whose WebSocket this will be, or the answer that refuses it.
    pub(crate) fn authorize_socket(&mut self, claim: &AuthClaim, real_ms: i64) -> Result<AccountName, HttpResponse> {
        if let Some(refusal) = self.weather.refuses_handshake(self.exchange.now()) {
            return Err(refusal);
        }
        let real_ms = real_ms.saturating_add(self.weather.skew_ms());
        self.keys.check(claim, "GET", SOCKET_PATH, real_ms).map(|caller| caller.account.clone())
    }

    pub(crate) fn connect(&mut self, account: &AccountName) -> (SessionId, Frames) {
        let (sender, frames) = mpsc::channel(OUTLET_BATCHES);
        let session = self.exchange.connect(account);
        self.outlets.insert(session, Outlet { account: account.clone(), sender, held: Vec::new(), delivered: 0 });
        self.current.insert(account.clone(), session);
        (session, frames)
    }

    pub(crate) fn disconnect(&mut self, session: SessionId) {
        self.exchange.disconnect(session);
        if let Some(outlet) = self.outlets.remove(&session) {
            let others = self.outlets.iter().filter(|(_, other)| other.account == outlet.account);
            match others.map(|(id, _)| *id).next_back() {
                Some(newest) => self.current.insert(outlet.account.clone(), newest),
                None => self.current.remove(&outlet.account),
            };
            self.lost.push(outlet.account);
        }
    }

    pub(crate) fn command(&mut self, session: SessionId, text: &str) {
        self.exchange.command(session, text);
        self.deliver();
    }

    /// Lets everything happen until `to`, and go wrong what is due by then, each thing at its own time.
    pub(crate) fn advance(&mut self, to: Timestamp) -> Result<(), ExchangeError> {
        loop {
            let landing = self.landings.first_key_value().map(|((time, _), _)| *time);
            let next = self.weather.next_change().into_iter().chain(landing).min();
            let Some(time) = next.filter(|time| *time <= to) else { break };
            let advanced = self.exchange.advance(time.max(self.exchange.now()));
            self.deliver();
            advanced?;
            self.judge()?;
            for change in self.weather.advance(time) {
                self.apply(change);
            }
            while let Some(landing) = self.landings.first_entry().filter(|first| first.key().0 <= time) {
                let Landing { claim, request, real_ms } = landing.remove();
                self.execute(&claim, request, real_ms);
            }
            self.deliver();
        }
        let advanced = self.exchange.advance(to);
        self.deliver();
        advanced?;
        self.judge()
    }

    /// Lets go wrong with outcomes what is to.
    fn judge(&mut self) -> Result<(), ExchangeError> {
        if !self.weather.touches_outcomes() {
            return Ok(());
        }
        let outcomes: Vec<_> =
            self.exchange.outcomes().map(|(market, status, result)| (market.clone(), status, result)).collect();
        let now = self.exchange.now();
        for (market, verdict) in self.weather.judge(&outcomes, now) {
            match verdict {
                Verdict::Dispute => self.exchange.dispute(&market)?,
                Verdict::Outcome(result) => self.exchange.amend_outcome(&market, result, None)?,
            }
        }
        self.deliver();
        Ok(())
    }

    /// Adds a fault, from the present on.
    pub(crate) fn inject(&mut self, fault: PlannedFault) {
        self.weather.plan.inject(fault);
        for change in self.weather.advance(self.exchange.now()) {
            self.apply(change);
        }
        self.deliver();
    }

    /// Ends what goes wrong. Requests that are late still land.
    pub(crate) fn heal(&mut self) {
        for change in self.weather.heal() {
            self.apply(change);
        }
        self.deliver();
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::CutSockets => {
                for session in self.outlets.keys().copied().collect::<Vec<_>>() {
                    self.disconnect(session);
                }
            }
            Change::EndBooks(code) => {
                for account in self.current.keys().cloned().collect::<Vec<_>>() {
                    self.exchange.fail_subscriptions(&account, "orderbook_delta", code);
                }
            }
            Change::PauseTrading(true) => self.exchange.pause_trading(None),
            Change::PauseTrading(false) => self.exchange.resume_trading(),
            Change::PauseExchange(true) => self.exchange.pause_exchange(None),
            Change::PauseExchange(false) => self.exchange.resume_exchange(),
        }
    }

    /// Does something with the exchange itself.
    pub(crate) fn operate<T>(&mut self, action: impl FnOnce(&mut Exchange) -> T) -> T {
        let done = action(&mut self.exchange);
        self.deliver();
        done
    }

    /// Text frames handed so far to the account's newest connection; none without one.
    pub(crate) fn frames_queued(&self, account: &AccountName) -> u64 {
        let outlet = self.current.get(account).and_then(|session| self.outlets.get(session));
        outlet.map_or(0, |outlet| outlet.delivered)
    }

    /// Whether the account has a connection, and somebody at its other end.
    pub(crate) fn is_live(&self, account: &AccountName) -> bool {
        let outlet = self.current.get(account).and_then(|session| self.outlets.get(session));
        outlet.is_some_and(|outlet| !outlet.sender.is_closed())
    }

    /// Accounts that have lost a connection since the last call.
    pub(crate) fn take_lost(&mut self) -> Vec<AccountName> {
        std::mem::take(&mut self.lost)
    }

    pub(crate) fn account(&self, key_id: &str) -> Option<&AccountName> {
        self.keys.account(key_id)
    }

    pub(crate) fn truth(&self, key_id: &str) -> Option<AccountTruth> {
        self.exchange.account_truth(self.keys.account(key_id)?)
    }

    /// The time that refills the token buckets. In real time it goes on when everything was played and the exchange's time stands.
    fn meter_ms(&self, real_ms: i64) -> i64 {
        match self.meter_speed {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "milliseconds, at most 60 times as fast"
            )]
            Some(speed) => (real_ms as f64 * speed) as i64,
            None => self.exchange.now().as_millisecond(),
        }
    }

    /// Hands every waiting frame to its connection, unless something goes wrong with it. A connection that does not take them, or that nobody
    /// reads any more, is cut.
    fn deliver(&mut self) {
        let now = self.exchange.now();
        if let Some(listeners) = &self.prices {
            for price in self.exchange.take_prices() {
                // Without a listener the price is dropped.
                let _ = listeners.send(price);
            }
        }
        let mut cut = Vec::new();
        for (session, outlet) in &mut self.outlets {
            let frames = self.exchange.take_frames(*session);
            if !frames.is_empty() {
                outlet.held.extend(self.weather.carry(frames, now));
            }
            let goes = !self.weather.is_stalled() && !outlet.held.is_empty();
            let frames = if goes { std::mem::take(&mut outlet.held) } else { Vec::new() };
            outlet.delivered += u64::try_from(frames.len()).unwrap_or(0);
            let taken = frames.is_empty() || outlet.sender.try_send(frames).is_ok();
            if !taken || outlet.sender.is_closed() || outlet.held.len() > HELD_FRAMES {
                cut.push(*session);
            }
        }
        for session in cut {
            self.disconnect(session);
        }
    }
}

/// What a proxy shows to people when it has no answer.
const HTML: &str =
    "<html><head><title>Just a moment...</title></head><body>recio simulator: a page where JSON belongs</body></html>";
