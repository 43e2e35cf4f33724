//! kalshi_api_watchdog: which events there are, whether their books are known and fresh, whether the exchange trades.

use super::{BookSource, Role, Wish, context::Context};
use crate::market::{Book, FeeType, LifecycleEvent, Market, MarketStatus, Quote, Series, check_ticker, closes_first};
use crate::market_data::{ExchangeStatus, MarketEvent};
use crate::planted::{PlantedBug, is_planted};
use crate::price_feed::TimeRange;
use crate::read::Read;
use crate::trade::{FeeQuantum, FeeSchedule};
use crate::units::{EventTicker, MarketTicker, Monotonic, Quantity, SeriesTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often the markets of a series are listed.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// How soon a failed read is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Markets that close within this time are looked at: the running hour, and the one after it.
const HORIZON: Duration = Duration::from_secs(75 * 60);
/// Markets are followed from this long before they open.
const FOLLOW_EARLY: Duration = Duration::from_secs(60);
/// A market that ended this long ago is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(2 * 3600);

/// All markets in sight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MarketWatchdog {
    series: BTreeMap<SeriesTicker, SeriesState>,
    markets: BTreeMap<MarketTicker, MarketState>,
    followed: BTreeSet<MarketTicker>,
    exchange: Option<ExchangeStatus>,
    connected: bool,
    last_sign_of_life: Option<Monotonic>,
    /// The last frame about any book: they share a subscription whose numbers show a gap, so one frame vouches for all of them.
    last_data: Option<Monotonic>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct SeriesState {
    fees: Option<FeeSchedule>,
    asked_series: Option<Monotonic>,
    listed: Option<Monotonic>,
    asked_list: Option<Monotonic>,
}

/// One market in sight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MarketState {
    pub(super) market: Market,
    book: Option<Book>,
    /// When the last frame about this book came.
    received: Option<Monotonic>,
    volume: Option<Quantity>,
    /// When the stream last told of its life: a list that was asked for before is older news.
    news: Option<Monotonic>,
    /// Why it is not traded although it looks tradable.
    unusable: Option<String>,
}

impl MarketWatchdog {
    /// Asks for what is missing, follows what opens, closes what ends.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>) {
        for monitor in &cx.config.monitors {
            self.series.entry(monitor.series.clone()).or_default();
        }
        let due = |asked: Option<Monotonic>, wait| asked.is_none_or(|at| cx.now.mono.since(at) >= wait);
        let mut wishes = Vec::new();
        for (ticker, state) in &mut self.series {
            if state.fees.is_none() && due(state.asked_series, RETRY_AFTER) {
                state.asked_series = Some(cx.now.mono);
                wishes.push(Wish::ReadSeries(ticker.clone()));
            }
            if due(state.listed, LIST_EVERY) && due(state.asked_list, RETRY_AFTER) {
                state.asked_list = Some(cx.now.mono);
                let closing = TimeRange { from: cx.now.wall, to: later(cx.now.wall, HORIZON) };
                wishes.push(Wish::ListMarkets { series: ticker.clone(), closing });
            }
        }
        for wish in wishes {
            cx.wish(Role::MarketWatchdog, wish);
        }
        let now = cx.now.wall;
        for state in self.markets.values_mut() {
            state.pass_time(now);
        }
        self.markets.retain(|_, state| later(state.market.close_time, FORGET_AFTER) > now);
        self.follow(cx);
    }

    fn follow(&mut self, cx: &mut Context<'_>) {
        let wanted: BTreeSet<_> = self
            .markets
            .values()
            .filter(|state| {
                later(cx.now.wall, FOLLOW_EARLY) >= state.market.open_time && cx.now.wall < state.market.close_time
            })
            .map(|state| state.market.ticker.clone())
            .collect();
        if wanted != self.followed {
            cx.wish(Role::MarketWatchdog, Wish::Follow(wanted.iter().cloned().collect()));
            self.followed = wanted;
        }
    }

    pub(super) fn on_series(&mut self, series: &Series) {
        let state = self.series.entry(series.ticker.clone()).or_default();
        state.fees = Some(FeeSchedule {
            fee_type: series.fee_type.clone(),
            multiplier: series.fee_multiplier,
            quantum: FeeQuantum::CentiCent,
        });
    }

    pub(super) fn on_listed(
        &mut self,
        cx: &mut Context<'_>,
        series: &SeriesTicker,
        listed: &Result<Read<Vec<Market>>, String>,
    ) {
        let read = match listed {
            Ok(read) => read,
            Err(why) => {
                cx.warn(Role::MarketWatchdog, None, format!("the markets of {series} could not be listed: {why}"));
                return;
            }
        };
        if let Read::Partial { missing, .. } = read {
            cx.warn(Role::MarketWatchdog, None, format!("the list of {series} markets is not complete: {missing}"));
        } else if let Some(state) = self.series.get_mut(series) {
            state.listed = Some(cx.now.mono);
        }
        let asked = self.series.get(series).and_then(|state| state.asked_list);
        for market in read.got() {
            self.take_up(cx, market.clone(), asked);
        }
        self.follow(cx);
    }

    fn take_up(&mut self, cx: &mut Context<'_>, market: Market, asked: Option<Monotonic>) {
        let unusable = if cx.config.tickers_name_close_times { check_ticker(&market).err() } else { None };
        let unusable = unusable.map(|why| why.to_string());
        if let Some(state) = self.markets.get_mut(&market.ticker) {
            state.relist(market, asked);
            state.unusable = unusable;
            state.pass_time(cx.now.wall);
            return;
        }
        if let Some(why) = &unusable {
            cx.alarm(Role::MarketWatchdog, Some(&market.event), format!("{} is not traded: {why}", market.ticker));
        }
        let mut state = MarketState { market, book: None, received: None, volume: None, news: None, unusable };
        state.pass_time(cx.now.wall);
        self.markets.insert(state.market.ticker.clone(), state);
    }

    /// Takes up news. Returns the market whose outcome or payout was announced.
    pub(super) fn on_event(&mut self, cx: &mut Context<'_>, event: &MarketEvent) -> Option<MarketTicker> {
        self.last_sign_of_life = Some(cx.now.mono);
        // The ticker is another channel: it says nothing about whether books still come.
        if matches!(event, MarketEvent::Snapshot { .. } | MarketEvent::Delta { .. }) {
            self.last_data = Some(cx.now.mono);
        }
        match event {
            MarketEvent::Snapshot { market, book } => {
                if let Some(state) = self.markets.get_mut(market) {
                    state.received = Some(cx.now.mono);
                    match Book::from_snapshot(book, Some(&state.market.grid)) {
                        Ok(book) => state.book = Some(book),
                        Err(why) => state.void(cx, &why.to_string()),
                    }
                }
            }
            MarketEvent::Delta { market, delta, .. } => {
                if let Some(state) = self.markets.get_mut(market) {
                    state.received = Some(cx.now.mono);
                    let grid = &state.market.grid;
                    let failed = state.book.as_mut().and_then(|book| book.apply(delta, Some(grid)).err());
                    if let Some(why) = failed {
                        state.void(cx, &why.to_string());
                    }
                }
            }
            MarketEvent::Void { markets, reason } => {
                for market in markets {
                    if let Some(state) = self.markets.get_mut(market) {
                        state.void(cx, reason);
                    }
                }
            }
            MarketEvent::Ticker(ticker) => {
                if let Some(state) = self.markets.get_mut(&ticker.market) {
                    state.volume = Some(ticker.volume);
                }
            }
            MarketEvent::Trade(_) | MarketEvent::Heartbeat => {}
            MarketEvent::Lifecycle { market, event } => return self.on_lifecycle(cx, market, event),
            MarketEvent::Exchange(status) => self.exchange = Some(*status),
            MarketEvent::Connected => {
                self.connected = true;
                cx.info(Role::MarketWatchdog, None, "market data connected".to_owned());
            }
            MarketEvent::Disconnected { reason } => {
                self.connected = false;
                self.void_all();
                cx.warn(Role::MarketWatchdog, None, format!("market data lost: {reason}"));
            }
            MarketEvent::Unreadable { reason } => {
                cx.warn(Role::MarketWatchdog, None, format!("a market data frame was dropped: {reason}"));
            }
        }
        None
    }

    fn on_lifecycle(
        &mut self,
        cx: &mut Context<'_>,
        ticker: &MarketTicker,
        event: &LifecycleEvent,
    ) -> Option<MarketTicker> {
        if matches!(event, LifecycleEvent::Created) {
            // Its body is read with the next list, which is asked for at once.
            for state in self.series.values_mut() {
                state.listed = None;
            }
            return None;
        }
        let state = self.markets.get_mut(ticker)?;
        state.news = Some(cx.now.mono);
        let market = &mut state.market;
        event.apply(market);
        match event {
            LifecycleEvent::StrikeUpdated { strike } => {
                if let Some(strike) = strike.known() {
                    let text = format!("the strike of {ticker} is {strike}");
                    cx.info(Role::MarketWatchdog, Some(&market.event), text);
                }
                None
            }
            LifecycleEvent::Determined { result, .. } => {
                let text = format!("{ticker} is determined: {result:?}");
                cx.info(Role::MarketWatchdog, Some(&market.event), text);
                Some(ticker.clone())
            }
            LifecycleEvent::Settled { .. } => Some(ticker.clone()),
            LifecycleEvent::Created
            | LifecycleEvent::Activated
            | LifecycleEvent::Deactivated
            | LifecycleEvent::CloseDateUpdated { .. }
            | LifecycleEvent::GridUpdated { .. } => None,
        }
    }

    fn void_all(&mut self) {
        for state in self.markets.values_mut() {
            state.book = None;
        }
    }

    pub(super) fn get(&self, ticker: &MarketTicker) -> Option<&MarketState> {
        self.markets.get(ticker)
    }

    /// What fills in a series cost, once it is known.
    pub(super) fn fees(&self, series: &SeriesTicker) -> Option<&FeeSchedule> {
        let fees = self.series.get(series)?.fees.as_ref()?;
        (!matches!(fees.fee_type, FeeType::Unsupported(_))).then_some(fees)
    }

    /// The event of a series that trades now: the one that closes first of those that are open.
    pub(super) fn current_event(&self, series: &SeriesTicker, now: Timestamp) -> Option<(&EventTicker, Timestamp)> {
        let of_series = self.markets.values().map(|state| &state.market).filter(|market| market.series == *series);
        closes_first(of_series, now).map(|market| (&market.event, market.close_time))
    }

    /// The markets of an event, from the lowest strike up.
    pub(super) fn of_event(&self, event: &EventTicker) -> Vec<&MarketState> {
        let mut markets: Vec<_> = self.markets.values().filter(|state| state.market.event == *event).collect();
        markets.sort_by_key(|state| {
            (state.market.strike.known().map(|strike| strike.winning_range().from_cents), &state.market.ticker)
        });
        markets
    }

    /// A market's best prices with the time of the last frame that vouches for them; `None` where the book is not known or the stream is stalled.
    pub(super) fn fresh_quote(&self, cx: &Context<'_>, state: &MarketState) -> Option<(Quote, Monotonic)> {
        let limits = &cx.config.freshness;
        let vouched = match cx.config.books {
            BookSource::Streamed => self.last_data,
            BookSource::Polled => state.received,
        };
        let received = vouched.filter(|&at| cx.now.mono.since(at) <= limits.book_channel)?;
        self.last_sign_of_life.filter(|&at| cx.now.mono.since(at) <= limits.transport)?;
        let quote = state.book.as_ref()?.quote();
        let crossed = quote.bid.zip(quote.ask).is_some_and(|(bid, ask)| bid.price >= ask.price);
        let received = if is_planted(PlantedBug::StampedWhenRead) { cx.now.mono } else { received };
        (!crossed).then_some((quote, received))
    }

    /// Whether the source of market data is connected, as far as it said.
    pub(super) const fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether the exchange accepts orders, as far as it said.
    pub(super) fn trades(&self) -> bool {
        self.exchange.is_none_or(|status| status.exchange_active && status.trading_active)
    }
}

impl MarketState {
    /// Takes in what a list says. It does not take a known strike, an outcome, or a later state back; and where the stream has told
    /// something since the list was asked for, the list adds nothing to that.
    fn relist(&mut self, listed: Market, asked: Option<Monotonic>) {
        let known = &self.market;
        let older = self.news.is_some_and(|news| asked.is_none_or(|asked| asked <= news));
        let both = (known.status, listed.status);
        let status = match both {
            // Halts come and go: the newer word counts.
            (MarketStatus::Inactive | MarketStatus::Active, MarketStatus::Inactive | MarketStatus::Active)
                if !older =>
            {
                listed.status
            }
            (MarketStatus::Inactive, MarketStatus::Active) => MarketStatus::Inactive,
            (known, listed) => known.max(listed),
        };
        let keep_strike = listed.strike.known().is_none() || (older && known.strike.known().is_some());
        let strike = if keep_strike { known.strike.clone() } else { listed.strike.clone() };
        let close_time = if older { known.close_time } else { listed.close_time };
        let grid = if older { known.grid.clone() } else { listed.grid.clone() };
        let (result, value) = (listed.result.or(known.result), listed.expiration_value.or(known.expiration_value));
        self.market = Market { strike, status, close_time, grid, result, expiration_value: value, ..listed };
    }

    /// Opening and closing happen silently at their times.
    fn pass_time(&mut self, now: Timestamp) {
        let market = &mut self.market;
        if market.status == MarketStatus::Initialized && market.open_time <= now {
            market.status = MarketStatus::Active;
        }
        if matches!(market.status, MarketStatus::Active | MarketStatus::Inactive) && market.close_time <= now {
            market.status = MarketStatus::Closed;
            self.book = None;
        }
    }

    fn void(&mut self, cx: &mut Context<'_>, why: &str) {
        self.book = None;
        let text = format!("the book of {} is void until its next snapshot: {why}", self.market.ticker);
        cx.warn(Role::MarketWatchdog, Some(&self.market.event), text);
    }

    /// Whether it accepts orders now.
    pub(super) fn is_trading(&self, now: Timestamp) -> bool {
        self.unusable.is_none()
            && self.market.status.is_trading()
            && self.market.open_time <= now
            && now < self.market.close_time
    }

    pub(super) const fn volume(&self) -> Option<Quantity> {
        self.volume
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
