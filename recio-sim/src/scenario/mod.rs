//! Scenarios: what goes wrong in a simulation, and when. The same scenario and seed go wrong in the same way.
//!
//! A scenario is a TOML file, or one of those that come with recio ([`BUILT_IN`]):
//!
//! ```toml
//! name = "a_bad_quarter"
//! about = "The third order's answer is lost, and one in fifty reads comes late"
//!
//! [exchange]
//! duplicate_ids = "reject_always"    # or reject_if_open, accept
//!
//! [exchange.realism]                 # see `Realism`: what is left out is as in lockstep
//! shuffle_fills = true
//! read_lag = { least = "300ms", most = "1s" }
//!
//! [[fault]]
//! kind = "lost_reply"
//! on = "3rd create"                  # or "1st cancel", "20th read", "5th call"
//!
//! [[fault]]
//! kind = "late_reply"
//! calls = "read"
//! rate = 0.02                        # of all such calls
//! by = "3s"
//! until = "+40m"
//!
//! [[fault]]
//! kind = "stall"
//! at = "+12m30s"                     # after the session's begin; or a time of the exchange
//! lasts = "25s"
//!
//! [[fault]]
//! kind = "socket_drop"
//! every = "20m"                      # on average
//! ```
//!
//! A [`Scenario`] with a seed becomes a [`FaultPlan`], a pure value that is asked at each place where something can go wrong. Each line of a
//! scenario has a stream of chance of its own, named after its kind, so that another line does not change when the others strike. Faults are
//! applied at one place behind both doors of the simulator, the loopback server and the in-process transport.

mod built_in;
mod counts;
mod fault;
mod file;
mod markets;
mod plan;
mod staged;
mod when;

pub use built_in::{BUILT_IN, BuiltIn};
pub use counts::FaultCounts;
pub use fault::{Fault, FrameFault, MarketFault, RequestFault, TimedFault};
pub use file::ScenarioError;
pub use plan::FaultPlan;
pub use staged::Staged;
pub use when::{Calls, Moment, When, Window};

pub(crate) use file::parse_fault;

use crate::exchange::Realism;
use recio_core::venue::DuplicateIds;

/// What goes wrong in a simulation, and when; without a seed, so that it can go wrong in many ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// A word for it.
    pub name: String,
    /// One line about it.
    pub about: String,
    /// What the exchange does with a client order id that it has seen.
    pub duplicate_ids: DuplicateIds,
    /// How untidy the exchange is beyond faults; `None` leaves it to whoever starts it.
    pub realism: Option<Realism>,
    /// What goes wrong.
    pub faults: Vec<PlannedFault>,
}

/// One fault of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// What goes wrong.
    pub fault: Fault,
    /// When.
    pub when: When,
    /// In which stretch of time, where it comes by chance.
    pub window: Window,
    /// Which calls it may hit, if it hits calls.
    pub calls: Calls,
    /// Which kinds of frames it may hit, by their `type`, if it hits frames; none named means all.
    pub channels: Vec<String>,
}

impl Scenario {
    /// Nothing goes wrong.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            name: "calm".to_owned(),
            about: "Nothing goes wrong".to_owned(),
            duplicate_ids: DuplicateIds::RejectAlways,
            realism: None,
            faults: Vec::new(),
        }
    }

    /// The scenario of this name that comes with recio, or else the file of this name.
    ///
    /// # Errors
    /// No such file, or something in it is wrong.
    pub fn find(name_or_file: &str) -> Result<Self, ScenarioError> {
        match BUILT_IN.iter().find(|scenario| scenario.name == name_or_file) {
            Some(scenario) => scenario.scenario(),
            None => Self::read(std::path::Path::new(name_or_file)),
        }
    }
}

#[cfg(test)]
mod tests;
