//! The composite as a state machine: events of sources and the time in, events out. The same inputs give the same outputs.

use super::health::{CompositeHealth, SourceHealth, SourceVerdict};
use super::{is_outlier, median};
use recio_core::price_feed::{PriceEvent, PriceTick};
use recio_core::units::{AssetPrice, Monotonic, Now, Timestamp};
use std::time::Duration;

/// How far ahead of our clock a source's stamp may be; the engine takes the same.
const MAX_AHEAD: Duration = Duration::from_secs(5);

/// When sources count, and how many have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompositeConfig {
    /// A price counts for this long, by the venue's stamp and by when it came: whichever is older.
    pub max_age: Duration,
    /// So many fresh sources have to agree; with fewer there is no price.
    pub min_sources: usize,
    /// A source further from the median of all fresh ones than this is left out, in hundredths of a percent. With two sources, half of
    /// their distance counts for each: where they disagree, neither is believed.
    pub max_deviation_bp: u32,
    /// A source whose past has not come after this long is left out of the median of past prices. All are asked at the same time.
    pub history_within: Duration,
}

/// Limits that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these limits of a composite price make no sense: {0}")]
pub struct BadComposite(pub String);

/// The median of several sources, with the time passed in.
///
/// **The price**: of the sources that are connected and whose last price is fresh, the median; those too far from it are left out; the median of the
/// rest, if enough are left. An even number gives the mean of the middle two, rounded half up to the cent. **Its time** is the (lower) median of
/// their times: half of what it is made of is at least as fresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompositePrice {
    config: CompositeConfig,
    sources: Vec<Source>,
    live: bool,
    last: Option<PriceTick>,
    trouble: Option<String>,
    outages: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    name: String,
    connected: bool,
    last: Option<(PriceTick, Monotonic)>,
    ticks: u64,
    rejected: u64,
    losses: u64,
    last_trouble: Option<String>,
}

/// The sources weighed at a moment.
struct Weighed {
    verdicts: Vec<SourceVerdict>,
    /// The median of all that are fresh.
    middle: Option<AssetPrice>,
    /// Price and time of those that agree, however few.
    agreed: Option<PriceTick>,
    agreeing: usize,
}

impl Default for CompositeConfig {
    /// Two of the four within half a percent, none older than 10 s: the slower two venues trade every few seconds. Their past within 3 s: a run
    /// waits 4 s for it.
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(10),
            min_sources: 2,
            max_deviation_bp: 50,
            history_within: Duration::from_secs(3),
        }
    }
}

impl CompositePrice {
    /// Takes the sources' names, by whose place they are meant from then on.
    ///
    /// # Errors
    /// Fewer sources than are needed, none needed, no age or no deviation allowed.
    pub fn new(names: Vec<String>, config: CompositeConfig) -> Result<Self, BadComposite> {
        if config.min_sources == 0 || names.len() < config.min_sources {
            return Err(BadComposite(format!("{} of {} sources are needed", config.min_sources, names.len())));
        }
        if config.max_age.is_zero() || config.max_deviation_bp == 0 || config.max_deviation_bp >= 10_000 {
            let CompositeConfig { max_age, max_deviation_bp, .. } = config;
            return Err(BadComposite(format!(
                "an age up to {max_age:?} and {max_deviation_bp} bp from the median (above 0, below 10,000)"
            )));
        }
        let source =
            |name| Source { name, connected: false, last: None, ticks: 0, rejected: 0, losses: 0, last_trouble: None };
        let sources = names.into_iter().map(source).collect();
        Ok(Self { config, sources, live: false, last: None, trouble: None, outages: 0 })
    }

    /// Takes an event of the source at this place, and says what follows. A place that does not exist says nothing.
    pub fn on_event(&mut self, now: Now, place: usize, event: &PriceEvent) -> Vec<PriceEvent> {
        let Some(source) = self.sources.get_mut(place) else { return Vec::new() };
        match event {
            PriceEvent::Heartbeat => {
                // A sign of life refreshes no price, and of a composite without a price it says nothing.
                let mut events = self.weigh_and_tell(now);
                if self.live {
                    events.push(PriceEvent::Heartbeat);
                }
                return events;
            }
            PriceEvent::Connected => source.connected = true,
            PriceEvent::Disconnected { reason } => {
                source.connected = false;
                source.losses += 1;
                source.last_trouble = Some(reason.clone());
                // That one source is gone is no news of the price: only the outage is told, where it is one.
                let weighed = self.weigh(now);
                return if weighed.agreeing < self.config.min_sources { self.tell(weighed) } else { Vec::new() };
            }
            PriceEvent::Tick(tick) => source.tick(now, *tick),
        }
        let weighed = self.weigh(now);
        if matches!(event, PriceEvent::Tick(_)) && weighed.verdicts.get(place) == Some(&SourceVerdict::Outlier) {
            self.sources[place].rejected += 1;
        }
        self.tell(weighed)
    }

    /// Says what follows from time alone: prices grow old.
    pub fn on_time(&mut self, now: Now) -> Vec<PriceEvent> {
        self.weigh_and_tell(now)
    }

    /// When time alone may change something: the next moment at which a fresh price is too old. `None` where there is none.
    #[must_use]
    pub fn wake_at(&self, now: Now) -> Option<Timestamp> {
        let ends = |source: &Source| {
            let (tick, received) = source.last.filter(|_| source.connected)?;
            let by_channel = self.config.max_age.saturating_sub(now.mono.since(received));
            let by_content = now.until(tick.exchange_time.checked_add(self.config.max_age).ok()?);
            let left = by_channel.min(by_content);
            (!left.is_zero()).then_some(left)
        };
        // A microsecond later it is too old, and not merely as old as may be.
        let left = self.sources.iter().filter_map(ends).min()? + Duration::from_micros(1);
        now.wall.checked_add(left).ok()
    }

    /// How it is.
    #[must_use]
    pub fn health(&self, now: Now) -> CompositeHealth {
        let weighed = self.weigh(now);
        let one = |(source, verdict): (&Source, &SourceVerdict)| SourceHealth {
            source: source.name.clone(),
            verdict: *verdict,
            connected: source.connected,
            last: source.last.map(|(tick, _)| tick),
            content_age: source.last.map(|(tick, _)| content_age(now, tick)),
            channel_age: source.last.map(|(_, received)| now.mono.since(received)),
            deviation_cents: deviation(source, weighed.middle),
            ticks: source.ticks,
            rejected: source.rejected,
            losses: source.losses,
            last_trouble: source.last_trouble.clone(),
        };
        CompositeHealth {
            as_of: now.wall,
            live: self.live,
            trouble: self.trouble.clone(),
            last: self.last,
            agreeing: weighed.agreeing,
            needed: self.config.min_sources,
            outages: self.outages,
            sources: self.sources.iter().zip(&weighed.verdicts).map(one).collect(),
        }
    }

    fn weigh_and_tell(&mut self, now: Now) -> Vec<PriceEvent> {
        let weighed = self.weigh(now);
        self.tell(weighed)
    }

    fn weigh(&self, now: Now) -> Weighed {
        let max_age = self.config.max_age;
        let mut verdicts: Vec<SourceVerdict> = self.sources.iter().map(|source| source.verdict(now, max_age)).collect();
        let fresh = |verdicts: &[SourceVerdict]| {
            let pairs = self.sources.iter().zip(verdicts);
            let ticks = pairs.filter(|(_, verdict)| **verdict == SourceVerdict::Agrees);
            ticks.filter_map(|(source, _)| source.last.map(|(tick, _)| tick)).collect::<Vec<PriceTick>>()
        };
        let middle = median_price(&fresh(&verdicts));
        for (source, verdict) in self.sources.iter().zip(&mut verdicts) {
            if let (SourceVerdict::Agrees, Some((tick, _)), Some(middle)) = (*verdict, source.last, middle)
                && is_outlier(tick.price, middle, self.config.max_deviation_bp)
            {
                *verdict = SourceVerdict::Outlier;
            }
        }
        let mut agreed = fresh(&verdicts);
        let price = median_price(&agreed);
        agreed.sort_by_key(|tick| tick.exchange_time);
        let time = agreed.get(agreed.len().saturating_sub(1) / 2).map(|tick| tick.exchange_time);
        let tick = price.zip(time).map(|(price, exchange_time)| PriceTick { price, exchange_time });
        Weighed { verdicts, middle, agreed: tick, agreeing: agreed.len() }
    }

    fn tell(&mut self, weighed: Weighed) -> Vec<PriceEvent> {
        let mut events = Vec::new();
        match weighed.agreed.filter(|_| weighed.agreeing >= self.config.min_sources) {
            Some(tick) => {
                if !std::mem::replace(&mut self.live, true) {
                    self.trouble = None;
                    events.push(PriceEvent::Connected);
                }
                if self.last != Some(tick) {
                    self.last = Some(tick);
                    events.push(PriceEvent::Tick(tick));
                }
            }
            None => {
                let reason = self.reason(&weighed);
                if std::mem::replace(&mut self.live, false) {
                    self.outages += 1;
                    events.push(PriceEvent::Disconnected { reason: reason.clone() });
                }
                self.trouble = Some(reason);
            }
        }
        events
    }

    fn reason(&self, weighed: &Weighed) -> String {
        let mut reason = format!(
            "{} of {} sources agree, {} have to",
            weighed.agreeing,
            self.sources.len(),
            self.config.min_sources
        );
        for (source, verdict) in self.sources.iter().zip(&weighed.verdicts) {
            if *verdict != SourceVerdict::Agrees {
                reason.push_str(&format!("; {} {verdict}", source.name));
            }
        }
        reason
    }
}

impl Source {
    fn tick(&mut self, now: Now, tick: PriceTick) {
        self.ticks += 1;
        let ahead = Duration::try_from(tick.exchange_time.duration_since(now.wall)).unwrap_or_default();
        if ahead > MAX_AHEAD {
            self.rejected += 1;
            self.last_trouble = Some(format!("a price is stamped {}, in the future", tick.exchange_time));
            return;
        }
        // A late trade changes nothing: the newer one stands.
        if self.last.is_none_or(|(last, _)| tick.exchange_time >= last.exchange_time) {
            self.last = Some((tick, now.mono));
        }
    }

    fn verdict(&self, now: Now, max_age: Duration) -> SourceVerdict {
        match self.last {
            _ if !self.connected => SourceVerdict::Gone,
            None => SourceVerdict::Silent,
            Some((tick, received)) if content_age(now, tick) > max_age || now.mono.since(received) > max_age => {
                SourceVerdict::Stale
            }
            Some(_) => SourceVerdict::Agrees,
        }
    }
}

/// How long ago it was made; nothing where its stamp lies ahead.
fn content_age(now: Now, tick: PriceTick) -> Duration {
    Duration::try_from(now.wall.duration_since(tick.exchange_time)).unwrap_or_default()
}

fn median_price(ticks: &[PriceTick]) -> Option<AssetPrice> {
    let mut prices: Vec<AssetPrice> = ticks.iter().map(|tick| tick.price).collect();
    prices.sort_unstable();
    median(&prices)
}

fn deviation(source: &Source, middle: Option<AssetPrice>) -> Option<i64> {
    let (tick, _) = source.last?;
    i64::try_from(i128::from(tick.price.cents()) - i128::from(middle?.cents())).ok()
}
