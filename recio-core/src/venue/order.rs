//! An order as the exchange keeps it.

use super::{Subaccount, Wallet};
use crate::market::BookSide;
use crate::trade::{Liquidity, OrderFees, OrderReport, ReportedStatus, TimeInForce};
use crate::units::{
    AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Money, OrderGroupId, Price, Quantity, Timestamp,
};
use serde::{Deserialize, Serialize};

/// An order that an account wants to place.
///
/// Source: the create-order body of docs.kalshi.com (V2 event orders), state of October 2026.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// The market.
    pub market: MarketTicker,
    /// The account's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Bid buys YES or closes NO, ask closes YES or buys NO.
    pub book_side: BookSide,
    /// The worst price, as a YES price.
    pub yes_price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
    /// When it is canceled; only with good-till-canceled.
    pub expiration: Option<Timestamp>,
    /// Refused where it would cross.
    pub post_only: bool,
    /// Capped to the opposite position; only with immediate-or-cancel and fill-or-kill.
    pub reduce_only: bool,
    /// What happens where it would trade with an order of the same account.
    pub self_trade_prevention: SelfTradePrevention,
    /// Canceled when trading or the exchange is paused.
    pub cancel_on_pause: bool,
    /// The subaccount that it trades for.
    pub subaccount: Subaccount,
    /// The group that it is a member of.
    pub order_group: Option<OrderGroupId>,
}

/// What happens where an order would trade with another of the same account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTradePrevention {
    /// The incoming order stops there: earlier fills stand, its remainder is canceled, the resting order stays.
    #[default]
    TakerAtCross,
    /// The resting order is canceled and matching goes on.
    Maker,
}

/// Why an order changed, in the exchange's words (`last_update_reason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateReason {
    /// The account asked for less of it, or for its end, or its group was triggered. The word for a plain cancel and for a group's is not
    /// confirmed.
    Decrease,
    /// Its account changed its terms.
    Amend,
    /// Part of it was executed.
    Trade,
    /// It met an order of the same account.
    SelfTradeCancel,
    /// Its expiration came.
    ExpiryCancel,
    /// Its market closed.
    CloseCancel,
    /// Trading was halted.
    HaltCancel,
    /// It was post-only and would have crossed.
    PostOnlyCrossCancel,
    /// There was nothing left to reduce.
    ReduceOnlyCancel,
}

impl UpdateReason {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decrease => "Decrease",
            Self::Amend => "Amend",
            Self::Trade => "Trade",
            Self::SelfTradeCancel => "SelfTradeCancel",
            Self::ExpiryCancel => "ExpiryCancel",
            Self::CloseCancel => "CloseCancel",
            Self::HaltCancel => "HaltCancel",
            Self::PostOnlyCrossCancel => "PostOnlyCrossCancel",
            Self::ReduceOnlyCancel => "ReduceOnlyCancel",
        }
    }
}

/// An order as the exchange keeps and reports it. While it rests, initial = filled + remaining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueOrder {
    /// The exchange's name for it.
    pub id: ExchangeOrderId,
    /// Whose it is.
    pub account: AccountName,
    /// Whose cash and position within the account: its subaccount on its market's shard.
    pub wallet: Wallet,
    /// What was asked for, and amended since: the quantity is the total, with what was executed.
    pub terms: NewOrder,
    /// Resting, executed (all filled), or canceled (any remainder removed).
    pub status: ReportedStatus,
    /// Contracts executed.
    pub filled: Quantity,
    /// Contracts that still rest; none once it is executed or canceled.
    pub remaining: Quantity,
    /// What its taker fills cost in the order's own outcome: YES for a bid, NO for an ask.
    pub taker_fill_cost: Money,
    /// What its maker fills cost in the order's own outcome.
    pub maker_fill_cost: Money,
    /// Fees of its taker fills.
    pub taker_fees: Money,
    /// Fees of its maker fills.
    pub maker_fees: Money,
    /// When it was accepted.
    pub created_time: Timestamp,
    /// When it last changed.
    pub updated_time: Timestamp,
    /// Why it last changed; `None` as long as it only rests, and for what an immediate order left over.
    pub last_update_reason: Option<UpdateReason>,
    pub(super) fees: OrderFees,
    /// Its place in time among the orders at its price; an amend may cost it.
    pub(super) turn: u64,
    /// Recorded contracts at its price that come before it.
    pub(super) queue_ahead: Quantity,
    /// How far the queue shortened without a print to prove it; the next prints are taken to be that.
    pub(super) unproven: Quantity,
}

impl VenueOrder {
    /// Whether it is in the book.
    #[must_use]
    pub fn is_resting(&self) -> bool {
        self.status == ReportedStatus::Resting
    }

    /// What the exchange charged for it so far.
    #[must_use]
    pub fn total_fees(&self) -> Money {
        self.taker_fees + self.maker_fees
    }

    /// The order as recio's own order table takes it.
    #[must_use]
    pub fn report(&self) -> OrderReport {
        OrderReport {
            exchange_id: self.id.clone(),
            client_order_id: self.terms.client_order_id.clone(),
            market: self.terms.market.clone(),
            book_side: self.terms.book_side,
            yes_price: self.terms.yes_price,
            status: self.status,
            initial: self.terms.quantity,
            filled: self.filled,
            remaining: self.remaining,
            created_time: Some(self.created_time),
        }
    }

    /// Sets what remains; the total follows, so that initial = filled + remaining. (Whether the exchange's initial count follows is not
    /// confirmed.)
    pub(super) fn change_remaining(&mut self, remaining: Quantity, reason: UpdateReason, now: Timestamp) {
        self.remaining = remaining;
        self.terms.quantity = self.filled.saturating_add(remaining);
        self.last_update_reason = Some(reason);
        self.updated_time = now;
    }

    pub(super) fn count_fill(&mut self, yes_price: Price, quantity: Quantity, fee: Money, liquidity: Liquidity) {
        let cost = self.terms.book_side.outcome().yes_price(yes_price) * quantity;
        match liquidity {
            Liquidity::Taker => {
                self.taker_fill_cost += cost;
                self.taker_fees += fee;
            }
            Liquidity::Maker => {
                self.maker_fill_cost += cost;
                self.maker_fees += fee;
            }
        }
        self.filled = self.filled.saturating_add(quantity);
        self.remaining = self.remaining.saturating_sub(quantity);
        self.last_update_reason = Some(UpdateReason::Trade);
        if self.filled == self.terms.quantity {
            self.status = ReportedStatus::Executed;
        } else if self.remaining.is_zero() {
            // Only a reduce-only order works with less than what was asked for.
            self.status = ReportedStatus::Canceled;
            self.last_update_reason = Some(UpdateReason::ReduceOnlyCancel);
        }
    }
}

/// The answer to an order that was accepted, or amended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The exchange's name for it.
    pub order_id: ExchangeOrderId,
    /// The account's name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Contracts executed at once, by this request.
    pub filled: Quantity,
    /// Contracts that rest now; none for an order that is over.
    pub remaining: Quantity,
    /// Sum of YES price times contracts over what was executed at once.
    pub yes_value: Money,
    /// What was charged for that, in all.
    pub fees: Money,
    /// When.
    pub exchange_time: Timestamp,
}

impl Placed {
    /// Average YES price of what was executed at once, rounded half up to the micro-dollar; `None` without a fill.
    #[must_use]
    pub fn average_yes_price(&self) -> Option<Money> {
        per_contract(self.yes_value, self.filled)
    }

    /// Average fee of one contract, rounded half up to the micro-dollar; `None` without a fill.
    #[must_use]
    pub fn average_fee(&self) -> Option<Money> {
        per_contract(self.fees, self.filled)
    }
}

/// The answer to a cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanceledOrder {
    /// The exchange's name for it.
    pub order_id: ExchangeOrderId,
    /// The account's name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// Contracts taken out of the book.
    pub reduced_by: Quantity,
    /// When.
    pub exchange_time: Timestamp,
}

fn per_contract(amount: Money, quantity: Quantity) -> Option<Money> {
    let hundredths = i128::from(quantity.hundredths());
    if hundredths == 0 {
        return None;
    }
    Money::from_micros_wide((i128::from(amount.micros()) * 100 + hundredths / 2).div_euclid(hundredths)).ok()
}
