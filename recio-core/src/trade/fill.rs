//! One execution of part of an order.

use crate::market::BookSide;
use crate::units::{ClientOrderId, ExchangeOrderId, FillId, MarketTicker, Money, Position, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// One execution of part of one of our orders. Identified by order and fill id together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The execution; the public trade carries the same id.
    pub id: FillId,
    /// The exchange's id of the order.
    pub order: ExchangeOrderId,
    /// Our id of the order, where the source carries it (the stream does, the REST list does not).
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub market: MarketTicker,
    /// Where our order lay.
    pub book_side: BookSide,
    /// YES price.
    pub yes_price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// What the exchange charged for this fill, in all.
    pub fee: Money,
    /// Whether our order was resting or incoming.
    pub liquidity: Liquidity,
    /// When the exchange executed it.
    pub exchange_time: Timestamp,
}

/// Which party of an execution we were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Liquidity {
    /// Our order was resting.
    Maker,
    /// Our order came in and took.
    Taker,
}

/// What a fill does to a position and to cash before fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashFlow {
    /// Contracts of the held outcome that the fill closed.
    pub closed: Quantity,
    /// Contracts that it opened.
    pub opened: Quantity,
    /// What came in for the closed ones: their outcome's price each.
    pub proceeds: Money,
    /// What went out for the opened ones: their outcome's price each.
    pub cost: Money,
    /// The position afterwards.
    pub position: Position,
}

impl Fill {
    /// Nets the fill against a position: a bid closes NO and then opens YES, an ask closes YES and then opens NO.
    ///
    /// There is no open or close flag at the exchange; a matched YES and NO pair is worth $1 at once, which makes closing NO at a YES price
    /// of p the same as selling it at 1 − p. `None` where the position would leave the range that recio handles.
    #[must_use]
    pub fn net(&self, held: Position) -> Option<CashFlow> {
        let (against, change) = match self.book_side {
            BookSide::Bid => (held.no_size(), Position::yes(self.quantity)),
            BookSide::Ask => (held.yes_size(), Position::no(self.quantity)),
        };
        let closed = self.quantity.min(against);
        let opened = self.quantity.saturating_sub(closed);
        let opened_price = self.book_side.outcome().yes_price(self.yes_price);
        Some(CashFlow {
            closed,
            opened,
            proceeds: opened_price.complement() * closed,
            cost: opened_price * opened,
            position: held.checked_add(change)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(book_side: BookSide, yes_price: &str, quantity: &str) -> Fill {
        Fill {
            id: "f".parse().unwrap(),
            order: "o".parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            book_side,
            yes_price: yes_price.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
            exchange_time: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_ask_closes_yes_before_it_opens_no() {
        let flow = fill(BookSide::Ask, "0.60", "5").net("3.00".parse().unwrap()).unwrap();
        assert_eq!((flow.closed, flow.opened), (Quantity::contracts(3), Quantity::contracts(2)));
        assert_eq!(flow.proceeds, "1.80".parse().unwrap());
        assert_eq!(flow.cost, "0.80".parse().unwrap());
        assert_eq!(flow.position, "-2.00".parse().unwrap());
    }

    #[test]
    fn a_bid_closes_no_at_the_complement() {
        let flow = fill(BookSide::Bid, "0.30", "2").net("-2.00".parse().unwrap()).unwrap();
        assert_eq!((flow.proceeds, flow.cost, flow.position), ("1.40".parse().unwrap(), Money::ZERO, Position::FLAT));
    }
}
