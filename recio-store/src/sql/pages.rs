//! Facts as a follower reads them.

use super::lane::WeakLane;
use super::rows::facts;
use crate::changes::FactPages;
use async_trait::async_trait;
use recio_core::store::{StoreError, StoredFact};

#[async_trait]
impl FactPages for WeakLane {
    async fn page(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        let read = || self.call(async move |connection| facts(connection, after, limit).await);
        let page = read().await;
        // The server was restarted while nobody asked it for anything: once more, on a new connection.
        #[cfg(feature = "postgres")]
        if page.as_ref().is_err_and(super::error::was_lost) {
            return read().await;
        }
        page
    }
}
