//! The best prices of a market, and what was traded.

use super::Side;
use crate::units::{FillId, MarketTicker, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// One price with the quantity that lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The YES price, unless it is said otherwise.
    pub price: Price,
    /// Contracts resting there.
    pub quantity: Quantity,
}

/// Best bid and ask in YES prices; `None` is an empty side, never a price of zero or one dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Highest price somebody pays for YES.
    pub bid: Option<Level>,
    /// Lowest price somebody sells YES for.
    pub ask: Option<Level>,
}

impl Quote {
    /// What one contract of this outcome costs now, and how many are offered at that price.
    #[must_use]
    pub fn cost(&self, side: Side) -> Option<Level> {
        match side {
            Side::Yes => self.ask,
            Side::No => self.bid.map(|bid| Level { price: bid.price.complement(), ..bid }),
        }
    }

    /// What one contract of this outcome sells for now, and how many are wanted at that price.
    #[must_use]
    pub fn proceeds(&self, side: Side) -> Option<Level> {
        match side {
            Side::Yes => self.bid,
            Side::No => self.ask.map(|ask| Level { price: ask.price.complement(), ..ask }),
        }
    }

    /// Ask less bid in ten-thousandths of a dollar, where both sides are there and not crossed.
    #[must_use]
    pub fn spread_units(&self) -> Option<u16> {
        let (bid, ask) = (self.bid?.price, self.ask?.price);
        (ask >= bid).then(|| ask.distance_units(bid))
    }
}

/// A summary of a market that the exchange streams: best prices, last trade, volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickerUpdate {
    /// The market.
    pub market: MarketTicker,
    /// Its best prices by this channel, which is not in step with the book channel.
    pub quote: Quote,
    /// The last traded YES price, if there was a trade.
    pub last_price: Option<Price>,
    /// Contracts traded since it opened.
    pub volume: Quantity,
    /// Contracts held by anybody.
    pub open_interest: Quantity,
    /// When the exchange says so.
    pub exchange_time: Timestamp,
}

/// A print of the market: an execution between any two parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTrade {
    /// Its id; equal to the fill's id if we were part of it.
    pub id: FillId,
    /// The market.
    pub market: MarketTicker,
    /// YES price.
    pub yes_price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// The outcome that the taker bought.
    pub taker_side: Side,
    /// When the exchange executed it.
    pub exchange_time: Timestamp,
}
