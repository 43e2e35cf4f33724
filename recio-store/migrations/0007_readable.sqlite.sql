-- The tables for people: dollars, contracts, percent and times instead of integers. This is SQLite's form; the other dialect has the same views
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
    strftime('%Y-%m-%dT%H:%M:%S', (close_time_us - ((close_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((close_time_us % 1000000) + 1000000) % 1000000) AS close_time,
    side,
    status,
    strftime('%Y-%m-%dT%H:%M:%S', (opened_time_us - ((opened_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((opened_time_us % 1000000) + 1000000) % 1000000) AS opened_time,
    strftime('%Y-%m-%dT%H:%M:%S', (closed_time_us - ((closed_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((closed_time_us % 1000000) + 1000000) % 1000000) AS closed_time,
    entry_reason,
    CASE WHEN entry_probability_units IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN entry_probability_units < 0 THEN '-' ELSE '' END, abs(entry_probability_units / 100), abs(entry_probability_units % 100)) END || '%' AS entry_probability,
    CASE WHEN entry_asset_price_cents IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN entry_asset_price_cents < 0 THEN '-' ELSE '' END, abs(entry_asset_price_cents / 100), abs(entry_asset_price_cents % 100)) END AS entry_asset_price,
    CASE WHEN bought_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN bought_hundredths < 0 THEN '-' ELSE '' END, abs(bought_hundredths / 100), abs(bought_hundredths % 100)) END AS bought,
    CASE WHEN sold_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN sold_hundredths < 0 THEN '-' ELSE '' END, abs(sold_hundredths / 100), abs(sold_hundredths % 100)) END AS sold,
    CASE WHEN cost_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN cost_micros < 0 THEN '-' ELSE '' END, abs(cost_micros / 1000000), abs(cost_micros % 1000000)) END AS cost,
    CASE WHEN proceeds_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN proceeds_micros < 0 THEN '-' ELSE '' END, abs(proceeds_micros / 1000000), abs(proceeds_micros % 1000000)) END AS proceeds,
    CASE WHEN fees_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN fees_micros < 0 THEN '-' ELSE '' END, abs(fees_micros / 1000000), abs(fees_micros % 1000000)) END AS fees,
    CASE WHEN status IN ('closed', 'unfilled') THEN CASE WHEN (proceeds_micros - cost_micros - fees_micros) IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN (proceeds_micros - cost_micros - fees_micros) < 0 THEN '-' ELSE '' END, abs((proceeds_micros - cost_micros - fees_micros) / 1000000), abs((proceeds_micros - cost_micros - fees_micros) % 1000000)) END END AS realized,
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
    strftime('%Y-%m-%dT%H:%M:%S', (close_time_us - ((close_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((close_time_us % 1000000) + 1000000) % 1000000) AS close_time,
    side,
    action,
    CASE WHEN limit_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN limit_units < 0 THEN '-' ELSE '' END, abs(limit_units / 10000), abs(limit_units % 10000)) END AS limit_price,
    CASE WHEN quantity_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END, abs(quantity_hundredths / 100), abs(quantity_hundredths % 100)) END AS quantity,
    time_in_force,
    CASE post_only WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS post_only,
    purpose,
    strftime('%Y-%m-%dT%H:%M:%S', (created_time_us - ((created_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_time_us % 1000000) + 1000000) % 1000000) AS created_time,
    status,
    CASE WHEN filled_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN filled_hundredths < 0 THEN '-' ELSE '' END, abs(filled_hundredths / 100), abs(filled_hundredths % 100)) END AS filled,
    reason,
    strftime('%Y-%m-%dT%H:%M:%S', (updated_time_us - ((updated_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((updated_time_us % 1000000) + 1000000) % 1000000) AS updated_time
FROM orders;

-- Every state of every order.
CREATE VIEW order_events_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    strftime('%Y-%m-%dT%H:%M:%S', (time_us - ((time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((time_us % 1000000) + 1000000) % 1000000) AS time,
    client_order_id,
    exchange_order_id,
    status,
    CASE WHEN filled_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN filled_hundredths < 0 THEN '-' ELSE '' END, abs(filled_hundredths / 100), abs(filled_hundredths % 100)) END AS filled,
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
    CASE WHEN yes_price_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN yes_price_units < 0 THEN '-' ELSE '' END, abs(yes_price_units / 10000), abs(yes_price_units % 10000)) END AS yes_price,
    CASE WHEN quantity_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END, abs(quantity_hundredths / 100), abs(quantity_hundredths % 100)) END AS quantity,
    CASE WHEN fee_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN fee_micros < 0 THEN '-' ELSE '' END, abs(fee_micros / 1000000), abs(fee_micros % 1000000)) END AS fee,
    liquidity,
    strftime('%Y-%m-%dT%H:%M:%S', (exchange_time_us - ((exchange_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((exchange_time_us % 1000000) + 1000000) % 1000000) AS exchange_time
FROM fills;

-- What is held, by market: YES above zero, NO below. Flat ones are among them, for their fees.
CREATE VIEW positions_readable AS
SELECT
    environment,
    account,
    subaccount,
    exchange_index,
    market,
    CASE WHEN position_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN position_hundredths < 0 THEN '-' ELSE '' END, abs(position_hundredths / 100), abs(position_hundredths % 100)) END AS position,
    CASE WHEN cost_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN cost_micros < 0 THEN '-' ELSE '' END, abs(cost_micros / 1000000), abs(cost_micros % 1000000)) END AS cost,
    CASE WHEN fees_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN fees_micros < 0 THEN '-' ELSE '' END, abs(fees_micros / 1000000), abs(fees_micros % 1000000)) END AS fees,
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
    CASE WHEN yes_payout_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN yes_payout_units < 0 THEN '-' ELSE '' END, abs(yes_payout_units / 10000), abs(yes_payout_units % 10000)) END AS yes_payout,
    CASE WHEN revenue_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN revenue_micros < 0 THEN '-' ELSE '' END, abs(revenue_micros / 1000000), abs(revenue_micros % 1000000)) END AS revenue,
    strftime('%Y-%m-%dT%H:%M:%S', (settled_time_us - ((settled_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((settled_time_us % 1000000) + 1000000) % 1000000) AS settled_time
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
    strftime('%Y-%m-%dT%H:%M:%S', (time_us - ((time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((time_us % 1000000) + 1000000) % 1000000) AS time,
    booking,
    ledger_account,
    market,
    CASE WHEN amount_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN amount_micros < 0 THEN '-' ELSE '' END, abs(amount_micros / 1000000), abs(amount_micros % 1000000)) END AS amount
FROM ledger_entries;

-- Balances after each fact that moved the books. Cash is always funded - cost - fees + realized.
CREATE VIEW balances_readable AS
SELECT
    sequence,
    environment,
    account,
    subaccount,
    exchange_index,
    strftime('%Y-%m-%dT%H:%M:%S', (time_us - ((time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((time_us % 1000000) + 1000000) % 1000000) AS time,
    CASE WHEN cash_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN cash_micros < 0 THEN '-' ELSE '' END, abs(cash_micros / 1000000), abs(cash_micros % 1000000)) END AS cash,
    CASE WHEN funded_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN funded_micros < 0 THEN '-' ELSE '' END, abs(funded_micros / 1000000), abs(funded_micros % 1000000)) END AS funded,
    CASE WHEN cost_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN cost_micros < 0 THEN '-' ELSE '' END, abs(cost_micros / 1000000), abs(cost_micros % 1000000)) END AS cost,
    CASE WHEN fees_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN fees_micros < 0 THEN '-' ELSE '' END, abs(fees_micros / 1000000), abs(fees_micros % 1000000)) END AS fees,
    CASE WHEN realized_micros IS NOT NULL THEN printf('%s%d.%06d', CASE WHEN realized_micros < 0 THEN '-' ELSE '' END, abs(realized_micros / 1000000), abs(realized_micros % 1000000)) END AS realized
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
    strftime('%Y-%m-%dT%H:%M:%S', (d.view_time_us - ((d.view_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((d.view_time_us % 1000000) + 1000000) % 1000000) AS view_time,
    strftime('%Y-%m-%dT%H:%M:%S', (d.time_us - ((d.time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((d.time_us % 1000000) + 1000000) % 1000000) AS time,
    d.event,
    strftime('%Y-%m-%dT%H:%M:%S', (d.close_time_us - ((d.close_time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((d.close_time_us % 1000000) + 1000000) % 1000000) AS close_time,
    CASE WHEN d.asset_price_cents IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN d.asset_price_cents < 0 THEN '-' ELSE '' END, abs(d.asset_price_cents / 100), abs(d.asset_price_cents % 100)) END AS asset_price,
    d.momentum_percent,
    d.market,
    CASE WHEN d.model IS NOT NULL THEN printf('%d.%02d%%', CAST(d.model * 10000 AS INTEGER) / 100, CAST(d.model * 10000 AS INTEGER) % 100) END AS model,
    CASE WHEN d.model_low IS NOT NULL THEN printf('%d.%02d%%', CAST(d.model_low * 10000 AS INTEGER) / 100, CAST(d.model_low * 10000 AS INTEGER) % 100) END AS model_low,
    CASE WHEN d.model_high IS NOT NULL THEN printf('%d.%02d%%', CAST(d.model_high * 10000 AS INTEGER) / 100, CAST(d.model_high * 10000 AS INTEGER) % 100) END AS model_high,
    d.model_unknown,
    CASE WHEN d.bid_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN d.bid_units < 0 THEN '-' ELSE '' END, abs(d.bid_units / 10000), abs(d.bid_units % 10000)) END AS bid,
    CASE WHEN d.bid_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN d.bid_hundredths < 0 THEN '-' ELSE '' END, abs(d.bid_hundredths / 100), abs(d.bid_hundredths % 100)) END AS bid_quantity,
    CASE WHEN d.ask_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN d.ask_units < 0 THEN '-' ELSE '' END, abs(d.ask_units / 10000), abs(d.ask_units % 10000)) END AS ask,
    CASE WHEN d.ask_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN d.ask_hundredths < 0 THEN '-' ELSE '' END, abs(d.ask_hundredths / 100), abs(d.ask_hundredths % 100)) END AS ask_quantity,
    d.verdict,
    d.side,
    d.action,
    CASE WHEN d.limit_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN d.limit_units < 0 THEN '-' ELSE '' END, abs(d.limit_units / 10000), abs(d.limit_units % 10000)) END AS limit_price,
    CASE WHEN d.quantity_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN d.quantity_hundredths < 0 THEN '-' ELSE '' END, abs(d.quantity_hundredths / 100), abs(d.quantity_hundredths % 100)) END AS quantity,
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
    strftime('%Y-%m-%dT%H:%M:%S', (time_us - ((time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((time_us % 1000000) + 1000000) % 1000000) AS time,
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
    strftime('%Y-%m-%dT%H:%M:%S', (time_us - ((time_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((time_us % 1000000) + 1000000) % 1000000) AS time,
    strategy,
    market,
    side,
    CASE WHEN limit_units IS NOT NULL THEN printf('%s%d.%04d', CASE WHEN limit_units < 0 THEN '-' ELSE '' END, abs(limit_units / 10000), abs(limit_units % 10000)) END AS limit_price,
    CASE WHEN quantity_hundredths IS NOT NULL THEN printf('%s%d.%02d', CASE WHEN quantity_hundredths < 0 THEN '-' ELSE '' END, abs(quantity_hundredths / 100), abs(quantity_hundredths % 100)) END AS quantity,
    CASE WHEN model IS NOT NULL THEN printf('%d.%02d%%', CAST(model * 10000 AS INTEGER) / 100, CAST(model * 10000 AS INTEGER) % 100) END AS model,
    edge_units / 10000 AS edge,
    why
FROM shadow_orders;
