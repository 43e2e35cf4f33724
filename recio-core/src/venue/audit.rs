//! The venue checks its own books: everything worked out once more from the fills, and compared.

use super::account::Account;
use super::{Venue, collateral};
use crate::market::{BookSide, MarketStatus};
use crate::trade::{OrderFees, ReportedStatus, Settlement};
use crate::units::{AccountName, ExchangeOrderId, MarketTicker, Money, Position, Price, Quantity};
use std::collections::BTreeMap;

impl Venue {
    /// Checks that no cent came from nowhere, and that orders, queues and levels are as they have to be. For tests and for the end of a run:
    /// it goes through every fill that ever was.
    ///
    /// Checked: each account's cash, fees and positions follow from its fills; each fee from the order's fills; cash of all accounts and of
    /// the recorded party adds up to the opening cash; what is held back follows from the resting orders; free cash is below zero by fees at
    /// most; counts of orders add up, only resting orders are in the book and none in a market that does not trade any more; nothing taken
    /// exceeds what is recorded; queues are in order; the accounts' orders cross neither each other nor the recorded book.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn audit(&self) -> Result<(), String> {
        for (name, account) in &self.accounts {
            self.audit_account(name, account).map_err(|wrong| format!("account {name}: {wrong}"))?;
        }
        self.audit_conservation()?;
        self.audit_orders()?;
        for ticker in self.markets.keys() {
            self.audit_market(ticker).map_err(|wrong| format!("market {ticker}: {wrong}"))?;
        }
        Ok(())
    }

    fn audit_account(&self, name: &AccountName, account: &Account) -> Result<(), String> {
        let mut cash = account.opening;
        let mut positions: BTreeMap<MarketTicker, Position> = BTreeMap::new();
        let mut orders: BTreeMap<&ExchangeOrderId, (OrderFees, Quantity, Money)> = BTreeMap::new();
        for fill in &account.fills {
            let held = positions.entry(fill.market.clone()).or_default();
            let flow = fill.net(*held).ok_or("a position out of range")?;
            *held = flow.position;
            let schedule = &self.markets[&fill.market].fees;
            let exact =
                schedule.exact(fill.liquidity, fill.yes_price, fill.quantity).map_err(|error| error.to_string())?;
            let (fees, filled, charged) = orders.entry(&fill.order).or_default();
            let fee = fees.charge(exact, flow.proceeds - flow.cost, schedule.quantum);
            check(fee == fill.fee, || format!("fill {} was charged {}, not {fee}", fill.id, fill.fee))?;
            *filled = filled.saturating_add(fill.quantity);
            *charged += fee;
            cash += flow.proceeds - flow.cost - fee;
        }
        for settled in &account.settlements {
            let held = positions.remove(&settled.settlement.market).unwrap_or_default();
            let paid = Settlement::payout(settled.settlement.result, held);
            check(paid == settled.settlement.revenue, || format!("paid {}, not {paid}", settled.settlement.revenue))?;
            cash += paid;
        }
        check(cash == account.cash, || format!("cash is {}, its fills say {cash}", account.cash))?;
        for (market, held) in &positions {
            let kept = account.position(market);
            check(kept == *held, || format!("holds {kept} of {market}, its fills say {held}"))?;
        }
        for number in &account.orders {
            let order = &self.orders[number];
            let (_, filled, charged) = orders.remove(&order.id).unwrap_or_default();
            check(filled == order.filled, || {
                format!("order {number} has {} filled, its fills {filled}", order.filled)
            })?;
            check(charged == order.total_fees(), || format!("order {number} was charged {}", order.total_fees()))?;
        }
        check(orders.is_empty(), || "a fill of an order that is not its own".to_owned())?;

        for (ticker, book) in &self.markets {
            let claims = book.claims(&self.orders, name);
            let needed = collateral::required_micros(account.position(ticker), claims.into_iter());
            let kept = account.reserved.get(ticker).copied().unwrap_or_default();
            check(needed == i128::from(kept.micros()), || {
                format!("holds back {kept} for {ticker}, not {needed} micros")
            })?;
        }
        let free = account.balance().available();
        check(free + account.fees >= Money::ZERO, || format!("free cash is {free} with fees of {}", account.fees))
    }

    /// Trades move money between the parties and to fees; NO contracts lock a dollar each that is not theirs to spend.
    fn audit_conservation(&self) -> Result<(), String> {
        let (mut opened, mut there) = (0_i128, self.recorded.cash_micros);
        let mut positions = self.recorded.positions.clone();
        for account in self.accounts.values() {
            opened += i128::from(account.opening.micros());
            there += i128::from((account.cash + account.fees).micros());
            for (market, held) in &account.positions {
                there += i128::from((Price::ONE * held.position.no_size()).micros());
                *positions.entry(market.clone()).or_default() += i128::from(held.position.hundredths());
            }
        }
        check(opened == there, || format!("{opened} micro-dollars were brought, {there} are there"))?;
        let open = positions.into_iter().find(|(_, net)| *net != 0);
        check(open.is_none(), || format!("positions do not add up to nothing: {open:?}"))
    }

    fn audit_orders(&self) -> Result<(), String> {
        for (number, order) in &self.orders {
            let book = &self.markets[&order.terms.market];
            let terms = &order.terms;
            let in_book = book.resting_at(terms.book_side, terms.yes_price).any(|resting| resting == *number);
            let total = order.filled.saturating_add(order.remaining);
            let counts_fit = match order.status {
                ReportedStatus::Resting => total == terms.quantity && !order.remaining.is_zero(),
                ReportedStatus::Executed => order.filled == terms.quantity && order.remaining.is_zero(),
                ReportedStatus::Canceled => order.filled < terms.quantity && order.remaining.is_zero(),
                ReportedStatus::Unknown => false,
            };
            check(counts_fit, || format!("order {number} is {:?} with {} filled", order.status, order.filled))?;
            check(in_book == order.is_resting(), || {
                format!("order {number} is {:?}: in the book {in_book}", order.status)
            })?;
        }
        Ok(())
    }

    fn audit_market(&self, ticker: &MarketTicker) -> Result<(), String> {
        let book = &self.markets[ticker];
        for side in [BookSide::Bid, BookSide::Ask] {
            for (price, recorded, taken) in book.overlay.recorded_and_taken(side) {
                check(taken <= recorded, || format!("{taken} taken of {recorded} at {price}"))?;
            }
            let mut last = None;
            for (price, number) in book.resting(side) {
                let queue = self.orders[&number].queue_ahead;
                let visible = book.overlay.visible(side, price);
                check(queue <= visible, || format!("order {number} waits behind {queue} of {visible}"))?;
                let in_line = last.is_none_or(|(before, ahead)| before != price || ahead <= queue);
                check(in_line, || format!("order {number} overtook at {price}"))?;
                last = Some((price, queue));
            }
        }
        let may_rest = matches!(book.market.status, MarketStatus::Active | MarketStatus::Inactive);
        check(may_rest || !book.has_resting(), || format!("orders rest in a market that is {:?}", book.market.status))?;

        let resting = |side| book.best_resting(side).map(|(price, _)| price);
        let recorded = |side| book.overlay.best(side).map(|level| level.price);
        let crossed = |bid: Option<_>, ask: Option<_>| bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
        let (bid, ask) = (resting(BookSide::Bid), resting(BookSide::Ask));
        check(!crossed(bid, ask), || format!("orders cross: {bid:?} and {ask:?}"))?;
        let (their_bid, their_ask) = (recorded(BookSide::Bid), recorded(BookSide::Ask));
        let excused = !self.is_matching(ticker) || crossed(their_bid, their_ask);
        check(excused || !(crossed(bid, their_ask) || crossed(their_bid, ask)), || {
            format!("orders at {bid:?} and {ask:?} cross the recorded book at {their_bid:?} and {their_ask:?}")
        })
    }
}

fn check(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
