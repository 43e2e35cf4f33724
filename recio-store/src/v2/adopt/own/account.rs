//! What there is of trades, orders, fills, positions, settlements, balances and log lines.

/// recio's own trades are numbered from 1,000,000,000 up, those of v2's early files from 500,000,000. A number that a newer record has too, and one
/// that v2 cannot have given, is one from 700,000,000 up: so a number names one trade.
pub(in crate::v2::adopt) const TRADES: &str = r#"
SELECT CASE WHEN r.number IS NULL OR r.number NOT BETWEEN 1 AND 199999999 OR EXISTS (
                SELECT FROM imported_records o WHERE o.environment = r.environment AND o.account = r.account AND o.kind = r.kind
                AND o.number = r.number AND o.source = r.source AND o.sequence > r.sequence) THEN 700000000 + r.sequence
            WHEN r.source = 'sqlite' THEN 500000000 + r.number ELSE r.number END AS id,
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
       to_char(round(t.entry_probability_units / 100.0 - t.cost_micros / nullif(t.bought_hundredths, 0)::numeric / 100), 'FMSG990'),
       t.cost_micros / nullif(t.bought_hundredths, 0)::numeric / 10000, t.bought_hundredths / 100.0,
       CASE WHEN t.status = 'closed' THEN t.proceeds_micros / nullif(t.bought_hundredths, 0)::numeric / 10000 END,
       to_char(v2_backup.eastern(t.closed_time_us), 'HH24:MI:SS'), t.fees_micros / 1e6, s.pnl / 1e6, t.entry_asset_price_cents / 100.0,
       c.asset_price_cents / 100.0, e.momentum_percent, NULL,
       CASE WHEN s.pnl > 0 THEN 'W' WHEN s.pnl < 0 THEN 'L' WHEN s.pnl = 0 THEN 'D' END, t.market, t.trade,
       s.symbol || '-USD', NULL, 'auto',
       CASE t.close_reason WHEN 'settled' THEN 'expired' WHEN 'manual' THEN 'manual' WHEN 'entry_unfilled' THEN NULL
            ELSE CASE WHEN t.close_reason IS NOT NULL THEN 'auto' END END,
       v2_backup.eastern(t.opened_time_us), v2_backup.eastern(coalesce(t.closed_time_us, t.opened_time_us)), false
FROM trades t CROSS JOIN LATERAL (
    SELECT CASE WHEN t.market LIKE 'KXETH%' THEN 'ETH' ELSE 'BTC' END AS symbol,
           CASE WHEN t.status = 'closed' THEN t.proceeds_micros - t.cost_micros - t.fees_micros END AS pnl,
           least(t.closed_time_us, t.close_time_us) AS end_us) s
LEFT JOIN LATERAL (
    SELECT d.momentum_percent FROM decisions d
    WHERE d.market = t.market AND d.time_us <= t.opened_time_us AND d.verdict = 'entered' AND d.strategy = t.strategy
      AND d.environment = t.environment AND d.account = t.account
    ORDER BY d.time_us DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (
    SELECT n.asset_price_cents FROM strike_tables n
    WHERE n.event = t.event AND n.time_us BETWEEN s.end_us - 60000000 AND s.end_us ORDER BY n.time_us DESC LIMIT 1) c ON true
WHERE t.environment = $environment AND t.account = $account"#;

/// recio's own alone: nobody manages what v2 left open. Probability, buffer and pnl are those of the trade's own outcome; what it costs to close is
/// the price of the other one, and the pnl that of one contract without fees, as v2 had them.
pub(in crate::v2::adopt) const ACTIVE: &str = r#"
SELECT a.id, a.id AS trade_id, a.ticket_id, a.date, a.time, a.strike, a.side, a.buy_price, a.position, a.contract, a.ticker, a.symbol, a.market,
       a.trade_strategy, a.symbol_open, a.momentum, a.prob, a.fees, a.diff, n.asset_price_cents / 100.0 AS current_symbol_price,
       100 * CASE t.side WHEN 'yes' THEN r.model ELSE 1 - r.model END AS current_probability,
       CASE t.side WHEN 'yes' THEN n.asset_price_cents - r.floor_cents ELSE r.floor_cents - n.asset_price_cents END / 100.0 AS buffer_from_entry,
       floor(extract(epoch FROM now()) - t.opened_time_us / 1e6) AS time_since_entry, p.to_close / 1e4 AS current_close_price,
       to_char(1 - p.to_close / 1e4 - a.buy_price::numeric, 'FM0.00') AS current_pnl,
       to_char(coalesce(v2_backup.eastern(n.time_us), a.updated_at), 'YYYY-MM-DD"T"HH24:MI:SS') AS last_updated,
       CASE a.status WHEN 'open' THEN 'active' ELSE a.status END AS status, NULL AS notes
FROM trades t JOIN users.trades_0001 a ON a.id = 1000000000 + t.first_sequence
LEFT JOIN LATERAL (SELECT * FROM strike_tables s WHERE s.event = t.event ORDER BY s.time_us DESC LIMIT 1) n ON true
LEFT JOIN strike_rows r ON r.event = n.event AND r.time_us = n.time_us AND r.market = t.market
CROSS JOIN LATERAL (SELECT CASE t.side WHEN 'yes' THEN 10000 - r.bid_units ELSE r.ask_units END AS to_close) p
WHERE t.environment = $environment AND t.account = $account AND t.status IN ('pending', 'open', 'closing')"#;

/// What is held. Amounts in cents, as the exchange's list had them, fees in dollars.
pub(in crate::v2::adopt) const POSITIONS: &str = r#"
SELECT row_number() OVER (ORDER BY p.market) AS id, p.market AS ticker, b.spent / 1e4 AS total_traded,
       p.position_hundredths / 100.0 AS position, p.cost_micros / 1e4 AS market_exposure, l.gained / 1e4 AS realized_pnl,
       p.fees_micros / 1e6 AS fees_paid, v2_backup.utc(f.time_us) AS last_updated_ts, NULL AS raw_json
FROM positions p JOIN facts f ON f.sequence = p.sequence
CROSS JOIN LATERAL (
    SELECT sum(c.own_units * c.quantity_hundredths) AS spent FROM (
        SELECT x.quantity_hundredths, CASE WHEN coalesce(o.side, CASE x.book_side WHEN 'bid' THEN 'yes' ELSE 'no' END) = 'yes'
                                           THEN x.yes_price_units ELSE 10000 - x.yes_price_units END AS own_units
        FROM fills x LEFT JOIN orders o ON o.environment = x.environment AND o.account = x.account AND o.subaccount = x.subaccount
                                       AND o.exchange_index = x.exchange_index AND o.exchange_order_id = x.exchange_order_id
        WHERE x.environment = p.environment AND x.account = p.account AND x.subaccount = p.subaccount
          AND x.exchange_index = p.exchange_index AND x.market = p.market AND coalesce(o.action, 'buy') = 'buy') c) b
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(e.amount_micros), 0) AS gained FROM fills x JOIN ledger_entries e ON e.sequence = x.sequence
    WHERE x.environment = p.environment AND x.account = p.account AND x.subaccount = p.subaccount
      AND x.exchange_index = p.exchange_index AND x.market = p.market AND e.ledger_account = 'realized_pnl') l
WHERE p.environment = $environment AND p.account = $account AND p.position_hundredths <> 0"#;

pub(in crate::v2::adopt) const FILLS: &str = r#"
SELECT coalesce(w ->> 'trade_id', r.record) AS trade_id, r.market AS ticker, w ->> 'order_id' AS order_id, r.side, r.status AS action,
       r.quantity_hundredths / 100.0 AS count,
       CASE r.side WHEN 'no' THEN 100 - r.price_micros / 1e4 ELSE r.price_micros / 1e4 END AS yes_price,
       CASE r.side WHEN 'no' THEN r.price_micros / 1e4 ELSE 100 - r.price_micros / 1e4 END AS no_price,
       v2_backup.truth(w ->> 'is_taker') AS is_taker, coalesce(v2_backup.utc(r.time_us), w ->> 'created_time') AS created_time,
       w ->> 'raw_json' AS raw_json
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'fills'
UNION ALL
SELECT f.fill_id, f.market, f.exchange_order_id, coalesce(o.side, CASE f.book_side WHEN 'bid' THEN 'yes' ELSE 'no' END),
       coalesce(o.action, 'buy'), f.quantity_hundredths / 100.0, f.yes_price_units / 100.0, 100 - f.yes_price_units / 100.0,
       f.liquidity = 'taker', v2_backup.utc(f.exchange_time_us), NULL
FROM fills f LEFT JOIN orders o ON o.environment = f.environment AND o.account = f.account AND o.subaccount = f.subaccount
                              AND o.exchange_index = f.exchange_index AND o.exchange_order_id = f.exchange_order_id
WHERE f.environment = $environment AND f.account = $account"#;

/// Prices, fees and costs in cents. recio's orders have their exact fees and costs in the fills.
pub(in crate::v2::adopt) const ORDERS: &str = r#"
SELECT w ->> 'order_id' AS order_id, w ->> 'user_id' AS user_id, r.market AS ticker, r.status, w ->> 'action' AS action, r.side,
       w ->> 'type' AS type, v2_backup.number(w ->> 'yes_price') AS yes_price, v2_backup.number(w ->> 'no_price') AS no_price,
       r.quantity_hundredths / 100.0 AS initial_count, v2_backup.number(w ->> 'remaining_count') AS remaining_count,
       v2_backup.number(w ->> 'fill_count') AS fill_count, coalesce(v2_backup.utc(r.time_us), w ->> 'created_time') AS created_time,
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
       s.maker / 1e4, s.taker / 1e4, s.maker_cost / 1e4, s.taker_cost / 1e4, NULL
FROM orders o CROSS JOIN LATERAL (
    SELECT sum(fee_micros) FILTER (WHERE liquidity = 'maker') AS maker, sum(fee_micros) FILTER (WHERE liquidity = 'taker') AS taker,
           sum(cost) FILTER (WHERE liquidity = 'maker') AS maker_cost, sum(cost) FILTER (WHERE liquidity = 'taker') AS taker_cost
    FROM (SELECT f.fee_micros, f.liquidity,
                 CASE o.side WHEN 'no' THEN 10000 - f.yes_price_units ELSE f.yes_price_units END * f.quantity_hundredths AS cost
          FROM fills f WHERE f.environment = o.environment AND f.account = o.account AND f.subaccount = o.subaccount
                         AND f.exchange_index = o.exchange_index AND f.exchange_order_id = o.exchange_order_id) x) s
WHERE o.environment = $environment AND o.account = $account AND o.market IS NOT NULL"#;

/// Costs and revenue in cents.
pub(in crate::v2::adopt) const SETTLEMENTS: &str = r#"
SELECT r.market AS ticker, r.status AS market_result, v2_backup.number(w ->> 'yes_count') AS yes_count,
       v2_backup.number(w ->> 'yes_total_cost') AS yes_total_cost, v2_backup.number(w ->> 'no_count') AS no_count,
       v2_backup.number(w ->> 'no_total_cost') AS no_total_cost, r.revenue_micros / 1e4 AS revenue,
       coalesce(v2_backup.utc(r.time_us), w ->> 'settled_time') AS settled_time, w ->> 'raw_json' AS raw_json
FROM imported_records r CROSS JOIN LATERAL (SELECT r.words::jsonb AS w) words
WHERE r.environment = $environment AND r.account = $account AND r.kind = 'settlements'
UNION ALL
SELECT s.market, s.result, greatest(p.by_fills_hundredths, 0) / 100.0,
       CASE WHEN p.by_fills_hundredths > 0 THEN p.by_fills_cost_micros ELSE 0 END / 1e4, greatest(-p.by_fills_hundredths, 0) / 100.0,
       CASE WHEN p.by_fills_hundredths < 0 THEN p.by_fills_cost_micros ELSE 0 END / 1e4, s.revenue_micros / 1e4,
       v2_backup.utc(s.settled_time_us), NULL
FROM settlements s LEFT JOIN positions p ON p.environment = s.environment AND p.account = s.account AND p.subaccount = s.subaccount
                                        AND p.exchange_index = s.exchange_index AND p.market = s.market
WHERE s.environment = $environment AND s.account = $account"#;

/// In cents; of several balances of one moment the last.
pub(in crate::v2::adopt) const BALANCE: &str = r#"
SELECT DISTINCT ON (time_us) cash_micros / 1e4 AS balance, v2_backup.utc(time_us) AS timestamp FROM balances
WHERE environment = $environment AND account = $account ORDER BY time_us, sequence DESC"#;

/// What became of each order, under the trade that it belongs to, and what a person has to look at.
pub(in crate::v2::adopt) const LOGS: &str = r#"
SELECT o.trade AS ticket_id,
       'order ' || e.client_order_id || ' ' || e.status || ', filled ' || (e.filled_hundredths / 100.0)::numeric(18, 2) || coalesce(': ' || e.reason, '')
       AS message, to_char(v2_backup.eastern(e.time_us), 'YYYY-MM-DD"T"HH24:MI:SS') AS timestamp, 'trade_executor' AS service, '0001' AS user_id
FROM order_events e LEFT JOIN orders o ON o.environment = e.environment AND o.account = e.account AND o.subaccount = e.subaccount
                                      AND o.exchange_index = e.exchange_index AND o.client_order_id = e.client_order_id
WHERE e.environment = $environment AND e.account = $account
UNION ALL
SELECT NULL, text, to_char(v2_backup.eastern(time_us), 'YYYY-MM-DD"T"HH24:MI:SS'), 'recio', '0001'
FROM alarms WHERE environment = $environment AND account = $account"#;

pub(in crate::v2::adopt) const RECENT: &str =
    "SELECT * FROM users.trades_0001 ORDER BY created_at DESC NULLS LAST LIMIT 100";

pub(in crate::v2::adopt) const PERFORMANCE_COLUMNS: &[(&str, &str)] = &[
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
pub(in crate::v2::adopt) const PERFORMANCE: &str = r#"
SELECT trade_strategy, count(*) AS total_trades, count(*) FILTER (WHERE win_loss = 'W') AS winning_trades,
       count(*) FILTER (WHERE win_loss = 'L') AS losing_trades,
       100.0 * count(*) FILTER (WHERE win_loss = 'W') / nullif(count(*) FILTER (WHERE win_loss IN ('W', 'L')), 0) AS win_rate,
       sum(pnl::numeric) AS total_pnl, avg(pnl::numeric) AS avg_pnl, sum(fees::numeric) AS total_fees
FROM users.trades_0001 WHERE status = 'closed' GROUP BY trade_strategy"#;
