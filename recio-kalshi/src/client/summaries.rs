//! Markets with the figures beside them: best prices, volume, open interest.

use super::{KalshiClient, MarketFilter, Paged};
use crate::error::ReadError;
use crate::parse::{self, Of, ParseError};
use crate::wire;
use recio_core::market::{Market, Quote};
use recio_core::units::{MarketTicker, Price, Quantity};

/// A market with the figures that lists have beside it. They lag behind the book by up to seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketSummary {
    /// The market.
    pub market: Market,
    /// Its best prices.
    pub quote: Quote,
    /// The price of the last print; `None` before the first.
    pub last_price: Option<Price>,
    /// Contracts traded since it opened.
    pub volume: Quantity,
    /// Contracts that are open.
    pub open_interest: Quantity,
}

impl KalshiClient {
    /// The summaries of these markets.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn summaries(&self, markets: &[MarketTicker]) -> Result<Paged<MarketSummary>, ReadError> {
        let filter = MarketFilter { tickers: markets.to_vec(), ..MarketFilter::default() };
        self.pages::<wire::MarketsPage, _>("markets", "/markets", filter.query(), 1_000, summary).await
    }
}

fn summary(body: &wire::Market) -> Result<MarketSummary, ParseError> {
    let of = Of("market", &body.ticker);
    let last: Price = of.field("last_price_dollars", &body.last_price_dollars)?;
    Ok(MarketSummary {
        market: parse::market(body)?,
        quote: parse::market_quote(body)?,
        // Before the first print the exchange sends a zero, at which nothing trades.
        last_price: (last != Price::ZERO).then_some(last),
        volume: of.field("volume_fp", &body.volume_fp)?,
        open_interest: of.field("open_interest_fp", &body.open_interest_fp)?,
    })
}
