//! Money, prices, quantities, probabilities, ids and time: numbers that cannot be mixed up.
//!
//! No float touches money. A price counts ten-thousandths of a dollar, a quantity hundredths of a contract, so their product is an
//! exact number of micro-dollars.

mod asset_price;
mod decimal;
mod ids;
mod money;
mod price;
mod probability;
mod quantity;
mod time;

pub use asset_price::AssetPrice;
pub use decimal::{DecimalError, Scaled};
pub use ids::{
    AccountName, ClientOrderId, ClientTransferId, EventTicker, ExchangeOrderId, FillId, IdError, MarketTicker,
    OrderGroupId, RunId, SeriesTicker, StrategyId, TradeId,
};
pub use money::{Money, MoneyOverflow};
pub use price::{Price, PriceError};
pub use probability::{NotAProbability, Probability, Rounding};
pub use quantity::{Position, Quantity, QuantityChange, QuantityError};
pub use time::{Monotonic, Now, Timestamp, from_micros, micros, to_micros_precision};
