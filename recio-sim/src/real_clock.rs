//! The real time, for signatures and for `--rebase now`; nothing else of the simulator follows it.

use recio_core::units::Timestamp;

/// The real time.
#[expect(
    clippy::disallowed_methods,
    reason = "signatures are checked against real time, so that independent clients can sign"
)]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}
