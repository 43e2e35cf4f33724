//! Overrides of settings and the audit log, in memory and in either database.
//!
//! What may be overridden, and what counts, is [`recio_core::settings`]; here it is only kept. Open to everybody beside the one who writes facts: a
//! dashboard or a command line opens [`open_settings`] on the URL of the running store, and is not in anybody's way.

mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod rows;
mod seal;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod stored;
mod verify;

pub use memory::MemorySettings;
pub use seal::AUDIT_VERSION;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use stored::StoredSettings;
pub use verify::{VerifiedSettings, verify_settings};

use crate::open::{OpenError, bad_url};
use recio_core::settings::SettingsStore;

/// Opens the settings of the store that a URL names: `memory:` (new and empty each time), `sqlite://PATH` or `postgres://…`, as
/// [`open`](crate::open()) takes them. Makes no store where there is none.
///
/// # Errors
/// See [`OpenError`]; [`OpenError::Missing`] where nobody has made the store yet.
pub async fn open_settings(url: &str) -> Result<Box<dyn SettingsStore>, OpenError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Box::new(MemorySettings::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => Ok(Box::new(StoredSettings::sqlite(url).await?)),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(Box::new(StoredSettings::postgres(url).await?)),
        #[cfg(not(feature = "sqlite"))]
        Some(("sqlite", _)) => Err(bad_url(url, "it needs a build of recio with the feature `sqlite`")),
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => {
            Err(bad_url(url, "it needs a build of recio with the feature `postgres`"))
        }
        Some(_) | None => Err(bad_url(url, "write memory:, sqlite://PATH or postgres://USER@HOST/DATABASE")),
    }
}
