//! Prices of an asset, by the second or the minute.

use super::{Archived, word};
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use crate::observations::ObservedBar;
use recio_core::units::{AssetPrice, Timestamp};

/// The prices of one source within one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarRow {
    /// The asset, such as `BTC`.
    pub asset: String,
    /// The venue or index.
    pub source: String,
    /// How long it is: `second` or `minute`.
    pub resolution: String,
    /// When it begins.
    pub start_time: Timestamp,
    /// The first price in it.
    pub open: AssetPrice,
    /// The highest.
    pub high: AssetPrice,
    /// The lowest.
    pub low: AssetPrice,
    /// The last.
    pub close: AssetPrice,
}

impl From<&ObservedBar> for BarRow {
    fn from(observed: &ObservedBar) -> Self {
        let bar = observed.bar;
        Self {
            asset: observed.asset.to_string(),
            source: observed.source.clone(),
            resolution: word(&observed.resolution),
            start_time: bar.start,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
        }
    }
}

impl Tabular for BarRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("asset", Unit::Text, "the asset"),
        Column::new("source", Unit::Text, "the venue or the index"),
        Column::new("resolution", Unit::Text, "how long the bar is: second or minute"),
        Column::new("start_time", Unit::Time, "when it begins"),
        Column::new("open", Unit::AssetPrice, "the first price"),
        Column::new("high", Unit::AssetPrice, "the highest price"),
        Column::new("low", Unit::AssetPrice, "the lowest price"),
        Column::new("close", Unit::AssetPrice, "the last price"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.asset.as_str().into(),
            self.source.as_str().into(),
            self.resolution.as_str().into(),
            self.start_time.into(),
            self.open.into(),
            self.high.into(),
            self.low.into(),
            self.close.into(),
        ]
    }
}

impl Archived for BarRow {
    const KIND: Kind = Kind::Bars;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.start_time
    }

    fn symbol(&self) -> String {
        self.asset.clone()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            asset: cells.text()?.to_owned(),
            source: cells.text()?.to_owned(),
            resolution: cells.text()?.to_owned(),
            start_time: cells.time()?,
            open: cells.asset_price()?,
            high: cells.asset_price()?,
            low: cells.asset_price()?,
            close: cells.asset_price()?,
        })
    }
}
