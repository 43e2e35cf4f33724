//! What v2 called its tables.

use recio_core::imported::ImportedTable;
use serde::Serialize;

/// What a table is to an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Its rows become records.
    Records(ImportedTable),
    /// Its rows become prices of the asset.
    Prices(&'static str),
    /// v2's, and left where it is: why.
    Left(&'static str),
    /// Not v2's, as far as recio knows.
    Unknown,
}

/// The schema that v2's tables are moved into; what is written down about that lies beside them.
pub(super) const MOVED: &str = "v2_backup";

const DERIVED: &str = "the state of a moment: recio makes its own";
const CANDLES: &str = "history: stays in v2's table, which `recio db adopt-v2` shows under its name";
const PEOPLE: &str = "names and password hashes: recio has no use for them";
const LOGS: &str = "log lines: stay in v2's table, which `recio db adopt-v2` shows under its name";

const OTHER_COLUMNS: &str = "has the name of one of v2's tables, and not half of its columns";

/// The role of a table with these columns, in small letters. The user's number is always 0001; early SQLite files have none. What
/// `recio db adopt-v2` moved aside is read where it is.
pub(super) fn role(schema: &str, name: &str, file: &str, columns: &[String]) -> Role {
    let (schema, name) = match (schema, name.split_once("__")) {
        (MOVED, Some(before)) => before,
        _ => (schema, name),
    };
    match named(schema, name, file) {
        Role::Records(kind) if 2 * lacking(kind, columns).len() > read_columns(kind).len() => Role::Left(OTHER_COLUMNS),
        role @ (Role::Records(_) | Role::Prices(_) | Role::Left(_) | Role::Unknown) => role,
    }
}

/// The columns that an import reads of a kind and that are not among these.
pub(in crate::v2) fn lacking(kind: ImportedTable, columns: &[String]) -> Vec<&'static str> {
    read_columns(kind).iter().filter(|name| !columns.iter().any(|column| column == *name)).copied().collect()
}

/// What an import reads. Settings are kept whatever they are called.
const fn read_columns(kind: ImportedTable) -> &'static [&'static str] {
    match kind {
        ImportedTable::Trades => &[
            "id",
            "status",
            "date",
            "time",
            "contract",
            "strike",
            "side",
            "buy_price",
            "position",
            "sell_price",
            "closed_at",
            "fees",
            "pnl",
            "win_loss",
            "ticker",
            "ticket_id",
            "entry_method",
            "close_method",
        ],
        ImportedTable::Fills => {
            &["trade_id", "ticker", "order_id", "side", "action", "count", "yes_price", "no_price", "created_time"]
        }
        ImportedTable::Orders => &[
            "order_id",
            "ticker",
            "status",
            "action",
            "side",
            "yes_price",
            "no_price",
            "initial_count",
            "created_time",
            "maker_fees",
            "taker_fees",
        ],
        ImportedTable::Positions => {
            &["ticker", "position", "market_exposure", "realized_pnl", "fees_paid", "last_updated_ts", "raw_json"]
        }
        ImportedTable::Settlements => &[
            "ticker",
            "market_result",
            "yes_count",
            "yes_total_cost",
            "no_count",
            "no_total_cost",
            "revenue",
            "settled_time",
        ],
        ImportedTable::Settings => &[],
    }
}

fn named(schema: &str, name: &str, file: &str) -> Role {
    let bare = name.strip_suffix("_0001").unwrap_or(name);
    let eth = file.to_ascii_lowercase().contains("eth");
    match (schema, bare) {
        ("" | "users", "trades") => Role::Records(ImportedTable::Trades),
        ("" | "users", "fills") => Role::Records(ImportedTable::Fills),
        ("" | "users", "orders") => Role::Records(ImportedTable::Orders),
        ("" | "users", "positions") => Role::Records(ImportedTable::Positions),
        ("" | "users", "settlements") => Role::Records(ImportedTable::Settlements),
        ("" | "users", "auto_trade_settings" | "trade_preferences" | "trade_history_preferences") => {
            Role::Records(ImportedTable::Settings)
        }
        ("" | "live_data", "live_price_log_1s_btc" | "btc_price_log") => Role::Prices("BTC"),
        ("" | "live_data", "live_price_log_1s_eth" | "eth_price_log") => Role::Prices("ETH"),
        ("", "price_log") => Role::Prices(if eth { "ETH" } else { "BTC" }),
        ("users", "active_trades" | "watchlist" | "account_balance") => Role::Left(DERIVED),
        ("" | "users", "trade_logs") => Role::Left(LOGS),
        ("users", "user_info" | "master_users") => Role::Left(PEOPLE),
        ("users", _) | ("live_data", _) | ("system", _) => Role::Left(DERIVED),
        ("historical_data" | "analytics", _) => Role::Left(CANDLES),
        _ => Role::Unknown,
    }
}
