//! v2's tables, row by row, as records.

mod account;
mod trades;

pub(crate) use account::{fill, order, position, settlement};
pub(crate) use trades::trade;

use super::exact::Exact;
use super::row::{RawRow, as_dollars};
use recio_core::fact::Environment;
use recio_core::imported::{ImportSource, Imported, ImportedTable, Origin};
use recio_core::units::AccountName;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A row as a record that has no name yet.
#[derive(Clone, Debug)]
pub(crate) struct Converted {
    /// What tells it from others; the ticket id is apart, because one store may have it and the other not.
    pub(crate) identity: Identity,
    /// The record, with an empty name and version 0.
    pub(crate) record: Imported,
    /// What rounding took off, by measure.
    pub(crate) rounded: BTreeMap<Measure, Exact>,
}

/// What a row is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    /// What does not change about it.
    pub(crate) rest: String,
    /// Its ticket id; empty where it has none, and in tables without one.
    pub(crate) ticket: String,
    /// Whether two rows of one store may be alike and still be two: trades may, an exchange's id stands for one thing.
    pub(crate) repeats: bool,
}

/// A sum that is compared between v2's stores and what was made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the amounts of a record, by their names")]
pub enum Measure {
    Cost,
    Fees,
    Pnl,
    Revenue,
}

impl Measure {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Fees => "fees",
            Self::Pnl => "pnl",
            Self::Revenue => "revenue",
        }
    }

    /// The sums of a table that mean something.
    pub(crate) const fn of(table: ImportedTable) -> &'static [Self] {
        match table {
            ImportedTable::Trades => &[Self::Cost, Self::Fees, Self::Pnl],
            ImportedTable::Fills => &[Self::Cost],
            ImportedTable::Orders | ImportedTable::Positions => &[Self::Fees],
            ImportedTable::Settlements => &[Self::Cost, Self::Revenue],
            ImportedTable::Settings => &[],
        }
    }

    /// The amount as a record has it.
    pub(crate) fn stored(self, record: &Imported) -> Exact {
        let amount = match self {
            Self::Cost => record.cost,
            Self::Fees => record.fees,
            Self::Pnl => record.pnl,
            Self::Revenue => record.revenue,
        };
        amount.map_or(Exact::ZERO, Exact::of)
    }

    /// The amount as v2's row has it, read for the sums alone: nothing of a record's making is used, so that a mistake there shows.
    ///
    /// What cannot be read counts for nothing, on both sides.
    pub(crate) fn read(self, table: ImportedTable, row: &RawRow) -> Exact {
        let number = |column: &str| plain(row, column);
        let cents = |column: &str| number(column).map(Exact::hundredths).filter(fits).unwrap_or_default();
        match (table, self) {
            (ImportedTable::Trades, Self::Cost) => {
                let price = number("buy_price").and_then(|price| as_dollars(price).0);
                let cost = price.zip(count(row, "position")).and_then(|(price, count)| price.times(count));
                cost.filter(fits).unwrap_or_default()
            }
            (ImportedTable::Trades, Self::Fees) => number("fees").filter(fits).unwrap_or_default(),
            (ImportedTable::Trades, Self::Pnl) => number("pnl").filter(fits).unwrap_or_default(),
            (ImportedTable::Fills, Self::Cost) => {
                let yes = row.columns.get("side").is_none_or(|side| !side.trim().to_ascii_lowercase().starts_with('n'));
                let (own, other) = if yes { ("yes_price", "no_price") } else { ("no_price", "yes_price") };
                let price = account::fill_price(number(own), number(other));
                let cost = price.zip(count(row, "count")).and_then(|(price, count)| price.times(count));
                cost.filter(fits).unwrap_or_default()
            }
            (ImportedTable::Orders, Self::Fees) => cents("maker_fees").plus(cents("taker_fees")),
            (ImportedTable::Positions, Self::Fees) => number("fees_paid").filter(fits).unwrap_or_default(),
            (ImportedTable::Settlements, Self::Cost) => cents("yes_total_cost").plus(cents("no_total_cost")),
            (ImportedTable::Settlements, Self::Revenue) => cents("revenue"),
            _ => Exact::ZERO,
        }
    }
}

fn plain(row: &RawRow, column: &str) -> Option<Exact> {
    use super::exact::Reading;
    match Exact::read(row.columns.get(column)?) {
        Reading::Number(exact) | Reading::Dressed(exact) => Some(exact),
        Reading::NotANumber | Reading::TooLarge => None,
    }
}

fn fits(amount: &Exact) -> bool {
    amount.to_money().is_some()
}

fn count(row: &RawRow, column: &str) -> Option<recio_core::units::Quantity> {
    plain(row, column)?.to_quantity()
}

/// The month that a row names itself, as `2025-11`; by the column that says when it happened.
pub(crate) fn month(table: ImportedTable, columns: &BTreeMap<String, String>) -> String {
    let column = match table {
        ImportedTable::Trades => "date",
        ImportedTable::Fills | ImportedTable::Orders => "created_time",
        ImportedTable::Positions => "last_updated_ts",
        ImportedTable::Settlements => "settled_time",
        ImportedTable::Settings => "",
    };
    let month = columns.get(column).and_then(|text| text.trim().get(..7)).unwrap_or("");
    let shaped = month.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() });
    if month.len() == 7 && shaped { month.to_owned() } else { "no date".to_owned() }
}

/// A record of a row, with nothing understood yet.
pub(crate) fn blank(row: &RawRow, source: ImportSource, table: ImportedTable) -> Imported {
    let columns = row.columns.iter().filter(|(_, text)| !text.is_empty());
    Imported {
        origin: Origin::RecIoV2,
        source,
        table,
        record: String::new(),
        version: 0,
        number: None,
        status: None,
        market: None,
        side: None,
        time: None,
        end_time: None,
        quantity: None,
        price: None,
        end_price: None,
        cost: None,
        fees: None,
        revenue: None,
        pnl: None,
        columns: columns.map(|(name, text)| (name.clone(), text.clone())).collect(),
    }
}

/// Parts of a name, joined; where a part is long, its hash stands for the whole.
pub(crate) fn name(parts: &[&str]) -> String {
    let joined = parts.join("|");
    if joined.len() <= 160 { joined } else { hex::encode(Sha256::digest(joined.as_bytes())) }
}

/// The name of a row that has nothing to be recognised by: its place in its store.
pub(crate) fn placed(row: &RawRow, source: ImportSource) -> String {
    name(&["row", source.as_str(), &row.place])
}

/// Whose records they become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The exchange.
    pub(crate) environment: Environment,
    /// The account, as the config names it.
    pub(crate) account: AccountName,
}

/// A row of settings or preferences: kept as it was, and nothing made of it.
pub(crate) fn settings(row: &RawRow, source: ImportSource, table: &str) -> Converted {
    let bare = table.strip_suffix("_0001").unwrap_or(table);
    let user = row.columns.get("user_id").or_else(|| row.columns.get("id")).map_or("", String::as_str);
    let identity = Identity { rest: name(&[bare, user]), ticket: String::new(), repeats: false };
    Converted { identity, record: blank(row, source, ImportedTable::Settings), rounded: BTreeMap::new() }
}
