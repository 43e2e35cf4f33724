//! btc_price_watchdog: is there a fresh price of each asset, and what does its past say.
//!
//! Three ages are kept apart: of the connection (any sign of life), of the channel (the last price), of the content (what the last price's own
//! stamp says). A ping never refreshes the other two.

use super::warm_up::WarmUp;
use super::{Role, Warmth, context::Context};
use crate::market::{Asset, Family};
use crate::model::{
    MinuteHistory, Momentum, PricePoint, PriceWindow, SettlementWindow, SourceRank, Volatility, VolatilityUnknown,
};
use crate::planted::{PlantedBug, is_planted};
use crate::price_feed::{FeedAbout, PastPrices, PriceEvent, PriceKind, PriceTick, Resolution};
use crate::read::Read;
use crate::units::{Monotonic, Now, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A price this far from the one before is believed only when the next one agrees.
const OUTLIER_SHARE: f64 = 0.02;

/// How far ahead of our clock a source's clock may be.
const MAX_AHEAD_SECONDS: i64 = 5;
/// Prints are banked from shortly before the settlement window on.
const BANK_FROM: Duration = Duration::from_secs(90);
/// A window that ended this long ago is forgotten.
const KEEP_WINDOW: Duration = Duration::from_secs(120);

const MINUTE: Duration = Duration::from_secs(60);

/// Prices of all assets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PriceWatchdog {
    assets: BTreeMap<Asset, AssetPrices>,
    warm_ups: BTreeMap<Asset, WarmUp>,
}

/// Prices of one asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AssetPrices {
    about: FeedAbout,
    connected: bool,
    last_sign_of_life: Option<Monotonic>,
    last_received: Option<Monotonic>,
    last: Option<PriceTick>,
    suspect: Option<PriceTick>,
    stalled: bool,
    window: PriceWindow,
    minutes: MinuteHistory,
    /// Sources that stood in for the feed's past, in the order in which they came.
    stand_ins: Vec<FeedAbout>,
    /// The settlement windows that are near, by close time.
    settlements: BTreeMap<Timestamp, SettlementWindow>,
}

impl PriceWatchdog {
    pub(super) fn on_event(&mut self, cx: &mut Context<'_>, about: &FeedAbout, event: &PriceEvent) {
        let prices = self.assets.entry(about.asset).or_insert_with(|| AssetPrices::new(about.clone()));
        if prices.about != *about {
            let text = format!(
                "prices of {} from {} are dropped: {} is its feed",
                about.asset, about.source, prices.about.source
            );
            cx.warn(Role::PriceWatchdog, None, text);
            return;
        }
        prices.last_sign_of_life = Some(cx.now.mono);
        match event {
            PriceEvent::Tick(tick) => prices.tick(cx, *tick),
            PriceEvent::Heartbeat => {}
            PriceEvent::Connected => {
                prices.connected = true;
                cx.info(Role::PriceWatchdog, None, format!("price feed {} connected", about.source));
            }
            PriceEvent::Disconnected { reason } => {
                prices.connected = false;
                cx.warn(Role::PriceWatchdog, None, format!("price feed {} lost: {reason}", about.source));
            }
        }
    }

    /// Takes up an asset's past, so that momentum and volatility are there from the start.
    pub(super) fn on_history(
        &mut self,
        cx: &mut Context<'_>,
        asset: Asset,
        resolution: Resolution,
        read: &Result<(FeedAbout, Vec<PastPrices>), String>,
    ) {
        let is_whole = |(_, past): &(_, Vec<PastPrices>)| past.is_empty() || past.iter().any(|p| p.bars.is_complete());
        self.warm_ups.entry(asset).or_default().answered(cx.now.mono, read.as_ref().is_ok_and(is_whole));
        let (about, past) = match read {
            Ok((about, past)) if past.is_empty() => {
                let length = if resolution == Resolution::Second { "seconds" } else { "minutes" };
                cx.info(Role::PriceWatchdog, None, format!("{} keeps no past {length}", about.source));
                return;
            }
            Ok(read) => read,
            Err(why) => {
                cx.warn(Role::PriceWatchdog, None, format!("past prices of {asset} could not be read: {why}"));
                return;
            }
        };
        let prices = self.assets.entry(asset).or_insert_with(|| AssetPrices::new(about.clone()));
        let whole = past.iter().any(|past| past.bars.is_complete());
        for past in past {
            prices.take_past(cx, resolution, past);
        }
        let telling = |past: &PastPrices| {
            let text = format!("{} past prices of {} read", past.bars.got().len(), past.source.source);
            match &past.bars {
                Read::Complete(_) => text,
                Read::Partial { missing, .. } => format!("{text}, some are missing: {missing}"),
            }
        };
        let text = past.iter().map(telling).collect::<Vec<_>>().join("; ");
        match (whole, resolution) {
            (true, Resolution::Second) => cx.info(Role::PriceWatchdog, None, text),
            // A day comes in many pieces; what they make together is told once.
            (true, Resolution::Minute) => {}
            (false, _) => cx.warn(Role::PriceWatchdog, None, text),
        }
    }

    /// Asks for what of the past is missing.
    fn warm_up(&mut self, cx: &mut Context<'_>) {
        for monitor in &cx.config.monitors {
            if let Ok((asset, _)) = Family::of(&monitor.series) {
                self.warm_ups.entry(asset).or_default();
            }
        }
        for (asset, warm_up) in &mut self.warm_ups {
            let none = (PriceWindow::new(), MinuteHistory::default());
            let known = self.assets.get(asset);
            let (window, minutes) = known.map_or((&none.0, &none.1), |prices| (&prices.window, &prices.minutes));
            let warmth = Warmth::of(&cx.config.warm_start, cx.now.wall, window, minutes);
            warm_up.watch(cx, *asset, &warmth, minutes);
        }
    }

    /// Says once when a feed stalls, and once when it is back.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
        self.warm_up(cx);
        for (asset, prices) in &mut self.assets {
            let stalled = prices.last.is_some() && !prices.is_fresh(cx);
            if stalled != prices.stalled {
                prices.stalled = stalled;
                let text = if stalled {
                    format!("no fresh {asset} price from {}: entries wait", prices.about.source)
                } else {
                    format!("{asset} prices from {} are fresh again", prices.about.source)
                };
                cx.warn(Role::PriceWatchdog, None, text);
            }
        }
    }

    /// Keeps the settlement windows of these closes, and samples stand-in prices into them.
    pub(super) fn bank(&mut self, cx: &Context<'_>, closes: &[(Asset, Timestamp)]) {
        for (asset, close) in closes {
            if let Some(prices) = self.assets.get_mut(asset)
                && cx.now.until(*close) <= BANK_FROM
            {
                let kind = prices.about.kind;
                prices.settlements.entry(*close).or_insert_with(|| SettlementWindow::new(*close, kind));
            }
        }
        for prices in self.assets.values_mut() {
            prices.settlements.retain(|close, _| age(cx.now, *close) <= KEEP_WINDOW);
            for settlement in prices.settlements.values_mut() {
                settlement.sample(&prices.window, cx.now.wall);
            }
        }
    }

    pub(super) fn get(&self, asset: Asset) -> Option<&AssetPrices> {
        self.assets.get(&asset)
    }
}

impl AssetPrices {
    fn new(about: FeedAbout) -> Self {
        Self {
            about,
            connected: false,
            last_sign_of_life: None,
            last_received: None,
            last: None,
            suspect: None,
            stalled: false,
            window: PriceWindow::new(),
            minutes: MinuteHistory::default(),
            stand_ins: Vec::new(),
            settlements: BTreeMap::new(),
        }
    }

    /// Takes up past prices of the feed, or of a source that stands in for it.
    ///
    /// A stand-in's are for momentum and volatility, which are relative. They never get into the window of seconds, from which settlement windows are
    /// sampled: no settlement value rests on them.
    fn take_past(&mut self, cx: &mut Context<'_>, resolution: Resolution, past: &PastPrices) {
        let source = self.rank(cx, past);
        let is_over = |start: Timestamp| resolution == Resolution::Second || age(cx.now, start) >= MINUTE;
        for bar in past.bars.got().iter().filter(|bar| bar.start <= cx.now.wall && is_over(bar.start)) {
            match resolution {
                // A bar's close was printed before its end; its start is the one time that is sure.
                Resolution::Second => {
                    if source == SourceRank::OWN {
                        self.window.push(bar.start, bar.close);
                    }
                    self.minutes.push(source, bar.start, bar.close);
                }
                Resolution::Minute => self.minutes.push_bar(source, bar, cx.now.wall),
            }
        }
    }

    /// Whose past prices are. That another source stands in for the feed is said when it first does.
    fn rank(&mut self, cx: &mut Context<'_>, PastPrices { source, bars }: &PastPrices) -> SourceRank {
        if *source == self.about {
            return SourceRank::OWN;
        }
        if let Some(place) = self.stand_ins.iter().position(|known| known == source) {
            return SourceRank::stand_in(place);
        }
        if bars.got().is_empty() {
            // Nothing of it is taken up.
            return SourceRank::stand_in(self.stand_ins.len());
        }
        let text = format!(
            "{} stands in for what {} has not of the past of {}: for momentum and volatility alone, which are relative, so that the distance between \
             the two hardly matters; no settlement value rests on it",
            source.source, self.about.source, source.asset
        );
        cx.warn(Role::PriceWatchdog, None, text);
        self.stand_ins.push(source.clone());
        SourceRank::stand_in(self.stand_ins.len() - 1)
    }

    fn tick(&mut self, cx: &mut Context<'_>, tick: PriceTick) {
        let jumps = |from: PriceTick| (tick.price.as_f64() / from.price.as_f64() - 1.0).abs() > OUTLIER_SHARE;
        // The price window believes its times: one stamp from the future would push everything out of it.
        if tick.exchange_time.duration_since(cx.now.wall).as_secs() > MAX_AHEAD_SECONDS {
            let text =
                format!("a {} price is stamped {}, in the future: dropped", self.about.source, tick.exchange_time);
            cx.warn(Role::PriceWatchdog, None, text);
            return;
        }
        let outlier = self.last.is_some_and(jumps) && self.suspect.is_none_or(jumps);
        if outlier {
            self.suspect = Some(tick);
            let text = format!("a {} price of {} jumps too far to be believed alone", self.about.source, tick.price);
            cx.warn(Role::PriceWatchdog, None, text);
            return;
        }
        self.suspect = None;
        if self.last.is_none_or(|last| tick.exchange_time >= last.exchange_time) {
            self.last = Some(tick);
            self.last_received = Some(cx.now.mono);
        }
        // A late one finds its place, and a late print of the settlement window counts.
        self.window.push(tick.exchange_time, tick.price);
        self.minutes.push(SourceRank::OWN, tick.exchange_time, tick.price);
        if self.about.kind == PriceKind::Index {
            for settlement in self.settlements.values_mut() {
                settlement.push(tick.exchange_time, tick.price);
            }
        }
    }

    fn is_fresh(&self, cx: &Context<'_>) -> bool {
        let limits = &cx.config.freshness;
        let alive = self.last_sign_of_life.is_some_and(|at| cx.now.mono.since(at) <= limits.transport);
        let flowing = self.last_received.is_some_and(|at| cx.now.mono.since(at) <= limits.price_channel);
        let current = self.last.is_some_and(|tick| age(cx.now, tick.exchange_time) <= limits.price_content);
        alive && flowing && current
    }

    /// The newest price with the time it was received; `None` where it is not fresh.
    pub(super) fn fresh(&self, cx: &Context<'_>) -> Option<(PriceTick, Monotonic)> {
        let received = if is_planted(PlantedBug::StampedWhenRead) { Some(cx.now.mono) } else { self.last_received };
        if self.is_fresh(cx) { self.last.zip(received) } else { None }
    }

    /// How old the newest price is, by its own stamp and since it came; `None` where none came.
    pub(super) fn price_age(&self, now: Now) -> Option<Duration> {
        let (tick, received) = self.last.zip(self.last_received)?;
        Some(age(now, tick.exchange_time).max(now.mono.since(received)))
    }

    /// The newest fresh price as the model takes it.
    pub(super) fn point(&self, cx: &Context<'_>) -> Option<PricePoint> {
        self.fresh(cx).map(|(tick, _)| PricePoint {
            price: tick.price,
            time: tick.exchange_time,
            kind: self.about.kind,
        })
    }

    /// Momentum as of now.
    pub(super) fn momentum(&self, cx: &Context<'_>) -> Momentum {
        // Where no past is asked for, none but the seconds counts.
        match cx.config.warm_start.momentum_minutes() {
            0 => self.window.momentum(cx.now.wall),
            _ => self.window.momentum_with(cx.now.wall, &self.minutes),
        }
    }

    /// Volatility for pricing an event, from the last half hour; from the last day where that holds too little.
    pub(super) fn volatility(&self, cx: &Context<'_>, close: Timestamp) -> Result<Volatility, VolatilityUnknown> {
        match self.window.volatility_before_window(cx.now.wall, close) {
            Err(few @ VolatilityUnknown::TooFewReturns { .. }) => self.minutes.volatility(cx.now.wall).ok_or(few),
            known => known,
        }
    }

    /// What of the past is there.
    pub(super) fn warmth(&self, cx: &Context<'_>) -> Warmth {
        Warmth::of(&cx.config.warm_start, cx.now.wall, &self.window, &self.minutes)
    }

    /// The prints banked for the markets that close then.
    pub(super) fn settlement(&self, close: Timestamp) -> Option<&SettlementWindow> {
        self.settlements.get(&close)
    }
}

/// How long ago a moment was on the wall clock; nothing where it lies ahead.
fn age(now: Now, then: Timestamp) -> Duration {
    Duration::try_from(now.wall.duration_since(then)).unwrap_or_default()
}
