//! Where candles come from.

use super::{Candle, Candles};
use async_trait::async_trait;
use recio_core::price_feed::{PriceFeed, Resolution, TimeRange};
use recio_core::read::{BoxError, Read};
use recio_core::units::{MarketTicker, SeriesTicker, Timestamp};
use recio_kalshi::client::{CandlePeriod, CandleRange, KalshiClient};
use std::time::Duration;

/// Gives the minutes of a range.
#[async_trait]
pub trait CandleSource: Send {
    /// Reads the minutes that begin in a range.
    ///
    /// # Errors
    /// Nothing could be read.
    async fn candles(&mut self, range: TimeRange) -> Result<Read<Candles>, BoxError>;
}

/// The minutes of a price feed: dollars, without volumes.
#[derive(Debug)]
pub struct FeedCandles<F>(pub F);

#[async_trait]
impl<F: PriceFeed> CandleSource for FeedCandles<F> {
    async fn candles(&mut self, range: TimeRange) -> Result<Read<Candles>, BoxError> {
        let bars = self.0.history(range, Resolution::Minute).await?;
        Ok(bars.map(|bars| {
            let candle = |bar: recio_core::model::Bar| {
                let prices = [bar.open, bar.high, bar.low, bar.close].map(|price| price.to_string());
                (bar.start, Candle { prices, volume: None })
            };
            bars.into_iter().map(candle).collect()
        }))
    }
}

/// The minutes of a Kalshi market in which it was traded: YES prices in dollars, volumes in contracts.
#[derive(Debug)]
pub struct MarketCandles {
    /// The client; a key is not needed.
    pub client: KalshiClient,
    /// The market's series.
    pub series: SeriesTicker,
    /// The market.
    pub market: MarketTicker,
}

#[async_trait]
impl CandleSource for MarketCandles {
    async fn candles(&mut self, range: TimeRange) -> Result<Read<Candles>, BoxError> {
        // The exchange names a minute by its end.
        let minute = Duration::from_secs(60);
        let asked = CandleRange { start: range.from + minute, end: range.to, period: CandlePeriod::Minute };
        let told = self.client.candles(&self.series, &self.market, &asked).await?;
        let mut candles = Candles::new();
        for candle in told {
            let start: Timestamp = candle.end - minute;
            if let Some(traded) = candle.traded {
                let prices = [traded.open, traded.high, traded.low, traded.close].map(|price| price.to_string());
                candles.insert(start, Candle { prices, volume: Some(candle.volume.to_string()) });
            }
        }
        Ok(Read::Complete(candles))
    }
}
