//! One row of v2's, and the reading of its columns.

use super::eastern::{How, Resolved, Written, read};
use super::exact::{Exact, Reading};
use super::finding::{Findings, Problem};
use recio_core::market::Side;
use recio_core::units::{Money, Quantity, Timestamp};
use std::collections::BTreeMap;

/// A row as its store has it: every column as text, by its name in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// The store's own number of the row, for people.
    pub(crate) place: String,
    /// The columns that are not NULL.
    pub(crate) columns: BTreeMap<String, String>,
    /// Columns of which something had to be left out to make text of them.
    pub(crate) damaged: Vec<String>,
}

/// Reads columns, and notes what is odd.
pub(crate) struct Columns<'a> {
    pub(crate) row: &'a RawRow,
    table: &'a str,
    findings: &'a mut Findings,
    /// What rounding to micro-dollars took off, by column.
    rounded: Vec<(&'static str, Exact)>,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(row: &'a RawRow, table: &'a str, findings: &'a mut Findings) -> Self {
        for column in &row.damaged {
            findings.add(
                table,
                &row.place,
                column,
                row.columns.get(column).map_or("", String::as_str),
                Problem::NotText,
            );
        }
        Self { row, table, findings, rounded: Vec::new() }
    }

    pub(crate) fn note(&mut self, column: &str, problem: Problem) {
        let value = self.row.columns.get(column).map_or("", String::as_str);
        self.findings.add(self.table, &self.row.place, column, value, problem);
    }

    /// What rounding took off the amount of a column; of nothing where nothing was rounded.
    pub(crate) fn rounding(&self, column: &str) -> Exact {
        self.rounded.iter().filter(|(name, _)| *name == column).fold(Exact::ZERO, |sum, (_, part)| sum.plus(*part))
    }

    /// The text without blanks around it; `None` where there is none.
    pub(crate) fn text(&mut self, column: &str) -> Option<&'a str> {
        let text = self.row.columns.get(column)?;
        let trimmed = text.trim();
        if trimmed.len() != text.len() && !trimmed.is_empty() {
            self.note(column, Problem::Spaces);
        }
        (!trimmed.is_empty()).then_some(trimmed)
    }

    /// A number.
    pub(crate) fn number(&mut self, column: &str) -> Option<Exact> {
        let text = self.row.columns.get(column).filter(|text| !text.trim().is_empty())?;
        match Exact::read(text) {
            Reading::Number(exact) => Some(exact),
            Reading::Dressed(exact) => {
                self.note(column, Problem::Dressed);
                Some(exact)
            }
            Reading::NotANumber => {
                self.note(column, Problem::NotANumber);
                None
            }
            Reading::TooLarge => {
                self.note(column, Problem::TooLarge);
                None
            }
        }
    }

    /// A whole number, such as the row's own.
    pub(crate) fn integer(&mut self, column: &str) -> Option<i64> {
        let number = self.number(column)?;
        let whole = number.to_integer();
        if whole.is_none() {
            self.note(column, Problem::NotANumber);
        }
        whole
    }

    /// An amount in micro-dollars.
    pub(crate) fn money(&mut self, column: &'static str, amount: Exact) -> Option<Money> {
        let Some((money, rest)) = amount.to_money() else {
            self.note(column, Problem::TooLarge);
            return None;
        };
        if rest != Exact::ZERO {
            self.note(column, Problem::Rounded);
            self.rounded.push((column, rest));
        }
        Some(money)
    }

    /// An amount that stands there in dollars.
    pub(crate) fn dollars(&mut self, column: &'static str) -> Option<Money> {
        let amount = self.number(column)?;
        self.money(column, amount)
    }

    /// An amount that stands there in cents.
    pub(crate) fn cents(&mut self, column: &'static str) -> Option<Money> {
        let amount = self.number(column)?.hundredths();
        self.money(column, amount)
    }

    /// A count of contracts.
    pub(crate) fn count(&mut self, column: &'static str) -> Option<Quantity> {
        let number = self.number(column)?;
        let quantity = number.to_quantity();
        if quantity.is_none() {
            let problem = if number.is_negative() {
                Problem::Negative
            } else if number > Exact::whole(1_000_000_000) {
                Problem::TooLarge
            } else {
                Problem::FinerThanHundredths
            };
            self.note(column, problem);
        }
        quantity
    }

    /// The price of a contract, in dollars as v2 meant it, or in cents as it sometimes came.
    pub(crate) fn price(&mut self, column: &'static str) -> Option<Exact> {
        let number = self.number(column)?;
        let (dollars, in_cents) = as_dollars(number);
        if in_cents {
            self.note(column, Problem::PriceInCents);
        }
        if dollars.is_none() {
            self.note(column, Problem::PriceOutOfRange);
        }
        dollars
    }

    /// An outcome: `Y`, `N`, `yes`, `no`.
    pub(crate) fn side(&mut self, column: &str) -> Option<Side> {
        let word = self.text(column)?;
        let side = match word.to_ascii_lowercase().as_str() {
            "y" | "yes" => Side::Yes,
            "n" | "no" => Side::No,
            _ => {
                self.note(column, Problem::UnknownWord);
                return None;
            }
        };
        if !matches!(word, "Y" | "N" | "yes" | "no") {
            self.note(column, Problem::OtherSpelling);
        }
        Some(side)
    }

    /// A word of a list; any other one is kept, and noted.
    pub(crate) fn word(&mut self, column: &str, known: &[&str]) -> Option<String> {
        let word = self.text(column)?;
        if known.contains(&word) {
            return Some(word.to_owned());
        }
        let lower = word.to_lowercase();
        let meant = known.iter().find(|known| known.to_lowercase() == lower);
        self.note(column, if meant.is_some() { Problem::OtherSpelling } else { Problem::UnknownWord });
        Some(meant.map_or(lower, |meant| (*meant).to_owned()))
    }

    /// A time of the exchange: UTC, with or without saying so.
    pub(crate) fn utc(&mut self, column: &str) -> Option<Timestamp> {
        let Some(text) = self.text(column) else {
            self.note(column, Problem::TimeMissing);
            return None;
        };
        match read(text) {
            Some(Written::Moment(time)) => Some(time),
            Some(Written::Clock(clock)) => {
                self.note(column, Problem::UtcAssumed);
                clock.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
            }
            Some(Written::TimeOfDay(_)) | None => {
                self.note(column, Problem::TimeUnreadable);
                None
            }
        }
    }

    /// Notes how a time was found, where that is worth a word.
    pub(crate) fn resolved(&mut self, column: &str, resolved: Option<Resolved>) -> Option<Timestamp> {
        let Some(resolved) = resolved else {
            self.note(column, Problem::TimeUnreadable);
            return None;
        };
        match resolved.how {
            How::Offset | How::Clock => {}
            How::RepeatedByMarket => self.note(column, Problem::RepeatedByMarket),
            How::RepeatedByOrder => self.note(column, Problem::RepeatedByOrder),
            How::Repeated => self.note(column, Problem::Repeated),
            How::Skipped => self.note(column, Problem::Skipped),
        }
        Some(resolved.time)
    }
}

/// A price of a contract in dollars, and whether it stood there in cents; `None` where it is neither.
///
/// v2's columns hold dollars. A contract never costs more than one, so what is above is cents, up to a hundred of them.
pub(crate) fn as_dollars(number: Exact) -> (Option<Exact>, bool) {
    if number.is_negative() || number > Exact::whole(100) {
        (None, false)
    } else if number > Exact::whole(1) {
        (Some(number.hundredths()), true)
    } else {
        (Some(number), false)
    }
}
