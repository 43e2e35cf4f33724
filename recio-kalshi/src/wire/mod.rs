//! The exchange's JSON, both ways: recio reads it, a simulator writes it with the same types.
//!
//! Decimals and enum words stay the text that came, so that one odd value spoils its own field and nothing else; [`parse`](crate::parse)
//! turns them into core's types and names what it could not read. Unknown keys are ignored, missing required ones are errors.

mod command;
mod error_body;
mod exchange;
mod frame;
mod frame_bodies;
mod index;
mod market;
mod number;
mod order;
mod portfolio;
mod text;

pub use command::{Command, CommandParams};
pub use error_body::{ErrorBody, ErrorInfo};
pub use exchange::{
    AccountLimits, EndpointCost, EndpointCosts, ExchangeIndexStatus, ExchangeStatus, LimitGrant, TokenBucket,
};
pub use frame::{Frame, FrameBody, FrameError, FrameHead};
pub use frame_bodies::{
    CommandError, CreatedMetadata, DeltaMessage, EventFeeUpdateMessage, EventLifecycleMessage, FillMessage,
    IndexAverage, IndexValueMessage, LifecycleMessage, OkMessage, PositionMessage, SnapshotMessage, SubscribedMessage,
    TickerMessage, TradeMessage, UserOrderMessage,
};
pub use index::{IndexData, IndexHistory, IndexHistoryData, IndexHistoryValue};
pub use market::{
    Event, EventResponse, Market, MarketResponse, MarketsPage, OrderBook, OrderBookResponse, PriceRange, PublicTrade,
    Series, SeriesFeeChange, SeriesFeeChanges, SeriesResponse, SettlementSource, TradesPage,
};
pub use number::JsonNumber;
pub use order::{CancelOrderResponse, CreateOrder, CreateOrderResponse, Order, OrderResponse, OrdersPage, orders_path};
pub use portfolio::{
    Balance, EventPosition, Fill, FillsPage, MarketPosition, PositionsPage, Settlement, SettlementsPage, ShardBalance,
};
pub use text::Text;
