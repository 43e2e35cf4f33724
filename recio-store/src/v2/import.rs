//! The import itself: read, understand, recognise, keep, and add up again.

use super::finding::{Findings, Problem};
use super::merge::{Known, Verdict};
use super::prices::{PriceLog, PriceReader, PriceSums};
use super::report::{ImportProgress, ImportReport, PricesReport, TableReport};
use super::settings::proposals;
use super::source::{Role, SourceError, V2Source, V2Table, lacking};
use super::sums::Books;
use super::tables::{self, Converted, Identity, Whose};
use crate::v2::row::RawRow;
use crate::{Access, OpenError};
use recio_core::fact::{Environment, Fact, FactBody};
use recio_core::imported::{ImportSource, Imported, ImportedTable, Origin};
use recio_core::store::{Store, StoreError};
use recio_core::units::{AccountName, RunId, Timestamp, micros};
use std::collections::{BTreeMap, BTreeSet};

/// Facts that are appended at a time: one commit for each.
const TOGETHER: usize = 500;
/// Facts that are read back at a time.
const PAGE: u32 = 1_000;

/// Whose the records become, and how.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The exchange of the account.
    pub environment: Environment,
    /// The account, as the config names it.
    pub account: AccountName,
    /// The import's own name; facts carry it.
    pub run: RunId,
    /// The time: of records that have none.
    pub now: Timestamp,
    /// Whether everything is done but the writing.
    pub dry_run: bool,
}

/// Why an import ended before its end. What was kept until then stays, and the import may be run again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// v2's store.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// recio's store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// recio's store.
    #[error("recio's store cannot take the records in; what it has taken stays, and the same import may be run again")]
    Store(#[from] StoreError),
}

/// Takes over what v2's stores have into the store that a URL names, which is made where there is none. `from` names v2's stores as
/// [`V2Source::open`] takes them.
///
/// A dry run reads the store alone, also while a recio writes it, and makes none. `progress` is told after every thousand rows.
///
/// # Errors
/// See [`ImportError`].
pub async fn import_into(
    url: &str,
    from: &[String],
    options: &ImportOptions,
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, ImportError> {
    let mut sources = Vec::with_capacity(from.len());
    for from in from {
        sources.push(V2Source::open(from).await?);
    }
    let access = if options.dry_run { Access::Reader } else { Access::Writer };
    let result = match url.split_once(':') {
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => match crate::SqliteStore::open(url, access).await {
            Ok(store) => {
                let report = import(&store, Some(&store), sources, options, progress).await;
                store.close().await;
                return report;
            }
            Err(error) => Err(error),
        },
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => match crate::PostgresStore::open(url, access).await {
            Ok(store) => {
                let report = import(&store, Some(&store), sources, options, progress).await;
                store.close().await;
                return report;
            }
            Err(error) => Err(error),
        },
        _ => crate::open(url, access).await,
    };
    match result {
        Ok(store) => import(&*store, None, sources, options, progress).await,
        // Nothing is there yet.
        Err(OpenError::Missing { .. }) if options.dry_run => {
            import(&crate::MemoryStore::new(), None, sources, options, progress).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes over what v2's stores have: PostgreSQL first, whose word counts more, then files in the order given.
///
/// Run again, it adds what is new, keeps changed rows as new versions, and passes over the rest. Prices are left out where there is no place for
/// them. Nothing in v2's stores is written to. `progress` is told after every thousand rows.
///
/// # Cancel safety
/// Dropped or killed in the middle, what was kept until then stays, and the same import run again ends as if it had not been stopped.
///
/// # Errors
/// See [`ImportError`]. Values that cannot be understood are no error: see [`ImportReport::findings`].
pub async fn import(
    store: &dyn Store,
    prices: Option<&dyn PriceLog>,
    mut sources: Vec<V2Source>,
    options: &ImportOptions,
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, ImportError> {
    sources.sort_by_key(V2Source::kind);
    let whose = Whose { environment: options.environment, account: options.account.clone() };
    let mut stored = Stored::default();
    stored.read(store, &whose).await?;
    let mut work = Work {
        store,
        options,
        progress,
        known: stored.known.clone(),
        books: Books::default(),
        waiting: Vec::new(),
        number: 0,
        report: ImportReport {
            dry_run: options.dry_run,
            tables: Vec::new(),
            prices: Vec::new(),
            sums: Vec::new(),
            findings: Findings::default(),
            settings: Vec::new(),
            left: Vec::new(),
            absent: ImportedTable::ALL.to_vec(),
        },
    };
    for (number, source) in sources.iter_mut().enumerate() {
        for known in work.known.values_mut() {
            known.next_source();
        }
        for table in source.tables().to_vec() {
            match table.role {
                Role::Records(kind) => work.table(number, source, &table, kind).await?,
                Role::Prices(asset) => match prices {
                    Some(log) => work.prices(log, source, &table, asset).await?,
                    None => work.report.leave(source.name(), &table, "this store has no place for prices"),
                },
                Role::Left(why) => work.report.leave(source.name(), &table, why),
                Role::Unknown => work.report.leave(source.name(), &table, "not one of v2's tables"),
            }
        }
    }
    work.flush().await?;
    if !options.dry_run {
        // What was kept is read back, and the sums are those of what is there.
        stored.read(store, &whose).await?;
    }
    let there = if options.dry_run { &work.known } else { &stored.known };
    work.report.sums = work.books.compare(&work.known, there);
    Ok(work.report)
}

/// The records that the store has, as far as they were read.
#[derive(Default)]
struct Stored {
    known: BTreeMap<ImportedTable, Known>,
    /// The sequence of the last fact that was read.
    after: u64,
}

impl Stored {
    /// Reads on to the end.
    async fn read(&mut self, store: &dyn Store, whose: &Whose) -> Result<(), StoreError> {
        loop {
            let page = store.facts(self.after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            self.after = last.sequence;
            for stored in &page {
                let fact = &stored.fact;
                if let FactBody::Imported(record) = &fact.body
                    && record.origin == Origin::RecIoV2
                    && fact.environment == whose.environment
                    && fact.account == whose.account
                {
                    self.known.entry(record.table).or_default().remember(record);
                }
            }
        }
    }
}

struct Work<'a> {
    store: &'a dyn Store,
    options: &'a ImportOptions,
    progress: &'a mut (dyn FnMut(&ImportProgress) + Send),
    known: BTreeMap<ImportedTable, Known>,
    books: Books,
    waiting: Vec<Fact>,
    number: u64,
    report: ImportReport,
}

impl Work<'_> {
    async fn table(
        &mut self,
        number: usize,
        source: &mut V2Source,
        table: &V2Table,
        kind: ImportedTable,
    ) -> Result<(), ImportError> {
        let columns: Vec<String> = table.columns.iter().map(|column| column.to_lowercase()).collect();
        let mut done = TableReport {
            source: source.name().to_owned(),
            table: table.to_string(),
            lacking: lacking(kind, &columns),
            ..TableReport::default()
        };
        self.report.absent.retain(|absent| *absent != kind);
        let mut tickets: BTreeMap<String, String> = BTreeMap::new();
        source.begin(table).await?;
        loop {
            let page = source.page().await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                done.read += 1;
                self.books.read(kind, row);
                let converted = self.convert(row, source.kind(), table, kind);
                self.tickets(&mut tickets, row, &converted.identity);
                self.keep(number, row, kind, converted, &mut done).await?;
            }
            self.tell(source, table, done.read);
        }
        self.report.tables.push(done);
        Ok(())
    }

    fn tell(&mut self, source: &V2Source, table: &V2Table, read: u64) {
        let (source, table, of) = (source.name().to_owned(), table.to_string(), table.rows);
        (self.progress)(&ImportProgress { source, table, read, of });
    }

    fn convert(&mut self, row: &RawRow, source: ImportSource, table: &V2Table, kind: ImportedTable) -> Converted {
        let findings = &mut self.report.findings;
        match kind {
            ImportedTable::Trades => tables::trade(row, source, findings),
            ImportedTable::Fills => tables::fill(row, source, findings),
            ImportedTable::Orders => tables::order(row, source, findings),
            ImportedTable::Positions => tables::position(row, source, findings),
            ImportedTable::Settlements => tables::settlement(row, source, findings),
            ImportedTable::Settings => {
                self.report.settings.extend(proposals(row));
                tables::settings(row, source, table.own_name())
            }
        }
    }

    fn tickets(&mut self, tickets: &mut BTreeMap<String, String>, row: &RawRow, identity: &Identity) {
        if identity.ticket.is_empty() {
            return;
        }
        let first = tickets.entry(identity.ticket.clone()).or_insert_with(|| identity.rest.clone());
        if *first != identity.rest {
            self.report.findings.add("trades", &row.place, "ticket_id", &identity.ticket, Problem::TicketTwice);
        }
    }

    async fn keep(
        &mut self,
        number: usize,
        row: &RawRow,
        kind: ImportedTable,
        converted: Converted,
        done: &mut TableReport,
    ) -> Result<(), ImportError> {
        let Converted { identity, record, rounded } = converted;
        let verdict = self.known.entry(kind).or_default().judge(number, &identity, record);
        self.books.judged(kind, row, &verdict, rounded);
        match verdict {
            Verdict::New(record) => {
                done.imported += 1;
                self.append(record).await?;
            }
            Verdict::Changed(record) => {
                done.changed += 1;
                self.append(record).await?;
            }
            Verdict::Already => done.already += 1,
            Verdict::Merged => done.merged += 1,
            Verdict::Differs(_) => {
                done.differing += 1;
                self.report.findings.add(kind.as_str(), &row.place, "", "", Problem::StoresDiffer);
            }
        }
        Ok(())
    }

    async fn append(&mut self, record: Box<Imported>) -> Result<(), ImportError> {
        self.number += 1;
        self.waiting.push(Fact {
            environment: self.options.environment,
            account: self.options.account.clone(),
            subaccount: 0,
            exchange_index: 0,
            run: self.options.run.clone(),
            number: self.number,
            strategy: None,
            time: record.time.unwrap_or(self.options.now),
            body: FactBody::Imported(record),
        });
        if self.waiting.len() >= TOGETHER { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), ImportError> {
        let facts = std::mem::take(&mut self.waiting);
        if !facts.is_empty() && !self.options.dry_run {
            self.store.append(&facts).await?;
        }
        Ok(())
    }

    async fn prices(
        &mut self,
        log: &dyn PriceLog,
        source: &mut V2Source,
        table: &V2Table,
        asset: &'static str,
    ) -> Result<(), ImportError> {
        let mut done = PricesReport {
            source: source.name().to_owned(),
            table: table.to_string(),
            asset,
            ..PricesReport::default()
        };
        let two_rounds = source.repeats(table, "timestamp").await?;
        let mut reader = PriceReader::new(asset, two_rounds);
        let before = log.price_sums(Origin::RecIoV2, asset).await?;
        let mut new = PriceSums::default();
        // What a dry run would have written.
        let mut planned: BTreeSet<i64> = BTreeSet::new();
        source.begin(table).await?;
        loop {
            let page = source.page().await?;
            if page.is_empty() {
                break;
            }
            done.read += page.len() as u64;
            self.tell(source, table, done.read);
            let findings = &mut self.report.findings;
            let mut rows: Vec<_> = page.iter().filter_map(|row| reader.price(row, findings)).collect();
            done.skipped += (page.len() - rows.len()) as u64;
            let times = || rows.iter().map(|row| micros(row.time));
            let Some(span) = times().min().zip(times().max()) else { continue };
            let mut there: BTreeSet<i64> = log.price_times(Origin::RecIoV2, asset, span).await?.into_iter().collect();
            let all = rows.len();
            // Of two rows of one second the first stays.
            rows.retain(|row| there.insert(micros(row.time)) && !planned.contains(&micros(row.time)));
            done.already += (all - rows.len()) as u64;
            new.count += rows.len() as u64;
            new.total_micros += rows.iter().map(|row| i128::from(row.price.micros())).sum::<i128>();
            if self.options.dry_run {
                done.added += rows.len() as u64;
                planned.extend(rows.iter().map(|row| micros(row.time)));
            } else {
                done.added += log.add_prices(rows).await?;
            }
        }
        let after = log.price_sums(Origin::RecIoV2, asset).await?;
        let grown = PriceSums {
            count: after.count - before.count.min(after.count),
            total_micros: after.total_micros - before.total_micros,
        };
        done.agrees = done.added == new.count && (self.options.dry_run || grown == new);
        self.report.prices.push(done);
        Ok(())
    }
}
