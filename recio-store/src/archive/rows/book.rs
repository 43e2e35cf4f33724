//! Order books, level by level.

use super::Archived;
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit, quantity_of};
use recio_core::market::BookSide;
use recio_core::units::{MarketTicker, Price, Quantity, QuantityChange, SeriesTicker, Timestamp};

/// One step of a market's book. A whole book is a `clear` and a `level` for each of its levels; after it come `change`s. Applied in the order of
/// the file they give the book at every moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookRow {
    /// The place in what it was taken from; the steps of one whole book share theirs.
    pub number: u64,
    /// When the exchange says it happened.
    pub exchange_time: Timestamp,
    /// When it arrived here.
    pub received_time: Option<Timestamp>,
    /// The series of the market.
    pub series: SeriesTicker,
    /// The market.
    pub market: MarketTicker,
    /// What happened.
    pub change: BookChange,
}

/// What happened to a book. Sides and prices are those of YES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookChange {
    /// A whole book begins: what was known before is void.
    Clear,
    /// One level of it.
    Level {
        /// The side.
        side: BookSide,
        /// The YES price.
        price: Price,
        /// Contracts that lie there.
        quantity: Quantity,
    },
    /// One level changed.
    Change {
        /// The side.
        side: BookSide,
        /// The YES price.
        price: Price,
        /// Contracts that came, or went where it is below zero.
        change: QuantityChange,
    },
}

impl Tabular for BookRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("number", Unit::Count, "the place in the recording; the steps of one whole book share theirs"),
        Column::new("exchange_time", Unit::Time, "when the exchange says it happened"),
        Column::new("received_time", Unit::Time, "when it arrived").optional(),
        Column::new("series", Unit::Text, "the series"),
        Column::new("market", Unit::Text, "the market"),
        Column::new(
            "step",
            Unit::Text,
            "clear: a whole book begins; level: one of its levels; change: a level changed",
        ),
        Column::new("side", Unit::Text, "bid or ask, for YES").optional(),
        Column::new("yes_price", Unit::Price, "the YES price of the level").optional(),
        Column::new("quantity", Unit::Quantity, "what lies there (level), or by how much it changed (change)")
            .optional(),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        let (step, side, price, quantity) = match self.change {
            BookChange::Clear => ("clear", Cell::Empty, Cell::Empty, Cell::Empty),
            BookChange::Level { side, price, quantity } => ("level", side_word(side), price.into(), quantity.into()),
            BookChange::Change { side, price, change } => {
                ("change", side_word(side), price.into(), change.hundredths().into())
            }
        };
        vec![
            self.number.into(),
            self.exchange_time.into(),
            self.received_time.into(),
            self.series.as_str().into(),
            self.market.as_str().into(),
            step.into(),
            side,
            price,
            quantity,
        ]
    }
}

impl Archived for BookRow {
    const KIND: Kind = Kind::Books;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.exchange_time
    }

    fn symbol(&self) -> String {
        self.series.to_string()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        let number = cells.count()?;
        let (exchange_time, received_time) = (cells.time()?, cells.optional_time()?);
        let (series, market) = (cells.parsed()?, cells.parsed()?);
        let (step, side) = (cells.text()?, cells.optional_text()?);
        let (price, quantity) = (cells.optional_price()?, cells.optional_integer()?);
        let side = match side {
            None => None,
            Some("bid") => Some(BookSide::Bid),
            Some("ask") => Some(BookSide::Ask),
            Some(other) => return Err(format!("`{other}` is no side of a book")),
        };
        let change = match (step, side, price, quantity) {
            ("clear", None, None, None) => BookChange::Clear,
            ("level", Some(side), Some(price), Some(quantity)) => {
                BookChange::Level { side, price, quantity: quantity_of(quantity)? }
            }
            ("change", Some(side), Some(price), Some(change)) => {
                let change = QuantityChange::from_hundredths(change).map_err(|error| error.to_string())?;
                BookChange::Change { side, price, change }
            }
            _ => return Err(format!("a step `{step}` does not have the cells that it needs, and no others")),
        };
        Ok(Self { number, exchange_time, received_time, series, market, change })
    }
}

fn side_word(side: BookSide) -> Cell<'static> {
    Cell::text(match side {
        BookSide::Bid => "bid",
        BookSide::Ask => "ask",
    })
}
