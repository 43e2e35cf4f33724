//! The strategies that ship.

mod hourly_htc;

pub use hourly_htc::{HourlyHtc, HtcParams};
