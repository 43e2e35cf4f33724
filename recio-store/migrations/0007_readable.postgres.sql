-- The tables for people: dollars, contracts, percent and times instead of integers. This is PostgreSQL's form; the other dialect has the same views
-- with the same columns, and the same text in them. Amounts and prices are text, exact to the last digit: sums are taken of the tables'
-- integers. Prices and payouts are dollars a contract, times UTC, probabilities percent, rounded down.

-- Trades in their newest state.
CREATE VIEW trades_readable AS
SELECT
    environment,
    account,
    subaccount,
    exchange_index,
    trade,
    strategy,
    market,
    event,
    to_char(TIMESTAMP 'epoch' + close_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS close_time,
    side,
    status,
    to_char(TIMESTAMP 'epoch' + opened_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS opened_time,
    to_char(TIMESTAMP 'epoch' + closed_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS closed_time,
    entry_reason,
    CASE WHEN entry_probability_units < 0 THEN '-' ELSE '' END || abs(entry_probability_units / 100) || '.' || lpad(CAST(abs(entry_probability_units % 100) AS TEXT), 2, '0') || '%' AS entry_probability,
    CASE WHEN entry_asset_price_cents < 0 THEN '-' ELSE '' END || abs(entry_asset_price_cents / 100) || '.' || lpad(CAST(abs(entry_asset_price_cents % 100) AS TEXT), 2, '0') AS entry_asset_price,
    CASE WHEN bought_hundredths < 0 THEN '-' ELSE '' END || abs(bought_hundredths / 100) || '.' || lpad(CAST(abs(bought_hundredths % 100) AS TEXT), 2, '0') AS bought,
    CASE WHEN sold_hundredths < 0 THEN '-' ELSE '' END || abs(sold_hundredths / 100) || '.' || lpad(CAST(abs(sold_hundredths % 100) AS TEXT), 2, '0') AS sold,
    CASE WHEN cost_micros < 0 THEN '-' ELSE '' END || abs(cost_micros / 1000000) || '.' || lpad(CAST(abs(cost_micros % 1000000) AS TEXT), 6, '0') AS cost,
    CASE WHEN proceeds_micros < 0 THEN '-' ELSE '' END || abs(proceeds_micros / 1000000) || '.' || lpad(CAST(abs(proceeds_micros % 1000000) AS TEXT), 6, '0') AS proceeds,
    CASE WHEN fees_micros < 0 THEN '-' ELSE '' END || abs(fees_micros / 1000000) || '.' || lpad(CAST(abs(fees_micros % 1000000) AS TEXT), 6, '0') AS fees,
    CASE WHEN status IN ('closed', 'unfilled') THEN CASE WHEN (proceeds_micros - cost_micros - fees_micros) < 0 THEN '-' ELSE '' END || abs((proceeds_micros - cost_micros - fees_micros) / 1000000) || '.' || lpad(CAST(abs((proceeds_micros - cost_micros - fees_micros) % 1000000) AS TEXT), 6, '0') END AS realized,
    close_reason
FROM trades;

-- Orders in their newest state.
CREATE VIEW orders_readable AS
SELECT
    environment,
    account,
    subaccount,
    exchange_index,
    client_order_id,
    exchange_order_id,
    trade,
    strategy,
    market,
    event,
    to_char(TIMESTAMP 'epoch' + close_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS close_time,
    side,
    action,
    CASE WHEN limit_units < 0 THEN '-' ELSE '' END || abs(limit_units / 10000) || '.' || lpad(CAST(abs(limit_units % 10000) AS TEXT), 4, '0') AS limit_price,
    CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END || abs(quantity_hundredths / 100) || '.' || lpad(CAST(abs(quantity_hundredths % 100) AS TEXT), 2, '0') AS quantity,
    time_in_force,
    CASE post_only WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS post_only,
    purpose,
    to_char(TIMESTAMP 'epoch' + created_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_time,
    status,
    CASE WHEN filled_hundredths < 0 THEN '-' ELSE '' END || abs(filled_hundredths / 100) || '.' || lpad(CAST(abs(filled_hundredths % 100) AS TEXT), 2, '0') AS filled,
    reason,
    to_char(TIMESTAMP 'epoch' + updated_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_time
FROM orders;

-- Every state of every order.
CREATE VIEW order_events_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    to_char(TIMESTAMP 'epoch' + time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    client_order_id,
    exchange_order_id,
    status,
    CASE WHEN filled_hundredths < 0 THEN '-' ELSE '' END || abs(filled_hundredths / 100) || '.' || lpad(CAST(abs(filled_hundredths % 100) AS TEXT), 2, '0') AS filled,
    reason
FROM order_events;

-- Executions of our orders.
CREATE VIEW fills_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    exchange_order_id,
    fill_id,
    client_order_id,
    trade,
    strategy,
    market,
    book_side,
    CASE WHEN yes_price_units < 0 THEN '-' ELSE '' END || abs(yes_price_units / 10000) || '.' || lpad(CAST(abs(yes_price_units % 10000) AS TEXT), 4, '0') AS yes_price,
    CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END || abs(quantity_hundredths / 100) || '.' || lpad(CAST(abs(quantity_hundredths % 100) AS TEXT), 2, '0') AS quantity,
    CASE WHEN fee_micros < 0 THEN '-' ELSE '' END || abs(fee_micros / 1000000) || '.' || lpad(CAST(abs(fee_micros % 1000000) AS TEXT), 6, '0') AS fee,
    liquidity,
    to_char(TIMESTAMP 'epoch' + exchange_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS exchange_time
FROM fills;

-- What is held, by market: YES above zero, NO below. Flat ones are among them, for their fees.
CREATE VIEW positions_readable AS
SELECT
    environment,
    account,
    subaccount,
    exchange_index,
    market,
    CASE WHEN position_hundredths < 0 THEN '-' ELSE '' END || abs(position_hundredths / 100) || '.' || lpad(CAST(abs(position_hundredths % 100) AS TEXT), 2, '0') AS position,
    CASE WHEN cost_micros < 0 THEN '-' ELSE '' END || abs(cost_micros / 1000000) || '.' || lpad(CAST(abs(cost_micros % 1000000) AS TEXT), 6, '0') AS cost,
    CASE WHEN fees_micros < 0 THEN '-' ELSE '' END || abs(fees_micros / 1000000) || '.' || lpad(CAST(abs(fees_micros % 1000000) AS TEXT), 6, '0') AS fees,
    CASE settled WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS settled,
    CASE payout_booked WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS payout_booked
FROM positions;

-- Payouts in their newest version.
CREATE VIEW settlements_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    market,
    version,
    event,
    result,
    CASE WHEN yes_payout_units < 0 THEN '-' ELSE '' END || abs(yes_payout_units / 10000) || '.' || lpad(CAST(abs(yes_payout_units % 10000) AS TEXT), 4, '0') AS yes_payout,
    CASE WHEN revenue_micros < 0 THEN '-' ELSE '' END || abs(revenue_micros / 1000000) || '.' || lpad(CAST(abs(revenue_micros % 1000000) AS TEXT), 6, '0') AS revenue,
    to_char(TIMESTAMP 'epoch' + settled_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS settled_time
FROM settlements;

-- The double-entry books: above zero a debit.
CREATE VIEW ledger_readable AS
SELECT
    sequence,
    line,
    environment,
    account,
    subaccount,
    exchange_index,
    to_char(TIMESTAMP 'epoch' + time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    booking,
    ledger_account,
    market,
    CASE WHEN amount_micros < 0 THEN '-' ELSE '' END || abs(amount_micros / 1000000) || '.' || lpad(CAST(abs(amount_micros % 1000000) AS TEXT), 6, '0') AS amount
FROM ledger_entries;

-- Balances after each fact that moved the books. Cash is always funded - cost - fees + realized.
CREATE VIEW balances_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    to_char(TIMESTAMP 'epoch' + time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    CASE WHEN cash_micros < 0 THEN '-' ELSE '' END || abs(cash_micros / 1000000) || '.' || lpad(CAST(abs(cash_micros % 1000000) AS TEXT), 6, '0') AS cash,
    CASE WHEN funded_micros < 0 THEN '-' ELSE '' END || abs(funded_micros / 1000000) || '.' || lpad(CAST(abs(funded_micros % 1000000) AS TEXT), 6, '0') AS funded,
    CASE WHEN cost_micros < 0 THEN '-' ELSE '' END || abs(cost_micros / 1000000) || '.' || lpad(CAST(abs(cost_micros % 1000000) AS TEXT), 6, '0') AS cost,
    CASE WHEN fees_micros < 0 THEN '-' ELSE '' END || abs(fees_micros / 1000000) || '.' || lpad(CAST(abs(fees_micros % 1000000) AS TEXT), 6, '0') AS fees,
    CASE WHEN realized_micros < 0 THEN '-' ELSE '' END || abs(realized_micros / 1000000) || '.' || lpad(CAST(abs(realized_micros % 1000000) AS TEXT), 6, '0') AS realized
FROM balances;

-- Decisions, one row a strike. The outcome is that of the market, where we had a position in it.
CREATE VIEW decisions_readable AS
SELECT
    d.sequence,
    d.line,
    d.environment,
    d.account,
    d.subaccount,
    d.exchange_index,
    d.strategy,
    to_char(TIMESTAMP 'epoch' + d.view_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS view_time,
    to_char(TIMESTAMP 'epoch' + d.time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    d.event,
    to_char(TIMESTAMP 'epoch' + d.close_time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS close_time,
    CASE WHEN d.asset_price_cents < 0 THEN '-' ELSE '' END || abs(d.asset_price_cents / 100) || '.' || lpad(CAST(abs(d.asset_price_cents % 100) AS TEXT), 2, '0') AS asset_price,
    d.momentum_percent,
    d.market,
    trunc(d.model * 10000)::BIGINT / 100 || '.' || lpad(CAST(trunc(d.model * 10000)::BIGINT % 100 AS TEXT), 2, '0') || '%' AS model,
    trunc(d.model_low * 10000)::BIGINT / 100 || '.' || lpad(CAST(trunc(d.model_low * 10000)::BIGINT % 100 AS TEXT), 2, '0') || '%' AS model_low,
    trunc(d.model_high * 10000)::BIGINT / 100 || '.' || lpad(CAST(trunc(d.model_high * 10000)::BIGINT % 100 AS TEXT), 2, '0') || '%' AS model_high,
    d.model_unknown,
    CASE WHEN d.bid_units < 0 THEN '-' ELSE '' END || abs(d.bid_units / 10000) || '.' || lpad(CAST(abs(d.bid_units % 10000) AS TEXT), 4, '0') AS bid,
    CASE WHEN d.bid_hundredths < 0 THEN '-' ELSE '' END || abs(d.bid_hundredths / 100) || '.' || lpad(CAST(abs(d.bid_hundredths % 100) AS TEXT), 2, '0') AS bid_quantity,
    CASE WHEN d.ask_units < 0 THEN '-' ELSE '' END || abs(d.ask_units / 10000) || '.' || lpad(CAST(abs(d.ask_units % 10000) AS TEXT), 4, '0') AS ask,
    CASE WHEN d.ask_hundredths < 0 THEN '-' ELSE '' END || abs(d.ask_hundredths / 100) || '.' || lpad(CAST(abs(d.ask_hundredths % 100) AS TEXT), 2, '0') AS ask_quantity,
    d.verdict,
    d.side,
    d.action,
    CASE WHEN d.limit_units < 0 THEN '-' ELSE '' END || abs(d.limit_units / 10000) || '.' || lpad(CAST(abs(d.limit_units % 10000) AS TEXT), 4, '0') AS limit_price,
    CASE WHEN d.quantity_hundredths < 0 THEN '-' ELSE '' END || abs(d.quantity_hundredths / 100) || '.' || lpad(CAST(abs(d.quantity_hundredths % 100) AS TEXT), 2, '0') AS quantity,
    d.reason,
    d.why,
    s.result AS outcome
FROM decisions d
LEFT JOIN settlements s ON s.environment = d.environment AND s.account = d.account AND s.subaccount = d.subaccount
    AND s.exchange_index = d.exchange_index AND s.market = d.market;

-- What a person has to look at.
CREATE VIEW alarms_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    to_char(TIMESTAMP 'epoch' + time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    run,
    strategy,
    text
FROM alarms;

-- Orders that would have been sent.
CREATE VIEW shadow_orders_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    to_char(TIMESTAMP 'epoch' + time_us * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
    strategy,
    market,
    side,
    CASE WHEN limit_units < 0 THEN '-' ELSE '' END || abs(limit_units / 10000) || '.' || lpad(CAST(abs(limit_units % 10000) AS TEXT), 4, '0') AS limit_price,
    CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END || abs(quantity_hundredths / 100) || '.' || lpad(CAST(abs(quantity_hundredths % 100) AS TEXT), 2, '0') AS quantity,
    trunc(model * 10000)::BIGINT / 100 || '.' || lpad(CAST(trunc(model * 10000)::BIGINT % 100 AS TEXT), 2, '0') || '%' AS model,
    edge_units / 10000 AS edge,
    why
FROM shadow_orders;
