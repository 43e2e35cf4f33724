//! How a composite and its sources are, for the doctor and the dashboard.

use recio_core::price_feed::PriceTick;
use recio_core::units::Timestamp;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// A composite's state as of a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CompositeHealth {
    /// When it was looked at: with the last event, or when a price grew too old. Ages are as of then; whoever shows them later adds what has passed.
    pub as_of: Timestamp,
    /// Enough sources agree: there is a price.
    pub live: bool,
    /// Why there is none, otherwise.
    pub trouble: Option<String>,
    /// The last price told.
    pub last: Option<PriceTick>,
    /// Sources that are fresh and agree.
    pub agreeing: usize,
    /// Sources that have to.
    pub needed: usize,
    /// Times at which too few agreed.
    pub outages: u64,
    /// The sources, in the order in which they were given.
    pub sources: Vec<SourceHealth>,
}

/// One source of a composite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceHealth {
    /// Its name.
    pub source: String,
    /// What it counts for now.
    pub verdict: SourceVerdict,
    /// Connected, as it says itself.
    pub connected: bool,
    /// Its newest price.
    pub last: Option<PriceTick>,
    /// How long ago that was made, by the venue's stamp.
    pub content_age: Option<Duration>,
    /// How long ago that came.
    pub channel_age: Option<Duration>,
    /// Its distance from the median of all fresh sources, in cents; negative where it lies below.
    pub deviation_cents: Option<i64>,
    /// Prices that came.
    pub ticks: u64,
    /// Of these, prices that were outliers when they came, or stamped in the future.
    pub rejected: u64,
    /// Times at which it said that it is gone, or that it missed something.
    pub losses: u64,
    /// What it said the last time it was gone.
    pub last_trouble: Option<String>,
}

/// What a source counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceVerdict {
    /// It is part of the median.
    Agrees,
    /// It is fresh, but too far from the others.
    Outlier,
    /// Its price is too old.
    Stale,
    /// It has not sent a price.
    Silent,
    /// It is not connected.
    Gone,
}

impl fmt::Display for SourceVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Agrees => "agrees",
            Self::Outlier => "is an outlier",
            Self::Stale => "is stale",
            Self::Silent => "has sent no price",
            Self::Gone => "is not connected",
        })
    }
}
