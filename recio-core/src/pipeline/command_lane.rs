//! Commands on their way from the store to the engine: taken one at a time, told like any other input, and answered.
//!
//! A command becomes an input when it is taken, so that the input log has it and a replay hears it at the same moment. Its own times are the
//! machine's, not the run's: whoever asked did not ask inside a recording.

use super::shell::{PipelineError, Shell};
use super::{Clock, SystemClock};
use crate::causes::in_full;
use crate::command::{CommandAnswer, CommandQueue, StoredCommand};
use crate::engine::{Command, Input};
use crate::store::{News, Store, StoreError};
use crate::trade::TradeStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How soon a store that cannot be asked for commands is asked again, for as long as the run lasts: it may come back at any time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Takes the commands of a store. Apart from the jobs, because a run in lockstep does not wait for people.
#[derive(Default)]
pub(super) struct CommandLane {
    /// The wait for the next command. Never more than one.
    waiting: JoinSet<Option<Taken>>,
    ended: CancellationToken,
}

/// A command that was taken, and where its wait left the queue.
pub(super) struct Taken {
    command: StoredCommand,
    place: Place,
}

/// Where the lane is in the queue.
#[derive(Default)]
struct Place {
    news: Option<Box<dyn News>>,
    /// What an earlier run took was given up.
    begun: bool,
    /// The number of the last command that was taken.
    last: u64,
    /// What has to be written down for it before the next one is taken.
    answer: Option<CommandAnswer>,
}

impl CommandLane {
    /// Begins to wait.
    pub(super) fn begin(&mut self, store: &Arc<dyn Store>) {
        self.wait(store, Place::default());
    }

    fn wait(&mut self, store: &Arc<dyn Store>, place: Place) {
        let (store, ended) = (Arc::clone(store), self.ended.clone());
        self.waiting.spawn(async move { next(&*store, place, &ended).await });
    }

    /// Waits for the next command; for ever, where none are taken.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Taken>, JoinError> {
        match self.waiting.join_next().await {
            Some(taken) => taken,
            None => std::future::pending().await,
        }
    }

    /// The next command, if it is there.
    pub(super) fn ready(&mut self) -> Option<Result<Option<Taken>, JoinError>> {
        self.waiting.try_join_next()
    }

    /// Takes no more. What was taken on the way here is refused.
    pub(super) async fn end(&mut self, store: &dyn Store, deadline: Instant) {
        self.ended.cancel();
        let refuse = async {
            while let (Some(taken), Some(queue)) = (self.waiting.join_next().await, store.commands()) {
                let Ok(Some(Taken { command, .. })) = taken else { continue };
                let answer = refused("the run is ending: ask again when recio runs");
                if let Err(error) = queue.answer(command.number, &answer, wall_clock()).await {
                    tracing::warn!("command {} was not answered: {}", command.number, in_full(&error));
                }
            }
        };
        // What is left without an answer, the next run gives up.
        let _ = tokio::time::timeout_at(deadline, refuse).await;
    }
}

impl Shell {
    /// A command was taken: the engine is told, and the asker answered.
    pub(super) fn asked(&mut self, taken: Result<Option<Taken>, JoinError>) -> Result<(), PipelineError> {
        let Some(taken) = taken.map_err(|error| PipelineError::Panicked(error.to_string()))? else { return Ok(()) };
        let Taken { command, mut place } = taken;
        place.answer = Some(match self.understood(&command) {
            Ok((input, note)) => {
                tracing::info!(number = command.number, kind = command.kind, by = command.asked_by, "command taken");
                self.tell(Input::Command(input))?;
                CommandAnswer::Done { note }
            }
            Err(reason) => {
                tracing::warn!(
                    number = command.number,
                    kind = command.kind,
                    by = command.asked_by,
                    "refused: {reason}"
                );
                CommandAnswer::Refused { reason }
            }
        });
        let store = Arc::clone(&self.store);
        self.commands.wait(&store, place);
        Ok(())
    }

    /// What the engine is told, and what the asker is told of that; or why it is told nothing.
    fn understood(&self, stored: &StoredCommand) -> Result<(Command, String), String> {
        let by = |reason: &str| format!("{reason} (command {} of {})", stored.number, stored.asked_by);
        match stored.for_engine()? {
            Command::Halt { reason } => {
                let note = "halted: nothing but cancels is sent, until a person resumes".to_owned();
                Ok((Command::Halt { reason: by(&reason) }, note))
            }
            Command::ReduceOnly { reason } => {
                let note = "only orders that reduce are sent, until a person resumes".to_owned();
                Ok((Command::ReduceOnly { reason: by(&reason) }, note))
            }
            Command::Resume => match self.hands.kill_latch_set() {
                Some(latch) => Err(format!("the kill latch {} is set: release it first", latch.display())),
                None => Ok((Command::Resume, "all orders are let through again".to_owned())),
            },
            Command::CloseTrade(id) => {
                if !self.engine.is_reconciled() {
                    return Err("the account has not been read yet: ask again in a moment".to_owned());
                }
                let trade = self.engine.trades().find(|trade| trade.id == id);
                match trade.map(|trade| trade.status) {
                    Some(TradeStatus::Pending | TradeStatus::Open | TradeStatus::Closing) => {
                        let note =
                            format!("trade {id} is being closed: what it holds is sold as soon as somebody bids");
                        Ok((Command::CloseTrade(id), note))
                    }
                    Some(TradeStatus::AwaitingSettlement) => {
                        Err(format!("the market of trade {id} has closed: nothing can be sold any more"))
                    }
                    Some(TradeStatus::Closed | TradeStatus::Unfilled) => Err(format!("trade {id} is over")),
                    None => Err(format!("this run has no trade {id}")),
                }
            }
            Command::Kill { .. } => Err("the kill latch is a file: `recio kill` sets it".to_owned()),
            Command::Stop => Err("a run is ended by a signal, not by a command".to_owned()),
        }
    }
}

/// Waits until a command is taken; `None` where no more will be.
async fn next(store: &dyn Store, mut place: Place, ended: &CancellationToken) -> Option<Taken> {
    let queue = store.commands()?;
    let mut failing = false;
    loop {
        let pause = match step(queue, &mut place).await {
            Ok(Some(command)) => return Some(Taken { command, place }),
            Ok(None) => None,
            Err(StoreError::Unavailable(why)) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!("no commands are heard of until the store can be asked again: {why}");
                }
                place.news = None;
                Some(RETRY_AFTER)
            }
            Err(error) => {
                tracing::error!("this run takes no more commands: {}", in_full(&error));
                return None;
            }
        };
        failing &= pause.is_some();
        // Only this wait is ever given up: a command that was taken is handed over.
        tokio::select! {
            biased;
            () = ended.cancelled() => return None,
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            changed = changed(&mut place.news), if pause.is_none() => failing |= changed.is_err(),
        }
    }
}

async fn changed(news: &mut Option<Box<dyn News>>) -> Result<(), StoreError> {
    match news {
        Some(open) => open.changed().await.inspect_err(|_| *news = None),
        None => Ok(()),
    }
}

/// Does what comes before the next command, and takes it, if one waits.
async fn step(queue: &dyn CommandQueue, place: &mut Place) -> Result<Option<StoredCommand>, StoreError> {
    if place.news.is_none() {
        place.news = Some(queue.news().await?);
    }
    if !place.begun {
        let given_up = queue.give_up_taken(wall_clock()).await?;
        if given_up > 0 {
            tracing::warn!(
                "{given_up} commands of an earlier run were never answered: what became of them is not known"
            );
        }
        place.begun = true;
    }
    if let Some(answer) = &place.answer {
        if !queue.answer(place.last, answer, wall_clock()).await? {
            tracing::error!("command {} has another answer than this run gave it", place.last);
        }
        place.answer = None;
    }
    let taken = queue.take(place.last, wall_clock()).await?;
    place.last = taken.as_ref().map_or(place.last, |taken| taken.number);
    Ok(taken)
}

fn refused(reason: &str) -> CommandAnswer {
    CommandAnswer::Refused { reason: reason.to_owned() }
}

fn wall_clock() -> crate::units::Timestamp {
    SystemClock::new().now().wall
}
