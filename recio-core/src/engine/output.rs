//! All that the engine can ask for.

use super::{EventView, GatedOrder, ServiceHealth, TradingChange};
use crate::executor::CancelOrder;
use crate::fact::Fact;
use crate::market::{Asset, Side};
use crate::price_feed::{Resolution, TimeRange};
use crate::units::{
    ClientOrderId, EventTicker, MarketTicker, Money, Price, Probability, Quantity, SeriesTicker, StrategyId, Timestamp,
    TradeId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One wish of the engine, with the service whose wish it is.
///
/// Where services run apart, each carries out the outputs of its own role alone.
#[derive(Debug, PartialEq, Serialize)]
pub struct Output {
    /// Whose.
    pub role: Role,
    /// What.
    pub wish: Wish,
}

/// The services of recio, as the operator knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Creates trades, owns their life and the ledger.
    TradeManager,
    /// Sends, cancels, looks up.
    TradeExecutor,
    /// Watches open trades and stops them.
    ActiveTradeSupervisor,
    /// Evaluates strategies and enters.
    AutoEntrySupervisor,
    /// Watches the asset's price.
    PriceWatchdog,
    /// Discovers markets and watches their books.
    MarketWatchdog,
    /// Keeps account and ledger together.
    AccountSync,
    /// Paces the cycle and builds the strike table.
    Coordinator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::TradeManager,
        Self::TradeExecutor,
        Self::ActiveTradeSupervisor,
        Self::AutoEntrySupervisor,
        Self::PriceWatchdog,
        Self::MarketWatchdog,
        Self::AccountSync,
        Self::Coordinator,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TradeManager => "trade_manager",
            Self::TradeExecutor => "trade_executor",
            Self::ActiveTradeSupervisor => "active_trade_supervisor",
            Self::AutoEntrySupervisor => "auto_entry_supervisor",
            Self::PriceWatchdog => "price_watchdog",
            Self::MarketWatchdog => "market_watchdog",
            Self::AccountSync => "account_sync",
            Self::Coordinator => "coordinator",
        }
    }
}

/// All that the engine can ask for. Only the shell acts.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Ask a strategy about an event.
    Evaluate(Arc<EventView>),
    /// Write this into the intent journal, synced.
    Journal(JournalRecord),
    /// Write the intent into the journal, synced; then look a last time, and send the order, once.
    Submit {
        /// The order.
        order: GatedOrder,
        /// The strategy's words for it, for the journal.
        why: String,
    },
    /// Ask for the end of an order.
    Cancel(CancelOrder),
    /// Read the account: orders and fills from `since`, everything else whole.
    ReadAccount {
        /// Counts the readings from 1; the answer carries it, so that it is known when its reading began.
        number: u64,
        /// From when; `None` for all there is.
        since: Option<Timestamp>,
    },
    /// Read a series.
    ReadSeries(SeriesTicker),
    /// Read past prices of an asset.
    ReadHistory {
        /// The asset.
        asset: Asset,
        /// In bars of this length.
        resolution: Resolution,
        /// Of this time.
        range: TimeRange,
    },
    /// List the markets of a series.
    ListMarkets {
        /// The series.
        series: SeriesTicker,
        /// Which close in this range.
        closing: TimeRange,
    },
    /// Follow exactly these markets.
    Follow(Vec<MarketTicker>),
    /// Keep this for ever.
    Record(Box<Fact>),
    /// Show this to whoever looks.
    Publish(Arc<StrikeTable>),
    /// Show the open trades, as their supervisor sees them, to whoever looks.
    Supervised(Vec<ActiveTrade>),
    /// Tell the operator, once a minute, why nothing was entered.
    Funnel {
        /// Whose.
        strategy: StrategyId,
        /// The minute that ended then.
        until: Timestamp,
        /// Entries in that minute.
        entered: u32,
        /// Strikes that were not entered, by reason code.
        refused: BTreeMap<String, u32>,
    },
    /// Tell the operator something.
    Say(Notice),
    /// Come back at this time, whatever happens in between.
    WakeAt(Timestamp),
    /// Show how every service is, in the order of [`Role::ALL`], to whoever looks: when one of them changed, and every half minute of the engine's
    /// time. Within a second of a change.
    Health(Vec<ServiceHealth>),
}

/// What is written into the intent journal besides the intents themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalRecord {
    /// The account's books were opened with this much cash.
    Opened {
        /// Cash at that moment.
        cash: Money,
        /// When.
        time: Timestamp,
    },
    /// An order whose outcome was not known was proved to be absent: no later run has to look it up again.
    Absent {
        /// The order.
        client_order_id: ClientOrderId,
    },
    /// What is let through has changed, and a later run has to go by it.
    Trading(TradingChange),
}

/// An open trade, as its supervisor sees it at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActiveTrade {
    /// The trade.
    pub trade: TradeId,
    /// Whose it is.
    pub strategy: StrategyId,
    /// The market.
    pub market: MarketTicker,
    /// The outcome held.
    pub side: Side,
    /// Contracts held.
    pub held: Quantity,
    /// The model's probability of the outcome held; `None` where it has no opinion.
    pub probability: Option<Probability>,
    /// How far the asset's price lies on our side of the strike, in dollars; below zero on the other side. `None` for ranges, and without
    /// a fresh price.
    pub buffer: Option<f64>,
    /// What one contract sells for now, in the outcome's own terms.
    pub close_price: Option<Price>,
    /// What the trade would have brought if all that is held were sold at that price, before the fee of selling.
    pub unrealized_pnl: Option<Money>,
}

/// A table of an event's strikes, with what recio thinks of each.
pub type StrikeTable = EventView;

/// Something worth telling the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How much it matters.
    pub level: NoticeLevel,
    /// What, in one sentence.
    pub text: String,
    /// The event it is about, if about one.
    pub event: Option<EventTicker>,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeLevel {
    /// Orders, fills, settlements, connects.
    Info,
    /// Coping.
    Warning,
    /// A person has to act.
    Alarm,
}
