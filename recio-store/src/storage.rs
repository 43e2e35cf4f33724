//! `Storage`: a store with all that stands around its facts.

use crate::observations::Observations;
use crate::open::{Access, OpenError};
use crate::verify::Verified;
use async_trait::async_trait;
use recio_core::store::{Store, StoreError};

/// A [`Store`] that keeps observations too, and whose tables can be checked and made again.
#[async_trait]
pub trait Storage: Store + Observations {
    /// Checks the whole store: the hash chain, and every cell of every table that is made from facts. Works while facts are being added.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the first fact, or the first row and column, that is not what it must be;
    /// [`StoreError::Unavailable`] where the store cannot be read, or facts kept coming.
    async fn verify(&self) -> Result<Verified, StoreError>;

    /// Empties all tables that are made from facts and makes them again, all or nothing. Returns the number of facts.
    ///
    /// # Errors
    /// The store was opened for reading, cannot be written now, or its facts are damaged.
    async fn rebuild(&self) -> Result<u64, StoreError>;
}

/// Opens the store that a URL names, as [`open`](crate::open()) does.
///
/// # Errors
/// See [`OpenError`].
pub async fn open_storage(url: &str, access: Access) -> Result<Box<dyn Storage>, OpenError> {
    crate::open::open_any(url, access).await
}
