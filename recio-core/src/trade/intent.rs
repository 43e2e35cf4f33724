//! An intent: the wish to trade, written down before anything is sent.

use crate::market::{Action, BookSide, Side};
use crate::units::{
    AccountName, ClientOrderId, EventTicker, MarketTicker, Money, Price, Quantity, RunId, StrategyId, Timestamp,
    TradeId,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One order that recio wants at the exchange. It is sent at most once, ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Our name for the order, a pure function of account, run and number.
    pub client_order_id: ClientOrderId,
    /// Counts the intents of one run from 1.
    pub number: u64,
    /// The trade it opens or closes.
    pub trade: TradeId,
    /// Whose wish it is.
    pub strategy: StrategyId,
    /// The market.
    pub market: MarketTicker,
    /// The event of the market.
    pub event: EventTicker,
    /// When the market closes.
    pub close_time: Timestamp,
    /// Which outcome.
    pub side: Side,
    /// Buy to open, sell to reduce.
    pub action: Action,
    /// The worst price that is still wanted, in the outcome's own terms (a NO price for NO).
    pub limit: Price,
    /// How many contracts.
    pub quantity: Quantity,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
    /// Refused rather than filled at once.
    pub post_only: bool,
    /// Opens or closes.
    pub purpose: Purpose,
    /// When the engine formed it.
    pub created_time: Timestamp,
}

/// How long an order may wait for a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is filled, canceled, or the market closes.
    GoodTillCanceled,
    /// Fills what it can at once; the rest is canceled.
    ImmediateOrCancel,
    /// All at once, or nothing.
    FillOrKill,
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Opens a position, or adds to one.
    Entry,
    /// Reduces one. Never held back by what holds entries back.
    Exit,
}

impl Intent {
    /// Where the order lies in the book.
    #[must_use]
    pub const fn book_side(&self) -> BookSide {
        BookSide::of(self.action, self.side)
    }

    /// The limit as a YES price, as the book and the wire have it.
    #[must_use]
    pub const fn yes_limit(&self) -> Price {
        self.side.yes_price(self.limit)
    }

    /// The most that an opening order can cost before fees; nothing for one that reduces.
    #[must_use]
    pub fn principal(&self) -> Money {
        match self.action {
            Action::Buy => self.limit * self.quantity,
            Action::Sell => Money::ZERO,
        }
    }
}

/// Makes the id under which the exchange will know an order: a UUID (version 8) hashed from account, run and intent number.
///
/// Ids are burnt for ever at the exchange, so a restored database must not repeat one: the run id makes each start's ids new. A UUID's hex
/// and dashes are the characters known to be accepted (a `.` is refused).
///
/// # Panics
/// Never: a UUID is visible ASCII of 36 characters.
#[must_use]
pub fn client_order_id(account: &AccountName, run: &RunId, number: u64) -> ClientOrderId {
    let mut hash = Sha256::new();
    for part in [account.as_str(), run.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(number.to_be_bytes());
    let digest = hash.finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    let text = uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string();
    ClientOrderId::new(&text).expect("a UUID is 36 visible ASCII characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_account_run_and_number_alone() {
        let id = |account: &str, run: &str, number| {
            client_order_id(&account.parse().unwrap(), &run.parse().unwrap(), number)
        };
        assert_eq!(id("a", "r1", 1), id("a", "r1", 1));
        let all = [id("a", "r1", 1), id("a", "r1", 2), id("a", "r2", 1), id("b", "r1", 1), id("ar", "1", 1)];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all[0].as_str().bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
    }
}
