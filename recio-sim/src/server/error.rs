//! Why a simulator does not start or go on.

use crate::exchange::ExchangeError;
use crate::recording::RecordingError;
use crate::synthetic::SyntheticError;
use recio_kalshi::signing::KeyError;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Why a simulator does not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// It would be reachable from elsewhere.
    #[error("{0} is not a loopback address; the simulator listens on 127.0.0.1 or [::1] alone")]
    NotLoopback(SocketAddr),
    /// Too slow, too fast, or no number.
    #[error("a speed of {0} is not possible; choose 1 to 60, or lockstep")]
    Speed(f64),
    /// Too short or too long.
    #[error("a lockstep of {0:?} is not possible; choose 1 ms to 60 s")]
    Step(Duration),
    /// None, or more than anybody needs.
    #[error("{0} clients are not possible; choose 1 to 64")]
    Clients(usize),
    /// The recording cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// No world can be made.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// The exchange cannot begin or go on.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The address is taken or not there.
    #[error("cannot listen on {address}; choose another port, or 0 for a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// No key could be made.
    #[error("cannot make a client's key")]
    Key(#[from] KeyError),
    /// A key cannot be written.
    #[error("cannot write the key file {}; check the folder and its rights", file.display())]
    KeyFile {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A task of the simulator was lost: a bug in it.
    #[error("a task of the simulator ended without an answer; please report this")]
    Task(#[source] Box<dyn std::error::Error + Send + Sync>),
}
