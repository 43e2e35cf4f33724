//! v2's names over recio's tables, and back.

use super::awkward::{options, trade};
use super::import::{count, v2};
use super::world::{self, TRADES, Table};
use recio_core::fact::{Environment, Fact};
use recio_core::market::BookSide;
use recio_core::store::Store;
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};
use recio_store::contract::sample;
use recio_store::testing::{Database, psql, try_psql};
use recio_store::v2::{AdoptAction, AdoptError, AdoptOptions, Exact, V2Source, adopt, import};
use recio_store::{Access, PostgresStore};

/// Every table and view of v2's that its readers name, with its columns as documented.
const DOCUMENTED: &[(&str, &str)] = &[
    (
        "users.trades_0001",
        "id, status, date, time, symbol, market, trade_strategy, contract, strike, side, prob, diff, buy_price, position, sell_price, closed_at, fees, pnl, symbol_open, symbol_close, momentum, volatility, win_loss, ticker, ticket_id, market_id, momentum_delta, entry_method, close_method, created_at, updated_at, test_filter",
    ),
    (
        "users.active_trades_0001",
        "id, trade_id, ticket_id, date, time, strike, side, buy_price, position, contract, ticker, symbol, market, trade_strategy, symbol_open, momentum, prob, fees, diff, current_symbol_price, current_probability, buffer_from_entry, time_since_entry, current_close_price, current_pnl, last_updated, status, notes",
    ),
    (
        "users.positions_0001",
        "id, ticker, total_traded, position, market_exposure, realized_pnl, fees_paid, last_updated_ts, raw_json",
    ),
    (
        "users.fills_0001",
        "trade_id, ticker, order_id, side, action, count, yes_price, no_price, is_taker, created_time, raw_json",
    ),
    (
        "users.orders_0001",
        "order_id, user_id, ticker, status, action, side, type, yes_price, no_price, initial_count, remaining_count, fill_count, created_time, expiration_time, last_update_time, client_order_id, order_group_id, queue_position, self_trade_prevention_type, maker_fees, taker_fees, maker_fill_cost, taker_fill_cost, raw_json",
    ),
    (
        "users.settlements_0001",
        "ticker, market_result, yes_count, yes_total_cost, no_count, no_total_cost, revenue, settled_time, raw_json",
    ),
    ("users.account_balance_0001", "balance, timestamp"),
    ("users.trade_logs_0001", "ticket_id, message, timestamp, service, user_id"),
    (
        "users.user_info_0001",
        "user_no, user_id, first_name, last_name, email, phone, account_type, password_hash, is_active, created_at, last_login, updated_at",
    ),
    ("users.watchlist_0001", "symbol"),
    ("users.master_users", "user_id"),
    (
        "users.auto_trade_settings_0001",
        "auto_entry, auto_stop, min_probability, min_differential, min_time, max_time, allow_re_entry, spike_alert_enabled, spike_alert_momentum_threshold, spike_alert_cooldown_threshold, spike_alert_cooldown_minutes, current_probability, min_ttc_seconds, momentum_spike_enabled, momentum_spike_threshold, verification_period_enabled, verification_period_seconds, auto_entry_status, cooldown_timer, user_id",
    ),
    ("users.trade_preferences_0001", "trade_strategy, position_size, multiplier"),
    (
        "users.trade_history_preferences_0001",
        "date_filter, custom_date_start, custom_date_end, win_filter, loss_filter, sort_key, sort_asc, page_size, last_search_timestamp",
    ),
    ("users.active_trades_view", "trade_id"),
    ("users.recent_trades_view", "id"),
    ("users.trade_performance_view", "total_trades"),
    (
        "live_data.live_price_log_1s_btc",
        "timestamp, price, one_minute_avg, momentum, delta_1m, delta_2m, delta_3m, delta_4m, delta_15m, delta_30m",
    ),
    (
        "live_data.live_price_log_1s_eth",
        "timestamp, price, one_minute_avg, momentum, delta_1m, delta_2m, delta_3m, delta_4m, delta_15m, delta_30m",
    ),
    ("live_data.price_change_btc", "change1h, change3h, change1d, timestamp"),
    ("live_data.price_change_eth", "change1h, change3h, change1d, timestamp"),
    (
        "live_data.market_kalshi_btc",
        "event_ticker, market_ticker, strike, yes_bid, yes_ask, no_bid, no_ask, last_price, volume, volume_24h, open_interest, liquidity, created_at, updated_at",
    ),
    (
        "live_data.strike_table_btc",
        "timestamp, symbol, current_price, ttc_seconds, broker, event_ticker, market_title, strike_tier, market_status, strike, buffer, buffer_pct, probability, yes_ask, no_ask, yes_diff, no_diff, volume, ticker, active_side, momentum_weighted_score",
    ),
    (
        "live_data.watchlist_btc",
        "symbol, current_price, ttc_seconds, broker, event_ticker, market_title, strike_tier, market_status, strike, buffer, buffer_pct, probability, yes_ask, no_ask, yes_diff, no_diff, volume, ticker, active_side",
    ),
    ("live_data.btc_price_log", "timestamp, price"),
    ("live_data.eth_price_log", "timestamp, price"),
    ("live_data.market_data", "market_ticker"),
    ("live_data.websocket_market_data", "market_ticker"),
    ("live_data.btc_live_strikes", "strike"),
    ("historical_data.btc_price_history", "timestamp, open, high, low, close, volume, momentum"),
    ("historical_data.eth_price_history", "timestamp, open, high, low, close, volume, momentum"),
    ("historical_data.price_history", "timestamp"),
    ("historical_data.momentum_history", "timestamp, momentum"),
    (
        "analytics.probability_lookup_btc",
        "ttc_seconds, buffer_points, momentum_bucket, prob_within_positive, prob_within_negative",
    ),
    (
        "analytics.master_probability_lookup_btc",
        "ttc_seconds, buffer_points, momentum_bucket, prob_within_positive, prob_within_negative",
    ),
    ("analytics.probability_lookup_btc_15min", "ttc_seconds"),
    (
        "system.health_status",
        "id, overall_status, cpu_percent, memory_percent, disk_percent, database_status, supervisor_status, services_healthy, services_total, failed_services, health_details, timestamp",
    ),
    ("system.installation_access_log", "status"),
];

/// What else v2's database had: tables that are not imported, a view, a trigger's function.
const MORE: &str = r"
CREATE SCHEMA analytics; CREATE SCHEMA historical_data; CREATE SCHEMA system;
CREATE TABLE analytics.probability_lookup_btc (id SERIAL PRIMARY KEY, ttc_seconds INTEGER, buffer_points NUMERIC(10,2), momentum_bucket INTEGER,
    prob_within_positive NUMERIC(6,3), prob_within_negative REAL);
INSERT INTO analytics.probability_lookup_btc (ttc_seconds, buffer_points, momentum_bucket, prob_within_positive, prob_within_negative)
    VALUES (300, 250, -3, 97.125, 'NaN');
CREATE TABLE analytics.btc_fingerprint_directional_baseline (x INTEGER);
CREATE TABLE historical_data.btc_price_history (timestamp TIMESTAMP PRIMARY KEY, open REAL, high REAL, low REAL, close REAL, volume REAL);
INSERT INTO historical_data.btc_price_history VALUES ('2025-08-20 15:50:00', 1, 2, 0.5, 1.5, NULL);
CREATE TABLE users.trade_logs_0001 (id SERIAL, ticket_id TEXT, message TEXT, timestamp TEXT, service TEXT, user_id TEXT);
INSERT INTO users.trade_logs_0001 (ticket_id, message) VALUES ('TICKET-1', 'opened');
CREATE TABLE users.user_info_0001 (user_no TEXT, user_id TEXT, password_hash TEXT, is_active BOOLEAN);
INSERT INTO users.user_info_0001 VALUES ('0001', 'admin', 'fallback_hash_admin', true);
CREATE TABLE system.health_status (id INTEGER PRIMARY KEY, overall_status TEXT);
INSERT INTO system.health_status VALUES (1, 'healthy');
CREATE VIEW users.active_trades_view AS SELECT * FROM users.trades_0001 WHERE status = 'open';
";

pub(super) fn adopting(action: AdoptAction, dry_run: bool) -> AdoptOptions {
    AdoptOptions { environment: Environment::Kalshi, account: "main".parse().unwrap(), settings: None, action, dry_run }
}

/// Everything in v2's schemas and in its backup, with kinds, columns and definitions.
pub(super) fn catalog(url: &str) -> String {
    psql(
        url,
        "SELECT n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE n.nspname IN ('users', 'live_data', 'historical_data', 'analytics', 'system', 'v2_backup') ORDER BY 1, 2, 4",
    ) + &psql(url, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1")
}

fn own(mut fact: Fact) -> Fact {
    fact.environment = Environment::Kalshi;
    fact
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_views_answer_v2s_queries_and_undoing_brings_its_tables_back() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let v2 = v2(&database, directory.path(), count()).await;
    let url = database.url();
    psql(url, MORE);
    let odd = [("pnl", None), ("side", Some("n")), ("date", None), ("prob", Some("NaN")), ("strike", Some("Höhe 🙂"))];
    let mut rows = vec![trade(900_001, &odd)];
    rows.push(trade(900_002, &[("status", Some("open")), ("ticket_id", Some("T-1"))]));
    let mut connection = world::connect(url).await;
    // The columns are there already: only the rows are put in.
    world::insert(&mut connection, &Table { name: "users.trades_0001", columns: TRADES, rows }).await;

    let action = adopt(url, &adopting(AdoptAction::Adopt, false)).await;
    assert!(matches!(action, Err(AdoptError::NoStore(_))), "{action:?}");
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    let before = catalog(url);
    let action = adopt(url, &adopting(AdoptAction::Adopt, false)).await;
    assert!(
        matches!(&action, Err(AdoptError::NotImported { table, .. }) if table == "users.trades_0001"),
        "{action:?}"
    );
    let action = adopt(url, &adopting(AdoptAction::Views, false)).await;
    assert!(
        matches!(&action, Err(AdoptError::InTheWay(name)) if name == "users.trades_0001"),
        "over a real table: {action:?}"
    );
    let action = adopt(url, &adopting(AdoptAction::Undo, false)).await;
    assert!(matches!(action, Err(AdoptError::NothingToUndo(_))), "{action:?}");

    let mut sources = Vec::new();
    for from in v2.from() {
        sources.push(V2Source::open(from).await.unwrap());
    }
    let start = std::time::Instant::now();
    let report = import(&store, Some(&store), sources, &options(false), &mut |_| ()).await.unwrap();
    eprintln!("{} trades: imported into PostgreSQL in {:?}", v2.truths.len(), start.elapsed());
    assert!(report.agrees(), "{:#?}", report.sums);
    assert!(report.prices.iter().all(|log| log.added > 0), "{:?}", report.prices);
    // The database's own sums of what v2 had, and recio's.
    let exact = |sql: &str| psql(url, sql).parse::<f64>().unwrap();
    for (column, micros) in [("pnl", "pnl_micros"), ("fees", "fees_micros")] {
        let theirs = exact(&format!(
            "SELECT sum(round({column}::numeric * 1000000)) FROM users.trades_0001 WHERE {column} IS NOT NULL"
        ));
        let ours =
            exact(&format!("SELECT sum({micros}) FROM imported_records WHERE kind = 'trades' AND source = 'postgres'"));
        assert_eq!(theirs, ours, "{column}");
    }

    let planned = adopt(url, &adopting(AdoptAction::Adopt, true)).await.unwrap();
    assert_eq!(catalog(url), before, "a dry run changes nothing");
    let theirs = psql(url, "SELECT count(*), sum(round(pnl::numeric, 6)), sum(position) FROM users.trades_0001");
    let done = adopt(url, &adopting(AdoptAction::Adopt, false)).await.unwrap();
    assert_eq!((&planned.moved, &planned.views), (&done.moved, &done.views));
    assert_eq!(done.left, ["analytics.btc_fingerprint_directional_baseline"]);
    for (name, columns) in DOCUMENTED {
        psql(url, &format!("SELECT {columns} FROM {name}"));
        assert!(done.views.iter().any(|view| view == name), "{name}");
    }

    // v2's stores again, its tables where they were moved to: nothing changes, and nothing is missed.
    let mut sources = Vec::new();
    for from in v2.from() {
        sources.push(V2Source::open(from).await.unwrap());
    }
    let last = store.verify().await.unwrap().last_sequence;
    let start = std::time::Instant::now();
    let again = import(&store, Some(&store), sources, &options(false), &mut |_| ()).await.unwrap();
    eprintln!("{} trades: again into PostgreSQL in {:?}", v2.truths.len(), start.elapsed());
    assert!(again.agrees() && !again.changes(), "{:#?}", again.tables);
    assert!(again.sums.iter().all(|line| line.gone == Exact::ZERO), "{:#?}", again.sums);
    assert!(again.tables.iter().any(|table| table.table == "v2_backup.users__trades_0001"), "{:#?}", again.tables);
    assert_eq!(store.verify().await.unwrap().last_sequence, last);

    // v2's own queries.
    let records = psql(
        url,
        "SELECT count(*), sum(round(pnl::numeric, 6)), sum(position) FROM users.trades_0001 WHERE id < 500000000",
    );
    assert_eq!(records, theirs, "all that PostgreSQL had");
    let trades = psql(url, "SELECT count(*) FROM users.trades_0001");
    assert_eq!(trades, (v2.truths.len() + 2).to_string(), "and all that the files had");
    assert_eq!(
        psql(url, "SELECT count(*) - count(DISTINCT id) FROM users.trades_0001"),
        "0",
        "a number is one trade's"
    );
    let late = &v2.truths[v2.truths.len() * 4 / 10];
    let by_id =
        psql(url, "SELECT ticker, side, buy_price, position, ticket_id, time FROM users.trades_0001 WHERE id = 7");
    let time = late.opened.to_zoned(world::eastern()).strftime("%H:%M:%S");
    let side = if late.yes { "Y" } else { "N" };
    let price = f64::from(u16::try_from(late.cents).unwrap()) / 100.0;
    assert_eq!(by_id, format!("{}|{side}|{price}|{}|{}|{time}", late.ticker, late.count, late.ticket));
    assert_eq!(
        psql(url, "SELECT pnl IS NULL, side, strike, prob IS NULL FROM users.trades_0001 WHERE id = 900001"),
        "t|N|Höhe 🙂|t"
    );
    assert_eq!(psql(url, "SELECT id FROM users.trades_0001 WHERE status = 'open'"), "900002");
    assert_eq!(psql(url, "SELECT count(*) FROM users.active_trades_0001"), "0", "recio manages none of v2's");
    let wins = v2.truths.iter().filter(|truth| truth.pnl_cents() > 0).count();
    assert_eq!(
        psql(url, "SELECT winning_trades FROM users.trade_performance_view WHERE trade_strategy = 'Hourly HTC'"),
        wins.to_string()
    );
    let tenth = v2.truths.len().div_ceil(10);
    let fills = psql(
        url,
        "SELECT count(*), sum(count), sum(round(CASE side WHEN 'yes' THEN yes_price ELSE no_price END * count)) FROM users.fills_0001",
    );
    let every = || v2.truths.iter().step_by(10);
    let counts: i64 = every().map(|truth| truth.count).sum();
    let cost: i64 = every().map(world::Truth::cost_cents).sum();
    assert_eq!(fills, format!("{tenth}|{counts}|{cost}"));
    let fees: i64 = every().map(|truth| truth.fee_cents).sum();
    assert_eq!(psql(url, "SELECT sum(taker_fees) FROM users.orders_0001 WHERE status = 'executed'"), fees.to_string());
    let revenue: i64 = every().filter(|truth| truth.won).map(|truth| truth.count * 100).sum();
    assert_eq!(psql(url, "SELECT sum(revenue) FROM users.settlements_0001"), revenue.to_string());
    assert_eq!(psql(url, "SELECT count(*) FROM live_data.live_price_log_1s_btc"), v2.prices.to_string());
    let newest = psql(url, "SELECT price FROM live_data.live_price_log_1s_btc ORDER BY timestamp DESC LIMIT 1");
    assert!(newest.starts_with("114"), "{newest}");
    let change = psql(url, "SELECT change1h > 0, change1d IS NULL FROM live_data.price_change_btc");
    assert!(change == "t|t" || change == "t|f", "{change}");
    let lookup = "SELECT prob_within_positive, prob_within_negative FROM analytics.probability_lookup_btc WHERE ttc_seconds = 300 AND buffer_points = 250 AND momentum_bucket = -3";
    assert_eq!(psql(url, lookup), "97.125|NaN");
    assert_eq!(psql(url, "SELECT timestamp, close FROM historical_data.btc_price_history"), "2025-08-20T15:50:00|1.5");
    assert_eq!(psql(url, "SELECT ticket_id, message FROM users.trade_logs_0001"), "TICKET-1|opened");
    assert_eq!(psql(url, "SELECT user_id, password_hash IS NULL FROM users.user_info_0001"), "admin|t");
    let settings = "SELECT auto_entry, min_probability, min_differential, max_time, spike_alert_enabled FROM users.auto_trade_settings_0001 WHERE id = 1";
    assert_eq!(psql(url, settings), "f|95|0.25|900|t");
    assert_eq!(psql(url, "SELECT count(*) FROM system.health_status"), "0", "v2's last word is not recio's health");

    // A trade of recio's own, as it goes on.
    let facts = [
        sample::account_opened(Money::dollars(100)),
        sample::intent("c-1", 1),
        sample::trade("t-1", TradeStatus::Open, Quantity::contracts(10)),
        sample::order_changed("c-1", Some("x-1"), OrderStatus::Filled, "10"),
        sample::filled(sample::fill("x-1", "f-1", "KXBTCD-26MAY1310-T101249.99", BookSide::Bid, "0.56", "10")),
    ];
    store.append(&facts.map(own)).await.unwrap();
    let active = psql(url, "SELECT ticket_id, status, position, market FROM users.active_trades_0001");
    assert_eq!(active, "t-1|active|10|Kalshi");
    assert_eq!(psql(url, "SELECT count(*) FROM users.trades_0001 WHERE status = 'open'"), "2");
    assert_eq!(
        psql(url, "SELECT ticker, side, action, count, yes_price FROM users.fills_0001 WHERE trade_id = 'f-1'")
            .split('|')
            .nth(3),
        Some("10")
    );
    assert_eq!(psql(url, "SELECT position, ticker FROM users.positions_0001"), "10|KXBTCD-26MAY1310-T101249.99");
    let balance = psql(url, "SELECT round(balance) FROM users.account_balance_0001 ORDER BY timestamp DESC LIMIT 1");
    assert!(balance.parse::<i64>().unwrap() < 10_000, "in cents, after the fill: {balance}");

    // Reading alone; again changes nothing; and what is put in the way is not written over.
    assert!(try_psql(url, "DELETE FROM users.trades_0001").is_err());
    let adopted = catalog(url);
    let again = adopt(url, &adopting(AdoptAction::Adopt, false)).await.unwrap();
    assert!(again.moved.is_empty());
    assert_eq!(catalog(url), adopted);
    psql(url, "DROP VIEW users.master_users; CREATE TABLE users.master_users (x INTEGER)");
    let action = adopt(url, &adopting(AdoptAction::Views, false)).await;
    assert!(matches!(&action, Err(AdoptError::InTheWay(name)) if name == "users.master_users"), "{action:?}");
    psql(url, "DROP TABLE users.master_users");

    adopt(url, &adopting(AdoptAction::Undo, true)).await.unwrap();
    let undone = adopt(url, &adopting(AdoptAction::Undo, false)).await.unwrap();
    assert_eq!(undone.moved.len(), done.moved.len());
    assert_eq!(catalog(url), before, "as it was");
    assert_eq!(psql(url, "SELECT count(*), sum(round(pnl::numeric, 6)), sum(position) FROM users.trades_0001"), theirs);
    assert_eq!(
        psql(url, "INSERT INTO users.trade_logs_0001 (ticket_id) VALUES ('x') RETURNING id"),
        "2",
        "numbers go on"
    );
    store.verify().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn without_v2_the_views_stand_alone() {
    let database = Database::create();
    let url = format!("{}{}schema=recio", database.url(), if database.url().contains('?') { '&' } else { '?' });
    PostgresStore::open(&url, Access::Writer).await.unwrap().close().await;
    let plain = catalog(database.url());
    let done = adopt(&url, &adopting(AdoptAction::Views, false)).await.unwrap();
    assert!(done.moved.is_empty() && done.left.is_empty(), "{done:?}");
    for (name, columns) in DOCUMENTED {
        psql(database.url(), &format!("SELECT {columns} FROM {name}"));
    }
    adopt(&url, &adopting(AdoptAction::Undo, false)).await.unwrap();
    assert_eq!(catalog(database.url()), plain);
}

#[tokio::test]
async fn who_could_read_v2s_tables_can_read_the_views() {
    let database = Database::create();
    let url = database.url();
    PostgresStore::open(url, Access::Writer).await.unwrap().close().await;
    // A role that no other database of the server knows.
    let own = format!("v2_{}", psql(url, "SELECT current_database()"));
    psql(
        url,
        &format!(
            "CREATE ROLE \"{own}\"; CREATE SCHEMA users AUTHORIZATION \"{own}\"; SET ROLE \"{own}\"; CREATE TABLE users.trades_0001 (id INTEGER, pnl REAL);
             RESET ROLE; CREATE TABLE users.user_info_0001 (user_id TEXT)"
        ),
    );
    adopt(url, &adopting(AdoptAction::Adopt, false)).await.unwrap();
    for (name, columns) in DOCUMENTED {
        let read = try_psql(url, &format!("SET ROLE \"{own}\"; SELECT {columns} FROM {name}"));
        assert_eq!(read.is_ok(), *name != "users.user_info_0001", "{name}: {read:?}");
    }
    adopt(url, &adopting(AdoptAction::Undo, false)).await.unwrap();
    psql(url, &format!("DROP SCHEMA users CASCADE; DROP OWNED BY \"{own}\"; DROP ROLE \"{own}\""));
}
