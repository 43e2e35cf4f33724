//! The archive: what goes in comes out, in every place a machine can stop, and nothing else.

use recio_core::engine::Health;
use recio_core::market::{Asset, BookSide, Family, Quote};
use recio_core::model::Bar;
use recio_core::price_feed::{PriceTick, Resolution, TimeRange};
use recio_core::store::{Store, StoredFact};
use recio_core::units::{AssetPrice, Money, Probability, Timestamp};
use recio_store::archive::rows::{
    Archived, BarRow, BookChange, BookRow, DecisionRow, FactRow, HealthRow, StrikeRow, Tick,
};
use recio_store::archive::{Archive, ArchiveError, Kind, Place, Retention, Stored, StoredHow};
use recio_store::contract::sample::{self, value};
use recio_store::{
    GENESIS, MemoryStore, Observation, ObservationKind, Observations, ObservedBar, ObservedFair, ObservedHealth,
    ObservedStrike, ObservedStrikeTable, ObservedTick, canonical, next_hash,
};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

const MIDNIGHT: &str = "2026-05-14T00:00:00Z";

/// A tick so many seconds after midnight.
fn tick(seconds: i64, cents: u64) -> Tick {
    let midnight: Timestamp = value(MIDNIGHT);
    Tick {
        asset: "BTC".to_owned(),
        source: "BRTI".to_owned(),
        exchange_time: Timestamp::from_second(midnight.as_second() + seconds).unwrap(),
        received_time: (seconds % 2 == 0).then_some(midnight),
        price: AssetPrice::from_cents(cents).unwrap(),
        trade_id: (seconds % 3 == 0).then_some(seconds.unsigned_abs()),
    }
}

fn ticks(seconds: std::ops::Range<i64>) -> Vec<Tick> {
    seconds.map(|second| tick(second, 9_000_000 + second.unsigned_abs())).collect()
}

fn store<R: Archived>(archive: &Archive, source: &str, rows: &[R]) -> Result<Vec<Stored>, ArchiveError> {
    let locked = archive.lock()?;
    let mut writer = locked.rows(source);
    rows.iter().try_for_each(|row| writer.add(row))?;
    writer.finish()
}

fn read<R: Archived>(archive: &Archive, place: &Place) -> Result<Vec<R>, ArchiveError> {
    archive.read(place)?.collect()
}

fn archive() -> (TempDir, Archive) {
    let directory = tempdir().unwrap();
    let archive = Archive::new(directory.path().join("archive"));
    (directory, archive)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn rows_are_filed_by_day_and_symbol_and_come_back() {
    let (_directory, archive) = archive();
    let mut rows = ticks(-5..7);
    rows.push(Tick { asset: "ETH".to_owned(), ..tick(3, 300_000) });
    let stored = store(&archive, "store-1", &rows).unwrap();
    let places: Vec<_> = stored.iter().map(|part| (part.place.to_string(), part.contents.rows, part.how)).collect();
    assert_eq!(
        places,
        [
            ("ticks of BTC on 2026-05-13 from store-1".to_owned(), 5, StoredHow::Added),
            ("ticks of BTC on 2026-05-14 from store-1".to_owned(), 7, StoredHow::Added),
            ("ticks of ETH on 2026-05-14 from store-1".to_owned(), 1, StoredHow::Added),
        ]
    );
    let day = archive.folder().join("ticks/symbol=BTC/date=2026-05-14");
    assert_eq!(files(&day), ["_store-1.json", "store-1.parquet"]);
    assert_eq!(read::<Tick>(&archive, &stored[0].place).unwrap(), rows[..5]);
    assert_eq!(read::<Tick>(&archive, &stored[1].place).unwrap(), rows[5..12]);
    let contents = archive.contents(&stored[1].place).unwrap().unwrap();
    assert_eq!((contents.from, contents.to), (rows[5].exchange_time, rows[11].exchange_time));
    assert_eq!(archive.parts().unwrap(), stored.into_iter().map(|part| part.place).collect::<Vec<_>>());
}

#[test]
fn every_kind_of_row_comes_back() {
    let (_directory, archive) = archive();
    fn there_and_back<R: Archived + PartialEq + std::fmt::Debug>(archive: &Archive, rows: &[R]) {
        let stored = store(archive, "s", rows).unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(read::<R>(archive, &stored[0].place).unwrap(), rows);
    }
    let price = |cents| AssetPrice::from_cents(cents).unwrap();
    let bar = BarRow {
        asset: "BTC".to_owned(),
        source: "coinbase".to_owned(),
        resolution: "second".to_owned(),
        start_time: value(MIDNIGHT),
        open: price(3),
        high: price(4),
        low: price(1),
        close: price(2),
    };
    there_and_back(&archive, &[bar]);
    let book = |number, change| BookRow {
        number,
        exchange_time: value(MIDNIGHT),
        received_time: None,
        series: value("KXBTCD"),
        market: value("KXBTCD-26MAY1320-T80000"),
        change,
    };
    there_and_back(
        &archive,
        &[
            book(1, BookChange::Clear),
            book(1, BookChange::Level { side: BookSide::Bid, price: value("0.5600"), quantity: value("2.05") }),
            book(2, BookChange::Change { side: BookSide::Ask, price: value("1"), change: value("-0.01") }),
        ],
    );
    let stored = StoredFact { sequence: 9, hash: [0; 32], fact: sample::decision(7) };
    let strikes = DecisionRow::of(&stored);
    assert_eq!(
        strikes.iter().map(|row| row.verdict.as_str()).collect::<Vec<_>>(),
        ["entered", "refused", "skipped", "silent"]
    );
    there_and_back(&archive, &strikes);
}

/// What was archived of a store proves itself: the hashes are those of the chain.
#[tokio::test]
async fn facts_come_back_with_their_chain() {
    let (_directory, archive) = archive();
    let facts = MemoryStore::new();
    facts
        .append(&[
            sample::account_opened(Money::dollars(100)),
            sample::intent("c-1", 1),
            sample::filled(sample::fill("o-1", "f-1", "M", BookSide::Bid, "0.5", "1")),
            sample::decision(3),
        ])
        .await
        .unwrap();
    let stored = facts.facts(0, 100).await.unwrap();
    let rows: Vec<FactRow> = stored.iter().map(|fact| FactRow::of(fact).unwrap()).collect();
    let parts = store(&archive, "store", &rows).unwrap();
    assert_eq!(parts[0].place.symbol, "sim-main");
    let mut hash = GENESIS;
    for (row, expected) in read::<FactRow>(&archive, &parts[0].place).unwrap().iter().zip(&stored) {
        let back = row.to_stored().unwrap();
        assert_eq!(&back, expected);
        hash = next_hash(&hash, &canonical(&back.fact).unwrap());
        assert_eq!(hash, back.hash);
    }
}

/// Facts of two days and two accounts, and the first of a third day that is left out.
async fn archived_facts(archive: &Archive) -> (Vec<FactRow>, Vec<Place>) {
    let facts = MemoryStore::new();
    for number in 0..12_i64 {
        let mut fact = sample::cash_moved(number.unsigned_abs(), Money::dollars(1));
        fact.time = sample::time(number * 4 * 3_600_000);
        if number % 3 == 0 {
            fact.account = value("second");
        }
        facts.append(&[fact]).await.unwrap();
    }
    let rows: Vec<_> = facts.facts(0, 100).await.unwrap().iter().map(|fact| FactRow::of(fact).unwrap()).collect();
    let parts = store(archive, "store", &rows).unwrap().into_iter().map(|part| part.place).collect();
    (rows, parts)
}

#[tokio::test]
async fn archived_facts_are_one_chain_across_parts() {
    let (_directory, archive) = archive();
    let (rows, parts) = archived_facts(&archive).await;
    assert!(parts.len() > 4, "{parts:?}");
    let [chain] = &archive.check_facts(&parts)[..] else { panic!() };
    assert_eq!((chain.facts, hex::encode(chain.last.unwrap().1)), (12, rows[11].hash.clone()));
    assert!(chain.problems.is_empty() && chain.missing.is_empty(), "{chain:?}");
    // What is not looked at is missing, and makes nothing wrong of the rest.
    let [chain] = &archive.check_facts(&parts[1..])[..] else { panic!() };
    assert!(chain.problems.is_empty() && !chain.missing.is_empty(), "{chain:?}");
    let missing: u64 = chain.missing.iter().map(|stretch| stretch.end() - stretch.start() + 1).sum();
    assert_eq!(chain.facts + missing, 12, "the last one is there");
}

#[tokio::test]
async fn an_archived_fact_that_is_not_what_its_hash_says_is_named() {
    type Change = fn(&mut FactRow);
    let changes: [(Change, &str); 4] = [
        (
            |row| row.body = row.body.replace("1.000000", "2.000000"),
            "fact 6 is not what its hash and the fact before say",
        ),
        (|row| row.hash = row.hash.replace(|_| true, "0"), "fact 6 is not what its hash and the fact before say"),
        (|row| row.run = "another".to_owned(), "the columns of fact 6 do not say what it says"),
        (|row| row.sequence = 7, "with different hashes"),
    ];
    for (change, what) in changes {
        let (_directory, archive) = archive();
        let (mut rows, parts) = archived_facts(&archive).await;
        let changed = Archive::new(archive.folder().with_file_name("changed"));
        change(&mut rows[5]);
        // The file and its manifest are sound: somebody archived something else than the store had.
        store(&changed, "store", &rows).unwrap();
        assert!(changed.check().unwrap().iter().all(|checked| checked.found.is_ok()));
        let [chain] = &changed.check_facts(&parts)[..] else { panic!() };
        let told: Vec<String> = chain.problems.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|told| told.contains(what)), "{what}: {told:?}");
    }
}

#[test]
fn a_second_time_changes_nothing_and_more_takes_the_place() {
    let (_directory, archive) = archive();
    let first = store(&archive, "s", &ticks(0..10)).unwrap();
    let again = store(&archive, "s", &ticks(0..10)).unwrap();
    assert_eq!((again[0].how, &again[0].contents), (StoredHow::Unchanged, &first[0].contents));
    let more = store(&archive, "s", &ticks(0..20)).unwrap();
    assert_eq!(more[0].how, StoredHow::Replaced);
    assert_eq!(read::<Tick>(&archive, &more[0].place).unwrap(), ticks(0..20));
    // Another source of the same day is a part of its own.
    store(&archive, "t", &ticks(0..3)).unwrap();
    assert_eq!(archive.parts().unwrap().len(), 2);
}

#[test]
fn what_would_lose_rows_is_refused() {
    let (_directory, archive) = archive();
    let stored = store(&archive, "s", &ticks(0..10)).unwrap();
    for fewer in [ticks(0..9), ticks(1..11), ticks(0..9).into_iter().chain(ticks(0..3)).collect()] {
        let error = store(&archive, "s", &fewer).unwrap_err();
        assert!(matches!(error, ArchiveError::Shrinks { .. }), "{error}");
        assert!(error.to_string().contains("s.parquet"), "{error}");
    }
    assert_eq!(read::<Tick>(&archive, &stored[0].place).unwrap(), ticks(0..10));
    assert_eq!(files(&archive.folder().join("ticks/symbol=BTC/date=2026-05-14")), ["_s.json", "s.parquet"]);
}

/// Whenever the machine stops between two steps of putting a part in its place, a whole part is there, and the next try brings the new one.
#[test]
fn an_interrupted_writer_leaves_the_old_part_or_the_new_one() {
    let (_directory, archive) = archive();
    let place = store(&archive, "s", &ticks(0..10)).unwrap().remove(0).place;
    let (file, manifest) = (place.file(archive.folder()), place.manifest(archive.folder()));
    let old = (fs::read(&file).unwrap(), fs::read(&manifest).unwrap());
    store(&archive, "s", &ticks(0..20)).unwrap();
    let new_manifest = fs::read(&manifest).unwrap();

    // Stopped between the manifest and the file.
    fs::write(&file, &old.0).unwrap();
    fs::write(file.with_file_name(".s.parquet.tmp"), b"PAR1 half a fi").unwrap();
    assert_eq!(read::<Tick>(&archive, &place).unwrap(), ticks(0..10));
    assert!(archive.check().unwrap().iter().all(|checked| checked.found.is_ok()));
    // Whoever tells less than either is refused; the same as the old one puts the manifest right.
    assert!(matches!(store(&archive, "s", &ticks(0..5)), Err(ArchiveError::Shrinks { .. })));
    store(&archive, "s", &ticks(0..10)).unwrap();
    assert_eq!(archive.contents(&place).unwrap().unwrap().rows, 10);
    store(&archive, "s", &ticks(0..20)).unwrap();
    assert_eq!(read::<Tick>(&archive, &place).unwrap(), ticks(0..20));

    // Stopped before there was ever a file.
    fs::remove_file(&file).unwrap();
    fs::write(&manifest, new_manifest).unwrap();
    assert_eq!(archive.contents(&place).unwrap(), None);
    assert_eq!(store(&archive, "s", &ticks(0..10)).unwrap()[0].how, StoredHow::Added);
    assert_eq!(read::<Tick>(&archive, &place).unwrap(), ticks(0..10));
}

#[test]
fn a_writer_that_gives_up_leaves_nothing() {
    let (_directory, archive) = archive();
    let locked = archive.lock().unwrap();
    let mut writer = locked.rows::<Tick>("s");
    ticks(0..10).iter().for_each(|row| writer.add(row).unwrap());
    drop(writer);
    assert_eq!(archive.parts().unwrap(), []);
    assert!(files(&archive.folder().join("ticks/symbol=BTC/date=2026-05-14")).is_empty());
}

#[test]
fn one_writer_at_a_time() {
    let (_directory, archive) = archive();
    let held = archive.lock().unwrap();
    assert!(matches!(archive.lock(), Err(ArchiveError::Busy { .. })));
    drop(held);
    archive.lock().unwrap();
}

/// A changed byte is found wherever it is, and named with its file.
#[test]
fn a_damaged_part_is_refused() {
    let (_directory, archive) = archive();
    let place = store(&archive, "s", &ticks(0..300)).unwrap().remove(0).place;
    let file = place.file(archive.folder());
    let sound = fs::read(&file).unwrap();
    for at in (0..sound.len()).step_by(97).chain([sound.len() - 1]) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x40;
        fs::write(&file, &damaged).unwrap();
        let error = archive.read::<Tick>(&place).unwrap_err();
        assert!(matches!(error, ArchiveError::Corrupt { .. }), "byte {at}: {error}");
        assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
        assert!(store(&archive, "s", &ticks(0..300)).is_err(), "byte {at}");
    }
    fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    let checked = archive.check().unwrap();
    assert_eq!(checked.len(), 1);
    assert!(checked[0].found.is_err());
    fs::write(&file, &sound).unwrap();
    assert_eq!(read::<Tick>(&archive, &place).unwrap().len(), 300);
}

#[test]
fn foreign_files_and_manifests_are_named() {
    let (_directory, archive) = archive();
    let place = store(&archive, "s", &ticks(0..10)).unwrap().remove(0).place;
    let (file, manifest) = (place.file(archive.folder()), place.manifest(archive.folder()));
    let sound = fs::read_to_string(&manifest).unwrap();
    let wrong = |text: &str| {
        fs::write(&manifest, text).unwrap();
        archive.contents(&place).unwrap_err().to_string()
    };
    assert!(wrong("{").contains("it is no manifest"));
    assert!(wrong("{}").ends_with(
        "it names no format; put a sound copy in its place, or remove both files and archive the day again"
    ));
    assert!(
        wrong(&sound.replace("\"format\": 1", "\"format\": 2"))
            .ends_with("its format is 2, this recio reads 1: use a newer recio")
    );
    assert!(wrong(&sound.replace("\"BTC\"", "\"ETH\"")).contains("it is the manifest of ticks of ETH"));
    assert!(wrong(&sound.replace("\"format\"", "\"extra\": 1, \"format\"")).contains("unknown field `extra`"));
    fs::write(&manifest, &sound).unwrap();
    fs::copy(&file, file.with_file_name("stray.parquet")).unwrap();
    let problems: Vec<String> =
        archive.check().unwrap().into_iter().filter_map(|checked| Some(checked.found.err()?.to_string())).collect();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("stray.parquet: it has no manifest"), "{problems:?}");
}

#[test]
fn a_copied_file_is_the_file() {
    let (directory, archive) = archive();
    let original = directory.path().join("x.rec");
    fs::write(&original, b"RECIOREC and more").unwrap();
    let place = Place {
        kind: Kind::Recordings,
        symbol: "KXBTCD".to_owned(),
        date: value("2026-05-14"),
        source: "x".to_owned(),
    };
    let times = (value(MIDNIGHT), value("2026-05-14T01:00:00Z"));
    let stored = archive.lock().unwrap().copy(&place, &original, 9, times).unwrap();
    assert_eq!((stored.how, stored.contents.rows, stored.contents.bytes), (StoredHow::Added, 9, 17));
    assert_eq!(fs::read(place.file(archive.folder())).unwrap(), fs::read(&original).unwrap());
    assert_eq!(archive.lock().unwrap().copy(&place, &original, 9, times).unwrap().how, StoredHow::Unchanged);
    let missing = archive.lock().unwrap().copy(&place, &directory.path().join("none"), 9, times).unwrap_err();
    assert!(missing.to_string().contains("none: cannot be read"), "{missing}");
}

#[test]
fn retention_removes_what_is_old_known_and_sound() {
    let (_directory, archive) = archive();
    let day = |days: i64| ticks(days * 86_400..days * 86_400 + 5);
    for days in 0..5 {
        store(&archive, "s", &day(days)).unwrap();
    }
    let bar = BarRow {
        asset: "BTC".to_owned(),
        source: "BRTI".to_owned(),
        resolution: "minute".to_owned(),
        start_time: value(MIDNIGHT),
        open: AssetPrice::from_cents(1).unwrap(),
        high: AssetPrice::from_cents(1).unwrap(),
        low: AssetPrice::from_cents(1).unwrap(),
        close: AssetPrice::from_cents(1).unwrap(),
    };
    store(&archive, "s", &[bar]).unwrap();
    let today = value("2026-05-18");
    let dates = |plan: &recio_store::archive::RetentionPlan| {
        plan.expired.iter().map(|part| part.place.date.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(archive.plan(&Retention::default(), today).unwrap().expired, []);
    let rules = Retention { ticks_days: Some(2), ..Retention::default() };
    // The 16th and the 17th stay, and the day that is not over.
    assert_eq!(dates(&archive.plan(&rules, today).unwrap()), ["2026-05-14", "2026-05-15"]);
    assert_eq!(archive.parts().unwrap().len(), 6);

    // One that is not what its manifest says stays, and so does one that no manifest knows.
    let damaged = archive.parts().unwrap().into_iter().find(|place| place.kind == Kind::Ticks).unwrap();
    fs::write(damaged.file(archive.folder()), b"PAR1").unwrap();
    let stray = damaged.file(archive.folder()).with_file_name("stray.parquet");
    fs::write(&stray, b"PAR1").unwrap();
    let done = archive.lock().unwrap().retain(&rules, today).unwrap();
    assert_eq!(dates(&done), ["2026-05-15"]);
    assert_eq!(done.refused.len(), 1);
    assert!(damaged.file(archive.folder()).exists() && stray.exists());
    assert!(!archive.folder().join("ticks/symbol=BTC/date=2026-05-15").exists());
    assert_eq!(archive.parts().unwrap().len(), 5);
    // Made again it finds nothing more.
    assert_eq!(archive.lock().unwrap().retain(&rules, today).unwrap().expired, []);
}

#[tokio::test]
async fn facts_are_never_removed() {
    let (_directory, archive) = archive();
    let facts = MemoryStore::new();
    facts.append(&[sample::account_opened(Money::dollars(1))]).await.unwrap();
    let row = FactRow::of(&facts.facts(0, 1).await.unwrap()[0]).unwrap();
    store(&archive, "s", &[row]).unwrap();
    let day = Some(0);
    let rules = Retention {
        ticks_days: day,
        bars_days: day,
        strike_tables_days: day,
        health_days: day,
        books_days: day,
        decisions_days: day,
        recordings_days: day,
    };
    assert_eq!(archive.lock().unwrap().retain(&rules, value("2099-01-01")).unwrap().expired, []);
    assert_eq!(archive.parts().unwrap().len(), 1);
}

/// More than a page of ticks, many of one moment: every one is archived once.
#[tokio::test]
async fn observed_prices_are_archived_by_the_page() {
    let (_directory, archive) = archive();
    let midnight: Timestamp = value(MIDNIGHT);
    let moment = |micros: i64| Timestamp::from_microsecond(midnight.as_microsecond() + micros).unwrap();
    let observed = |number: u64, micros: i64| ObservedTick {
        asset: Asset::Btc,
        source: "BRTI".to_owned(),
        tick: PriceTick { price: AssetPrice::from_cents(number + 1).unwrap(), exchange_time: moment(micros) },
        received_time: moment(micros),
    };
    // 12,000 of one moment around the page's end, and as many of moments of their own.
    let mut ticks: Vec<ObservedTick> =
        (0..9_000).map(|number| observed(number, i64::try_from(number).unwrap())).collect();
    ticks.extend((9_000..21_000).map(|number| observed(number, 9_000)));
    ticks.extend((21_000..24_000).map(|number| observed(number, i64::try_from(number).unwrap())));
    let store = MemoryStore::new();
    store.observe(&ticks.iter().cloned().map(Observation::Tick).collect::<Vec<_>>()).await.unwrap();
    let bars: Vec<Observation> = (0..10_050)
        .map(|second| {
            let price = AssetPrice::from_cents(5).unwrap();
            let bar = Bar { start: moment(second * 1_000_000), open: price, high: price, low: price, close: price };
            let (asset, source) = (Asset::Btc, "BRTI".to_owned());
            Observation::Bar(ObservedBar { asset, source, resolution: Resolution::Second, bar })
        })
        .collect();
    store.observe(&bars).await.unwrap();

    let health = |minute: i64| {
        Observation::Health(ObservedHealth {
            service: "trade_manager".to_owned(),
            instance: "sim:main".to_owned(),
            time: moment(minute * 60_000_000),
            health: Health::Degraded,
            detail: "the store does not write".to_owned(),
        })
    };
    // A hundred days later there is more: it is archived as well.
    store.observe(&[health(1), health(100 * 24 * 60)]).await.unwrap();
    store.observe(&strike_tables(moment)).await.unwrap();

    let range = TimeRange { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
    let locked = archive.lock().unwrap();
    let stored = locked.observations("store-1", &store, range).await.unwrap();
    let parts: Vec<_> = stored.iter().map(|stored| (stored.place.to_string(), stored.contents.rows)).collect();
    assert_eq!(parts.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [24_000, 10_050, 3, 1, 1], "{parts:?}");
    assert_eq!(stored[2].place.symbol, "KXBTCD");
    let strikes: Vec<StrikeRow> = read(&archive, &stored[2].place).unwrap();
    assert_eq!(
        strikes.iter().map(|row| (row.line, row.market.is_some())).collect::<Vec<_>>(),
        [(0, false), (1, true), (2, true)]
    );
    assert_eq!((strikes[1].trading, strikes[1].quoted, strikes[2].model), (true, true, Some(0.25)));
    let health: Vec<HealthRow> = read(&archive, &stored[3].place).unwrap();
    assert_eq!((health[0].health.as_str(), health[0].detail.as_str()), ("degraded", "the store does not write"));
    // Archived again it is the same, and what the store forgets stays.
    let again = locked.observations("store-1", &store, range).await.unwrap();
    assert!(again.iter().all(|stored| stored.how == StoredHow::Unchanged), "{again:?}");
    for kind in ObservationKind::ALL {
        store.forget_before(kind, Timestamp::MAX).await.unwrap();
    }
    assert!(locked.observations("store-1", &store, range).await.unwrap().is_empty());
    assert_eq!(archive.parts().unwrap().len(), 5);
    let mut read: Vec<Tick> = read(&archive, &stored[0].place).unwrap();
    let mut expected: Vec<Tick> = ticks.iter().map(Tick::from).collect();
    read.sort_by_key(|tick| (tick.exchange_time, tick.price));
    expected.sort_by_key(|tick| (tick.exchange_time, tick.price));
    assert_eq!(read, expected);
}

/// Two tables of one event: one without strikes, one with two.
fn strike_tables(moment: impl Fn(i64) -> Timestamp) -> [Observation; 2] {
    let chance = Probability::new(0.25).unwrap();
    let strike = |market: &str| ObservedStrike {
        market: value(market),
        strike: None,
        trading: true,
        quote: Some(Quote { bid: None, ask: None }),
        volume: None,
        fair: ObservedFair::Known { value: chance, low: chance, high: chance },
    };
    [(1, Vec::new()), (2, vec![strike("A"), strike("B")])].map(|(second, strikes)| {
        Observation::StrikeTable(ObservedStrikeTable {
            event: value("E"),
            time: moment(second * 1_000_000),
            series: value("KXBTCD"),
            asset: Asset::Btc,
            family: Family::HourlyThreshold,
            close_time: moment(3_600_000_000),
            asset_price: None,
            momentum: None,
            volatility: None,
            strikes,
        })
    })
}
