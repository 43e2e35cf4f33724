//! Records that another program kept, taken over as they were: history to look at, never books to trade by.

use crate::market::Side;
use crate::units::{Money, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One record of another program, with what recio understood of it beside its own words.
///
/// It is a witness's account and no fact of the exchange: such programs missed fills, merged trades and rounded. So no position, no ledger
/// and no open trade is ever made of it, whatever its status says.
///
/// Amounts are dollars, and `None` where the record has none or none that can be read; `columns` has its words in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The program.
    pub origin: Origin,
    /// Which of its stores the record comes from.
    pub source: ImportSource,
    /// What kind of record it is.
    pub table: ImportedTable,
    /// Its name within origin and table, made from what does not change about it, so that it has the same one whenever it is read.
    pub record: String,
    /// 1 for the first; a record that was found changed is kept again under the next. The newest counts.
    pub version: u32,
    /// The number that the program gave to it.
    pub number: Option<i64>,
    /// Its status, in the program's word.
    pub status: Option<String>,
    /// The market. Text, because it need not be one that recio could trade.
    pub market: Option<String>,
    /// The outcome.
    pub side: Option<Side>,
    /// When it happened or began.
    pub time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Contracts.
    pub quantity: Option<Quantity>,
    /// Price of a contract, in the outcome's own terms; an average where several were bought.
    pub price: Option<Money>,
    /// The same at the end.
    pub end_price: Option<Money>,
    /// What was paid for the contracts, before fees.
    pub cost: Option<Money>,
    /// What the exchange charged.
    pub fees: Option<Money>,
    /// What was paid out.
    pub revenue: Option<Money>,
    /// What it brought.
    pub pnl: Option<Money>,
    /// Every column of the record that was not empty, letter by letter.
    pub columns: BTreeMap<String, String>,
}

/// A program whose records can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// REC.IO v2.
    #[serde(rename = "rec.io-v2")]
    RecIoV2,
}

/// Which of a program's stores a record comes from. The lesser one counts more: its record is never replaced by one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportSource {
    /// A PostgreSQL server.
    Postgres,
    /// A SQLite file.
    Sqlite,
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportedTable {
    /// Trades.
    Trades,
    /// Fills.
    Fills,
    /// Orders.
    Orders,
    /// Positions.
    Positions,
    /// Settlements.
    Settlements,
    /// Settings and preferences; they switch nothing on.
    Settings,
}

impl ImportedTable {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Trades, Self::Fills, Self::Orders, Self::Positions, Self::Settlements, Self::Settings];

    /// The word for it, as the store's column has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Fills => "fills",
            Self::Orders => "orders",
            Self::Positions => "positions",
            Self::Settlements => "settlements",
            Self::Settings => "settings",
        }
    }
}

impl Origin {
    /// The word for it, as the store's column has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecIoV2 => "rec.io-v2",
        }
    }
}

impl ImportSource {
    /// The word for it, as the store's column has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

impl fmt::Display for ImportedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for ImportSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Imported {
    /// The amounts in one line: what may not differ between two tellings of one version.
    #[must_use]
    pub fn economics(&self) -> String {
        let money = [self.price, self.end_price, self.cost, self.fees, self.revenue, self.pnl];
        let words = money.map(|amount| amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string()));
        let quantity = self.quantity.map_or_else(|| "-".to_owned(), |quantity| quantity.to_string());
        format!("{quantity}/{}", words.join("/"))
    }
}
