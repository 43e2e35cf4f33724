//! The table of commands: asked by anybody, taken and answered by the writer.

use super::connection::{Connection, Dialect};
use super::error::{damaged, signed, unsigned};
use super::lease::held;
use super::query::{Query, Row};
use super::transaction::{HELD, transaction};
use crate::commands::{EXPIRED, body_of, given_up, words};
use recio_core::command::{AskError, CommandAnswer, CommandState, MAX_WAITING, NewCommand, StoredCommand};
use recio_core::store::StoreError;
use recio_core::units::{Timestamp, micros};

/// The columns of a command.
macro_rules! columns {
    () => {
        "number, command_key, kind, body, asked_by, asked_time_us, valid_until_us, status, epoch, taken_time_us, answered_time_us, answer"
    };
}

/// How asking ended, where the database did its part.
enum Asked {
    Stored(StoredCommand),
    KeyReused(u64),
    Full(u64),
}

pub(crate) async fn ask(connection: &mut Connection, command: &NewCommand) -> Result<StoredCommand, AskError> {
    match transaction(connection, HELD, async |connection| ask_in(connection, command).await).await? {
        Asked::Stored(command) => Ok(command),
        Asked::KeyReused(number) => Err(AskError::KeyReused { key: command.key.clone(), number }),
        Asked::Full(waiting) => Err(AskError::Full { waiting }),
    }
}

async fn ask_in(connection: &mut Connection, command: &NewCommand) -> Result<Asked, StoreError> {
    one_at_a_time(connection).await?;
    let body = body_of(command);
    let sql = concat!("SELECT ", columns!(), " FROM commands WHERE command_key = $1");
    if let Some(row) = Query::new(sql).text(&command.key).fetch_optional(connection).await? {
        let known = read(&row)?;
        let same = known.kind == command.kind && row.text("body")? == body;
        return Ok(if same { Asked::Stored(known) } else { Asked::KeyReused(known.number) });
    }
    let sql = "SELECT coalesce(max(number), 0) AS last FROM commands";
    let last = Query::new(sql).fetch_one(connection).await?.integer("last")?;
    let sql = "SELECT count(*) AS waiting FROM commands WHERE answered_time_us IS NULL AND status = 'waiting'";
    let waiting = unsigned(Query::new(sql).fetch_one(connection).await?.integer("waiting")?)?;
    if waiting >= MAX_WAITING {
        return Ok(Asked::Full(waiting));
    }
    let sql = "INSERT INTO commands (number, command_key, kind, body, asked_by, asked_time_us, valid_until_us, status) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting')";
    Query::new(sql)
        .integer(last + 1)
        .text(&command.key)
        .text(&command.kind)
        .text(&body)
        .text(&command.asked_by)
        .integer(micros(command.asked_time))
        .integer(micros(command.valid_until))
        .execute(connection)
        .await?;
    command_in(connection, unsigned(last + 1)?).await?.map(Asked::Stored).ok_or_else(|| damaged(0, "a command is gone"))
}

/// Lets one transaction at a time give out numbers: SQLite has one writer anyway. Not by a lock on the table, which on PostgreSQL needs more
/// rights than an asker should have.
async fn one_at_a_time(connection: &mut Connection) -> Result<(), StoreError> {
    match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => Ok(()),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended('recio commands', 0))";
            Query::new(sql).execute(connection).await.map(drop)
        }
    }
}

pub(crate) async fn command(connection: &mut Connection, number: u64) -> Result<Option<StoredCommand>, StoreError> {
    command_in(connection, number).await
}

async fn command_in(connection: &mut Connection, number: u64) -> Result<Option<StoredCommand>, StoreError> {
    let Ok(number) = i64::try_from(number) else { return Ok(None) };
    let sql = concat!("SELECT ", columns!(), " FROM commands WHERE number = $1");
    Query::new(sql).integer(number).fetch_optional(connection).await?.as_ref().map(read).transpose()
}

pub(crate) async fn commands(
    connection: &mut Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredCommand>, StoreError> {
    let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
    let sql = concat!("SELECT ", columns!(), " FROM commands WHERE number > $1 ORDER BY number LIMIT $2");
    let rows = Query::new(sql).integer(after).integer(i64::from(limit)).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// Whether [`take`] has anything to do: looked at without a lock, for the writer looks far more often than anybody asks.
pub(crate) async fn is_open(connection: &mut Connection, after: u64, epoch: u64) -> Result<bool, StoreError> {
    Ok(first_open(connection, after, epoch).await?.is_some())
}

pub(crate) async fn take(
    connection: &mut Connection,
    after: u64,
    now: Timestamp,
    epoch: u64,
) -> Result<Option<StoredCommand>, StoreError> {
    held(connection, epoch, async |connection, _| take_in(connection, after, now, epoch).await).await
}

async fn take_in(
    connection: &mut Connection,
    after: u64,
    now: Timestamp,
    epoch: u64,
) -> Result<Option<StoredCommand>, StoreError> {
    let sql = "UPDATE commands SET status = 'refused', answered_time_us = $1, answer = $2 \
               WHERE answered_time_us IS NULL AND status = 'waiting' AND valid_until_us < $1";
    Query::new(sql).integer(micros(now)).text(EXPIRED).execute(connection).await?;
    let Some(open) = first_open(connection, after, epoch).await? else { return Ok(None) };
    if open.state != CommandState::Waiting {
        return Ok(Some(open));
    }
    let sql = "UPDATE commands SET status = 'taken', epoch = $1, taken_time_us = $2 WHERE number = $3";
    Query::new(sql)
        .integer(signed(epoch)?)
        .integer(micros(now))
        .integer(signed(open.number)?)
        .execute(connection)
        .await?;
    command_in(connection, open.number).await
}

/// The first command that waits, or that this very writer took without hearing of it.
async fn first_open(connection: &mut Connection, after: u64, epoch: u64) -> Result<Option<StoredCommand>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM commands WHERE answered_time_us IS NULL AND (status = 'waiting' OR (status = 'taken' AND epoch = $1 AND number > $2)) \
         ORDER BY number LIMIT 1"
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    Query::new(sql)
        .integer(signed(epoch)?)
        .integer(after)
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

pub(crate) async fn answer(
    connection: &mut Connection,
    number: u64,
    answer: &CommandAnswer,
    now: Timestamp,
    epoch: u64,
) -> Result<bool, StoreError> {
    held(connection, epoch, async |connection, _| answer_in(connection, number, answer, now).await).await
}

async fn answer_in(
    connection: &mut Connection,
    number: u64,
    answer: &CommandAnswer,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match command_in(connection, number).await? {
        Some(StoredCommand { state: CommandState::Taken { .. }, .. }) => {}
        known => return Ok(known.is_some_and(|known| known.answer() == Some(answer))),
    }
    let (status, text) = words(answer);
    let sql = "UPDATE commands SET status = $1, answered_time_us = $2, answer = $3 WHERE number = $4";
    Query::new(sql)
        .text(status)
        .integer(micros(now))
        .text(super::query::readable(text))
        .integer(signed(number)?)
        .execute(connection)
        .await?;
    Ok(true)
}

pub(crate) async fn give_up_taken(connection: &mut Connection, now: Timestamp, epoch: u64) -> Result<u64, StoreError> {
    let answer = given_up();
    let (status, text) = words(&answer);
    held(connection, epoch, async |connection, _| {
        let sql = "UPDATE commands SET status = $1, answered_time_us = $2, answer = $3 \
                   WHERE answered_time_us IS NULL AND status = 'taken'";
        Query::new(sql).text(status).integer(micros(now)).text(text).execute(connection).await
    })
    .await
}

fn read(row: &Row) -> Result<StoredCommand, StoreError> {
    let number = row.integer("number")?;
    let wrong = |what: String| damaged(0, format!("command {number}: {what}"));
    let time = |column: &str| -> Result<Timestamp, StoreError> {
        let micros = row.optional_integer(column)?.ok_or_else(|| wrong(format!("column {column} is empty")))?;
        Timestamp::from_microsecond(micros).map_err(|error| wrong(format!("column {column}: {error}")))
    };
    let text = || row.optional_text("answer")?.ok_or_else(|| wrong("its answer is empty".to_owned()));
    let answered = |answer| -> Result<CommandState, StoreError> {
        Ok(CommandState::Answered { time: time("answered_time_us")?, answer })
    };
    let state = match row.text("status")?.as_str() {
        "waiting" => CommandState::Waiting,
        "taken" => {
            let epoch = row.optional_integer("epoch")?.ok_or_else(|| wrong("its epoch is empty".to_owned()))?;
            CommandState::Taken { time: time("taken_time_us")?, epoch: unsigned(epoch)? }
        }
        "done" => answered(CommandAnswer::Done { note: text()? })?,
        "refused" => answered(CommandAnswer::Refused { reason: text()? })?,
        "unknown" => answered(CommandAnswer::Unknown { reason: text()? })?,
        other => return Err(wrong(format!("`{other}` is no status"))),
    };
    Ok(StoredCommand {
        number: unsigned(number)?,
        key: row.text("command_key")?,
        kind: row.text("kind")?,
        body: serde_json::from_str(&row.text("body")?).map_err(|error| wrong(error.to_string()))?,
        asked_by: row.text("asked_by")?,
        asked_time: time("asked_time_us")?,
        valid_until: time("valid_until_us")?,
        state,
    })
}
