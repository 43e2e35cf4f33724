//! `PriceFeed` over the settlement index that the exchange streams.

use crate::client::KalshiClient;
use crate::error::ReadError;
use crate::socket::IndexEvent;
use async_trait::async_trait;
use recio_core::causes::in_full;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceTick, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::{AssetPrice, Timestamp};
use tokio::sync::mpsc;

/// The newest row of a history that is older than this shows that the source lags.
const LAG_SECONDS: i64 = 10;

/// The settlement index, at about one print a second.
#[derive(Debug)]
pub struct IndexFeed {
    client: KalshiClient,
    about: FeedAbout,
    events: mpsc::Receiver<IndexEvent>,
    connected: bool,
    /// A print that waits for its turn behind the news that the feed is connected.
    waiting: Option<PriceTick>,
}

impl IndexFeed {
    pub(super) const fn new(client: KalshiClient, about: FeedAbout, events: mpsc::Receiver<IndexEvent>) -> Self {
        Self { client, about, events, connected: false, waiting: None }
    }
}

#[async_trait]
impl PriceFeed for IndexFeed {
    fn about(&self) -> FeedAbout {
        self.about.clone()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        if let Some(tick) = self.waiting.take() {
            return Ok(PriceEvent::Tick(tick));
        }
        loop {
            match self.events.recv().await {
                None => return Err(FeedError::Closed { source_name: self.about.source.clone() }),
                Some(IndexEvent::Missed { reason }) => {
                    self.connected = false;
                    return Ok(PriceEvent::Disconnected { reason });
                }
                Some(IndexEvent::Print(print)) if print.index == self.about.source => {
                    let tick = PriceTick { price: print.price, exchange_time: print.source_time };
                    if std::mem::replace(&mut self.connected, true) {
                        return Ok(PriceEvent::Tick(tick));
                    }
                    self.waiting = Some(tick);
                    return Ok(PriceEvent::Connected);
                }
                // Another index, or the faster stream, which is not asked for here.
                Some(IndexEvent::Print(_) | IndexEvent::FastPrint(_)) => {}
            }
        }
    }

    /// Reads the index' history hour by hour. The running hour may lag behind by minutes; a minute that is not printed to its end is left out then.
    ///
    /// # Errors
    /// [`FeedError::AuthLost`] where the key has no right to it, [`FeedError::Unreachable`] where no hour can be read.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        let seconds = match resolution {
            Resolution::Second => 1,
            Resolution::Minute => 60,
        };
        let mut prints = Vec::new();
        let (mut missing, mut failed, mut answered) = (Vec::new(), None, false);
        let mut hour = range.from.as_second().div_euclid(3_600) * 3_600;
        while hour < range.to.as_second() {
            let start = Timestamp::from_second(hour).map_err(|error| FeedError::Unreachable(error.into()))?;
            match self.client.index_history(&self.about.source, start).await {
                Ok(rows) => {
                    answered = true;
                    prints.extend(rows);
                }
                // A right that lacks for one hour lacks for all, and each question costs.
                Err(error @ ReadError::AuthLost { .. }) => return Err(FeedError::AuthLost(error.into())),
                Err(error) => {
                    missing.push(format!("the hour from {start}: {}", in_full(&error)));
                    failed = Some(error);
                }
            }
            hour += 3_600;
        }
        if let Some(error) = failed.filter(|_| !answered) {
            return Err(FeedError::Unreachable(error.into()));
        }
        prints.retain(|(time, _)| range.from <= *time && *time < range.to);
        prints.sort_by_key(|(time, _)| *time);
        match prints.last() {
            Some((last, _)) if range.to.as_second() - last.as_second() > LAG_SECONDS => {
                missing.push(format!("everything after {last}"));
            }
            None => missing.push("everything".to_owned()),
            Some(_) => {}
        }
        let mut bars = bars(&prints, seconds);
        if let (false, Some((last, _))) = (missing.is_empty(), prints.last()) {
            // The second in which a minute's last print is due is its last.
            bars.retain(|bar| seconds == 1 || bar.start.as_second() + seconds <= last.as_second() + 1);
        }
        Ok(if missing.is_empty() {
            Read::Complete(bars)
        } else {
            Read::Partial { got: bars, missing: missing.join("; ") }
        })
    }
}

/// Makes bars of so many seconds of prints in the order of time.
fn bars(prints: &[(Timestamp, AssetPrice)], seconds: i64) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for &(time, price) in prints {
        let Ok(start) = Timestamp::from_second(time.as_second().div_euclid(seconds) * seconds) else { continue };
        match bars.last_mut().filter(|bar| bar.start == start) {
            Some(bar) => {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
            }
            None => bars.push(Bar { start, open: price, high: price, low: price, close: price }),
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_hold_the_first_and_the_last_print_of_their_time() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let usd = |text: &str| text.parse::<AssetPrice>().unwrap();
        let prints = [(at(1_000), usd("10")), (at(1_200), usd("12")), (at(1_800), usd("11")), (at(3_000), usd("13"))];
        let bars = bars(&prints, 1);
        assert_eq!(bars.len(), 2);
        let first = Bar { start: at(1_000), open: usd("10"), high: usd("12"), low: usd("10"), close: usd("11") };
        assert_eq!(bars[0], first);
    }
}
