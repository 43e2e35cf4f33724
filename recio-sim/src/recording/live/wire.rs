//! How an entry lies in a live file. The order of variants and fields is the format: add at the end of the enum only.

use super::super::wire::WireBody;
use recio_core::market::Asset;
use recio_core::price_feed::PriceKind;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) enum WireEntry {
    /// The first entry.
    Begins { title: String, created_by: String, origin: String, at: i64 },
    /// A market gets the next place.
    Market(String),
    /// A source gets the next place.
    Source { name: String, asset: WireAsset, index: bool },
    /// Times in microseconds since 1970.
    Record { stream: u8, exchange: Option<i64>, received: Option<i64>, body: WireBody },
    /// From here on something is missing.
    GapOpens { stream: u8, market: Option<u16>, from: i64, why: String },
    /// It is whole again.
    GapCloses { stream: u8, market: Option<u16>, to: i64 },
    /// Something was missing.
    Gap { stream: u8, market: Option<u16>, from: i64, to: i64, why: String },
    /// The last entry of a file that was ended in order.
    Ends { at: i64 },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum WireAsset {
    Btc,
    Eth,
}

impl From<Asset> for WireAsset {
    fn from(asset: Asset) -> Self {
        match asset {
            Asset::Btc => Self::Btc,
            Asset::Eth => Self::Eth,
        }
    }
}

impl From<WireAsset> for Asset {
    fn from(asset: WireAsset) -> Self {
        match asset {
            WireAsset::Btc => Self::Btc,
            WireAsset::Eth => Self::Eth,
        }
    }
}

pub(super) const fn is_index(kind: PriceKind) -> bool {
    match kind {
        PriceKind::Index => true,
        PriceKind::StandIn => false,
    }
}
