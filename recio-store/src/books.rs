//! The double-entry books as facts make them, one fact at a time: what a market's fills leave, its payout, and the account's balances.
//!
//! recio-core's [`Ledger`](recio_core::trade::Ledger) holds an account's whole life in memory. A store cannot start from there at each append,
//! so this is the same booking from the least that it needs: the state of one market, and the balances. A test compares the two.

use crate::position::PositionState;
use crate::scope::Scope;
use recio_core::fact::{Fact, FactBody};
use recio_core::market::MarketResult;
use recio_core::store::{DamagedPart, StoreError};
use recio_core::trade::{Entry, Fill, LedgerAccount, Settlement};
use recio_core::units::{MarketTicker, Money, Timestamp};
use std::collections::BTreeMap;

/// Scalar payouts are rounded to whole cents by the exchange, so they may differ from the exact ones by less than this.
const CENT_MICROS: u64 = 10_000;

/// One account's books of one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MarketBooks {
    /// What the fills alone make, settled or not.
    pub(crate) by_fills: PositionState,
    /// The newest payout that was told.
    pub(crate) payout: Option<Payout>,
    /// Whether that payout is in the ledger: it is when it is what the fills are worth. One that comes before its fills waits for them.
    pub(crate) booked: bool,
}

/// What was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payout {
    pub(crate) version: u32,
    pub(crate) result: MarketResult,
    pub(crate) revenue: Money,
    pub(crate) time: Timestamp,
}

/// An account's balances after some facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) cash: Money,
    /// Opening cash and what came from outside since.
    pub(crate) funded: Money,
    /// What the contracts held cost.
    pub(crate) cost: Money,
    pub(crate) fees: Money,
    /// What came of contracts given back and settled, without fees. Cash is always funded − cost − fees + realized.
    pub(crate) realized: Money,
}

/// One line of the ledger: above zero a debit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    pub(crate) booking: BookingKind,
    pub(crate) entry: Entry,
}

/// What a line is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BookingKind {
    Opening,
    External,
    Fill,
    Settlement,
    /// Takes a settlement back.
    Reversal,
}

/// What a fact does to the books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    /// The market's books afterwards; `None` where the fact is of no market.
    pub(crate) market: Option<MarketBooks>,
    /// The lines, zero amounts left out. They sum to zero.
    pub(crate) lines: Vec<Line>,
    /// The balances afterwards.
    pub(crate) balance: Balance,
}

/// Books a fact. `market` are the books of [`market_of`] it, `balance` the account's, both from just before.
///
/// # Errors
/// [`StoreError::Damaged`] where an amount would leave the range of numbers.
pub(crate) fn book(
    sequence: u64,
    fact: &Fact,
    mut market: MarketBooks,
    balance: Balance,
) -> Result<Booked, StoreError> {
    let too_large = || StoreError::Damaged {
        part: DamagedPart::Facts,
        sequence,
        what: format!("fact `{}` takes the books out of the range of numbers", fact.key()),
    };
    let lines = match &fact.body {
        FactBody::AccountOpened { cash } => {
            brought(fact.time, BookingKind::Opening, LedgerAccount::OpeningEquity, *cash)
        }
        FactBody::CashMoved { amount, .. } => {
            brought(fact.time, BookingKind::External, LedgerAccount::External, *amount)
        }
        FactBody::Fill { fill, .. } => market.fill(fill),
        FactBody::Settlement { settlement, version } => market.settle(settlement, *version),
        FactBody::Intent(_)
        | FactBody::OrderChanged { .. }
        | FactBody::Trade(_)
        | FactBody::Decision(_)
        | FactBody::Alarm { .. }
        | FactBody::Shadow(_)
        | FactBody::Imported(_) => Some(Vec::new()),
    };
    let mut lines = lines.ok_or_else(too_large)?;
    lines.retain(|line| !line.entry.amount.is_zero());
    let balance = balance.after(&lines).ok_or_else(too_large)?;
    Ok(Booked { market: market_of(fact).map(|_| market), lines, balance })
}

/// The market that a fact moves contracts of.
pub(crate) fn market_of(fact: &Fact) -> Option<&MarketTicker> {
    match &fact.body {
        FactBody::Fill { fill, .. } => Some(&fill.market),
        FactBody::Settlement { settlement, .. } => Some(&settlement.market),
        FactBody::AccountOpened { .. }
        | FactBody::CashMoved { .. }
        | FactBody::Intent(_)
        | FactBody::OrderChanged { .. }
        | FactBody::Trade(_)
        | FactBody::Decision(_)
        | FactBody::Alarm { .. }
        | FactBody::Shadow(_)
        | FactBody::Imported(_) => None,
    }
}

/// The books of all accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    markets: BTreeMap<(Scope, MarketTicker), MarketBooks>,
    balances: BTreeMap<Scope, Balance>,
}

impl Books {
    /// Books facts, the first of which has this sequence: all of them, or on an error none.
    pub(crate) fn apply(&mut self, first: u64, facts: &[Fact]) -> Result<(), StoreError> {
        let mut moved = Self::default();
        for (sequence, fact) in (first..).zip(facts) {
            let (market, balance) = self.before(&moved, fact);
            moved.take(fact, &book(sequence, fact, market, balance)?);
        }
        self.markets.append(&mut moved.markets);
        self.balances.append(&mut moved.balances);
        Ok(())
    }

    /// The books that a fact changes, from just before it.
    #[cfg(any(feature = "archive", feature = "postgres", feature = "sqlite"))]
    pub(crate) fn of(&self, fact: &Fact) -> (MarketBooks, Balance) {
        self.before(&Self::default(), fact)
    }

    /// Whether the balances of a fact's account are there.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn have_balance(&self, fact: &Fact) -> bool {
        self.balances.contains_key(&Scope::of(fact))
    }

    /// Whether the books of a fact's market are there.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn have_market(&self, fact: &Fact) -> bool {
        market_of(fact).is_some_and(|market| self.markets.contains_key(&(Scope::of(fact), market.clone())))
    }

    /// Puts the balances of a fact's account there.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn put_balance(&mut self, fact: &Fact, balance: Balance) {
        self.balances.insert(Scope::of(fact), balance);
    }

    /// Puts the books of a market of a fact's account there.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn put_market(&mut self, fact: &Fact, market: &MarketTicker, books: MarketBooks) {
        self.markets.insert((Scope::of(fact), market.clone()), books);
    }

    /// Of how many markets there are books.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn markets(&self) -> usize {
        self.markets.len()
    }

    /// Takes up what a fact did.
    pub(crate) fn take(&mut self, fact: &Fact, booked: &Booked) {
        let scope = Scope::of(fact);
        if let (Some(market), Some(books)) = (market_of(fact), &booked.market) {
            self.markets.insert((scope.clone(), market.clone()), books.clone());
        }
        self.balances.insert(scope, booked.balance);
    }

    /// What the fills and settlements of all markets leave, by account and market.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (&Scope, &MarketTicker, PositionState)> {
        self.markets.iter().map(|((scope, market), books)| (scope, market, books.position()))
    }

    fn before(&self, newer: &Self, fact: &Fact) -> (MarketBooks, Balance) {
        let scope = Scope::of(fact);
        let balance = newer.balances.get(&scope).or_else(|| self.balances.get(&scope)).copied().unwrap_or_default();
        let Some(market) = market_of(fact) else { return (MarketBooks::default(), balance) };
        let key = (scope, market.clone());
        let books = newer.markets.get(&key).or_else(|| self.markets.get(&key)).cloned().unwrap_or_default();
        (books, balance)
    }
}

impl MarketBooks {
    /// What is held: nothing once the market was paid.
    pub(crate) fn position(&self) -> PositionState {
        if self.payout.is_some() { self.by_fills.settle() } else { self.by_fills }
    }

    /// Books an execution. One that comes after the payout takes it back first, and books it again where it fits. `None` is out of range.
    fn fill(&mut self, fill: &Fill) -> Option<Vec<Line>> {
        let mut lines = self.take_back(&fill.market, None)?;
        let flow = fill.net(self.by_fills.position)?;
        let after = self.by_fills.fill(fill)?;
        let cash = flow.proceeds.checked_sub(flow.cost)?.checked_sub(fill.fee)?;
        let cost = after.cost.checked_sub(self.by_fills.cost)?;
        lines.extend(traded((BookingKind::Fill, fill.exchange_time), &fill.market, cash, cost, fill.fee)?);
        self.by_fills = after;
        lines.extend(self.pay(&fill.market)?);
        Some(lines)
    }

    /// Books a payout, in place of an earlier version. `None` is out of range.
    fn settle(&mut self, settlement: &Settlement, version: u32) -> Option<Vec<Line>> {
        if self.payout.is_some_and(|known| known.version >= version) {
            return Some(Vec::new());
        }
        let mut lines = self.take_back(&settlement.market, Some(settlement.settled_time))?;
        let (result, revenue, time) = (settlement.result, settlement.revenue, settlement.settled_time);
        self.payout = Some(Payout { version, result, revenue, time });
        lines.extend(self.pay(&settlement.market)?);
        Some(lines)
    }

    /// Takes the payout back, line by line, where it is booked.
    fn take_back(&mut self, market: &MarketTicker, time: Option<Timestamp>) -> Option<Vec<Line>> {
        let Some(payout) = self.payout.filter(|_| self.booked) else { return Some(Vec::new()) };
        self.booked = false;
        let time = time.unwrap_or(payout.time);
        let cost = self.by_fills.cost;
        let cash = Money::ZERO.checked_sub(payout.revenue)?;
        traded((BookingKind::Reversal, time), market, cash, cost, Money::ZERO)
    }

    /// Books the payout that was told, where it is what the fills are worth.
    fn pay(&mut self, market: &MarketTicker) -> Option<Vec<Line>> {
        let Some(payout) = self.payout else { return Some(Vec::new()) };
        let worth = Settlement::payout(payout.result, self.by_fills.position);
        let apart = worth.micros().abs_diff(payout.revenue.micros());
        self.booked = match payout.result {
            MarketResult::Yes | MarketResult::No => apart == 0,
            MarketResult::Scalar(_) => apart < CENT_MICROS,
        };
        if !self.booked {
            return Some(Vec::new());
        }
        let cost = Money::ZERO.checked_sub(self.by_fills.cost)?;
        traded((BookingKind::Settlement, payout.time), market, payout.revenue, cost, Money::ZERO)
    }
}

impl Balance {
    fn after(mut self, lines: &[Line]) -> Option<Self> {
        for Line { entry: Entry { account, amount }, .. } in lines {
            let credit = Money::ZERO.checked_sub(*amount);
            let (sum, amount) = match account {
                LedgerAccount::Cash => (&mut self.cash, *amount),
                LedgerAccount::Position(_) => (&mut self.cost, *amount),
                LedgerAccount::Fees => (&mut self.fees, *amount),
                LedgerAccount::RealizedPnl => (&mut self.realized, credit?),
                LedgerAccount::OpeningEquity | LedgerAccount::External => (&mut self.funded, credit?),
            };
            *sum = sum.checked_add(amount)?;
        }
        Some(self)
    }
}

#[cfg(any(feature = "archive", feature = "postgres", feature = "sqlite"))]
impl BookingKind {
    /// The word for it, as the column has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::External => "external",
            Self::Fill => "fill",
            Self::Settlement => "settlement",
            Self::Reversal => "reversal",
        }
    }
}

/// Cash that came in for no trade.
fn brought(time: Timestamp, booking: BookingKind, from: LedgerAccount, amount: Money) -> Option<Vec<Line>> {
    let line = |account, amount| Line { time, booking, entry: Entry { account, amount } };
    Some(vec![line(LedgerAccount::Cash, amount), line(from, Money::ZERO.checked_sub(amount)?)])
}

/// The lines of a trade: what came of it is what the other three leave.
fn traded(
    (booking, time): (BookingKind, Timestamp),
    market: &MarketTicker,
    cash: Money,
    cost: Money,
    fee: Money,
) -> Option<Vec<Line>> {
    let line = |account, amount| Line { time, booking, entry: Entry { account, amount } };
    let realized = Money::ZERO.checked_sub(cash.checked_add(cost)?.checked_add(fee)?)?;
    Some(vec![
        line(LedgerAccount::Cash, cash),
        line(LedgerAccount::Position(market.clone()), cost),
        line(LedgerAccount::Fees, fee),
        line(LedgerAccount::RealizedPnl, realized),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample::{self, time, value};
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};
    use recio_core::market::BookSide;
    use recio_core::trade::Ledger;

    /// Facts as a run records them: what the ledger takes, in the order in which it takes it. Every number makes one try.
    fn run(dice: &[u16]) -> (Vec<Fact>, Ledger) {
        let opening = sample::account_opened(Money::dollars(1_000));
        let mut ledger = Ledger::open(value("main"), Money::dollars(1_000), opening.time).unwrap();
        let mut facts = vec![opening];
        for (number, roll) in (1_u32..).zip(dice) {
            let market = ["M", "N"][usize::from(roll % 2)];
            let held = || {
                let state = facts.iter().fold(PositionState::default(), |state, fact| {
                    if let FactBody::Fill { fill, .. } = &fact.body
                        && fill.market.as_str() == market
                    {
                        return state.fill(fill).unwrap();
                    }
                    state
                });
                state.position
            };
            if roll % 10 < 7 {
                let side = if roll % 3 == 0 { BookSide::Ask } else { BookSide::Bid };
                let price = format!("0.{:04}", 1 + roll % 9_999);
                let quantity = format!("{}.{:02}", roll % 7, 1 + roll % 99);
                let fill = sample::fill("o", &format!("f-{number}"), market, side, &price, &quantity);
                ledger.record_fill(&fill).unwrap();
                facts.push(sample::filled(fill));
            } else {
                let results = [MarketResult::Yes, MarketResult::No, MarketResult::Scalar(value("0.2501"))];
                let result = results[usize::from(roll / 10 % 3)];
                let revenue = Settlement::payout(result, held());
                let version = ledger.settlement(&value(market)).map_or(1, |(version, _)| version + 1);
                let settlement = Settlement {
                    market: value(market),
                    event: value("E"),
                    result,
                    revenue,
                    settled_time: time(i64::from(number)),
                };
                // A version that is told although another one is owed is a case that no run records.
                let owed = ledger.owed_settlements().any(|owed| owed.as_str() == market);
                if !owed && ledger.record_settlement(&settlement, version).is_ok() {
                    facts.push(sample::fact(FactBody::Settlement { settlement, version }));
                }
            }
        }
        (facts, ledger)
    }

    proptest! {
        /// Line for line what recio-core's ledger books, with late fills, amended payouts and payouts that wait.
        #[test]
        fn facts_book_what_the_ledger_books(dice in vec(0_u16..u16::MAX, 1..60)) {
            let (facts, ledger) = run(&dice);
            let mut books = Books::default();
            let mut lines = Vec::new();
            for (sequence, fact) in (1..).zip(&facts) {
                let (market, balance) = books.of(fact);
                let booked = book(sequence, fact, market, balance).unwrap();
                books.take(fact, &booked);
                let (is, sum) = (booked.balance, booked.balance.cash + booked.balance.cost + booked.balance.fees);
                prop_assert_eq!(sum, is.funded + is.realized);
                lines.extend(booked.lines.into_iter().map(|line| (line.time, line.entry)));
            }
            let wanted = ledger.transactions().iter().flat_map(|one| one.entries.iter().map(|entry| (one.time, entry.clone())));
            prop_assert_eq!(lines, wanted.collect::<Vec<_>>());
            let balance = books.balances.values().next().copied().unwrap();
            prop_assert_eq!((balance.cash, balance.fees, balance.realized), (ledger.cash(), ledger.fees_total(), ledger.realized()));
            let mut whole = Books::default();
            whole.apply(1, &facts).unwrap();
            prop_assert_eq!((whole.markets, whole.balances), (books.markets, books.balances));
        }
    }

    #[test]
    fn a_payout_that_comes_before_its_fills_waits_for_them() {
        let paid = sample::settled("M", MarketResult::Yes, Money::dollars(2), 1);
        let bid = |id: &str| sample::filled(sample::fill("o", id, "M", BookSide::Bid, "0.60", "1"));
        let mut books = Books::default();
        let mut kinds = Vec::new();
        for (sequence, fact) in (1..).zip([paid, bid("f-1"), bid("f-2"), bid("f-3")]) {
            let (market, balance) = books.of(&fact);
            let booked = book(sequence, &fact, market, balance).unwrap();
            books.take(&fact, &booked);
            let mut line: Vec<_> = booked.lines.iter().map(|line| line.booking.as_str()).collect();
            line.dedup();
            kinds.push((line, booked.balance.cash.to_string()));
        }
        assert_eq!(
            kinds,
            [
                (vec![], "0.000000".to_owned()),
                (vec!["fill"], "-0.610000".to_owned()),
                (vec!["fill", "settlement"], "0.780000".to_owned()),
                // Three contracts would have been paid with three dollars: a person has to look.
                (vec!["reversal", "fill"], "-1.830000".to_owned()),
            ]
        );
    }

    #[test]
    fn amounts_that_do_not_fit_change_nothing() {
        let most = sample::account_opened(Money::from_micros(i64::MAX));
        let mut books = Books::default();
        let more = [sample::cash_moved(1, Money::dollars(1)), most];
        let answer = books.apply(1, &more);
        assert!(matches!(answer, Err(StoreError::Damaged { sequence: 2, .. })), "{answer:?}");
        assert!(books.balances.is_empty());
    }
}
