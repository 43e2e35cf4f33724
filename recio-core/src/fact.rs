//! Facts: what happened, in the form in which it is kept for ever.

use crate::engine::DecisionRecord;
use crate::imported::Imported;
use crate::market::Side;
use crate::trade::{Fill, Intent, OrderStatus, Settlement, Trade};
use crate::units::{
    AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Money, Price, Probability, Quantity, RunId, StrategyId,
    Timestamp, TradeId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which exchange an account is at. Picks host, key and store together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// recio's own simulator.
    Sim,
    /// Live data, simulated fills.
    Paper,
    /// The exchange's test environment.
    KalshiDemo,
    /// Real money.
    Kalshi,
}

/// One thing that happened, with all that is needed to tell whose it is. Never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Where.
    pub environment: Environment,
    /// Whose.
    pub account: AccountName,
    /// The account's part; 0 unless subaccounts are used.
    pub subaccount: u8,
    /// The exchange's shard; 2 for crypto.
    pub exchange_index: u16,
    /// The start of the program that recorded it.
    pub run: RunId,
    /// Counts the facts of the run from 1. Tells states apart that come again, such as open after a cancel that failed.
    pub number: u64,
    /// The monitor that it belongs to, if to one.
    pub strategy: Option<StrategyId>,
    /// When it happened: the exchange's time where it has one, else the engine's.
    pub time: Timestamp,
    /// What.
    pub body: FactBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactBody {
    /// The account's books were opened with this much cash.
    AccountOpened {
        /// Cash at that moment.
        cash: Money,
    },
    /// Cash moved for no trade of ours: a deposit, a withdrawal, a correction.
    CashMoved {
        /// Counts the account's movements from 1.
        number: u64,
        /// Above zero when it came in.
        amount: Money,
        /// What is known of it.
        reason: String,
    },
    /// An order was wanted.
    Intent(Intent),
    /// An order came into a state.
    OrderChanged {
        /// The order.
        client_order_id: ClientOrderId,
        /// The exchange's id, once it is known.
        exchange_id: Option<ExchangeOrderId>,
        /// The state.
        status: OrderStatus,
        /// Contracts executed, by the fills we have.
        filled: Quantity,
        /// The exchange's code or our reason, where the order failed.
        reason: Option<String>,
    },
    /// Part of an order was executed.
    Fill {
        /// The execution.
        fill: Fill,
        /// Our trade; `None` for an execution that no intent of ours explains.
        trade: Option<TradeId>,
    },
    /// A market was paid.
    Settlement {
        /// The payment.
        settlement: Settlement,
        /// 1 for the first; an amended settlement is reversed and booked again under the next.
        version: u32,
    },
    /// A trade came into a state. The newest one of a trade counts.
    Trade(Trade),
    /// A strategy's decision was taken up: every strike with model, market and verdict. See [`DecisionRecord`] for which ones are kept.
    Decision(DecisionRecord),
    /// Something that a person has to look at.
    Alarm {
        /// What.
        text: String,
    },
    /// An order that would have been sent, had orders been sent.
    Shadow(ShadowOrder),
    /// A record that another program kept. No position, no trade and no ledger entry is made of it.
    Imported(Box<Imported>),
}

/// An order that passed every rule and limit, and was recorded instead of sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowOrder {
    /// The market.
    pub market: MarketTicker,
    /// The outcome that would have been bought.
    pub side: Side,
    /// The most that would have been paid for a contract, in the outcome's own terms.
    pub limit: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// The model's value of the outcome.
    pub fair: Option<Probability>,
    /// The model's value less price and exact fee, in ten-thousandths of a dollar a contract; `None` where either is not known.
    pub edge_units: Option<f64>,
    /// Why, in the strategy's words.
    pub why: String,
}

impl Fact {
    /// The kind, as the store's column has it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.body {
            FactBody::AccountOpened { .. } => "account_opened",
            FactBody::CashMoved { .. } => "cash_moved",
            FactBody::Intent(_) => "intent",
            FactBody::OrderChanged { .. } => "order_changed",
            FactBody::Fill { .. } => "fill",
            FactBody::Settlement { .. } => "settlement",
            FactBody::Trade(_) => "trade",
            FactBody::Decision(_) => "decision",
            FactBody::Alarm { .. } => "alarm",
            FactBody::Shadow(_) => "shadow_order",
            FactBody::Imported(_) => "imported",
        }
    }

    /// What makes the fact the same fact when it is learned again: after a restart, or when the answer to a write was lost. Unique within
    /// environment, account, subaccount and shard.
    ///
    /// What happened once (an intent, a fill, a payout) has a key of its own nature, whoever records it. A state is told again by each run.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.body {
            FactBody::AccountOpened { .. } => "account_opened".to_owned(),
            FactBody::CashMoved { number, .. } => format!("cash_moved/{number}"),
            FactBody::Intent(intent) => format!("intent/{}", intent.client_order_id),
            FactBody::Fill { fill, .. } => format!("fill/{}/{}", fill.order, fill.id),
            FactBody::Settlement { settlement, version } => format!("settlement/{}/{version}", settlement.market),
            FactBody::Imported(imported) => {
                let Imported { origin, table, record, version, .. } = &**imported;
                format!("imported/{}/{table}/{record}/{version}", origin.as_str())
            }
            FactBody::OrderChanged { .. }
            | FactBody::Trade(_)
            | FactBody::Decision(_)
            | FactBody::Alarm { .. }
            | FactBody::Shadow(_) => {
                format!("{}/{}/{}", self.kind(), self.run, self.number)
            }
        }
    }
}

impl Fact {
    /// What may not differ between two facts of one key: the money in it. `None` for facts without any.
    ///
    /// The same execution is told by the stream and by the list with times of different precision, so times are not part of it.
    #[must_use]
    pub fn economics(&self) -> Option<String> {
        match &self.body {
            FactBody::AccountOpened { cash } => Some(cash.to_string()),
            FactBody::CashMoved { amount, .. } => Some(amount.to_string()),
            FactBody::Intent(intent) => Some(format!(
                "{}/{}/{}/{}/{}",
                intent.market, intent.action, intent.side, intent.limit, intent.quantity
            )),
            FactBody::Fill { fill, .. } => {
                Some(format!("{}/{}/{}/{}/{}", fill.market, fill.book_side, fill.yes_price, fill.quantity, fill.fee))
            }
            FactBody::Settlement { settlement, .. } => {
                Some(format!("{}/{}/{}", settlement.market, settlement.result.yes_payout(), settlement.revenue))
            }
            FactBody::Imported(imported) => Some(imported.economics()),
            FactBody::OrderChanged { .. }
            | FactBody::Trade(_)
            | FactBody::Decision(_)
            | FactBody::Alarm { .. }
            | FactBody::Shadow(_) => None,
        }
    }
}

impl Environment {
    /// The word for it, as the config has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Paper => "paper",
            Self::KalshiDemo => "kalshi-demo",
            Self::Kalshi => "kalshi",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
