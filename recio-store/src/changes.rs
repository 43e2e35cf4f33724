//! Change feeds: every fact in sequence, out of pages that are read and hints that there may be more.
//!
//! What a store needs for its `changes`: a [`FactPages`] that reads, a [`CommitSignal`] that is told after each commit, and [`follow`], which does
//! the rest. A hint may be lost, repeated or wrong; the sequence decides what is next.
//!
//! ```
//! # use recio_core::{fact::Fact, store::{Changes, StoreError, StoredFact}};
//! use recio_store::changes::{CommitSignal, FactPages, follow};
//!
//! struct Shelf;
//! #[async_trait::async_trait]
//! impl FactPages for Shelf {
//!     async fn page(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
//!         Ok(Vec::new()) // read them here
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StoreError> {
//! let commits = CommitSignal::new(); // part of the store; `commits.tell()` after each commit
//! let mut changes: Box<dyn Changes> = follow(Shelf, &commits, 0).await?;
//! # Ok(())
//! # }
//! ```

use async_trait::async_trait;
use recio_core::store::{Changes, DamagedPart, News, StoreError, StoredFact};
use std::collections::VecDeque;
use tokio::sync::watch;

/// Facts that are read, and held for one follower, at a time: some 300 KB of them at most in practice.
const PAGE: u32 = 256;

/// Reads facts for a follower. It must not keep its store open.
#[async_trait]
pub trait FactPages: Send + Sync {
    /// Facts in the order of their sequence, from after `after`, at most `limit`, as
    /// [`Store::facts`](recio_core::store::Store::facts) gives them.
    ///
    /// # Errors
    /// The store cannot be read, or was closed.
    async fn page(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError>;
}

/// Told of commits by whoever makes or hears of them; wakes all who listen.
///
/// Dropped with its store, which ends the listening.
#[derive(Debug)]
pub struct CommitSignal {
    sender: watch::Sender<()>,
}

/// What a store of ours tells its listeners by.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pub(crate) facts: CommitSignal,
    pub(crate) commands: CommitSignal,
    pub(crate) settings: CommitSignal,
}

/// Hears of commits since it was made.
#[derive(Clone, Debug)]
pub struct Commits {
    receiver: watch::Receiver<()>,
}

/// What [`follow`] makes of pages and hints.
struct Feed<P> {
    pages: P,
    commits: Commits,
    /// The sequence of the last fact that was read.
    last: u64,
    held: VecDeque<StoredFact>,
    /// The last page reached the end of the store, and no hint came since.
    at_end: bool,
}

impl CommitSignal {
    /// A signal that nobody listens to.
    #[must_use]
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(()) }
    }

    /// Wakes all who listen: there may be something to read. Call it after a commit is visible, never before.
    pub fn tell(&self) {
        self.sender.send_replace(());
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> Commits {
        Commits { receiver: self.sender.subscribe() }
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}

impl Default for CommitSignal {
    fn default() -> Self {
        Self::new()
    }
}

impl Commits {
    /// Waits for a commit since the last call, or since the listening began. Many at once are one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the store was closed.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Result<(), StoreError> {
        self.receiver.changed().await.map_err(|_| closed())
    }

    /// Whether one came since the last call of [`next`](Self::next).
    #[cfg(test)]
    pub(crate) fn has_news(&self) -> bool {
        self.receiver.has_changed().unwrap_or(true)
    }

    /// Counts all commits up to now as heard of.
    fn forget(&mut self) {
        self.receiver.mark_unchanged();
    }
}

#[async_trait]
impl News for Commits {
    async fn changed(&mut self) -> Result<(), StoreError> {
        self.next().await
    }
}

/// Follows facts from after `after`.
///
/// # Errors
/// [`StoreError::Damaged`] where the store ends before `after`; those of the first page's reading.
pub async fn follow<P>(pages: P, commits: &CommitSignal, after: u64) -> Result<Box<dyn Changes>, StoreError>
where
    P: FactPages + 'static,
{
    // Listening begins before the first reading, so that nothing falls between them.
    let commits = commits.listen();
    if let Some(before) = after.checked_sub(1)
        && pages.page(before, 1).await?.first().is_none_or(|fact| fact.sequence != after)
    {
        let what = "a follower has this fact, and the store does not: was it restored from a backup? The follower has to start again from what \
                    the store holds";
        return Err(StoreError::Damaged { part: DamagedPart::Facts, sequence: after, what: what.to_owned() });
    }
    Ok(Box::new(Feed { pages, commits, last: after, held: VecDeque::new(), at_end: false }))
}

/// What is said of a store that nobody can read any more.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store was closed: open it again, and follow from the last fact you have".into())
}

#[async_trait]
impl<P: FactPages> Changes for Feed<P> {
    async fn next(&mut self) -> Result<StoredFact, StoreError> {
        loop {
            if let Some(fact) = self.held.pop_front() {
                return Ok(fact);
            }
            if self.at_end {
                self.commits.next().await?;
                self.at_end = false;
            }
            self.read().await?;
        }
    }
}

impl<P: FactPages> Feed<P> {
    /// Reads the next page. Dropped before its end, it has changed nothing but that a hint is taken, and the next call reads again.
    async fn read(&mut self) -> Result<(), StoreError> {
        // Before the reading: a commit that the page does not show is told after this.
        self.commits.forget();
        let page = self.pages.page(self.last, PAGE).await?;
        for (fact, expected) in page.iter().zip(self.last + 1..) {
            if fact.sequence != expected {
                let what = format!("the next fact there is has sequence {}", fact.sequence);
                return Err(StoreError::Damaged { part: DamagedPart::Facts, sequence: expected, what });
            }
        }
        self.at_end = page.len() < PAGE as usize;
        self.last += page.len() as u64;
        self.held.extend(page);
        Ok(())
    }
}
