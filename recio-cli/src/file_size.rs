//! A limit on the size of files (`ulimit -f`), which by default ends a process that meets it, whatever it has open at the exchange.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Has a write beyond the limit fail, as it does on a full disk, instead of ending the process with SIGXFSZ.
///
/// # Errors
/// The system lets nobody catch the signal.
///
/// # Panics
/// Outside a tokio runtime.
pub fn outlive_the_limit() -> io::Result<()> {
    // What catches it stays for the life of the process; nobody has to listen.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}
