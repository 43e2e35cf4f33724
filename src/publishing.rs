//! What a run tells on a bus: prices, quotes, strike tables, open trades, notices and funnels as the engine shows them, and its facts once the store
//! has them.
//!
//! It only looks on. The engine's path puts references down and goes on; a bus that is slow or away costs messages, never time, and readers of facts find
//! in the store what they were not told.
//!
//! The trades of a run in the same program, as they come (`examples/follow.rs` is the whole of it):
//!
//! ```
//! # #[cfg(all(feature = "kalshi", feature = "sim", feature = "sqlite"))]
//! # async fn example(mut session: recio::session::SimSession, started: recio::units::Timestamp) -> Result<(), recio::prelude::BoxError> {
//! use recio::fact::FactBody;
//! use recio::prelude::*;
//! use recio::publishing::Publishing;
//! use recio::store::bus::{Follower, FollowerOptions, MemoryBus};
//! use std::{sync::Arc, time::Duration};
//!
//! let bus = Arc::new(MemoryBus::new());
//! let publishing = Publishing::start(bus.clone(), session.store.clone(), started).await;
//! session.observers.push(Box::new(publishing.observer()));
//!
//! let mut follower = Follower::start(&*bus, session.store.clone(), 0, FollowerOptions::default()).await?;
//! let following = tokio::spawn(async move {
//!     while let Ok(stored) = follower.next().await {
//!         if let FactBody::Trade(trade) = stored.fact.body {
//!             println!("{trade}");
//!         }
//!     }
//! });
//!
//! let ended = session.run(CancellationToken::new()).await;
//! publishing.stop(Duration::from_secs(3)).await;
//! drop(bus); // the last of it: the follower hears the end
//! following.await?;
//! # ended?;
//! # Ok(())
//! # }
//! ```

use recio_core::causes::in_full;
use recio_core::pipeline::Observer;
use recio_core::store::{Store, StoreError};
use recio_core::units::Timestamp;
use recio_store::bus::{
    Bus, BusError, BusObserver, FactPublisher, FactPublisherError, ObserverCounts, PublishCounts, Publisher,
    PublisherName,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a start waits for the store to say where it ends, so that the run's first facts are told too.
const BEGIN_WITHIN: Duration = Duration::from_secs(1);

/// Who tells what the engine shows.
const ENGINE: &str = "engine";
/// Who tells facts.
const STORE: &str = "store";

/// Tells on a bus what one run does.
///
/// Whatever happens to the bus, the run goes on and is the same. Dropped, it tells nothing more; [`stop`](Self::stop) tells what is left.
#[derive(Debug)]
pub struct Publishing {
    told: Told,
    tasks: JoinSet<()>,
}

/// What became of what a run had to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishingCounts {
    /// On the way to the bus.
    pub observer: ObserverCounts,
    /// On the bus, by topic.
    pub bus: PublishCounts,
}

#[derive(Clone)]
struct Told {
    bus: Arc<dyn Bus>,
    store: Arc<dyn Store>,
    observer: BusObserver,
    facts: Arc<FactPublisher>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("bus", &self.bus).finish_non_exhaustive()
    }
}

impl Publishing {
    /// Begins to tell. `started` is the time of this start, later than that of the run before: readers know the runs apart by it.
    ///
    /// Facts are told from the store's newest one on; a gap tells readers of facts to look into the store for what was before. The bus need not be there,
    /// and a store that is away is not waited for longer than a second.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(bus: Arc<dyn Bus>, store: Arc<dyn Store>, started: Timestamp) -> Self {
        let epoch = u64::try_from(started.as_microsecond()).unwrap_or_default();
        let publisher = |name| {
            let name = PublisherName::new(name).expect("a plain short word is a publisher's name");
            Publisher::new(Arc::clone(&bus), name, epoch)
        };
        let observer = BusObserver::new(publisher(ENGINE));
        let facts = Arc::new(FactPublisher::new(publisher(STORE)));
        let told = Told { bus, store, observer, facts };
        let mut tasks = JoinSet::new();
        let (shown, committed) = (told.clone(), told.clone());
        tasks.spawn(async move {
            let Err(error) = shown.observer.run().await;
            tracing::warn!("the bus is told no more of what the engine shows: {error}");
        });
        tasks.spawn(async move {
            let Err(error) = committed.facts.run(&*committed.store, None, started).await;
            say_no_more_facts(&error);
        });
        // Where it takes longer, the gap at the start speaks for what was not told.
        let _ = timeout(BEGIN_WITHIN, told.facts.begun()).await;
        Self { told, tasks }
    }

    /// What looks on at the run. It puts the newest down and goes on.
    #[must_use]
    pub fn observer(&self) -> impl Observer + use<> {
        self.told.observer.observe()
    }

    /// What became of what there was to tell, up to now.
    #[must_use]
    pub fn counts(&self) -> PublishingCounts {
        self.told.counts()
    }

    /// Tells what is left after the run's end, and ends: what the engine showed last, then the facts that nobody was told, then it waits until the bus has
    /// taken them. All of that takes no longer than `within`; what was not sent by then is said in the log.
    pub async fn stop(mut self, within: Duration) -> PublishingCounts {
        let until = Instant::now() + within;
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next().await {
            if ended.is_err_and(|error| error.is_panic()) {
                tracing::error!("a task that tells the bus panicked; the run went on without it");
            }
        }
        if timeout_at(until, self.told.tell_rest()).await.is_err() {
            tracing::warn!("the store did not give the last facts in time, so the bus was not told them");
        }
        let left = until.saturating_duration_since(Instant::now());
        if let Err(error) = self.told.bus.flush(left).await {
            tracing::warn!("not everything was sent: {}; the store has all facts", in_full(&error));
        }
        self.told.counts()
    }
}

impl Told {
    async fn tell_rest(&self) {
        if let Err(error) = self.observer.tell_waiting() {
            tracing::warn!("the bus was not told what the engine showed last: {error}");
        }
        if let Err(error) = self.facts.tell_rest(&*self.store).await {
            tracing::warn!("the bus was not told the last facts: {}", in_full(&error));
        }
    }

    fn counts(&self) -> PublishingCounts {
        PublishingCounts { observer: self.observer.counts(), bus: self.bus.counts() }
    }
}

/// Says that no more facts are told, as loudly as the reason asks for.
fn say_no_more_facts(error: &FactPublisherError) {
    let why = in_full(error);
    if matches!(error, FactPublisherError::Bus(BusError::Closed)) {
        tracing::debug!("the bus was closed");
    } else if matches!(error, FactPublisherError::Store(StoreError::Unsupported(_))) {
        tracing::warn!("the bus is told no facts, readers have to look into the store: {why}");
    } else {
        tracing::error!("the bus is told no more facts, readers have to look into the store: {why}");
    }
}
