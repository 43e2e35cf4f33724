//! Signatures made ahead of time, so that none is computed while an order waits to leave.

use super::{AuthHeaders, SignError, SigningKey};
use crate::client::SignatureClock;
use crate::transport::Method;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, time::Duration};

/// A header that is older is not used. The exchange takes five seconds for certain (ten by reports), and the request has to get there.
/// Source: recorded answers of the demo exchange, 2026.
const MAX_AGE_MS: i64 = 3_000;
/// How often the pool is looked after. With [`RENEW_AGE_MS`] no header in it is ever older than [`MAX_AGE_MS`].
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// A header that is older is replaced.
const RENEW_AGE_MS: i64 = 1_500;

/// A request that is known beforehand, but for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledRoute {
    /// Its method.
    pub method: Method,
    /// Its full path, without query.
    pub path: String,
    /// How many signatures lie ready: what may leave within one second without computing any.
    pub ready: usize,
}

/// How requests were signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Signatures taken out of the pool.
    pub pooled: u64,
    /// Requests that found none there, and were signed while they waited.
    pub inline: u64,
}

/// Fresh signed headers for requests that are known beforehand. Each is handed out once, and no two carry the same time.
pub struct HeaderPool {
    key: Arc<SigningKey>,
    clock: SignatureClock,
    shelves: Vec<Shelf>,
    /// The last time that was signed.
    last_ms: AtomicI64,
    pooled: AtomicU64,
    inline: AtomicU64,
}

struct Shelf {
    route: PooledRoute,
    /// Oldest first.
    ready: Mutex<VecDeque<(i64, AuthHeaders)>>,
}

impl HeaderPool {
    /// An empty pool for these routes; [`refill`](Self::refill) or [`keep_fresh`](Self::keep_fresh) fills it.
    #[must_use]
    pub fn new(key: Arc<SigningKey>, clock: SignatureClock, routes: Vec<PooledRoute>) -> Self {
        let shelf = |route| Shelf { route, ready: Mutex::default() };
        let shelves = routes.into_iter().map(shelf).collect();
        Self { key, clock, shelves, last_ms: AtomicI64::new(0), pooled: AtomicU64::new(0), inline: AtomicU64::new(0) }
    }

    /// A fresh header for a request, if one lies ready. The path is taken without its query.
    pub fn take(&self, method: Method, path: &str) -> Option<AuthHeaders> {
        let now = (self.clock)();
        let shelf = self.shelves.iter().find(|shelf| shelf.route.method == method && shelf.route.path == path);
        let found = shelf.and_then(|shelf| {
            let mut ready = shelf.ready();
            while let Some((time, headers)) = ready.pop_front() {
                if is_fresh(time, now, MAX_AGE_MS) {
                    return Some(headers);
                }
            }
            None
        });
        let count = if found.is_some() { &self.pooled } else { &self.inline };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Replaces what has grown old, and fills up what was taken. Computes signatures: not for the thread that sends orders.
    ///
    /// # Errors
    /// The cryptographic library failed; what lies ready stays.
    pub fn refill(&self) -> Result<(), SignError> {
        for shelf in &self.shelves {
            let now = (self.clock)();
            let missing = {
                let mut ready = shelf.ready();
                ready.retain(|(time, _)| is_fresh(*time, now, RENEW_AGE_MS));
                shelf.route.ready.saturating_sub(ready.len())
            };
            for _ in 0..missing {
                let time = self.next_time();
                let headers = self.key.sign(time, shelf.route.method.as_str(), &shelf.route.path)?;
                shelf.ready().push_back((time, headers));
            }
        }
        Ok(())
    }

    /// Refills the pool about once a second, for ever, on a thread for blocking work.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn keep_fresh(self: Arc<Self>) {
        loop {
            let pool = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || pool.refill()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "cannot sign ahead; requests are signed one by one"),
                // The runtime is going down.
                Err(_) => return,
            }
            tokio::time::sleep(REFRESH_EVERY).await;
        }
    }

    /// How requests were signed so far.
    #[must_use]
    pub fn counts(&self) -> PoolCounts {
        PoolCounts { pooled: self.pooled.load(Ordering::Relaxed), inline: self.inline.load(Ordering::Relaxed) }
    }

    /// Now, or a millisecond after the last one.
    fn next_time(&self) -> i64 {
        let now = (self.clock)();
        let step = |last: i64| Some(now.max(last.saturating_add(1)));
        // A clock that was set back makes times run ahead of it; `take` passes over those, and signs inline with the true time.
        let last = self.last_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or(now);
        now.max(last.saturating_add(1))
    }
}

/// Not too old, and not of the future: a clock that was set back must not leave headers behind that are fresh for hours.
const fn is_fresh(time: i64, now: i64, max_age: i64) -> bool {
    let age = now.saturating_sub(time);
    age <= max_age && age >= -1_000
}

impl Shelf {
    fn ready(&self) -> MutexGuard<'_, VecDeque<(i64, AuthHeaders)>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HeaderPool {
    // Signatures are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderPool").field("key", &self.key).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::generate_ed25519;
    use std::collections::BTreeSet;

    const ORDERS: &str = "/trade-api/v2/portfolio/events/orders";

    fn pool() -> (HeaderPool, Arc<AtomicI64>) {
        let time = Arc::new(AtomicI64::new(1_790_366_400_000));
        let clock = Arc::clone(&time);
        let route = |method, path: &str, ready| PooledRoute { method, path: path.to_owned(), ready };
        let routes = vec![route(Method::Post, ORDERS, 4), route(Method::Get, "/trade-api/ws/v2", 1)];
        let key = Arc::new(generate_ed25519("k").unwrap().key);
        (HeaderPool::new(key, Arc::new(move || clock.load(Ordering::Relaxed)), routes), time)
    }

    #[test]
    fn each_header_is_good_once_and_has_a_time_of_its_own() {
        let (pool, _) = pool();
        let verifying = pool.key.verifying_key();
        let mut times = BTreeSet::new();
        for _ in 0..5 {
            pool.refill().unwrap();
            while let Some(headers) = pool.take(Method::Post, ORDERS) {
                verifying.verify(&headers.timestamp, "POST", ORDERS, &headers.signature).unwrap();
                assert!(times.insert(headers.timestamp), "a time came twice");
            }
        }
        assert_eq!(times.len(), 20);
        assert_eq!(pool.counts(), PoolCounts { pooled: 20, inline: 5 });
    }

    #[test]
    fn another_method_or_path_finds_nothing() {
        let (pool, _) = pool();
        pool.refill().unwrap();
        assert!(pool.take(Method::Delete, ORDERS).is_none());
        assert!(pool.take(Method::Post, "/trade-api/v2/portfolio/orders").is_none());
        assert!(pool.take(Method::Get, "/trade-api/ws/v2").is_some());
    }

    #[test]
    fn what_is_old_or_of_the_future_is_never_handed_out() {
        let (pool, time) = pool();
        pool.refill().unwrap();
        time.fetch_add(MAX_AGE_MS + 4, Ordering::Relaxed);
        assert!(pool.take(Method::Post, ORDERS).is_none());
        pool.refill().unwrap();
        let now = time.load(Ordering::Relaxed);
        let fresh: i64 = pool.take(Method::Post, ORDERS).unwrap().timestamp.parse().unwrap();
        assert!((now..now + 10).contains(&fresh));
        time.fetch_sub(3_600_000, Ordering::Relaxed);
        assert!(pool.take(Method::Post, ORDERS).is_none(), "the clock was set back");
    }

    #[test]
    fn nothing_secret_shows() {
        let (pool, _) = pool();
        pool.refill().unwrap();
        let shown = format!("{pool:?}");
        let signature = pool.take(Method::Post, ORDERS).unwrap().signature;
        assert!(!shown.contains(&signature) && !shown.contains(ORDERS), "{shown}");
    }
}
