//! One value of a row, and the way back from values to a row's fields.

use recio_core::units::{AssetPrice, Money, Position, Price, Probability, Quantity, Timestamp, micros};
use std::borrow::Cow;
use std::str::FromStr;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A number in the column's unit.
    Integer(i64),
    /// A float, never money.
    Real(f64),
    /// True or false.
    Flag(bool),
    /// Words.
    Text(Cow<'a, str>),
    /// A number above 2⁶³ − 1, which no form here holds: every sheet refuses it.
    TooLarge,
}

impl<'a> Cell<'a> {
    /// A word.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The same value, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Empty => Cell::Empty,
            Self::Integer(integer) => Cell::Integer(integer),
            Self::Real(real) => Cell::Real(real),
            Self::Flag(flag) => Cell::Flag(flag),
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::TooLarge => Cell::TooLarge,
        }
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::TooLarge, Self::Integer)
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Cell<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Integer(micros(time))
    }
}

impl From<Money> for Cell<'_> {
    fn from(money: Money) -> Self {
        Self::Integer(money.micros())
    }
}

impl From<Price> for Cell<'_> {
    fn from(price: Price) -> Self {
        Self::Integer(price.units().into())
    }
}

impl From<Quantity> for Cell<'_> {
    fn from(quantity: Quantity) -> Self {
        Self::from(quantity.hundredths())
    }
}

impl From<Position> for Cell<'_> {
    fn from(position: Position) -> Self {
        Self::Integer(position.hundredths())
    }
}

impl From<AssetPrice> for Cell<'_> {
    fn from(price: AssetPrice) -> Self {
        Self::from(price.cents())
    }
}

impl From<Probability> for Cell<'_> {
    fn from(probability: Probability) -> Self {
        Self::Real(probability.into())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// The cells of a row that was read, taken one after the other.
///
/// Every method fails where the next cell is not what is asked for, and says why.
#[derive(Debug)]
pub struct Cells<'a> {
    cells: std::slice::Iter<'a, Cell<'a>>,
}

impl<'a> Cells<'a> {
    /// The cells of a row.
    #[must_use]
    pub fn new(cells: &'a [Cell<'a>]) -> Self {
        Self { cells: cells.iter() }
    }

    fn take(&mut self) -> Result<&'a Cell<'a>, String> {
        self.cells.next().ok_or_else(|| "the row has too few cells".to_owned())
    }

    /// A number.
    ///
    /// # Errors
    /// Something else.
    pub fn integer(&mut self) -> Result<i64, String> {
        self.optional_integer()?.ok_or_else(|| "a number is missing".to_owned())
    }

    /// A number, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_integer(&mut self) -> Result<Option<i64>, String> {
        match self.take()? {
            Cell::Empty => Ok(None),
            Cell::Integer(integer) => Ok(Some(*integer)),
            other @ (Cell::Real(_) | Cell::Flag(_) | Cell::Text(_) | Cell::TooLarge) => {
                Err(format!("{other:?} is not a number"))
            }
        }
    }

    /// A number that is never below zero.
    ///
    /// # Errors
    /// Something else.
    pub fn count(&mut self) -> Result<u64, String> {
        let integer = self.integer()?;
        u64::try_from(integer).map_err(|_| format!("{integer} is below zero"))
    }

    /// A number that is never below zero, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_count(&mut self) -> Result<Option<u64>, String> {
        let count = |integer: i64| u64::try_from(integer).map_err(|_| format!("{integer} is below zero"));
        self.optional_integer()?.map(count).transpose()
    }

    /// Words.
    ///
    /// # Errors
    /// Something else.
    pub fn text(&mut self) -> Result<&'a str, String> {
        self.optional_text()?.ok_or_else(|| "a word is missing".to_owned())
    }

    /// Words, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_text(&mut self) -> Result<Option<&'a str>, String> {
        match self.take()? {
            Cell::Empty => Ok(None),
            Cell::Text(text) => Ok(Some(text.as_ref())),
            other @ (Cell::Real(_) | Cell::Flag(_) | Cell::Integer(_) | Cell::TooLarge) => {
                Err(format!("{other:?} is not a text"))
            }
        }
    }

    /// What words stand for.
    ///
    /// # Errors
    /// Something else.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self) -> Result<T, String> {
        self.text()?.parse().map_err(|error: T::Err| error.to_string())
    }

    /// What words stand for, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_parsed<T: FromStr<Err: std::fmt::Display>>(&mut self) -> Result<Option<T>, String> {
        self.optional_text()?.map(|text| text.parse().map_err(|error: T::Err| error.to_string())).transpose()
    }

    /// A moment.
    ///
    /// # Errors
    /// Something else.
    pub fn time(&mut self) -> Result<Timestamp, String> {
        Timestamp::from_microsecond(self.integer()?).map_err(|error| error.to_string())
    }

    /// A moment, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>, String> {
        let time = |micros| Timestamp::from_microsecond(micros).map_err(|error| error.to_string());
        self.optional_integer()?.map(time).transpose()
    }

    /// A price of the asset.
    ///
    /// # Errors
    /// Something else.
    pub fn asset_price(&mut self) -> Result<AssetPrice, String> {
        AssetPrice::from_cents(self.count()?).map_err(|error| error.to_string())
    }

    /// A price of the asset, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_asset_price(&mut self) -> Result<Option<AssetPrice>, String> {
        let price = |cents| AssetPrice::from_cents(cents).map_err(|error| error.to_string());
        self.optional_count()?.map(price).transpose()
    }

    /// A float, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_real(&mut self) -> Result<Option<f64>, String> {
        match self.take()? {
            Cell::Empty => Ok(None),
            Cell::Real(real) => Ok(Some(*real)),
            other @ (Cell::Integer(_) | Cell::Flag(_) | Cell::Text(_) | Cell::TooLarge) => {
                Err(format!("{other:?} is not a float"))
            }
        }
    }

    /// True or false.
    ///
    /// # Errors
    /// Something else.
    pub fn flag(&mut self) -> Result<bool, String> {
        match self.take()? {
            Cell::Flag(flag) => Ok(*flag),
            other @ (Cell::Empty | Cell::Integer(_) | Cell::Real(_) | Cell::Text(_) | Cell::TooLarge) => {
                Err(format!("{other:?} is neither true nor false"))
            }
        }
    }

    /// The price of a contract, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_price(&mut self) -> Result<Option<Price>, String> {
        let price = |integer: i64| {
            u16::try_from(integer)
                .map_err(|_| format!("{integer} ten-thousandths are no price"))
                .and_then(|units| Price::from_units(units).map_err(|error| error.to_string()))
        };
        self.optional_integer()?.map(price).transpose()
    }

    /// How many contracts, or nothing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_quantity(&mut self) -> Result<Option<Quantity>, String> {
        self.optional_integer()?.map(quantity_of).transpose()
    }

    /// Whether all cells were taken.
    ///
    /// # Errors
    /// Some are left.
    pub fn end(mut self) -> Result<(), String> {
        if self.cells.next().is_none() { Ok(()) } else { Err("the row has too many cells".to_owned()) }
    }
}

/// So many hundredths of a contract.
pub(in crate::archive) fn quantity_of(hundredths: i64) -> Result<Quantity, String> {
    let unsigned =
        u64::try_from(hundredths).map_err(|_| format!("{hundredths} hundredths of a contract are too few"))?;
    Quantity::from_hundredths(unsigned).map_err(|error| error.to_string())
}
