//! One quarter-hour market, one monitor, one small fingerprint: what every test begins with.

use recio_core::engine::{
    BookSource, EngineConfig, EntryRules, Freshness, Monitor, OrderMode, RiskLimits, StopRules, WarmStart,
};
use recio_core::fact::Environment;
use recio_core::market::{Asset, FeeType, Market, MarketStatus, PriceGrid, Series, Strike, StrikeTerms};
use recio_core::model::{Bar, FingerprintBuilder, Model};
use recio_core::price_feed::{FeedAbout, PriceKind};
use recio_core::trade::FeeMultiplier;
use recio_core::units::{AssetPrice, Money, Price, Quantity, StrategyId, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub(crate) const MARKET: &str = "KXBTC15M-TEST-15";

/// When a test begins: five minutes before the close.
pub(crate) fn start() -> Timestamp {
    "2026-05-13T13:10:00Z".parse().unwrap()
}

pub(crate) fn close() -> Timestamp {
    "2026-05-13T13:15:00Z".parse().unwrap()
}

pub(crate) fn usd(dollars: u64) -> AssetPrice {
    AssetPrice::from_cents(dollars * 100).unwrap()
}

pub(crate) fn monitor() -> StrategyId {
    "htc".parse().unwrap()
}

pub(crate) fn market_named(ticker: &str) -> Market {
    Market {
        ticker: ticker.parse().unwrap(),
        event: "KXBTC15M-TEST".parse().unwrap(),
        series: "KXBTC15M".parse().unwrap(),
        strike: StrikeTerms::ToBeAnnounced,
        open_time: "2026-05-13T13:00:00Z".parse().unwrap(),
        close_time: close(),
        status: MarketStatus::Active,
        grid: PriceGrid::linear_cent(),
        exchange_index: 2,
        settlement_timer: Duration::from_secs(60),
        result: None,
        expiration_value: None,
    }
}

pub(crate) fn strike() -> StrikeTerms {
    StrikeTerms::Known(Strike::GreaterOrEqual { floor: usd(79_800) })
}

pub(crate) fn series() -> Series {
    Series { ticker: "KXBTC15M".parse().unwrap(), fee_type: FeeType::Quadratic, fee_multiplier: FeeMultiplier::ONE }
}

pub(crate) fn feed() -> FeedAbout {
    FeedAbout { source: "BRTI".to_owned(), asset: Asset::Btc, kind: PriceKind::Index }
}

pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        environment: Environment::Sim,
        account: "main".parse().unwrap(),
        run: "run".parse().unwrap(),
        exchange_index: 2,
        epoch: 1,
        monitors: vec![Monitor {
            id: monitor(),
            series: "KXBTC15M".parse().unwrap(),
            entry: EntryRules { enabled: true, min_time_to_close: Duration::from_secs(30), ..EntryRules::default() },
            stop: StopRules::default(),
            params: None,
            latest_close: None,
        }],
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        basis: BTreeMap::new(),
        warm_start: WarmStart::none(),
        books: BookSource::Streamed,
        orders: OrderMode::Sent,
        tickers_name_close_times: false,
    }
}

pub(crate) fn cash() -> Money {
    Money::dollars(100)
}

pub(crate) fn cents(cents: u16) -> Price {
    Price::cents(cents)
}

pub(crate) fn contracts(contracts: u32) -> Quantity {
    Quantity::contracts(contracts)
}

/// Splitmix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Ten days of a random walk with steps of up to $60 a minute.
pub(crate) static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| {
    let (mut dice, mut price) = (Dice(11), 8_000_000_u64);
    let mut builder = FingerprintBuilder::new(Asset::Btc, "random walk");
    for minute in 0..14_400 {
        price = price + dice.below(12_001) - 6_000;
        let close = AssetPrice::from_cents(price).unwrap();
        let start = Timestamp::from_second(1_747_699_200 + minute * 60).unwrap();
        builder.push(&Bar { start, open: close, high: close, low: close, close }).unwrap();
    }
    Arc::new(Model::new([builder.finish().unwrap()]))
});
