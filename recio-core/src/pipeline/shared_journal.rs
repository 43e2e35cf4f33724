//! The intent journal as several tasks write it: records that come while the disk works are synced together.

use super::{Journal, JournalEntry};
use crate::causes::in_full;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// A [`Journal`] for many writers. A sync costs the disk the same for one record and for fifty, so whoever comes while one is under way is
/// written with all others that came, by the next one (group commit).
#[derive(Clone, Debug)]
pub struct SharedJournal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Mutex<Journal>,
    /// In the order in which they came. As many as there are tasks that send, which the engine's limits bound.
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    entries: Vec<JournalEntry>,
    reply: oneshot::Sender<Result<(), String>>,
}

impl SharedJournal {
    /// Shares an open journal.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self(Arc::new(Shared { journal: Mutex::new(journal), waiting: Mutex::default() }))
    }

    /// Appends records, and waits for the disk on this very thread.
    ///
    /// # Errors
    /// As [`Journal::append`], in words.
    pub fn append_now(&self, entries: &[JournalEntry]) -> Result<(), String> {
        locked(&self.0.journal).append(entries).map_err(|error| in_full(&error))
    }

    /// Appends records, and returns when they are durable. The disk is waited for on a thread that may wait.
    ///
    /// # Errors
    /// As [`Journal::append`], in words: none of the records that were to be synced together is durable.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Once polled, the records are written to their end; a dropped future loses the answer alone.
    pub async fn append(&self, entries: Vec<JournalEntry>) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        locked(&self.0.waiting).push(Waiting { entries, reply });
        let shared = Arc::clone(&self.0);
        // Whoever gets the journal first writes for all; who finds nothing left to write was written for.
        tokio::task::spawn_blocking(move || shared.write_waiting());
        answer.await.unwrap_or_else(|_| Err("the write into the intent journal broke off".to_owned()))
    }
}

impl Shared {
    fn write_waiting(&self) {
        let mut journal = locked(&self.journal);
        let group = std::mem::take(&mut *locked(&self.waiting));
        if group.is_empty() {
            return;
        }
        let (entries, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|one| (one.entries, one.reply)).unzip();
        let written = journal.append(&entries.concat()).map_err(|error| in_full(&error));
        drop(journal);
        for reply in replies {
            // A caller that is gone does not want to know.
            let _ = reply.send(written.clone());
        }
    }
}

/// A poisoned lock means that a write panicked; the file is still what it was, line by line.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SubmitOutcome;

    fn outcome(number: usize) -> JournalEntry {
        let outcome = SubmitOutcome::NotSent { reason: number.to_string() };
        JournalEntry::Outcome { client_order_id: format!("order-{number}").parse().unwrap(), outcome }
    }

    fn lines(path: &std::path::Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_waits_for_the_disk_is_written_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let shared = SharedJournal::new(Journal::open(&path).unwrap().0);
        let held = locked(&shared.0.journal);
        let callers: Vec<_> = (0..8)
            .map(|number| {
                let shared = shared.clone();
                tokio::spawn(async move { shared.append(vec![outcome(number)]).await })
            })
            .collect();
        while locked(&shared.0.waiting).len() < 8 {
            std::thread::yield_now();
        }
        assert!(lines(&path).is_empty());
        drop(held);
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
        let mut written = lines(&path);
        assert!(locked(&shared.0.waiting).is_empty());
        written.sort();
        written.dedup();
        assert_eq!(written.len(), 8, "each record once");
    }

    #[tokio::test]
    async fn a_disk_that_says_no_says_it_to_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let shared = SharedJournal::new(Journal::open(&path).unwrap().0.failing());
        let (first, second) = tokio::join!(shared.append(vec![outcome(1)]), shared.append(vec![outcome(2)]));
        assert!(first.is_err() && second.is_err());
        assert!(lines(&path).is_empty());
    }

    #[tokio::test]
    async fn what_was_handed_over_is_written_whoever_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let shared = SharedJournal::new(Journal::open(&path).unwrap().0);
        {
            let mut append = std::pin::pin!(shared.append(vec![outcome(1)]));
            std::future::poll_fn(|cx| std::task::Poll::Ready(append.as_mut().poll(cx).is_ready())).await;
        }
        shared.append(vec![outcome(2)]).await.unwrap();
        assert_eq!(lines(&path).len(), 2);
    }
}
