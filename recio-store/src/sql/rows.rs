//! Rows of the table of facts: read with every check.

use super::connection::Connection;
use super::error::{at, damaged, unsigned};
use super::query::{Query, Row};
use crate::chain::{FACT_VERSION, GENESIS, next_hash, same_economics};
use recio_core::fact::Fact;
use recio_core::store::{StoreError, StoredFact};
use recio_core::units::micros;

/// The columns of a fact, from a table that the query calls `f`.
macro_rules! fact_columns {
    () => {
        "f.sequence, f.kind, f.version, f.time_us, f.prev_hash, f.hash, f.body, f.fact_key, f.environment, f.account, f.subaccount, \
         f.exchange_index, f.run, f.strategy"
    };
}
pub(crate) use fact_columns;

/// A fact with the hash before it.
pub(crate) struct Link {
    pub(crate) previous: [u8; 32],
    pub(crate) stored: StoredFact,
}

/// Binds whose fact it is as `$1` to `$4`.
pub(crate) fn scoped<'f>(sql: &'static str, fact: &'f Fact) -> Query<'f> {
    Query::new(sql)
        .text(fact.environment.as_str())
        .text(fact.account.as_str())
        .integer(i64::from(fact.subaccount))
        .integer(i64::from(fact.exchange_index))
}

/// The last sequence and its hash; 0 and [`GENESIS`] in an empty store.
pub(crate) async fn head(connection: &mut Connection) -> Result<(u64, [u8; 32]), StoreError> {
    let sql = "SELECT sequence, hash FROM facts ORDER BY sequence DESC LIMIT 1";
    let row = Query::new(sql).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok((0, GENESIS)) };
    end(&row, unsigned(row.integer("sequence")?)?)
}

/// A sequence with the hash beside it.
pub(crate) fn end(row: &Row, sequence: u64) -> Result<(u64, [u8; 32]), StoreError> {
    Ok((sequence, hash(row, "hash", sequence)?))
}

/// Reads facts after a sequence, and checks each one, its tie to the one before, and that none is missing between them.
pub(crate) async fn facts(connection: &mut Connection, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
    let Ok(from) = i64::try_from(after) else { return Ok(Vec::new()) };
    // The fact before comes along, for its hash.
    let sql = concat!("SELECT ", fact_columns!(), " FROM facts f WHERE f.sequence >= $1 ORDER BY f.sequence LIMIT $2");
    let rows = Query::new(sql).integer(from).integer(i64::from(limit) + 1).fetch_all(connection).await?;
    let mut rows = rows.iter();
    let mut before = GENESIS;
    if after > 0 {
        let Some(row) = rows.next() else { return Ok(Vec::new()) };
        let last = read(row)?.stored;
        if last.sequence != after {
            return Err(damaged(after, format!("the next fact there is has sequence {}", last.sequence)));
        }
        before = last.hash;
    }
    let mut facts: Vec<StoredFact> = Vec::with_capacity(rows.len());
    for row in rows.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        let link = read(row)?;
        let expected = after + 1 + facts.len() as u64;
        if link.stored.sequence != expected {
            return Err(damaged(expected, format!("the next fact there is has sequence {}", link.stored.sequence)));
        }
        if link.previous != before {
            return Err(damaged(expected, "the hash before it is not the one of the fact before"));
        }
        before = link.stored.hash;
        facts.push(link.stored);
    }
    Ok(facts)
}

/// Reads one row, and checks the content against its hash and every column against the content.
pub(crate) fn read(row: &Row) -> Result<Link, StoreError> {
    let sequence = unsigned(row.integer("sequence")?)?;
    let text = |column| row.text(column).map_err(|error| at(sequence, error));
    let number = |column| row.integer(column).map_err(|error| at(sequence, error));
    let version = number("version")?;
    if version > FACT_VERSION {
        return Err(StoreError::WrongVersion {
            found: version,
            needed: FACT_VERSION,
            remedy: format!("fact {sequence} was written by a newer recio; use that one"),
        });
    }
    let (previous, own) = (hash(row, "prev_hash", sequence)?, hash(row, "hash", sequence)?);
    let body = text("body")?;
    if next_hash(&previous, &body) != own {
        return Err(damaged(sequence, "its hash is not the one of its content and the fact before"));
    }
    let fact: Fact = serde_json::from_str(&body)
        .map_err(|error| damaged(sequence, format!("its content does not read back: {error}")))?;
    let strategy = row.optional_text("strategy").map_err(|error| at(sequence, error))?;
    let columns_agree = version == FACT_VERSION
        && text("kind")? == fact.kind()
        && number("time_us")? == micros(fact.time)
        && text("fact_key")? == fact.key()
        && text("environment")? == fact.environment.as_str()
        && text("account")? == fact.account.as_str()
        && number("subaccount")? == i64::from(fact.subaccount)
        && number("exchange_index")? == i64::from(fact.exchange_index)
        && text("run")? == fact.run.as_str()
        && strategy.as_deref() == fact.strategy.as_ref().map(|strategy| strategy.as_str());
    if !columns_agree {
        return Err(damaged(sequence, "its columns do not say what its content says"));
    }
    Ok(Link { previous, stored: StoredFact { sequence, hash: own, fact } })
}

/// Whether the store has a fact under this key already, so that it may be passed over.
///
/// # Errors
/// [`StoreError::Conflict`] where the one that it has says something else.
pub(crate) async fn is_known(connection: &mut Connection, fact: &Fact) -> Result<bool, StoreError> {
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        " FROM facts f WHERE f.environment = $1 AND f.account = $2 AND f.subaccount = $3 AND f.exchange_index = $4 AND f.fact_key = $5"
    );
    let row = scoped(sql, fact).text(fact.key()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(false) };
    same_economics(&read(&row)?.stored.fact, fact)?;
    Ok(true)
}

fn hash(row: &Row, column: &'static str, sequence: u64) -> Result<[u8; 32], StoreError> {
    let text = row.text(column).map_err(|error| at(sequence, error))?;
    let mut bytes = [0; 32];
    // Upper-case digits would decode too, but nobody wrote them.
    match hex::decode_to_slice(&text, &mut bytes) {
        Ok(()) if hex::encode(bytes) == text => Ok(bytes),
        Ok(()) | Err(_) => Err(damaged(sequence, format!("column {column} is not a hash"))),
    }
}
