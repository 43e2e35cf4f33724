//! The scenarios that come with recio.

use super::{Scenario, ScenarioError};

/// A scenario that comes with recio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        /// The scenarios that come with recio, by name.
        pub const BUILT_IN: &[BuiltIn] = &[
            $(BuiltIn { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) }),+
        ];
    };
}

built_in![
    "amended_settlement",
    "calm",
    "clock_skew",
    "disputed_settlement",
    "duplicate_ids_accepted",
    "duplicate_ids_rejected",
    "duplicate_ids_rejected_while_open",
    "flaky_replies",
    "insufficient_balance",
    "late_landing",
    "late_settlement",
    "maintenance",
    "market_halts",
    "pauses",
    "quiet_losses",
    "rate_limits",
    "server_errors",
    "socket_gaps",
    "stall",
    "storm",
    "subscription_errors",
    "untidy",
];

impl BuiltIn {
    /// The scenario.
    ///
    /// # Errors
    /// Never in a released recio: its tests read every one.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        Scenario::parse(self.text, self.name)
    }
}
