use super::*;
use recio_core::engine::{EventView, Role, StrikeView};
use recio_core::fact::{Environment, Fact, FactBody};
use recio_core::market::{Asset, BookSide, Family, Level, Quote, Side, Strike};
use recio_core::model::Fair;
use recio_core::trade::{Fill, Liquidity};
use recio_core::units::{Monotonic, Probability};
use serde_json::Value;

fn value<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

const NOON: &str = "2026-05-13T12:00:00Z";

fn at(seconds: i64) -> Now {
    let noon: Timestamp = value(NOON);
    let wall = Timestamp::from_second(noon.as_second() + seconds).unwrap();
    Now { wall, mono: Monotonic(seconds.unsigned_abs() * 1_000_000) }
}

/// A table of one event with two strikes: one that is near an entry, and one that is far from it.
fn table(event: &str, close_seconds: i64) -> Output {
    let chance = |value| Probability::new(value).unwrap();
    let mut view = EventView::new(
        value("none"),
        value("KXBTCD"),
        value(event),
        (Asset::Btc, Family::HourlyThreshold),
        at(0).wall,
        at(close_seconds).wall,
    );
    view.asset_price = Some(value("80100.00"));
    for (market, floor, probability, bid, ask) in
        [("NEAR", "80000.00", 0.96, "0.9300", "0.9500"), ("FAR", "80150.00", 0.40, "0.3900", "0.4100")]
    {
        let fair = Fair::Known { value: chance(probability), low: chance(probability), high: chance(probability) };
        let mut strike = StrikeView::new(value(market), Strike::Greater { floor: value(floor) }, fair);
        let level = |price: &str| Some(Level { price: value(price), quantity: value("10") });
        strike.quote = Some(Quote { bid: level(bid), ask: level(ask) });
        strike.volume = Some(value("5000"));
        view.strikes.push(strike);
    }
    Output { role: Role::Coordinator, wish: Wish::Publish(Arc::new(view)) }
}

fn fact(body: FactBody) -> Output {
    let fact = Fact {
        environment: Environment::Sim,
        account: value("main"),
        subaccount: 0,
        exchange_index: 2,
        run: value("run-1"),
        number: 1,
        strategy: None,
        time: at(0).wall,
        body,
    };
    Output { role: Role::TradeManager, wish: Wish::Record(Box::new(fact)) }
}

fn fill(id: &str, fee: &str) -> Output {
    let fill = Fill {
        id: value(id),
        order: value("o"),
        client_order_id: None,
        market: value("NEAR"),
        book_side: BookSide::Bid,
        yes_price: value("0.95"),
        quantity: value("2"),
        fee: value(fee),
        liquidity: Liquidity::Taker,
        exchange_time: at(0).wall,
    };
    fact(FactBody::Fill { fill, trade: None })
}

fn rules() -> BTreeMap<SeriesTicker, WatchRules> {
    let params = recio_core::strategies::HtcParams::default();
    BTreeMap::from([(value("KXBTCD"), WatchRules::from(&params))])
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

/// What the files hold after a run of these outputs.
fn after(outputs: &[(Now, Output)]) -> (tempfile::TempDir, [Option<Value>; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = Snapshots::start(folder.path(), rules()).unwrap();
    let mut observer = snapshots.observer(value("main"));
    for (now, output) in outputs {
        observer.wished(*now, output);
    }
    drop(snapshots);
    let files = [STRIKE_TABLE, WATCHLIST, ACCOUNT]
        .map(|file| folder.path().join(file).exists().then(|| read(folder.path(), file)));
    (folder, files)
}

#[test]
fn the_newest_state_is_there_at_the_end() {
    let outputs = [
        (at(0), fact(FactBody::AccountOpened { cash: value("100") })),
        (at(1), table("E1", 60)),
        (at(2), fill("f1", "0.01")),
        (at(3), table("E2", 3_600)),
    ];
    let (folder, [strikes, watched, account]) = after(&outputs);
    let (strikes, watched, account) = (strikes.unwrap(), watched.unwrap(), account.unwrap());
    assert_eq!(strikes["time"], "2026-05-13T12:00:03Z");
    let events: Vec<&Value> = strikes["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert_eq!(events, ["E1", "E2"]);
    let strike = &strikes["events"][0]["strikes"][0];
    assert_eq!((&strike["yes_ask"], &strike["no_ask"]), (&"0.9500".into(), &"0.0700".into()));
    assert_eq!(strikes["events"][0]["asset_price_dollars"], "80100.00");
    // One strike of each event is near enough.
    let near: Vec<&Value> = watched["strikes"].as_array().unwrap().iter().map(|strike| &strike["market"]).collect();
    assert_eq!(near, ["NEAR", "NEAR"]);
    assert_eq!(watched["strikes"][0]["side"], "yes");
    assert_eq!(watched["strikes"][0]["buffer_dollars"], 100.0);
    assert_eq!((&account["cash"], &account["fees"]), (&"98.090000".into(), &"0.010000".into()));
    assert_eq!(account["positions"][0]["position"], "2.00");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn an_event_that_closed_is_not_shown() {
    let (_, [strikes, ..]) = after(&[(at(0), table("E1", 60)), (at(61), table("E2", 3_600))]);
    let events = strikes.unwrap()["events"].as_array().unwrap().len();
    assert_eq!(events, 1);
}

#[test]
fn books_that_do_not_add_up_show_no_amount() {
    let (_, [_, _, account]) = after(&[
        (at(0), fact(FactBody::AccountOpened { cash: value("100") })),
        (at(1), fill("f1", "0.01")),
        (at(2), fill("f1", "0.02")),
    ]);
    let account = account.unwrap();
    assert_eq!((&account["cash"], &account["positions"]), (&Value::Null, &Value::Array(Vec::new())));
    assert!(account["problem"].as_str().unwrap().contains("f1"), "{account}");
}

#[test]
fn nothing_is_written_of_nothing() {
    let (_, files) = after(&[]);
    assert_eq!(files, [None, None, None]);
}

/// The observer's work does not wait for the disk: with a folder that is gone it goes on.
#[test]
fn a_folder_that_is_gone_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    let snapshots = Snapshots::start_at(&inside, rules(), Duration::ZERO).unwrap();
    let mut observer = snapshots.observer(value("main"));
    fs::remove_dir_all(&inside).unwrap();
    for second in 0..1_000 {
        observer.wished(at(second), &table("E1", 7_200));
    }
    // Once it is back, the newest state is written.
    fs::create_dir(&inside).unwrap();
    observer.wished(at(1_001), &table("E1", 7_200));
    drop(snapshots);
    assert_eq!(read(&inside, STRIKE_TABLE)["time"], "2026-05-13T12:16:41Z");
}

/// However often the state changes, a reader sees whole files alone.
#[test]
fn a_reader_never_sees_half_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = Snapshots::start_at(folder.path(), rules(), Duration::ZERO).unwrap();
    let mut observer = snapshots.observer(value("main"));
    let mut last = Value::Null;
    for second in 0..2_000 {
        observer.wished(at(second), &table("E1", 7_200));
        if let Ok(bytes) = fs::read(folder.path().join(STRIKE_TABLE)) {
            let read: Value = serde_json::from_slice(&bytes).unwrap();
            assert!(last.is_null() || read["time"].as_str() >= last["time"].as_str());
            last = read;
        }
    }
    drop(snapshots);
    assert_eq!(read(folder.path(), STRIKE_TABLE)["time"], "2026-05-13T12:33:19Z");
}

#[test]
fn a_side_is_watched_by_its_own_price() {
    let rules = &rules();
    let view = |probability: f64, bid: &str| {
        let Wish::Publish(table) = table("E", 60).wish else { panic!("a table is published") };
        let mut table = Arc::unwrap_or_clone(table);
        let chance = Probability::new(probability).unwrap();
        table.strikes.truncate(1);
        table.strikes[0].fair = Fair::Known { value: chance, low: chance, high: chance };
        let level = Level { price: value(bid), quantity: value("3") };
        table.strikes[0].quote = Some(Quote { bid: Some(level), ask: None });
        watchlist::snapshot(at(0).wall, std::iter::once(&table), rules).strikes
    };
    let near = view(0.05, "0.0600");
    assert_eq!(near.len(), 1);
    assert_eq!((near[0].side, near[0].price), (Side::No, value("0.94")));
    assert_eq!(near[0].buffer_dollars, Some(-100.0));
    // More than a contract may cost; not likely enough; nobody sells.
    assert!(view(0.01, "0.0100").is_empty());
    assert!(view(0.15, "0.2000").is_empty());
    assert!(view(0.95, "0.9000").is_empty());
}
