//! What the process says when it ends.

/// The exit codes. They are part of the interface: scripts, cron and systemd go by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Done.
    Success,
    /// It did not work; the message on stderr says why.
    Failure,
    /// The arguments or the config are wrong; nothing was done.
    Usage,
    /// `reconcile --strict`, `replay` or `db verify` found a difference.
    Difference,
    /// The kill latch holds: nothing was sent, or sending was stopped.
    Killed,
    /// Stopped by Ctrl-C or SIGTERM, in order.
    Interrupted,
}

/// The codes as `recio --help` lists them.
pub const HELP: &str = "\
Exit codes:
    0  done
    1  it did not work; the message on stderr says why
    2  the arguments or the config are wrong; nothing was done
    3  reconcile --strict, replay or db verify found a difference
    4  the kill latch holds
  130  interrupted, stopped in order";

impl ExitCode {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Difference => 3,
            Self::Killed => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_every_code_once() {
        use ExitCode::{Difference, Failure, Interrupted, Killed, Success, Usage};
        let listed: Vec<u8> =
            HELP.lines().skip(1).filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
        assert_eq!(listed, [Success, Failure, Usage, Difference, Killed, Interrupted].map(ExitCode::number));
    }
}
