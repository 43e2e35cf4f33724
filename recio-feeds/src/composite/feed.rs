//! The composite as a feed: it waits for its sources and for the time, and asks the state machine.

use super::history::median_history;
use super::{BadComposite, CompositeConfig, CompositeHealth, CompositePrice};
use async_trait::async_trait;
use futures_util::future::select_all;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::pipeline::Clock;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// The median of several feeds of one asset, as a feed of its own. What the price is, [`CompositePrice`] says.
///
/// It is [`PriceEvent::Connected`] while enough sources are fresh and agree, and [`PriceEvent::Disconnected`] while they do not: rather no price than
/// a doubtful one.
pub struct CompositeFeed {
    about: FeedAbout,
    clock: Arc<dyn Clock>,
    price: CompositePrice,
    config: CompositeConfig,
    sources: Vec<Option<Box<dyn PriceFeed>>>,
    /// Whose turn it is to be asked first, so that a busy source does not hide the others.
    turn: usize,
    waiting: VecDeque<PriceEvent>,
    health: watch::Sender<CompositeHealth>,
}

/// Sources that make no composite.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadSources {
    /// The limits.
    #[error(transparent)]
    Limits(#[from] BadComposite),
    /// A source of another asset.
    #[error("{source_name} is a source of {found}, not of {asset}")]
    Asset {
        /// Its name.
        source_name: String,
        /// Its asset.
        found: Asset,
        /// The composite's.
        asset: Asset,
    },
    /// A name that is there twice: the same venue would count twice.
    #[error("{0} is there twice, and would count twice")]
    Twice(String),
}

impl CompositeFeed {
    /// Puts feeds together. `name` is the composite's, such as `median`; ages are measured on `clock`.
    ///
    /// # Errors
    /// Limits that make no sense, a feed of another asset, the same source twice.
    pub fn new(
        name: &str,
        asset: Asset,
        sources: Vec<Box<dyn PriceFeed>>,
        config: CompositeConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadSources> {
        let mut names: Vec<String> = Vec::with_capacity(sources.len());
        for source in &sources {
            let about = source.about();
            if about.asset != asset {
                return Err(BadSources::Asset { source_name: about.source, found: about.asset, asset });
            }
            if names.contains(&about.source) {
                return Err(BadSources::Twice(about.source));
            }
            names.push(about.source);
        }
        let price = CompositePrice::new(names, config)?;
        let health = watch::Sender::new(price.health(clock.now()));
        let about = FeedAbout { source: name.to_owned(), asset, kind: PriceKind::StandIn };
        let sources = sources.into_iter().map(Some).collect();
        Ok(Self { about, clock, price, config, sources, turn: 0, waiting: VecDeque::new(), health })
    }

    /// Its health, as of the last event; the receiver may outlive the feed.
    #[must_use]
    pub fn monitor(&self) -> watch::Receiver<CompositeHealth> {
        self.health.subscribe()
    }

    /// Waits for the next thing to happen and takes it up. Cancel safe: what a source gave is taken up without another wait.
    async fn turn(&mut self) -> Result<(), FeedError> {
        let now = self.clock.now();
        let count = self.sources.len();
        let turn = self.turn;
        let mut asked: Vec<(usize, &mut Box<dyn PriceFeed>)> = self
            .sources
            .iter_mut()
            .enumerate()
            .filter_map(|(place, source)| source.as_mut().map(|source| (place, source)))
            .collect();
        if asked.is_empty() {
            return Err(FeedError::Closed { source_name: self.about.source.clone() });
        }
        asked.sort_by_key(|(place, _)| (place + count - turn) % count);
        let waits = asked.into_iter().map(|(place, source)| Box::pin(async move { (place, source.next().await) }));
        let wake_at = self.price.wake_at(now);
        let clock = Arc::clone(&self.clock);
        let grown_old = async {
            match wake_at {
                Some(moment) => clock.sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let happened = tokio::select! {
            biased;
            (happened, _, _) = select_all(waits) => Some(happened),
            () = grown_old => None,
        };
        let now = self.clock.now();
        let events = match happened {
            Some((place, Ok(event))) => {
                self.turn = (place + 1) % count;
                self.price.on_event(now, place, &event)
            }
            Some((place, Err(error))) => {
                tracing::warn!(source = %self.about.source, %error, "a source of a composite price has ended");
                self.sources[place] = None;
                let event = PriceEvent::Disconnected { reason: error.to_string() };
                self.price.on_event(now, place, &event)
            }
            None => self.price.on_time(now),
        };
        self.waiting.extend(events);
        self.health.send_replace(self.price.health(now));
        Ok(())
    }
}

#[async_trait]
impl PriceFeed for CompositeFeed {
    fn about(&self) -> FeedAbout {
        self.about.clone()
    }

    /// The next event; an error only when the last source has ended.
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            self.turn().await?;
        }
    }

    /// The median of the sources' bars, bar by bar; all sources are asked at the same time.
    ///
    /// A bar needs [`CompositeConfig::min_sources`] that agree; where fewer keep bars so old, as many as do, and that is logged.
    /// [`Read::Partial`] where fewer sources than needed are complete, or a bar has too few that agree.
    ///
    /// # Errors
    /// [`FeedError::NoHistory`] where no source has any of this resolution; [`FeedError::Unreachable`] where fewer sources than needed can be read.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        let gone = self.sources.iter().filter(|source| source.is_none()).count();
        let sources = self.sources.iter_mut().flatten().map(|source| &mut **source);
        median_history(sources, gone, &self.config, range, resolution).await
    }
}

impl fmt::Debug for CompositeFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompositeFeed").field("about", &self.about).field("price", &self.price).finish_non_exhaustive()
    }
}
