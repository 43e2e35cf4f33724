//! trade_manager: creates trades, owns their life from entry signal to settlement, and the ledger.

use super::{JournaledIntent, Role, TradingState, context::Context};
use crate::fact::FactBody;
use crate::market::{Action, Asset, Family, Market, Side};
use crate::strategy::Wish;
use crate::trade::{
    CloseReason, Fill, Intent, Ledger, Order, OrderStatus, Purpose, Settlement, Trade, TradeStatus, client_order_id,
};
use crate::units::{
    AssetPrice, EventTicker, MarketTicker, Money, Monotonic, Price, Probability, Quantity, SeriesTicker, StrategyId,
    Timestamp, TradeId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// All trades of the account, and its ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TradeManager {
    trades: BTreeMap<TradeId, Trade>,
    ledger: Option<Ledger>,
    intents: u64,
    /// Why an exit order of a trade was sent; it names the trade's end.
    exits: BTreeMap<TradeId, CloseReason>,
    /// What settlement paid for a trade: contracts, and the price of each. An amended outcome pays it anew.
    payouts: BTreeMap<TradeId, (Quantity, Price)>,
    /// Settlements that could not be booked although all fills were read: since when, and whether it was alarmed.
    unbooked: BTreeMap<MarketTicker, (Monotonic, bool)>,
}

/// A settlement that cannot be booked for this long is alarmed: reads lag, so the fills that explain it may be on their way.
const BELIEVE_AFTER: Duration = Duration::from_secs(10);
/// More a contract than any fee of the quadratic schedule, which peaks at 1.75 cents.
const WORST_FEE: Price = Price::cents(7);

/// What a new trade remembers of the moment it was signalled.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) why: String,
    pub(super) probability: Option<Probability>,
    pub(super) asset_price: Option<AssetPrice>,
}

impl TradeManager {
    pub(super) const fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_ref()
    }

    /// Opens the account's books, once.
    pub(super) fn open_ledger(&mut self, cx: &mut Context<'_>, cash: Money, time: Timestamp) {
        if self.ledger.is_some() {
            return;
        }
        match Ledger::open(cx.config.account.clone(), cash, time) {
            Ok(ledger) => self.ledger = Some(ledger),
            Err(error) => cx.alarm(Role::TradeManager, None, format!("the books cannot be opened: {error}")),
        }
    }

    pub(super) fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    /// The newest trade of a strategy in a market.
    pub(super) fn newest(&self, strategy: &StrategyId, market: &MarketTicker) -> Option<&Trade> {
        self.trades
            .values()
            .filter(|trade| trade.strategy == *strategy && trade.market == *market)
            .max_by_key(|trade| trade.opened_time)
    }

    /// Trades that may still hold something, or get it.
    pub(super) fn live(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values().filter(|trade| !matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled))
    }

    /// Forms the intent for a wish: its number, its ids, and for an entry the name of the trade it opens.
    pub(super) fn form(&mut self, cx: &Context<'_>, strategy: &StrategyId, wish: &Wish, market: &Market) -> Intent {
        self.intents += 1;
        let number = self.intents;
        let trade = TradeId::new(&format!("{}-{number}", cx.config.run))
            .expect("a run id of at most 100 characters and a number are a trade id");
        Intent {
            client_order_id: client_order_id(&cx.config.account, &cx.config.run, number),
            number,
            trade,
            strategy: strategy.clone(),
            market: wish.market.clone(),
            event: market.event.clone(),
            close_time: market.close_time,
            side: wish.side,
            action: wish.action,
            limit: wish.limit,
            quantity: wish.quantity,
            time_in_force: wish.time_in_force,
            post_only: false,
            purpose: if wish.action == Action::Buy { Purpose::Entry } else { Purpose::Exit },
            created_time: cx.now.wall,
        }
    }

    /// An entry is about to be sent: its trade begins.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>, intent: &Intent, signal: Signal) {
        let trade = Trade {
            id: intent.trade.clone(),
            strategy: intent.strategy.clone(),
            market: intent.market.clone(),
            event: intent.event.clone(),
            close_time: intent.close_time,
            side: intent.side,
            status: TradeStatus::Pending,
            opened_time: intent.created_time,
            closed_time: None,
            entry_reason: signal.why,
            entry_probability: signal.probability,
            entry_asset_price: signal.asset_price,
            bought: Quantity::ZERO,
            sold: Quantity::ZERO,
            cost: Money::ZERO,
            proceeds: Money::ZERO,
            fees: Money::ZERO,
            close_reason: None,
        };
        record(cx, &trade);
        self.trades.insert(trade.id.clone(), trade);
    }

    /// An exit of a trade is about to be sent.
    pub(super) fn exiting(&mut self, cx: &mut Context<'_>, id: &TradeId, why: CloseReason) {
        if let Some(trade) = self.trades.get_mut(id) {
            trade.status = TradeStatus::Closing;
            self.exits.insert(id.clone(), why);
            record(cx, trade);
        }
    }

    /// Takes up what an earlier run began. Returns why an exit was sent.
    pub(super) fn recover(&mut self, cx: &mut Context<'_>, journaled: &JournaledIntent) -> CloseReason {
        let intent = &journaled.intent;
        if client_order_id(&cx.config.account, &cx.config.run, intent.number) == intent.client_order_id {
            // The run's name was used before: its numbers are burnt.
            self.intents = self.intents.max(intent.number);
        }
        let reason = CloseReason::from_word(&journaled.why).unwrap_or(CloseReason::Manual);
        match intent.purpose {
            Purpose::Entry => {
                self.begin(cx, intent, Signal { why: journaled.why.clone(), probability: None, asset_price: None });
            }
            Purpose::Exit => {
                self.exits.insert(intent.trade.clone(), reason);
            }
        }
        reason
    }

    /// Takes up what only an earlier run knew of a trade: what its signal rested on. Returns the trade's name, where the journal knows the trade.
    pub(super) fn recalled(&mut self, cx: &mut Context<'_>, earlier: &Trade) -> Option<TradeId> {
        let trade = self.trades.get_mut(&earlier.id)?;
        if (&trade.strategy, &trade.market, trade.side) != (&earlier.strategy, &earlier.market, earlier.side) {
            return None;
        }
        if trade.entry_probability.is_none() && trade.entry_asset_price.is_none() {
            trade.entry_probability = earlier.entry_probability;
            trade.entry_asset_price = earlier.entry_asset_price;
            record(cx, trade);
        }
        Some(trade.id.clone())
    }

    /// Books a fill: in the ledger, and in its trade. `order` is ours, with the fill applied for the first time.
    ///
    /// The trade counts it even if the ledger does not take it: the contracts are held.
    pub(super) fn filled(&mut self, cx: &mut Context<'_>, order: &Order, fill: &Fill) -> Result<(), TradingState> {
        let intent = order.intent();
        let fill = Fill { client_order_id: Some(intent.client_order_id.clone()), ..fill.clone() };
        let booked = self.book(cx, &fill, Some(&intent.trade), Some(&intent.strategy));
        let Some(trade) = self.trades.get_mut(&intent.trade) else { return booked.map(|_| ()) };
        let price = intent.side.yes_price(fill.yes_price);
        trade.fees += fill.fee;
        match intent.action {
            Action::Buy => {
                trade.bought = trade.bought.saturating_add(fill.quantity);
                trade.cost += price * fill.quantity;
            }
            Action::Sell => {
                if let Some((paid, each)) = self.payouts.get_mut(&intent.trade) {
                    // It had left before settlement paid for it.
                    let back = fill.quantity.min(*paid);
                    *paid = paid.saturating_sub(back);
                    trade.sold = trade.sold.saturating_sub(back);
                    trade.proceeds -= *each * back;
                }
                trade.sold = trade.sold.saturating_add(fill.quantity);
                trade.proceeds += price * fill.quantity;
            }
        }
        let text = format!(
            "{} {} {} {} at {price} (fee {}) in {}",
            intent.strategy, intent.action, fill.quantity, intent.side, fill.fee, fill.market
        );
        record(cx, trade);
        cx.info(Role::TradeManager, Some(&intent.event), text);
        booked.map(|_| ())
    }

    /// Books a fill that no order of ours explains, so that cash still ties out.
    pub(super) fn filled_by_somebody(&mut self, cx: &mut Context<'_>, fill: &Fill) -> Result<(), TradingState> {
        if self.book(cx, fill, None, None)? {
            let text = format!("a fill of {} in {} that no intent explains: adopted", fill.quantity, fill.market);
            cx.alarm(Role::TradeManager, None, text);
        }
        Ok(())
    }

    /// Books a fill in the ledger. Says whether it was new there.
    fn book(
        &mut self,
        cx: &mut Context<'_>,
        fill: &Fill,
        trade: Option<&TradeId>,
        strategy: Option<&StrategyId>,
    ) -> Result<bool, TradingState> {
        let Some(ledger) = &mut self.ledger else { return Ok(false) };
        match ledger.record_fill(fill) {
            Ok([]) => Ok(false),
            Ok(_) => {
                let body = FactBody::Fill { fill: fill.clone(), trade: trade.cloned() };
                cx.record(Role::TradeManager, strategy, fill.exchange_time, body);
                Ok(true)
            }
            Err(error) => {
                cx.alarm(Role::TradeManager, None, format!("fill {} cannot be booked: {error}", fill.id));
                Err(TradingState::Reducing)
            }
        }
    }

    /// Looks at a trade again after one of its orders changed.
    pub(super) fn reconsider(&mut self, cx: &mut Context<'_>, id: &TradeId, orders: &[&Order]) {
        let Some(trade) = self.trades.get_mut(id) else { return };
        if matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled) && trade.held().is_zero() {
            return;
        }
        let pending = |purpose| {
            orders.iter().any(|order| {
                // An exit that two complete look-ups did not find holds the next one up no longer: a trade must not be
                // without its stop for the rest of the hour.
                let missing = purpose == Purpose::Exit && order.status() == OrderStatus::AbsentProvisional;
                let under_way = !order.status().is_final() && !missing;
                order.intent().purpose == purpose && (under_way || !order.fills_to_come().is_zero())
            })
        };
        let closed = cx.now.wall >= trade.close_time;
        let status = match (pending(Purpose::Entry), pending(Purpose::Exit), trade.held().is_zero()) {
            (true, _, true) if trade.bought.is_zero() => TradeStatus::Pending,
            (_, true, false) if !closed => TradeStatus::Closing,
            (_, _, false) if closed => TradeStatus::AwaitingSettlement,
            (_, _, false) => TradeStatus::Open,
            (_, true, true) | (true, _, true) => trade.status,
            (false, false, true) if trade.bought.is_zero() => TradeStatus::Unfilled,
            (false, false, true) => TradeStatus::Closed,
        };
        if status != trade.status {
            trade.status = status;
            // A trade that was thought over and is not ends for another reason.
            trade.close_reason = None;
            trade.closed_time = None;
            match status {
                TradeStatus::Unfilled => end(trade, CloseReason::EntryUnfilled, cx.now.wall),
                TradeStatus::Closed => {
                    end(trade, self.exits.get(id).copied().unwrap_or(CloseReason::Manual), cx.now.wall);
                }
                TradeStatus::Pending | TradeStatus::Open | TradeStatus::Closing | TradeStatus::AwaitingSettlement => {}
            }
            record(cx, trade);
        }
    }

    /// Markets close silently at their time, which the exchange may move: what is held then waits for its payout.
    pub(super) fn follow_closes(
        &mut self,
        cx: &mut Context<'_>,
        close_of: impl Fn(&MarketTicker) -> Option<Timestamp>,
    ) {
        let over = |status| matches!(status, TradeStatus::Closed | TradeStatus::Unfilled);
        for trade in self.trades.values_mut().filter(|trade| !over(trade.status)) {
            if let Some(close) = close_of(&trade.market) {
                trade.close_time = close;
            }
            let closed = cx.now.wall >= trade.close_time;
            let next = match trade.status {
                TradeStatus::Open | TradeStatus::Closing if closed => TradeStatus::AwaitingSettlement,
                TradeStatus::AwaitingSettlement if !closed => TradeStatus::Open,
                status @ (TradeStatus::Pending
                | TradeStatus::Open
                | TradeStatus::Closing
                | TradeStatus::AwaitingSettlement
                | TradeStatus::Closed
                | TradeStatus::Unfilled) => status,
            };
            if next != trade.status && !trade.held().is_zero() {
                trade.status = next;
                record(cx, trade);
            }
        }
    }

    /// Whether a held trade waits for its payout.
    pub(super) fn awaits_settlement(&self) -> bool {
        self.trades.values().any(|trade| trade.status == TradeStatus::AwaitingSettlement)
    }

    /// Books a payout, once; an amended one is reversed and booked again. `fills_known` says that all fills were read just before.
    pub(super) fn settled(
        &mut self,
        cx: &mut Context<'_>,
        settlement: &Settlement,
        fills_known: bool,
    ) -> Result<(), TradingState> {
        let market = &settlement.market;
        let Some(ledger) = &mut self.ledger else { return Ok(()) };
        let version = match ledger.settlement(market) {
            Some((_, known)) if (known.result, known.revenue) == (settlement.result, settlement.revenue) => None,
            // A report from before the amendment.
            Some((_, known)) if settlement.settled_time < known.settled_time => return Ok(()),
            Some((version, _)) => Some(version + 1),
            None => Some(1),
        };
        if let Some(version) = version {
            if let Err(error) = ledger.record_settlement(settlement, version) {
                let text = format!("the settlement of {market} cannot be booked: {error}");
                return self.cannot_settle(cx, settlement, fills_known, text);
            }
            self.unbooked.remove(market);
            let body = FactBody::Settlement { settlement: settlement.clone(), version };
            cx.record(Role::TradeManager, None, settlement.settled_time, body);
            let text = format!("{market} settled {:?}: {} paid", settlement.result, settlement.revenue);
            cx.info(Role::TradeManager, Some(&settlement.event), text);
        }
        self.pay_trades(cx, settlement);
        Ok(())
    }

    /// Reads lag: the fills that explain a payout may come with the next one. A difference that stays is a person's matter.
    fn cannot_settle(
        &mut self,
        cx: &mut Context<'_>,
        settlement: &Settlement,
        fills_known: bool,
        text: String,
    ) -> Result<(), TradingState> {
        if !fills_known {
            return Ok(());
        }
        let known = self.unbooked.contains_key(&settlement.market);
        let (since, alarmed) = self.unbooked.entry(settlement.market.clone()).or_insert((cx.now.mono, false));
        if !known {
            cx.warn(Role::TradeManager, Some(&settlement.event), text);
        } else if !*alarmed && cx.now.mono.since(*since) >= BELIEVE_AFTER {
            *alarmed = true;
            cx.alarm(Role::TradeManager, Some(&settlement.event), text);
            return Err(TradingState::Reducing);
        }
        Ok(())
    }

    /// What trades hold in a settled market is paid; what an amended outcome pays differently is put right.
    fn pay_trades(&mut self, cx: &mut Context<'_>, settlement: &Settlement) {
        for trade in self.trades.values_mut().filter(|trade| trade.market == settlement.market) {
            let each = trade.side.yes_price(settlement.result.yes_payout());
            let (paid, before) = self.payouts.get(&trade.id).copied().unwrap_or((Quantity::ZERO, each));
            let held = trade.held();
            if held.is_zero() && (paid.is_zero() || each == before) {
                continue;
            }
            let quantity = paid.saturating_add(held);
            trade.proceeds = trade.proceeds - before * paid + each * quantity;
            trade.sold = trade.sold.saturating_add(held);
            trade.status = TradeStatus::Closed;
            self.payouts.insert(trade.id.clone(), (quantity, each));
            end(trade, CloseReason::Settled, settlement.settled_time);
            record(cx, trade);
        }
    }

    /// Whether a market's payout has been booked.
    pub(super) fn is_settled(&self, market: &MarketTicker) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| ledger.settlement(market).is_some())
    }

    /// The other outcome of a market, where a live trade holds it or is about to.
    pub(super) fn opposes(&self, market: &MarketTicker, side: Side) -> bool {
        self.live().any(|trade| trade.market == *market && trade.side != side)
    }

    /// Contracts held in a market that no live trade explains: somebody else trades on the account, or a trade was lost.
    pub(super) fn not_ours(&self, market: &MarketTicker) -> Quantity {
        let held = self.ledger().and_then(|ledger| ledger.holding(market)).map(|holding| holding.position().size());
        let ours = self.live().filter(|trade| trade.market == *market).map(Trade::held);
        held.unwrap_or_default().saturating_sub(ours.fold(Quantity::ZERO, Quantity::saturating_add))
    }

    /// What can be lost on one settlement, and in all: what live trades cost, what unfinished entries may still cost, and a dollar for
    /// every contract that is not ours.
    pub(super) fn exposure<'a>(
        &self,
        unfinished: impl Iterator<Item = &'a Order>,
        asset: Option<Asset>,
        close_time: Timestamp,
    ) -> (Money, Money) {
        let (mut here, mut total) = (Money::ZERO, Money::ZERO);
        let mut add = |event: &EventTicker, closes: Timestamp, amount: Money| {
            total = plus(total, amount);
            if closes == close_time && (asset.is_none() || asset_of(event) == asset) {
                here = plus(here, amount);
            }
        };
        for trade in self.live() {
            add(&trade.event, trade.close_time, (trade.cost + trade.fees - trade.proceeds).max(Money::ZERO));
        }
        for order in unfinished {
            add(&order.intent().event, order.intent().close_time, worst_cost(order));
        }
        let holdings = self.ledger().into_iter().flat_map(|ledger| ledger.holdings().keys());
        for market in holdings {
            let foreign = Price::ONE * self.not_ours(market);
            (here, total) = (plus(here, foreign), plus(total, foreign));
        }
        (here, total)
    }
}

/// What unfinished orders may still take out of the cash.
pub(super) fn reserved<'a>(unfinished: impl Iterator<Item = &'a Order>) -> Money {
    unfinished.map(worst_cost).fold(Money::ZERO, plus)
}

/// What may still be executed of an order that buys, at its limit, with more than its fee.
fn worst_cost(order: &Order) -> Money {
    match order.intent().action {
        Action::Buy => plus(order.intent().limit * order.may_still_fill(), WORST_FEE * order.may_still_fill()),
        Action::Sell => Money::ZERO,
    }
}

/// The sum, or the most there is.
fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(Money::from_micros(i64::MAX))
}

/// The asset of an event, by its series.
pub(super) fn asset_of(event: &EventTicker) -> Option<Asset> {
    let series = SeriesTicker::new(event.as_str().split('-').next()?).ok()?;
    Family::of(&series).ok().map(|(asset, _)| asset)
}

fn end(trade: &mut Trade, reason: CloseReason, time: Timestamp) {
    trade.close_reason.get_or_insert(reason);
    trade.closed_time.get_or_insert(time);
}

fn record(cx: &mut Context<'_>, trade: &Trade) {
    cx.record(Role::TradeManager, Some(&trade.strategy), cx.now.wall, FactBody::Trade(trade.clone()));
}
