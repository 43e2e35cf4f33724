//! All that the engine can be told.

use super::{Recalled, TradingState};
use crate::executor::{Accepted, AccountEvent, Canceled};
use crate::market::{Asset, Market, Series};
use crate::market_data::MarketEvent;
use crate::price_feed::{FeedAbout, PastPrices, PriceEvent, Resolution};
use crate::read::Read;
use crate::settings::SettingVersion;
use crate::strategy::Decision;
use crate::trade::{Fill, Intent, OrderReport, PositionReport, Settlement};
use crate::units::{ClientOrderId, Money, SeriesTicker, Timestamp};
use serde::{Deserialize, Serialize};

/// All that the engine can be told. A session is a list of these, each with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// What the journal of earlier runs holds. The first input of a run.
    Recovered(Recovered),
    /// Time passed.
    Timer,
    /// A price feed told something.
    Price {
        /// Which feed.
        feed: FeedAbout,
        /// What.
        event: PriceEvent,
    },
    /// The past of an asset was read, or could not be.
    History {
        /// Of which asset.
        asset: Asset,
        /// How long the bars are.
        resolution: Resolution,
        /// The feed with what it, or what stands in for it, has: nothing where none keeps bars of this length. Or why it could not be read.
        read: Result<(FeedAbout, Vec<PastPrices>), String>,
    },
    /// The market data source told something.
    Market(MarketEvent),
    /// A series was read.
    Series(Series),
    /// The markets of a series were listed.
    Listed {
        /// The series.
        series: SeriesTicker,
        /// Its markets in the asked range, or why they could not be read.
        markets: Result<Read<Vec<Market>>, String>,
    },
    /// The private stream told something.
    Account(AccountEvent),
    /// A strategy decided.
    Decision(Decision),
    /// A strategy failed on a view.
    StrategyFailed {
        /// The view.
        view: u64,
        /// Whose.
        strategy: crate::units::StrategyId,
        /// Why.
        reason: String,
    },
    /// A submit came to its end.
    Submitted {
        /// The order.
        client_order_id: ClientOrderId,
        /// How.
        outcome: SubmitOutcome,
    },
    /// A cancel came to its end.
    Canceled {
        /// The order.
        client_order_id: ClientOrderId,
        /// How.
        outcome: CancelOutcome,
    },
    /// The account was read.
    AccountRead(Box<AccountRead>),
    /// The store wrote all facts up to now (`Ok`), or cannot write.
    Stored(Result<(), String>),
    /// A person, or the shell on a person's behalf, wants something.
    Command(Command),
    /// The intent journal cannot be written: no order can be sent.
    JournalFailed {
        /// Why.
        reason: String,
    },
    /// The intent journal, which could not be written, was written again.
    JournalWrites,
    /// What the local cache remembers of an earlier run. The second input of a run that has one.
    Recalled(Recalled),
    /// The newest version of every override that the store has, or why nobody knows: at the start of a run whose store keeps them, and whenever one was
    /// made since.
    Settings(Result<Vec<SettingVersion>, String>),
}

/// What the intent journal of earlier runs holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recovered {
    /// Cash when the account's books were opened, and when that was; `None` on the very first run.
    pub opened: Option<(Money, Timestamp)>,
    /// Every intent, in the order of writing.
    pub intents: Vec<JournaledIntent>,
    /// What was let through when the last run ended; `None` where that was never anything but everything.
    pub trading: Option<TradingChange>,
}

/// What is let through from now on, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingChange {
    /// What.
    pub state: TradingState,
    /// Since when.
    pub time: Timestamp,
    /// The alarm that told of it; empty where a person let everything through again.
    pub why: String,
}

/// An intent as the journal has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournaledIntent {
    /// What was wanted.
    pub intent: Intent,
    /// The strategy's words for it.
    pub why: String,
    /// What is known of its end: nothing, if the program died between writing it down and hearing the answer.
    pub outcome: Option<SubmitOutcome>,
    /// It was looked up until it was proved that the exchange never had it.
    pub absent: bool,
}

/// How a submit ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// The exchange has it.
    Accepted(Accepted),
    /// The exchange refused it.
    Refused {
        /// Its code, with details.
        code: String,
    },
    /// It was held back, or nothing left this machine.
    NotSent {
        /// Why.
        reason: String,
    },
    /// It may or may not have reached the exchange.
    Unknown {
        /// What came instead of an answer.
        reason: String,
    },
}

/// How a cancel ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelOutcome {
    /// The remainder was removed.
    Canceled(Canceled),
    /// It could not be done, or nobody knows; where the order is has to be found out.
    Failed {
        /// What came instead.
        reason: String,
    },
}

/// What reading the account gave. A part that could not be read is `None`: nothing follows from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountRead {
    /// The number of the wish that it answers.
    pub number: u64,
    /// When the reading began: what happened later may be missing from it.
    pub started_time: Option<Timestamp>,
    /// All orders.
    pub orders: Option<Read<Vec<OrderReport>>>,
    /// All fills.
    pub fills: Option<Read<Vec<Fill>>>,
    /// All open positions.
    pub positions: Option<Read<Vec<PositionReport>>>,
    /// All settlements.
    pub settlements: Option<Read<Vec<Settlement>>>,
    /// Cash on the shard.
    pub balance: Option<Money>,
    /// Why parts are missing.
    pub problems: Vec<String>,
}

impl AccountRead {
    /// Whether every part was read, and to its end: only then may anything be called absent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.orders.as_ref().is_some_and(Read::is_complete)
            && self.fills.as_ref().is_some_and(Read::is_complete)
            && self.positions.as_ref().is_some_and(Read::is_complete)
            && self.settlements.as_ref().is_some_and(Read::is_complete)
            && self.balance.is_some()
    }
}

/// What a person can want of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Stop everything but cancels. Only a person takes it back.
    Halt {
        /// Why.
        reason: String,
    },
    /// The kill latch is set: as [`Command::Halt`], but that a later run goes by the latch itself.
    Kill {
        /// The latch.
        latch: String,
    },
    /// Let only orders through that reduce.
    ReduceOnly {
        /// Why.
        reason: String,
    },
    /// Let all orders through again.
    Resume,
    /// Close one trade.
    CloseTrade(crate::units::TradeId),
    /// The program is about to end: no more entries; resting orders are canceled.
    Stop,
}
