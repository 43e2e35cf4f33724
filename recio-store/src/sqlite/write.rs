//! Transactions that write: facts with the tables they make, and the tables anew.

use super::error::store_error;
use super::rows::{facts, head, insert, is_known};
use super::tables::project;
use super::transaction::{WRITE, transaction};
use crate::chain::next_hash;
use recio_core::fact::{Fact, FactBody};
use recio_core::kill_point::{KillPoint, reached_if};
use recio_core::store::{Appended, StoreError};
use sqlx::SqliteConnection;

/// Facts read at a time.
const PAGE: u32 = 1_000;

/// A fact with its canonical form.
pub(super) type Sealed = (Fact, String);

/// Appends facts and what they make of the tables: all, or nothing.
///
/// Nothing is remembered between two appends: after an error of any kind the next one starts from what the file says.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    facts: &[Sealed],
    epoch: u64,
) -> Result<Appended, StoreError> {
    let appended = transaction(connection, WRITE, async |connection| append_in(connection, facts, epoch).await).await;
    reached_if(KillPoint::K11, || appended.is_ok() && hold_a_fill(facts));
    appended
}

fn hold_a_fill(facts: &[Sealed]) -> bool {
    facts.iter().any(|(fact, _)| matches!(fact.body, FactBody::Fill { .. }))
}

/// Empties the tables and makes them from the facts again. Returns the number of facts.
pub(super) async fn rebuild(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    transaction(connection, WRITE, async |connection| rebuild_in(connection).await).await
}

async fn append_in(connection: &mut SqliteConnection, facts: &[Sealed], epoch: u64) -> Result<Appended, StoreError> {
    let (mut last, mut hash) = head(connection).await?;
    let mut added = 0;
    for (fact, body) in facts {
        if is_known(connection, fact).await? {
            continue;
        }
        let (sequence, previous) = (last + 1, hash);
        hash = next_hash(&previous, body);
        insert(connection, fact, body, (sequence, previous, hash), epoch).await?;
        project(connection, sequence, fact).await?;
        last = sequence;
        added += 1;
    }
    reached_if(KillPoint::K10, || added > 0 && hold_a_fill(facts));
    Ok(Appended { last_sequence: last, added })
}

async fn rebuild_in(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    for table in [
        "DELETE FROM orders",
        "DELETE FROM fills",
        "DELETE FROM positions",
        "DELETE FROM settlements",
        "DELETE FROM trades",
    ] {
        sqlx::query(table).execute(&mut *connection).await.map_err(store_error)?;
    }
    let mut last = 0;
    loop {
        let page = facts(connection, last, PAGE).await?;
        if page.is_empty() {
            return Ok(last);
        }
        for stored in page {
            project(connection, stored.sequence, &stored.fact).await?;
            last = stored.sequence;
        }
    }
}
