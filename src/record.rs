//! Recording: everything that a client hears of some series' markets, and of prices, into files that a simulator can play.

use crate::live_data::{DataSource, LiveLink, median};
use crate::session::SessionError;
use futures_util::FutureExt;
use recio_core::market::{Asset, LifecycleEvent, Market, MarketStatus};
use recio_core::market_data::{MarketData, MarketDataError, MarketEvent};
use recio_core::pipeline::{Clock, Conductor, Step};
use recio_core::price_feed::{FeedError, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::BoxError;
use recio_core::units::{MarketTicker, SeriesTicker, Timestamp};
use recio_feeds::composite::CompositeConfig;
use recio_sim::recording::live::{
    RecordedFeed, RecordedMarkets, Recorder, RecorderError, RecorderOptions, RecorderStatus, Sealed, SharedRecorder,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often markets are listed without being asked to.
const LIST_EVERY: Duration = Duration::from_secs(30);
/// Markets are listed that close from so long ago on: their outcomes are still to come.
const LIST_BACK: Duration = Duration::from_secs(20 * 60);
/// Up to so far ahead; the longest of the series that recio knows close an hour after they open.
const LIST_AHEAD: Duration = Duration::from_secs(2 * 3600 + 15 * 60);
/// A market's book is followed from so long before it opens.
const FOLLOW_BEFORE: Duration = Duration::from_secs(10 * 60);
/// Files are handed to the system so often.
const TURN_EVERY: Duration = Duration::from_secs(1);
/// Events on their way from the feeds; beyond, a feed waits.
const EVENTS: usize = 1024;

/// What to record, and how.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// The series.
    pub series: BTreeSet<SeriesTicker>,
    /// The files.
    pub files: RecorderOptions,
    /// How much of the prices' past is taken along, so that momentum is there from the recording's beginning.
    pub pre_roll: Duration,
    /// When to end, by the sources' clock; `None` is until told to, or until a source ends.
    pub stop_after: Option<Duration>,
}

/// What is recorded.
pub struct RecordSources {
    /// The markets.
    pub markets: Arc<dyn MarketData>,
    /// The prices: the index, spot venues. Each is recorded as a source of its own.
    pub feeds: Vec<Box<dyn PriceFeed>>,
    /// Spot venues of one asset whose median is recorded beside each of them, as the source `median`; where no index is among `feeds`, it stands in
    /// for it when the recording is played. `None` where no median is wanted.
    pub median: Option<MedianSources>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who leads, in lockstep with a simulator.
    pub conductor: Option<Arc<dyn Conductor>>,
}

/// Spot venues of one asset, and when each counts for their median.
pub struct MedianSources {
    /// The venues.
    pub venues: Vec<Box<dyn PriceFeed>>,
    /// When a venue counts.
    pub limits: CompositeConfig,
}

/// What was recorded.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RecordReport {
    /// The recordings that were made.
    pub recordings: Vec<Sealed>,
    /// Recordings made of what earlier recorders had left behind.
    pub left_behind: Vec<Sealed>,
}

/// Why nothing more could be recorded. What was recorded before is on the disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The files.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// The simulator, or the client.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The first list of markets could not be read.
    #[error("the markets cannot be listed")]
    Markets(#[source] MarketDataError),
    /// Lockstep with the simulator was lost.
    #[error("the simulator cannot be followed")]
    Conductor(#[source] BoxError),
}

impl std::fmt::Debug for RecordSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lockstep = self.conductor.is_some();
        f.debug_struct("RecordSources")
            .field("feeds", &self.feeds.len())
            .field("lockstep", &lockstep)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for MedianSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MedianSources").field("venues", &self.venues.len()).field("limits", &self.limits).finish()
    }
}

impl RecordOptions {
    /// Two hours of prices before, and until told to stop.
    #[must_use]
    pub fn new(series: BTreeSet<SeriesTicker>, files: RecorderOptions) -> Self {
        Self { series, files, pre_roll: Duration::from_secs(2 * 3600), stop_after: None }
    }
}

/// Records live data, as a run on paper has them, until `stop` is cancelled, the time is over, or a simulator's recording ends.
///
/// With a key: lists, lifecycle, books, figures and prints as they are streamed, the index, and each of [`DataSource::spot`]. Without: lists, figures and
/// books as they are read, each spot venue, and their median. With a key in lockstep, a simulator waits for the recorder as for any client.
///
/// # Errors
/// The data cannot be had, or nothing more can be recorded.
///
/// # Cancel safety
/// Not cancel safe: use `stop`. What a dropped one recorded is sealed by the next recorder in its folder.
pub async fn record_live(
    source: DataSource,
    options: RecordOptions,
    progress: impl FnMut(&RecorderStatus) + Send,
    stop: CancellationToken,
) -> Result<RecordReport, RecordError> {
    let link = source.open(options.series.clone()).await?;
    let LiveLink { markets, price, spot, spot_limits, clock, conductor, connection, .. } = link;
    let stop = stop.child_token();
    connection.stop_at_the_end(stop.clone());
    let (feeds, median) = match price {
        Some(price) => (std::iter::once(price).chain(spot).collect(), None),
        None => (Vec::new(), Some(MedianSources { venues: spot, limits: spot_limits })),
    };
    let recorded = record(RecordSources { markets, feeds, median, clock, conductor }, options, progress, stop).await;
    connection.close().await;
    recorded
}

/// Records sources until one ends, `stop` is cancelled, or the time is over.
///
/// # Errors
/// Nothing more can be recorded; what was recorded is sealed all the same, where that is possible.
///
/// # Cancel safety
/// As [`record_live`].
pub async fn record(
    sources: RecordSources,
    options: RecordOptions,
    progress: impl FnMut(&RecorderStatus) + Send,
    stop: CancellationToken,
) -> Result<RecordReport, RecordError> {
    let RecordSources { markets, feeds, median, clock, conductor } = sources;
    let begun = clock.now().wall;
    let files = options.files.clone();
    let (recorder, left_behind) = Recorder::create(files, begun)?;
    let told_by = Arc::clone(&clock);
    let recorder = SharedRecorder::new(recorder, Arc::new(move || told_by.now().wall));
    let mut feeds = feeds;
    let mut sources: Vec<_> = feeds.iter().map(|feed| feed.about()).collect();
    if let Some(of) = median {
        sources.extend(of.venues.iter().map(|venue| venue.about()));
        let median = taken_down(of, &recorder, &clock)?;
        // First, so that it is what stands in for an index that nobody prints.
        sources.insert(0, median.about());
        feeds.insert(0, median);
    }
    for about in &sources {
        recorder.tell(|recorder, now| recorder.listening(about, now));
    }
    let feeds = feeds.into_iter().map(|feed| RecordedFeed::new(feed, recorder.clone())).collect();
    let run = Run {
        markets: RecordedMarkets::new(markets, recorder.clone()),
        feeds,
        clock,
        deadline: options.stop_after.and_then(|after| begun.checked_add(after).ok()),
        options,
        recorder: recorder.clone(),
        followed: Vec::new(),
        list_at: begun,
        turn_at: begun,
        progress,
    };
    let ended = match conductor {
        Some(conductor) => run.in_lockstep(&*conductor, &stop).await,
        None => run.paced(&stop).await,
    };
    let finished = tokio::task::spawn_blocking(move || recorder.finish()).await;
    let finished = finished.unwrap_or_else(|lost| std::panic::resume_unwind(lost.into_panic()));
    ended?;
    Ok(RecordReport { recordings: finished?, left_behind })
}

/// The median of venues, each of which is recorded as it is asked.
fn taken_down(
    sources: MedianSources,
    recorder: &SharedRecorder,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn PriceFeed>, SessionError> {
    let MedianSources { venues, limits } = sources;
    let asset = venues.first().map_or(Asset::Btc, |venue| venue.about().asset);
    let recorded = |venue| Box::new(RecordedFeed::new(venue, recorder.clone())) as Box<dyn PriceFeed>;
    median(asset, venues.into_iter().map(recorded).collect(), limits, clock)
}

struct Run<P> {
    markets: RecordedMarkets<Arc<dyn MarketData>>,
    feeds: Vec<RecordedFeed<Box<dyn PriceFeed>>>,
    clock: Arc<dyn Clock>,
    options: RecordOptions,
    recorder: SharedRecorder,
    deadline: Option<Timestamp>,
    followed: Vec<MarketTicker>,
    list_at: Timestamp,
    turn_at: Timestamp,
    progress: P,
}

impl<P: FnMut(&RecorderStatus) + Send> Run<P> {
    async fn begin(&mut self) -> Result<(), RecordError> {
        self.list().await.map_err(RecordError::Markets)?;
        let to = self.clock.now().wall;
        let range = TimeRange { from: to.checked_sub(self.options.pre_roll).unwrap_or(to), to };
        for feed in &mut self.feeds {
            match feed.history(range, Resolution::Second).await {
                Ok(_) => {}
                // Spot venues keep minutes alone.
                Err(FeedError::NoHistory) => {
                    tracing::info!(source = feed.about().source, "the recording begins without the prices before it");
                }
                Err(error) => {
                    tracing::warn!(source = feed.about().source, %error, "the recording begins without the prices before it");
                }
            }
        }
        Ok(())
    }

    async fn in_lockstep(mut self, conductor: &dyn Conductor, stop: &CancellationToken) -> Result<(), RecordError> {
        self.begin().await?;
        loop {
            self.drain(conductor).await?;
            if self.look_after().await {
                // A list may have led to new subscriptions, whose first frames belong to this instant.
                self.drain(conductor).await?;
            }
            if stop.is_cancelled() || self.is_over() {
                return Ok(());
            }
            match conductor.advance().await.map_err(RecordError::Conductor)? {
                Step::Next(now) => conductor.clock().set(now),
                Step::End => {
                    self.drain(conductor).await?;
                    return Ok(());
                }
            }
        }
    }

    async fn drain(&mut self, conductor: &dyn Conductor) -> Result<(), RecordError> {
        conductor.settle().await.map_err(RecordError::Conductor)?;
        // Unconstrained, because tokio's budget would make a full channel look empty now and then.
        for feed in &mut self.feeds {
            while let Some(Ok(_)) = tokio::task::unconstrained(feed.next()).now_or_never() {}
        }
        while let Some(Ok(event)) = tokio::task::unconstrained(self.markets.next()).now_or_never() {
            self.heard(&event);
        }
        Ok(())
    }

    async fn paced(mut self, stop: &CancellationToken) -> Result<(), RecordError> {
        self.begin().await?;
        let (tracker, closing) = (TaskTracker::new(), stop.child_token());
        let (ended, mut ends) = mpsc::channel::<String>(EVENTS);
        for mut feed in std::mem::take(&mut self.feeds) {
            let (closing, ended) = (closing.clone(), ended.clone());
            tracker.spawn(async move {
                loop {
                    match closing.run_until_cancelled(feed.next()).await {
                        None => return,
                        Some(Ok(PriceEvent::Disconnected { reason })) => {
                            tracing::warn!(source = feed.about().source, reason, "prices are missing");
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => {
                            let _ = ended.send(format!("{error}")).await;
                            return;
                        }
                    }
                }
            });
        }
        drop(ended);
        tracker.close();
        let mut tick = tokio::time::interval(TURN_EVERY / 4);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut feeds_end = true;
        while !self.is_over() {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                why = ends.recv(), if feeds_end => match why {
                    Some(why) => tracing::error!(why, "a price feed has ended; the others go on"),
                    None => feeds_end = false,
                },
                _ = tick.tick() => { self.look_after().await; }
                event = self.markets.next() => match event {
                    Ok(event) => self.heard(&event),
                    Err(error) => {
                        tracing::info!(%error, "nothing more to record");
                        break;
                    }
                },
            }
        }
        closing.cancel();
        tracker.wait().await;
        Ok(())
    }

    /// Lists markets when something was announced that only a list tells in full.
    fn heard(&mut self, event: &MarketEvent) {
        let ask = match event {
            MarketEvent::Lifecycle { event, .. } => {
                matches!(event, LifecycleEvent::Created | LifecycleEvent::Determined { .. })
            }
            MarketEvent::Connected => true,
            MarketEvent::Snapshot { .. }
            | MarketEvent::Delta { .. }
            | MarketEvent::Void { .. }
            | MarketEvent::Ticker(_)
            | MarketEvent::Trade(_)
            | MarketEvent::Exchange(_)
            | MarketEvent::Heartbeat
            | MarketEvent::Disconnected { .. }
            | MarketEvent::Unreadable { .. } => false,
        };
        if ask {
            self.list_at = self.list_at.min(self.clock.now().wall);
        }
    }

    /// Does what is due; whether markets were listed.
    async fn look_after(&mut self) -> bool {
        let now = self.clock.now().wall;
        if now >= self.turn_at {
            self.recorder.turn();
            self.turn_at = later(now, TURN_EVERY);
            if let Some(status) = self.recorder.status() {
                (self.progress)(&status);
            }
        }
        let due = now >= self.list_at;
        if due && let Err(error) = self.list().await {
            tracing::warn!(%error, "the markets could not be listed; trying again");
        }
        due
    }

    async fn list(&mut self) -> Result<(), MarketDataError> {
        let now = self.clock.now().wall;
        self.list_at = later(now, LIST_EVERY);
        let range = TimeRange { from: now.checked_sub(LIST_BACK).unwrap_or(now), to: later(now, LIST_AHEAD) };
        let mut follow = Vec::new();
        for series in &self.options.series {
            let listed = self.markets.markets(series, range).await?;
            follow.extend(
                listed.got().iter().filter(|market| is_followed(market, now)).map(|market| market.ticker.clone()),
            );
        }
        follow.sort();
        if follow != self.followed {
            self.markets.follow(&follow).await?;
            self.followed = follow;
        }
        Ok(())
    }

    /// Also when the recorder has failed: then nothing more is recorded.
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.clock.now().wall >= deadline) || self.recorder.status().is_none()
    }
}

/// From before it opens until it is paid.
fn is_followed(market: &Market, now: Timestamp) -> bool {
    market.status != MarketStatus::Finalized && market.open_time <= later(now, FOLLOW_BEFORE)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(time)
}
