//! The one way into the books, and what is checked before it.

use super::transaction::{Amounts, moved, traded};
use super::{Booking, Entry, Ledger, LedgerAccount, LedgerError, Saved, Settled, Transaction};
use crate::market::MarketResult;
use crate::trade::{Fill, Holding, HoldingTooLarge, Settlement};
use crate::units::{AccountName, MarketTicker, Money, Timestamp};
use std::collections::BTreeMap;

/// Scalar payouts are rounded to whole cents, so they may differ from the exact ones by less than this.
const CENT_MICROS: u64 = 10_000;

/// Balances as they become.
type Balances = Vec<(LedgerAccount, Money)>;

impl Ledger {
    pub(super) const fn empty(account: AccountName) -> Self {
        Self {
            account,
            transactions: Vec::new(),
            balances: BTreeMap::new(),
            holdings: BTreeMap::new(),
            fills: BTreeMap::new(),
            settlements: BTreeMap::new(),
            external: BTreeMap::new(),
        }
    }

    /// The one way into the books. On `Err` nothing has changed.
    pub(super) fn book(&mut self, booking: Booking, time: Timestamp) -> Result<(), LedgerError> {
        let at = self.transactions.len();
        let number = at as u64 + 1;
        let damaged = |problem| Err(LedgerError::Damaged { number, problem });
        let mut holding = None;
        let amounts: Amounts = match &booking {
            Booking::Opening { .. } if at > 0 => return damaged("a second opening"),
            Booking::Opening { cash } => moved(LedgerAccount::Cash, LedgerAccount::OpeningEquity, *cash),
            Booking::External(external) if self.external.contains_key(&external.id) => {
                return damaged("outside cash booked twice");
            }
            Booking::External(external) => moved(LedgerAccount::Cash, LedgerAccount::External, external.amount),
            Booking::Fill(fill) => {
                if self.fills.contains_key(&(fill.order.clone(), fill.id.clone())) {
                    return damaged("a fill booked twice");
                }
                if self.settlement(&fill.market).is_some() {
                    return damaged("a fill of a settled market");
                }
                let next = holding.insert((&fill.market, self.held(&fill.market)));
                let change = next.1.fill(fill)?;
                traded(&fill.market, &change)
            }
            Booking::Settlement { settlement, .. } => {
                if self.settlement(&settlement.market).is_some() {
                    return damaged("a settlement on top of another");
                }
                let market = &settlement.market;
                let next = holding.insert((market, self.held(market)));
                let change =
                    next.1.settle_for(settlement.revenue).ok_or_else(|| HoldingTooLarge { market: market.clone() })?;
                traded(market, &change)
            }
            Booking::Reversal { market, version } => {
                let Some((in_force, settlement)) = self.settlement(market) else {
                    return damaged("nothing to take back");
                };
                let before = self.settlements.get(market).and_then(|settled| settled.before.clone());
                let (true, Some(before)) = (in_force == *version, before) else {
                    return damaged("takes back a version that is not in force");
                };
                let change = before
                    .clone()
                    .settle_for(settlement.revenue)
                    .ok_or_else(|| HoldingTooLarge { market: market.clone() })?;
                holding = Some((market, before));
                traded(market, &change).into_iter().map(|(account, micros)| (account, -micros)).collect()
            }
        };
        let (entries, balances) = self.entries(amounts, number)?;
        let holding = holding.map(|(market, holding)| (market.clone(), holding));
        let before =
            holding.as_ref().and_then(|(market, holding)| self.holdings.insert(market.clone(), holding.clone()));
        self.balances.extend(balances);
        match &booking {
            Booking::Opening { .. } => {}
            Booking::External(external) => {
                self.external.insert(external.id.clone(), at);
            }
            Booking::Fill(fill) => {
                self.fills.insert((fill.order.clone(), fill.id.clone()), at);
            }
            Booking::Settlement { settlement, version } => {
                let settled = self.settlements.entry(settlement.market.clone()).or_insert_with(|| Settled {
                    versions: BTreeMap::new(),
                    latest: *version,
                    before: None,
                });
                settled.versions.insert(*version, settlement.clone());
                settled.latest = *version;
                settled.before = Some(before.unwrap_or_default());
            }
            Booking::Reversal { market, .. } => {
                if let Some(settled) = self.settlements.get_mut(market) {
                    settled.before = None;
                }
            }
        }
        self.transactions.push(Transaction { number, time, booking, entries });
        Ok(())
    }

    /// Turns amounts into entries, and gives the balances that they make.
    fn entries(&self, amounts: Amounts, number: u64) -> Result<(Vec<Entry>, Balances), LedgerError> {
        if amounts.iter().map(|(_, micros)| micros).sum::<i128>() != 0 {
            return Err(LedgerError::Damaged { number, problem: "its entries do not sum to zero" });
        }
        let (mut entries, mut balances) = (Vec::new(), Vec::new());
        for (account, micros) in amounts.into_iter().filter(|&(_, micros)| micros != 0) {
            let amount = Money::from_micros_wide(micros).ok();
            let sum = amount.and_then(|amount| self.balance(&account).checked_add(amount));
            let (Some(amount), Some(sum)) = (amount, sum) else { return Err(LedgerError::BalanceTooLarge { account }) };
            balances.push((account.clone(), sum));
            entries.push(Entry { account, amount });
        }
        Ok((entries, balances))
    }

    /// Takes back the settlement in force, if there is one.
    pub(super) fn take_back(&mut self, market: &MarketTicker, time: Timestamp) -> Result<(), LedgerError> {
        match self.settlement(market) {
            Some((version, _)) => self.book(Booking::Reversal { market: market.clone(), version }, time),
            None => Ok(()),
        }
    }

    /// Checks what was paid against what was held when the market ended.
    pub(super) fn check_payout(&self, settlement: &Settlement) -> Result<(), LedgerError> {
        let market = &settlement.market;
        let Some(held) = self.holdings.get(market) else {
            return Err(LedgerError::NoFills { market: market.clone() });
        };
        let before = self.settlements.get(market).and_then(|settled| settled.before.as_ref());
        let position = before.unwrap_or(held).position();
        let payout = Settlement::payout(settlement.result, position);
        let apart = payout.micros().abs_diff(settlement.revenue.micros());
        let agrees = match settlement.result {
            MarketResult::Yes | MarketResult::No => apart == 0,
            MarketResult::Scalar(_) => apart < CENT_MICROS,
        };
        if agrees {
            return Ok(());
        }
        Err(LedgerError::PayoutDiffers { market: market.clone(), position, payout, revenue: settlement.revenue })
    }

    /// Checks a fill that is booked already against what is told of it now. Times and our order id differ between the exchange's sources.
    pub(super) fn same_fill(&self, at: usize, fill: &Fill) -> Result<(), LedgerError> {
        let (booked, told) = (described(&self.transactions[at].booking), described(&Booking::Fill(fill.clone())));
        if booked == told {
            return Ok(());
        }
        Err(LedgerError::Conflict { what: format!("fill {} of order {}", fill.id, fill.order), booked, told })
    }

    /// Puts the ledger back if the last of several bookings did not work.
    pub(super) fn or_restore(&mut self, before: Self, booked: Result<(), LedgerError>) -> Result<(), LedgerError> {
        if booked.is_err() {
            *self = before;
        }
        booked
    }

    fn held(&self, market: &MarketTicker) -> Holding {
        self.holdings.get(market).cloned().unwrap_or_default()
    }
}

/// The economic facts of a booking, as a line of text.
pub(super) fn described(booking: &Booking) -> String {
    match booking {
        Booking::Opening { cash } => format!("opening {cash}"),
        Booking::Fill(fill) => {
            format!("fill {} {} {} {} {}", fill.market, fill.book_side, fill.yes_price, fill.quantity, fill.fee)
        }
        Booking::Settlement { settlement, .. } => format!("settlement {} {}", settlement.market, payment(settlement)),
        Booking::Reversal { market, .. } => format!("reversal {market}"),
        Booking::External(external) => format!("{} {}", external.kind, external.amount),
    }
}

/// A settlement's outcome and what was paid.
pub(super) fn payment(settlement: &Settlement) -> String {
    let revenue = settlement.revenue;
    match settlement.result {
        MarketResult::Yes => format!("yes {revenue}"),
        MarketResult::No => format!("no {revenue}"),
        MarketResult::Scalar(value) => format!("scalar {value} {revenue}"),
    }
}

impl TryFrom<Saved> for Ledger {
    type Error = LedgerError;

    fn try_from(saved: Saved) -> Result<Self, LedgerError> {
        let mut ledger = Self::empty(saved.account);
        for transaction in saved.transactions {
            ledger.book(transaction.booking.clone(), transaction.time)?;
            if ledger.transactions.last() != Some(&transaction) {
                let number = transaction.number;
                return Err(LedgerError::Damaged { number, problem: "booking it again gives other entries" });
            }
        }
        match ledger.transactions.first().map(|first| &first.booking) {
            Some(Booking::Opening { .. }) => Ok(ledger),
            Some(_) | None => Err(LedgerError::Damaged { number: 1, problem: "the opening is missing" }),
        }
    }
}

impl From<Ledger> for Saved {
    fn from(ledger: Ledger) -> Self {
        Self { account: ledger.account, transactions: ledger.transactions }
    }
}
