//! Rows of the tables of settings and of the audit log: read with every check, written once.

use super::seal::{self, AUDIT_VERSION, canonical};
use super::settings_damaged;
use crate::chain::{GENESIS, next_hash};
use crate::sql::{Connection, Dialect, HELD, Query, Row, readable, signed, transaction, unsigned};
use recio_core::settings::{AuditEntry, AuditRecord, AuditResult, NewVersion, SettingVersion};
use recio_core::store::StoreError;
use recio_core::units::{RunId, from_micros, micros};

/// The columns of an entry of the audit log.
macro_rules! log_columns {
    () => {
        "sequence, version, prev_hash, hash, body, time_us, who, action, subject, old_value, new_value, why, result, reason"
    };
}

/// The columns of a version, from a table that the query calls `s`.
macro_rules! version_columns {
    () => {
        "s.setting_key, s.version, s.value, s.run, s.who, s.time_us, s.why"
    };
}

/// Lets one writer of settings and audit entries after the other in, until the end of the transaction. SQLite has let one in alone already.
async fn lock(connection: &mut Connection) -> Result<(), StoreError> {
    match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => Ok(()),
        // A number that nothing else of recio locks: "settings" in ASCII. A lock of the table would need the right to change its rows.
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            const SETTINGS: i64 = i64::from_be_bytes(*b"settings");
            Query::new("SELECT pg_advisory_xact_lock($1)").integer(SETTINGS).execute(connection).await.map(drop)
        }
    }
}

/// The last sequence of the log and its hash; 0 and [`GENESIS`] where it is empty.
async fn log_head(connection: &mut Connection) -> Result<(u64, [u8; 32]), StoreError> {
    let sql = "SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1";
    let Some(row) = Query::new(sql).fetch_optional(connection).await? else { return Ok((0, GENESIS)) };
    let sequence = unsigned(row.integer("sequence")?)?;
    Ok((sequence, hash(&row, "hash", sequence)?))
}

/// Reads entries after a sequence, and checks each one, its tie to the one before, and that none is missing between them.
pub(crate) async fn log(connection: &mut Connection, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
    let Ok(from) = i64::try_from(after) else { return Ok(Vec::new()) };
    // The entry before comes along, for its hash.
    let sql = concat!("SELECT ", log_columns!(), " FROM audit_log WHERE sequence >= $1 ORDER BY sequence LIMIT $2");
    let rows = Query::new(sql).integer(from).integer(i64::from(limit) + 1).fetch_all(connection).await?;
    let mut rows = rows.iter();
    let mut before = GENESIS;
    if after > 0 {
        let Some(row) = rows.next() else { return Ok(Vec::new()) };
        let (_, last) = read(row)?;
        if last.sequence != after {
            return Err(wrong(after, format!("the next one there is has sequence {}", last.sequence)));
        }
        before = last.hash;
    }
    let mut records: Vec<AuditRecord> = Vec::with_capacity(rows.len());
    for row in rows.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        let (previous, record) = read(row)?;
        let expected = after + 1 + records.len() as u64;
        if record.sequence != expected {
            return Err(wrong(expected, format!("the next one there is has sequence {}", record.sequence)));
        }
        if previous != before {
            return Err(wrong(expected, "the hash before it is not the one of the entry before".to_owned()));
        }
        before = record.hash;
        records.push(record);
    }
    Ok(records)
}

/// Reads one entry, and checks the content against its hash and every column against the content.
fn read(row: &Row) -> Result<([u8; 32], AuditRecord), StoreError> {
    let sequence = unsigned(row.integer("sequence")?)?;
    let version = row.integer("version")?;
    if version > AUDIT_VERSION {
        let remedy = format!("audit entry {sequence} was written by a newer recio; use that one");
        return Err(StoreError::WrongVersion { found: version, needed: AUDIT_VERSION, remedy });
    }
    let (previous, own) = (hash(row, "prev_hash", sequence)?, hash(row, "hash", sequence)?);
    let body = row.text("body")?;
    if next_hash(&previous, &body) != own {
        return Err(wrong(sequence, "its hash is not the one of its content and the entry before".to_owned()));
    }
    let entry: AuditEntry = serde_json::from_str(&body)
        .map_err(|error| wrong(sequence, format!("its content does not read back: {error}")))?;
    if canonical(&entry)? != body || !columns_agree(row, &entry)? {
        return Err(wrong(sequence, "its columns do not say what its content says".to_owned()));
    }
    Ok((previous, AuditRecord { sequence, hash: own, entry }))
}

fn columns_agree(row: &Row, entry: &AuditEntry) -> Result<bool, StoreError> {
    let optional = |column: &str, said: Option<&str>| -> Result<bool, StoreError> {
        Ok(row.optional_text(column)?.as_deref() == said.map(readable).as_deref())
    };
    Ok(row.integer("version")? == AUDIT_VERSION
        && row.integer("time_us")? == micros(entry.time)
        && row.text("who")? == readable(&entry.who)
        && row.text("action")? == entry.action.as_str()
        && row.text("subject")? == readable(&entry.subject)
        && optional("old_value", entry.old.as_deref())?
        && optional("new_value", entry.new.as_deref())?
        && row.text("why")? == readable(&entry.why)
        && row.text("result")? == entry.result.as_str()
        && optional("reason", reason(&entry.result))?)
}

fn reason(result: &AuditResult) -> Option<&str> {
    match result {
        AuditResult::Refused { reason } => Some(reason),
        AuditResult::Done => None,
    }
}

/// Appends an entry to the log.
pub(crate) async fn record(connection: &mut Connection, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
    transaction(connection, HELD, async |connection| {
        lock(connection).await?;
        let (record, body) = seal::next(log_head(connection).await?, entry)?;
        insert_record(connection, &record, &body).await?;
        Ok(record)
    })
    .await
}

/// Adds a version with its entry in the log; the newest one that is there, where that is not the one that was expected.
pub(crate) async fn add_version(
    connection: &mut Connection,
    new: &NewVersion,
) -> Result<Result<SettingVersion, Option<SettingVersion>>, StoreError> {
    transaction(connection, HELD, async |connection| {
        lock(connection).await?;
        let found = history(connection, &new.version.key, 1).await?.pop();
        if found.as_ref().map_or(0, |found| found.version) != new.expected {
            return Ok(Err(found));
        }
        let version = SettingVersion { version: new.expected + 1, ..new.version.clone() };
        let (record, body) = seal::next(log_head(connection).await?, &new.audit_entry())?;
        insert_record(connection, &record, &body).await?;
        insert_version(connection, &version, record.sequence).await?;
        Ok(Ok(version))
    })
    .await
}

/// Writes one entry, whose canonical form is `body`.
async fn insert_record(connection: &mut Connection, record: &AuditRecord, body: &str) -> Result<(), StoreError> {
    let previous = log_head(connection).await?.1;
    let entry = &record.entry;
    let sql = concat!(
        "INSERT INTO audit_log (",
        log_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    Query::new(sql)
        .integer(signed(record.sequence)?)
        .integer(AUDIT_VERSION)
        .text(hex::encode(previous))
        .text(hex::encode(record.hash))
        .text(body)
        .integer(micros(entry.time))
        .text(readable(&entry.who))
        .text(entry.action.as_str())
        .text(readable(&entry.subject))
        .optional_text(entry.old.as_deref().map(readable))
        .optional_text(entry.new.as_deref().map(readable))
        .text(readable(&entry.why))
        .text(entry.result.as_str())
        .optional_text(reason(&entry.result).map(readable))
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest version of every key.
pub(crate) async fn newest(connection: &mut Connection) -> Result<Vec<SettingVersion>, StoreError> {
    let sql = concat!(
        "SELECT ",
        version_columns!(),
        " FROM settings s WHERE s.version = (SELECT max(t.version) FROM settings t WHERE t.setting_key = s.setting_key)"
    );
    let rows = Query::new(sql).fetch_all(connection).await?;
    let mut versions = rows.iter().map(version).collect::<Result<Vec<_>, _>>()?;
    // Sorted here, because databases sort texts by rules of their own.
    versions.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(versions)
}

/// The versions of a key, newest first.
pub(crate) async fn history(
    connection: &mut Connection,
    key: &str,
    limit: u32,
) -> Result<Vec<SettingVersion>, StoreError> {
    let sql = concat!(
        "SELECT ",
        version_columns!(),
        " FROM settings s WHERE s.setting_key = $1 ORDER BY s.version DESC LIMIT $2"
    );
    let rows = Query::new(sql).text(readable(key)).integer(i64::from(limit)).fetch_all(connection).await?;
    rows.iter().map(version).collect()
}

fn version(row: &Row) -> Result<SettingVersion, StoreError> {
    let key = row.text("setting_key")?;
    let wrong = |what: String| settings_damaged(format!("table settings, `{key}`: {what}"));
    let time_us = row.integer("time_us")?;
    let run = row.optional_text("run")?.map(|run| RunId::new(&run).map_err(|error| wrong(error.to_string())));
    Ok(SettingVersion {
        version: unsigned(row.integer("version")?)?,
        value: row.optional_text("value")?,
        run: run.transpose()?,
        who: row.text("who")?,
        time: from_micros(time_us).map_err(|error| wrong(error.to_string()))?,
        why: row.text("why")?,
        key,
    })
}

/// Writes one version.
async fn insert_version(
    connection: &mut Connection,
    version: &SettingVersion,
    audit_sequence: u64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings (setting_key, version, value, run, who, time_us, why, audit_sequence) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    Query::new(sql)
        .text(readable(&version.key))
        .integer(signed(version.version)?)
        .optional_text(version.value.as_deref().map(readable))
        .optional_text(version.run.as_ref().map(RunId::as_str))
        .text(readable(&version.who))
        .integer(micros(version.time))
        .text(readable(&version.why))
        .integer(signed(audit_sequence)?)
        .execute(connection)
        .await?;
    Ok(())
}

fn hash(row: &Row, column: &'static str, sequence: u64) -> Result<[u8; 32], StoreError> {
    let text = row.text(column)?;
    let mut bytes = [0; 32];
    // Upper-case digits would decode too, but nobody wrote them.
    match hex::decode_to_slice(&text, &mut bytes) {
        Ok(()) if hex::encode(bytes) == text => Ok(bytes),
        Ok(()) | Err(_) => Err(wrong(sequence, format!("column {column} is not a hash"))),
    }
}

fn wrong(sequence: u64, what: String) -> StoreError {
    settings_damaged(format!("audit log, entry {sequence}: {what}"))
}
