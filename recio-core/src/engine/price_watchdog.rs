//! btc_price_watchdog: is there a fresh price of each asset, and what does its past say.
//!
//! Three ages are kept apart: of the connection (any sign of life), of the channel (the last price), of the content (what the last price's own
//! stamp says). A ping never refreshes the other two.

use super::{Role, context::Context};
use crate::market::Asset;
use crate::model::{Bar, PricePoint, PriceWindow, SettlementWindow};
use crate::price_feed::{FeedAbout, PriceEvent, PriceKind, PriceTick};
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

/// Prices of all assets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PriceWatchdog {
    assets: BTreeMap<Asset, AssetPrices>,
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

    /// Takes up a feed's past, so that momentum and volatility are there from the start.
    pub(super) fn on_history(&mut self, cx: &mut Context<'_>, about: &FeedAbout, bars: &Read<Vec<Bar>>) {
        let prices = self.assets.entry(about.asset).or_insert_with(|| AssetPrices::new(about.clone()));
        for bar in bars.got().iter().filter(|bar| bar.start <= cx.now.wall) {
            // A bar's close was printed before its end; its start is the one time that is sure.
            prices.window.push(bar.start, bar.close);
        }
        let count = bars.got().len();
        match bars {
            Read::Complete(_) => {
                cx.info(Role::PriceWatchdog, None, format!("{count} past prices of {} read", about.source));
            }
            Read::Partial { missing, .. } => {
                let text = format!("{count} past prices of {} read, some are missing: {missing}", about.source);
                cx.warn(Role::PriceWatchdog, None, text);
            }
        }
    }

    /// Says once when a feed stalls, and once when it is back.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
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
            settlements: BTreeMap::new(),
        }
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
        if self.is_fresh(cx) { self.last.zip(self.last_received) } else { None }
    }

    /// The newest fresh price as the model takes it.
    pub(super) fn point(&self, cx: &Context<'_>) -> Option<PricePoint> {
        self.fresh(cx).map(|(tick, _)| PricePoint {
            price: tick.price,
            time: tick.exchange_time,
            kind: self.about.kind,
        })
    }

    pub(super) const fn window(&self) -> &PriceWindow {
        &self.window
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
