//! The limits as a layer around a transport.

use super::charge::{Charge, Priority};
use super::gate::{Full, Gate, Ticket, Verdict};
use crate::client::KalshiClient;
use crate::error::ReadError;
use crate::jitter::Jitter;
use crate::socket::Sleep;
use crate::transport::{FrameStream, HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::wire::{AccountLimits, EndpointCosts};
use async_trait::async_trait;
use recio_core::units::Monotonic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, time::Duration};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often a read is asked again after a 429. Each further time waits in the common pause first.
const REPEATS: u8 = 3;
/// A read that was refused is asked again only while its signature is this young: the exchange takes ten seconds for certain.
/// Source: recorded answers of the demo exchange, 2026 (5 s early or late are taken, 30 s late are not).
const REPEAT_WITHIN: Duration = Duration::from_secs(5);

/// How long a request may wait for its turn. What would wait longer is refused at once, and has not been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Creates and other writes. Nothing by default: the last look at an order was right before, and what waits would leave without one.
    pub order: Duration,
    /// Cancels and other requests that take risk away.
    pub cancel: Duration,
    /// Reads and look-ups. Below ten seconds, as the request is signed before it waits.
    pub read: Duration,
}

/// An account's limits, shared by all that ask in its name. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<Shared>);

struct Shared {
    gate: Mutex<Gate>,
    /// Somebody left the queue.
    changed: Notify,
    now: Arc<dyn Fn() -> Monotonic + Send + Sync>,
    /// Without one nothing waits.
    sleep: Option<Sleep>,
    patience: Patience,
}

/// Why a request was not sent. The exchange has not heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// Its turn would come too late.
    #[error("the rate limit leaves no room for it within {patience:?}")]
    TooLate {
        /// How long it may wait.
        patience: Duration,
    },
    /// Too many wait already.
    #[error("too many requests wait for the rate limit already")]
    QueueFull,
    /// It costs more than the account's bucket holds, so that the exchange would never take it.
    #[error("it costs {cost} tokens and the account's bucket holds {capacity}: send fewer items at once")]
    TooLarge {
        /// What it costs.
        cost: u64,
        /// What the bucket holds.
        capacity: u64,
    },
}

struct LimitedTransport {
    limits: Limits,
    inner: Arc<dyn Transport>,
}

/// A place in the queue; given up when dropped, as a caller may go away while it waits.
struct Place<'a> {
    limits: &'a Shared,
    ticket: Ticket,
}

impl Default for Patience {
    fn default() -> Self {
        Self { order: Duration::ZERO, cancel: Duration::from_secs(5), read: Duration::from_secs(5) }
    }
}

impl Limits {
    /// Limits in real time: those of the lowest tier, until the account's own are learned.
    #[must_use]
    pub fn in_real_time(patience: Patience) -> Self {
        let start = Instant::now();
        let now = move || Monotonic::default().after(start.elapsed());
        let sleep: Sleep = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
        Self::new(Arc::new(now), Some(sleep), patience, Jitter::from_system())
    }

    /// Limits by another clock, such as a simulator's. Without `sleep` nothing waits and no read is repeated: what finds no room is refused at
    /// once. That is right in lockstep, where time stands still while a request is under way. Pauses are the same in each run.
    #[must_use]
    pub fn on_clock(now: Arc<dyn Fn() -> Monotonic + Send + Sync>, sleep: Option<Sleep>, patience: Patience) -> Self {
        Self::new(now, sleep, patience, Jitter::seeded(0))
    }

    fn new(
        now: Arc<dyn Fn() -> Monotonic + Send + Sync>,
        sleep: Option<Sleep>,
        patience: Patience,
        jitter: Jitter,
    ) -> Self {
        let gate = Mutex::new(Gate::new(now(), jitter));
        Self(Arc::new(Shared { gate, changed: Notify::new(), now, sleep, patience }))
    }

    /// Puts the limits around a transport. All that is sent through the result, from whichever client, counts against them.
    #[must_use]
    pub fn around(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(LimitedTransport { limits: self.clone(), inner })
    }

    /// Takes over the account's limits and, where they are given, the exchange's costs. What was spent stays spent.
    pub fn learn(&self, limits: &AccountLimits, costs: Option<&EndpointCosts>) {
        let now = (self.0.now)();
        self.0.gate().learn(now, limits, costs);
        self.0.changed.notify_waiters();
    }

    /// Asks the exchange for the account's limits and its costs, and takes them over.
    ///
    /// # Errors
    /// The limits could not be read; they stay as they were. Costs that cannot be read stay as they were without an error.
    pub async fn refresh(&self, client: &KalshiClient) -> Result<(), ReadError> {
        let limits = client.account_limits().await?;
        let costs = client.endpoint_costs().await;
        if let Err(error) = &costs {
            tracing::warn!(%error, "the exchange does not tell what its calls cost");
        }
        self.learn(&limits, costs.ok().as_ref());
        tracing::info!(
            tier = limits.usage_tier,
            read_tokens_per_second = limits.read.refill_rate,
            write_tokens_per_second = limits.write.refill_rate,
            "rate limits of the account"
        );
        Ok(())
    }

    /// Whether [`refresh`](Self::refresh) is due: the account's limits were never learned, or the exchange refused a request since.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.0.gate().is_stale()
    }

    /// Waits until a request may go; its tokens are taken then.
    async fn admit(&self, charge: Charge, patience: Duration) -> Result<(), LimitError> {
        let shared = &*self.0;
        let began = (shared.now)();
        let ticket = shared.gate().enter(charge).map_err(|Full| LimitError::QueueFull)?;
        let place = Place { limits: shared, ticket };
        loop {
            // Made before the look, so that no change falls in between.
            let changed = shared.changed.notified();
            let now = (shared.now)();
            let verdict = shared.gate().ask(now, place.ticket);
            let left = patience.saturating_sub(now.since(began));
            let wait = match verdict {
                Verdict::Go => return Ok(()),
                Verdict::Never { cost, capacity } => return Err(LimitError::TooLarge { cost, capacity }),
                Verdict::Wait(wait) => wait,
                Verdict::Behind => left,
            };
            match &shared.sleep {
                Some(sleep) if wait <= left && !left.is_zero() => {
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = changed => {}
                    }
                }
                Some(_) | None => return Err(LimitError::TooLate { patience }),
            }
        }
    }

    fn answered(&self, charge: Charge, sent: Monotonic, answer: &Result<HttpResponse, TransportError>) {
        let now = (self.0.now)();
        match answer {
            Ok(answer) if answer.status == 429 => {
                tracing::warn!(priority = ?charge.priority, "the exchange's rate limit is reached");
                self.0.gate().refused(now, charge, sent);
            }
            Ok(answer) if answer.status < 500 => self.0.gate().served(charge, sent),
            Ok(_) | Err(_) => {}
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("patience", &self.0.patience).finish_non_exhaustive()
    }
}

impl Shared {
    fn gate(&self) -> MutexGuard<'_, Gate> {
        // A panic while it was held is a bug elsewhere; counts of tokens are sound at every moment.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn patience(&self, priority: Priority) -> Duration {
        match priority {
            Priority::Cancel => self.patience.cancel,
            Priority::Order => self.patience.order,
            Priority::LookUp | Priority::Read => self.patience.read,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limits.gate().leave(self.ticket);
        self.limits.changed.notify_waiters();
    }
}

#[async_trait]
impl Transport for LimitedTransport {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let shared = &*self.limits.0;
        let charge = Charge::of(&request, shared.gate().costs());
        let patience = shared.patience(charge.priority);
        let began = (shared.now)();
        let not_sent = |error: LimitError| TransportError::NotSent(error.into());
        self.limits.admit(charge, patience).await.map_err(not_sent)?;
        if request.method != Method::Get || shared.sleep.is_none() {
            let sent = (shared.now)();
            let answer = self.inner.request(request).await;
            self.limits.answered(charge, sent, &answer);
            return answer;
        }
        let mut repeats = 0;
        loop {
            let sent = (shared.now)();
            let answer = self.inner.request(request.clone()).await;
            self.limits.answered(charge, sent, &answer);
            let refused = answer.as_ref().is_ok_and(|answer| answer.status == 429);
            let left = REPEAT_WITHIN.saturating_sub((shared.now)().since(began));
            if !refused || repeats == REPEATS || self.limits.admit(charge, left).await.is_err() {
                return answer;
            }
            repeats += 1;
        }
    }

    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        self.inner.connect(headers).await
    }
}
