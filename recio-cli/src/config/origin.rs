//! Where a value of the config comes from.

use recio_core::units::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from. The later in this list, the stronger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// recio's own default.
    Default,
    /// The preset of a monitor.
    Preset(&'static str),
    /// A line of the config file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// An override in the store.
    Database {
        /// Its version, from 1.
        version: u64,
        /// Who made it.
        who: String,
        /// When.
        time: Timestamp,
    },
    /// Entry is off because an override in the store cannot be used.
    Closed,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
            Self::Database { version, who, time } => write!(f, "database, version {version} by {who} at {time}"),
            Self::Closed => f.write_str("database, off because of an override that cannot be used"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
