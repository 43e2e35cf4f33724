//! Which settlement values make a market pay YES.

use crate::units::AssetPrice;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The strike of a market, by the exchange's `strike_type`.
///
/// Source: the markets endpoint of Kalshi's API (`floor_strike`, `cap_strike`), state of October 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strike {
    /// Pays above the floor.
    Greater {
        /// The value that does not pay any more.
        floor: AssetPrice,
    },
    /// Pays at the floor and above.
    GreaterOrEqual {
        /// The lowest value that pays.
        floor: AssetPrice,
    },
    /// Pays below the cap.
    Less {
        /// The value that does not pay any more.
        cap: AssetPrice,
    },
    /// Pays at the cap and below.
    LessOrEqual {
        /// The highest value that pays.
        cap: AssetPrice,
    },
    /// Pays from floor to cap, both included.
    Between {
        /// The lowest value that pays.
        floor: AssetPrice,
        /// The highest value that pays.
        cap: AssetPrice,
    },
}

/// The settlement values, in whole cents, that pay YES: both ends included, `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinningRange {
    /// The lowest value that pays, in cents.
    pub from_cents: Option<u64>,
    /// The highest value that pays, in cents.
    pub to_cents: Option<u64>,
}

impl Strike {
    /// Whether a settlement value makes the market pay YES.
    #[must_use]
    pub fn pays_yes(&self, value: AssetPrice) -> bool {
        let range = self.winning_range();
        range.from_cents.is_none_or(|from| value.cents() >= from) && range.to_cents.is_none_or(|to| value.cents() <= to)
    }

    /// The values that pay, as a closed range of whole cents. Settlement values are whole cents, so "above X.99" is "from X+1".
    #[must_use]
    pub fn winning_range(&self) -> WinningRange {
        let (from_cents, to_cents) = match *self {
            Self::Greater { floor } => (Some(floor.cents() + 1), None),
            Self::GreaterOrEqual { floor } => (Some(floor.cents()), None),
            Self::Less { cap } => (None, Some(cap.cents() - 1)),
            Self::LessOrEqual { cap } => (None, Some(cap.cents())),
            Self::Between { floor, cap } => (Some(floor.cents()), Some(cap.cents())),
        };
        WinningRange { from_cents, to_cents }
    }

    /// The level that names the strike on a table: the floor, or the cap where there is no floor.
    #[must_use]
    pub const fn level(&self) -> AssetPrice {
        match *self {
            Self::Greater { floor } | Self::GreaterOrEqual { floor } | Self::Between { floor, .. } => floor,
            Self::Less { cap } | Self::LessOrEqual { cap } => cap,
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Greater { floor } => format!("> {floor}"),
            Self::GreaterOrEqual { floor } => format!(">= {floor}"),
            Self::Less { cap } => format!("< {cap}"),
            Self::LessOrEqual { cap } => format!("<= {cap}"),
            Self::Between { floor, cap } => format!("{floor}..{cap}"),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> AssetPrice {
        text.parse().unwrap()
    }

    #[test]
    fn ends_belong_where_the_exchange_puts_them() {
        let floor = usd("91249.99");
        assert!(!Strike::Greater { floor }.pays_yes(usd("91249.99")));
        assert!(Strike::Greater { floor }.pays_yes(usd("91250.00")));
        assert!(Strike::GreaterOrEqual { floor }.pays_yes(floor));
        let cap = usd("74200");
        assert!(!Strike::Less { cap }.pays_yes(cap));
        assert!(Strike::LessOrEqual { cap }.pays_yes(cap));
        let range = Strike::Between { floor: usd("92700"), cap: usd("92799.99") };
        assert!(range.pays_yes(usd("92700")) && range.pays_yes(usd("92799.99")));
        assert!(!range.pays_yes(usd("92800")) && !range.pays_yes(usd("92699.99")));
    }
}
