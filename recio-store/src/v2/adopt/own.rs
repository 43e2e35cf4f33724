//! What recio has under each of v2's names, in v2's units: prices of trades in dollars, those of fills and orders in cents, percent for
//! probabilities, New York's clock for trades, UTC for what the exchange said.
//!
//! `$environment` and `$account` stand for literals. Every query gives the columns of its view by name.

/// recio's own trades are numbered from 1,000,000,000 up, those of v2's early files from 500,000,000, so that a number names one trade.
pub(super) const TRADES: &str = r#"
SELECT CASE WHEN r.number IS NULL THEN 700000000 + r.sequence WHEN r.source = 'sqlite' THEN 500000000 + r.number ELSE r.number END AS id,
       r.status, w ->> 'date' AS date, w ->> 'time' AS time, w ->> 'symbol' AS symbol, w ->> 'market' AS market,
       w ->> 'trade_strategy' AS trade_strategy, w ->> 'contract' AS contract, w ->> 'strike' AS strike,
       CASE r.side WHEN 'yes' THEN 'Y' WHEN 'no' THEN 'N' ELSE w ->> 'side' END AS side,
       v2_backup.number(w ->> 'prob') AS prob, w ->> 'diff' AS diff, r.price_micros / 1e6 AS buy_price,
       r.quantity_hundredths / 100.0 AS position, r.end_price_micros / 1e6 AS sell_price, w ->> 'closed_at' AS closed_at,
       r.fees_micros / 1e6 AS fees, r.pnl_micros / 1e6 AS pnl, v2_backup.number(w ->> 'symbol_open') AS symbol_open,
       v2_backup.number(w ->> 'symbol_close') AS symbol_close, v2_backup.number(w ->> 'momentum') AS momentum,
       v2_backup.number(w ->> 'volatility') AS volatility, upper(trim(w ->> 'win_loss')) AS win_loss, r.market AS ticker,
       w ->> 'ticket_id' AS ticket_id, w ->> 'market_id' AS market_id, v2_backup.number(w ->> 'momentum_delta') AS momentum_delta,
       w ->> 'entry_method' AS entry_method, w ->> 'close_method' AS close_method, v2_backup.eastern(r.time_us) AS created_at,
       v2_backup.eastern(coalesce(r.end_time_us, r.time_us)) AS updated_at, coalesce(w ->> 'test_filter', 'f') IN ('t', 'true', '1') AS test_filter
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'trades'
UNION ALL
SELECT 1000000000 + t.first_sequence,
       CASE t.status WHEN 'awaiting_settlement' THEN 'expired' WHEN 'unfilled' THEN 'error' ELSE t.status END,
       to_char(v2_backup.eastern(t.opened_time_us), 'YYYY-MM-DD'), to_char(v2_backup.eastern(t.opened_time_us), 'HH24:MI:SS'),
       s.symbol, 'Kalshi', t.strategy, s.symbol || ' ' || to_char(v2_backup.eastern(t.close_time_us), 'FMHH12am'),
       '$' || to_char(ceil(substring(t.market FROM '-[TB]([0-9.]+)$')::numeric), 'FM999,999,999'),
       CASE t.side WHEN 'yes' THEN 'Y' ELSE 'N' END, t.entry_probability_units / 100.0,
       to_char(round(t.entry_probability_units / 100.0 - t.cost_micros / nullif(t.bought_hundredths, 0) / 100.0), 'FMSG990'),
       t.cost_micros / nullif(t.bought_hundredths, 0)::numeric / 10000, t.bought_hundredths / 100.0,
       CASE WHEN t.status = 'closed' THEN t.proceeds_micros / nullif(t.bought_hundredths, 0)::numeric / 10000 END,
       to_char(v2_backup.eastern(t.closed_time_us), 'HH24:MI:SS'), t.fees_micros / 1e6, s.pnl / 1e6, t.entry_asset_price_cents / 100.0,
       NULL, NULL, NULL, CASE WHEN s.pnl > 0 THEN 'W' WHEN s.pnl < 0 THEN 'L' WHEN s.pnl = 0 THEN 'D' END, t.market, t.trade,
       s.symbol || '-USD', NULL, 'auto',
       CASE t.close_reason WHEN 'settled' THEN 'expired' WHEN 'manual' THEN 'manual' WHEN 'entry_unfilled' THEN NULL
            ELSE CASE WHEN t.close_reason IS NOT NULL THEN 'auto' END END,
       v2_backup.eastern(t.opened_time_us), v2_backup.eastern(coalesce(t.closed_time_us, t.opened_time_us)), false
FROM trades t CROSS JOIN LATERAL (
    SELECT CASE WHEN t.market LIKE 'KXETH%' THEN 'ETH' ELSE 'BTC' END AS symbol,
           CASE WHEN t.status = 'closed' THEN t.proceeds_micros - t.cost_micros - t.fees_micros END AS pnl) s
WHERE t.environment = $environment AND t.account = $account"#;

/// recio's own alone: nobody manages what v2 left open.
pub(super) const ACTIVE: &str = r#"
SELECT id, id AS trade_id, ticket_id, date, time, strike, side, buy_price, position, contract, ticker, symbol, market, trade_strategy,
       symbol_open, momentum, prob, fees, diff, NULL AS current_symbol_price, NULL AS current_probability, NULL AS buffer_from_entry,
       extract(epoch FROM (now() AT TIME ZONE 'America/New_York') - created_at)::integer AS time_since_entry, NULL AS current_close_price,
       NULL AS current_pnl, to_char(updated_at, 'YYYY-MM-DD"T"HH24:MI:SS') AS last_updated,
       CASE status WHEN 'open' THEN 'active' ELSE status END AS status, NULL AS notes
FROM users.trades_0001 WHERE id > 1000000000 AND status IN ('pending', 'open', 'closing')"#;

/// What is held. Amounts in cents, as the exchange's list had them, fees in dollars.
pub(super) const POSITIONS: &str = r#"
SELECT row_number() OVER (ORDER BY p.market) AS id, p.market AS ticker, p.cost_micros / 10000.0 AS total_traded,
       p.position_hundredths / 100.0 AS position, p.cost_micros / 10000.0 AS market_exposure, NULL AS realized_pnl,
       p.fees_micros / 1e6 AS fees_paid, v2_backup.utc(f.time_us) AS last_updated_ts, NULL AS raw_json
FROM positions p JOIN facts f ON f.sequence = p.sequence
WHERE p.environment = $environment AND p.account = $account AND p.position_hundredths <> 0"#;

pub(super) const FILLS: &str = r#"
SELECT coalesce(w ->> 'trade_id', r.record) AS trade_id, r.market AS ticker, w ->> 'order_id' AS order_id, r.side, r.status AS action,
       r.quantity_hundredths / 100.0 AS count,
       CASE r.side WHEN 'no' THEN 100 - r.price_micros / 1e4 ELSE r.price_micros / 1e4 END AS yes_price,
       CASE r.side WHEN 'no' THEN r.price_micros / 1e4 ELSE 100 - r.price_micros / 1e4 END AS no_price,
       lower(w ->> 'is_taker') IN ('t', 'true', '1') AS is_taker, v2_backup.utc(r.time_us) AS created_time, w ->> 'raw_json' AS raw_json
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'fills'
UNION ALL
SELECT f.fill_id, f.market, f.exchange_order_id, coalesce(o.side, CASE f.book_side WHEN 'bid' THEN 'yes' ELSE 'no' END),
       coalesce(o.action, 'buy'), f.quantity_hundredths / 100.0, f.yes_price_units / 100.0, 100 - f.yes_price_units / 100.0,
       f.liquidity = 'taker', v2_backup.utc(f.exchange_time_us), NULL
FROM fills f LEFT JOIN orders o ON o.environment = f.environment AND o.account = f.account AND o.subaccount = f.subaccount
                              AND o.exchange_index = f.exchange_index AND o.exchange_order_id = f.exchange_order_id
WHERE f.environment = $environment AND f.account = $account"#;

/// Prices, fees and costs in cents. recio's orders have their exact fees in the fills.
pub(super) const ORDERS: &str = r#"
SELECT w ->> 'order_id' AS order_id, w ->> 'user_id' AS user_id, r.market AS ticker, r.status, w ->> 'action' AS action, r.side,
       w ->> 'type' AS type, v2_backup.number(w ->> 'yes_price') AS yes_price, v2_backup.number(w ->> 'no_price') AS no_price,
       r.quantity_hundredths / 100.0 AS initial_count, v2_backup.number(w ->> 'remaining_count') AS remaining_count,
       v2_backup.number(w ->> 'fill_count') AS fill_count, v2_backup.utc(r.time_us) AS created_time,
       w ->> 'expiration_time' AS expiration_time, w ->> 'last_update_time' AS last_update_time, w ->> 'client_order_id' AS client_order_id,
       w ->> 'order_group_id' AS order_group_id, v2_backup.number(w ->> 'queue_position') AS queue_position,
       w ->> 'self_trade_prevention_type' AS self_trade_prevention_type, v2_backup.number(w ->> 'maker_fees') AS maker_fees,
       v2_backup.number(w ->> 'taker_fees') AS taker_fees, v2_backup.number(w ->> 'maker_fill_cost') AS maker_fill_cost,
       v2_backup.number(w ->> 'taker_fill_cost') AS taker_fill_cost, w ->> 'raw_json' AS raw_json
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'orders'
UNION ALL
SELECT coalesce(o.exchange_order_id, o.client_order_id), '0001', o.market,
       CASE WHEN o.status = 'filled' THEN 'executed' WHEN o.status = 'open' THEN 'resting' ELSE o.status END, o.action, o.side, 'limit',
       CASE o.side WHEN 'no' THEN 100 - o.limit_units / 100.0 ELSE o.limit_units / 100.0 END,
       CASE o.side WHEN 'no' THEN o.limit_units / 100.0 ELSE 100 - o.limit_units / 100.0 END,
       o.quantity_hundredths / 100.0, (o.quantity_hundredths - o.filled_hundredths) / 100.0, o.filled_hundredths / 100.0,
       v2_backup.utc(o.created_time_us), NULL, v2_backup.utc(o.updated_time_us), o.client_order_id, NULL, NULL, NULL,
       s.maker / 1e4, s.taker / 1e4, NULL, NULL, NULL
FROM orders o LEFT JOIN LATERAL (
    SELECT sum(fee_micros) FILTER (WHERE liquidity = 'maker') AS maker, sum(fee_micros) FILTER (WHERE liquidity = 'taker') AS taker
    FROM fills f WHERE f.environment = o.environment AND f.account = o.account AND f.subaccount = o.subaccount
                   AND f.exchange_index = o.exchange_index AND f.exchange_order_id = o.exchange_order_id) s ON true
WHERE o.environment = $environment AND o.account = $account AND o.market IS NOT NULL"#;

/// Costs and revenue in cents.
pub(super) const SETTLEMENTS: &str = r#"
SELECT r.market AS ticker, r.status AS market_result, v2_backup.number(w ->> 'yes_count') AS yes_count,
       v2_backup.number(w ->> 'yes_total_cost') AS yes_total_cost, v2_backup.number(w ->> 'no_count') AS no_count,
       v2_backup.number(w ->> 'no_total_cost') AS no_total_cost, r.revenue_micros / 1e4 AS revenue,
       coalesce(v2_backup.utc(r.time_us), w ->> 'settled_time') AS settled_time, w ->> 'raw_json' AS raw_json
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'settlements'
UNION ALL
SELECT s.market, s.result, greatest(n.net, 0) / 100.0, NULL, greatest(-n.net, 0) / 100.0, NULL, s.revenue_micros / 1e4,
       v2_backup.utc(s.settled_time_us), NULL
FROM settlements s CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE f.book_side WHEN 'bid' THEN f.quantity_hundredths ELSE -f.quantity_hundredths END), 0) AS net FROM fills f
    WHERE f.environment = s.environment AND f.account = s.account AND f.subaccount = s.subaccount
      AND f.exchange_index = s.exchange_index AND f.market = s.market) n
WHERE s.environment = $environment AND s.account = $account"#;

/// In cents; of several balances of one moment the last.
pub(super) const BALANCE: &str = r#"
SELECT DISTINCT ON (time_us) cash_micros / 1e4 AS balance, v2_backup.utc(time_us) AS timestamp FROM balances
WHERE environment = $environment AND account = $account ORDER BY time_us, sequence DESC"#;

/// What a person has to look at.
pub(super) const LOGS: &str = r#"
SELECT NULL AS ticket_id, body::jsonb #>> '{body,alarm,text}' AS message,
       to_char(v2_backup.eastern(time_us), 'YYYY-MM-DD"T"HH24:MI:SS') AS timestamp, 'recio' AS service, '0001' AS user_id
FROM facts WHERE kind = 'alarm' AND environment = $environment AND account = $account"#;

/// v2's settings as they were imported. The switches of entry and stop are not among them: they would tell what v2 did, not what recio does.
pub(super) const SETTINGS: &str = r#"
SELECT 1 AS id, false AS auto_entry, NULL AS auto_stop, v2_backup.number(w ->> 'min_probability') AS min_probability,
       v2_backup.number(w ->> 'min_differential') AS min_differential, v2_backup.number(w ->> 'min_time') AS min_time,
       v2_backup.number(w ->> 'max_time') AS max_time, v2_backup.truth(w ->> 'allow_re_entry') AS allow_re_entry,
       v2_backup.truth(w ->> 'spike_alert_enabled') AS spike_alert_enabled,
       v2_backup.number(w ->> 'spike_alert_momentum_threshold') AS spike_alert_momentum_threshold,
       v2_backup.number(w ->> 'spike_alert_cooldown_threshold') AS spike_alert_cooldown_threshold,
       v2_backup.number(w ->> 'spike_alert_cooldown_minutes') AS spike_alert_cooldown_minutes,
       v2_backup.number(w ->> 'current_probability') AS current_probability, v2_backup.number(w ->> 'min_ttc_seconds') AS min_ttc_seconds,
       v2_backup.truth(w ->> 'momentum_spike_enabled') AS momentum_spike_enabled,
       v2_backup.number(w ->> 'momentum_spike_threshold') AS momentum_spike_threshold,
       v2_backup.truth(w ->> 'verification_period_enabled') AS verification_period_enabled,
       v2_backup.number(w ->> 'verification_period_seconds') AS verification_period_seconds, 'disabled' AS auto_entry_status,
       0 AS cooldown_timer, '0001' AS user_id
FROM (SELECT words::jsonb AS w FROM imported_records WHERE environment = $environment AND account = $account AND kind = 'settings'
        AND record LIKE 'auto_trade_settings|%' ORDER BY sequence DESC LIMIT 1) newest"#;

pub(super) const PREFERENCES: &str = r#"
SELECT 1 AS id, w ->> 'trade_strategy' AS trade_strategy, v2_backup.number(w ->> 'position_size') AS position_size,
       v2_backup.number(w ->> 'multiplier') AS multiplier, '0001' AS user_id
FROM (SELECT words::jsonb AS w FROM imported_records WHERE environment = $environment AND account = $account AND kind = 'settings'
        AND record LIKE 'trade_preferences|%' ORDER BY sequence DESC LIMIT 1) newest"#;

pub(super) const HISTORY_PREFERENCES: &str = r#"
SELECT 1 AS id, w ->> 'date_filter' AS date_filter, w ->> 'custom_date_start' AS custom_date_start, w ->> 'custom_date_end' AS custom_date_end,
       v2_backup.truth(w ->> 'win_filter') AS win_filter, v2_backup.truth(w ->> 'loss_filter') AS loss_filter, w ->> 'sort_key' AS sort_key, v2_backup.truth(w ->> 'sort_asc') AS sort_asc,
       v2_backup.number(w ->> 'page_size') AS page_size, w ->> 'last_search_timestamp' AS last_search_timestamp, '0001' AS user_id
FROM (SELECT words::jsonb AS w FROM imported_records WHERE environment = $environment AND account = $account AND kind = 'settings'
        AND record LIKE 'trade_history_preferences|%' ORDER BY sequence DESC LIMIT 1) newest"#;

pub(super) const RECENT: &str = "SELECT * FROM users.trades_0001 ORDER BY created_at DESC NULLS LAST LIMIT 100";

pub(super) const PERFORMANCE_COLUMNS: &[(&str, &str)] = &[
    ("trade_strategy", "text"),
    ("total_trades", "bigint"),
    ("winning_trades", "bigint"),
    ("losing_trades", "bigint"),
    ("win_rate", "double precision"),
    ("total_pnl", "double precision"),
    ("avg_pnl", "double precision"),
    ("total_fees", "double precision"),
];

/// v2's own view looked for WIN and LOSS, which nobody wrote, and counted nothing.
pub(super) const PERFORMANCE: &str = r#"
SELECT trade_strategy, count(*) AS total_trades, count(*) FILTER (WHERE win_loss = 'W') AS winning_trades,
       count(*) FILTER (WHERE win_loss = 'L') AS losing_trades,
       100.0 * count(*) FILTER (WHERE win_loss = 'W') / nullif(count(*) FILTER (WHERE win_loss IN ('W', 'L')), 0) AS win_rate,
       sum(pnl::numeric) AS total_pnl, avg(pnl::numeric) AS avg_pnl, sum(fees::numeric) AS total_fees
FROM users.trades_0001 WHERE status = 'closed' GROUP BY trade_strategy"#;

macro_rules! asset {
    ($asset:literal, $lower:literal, $prices:ident, $change:ident, $market:ident, $strikes:ident, $watchlist:ident, $candles:ident) => {
        /// What v2 logged, and then the closes of recio's bars of a second: of the median of the venues where there is one.
        pub(super) const $prices: &str = concat!(
            "SELECT p.written AS timestamp, p.price_micros / 1e6 AS price, p.mean_micros / 1e6 AS one_minute_avg, p.momentum, \
             p.change_1m AS delta_1m, p.change_2m AS delta_2m, p.change_3m AS delta_3m, p.change_4m AS delta_4m, p.change_15m AS delta_15m, \
             p.change_30m AS delta_30m FROM imported_prices p WHERE p.asset = '",
            $asset,
            "' UNION ALL SELECT to_char(v2_backup.eastern(b.start_us), 'YYYY-MM-DD\"T\"HH24:MI:SS'), b.close_cents / 100.0, NULL, NULL, NULL, \
             NULL, NULL, NULL, NULL, NULL FROM (SELECT DISTINCT ON (start_us) start_us, close_cents FROM price_bars \
             WHERE resolution_seconds = 1 AND asset = '",
            $asset,
            "' ORDER BY start_us, (source = 'median') DESC, source) b"
        );

        /// In percent, against the newest price that is so old; nothing where it is more than a minute older than that.
        pub(super) const $change: &str = concat!(
            "WITH p AS (SELECT time_us, price_micros / 1e6 AS price FROM imported_prices WHERE asset = '",
            $asset,
            "' UNION ALL SELECT start_us, close_cents / 100.0 FROM price_bars WHERE resolution_seconds = 1 AND asset = '",
            $asset,
            "'), n AS (SELECT time_us, price FROM p ORDER BY time_us DESC LIMIT 1) \
             SELECT 100 * (n.price / a.price - 1) AS change1h, 100 * (n.price / b.price - 1) AS change3h, 100 * (n.price / c.price - 1) AS change1d, \
             to_char(v2_backup.eastern(n.time_us), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS timestamp FROM n \
             LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 3660000000 AND n.time_us - 3600000000 \
             ORDER BY time_us DESC LIMIT 1) a ON true \
             LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 10860000000 AND n.time_us - 10800000000 \
             ORDER BY time_us DESC LIMIT 1) b ON true \
             LEFT JOIN LATERAL (SELECT price FROM p WHERE time_us BETWEEN n.time_us - 86460000000 AND n.time_us - 86400000000 \
             ORDER BY time_us DESC LIMIT 1) c ON true"
        );

        /// The newest strike table's quotes, in cents.
        pub(super) const $market: &str = concat!(
            "SELECT r.event AS event_ticker, r.market AS market_ticker, '$' || to_char(ceil(r.floor_cents / 100.0), 'FM999,999,999') AS strike, \
             r.bid_units / 100.0 AS yes_bid, r.ask_units / 100.0 AS yes_ask, 100 - r.ask_units / 100.0 AS no_bid, \
             100 - r.bid_units / 100.0 AS no_ask, NULL AS last_price, r.volume_hundredths / 100.0 AS volume, NULL AS volume_24h, \
             NULL AS open_interest, NULL AS liquidity, v2_backup.utc(r.time_us) AS created_at, v2_backup.utc(r.time_us) AS updated_at \
             FROM strike_rows r JOIN (SELECT event, time_us FROM strike_tables WHERE asset = '",
            $asset,
            "' ORDER BY time_us DESC LIMIT 1) t ON t.event = r.event AND t.time_us = r.time_us"
        );

        /// The newest strike table. Probability is that of the outcome on whose side the price is, as v2 showed it.
        pub(super) const $strikes: &str = concat!(
            "SELECT to_char(v2_backup.eastern(t.time_us), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS timestamp, '",
            $asset,
            "' AS symbol, t.asset_price_cents / 100.0 AS current_price, greatest(0, (t.close_time_us - t.time_us) / 1000000) AS ttc_seconds, \
             'Kalshi' AS broker, t.event AS event_ticker, t.event AS market_title, NULL AS strike_tier, \
             CASE r.trading WHEN 1 THEN 'active' ELSE 'closed' END AS market_status, ceil(r.floor_cents / 100.0) AS strike, \
             abs(t.asset_price_cents - r.floor_cents) / 100.0 AS buffer, \
             100.0 * abs(t.asset_price_cents - r.floor_cents) / t.asset_price_cents AS buffer_pct, \
             100 * CASE WHEN r.floor_cents <= t.asset_price_cents THEN r.model ELSE 1 - r.model END AS probability, \
             r.ask_units / 100.0 AS yes_ask, 100 - r.bid_units / 100.0 AS no_ask, 100 * r.model - r.ask_units / 100.0 AS yes_diff, \
             100 * (1 - r.model) - (100 - r.bid_units / 100.0) AS no_diff, r.volume_hundredths / 100.0 AS volume, r.market AS ticker, \
             CASE WHEN r.floor_cents <= t.asset_price_cents THEN 'yes' ELSE 'no' END AS active_side, \
             t.momentum_percent AS momentum_weighted_score \
             FROM (SELECT * FROM strike_tables WHERE asset = '",
            $asset,
            "' ORDER BY time_us DESC LIMIT 1) t JOIN strike_rows r ON r.event = t.event AND r.time_us = t.time_us \
             WHERE r.floor_cents IS NOT NULL AND r.cap_cents IS NULL"
        );

        /// By v2's rules, with its settings' defaults.
        pub(super) const $watchlist: &str = concat!(
            "SELECT * FROM live_data.strike_table_",
            $lower,
            " WHERE volume >= 1000 AND probability > 90 AND greatest(yes_ask, no_ask) <= 98 AND greatest(yes_diff, no_diff) >= -2.75"
        );

        /// recio's bars of a minute, after v2's.
        pub(super) const $candles: &str = concat!(
            "SELECT to_char(v2_backup.eastern(start_us), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS timestamp, open_cents / 100.0 AS open, \
             high_cents / 100.0 AS high, low_cents / 100.0 AS low, close_cents / 100.0 AS close, NULL AS volume, NULL AS momentum \
             FROM (SELECT DISTINCT ON (start_us) * FROM price_bars WHERE resolution_seconds = 60 AND asset = '",
            $asset,
            "' ORDER BY start_us, (source = 'median') DESC, source) b"
        );
    };
}

asset!("BTC", "btc", PRICES_BTC, CHANGE_BTC, MARKET_BTC, STRIKES_BTC, WATCHLIST_BTC, CANDLES_BTC);
asset!("ETH", "eth", PRICES_ETH, CHANGE_ETH, MARKET_ETH, STRIKES_ETH, WATCHLIST_ETH, CANDLES_ETH);

/// One row, from the newest word of each service; none while no service said anything.
pub(super) const HEALTH: &str = r#"
SELECT 1 AS id, CASE WHEN count(*) = count(*) FILTER (WHERE health = 'up') THEN 'healthy'
                     WHEN count(*) FILTER (WHERE health = 'down') > 0 THEN 'unhealthy' ELSE 'degraded' END AS overall_status,
       NULL AS cpu_percent, NULL AS memory_percent, NULL AS disk_percent, 'connected' AS database_status, NULL AS supervisor_status,
       count(*) FILTER (WHERE health = 'up') AS services_healthy, count(*) AS services_total,
       string_agg(service, ', ' ORDER BY service) FILTER (WHERE health <> 'up') AS failed_services,
       jsonb_object_agg(service || '/' || instance, health || ' ' || detail) AS health_details, v2_backup.eastern(max(time_us)) AS timestamp
FROM (SELECT DISTINCT ON (service, instance) * FROM service_health ORDER BY service, instance, time_us DESC) newest
HAVING count(*) > 0"#;
