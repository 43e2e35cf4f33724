use super::super::{Boundary, Record, RecordBody, Recording, WriteError};
use super::*;
use recio_core::market::{
    Asset, BookDelta, BookSide, BookSnapshot, Level, LifecycleEvent, Market, MarketResult, MarketStatus, PriceGrid,
    Quote, StrikeTerms, TickerUpdate,
};
use recio_core::market_data::{ExchangeStatus, MarketEvent};
use recio_core::price_feed::{FeedAbout, PriceEvent, PriceKind, PriceTick};
use recio_core::units::{MarketTicker, Price, Quantity, QuantityChange, Timestamp};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const A: &str = "KXBTC15M-26MAY130915-15";

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_778_677_200_000 + millis).unwrap()
}

fn name(text: &str) -> MarketTicker {
    text.parse().unwrap()
}

fn options(folder: &Path) -> RecorderOptions {
    RecorderOptions::new(folder, "test", "made up for a test")
}

fn body(ticker: &str) -> Market {
    Market {
        ticker: name(ticker),
        event: "KXBTC15M-26MAY130915".parse().unwrap(),
        series: "KXBTC15M".parse().unwrap(),
        strike: StrikeTerms::ToBeAnnounced,
        open_time: at(0),
        close_time: at(900_000),
        status: MarketStatus::Active,
        grid: PriceGrid::tapered_deci_cent(),
        exchange_index: 2,
        settlement_timer: Duration::from_secs(1),
        result: None,
        expiration_value: None,
    }
}

fn snapshot(ticker: &str) -> MarketEvent {
    let level = |cents, contracts| Level { price: Price::cents(cents), quantity: Quantity::contracts(contracts) };
    MarketEvent::Snapshot {
        market: name(ticker),
        book: BookSnapshot { bids: vec![level(40, 5)], asks: vec![level(60, 7)] },
    }
}

fn delta(ticker: &str, contracts: i64, time: Timestamp) -> MarketEvent {
    let change = QuantityChange::from_hundredths(contracts * 100).unwrap();
    let delta = BookDelta { side: BookSide::Bid, price: Price::cents(40), change };
    MarketEvent::Delta { market: name(ticker), delta, exchange_time: Some(time) }
}

fn ticker(time: Timestamp) -> MarketEvent {
    MarketEvent::Ticker(TickerUpdate {
        market: name(A),
        quote: Quote::default(),
        last_price: None,
        volume: Quantity::contracts(3),
        open_interest: Quantity::ZERO,
        exchange_time: time,
    })
}

fn index() -> FeedAbout {
    FeedAbout { source: "BRTI".to_owned(), asset: Asset::Btc, kind: PriceKind::Index }
}

fn tick(cents: u64, time: Timestamp) -> PriceEvent {
    PriceEvent::Tick(PriceTick {
        price: recio_core::units::AssetPrice::from_cents(cents).unwrap(),
        exchange_time: time,
    })
}

fn begin(folder: &Path) -> Recorder {
    let (mut recorder, left) = Recorder::create(options(folder), at(0)).unwrap();
    assert_eq!(left, []);
    recorder.listed(&body(A), at(0)).unwrap();
    recorder.following(&[name(A)], at(0)).unwrap();
    recorder
}

fn records(recording: &Path) -> Vec<Record> {
    Recording::open(recording).unwrap().records().unwrap().map(Result::unwrap).collect()
}

/// One line a record, without the marks of the session.
fn trace(recording: &Path) -> Vec<String> {
    let line = |record: &Record| {
        let after = record.exchange_time.duration_since(at(0)).as_micros();
        let what = match &record.body {
            RecordBody::Boundary(_) => return None,
            RecordBody::Gap(gap) => format!("gap of {} {}", gap.stream, gap.why),
            RecordBody::Market(body) => format!("market {}", body.ticker),
            RecordBody::Lifecycle { event, .. } => format!("{event:?}"),
            RecordBody::Outcome(outcome) => format!("outcome {}", outcome.expiration_value),
            RecordBody::BookSnapshot { bids, .. } => format!("book {}", bids[0].quantity),
            RecordBody::BookDelta { change, .. } => format!("change {change}"),
            RecordBody::Ticker(_) => "ticker".to_owned(),
            RecordBody::SpotTrade { source, price, .. } => format!("{source} {price}"),
            RecordBody::IndexPrint { index, price } => format!("{index} {price}"),
            RecordBody::Trade(_) => "trade".to_owned(),
            RecordBody::Exchange(status) => format!("exchange trades: {}", status.trading_active),
        };
        Some(format!("{after} {what}"))
    };
    records(recording).iter().filter_map(line).collect()
}

#[test]
fn what_is_heard_stands_in_the_exchanges_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = begin(folder.path());
    recorder.market(&snapshot(A), at(90)).unwrap();
    // The recorder's clock is half a second ahead: the snapshot was not later than the change behind it.
    recorder.market(&delta(A, 2, Timestamp::from_microsecond(at(50).as_microsecond() + 7).unwrap()), at(600)).unwrap();
    // In whole milliseconds, and after that change.
    recorder.market(&ticker(at(50)), at(601)).unwrap();
    recorder.price(&index(), &tick(8_000_000, at(20)), at(602)).unwrap();
    // A change that is told with an earlier time came later all the same.
    recorder.market(&delta(A, -1, at(49)), at(603)).unwrap();
    let status = ExchangeStatus { exchange_active: true, trading_active: false };
    recorder.market(&MarketEvent::Exchange(status), at(604)).unwrap();
    recorder.market(&MarketEvent::Exchange(status), at(605)).unwrap();
    let determined = LifecycleEvent::Determined { result: MarketResult::Yes, determined_time: at(700) };
    recorder.market(&MarketEvent::Lifecycle { market: name(A), event: determined }, at(701)).unwrap();
    let value = Some("80001.50".parse().unwrap());
    let ended = Market {
        status: MarketStatus::Determined,
        result: Some(MarketResult::Yes),
        expiration_value: value,
        ..body(A)
    };
    recorder.listed(&ended, at(750)).unwrap();
    recorder.listed(&ended, at(760)).unwrap();
    let sealed = recorder.finish(at(800)).unwrap();
    let [sealed] = sealed.as_slice() else { panic!("{sealed:?}") };
    assert_eq!(
        trace(&sealed.recording),
        [
            "0 gap of 3 its snapshot has not come yet",
            "0 market KXBTC15M-26MAY130915-15",
            "20000 BRTI 80000.00",
            "50007 book 5.00",
            "50007 change 200",
            "50007 ticker",
            "50007 change -100",
            "604000 exchange trades: false",
            "701000 Determined { result: Yes, determined_time: 2026-05-13T13:00:00.7Z }",
            "701000 outcome 80001.50",
        ]
    );
    let header = Recording::open(&sealed.recording).unwrap().header().clone();
    assert_eq!((header.session_from, header.to), (at(0), at(800)));
    assert_eq!(records(&sealed.recording).last().unwrap().body, RecordBody::Boundary(Boundary::SessionEnds));
    assert_eq!(header.stand_ins().count(), 0, "the index itself stands in for nothing");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["test_20260513T130000Z.rec"], "nothing else is left");
}

#[test]
fn every_hole_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = begin(folder.path());
    let lost = || "lost".to_owned();
    recorder.market(&snapshot(A), at(10)).unwrap();
    recorder
        .market(&MarketEvent::Void { markets: vec![name(A)], reason: "frames 3 to 4 are missing".to_owned() }, at(20))
        .unwrap();
    // Nobody knows what this changes.
    recorder.market(&delta(A, 1, at(25)), at(25)).unwrap();
    recorder.market(&snapshot(A), at(30)).unwrap();
    recorder.market(&MarketEvent::Disconnected { reason: lost() }, at(40)).unwrap();
    recorder.price(&index(), &tick(8_000_000, at(35)), at(40)).unwrap();
    recorder.price(&index(), &PriceEvent::Disconnected { reason: lost() }, at(45)).unwrap();
    recorder.market(&MarketEvent::Connected, at(50)).unwrap();
    recorder.market(&MarketEvent::Unreadable { reason: "ticker: not JSON".to_owned() }, at(55)).unwrap();
    // More goes than there was: the book is not known from here on.
    recorder.market(&snapshot(A), at(60)).unwrap();
    recorder.market(&delta(A, -9, at(70)), at(70)).unwrap();
    recorder.price(&index(), &tick(8_000_100, at(71)), at(72)).unwrap();
    let sealed = recorder.finish(at(100)).unwrap().remove(0);
    let gaps: Vec<_> = sealed
        .gaps
        .iter()
        .map(|gap| {
            let after = |time: Timestamp| time.duration_since(at(0)).as_millis();
            (gap.stream.0, after(gap.from), after(gap.to), gap.why.chars().take(9).collect::<String>())
        })
        .collect();
    let gap = |stream, from, to, why: &str| (stream, from, to, why.chars().take(9).collect::<String>());
    assert_eq!(
        gaps,
        [
            gap(3, 0, 10, "its snapshot has not come yet"),
            gap(3, 20, 30, "frames 3 to 4"),
            gap(6, 35, 71, "lost"),
            gap(1, 40, 50, "lost"),
            gap(3, 40, 60, "lost"),
            gap(4, 40, 50, "lost"),
            gap(5, 40, 50, "lost"),
            gap(0, 55, 55, "ticker: not JSON"),
            gap(3, 70, 100, "bid at 0.4000"),
        ]
    );
    assert_eq!(trace(&sealed.recording).iter().filter(|line| line.contains("change")).count(), 0);
}

fn cut_copy(folder: &Path, bytes: &[u8], name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// A live file of three blocks, as a killed recorder leaves it.
fn killed(folder: &Path) -> Vec<u8> {
    let mut recorder = begin(folder);
    recorder.market(&snapshot(A), at(10)).unwrap();
    recorder.turn(at(20)).unwrap();
    recorder.market(&delta(A, 1, at(30)), at(30)).unwrap();
    recorder.turn(at(40)).unwrap();
    recorder.market(&delta(A, 2, at(50)), at(50)).unwrap();
    let path = recorder.status().file;
    // What was not handed to the system goes with the process; forgotten, so that no destructor helps.
    std::mem::forget(recorder);
    fs::read(path).unwrap()
}

#[test]
fn a_killed_recorder_leaves_what_it_wrote_and_says_so() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bytes = killed(folder.path());
    let whole = inspect(&cut_copy(other.path(), &bytes, "whole.live")).unwrap();
    assert_eq!(whole.records, 3, "body, snapshot, one change");
    assert_eq!(whole.state, LiveState::CutOff { at_byte: bytes.len() as u64, unusable_bytes: 0, damaged: false });
    let mut seen = std::collections::BTreeSet::new();
    for length in 0..=bytes.len() {
        let path = cut_copy(other.path(), &bytes[..length], "cut.live");
        let summary = inspect(&path).unwrap();
        let LiveState::CutOff { at_byte, unusable_bytes, damaged } = summary.state else { panic!("{length}") };
        assert!(!damaged && at_byte + unusable_bytes == length as u64, "{length}");
        seen.insert(summary.records);
        let sealed = seal(&path, at(90_000)).unwrap();
        assert!(!path.exists());
        let last = sealed.gaps.last().unwrap();
        assert!(last.why.contains("cut off"), "{last:?}");
        let kept = Recording::open(&sealed.recording).unwrap();
        assert!(kept.header().notes.iter().any(|note| note.contains("cut off")));
        kept.verify().unwrap();
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 2, 3]);
}

#[test]
fn damage_is_told_and_the_damaged_file_kept() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bytes = killed(folder.path());
    for place in 10..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x20;
        let path = cut_copy(other.path(), &damaged, "damaged.live");
        let summary = inspect(&path).unwrap();
        let LiveState::CutOff { at_byte, unusable_bytes, .. } = summary.state else { panic!("{place}") };
        assert!(unusable_bytes > 0 && at_byte <= place as u64 && summary.records < 3, "byte {place}: {summary:?}");
    }
    let mut damaged = bytes;
    let middle = damaged.len() - 5;
    damaged[middle] ^= 1;
    let path = cut_copy(other.path(), &damaged, "damaged.live");
    let sealed = seal(&path, at(90_000)).unwrap();
    assert!(matches!(sealed.state, LiveState::CutOff { damaged: true, .. }));
    assert!(other.path().join("damaged.damaged").exists() && !path.exists());
    let not = cut_copy(other.path(), b"RECIORECxxxxxxxx", "not.live");
    assert!(inspect(&not).unwrap_err().to_string().contains("no live file"));
}

#[test]
fn the_next_recorder_seals_what_was_left_and_leaves_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = killed(folder.path());
    // The forgotten recorder holds its lock as a live one would: its file is left alone.
    let (running, left) = Recorder::create(options(folder.path()), at(60_000)).unwrap();
    assert_eq!(left, []);
    assert!(matches!(seal(&running.status().file, at(0)), Err(RecorderError::InUse { .. })));
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("test_20260513T130000Z.live"), bytes).unwrap();
    let (recorder, left) = Recorder::create(options(other.path()), at(60_000)).unwrap();
    let [sealed] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!(sealed.gaps.last().unwrap().to, at(60_000), "nothing was recorded until the next recorder began");
    assert_eq!(trace(&sealed.recording).iter().filter(|line| line.contains("change")).count(), 1);
    drop(recorder);
}

#[test]
fn each_file_of_a_rotation_stands_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let rotating = RecorderOptions { rotate_every: Duration::from_secs(60), ..options(folder.path()) };
    let (mut recorder, _) = Recorder::create(rotating, at(0)).unwrap();
    recorder.listed(&body(A), at(0)).unwrap();
    recorder.following(&[name(A)], at(0)).unwrap();
    recorder.market(&snapshot(A), at(10)).unwrap();
    recorder.market(&delta(A, 4, at(20)), at(20)).unwrap();
    recorder.price(&index(), &tick(8_000_000, at(500)), at(500)).unwrap();
    let strike = StrikeTerms::Known(recio_core::market::Strike::Greater { floor: "80000".parse().unwrap() });
    let event = LifecycleEvent::StrikeUpdated { strike: strike.clone() };
    recorder.market(&MarketEvent::Lifecycle { market: name(A), event }, at(700)).unwrap();
    recorder.turn(at(60_000)).unwrap();
    recorder.market(&delta(A, -9, at(60_100)), at(60_100)).unwrap();
    let sealed = recorder.finish(at(61_000)).unwrap();
    let [_, second] = sealed.as_slice() else { panic!("{sealed:?}") };
    assert_eq!(
        trace(&second.recording),
        [
            "500000 BRTI 80000.00",
            "60000000 market KXBTC15M-26MAY130915-15",
            "60000000 book 9.00",
            "60100000 change -900"
        ]
    );
    let strike_of = |record: Record| if let RecordBody::Market(body) = record.body { Some(body.strike) } else { None };
    let told = records(&second.recording).into_iter().find_map(strike_of);
    assert_eq!(told, Some(strike), "as it was announced since");
    assert_eq!(second.gaps, []);
}

#[test]
fn what_cannot_be_recorded_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let odd = RecorderOptions { name: "../x".to_owned(), ..options(folder.path()) };
    assert!(Recorder::create(odd, at(0)).unwrap_err().to_string().contains("letters, digits"));
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(Recorder::create(options(&file), at(0)), Err(RecorderError::Io { .. })));
    // A recording that cannot be written leaves the live file.
    let recorder = begin(folder.path());
    let live = recorder.status().file;
    fs::create_dir(live.with_extension("rec")).unwrap();
    assert!(matches!(recorder.finish(at(10)), Err(RecorderError::Write(WriteError::Write { .. }))));
    assert!(live.exists());
}
