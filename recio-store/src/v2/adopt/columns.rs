//! v2's names: every table and view with its columns, as its readers ask for them.
//!
//! Numbers are double precision where v2 had REAL or NUMERIC: its programs test for floats, and a decimal would not be one to them.

use super::{AdoptSettings, own};

/// A view under a name of v2's.
pub(super) struct View {
    /// Schema and name.
    pub(super) name: &'static str,
    /// Columns with their types.
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// What recio has for it.
    pub(super) own: Own,
    /// Whether the rows of v2's own table are shown too.
    pub(super) backup: bool,
    /// Columns of v2's own table that are not shown.
    pub(super) secret: &'static [&'static str],
    /// The asset, where it is about one.
    pub(super) asset: &'static str,
}

/// What recio has for a view: a query with all of its columns.
pub(super) enum Own {
    /// Nothing.
    Nothing,
    /// This.
    Query(&'static str),
    /// What this makes of a monitor's settings.
    Settings(fn(Option<&AdoptSettings>) -> String),
}

const I: &str = "bigint";
const F: &str = "double precision";
const T: &str = "text";
const B: &str = "boolean";
const TS: &str = "timestamp";

type Columns = &'static [(&'static str, &'static str)];

/// Made of recio's tables, and of what was imported.
const fn own(name: &'static str, columns: Columns, query: &'static str) -> View {
    View { name, columns, own: Own::Query(query), backup: false, secret: &[], asset: "" }
}

/// Made of a monitor's settings.
const fn rules(name: &'static str, columns: Columns, query: fn(Option<&AdoptSettings>) -> String) -> View {
    View { name, columns, own: Own::Settings(query), backup: false, secret: &[], asset: "" }
}

/// v2's rows alone: recio has nothing of the kind.
const fn kept(name: &'static str, columns: Columns) -> View {
    View { name, columns, own: Own::Nothing, backup: true, secret: &["password_hash"], asset: "" }
}

/// The state of a moment that recio does not have in this form: no rows, rather than old ones.
const fn none(name: &'static str, columns: Columns) -> View {
    View { name, columns, own: Own::Nothing, backup: false, secret: &[], asset: "" }
}

impl View {
    /// With v2's rows after recio's.
    const fn and_kept(self) -> Self {
        Self { backup: true, ..self }
    }

    /// About this asset.
    const fn of(self, asset: &'static str) -> Self {
        Self { asset, ..self }
    }
}

const TRADES: Columns = &[
    ("id", I),
    ("status", T),
    ("date", T),
    ("time", T),
    ("symbol", T),
    ("market", T),
    ("trade_strategy", T),
    ("contract", T),
    ("strike", T),
    ("side", T),
    ("prob", F),
    ("diff", T),
    ("buy_price", F),
    ("position", F),
    ("sell_price", F),
    ("closed_at", T),
    ("fees", F),
    ("pnl", F),
    ("symbol_open", F),
    ("symbol_close", F),
    ("momentum", F),
    ("volatility", F),
    ("win_loss", T),
    ("ticker", T),
    ("ticket_id", T),
    ("market_id", T),
    ("momentum_delta", F),
    ("entry_method", T),
    ("close_method", T),
    ("created_at", TS),
    ("updated_at", TS),
    ("test_filter", B),
];
const ACTIVE: Columns = &[
    ("id", I),
    ("trade_id", I),
    ("ticket_id", T),
    ("date", T),
    ("time", T),
    ("strike", T),
    ("side", T),
    ("buy_price", F),
    ("position", F),
    ("contract", T),
    ("ticker", T),
    ("symbol", T),
    ("market", T),
    ("trade_strategy", T),
    ("symbol_open", F),
    ("momentum", F),
    ("prob", F),
    ("fees", F),
    ("diff", T),
    ("current_symbol_price", F),
    ("current_probability", F),
    ("buffer_from_entry", F),
    ("time_since_entry", I),
    ("current_close_price", F),
    ("current_pnl", T),
    ("last_updated", T),
    ("status", T),
    ("notes", T),
];
const POSITIONS: Columns = &[
    ("id", I),
    ("ticker", T),
    ("total_traded", F),
    ("position", F),
    ("market_exposure", F),
    ("realized_pnl", F),
    ("fees_paid", F),
    ("last_updated_ts", T),
    ("raw_json", T),
];
const FILLS: Columns = &[
    ("trade_id", T),
    ("ticker", T),
    ("order_id", T),
    ("side", T),
    ("action", T),
    ("count", F),
    ("yes_price", F),
    ("no_price", F),
    ("is_taker", B),
    ("created_time", T),
    ("raw_json", T),
];
const ORDERS: Columns = &[
    ("order_id", T),
    ("user_id", T),
    ("ticker", T),
    ("status", T),
    ("action", T),
    ("side", T),
    ("type", T),
    ("yes_price", F),
    ("no_price", F),
    ("initial_count", F),
    ("remaining_count", F),
    ("fill_count", F),
    ("created_time", T),
    ("expiration_time", T),
    ("last_update_time", T),
    ("client_order_id", T),
    ("order_group_id", T),
    ("queue_position", I),
    ("self_trade_prevention_type", T),
    ("maker_fees", F),
    ("taker_fees", F),
    ("maker_fill_cost", F),
    ("taker_fill_cost", F),
    ("raw_json", T),
];
const SETTLEMENTS: Columns = &[
    ("ticker", T),
    ("market_result", T),
    ("yes_count", F),
    ("yes_total_cost", F),
    ("no_count", F),
    ("no_total_cost", F),
    ("revenue", F),
    ("settled_time", T),
    ("raw_json", T),
];
const BALANCE: Columns = &[("balance", F), ("timestamp", T)];
const LOGS: Columns = &[("ticket_id", T), ("message", T), ("timestamp", T), ("service", T), ("user_id", T)];
const USER: Columns = &[
    ("user_no", T),
    ("user_id", T),
    ("first_name", T),
    ("last_name", T),
    ("email", T),
    ("phone", T),
    ("account_type", T),
    ("password_hash", T),
    ("is_active", B),
    ("created_at", T),
    ("last_login", T),
    ("updated_at", T),
];
const SETTINGS: Columns = &[
    ("id", I),
    ("auto_entry", B),
    ("auto_stop", B),
    ("min_probability", F),
    ("min_differential", F),
    ("min_time", I),
    ("max_time", I),
    ("allow_re_entry", B),
    ("spike_alert_enabled", B),
    ("spike_alert_momentum_threshold", F),
    ("spike_alert_cooldown_threshold", F),
    ("spike_alert_cooldown_minutes", F),
    ("current_probability", F),
    ("min_ttc_seconds", F),
    ("momentum_spike_enabled", B),
    ("momentum_spike_threshold", F),
    ("verification_period_enabled", B),
    ("verification_period_seconds", F),
    ("auto_entry_status", T),
    ("cooldown_timer", I),
    ("user_id", T),
];
const PREFERENCES: Columns =
    &[("id", I), ("trade_strategy", T), ("position_size", F), ("multiplier", I), ("user_id", T)];
const HISTORY_PREFERENCES: Columns = &[
    ("id", I),
    ("date_filter", T),
    ("custom_date_start", T),
    ("custom_date_end", T),
    ("win_filter", B),
    ("loss_filter", B),
    ("sort_key", T),
    ("sort_asc", B),
    ("page_size", I),
    ("last_search_timestamp", T),
    ("user_id", T),
];
const PRICE_LOG: Columns = &[
    ("timestamp", T),
    ("price", F),
    ("one_minute_avg", F),
    ("momentum", F),
    ("delta_1m", F),
    ("delta_2m", F),
    ("delta_3m", F),
    ("delta_4m", F),
    ("delta_15m", F),
    ("delta_30m", F),
];
const PRICE_CHANGE: Columns = &[("change1h", F), ("change3h", F), ("change1d", F), ("timestamp", T)];
const MARKET: Columns = &[
    ("event_ticker", T),
    ("market_ticker", T),
    ("strike", T),
    ("yes_bid", F),
    ("yes_ask", F),
    ("no_bid", F),
    ("no_ask", F),
    ("last_price", F),
    ("volume", F),
    ("volume_24h", F),
    ("open_interest", F),
    ("liquidity", F),
    ("created_at", T),
    ("updated_at", T),
];
const STRIKES: Columns = &[
    ("timestamp", T),
    ("symbol", T),
    ("current_price", F),
    ("ttc_seconds", I),
    ("broker", T),
    ("event_ticker", T),
    ("market_title", T),
    ("strike_tier", F),
    ("market_status", T),
    ("strike", F),
    ("buffer", F),
    ("buffer_pct", F),
    ("probability", F),
    ("yes_ask", F),
    ("no_ask", F),
    ("yes_diff", F),
    ("no_diff", F),
    ("volume", F),
    ("ticker", T),
    ("active_side", T),
    ("momentum_weighted_score", F),
];
const WATCHLIST: Columns = &[
    ("symbol", T),
    ("current_price", F),
    ("ttc_seconds", I),
    ("broker", T),
    ("event_ticker", T),
    ("market_title", T),
    ("strike_tier", F),
    ("market_status", T),
    ("strike", F),
    ("buffer", F),
    ("buffer_pct", F),
    ("probability", F),
    ("yes_ask", F),
    ("no_ask", F),
    ("yes_diff", F),
    ("no_diff", F),
    ("volume", F),
    ("ticker", T),
    ("active_side", T),
];
const CANDLES: Columns =
    &[("timestamp", T), ("open", F), ("high", F), ("low", F), ("close", F), ("volume", F), ("momentum", F)];
const LOOKUP: Columns = &[
    ("ttc_seconds", I),
    ("buffer_points", I),
    ("momentum_bucket", I),
    ("prob_within_positive", F),
    ("prob_within_negative", F),
];
const HEALTH: Columns = &[
    ("id", I),
    ("overall_status", T),
    ("cpu_percent", F),
    ("memory_percent", F),
    ("disk_percent", F),
    ("database_status", T),
    ("supervisor_status", T),
    ("services_healthy", I),
    ("services_total", I),
    ("failed_services", T),
    ("health_details", "jsonb"),
    ("timestamp", TS),
];
const ACCESS: Columns = &[
    ("installer_user_id", T),
    ("installer_name", T),
    ("installer_ip_address", T),
    ("schemas_accessed", T),
    ("rows_cloned", T),
    ("clone_duration_seconds", F),
    ("status", T),
    ("connection_start", T),
    ("connection_end", T),
];

/// All of them; views that read others after those.
pub(super) const VIEWS: &[View] = &[
    own("users.trades_0001", TRADES, own::TRADES),
    own("users.active_trades_0001", ACTIVE, own::ACTIVE),
    own("users.positions_0001", POSITIONS, own::POSITIONS),
    own("users.fills_0001", FILLS, own::FILLS),
    own("users.orders_0001", ORDERS, own::ORDERS),
    own("users.settlements_0001", SETTLEMENTS, own::SETTLEMENTS),
    own("users.account_balance_0001", BALANCE, own::BALANCE).and_kept(),
    own("users.trade_logs_0001", LOGS, own::LOGS).and_kept(),
    kept("users.user_info_0001", USER),
    kept("users.master_users", USER),
    rules("users.auto_trade_settings_0001", SETTINGS, own::auto_trade_settings),
    rules("users.trade_preferences_0001", PREFERENCES, own::preferences),
    own("users.trade_history_preferences_0001", HISTORY_PREFERENCES, own::HISTORY_PREFERENCES),
    own("users.active_trades_view", ACTIVE, "SELECT * FROM users.active_trades_0001"),
    own("users.recent_trades_view", TRADES, own::RECENT),
    own("users.trade_performance_view", own::PERFORMANCE_COLUMNS, own::PERFORMANCE),
    own("live_data.live_price_log_1s_btc", PRICE_LOG, own::PRICES).of("BTC"),
    own("live_data.live_price_log_1s_eth", PRICE_LOG, own::PRICES).of("ETH"),
    own("live_data.price_change_btc", PRICE_CHANGE, own::CHANGE).of("BTC"),
    own("live_data.price_change_eth", PRICE_CHANGE, own::CHANGE).of("ETH"),
    own("live_data.market_kalshi_btc", MARKET, own::MARKET).of("BTC"),
    own("live_data.market_kalshi_eth", MARKET, own::MARKET).of("ETH"),
    own("live_data.strike_table_btc", STRIKES, own::STRIKES).of("BTC"),
    own("live_data.strike_table_eth", STRIKES, own::STRIKES).of("ETH"),
    own("live_data.watchlist_btc", WATCHLIST, own::WATCHLIST).of("BTC"),
    own("live_data.watchlist_eth", WATCHLIST, own::WATCHLIST).of("ETH"),
    own("users.watchlist_0001", WATCHLIST, "SELECT * FROM live_data.watchlist_btc"),
    own("live_data.btc_price_log", PRICE_LOG, "SELECT * FROM live_data.live_price_log_1s_btc"),
    own("live_data.eth_price_log", PRICE_LOG, "SELECT * FROM live_data.live_price_log_1s_eth"),
    none("live_data.market_data", MARKET),
    none("live_data.websocket_market_data", MARKET),
    own("live_data.btc_live_strikes", STRIKES, "SELECT * FROM live_data.strike_table_btc"),
    own("historical_data.btc_price_history", CANDLES, own::CANDLES).of("BTC").and_kept(),
    own("historical_data.eth_price_history", CANDLES, own::CANDLES).of("ETH").and_kept(),
    kept("historical_data.price_history", CANDLES),
    kept("historical_data.momentum_history", &[("timestamp", T), ("momentum", F)]),
    kept("analytics.probability_lookup_btc", LOOKUP),
    kept("analytics.master_probability_lookup_btc", LOOKUP),
    kept("analytics.probability_lookup_btc_15min", LOOKUP),
    kept("analytics.master_probability_lookup_btc_15min", LOOKUP),
    own("system.health_status", HEALTH, own::HEALTH),
    kept("system.installation_access_log", ACCESS),
];
