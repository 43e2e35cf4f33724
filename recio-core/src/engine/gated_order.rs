//! The one thing that an executor sends: an order that passed the risk gate.

use crate::trade::Intent;
use crate::units::{Monotonic, Now, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// An order that passed the risk gate.
///
/// The engine's gate alone makes it, it cannot be copied, and [`Executor::submit`](crate::executor::Executor::submit) takes nothing else: no
/// strategy and no mode can walk around the gate.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct GatedOrder {
    intent: Intent,
    exchange_index: u16,
    epoch: u64,
    deadline: Monotonic,
    oldest_input: Monotonic,
    input_age_limit: Duration,
    latest_time: Timestamp,
}

/// Why the last look held an order back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooLate {
    /// The order waited too long.
    #[error("the order's deadline has passed")]
    Deadline,
    /// What it rests on is too old by now.
    #[error("the inputs of the order are too old")]
    Inputs,
    /// The market closes too soon.
    #[error("the market has closed, or is about to")]
    Closed,
}

impl GatedOrder {
    /// Only the risk gate calls this. Nothing is sent from `latest_time` on: the close, for an entry less its guard.
    pub(super) const fn new(
        intent: Intent,
        exchange_index: u16,
        epoch: u64,
        deadline: Monotonic,
        oldest_input: Monotonic,
        input_age_limit: Duration,
        latest_time: Timestamp,
    ) -> Self {
        Self { intent, exchange_index, epoch, deadline, oldest_input, input_age_limit, latest_time }
    }

    /// What is wanted.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// The shard that the market trades on.
    #[must_use]
    pub const fn exchange_index(&self) -> u16 {
        self.exchange_index
    }

    /// The writer's epoch in which it was made.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The sender's last look right before the first byte: deadline, input age, close time.
    ///
    /// # Errors
    /// It is too late; the order must not be sent.
    pub fn last_look(&self, now: Now) -> Result<(), TooLate> {
        if now.mono > self.deadline {
            return Err(TooLate::Deadline);
        }
        if now.mono.since(self.oldest_input) > self.input_age_limit {
            return Err(TooLate::Inputs);
        }
        if now.wall >= self.latest_time {
            return Err(TooLate::Closed);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::market::{Action, Side};
    use crate::trade::{Purpose, TimeInForce, client_order_id};
    use crate::units::{Price, Quantity};

    fn moment(second: u64) -> Now {
        let wall = Timestamp::from_second(1_778_677_200 + i64::try_from(second).unwrap()).unwrap();
        Now { wall, mono: Monotonic(second * 1_000_000) }
    }

    /// An order of second 100: to be sent by 102, its inputs good until 103, its market open for orders until 110.
    pub(crate) fn order(number: u64) -> GatedOrder {
        let (account, run) = ("main".parse().unwrap(), "run".parse().unwrap());
        let intent = Intent {
            client_order_id: client_order_id(&account, &run, number),
            number,
            trade: "run-1".parse().unwrap(),
            strategy: "htc".parse().unwrap(),
            market: "M".parse().unwrap(),
            event: "E".parse().unwrap(),
            close_time: moment(115).wall,
            side: Side::Yes,
            action: Action::Buy,
            limit: Price::cents(95),
            quantity: Quantity::contracts(1),
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            purpose: Purpose::Entry,
            created_time: moment(100).wall,
        };
        let age = Duration::from_secs(4);
        GatedOrder::new(intent, 2, 1, moment(102).mono, moment(99).mono, age, moment(110).wall)
    }

    /// A purchase of so many contracts of an outcome at a price or better, to be sent now.
    pub(crate) fn purchase(
        number: u64,
        market: &str,
        (side, limit, quantity): (Side, Price, Quantity),
        time_in_force: TimeInForce,
        now: Now,
    ) -> GatedOrder {
        let GatedOrder { intent, exchange_index, epoch, .. } = order(number);
        let intent = Intent {
            market: market.parse().unwrap(),
            side,
            limit,
            quantity,
            time_in_force,
            created_time: now.wall,
            ..intent
        };
        let soon = now.mono.after(Duration::from_secs(2));
        GatedOrder::new(intent, exchange_index, epoch, soon, now.mono, Duration::from_secs(4), Timestamp::MAX)
    }

    #[test]
    fn the_last_look_sees_each_thing_that_came_too_late() {
        let look = |second, mono| order(1).last_look(Now { wall: moment(second).wall, mono: moment(mono).mono });
        assert_eq!(look(100, 100), Ok(()));
        assert_eq!(look(102, 102), Ok(()));
        assert_eq!(look(103, 103), Err(TooLate::Deadline));
        let waiting = GatedOrder { deadline: moment(200).mono, ..order(1) };
        assert_eq!(waiting.last_look(moment(103)), Ok(()));
        assert_eq!(waiting.last_look(moment(104)), Err(TooLate::Inputs));
        // The guard before the close counts at the moment of sending.
        assert_eq!(look(109, 100), Ok(()));
        assert_eq!(look(110, 100), Err(TooLate::Closed));
    }
}
