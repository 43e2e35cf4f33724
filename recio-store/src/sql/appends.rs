//! Appends of many callers, committed together where they come at once.

use super::known::Remembered;
use super::lane::Lane;
use super::write::{Sealed, append, rebuild};
use crate::chain::canonical;
use recio_core::fact::Fact;
use recio_core::store::{Appended, StoreError};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Facts of one transaction, as soon as it holds more than one append: a commit stays short, and so does the wait of the one behind it.
const GROUP: usize = 1_000;

/// The lane of a writer, with the appends that wait in it.
///
/// While one transaction is being synced, others queue up; the next one takes all of them, since a sync costs the same for one as for many.
/// Each caller gets its own answer. Where one of them cannot be appended, each is tried alone.
pub(crate) struct Appends {
    lane: Lane,
    epoch: u64,
    told: Arc<dyn Fn() + Send + Sync>,
    waiting: Arc<Mutex<VecDeque<Waiting>>>,
    remembered: Arc<Remembered>,
}

#[derive(Debug)]
struct Waiting {
    facts: Vec<Sealed>,
    reply: oneshot::Sender<Result<Appended, StoreError>>,
}

impl Appends {
    /// Appends in this epoch. After each commit that may have added facts, `told` is called, before the callers have their answers.
    pub(crate) fn new(lane: Lane, epoch: u64, told: impl Fn() + Send + Sync + 'static) -> Self {
        Self { lane, epoch, told: Arc::new(told), waiting: Arc::default(), remembered: Arc::default() }
    }

    /// The lane, for work that is no append.
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// The writer's epoch.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Appends facts, all or none.
    ///
    /// # Cancel safety
    /// As [`Lane::call`].
    pub(crate) async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let facts = facts.iter().map(|fact| Ok((fact.clone(), canonical(fact)?))).collect::<Result<_, StoreError>>()?;
        let place = self.lane.place().await?;
        let (reply, answer) = oneshot::channel();
        lock(&self.waiting).push_back(Waiting { facts, reply });
        let (waiting, remembered) = (self.waiting.clone(), self.remembered.clone());
        let (epoch, told) = (self.epoch, self.told.clone());
        // Each append sends one such piece of work, and each of them takes what there is: the first one all, the others nothing.
        place.send(async move |connection| {
            let group = next_group(&waiting);
            let appended = match connection {
                Ok(connection) => {
                    let facts: Vec<&[Sealed]> = group.iter().map(|one| one.facts.as_slice()).collect();
                    if facts.is_empty() { Vec::new() } else { append(connection, &facts, epoch, &remembered).await }
                }
                Err(error) => group.iter().map(|_| Err(again(&error))).collect(),
            };
            let failed = appended.iter().any(Result::is_err);
            // Here, where it happens whoever still waits; and after an error too, for a commit without an answer may have happened.
            if failed || appended.iter().flatten().any(|appended| appended.added > 0) {
                told();
            }
            for (one, answer) in group.into_iter().zip(appended) {
                // Nobody may be waiting for it any more.
                let _ = one.reply.send(answer);
            }
            failed
        });
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| Lane::gone())?,
            // A thread that has ended leaves what waits where it is.
            () = self.lane.ended() => Err(Lane::gone()),
        }
    }

    /// Empties the tables that facts make, and makes them again. Returns the number of facts.
    pub(crate) async fn rebuild(&self) -> Result<u64, StoreError> {
        let (epoch, remembered) = (self.epoch, self.remembered.clone());
        self.lane.call(async move |connection| rebuild(connection, epoch, &remembered).await).await
    }

    /// Waits until all appends handed over are done and the connection is closed.
    pub(crate) async fn close(self) {
        self.lane.close().await;
    }
}

impl fmt::Debug for Appends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appends").field("lane", &self.lane).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// The appends that are done together.
fn next_group(waiting: &Mutex<VecDeque<Waiting>>) -> Vec<Waiting> {
    let mut waiting = lock(waiting);
    let mut facts = 0;
    let mut group = Vec::new();
    while let Some(next) = waiting.front() {
        facts += next.facts.len();
        if !group.is_empty() && facts > GROUP {
            break;
        }
        group.extend(waiting.pop_front());
    }
    group
}

/// A list of whole entries is whole, also after a panic beside it.
fn lock(waiting: &Mutex<VecDeque<Waiting>>) -> MutexGuard<'_, VecDeque<Waiting>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same answer for one more caller.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Fenced { holder } => StoreError::Fenced { holder: holder.clone() },
        StoreError::Unavailable(source) => match source.downcast_ref::<super::error::Lost>() {
            Some(lost) => StoreError::Unavailable(Box::new(lost.clone())),
            None => StoreError::Unavailable(source.to_string().into()),
        },
        StoreError::Damaged { part, sequence, what } => {
            StoreError::Damaged { part: *part, sequence: *sequence, what: what.clone() }
        }
        StoreError::Conflict { key } => StoreError::Conflict { key: key.clone() },
        StoreError::WrongVersion { found, needed, remedy } => {
            StoreError::WrongVersion { found: *found, needed: *needed, remedy: remedy.clone() }
        }
        StoreError::Unsupported(what) => StoreError::Unsupported(what),
        other => StoreError::Unavailable(other.to_string().into()),
    }
}
