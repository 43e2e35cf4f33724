// Buys a contract, and waits until its market is paid out.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { answered, eventually, made, open, report, tradable } from './sdk.mjs';

const { ready, market, orders, portfolio } = open(process.argv[2]);

const listed = () => answered('markets', 200, 'GetMarketsResponse', () => market.getMarkets(100, undefined, undefined, 'KXBTC15M'));
const { ticker } = await eventually('a market with a book', listed, tradable(ready));
// One of the outcomes can be had for 99 cents or less, unless nobody offers it right now.
let outcome;
for (let tries = 0; outcome === undefined; tries += 1) {
    assert.ok(tries < 20, 'nobody offers either outcome');
    const [side, price] = tries % 2 === 0 ? ['bid', '0.9900'] : ['ask', '0.0100'];
    const { status, data } = await made('buy', () => orders.createOrderV2({
        ticker,
        client_order_id: randomUUID(),
        side,
        count: '1.00',
        price,
        time_in_force: 'fill_or_kill',
        self_trade_prevention_type: 'taker_at_cross',
        exchange_index: 2,
    }));
    assert.ok(status === 201 || data.error.code === 'fill_or_kill_insufficient_resting_volume', JSON.stringify(data));
    if (status === 201) outcome = side === 'bid' ? 'yes' : 'no';
}

const settlements = () => answered('settlements', 200, 'GetSettlementsResponse', () => portfolio.getSettlements());
const paid = await eventually('the payout', settlements, (page) => page.settlements.find((one) => one.ticker === ticker));
assert.deepEqual([paid.yes_count_fp, paid.no_count_fp], outcome === 'yes' ? ['1.00', '0.00'] : ['0.00', '1.00']);
assert.equal(paid.revenue, paid.market_result === outcome ? 100 : 0);
const over = () => answered('market', 200, 'GetMarketResponse', () => market.getMarket(ticker));
await eventually('the end of the market', over, (page) => page.market.result === paid.market_result && page.market.status === 'finalized');
const held = () => answered('positions', 200, 'GetPositionsResponse', () => portfolio.getPositions());
await eventually('no position', held, (page) => page.market_positions.length === 0);
const balance = await answered('balance', 200, 'GetBalanceResponse', () => portfolio.getBalance(0));
report({ ticker, result: paid.market_result, revenue: paid.revenue, fee: paid.fee_cost, cash: Number(balance.balance_dollars) });
