// Markets, books, orders of every kind, order groups and the account, as an SDK user goes through them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { answered, eventually, open, refused, report, tradable } from './sdk.mjs';

const { ready, account, events, exchange, groups, historical, market, orders, portfolio } = open(process.argv[2]);
const SERIES = 'KXBTC15M';
const SHARD = 2;

// --- public data -------------------------------------------------------------------------------------------------------------

const status = await answered('status', 200, 'ExchangeStatus', () => exchange.getExchangeStatus());
assert.ok(status.exchange_index_statuses.some((shard) => shard.exchange_index === SHARD && shard.trading_active));
await answered('schedule', 200, 'GetExchangeScheduleResponse', () => exchange.getExchangeSchedule());
await answered('series fee changes', 200, 'GetSeriesFeeChangesResponse', () => exchange.getSeriesFeeChanges(SERIES));
const { series } = await answered('series', 200, 'GetSeriesResponse', () => market.getSeries(SERIES));
assert.equal(series.fee_type, 'quadratic');
await answered('series list', 200, 'GetSeriesListResponse', () => market.getSeriesList('Crypto'));

const listed = () => answered('markets', 200, 'GetMarketsResponse', () => market.getMarkets(100, undefined, undefined, SERIES));
const { ticker, event_ticker } = await eventually('a market with a book', listed, tradable(ready));

const all = (await listed()).markets.map((one) => one.ticker);
const paged = [];
for (let cursor = undefined; cursor !== ''; ) {
    const page = await answered('a page', 200, 'GetMarketsResponse', () => market.getMarkets(1, cursor, undefined, SERIES));
    assert.ok(page.markets.length <= 1);
    paged.push(...page.markets.map((one) => one.ticker));
    cursor = page.cursor;
}
assert.deepEqual(paged, all, 'page by page is the whole list');

await answered('market', 200, 'GetMarketResponse', () => market.getMarket(ticker));
await answered('event', 200, 'GetEventResponse', () => events.getEvent(event_ticker, true));
await answered('events', 200, 'GetEventsResponse', () => events.getEvents(10, undefined, true, undefined, 'open', SERIES));
await answered('books', 200, 'GetMarketOrderbooksResponse', () => market.getMarketOrderbooks([ticker]));
await answered('trades', 200, 'GetTradesResponse', () => market.getTrades(10, undefined, ticker));
const now = Math.floor(Date.now() / 1000);
const candles = () => market.getMarketCandlesticks(SERIES, ticker, now - 3600, now + 3600, 1);
await answered('candles', 200, 'GetMarketCandlesticksResponse', candles);
await answered('historical cutoff', 200, 'GetHistoricalCutoffResponse', () => historical.getHistoricalCutoff());
await answered('limits', 200, 'GetAccountApiLimitsResponse', () => account.getAccountApiLimits());
await answered('costs', 200, 'GetAccountEndpointCostsResponse', () => account.getAccountEndpointCosts());
await answered('user data timestamp', 200, 'GetUserDataTimestampResponse', () => exchange.getUserDataTimestamp());

// Best prices: bids of both outcomes, best last.
async function best() {
    const { orderbook_fp: book } = await answered('book', 200, 'GetMarketOrderbookResponse', () => market.getMarketOrderbook(ticker));
    assert.ok(book.yes_dollars.length > 0 && book.no_dollars.length > 0, 'a book with two sides');
    return { bid: Number(book.yes_dollars.at(-1)[0]), ask: 1 - Number(book.no_dollars.at(-1)[0]) };
}
await best();

// --- orders ------------------------------------------------------------------------------------------------------------------

const cash = async () => {
    const balance = await answered('balance', 200, 'GetBalanceResponse', () => portfolio.getBalance(0));
    return Number(balance.balance_dollars);
};
const opening = await cash();
assert.equal(opening, 100);

const order = (fields) => ({
    ticker,
    client_order_id: randomUUID(),
    side: 'bid',
    count: '2.00',
    price: '0.0100',
    time_in_force: 'good_till_canceled',
    self_trade_prevention_type: 'taker_at_cross',
    exchange_index: SHARD,
    ...fields,
});
const create = (fields) => orders.createOrderV2(order(fields));
const created = (what, fields) => answered(what, 201, 'CreateOrderV2Response', () => create(fields));
const list = (status) => answered('orders', 200, 'GetOrdersResponse',
    () => orders.getOrders(ticker, undefined, undefined, undefined, status));
// Reads lie up to a second behind the engine: an order is looked at until it is as it should be.
const becomes = (id, fits) => eventually(`order ${id} as it should be`, list, (page) => page.orders.find((one) => one.order_id === id && fits(one)));
const isOver = (order) => order.status === 'canceled' && order.remaining_count_fp === '0.00';

// Rest, look, amend, decrease, cancel.
const resting = order({});
const rests = await answered('a resting order', 201, 'CreateOrderV2Response', () => orders.createOrderV2(resting));
assert.deepEqual([rests.client_order_id, rests.fill_count, rests.remaining_count], [resting.client_order_id, '0.00', '2.00']);
await becomes(rests.order_id, (order) => order.status === 'resting');
await answered('one order', 200, 'GetOrderResponse', () => orders.getOrder(rests.order_id));
await refused('the same client order id', 409, 'order_already_exists', () => orders.createOrderV2(resting));
const position = () => orders.getOrderQueuePosition(rests.order_id);
await answered('queue position', 200, 'GetOrderQueuePositionResponse', position);
await answered('queue positions', 200, 'GetOrderQueuePositionsResponse', () => orders.getOrderQueuePositions(ticker));
const amend = { ticker, side: 'bid', price: '0.0200', count: '3.00', exchange_index: SHARD };
await answered('amend', 200, 'AmendOrderV2Response', () => orders.amendOrderV2(rests.order_id, amend));
await becomes(rests.order_id, (order) => order.yes_price_dollars === '0.0200' && order.remaining_count_fp === '3.00');
const less = { reduce_by: '1.00', exchange_index: SHARD };
const decreased = await answered('decrease', 200, 'DecreaseOrderV2Response', () => orders.decreaseOrderV2(rests.order_id, less));
assert.equal(decreased.remaining_count, '2.00');
const canceled = await answered('cancel', 200, 'CancelOrderV2Response', () => orders.cancelOrderV2(rests.order_id, 0, SHARD));
assert.equal(canceled.reduced_by, '2.00');
await refused('a second cancel', 404, 'not_found', () => orders.cancelOrderV2(rests.order_id, 0, SHARD));
await becomes(rests.order_id, isOver);
await refused('a canceled order\'s id', 409, 'order_already_exists', () => orders.createOrderV2(resting));

// Immediate or cancel: bought at once, or nothing and over.
const took = await created('an order that crosses', { price: '0.9900', count: '1.00', time_in_force: 'immediate_or_cancel' });
assert.deepEqual([took.fill_count, took.remaining_count], ['1.00', '0.00']);
assert.ok(Number(took.average_fill_price) < 0.99 && Number(took.average_fee_paid) > 0);
const none = await created('an order that finds nothing', { price: '0.0100', time_in_force: 'immediate_or_cancel' });
assert.deepEqual([none.fill_count, none.remaining_count], ['0.00', '0.00']);
await becomes(none.order_id, isOver);

// Fill or kill, post-only, and what is refused before it gets anywhere.
const kill = () => create({ price: '0.0100', time_in_force: 'fill_or_kill' });
await refused('a fill-or-kill order that cannot', 409, 'fill_or_kill_insufficient_resting_volume', kill);
const crossing = await refused('post-only that crosses', 400, 'invalid_order', () => create({ price: '0.9900', count: '1.00', post_only: true }));
assert.equal(crossing.details, 'post only cross');
await refused('more than the account has', 400, 'insufficient_balance', () => create({ price: '0.0500', count: '99999.00' }));
await refused('a price off the grid', 400, 'invalid_price', () => create({ price: '0.0105' }));
await refused('a number for a price', 400, 'bad_request', () => create({ price: 0.01 }));
await refused('no such market', 404, 'market_not_found', () => create({ ticker: 'KXBTC15M-26JAN010000-00' }));

// Batches: each item for itself.
const batch = { orders: [order({}), order({ price: '0.0105' }), order({ price: '0.0200' })] };
const made = await answered('batch create', 201, 'BatchCreateOrdersV2Response', () => orders.batchCreateOrdersV2(batch));
assert.deepEqual(made.orders.map((one) => one.error?.code ?? 'ok'), ['ok', 'invalid_price', 'ok']);
const ids = made.orders.filter((one) => one.order_id).map((one) => ({ order_id: one.order_id, exchange_index: SHARD }));
const ended = { orders: [...ids, { order_id: rests.order_id, exchange_index: SHARD }] };
const gone = await answered('batch cancel', 200, 'BatchCancelOrdersV2Response', () => orders.batchCancelOrdersV2(ended));
assert.deepEqual(gone.orders.map((one) => one.error?.code ?? one.reduced_by), ['2.00', '2.00', 'not_found']);
await created('one more', {});
await answered('cancel all', 204, null, () => orders.cancelAllOrders(0));
await eventually('no resting order', () => list('resting'), (page) => page.orders.length === 0);

// --- order groups ------------------------------------------------------------------------------------------------------------

const wanted = { contracts_limit_fp: '5.00', exchange_index: SHARD };
const group = (await answered('group', 201, 'CreateOrderGroupResponse', () => groups.createOrderGroup(wanted))).order_group_id;
await eventually('the group in the list', () => answered('groups', 200, 'GetOrderGroupsResponse', () => groups.getOrderGroups()),
    (page) => page.order_groups.some((one) => one.id === group));
const state = () => answered('group', 200, 'GetOrderGroupResponse', () => groups.getOrderGroup(group));
const member = await created('a member', { order_group_id: group });
await eventually('the member in its group', state, (seen) => seen.orders.includes(member.order_id));
await answered('trigger', 200, null, () => groups.triggerOrderGroup(group, 0, SHARD, {}));
await becomes(member.order_id, isOver);
await refused('an order in a triggered group', 400, 'exceeded_order_group_risk_limit', () => create({ order_group_id: group }));
await answered('reset', 200, null, () => groups.resetOrderGroup(group, 0, SHARD, {}));
const after = await created('a member after the reset', { order_group_id: group });
await answered('cancel', 200, 'CancelOrderV2Response', () => orders.cancelOrderV2(after.order_id, 0, SHARD));
const limit = () => groups.updateOrderGroupLimit(group, { contracts_limit_fp: '7.00' }, 0, SHARD);
await answered('limit', 200, null, limit);
await eventually('the limit', state, (seen) => seen.contracts_limit_fp === '7.00');
await answered('delete', 200, null, () => groups.deleteOrderGroup(group, 0, SHARD));

// --- the account -------------------------------------------------------------------------------------------------------------

const traded = () => answered('fills', 200, 'GetFillsResponse', () => portfolio.getFills());
const { fills } = await eventually('the fill', traded, (page) => page.fills.length > 0);
assert.ok(fills.every((fill) => fill.order_id === took.order_id));
const held = () => answered('positions', 200, 'GetPositionsResponse', () => portfolio.getPositions());
const { market_positions: positions } = await eventually('the position', held, (page) => page.market_positions.length > 0);
assert.deepEqual(positions.map((held) => [held.ticker, held.position_fp]), [[ticker, '1.00']]);
await answered('settlements', 200, 'GetSettlementsResponse', () => portfolio.getSettlements());
// One contract may have been bought in parts.
const spent = fills.reduce((sum, fill) => sum + Number(fill.yes_price_dollars) * Number(fill.count_fp) + Number(fill.fee_cost), 0);
const balance = await eventually('the cash', cash, (left) => Math.abs(opening - left - spent) < 1e-6);
await answered('deposits', 200, 'GetDepositsResponse', () => portfolio.getDeposits());
await answered('resting value', 200, 'GetPortfolioRestingOrderTotalValueResponse', () => portfolio.getPortfolioRestingOrderTotalValue());

const whole = await eventually('every order over', list, (page) => page.orders.every((one) => one.status !== 'resting'));
report({
    orders: whole.orders.map((one) => [one.order_id, one.client_order_id, one.status, one.fill_count_fp, one.yes_price_dollars]),
    fills: fills.map((one) => [one.trade_id, one.order_id, one.count_fp, one.yes_price_dollars, one.fee_cost]),
    positions: positions.map((one) => [one.ticker, one.position_fp]),
    cash: balance,
});
