//! The books: double entry, from fills, settlements and outside cash alone.

mod booking;
mod transaction;

pub use transaction::{Booking, Entry, ExternalCash, ExternalKind, LedgerAccount, Transaction};

use super::{Fill, Holding, HoldingTooLarge, Settlement};
use crate::units::{AccountName, ExchangeOrderId, FillId, MarketTicker, Money, Position, Timestamp};
use booking::{described, payment};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The double-entry ledger of one account.
///
/// Everything is booked once, by its natural key: a fill by order and fill id, a settlement by market and version, outside cash by its id.
/// Telling it again changes nothing; telling it differently is an error. What is booked is never changed: an amended settlement is taken
/// back and booked anew. A method that returns an error has booked nothing.
///
/// It is saved as its list of transactions; reading it back books them again and compares every entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Ledger {
    account: AccountName,
    transactions: Vec<Transaction>,
    balances: BTreeMap<LedgerAccount, Money>,
    holdings: BTreeMap<MarketTicker, Holding>,
    /// Where each fill stands among the transactions.
    fills: BTreeMap<(ExchangeOrderId, FillId), usize>,
    settlements: BTreeMap<MarketTicker, Settled>,
    external: BTreeMap<String, usize>,
}

/// What is known of a market's settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Settled {
    versions: BTreeMap<u32, Settlement>,
    latest: u32,
    /// The holding before the latest version was booked; `None` while it is taken back.
    before: Option<Holding>,
}

/// How a ledger is saved.
#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    account: AccountName,
    transactions: Vec<Transaction>,
}

/// Why something was not booked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The same thing was booked with other numbers: the books or the report are wrong, trading has to stop.
    #[error("{what} is booked as {booked}, and is now told as {told}; stop, and compare with the exchange")]
    Conflict {
        /// What is told twice.
        what: String,
        /// The numbers in the books.
        booked: String,
        /// The numbers told now.
        told: String,
    },
    /// The exchange paid something else than our position is worth: a fill is missing here. Read the market's fills, then book it again.
    #[error(
        "settlement of {market}: the exchange paid {revenue}, our position of {position} is worth {payout}; \
         read the market's fills, then book it again"
    )]
    PayoutDiffers {
        /// The market.
        market: MarketTicker,
        /// What we hold.
        position: Position,
        /// What that is worth.
        payout: Money,
        /// What was paid.
        revenue: Money,
    },
    /// A settlement of a market without a single fill: the fills are missing here. Read them, then book it again.
    #[error("settlement of {market}: no fill of it is booked; read the market's fills, then book it again")]
    NoFills {
        /// The market.
        market: MarketTicker,
    },
    /// A deposit that takes, a withdrawal that brings, or a correction of nothing.
    #[error("{kind} {id} of {amount}: a deposit is above zero, a withdrawal below, a correction not zero")]
    WrongSign {
        /// What it is said to be.
        kind: ExternalKind,
        /// Its id.
        id: String,
        /// Its amount.
        amount: Money,
    },
    /// A position beyond what recio handles.
    #[error(transparent)]
    HoldingTooLarge(#[from] HoldingTooLarge),
    /// A balance beyond what recio handles.
    #[error("account {account}: the balance would be larger than recio handles; the amount cannot be right")]
    BalanceTooLarge {
        /// The account.
        account: LedgerAccount,
    },
    /// Saved or kept books that do not add up: use none of them, rebuild from the exchange's fills and settlements.
    #[error(
        "transaction {number}: {problem}; the books are damaged, rebuild them from the exchange's fills and settlements"
    )]
    Damaged {
        /// The transaction, or 0 for the balances.
        number: u64,
        /// What is wrong.
        problem: &'static str,
    },
}

impl Ledger {
    /// Opens the books of an account with the cash it has at this moment.
    ///
    /// # Errors
    /// An amount beyond what recio handles.
    pub fn open(account: AccountName, cash: Money, time: Timestamp) -> Result<Self, LedgerError> {
        let mut ledger = Self::empty(account);
        ledger.book(Booking::Opening { cash }, time)?;
        Ok(ledger)
    }

    /// Books an execution. Returns the transactions made: none if it is booked already.
    ///
    /// A fill of a settled market comes late: the settlement is taken back, the fill booked, and the settlement booked again if it fits the
    /// position with the fill. If it does not, it stays out until a further fill makes it fit (see [`Ledger::owed_settlements`]).
    ///
    /// # Errors
    /// The same fill with other numbers, or a number beyond what recio handles.
    pub fn record_fill(&mut self, fill: &Fill) -> Result<&[Transaction], LedgerError> {
        if let Some(&at) = self.fills.get(&(fill.order.clone(), fill.id.clone())) {
            return self.same_fill(at, fill).map(|()| &self.transactions[..0]);
        }
        let start = self.transactions.len();
        let Some(settled) = self.settlements.get(&fill.market) else {
            self.book(Booking::Fill(fill.clone()), fill.exchange_time)?;
            return Ok(&self.transactions[start..]);
        };
        let (version, settlement) = (settled.latest, settled.versions[&settled.latest].clone());
        let before = self.clone();
        let booked = self
            .take_back(&fill.market, settlement.settled_time)
            .and_then(|()| self.book(Booking::Fill(fill.clone()), fill.exchange_time))
            .and_then(|()| match self.check_payout(&settlement) {
                Ok(()) => {
                    let time = settlement.settled_time;
                    self.book(Booking::Settlement { settlement, version }, time)
                }
                Err(_) => Ok(()),
            });
        self.or_restore(before, booked)?;
        Ok(&self.transactions[start..])
    }

    /// Books a market's payout. Returns the transactions made: none if it is booked already, or a later version is.
    ///
    /// The first outcome is version 1; an outcome that the exchange amends after paying is the next one, and takes back the one before.
    ///
    /// # Errors
    /// What was paid is not what our position is worth ("yes" and "no" exactly; a scalar outcome to within a cent, since the exchange pays
    /// those in whole cents), no fill of the market is booked, or the same version was booked with other numbers.
    pub fn record_settlement(&mut self, settlement: &Settlement, version: u32) -> Result<&[Transaction], LedgerError> {
        let start = self.transactions.len();
        let market = &settlement.market;
        if let Some(settled) = self.settlements.get(market) {
            if let Some(known) = settled.versions.get(&version)
                && (known.result, known.revenue) != (settlement.result, settlement.revenue)
            {
                return Err(LedgerError::Conflict {
                    what: format!("settlement {version} of {market}"),
                    booked: payment(known),
                    told: payment(settlement),
                });
            }
            if version < settled.latest || (version == settled.latest && settled.before.is_some()) {
                return Ok(&self.transactions[start..]);
            }
        }
        self.check_payout(settlement)?;
        let before = self.settlements.contains_key(market).then(|| self.clone());
        let booked = self.take_back(market, settlement.settled_time).and_then(|()| {
            self.book(Booking::Settlement { settlement: settlement.clone(), version }, settlement.settled_time)
        });
        match before {
            Some(before) => self.or_restore(before, booked)?,
            None => booked?,
        }
        Ok(&self.transactions[start..])
    }

    /// Books cash from outside of trading. Returns the transaction made: none if it is booked already.
    ///
    /// # Errors
    /// The same id with another kind or amount, a sign that does not fit the kind, or an amount beyond what recio handles.
    pub fn record_external(&mut self, external: &ExternalCash) -> Result<&[Transaction], LedgerError> {
        let start = self.transactions.len();
        if !external.sign_fits() {
            let (id, kind, amount) = (external.id.clone(), external.kind, external.amount);
            return Err(LedgerError::WrongSign { kind, id, amount });
        }
        if let Some(&at) = self.external.get(&external.id) {
            let (booked, told) =
                (described(&self.transactions[at].booking), described(&Booking::External(external.clone())));
            if booked == told {
                return Ok(&self.transactions[start..]);
            }
            return Err(LedgerError::Conflict { what: format!("outside cash {}", external.id), booked, told });
        }
        self.book(Booking::External(external.clone()), external.time)?;
        Ok(&self.transactions[start..])
    }

    /// Whose books these are.
    #[must_use]
    pub const fn account(&self) -> &AccountName {
        &self.account
    }

    /// Cash at the exchange.
    #[must_use]
    pub fn cash(&self) -> Money {
        self.balance(&LedgerAccount::Cash)
    }

    /// What the exchange charged, in all.
    #[must_use]
    pub fn fees_total(&self) -> Money {
        self.balance(&LedgerAccount::Fees)
    }

    /// What came of contracts given back and settled, without fees.
    #[must_use]
    pub fn realized(&self) -> Money {
        Money::ZERO - self.balance(&LedgerAccount::RealizedPnl)
    }

    /// An account's balance: above zero a debit.
    #[must_use]
    pub fn balance(&self, account: &LedgerAccount) -> Money {
        self.balances.get(account).copied().unwrap_or(Money::ZERO)
    }

    /// All accounts with their balances; they sum to zero.
    #[must_use]
    pub const fn balances(&self) -> &BTreeMap<LedgerAccount, Money> {
        &self.balances
    }

    /// Every market that was ever traded, with what is held of it; flat ones too.
    #[must_use]
    pub const fn holdings(&self) -> &BTreeMap<MarketTicker, Holding> {
        &self.holdings
    }

    /// What is held of a market; `None` if it was never traded.
    #[must_use]
    pub fn holding(&self, market: &MarketTicker) -> Option<&Holding> {
        self.holdings.get(market)
    }

    /// The settlement in force of a market, with its version.
    #[must_use]
    pub fn settlement(&self, market: &MarketTicker) -> Option<(u32, &Settlement)> {
        let settled = self.settlements.get(market).filter(|settled| settled.before.is_some())?;
        settled.versions.get(&settled.latest).map(|settlement| (settled.latest, settlement))
    }

    /// Markets whose settlement was taken back for a late fill that it does not fit: a person, or a full reading of fills, has to see to it.
    pub fn owed_settlements(&self) -> impl Iterator<Item = &MarketTicker> {
        self.settlements.iter().filter(|(_, settled)| settled.before.is_none()).map(|(market, _)| market)
    }

    /// All transactions, the opening first.
    #[must_use]
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// The transactions after number `number`; all of them after 0.
    #[must_use]
    pub fn transactions_since(&self, number: u64) -> &[Transaction] {
        let from = usize::try_from(number).unwrap_or(usize::MAX).min(self.transactions.len());
        &self.transactions[from..]
    }

    /// The exchange's cash less ours: exactly zero when the books are right and complete.
    #[must_use]
    pub fn tie_out(&self, exchange_cash: Money) -> Money {
        let difference = i128::from(exchange_cash.micros()) - i128::from(self.cash().micros());
        let limit = Money::from_micros(if difference < 0 { i64::MIN } else { i64::MAX });
        Money::from_micros_wide(difference).unwrap_or(limit)
    }

    /// Checks the books: every transaction sums to zero, booking all of them again gives the same balances, holdings and entries, and each
    /// market's position account is what its holding cost.
    ///
    /// # Errors
    /// The first transaction that does not add up.
    pub fn check(&self) -> Result<(), LedgerError> {
        let damaged = |number, problem| Err(LedgerError::Damaged { number, problem });
        if let Some(transaction) = self.transactions.iter().find(|transaction| !transaction.is_balanced()) {
            return damaged(transaction.number, "its entries do not sum to zero");
        }
        if self.balances.values().map(|balance| i128::from(balance.micros())).sum::<i128>() != 0 {
            return damaged(0, "the balances do not sum to zero");
        }
        let mut costs = self.holdings.iter().map(|(market, holding)| (market.clone(), holding.cost()));
        if costs.any(|(market, cost)| self.balance(&LedgerAccount::Position(market)) != cost) {
            return damaged(0, "a position account is not what its holding cost");
        }
        let again = Self::try_from(Saved { account: self.account.clone(), transactions: self.transactions.clone() })?;
        if again == *self { Ok(()) } else { damaged(0, "booking everything again gives other balances") }
    }

    /// What happened, as sorted lines of text, without ids and times: opening cash, outside cash, fills, the settlement in force of each
    /// market that still held something, and the cash of it all. Two runs that did the same have the same lines, in whatever order it came.
    #[must_use]
    pub fn economic_facts(&self) -> String {
        let mut lines: Vec<String> = self
            .transactions
            .iter()
            .filter(|transaction| matches!(transaction.booking, Booking::Fill(_) | Booking::External(_)))
            .map(|transaction| described(&transaction.booking))
            .collect();
        for (market, settled) in &self.settlements {
            if settled.before.as_ref().is_some_and(|before| !before.position().is_flat()) {
                lines.push(format!("settlement {market} {}", payment(&settled.versions[&settled.latest])));
            }
        }
        lines.sort_unstable();
        let opening = Money::ZERO - self.balance(&LedgerAccount::OpeningEquity);
        format!("recio ledger 1\nopening {opening}\n{}\ncash {}\n", lines.join("\n"), self.cash())
    }

    /// SHA-256 of [`Ledger::economic_facts`], in hexadecimal.
    #[must_use]
    pub fn ledger_hash(&self) -> String {
        hex::encode(Sha256::digest(self.economic_facts()))
    }
}

#[cfg(test)]
mod tests;
