//! Why a command did not work, and with which code the process then ends.

use crate::config::ConfigError;
use crate::exit_code::ExitCode;
use recio::account_claim::ClaimError;
use recio::session::SessionError;
use recio_core::kill_latch::LatchError;
use recio_core::store::StoreError;
use recio_store::OpenError;
use std::io;

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// The demo.
    #[error(transparent)]
    Demo(#[from] recio::demo::DemoError),
    /// The run.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The simulator.
    #[error(transparent)]
    Simulator(#[from] recio_sim::SimError),
    /// The scenario of a simulator.
    #[error(transparent)]
    Scenario(#[from] recio_sim::scenario::ScenarioError),
    /// The ready file of a simulator.
    #[error(transparent)]
    Endpoint(#[from] recio_sim::endpoint::EndpointError),
    /// The fingerprint.
    #[error(transparent)]
    Fingerprint(#[from] recio::fingerprint::FingerprintError),
    /// The recorded data.
    #[error(transparent)]
    Import(#[from] recio_sim::import::ImportError),
    /// The recording of what happens.
    #[error(transparent)]
    Record(#[from] recio::record::RecordError),
    /// The download of candles.
    #[error(transparent)]
    Download(#[from] recio::download::DownloadError),
    /// The comparison with the exchange.
    #[error(transparent)]
    Reconcile(#[from] recio::reconcile::ReconcileError),
    /// The replay.
    #[error(transparent)]
    Replay(#[from] recio_core::pipeline::ReplayError),
    /// The store cannot be opened.
    #[error(transparent)]
    OpenStore(#[from] OpenError),
    /// The store cannot be read.
    #[error("the store cannot be read")]
    ReadStore(#[from] StoreError),
    /// The kill latch.
    #[error(transparent)]
    Latch(#[from] LatchError),
    /// The results cannot be written.
    #[error("the results cannot be written")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The code with which the process ends. A reader that has gone away (`recio trades | head -1`) is no failure.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Success,
            Self::Config(_)
            | Self::Usage(_)
            | Self::Scenario(_)
            | Self::OpenStore(OpenError::BadUrl { .. })
            | Self::Session(SessionError::Claim(ClaimError::OtherAccount { .. })) => ExitCode::Usage,
            Self::OpenStore(_)
            | Self::ReadStore(_)
            | Self::Latch(_)
            | Self::Output(_)
            | Self::Demo(_)
            | Self::Session(_)
            | Self::Simulator(_)
            | Self::Endpoint(_)
            | Self::Fingerprint(_)
            | Self::Import(_)
            | Self::Record(_)
            | Self::Download(_)
            | Self::Reconcile(_)
            | Self::Replay(_) => ExitCode::Failure,
        }
    }
}
