//! Sources that take down what passes through them, so that any program records what it hears.

use super::{Recorder, RecorderError, RecorderStatus, Sealed};
use async_trait::async_trait;
use recio_core::market::{Market, Series};
use recio_core::market_data::{MarketData, MarketDataError, MarketEvent};
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::{MarketTicker, SeriesTicker, Timestamp};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the time of receipt: the clock of the run.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A recorder that several sources share. One that fails says so once and is given up: what it records must not stop what it listens to.
#[derive(Clone)]
pub struct SharedRecorder {
    recorder: Arc<Mutex<Result<Recorder, Option<RecorderError>>>>,
    clock: WallClock,
}

/// Market data that is taken down as it passes.
#[derive(Clone, Debug)]
pub struct RecordedMarkets<M> {
    inner: M,
    recorder: SharedRecorder,
}

/// A price feed that is taken down as it passes, its history included.
#[derive(Debug)]
pub struct RecordedFeed<F> {
    inner: F,
    recorder: SharedRecorder,
}

impl SharedRecorder {
    /// Shares a recorder; `clock` tells the time of receipt.
    #[must_use]
    pub fn new(recorder: Recorder, clock: WallClock) -> Self {
        Self { recorder: Arc::new(Mutex::new(Ok(recorder))), clock }
    }

    /// Hands on what was taken down and rotates; to be called about once a second.
    pub fn turn(&self) {
        self.tell(Recorder::turn);
    }

    /// Where the recorder stands; `None` once it has failed or ended.
    #[must_use]
    pub fn status(&self) -> Option<RecorderStatus> {
        self.lock().as_ref().ok().map(Recorder::status)
    }

    /// Ends the recording, and waits until it is sealed. What passes through the sources from here on is not recorded.
    ///
    /// # Errors
    /// The recorder had failed, or fails now. Live files are kept.
    pub fn finish(&self) -> Result<Vec<Sealed>, RecorderError> {
        let taken = std::mem::replace(&mut *self.lock(), Err(None));
        match taken {
            Ok(recorder) => recorder.finish((self.clock)()),
            Err(Some(error)) => Err(error),
            Err(None) => Ok(Vec::new()),
        }
    }

    /// Takes something down.
    pub fn tell(&self, what: impl FnOnce(&mut Recorder, Timestamp) -> Result<(), RecorderError>) {
        let now = (self.clock)();
        let mut recorder = self.lock();
        if let Ok(working) = &mut *recorder
            && let Err(error) = what(working, now)
        {
            tracing::error!(%error, "the recorder is given up: nothing is recorded from here on");
            *recorder = Err(Some(error));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Result<Recorder, Option<RecorderError>>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRecorder").field("recorder", &self.recorder).finish_non_exhaustive()
    }
}

impl<M> RecordedMarkets<M> {
    /// Wraps market data.
    #[must_use]
    pub const fn new(inner: M, recorder: SharedRecorder) -> Self {
        Self { inner, recorder }
    }
}

impl<F> RecordedFeed<F> {
    /// Wraps a feed.
    #[must_use]
    pub const fn new(inner: F, recorder: SharedRecorder) -> Self {
        Self { inner, recorder }
    }
}

#[async_trait]
impl<M: std::ops::Deref<Target: MarketData> + Send + Sync> MarketData for RecordedMarkets<M> {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        self.inner.series(series).await
    }

    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        let listed = self.inner.markets(series, closing).await?;
        self.recorder.tell(|recorder, now| listed.got().iter().try_for_each(|market| recorder.listed(market, now)));
        Ok(listed)
    }

    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError> {
        self.recorder.tell(|recorder, now| recorder.following(markets, now));
        self.inner.follow(markets).await
    }

    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        let event = self.inner.next().await?;
        self.recorder.tell(|recorder, now| recorder.market(&event, now));
        Ok(event)
    }
}

#[async_trait]
impl<F: PriceFeed> PriceFeed for RecordedFeed<F> {
    fn about(&self) -> FeedAbout {
        self.inner.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let event = self.inner.next().await?;
        let about = self.inner.about();
        self.recorder.tell(|recorder, now| recorder.price(&about, &event, now));
        Ok(event)
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        let bars = self.inner.history(range, resolution).await?;
        let about = self.inner.about();
        // A minute's bar is not a price of one moment.
        if resolution == Resolution::Second {
            self.recorder.tell(|recorder, _| recorder.history(&about, range, &bars));
        }
        Ok(bars)
    }
}
