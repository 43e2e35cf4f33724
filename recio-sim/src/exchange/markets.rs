//! Public data over REST: status, events, markets, books, and the history of the index.

use super::Exchange;
use super::fee_notices::{fee_word, multiplier_number};
use super::frames::result_word;
use super::listing::{Listing, grid_words, strike_words};
use super::request::{Answer, Failure, Query, answer, nested, not_found};
use super::series::settlement_sources;
use jiff::SignedDuration;
use recio_core::market::{Family, Market, MarketStatus};
use recio_core::units::{EventTicker, Price, Quantity, Timestamp};
use recio_core::venue::BookView;
use recio_kalshi::wire;
use serde_json::Value;
use std::collections::BTreeMap;

impl Exchange {
    pub(super) fn exchange_status(&self) -> Answer {
        let active = !self.venue.is_exchange_paused();
        let trading = active && !self.venue.is_trading_paused();
        let shard = |exchange_index, description: &str| wire::ExchangeIndexStatus {
            exchange_index,
            description: Some(description.to_owned()),
            exchange_active: active,
            trading_active: trading,
            intra_exchange_transfers_active: Some(active),
        };
        let status = wire::ExchangeStatus {
            exchange_active: active,
            trading_active: trading,
            intra_exchange_transfers_active: Some(active),
            exchange_estimated_resume_time: self.halts.resume_time().map(|time| time.to_string()),
            exchange_index_statuses: Some(vec![shard(0, "Default"), shard(2, "Crypto")]),
        };
        answer(200, &status)
    }

    pub(super) fn event(&self, event: &str, query: Query<'_>) -> Answer {
        let ticker = EventTicker::new(event).map_err(|_| not_found())?;
        let markets = self.live_bodies(&ticker);
        let mut body = self.event_body(&ticker).ok_or_else(not_found)?;
        // The exchange's own clients require the list beside the event in either case.
        let beside = if query.flag("with_nested_markets") {
            body.markets = Some(markets);
            Vec::new()
        } else {
            markets
        };
        answer(200, &wire::EventResponse { event: body, markets: Some(beside) })
    }

    pub(super) fn events(&self, query: Query<'_>) -> Answer {
        let wanted = status_filter(query)?;
        let min_close = query.seconds("min_close_ts")?;
        let tickers = query.list("tickers");
        let series = query.get("series_ticker");
        let mut events: BTreeMap<&EventTicker, bool> = BTreeMap::new();
        for listing in self.listings.values() {
            let Some(market) = self.venue.market(&listing.body.ticker) else { continue };
            let fits = wanted.is_none_or(|filter| matches_status(filter, market.status))
                && min_close.is_none_or(|min| market.close_time >= min);
            let named = series.is_none_or(|series| listing.body.series.as_str() == series)
                && tickers.as_ref().is_none_or(|tickers| tickers.contains(&listing.body.event.as_str()));
            // An event fits if any of its markets does.
            if named {
                *events.entry(&listing.body.event).or_default() |= fits;
            }
        }
        let nested = query.flag("with_nested_markets");
        let fitting = events.into_iter().filter(|(_, fits)| *fits).filter_map(|(event, _)| {
            let mut body = self.event_body(event)?;
            if nested {
                body.markets = Some(self.live_bodies(event));
            }
            Some((event.to_string(), body))
        });
        let (events, cursor) = query.page(fitting.collect(), 200)?;
        answer(200, &wire::EventsPage { events, cursor: Some(cursor) })
    }

    /// The bodies of an event's markets that are not archived.
    fn live_bodies(&self, event: &EventTicker) -> Vec<wire::Market> {
        self.of_event(event)
            .filter(|listing| self.is_visible(listing))
            .map(|listing| self.market_body(listing))
            .collect()
    }

    /// Whether a market is in the live lists: not archived, and not made so lately that reads do not know it yet.
    pub(super) fn is_visible(&self, listing: &Listing) -> bool {
        let late = self.realism.read_lag.map_or(SignedDuration::ZERO, |lag| lag.least);
        let known = listing.body.created_time.duration_until(self.now()) >= late;
        known && !self.is_market_archived(&listing.body.ticker)
    }

    pub(super) fn of_event(&self, event: &EventTicker) -> impl Iterator<Item = &Listing> {
        self.listings.values().filter(move |listing| listing.body.event == *event)
    }

    fn event_body(&self, event: &EventTicker) -> Option<wire::Event> {
        let listing = self.of_event(event).next()?;
        let market = self.venue.market(&listing.body.ticker)?;
        let fees = self.fee_notices.of_event(event, self.now());
        Some(wire::Event {
            event_ticker: event.to_string(),
            series_ticker: market.series.to_string(),
            title: listing.title(),
            sub_title: format!("closes {}", market.close_time),
            collateral_return_type: String::new(),
            mutually_exclusive: matches!(Family::of(&market.series), Ok((_, Family::HourlyRange))),
            category: Some("Crypto".to_owned()),
            strike_date: Some(market.close_time.to_string()),
            strike_period: None,
            product_metadata: None,
            markets: None,
            settlement_sources: Some(settlement_sources(&market.series)),
            last_updated_ts: Some(listing.updated_time.to_string()),
            fee_type_override: fees.map(|(fee_type, _)| fee_word(fee_type).to_owned()),
            fee_multiplier_override: fees.and_then(|(_, multiplier)| multiplier_number(*multiplier)),
            exchange_index: Some(market.exchange_index),
        })
    }

    pub(super) fn market(&self, market: &str) -> Answer {
        let listing = self.live_listing(market).ok_or_else(not_found)?;
        answer(200, &wire::MarketResponse { market: self.market_body(listing) })
    }

    pub(super) fn markets(&self, query: Query<'_>) -> Answer {
        let wanted = status_filter(query)?;
        let created = time_range(query, "created", wanted, &["unopened", "open"])?;
        let close = time_range(query, "close", wanted, &["closed"])?;
        let settled = time_range(query, "settled", wanted, &["settled"])?;
        let (event, series) = (query.get("event_ticker"), query.get("series_ticker"));
        let tickers = query.list("tickers");
        let fits = |listing: &&Listing| {
            self.venue.market(&listing.body.ticker).is_some_and(|market| {
                wanted.is_none_or(|filter| matches_status(filter, market.status))
                    && event.is_none_or(|event| market.event.as_str() == event)
                    && series.is_none_or(|series| market.series.as_str() == series)
                    && tickers.as_ref().is_none_or(|tickers| tickers.contains(&market.ticker.as_str()))
                    && created.holds(Some(listing.body.created_time))
                    && close.holds(Some(market.close_time))
                    && settled.holds(listing.settled_time)
            })
        };
        let listed = self.listings.values().filter(|listing| self.is_visible(listing)).filter(fits);
        let items = listed.map(|listing| (listing.body.ticker.to_string(), listing)).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let markets = page.into_iter().map(|listing| self.market_body(listing)).collect();
        answer(200, &wire::MarketsPage { markets, cursor: Some(cursor) })
    }

    pub(super) fn order_book(&self, market: &str, query: Query<'_>) -> Answer {
        let depth = query.number("depth")?.unwrap_or(0);
        if depth > 100 {
            return Err(query.invalid("depth must be at most 100"));
        }
        let depth = usize::try_from(depth).ok().filter(|depth| *depth > 0).unwrap_or(usize::MAX);
        let orderbook_fp = self.book_body(market, depth).ok_or_else(not_found)?;
        answer(200, &wire::OrderBookResponse { orderbook_fp })
    }

    /// Several books at once, in the order in which they were asked for; markets that are not there are left out.
    pub(super) fn order_books(&self, query: Query<'_>) -> Answer {
        let tickers = query.all("tickers");
        if tickers.is_empty() || tickers.len() > 100 {
            return Err(query.invalid("tickers must name 1 to 100 markets"));
        }
        let book = |ticker: &str| {
            let orderbook_fp = self.book_body(ticker, usize::MAX)?;
            Some(wire::MarketOrderBook { ticker: ticker.to_owned(), orderbook_fp })
        };
        answer(200, &wire::OrderBooks { orderbooks: tickers.into_iter().filter_map(book).collect() })
    }

    fn book_body(&self, market: &str, depth: usize) -> Option<wire::OrderBook> {
        let listing = self.live_listing(market)?;
        let book = self.venue.book(&listing.body.ticker, BookView::Combined)?;
        // Best first in the book, best last on the wire; a limited depth keeps the best.
        let side = |levels: &[recio_core::market::Level], price: fn(Price) -> Price| {
            let rows = levels.iter().take(depth).rev();
            Some(rows.map(|level| (price(level.price).to_string(), level.quantity.to_string())).collect())
        };
        Some(wire::OrderBook {
            yes_dollars: side(&book.bids, |price| price),
            no_dollars: side(&book.asks, Price::complement),
        })
    }

    pub(super) fn index_values(&self, query: Query<'_>) -> Answer {
        let index = query.get("id").ok_or_else(|| query.invalid("id is required"))?;
        if query.get("timespan").is_some_and(|span| span != "HOUR") {
            return Err(query.invalid("timespan must be HOUR"));
        }
        let text = query.get("timestamp").ok_or_else(|| query.invalid("timestamp is required"))?;
        let start: Timestamp = text.parse().map_err(|_| query.invalid("timestamp must be RFC 3339"))?;
        let from = start.as_second();
        let before = from.saturating_add(3600).min(self.now().as_second() + 1);
        let payload = self.index.history(index, from, before).ok_or_else(not_found)?;
        let server_time = Some(self.now().to_string());
        answer(200, &wire::IndexHistory { data: wire::IndexHistoryData { server_time, payload } })
    }

    /// A market as REST shows it. Outcome and value are the venue's, which has them from determination on.
    pub(super) fn market_body(&self, listing: &Listing) -> wire::Market {
        let market = self.venue.market(&listing.body.ticker);
        let fallback = || listing.body.to_market(MarketStatus::Initialized);
        let owned = market.cloned().unwrap_or_else(fallback);
        let market: &Market = &owned;
        let words = strike_words(market);
        let (structure, price_ranges) = grid_words(&market.grid);
        let quote = listing.quote(&self.venue);
        let bid = quote.bid.map_or(Price::ZERO, |level| level.price);
        let ask = quote.ask.map_or(Price::ONE, |level| level.price);
        let quarter = matches!(Family::of(&market.series), Ok((_, Family::QuarterHour)));
        let after = |seconds: i64| after(market.close_time, seconds).to_string();
        let zero = || Some(Price::ZERO.to_string());
        wire::Market {
            ticker: market.ticker.to_string(),
            event_ticker: market.event.to_string(),
            market_type: "binary".to_owned(),
            title: Some(listing.title()),
            subtitle: None,
            no_sub_title: if quarter { "Target price: TBD".to_owned() } else { words.yes_sub_title.clone() },
            yes_sub_title: words.yes_sub_title,
            created_time: Some(listing.body.created_time.to_string()),
            updated_time: Some(listing.updated_time.to_string()),
            open_time: market.open_time.to_string(),
            close_time: market.close_time.to_string(),
            latest_expiration_time: Some(after(7 * 86_400)),
            expected_expiration_time: Some(after(300)),
            expiration_time: Some(after(7 * 86_400)),
            occurrence_datetime: Some(after(300)),
            fee_waiver_expiration_time: None,
            settlement_ts: listing.settled_time.map(|time| time.to_string()),
            settlement_timer_seconds: market.settlement_timer.as_secs(),
            status: status_word(market.status).to_owned(),
            result: market.result.map_or("", result_word).to_owned(),
            yes_bid_dollars: bid.to_string(),
            yes_bid_size_fp: quote.bid.map_or(Quantity::ZERO, |level| level.quantity).to_string(),
            yes_ask_dollars: ask.to_string(),
            yes_ask_size_fp: quote.ask.map_or(Quantity::ZERO, |level| level.quantity).to_string(),
            no_bid_dollars: ask.complement().to_string(),
            no_ask_dollars: bid.complement().to_string(),
            last_price_dollars: listing.last_price.unwrap_or(Price::ZERO).to_string(),
            previous_price_dollars: zero(),
            previous_yes_bid_dollars: zero(),
            previous_yes_ask_dollars: zero(),
            volume_fp: listing.volume().to_string(),
            volume_24h_fp: Some(listing.volume().to_string()),
            open_interest_fp: listing.open_interest.to_string(),
            notional_value_dollars: Some(Price::ONE.to_string()),
            can_close_early: true,
            early_close_condition: None,
            settlement_value_dollars: market.result.map(|result| result.yes_payout().to_string()),
            expiration_value: market.expiration_value.map(|value| value.to_string()).unwrap_or_default(),
            settlement_bounds_type: Some("default".to_owned()),
            settlement_floor_dollars: None,
            strike_type: words.kind.map(ToOwned::to_owned),
            floor_strike: words.floor,
            cap_strike: words.cap,
            functional_strike: None,
            custom_strike: quarter.then(|| BTreeMap::from([("round_digits".to_owned(), Value::from("2"))])),
            rules_primary: listing.rules(),
            rules_secondary: String::new(),
            price_level_structure: structure.to_owned(),
            price_ranges,
            exchange_index: Some(market.exchange_index),
            is_provisional: None,
        }
    }
}

/// From and to, both included.
struct TimeRange(Option<Timestamp>, Option<Timestamp>);

impl TimeRange {
    fn holds(&self, time: Option<Timestamp>) -> bool {
        let (from, to) = (self.0, self.1);
        match time {
            Some(time) => from.is_none_or(|from| time >= from) && to.is_none_or(|to| time <= to),
            None => from.is_none() && to.is_none(),
        }
    }
}

/// A pair of time filters, which goes with some statuses only.
fn time_range(query: Query<'_>, name: &str, status: Option<&str>, with: &[&str]) -> Result<TimeRange, Failure> {
    let range = TimeRange(query.seconds(&format!("min_{name}_ts"))?, query.seconds(&format!("max_{name}_ts"))?);
    let given = range.0.is_some() || range.1.is_some();
    match status {
        Some(status) if given && !with.contains(&status) => {
            Err(query.invalid(&format!("min_{name}_ts and max_{name}_ts cannot be used with status {status}")))
        }
        _ => Ok(range),
    }
}

fn status_filter(query: Query<'_>) -> Result<Option<&str>, Failure> {
    match query.get("status") {
        None => Ok(None),
        Some(status @ ("unopened" | "open" | "paused" | "closed" | "settled")) => Ok(Some(status)),
        Some(other) => {
            Err(query.invalid(&format!("status {other} is not one of unopened, open, paused, closed, settled")))
        }
    }
}

fn matches_status(filter: &str, status: MarketStatus) -> bool {
    filter
        == match status {
            MarketStatus::Initialized => "unopened",
            MarketStatus::Active => "open",
            MarketStatus::Inactive => "paused",
            MarketStatus::Closed | MarketStatus::Determined | MarketStatus::Disputed | MarketStatus::Amended => {
                "closed"
            }
            MarketStatus::Finalized => "settled",
        }
}

const fn status_word(status: MarketStatus) -> &'static str {
    match status {
        MarketStatus::Initialized => "initialized",
        MarketStatus::Inactive => "inactive",
        MarketStatus::Active => "active",
        MarketStatus::Closed => "closed",
        MarketStatus::Determined => "determined",
        MarketStatus::Disputed => "disputed",
        MarketStatus::Amended => "amended",
        MarketStatus::Finalized => "finalized",
    }
}

fn after(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

/// The error of an order in a market that is not there.
pub(super) fn market_not_found() -> Failure {
    nested(404, "market_not_found", None)
}
