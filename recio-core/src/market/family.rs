//! The series that recio knows: which asset, which kind of contract.

use crate::units::SeriesTicker;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What a market is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Asset {
    /// Bitcoin; settles on CF Benchmarks' BRTI.
    Btc,
    /// Ether; settles on ETHUSD_RTI.
    Eth,
}

/// The kind of contract of a crypto series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Above a level at the end of an hour: `KXBTCD`, `KXETHD`.
    HourlyThreshold,
    /// Inside a range at the end of an hour: `KXBTC`, `KXETH`.
    HourlyRange,
    /// Up over a quarter of an hour: `KXBTC15M`, `KXETH15M`.
    QuarterHour,
}

/// A series that is none of recio's six.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("series {0} is none of KXBTCD, KXBTC, KXBTC15M, KXETHD, KXETH, KXETH15M")]
pub struct UnknownSeries(pub String);

impl Asset {
    /// The index that settles this asset's markets, by the name the exchange streams it under.
    #[must_use]
    pub const fn index_id(self) -> &'static str {
        match self {
            Self::Btc => "BRTI",
            Self::Eth => "ETHUSD_RTI",
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Btc => "BTC",
            Self::Eth => "ETH",
        })
    }
}

impl Family {
    /// Asset and kind of a series.
    ///
    /// # Errors
    /// Not one of the six.
    pub fn of(series: &SeriesTicker) -> Result<(Asset, Self), UnknownSeries> {
        match series.as_str() {
            "KXBTCD" => Ok((Asset::Btc, Self::HourlyThreshold)),
            "KXBTC" => Ok((Asset::Btc, Self::HourlyRange)),
            "KXBTC15M" => Ok((Asset::Btc, Self::QuarterHour)),
            "KXETHD" => Ok((Asset::Eth, Self::HourlyThreshold)),
            "KXETH" => Ok((Asset::Eth, Self::HourlyRange)),
            "KXETH15M" => Ok((Asset::Eth, Self::QuarterHour)),
            other => Err(UnknownSeries(other.to_owned())),
        }
    }

    /// How long its usual events trade. Daily and weekly events of the hourly series trade for longer.
    #[must_use]
    pub const fn period(self) -> Duration {
        match self {
            Self::HourlyThreshold | Self::HourlyRange => Duration::from_secs(3600),
            Self::QuarterHour => Duration::from_secs(900),
        }
    }
}
