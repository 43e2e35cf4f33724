//! The views for people say the same on both databases.

use super::damage::shell;
use super::tables::facts;
use recio_core::store::Store;
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::testing::{Database, psql};
use recio_store::{Access, SqliteStore, open};
use sqlx::{AssertSqlSafe, Connection, Row};

/// The views, with columns that make their order the same everywhere.
const VIEWS: [(&str, &str); 11] = [
    ("alarms", "sequence"),
    ("balances", "sequence"),
    ("decisions", "sequence, line"),
    ("fills", "sequence"),
    ("ledger", "sequence, line"),
    ("order_events", "sequence"),
    ("orders", "client_order_id"),
    ("positions", "market"),
    ("settlements", "sequence"),
    ("shadow_orders", "sequence"),
    ("trades", "trade"),
];

fn awkward() -> Vec<recio_core::fact::Fact> {
    let mut early = sample::cash_moved(7, Money::from_micros(-1));
    early.time = recio_core::units::from_micros(-1).unwrap();
    let mut facts = facts();
    facts.push(early);
    facts
}

/// A row as `psql` prints it.
fn line(row: &sqlx::sqlite::SqliteRow) -> String {
    let cell = |at: usize| {
        row.try_get::<Option<String>, _>(at)
            .or_else(|_| row.try_get::<Option<i64>, _>(at).map(|value| value.map(|value| value.to_string())))
            .or_else(|_| row.try_get::<Option<f64>, _>(at).map(|value| value.map(|value| value.to_string())))
            .unwrap()
            .unwrap_or_default()
    };
    (0..row.columns().len()).map(cell).collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn the_views_say_the_same_on_both_databases() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    store.append(&awkward()).await.unwrap();
    let server = Database::create();
    let other = open(server.url(), Access::Writer).await.unwrap();
    other.append(&awkward()).await.unwrap();
    let mut shell = shell(store.path()).await;
    for (view, order) in VIEWS {
        let sql = format!("SELECT * FROM {view}_readable ORDER BY {order}");
        let rows = sqlx::query(AssertSqlSafe(sql.clone())).fetch_all(&mut shell).await.unwrap();
        let lines: Vec<String> = rows.iter().map(line).collect();
        assert!(!lines.is_empty(), "{view}");
        assert_eq!(lines.join("\n"), psql(server.url(), &sql), "{view}");
    }
    shell.close().await.unwrap();
}

#[tokio::test]
async fn the_views_are_in_dollars_percent_and_times() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    store.append(&awkward()).await.unwrap();
    let mut shell = shell(store.path()).await;
    let mut lines = async |sql: &'static str| {
        let rows = sqlx::query(sql).fetch_all(&mut shell).await.unwrap();
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        lines("SELECT trade, side, status, opened_time, entry_probability, entry_asset_price, bought, cost, realized FROM trades_readable").await,
        "t-1|yes|closed|2026-05-13T13:00:00.000000Z|30.00%|91204.11|10.00|5.600000|-5.772500"
    );
    assert_eq!(
        lines("SELECT market, position, cost, fees, settled, payout_booked FROM positions_readable ORDER BY market")
            .await,
        "M|0.00|0.000000|0.010000|yes|yes\nN|0.00|0.000000|0.020000|yes|yes"
    );
    assert_eq!(
        lines("SELECT time, booking, ledger_account, amount FROM ledger_readable WHERE sequence = 18 ORDER BY line")
            .await,
        "1969-12-31T23:59:59.999999Z|external|cash|-0.000001\n1969-12-31T23:59:59.999999Z|external|external|0.000001"
    );
    assert_eq!(
        lines(
            "SELECT market, model, model_low, bid, bid_quantity, ask, verdict, side, limit_price, quantity, outcome \
               FROM decisions_readable WHERE sequence = 3 ORDER BY line"
        )
        .await,
        "M|30.00%|25.00%|0.5599|12.50|0.5601|entered|no|0.4301|0.01|yes\nN|30.00%|25.00%|||0.0100|refused|yes|0.4301|0.01|no\n\
         O||||||skipped||||\nP||||||silent||||"
    );
    assert_eq!(
        lines("SELECT order_id, yes_price, quantity, fee FROM (SELECT *, exchange_order_id AS order_id FROM fills_readable) ORDER BY sequence")
            .await,
        "x-1|0.5600|10.00|0.010000\nx-2|0.3100|3.00|0.010000\nx-2|0.3100|1.00|0.010000"
    );
    shell.close().await.unwrap();
}
