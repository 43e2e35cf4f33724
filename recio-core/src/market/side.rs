//! Which contract, what we do with it, and where that lands in the one book of a market.

use crate::units::Price;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which outcome a contract pays on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Pays $1 if the event happens.
    Yes,
    /// Pays $1 if it does not.
    No,
}

/// What we do with a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Open, or add.
    Buy,
    /// Reduce.
    Sell,
}

/// Where an order lies in the book, which is kept in YES prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookSide {
    /// Buys YES, or sells NO.
    Bid,
    /// Sells YES, or buys NO.
    Ask,
}

impl Side {
    /// The other outcome.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }

    /// Turns a price of this outcome into a YES price, and a YES price into one of this outcome.
    #[must_use]
    pub const fn yes_price(self, price: Price) -> Price {
        match self {
            Self::Yes => price,
            Self::No => price.complement(),
        }
    }
}

impl BookSide {
    /// Where an order of this kind lies: buying YES and selling NO are bids, selling YES and buying NO asks.
    ///
    /// Source: the direction table of the exchange's order documentation; a NO bid at q is a YES ask at 1 − q.
    #[must_use]
    pub const fn of(action: Action, side: Side) -> Self {
        match (action, side) {
            (Action::Buy, Side::Yes) | (Action::Sell, Side::No) => Self::Bid,
            (Action::Sell, Side::Yes) | (Action::Buy, Side::No) => Self::Ask,
        }
    }

    /// The side that this one trades with.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// The outcome that an opening order on this side buys.
    #[must_use]
    pub const fn outcome(self) -> Side {
        match self {
            Self::Bid => Side::Yes,
            Self::Ask => Side::No,
        }
    }

    /// Whether an order at `ours` on this side trades with a resting order at `theirs` on the other.
    #[must_use]
    pub fn crosses(self, ours: Price, theirs: Price) -> bool {
        match self {
            Self::Bid => ours >= theirs,
            Self::Ask => ours <= theirs,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Yes => "YES",
            Self::No => "NO",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

impl fmt::Display for BookSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bid => "bid",
            Self::Ask => "ask",
        })
    }
}
