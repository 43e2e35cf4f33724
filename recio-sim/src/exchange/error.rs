//! Why the exchange cannot go on.

use crate::recording::RecordingError;
use recio_core::units::Timestamp;
use recio_core::venue::VenueError;

/// Why the exchange cannot begin or go on. It stands where it stood; nothing of what failed was played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The recording cannot be read further.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The recording holds something that no market can do.
    #[error("the recording cannot be played at {time}: {problem}; import it again")]
    Unplayable {
        /// When.
        time: Timestamp,
        /// What is wrong.
        problem: VenueError,
    },
    /// An account cannot be opened.
    #[error("cannot open the account: {0}")]
    Account(#[from] VenueError),
    /// What was to be done cannot be done in this state.
    #[error("the exchange cannot do this: {0}")]
    Operation(#[source] VenueError),
    /// No market belongs to this event or series.
    #[error("no market of {0} is listed; name an event or a series of the recording")]
    NotListed(String),
}
