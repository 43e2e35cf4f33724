//! Which account a run's journal and store belong to.
//!
//! Each simulator opens a new account. Orders of another one would be looked for there in vain, and its facts would not add up.

use recio_core::fact::FactBody;
use recio_core::store::{Store, StoreError};
use std::path::{Path, PathBuf};

/// Facts read at a time.
const PAGE: u32 = 1_000;

/// Why a run may not use these files and this store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// They are another account's.
    #[error("{what}; name another store and journal, or go on with the simulator that they belong to")]
    OtherAccount {
        /// What belongs to which account.
        what: String,
    },
    /// The file that names the account cannot be read or written.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes sure that journal and store are this account's: the id of its key stands beside the journal from the first run on.
///
/// # Errors
/// They are another account's, or cannot be read.
pub(crate) async fn claim(journal: &Path, store: &dyn Store, key_id: &str) -> Result<(), ClaimError> {
    let owner = journal.with_extension("account");
    let io = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| ClaimError::Io { path, doing, source }
    };
    match std::fs::read_to_string(&owner) {
        Ok(text) if text.trim() == key_id => return Ok(()),
        Ok(text) => {
            let (journal, other) = (journal.display(), text.trim());
            let what = format!("the intent journal {journal} is of the account of key {other}, not of key {key_id}");
            return Err(ClaimError::OtherAccount { what });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("read", &owner)(error)),
    }
    if holds_books(store).await? {
        let what = format!("the store holds facts of another account than the one of key {key_id}");
        return Err(ClaimError::OtherAccount { what });
    }
    if let Some(folder) = journal.parent() {
        std::fs::create_dir_all(folder).map_err(io("make", folder))?;
    }
    // Whole or not at all, whenever the program is killed.
    let draft = journal.with_extension("account.new");
    std::fs::write(&draft, format!("{key_id}\n")).map_err(io("write", &draft))?;
    std::fs::rename(&draft, &owner).map_err(io("rename", &draft))
}

/// Whether there is any fact but those taken over from another program, which stand in no books.
async fn holds_books(store: &dyn Store) -> Result<bool, StoreError> {
    let mut after = 0;
    loop {
        let page = store.facts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(false) };
        after = last.sequence;
        if page.iter().any(|stored| !matches!(stored.fact.body, FactBody::Imported(_))) {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::units::Money;
    use recio_store::MemoryStore;
    use recio_store::contract::sample::{account_opened, imported};

    #[tokio::test]
    async fn files_and_store_of_another_account_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, used) = (MemoryStore::new(), MemoryStore::new());
        used.append(&[account_opened(Money::dollars(100))]).await.unwrap();
        let journal = |name: &str| folder.path().join(name).join("journal");
        claim(&journal("new"), &empty, "a").await.unwrap();
        // After a kill the same simulator goes on, with whatever the store held by then.
        claim(&journal("new"), &used, "a").await.unwrap();
        let error = claim(&journal("new"), &used, "b").await.unwrap_err().to_string();
        assert!(error.contains("key a") && error.contains("key b") && error.contains("another store"), "{error}");
        let error = claim(&journal("other"), &used, "b").await.unwrap_err().to_string();
        assert!(error.contains("the store holds facts"), "{error}");
        // History of another program stands in no books: a first run may begin beside it.
        let history = MemoryStore::new();
        history.append(&[imported("1")]).await.unwrap();
        claim(&journal("history"), &history, "a").await.unwrap();
    }
}
