//! How each service is: told when that changes, and every half minute, so that the age of what was told tells too.
//!
//! A pure function of what the engine remembers, looked at once a cycle. Words are made only when something is told.

use super::context::Context;
use super::coordinator::EventTable;
use super::engine::Engine;
use super::{Role, TradingState, Wish};
use crate::market::{Asset, Family};
use crate::model::Fair;
use crate::trade::{OrderStatus, TradeStatus};
use crate::units::{EventTicker, Monotonic, SeriesTicker};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Told at least this often: who has heard nothing for much longer knows that nobody is there.
const TELL_EVERY: Duration = Duration::from_secs(30);
/// A look at everything comes once a second. One that comes this long after the one before is late.
const LATE: Duration = Duration::from_secs(3);

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does its work.
    Up,
    /// It does part of it.
    Degraded,
    /// It does not.
    Down,
}

/// How one of the engine's services is, at the moment at which it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceHealth {
    /// The service.
    pub service: Role,
    /// How it is.
    pub health: Health,
    /// Why, in one sentence for people.
    pub detail: String,
}

/// What was told last of the services' health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct HealthWatch {
    told: Option<(Monotonic, [Condition; Role::ALL.len()])>,
}

/// What is the matter with a service; without the numbers, which change all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Condition {
    Well,
    EntryOff,
    Reducing,
    StoreSilent,
    BooksNotOpen,
    OutcomesUnknown,
    TradesUnseen,
    EntryWaits,
    SomePricesOld,
    PastMissing,
    ExchangeClosed,
    NoMarkets,
    SomeBooksUnknown,
    ReadingFailed,
    Differs,
    Late,
    Halted,
    JournalSilent,
    Ending,
    NoFreshPrice,
    NotConnected,
    NoBooks,
    NotReconciled,
    Blind,
}

/// The strike tables of a cycle.
type Tables = BTreeMap<EventTicker, EventTable>;

/// How many are not as they should be, of how many.
#[derive(Clone, Copy, Debug, Default)]
struct Lacking {
    count: usize,
    of: usize,
}

impl Health {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl Condition {
    const fn health(self) -> Health {
        match self {
            Self::Well | Self::EntryOff => Health::Up,
            Self::Reducing
            | Self::StoreSilent
            | Self::BooksNotOpen
            | Self::OutcomesUnknown
            | Self::TradesUnseen
            | Self::EntryWaits
            | Self::SomePricesOld
            | Self::PastMissing
            | Self::ExchangeClosed
            | Self::NoMarkets
            | Self::SomeBooksUnknown
            | Self::ReadingFailed
            | Self::Differs
            | Self::Late => Health::Degraded,
            Self::Halted
            | Self::JournalSilent
            | Self::Ending
            | Self::NoFreshPrice
            | Self::NotConnected
            | Self::NoBooks
            | Self::NotReconciled
            | Self::Blind => Health::Down,
        }
    }
}

impl Engine {
    /// Says how each service is, if that changed or was not told for a while.
    pub(super) fn tell_health(&mut self, cx: &mut Context<'_>, tables: &Tables) {
        let conditions = Role::ALL.map(|service| self.condition(cx, service, tables));
        let told = self.state.health.told;
        if told.is_some_and(|(at, last)| last == conditions && cx.now.mono.since(at) < TELL_EVERY) {
            return;
        }
        let services = Role::ALL.into_iter().zip(conditions).map(|(service, condition)| ServiceHealth {
            service,
            health: condition.health(),
            detail: self.detail(cx, service, condition, tables),
        });
        let services = services.collect();
        self.state.health.told = Some((cx.now.mono, conditions));
        cx.wish(Role::Coordinator, Wish::Health(services));
    }

    /// What is the matter with a service: of several things the worst.
    fn condition(&self, cx: &Context<'_>, service: Role, tables: &Tables) -> Condition {
        match service {
            Role::TradeManager => self.trade_manager(),
            Role::TradeExecutor if self.state.journal_failed.is_some() => Condition::JournalSilent,
            Role::TradeExecutor if self.unknown_outcomes() > 0 => Condition::OutcomesUnknown,
            Role::ActiveTradeSupervisor if self.unseen_trades(tables).count > 0 => Condition::TradesUnseen,
            Role::AutoEntrySupervisor => self.auto_entry(cx),
            Role::PriceWatchdog => self.price_watchdog(cx, tables),
            Role::MarketWatchdog => self.market_watchdog(cx, tables),
            Role::AccountSync => self.account_sync(cx),
            Role::Coordinator if self.state.coordinator.pause() >= LATE => Condition::Late,
            Role::TradeExecutor | Role::ActiveTradeSupervisor | Role::Coordinator => Condition::Well,
        }
    }

    fn trade_manager(&self) -> Condition {
        match self.state.gate.state() {
            TradingState::Halted => Condition::Halted,
            TradingState::Reducing | TradingState::Active if self.state.store_failed => Condition::StoreSilent,
            TradingState::Reducing => Condition::Reducing,
            TradingState::Active if self.ledger().is_none() => Condition::BooksNotOpen,
            TradingState::Active => Condition::Well,
        }
    }

    fn auto_entry(&self, cx: &Context<'_>) -> Condition {
        if self.state.entry.is_stopping() {
            Condition::Ending
        } else if !cx.config.monitors.iter().any(|monitor| monitor.entry.enabled) {
            Condition::EntryOff
        } else if self.unready(cx).is_some() {
            Condition::EntryWaits
        } else {
            Condition::Well
        }
    }

    fn price_watchdog(&self, cx: &Context<'_>, tables: &Tables) -> Condition {
        let old = self.old_prices(cx);
        if old.count > 0 {
            return if old.count == old.of { Condition::NoFreshPrice } else { Condition::SomePricesOld };
        }
        let lacks_past = tables.values().any(|table| !table.view.warmth.is_enough());
        if lacks_past { Condition::PastMissing } else { Condition::Well }
    }

    fn market_watchdog(&self, cx: &Context<'_>, tables: &Tables) -> Condition {
        let (markets, books) = (&self.state.markets, unknown_books(tables));
        if !markets.is_connected() {
            Condition::NotConnected
        } else if !markets.trades() {
            Condition::ExchangeClosed
        } else if books.count > 0 {
            if books.count == books.of { Condition::NoBooks } else { Condition::SomeBooksUnknown }
        } else if self.idle_series(cx).next().is_some() {
            Condition::NoMarkets
        } else {
            Condition::Well
        }
    }

    fn account_sync(&self, cx: &Context<'_>) -> Condition {
        let account = &self.state.account;
        if !account.is_reconciled() {
            Condition::NotReconciled
        } else if !account.is_current(cx.now.mono) {
            Condition::Blind
        } else if account.differs() {
            Condition::Differs
        } else if account.is_failing() {
            Condition::ReadingFailed
        } else {
            Condition::Well
        }
    }

    /// The words for a condition, with the numbers of the moment.
    fn detail(&self, cx: &Context<'_>, service: Role, condition: Condition, tables: &Tables) -> String {
        let seconds = |age: Duration| format!("{} s", age.as_secs());
        match condition {
            Condition::Well => self.well(service, tables),
            Condition::EntryOff => "entry is switched off for every monitor".to_owned(),
            Condition::Reducing => "only orders that reduce go out, until a person resumes".to_owned(),
            Condition::Halted => "halted: nothing but cancels goes out, until a person resumes".to_owned(),
            Condition::StoreSilent => "the store does not write, entries wait".to_owned(),
            Condition::BooksNotOpen => "the account's books are not open yet".to_owned(),
            Condition::JournalSilent => "the intent journal does not write, no order can be sent".to_owned(),
            Condition::OutcomesUnknown => format!("orders whose outcome is not known: {}", self.unknown_outcomes()),
            Condition::TradesUnseen => {
                let unseen = self.unseen_trades(tables);
                format!("{} of {} open trades have no fresh book or no known value", unseen.count, unseen.of)
            }
            Condition::Ending => "the run ends, nothing is entered".to_owned(),
            Condition::EntryWaits => match self.unready(cx) {
                Some(reason) => format!("entries wait: {}", reason.code()),
                None => "entries wait".to_owned(),
            },
            Condition::NoFreshPrice | Condition::SomePricesOld => self.prices_in_words(cx),
            Condition::PastMissing => {
                let lacking = tables.values().find(|table| !table.view.warmth.is_enough());
                lacking.map_or_else(
                    || "past prices are missing".to_owned(),
                    |table| format!("past prices of {} are missing: {}", table.view.asset, table.view.warmth),
                )
            }
            Condition::NotConnected => "market data is not connected".to_owned(),
            Condition::ExchangeClosed => "the exchange does not trade now".to_owned(),
            Condition::NoMarkets => {
                let idle: Vec<_> = self.idle_series(cx).map(ToString::to_string).collect();
                format!("no open market is known of {}", idle.join(", "))
            }
            Condition::NoBooks | Condition::SomeBooksUnknown => {
                let books = unknown_books(tables);
                format!("books of {} of {} markets are not known", books.count, books.of)
            }
            Condition::NotReconciled => "the account is not reconciled".to_owned(),
            Condition::Blind => self.state.account.last_whole().map_or_else(
                || "the account was never read whole".to_owned(),
                |at| format!("the account was last read whole {} ago", seconds(cx.now.mono.since(at))),
            ),
            Condition::Differs => {
                let difference = self.last_tie_out().map_or_else(|| "unknown".to_owned(), |cash| cash.to_string());
                format!("ledger and exchange differ, cash by {difference}")
            }
            Condition::ReadingFailed => "the last reading of the account was not whole".to_owned(),
            Condition::Late => {
                format!(
                    "the last look at everything came {} after the one before",
                    seconds(self.state.coordinator.pause())
                )
            }
        }
    }

    /// What a service that does its work is at.
    fn well(&self, service: Role, tables: &Tables) -> String {
        match service {
            Role::TradeManager => format!("trades under way: {}", self.state.trades.live().count()),
            Role::TradeExecutor => format!("orders under way: {}", self.state.orders.unfinished().count()),
            Role::ActiveTradeSupervisor => format!("open trades watched: {}", self.unseen_trades(tables).of),
            Role::AutoEntrySupervisor => "strategies are asked".to_owned(),
            Role::PriceWatchdog => "prices are fresh".to_owned(),
            Role::MarketWatchdog => format!("books known: {}", unknown_books(tables).of),
            Role::AccountSync => "ledger and exchange agree".to_owned(),
            Role::Coordinator => format!("events in sight: {}", tables.len()),
        }
    }

    fn unknown_outcomes(&self) -> usize {
        self.state.orders.orders().filter(|order| order.status() == OrderStatus::Unknown).count()
    }

    /// Open trades that can be neither judged nor sold right now.
    fn unseen_trades(&self, tables: &Tables) -> Lacking {
        let mut trades = Lacking::default();
        let open = |status| matches!(status, TradeStatus::Open | TradeStatus::Closing);
        for trade in self.state.trades.live().filter(|trade| open(trade.status) && !trade.held().is_zero()) {
            let strikes = tables.get(&trade.event).map(|table| &table.view.strikes);
            let strike = strikes.and_then(|strikes| strikes.iter().find(|strike| strike.market == trade.market));
            let is_seen = strike.is_some_and(|seen| seen.quote.is_some() && matches!(seen.fair, Fair::Known { .. }));
            trades.add(is_seen);
        }
        trades
    }

    /// The monitored assets, as often as they are monitored.
    fn assets<'a>(cx: &Context<'a>) -> impl Iterator<Item = Asset> + use<'a> {
        cx.config.monitors.iter().filter_map(|monitor| Some(Family::of(&monitor.series).ok()?.0))
    }

    fn old_prices(&self, cx: &Context<'_>) -> Lacking {
        let mut prices = Lacking::default();
        for asset in Self::assets(cx) {
            prices.add(self.state.prices.get(asset).is_some_and(|feed| feed.fresh(cx).is_some()));
        }
        prices
    }

    fn prices_in_words(&self, cx: &Context<'_>) -> String {
        let mut told = Vec::new();
        for asset in Self::assets(cx) {
            let feed = self.state.prices.get(asset);
            let text = match feed.and_then(|feed| feed.price_age(cx.now)) {
                None => format!("no price of {asset} has come yet"),
                Some(_) if feed.is_some_and(|feed| feed.fresh(cx).is_some()) => continue,
                Some(age) => format!("the price of {asset} is {} s old", age.as_secs()),
            };
            if !told.contains(&text) {
                told.push(text);
            }
        }
        told.join(", ")
    }

    /// Monitored series without a market that is open.
    fn idle_series<'a>(&'a self, cx: &'a Context<'_>) -> impl Iterator<Item = &'a SeriesTicker> {
        let series = cx.config.monitors.iter().map(|monitor| &monitor.series);
        series.filter(|series| self.state.markets.current_event(series, cx.now.wall).is_none())
    }
}

impl Lacking {
    const fn add(&mut self, is_there: bool) {
        self.of += 1;
        self.count += if is_there { 0 } else { 1 };
    }
}

/// Markets that trade and whose book is not known, or too old.
fn unknown_books(tables: &Tables) -> Lacking {
    let mut books = Lacking::default();
    for strike in tables.values().flat_map(|table| &table.view.strikes).filter(|strike| strike.trading) {
        books.add(strike.quote.is_some());
    }
    books
}
