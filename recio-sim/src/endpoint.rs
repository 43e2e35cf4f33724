//! The ready file: where a simulator listens, and what its clients need.

use recio_core::units::{MarketTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a running simulator is reached, and with which keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Always true: this is no exchange.
    pub simulator: bool,
    /// Base address of the REST API, path included.
    pub rest: String,
    /// Address of the WebSocket.
    pub ws: String,
    /// Base address of the simulator's own channel; see [`ControlClient`](crate::control::ControlClient).
    pub control: String,
    /// The first client's key.
    pub key_id: String,
    /// Its private key: PEM, readable by its owner alone.
    pub key_file: PathBuf,
    /// All keys, the first one included: one client and one account each.
    pub keys: Vec<EndpointKey>,
    /// The markets that will be listed.
    pub market_tickers: Vec<MarketTicker>,
    /// The exchange's time when it began.
    pub now: Timestamp,
    /// Whether times were shifted.
    pub rebased: bool,
    /// Whether tickers name the close times of their markets: not where times were shifted by anything but whole quarters of an hour.
    pub tickers_name_close_times: bool,
    /// Whether something stands in for the settlement index: a settlement value is then never known before it is announced.
    pub index_is_stand_in: bool,
    /// From when on the index' past can be read without a hole of more than a minute, as of the start: the recording's pre-roll. `None` where it
    /// holds no price before its session.
    pub prices_from: Option<Timestamp>,
    /// The exchange's time at which the recording ends. No market that closes later is settled.
    pub recording_ends: Timestamp,
}

/// One client's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointKey {
    /// The key's id.
    pub key_id: String,
    /// Its private key: PEM, readable by its owner alone.
    pub key_file: PathBuf,
}

/// Why a ready file cannot be used or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is none yet, or it may not be read.
    #[error("cannot read the ready file {}; start `recio sim serve --ready-file` first, or check the path", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is some other file.
    #[error("{} is not the ready file of a recio simulator: {reason}; name the file that `recio sim serve` wrote", file.display())]
    NotAReadyFile {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// It cannot be written.
    #[error("cannot write the ready file {}; check its folder and rights", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Endpoint {
    /// How much of the index' past there was when it began, without a hole.
    #[must_use]
    pub fn past(&self) -> Duration {
        let past = self.prices_from.map(|from| self.now.duration_since(from));
        past.and_then(|past| Duration::try_from(past).ok()).unwrap_or_default()
    }

    /// Writes the ready file in one step: whoever sees it sees all of it.
    ///
    /// # Errors
    /// The file cannot be written; nothing half-written is left under its name.
    pub fn write(&self, file: &Path) -> Result<(), EndpointError> {
        let error = |source| EndpointError::Write { file: file.to_owned(), source };
        let mut text = serde_json::to_string_pretty(self).map_err(|failed| error(failed.into()))?;
        text.push('\n');
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = file.with_file_name(name);
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file));
        written.map_err(|source| {
            // Best effort: the error that counts is the one above.
            let _ = std::fs::remove_file(&beside);
            error(source)
        })
    }

    /// Reads a ready file.
    ///
    /// # Errors
    /// It is not there, or not a simulator's.
    pub fn read(file: &Path) -> Result<Self, EndpointError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| EndpointError::Read { file: file.to_owned(), source })?;
        let not = |reason: String| EndpointError::NotAReadyFile { file: file.to_owned(), reason };
        let endpoint: Self = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
        if !endpoint.simulator {
            return Err(not("it does not say `\"simulator\": true`".to_owned()));
        }
        Ok(endpoint)
    }
}
