//! The exchange's JSON, both ways: recio reads it, a simulator writes it with the same types.
//!
//! Decimals and enum words stay the text that came, so that one odd value spoils its own field and nothing else; [`parse`](crate::parse)
//! turns them into core's types and names what it could not read. Unknown keys are ignored, missing required ones are errors.

mod batch;
mod candle;
mod command;
mod delta_frame;
mod error_body;
mod event;
mod exchange;
mod frame;
mod frame_bodies;
mod historical;
mod index;
mod market;
mod nullable;
mod number;
mod object;
mod order;
mod order_change;
mod order_group;
mod portfolio;
mod series;
mod subaccount;
mod text;
mod transfer;

pub use batch::{
    BatchCancel, BatchCancelOrder, BatchCancelResponse, BatchCanceled, BatchCreate, BatchCreateResponse, BatchCreated,
};
pub use candle::{
    ArchivedCandle, ArchivedCandlePrice, ArchivedCandleQuote, ArchivedCandles, BatchCandles, Candle, CandleBatch,
    CandlePrice, CandleQuote, EventCandles, MarketCandles,
};
pub use command::{Command, CommandParams};
pub use error_body::{ErrorBody, ErrorInfo};
pub use event::{Event, EventFeeChange, EventFeeChangesPage, EventMetadata, EventResponse, EventsPage, MarketMetadata};
pub use exchange::{
    AccountLimits, DailySchedule, EndpointCost, EndpointCosts, ExchangeIndexStatus, ExchangeStatus, LimitGrant,
    MaintenanceWindow, Schedule, ScheduleResponse, TokenBucket, UserDataTimestamp, WeeklySchedule,
};
pub use frame::{Frame, FrameBody, FrameError, FrameHead};
pub use frame_bodies::{
    CommandError, CreatedMetadata, DeltaMessage, EventFeeUpdateMessage, EventLifecycleMessage, FastIndexMessage,
    FillMessage, IndexAverage, IndexValueMessage, LifecycleMessage, OkMessage, OrderGroupMessage, PositionMessage,
    SnapshotMessage, SubscribedMessage, TickerMessage, TradeMessage, UserOrderMessage,
};
pub use historical::HistoricalCutoff;
pub use index::{IndexData, IndexHistory, IndexHistoryData, IndexHistoryValue};
pub use market::{
    Market, MarketOrderBook, MarketResponse, MarketsPage, OrderBook, OrderBookResponse, OrderBooks, PriceRange,
    PublicTrade, TradesPage,
};
use nullable::nullable;
pub use number::JsonNumber;
pub use object::read_body;
pub(crate) use object::{read_text, read_value};
pub use order::{CancelOrderResponse, CreateOrder, CreateOrderResponse, Order, OrderResponse, OrdersPage, orders_path};
pub use order_change::{
    AmendOrder, AmendOrderResponse, DecreaseOrder, DecreaseOrderResponse, QueuePosition, QueuePositionResponse,
    QueuePositions,
};
pub use order_group::{
    CreateOrderGroup, CreateOrderGroupResponse, OrderGroup, OrderGroupLimit, OrderGroupResponse, OrderGroups,
};
pub use portfolio::{
    Balance, EventPosition, Fill, FillsPage, MarketPosition, PositionsPage, RestingOrderValue, Settlement,
    SettlementsPage, ShardBalance,
};
pub use series::{Series, SeriesFeeChange, SeriesFeeChanges, SeriesList, SeriesResponse, SettlementSource};
pub use subaccount::{
    CreateSubaccount, CreateSubaccountResponse, SubaccountBalance, SubaccountBalances, SubaccountNetting,
    SubaccountNettings, SubaccountTransfer, SubaccountTransferRequest, SubaccountTransfersPage,
    UpdateSubaccountNetting,
};
pub use text::Text;
pub use transfer::{
    Deposit, DepositsPage, ShardAllocation, ShardTransfer, ShardTransferCreated, ShardTransferRequest,
    ShardTransferResponse, ShardTransfersPage, TargetBalanceAllocation, WithdrawalsPage,
};
