//! The records of a synthetic world, made second by second.

use super::book::{Change, SyntheticBook, fair_units};
use super::event::{HOUR, Kind, QUARTER, body, ladder, second, strike};
use super::path::PricePath;
use super::world::{BOOK, INDEX, INDEX_NAME, LIFECYCLE, Plan, SESSION, STREAMS, TICKER};
use crate::dice::Dice;
use crate::recording::{Boundary, MarketBody, Outcome, Record, RecordBody, RecordingError, StreamId};
use jiff::SignedDuration;
use recio_core::market::{LifecycleEvent, MarketResult, StrikeTerms, TickerUpdate};
use recio_core::units::{AssetPrice, Price, Quantity, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Prints behind a settlement value, one a second. Source: docs.kalshi.com, rules of the crypto series.
const WINDOW: usize = 60;
/// How long after a quarter's open its strike is announced.
const STRIKE_AFTER: SignedDuration = SignedDuration::from_millis(500);
/// Out of so many seconds, a book is looked at in one or two.
const REQUOTE_OF: u64 = 3;
/// The distance of a second's first change from the strike's arrival and from the next second.
const FIRST_MS: u64 = 600;

/// See [`SyntheticWorld::records`](super::SyntheticWorld::records).
pub(super) struct SyntheticRecords {
    plan: Arc<Plan>,
    path: PricePath,
    /// The next second to make.
    next: i64,
    /// Prints of the last minute, in cents.
    prints: VecDeque<u64>,
    /// Markets by open and floor, until they are paid: at most one hour's and two quarters'.
    markets: BTreeMap<(i64, u8, u64), OpenMarket>,
    books: Dice,
    queue: VecDeque<Record>,
    numbers: [u64; STREAMS],
}

struct OpenMarket {
    kind: Kind,
    body: MarketBody,
    floor: Option<u64>,
    close: i64,
    value: Option<u64>,
    book: SyntheticBook,
    volume: u64,
    last_price: Option<Price>,
    quoted: bool,
}

impl SyntheticRecords {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let path = PricePath::new(plan.seed, plan.options.opening);
        let books = Dice::named(plan.seed, "synthetic/books");
        let (next, markets) = (plan.begin, BTreeMap::new());
        Self {
            plan,
            path,
            next,
            prints: VecDeque::new(),
            markets,
            books,
            queue: VecDeque::new(),
            numbers: [0; STREAMS],
        }
    }

    fn push(&mut self, stream: StreamId, time: Timestamp, body: RecordBody) {
        let number = &mut self.numbers[usize::from(stream.0)];
        *number += 1;
        self.queue.push_back(Record { exchange_time: time, received_time: None, stream, seq: *number, body });
    }

    /// Everything from a second on until the next.
    fn make(&mut self, now: i64) {
        let time = second(now);
        if now == self.plan.begin {
            self.push(SESSION, time, RecordBody::Boundary(Boundary::PreRollBegins));
        }
        let value = self.settlement_value();
        let price = self.path.step();
        self.close(now, value);
        self.list(now);
        if let Ok(price) = AssetPrice::from_cents(price) {
            self.push(INDEX, time, RecordBody::IndexPrint { index: INDEX_NAME.into(), price });
        }
        self.prints.push_back(price);
        if self.prints.len() > WINDOW {
            self.prints.pop_front();
        }
        self.pay(now);
        if now == self.plan.session {
            self.push(SESSION, time, RecordBody::Boundary(Boundary::SessionBegins));
        }
        if now == self.plan.end {
            return self.push(SESSION, time, RecordBody::Boundary(Boundary::SessionEnds));
        }
        self.announce_strikes(now, value);
        if now >= self.plan.session {
            self.quote(now, price);
        }
    }

    /// The mean of the prints of the last 60 seconds, this second's own left out, rounded half up to a cent.
    fn settlement_value(&self) -> Option<u64> {
        let count = u64::try_from(self.prints.len()).ok().filter(|_| self.prints.len() == WINDOW)?;
        let sum: u64 = self.prints.iter().sum();
        Some((2 * sum + count) / (2 * count))
    }

    fn close(&mut self, now: i64, value: Option<u64>) {
        for market in self.markets.values_mut().filter(|market| market.close == now) {
            market.value = value;
        }
    }

    fn list(&mut self, now: i64) {
        let time = second(now);
        let opens = |first: i64, step: i64| now >= first && (now - first) % step == 0;
        if opens(self.plan.first_quarter, QUARTER) {
            self.add(Kind::Quarter, now, None, time);
        }
        if opens(self.plan.first_hour, HOUR) {
            let number = usize::try_from((now - self.plan.first_hour) / HOUR).unwrap_or(usize::MAX);
            let around = self.plan.hours.get(number).copied();
            for floor in around.map(|price| ladder(price, self.plan.options.hourly_strikes)).unwrap_or_default() {
                self.add(Kind::Hourly, now, Some(floor), time);
            }
        }
    }

    fn add(&mut self, kind: Kind, open: i64, floor: Option<u64>, time: Timestamp) {
        let Some(body) = body(kind, open, floor, time) else { return };
        self.push(LIFECYCLE, time, RecordBody::Market(Box::new(body.clone())));
        let market = OpenMarket {
            kind,
            body,
            floor,
            close: open + kind.seconds(),
            value: None,
            book: SyntheticBook::default(),
            volume: 0,
            last_price: None,
            quoted: false,
        };
        self.markets.insert((open, u8::from(kind == Kind::Hourly), floor.unwrap_or(0)), market);
    }

    /// Determines and pays what is due.
    fn pay(&mut self, now: i64) {
        let time = second(now);
        let mut records = Vec::new();
        for market in self.markets.values() {
            let (Some(value), Some(floor)) = (market.value, market.floor) else { continue };
            let ticker = market.body.ticker.clone();
            if market.close + market.kind.determined_after() == now
                && let (Ok(expiration_value), Some(strike)) =
                    (AssetPrice::from_cents(value), strike(market.kind, floor))
            {
                let result = if strike.pays_yes(expiration_value) { MarketResult::Yes } else { MarketResult::No };
                let event = LifecycleEvent::Determined { result, determined_time: time };
                records.push(RecordBody::Lifecycle { market: ticker.clone(), event });
                records.push(RecordBody::Outcome(Outcome { market: ticker.clone(), result, expiration_value }));
            }
            if market.close + market.kind.settled_after() == now {
                let event = LifecycleEvent::Settled { settled_time: time };
                records.push(RecordBody::Lifecycle { market: ticker, event });
            }
        }
        self.markets.retain(|_, market| market.close + market.kind.settled_after() > now);
        for record in records {
            self.push(LIFECYCLE, time, record);
        }
    }

    /// A quarter's strike is the value that settles the quarter before it.
    fn announce_strikes(&mut self, now: i64, value: Option<u64>) {
        let time = second(now).checked_add(STRIKE_AFTER).unwrap_or(Timestamp::MAX);
        let Some(floor) = value else { return };
        let waiting = self.markets.get_mut(&(now, 0, 0)).filter(|market| market.floor.is_none());
        let Some(market) = waiting else { return };
        market.floor = Some(floor);
        let ticker = market.body.ticker.clone();
        if let Some(strike) = strike(Kind::Quarter, floor) {
            let event = LifecycleEvent::StrikeUpdated { strike: StrikeTerms::Known(strike) };
            self.push(LIFECYCLE, time, RecordBody::Lifecycle { market: ticker, event });
        }
    }

    /// Books of this second, each at a moment of its own, in the order of time.
    fn quote(&mut self, now: i64, price: u64) {
        let sigma = self.path.sigma();
        let mut made: Vec<(u64, StreamId, RecordBody)> = Vec::new();
        for market in self.markets.values_mut().filter(|market| market.close > now) {
            let Some(floor) = market.floor else { continue };
            let first = !market.quoted;
            if !first && self.books.below(REQUOTE_OF) == 0 {
                continue;
            }
            let value = fair_units(price, floor, sigma, market.close - now);
            let changes = market.book.requote(value, &market.kind.grid(), &mut self.books);
            let mut at = self.books.between(FIRST_MS, 900);
            let ticker = market.body.ticker.clone();
            if first {
                market.quoted = true;
                let (bids, asks) = market.book.levels();
                made.push((at, BOOK, RecordBody::BookSnapshot { market: ticker.clone(), bids, asks }));
            } else {
                for Change { side, price, change } in changes {
                    made.push((at, BOOK, RecordBody::BookDelta { market: ticker.clone(), side, price, change }));
                    at = (at + 3).min(980);
                }
            }
            let quote = market.book.quote();
            if self.books.below(4) == 0 {
                market.volume += self.books.between(1, 60) * 100;
                market.last_price = quote.ask.or(quote.bid).map(|level| level.price).or(market.last_price);
            }
            let hundredths = |count| Quantity::from_hundredths(count).unwrap_or(Quantity::MAX);
            let update = TickerUpdate {
                market: ticker,
                quote,
                last_price: market.last_price,
                volume: hundredths(market.volume),
                open_interest: hundredths(market.volume / 2),
                exchange_time: millis_after(now, at),
            };
            made.push((at, TICKER, RecordBody::Ticker(update)));
        }
        // Stable: the changes of one book stay in their order.
        made.sort_by_key(|(at, _, _)| *at);
        for (at, stream, body) in made {
            self.push(stream, millis_after(now, at), body);
        }
    }
}

fn millis_after(now: i64, millis: u64) -> Timestamp {
    let after = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(0));
    second(now).checked_add(after).unwrap_or(Timestamp::MAX)
}

impl Iterator for SyntheticRecords {
    type Item = Result<Record, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.queue.is_empty() && self.next <= self.plan.end {
            let now = self.next;
            self.next += 1;
            self.make(now);
        }
        self.queue.pop_front().map(Ok)
    }
}
