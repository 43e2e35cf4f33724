//! Who may go when: the buckets, the queue before them and the common pause of reads, as a state machine. No waiting here.

use super::bucket::{Bucket, Short};
use super::charge::{Charge, Priority, Scope};
use super::costs::CostTable;
use crate::jitter::Jitter;
use crate::wire::{AccountLimits, EndpointCosts, TokenBucket};
use recio_core::units::Monotonic;
use std::collections::BTreeMap;
use std::time::Duration;

/// Requests of one priority that may wait. A queue this long takes a Basic account seconds to work off: more would only wait to be too late.
const MAX_WAITING: usize = 256;
/// The part of a bucket that cancels and look-ups alone may use: a fifth is ten cancels or sixty look-ups of a Basic account.
const RESERVED_PART: u64 = 5;
/// The first pause of reads after a 429 is up to this long; each further one up to twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// The longest pause of reads: a bucket is full again after three seconds, so more would gain nothing.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Requests without a key: the exchange names no limit, so they are kept to the pace of the lowest tier. Tokens a second, and capacity.
const UNSIGNED: (u64, u64) = (200, 200);
/// The lowest tier, until the account's own limits were read. Source: docs.kalshi.com/getting_started/rate_limits; read 2026-11-22.
const BASIC_READ: (u64, u64) = (200, 200);
const BASIC_WRITE: (u64, u64) = (100, 100);

/// A place in the queue.
pub(super) type Ticket = (Priority, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its tokens are taken; it has left the queue.
    Go,
    /// Not before so long.
    Wait(Duration),
    /// Somebody more urgent, or earlier, waits for the same bucket.
    Behind,
    /// The bucket never holds so much.
    Never { cost: u64, capacity: u64 },
}

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug)]
pub(super) struct Gate {
    costs: CostTable,
    read: Bucket,
    unsigned: Bucket,
    unscoped: Bucket,
    shards: BTreeMap<u16, Bucket>,
    write: (u64, u64),
    pause: Pause,
    waiting: BTreeMap<Ticket, Charge>,
    last_ticket: u64,
    jitter: Jitter,
    /// The account's own limits are not known, or a refusal shows that they may have changed.
    is_stale: bool,
}

/// The one pause that all reads share after a 429, so that many readers do not each find out for themselves.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    refusals: u32,
    began: Option<Monotonic>,
    until: Monotonic,
}

impl Gate {
    pub(super) fn new(now: Monotonic, jitter: Jitter) -> Self {
        Self {
            costs: CostTable::default(),
            read: Bucket::new(BASIC_READ.0, BASIC_READ.1, now),
            unsigned: Bucket::new(UNSIGNED.0, UNSIGNED.1, now),
            unscoped: Bucket::new(BASIC_WRITE.0, BASIC_WRITE.1, now),
            shards: BTreeMap::new(),
            write: BASIC_WRITE,
            pause: Pause::default(),
            waiting: BTreeMap::new(),
            last_ticket: 0,
            jitter,
            is_stale: true,
        }
    }

    pub(super) const fn costs(&self) -> &CostTable {
        &self.costs
    }

    pub(super) const fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// The account's own limits and the exchange's own costs. A bucket that would never let anything through is not taken over: a cancel has to
    /// be able to leave, and the exchange says no itself.
    pub(super) fn learn(&mut self, now: Monotonic, limits: &AccountLimits, costs: Option<&EndpointCosts>) {
        self.is_stale = false;
        if lets_through(limits.read) {
            self.read.resize(now, limits.read.refill_rate, limits.read.bucket_capacity);
        }
        if lets_through(limits.write) {
            self.write = (limits.write.refill_rate, limits.write.bucket_capacity);
        }
        for bucket in std::iter::once(&mut self.unscoped).chain(self.shards.values_mut()) {
            bucket.resize(now, self.write.0, self.write.1);
        }
        if let Some(costs) = costs {
            self.costs = CostTable::from(costs);
        }
    }

    pub(super) fn enter(&mut self, charge: Charge) -> Result<Ticket, Full> {
        let same = self.waiting.keys().filter(|(priority, _)| *priority == charge.priority).count();
        if same >= MAX_WAITING {
            return Err(Full);
        }
        self.last_ticket += 1;
        let ticket = (charge.priority, self.last_ticket);
        self.waiting.insert(ticket, charge);
        Ok(ticket)
    }

    /// Gives a place up; nothing happens where it was taken already.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    pub(super) fn ask(&mut self, now: Monotonic, ticket: Ticket) -> Verdict {
        let Some(charge) = self.waiting.get(&ticket).copied() else { return Verdict::Behind };
        if self.waiting.range(..ticket).any(|(_, before)| before.scope.shares(charge.scope)) {
            return Verdict::Behind;
        }
        if charge.priority == Priority::Read && self.pause.until > now {
            return Verdict::Wait(self.pause.until.since(now));
        }
        let mut wait = Duration::ZERO;
        for bucket in self.buckets(charge.scope, now) {
            let reserve = match charge.priority {
                Priority::Cancel | Priority::LookUp => 0,
                Priority::Order | Priority::Read => bucket.capacity() / RESERVED_PART,
            };
            match bucket.look(now, charge.cost, reserve) {
                Ok(()) => {}
                Err(Short::For(short)) => wait = wait.max(short),
                Err(Short::Ever) => return Verdict::Never { cost: charge.cost, capacity: bucket.capacity() },
            }
        }
        if wait > Duration::ZERO {
            return Verdict::Wait(wait);
        }
        for bucket in self.buckets(charge.scope, now) {
            bucket.take(now, charge.cost);
        }
        self.waiting.remove(&ticket);
        Verdict::Go
    }

    /// The exchange says that there was one request too many; `sent` is when this one left.
    pub(super) fn refused(&mut self, now: Monotonic, charge: Charge, sent: Monotonic) {
        for bucket in self.buckets(charge.scope, now) {
            bucket.empty(now);
        }
        self.is_stale = true;
        // What left before the pause began was refused for the same reason as what began it.
        let is_news = self.pause.began.is_none_or(|began| sent > began);
        if matches!(charge.scope, Scope::Read | Scope::Unsigned) && is_news {
            let most = PAUSE_MIN.saturating_mul(1 << self.pause.refusals.min(16)).min(PAUSE_MAX);
            self.pause.refusals += 1;
            self.pause.began = Some(now);
            self.pause.until = now.after(self.jitter.between(Duration::ZERO, most));
        }
    }

    /// The exchange answered this one.
    pub(super) fn served(&mut self, charge: Charge, sent: Monotonic) {
        let after_pause = self.pause.began.is_some_and(|began| sent > began);
        if matches!(charge.scope, Scope::Read | Scope::Unsigned) && after_pause {
            self.pause = Pause { until: self.pause.until, ..Pause::default() };
        }
    }

    fn buckets(&mut self, scope: Scope, now: Monotonic) -> Vec<&mut Bucket> {
        match scope {
            Scope::Unsigned => vec![&mut self.unsigned],
            Scope::Read => vec![&mut self.read],
            Scope::Unscoped => vec![&mut self.unscoped],
            Scope::Shard(shard) => {
                let (rate, capacity) = self.write;
                vec![self.shards.entry(shard).or_insert_with(|| Bucket::new(rate, capacity, now))]
            }
            Scope::Everywhere => std::iter::once(&mut self.unscoped).chain(self.shards.values_mut()).collect(),
        }
    }
}

fn lets_through(bucket: TokenBucket) -> bool {
    let passes = bucket.refill_rate > 0 && bucket.bucket_capacity > 0;
    if !passes {
        tracing::warn!(?bucket, "the exchange tells a limit of nothing; the one known before stays");
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::TokenBucket;
    use proptest::{collection::vec, prop_assert, proptest, sample::select};

    const fn charge(scope: Scope, cost: u64, priority: Priority) -> Charge {
        Charge { scope, cost, priority }
    }

    const CANCEL: Charge = charge(Scope::Shard(2), 2, Priority::Cancel);
    const CREATE: Charge = charge(Scope::Shard(2), 10, Priority::Order);
    const READ: Charge = charge(Scope::Read, 10, Priority::Read);
    const LOOK_UP: Charge = charge(Scope::Read, 2, Priority::LookUp);

    fn gate() -> Gate {
        Gate::new(Monotonic(0), Jitter::seeded(7))
    }

    fn ask(gate: &mut Gate, now: u64, charge: Charge) -> Verdict {
        let ticket = gate.enter(charge).unwrap();
        let verdict = gate.ask(Monotonic(now), ticket);
        gate.leave(ticket);
        verdict
    }

    fn exhaust(gate: &mut Gate, charge: Charge) -> usize {
        (0..1_000).take_while(|_| ask(gate, 0, charge) == Verdict::Go).count()
    }

    #[test]
    fn creates_and_reads_leave_a_reserve_to_cancels_and_look_ups() {
        let mut gate = gate();
        assert_eq!(exhaust(&mut gate, CREATE), 8, "100 tokens less a fifth, 10 each");
        assert_eq!(exhaust(&mut gate, CANCEL), 10, "the fifth that is left, 2 each");
        assert_eq!(exhaust(&mut gate, READ), 16);
        assert_eq!(exhaust(&mut gate, LOOK_UP), 20);
    }

    #[test]
    fn each_shard_has_a_bucket_of_its_own_and_unrouted_writes_take_from_all() {
        let mut gate = gate();
        exhaust(&mut gate, CREATE);
        assert_eq!(exhaust(&mut gate, charge(Scope::Shard(3), 10, Priority::Order)), 8);
        assert!(matches!(ask(&mut gate, 0, charge(Scope::Everywhere, 10, Priority::Order)), Verdict::Wait(_)));
        assert_eq!(ask(&mut gate, 0, charge(Scope::Unscoped, 10, Priority::Order)), Verdict::Go);
    }

    #[test]
    fn the_urgent_go_first_and_the_rest_in_order() {
        let mut gate = gate();
        exhaust(&mut gate, CREATE);
        exhaust(&mut gate, CANCEL);
        let first = gate.enter(CREATE).unwrap();
        let second = gate.enter(CREATE).unwrap();
        assert_eq!(gate.ask(Monotonic(1_000_000), second), Verdict::Behind);
        let cancel = gate.enter(CANCEL).unwrap();
        assert_eq!(gate.ask(Monotonic(1_000_000), first), Verdict::Behind);
        assert_eq!(gate.ask(Monotonic(1_000_000), cancel), Verdict::Go);
        assert_eq!(gate.ask(Monotonic(1_000_000), first), Verdict::Go);
        // The other shard waits for nobody here.
        let elsewhere = gate.enter(charge(Scope::Shard(1), 10, Priority::Order)).unwrap();
        assert_eq!(gate.ask(Monotonic(1_000_000), elsewhere), Verdict::Go);
        gate.leave(second);
    }

    #[test]
    fn a_request_larger_than_its_bucket_never_goes() {
        let batch = charge(Scope::Unscoped, 110, Priority::Order);
        assert_eq!(ask(&mut gate(), 0, batch), Verdict::Never { cost: 110, capacity: 100 });
    }

    #[test]
    fn refused_reads_share_one_pause_that_grows_and_ends() {
        let mut gate = gate();
        gate.refused(Monotonic(1_000), READ, Monotonic(0));
        let first = gate.pause.until;
        assert!(first <= Monotonic(1_000).after(PAUSE_MIN));
        // Two that left before the pause began say nothing more.
        gate.refused(Monotonic(2_000), READ, Monotonic(500));
        gate.refused(Monotonic(3_000), READ, Monotonic(900));
        assert_eq!((gate.pause.until, gate.pause.refusals), (first, 1));
        let mut now = 10_000_000;
        for refusals in 2..40 {
            gate.refused(Monotonic(now), READ, Monotonic(now - 1));
            assert_eq!(gate.pause.refusals, refusals);
            assert!(gate.pause.until <= Monotonic(now).after(PAUSE_MAX));
            now += 10_000_000;
        }
        gate.served(READ, Monotonic(now));
        assert_eq!(gate.pause.refusals, 0);
        assert_eq!(ask(&mut gate, now + 10_000_000, READ), Verdict::Go);
    }

    #[test]
    fn a_pause_of_reads_holds_up_no_look_up_and_no_write() {
        let mut gate = gate();
        for at in 1..20 {
            gate.refused(Monotonic(at * 2), READ, Monotonic(at * 2 - 1));
        }
        gate.pause.until = Monotonic(8_000_000);
        let now = 1_000_000;
        assert_eq!(ask(&mut gate, now, READ), Verdict::Wait(Duration::from_secs(7)));
        assert_eq!(ask(&mut gate, now, LOOK_UP), Verdict::Go);
        assert_eq!(ask(&mut gate, now, CREATE), Verdict::Go);
        gate.refused(Monotonic(now), CREATE, Monotonic(now));
        assert!(matches!(ask(&mut gate, now, CANCEL), Verdict::Wait(wait) if wait < Duration::from_millis(25)));
    }

    #[test]
    fn the_queue_is_bounded_for_each_kind() {
        let mut gate = gate();
        let reads: Vec<_> = (0..MAX_WAITING).map(|_| gate.enter(READ).unwrap()).collect();
        assert_eq!(gate.enter(READ), Err(Full));
        gate.enter(LOOK_UP).unwrap();
        gate.leave(reads[0]);
        gate.enter(READ).unwrap();
    }

    #[test]
    fn the_accounts_own_limits_replace_the_first_ones() {
        let mut gate = gate();
        exhaust(&mut gate, CREATE);
        let limits = AccountLimits {
            usage_tier: "advanced".into(),
            read: TokenBucket { refill_rate: 300, bucket_capacity: 900 },
            write: TokenBucket { refill_rate: 300, bucket_capacity: 900 },
            grants: Vec::new(),
        };
        gate.learn(Monotonic(0), &limits, None);
        assert_eq!(exhaust(&mut gate, CREATE), (900 - 80 - 180) / 10);
        assert_eq!(exhaust(&mut gate, READ), (900 - 180) / 10);
    }

    proptest! {
        /// However many others wait and whatever they are, a cancel waits for its own tokens alone.
        #[test]
        fn a_cancel_never_waits_for_what_is_less_urgent(
            crowd in vec(select(vec![CREATE, READ, LOOK_UP, charge(Scope::Everywhere, 10, Priority::Order)]), 0..200),
            refused in 0_u64..5, now in 0_u64..10_000_000,
        ) {
            let mut gate = gate();
            for one in crowd {
                let ticket = gate.enter(one).unwrap();
                gate.ask(Monotonic(now), ticket);
            }
            for at in 0..refused {
                gate.refused(Monotonic(now + at), READ, Monotonic(now + at));
                gate.refused(Monotonic(now + at), CREATE, Monotonic(now + at));
            }
            let ticket = gate.enter(CANCEL).unwrap();
            match gate.ask(Monotonic(now + refused), ticket) {
                Verdict::Go => {}
                Verdict::Wait(wait) => {
                    prop_assert!(wait <= Duration::from_micros(20_001));
                    prop_assert!(gate.ask(Monotonic(now + refused).after(wait), ticket) == Verdict::Go);
                }
                other @ (Verdict::Behind | Verdict::Never { .. }) => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
