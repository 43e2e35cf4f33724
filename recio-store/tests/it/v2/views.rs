//! What recio itself writes, read through v2's names with v2's queries: the dashboard's, the trade history's, the supervisors'.

use super::adopt::adopting;
use recio_core::engine::Health;
use recio_core::fact::{Environment, Fact, FactBody};
use recio_core::market::{Action, Asset, BookSide, Family, Level, MarketResult, Quote, Side, Strike};
use recio_core::model::Bar;
use recio_core::price_feed::Resolution;
use recio_core::settings::{MonitorSettings, NewVersion, SettingVersion};
use recio_core::store::Store;
use recio_core::strategies::HtcParams;
use recio_core::trade::{CloseReason, OrderStatus, TradeStatus};
use recio_core::units::{AssetPrice, Money, Probability, Quantity, Timestamp};
use recio_store::contract::sample::{self, time, value};
use recio_store::testing::{Database, psql};
use recio_store::v2::{AdoptAction, AdoptOptions, AdoptSettings, adopt};
use recio_store::{
    Access, Observation, Observations, ObservedBar, ObservedFair, ObservedHealth, ObservedStrike, ObservedStrikeTable,
    PostgresStore,
};

const HOUR: &str = "KXBTCD-26MAY1310";
const EARLIER: &str = "KXBTCD-26MAY1309";

fn cents(cents: u64) -> AssetPrice {
    AssetPrice::from_cents(cents).unwrap()
}

fn options(monitor: bool) -> AdoptOptions {
    let rules = MonitorSettings { params: Some(HtcParams::default()), ..MonitorSettings::default() };
    let settings = monitor.then(|| AdoptSettings { monitor: value("hourly"), rules });
    AdoptOptions { environment: Environment::Sim, settings, ..adopting(AdoptAction::Views, false) }
}

/// A strike: its floor and the model's value; bid and ask of YES; contracts traded.
type Line = (u64, f64, Option<(&'static str, &'static str)>, Option<&'static str>);

fn strike_table(event: &str, family: Family, at: i64, close: i64, price: Option<u64>, lines: &[Line]) -> Observation {
    let level = |price: &str| Some(Level { price: value(price), quantity: value("5") });
    let strike = |(floor, model, quote, volume): &Line| {
        let model = Probability::new(*model).unwrap();
        ObservedStrike {
            market: value(&format!("{event}-T{}.{:02}", floor / 100, floor % 100)),
            strike: Some(Strike::Greater { floor: cents(*floor) }),
            trading: true,
            quote: quote.map(|(bid, ask)| Quote { bid: level(bid), ask: level(ask) }),
            volume: volume.map(value),
            fair: ObservedFair::Known { value: model, low: model, high: model },
        }
    };
    Observation::StrikeTable(ObservedStrikeTable {
        event: value(event),
        time: time(at),
        series: value(event.split('-').next().unwrap()),
        asset: Asset::Btc,
        family,
        close_time: time(close),
        asset_price: price.map(cents),
        momentum: Some(-0.125),
        volatility: None,
        strikes: lines.iter().map(strike).collect(),
    })
}

const LINES: [Line; 4] = [
    (8_074_999, 0.99, Some(("0.97", "0.98")), Some("1500")),
    (8_099_999, 0.60, Some(("0.58", "0.62")), Some("900")),
    (8_124_999, 0.05, Some(("0.04", "0.05")), Some("2000")),
    (8_149_999, 0.005, None, None),
];

/// The table of the running hour, an older one of it, one of a quarter of an hour that closes first, and the last one of the hour before.
fn strike_tables() -> [Observation; 4] {
    let now = 1_801_000;
    [
        strike_table(HOUR, Family::HourlyThreshold, now - 1_000, 3_600_000, Some(7_000_000), &LINES[..2]),
        strike_table(HOUR, Family::HourlyThreshold, now, 3_600_000, Some(8_100_000), &LINES),
        strike_table("KXBTC15M-26MAY130945", Family::QuarterHour, now, 2_700_000, Some(8_100_000), &LINES[..1]),
        strike_table(EARLIER, Family::HourlyThreshold, -1_000, 0, Some(8_123_456), &LINES[..1]),
    ]
}

fn bar(asset: Asset, source: &str, start: Timestamp, price: u64) -> Observation {
    let (resolution, price) = (Resolution::Second, cents(price));
    let bar = Bar { start, open: price, high: price, low: price, close: price };
    Observation::Bar(ObservedBar { asset, source: source.to_owned(), resolution, bar })
}

fn on_market(mut fact: Fact, of: &str, market: &str) -> Fact {
    if let FactBody::Trade(trade) = &mut fact.body {
        (trade.event, trade.market) = (value(of), value(market));
    } else if let FactBody::Intent(intent) = &mut fact.body {
        (intent.event, intent.market) = (value(of), value(market));
    } else if let FactBody::Decision(decision) = &mut fact.body {
        (decision.event, decision.strikes[0].market) = (value(of), value(market));
    } else {
        panic!("{fact:?} is on no market");
    }
    fact
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_strike_table_and_its_watchlist_are_those_of_the_running_hour() {
    let database = Database::create();
    let url = database.url();
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    adopt(url, &options(true)).await.unwrap();
    let strikes = "SELECT strike, round(buffer::numeric, 2), round(probability::numeric, 2), yes_ask, no_ask, round(yes_diff::numeric, 2),
                   round(no_diff::numeric, 2), volume, active_side FROM live_data.strike_table_btc ORDER BY strike";
    assert_eq!(psql(url, strikes), "", "nothing was observed");
    store.observe(&strike_tables()).await.unwrap();

    assert_eq!(
        psql(url, strikes),
        "80750|250.01|99.00|98|3|1.00|-2.00|1500|yes\n\
         81000|0.01|60.00|62|42|-2.00|-2.00|900|yes\n\
         81250|249.99|95.00|5|96|0.00|-1.00|2000|no\n\
         81500|499.99|99.50||||||no"
    );
    let head = "SELECT DISTINCT timestamp, symbol, current_price, ttc_seconds, broker, event_ticker, strike_tier, market_status,
                momentum_weighted_score FROM live_data.strike_table_btc";
    assert_eq!(psql(url, head), format!("2026-05-13T09:30:01|BTC|81000|1799|Kalshi|{HOUR}|250|active|-0.125"));
    let market = "SELECT market_ticker, strike, yes_bid, yes_ask, no_bid, no_ask, volume, updated_at FROM live_data.market_kalshi_btc
                  WHERE event_ticker = 'KXBTCD-26MAY1310' ORDER BY market_ticker LIMIT 1";
    assert_eq!(psql(url, market), "KXBTCD-26MAY1310-T80749.99|$80,750|97|98|2|3|1500|2026-05-13T13:30:01.000000Z");
    assert_eq!(psql(url, "SELECT count(*) FROM live_data.strike_table_eth"), "0");

    // The supervisor's own list, the most likely one first, by the rules in force.
    let watchlist =
        "SELECT strike FROM live_data.watchlist_btc WHERE ttc_seconds BETWEEN 120 AND 1800 ORDER BY probability DESC";
    assert_eq!(psql(url, watchlist), "80750\n81250");
    assert_eq!(psql(url, "SELECT count(*) FROM users.watchlist_0001"), "2");
    let settings = store.settings().unwrap();
    settings.add_version(&version(0, "params.min_probability", Some("100"))).await.unwrap();
    assert_eq!(psql(url, watchlist), "80750", "above 95 now");

    // Without a price there is no side to be on.
    let blind = strike_table(HOUR, Family::HourlyThreshold, 1_802_000, 3_600_000, None, &LINES[..1]);
    store.observe(&[blind]).await.unwrap();
    let sides = "SELECT count(*), count(current_price), count(probability), count(active_side), count(buffer) FROM live_data.strike_table_btc";
    assert_eq!(psql(url, sides), "1|0|0|0|0");
    assert_eq!(psql(url, watchlist), "");
    store.close().await;
}

fn version(expected: u64, name: &str, value: Option<&str>) -> NewVersion {
    NewVersion {
        expected,
        old: None,
        version: SettingVersion {
            key: format!("monitor.hourly.{name}"),
            version: expected + 1,
            value: value.map(str::to_owned),
            run: (name == "entry.enabled" && value == Some("true")).then(|| "run-1".parse().unwrap()),
            who: "a test".to_owned(),
            time: time(0),
            why: "to see it".to_owned(),
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_are_the_configs_and_what_is_tighter_in_the_store() {
    let database = Database::create();
    let url = database.url();
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    store.append(&[sample::account_opened(Money::dollars(100))]).await.unwrap();
    adopt(url, &options(true)).await.unwrap();
    let rules = "SELECT auto_entry, auto_stop IS NULL, auto_entry_status, min_probability, min_differential, min_time, max_time, allow_re_entry,
                 spike_alert_enabled, spike_alert_momentum_threshold, spike_alert_cooldown_threshold, spike_alert_cooldown_minutes,
                 current_probability, min_ttc_seconds, momentum_spike_enabled, momentum_spike_threshold, verification_period_enabled,
                 verification_period_seconds FROM users.auto_trade_settings_0001 WHERE id = 1";
    assert_eq!(psql(url, rules), "f|t|disabled|95|0.25|120|900|f|t|36|30|15|40|60|t|36|t|15");
    assert_eq!(
        psql(url, "SELECT trade_strategy, position_size, multiplier FROM users.trade_preferences_0001"),
        "hourly|1|1"
    );

    let settings = store.settings().unwrap();
    for (expected, name, value) in [
        (0, "params.min_probability", Some("97.5")),
        // Wider than the config: the config counts.
        (0, "stop.probability", Some("30")),
        (0, "entry.max_time_to_close", Some("600")),
        (0, "entry.calm_time", Some("1800")),
        (0, "stop.verification", Some("0")),
        // Taken back.
        (0, "entry.min_time_to_close", Some("300")),
        (1, "entry.min_time_to_close", None),
        (0, "entry.enabled", Some("true")),
    ] {
        settings.add_version(&version(expected, name, value)).await.unwrap();
    }
    assert_eq!(psql(url, rules), "f|t|active|97.5|0.25|120|600|f|t|36|30|30|40|60|t|36|f|0");
    // Another run, and nobody has switched entry on for that one.
    let other = Fact { run: value("run-2"), ..sample::cash_moved(1, Money::dollars(1)) };
    store.append(&[other]).await.unwrap();
    assert_eq!(psql(url, "SELECT auto_entry_status FROM users.auto_trade_settings_0001"), "disabled");

    // Without a monitor, and without anything imported, there are none.
    adopt(url, &options(false)).await.unwrap();
    assert_eq!(psql(url, rules), "");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trades_positions_orders_and_settlements_are_told_as_v2_told_them() {
    let database = Database::create();
    let url = database.url();
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    adopt(url, &options(false)).await.unwrap();
    store.observe(&strike_tables()).await.unwrap();
    let (open, over) = (format!("{HOUR}-T80999.99"), format!("{EARLIER}-T80749.99"));
    let mut closed = on_market(sample::trade("t-0", TradeStatus::Closed, Quantity::contracts(10)), EARLIER, &over);
    if let FactBody::Trade(trade) = &mut closed.body {
        trade.side = Side::No;
        (trade.opened_time, trade.close_time, trade.closed_time) = (time(-600_000), time(0), Some(time(9_000)));
        (trade.proceeds, trade.close_reason) = (value("10"), Some(CloseReason::Settled));
    }
    let mut decided = on_market(sample::decision(1), EARLIER, &over);
    if let FactBody::Decision(decision) = &mut decided.body {
        decision.time = time(-600_001);
    }
    let buy = |order: &str, fill: &str, market: &str, book_side, price: &str, quantity: &str| {
        sample::filled(sample::fill(order, fill, market, book_side, price, quantity))
    };
    let mut sale = on_market(sample::intent("c-2", 2), HOUR, &open);
    if let FactBody::Intent(intent) = &mut sale.body {
        (intent.action, intent.trade) = (Action::Sell, value("t-1"));
    }
    let facts = [
        sample::account_opened(Money::dollars(100)),
        decided,
        // Ten NO at 44 cents, paid.
        buy("x-0", "f-0", &over, BookSide::Ask, "0.56", "10"),
        closed,
        sample::settled(&over, MarketResult::No, Money::dollars(10), 1),
        // Ten YES at 56 cents, four of which were sold at 60.
        on_market(sample::intent("c-1", 1), HOUR, &open),
        on_market(sample::trade("t-1", TradeStatus::Open, Quantity::contracts(10)), HOUR, &open),
        sample::order_changed("c-1", Some("x-1"), OrderStatus::Filled, "10"),
        buy("x-1", "f-1", &open, BookSide::Bid, "0.56", "10"),
        sale,
        sample::order_changed("c-2", Some("x-2"), OrderStatus::Open, "4"),
        buy("x-2", "f-2", &open, BookSide::Ask, "0.60", "4"),
        sample::alarm(9, "look here"),
    ];
    store.append(&facts).await.unwrap();

    // The pages' tables, column by column.
    let history = "SELECT status, date, time, symbol, trade_strategy, contract, strike, side, round(prob::numeric, 1), diff, buy_price, sell_price,
                   position, fees, round(pnl::numeric, 4), closed_at, symbol_open, symbol_close, momentum, win_loss
                   FROM users.trades_0001 ORDER BY id";
    assert_eq!(
        psql(url, history),
        "closed|2026-05-13|08:50:00|BTC|hourly|BTC 9am|$80,750|N|30.0|-26|0.56|1|10|0.1725|4.2275|09:00:09|91204.11|81234.56|-0.0137|W\n\
         open|2026-05-13|09:00:00|BTC|hourly|BTC 10am|$81,000|Y|30.0|-26|0.56||10|0.1725|||91204.11|||"
    );
    let methods = "SELECT entry_method, close_method, ticket_id, market, market_id FROM users.trades_0001 WHERE status = 'closed'";
    assert_eq!(psql(url, methods), "auto|expired|t-0|Kalshi|BTC-USD");
    let summary = "SELECT count(*), count(*) FILTER (WHERE win_loss = 'W'), round(avg(prob)::numeric, 1), round(avg(buy_price)::numeric, 2),
                   round(sum(pnl)::numeric, 4) FROM users.trades_0001 WHERE status = 'closed' AND date = '2026-05-13'";
    assert_eq!(psql(url, summary), "1|1|30.0|0.56|4.2275");
    // The supervisor's: of the trade's own outcome, and what the other one costs.
    let active = "SELECT ticket_id, status, strike, side, buy_price, position, current_symbol_price, round(current_probability::numeric, 2),
                  buffer_from_entry, current_close_price, current_pnl, last_updated, time_since_entry > 0 FROM users.active_trades_0001
                  WHERE status = 'active'";
    assert_eq!(psql(url, active), "t-1|active|$81,000|Y|0.56|10|81000|60.00|0.01|0.42|0.02|2026-05-13T09:30:01|t");
    assert_eq!(psql(url, "SELECT count(*) FROM users.active_trades_view"), "1");
    let positions = "SELECT ticker, position, total_traded, round(market_exposure::numeric, 2), round(realized_pnl::numeric, 2), fees_paid
                     FROM users.positions_0001";
    assert_eq!(psql(url, positions), format!("{open}|6|560|336.00|16.00|0.02"));
    let orders = "SELECT order_id, client_order_id, status, action, side, yes_price, no_price, fill_count, remaining_count, taker_fees, taker_fill_cost,
                  maker_fees FROM users.orders_0001 ORDER BY order_id";
    assert_eq!(
        psql(url, orders),
        "x-1|c-1|executed|buy|yes|56|44|10|0|1|560|\nx-2|c-2|resting|sell|yes|56|44|4|6|1|240|"
    );
    let fills = "SELECT trade_id, side, action, count, yes_price, no_price, is_taker, created_time FROM users.fills_0001 ORDER BY trade_id";
    assert_eq!(
        psql(url, fills),
        "f-0|no|buy|10|56|44|t|2026-05-13T13:00:01.000000Z\n\
         f-1|yes|buy|10|56|44|t|2026-05-13T13:00:01.000000Z\n\
         f-2|yes|sell|4|60|40|t|2026-05-13T13:00:01.000000Z"
    );
    let settlements = "SELECT ticker, market_result, yes_count, yes_total_cost, no_count, no_total_cost, revenue FROM users.settlements_0001";
    assert_eq!(psql(url, settlements), format!("{over}|no|0|0|10|440|1000"));
    let logs = "SELECT coalesce(ticket_id, '-'), message, service FROM users.trade_logs_0001 WHERE coalesce(ticket_id, '') <> 't-1' ORDER BY message";
    assert_eq!(
        psql(url, logs),
        "-|look here|recio\n\
         trade-1|order c-1 filled, filled 10.00|trade_executor\n\
         trade-1|order c-1 submitting, filled 0.00|trade_executor"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_price_has_its_momentum_and_is_the_last_one_by_the_clock() {
    let database = Database::create();
    let url = database.url();
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    adopt(url, &options(false)).await.unwrap();
    let at = |seconds: i64| time(3_600_000 + seconds * 1_000);
    let median = |seconds: i64, price: u64| bar(Asset::Btc, "median", at(seconds), price);
    store
        .observe(&[
            median(-1_800, 20_200_000),
            median(-900, 10_100_000),
            // Nothing in the minute before three minutes ago.
            median(-250, 10_100_000),
            median(-120, 10_000_000),
            median(-60, 10_000_000),
            median(-30, 10_050_000),
            median(0, 10_100_000),
            bar(Asset::Btc, "coinbase", at(0), 1),
            bar(Asset::Btc, "coinbase", at(-1), 10_099_000),
        ])
        .await
        .unwrap();
    // What the momentum panel shows.
    let newest = "SELECT timestamp, price, one_minute_avg, round(momentum::numeric, 4), delta_1m, delta_2m, delta_3m IS NULL, delta_4m, delta_15m,
                  delta_30m FROM live_data.live_price_log_1s_btc ORDER BY timestamp DESC LIMIT 1";
    // (0.30 × 1 + 0.25 × 1 + 0.05 × −50) / 0.80
    assert_eq!(psql(url, newest), "2026-05-13T10:00:00|101000|100750|-2.4375|1|1|t|0|0|-50");
    let older = "SELECT momentum IS NULL FROM live_data.live_price_log_1s_btc WHERE timestamp = '2026-05-13T09:45:00'";
    assert_eq!(psql(url, older), "t", "of the last minutes alone");
    assert_eq!(psql(url, "SELECT count(*), min(price) FROM live_data.btc_price_log"), "8|100000", "one price a second");

    // The night in autumn: each second of the clock once, and the newest is last, also while the clock repeats itself.
    let ether = |text: &str, price| bar(Asset::Eth, "median", text.parse().unwrap(), price);
    store
        .observe(&[
            ether("2026-11-01T05:10:00Z", 300_000),
            ether("2026-11-01T05:59:59Z", 310_000),
            ether("2026-11-01T06:10:00Z", 320_000),
        ])
        .await
        .unwrap();
    let log = "SELECT substr(timestamp, 12), price FROM live_data.live_price_log_1s_eth ORDER BY timestamp DESC";
    assert_eq!(psql(url, log), "01:10:00|3200");
    store.observe(&[ether("2026-11-01T07:00:00Z", 330_000)]).await.unwrap();
    assert_eq!(psql(url, log), "02:00:00|3300\n01:59:59|3100\n01:10:00|3200");
    let change = "SELECT timestamp, round(change1h::numeric, 4), change3h IS NULL FROM live_data.price_change_eth";
    assert_eq!(psql(url, change), "2026-11-01T02:00:00|6.4516|t", "against 01:59:59 of the first round");
    store.observe(&[ether("2026-11-01T06:00:00Z", 300_000)]).await.unwrap();
    assert_eq!(
        psql(url, change),
        "2026-11-01T02:00:00|10.0000|t",
        "an hour ago, where the clock showed 01:00:00 again"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_the_newest_word_of_each_service() {
    let database = Database::create();
    let url = database.url();
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    adopt(url, &options(false)).await.unwrap();
    let word = |service: &str, instance: &str, seconds: i64, health, detail: &str| {
        let (service, instance, detail) = (service.to_owned(), instance.to_owned(), detail.to_owned());
        Observation::Health(ObservedHealth { service, instance, time: time(seconds * 1_000), health, detail })
    };
    let health = "SELECT id, overall_status, services_healthy, services_total, coalesce(failed_services, '-'), database_status, timestamp,
                  health_details #>> '{trade_manager,detail}' FROM system.health_status WHERE id = 1";
    assert_eq!(psql(url, health), "", "nobody has said anything");
    store
        .observe(&[
            // A run that is over.
            word("trade_manager", "run-1", 1, Health::Down, "stopped"),
            word("trade_manager", "run-2", 2, Health::Degraded, "no account yet"),
            word("trade_manager", "run-2", 3, Health::Up, "2 trades"),
            word("btc_price_watchdog", "run-2", 3, Health::Up, "4 venues"),
        ])
        .await
        .unwrap();
    assert_eq!(psql(url, health), "1|healthy|2|2|-|connected|2026-05-13 09:00:03|2 trades");
    store.observe(&[word("btc_price_watchdog", "run-2", 4, Health::Degraded, "1 venue")]).await.unwrap();
    assert_eq!(psql(url, health), "1|degraded|1|2|btc_price_watchdog|connected|2026-05-13 09:00:04|2 trades");
    store.observe(&[word("trade_manager", "run-2", 5, Health::Down, "halted")]).await.unwrap();
    assert_eq!(
        psql(url, health),
        "1|unhealthy|0|2|btc_price_watchdog, trade_manager|connected|2026-05-13 09:00:05|halted"
    );
    store.close().await;
}
