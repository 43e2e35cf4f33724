//! Faults of markets' lives: records of the recording that come later, and halts that were never recorded.

use super::Scenario;
use super::fault::{Fault, MarketFault};
use super::plan::{Rule, SharedCounts, rules};
use crate::exchange::Records;
use crate::recording::{Record, RecordBody, RecordingError, StreamId};
use jiff::SignedDuration;
use recio_core::market::LifecycleEvent;
use recio_core::units::{MarketTicker, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

/// Records, with what goes wrong in them.
pub(super) struct FaultyRecords {
    records: Records,
    begin: Timestamp,
    settlements: Vec<Rule>,
    halts: Vec<Rule>,
    /// Held back or made here, until their time.
    waiting: BTreeMap<(Timestamp, u64), Record>,
    inserted: u64,
    next: Option<Result<Record, RecordingError>>,
    /// Markets by their close, from their listing on.
    closes: BTreeSet<(Timestamp, MarketTicker)>,
    /// Whose outcome comes later, and by how much.
    late: BTreeMap<MarketTicker, Duration>,
    judged: BTreeSet<MarketTicker>,
    counts: SharedCounts,
}

impl FaultyRecords {
    /// `begin` is the session's begin in the recording's own time.
    pub(super) fn new(
        records: Records,
        scenario: &Scenario,
        seed: u64,
        begin: Timestamp,
        counts: SharedCounts,
    ) -> Self {
        let is_late = |fault: &Fault| matches!(fault, Fault::Market(MarketFault::LateSettlement { .. }));
        let is_halt = |fault: &Fault| matches!(fault, Fault::Market(MarketFault::MarketDeactivation { .. }));
        let mut faulty = Self {
            records,
            begin,
            settlements: rules(scenario, seed, begin, is_late),
            halts: rules(scenario, seed, begin, is_halt),
            waiting: BTreeMap::new(),
            inserted: 0,
            next: None,
            closes: BTreeSet::new(),
            late: BTreeMap::new(),
            judged: BTreeSet::new(),
            counts,
        };
        faulty.next = faulty.records.next();
        faulty
    }

    fn wait(&mut self, time: Timestamp, mut record: Record) {
        record.exchange_time = time;
        self.inserted += 1;
        self.waiting.insert((time, self.inserted), record);
    }

    fn note(&self, fault: &Fault) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).count(fault);
    }

    /// Halts that are due before a moment, each of the market that then closes next and is still open when the halt is over.
    fn halt_until(&mut self, until: Timestamp) {
        let mut halts = Vec::new();
        for rule in &mut self.halts {
            let Fault::Market(MarketFault::MarketDeactivation { lasts }) = rule.fault() else { continue };
            while let Some(time) = rule.take_time(until, self.begin) {
                halts.push((time, lasts, rule.fault()));
            }
        }
        for (time, lasts, fault) in halts {
            let ends = time.checked_add(lasts).unwrap_or(Timestamp::MAX);
            // A market that is halted while it does not trade, or that closes meanwhile, is no halt that anybody could see.
            let Some((_, market)) = self.closes.iter().find(|(close, _)| *close > ends).cloned() else { continue };
            if self.waiting.values().any(|record| is_halt_of(&record.body, &market)) {
                continue;
            }
            for (at, event) in [(time, LifecycleEvent::Deactivated), (ends, LifecycleEvent::Activated)] {
                let body = RecordBody::Lifecycle { market: market.clone(), event };
                self.wait(at, Record { exchange_time: at, received_time: None, stream: StreamId(0), seq: 0, body });
            }
            self.note(&fault);
        }
    }

    /// How much later what this record says comes.
    fn delay(&mut self, body: &RecordBody, now: Timestamp) -> Option<Duration> {
        let market = if let RecordBody::Lifecycle {
            market,
            event: LifecycleEvent::Determined { .. } | LifecycleEvent::Settled { .. },
        } = body
        {
            market.clone()
        } else if let RecordBody::Outcome(outcome) = body {
            outcome.market.clone()
        } else {
            return None;
        };
        if self.judged.insert(market.clone()) {
            let mut struck = None;
            for rule in &mut self.settlements {
                let Fault::Market(MarketFault::LateSettlement { by }) = rule.fault() else { continue };
                if rule.strikes(now, self.begin, struck.is_some()) {
                    struck = Some((by, rule.fault()));
                }
            }
            if let Some((by, fault)) = struck {
                self.late.insert(market.clone(), by);
                self.note(&fault);
            }
        }
        let over = matches!(body, RecordBody::Lifecycle { event: LifecycleEvent::Settled { .. }, .. });
        let delay = self.late.get(&market).copied();
        if over {
            self.judged.remove(&market);
            self.late.remove(&market);
        }
        delay
    }

    fn follow(&mut self, body: &RecordBody, now: Timestamp) {
        if let RecordBody::Market(body) = body {
            self.closes.insert((body.close_time, body.ticker.clone()));
        }
        while self.closes.first().is_some_and(|(close, _)| *close <= now) {
            self.closes.pop_first();
        }
    }
}

impl Iterator for FaultyRecords {
    type Item = Result<Record, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let upcoming = self.next.as_ref().and_then(|next| next.as_ref().ok()).map(|record| record.exchange_time);
            if let Some(time) = upcoming {
                self.halt_until(time);
            }
            if let Some((&key, _)) = self.waiting.first_key_value()
                && upcoming.is_some_and(|time| key.0 <= time)
            {
                return self.waiting.remove(&key).map(Ok);
            }
            // What waits for a moment after the recording's end is not played: time ends there.
            let mut record = match self.next.take()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            self.next = self.records.next();
            let time = record.exchange_time;
            self.follow(&record.body, time);
            let Some(by) = self.delay(&record.body, time) else { return Some(Ok(record)) };
            let later = time.checked_add(by).unwrap_or(Timestamp::MAX);
            if let RecordBody::Lifecycle { event, .. } = &mut record.body {
                move_event(event, by);
            }
            self.wait(later, record);
        }
    }
}

fn is_halt_of(body: &RecordBody, of: &MarketTicker) -> bool {
    matches!(body, RecordBody::Lifecycle { market, event: LifecycleEvent::Activated | LifecycleEvent::Deactivated } if market == of)
}

fn move_event(event: &mut LifecycleEvent, by: Duration) {
    if let LifecycleEvent::Determined { determined_time: time, .. } | LifecycleEvent::Settled { settled_time: time } =
        event
    {
        *time = time.checked_add(SignedDuration::try_from(by).unwrap_or_default()).unwrap_or(*time);
    }
}
