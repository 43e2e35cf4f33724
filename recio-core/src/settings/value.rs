//! The value of a setting: exact, and the same text on both sides of the database.

use crate::units::{Money, Price, Quantity};
use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

/// The value of a setting that may be overridden.
///
/// As text: `true` or `false`, whole numbers, decimals, exact decimals for money (dollars), prices (dollars a contract) and quantities
/// (contracts), and times as decimal seconds. The text of a value reads back as the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingValue {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// A time.
    Seconds(Duration),
    /// A number of the model: percent, cents, hundredths of a percent. Never money.
    Number(f64),
    /// Dollars a contract.
    Price(Price),
    /// Contracts.
    Quantity(Quantity),
    /// Dollars.
    Money(Money),
}

/// Longer times are refused: some 136 years, which no market lasts and which every clock here can add.
const MOST_SECONDS: u64 = u32::MAX as u64;

impl SettingValue {
    /// Reads a text as a value of the same kind as this one.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn like(self, text: &str) -> Result<Self, String> {
        let text = text.trim();
        match self {
            Self::Flag(_) => match text {
                "true" => Ok(Self::Flag(true)),
                "false" => Ok(Self::Flag(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            Self::Count(_) => {
                text.parse().map(Self::Count).map_err(|_| format!("`{text}` is not a whole number of 0 or more"))
            }
            Self::Seconds(_) => seconds(text).map(Self::Seconds),
            Self::Number(_) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self::Number(number)),
                Ok(_) | Err(_) => Err(format!("`{text}` is not a number that can be used here")),
            },
            Self::Price(_) => {
                text.parse().map(Self::Price).map_err(|error: crate::units::PriceError| error.to_string())
            }
            Self::Quantity(_) => {
                text.parse().map(Self::Quantity).map_err(|error: crate::units::QuantityError| error.to_string())
            }
            Self::Money(_) => {
                text.parse().map(Self::Money).map_err(|error: crate::units::MoneyOverflow| error.to_string())
            }
        }
    }

    /// Which of two is larger; `None` where they are of different kinds or not to be compared.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Flag(left), Self::Flag(right)) => Some(left.cmp(&right)),
            (Self::Count(left), Self::Count(right)) => Some(left.cmp(&right)),
            (Self::Seconds(left), Self::Seconds(right)) => Some(left.cmp(&right)),
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(&right),
            (Self::Price(left), Self::Price(right)) => Some(left.cmp(&right)),
            (Self::Quantity(left), Self::Quantity(right)) => Some(left.cmp(&right)),
            (Self::Money(left), Self::Money(right)) => Some(left.cmp(&right)),
            (
                Self::Flag(_)
                | Self::Count(_)
                | Self::Seconds(_)
                | Self::Number(_)
                | Self::Price(_)
                | Self::Quantity(_)
                | Self::Money(_),
                _,
            ) => None,
        }
    }
}

/// Decimal seconds, to the nanosecond and exact: no float on the way, so that text and value stay the same.
fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a number of seconds of 0 or more, with at most nine decimals");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    if whole > MOST_SECONDS {
        return Err(format!("`{text}` seconds are more than {MOST_SECONDS}"));
    }
    let nanos: u32 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
    Ok(Duration::new(whole, nanos))
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Seconds(time) if time.subsec_nanos() == 0 => write!(f, "{}", time.as_secs()),
            Self::Seconds(time) => {
                let part = format!("{:09}", time.subsec_nanos());
                write!(f, "{}.{}", time.as_secs(), part.trim_end_matches('0'))
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Price(price) => write!(f, "{price}"),
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::Money(money) => write!(f, "{money}"),
        }
    }
}
