//! What an account holds, over REST: fills, positions, cash, settlements.

use super::Exchange;
use super::frames::result_word;
use super::history::DataTier;
use super::private_frames::outcome_word;
use super::request::{Answer, Query, answer, not_found};
use super::transfers::SHARDS;
use recio_core::trade::{Fill, Liquidity};
use recio_core::units::{AccountName, EventTicker, MarketTicker, Money, Position, Price, Quantity};
use recio_core::venue::{AccountSettlement, MarketPosition, Wallet};
use recio_kalshi::wire;
use std::collections::BTreeMap;

/// Micro-dollars in a cent.
pub(super) const CENT: i64 = 10_000;

impl Exchange {
    pub(super) fn fills(&self, account: &AccountName, query: Query<'_>, tier: DataTier) -> Answer {
        let (min, max) = (query.seconds("min_ts")?, query.seconds("max_ts")?);
        let (markets, order, shard) = (query.list("ticker"), query.get("order_id"), query.shard()?);
        let subaccount = query.subaccount()?;
        let fits = |(fill, wallet): &(&Fill, Wallet)| {
            tier.holds(self.is_archived(fill.exchange_time))
                && min.is_none_or(|min| fill.exchange_time >= min)
                && max.is_none_or(|max| fill.exchange_time <= max)
                && shard.is_none_or(|shard| shard == i64::from(wallet.shard))
                && subaccount.is_none_or(|subaccount| subaccount == wallet.subaccount)
                && order.is_none_or(|order| fill.order.as_str() == order)
                && markets.as_ref().is_none_or(|markets| markets.contains(&fill.market.as_str()))
        };
        let newest_first = self.venue.fills(account).rev();
        let with_wallet = newest_first.filter_map(|fill| Some((fill, self.venue.order(account, &fill.order)?.wallet)));
        let newest_first = with_wallet.filter(fits);
        let items =
            newest_first.map(|(fill, wallet)| (format!("{} {}", fill.order, fill.id), (fill, wallet))).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let fills = page.into_iter().map(|(fill, wallet)| fill_body(fill, wallet)).collect();
        answer(200, &wire::FillsPage { fills, cursor: Some(cursor) })
    }

    pub(super) fn positions(&self, account: &AccountName, query: Query<'_>, tier: DataTier) -> Answer {
        let (unsettled, settled) = match query.get("settlement_status").filter(|_| tier == DataTier::Live) {
            None if tier == DataTier::Archive => (false, true),
            None | Some("unsettled") => (true, false),
            Some("settled") => (false, true),
            Some("all") => (true, true),
            Some(other) => return Err(query.invalid(&format!("settlement_status {other} is unknown"))),
        };
        let subaccount = query.subaccount()?.unwrap_or_default();
        let mut held: BTreeMap<&MarketTicker, MarketPosition> = BTreeMap::new();
        if settled {
            let fits = |paid: &&AccountSettlement| {
                paid.wallet.subaccount == subaccount && tier.holds(self.is_market_archived(&paid.settlement.market))
            };
            for paid in self.venue.settlements(account).filter(fits) {
                let pnl = paid.pnl_before_fees();
                let closed = MarketPosition {
                    position: Position::FLAT,
                    cost: Money::ZERO,
                    realized_pnl: pnl,
                    ..paid.held.clone()
                };
                held.insert(&paid.settlement.market, closed);
            }
        }
        if unsettled {
            let own = self.venue.wallet_positions(account).filter(|(wallet, _, _)| wallet.subaccount == subaccount);
            held.extend(own.map(|(_, market, position)| (market, position.clone())));
        }
        let filter = query.list("count_filter").unwrap_or_default();
        let (market, event, shard) = (query.get("ticker"), query.get("event_ticker"), query.shard()?);
        held.retain(|ticker, position| {
            market.is_none_or(|market| ticker.as_str() == market)
                && event.is_none_or(|event| self.event_of(ticker).is_some_and(|of| of.as_str() == event))
                && shard.is_none_or(|shard| shard == i64::from(self.shard(ticker)))
                && (!filter.contains(&"position") || !position.position.is_flat())
                && (!filter.contains(&"total_traded") || !position.total_traded().is_zero())
        });
        let items = held.into_iter().map(|(ticker, position)| (ticker.to_string(), (ticker, position))).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let mut events: BTreeMap<&EventTicker, EventSum> = BTreeMap::new();
        for (ticker, position) in &page {
            if let Some(event) = self.event_of(ticker) {
                events.entry(event).or_default().add(position);
            }
        }
        let body = wire::PositionsPage {
            market_positions: page.iter().map(|(ticker, position)| self.position_body(ticker, position)).collect(),
            event_positions: events.iter().map(|(event, sum)| sum.body(event)).collect(),
            cursor: Some(cursor),
        };
        answer(200, &body)
    }

    fn position_body(&self, market: &MarketTicker, held: &MarketPosition) -> wire::MarketPosition {
        wire::MarketPosition {
            ticker: market.to_string(),
            exchange_index: Some(self.shard(market)),
            position_fp: held.position.to_string(),
            total_traded_dollars: held.total_traded().to_string(),
            market_exposure_dollars: held.cost.to_string(),
            realized_pnl_dollars: held.realized_pnl.to_string(),
            fees_paid_dollars: held.fees.to_string(),
            last_updated_ts: Some(held.updated_time.to_string()),
        }
    }

    /// What may be used for trading is the balance: resting orders reduce it. (That they do at the exchange is not confirmed.)
    pub(super) fn balance(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let (subaccount, wanted) = (query.subaccount()?.unwrap_or_default(), query.shard()?);
        let mut shards: BTreeMap<u16, Money> = SHARDS.into_iter().map(|shard| (shard, Money::ZERO)).collect();
        let own: Vec<_> = self.venue.wallets(account).filter(|(wallet, _)| wallet.subaccount == subaccount).collect();
        if own.is_empty() && !subaccount.is_primary() {
            return Err(not_found());
        }
        shards.extend(own.into_iter().map(|(wallet, balance)| (wallet.shard, balance.available())));
        let asked = |shard: u16| wanted.is_none_or(|wanted| wanted == i64::from(shard));
        let free: Money = shards.iter().filter(|(shard, _)| asked(**shard)).map(|(_, free)| *free).sum();
        let held = self.venue.wallet_positions(account);
        let held = held.filter(|(wallet, _, _)| wallet.subaccount == subaccount && asked(wallet.shard));
        let value: Money = held.map(|(_, market, held)| self.market_value(market, held)).sum();
        let shard =
            |(exchange_index, free): (u16, Money)| wire::ShardBalance { exchange_index, balance: dollars(free) };
        let body = wire::Balance {
            balance: free.micros().div_euclid(CENT),
            balance_dollars: dollars(free),
            portfolio_value: value.micros().div_euclid(CENT),
            updated_ts: self.now().as_second(),
            balance_breakdown: Some(shards.into_iter().map(shard).collect()),
        };
        answer(200, &body)
    }

    fn market_value(&self, market: &MarketTicker, held: &MarketPosition) -> Money {
        let last = self.listings.get(market).and_then(|listing| listing.last_price).unwrap_or(Price::ZERO);
        last * held.position.yes_size() + last.complement() * held.position.no_size()
    }

    pub(super) fn settlements(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let (min, max) = (query.seconds("min_ts")?, query.seconds("max_ts")?);
        let (market, event, subaccount) = (query.get("ticker"), query.get("event_ticker"), query.subaccount()?);
        let fits = |paid: &&AccountSettlement| {
            let settlement = &paid.settlement;
            subaccount.is_none_or(|subaccount| subaccount == paid.wallet.subaccount)
                && min.is_none_or(|min| settlement.settled_time >= min)
                && max.is_none_or(|max| settlement.settled_time <= max)
                && market.is_none_or(|market| settlement.market.as_str() == market)
                && event.is_none_or(|event| settlement.event.as_str() == event)
        };
        let newest_first = self.venue.settlements(account).rev().filter(fits);
        let items =
            newest_first.map(|paid| (format!("{} {}", paid.settlement.market, paid.wallet.subaccount), paid)).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let settlements = page.into_iter().map(settlement_body).collect();
        answer(200, &wire::SettlementsPage { settlements, cursor: Some(cursor) })
    }

    pub(super) fn shard(&self, market: &MarketTicker) -> u16 {
        self.venue.market(market).map_or(0, |market| market.exchange_index)
    }

    fn event_of(&self, market: &MarketTicker) -> Option<&EventTicker> {
        self.venue.market(market).map(|market| &market.event)
    }
}

fn fill_body(fill: &Fill, wallet: Wallet) -> wire::Fill {
    let outcome = outcome_word(fill.book_side);
    wire::Fill {
        fill_id: Some(fill.id.to_string()),
        trade_id: fill.id.to_string(),
        order_id: fill.order.to_string(),
        ticker: fill.market.to_string(),
        market_ticker: Some(fill.market.to_string()),
        exchange_index: Some(wallet.shard),
        side: Some(outcome.to_owned()),
        action: Some("buy".to_owned()),
        outcome_side: Some(outcome.to_owned()),
        book_side: fill.book_side.to_string(),
        count_fp: fill.quantity.to_string(),
        yes_price_dollars: fill.yes_price.to_string(),
        no_price_dollars: Some(fill.yes_price.complement().to_string()),
        is_taker: fill.liquidity == Liquidity::Taker,
        fee_cost: fill.fee.to_string(),
        created_time: fill.exchange_time.to_string(),
        subaccount_number: Some(wallet.subaccount.number()),
        ts: Some(fill.exchange_time.as_second()),
    }
}

fn settlement_body(paid: &AccountSettlement) -> wire::Settlement {
    let (settlement, held) = (&paid.settlement, &paid.held);
    wire::Settlement {
        ticker: settlement.market.to_string(),
        event_ticker: settlement.event.to_string(),
        exchange_index: Some(paid.wallet.shard),
        market_result: result_word(settlement.result).to_owned(),
        yes_count_fp: held.yes_quantity.to_string(),
        yes_total_cost_dollars: held.yes_cost.to_string(),
        no_count_fp: held.no_quantity.to_string(),
        no_total_cost_dollars: held.no_cost.to_string(),
        revenue: settlement.revenue.micros().div_euclid(CENT),
        value: Some(i64::from(settlement.result.yes_payout().units()) / 100),
        fee_cost: held.fees.to_string(),
        settled_time: settlement.settled_time.to_string(),
    }
}

/// An event's positions added up.
#[derive(Default)]
struct EventSum {
    cost: Money,
    shares: Quantity,
    exposure: Money,
    realized: Money,
    fees: Money,
}

impl EventSum {
    fn add(&mut self, held: &MarketPosition) {
        self.cost += held.total_traded();
        self.shares = self.shares.saturating_add(held.yes_quantity).saturating_add(held.no_quantity);
        self.exposure += held.cost;
        self.realized += held.realized_pnl;
        self.fees += held.fees;
    }

    fn body(&self, event: &EventTicker) -> wire::EventPosition {
        wire::EventPosition {
            event_ticker: event.to_string(),
            total_cost_dollars: self.cost.to_string(),
            total_cost_shares_fp: Some(self.shares.to_string()),
            event_exposure_dollars: self.exposure.to_string(),
            realized_pnl_dollars: self.realized.to_string(),
            fees_paid_dollars: self.fees.to_string(),
        }
    }
}

/// Dollars with four decimals, six where they say more.
pub(super) fn dollars(amount: Money) -> String {
    let text = amount.to_string();
    text.strip_suffix("00").map_or(text.clone(), ToOwned::to_owned)
}
