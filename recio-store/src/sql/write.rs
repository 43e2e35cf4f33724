//! Transactions that write: facts with the tables they make, and the tables anew.

use super::connection::Connection;
use super::lease::hold;
use super::rows::{check_known, facts, insert};
use super::tables::{empty, put_rows};
use super::transaction::{HELD, transaction};
use crate::chain::next_hash;
use recio_core::fact::{Fact, FactBody};
use recio_core::kill_point::{KillPoint, reached_if};
use recio_core::store::{Appended, StoreError};

/// Facts read at a time.
const PAGE: u32 = 1_000;

/// A fact with its canonical form.
pub(crate) type Sealed = (Fact, String);

/// Appends facts and what they make of the tables: all, or nothing.
///
/// Nothing is remembered between two appends: after an error of any kind the next one starts from what the database says.
pub(crate) async fn append(connection: &mut Connection, facts: &[Sealed], epoch: u64) -> Result<Appended, StoreError> {
    let appended = transaction(connection, HELD, async |connection| {
        let mut end = hold(connection, epoch).await?;
        append_in(connection, facts, epoch, &mut end).await
    })
    .await;
    reached_if(KillPoint::K11, || appended.is_ok() && hold_a_fill(facts));
    appended
}

/// Appends the facts of several callers in one transaction; where that does not work out, each in its own. Answers each.
pub(crate) async fn append_all(
    connection: &mut Connection,
    groups: &[&[Sealed]],
    epoch: u64,
) -> Vec<Result<Appended, StoreError>> {
    let together = transaction(connection, HELD, async |connection| {
        let mut end = hold(connection, epoch).await?;
        let mut answers = Vec::with_capacity(groups.len());
        for facts in groups {
            answers.push(append_in(connection, facts, epoch, &mut end).await?);
        }
        Ok(answers)
    })
    .await;
    match together {
        Ok(answers) => {
            reached_if(KillPoint::K11, || groups.iter().any(|facts| hold_a_fill(facts)));
            answers.into_iter().map(Ok).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(groups.len());
            for facts in groups {
                answers.push(append(connection, facts, epoch).await);
            }
            answers
        }
    }
}

/// The last fact's sequence and hash.
type End = (u64, [u8; 32]);

fn hold_a_fill(facts: &[Sealed]) -> bool {
    facts.iter().any(|(fact, _)| matches!(fact.body, FactBody::Fill { .. }))
}

/// Empties the tables and makes them from the facts again. Returns the number of facts.
pub(crate) async fn rebuild(connection: &mut Connection, epoch: u64) -> Result<u64, StoreError> {
    transaction(connection, HELD, async |connection| {
        hold(connection, epoch).await?;
        rebuild_in(connection).await
    })
    .await
}

async fn append_in(
    connection: &mut Connection,
    facts: &[Sealed],
    epoch: u64,
    end: &mut End,
) -> Result<Appended, StoreError> {
    let mut added = 0;
    for (fact, body) in facts {
        let (last, previous) = *end;
        let (sequence, hash) = (last + 1, next_hash(&previous, body));
        if !insert(connection, fact, body, (sequence, previous, hash), epoch).await? {
            check_known(connection, fact).await?;
            continue;
        }
        put_rows(connection, sequence, fact).await?;
        *end = (sequence, hash);
        added += 1;
    }
    reached_if(KillPoint::K10, || added > 0 && hold_a_fill(facts));
    Ok(Appended { last_sequence: end.0, added })
}

async fn rebuild_in(connection: &mut Connection) -> Result<u64, StoreError> {
    empty(connection).await?;
    let mut last = 0;
    loop {
        let page = facts(connection, last, PAGE).await?;
        if page.is_empty() {
            return Ok(last);
        }
        for stored in page {
            put_rows(connection, stored.sequence, &stored.fact).await?;
            last = stored.sequence;
        }
    }
}
