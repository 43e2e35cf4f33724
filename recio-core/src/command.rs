//! Commands: what everybody who is not the writer of a store asks of the writer.
//!
//! Facts have one writer. A person at a shell, a web page or another service writes a command beside them; the writer takes commands in their
//! order, each once, and writes down what came of it.

use crate::engine::Command;
use crate::store::{News, StoreError};
use crate::units::Timestamp;
use async_trait::async_trait;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Keeps commands until the writer has answered them, and for ever after.
///
/// Shared. The two sides are the askers ([`ask`](Self::ask), [`command`](Self::command)) and the one writer ([`take`](Self::take),
/// [`answer`](Self::answer), [`give_up_taken`](Self::give_up_taken)).
#[async_trait]
pub trait CommandQueue: Send + Sync {
    /// Puts a command behind all others, durably before it returns. One whose key is there already with the same kind and body is that one: the
    /// first is returned, whatever became of it, and nothing is added.
    ///
    /// The idempotency of Stripe's API (docs.stripe.com/api/idempotent_requests; read 2026-11-22), so that an asker without an answer may ask
    /// again with the same key.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn ask(&self, command: &NewCommand) -> Result<StoredCommand, AskError>;

    /// Reads one command by its number; `None` where there is none.
    ///
    /// # Errors
    /// The store cannot be read, or holds something that it should not.
    async fn command(&self, number: u64) -> Result<Option<StoredCommand>, StoreError>;

    /// Reads commands in the order of their numbers, from after `after`, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read, or holds something that it should not.
    async fn list(&self, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError>;

    /// Takes the first command that waits; `None` where none does. Those that waited beyond their time are refused on the way.
    ///
    /// For the writer alone, one command at a time: `after` is the number of the last one that it got here, 0 for none. A command that was taken
    /// while the answer to this call was lost has a higher one, and is returned by the next call.
    ///
    /// # Errors
    /// The store was opened for reading, another writer has it by now, or it cannot be written: nothing was taken, or the next call returns it.
    async fn take(&self, after: u64, now: Timestamp) -> Result<Option<StoredCommand>, StoreError>;

    /// Writes down what came of a command that was taken. False where it is not waiting for that: it was not taken, or has another answer; the
    /// same answer twice is the same answer.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    async fn answer(&self, number: u64, answer: &CommandAnswer, now: Timestamp) -> Result<bool, StoreError>;

    /// Answers every command that was taken and never answered with [`CommandAnswer::Unknown`]; returns how many there were.
    ///
    /// For the writer, before it takes the first command of its run: the run that took them has died, and nobody knows how far they got. They are
    /// never taken again.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    async fn give_up_taken(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Listens for changes of the queue from this moment on. Listen first, then look, then wait: nothing is missed then.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] from a store that cannot push; [`StoreError::Unavailable`] where it cannot listen.
    async fn news(&self) -> Result<Box<dyn News>, StoreError>;
}

/// A command before it is in a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCommand {
    /// Names the wish: 1 to 255 visible ASCII characters, chosen by the asker. Asking again with the same key is the same wish.
    pub key: String,
    /// What is wanted, in one word of at most 64 visible ASCII characters, such as `close_trade`.
    pub kind: String,
    /// The particulars, at most 16 KiB of JSON.
    pub body: Value,
    /// Who asks, for people, at most 200 bytes.
    pub asked_by: String,
    /// When, by the asker's clock.
    pub asked_time: Timestamp,
    /// After this the command is refused instead of taken: nobody wants last week's wish carried out at the next start.
    pub valid_until: Timestamp,
}

/// A command with its place in the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCommand {
    /// From 1, in the order of asking.
    pub number: u64,
    /// As [`NewCommand::key`].
    pub key: String,
    /// As [`NewCommand::kind`].
    pub kind: String,
    /// As [`NewCommand::body`].
    pub body: Value,
    /// As [`NewCommand::asked_by`].
    pub asked_by: String,
    /// As [`NewCommand::asked_time`].
    pub asked_time: Timestamp,
    /// As [`NewCommand::valid_until`].
    pub valid_until: Timestamp,
    /// How far it has come.
    pub state: CommandState,
}

/// How far a command has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// No writer has it yet.
    Waiting,
    /// A writer has it.
    Taken {
        /// Since when, by the writer's clock.
        time: Timestamp,
        /// The epoch of the writer.
        epoch: u64,
    },
    /// It is over.
    Answered {
        /// Since when, by the writer's clock.
        time: Timestamp,
        /// What came of it.
        answer: CommandAnswer,
    },
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandAnswer {
    /// The writer did what was asked; what follows from it in the market is seen in the facts.
    Done {
        /// What was done, for people.
        note: String,
    },
    /// Nothing was done, and nothing will be.
    Refused {
        /// Why.
        reason: String,
    },
    /// The writer that took it has died before it answered: it was done, or it was not. Look before asking again.
    Unknown {
        /// What is known.
        reason: String,
    },
}

/// Why a command was not put into the queue, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The key names another command: take a new key for a new wish.
    #[error("key `{key}` is of command {number}, which asks for something else: take a new key for a new command")]
    KeyReused {
        /// The key.
        key: String,
        /// The command that has it.
        number: u64,
    },
    /// The command has a part that no queue takes.
    #[error("the command's {part} {what}")]
    Invalid {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// So many commands wait that the writer cannot be running.
    #[error("{waiting} commands wait already: is recio running? it takes them when it does")]
    Full {
        /// How many.
        waiting: u64,
    },
    /// The queue cannot be written, or is damaged.
    #[error("the command could not be written down")]
    Store(#[from] StoreError),
}

/// More commands than this wait for no writer that is alive: people ask a few times a minute, and the writer takes each within milliseconds.
pub const MAX_WAITING: u64 = 100;

const MAX_KEY: usize = 255;
const MAX_KIND: usize = 64;
const MAX_BODY: usize = 16 * 1024;
const MAX_ASKER: usize = 200;

impl NewCommand {
    /// A command for the engine, from this moment on valid for `valid_for`, at most some centuries.
    #[must_use]
    pub fn for_engine(command: &Command, key: String, asked_by: String, now: Timestamp, valid_for: Duration) -> Self {
        let (kind, body) = match serde_json::to_value(command) {
            Ok(Value::Object(form)) => form.into_iter().next().unwrap_or_default(),
            Ok(Value::String(kind)) => (kind, Value::Null),
            Ok(_) | Err(_) => <(String, Value)>::default(),
        };
        let valid_until = now.saturating_add(SignedDuration::try_from(valid_for).unwrap_or(SignedDuration::MAX));
        Self { key, kind, body, asked_by, asked_time: now, valid_until: valid_until.unwrap_or(Timestamp::MAX) }
    }

    /// Checks the parts, as every queue does before it writes.
    ///
    /// # Errors
    /// [`AskError::Invalid`] with the first part that does not fit.
    pub fn check(&self) -> Result<(), AskError> {
        let invalid = |part: &'static str, what: String| Err(AskError::Invalid { part, what });
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !word(&self.key) || self.key.len() > MAX_KEY {
            return invalid("key", format!("needs 1 to {MAX_KEY} visible ASCII characters"));
        }
        if !word(&self.kind) || self.kind.len() > MAX_KIND {
            return invalid("kind", format!("needs 1 to {MAX_KIND} visible ASCII characters"));
        }
        let length = self.body.to_string().len();
        if length > MAX_BODY {
            return invalid("body", format!("has {length} bytes, and the queue takes {MAX_BODY}"));
        }
        // PostgreSQL's texts cannot hold it, and one queue takes what the other does.
        if self.asked_by.is_empty() || self.asked_by.len() > MAX_ASKER || self.asked_by.contains('\0') {
            return invalid("asker", format!("needs a name of 1 to {MAX_ASKER} bytes, without a zero byte"));
        }
        if self.valid_until < self.asked_time {
            return invalid("end of validity", "lies before its beginning".to_owned());
        }
        Ok(())
    }
}

impl StoredCommand {
    /// What the engine is asked for.
    ///
    /// # Errors
    /// The engine knows no such command, in words for the asker.
    pub fn for_engine(&self) -> Result<Command, String> {
        let form = if self.body.is_null() {
            Value::String(self.kind.clone())
        } else {
            serde_json::json!({ &self.kind: self.body })
        };
        serde_json::from_value(form).map_err(|error| format!("this recio does not understand it: {error}"))
    }

    /// The answer, once there is one.
    #[must_use]
    pub const fn answer(&self) -> Option<&CommandAnswer> {
        match &self.state {
            CommandState::Answered { answer, .. } => Some(answer),
            CommandState::Waiting | CommandState::Taken { .. } => None,
        }
    }
}

/// Waits until a command is answered, and returns it as it then is; `None` where there is no such command.
///
/// For as long as it takes: whoever has no time for that puts a limit around it, and finds the command in the queue later.
///
/// # Errors
/// The queue cannot be read, or cannot push.
///
/// # Cancel safety
/// Cancel safe.
pub async fn answered(queue: &dyn CommandQueue, number: u64) -> Result<Option<StoredCommand>, StoreError> {
    let mut news = queue.news().await?;
    loop {
        match queue.command(number).await? {
            Some(command) if command.answer().is_none() => news.changed().await?,
            over => return Ok(over),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(command: NewCommand) -> StoredCommand {
        StoredCommand {
            number: 1,
            key: command.key,
            kind: command.kind,
            body: command.body,
            asked_by: command.asked_by,
            asked_time: command.asked_time,
            valid_until: command.valid_until,
            state: CommandState::Waiting,
        }
    }

    #[test]
    fn commands_for_the_engine_are_read_back() {
        let halt = Command::Halt { reason: "look".to_owned() };
        let close = Command::CloseTrade("t-1".parse().unwrap());
        for (command, kind, body) in [
            (halt, "halt", serde_json::json!({"reason": "look"})),
            (Command::Resume, "resume", Value::Null),
            (close, "close_trade", serde_json::json!("t-1")),
        ] {
            let (now, minute) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
            let asked = NewCommand::for_engine(&command, "k".to_owned(), "me".to_owned(), now, minute);
            asked.check().unwrap();
            assert_eq!((asked.kind.as_str(), &asked.body), (kind, &body));
            assert_eq!(asked.valid_until.as_second(), 60);
            assert_eq!(stored(asked).for_engine(), Ok(command));
        }
    }

    #[test]
    fn what_the_engine_does_not_know_is_refused_in_words() {
        let asked = NewCommand::for_engine(
            &Command::Resume,
            "k".to_owned(),
            "me".to_owned(),
            Timestamp::UNIX_EPOCH,
            Duration::MAX,
        );
        assert_eq!(asked.valid_until, Timestamp::MAX);
        let mut other = stored(asked);
        for (kind, body) in [("dance", Value::Null), ("resume", serde_json::json!({"x": 1})), ("halt", Value::Null)] {
            (other.kind, other.body) = (kind.to_owned(), body);
            let why = other.for_engine().unwrap_err();
            assert!(why.starts_with("this recio does not understand it: "), "{why}");
        }
    }
}
