//! Why a command did not work, and with which code the process then ends.

use crate::config::ConfigError;
use crate::exit_code::ExitCode;
use recio::account_claim::ClaimError;
use recio::session::SessionError;
use recio_core::command::AskError;
use recio_core::kill_latch::LatchError;
use recio_core::settings::{Refusal, SettingError};
use recio_core::store::StoreError;
use recio_store::archive::ArchiveError;
use recio_store::archive::export::ExportError;
use recio_store::backup::BackupError;
use recio_store::bus::BusError;
use recio_store::{CopyError, OpenError};
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
    /// The bus cannot be used at all.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The store cannot be read.
    #[error("the store cannot be read")]
    ReadStore(#[from] StoreError),
    /// An override was not changed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The wish cannot be written down.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// What was asked of the running recio was not done, or nobody knows.
    #[error("{0}")]
    NotDone(String),
    /// A backup was not made or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Facts were not copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The export.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A recording.
    #[error(transparent)]
    Recording(Box<recio_sim::recording::RecordingError>),
    /// The history of another program.
    #[error(transparent)]
    ImportV2(#[from] recio_store::v2::ImportError),
    /// The views under another program's names.
    #[error(transparent)]
    AdoptV2(#[from] recio_store::v2::AdoptError),
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
            Self::Export(error) if is_broken_pipe(error) => ExitCode::Success,
            Self::Config(_)
            | Self::Usage(_)
            | Self::Scenario(_)
            | Self::Ask(AskError::Invalid { .. } | AskError::KeyReused { .. })
            | Self::OpenStore(OpenError::BadUrl { .. })
            | Self::Bus(_)
            | Self::Session(SessionError::Claim(ClaimError::OtherAccount { .. })) => ExitCode::Usage,
            // Somebody else was faster: the same may be right the next time.
            Self::Setting(SettingError::Refused(Refusal::Conflict { .. })) => ExitCode::Failure,
            Self::Setting(SettingError::Refused(_)) => ExitCode::Usage,
            Self::OpenStore(_)
            | Self::Setting(_)
            | Self::ReadStore(_)
            | Self::Ask(_)
            | Self::NotDone(_)
            | Self::Latch(_)
            | Self::Backup(_)
            | Self::Copy(_)
            | Self::Archive(_)
            | Self::Export(_)
            | Self::Recording(_)
            | Self::Output(_)
            | Self::Demo(_)
            | Self::Session(_)
            | Self::Simulator(_)
            | Self::Endpoint(_)
            | Self::Fingerprint(_)
            | Self::Import(_)
            | Self::ImportV2(_)
            | Self::AdoptV2(_)
            | Self::Record(_)
            | Self::Download(_)
            | Self::Reconcile(_)
            | Self::Replay(_) => ExitCode::Failure,
        }
    }
}

/// Whether the reader of an export has gone away.
fn is_broken_pipe(error: &ExportError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        cause = error.source();
    }
    false
}
