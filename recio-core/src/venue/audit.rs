//! The venue checks its own books: everything worked out once more from the fills, and compared.

use super::account::Account;
use super::venue::Deadline;
use super::wallet::Purse;
use super::{Venue, Wallet, collateral};
use crate::market::{BookSide, MarketStatus};
use crate::trade::{OrderFees, ReportedStatus, Settlement};
use crate::units::{AccountName, ExchangeOrderId, MarketTicker, Money, Position, Price, Quantity};
use std::collections::{BTreeMap, BTreeSet};

impl Venue {
    /// Checks that no cent came from nowhere, and that orders, queues and levels are as they have to be. For tests and for the end of a run:
    /// it goes through every fill that ever was.
    ///
    /// Checked: no account traded with itself; the cash, fees and positions of each wallet follow from its fills, payouts and transfers; each fee from the order's fills;
    /// transfers of an account add up to nothing; cash of all accounts and of the recorded party adds up to the opening cash; what is held
    /// back follows from the resting orders; free cash is below zero by fees and corrected payouts at most; order groups have the resting
    /// orders that name them, none once triggered, and are triggered where their limit is exceeded; deadlines are there for what expires;
    /// counts of orders add up, only resting orders are in the book and none in a market that does not trade any more; nothing taken
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
        self.audit_groups()?;
        for ticker in self.markets.keys() {
            self.audit_market(ticker).map_err(|wrong| format!("market {ticker}: {wrong}"))?;
        }
        Ok(())
    }

    fn audit_account(&self, name: &AccountName, account: &Account) -> Result<(), String> {
        let mut cash: BTreeMap<Wallet, Money> =
            account.purses.iter().map(|(wallet, purse)| (*wallet, purse.opening + purse.transferred)).collect();
        let moved: Money = account.purses.values().map(|purse| purse.transferred).sum();
        check(moved.is_zero(), || format!("transfers made {moved}"))?;
        let mut fees: BTreeMap<Wallet, Money> = BTreeMap::new();
        let mut positions: BTreeMap<(Wallet, MarketTicker), Position> = BTreeMap::new();
        let mut orders: BTreeMap<&ExchangeOrderId, (OrderFees, Quantity, Money)> = BTreeMap::new();
        let mut trades = BTreeSet::new();
        for fill in &account.fills {
            check(trades.insert(&fill.id), || format!("in {} it traded with itself", fill.id))?;
            let order = self.order(name, &fill.order).ok_or("a fill of an order that is not its own")?;
            let held = positions.entry((order.wallet, fill.market.clone())).or_default();
            let flow = fill.net(*held).ok_or("a position out of range")?;
            *held = flow.position;
            let schedule = self.markets[&fill.market].fees_at(fill.exchange_time);
            let exact =
                schedule.exact(fill.liquidity, fill.yes_price, fill.quantity).map_err(|error| error.to_string())?;
            let (rounding, filled, charged) = orders.entry(&fill.order).or_default();
            let fee = rounding.charge(exact, flow.proceeds - flow.cost, schedule.quantum);
            check(fee == fill.fee, || format!("fill {} was charged {}, not {fee}", fill.id, fill.fee))?;
            *filled = filled.saturating_add(fill.quantity);
            *charged += fee;
            *fees.entry(order.wallet).or_default() += fee;
            *cash.entry(order.wallet).or_default() += flow.proceeds - flow.cost - fee;
        }
        for settled in &account.settlements {
            let held = positions.remove(&(settled.wallet, settled.settlement.market.clone())).unwrap_or_default();
            let paid = Settlement::payout(settled.settlement.result, held);
            check(paid == settled.settlement.revenue, || format!("paid {}, not {paid}", settled.settlement.revenue))?;
            *cash.entry(settled.wallet).or_default() += paid;
        }
        for (wallet, purse) in &account.purses {
            let cash = cash.remove(wallet).unwrap_or_default();
            check(cash == purse.cash, || format!("wallet {wallet} has {}, its fills say {cash}", purse.cash))?;
            let fees = fees.remove(wallet).unwrap_or_default();
            check(fees == purse.fees, || format!("wallet {wallet} paid {} of fees, its fills say {fees}", purse.fees))?;
            self.audit_reserved(name, *wallet, purse)?;
        }
        check(cash.is_empty(), || format!("fills of wallets that are not there: {cash:?}"))?;
        for ((wallet, market), held) in &positions {
            let kept = account.position(*wallet, market);
            check(kept == *held, || format!("wallet {wallet} holds {kept} of {market}, its fills say {held}"))?;
        }
        for number in &account.orders {
            let order = &self.orders[number];
            let (_, filled, charged) = orders.remove(&order.id).unwrap_or_default();
            check(filled == order.filled, || {
                format!("order {number} has {} filled, its fills {filled}", order.filled)
            })?;
            check(charged == order.total_fees(), || format!("order {number} was charged {}", order.total_fees()))?;
        }
        check(orders.is_empty(), || "a fill of an order that is not its own".to_owned())
    }

    fn audit_reserved(&self, name: &AccountName, wallet: Wallet, purse: &Purse) -> Result<(), String> {
        for (ticker, book) in &self.markets {
            let claims = book.claims(&self.orders, name, wallet, None);
            check(claims.is_empty() || book.market.exchange_index == wallet.shard, || {
                format!("orders of wallet {wallet} rest in {ticker}, which is on another shard")
            })?;
            let needed = collateral::required_micros(purse.position(ticker), claims.into_iter());
            let kept = purse.reserved.get(ticker).copied().unwrap_or_default();
            check(needed == i128::from(kept.micros()), || {
                format!("wallet {wallet} holds back {kept} for {ticker}, not {needed} micros")
            })?;
        }
        let free = purse.balance().available();
        check(free + purse.fees + purse.taken_back >= Money::ZERO, || {
            format!("free cash of wallet {wallet} is {free} with fees of {}", purse.fees)
        })
    }

    fn audit_groups(&self) -> Result<(), String> {
        check(self.tripped.is_empty(), || format!("groups were not triggered: {:?}", self.tripped))?;
        for (id, group) in &self.groups {
            let resting = self.orders.iter().filter(|(_, order)| order.terms.order_group.as_ref() == Some(id));
            let resting: BTreeSet<u64> =
                resting.filter(|(_, order)| order.is_resting()).map(|(number, _)| *number).collect();
            check(resting == group.members, || format!("group {id} has {:?}, not {resting:?}", group.members))?;
            check(!group.triggered || resting.is_empty(), || {
                format!("orders rest in group {id}, which was triggered")
            })?;
            let executed = group.executed(self.now);
            check(group.triggered || executed <= group.limit, || {
                format!("group {id} let {executed} be executed with a limit of {}", group.limit)
            })?;
            let foreign = resting.iter().find(|number| self.orders[number].wallet != group.wallet);
            check(foreign.is_none(), || format!("order {foreign:?} of another wallet is in group {id}"))?;
        }
        Ok(())
    }

    /// Trades move money between the parties and to fees; NO contracts lock a dollar each that is not theirs to spend.
    fn audit_conservation(&self) -> Result<(), String> {
        let (mut opened, mut there) = (0_i128, self.recorded.cash_micros);
        let mut positions = self.recorded.positions.clone();
        for account in self.accounts.values() {
            for purse in account.purses.values() {
                opened += i128::from(purse.opening.micros());
                there += i128::from((purse.cash + purse.fees).micros());
                for (market, held) in &purse.positions {
                    there += i128::from((Price::ONE * held.position.no_size()).micros());
                    *positions.entry(market.clone()).or_default() += i128::from(held.position.hundredths());
                }
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
            let due = terms.expiration.filter(|_| order.is_resting());
            check(due.is_none_or(|time| self.deadlines.contains(&(time, Deadline::Expire(*number)))), || {
                format!("order {number} does not expire at {due:?}")
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
