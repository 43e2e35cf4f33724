//! The events of a synthetic world: when each opens and closes, and which markets it has.
//!
//! Source of times and forms: docs.kalshi.com/websockets (market lifecycle) and observations of KXBTC15M and KXBTCD in 2026.

use crate::recording::MarketBody;
use recio_core::market::{MarketName, PriceGrid, Strike, StrikeTerms};
use recio_core::units::{AssetPrice, SeriesTicker, Timestamp};
use std::time::Duration;

/// A quarter of an hour, in seconds.
pub(super) const QUARTER: i64 = 900;
/// An hour, in seconds.
pub(super) const HOUR: i64 = 3_600;
/// Distance between two strikes of an hourly event, in cents.
const STRIKE_STEP: u64 = 10_000;
/// The exchange's shard for crypto.
const SHARD: u16 = 2;

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `KXBTC15M`: one market, whose strike is what settled the quarter before.
    Quarter,
    /// `KXBTCD`: a ladder of thresholds.
    Hourly,
}

impl Kind {
    pub(super) const fn seconds(self) -> i64 {
        match self {
            Self::Quarter => QUARTER,
            Self::Hourly => HOUR,
        }
    }

    /// How long after the close the outcome is announced.
    pub(super) const fn determined_after(self) -> i64 {
        match self {
            Self::Quarter => 1,
            Self::Hourly => 90,
        }
    }

    /// How long after the close it is paid.
    pub(super) const fn settled_after(self) -> i64 {
        match self {
            Self::Quarter => 7,
            Self::Hourly => 155,
        }
    }

    const fn series(self) -> &'static str {
        match self {
            Self::Quarter => "KXBTC15M",
            Self::Hourly => "KXBTCD",
        }
    }

    pub(super) fn grid(self) -> PriceGrid {
        match self {
            Self::Quarter => PriceGrid::tapered_deci_cent(),
            Self::Hourly => PriceGrid::linear_cent(),
        }
    }
}

/// The thresholds of an hourly event around a price, in cents: whole hundreds of dollars less a cent, as many below as above.
pub(super) fn ladder(around: u64, count: u16) -> Vec<u64> {
    let nearest = (around + STRIKE_STEP / 2) / STRIKE_STEP;
    let lowest = nearest.saturating_sub(u64::from(count / 2)).max(1);
    (0..u64::from(count)).map(|step| (lowest + step) * STRIKE_STEP - 1).collect()
}

/// The body of a market that opens at a second; `floor` is the strike in cents, where it is known. None for the second of two that close at
/// one time on New York's clocks, in the autumn hour that repeats: how the exchange tells their names apart is not confirmed.
pub(super) fn body(kind: Kind, open: i64, floor: Option<u64>, listed: Timestamp) -> Option<MarketBody> {
    let (open_time, close_time) = (second(open), second(open + kind.seconds()));
    let series = SeriesTicker::new(kind.series()).ok()?;
    let strike = match floor {
        None => StrikeTerms::ToBeAnnounced,
        Some(floor) => StrikeTerms::Known(strike(kind, floor)?),
    };
    let name = MarketName::new(&series, close_time, &strike).ok()?;
    if name.event().closings().second == Some(close_time) {
        return None;
    }
    Some(MarketBody {
        ticker: name.ticker(),
        event: name.event().ticker(),
        series,
        strike,
        created_time: listed,
        open_time,
        close_time,
        grid: kind.grid(),
        exchange_index: SHARD,
        settlement_timer: match kind {
            Kind::Quarter => Duration::from_secs(1),
            Kind::Hourly => Duration::from_secs(60),
        },
    })
}

/// The strike at a floor in cents.
pub(super) fn strike(kind: Kind, floor: u64) -> Option<Strike> {
    let floor = AssetPrice::from_cents(floor).ok()?;
    Some(match kind {
        Kind::Quarter => Strike::GreaterOrEqual { floor },
        Kind::Hourly => Strike::Greater { floor },
    })
}

/// A whole Unix second. The options keep all of them inside the years that tickers can name.
pub(super) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
