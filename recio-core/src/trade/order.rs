//! An order's life: one table of (state, event).

use super::{Fill, Intent};
use crate::market::BookSide;
use crate::units::{ClientOrderId, ExchangeOrderId, FillId, MarketTicker, Money, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One of our orders, from the intent on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    intent: Intent,
    status: OrderStatus,
    exchange_id: Option<ExchangeOrderId>,
    filled: Quantity,
    /// The most that any report of the exchange says was filled; fills that make up the difference are still to come.
    reported_filled: Quantity,
    fees: Money,
    fills: BTreeSet<FillId>,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Written down; on its way, or about to be.
    Submitting,
    /// No answer came: it may be live, filled, or nowhere.
    Unknown,
    /// Two complete look-ups did not find it. Its worst case stays reserved until the market has ended.
    AbsentProvisional,
    /// Resting at the exchange.
    Open,
    /// Resting, and we asked for its end.
    CancelPending,
    /// Filled in full.
    Filled,
    /// Its remainder was removed; fills may have come before.
    Canceled,
    /// The exchange refused it.
    Rejected,
    /// It never left this machine.
    NotSent,
    /// It never reached the exchange: the market has ended and nothing was found.
    Absent,
}

/// What can happen to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    /// The exchange has it.
    Accepted {
        /// Under this id.
        exchange_id: ExchangeOrderId,
        /// Filled so far, by the exchange's count.
        filled: Quantity,
        /// What is left of it at the exchange.
        remaining: Quantity,
    },
    /// Part of it was executed.
    Filled(Fill),
    /// We asked for its end.
    CancelRequested,
    /// The asking for its end did not work; where it is has to be found out.
    CancelFailed,
    /// Its remainder was removed, after this much was filled by the exchange's count.
    Canceled {
        /// Filled in all, by the exchange's count.
        filled: Quantity,
    },
    /// The exchange refused it.
    Rejected,
    /// It was held back before the first byte left.
    NotSent,
    /// No usable answer came.
    OutcomeUnknown,
    /// Two complete look-ups did not find it.
    NotFound,
    /// The market has ended, and the exchange's complete reports know nothing of it.
    ConfirmedAbsent,
    /// It was found at the exchange after all, though it was believed ended or never to have been: the one way out of an end state.
    /// What was filled meanwhile comes with the events that follow.
    Adopted {
        /// Under this id.
        exchange_id: ExchangeOrderId,
    },
}

/// What applying an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The order changed.
    Changed,
    /// The event said nothing that was not known.
    AlreadyKnown,
}

/// Why an event does not fit an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// Not in the table.
    #[error("order {id}: {event} cannot happen to an order that is {status:?}")]
    Illegal {
        /// The order.
        id: ClientOrderId,
        /// Its state.
        status: OrderStatus,
        /// The event's name.
        event: &'static str,
    },
    /// More was executed than was ordered: either we or the exchange count wrong, and trading has to stop.
    #[error("order {id}: {filled} filled of {quantity} ordered")]
    Overfilled {
        /// The order.
        id: ClientOrderId,
        /// What was ordered.
        quantity: Quantity,
        /// What was filled, with this event.
        filled: Quantity,
    },
    /// The event belongs to another order.
    #[error("order {id}: the event is for exchange order {other}")]
    OtherOrder {
        /// The order.
        id: ClientOrderId,
        /// The exchange id in the event.
        other: ExchangeOrderId,
    },
    /// A fee beyond what recio handles: the fill was misread.
    #[error("order {id}: a fee of {fee} is more than recio handles; the fill cannot be right")]
    FeesTooLarge {
        /// The order.
        id: ClientOrderId,
        /// The fee of the fill.
        fee: Money,
    },
}

impl Order {
    /// A new order from its intent, before anything is sent.
    #[must_use]
    pub const fn new(intent: Intent) -> Self {
        Self {
            intent,
            status: OrderStatus::Submitting,
            exchange_id: None,
            filled: Quantity::ZERO,
            reported_filled: Quantity::ZERO,
            fees: Money::ZERO,
            fills: BTreeSet::new(),
        }
    }

    /// What was wanted.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// Our id.
    #[must_use]
    pub const fn id(&self) -> &ClientOrderId {
        &self.intent.client_order_id
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn status(&self) -> OrderStatus {
        self.status
    }

    /// The exchange's id, once it is known.
    #[must_use]
    pub const fn exchange_id(&self) -> Option<&ExchangeOrderId> {
        self.exchange_id.as_ref()
    }

    /// Contracts executed, by the fills we have.
    #[must_use]
    pub const fn filled(&self) -> Quantity {
        self.filled
    }

    /// Contracts that the exchange says were executed and whose fills have not come yet.
    #[must_use]
    pub fn fills_to_come(&self) -> Quantity {
        self.reported_filled.saturating_sub(self.filled)
    }

    /// Contracts that may still be executed.
    #[must_use]
    pub fn may_still_fill(&self) -> Quantity {
        if self.status.is_final() { self.fills_to_come() } else { self.intent.quantity.saturating_sub(self.filled) }
    }

    /// What the exchange charged for it so far.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// The fills it has, by id.
    #[must_use]
    pub const fn fill_ids(&self) -> &BTreeSet<FillId> {
        &self.fills
    }

    /// Applies one event. On `Err` the order is as it was.
    ///
    /// # Errors
    /// The event cannot happen in this state, belongs to another order, or fills more than was ordered.
    pub fn apply(&mut self, event: &OrderEvent) -> Result<Applied, OrderError> {
        use {OrderEvent as E, OrderStatus as S};
        let before = self.clone();
        let next = match (self.status, event) {
            // The first news of an order, from the answer, the stream or a look-up, in any order and any number of times.
            (
                S::Submitting | S::Unknown | S::AbsentProvisional | S::Open,
                E::Accepted { exchange_id, filled, remaining },
            ) => self.learn(exchange_id, *filled).map(|()| self.resting_or_done(*filled, *remaining, S::Open)),
            // A late "it is resting" does not undo our wish to cancel, nor an end state.
            (S::CancelPending, E::Accepted { exchange_id, filled, remaining }) => {
                self.learn(exchange_id, *filled).map(|()| self.resting_or_done(*filled, *remaining, S::CancelPending))
            }
            (S::Filled | S::Canceled, E::Accepted { exchange_id, filled, .. }) => {
                self.learn(exchange_id, *filled).map(|()| self.status)
            }

            // A fill can overtake the answer to our order, cross our cancel on the wire, and arrive twice.
            (
                S::Submitting
                | S::Unknown
                | S::AbsentProvisional
                | S::Open
                | S::CancelPending
                | S::Canceled
                | S::Filled,
                E::Filled(fill),
            ) => self.fill(fill),

            (S::Open, E::CancelRequested) => Ok(S::CancelPending),
            (S::CancelPending, E::CancelRequested) => Ok(S::CancelPending),
            // "Not found" on a cancel is no news of where the order is: it stays ours until something tells.
            (S::CancelPending, E::CancelFailed) => Ok(S::Open),
            (S::Open | S::Filled | S::Canceled, E::CancelFailed) => Ok(self.status),

            (
                S::Submitting | S::Unknown | S::AbsentProvisional | S::Open | S::CancelPending,
                E::Canceled { filled },
            ) => self.count(*filled).map(|()| S::Canceled),
            (S::Canceled | S::Filled, E::Canceled { filled }) => self.count(*filled).map(|()| self.status),

            (S::Submitting, E::Rejected) => Ok(S::Rejected),
            (S::Submitting, E::NotSent) => Ok(S::NotSent),
            (S::Submitting | S::Unknown, E::OutcomeUnknown) => Ok(S::Unknown),
            // The stream told before the answer failed to come: what is known stays known.
            (S::AbsentProvisional | S::Open | S::CancelPending | S::Filled | S::Canceled, E::OutcomeUnknown) => {
                Ok(self.status)
            }
            (S::Unknown | S::AbsentProvisional, E::NotFound) => Ok(S::AbsentProvisional),
            // The stream told of it while the look-ups were under way (reads lag behind, and absence needs proof), or it is gone anyway.
            (
                S::Open | S::CancelPending | S::Filled | S::Canceled | S::Rejected | S::NotSent | S::Absent,
                E::NotFound,
            ) => Ok(self.status),
            (S::Unknown | S::AbsentProvisional, E::ConfirmedAbsent) => Ok(S::Absent),
            // A canceled order that goes on resting is told from a read that lags by a full look-up, not by one late report.
            (S::Canceled | S::Rejected | S::NotSent | S::Absent, E::Adopted { exchange_id }) => {
                self.learn(exchange_id, Quantity::ZERO).map(|()| S::Open)
            }
            (status, event) => Err(OrderError::Illegal { id: self.id().clone(), status, event: event.name() }),
        };
        match next {
            Ok(status) => {
                // A late fill may complete a canceled order: one end state takes the other's place, nothing is live again.
                let complete = !self.filled.is_zero() && self.filled == self.intent.quantity;
                self.status = if complete { S::Filled } else { status };
                Ok(if *self == before { Applied::AlreadyKnown } else { Applied::Changed })
            }
            Err(error) => {
                *self = before;
                Err(error)
            }
        }
    }

    fn resting_or_done(&self, filled: Quantity, remaining: Quantity, resting: OrderStatus) -> OrderStatus {
        match (remaining.is_zero(), filled == self.intent.quantity) {
            (false, _) => resting,
            // Executed in full by the exchange's count; it becomes Filled when the fills are here.
            (true, true) => resting,
            (true, false) => OrderStatus::Canceled,
        }
    }

    fn learn(&mut self, exchange_id: &ExchangeOrderId, filled: Quantity) -> Result<(), OrderError> {
        match &self.exchange_id {
            Some(known) if known != exchange_id => {
                Err(OrderError::OtherOrder { id: self.id().clone(), other: exchange_id.clone() })
            }
            Some(_) | None => {
                self.exchange_id = Some(exchange_id.clone());
                self.count(filled)
            }
        }
    }

    fn count(&mut self, filled: Quantity) -> Result<(), OrderError> {
        if filled > self.intent.quantity {
            return Err(self.overfilled(filled));
        }
        self.reported_filled = self.reported_filled.max(filled);
        Ok(())
    }

    fn fill(&mut self, fill: &Fill) -> Result<OrderStatus, OrderError> {
        let ours = fill.market == self.intent.market
            && fill.book_side == self.intent.book_side()
            && fill.client_order_id.as_ref().is_none_or(|id| id == self.id());
        if !ours {
            return Err(OrderError::OtherOrder { id: self.id().clone(), other: fill.order.clone() });
        }
        self.learn(&fill.order, Quantity::ZERO)?;
        if self.fills.contains(&fill.id) {
            return Ok(self.status);
        }
        let filled = self.filled.saturating_add(fill.quantity);
        if filled > self.intent.quantity {
            return Err(self.overfilled(filled));
        }
        let fees = self.fees.checked_add(fill.fee);
        self.fees = fees.ok_or_else(|| OrderError::FeesTooLarge { id: self.id().clone(), fee: fill.fee })?;
        self.fills.insert(fill.id.clone());
        self.filled = filled;
        self.reported_filled = self.reported_filled.max(filled);
        Ok(match self.status {
            OrderStatus::Submitting | OrderStatus::Unknown | OrderStatus::AbsentProvisional => OrderStatus::Open,
            status @ (OrderStatus::Open
            | OrderStatus::CancelPending
            | OrderStatus::Filled
            | OrderStatus::Canceled
            | OrderStatus::Rejected
            | OrderStatus::NotSent
            | OrderStatus::Absent) => status,
        })
    }

    fn overfilled(&self, filled: Quantity) -> OrderError {
        OrderError::Overfilled { id: self.id().clone(), quantity: self.intent.quantity, filled }
    }
}

impl OrderStatus {
    /// Whether nothing more can be executed (fills that the exchange counted may still have to arrive).
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Rejected | Self::NotSent | Self::Absent => true,
            Self::Submitting | Self::Unknown | Self::AbsentProvisional | Self::Open | Self::CancelPending => false,
        }
    }
}

impl OrderEvent {
    /// The event's name, for messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Filled(_) => "filled",
            Self::CancelRequested => "cancel requested",
            Self::CancelFailed => "cancel failed",
            Self::Canceled { .. } => "canceled",
            Self::Rejected => "rejected",
            Self::NotSent => "not sent",
            Self::OutcomeUnknown => "outcome unknown",
            Self::NotFound => "not found",
            Self::ConfirmedAbsent => "confirmed absent",
            Self::Adopted { .. } => "adopted",
        }
    }
}

/// An order as the exchange reports it: by a look-up, or on the private stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The exchange's id.
    pub exchange_id: ExchangeOrderId,
    /// Our id, if it is one of ours.
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub market: MarketTicker,
    /// Where it lies.
    pub book_side: BookSide,
    /// YES price.
    pub yes_price: Price,
    /// What the exchange says it is.
    pub status: ReportedStatus,
    /// Contracts ordered.
    pub initial: Quantity,
    /// Contracts executed.
    pub filled: Quantity,
    /// Contracts still resting.
    pub remaining: Quantity,
    /// When it was accepted, where the report says.
    pub created_time: Option<Timestamp>,
}

/// The exchange's word for an order's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportedStatus {
    /// In the book.
    Resting,
    /// Its remainder was removed.
    Canceled,
    /// Filled in full.
    Executed,
    /// A word that recio does not know: nothing follows from it.
    Unknown,
}

impl OrderReport {
    /// The event that the report amounts to; `None` where nothing follows from it: its state is a word that recio does not know, or its
    /// counts contradict its state.
    #[must_use]
    pub fn event(&self) -> Option<OrderEvent> {
        let all_filled = self.filled == self.initial;
        // With nothing remaining and less than all filled, an accepted order is a canceled one.
        let remaining = match self.status {
            ReportedStatus::Resting if self.remaining.is_zero() && !all_filled => return None,
            ReportedStatus::Executed if !self.remaining.is_zero() || !all_filled => return None,
            ReportedStatus::Unknown => return None,
            ReportedStatus::Resting => self.remaining,
            ReportedStatus::Executed | ReportedStatus::Canceled => Quantity::ZERO,
        };
        Some(OrderEvent::Accepted { exchange_id: self.exchange_id.clone(), filled: self.filled, remaining })
    }
}

#[cfg(test)]
mod tests;
