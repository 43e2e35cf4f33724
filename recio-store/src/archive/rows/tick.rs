//! Prices of an asset, one by one.

use super::Archived;
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use crate::observations::ObservedTick;
use recio_core::units::{AssetPrice, Timestamp};

/// One price of an asset: a trade at a venue, or a print of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The asset, such as `BTC`.
    pub asset: String,
    /// The venue or index, such as `coinbase` or `BRTI`.
    pub source: String,
    /// When the source says it happened.
    pub exchange_time: Timestamp,
    /// When it arrived here.
    pub received_time: Option<Timestamp>,
    /// Dollars for one unit of the asset.
    pub price: AssetPrice,
    /// The venue's number of the trade; an index has none.
    pub trade_id: Option<u64>,
}

impl From<&ObservedTick> for Tick {
    fn from(observed: &ObservedTick) -> Self {
        Self {
            asset: observed.asset.to_string(),
            source: observed.source.clone(),
            exchange_time: observed.tick.exchange_time,
            received_time: Some(observed.received_time),
            price: observed.tick.price,
            trade_id: None,
        }
    }
}

impl Tabular for Tick {
    const COLUMNS: &'static [Column] = &[
        Column::new("asset", Unit::Text, "the asset"),
        Column::new("source", Unit::Text, "the venue or the index"),
        Column::new("exchange_time", Unit::Time, "when the source says it happened"),
        Column::new("received_time", Unit::Time, "when it arrived").optional(),
        Column::new("price", Unit::AssetPrice, "the price of one unit of the asset"),
        Column::new("trade_id", Unit::Count, "the venue's number of the trade").optional(),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.asset.as_str().into(),
            self.source.as_str().into(),
            self.exchange_time.into(),
            self.received_time.into(),
            self.price.into(),
            self.trade_id.into(),
        ]
    }
}

impl Archived for Tick {
    const KIND: Kind = Kind::Ticks;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.exchange_time
    }

    fn symbol(&self) -> String {
        self.asset.clone()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            asset: cells.text()?.to_owned(),
            source: cells.text()?.to_owned(),
            exchange_time: cells.time()?,
            received_time: cells.optional_time()?,
            price: cells.asset_price()?,
            trade_id: cells.optional_count()?,
        })
    }
}
