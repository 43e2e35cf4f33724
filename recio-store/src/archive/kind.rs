//! What the archive keeps.

use std::fmt;
use std::str::FromStr;

/// What the archive keeps: each kind has a folder of its own, whose files all have the same columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Prices of an asset, one by one; filed under the asset.
    Ticks,
    /// Prices of an asset by the second and the minute; filed under the asset.
    Bars,
    /// Strike tables, strike by strike; filed under the series.
    StrikeTables,
    /// How services were; filed under whom they worked for.
    Health,
    /// Order books, level by level; filed under the series.
    Books,
    /// What was entered, and why the rest was not; filed under the monitor.
    Decisions,
    /// Facts, with their place in the chain; filed under environment and account. Never removed.
    Facts,
    /// Recordings as they were sealed: what the simulator plays; filed under the series.
    Recordings,
}

/// Not a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of ticks, bars, strike_tables, health, books, decisions, facts, recordings")]
pub struct UnknownKind(pub String);

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Ticks,
        Self::Bars,
        Self::StrikeTables,
        Self::Health,
        Self::Books,
        Self::Decisions,
        Self::Facts,
        Self::Recordings,
    ];

    /// The word for it: the folder's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
            Self::Bars => "bars",
            Self::StrikeTables => "strike_tables",
            Self::Health => "health",
            Self::Books => "books",
            Self::Decisions => "decisions",
            Self::Facts => "facts",
            Self::Recordings => "recordings",
        }
    }

    /// The ending of its files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ticks
            | Self::Bars
            | Self::StrikeTables
            | Self::Health
            | Self::Books
            | Self::Decisions
            | Self::Facts => "parquet",
            Self::Recordings => "rec",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}
