//! The contract of whoever keeps observations.

use super::sample::{time, value};
use crate::observations::{
    Observation, ObservationKind, Observations, ObservedBar, ObservedFair, ObservedHealth, ObservedSources,
    ObservedStrike, ObservedStrikeTable, ObservedTick,
};
use recio_core::engine::Health;
use recio_core::market::{Asset, Family, Level, Quote, Strike};
use recio_core::model::Bar;
use recio_core::price_feed::{PriceTick, Resolution, TimeRange};
use recio_core::units::{AssetPrice, Probability, Timestamp};

/// Runs the contract on an empty store.
///
/// # Panics
/// The store does not keep the contract.
pub async fn run(store: &dyn Observations) {
    what_nobody_observed_is_not_there(store).await;
    ticks_come_back_by_source_and_time(store).await;
    the_last_bar_told_counts(store).await;
    strike_tables_come_back_whole_and_newest_first(store).await;
    the_newest_health_of_each_instance_counts(store).await;
    more_than_a_piece_is_kept_and_forgotten(store).await;
}

/// A tick of Bitcoin, so many milliseconds after the sample hour's start and received two milliseconds later.
#[must_use]
pub fn tick(source: &str, milliseconds: i64, cents: u64) -> Observation {
    Observation::Tick(seen(source, milliseconds, cents))
}

fn seen(source: &str, milliseconds: i64, cents: u64) -> ObservedTick {
    ObservedTick {
        asset: Asset::Btc,
        source: source.to_owned(),
        tick: PriceTick { price: dollars(cents), exchange_time: time(milliseconds) },
        received_time: time(milliseconds + 2),
    }
}

fn dollars(cents: u64) -> AssetPrice {
    AssetPrice::from_cents(cents).expect("a test writes its prices right")
}

/// From the sample hour's start on, in milliseconds.
fn range(from: i64, to: i64) -> TimeRange {
    TimeRange { from: time(from), to: time(to) }
}

fn always() -> TimeRange {
    TimeRange { from: Timestamp::MIN, to: Timestamp::MAX }
}

async fn what_nobody_observed_is_not_there(store: &dyn Observations) {
    assert_eq!(store.observe(&[]).await.expect("nothing is kept"), 0);
    assert!(store.ticks(Asset::Btc, "BRTI", always(), 10).await.expect("ticks").is_empty());
    assert!(store.bars(Asset::Btc, "BRTI", Resolution::Second, always(), 10).await.expect("bars").is_empty());
    assert!(store.strike_tables(&value("E"), always(), 10).await.expect("tables").is_empty());
    assert!(store.health().await.expect("health").is_empty());
    assert_eq!(store.sources().await.expect("sources"), ObservedSources::default());
    for kind in ObservationKind::ALL {
        assert_eq!(store.forget_before(kind, Timestamp::MAX).await.expect("nothing is forgotten"), 0);
    }
}

async fn ticks_come_back_by_source_and_time(store: &dyn Observations) {
    // Two prices of one moment are two ticks, and the one that came first is the first; odd names stay what they are.
    let odd = "a\tb\\N\nc 'x' \u{1F4B8}";
    let mut early = seen("BRTI", 2_000, 9_999_999);
    early.received_time = time(2_001);
    let ether = Observation::Tick(ObservedTick { asset: Asset::Eth, ..seen("BRTI", 1_000, 300_000) });
    let ticks = [
        tick("BRTI", 2_000, 8_100_000),
        Observation::Tick(early.clone()),
        tick("BRTI", 1_000, 8_100_001),
        tick("BRTI", 3_000, 8_100_002),
        tick("coinbase", 1_500, 8_100_003),
        tick(odd, 1_500, 1),
        ether,
    ];
    assert_eq!(store.observe(&ticks).await.expect("ticks are kept"), 7);
    assert_eq!(store.observe(&ticks).await.expect("the same again"), 0, "the same tick again is no other one");
    let mixed = [tick("BRTI", 1_000, 8_100_001), tick("BRTI", 4_000, 8_100_004), tick("BRTI", 4_000, 8_100_004)];
    assert_eq!(store.observe(&mixed).await.expect("known and new ones"), 1, "known ones do not keep new ones out");
    let of = async |source: &str, range, limit| store.ticks(Asset::Btc, source, range, limit).await.expect("ticks");
    let all = [
        seen("BRTI", 1_000, 8_100_001),
        early,
        seen("BRTI", 2_000, 8_100_000),
        seen("BRTI", 3_000, 8_100_002),
        seen("BRTI", 4_000, 8_100_004),
    ];
    assert_eq!(of("BRTI", always(), 10).await, all);
    assert_eq!(of("BRTI", range(2_000, 3_000), 10).await, all[1..3], "from is included, to is not");
    assert_eq!(of("BRTI", range(2_000, 9_000), 3).await, all[1..4]);
    assert_eq!(of("BRTI", always(), 0).await, []);
    assert_eq!(of(odd, always(), 10).await, [seen(odd, 1_500, 1)]);
    let sources = async || store.sources().await.expect("sources").ticks.into_iter().collect::<Vec<_>>();
    let named = |asset, source: &str| (asset, source.to_owned());
    let three = [named(Asset::Btc, "BRTI"), named(Asset::Btc, odd), named(Asset::Btc, "coinbase")];
    assert_eq!(sources().await, [&three[..], &[named(Asset::Eth, "BRTI")]].concat());
    assert_eq!(store.forget_before(ObservationKind::Ticks, time(2_000)).await.expect("forgets"), 4);
    assert_eq!(sources().await, three[..1]);
    assert_eq!(of("BRTI", always(), 10).await, all[1..]);
    assert_eq!(of("coinbase", always(), 10).await, []);
}

async fn the_last_bar_told_counts(store: &dyn Observations) {
    let bar = |seconds: i64, resolution, close: u64| ObservedBar {
        asset: Asset::Btc,
        source: "BRTI".to_owned(),
        resolution,
        bar: Bar {
            start: time(seconds * 1_000),
            open: dollars(100),
            high: dollars(900),
            low: dollars(50),
            close: dollars(close),
        },
    };
    use Resolution::{Minute, Second};
    let bars = [bar(60, Second, 101), bar(61, Second, 102), bar(60, Minute, 103), bar(61, Second, 104)];
    let kept = store.observe(&bars.clone().map(Observation::Bar)).await.expect("bars are kept");
    assert!((3..=4).contains(&kept), "a bar that is told twice at once may count once or twice: {kept}");
    assert_eq!(
        store.observe(&bars[2..].iter().cloned().map(Observation::Bar).collect::<Vec<_>>()).await.expect("again"),
        0
    );
    let corrected = bar(60, Second, 105);
    assert_eq!(store.observe(&[Observation::Bar(corrected.clone())]).await.expect("a correction"), 1);
    let of =
        async |resolution, range, limit| store.bars(Asset::Btc, "BRTI", resolution, range, limit).await.expect("bars");
    assert_eq!(of(Second, always(), 10).await, [corrected.clone(), bar(61, Second, 104)]);
    assert_eq!(of(Second, range(61_000, 62_000), 10).await, [bar(61, Second, 104)]);
    assert_eq!(of(Second, always(), 1).await, [corrected]);
    assert_eq!(of(Minute, always(), 10).await, [bar(60, Minute, 103)]);
    assert_eq!(store.forget_before(ObservationKind::Bars(Second), time(61_000)).await.expect("forgets"), 1);
    assert_eq!(of(Second, always(), 10).await, [bar(61, Second, 104)]);
    assert_eq!(of(Minute, always(), 10).await.len(), 1, "bars of another length stay");
    assert_eq!(store.forget_before(ObservationKind::Bars(Minute), Timestamp::MAX).await.expect("forgets"), 1);
    let sources = store.sources().await.expect("sources").bars;
    assert_eq!(sources.into_iter().collect::<Vec<_>>(), [(Asset::Btc, "BRTI".to_owned(), Second)]);
}

fn strike_table(event: &str, milliseconds: i64, strikes: Vec<ObservedStrike>) -> ObservedStrikeTable {
    ObservedStrikeTable {
        event: value(event),
        time: time(milliseconds),
        series: value("KXBTCD"),
        asset: Asset::Btc,
        family: Family::HourlyThreshold,
        close_time: time(3_600_000),
        asset_price: Some(dollars(8_100_000)),
        momentum: Some(-0.1 - 0.2),
        volatility: Some(12.5),
        strikes,
    }
}

fn strikes() -> Vec<ObservedStrike> {
    let probability = |value: f64| Probability::new(value).expect("a test writes its values right");
    let known = ObservedFair::Known {
        value: probability(0.1 + 0.2),
        low: probability(1.0 / 3.0 - 0.1),
        high: probability(1.0),
    };
    let unknown = ObservedFair::Unknown("the price is too old".to_owned());
    let level = |price: &str| Some(Level { price: value(price), quantity: value("0.01") });
    let (floor, cap) = (dollars(8_099_999), dollars(8_124_999));
    let kinds = [
        (Some(Strike::Greater { floor }), Some(Quote { bid: level("0.4399"), ask: level("0.44") }), known.clone()),
        (Some(Strike::GreaterOrEqual { floor }), Some(Quote { bid: None, ask: level("0.01") }), unknown.clone()),
        (Some(Strike::Less { cap }), Some(Quote { bid: None, ask: None }), known.clone()),
        (Some(Strike::LessOrEqual { cap }), None, known.clone()),
        (Some(Strike::Between { floor, cap }), None, known),
        (None, None, unknown),
    ];
    let strike = |(at, (strike, quote, fair)): (usize, (_, _, _))| ObservedStrike {
        market: value(&format!("M-{at}")),
        strike,
        trading: at % 2 == 0,
        quote,
        volume: (at > 1).then(|| value("12.34")),
        fair,
    };
    kinds.into_iter().enumerate().map(strike).collect()
}

async fn strike_tables_come_back_whole_and_newest_first(store: &dyn Observations) {
    let first = strike_table("E", 1_000, strikes());
    let bare = ObservedStrikeTable {
        asset_price: None,
        momentum: None,
        volatility: None,
        ..strike_table("E", 2_000, Vec::new())
    };
    let other = strike_table("F", 1_000, strikes());
    let tables = [first.clone(), bare.clone(), other.clone()].map(Observation::StrikeTable);
    assert_eq!(store.observe(&tables).await.expect("tables are kept"), 3 + 12);
    let again = Observation::StrikeTable(ObservedStrikeTable { strikes: Vec::new(), ..first.clone() });
    assert_eq!(store.observe(&[again]).await.expect("again"), 0, "a table of one moment stays as it was first told");
    let of = async |event: &str, range, limit| store.strike_tables(&value(event), range, limit).await.expect("tables");
    assert_eq!(of("E", always(), 10).await, [bare.clone(), first.clone()]);
    assert_eq!(of("E", always(), 1).await, std::slice::from_ref(&bare), "the newest");
    let all = async |range, limit| store.all_strike_tables(range, limit).await.expect("tables");
    assert_eq!(all(always(), 10).await, [first.clone(), other, bare.clone()], "of all events, the oldest first");
    assert_eq!((all(always(), 2).await.len(), all(range(1_001, 2_000), 10).await.len()), (2, 0));
    assert_eq!(of("E", range(1_000, 2_000), 10).await, [first]);
    assert_eq!(store.forget_before(ObservationKind::StrikeTables, time(1_001)).await.expect("forgets"), 2 + 12);
    assert_eq!(of("E", always(), 10).await, [bare]);
    assert_eq!(of("F", always(), 10).await, []);
}

async fn the_newest_health_of_each_instance_counts(store: &dyn Observations) {
    let health = |service: &str, instance: &str, seconds: i64, health, detail: &str| ObservedHealth {
        service: service.to_owned(),
        instance: instance.to_owned(),
        time: time(seconds * 1_000),
        health,
        detail: detail.to_owned(),
    };
    let states = [
        health("trade_manager", "run-1", 2, Health::Degraded, "the store does not write"),
        health("trade_manager", "run-1", 1, Health::Up, ""),
        health("trade_manager", "run-2", 1, Health::Up, ""),
        health("account_sync", "run-1", 1, Health::Down, "no answer"),
    ];
    assert_eq!(store.observe(&states.clone().map(Observation::Health)).await.expect("health is kept"), 4);
    let wanted = [states[3].clone(), states[0].clone(), states[2].clone()];
    assert_eq!(store.health().await.expect("health"), wanted);
    let all = async |range, limit| store.all_health(range, limit).await.expect("health");
    let history = [states[3].clone(), states[1].clone(), states[2].clone(), states[0].clone()];
    assert_eq!(all(always(), 10).await, history, "the oldest first");
    assert_eq!((all(always(), 3).await.len(), all(range(1_001, 2_000), 10).await.len()), (3, 0));
    let changed = health("trade_manager", "run-2", 1, Health::Down, "it was not so");
    assert_eq!(store.observe(&[Observation::Health(changed.clone())]).await.expect("a change"), 1);
    assert_eq!(store.health().await.expect("health")[2], changed);
    assert_eq!(store.forget_before(ObservationKind::Health, time(2_000)).await.expect("forgets"), 3);
    assert_eq!(store.health().await.expect("health"), states[..1]);
}

async fn more_than_a_piece_is_kept_and_forgotten(store: &dyn Observations) {
    const MANY: i64 = 23_456;
    let of = |number: i64| tick("many", 10_000 + number, 8_000_000 + u64::try_from(number % 7).unwrap_or(0));
    let mut ticks: Vec<Observation> = (0..MANY).map(of).collect();
    assert_eq!(store.observe(&ticks[..5]).await.expect("the first"), 5);
    // Those five are known, and one comes twice.
    ticks.push(of(MANY - 1));
    assert_eq!(store.observe(&ticks).await.expect("all"), u64::try_from(MANY - 5).unwrap_or(0));
    let read = store.ticks(Asset::Btc, "many", always(), u32::MAX).await.expect("ticks");
    assert_eq!(read.len() as i64, MANY);
    assert!(read.windows(2).all(|pair| pair[0].tick.exchange_time < pair[1].tick.exchange_time));
    let gone = store.forget_before(ObservationKind::Ticks, time(10_000 + MANY - 1)).await.expect("forgets");
    // The four ticks of the first source that were left go with them.
    assert_eq!(gone as i64, MANY - 1 + 4);
    let left = store.ticks(Asset::Btc, "many", always(), u32::MAX).await.expect("ticks");
    assert_eq!(left.len(), 1);
}
