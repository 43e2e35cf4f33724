//! Routes of the exchange's read side: what everybody may ask, and an account's history, money and limits.

use super::Exchange;
use super::history::DataTier;
use super::request::{Answer, Query, answer, not_found};
use recio_core::units::AccountName;
use recio_core::venue::VenueOrder;
use recio_kalshi::wire;
use std::collections::BTreeMap;

impl Exchange {
    /// Answers what needs no key; `None` for any other path.
    pub(super) fn public_route(&self, segments: &[&str], pairs: &[(String, String)]) -> Option<Answer> {
        let query = |operation| Query::new(operation, pairs);
        Some(match segments {
            ["exchange", "status"] => self.exchange_status(),
            ["exchange", "schedule"] => self.schedule(),
            ["series"] => self.series_list(query("GetSeriesList")),
            ["series", "fee_changes"] => self.series_fee_changes(query("GetSeriesFeeChanges")),
            ["series", series] => self.series(series, query("GetSeries")),
            ["series", series, "markets", market, "candlesticks"] => {
                self.market_candles(series, market, query("GetMarketCandlesticks"))
            }
            ["series", series, "events", event, "candlesticks"] => {
                self.event_candles(series, event, query("GetMarketCandlesticksByEvent"))
            }
            ["events"] => self.events(query("GetEvents")),
            ["events", "fee_changes"] => self.event_fee_changes(query("GetEventFeeChanges")),
            ["events", event] => self.event(event, query("GetEvent")),
            ["events", event, "metadata"] => self.event_metadata(event),
            ["markets"] => self.markets(query("GetMarkets")),
            ["markets", "trades"] => self.public_trades(query("GetTrades"), DataTier::Live),
            ["markets", "candlesticks"] => self.batch_candles(query("BatchGetMarketCandlesticks")),
            ["markets", "orderbooks"] => self.order_books(query("GetMarketOrderbooks")),
            ["markets", market] => self.market(market),
            ["markets", market, "orderbook"] => self.order_book(market, query("GetMarketOrderbook")),
            ["historical", "cutoff"] => self.historical_cutoff(),
            ["historical", "markets"] => self.historical_markets(query("GetHistoricalMarkets")),
            ["historical", "markets", market] => self.historical_market(market),
            ["historical", "markets", market, "candlesticks"] => {
                self.historical_candles(market, query("GetMarketCandlesticksHistorical"))
            }
            ["historical", "trades"] => self.public_trades(query("GetTradesHistorical"), DataTier::Archive),
            ["account", "endpoint_costs"] => super::metering::endpoint_costs(),
            _ => return None,
        })
    }

    /// Answers an account's reads; `None` for any other path.
    pub(super) fn account_route(
        &mut self,
        account: &AccountName,
        segments: &[&str],
        pairs: &[(String, String)],
    ) -> Option<Answer> {
        let query = |operation| Query::new(operation, pairs);
        Some(match segments {
            ["exchange", "user_data_timestamp"] => self.user_data_timestamp(),
            ["portfolio", "fills"] => self.lagging(|this| this.fills(account, query("GetFills"), DataTier::Live)),
            ["portfolio", "positions"] => {
                self.lagging(|this| this.positions(account, query("GetPositions"), DataTier::Live))
            }
            ["portfolio", "balance"] => self.lagging(|this| this.balance(account, query("GetBalance"))),
            ["portfolio", "settlements"] => self.lagging(|this| this.settlements(account, query("GetSettlements"))),
            ["portfolio", "deposits"] => self.deposits(account, query("GetDeposits")),
            ["portfolio", "withdrawals"] => self.withdrawals(query("GetWithdrawals")),
            ["portfolio", "summary", "total_resting_order_value"] => self.lagging(|this| this.resting_value(account)),
            ["historical", list @ ("fills" | "orders" | "positions")] => {
                let operation = match *list {
                    "fills" => "GetFillsHistorical",
                    "orders" => "GetHistoricalOrders",
                    _ => "GetHistoricalPositions",
                };
                self.account_history(account, list, query(operation))
            }
            ["account", "limits"] => self.account_limits(),
            ["cfbenchmarks", "history", "values"] => self.index_values(query("CfBenchmarks")),
            _ => return None,
        })
    }

    /// What the account began with is its one deposit; nothing is ever withdrawn.
    fn deposits(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let opened = self.opening.get(account).copied().ok_or_else(not_found)?;
        let time = self.header.session_from.as_second();
        let deposit = wire::Deposit {
            id: super::frames::uuid_of("deposit", account.as_str()),
            status: "applied".to_owned(),
            kind: "wire".to_owned(),
            amount_cents: opened.micros().div_euclid(super::portfolio::CENT),
            fee_cents: 0,
            created_ts: time,
            finalized_ts: Some(time),
        };
        let items = if opened.is_zero() { Vec::new() } else { vec![(deposit.id.clone(), deposit)] };
        let (deposits, cursor) = query.page(items, 500)?;
        answer(200, &wire::DepositsPage { deposits, cursor: Some(cursor) })
    }

    fn withdrawals(&self, query: Query<'_>) -> Answer {
        let (withdrawals, cursor) = query.page(Vec::new(), 500)?;
        answer(200, &wire::WithdrawalsPage { withdrawals, cursor: Some(cursor) })
    }

    /// What resting orders would cost if all of them were filled, by shard.
    fn resting_value(&self, account: &AccountName) -> Answer {
        let mut by_shard: BTreeMap<u16, recio_core::units::Money> = BTreeMap::new();
        let resting = |order: &&VenueOrder| order.is_resting();
        for order in self.venue.orders(account).filter(resting) {
            let price = match order.terms.book_side {
                recio_core::market::BookSide::Bid => order.terms.yes_price,
                recio_core::market::BookSide::Ask => order.terms.yes_price.complement(),
            };
            *by_shard.entry(self.shard(&order.terms.market)).or_default() += price * order.remaining;
        }
        let total: recio_core::units::Money = by_shard.values().copied().sum();
        let body = wire::RestingOrderValue {
            total_resting_order_value: total.micros().div_euclid(super::portfolio::CENT),
            resting_order_value_breakdown: by_shard
                .into_iter()
                .map(|(exchange_index, value)| wire::ShardBalance {
                    exchange_index,
                    balance: super::portfolio::dollars(value),
                })
                .collect(),
        };
        answer(200, &body)
    }
}
