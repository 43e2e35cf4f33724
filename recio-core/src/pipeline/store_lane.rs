//! Facts on their way into the store: in order, in batches, kept until they are there.
//!
//! After anything that went wrong the lane trusts the store again in three steps: it has the last fact that was known of it (a store that was restored
//! from an older copy, or is another one, is found before anything is added to it); it takes what waits; and its trades are the engine's.

use super::settlement_numbers::SettlementNumbers;
use crate::causes::in_full;
use crate::fact::{Fact, FactBody};
use crate::kill_point::{KillPoint, reached_if};
use crate::local_cache::StoreHead;
use crate::store::{Store, StoreError};
use crate::trade::{Trade, TradeStatus};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// More facts than this wait for a store that does not write: a day of trading. Then the oldest stay, and the loss is told.
const MAX_WAITING: usize = 100_000;
/// Facts in one append.
const BATCH: usize = 500;
/// How soon something that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How soon trades that differ are compared again. Only facts that are still to come, or a person, can bring them together.
const COMPARE_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// A store that has not answered for this long counts as down: a lost connection may not be noticed for minutes.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Facts that are not in the store yet.
#[derive(Debug, Default)]
pub(super) struct StoreLane {
    waiting: VecDeque<Fact>,
    /// The place in the line of the first that waits: as many went into the store before.
    stored: u64,
    /// Since when the store has been at work, and how many of those that wait it was given.
    at_work: Option<(Instant, usize)>,
    /// The last answer was none, or a bad one.
    failing: bool,
    /// The engine believes that the store does not write, or does not know yet.
    down: bool,
    /// The engine was told why.
    told: bool,
    /// What is known of the store's past was found in it since it was last down.
    proved: bool,
    /// Its trades differed when they were last compared.
    differs: Option<String>,
    /// A fact that the store will never take, or a store that is not ours; what waits goes on waiting for a person.
    stuck: bool,
    /// The newest fact of the store that is known by its hash.
    head: Option<StoreHead>,
    numbers: Arc<Mutex<SettlementNumbers>>,
}

/// What the store is asked next.
#[derive(Debug)]
pub(super) enum StoreTask {
    /// To show that it has this fact.
    Prove(StoreHead),
    /// To take these facts.
    Append(Vec<Fact>),
    /// To show that its trades are these.
    Compare(Vec<Trade>),
}

/// What the store answered.
#[derive(Debug)]
pub(super) enum StoreAnswer {
    Proved,
    /// With its last fact, where that could be read.
    Appended(Option<StoreHead>),
    Agrees,
    /// Trades that are not what they should be.
    Differs(String),
    Failed {
        /// Nothing but a person can help.
        for_good: bool,
        why: String,
    },
}

impl StoreLane {
    /// Takes a fact. `Err` says that too many wait, and this one is lost.
    pub(super) fn push(&mut self, fact: Fact) -> Result<(), String> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(format!("{MAX_WAITING} facts wait for the store: `{}` is lost", fact.key()));
        }
        self.waiting.push_back(fact);
        Ok(())
    }

    /// Begins with what an earlier run left: facts that the store had not taken, and the last one that it had. The store counts as down until it agrees.
    pub(super) fn take_up(&mut self, waiting: Vec<(u64, Fact)>, head: Option<StoreHead>) {
        self.stored = waiting.first().map_or(0, |(place, _)| *place);
        self.waiting = waiting.into_iter().map(|(_, fact)| fact).take(MAX_WAITING).collect();
        self.head = head;
        self.down = true;
    }

    /// What to ask next, if the store is not at work.
    pub(super) fn next_task(&mut self, trades: impl FnOnce() -> Vec<Trade>) -> Option<(StoreTask, Duration)> {
        if self.at_work.is_some() || self.stuck {
            return None;
        }
        let pause = match (&self.differs, self.failing) {
            (_, true) => RETRY_AFTER,
            (Some(_), false) if self.waiting.is_empty() => COMPARE_AGAIN_AFTER,
            (_, false) => Duration::ZERO,
        };
        let batch = self.waiting.len().min(BATCH);
        let task = match self.head {
            Some(head) if self.down && !self.proved => StoreTask::Prove(head),
            _ if batch > 0 => StoreTask::Append(self.waiting.iter().take(batch).cloned().collect()),
            _ if self.down => StoreTask::Compare(trades()),
            _ => return None,
        };
        let given = if matches!(task, StoreTask::Append(_)) { batch } else { 0 };
        self.at_work = Some((Instant::now() + pause, given));
        Some((task, pause))
    }

    /// The numbers that payouts have in the store.
    pub(super) fn numbers(&self) -> Arc<Mutex<SettlementNumbers>> {
        Arc::clone(&self.numbers)
    }

    /// How many facts wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Facts that wait, from this place in the line on, with their places: at most `limit`.
    pub(super) fn waiting_from(&self, place: u64, limit: usize) -> Vec<(u64, Fact)> {
        let skip = usize::try_from(place.saturating_sub(self.stored)).unwrap_or(usize::MAX);
        (self.stored..).zip(&self.waiting).skip(skip).take(limit).map(|(at, fact)| (at, fact.clone())).collect()
    }

    /// The place in the line before which all are in the store.
    pub(super) const fn stored_before(&self) -> u64 {
        self.stored
    }

    /// The last fact of the store that is known by its hash.
    pub(super) const fn head(&self) -> Option<StoreHead> {
        self.head
    }

    /// The store answered. Returns what the engine has to hear: that it does not write, or that it writes again.
    pub(super) fn answered(&mut self, answer: StoreAnswer) -> Option<Result<(), String>> {
        let given = self.at_work.take().map_or(0, |(_, given)| given);
        self.failing = false;
        match answer {
            StoreAnswer::Proved => {
                self.proved = true;
                None
            }
            StoreAnswer::Appended(head) => {
                self.waiting.drain(..given);
                self.stored += given as u64;
                self.head = head.or(self.head);
                None
            }
            StoreAnswer::Agrees => {
                (self.differs, self.told) = (None, false);
                std::mem::take(&mut self.down).then_some(Ok(()))
            }
            StoreAnswer::Differs(what) => {
                let why = format!("its trades are not what they should be, a person has to look: {what}");
                let news = self.differs.as_ref() != Some(&why);
                self.differs = Some(why.clone());
                news.then_some(Err(why))
            }
            StoreAnswer::Failed { for_good, why } => {
                (self.failing, self.down, self.proved) = (true, true, false);
                let news = !std::mem::replace(&mut self.told, true) || for_good;
                self.stuck |= for_good;
                news.then_some(Err(why))
            }
        }
    }

    /// When the store counts as down unless it has answered; `None` where it is not asked, or the engine knows.
    pub(super) fn patience_ends(&self) -> Option<Instant> {
        self.at_work.filter(|_| !self.told).map(|(since, _)| since + ANSWER_WITHIN)
    }

    /// The store has not answered in time. What it was given may be stored or not; appending it again is safe.
    pub(super) fn lost_patience(&mut self) -> Option<Result<(), String>> {
        (self.down, self.told, self.proved) = (true, true, false);
        Some(Err(format!("no answer for {ANSWER_WITHIN:?}")))
    }

    /// Whether the last answer was a bad one, so that the next one takes its time.
    pub(super) const fn is_failing(&self) -> bool {
        self.failing || self.differs.is_some()
    }

    /// Whether the store counts as down: then facts that wait are kept elsewhere.
    pub(super) const fn is_down(&self) -> bool {
        self.down
    }
}

/// Asks the store, after a pause, so that a dead one is not hammered.
pub(super) async fn ask(
    store: Arc<dyn Store>,
    numbers: Arc<Mutex<SettlementNumbers>>,
    (task, pause): (StoreTask, Duration),
) -> StoreAnswer {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let answer = match task {
        StoreTask::Prove(head) => prove(&*store, head).await,
        StoreTask::Append(batch) => append(&*store, numbers, batch).await,
        StoreTask::Compare(trades) => compare(&*store, &trades).await,
    };
    answer.unwrap_or_else(|error| StoreAnswer::Failed {
        for_good: !matches!(error, StoreError::Unavailable(_)),
        why: in_full(&error),
    })
}

/// Reads the hash of a fact; `None` where the store has none of that sequence.
async fn hash_of(store: &dyn Store, sequence: u64) -> Result<Option<StoreHead>, StoreError> {
    let found = store.facts(sequence.saturating_sub(1), 1).await?;
    let found = found.first().filter(|fact| fact.sequence == sequence);
    Ok(found.map(|fact| StoreHead { sequence, hash: fact.hash }))
}

async fn prove(store: &dyn Store, head: StoreHead) -> Result<StoreAnswer, StoreError> {
    let what = match hash_of(store, head.sequence).await? {
        Some(found) if found == head => return Ok(StoreAnswer::Proved),
        Some(_) => "holds another fact than the one that was written",
        None => "holds nothing any more",
    };
    let why = format!(
        "at sequence {} the store {what}: it is another store, or an older copy. Put the right one back and start recio again; where this copy is all \
         there is, start it with --accept-store, and what the copy lacks is filled in",
        head.sequence
    );
    Ok(StoreAnswer::Failed { for_good: true, why })
}

async fn append(
    store: &dyn Store,
    numbers: Arc<Mutex<SettlementNumbers>>,
    mut batch: Vec<Fact>,
) -> Result<StoreAnswer, StoreError> {
    // One append is under way at a time: nobody waits for this lock.
    let mut numbers = numbers.lock().await;
    numbers.number(store, &mut batch).await?;
    let pays = || batch.iter().any(|fact| matches!(fact.body, FactBody::Settlement { .. }));
    let closes =
        |fact: &Fact| matches!(&fact.body, FactBody::Trade(Trade { status: TradeStatus::AwaitingSettlement, .. }));
    reached_if(KillPoint::K13, || batch.iter().any(closes));
    reached_if(KillPoint::K14, pays);
    let appended = store.append(&batch).await?;
    numbers.stored(&batch);
    reached_if(KillPoint::K15, pays);
    // It is stored, whether it can be read now or not.
    let head = hash_of(store, appended.last_sequence).await;
    Ok(StoreAnswer::Appended(head.ok().flatten()))
}

/// Compares the engine's trades with the store's. Others in the store are another account's, and nobody's business here.
async fn compare(store: &dyn Store, trades: &[Trade]) -> Result<StoreAnswer, StoreError> {
    let stored = store.trades().await?;
    let stored: BTreeMap<_, _> = stored.iter().map(|trade| (&trade.id, trade)).collect();
    let differ: Vec<_> = trades.iter().filter(|trade| !stored.get(&trade.id).is_some_and(|s| same(s, trade))).collect();
    let Some(first) = differ.first() else { return Ok(StoreAnswer::Agrees) };
    let there = match stored.get(&first.id) {
        Some(trade) => format!("{:?} with {} held", trade.status, trade.held()),
        None => "not there".to_owned(),
    };
    Ok(StoreAnswer::Differs(format!(
        "trade {} is {:?} with {} held, and in the store {there}; {} in all differ; `recio db verify` tells more",
        first.id,
        first.status,
        first.held(),
        differ.len(),
    )))
}

/// Whether two states of a trade are the same in what happened and what it cost. When its market closes is the market's matter.
fn same(one: &Trade, other: &Trade) -> bool {
    let what = |trade: &Trade| (trade.market.clone(), trade.side, trade.status, trade.close_reason);
    let money = |trade: &Trade| (trade.bought, trade.sold, trade.cost, trade.proceeds, trade.fees);
    what(one) == what(other) && money(one) == money(other)
}

#[cfg(test)]
mod tests;
