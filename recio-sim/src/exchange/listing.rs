//! What the exchange shows of a market beyond its book: titles, last trade, volume, times.

use super::candles::Candles;
use crate::recording::MarketBody;
use recio_core::market::{Family, Market, PriceGrid, PublicTrade, Quote, Strike, StrikeTerms, TickerUpdate};
use recio_core::units::{AssetPrice, Price, Quantity, Timestamp};
use recio_core::venue::Venue;
use recio_kalshi::wire::{JsonNumber, PriceRange};

/// One listed market.
pub(super) struct Listing {
    pub(super) body: MarketBody,
    pub(super) updated_time: Timestamp,
    pub(super) settled_time: Option<Timestamp>,
    pub(super) last_price: Option<Price>,
    pub(super) last_trade_size: Quantity,
    pub(super) open_interest: Quantity,
    /// A book was recorded, so the quote is the book's.
    pub(super) has_book: bool,
    recorded_volume: Quantity,
    own_volume: Quantity,
    recorded_quote: Quote,
    has_ticker: bool,
    pub(super) candles: Candles,
}

/// The strike in the words of the wire.
pub(super) struct StrikeWords {
    pub(super) kind: Option<&'static str>,
    pub(super) floor: Option<JsonNumber>,
    pub(super) cap: Option<JsonNumber>,
    pub(super) yes_sub_title: String,
}

impl Listing {
    pub(super) fn new(body: MarketBody) -> Self {
        Self {
            updated_time: body.created_time,
            settled_time: None,
            last_price: None,
            last_trade_size: Quantity::ZERO,
            open_interest: Quantity::ZERO,
            has_book: false,
            recorded_volume: Quantity::ZERO,
            own_volume: Quantity::ZERO,
            recorded_quote: Quote::default(),
            has_ticker: false,
            candles: Candles::default(),
            body,
        }
    }

    /// The quote and volume that the recording told last; `None` before it told any, and what was traded before is not known.
    pub(super) fn told(&self) -> Option<(&Quote, Quantity)> {
        self.has_ticker.then_some((&self.recorded_quote, self.recorded_volume))
    }

    /// A recorded ticker, and the print that it tells of.
    pub(super) fn tick(&mut self, update: &TickerUpdate, print: Option<&PublicTrade>) {
        if let Some(print) = print {
            self.candles.trade(print.exchange_time, print.yes_price, print.quantity);
            self.last_trade_size = print.quantity;
        } else if let Some(last) = update.last_price {
            self.candles.traded_before(last);
        }
        self.candles.quote(update.exchange_time, &update.quote, update.open_interest);
        self.last_price = update.last_price.or(self.last_price);
        self.recorded_volume = update.volume;
        self.open_interest = update.open_interest;
        self.recorded_quote = update.quote;
        self.has_ticker = true;
    }

    pub(super) fn trade(&mut self, trade: &PublicTrade, recorded: bool) {
        self.candles.trade(trade.exchange_time, trade.yes_price, trade.quantity);
        self.last_price = Some(trade.yes_price);
        self.last_trade_size = trade.quantity;
        if !recorded {
            self.own_volume = self.own_volume.saturating_add(trade.quantity);
        }
    }

    /// Contracts traded: the recorded ones and those of the accounts here.
    pub(super) fn volume(&self) -> Quantity {
        self.recorded_volume.saturating_add(self.own_volume)
    }

    /// The best prices: the book's where one was recorded, else those of the recorded ticker while the market trades.
    pub(super) fn quote(&self, venue: &Venue) -> Quote {
        let trading = venue.market(&self.body.ticker).is_some_and(|market| market.status.is_trading());
        if self.has_book || !trading { venue.quote(&self.body.ticker).unwrap_or_default() } else { self.recorded_quote }
    }

    pub(super) fn title(&self) -> String {
        match Family::of(&self.body.series) {
            Ok((asset, Family::QuarterHour)) => format!("{asset} price up in next 15 mins?"),
            Ok((asset, Family::HourlyThreshold | Family::HourlyRange)) => {
                format!("{asset} price at {}?", self.body.close_time)
            }
            Err(_) => self.body.ticker.to_string(),
        }
    }

    /// What settles it, in a sentence.
    pub(super) fn rules(&self) -> String {
        let index = Family::of(&self.body.series).map_or("index", |(asset, _)| asset.index_id());
        format!(
            "Simulated from a recording. Settles on the average of the 60 {index} prints before {}.",
            self.body.close_time
        )
    }
}

/// The strike of a market in the words of the wire. A type that recio does not price keeps nothing but its name's absence.
pub(super) fn strike_words(market: &Market) -> StrikeWords {
    let number = |price: AssetPrice| JsonNumber::new(&plain(price));
    let quarter = matches!(Family::of(&market.series), Ok((_, Family::QuarterHour)));
    let words = |kind, floor, cap, yes_sub_title| StrikeWords { kind: Some(kind), floor, cap, yes_sub_title };
    match &market.strike {
        StrikeTerms::Known(Strike::Greater { floor }) => {
            words("greater", number(*floor), None, format!("${} or above", dollars(next_cent(*floor))))
        }
        StrikeTerms::Known(Strike::GreaterOrEqual { floor }) => {
            let label = if quarter { "Target Price: $" } else { "At least $" };
            words("greater_or_equal", number(*floor), None, format!("{label}{}", dollars(*floor)))
        }
        StrikeTerms::Known(Strike::Less { cap }) => {
            words("less", None, number(*cap), format!("Below ${}", dollars(*cap)))
        }
        StrikeTerms::Known(Strike::LessOrEqual { cap }) => {
            words("less_or_equal", None, number(*cap), format!("At most ${}", dollars(*cap)))
        }
        StrikeTerms::Known(Strike::Between { floor, cap }) => {
            let text = format!("${} to {}", dollars(*floor), dollars(*cap));
            words("between", number(*floor), number(*cap), text)
        }
        StrikeTerms::ToBeAnnounced => words("greater_or_equal", None, None, "Target price: TBD".to_owned()),
        StrikeTerms::Unsupported(_) => {
            StrikeWords { kind: Some("custom"), floor: None, cap: None, yes_sub_title: String::new() }
        }
    }
}

/// The name of a price grid and its bands.
pub(super) fn grid_words(grid: &PriceGrid) -> (&'static str, Vec<PriceRange>) {
    let name = if *grid == PriceGrid::linear_cent() {
        "linear_cent"
    } else if *grid == PriceGrid::tapered_deci_cent() {
        "tapered_deci_cent"
    } else {
        // The exchange's word for a structure that it does not name.
        ""
    };
    let range = |band: &recio_core::market::PriceBand| PriceRange {
        start: band.start.to_string(),
        end: band.end.to_string(),
        step: band.step.to_string(),
    };
    (name, grid.bands().iter().map(range).collect())
}

fn next_cent(price: AssetPrice) -> AssetPrice {
    AssetPrice::from_cents(price.cents() + 1).unwrap_or(price)
}

/// As a JSON number: without decimals that say nothing.
fn plain(price: AssetPrice) -> String {
    let text = price.to_string();
    text.strip_suffix(".00").map_or(text.clone(), ToOwned::to_owned)
}

/// With thousands separators, as titles have it.
fn dollars(price: AssetPrice) -> String {
    let text = price.to_string();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{cents}")
}
