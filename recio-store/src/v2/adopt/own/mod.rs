//! What recio has under each of v2's names, in v2's units: prices of trades in dollars, those of fills and orders in cents, percent for
//! probabilities, New York's clock for trades, UTC for what the exchange said.
//!
//! `$environment`, `$account`, `$asset` and `$lower` (the asset in small letters, as in a table's name) stand for parts of the statement. Every
//! query gives the columns of its view by name.

mod account;
mod live;
mod settings;

pub(super) use account::{
    ACTIVE, BALANCE, FILLS, LOGS, ORDERS, PERFORMANCE, PERFORMANCE_COLUMNS, POSITIONS, RECENT, SETTLEMENTS, TRADES,
};
pub(super) use live::{CANDLES, CHANGE, HEALTH, MARKET, PRICES, STRIKES, WATCHLIST};
pub(super) use settings::{HISTORY_PREFERENCES, auto_trade_settings, preferences};
