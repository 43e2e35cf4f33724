//! The config: defaults, presets, one TOML file, `RECIO__SECTION__KEY` variables and flags, each stronger than the one before; and over them the
//! overrides of the store, which may only be tighter.
//!
//! Every value remembers where it comes from, and whatever is wrong is told all at once, with file, line and key.

mod check;
mod env;
mod error;
mod file;
mod given;
mod key_path;
mod load;
mod origin;
mod overrides;
mod schema;
mod section;
mod show;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Fault};
pub use key_path::KeyPath;
pub use load::{Flags, Loaded, Setting, Sources, load};
pub use origin::Origin;
pub use overrides::explain;
pub use schema::{
    Account, ArchiveConfig, BusConfig, Config, LogConfig, LogFormat, Monitor, ObservationsConfig, Paths, Preset,
    Services, StoreConfig, StrategyName, VERSION,
};
pub use show::{to_toml, to_toml_with_origins};
