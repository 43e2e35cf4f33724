//! What a read of somebody else's state is worth.

use serde::{Deserialize, Serialize};

/// The answer to a read that may need many pages.
///
/// Only `Complete` may say that something is absent. A failed page, a page limit, or a source that lags makes it `Partial`: what it holds is
/// true, what it lacks is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read<T> {
    /// All of it.
    Complete(T),
    /// Some of it.
    Partial {
        /// What was read.
        got: T,
        /// What is missing, and why.
        missing: String,
    },
}

impl<T> Read<T> {
    /// Whether absence may be concluded from it.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }

    /// What was read, complete or not.
    pub const fn got(&self) -> &T {
        match self {
            Self::Complete(got) | Self::Partial { got, .. } => got,
        }
    }

    /// The same answer about something made from it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::Complete(got) => Read::Complete(change(got)),
            Self::Partial { got, missing } => Read::Partial { got: change(got), missing },
        }
    }
}

/// An error of an embedder's or a library's making, carried as the source of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
