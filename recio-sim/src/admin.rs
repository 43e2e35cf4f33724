//! What a test does to a running simulator.

use crate::control::{ControlRefusal, FaultReport, Pause, Paused};
use crate::desk::Desk;
use crate::scenario::parse_fault;
use recio_core::units::MarketTicker;
use recio_core::venue::BookLevels;
use std::collections::BTreeMap;

/// A wish of a test.
#[derive(Clone, Debug)]
pub(crate) enum Admin {
    Inject(String),
    Heal,
    Pause(Pause),
    Faults,
    Book(MarketTicker),
    Posts(String),
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) enum AdminAnswer {
    Done,
    Faults(FaultReport),
    Book(BookLevels),
    Posts(BTreeMap<String, u64>),
}

impl Admin {
    pub(crate) fn carry_out(self, desk: &mut Desk) -> Result<AdminAnswer, ControlRefusal> {
        match self {
            Self::Inject(text) => {
                let fault = parse_fault(&text, desk.exchange.now());
                desk.inject(fault.map_err(|problem| ControlRefusal::bad_fault(&problem))?);
            }
            Self::Heal => desk.heal(),
            Self::Pause(Pause { what, paused }) => desk.operate(|exchange| match (what, paused) {
                (Paused::Trading, true) => exchange.pause_trading(None),
                (Paused::Trading, false) => exchange.resume_trading(),
                (Paused::Exchange, true) => exchange.pause_exchange(None),
                (Paused::Exchange, false) => exchange.resume_exchange(),
            }),
            Self::Faults => {
                let plan = &desk.weather.plan;
                return Ok(AdminAnswer::Faults(FaultReport {
                    scenario: plan.scenario().to_owned(),
                    seed: plan.seed(),
                    healed: plan.is_healed(),
                    counts: plan.counts(),
                }));
            }
            Self::Book(market) => {
                let book = desk.exchange.book(&market);
                return book.map(AdminAnswer::Book).ok_or_else(|| ControlRefusal::unknown_market(&market));
            }
            Self::Posts(key_id) => {
                let posts = desk.posts(&key_id);
                return posts.map(AdminAnswer::Posts).ok_or_else(|| ControlRefusal::unknown_key(&key_id));
            }
        }
        Ok(AdminAnswer::Done)
    }
}
