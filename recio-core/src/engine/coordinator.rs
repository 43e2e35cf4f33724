//! unified_production_coordinator: paces the cycle, and builds the strike table of every monitored event.

use super::market_watchdog::{MarketState, MarketWatchdog};
use super::price_watchdog::PriceWatchdog;
use super::{BookSource, EventView, Monitor, Role, StrikeView, Warmth, Wish, context::Context};
use crate::market::{Asset, Family};
use crate::model::{
    EventPricer, Fair, FairInputs, MinuteHistory, Model, PriceWindow, UnknownReason, VolatilityUnknown,
};
use crate::units::{EventTicker, Monotonic, SeriesTicker, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One look at everything a second, as v2 had it.
const CYCLE: Duration = Duration::from_secs(1);

/// Paces the cycle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Coordinator {
    last_cycle: Option<(Timestamp, Monotonic)>,
    views: u64,
    /// How long after the one before the last cycle came.
    pause: Duration,
}

/// An event's strike table before it is one monitor's view.
#[derive(Debug)]
pub(super) struct EventTable {
    pub(super) view: EventView,
    /// When the oldest of what the table rests on was received; `None` where something is missing.
    pub(super) oldest_input: Option<Monotonic>,
}

impl Coordinator {
    /// Whether it is time for a cycle. Cycles lie on whole seconds of wall time.
    pub(super) fn due(&mut self, cx: &mut Context<'_>) -> bool {
        let second = Timestamp::from_second(cx.now.wall.as_second()).unwrap_or(cx.now.wall);
        // A wall clock that once jumped ahead must not stop the cycle until it is caught up with.
        let due = |(last, at): (Timestamp, Monotonic)| second > last || cx.now.mono.since(at) >= 2 * CYCLE;
        if !self.last_cycle.is_none_or(due) {
            return false;
        }
        self.pause = self.last_cycle.map_or(Duration::ZERO, |(_, at)| cx.now.mono.since(at));
        self.last_cycle = Some((second, cx.now.mono));
        if let Ok(next) = second.checked_add(CYCLE) {
            cx.wish(Role::Coordinator, Wish::WakeAt(next));
        }
        true
    }

    /// How long after the one before the last cycle came.
    pub(super) const fn pause(&self) -> Duration {
        self.pause
    }

    /// Numbers the next view.
    pub(super) const fn number(&mut self) -> u64 {
        self.views += 1;
        self.views
    }
}

/// Builds the strike table of an event.
pub(super) fn event_table(
    cx: &Context<'_>,
    model: &Model,
    series: &SeriesTicker,
    event: &EventTicker,
    close_time: Timestamp,
    markets: &MarketWatchdog,
    prices: &PriceWatchdog,
) -> Option<EventTable> {
    let (asset, family) = Family::of(series).ok()?;
    Some(table(cx, model, Of { series, event, asset, family, close_time }, markets, prices))
}

/// Which event a table is of.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) series: &'a SeriesTicker,
    pub(super) event: &'a EventTicker,
    pub(super) asset: Asset,
    pub(super) family: Family,
    pub(super) close_time: Timestamp,
}

fn table(cx: &Context<'_>, model: &Model, of: Of<'_>, markets: &MarketWatchdog, prices: &PriceWatchdog) -> EventTable {
    let feed = prices.get(of.asset);
    let fresh = feed.and_then(|feed| feed.fresh(cx));
    let momentum = feed.map(|feed| feed.momentum(cx));
    let volatility = feed.map(|feed| feed.volatility(cx, of.close_time));
    let pricer = EventPricer::new(
        &FairInputs {
            now: cx.now.wall,
            close_time: of.close_time,
            asset: of.asset,
            price: feed.and_then(|feed| feed.point(cx)),
            window: feed.and_then(|feed| feed.settlement(of.close_time)),
            momentum: momentum.unwrap_or_default(),
            volatility: volatility.unwrap_or(Err(VolatilityUnknown::NoPrice)),
            basis: cx.config.basis.get(&of.asset).copied(),
        },
        model.fingerprint(of.asset),
    );
    let mut oldest_input = fresh.map(|(_, received)| received);
    let strikes = markets
        .of_event(of.event)
        .into_iter()
        .map(|state| strike_view(cx, state, of.series, markets, &pricer, &mut oldest_input))
        .collect();
    let view = EventView {
        number: 0,
        strategy: StrategyId::new("none").expect("a short word is an id"),
        time: cx.now.wall,
        series: of.series.clone(),
        event: of.event.clone(),
        asset: of.asset,
        family: of.family,
        close_time: of.close_time,
        asset_price: fresh.map(|(tick, _)| tick.price),
        momentum,
        warmth: feed.map_or_else(
            || Warmth::of(&cx.config.warm_start, cx.now.wall, &PriceWindow::new(), &MinuteHistory::default()),
            |feed| feed.warmth(cx),
        ),
        volatility: volatility.and_then(Result::ok).map(|volatility| volatility.sigma()),
        strikes,
    };
    EventTable { view, oldest_input }
}

fn strike_view(
    cx: &Context<'_>,
    state: &MarketState,
    series: &SeriesTicker,
    markets: &MarketWatchdog,
    pricer: &EventPricer,
    oldest_input: &mut Option<Monotonic>,
) -> StrikeView {
    let strike = state.market.strike.known();
    let quote = markets.fresh_quote(cx, state);
    // Polled books are read one after the other; how old each is counts where it is traded.
    if let Some((_, received)) = quote.filter(|_| cx.config.books == BookSource::Streamed) {
        *oldest_input = oldest_input.map(|oldest| oldest.min(received));
    }
    let fair = strike.map_or(Fair::Unknown(UnknownReason::NoStrike), |strike| pricer.fair(&strike));
    StrikeView {
        market: state.market.ticker.clone(),
        strike,
        trading: state.is_trading(cx.now.wall) && markets.trades(),
        quote: quote.map(|(quote, _)| quote),
        volume: state.volume(),
        fair,
        fees: markets.fees(series).cloned(),
        trade: None,
    }
}

/// Makes an event's table one monitor's view.
pub(super) fn view_for(table: &EventView, monitor: &Monitor, number: u64) -> EventView {
    EventView { number, strategy: monitor.id.clone(), ..table.clone() }
}
