//! v2's databases, generated: tables as documented, and trades of which the truth is known.

use jiff::tz::TimeZone;
use recio_core::units::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::fmt::Write as _;
use std::str::FromStr;

/// Columns with their types, as PostgreSQL has them and as SQLite has them.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str, &'static str)],
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

pub(crate) const TRADES: &[(&str, &str, &str)] = &[
    ("id", "SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY"),
    ("status", "VARCHAR(20)", "TEXT"),
    ("date", "TEXT", "TEXT"),
    ("time", "TEXT", "TEXT"),
    ("symbol", "TEXT", "TEXT"),
    ("market", "TEXT", "TEXT"),
    ("trade_strategy", "TEXT", "TEXT"),
    ("contract", "TEXT", "TEXT"),
    ("strike", "TEXT", "TEXT"),
    ("side", "TEXT", "TEXT"),
    ("prob", "REAL", "REAL"),
    ("diff", "TEXT", "TEXT"),
    ("buy_price", "DOUBLE PRECISION", "REAL"),
    ("position", "BIGINT", "INTEGER"),
    ("sell_price", "REAL", "REAL"),
    ("closed_at", "TEXT", "TEXT"),
    ("fees", "NUMERIC(18,4)", "REAL"),
    ("pnl", "DOUBLE PRECISION", "REAL"),
    ("symbol_open", "INTEGER", "INTEGER"),
    ("symbol_close", "INTEGER", "INTEGER"),
    ("momentum", "REAL", "REAL"),
    ("volatility", "REAL", "REAL"),
    ("win_loss", "TEXT", "TEXT"),
    ("ticker", "TEXT", "TEXT"),
    ("ticket_id", "TEXT", "TEXT"),
    ("market_id", "TEXT", "TEXT"),
    ("momentum_delta", "REAL", "REAL"),
    ("entry_method", "TEXT", "TEXT"),
    ("close_method", "TEXT", "TEXT"),
];

pub(crate) const FILLS: &[(&str, &str, &str)] = &[
    ("trade_id", "TEXT UNIQUE", "TEXT"),
    ("ticker", "TEXT", "TEXT"),
    ("order_id", "TEXT", "TEXT"),
    ("side", "TEXT", "TEXT"),
    ("action", "TEXT", "TEXT"),
    ("count", "INTEGER", "INTEGER"),
    ("yes_price", "REAL", "REAL"),
    ("no_price", "REAL", "REAL"),
    ("is_taker", "BOOLEAN", "INTEGER"),
    ("created_time", "TEXT", "TEXT"),
    ("raw_json", "TEXT", "TEXT"),
];

pub(crate) const ORDERS: &[(&str, &str, &str)] = &[
    ("order_id", "TEXT PRIMARY KEY", "TEXT"),
    ("user_id", "TEXT", "TEXT"),
    ("ticker", "TEXT", "TEXT"),
    ("status", "TEXT", "TEXT"),
    ("action", "TEXT", "TEXT"),
    ("side", "TEXT", "TEXT"),
    ("type", "TEXT", "TEXT"),
    ("yes_price", "INTEGER", "INTEGER"),
    ("no_price", "INTEGER", "INTEGER"),
    ("initial_count", "INTEGER", "INTEGER"),
    ("remaining_count", "INTEGER", "INTEGER"),
    ("fill_count", "INTEGER", "INTEGER"),
    ("created_time", "TEXT", "TEXT"),
    ("expiration_time", "TEXT", "TEXT"),
    ("last_update_time", "TEXT", "TEXT"),
    ("client_order_id", "TEXT", "TEXT"),
    ("order_group_id", "TEXT", "TEXT"),
    ("queue_position", "INTEGER", "INTEGER"),
    ("self_trade_prevention_type", "TEXT", "TEXT"),
    ("maker_fees", "INTEGER", "INTEGER"),
    ("taker_fees", "INTEGER", "INTEGER"),
    ("maker_fill_cost", "INTEGER", "INTEGER"),
    ("taker_fill_cost", "INTEGER", "INTEGER"),
    ("raw_json", "TEXT", "TEXT"),
];

pub(crate) const POSITIONS: &[(&str, &str, &str)] = &[
    ("id", "SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY"),
    ("ticker", "TEXT", "TEXT"),
    ("total_traded", "REAL", "REAL"),
    ("position", "INTEGER", "INTEGER"),
    ("market_exposure", "REAL", "REAL"),
    ("realized_pnl", "REAL", "REAL"),
    ("fees_paid", "REAL", "REAL"),
    ("last_updated_ts", "TEXT", "TEXT"),
    ("raw_json", "TEXT", "TEXT"),
];

pub(crate) const SETTLEMENTS: &[(&str, &str, &str)] = &[
    ("ticker", "TEXT", "TEXT"),
    ("market_result", "TEXT", "TEXT"),
    ("yes_count", "INTEGER", "INTEGER"),
    ("yes_total_cost", "REAL", "REAL"),
    ("no_count", "INTEGER", "INTEGER"),
    ("no_total_cost", "REAL", "REAL"),
    ("revenue", "REAL", "REAL"),
    ("settled_time", "TEXT", "TEXT"),
    ("raw_json", "TEXT", "TEXT"),
];

pub(crate) const PRICES: &[(&str, &str, &str)] = &[
    ("timestamp", "TEXT PRIMARY KEY", "TEXT"),
    ("price", "DOUBLE PRECISION", "REAL"),
    ("one_minute_avg", "DOUBLE PRECISION", "REAL"),
    ("momentum", "DOUBLE PRECISION", "REAL"),
    ("delta_1m", "DOUBLE PRECISION", "REAL"),
    ("delta_2m", "DOUBLE PRECISION", "REAL"),
    ("delta_3m", "DOUBLE PRECISION", "REAL"),
    ("delta_4m", "DOUBLE PRECISION", "REAL"),
    ("delta_15m", "DOUBLE PRECISION", "REAL"),
    ("delta_30m", "DOUBLE PRECISION", "REAL"),
];

pub(crate) const AUTO_TRADE_SETTINGS: &[(&str, &str, &str)] = &[
    ("id", "INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY"),
    ("auto_entry", "BOOLEAN", "INTEGER"),
    ("auto_stop", "BOOLEAN", "INTEGER"),
    ("min_probability", "INTEGER", "INTEGER"),
    ("min_differential", "NUMERIC(5,2)", "REAL"),
    ("min_time", "INTEGER", "INTEGER"),
    ("max_time", "INTEGER", "INTEGER"),
    ("allow_re_entry", "BOOLEAN", "INTEGER"),
    ("spike_alert_enabled", "BOOLEAN", "INTEGER"),
    ("spike_alert_momentum_threshold", "INTEGER", "INTEGER"),
    ("spike_alert_cooldown_threshold", "INTEGER", "INTEGER"),
    ("spike_alert_cooldown_minutes", "INTEGER", "INTEGER"),
    ("current_probability", "INTEGER", "INTEGER"),
    ("min_ttc_seconds", "INTEGER", "INTEGER"),
    ("momentum_spike_enabled", "BOOLEAN", "INTEGER"),
    ("momentum_spike_threshold", "INTEGER", "INTEGER"),
    ("verification_period_enabled", "BOOLEAN", "INTEGER"),
    ("verification_period_seconds", "INTEGER", "INTEGER"),
    ("auto_entry_status", "TEXT", "TEXT"),
    ("cooldown_timer", "INTEGER", "INTEGER"),
    ("user_id", "TEXT", "TEXT"),
];

/// Text as a value.
pub(crate) fn some(text: impl ToString) -> Option<String> {
    Some(text.to_string())
}

/// A trade of which everything is known.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) opened: Timestamp,
    pub(crate) closed: Timestamp,
    pub(crate) close_time: Timestamp,
    pub(crate) ticker: String,
    pub(crate) yes: bool,
    pub(crate) cents: i64,
    pub(crate) count: i64,
    pub(crate) fee_cents: i64,
    pub(crate) won: bool,
    pub(crate) ticket: String,
}

pub(crate) fn eastern() -> TimeZone {
    jiff::tz::TimeZoneDatabase::bundled().get("America/New_York").unwrap()
}

fn local(time: Timestamp, format: &str) -> String {
    time.to_zoned(eastern()).strftime(format).to_string()
}

impl Truth {
    pub(crate) fn pnl_cents(&self) -> i64 {
        let paid = if self.won { 100 } else { 0 };
        (paid - self.cents) * self.count - self.fee_cents
    }

    pub(crate) fn cost_cents(&self) -> i64 {
        self.cents * self.count
    }

    /// The row as v2 wrote it: floats with their noise, times on the clock in New York.
    pub(crate) fn row(&self, id: usize) -> Vec<Option<String>> {
        let price = self.cents as f64 / 100.0;
        let fees = self.fee_cents as f64 / 100.0;
        let paid = if self.won { 1.0 } else { 0.0 };
        // As Python computed it, which is why 0.05 is 0.050000000000000044 now and then.
        let pnl = (paid - price) * self.count as f64 - fees;
        let strike = self.ticker.rsplit_once("-T").unwrap().1;
        // Written in the two ways that v2 had.
        let closed_at = if id.is_multiple_of(3) {
            self.closed.to_zoned(eastern()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        } else {
            local(self.closed, "%H:%M:%S")
        };
        vec![
            some(id),
            some("closed"),
            some(local(self.opened, "%Y-%m-%d")),
            some(local(self.opened, "%H:%M:%S")),
            some("BTC"),
            some("Kalshi"),
            some("Hourly HTC"),
            some(format!("BTC {}", local(self.close_time, "%-I%P"))),
            some(format!("${strike}")),
            some(if self.yes { "Y" } else { "N" }),
            some(97.5),
            some(format!("+{}", id % 7)),
            some(price),
            some(self.count),
            some(paid),
            some(closed_at),
            some(fees),
            some(pnl),
            some(114_000 + id % 900),
            some(114_100),
            some(0.12),
            None,
            some(if self.pnl_cents() > 0 { "W" } else { "L" }),
            some(&self.ticker),
            some(&self.ticket),
            some("BTC-USD"),
            some(12),
            some(if id.is_multiple_of(2) { "auto" } else { "manual" }),
            some(if self.closed > self.close_time { "expired" } else { "manual" }),
        ]
    }
}

/// Nights in which the clock is set.
pub(crate) const NIGHTS: [&str; 4] =
    ["2024-11-03T03:00:00Z", "2025-03-09T04:00:00Z", "2025-11-02T03:00:00Z", "2026-03-08T04:00:00Z"];

/// Trades of some years, every fourth of them in a night in which the clock is set. Two trades never begin in the same second.
pub(crate) fn truths(count: usize, seed: u64) -> Vec<Truth> {
    let mut random = fastrand::Rng::with_seed(seed);
    let start: Timestamp = "2024-10-01T00:00:00Z".parse().unwrap();
    let mut seconds = std::collections::BTreeSet::new();
    let mut night = 0;
    while seconds.len() < count {
        let (from, length) = if seconds.len() % 4 == 0 {
            night += 1;
            (NIGHTS[night % NIGHTS.len()].parse::<Timestamp>().unwrap(), 6 * 3_600)
        } else {
            (start, 570 * 86_400)
        };
        let room = if seconds.len() > 60_000 { 570 * 86_400 } else { length };
        let from = if room == length { from } else { start };
        seconds.insert(from.as_second() + random.i64(0..room));
    }
    seconds.into_iter().enumerate().map(|(at, second)| truth(at, second, &mut random)).collect()
}

fn truth(at: usize, second: i64, random: &mut fastrand::Rng) -> Truth {
    let opened = Timestamp::from_second(second).unwrap();
    // The market of the running hour: v2 traded no other.
    let close_time = Timestamp::from_second(second - second.rem_euclid(3_600) + 3_600).unwrap();
    let cents = random.i64(40..99);
    let count = random.i64(1..60);
    let won = random.u8(0..10) > 0;
    let settled = random.bool();
    let left = close_time.as_second() - second;
    let closed = if settled { close_time.as_second() + random.i64(1..60) } else { second + random.i64(0..left) };
    let hour = local(close_time, "%y%b%d%H").to_uppercase();
    Truth {
        opened,
        closed: Timestamp::from_second(closed).unwrap(),
        close_time,
        ticker: format!("KXBTCD-{hour}-T{}.99", 100_000 + random.i64(0..80) * 250 + 249),
        yes: random.bool(),
        cents,
        count,
        fee_cents: (7 * count * cents * (100 - cents) + 9_999) / 10_000,
        won,
        ticket: format!("TICKET-{at:07}-{}", random.u32(..)),
    }
}

/// Makes and fills a table in a SQLite file.
pub(crate) async fn sqlite(connection: &mut SqliteConnection, table: &Table) {
    let columns: Vec<String> = table.columns.iter().map(|(name, _, kind)| format!("\"{name}\" {kind}")).collect();
    run_sqlite(connection, &format!("CREATE TABLE {} ({})", table.name, columns.join(", "))).await;
    run_sqlite(connection, "BEGIN").await;
    for sql in inserts(table) {
        run_sqlite(connection, &sql).await;
    }
    run_sqlite(connection, "COMMIT").await;
}

async fn run_sqlite(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

/// Makes and fills a table in a PostgreSQL database.
pub(crate) async fn postgres(connection: &mut PgConnection, table: &Table) {
    let columns: Vec<String> = table.columns.iter().map(|(name, kind, _)| format!("\"{name}\" {kind}")).collect();
    let schema = table.name.split('.').next().unwrap();
    let make = format!("CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {} ({})", table.name, columns.join(", "));
    run(connection, &make).await;
    insert(connection, table).await;
}

/// Fills a table that is there.
pub(crate) async fn insert(connection: &mut PgConnection, table: &Table) {
    for sql in inserts(table) {
        run(connection, &sql).await;
    }
}

pub(crate) async fn connect(url: &str) -> PgConnection {
    // What psql takes, sqlx's parser does not.
    PgConnectOptions::from_str(&url.replacen("@/", "@localhost/", 1)).unwrap().connect().await.unwrap()
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await {
        panic!("{error}: {}", &sql[..sql.len().min(400)]);
    }
}

fn inserts(table: &Table) -> impl Iterator<Item = String> {
    let names: Vec<String> = table.columns.iter().map(|(name, ..)| format!("\"{name}\"")).collect();
    table.rows.chunks(500).map(move |rows| {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", table.name, names.join(", "));
        for (at, row) in rows.iter().enumerate() {
            let values: Vec<String> = row
                .iter()
                .map(|value| value.as_ref().map_or("NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''"))))
                .collect();
            write!(sql, "{}({})", if at == 0 { "" } else { ", " }, values.join(", ")).unwrap();
        }
        sql
    })
}

/// Fills, orders and settlements of some of the trades.
pub(crate) fn account(truths: &[Truth], every: usize) -> [Table; 3] {
    let some_of = || truths.iter().enumerate().step_by(every);
    let price = |truth: &Truth| if truth.yes { truth.cents } else { 100 - truth.cents };
    let side = |truth: &Truth| some(if truth.yes { "yes" } else { "no" });
    let fills = some_of().map(|(at, truth)| {
        vec![
            some(format!("fill-{at}")),
            some(&truth.ticker),
            some(format!("order-{at}")),
            side(truth),
            some("buy"),
            some(truth.count),
            some(price(truth)),
            some(100 - price(truth)),
            some("true"),
            some(truth.opened),
            some("{}"),
        ]
    });
    let orders = some_of().map(|(at, truth)| {
        let mut row = vec![None; ORDERS.len()];
        row[0] = some(format!("order-{at}"));
        row[1] = some("0001");
        row[2] = some(&truth.ticker);
        row[3] = some("executed");
        row[4] = some("buy");
        row[5] = side(truth);
        row[6] = some("market");
        row[7] = some(price(truth));
        row[8] = some(100 - price(truth));
        row[9] = some(truth.count);
        row[10] = some(0);
        row[11] = some(truth.count);
        row[12] = some(truth.opened);
        row[20] = some(truth.fee_cents);
        row[22] = some(truth.cost_cents());
        row
    });
    let settlements = some_of().map(|(_, truth)| {
        let (yes, no) = if truth.yes { (truth.count, 0) } else { (0, truth.count) };
        let cost = truth.cost_cents();
        vec![
            some(&truth.ticker),
            some(if truth.won == truth.yes { "yes" } else { "no" }),
            some(yes),
            some(if truth.yes { cost } else { 0 }),
            some(no),
            some(if truth.yes { 0 } else { cost }),
            some(if truth.won { truth.count * 100 } else { 0 }),
            some(Timestamp::from_second(truth.close_time.as_second() + 30 + truth.opened.as_second() % 3_600).unwrap()),
            None,
        ]
    });
    [
        Table { name: "fills", columns: FILLS, rows: fills.collect() },
        Table { name: "orders", columns: ORDERS, rows: orders.collect() },
        Table { name: "settlements", columns: SETTLEMENTS, rows: settlements.collect() },
    ]
}

/// Closes a connection, so that its file is whole.
pub(crate) async fn close(connection: SqliteConnection) {
    connection.close().await.unwrap();
}
