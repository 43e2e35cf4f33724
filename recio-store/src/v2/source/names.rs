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

const DERIVED: &str = "the state of a moment: recio makes its own";
const CANDLES: &str = "history: stays in v2's table, which `recio db adopt-v2` shows under its name";
const PEOPLE: &str = "names and password hashes: recio has no use for them";
const LOGS: &str = "log lines: stay in v2's table, which `recio db adopt-v2` shows under its name";

/// The role of a table. The user's number is always 0001; early SQLite files have none.
pub(super) fn role(schema: &str, name: &str, file: &str) -> Role {
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
