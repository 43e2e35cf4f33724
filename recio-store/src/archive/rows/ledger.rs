//! The books: every entry of the double-entry ledger that the facts make.

use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use crate::books::{Books, book};
use recio_core::fact::Fact;
use recio_core::store::StoreError;
use recio_core::trade::LedgerAccount;
use recio_core::units::{Money, Timestamp};

/// One entry, as the store's table `ledger_entries` has it. The entries of one fact sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The place in the store of the fact that made it.
    pub sequence: u64,
    /// Its place among the fact's entries, from 1.
    pub line: u64,
    /// Which exchange.
    pub environment: String,
    /// Whose books.
    pub account: String,
    /// When it happened at the exchange.
    pub time: Timestamp,
    /// What is booked: `opening`, `external`, `fill`, `settlement`, `reversal`.
    pub booking: &'static str,
    /// The key of the fact: it names the fill, the settlement or the movement.
    pub fact_key: String,
    /// The account of the ledger: `cash`, `position`, `fees`, `realized_pnl`, `opening_equity`, `external`.
    pub ledger_account: &'static str,
    /// The market, for a position.
    pub market: Option<String>,
    /// Above zero a debit, below a credit.
    pub amount: Money,
}

/// Makes the books of every account from its facts, told in their sequence: the same booking as the store's own tables.
#[derive(Debug, Default)]
pub struct LedgerRows {
    books: Books,
}

impl LedgerRows {
    /// Books a fact; returns the entries it made. A fact that moves no money makes none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where an amount leaves the range of numbers.
    pub fn book(&mut self, sequence: u64, fact: &Fact) -> Result<Vec<LedgerRow>, StoreError> {
        let (market, balance) = self.books.of(fact);
        let booked = book(sequence, fact, market, balance)?;
        self.books.take(fact, &booked);
        let row = |(number, line): (u64, &crate::books::Line)| {
            let (ledger_account, market) = match &line.entry.account {
                LedgerAccount::Cash => ("cash", None),
                LedgerAccount::Position(market) => ("position", Some(market.to_string())),
                LedgerAccount::Fees => ("fees", None),
                LedgerAccount::RealizedPnl => ("realized_pnl", None),
                LedgerAccount::OpeningEquity => ("opening_equity", None),
                LedgerAccount::External => ("external", None),
            };
            LedgerRow {
                sequence,
                line: number,
                environment: fact.environment.as_str().to_owned(),
                account: fact.account.to_string(),
                time: line.time,
                booking: line.booking.as_str(),
                fact_key: fact.key(),
                ledger_account,
                market,
                amount: line.entry.amount,
            }
        };
        Ok((1..).zip(&booked.lines).map(row).collect())
    }
}

impl Tabular for LedgerRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("sequence", Unit::Count, "the place in the store of the fact that made it"),
        Column::new("line", Unit::Count, "the place among the fact's entries, from 1"),
        Column::new("environment", Unit::Text, "which exchange"),
        Column::new("account", Unit::Text, "whose books"),
        Column::new("time", Unit::Time, "when it happened at the exchange"),
        Column::new("booking", Unit::Text, "opening, external, fill, settlement or reversal"),
        Column::new("fact_key", Unit::Text, "the fact's key: names the fill, the settlement or the movement"),
        Column::new("ledger_account", Unit::Text, "the account of the ledger"),
        Column::new("market", Unit::Text, "the market of a position").optional(),
        Column::new("amount", Unit::Money, "above zero a debit, below a credit; the entries of a fact sum to zero"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.sequence.into(),
            self.line.into(),
            self.environment.as_str().into(),
            self.account.as_str().into(),
            self.time.into(),
            self.booking.into(),
            self.fact_key.as_str().into(),
            self.ledger_account.into(),
            self.market.as_deref().into(),
            self.amount.into(),
        ]
    }
}
