//! What the sessions of a simulation wanted and said, as far as checks look at it.

use recio_core::engine::{NoticeLevel, Output, Wish};
use recio_core::fact::FactBody;
use recio_core::trade::OrderStatus;
use recio_core::units::{ClientOrderId, Now, Quantity, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Alarms that are kept in words; the others are counted.
const KEPT_ALARMS: usize = 200;

/// What the sessions of a simulation wanted and said, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Every state that an order came into, in the order in which the engine said so.
    pub order_states: Vec<OrderState>,
    /// Alarms in words: the first 200.
    pub alarms: Vec<Alarm>,
    /// How many alarms there were.
    pub alarm_count: u64,
    /// How many cancels were wanted.
    pub cancels_wanted: u64,
    /// Why strikes were not entered, by reason code.
    pub refused: BTreeMap<String, u64>,
}

/// An order came into a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// The session's number, from 1.
    pub session: u32,
    /// The order.
    pub order: ClientOrderId,
    /// The state.
    pub status: OrderStatus,
    /// Contracts executed, by the fills that the session has.
    pub filled: Quantity,
    /// Why, where the engine says it.
    pub reason: Option<String>,
}

/// The operator was told to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The session's number, from 1.
    pub session: u32,
    /// When.
    pub time: Timestamp,
    /// What it said.
    pub text: String,
}

/// The record while it is written.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Record>);

impl Recorder {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self) -> Record {
        self.record().clone()
    }

    pub(super) fn note(&self, session: u32, now: Now, output: &Output) {
        match &output.wish {
            Wish::Cancel(_) => self.record().cancels_wanted += 1,
            Wish::Say(notice) if notice.level == NoticeLevel::Alarm => {
                let record = &mut *self.record();
                record.alarm_count += 1;
                if record.alarms.len() < KEPT_ALARMS {
                    record.alarms.push(Alarm { session, time: now.wall, text: notice.text.clone() });
                }
            }
            Wish::Record(fact) => {
                if let FactBody::OrderChanged { client_order_id, status, filled, reason, .. } = &fact.body {
                    self.record().order_states.push(OrderState {
                        session,
                        order: client_order_id.clone(),
                        status: *status,
                        filled: *filled,
                        reason: reason.clone(),
                    });
                }
            }
            Wish::Funnel { refused, .. } => {
                let record = &mut *self.record();
                for (reason, count) in refused {
                    *record.refused.entry(reason.clone()).or_default() += u64::from(*count);
                }
            }
            Wish::Say(_)
            | Wish::Evaluate(_)
            | Wish::Journal(_)
            | Wish::Submit { .. }
            | Wish::ReadAccount { .. }
            | Wish::ReadHistory { .. }
            | Wish::ReadSeries(_)
            | Wish::ListMarkets { .. }
            | Wish::Follow(_)
            | Wish::Publish(_)
            | Wish::Supervised(_)
            | Wish::WakeAt(_)
            | Wish::Health(_) => {}
        }
    }
}
