//! What every queue of commands says in the same words.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::chain::sorted;
use recio_core::command::CommandAnswer;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use recio_core::command::NewCommand;

/// Why a command that was asked for too long ago is refused.
pub(crate) const EXPIRED: &str = "nobody took it while it was valid: recio was not running, or was busy; ask again";

/// The answer to a command whose taker has died.
pub(crate) fn given_up() -> CommandAnswer {
    let reason =
        "the run that took it ended before it answered: look what became of it, and ask again if it was not done";
    CommandAnswer::Unknown { reason: reason.to_owned() }
}

/// The body as it is kept and compared: without spaces, the keys in order.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn body_of(command: &NewCommand) -> String {
    sorted(command.body.clone()).to_string()
}

/// An answer as columns have it: the status, and the words.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn words(answer: &CommandAnswer) -> (&'static str, &str) {
    match answer {
        CommandAnswer::Done { note } => ("done", note),
        CommandAnswer::Refused { reason } => ("refused", reason),
        CommandAnswer::Unknown { reason } => ("unknown", reason),
    }
}
