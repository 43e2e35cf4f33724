//! Candles: what a market did minute by minute, from its tickers and the trades of the accounts here.
//!
//! A period ends at a whole number of minutes, hours or days of Unix time, and the moment of its end belongs to it. Periods in which nothing was
//! told have no candle. Quotes go on from one candle to the next; traded prices begin anew. Source of the shapes: docs.kalshi.com, get market
//! candlesticks, state of October 2026; that days end at midnight UTC is a guess.

use recio_core::market::Quote;
use recio_core::units::{Money, Price, Quantity, Timestamp};
use recio_kalshi::wire;
use std::collections::BTreeMap;

/// Seconds of the shortest period.
const MINUTE: i64 = 60;

/// The minutes of one market, by the second in which they end.
#[derive(Debug, Default)]
pub(super) struct Candles {
    minutes: BTreeMap<i64, Minute>,
    quote: Option<(Price, Price)>,
    last_price: Option<Price>,
    open_interest: Quantity,
}

#[derive(Clone, Debug)]
struct Minute {
    bid: Range,
    ask: Range,
    traded: Option<Traded>,
    previous: Option<Price>,
    open_interest: Quantity,
}

/// First, lowest, highest and last of a price.
#[derive(Clone, Copy, Debug)]
struct Range {
    open: Price,
    low: Price,
    high: Price,
    close: Price,
}

#[derive(Clone, Copy, Debug)]
struct Traded {
    range: Range,
    quantity: Quantity,
    /// Price times quantity.
    value: Money,
}

impl Range {
    const fn of(price: Price) -> Self {
        Self { open: price, low: price, high: price, close: price }
    }

    fn add(&mut self, price: Price) {
        self.low = self.low.min(price);
        self.high = self.high.max(price);
        self.close = price;
    }

    fn join(&mut self, later: Self) {
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        self.close = later.close;
    }
}

impl Traded {
    fn join(&mut self, later: Self) {
        self.range.join(later.range);
        self.quantity = self.quantity.saturating_add(later.quantity);
        self.value += later.value;
    }

    /// The mean price of a contract, in ten-thousandths, rounded half up.
    fn mean(&self) -> Option<Price> {
        let hundredths = i128::from(self.quantity.hundredths());
        // Micro-dollars for hundredths of a contract: $0.0001 × 0.01 contract is one.
        let value = i128::from(self.value.micros());
        let units = (2 * value + hundredths).checked_div(2 * hundredths)?;
        u16::try_from(units).ok().and_then(|units| Price::from_units(units).ok())
    }
}

/// When the period ends that a moment belongs to.
fn period_end(time: Timestamp, seconds: i64) -> i64 {
    let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    ceil(second, seconds)
}

fn ceil(second: i64, step: i64) -> i64 {
    (second + step - 1).div_euclid(step) * step
}

impl Candles {
    /// The best prices from a moment on; a side without any counts as 0 or 1, as the exchange shows it.
    pub(super) fn quote(&mut self, time: Timestamp, quote: &Quote, open_interest: Quantity) {
        let bid = quote.bid.as_ref().map_or(Price::ZERO, |level| level.price);
        let ask = quote.ask.as_ref().map_or(Price::ONE, |level| level.price);
        let minute = self.minute(time, (bid, ask));
        minute.bid.add(bid);
        minute.ask.add(ask);
        minute.open_interest = open_interest;
        self.quote = Some((bid, ask));
        self.open_interest = open_interest;
    }

    /// A trade of a moment.
    pub(super) fn trade(&mut self, time: Timestamp, price: Price, quantity: Quantity) {
        let quote = self.quote.unwrap_or((Price::ZERO, Price::ONE));
        let minute = self.minute(time, quote);
        let traded = Traded { range: Range::of(price), quantity, value: price * quantity };
        match &mut minute.traded {
            Some(before) => before.join(traded),
            none => *none = Some(traded),
        }
        self.last_price = Some(price);
    }

    /// A price at which something was traded before anything was told.
    pub(super) fn traded_before(&mut self, price: Price) {
        self.last_price.get_or_insert(price);
    }

    fn minute(&mut self, time: Timestamp, first: (Price, Price)) -> &mut Minute {
        let (bid, ask) = self.quote.unwrap_or(first);
        let (previous, open_interest) = (self.last_price, self.open_interest);
        self.minutes.entry(period_end(time, MINUTE)).or_insert_with(|| Minute {
            bid: Range::of(bid),
            ask: Range::of(ask),
            traded: None,
            previous,
            open_interest,
        })
    }

    /// The candles that end from one second to another, both included. With `latest_before`, one more stands at the head, at the first end of a
    /// period: what was last told before them.
    pub(super) fn list(&self, from: i64, to: i64, minutes: i64, latest_before: bool) -> Vec<wire::Candle> {
        let period = minutes * MINUTE;
        let mut periods: BTreeMap<i64, Minute> = BTreeMap::new();
        // The first period may end at `from`, and begins a whole period earlier.
        let begins = from.saturating_sub(period).saturating_add(1);
        if begins <= to {
            for (end, minute) in self.minutes.range(begins..=to) {
                let end = ceil(*end, period);
                if end >= from && end <= to {
                    match periods.get_mut(&end) {
                        Some(before) => before.join(minute),
                        None => {
                            periods.insert(end, minute.clone());
                        }
                    }
                }
            }
        }
        let first_end = ceil(from, period);
        let before = self.minutes.range(..=first_end.saturating_sub(period)).next_back().filter(|_| latest_before);
        let head = before.filter(|_| !periods.contains_key(&first_end)).map(|(_, last)| last.carried().body(first_end));
        head.into_iter().chain(periods.iter().map(|(end, minute)| minute.body(*end))).collect()
    }
}

impl Minute {
    fn join(&mut self, later: &Self) {
        self.bid.join(later.bid);
        self.ask.join(later.ask);
        match (&mut self.traded, later.traded) {
            (Some(before), Some(after)) => before.join(after),
            (none @ None, after) => *none = after,
            (Some(_), None) => {}
        }
        self.open_interest = later.open_interest;
    }

    /// What it leaves to a period in which nothing happens.
    fn carried(&self) -> Self {
        Self {
            bid: Range::of(self.bid.close),
            ask: Range::of(self.ask.close),
            traded: None,
            previous: self.traded.map(|traded| traded.range.close).or(self.previous),
            open_interest: self.open_interest,
        }
    }

    fn body(&self, end_period_ts: i64) -> wire::Candle {
        let quote = |range: &Range| wire::CandleQuote {
            open_dollars: range.open.to_string(),
            low_dollars: range.low.to_string(),
            high_dollars: range.high.to_string(),
            close_dollars: range.close.to_string(),
        };
        let range = self.traded.as_ref().map(|traded| traded.range);
        let text = |price: fn(&Range) -> Price| range.as_ref().map(|range| price(range).to_string());
        wire::Candle {
            end_period_ts,
            yes_bid: quote(&self.bid),
            yes_ask: quote(&self.ask),
            price: wire::CandlePrice {
                open_dollars: text(|range| range.open),
                low_dollars: text(|range| range.low),
                high_dollars: text(|range| range.high),
                close_dollars: text(|range| range.close),
                mean_dollars: self.traded.as_ref().and_then(Traded::mean).map(|mean| mean.to_string()),
                previous_dollars: self.previous.map(|price| price.to_string()),
                min_dollars: text(|range| range.low),
                max_dollars: text(|range| range.high),
            },
            volume_fp: self.traded.map_or(Quantity::ZERO, |traded| traded.quantity).to_string(),
            open_interest_fp: self.open_interest.to_string(),
        }
    }
}

/// A candle as the archive spells it.
pub(super) fn archived(candle: wire::Candle) -> wire::ArchivedCandle {
    let quote = |quote: wire::CandleQuote| wire::ArchivedCandleQuote {
        open: quote.open_dollars,
        low: quote.low_dollars,
        high: quote.high_dollars,
        close: quote.close_dollars,
    };
    wire::ArchivedCandle {
        end_period_ts: candle.end_period_ts,
        yes_bid: quote(candle.yes_bid),
        yes_ask: quote(candle.yes_ask),
        price: wire::ArchivedCandlePrice {
            open: candle.price.open_dollars,
            low: candle.price.low_dollars,
            high: candle.price.high_dollars,
            close: candle.price.close_dollars,
            mean: candle.price.mean_dollars,
            previous: candle.price.previous_dollars,
        },
        volume: candle.volume_fp,
        open_interest: candle.open_interest_fp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::market::Level;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millisecond(second * 1000 + 250).unwrap()
    }

    fn quote(bid: &str, ask: &str) -> Quote {
        let level = |price: &str| Some(Level { price: price.parse().unwrap(), quantity: Quantity::contracts(1) });
        Quote { bid: level(bid), ask: level(ask) }
    }

    fn lines(candles: &[wire::Candle]) -> Vec<String> {
        let line = |one: &wire::Candle| {
            let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "{} bid {} {} {} {} price {} {} {} {} mean {} before {} volume {} held {}",
                one.end_period_ts,
                one.yes_bid.open_dollars,
                one.yes_bid.low_dollars,
                one.yes_bid.high_dollars,
                one.yes_bid.close_dollars,
                word(&one.price.open_dollars),
                word(&one.price.low_dollars),
                word(&one.price.high_dollars),
                word(&one.price.close_dollars),
                word(&one.price.mean_dollars),
                word(&one.price.previous_dollars),
                one.volume_fp,
                one.open_interest_fp,
            )
        };
        candles.iter().map(line).collect()
    }

    fn example() -> Candles {
        let mut candles = Candles::default();
        candles.quote(at(7205), &quote("0.40", "0.42"), Quantity::contracts(7));
        candles.trade(at(7210), "0.42".parse().unwrap(), Quantity::contracts(1));
        candles.trade(at(7211), "0.45".parse().unwrap(), Quantity::contracts(2));
        candles.quote(at(7230), &quote("0.38", "0.44"), Quantity::contracts(9));
        // 7260 s itself ends the minute; a moment later the next has begun.
        candles.quote(Timestamp::from_second(7260).unwrap(), &quote("0.39", "0.44"), Quantity::contracts(9));
        candles.quote(at(7260), &quote("0.41", "0.44"), Quantity::contracts(9));
        candles.trade(at(10_900), "0.30".parse().unwrap(), Quantity::contracts(4));
        candles
    }

    #[test]
    fn minutes_say_what_was_quoted_and_traded() {
        assert_eq!(
            lines(&example().list(7201, 11_000, 1, false)),
            [
                "7260 bid 0.4000 0.3800 0.4000 0.3900 price 0.4200 0.4200 0.4500 0.4500 mean 0.4400 before - volume 3.00 held 9.00",
                "7320 bid 0.3900 0.3900 0.4100 0.4100 price - - - - mean - before 0.4500 volume 0.00 held 9.00",
                "10920 bid 0.4100 0.4100 0.4100 0.4100 price 0.3000 0.3000 0.3000 0.3000 mean 0.3000 before 0.4500 volume 4.00 held 9.00",
            ]
        );
        assert!(example().list(7261, 7319, 1, false).is_empty(), "those that end outside are left out");
        assert!(example().list(9000, 8000, 1, false).is_empty());
    }

    #[test]
    fn hours_are_their_minutes_together() {
        assert_eq!(
            lines(&example().list(0, 20_000, 60, false)),
            [
                "10800 bid 0.4000 0.3800 0.4100 0.4100 price 0.4200 0.4200 0.4500 0.4500 mean 0.4400 before - volume 3.00 held 9.00",
                "14400 bid 0.4100 0.4100 0.4100 0.4100 price 0.3000 0.3000 0.3000 0.3000 mean 0.3000 before 0.4500 volume 4.00 held 9.00",
            ]
        );
    }

    #[test]
    fn what_was_last_told_can_stand_at_the_head() {
        assert_eq!(
            lines(&example().list(8000, 9000, 1, true)),
            ["8040 bid 0.4100 0.4100 0.4100 0.4100 price - - - - mean - before 0.4500 volume 0.00 held 9.00"]
        );
        assert!(example().list(100, 200, 1, true).is_empty());
    }
}
