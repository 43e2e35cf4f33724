//! Strike tables, strike by strike.

use super::Archived;
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use crate::observations::{ObservedFair, ObservedStrikeTable};
use recio_core::units::{AssetPrice, Price, Probability, Quantity, Timestamp};

/// One strike of an event at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct StrikeRow {
    /// When it was so.
    pub time: Timestamp,
    /// The series.
    pub series: String,
    /// The event.
    pub event: String,
    /// When trading of it ends.
    pub close_time: Timestamp,
    /// The asset's price.
    pub asset_price: Option<AssetPrice>,
    /// The weighted momentum.
    pub momentum_percent: Option<f64>,
    /// Realised volatility, in dollars per √second.
    pub volatility: Option<f64>,
    /// The strike's place in the table, from 1; 0 is a table without strikes.
    pub line: u64,
    /// The market.
    pub market: Option<String>,
    /// Which settlement values pay YES, as people read it.
    pub strike: Option<String>,
    /// Whether it accepted orders.
    pub trading: bool,
    /// Whether its book was known.
    pub quoted: bool,
    /// The best bid for YES.
    pub bid: Option<Price>,
    /// Contracts that are wanted there.
    pub bid_quantity: Option<Quantity>,
    /// The best offer of YES.
    pub ask: Option<Price>,
    /// Contracts that are offered there.
    pub ask_quantity: Option<Quantity>,
    /// Contracts traded since it opened.
    pub volume: Option<Quantity>,
    /// The model's value of YES.
    pub model: Option<f64>,
    /// The low end of its 90 % interval.
    pub model_low: Option<f64>,
    /// The high end.
    pub model_high: Option<f64>,
    /// Why there is no value.
    pub model_unknown: Option<String>,
}

impl StrikeRow {
    /// The strikes of a table; one row without a market where it has none.
    #[must_use]
    pub fn of(table: &ObservedStrikeTable) -> Vec<Self> {
        let bare = Self {
            time: table.time,
            series: table.series.to_string(),
            event: table.event.to_string(),
            close_time: table.close_time,
            asset_price: table.asset_price,
            momentum_percent: table.momentum,
            volatility: table.volatility,
            line: 0,
            market: None,
            strike: None,
            trading: false,
            quoted: false,
            bid: None,
            bid_quantity: None,
            ask: None,
            ask_quantity: None,
            volume: None,
            model: None,
            model_low: None,
            model_high: None,
            model_unknown: None,
        };
        if table.strikes.is_empty() {
            return vec![bare];
        }
        let row = |(line, strike): (u64, &crate::observations::ObservedStrike)| {
            let (bid, ask) = strike.quote.map_or((None, None), |quote| (quote.bid, quote.ask));
            let (model, model_low, model_high, model_unknown) = match &strike.fair {
                ObservedFair::Known { value, low, high } => (Some(*value), Some(*low), Some(*high), None),
                ObservedFair::Unknown(why) => (None, None, None, Some(why.clone())),
            };
            Self {
                line,
                market: Some(strike.market.to_string()),
                strike: strike.strike.map(|strike| strike.to_string()),
                trading: strike.trading,
                quoted: strike.quote.is_some(),
                bid: bid.map(|level| level.price),
                bid_quantity: bid.map(|level| level.quantity),
                ask: ask.map(|level| level.price),
                ask_quantity: ask.map(|level| level.quantity),
                volume: strike.volume,
                model: model.map(Probability::into),
                model_low: model_low.map(Probability::into),
                model_high: model_high.map(Probability::into),
                model_unknown,
                ..bare.clone()
            }
        };
        (1..).zip(&table.strikes).map(row).collect()
    }
}

impl Tabular for StrikeRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("time", Unit::Time, "when it was so"),
        Column::new("series", Unit::Text, "the series"),
        Column::new("event", Unit::Text, "the event"),
        Column::new("close_time", Unit::Time, "when trading of it ends"),
        Column::new("asset_price", Unit::AssetPrice, "the asset's price").optional(),
        Column::new("momentum_percent", Unit::Real, "the weighted momentum in percent").optional(),
        Column::new("volatility", Unit::Real, "realised volatility in dollars per square root of a second").optional(),
        Column::new("line", Unit::Count, "the strike's place in the table, from 1; 0 is a table without strikes"),
        Column::new("market", Unit::Text, "the market").optional(),
        Column::new("strike", Unit::Text, "which settlement values pay YES").optional(),
        Column::new("trading", Unit::Flag, "whether it accepted orders"),
        Column::new(
            "quoted",
            Unit::Flag,
            "whether its book was known: an empty side of a known book has no price either",
        ),
        Column::new("bid", Unit::Price, "the best bid for YES").optional(),
        Column::new("bid_quantity", Unit::Quantity, "contracts wanted there").optional(),
        Column::new("ask", Unit::Price, "the best offer of YES").optional(),
        Column::new("ask_quantity", Unit::Quantity, "contracts offered there").optional(),
        Column::new("volume", Unit::Quantity, "contracts traded since it opened").optional(),
        Column::new("model", Unit::Real, "the model's probability of YES").optional(),
        Column::new("model_low", Unit::Real, "the low end of its 90 % interval").optional(),
        Column::new("model_high", Unit::Real, "the high end of its 90 % interval").optional(),
        Column::new("model_unknown", Unit::Text, "why the model has no value").optional(),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        let real = |real: Option<f64>| real.map_or(Cell::Empty, Cell::Real);
        vec![
            self.time.into(),
            self.series.as_str().into(),
            self.event.as_str().into(),
            self.close_time.into(),
            self.asset_price.into(),
            real(self.momentum_percent),
            real(self.volatility),
            self.line.into(),
            self.market.as_deref().into(),
            self.strike.as_deref().into(),
            self.trading.into(),
            self.quoted.into(),
            self.bid.into(),
            self.bid_quantity.into(),
            self.ask.into(),
            self.ask_quantity.into(),
            self.volume.into(),
            real(self.model),
            real(self.model_low),
            real(self.model_high),
            self.model_unknown.as_deref().into(),
        ]
    }
}

impl Archived for StrikeRow {
    const KIND: Kind = Kind::StrikeTables;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn symbol(&self) -> String {
        self.series.clone()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self {
            time: cells.time()?,
            series: cells.text()?.to_owned(),
            event: cells.text()?.to_owned(),
            close_time: cells.time()?,
            asset_price: cells.optional_asset_price()?,
            momentum_percent: cells.optional_real()?,
            volatility: cells.optional_real()?,
            line: cells.count()?,
            market: owned(cells.optional_text()?),
            strike: owned(cells.optional_text()?),
            trading: cells.flag()?,
            quoted: cells.flag()?,
            bid: cells.optional_price()?,
            bid_quantity: cells.optional_quantity()?,
            ask: cells.optional_price()?,
            ask_quantity: cells.optional_quantity()?,
            volume: cells.optional_quantity()?,
            model: cells.optional_real()?,
            model_low: cells.optional_real()?,
            model_high: cells.optional_real()?,
            model_unknown: owned(cells.optional_text()?),
        })
    }
}
