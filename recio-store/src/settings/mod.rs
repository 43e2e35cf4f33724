//! Overrides of settings and the audit log, in memory and in either database.
//!
//! What may be overridden, and what counts, is [`recio_core::settings`]; here it is only kept. Open to everybody beside the one who writes facts: a
//! dashboard or a command line opens [`open_settings`] on the URL of the running store, is not in anybody's way, and the run hears of what it changes.

pub(crate) mod copy;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod rows;
pub(crate) mod seal;
mod verify;

pub use memory::MemorySettings;
pub use seal::AUDIT_VERSION;
pub use verify::{VerifiedSettings, verify_settings};

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::open::Access;
use crate::open::{OpenError, bad_url};
use recio_core::settings::SettingsStore;
use recio_core::store::{DamagedPart, StoreError};

/// Opens the settings of the store that a URL names: `memory:` (new and empty each time), `sqlite://PATH` or `postgres://…`, as
/// [`open`](crate::open()) takes them. Makes no store where there is none.
///
/// # Errors
/// See [`OpenError`]; [`OpenError::Missing`] where nobody has made the store yet.
pub async fn open_settings(url: &str) -> Result<Box<dyn SettingsStore>, OpenError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Box::new(MemorySettings::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => Ok(Box::new(crate::SqliteStore::open(url, Access::Reader).await?)),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(Box::new(crate::PostgresStore::open(url, Access::Reader).await?)),
        #[cfg(not(feature = "sqlite"))]
        Some(("sqlite", _)) => Err(bad_url(url, "it needs a build of recio with the feature `sqlite`")),
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => {
            Err(bad_url(url, "it needs a build of recio with the feature `postgres`"))
        }
        Some(_) | None => Err(bad_url(url, "write memory:, sqlite://PATH or postgres://USER@HOST/DATABASE")),
    }
}

/// What was read of settings or audit log is not what was written.
fn settings_damaged(what: String) -> StoreError {
    StoreError::Damaged { part: DamagedPart::Settings, sequence: 0, what }
}
