//! What a strike is worth: momentum, volatility, fingerprints, the settlement window, and the fair value made of them.

mod bar;
mod fair_value;
mod fingerprint;
mod fingerprint_builder;
mod fingerprint_file;
mod fingerprints;
mod minute_history;
mod momentum;
mod move_curve;
mod price_window;
mod pricer;
mod settlement_window;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod volatility;
mod window_law;

pub use bar::{Bar, InvertedBar};
pub use fair_value::{Fair, UnknownReason};
pub use fingerprint::{
    Cell, Fingerprint, FingerprintAbout, HORIZON_MINUTES, MAX_BUCKET, THRESHOLD_STEP_PERCENT, THRESHOLDS, Tail,
};
pub use fingerprint_builder::{FingerprintBuildError, FingerprintBuilder};
pub use fingerprint_file::{FINGERPRINT_FORMAT, FingerprintFileError};
pub use fingerprints::Model;
pub use minute_history::{KEPT_MINUTES, MinuteHistory, SourceRank, hours_of_the_day_before};
pub use momentum::{MOMENTUM_MINUTES, MOMENTUM_WEIGHTS, Momentum, SECONDS_UP_TO};
pub use move_curve::MoveCurve;
pub use price_window::{MAX_TICK_AGE, PriceWindow, Pushed};
pub use pricer::{EventPricer, FairInputs};
pub use settlement_window::{Banked, PRINTS, SettlementWindow, settlement_value};
pub use volatility::{Volatility, VolatilityUnknown};
pub use window_law::{BadBasis, Basis, OpenLaw, PricePoint, WindowLaw};
