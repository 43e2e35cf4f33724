//! The recording that the project carries: it holds what it says, and its books are the exchange's.

use recio_core::market::{BookSide, LifecycleEvent, MarketResult, Quote, Strike, StrikeTerms};
use recio_core::units::{MarketTicker, Price, Timestamp};
use recio_sim::recording::{Boundary, Outcome, Record, RecordBody, Recording};
use std::collections::BTreeMap;
use std::time::Duration;

const M0900: &str = "KXBTC15M-26MAY130900-00";
const M0915: &str = "KXBTC15M-26MAY130915-15";
const M0930: &str = "KXBTC15M-26MAY130930-30";

fn recording() -> Recording {
    Recording::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec")).unwrap()
}

fn records() -> Vec<Record> {
    recording().records().unwrap().map(Result::unwrap).collect()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn at(clock: &str) -> Timestamp {
    time(&format!("2026-05-13T{clock}Z"))
}

/// Both sides of a book in YES prices, in hundredths of a contract.
#[derive(Default)]
struct Book {
    bids: BTreeMap<Price, i64>,
    asks: BTreeMap<Price, i64>,
}

impl Book {
    fn best(&self) -> Best {
        let level = |(price, held): (&Price, &i64)| (*price, *held);
        (self.bids.last_key_value().map(level), self.asks.first_key_value().map(level))
    }
}

type Best = (Option<(Price, i64)>, Option<(Price, i64)>);

fn best_of(quote: &Quote) -> Best {
    let level = |level: recio_core::market::Level| (level.price, level.quantity.hundredths().cast_signed());
    (quote.bid.map(level), quote.ask.map(level))
}

/// Follows the books record by record, and shows every record with the books after it.
fn follow(records: &[Record], mut see: impl FnMut(&Record, &BTreeMap<MarketTicker, Book>)) {
    let mut books: BTreeMap<MarketTicker, Book> = BTreeMap::new();
    for record in records {
        match &record.body {
            RecordBody::BookSnapshot { market, bids, asks } => {
                let side = |levels: &[recio_core::market::Level]| {
                    levels.iter().map(|level| (level.price, level.quantity.hundredths().cast_signed())).collect()
                };
                books.insert(market.clone(), Book { bids: side(bids), asks: side(asks) });
            }
            RecordBody::BookDelta { market, side, price, change } => {
                let book = books.get_mut(market).expect("a snapshot comes first");
                let half = match side {
                    BookSide::Bid => &mut book.bids,
                    BookSide::Ask => &mut book.asks,
                };
                let left = half.get(price).copied().unwrap_or_default() + change;
                assert!(left >= 0, "{market} {price}: {left} at {}", record.exchange_time);
                half.insert(*price, left);
                half.retain(|_, held| *held > 0);
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
            | RecordBody::Exchange(_) => {}
        }
        see(record, &books);
    }
}

#[test]
fn it_is_whole_and_counts_what_was_recorded() {
    let recording = recording();
    let summary = recording.verify().unwrap();
    assert_eq!(summary.per_stream, [14, 10, 2, 43_625, 860, 17_386]);
    let records = records();
    let count = |wanted: fn(&RecordBody) -> bool| records.iter().filter(|record| wanted(&record.body)).count();
    assert_eq!(count(|body| matches!(body, RecordBody::BookSnapshot { .. })), 5);
    assert_eq!(count(|body| matches!(body, RecordBody::BookDelta { .. })), 43_620);
    assert!(records.is_sorted_by_key(|record| record.exchange_time));
    assert_eq!(records[0].body, RecordBody::Boundary(Boundary::PreRollBegins));
    assert_eq!(records.last().unwrap().body, RecordBody::Boundary(Boundary::SessionEnds));
    let header = recording.header();
    assert_eq!((records[0].exchange_time, records.last().unwrap().exchange_time), (header.from, header.to));
    assert!(std::fs::metadata(recording.path()).unwrap().len() < 3_000_000);
}

#[test]
fn it_says_what_stands_in_for_what() {
    let recording = recording();
    let header = recording.header();
    let stand_ins: Vec<_> = header.stand_ins().map(|stream| stream.name.as_str()).collect();
    assert_eq!(stand_ins, ["lifecycle", "spot"]);
    assert!(header.stream("spot").unwrap().stand_in_for.as_ref().unwrap().contains("BRTI"));
    assert!(
        header.streams.iter().skip(1).all(|stream| stream.origin.contains("kalshi-probability-model-bot-gpt55-export"))
    );
    assert_eq!(header.markets.iter().map(MarketTicker::as_str).collect::<Vec<_>>(), [M0900, M0915, M0930]);
}

#[test]
fn it_says_what_is_missing() {
    let recording = recording();
    let header = recording.header();
    let gaps: Vec<_> = header
        .gaps
        .iter()
        .filter(|gap| gap.stream != header.stream("ticker").unwrap().id)
        .map(|gap| (gap.market.as_ref().map_or("spot", MarketTicker::as_str), gap.from, gap.to))
        .collect();
    assert_eq!(
        gaps,
        [
            ("spot", at("12:20:00"), at("12:20:57.683029")),
            ("spot", at("12:31:51.706108"), at("12:36:11.032967")),
            (M0900, at("12:45:00"), at("12:59:42.861265")),
            ("spot", at("12:48:55.683428"), at("12:59:41.474421")),
            (M0915, at("13:00:00"), at("13:00:35.175205")),
            (M0930, at("13:15:00"), at("13:15:14.341676")),
            (M0930, at("13:17:42.343513"), at("13:30:00")),
        ]
    );
    let marks = records().into_iter().filter_map(|r| if let RecordBody::Gap(gap) = r.body { Some(gap) } else { None });
    assert_eq!(marks.collect::<Vec<_>>(), header.gaps);
    // Where no hole is marked, the numbers of the trades rise by one.
    let spot = header.stream("spot").unwrap().id;
    let mut last: Option<u64> = None;
    let mut holes = 0;
    for record in records() {
        if let RecordBody::SpotTrade { trade_id: Some(id), .. } = record.body {
            holes += usize::from(last.is_some_and(|last| id != last + 1));
            last = Some(id);
        }
    }
    assert_eq!(holes + 1, header.gaps.iter().filter(|gap| gap.stream == spot).count());
}

#[test]
fn books_rebuilt_from_it_equal_the_tickers() {
    let (mut tickers, mut equal) = (0, 0);
    follow(&records(), |record, books| {
        if let RecordBody::Ticker(ticker) = &record.body {
            tickers += 1;
            // Prices and quantities, at the ticker's own time: in this session the two channels are in step to the microsecond.
            equal += usize::from(books[&ticker.market].best() == best_of(&ticker.quote));
        }
    });
    assert_eq!((tickers, equal), (860, 860));
}

#[test]
fn books_cross_for_moments_only() {
    let (mut crossed, mut since): (u32, Option<Timestamp>) = (0, None);
    follow(&records(), |record, books| {
        let is_crossed =
            books.values().any(|book| matches!(book.best(), (Some((bid, _)), Some((ask, _))) if bid >= ask));
        if let Some(since) = since {
            let lasted = record.exchange_time.duration_since(since);
            assert!(lasted <= Duration::from_millis(10).try_into().unwrap(), "crossed for {lasted} at {since}");
        }
        crossed += u32::from(is_crossed && since.is_none());
        since = if is_crossed { since.or(Some(record.exchange_time)) } else { None };
    });
    assert!((1..=3).contains(&crossed), "{crossed}");
}

#[test]
fn a_book_is_only_emptied_after_the_close() {
    let records = records();
    for (market, close) in [(M0900, at("13:00:00")), (M0915, at("13:15:00"))] {
        let mut after = 0;
        follow(&records, |record, _| {
            if let RecordBody::BookDelta { market: of, change, .. } = &record.body
                && of.as_str() == market
                && record.exchange_time >= close
            {
                assert!(*change < 0, "{change} at {}", record.exchange_time);
                after += 1;
            }
        });
        assert!(after > 400, "{after}");
        let mut left = 0;
        follow(&records, |_, books| left = books.get(market).map_or(0, |book| book.bids.len() + book.asks.len()));
        assert_eq!(left, 0);
    }
}

#[test]
fn strikes_and_outcomes_come_when_the_exchange_tells_them() {
    let records = records();
    let strike = |text: &str| StrikeTerms::Known(Strike::GreaterOrEqual { floor: text.parse().unwrap() });
    let mut bodies = Vec::new();
    let mut told = Vec::new();
    for record in &records {
        match &record.body {
            RecordBody::Market(body) => {
                assert_eq!(body.created_time, time("2026-05-12T20:00:00Z"));
                bodies.push((body.ticker.as_str(), body.open_time, body.close_time, body.strike.clone()));
            }
            RecordBody::Lifecycle { market, event } => {
                told.push((record.exchange_time, market.as_str(), event.clone()))
            }
            RecordBody::Boundary(_)
            | RecordBody::Gap(_)
            | RecordBody::Outcome(_)
            | RecordBody::BookSnapshot { .. }
            | RecordBody::BookDelta { .. }
            | RecordBody::Ticker(_)
            | RecordBody::SpotTrade { .. }
            | RecordBody::IndexPrint { .. }
            | RecordBody::Trade(_)
            | RecordBody::Exchange(_) => {}
        }
    }
    let unknown = || StrikeTerms::ToBeAnnounced;
    assert_eq!(
        bodies,
        [
            (M0900, at("12:45:00"), at("13:00:00"), unknown()),
            (M0915, at("13:00:00"), at("13:15:00"), unknown()),
            (M0930, at("13:15:00"), at("13:30:00"), unknown()),
        ]
    );
    let updated = |text| LifecycleEvent::StrikeUpdated { strike: strike(text) };
    let determined = |clock| LifecycleEvent::Determined { result: MarketResult::Yes, determined_time: at(clock) };
    let settled = |clock| LifecycleEvent::Settled { settled_time: at(clock) };
    assert_eq!(
        told,
        [
            (at("12:45:00.5"), M0900, updated("80077.29")),
            (at("13:00:00.5"), M0915, updated("80193.52")),
            (at("13:00:01"), M0900, determined("13:00:01")),
            (at("13:00:06.356"), M0900, settled("13:00:06.356")),
            (at("13:15:00.5"), M0930, updated("80285.68")),
            (at("13:15:01"), M0915, determined("13:15:01")),
            (at("13:15:06.978"), M0915, settled("13:15:06.978")),
        ]
    );
    let outcomes: Vec<_> = records
        .iter()
        .filter_map(|r| {
            if let RecordBody::Outcome(outcome) = &r.body { Some((r.exchange_time, outcome.clone())) } else { None }
        })
        .collect();
    let outcome = |market: &str, value: &str| Outcome {
        market: market.parse().unwrap(),
        result: MarketResult::Yes,
        expiration_value: value.parse().unwrap(),
    };
    assert_eq!(outcomes, [(at("13:00:01"), outcome(M0900, "80193.52")), (at("13:15:01"), outcome(M0915, "80285.68"))]);
}
