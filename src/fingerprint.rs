//! Fingerprints as files: building them from minute bars, reading them, and the one that comes with recio.

use recio_core::model::{Fingerprint, FingerprintFileError, Model};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The fingerprint that comes with recio: 91 days of BTCUSDT minute bars, 2025-05-20 to 2025-08-18. It ends before the recording that
/// comes with recio begins.
const BUNDLED: &[u8] = include_bytes!("../data/btcusdt_2025.fingerprint");

/// Why a fingerprint cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// The file cannot be read or written.
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
    /// It is not a fingerprint, or a damaged one.
    #[error("{} is not a usable fingerprint", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: FingerprintFileError,
    },
    /// The bars cannot be read.
    #[cfg(feature = "sim")]
    #[error("cannot read the bars")]
    Bars(#[from] recio_sim::import::ImportError),
    /// The bars do not make a fingerprint.
    #[error("{} makes no fingerprint", path.display())]
    Build {
        /// The bars' file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: recio_core::model::FingerprintBuildError,
    },
}

/// Reads a fingerprint from a file.
///
/// # Errors
/// The file cannot be read, or is not a fingerprint.
pub fn read(path: &Path) -> Result<Fingerprint, FingerprintError> {
    let bytes =
        std::fs::read(path).map_err(|source| FingerprintError::Io { path: path.to_owned(), doing: "read", source })?;
    Fingerprint::from_bytes(&bytes).map_err(|source| FingerprintError::File { path: path.to_owned(), source })
}

/// Reads the fingerprint that comes with recio.
///
/// # Errors
/// The build was made with a damaged one.
pub fn bundled() -> Result<Fingerprint, FingerprintError> {
    let path = PathBuf::from("(the fingerprint in this build)");
    Fingerprint::from_bytes(BUNDLED).map_err(|source| FingerprintError::File { path, source })
}

/// The model that a fingerprint file makes, or the one that comes with recio.
///
/// # Errors
/// The fingerprint cannot be read.
pub fn model(path: Option<&Path>) -> Result<Arc<Model>, FingerprintError> {
    let fingerprint = path.map_or_else(bundled, read)?;
    Ok(Arc::new(Model::new([fingerprint])))
}

/// Builds a fingerprint from a CSV file of minute bars (`ts,open,high,low,close,…`, plain or gzip) and writes it to a file.
///
/// # Errors
/// The bars cannot be read or make no fingerprint, or the file cannot be written.
#[cfg(feature = "sim")]
pub fn build(
    bars: &Path,
    asset: recio_core::market::Asset,
    source: &str,
    out: &Path,
) -> Result<Fingerprint, FingerprintError> {
    let failed = |source| FingerprintError::Build { path: bars.to_owned(), source };
    let mut builder = recio_core::model::FingerprintBuilder::new(asset, source);
    for bar in recio_sim::import::BarReader::open(bars)? {
        builder.push(&bar?).map_err(failed)?;
    }
    let fingerprint = builder.finish().map_err(failed)?;
    std::fs::write(out, fingerprint.to_bytes()).map_err(|source| FingerprintError::Io {
        path: out.to_owned(),
        doing: "write",
        source,
    })?;
    Ok(fingerprint)
}
