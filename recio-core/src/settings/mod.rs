//! Settings: the config is the base, and overrides kept in the store may make limits tighter, never wider.
//!
//! One rule, in one place, for the command line, the dashboard and programs that embed recio:
//!
//! 1. **The base** is the config in force: defaults, file, environment, flags ([`Settings`]). An override names one key of it.
//! 2. **Limits are only tightened.** Each key knows which way is tighter ([`Tighter`]). An override that is wider than the base is refused
//!    when it is made; one that became wider because the base was tightened later counts as the base, and that is said
//!    ([`Effect::Clamped`]).
//! 3. **A restart never switches entry on.** `monitor.ID.entry.enabled` is the one key with a wider side: a person may switch entry on where
//!    the config has it off, for one named run. In every other run, the next start included, such an override is spent
//!    ([`Effect::Spent`]). So entry is on after a start only if the config says so and the newest override does not say otherwise.
//! 4. **Nothing is passed over.** An override that cannot be understood switches entry off wherever it might have counted, and is said
//!    ([`Effect::Unusable`]); stops go on.
//! 5. **Versions are only added** ([`SettingVersion`]); the newest of a key counts, and one without a value gives the key back to the
//!    base. Who changes a key says which version was seen, so that of two at once one is told. Every change and every refusal is written into the audit
//!    log ([`AuditLog`]).
//!
//! Everybody may write overrides, not only who trades. All but [`SettingsStore`] and [`AuditLog`] is pure.

mod audit;
mod change;
mod in_force;
mod key;
mod limits;
mod remark;
mod store;
#[cfg(test)]
mod tests;
mod value;

pub use audit::{AuditAction, AuditEntry, AuditRecord, AuditResult};
pub use change::{Change, Judged, Refusal, SettingError, change, judge};
pub use in_force::{Applied, Effect, InForce};
pub use key::{KeyError, SettingKey};
pub use limits::{MonitorSettings, Settings, Tighter};
pub use store::{AuditLog, NewVersion, SettingVersion, SettingsStore, WriteError};
pub use value::SettingValue;
