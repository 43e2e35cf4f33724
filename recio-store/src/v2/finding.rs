//! What was odd in v2's rows, and what was done about it.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// One value that was not as v2's documentation has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which row: the store's own number of it.
    pub row: String,
    /// The column.
    pub column: String,
    /// What stood there, cut short.
    pub value: String,
}

/// Kinds of odd values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`Problem::done` has the words")]
pub enum Problem {
    BadMarket,
    Dressed,
    FinerThanHundredths,
    Negative,
    NotANumber,
    NotOver,
    NotText,
    OtherSpelling,
    PriceInCents,
    PriceOutOfRange,
    Repeated,
    RepeatedByMarket,
    RepeatedByOrder,
    Rounded,
    Skipped,
    Spaces,
    StoresDiffer,
    TicketTwice,
    TimeMissing,
    TimeUnreadable,
    TooLarge,
    UnitUnknown,
    UnknownWord,
    UtcAssumed,
}

impl Problem {
    /// What is wrong, and what was done.
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::BadMarket => "not a ticker: kept as text, and of no use to name the market's hour",
            Self::Dressed => "a number with signs around it: read without them",
            Self::FinerThanHundredths => "finer than a hundredth of a contract: kept as text, no count was made of it",
            Self::Negative => "below zero, where that means nothing: kept as text, no count was made of it",
            Self::NotANumber => "not a number: kept as text, no amount was made of it",
            Self::NotOver => "the trade was not over in v2: kept as it was; recio does not manage it",
            Self::NotText => "not text (bytes, or a zero character): the rest was kept",
            Self::OtherSpelling => "in another spelling than v2's own: read as meant",
            Self::PriceInCents => "a price above one dollar: taken as cents",
            Self::PriceOutOfRange => "no price from $0 to $1, nor one in cents: kept as text, no amount was made of it",
            Self::Repeated => {
                "the clock showed this time twice, and nothing says which one is meant: see the row's time"
            }
            Self::RepeatedByMarket => {
                "the clock showed this time twice: the market's closing hour says which one is meant"
            }
            Self::RepeatedByOrder => "the clock showed this time twice: the order of the rows says which one is meant",
            Self::Rounded => "finer than a micro-dollar: rounded, and counted as rounding",
            Self::Skipped => "the clock never showed this time (spring): taken as one hour later",
            Self::Spaces => "blanks around it: read without them",
            Self::StoresDiffer => "the same record in two stores with other values: the better store's were kept",
            Self::TicketTwice => "the ticket id stands on several trades: told apart by market, side and time",
            Self::TimeMissing => "no time: kept without one",
            Self::TimeUnreadable => "not a time that can be read: kept as text, without a time",
            Self::TooLarge => "larger than recio handles: kept as text, no amount was made of it",
            Self::UnitUnknown => {
                "its unit is not known (cents, dollars or centi-cents): kept as text, no amount was made of it"
            }
            Self::UnknownWord => "not one of v2's words: kept as text",
            Self::UtcAssumed => "a time of the exchange without an offset: taken as UTC",
        }
    }
}

/// Findings of one kind in one column: all are counted, the first ones are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How many there were.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Finding>,
}

/// So many findings of a kind are kept one by one: enough to look into, and a bound for a store in which every row is odd.
pub(crate) const KEPT: usize = 200;

/// Findings by table, column and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(BTreeMap<(String, String, Problem), Found>);

impl Findings {
    pub(crate) fn add(&mut self, table: &str, row: &str, column: &str, value: &str, problem: Problem) {
        let found = self.0.entry((table.to_owned(), column.to_owned(), problem)).or_default();
        found.count += 1;
        if found.first.len() < KEPT {
            let value = value.chars().take(60).collect();
            found.first.push(Finding { row: row.to_owned(), column: column.to_owned(), value });
        }
    }

    /// Each kind with what was found of it, by table, column and kind.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Problem, &Found)> {
        self.0.iter().map(|((table, column, problem), found)| (table.as_str(), column.as_str(), *problem, found))
    }

    /// How many findings there are of a kind, in all tables.
    #[must_use]
    pub fn count(&self, problem: Problem) -> u64 {
        self.iter().filter(|(_, _, other, _)| *other == problem).map(|(_, _, _, found)| found.count).sum()
    }
}

/// A finding as JSON has it.
#[derive(Serialize)]
struct Line<'a> {
    table: &'a str,
    column: &'a str,
    problem: Problem,
    done: &'static str,
    count: u64,
    first: &'a [Finding],
}

impl Serialize for Findings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(table, column, problem, found)| Line {
            table,
            column,
            problem,
            done: problem.done(),
            count: found.count,
            first: &found.first,
        }))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.done())
    }
}
