//! What is wrong with a config: every fault with its place, all of them at once.

use super::{KeyPath, Origin};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the config file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What it says cannot be used. Every fault that was found, in the order of the file; the text shows the first 50.
    #[error("the config cannot be used{}", Listed(.0))]
    Faults(Vec<Fault>),
}

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it was said.
    pub origin: Origin,
    /// The key, where it is about one.
    pub key: Option<KeyPath>,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl Fault {
    /// A fault of a key.
    pub(crate) fn of(key: &KeyPath, origin: &Origin, what: impl Into<String>) -> Self {
        Self { origin: origin.clone(), key: Some(key.clone()), what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}: {}", self.origin, self.what),
            None => write!(f, "{}: {}", self.origin, self.what),
        }
    }
}

/// Nobody reads on after so many; a broken bracket can bring thousands.
const SHOWN: usize = 50;

struct Listed<'a>(&'a [Fault]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in self.0.iter().take(SHOWN) {
            write!(f, "\n{fault}")?;
        }
        if let Some(more) = self.0.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            write!(f, "\nand {more} more")?;
        }
        Ok(())
    }
}
