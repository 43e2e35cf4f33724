//! From stores and recordings into the archive: only this crate sees both.

use recio_core::market::Family;
use recio_core::price_feed::TimeRange;
use recio_core::read::BoxError;
use recio_core::store::StoreError;
use recio_core::units::{MarketTicker, QuantityChange, SeriesTicker, Timestamp};
use recio_sim::recording::{Record, RecordBody, Recording};
use recio_store::archive::rows::{BookChange, BookRow, DecisionRow, FactRow, Tick};
use recio_store::archive::{ArchiveError, Kind, LockedArchive, Place, RowsWriter, Stored};
use recio_store::{ObservedSources, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// Facts read at a time.
const PAGE: u32 = 1_000;

/// A stretch of time; open where nothing is said.
pub use recio_store::archive::export::Period;

/// Archives a store's facts, its decisions as rows of their own, and what it observed: ticks, bars, strike tables, health. A store is one source, named by
/// its first fact: two stores of one account never take each other's place.
///
/// A period has to be made of whole days: a part of a day would take the place of nothing larger.
///
/// # Errors
/// The store cannot be read, and none of its facts was archived; or a part cannot be put in its place, see [`RowsWriter::finish`].
pub async fn archive_store(
    archive: &LockedArchive,
    store: &dyn Storage,
    period: Period,
) -> Result<Vec<Stored>, ArchiveError> {
    let Some(source) = name(store).await? else { return Ok(Vec::new()) };
    let (mut facts, mut decisions): (RowsWriter<'_, FactRow>, RowsWriter<'_, DecisionRow>) =
        (archive.rows(&source), archive.rows(&source));
    let mut last = 0;
    loop {
        let page = store.facts(last, PAGE).await?;
        let Some(end) = page.last().map(|stored| stored.sequence) else { break };
        for stored in page.iter().filter(|stored| period.contains(stored.fact.time)) {
            facts.add(&FactRow::of(stored)?)?;
            DecisionRow::of(stored).iter().try_for_each(|row| decisions.add(row))?;
        }
        last = end;
    }
    let mut stored = facts.finish()?;
    stored.extend(decisions.finish()?);
    stored.extend(archive_observations(archive, store, period).await?);
    Ok(stored)
}

/// Archives what a store observed, as [`archive_store`] does.
///
/// # Errors
/// The store cannot be read, or has no fact to be named by; or a part cannot be put in its place, see [`RowsWriter::finish`].
pub async fn archive_observations(
    archive: &LockedArchive,
    store: &dyn Storage,
    period: Period,
) -> Result<Vec<Stored>, ArchiveError> {
    let range = TimeRange { from: period.from.unwrap_or(Timestamp::MIN), to: period.to.unwrap_or(Timestamp::MAX) };
    match name(store).await? {
        Some(source) => archive.observations(&source, store, range).await,
        None if is_blind(store).await? => Ok(Vec::new()),
        None => Err(source_error("the store holds no fact, and the first one is its name in the archive".into())),
    }
}

/// Whether a store observed nothing.
async fn is_blind(store: &dyn Storage) -> Result<bool, StoreError> {
    let all = TimeRange { from: Timestamp::MIN, to: Timestamp::MAX };
    Ok(store.sources().await? == ObservedSources::default()
        && store.all_strike_tables(all, 1).await?.is_empty()
        && store.all_health(all, 1).await?.is_empty())
}

/// The name of a store in the archive: its first fact's. `None` where there is none.
async fn name(store: &dyn Storage) -> Result<Option<String>, ArchiveError> {
    let Some(first) = store.facts(0, 1).await?.pop() else { return Ok(None) };
    Ok(Some(format!("store-{}", first.hash[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>())))
}

/// Archives a sealed recording: the file itself, which alone can be played again, and for other tools its books and its prices as rows. The original
/// stays where it is.
///
/// The recording is read to its end before anything is put in its place, so a damaged one leaves nothing. It is one source, named by its file's name
/// and its hash.
///
/// # Errors
/// The recording cannot be read or is damaged, and nothing was archived; or a part cannot be put in its place, see [`RowsWriter::finish`].
pub fn archive_recording(archive: &LockedArchive, recording: &Recording) -> Result<Vec<Stored>, ArchiveError> {
    let summary = recording.verify().map_err(|error| source_error(Box::new(error)))?;
    let header = recording.header();
    let stem = recording.path().file_stem().unwrap_or_default().to_string_lossy();
    // A name of its own for each content, in as many characters as every path takes.
    let source = format!("{}-{}", stem.chars().take(40).collect::<String>(), &summary.sha256[..8]);
    let mut names = Names::new(&header.markets);
    let symbol = names.symbol();
    let asset = names.asset()?;
    let (mut ticks, mut books): (RowsWriter<'_, Tick>, RowsWriter<'_, BookRow>) =
        (archive.rows(&source), archive.rows(&source));
    let mut records = recording.records().map_err(|error| source_error(Box::new(error)))?;
    let mut number = 0;
    for record in records.by_ref() {
        let record = record.map_err(|error| source_error(Box::new(error)))?;
        number += 1;
        if let RecordBody::Market(body) = &record.body {
            names.series.insert(body.ticker.clone(), body.series.clone());
        }
        if let Some(tick) = tick(&record, &asset) {
            ticks.add(&tick)?;
        }
        steps(&record, number, &names)?.iter().try_for_each(|row| books.add(row))?;
    }
    if records.summary().is_none_or(|read| read.sha256 != summary.sha256) {
        return Err(source_error(format!("{} changed while it was read", recording.path().display()).into()));
    }
    let mut stored = ticks.finish()?;
    stored.extend(books.finish()?);
    let date = Place::day(header.session_from);
    let place = Place { kind: Kind::Recordings, symbol, date, source };
    stored.push(archive.copy(&place, recording.path(), summary.records, (header.from, header.to))?);
    Ok(stored)
}

fn source_error(error: BoxError) -> ArchiveError {
    ArchiveError::Source(error)
}

/// What the markets of a recording belong to.
struct Names {
    series: BTreeMap<MarketTicker, SeriesTicker>,
}

impl Names {
    /// As far as the tickers tell: a market's begins with its series'. What the records say counts more.
    fn new(markets: &[MarketTicker]) -> Self {
        let series = |market: &MarketTicker| {
            let prefix = market.as_str().split('-').next().unwrap_or_default();
            Some((market.clone(), SeriesTicker::new(prefix).ok()?))
        };
        Self { series: markets.iter().filter_map(series).collect() }
    }

    /// What the recording is filed under.
    fn symbol(&self) -> String {
        let series: BTreeSet<&str> = self.series.values().map(SeriesTicker::as_str).collect();
        if series.is_empty() { "prices".to_owned() } else { series.into_iter().collect::<Vec<_>>().join("+") }
    }

    /// The asset of the prices: a recording is of one.
    fn asset(&self) -> Result<String, ArchiveError> {
        let assets: BTreeSet<_> =
            self.series.values().filter_map(|series| Some(Family::of(series).ok()?.0.to_string())).collect();
        let mut assets = assets.into_iter();
        match (assets.next(), assets.next()) {
            (Some(asset), None) => Ok(asset),
            (None, _) => {
                Err(source_error("the recording names no market of a known series, so its asset is not known".into()))
            }
            (Some(one), Some(other)) => Err(source_error(
                format!("the recording has markets of {one} and {other}: whose its prices are is not known").into(),
            )),
        }
    }

    fn series(&self, market: &MarketTicker) -> Result<SeriesTicker, ArchiveError> {
        let unknown = || source_error(format!("market {market} is of no series that the recording names").into());
        self.series.get(market).cloned().ok_or_else(unknown)
    }
}

fn tick(record: &Record, asset: &str) -> Option<Tick> {
    let (source, price, trade_id) = match &record.body {
        RecordBody::SpotTrade { source, price, trade_id } => (source, *price, *trade_id),
        RecordBody::IndexPrint { index, price } => (index, *price, None),
        RecordBody::Boundary(_)
        | RecordBody::Gap(_)
        | RecordBody::Market(_)
        | RecordBody::Lifecycle { .. }
        | RecordBody::Outcome(_)
        | RecordBody::BookSnapshot { .. }
        | RecordBody::BookDelta { .. }
        | RecordBody::Ticker(_)
        | RecordBody::Trade(_)
        | RecordBody::Exchange(_) => return None,
    };
    let (exchange_time, received_time) = (record.exchange_time, record.received_time);
    Some(Tick { asset: asset.to_owned(), source: source.to_string(), exchange_time, received_time, price, trade_id })
}

/// The steps of a book that a record tells.
fn steps(record: &Record, number: u64, names: &Names) -> Result<Vec<BookRow>, ArchiveError> {
    use recio_core::market::BookSide::{Ask, Bid};
    let (exchange_time, received_time): (Timestamp, Option<Timestamp>) = (record.exchange_time, record.received_time);
    let row = |market: &MarketTicker, series: &SeriesTicker, change| BookRow {
        number,
        exchange_time,
        received_time,
        series: series.clone(),
        market: market.clone(),
        change,
    };
    Ok(match &record.body {
        RecordBody::BookSnapshot { market, bids, asks } => {
            let series = names.series(market)?;
            let levels = bids.iter().map(|level| (Bid, level)).chain(asks.iter().map(|level| (Ask, level)));
            let levels = levels.map(|(side, level)| {
                let (price, quantity) = (level.price, level.quantity);
                row(market, &series, BookChange::Level { side, price, quantity })
            });
            std::iter::once(row(market, &series, BookChange::Clear)).chain(levels).collect()
        }
        RecordBody::BookDelta { market, side, price, change } => {
            let change = QuantityChange::from_hundredths(*change).map_err(|error| source_error(Box::new(error)))?;
            let (side, price) = (*side, *price);
            vec![row(market, &names.series(market)?, BookChange::Change { side, price, change })]
        }
        RecordBody::Boundary(_)
        | RecordBody::Gap(_)
        | RecordBody::Market(_)
        | RecordBody::Lifecycle { .. }
        | RecordBody::Outcome(_)
        | RecordBody::Ticker(_)
        | RecordBody::SpotTrade { .. }
        | RecordBody::IndexPrint { .. }
        | RecordBody::Trade(_)
        | RecordBody::Exchange(_) => Vec::new(),
    })
}
