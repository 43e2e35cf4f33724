//! Commands that end with the program.

use super::MemoryStore;
use crate::chain::sorted;
use crate::commands::{EXPIRED, given_up};
use async_trait::async_trait;
use recio_core::command::{
    AskError, CommandAnswer, CommandQueue, CommandState, MAX_WAITING, NewCommand, StoredCommand,
};
use recio_core::store::{News, StoreError};
use recio_core::units::Timestamp;
use std::sync::{MutexGuard, PoisonError};

/// A store in memory has one writer in its life.
const EPOCH: u64 = 1;

#[async_trait]
impl CommandQueue for MemoryStore {
    async fn ask(&self, command: &NewCommand) -> Result<StoredCommand, AskError> {
        command.check()?;
        let body = sorted(command.body.clone());
        let mut asked = self.asked();
        if let Some(known) = asked.iter().find(|known| known.key == command.key) {
            let same = known.kind == command.kind && known.body == body;
            let reused = || AskError::KeyReused { key: command.key.clone(), number: known.number };
            return if same { Ok(known.clone()) } else { Err(reused()) };
        }
        let waiting = asked.iter().filter(|known| known.state == CommandState::Waiting).count() as u64;
        if waiting >= MAX_WAITING {
            return Err(AskError::Full { waiting });
        }
        let stored = StoredCommand {
            number: asked.len() as u64 + 1,
            key: command.key.clone(),
            kind: command.kind.clone(),
            body,
            asked_by: command.asked_by.clone(),
            asked_time: command.asked_time,
            valid_until: command.valid_until,
            state: CommandState::Waiting,
        };
        asked.push(stored.clone());
        self.command_news.tell();
        Ok(stored)
    }

    async fn command(&self, number: u64) -> Result<Option<StoredCommand>, StoreError> {
        Ok(self.asked().iter().find(|known| known.number == number).cloned())
    }

    async fn list(&self, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.asked().iter().filter(|known| known.number > after).take(limit).cloned().collect())
    }

    async fn take(&self, after: u64, now: Timestamp) -> Result<Option<StoredCommand>, StoreError> {
        let (mut asked, mut expired) = (self.asked(), 0);
        for known in asked.iter_mut().filter(|known| known.state == CommandState::Waiting && known.valid_until < now) {
            let answer = CommandAnswer::Refused { reason: EXPIRED.to_owned() };
            known.state = CommandState::Answered { time: now, answer };
            expired += 1;
        }
        let open = asked.iter_mut().find(|known| match known.state {
            CommandState::Waiting => true,
            CommandState::Taken { .. } => known.number > after,
            CommandState::Answered { .. } => false,
        });
        let taken = open.map(|known| {
            if known.state == CommandState::Waiting {
                known.state = CommandState::Taken { time: now, epoch: EPOCH };
            }
            known.clone()
        });
        if taken.is_some() || expired > 0 {
            self.command_news.tell();
        }
        Ok(taken)
    }

    async fn answer(&self, number: u64, answer: &CommandAnswer, now: Timestamp) -> Result<bool, StoreError> {
        let mut asked = self.asked();
        let Some(known) = asked.iter_mut().find(|known| known.number == number) else { return Ok(false) };
        if !matches!(known.state, CommandState::Taken { .. }) {
            return Ok(known.answer() == Some(answer));
        }
        known.state = CommandState::Answered { time: now, answer: answer.clone() };
        self.command_news.tell();
        Ok(true)
    }

    async fn give_up_taken(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut asked = self.asked();
        let taken = asked.iter_mut().filter(|known| matches!(known.state, CommandState::Taken { .. }));
        let given_up =
            taken.map(|known| known.state = CommandState::Answered { time: now, answer: given_up() }).count();
        self.command_news.tell();
        Ok(given_up as u64)
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        Ok(Box::new(self.command_news.listen()))
    }
}

impl MemoryStore {
    /// Nothing is done under this lock that could panic half-way.
    fn asked(&self) -> MutexGuard<'_, Vec<StoredCommand>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
