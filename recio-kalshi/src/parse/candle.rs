//! Candles of markets, from the live tier and from the archive.

use super::{Of, ParseError};
use crate::wire;
use recio_core::units::{EventTicker, MarketTicker, Money, Price, Quantity, Timestamp};

/// What a market did in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketCandle {
    /// The end of the period, itself part of it; whole seconds.
    pub end: Timestamp,
    /// The best YES bid; $0 is an empty side.
    pub yes_bid: CandleQuote,
    /// The best YES ask; $1 is an empty side.
    pub yes_ask: CandleQuote,
    /// The prices of trades; `None` where nothing traded.
    pub traded: Option<TradedPrices>,
    /// The last price of the period before, where something had traded.
    pub previous: Option<Price>,
    /// Contracts that traded.
    pub volume: Quantity,
    /// Contracts held at the end.
    pub open_interest: Quantity,
}

/// A best price over a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandleQuote {
    /// At its beginning.
    pub open: Price,
    /// The lowest.
    pub low: Price,
    /// The highest.
    pub high: Price,
    /// At its end.
    pub close: Price,
}

/// The YES prices of a period's trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradedPrices {
    /// The first.
    pub open: Price,
    /// The lowest.
    pub low: Price,
    /// The highest.
    pub high: Price,
    /// The last.
    pub close: Price,
    /// Their mean by volume, to $0.000001; where the exchange gives one.
    pub mean: Option<Money>,
}

/// The candles of an event's markets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCandles {
    /// By market.
    pub markets: Vec<(MarketTicker, Vec<MarketCandle>)>,
    /// Up to when; earlier than asked where all would have been too much.
    pub end: Timestamp,
}

/// A candle's texts, from either tier.
struct Texts<'a> {
    end_period_ts: i64,
    yes_bid: [&'a str; 4],
    yes_ask: [&'a str; 4],
    /// Open, low, high, close, mean, previous.
    price: [Option<&'a str>; 6],
    volume: &'a str,
    open_interest: &'a str,
}

/// Reads a market's candles.
///
/// # Errors
/// A price, count or time that is none; candles that do not go forward in time.
pub fn candles(market: &MarketTicker, body: &[wire::Candle]) -> Result<Vec<MarketCandle>, ParseError> {
    read_all(Of("candles", market.as_str()), body.iter().map(live_texts))
}

/// Reads an archived market's candles.
///
/// # Errors
/// As [`candles`].
pub fn archived_candles(market: &MarketTicker, body: &[wire::ArchivedCandle]) -> Result<Vec<MarketCandle>, ParseError> {
    read_all(Of("candles", market.as_str()), body.iter().map(archived_texts))
}

/// Reads the candles of an event's markets.
///
/// # Errors
/// As [`candles`]; more or fewer lists of candles than markets.
pub fn event_candles(event: &EventTicker, body: &wire::EventCandles) -> Result<EventCandles, ParseError> {
    let of = Of("candles", event.as_str());
    let (tickers, lists) = (&body.market_tickers, &body.market_candlesticks);
    if tickers.len() != lists.len() {
        let reason = format!("there are {} markets", tickers.len());
        return Err(of.error("market_candlesticks", format_args!("{} lists", lists.len()), reason));
    }
    let read = |(ticker, list): (&String, &Vec<wire::Candle>)| {
        let market: MarketTicker = of.field("market_tickers", ticker)?;
        let candles = candles(&market, list)?;
        Ok((market, candles))
    };
    Ok(EventCandles {
        markets: tickers.iter().zip(lists).map(read).collect::<Result<_, _>>()?,
        end: of.seconds("adjusted_end_ts", body.adjusted_end_ts)?,
    })
}

fn live_quote(quote: &wire::CandleQuote) -> [&str; 4] {
    [&quote.open_dollars, &quote.low_dollars, &quote.high_dollars, &quote.close_dollars]
}

fn archived_quote(quote: &wire::ArchivedCandleQuote) -> [&str; 4] {
    [&quote.open, &quote.low, &quote.high, &quote.close]
}

fn live_texts(candle: &wire::Candle) -> Texts<'_> {
    let price = &candle.price;
    Texts {
        end_period_ts: candle.end_period_ts,
        yes_bid: live_quote(&candle.yes_bid),
        yes_ask: live_quote(&candle.yes_ask),
        price: [
            price.open_dollars.as_deref(),
            price.low_dollars.as_deref(),
            price.high_dollars.as_deref(),
            price.close_dollars.as_deref(),
            price.mean_dollars.as_deref(),
            price.previous_dollars.as_deref(),
        ],
        volume: &candle.volume_fp,
        open_interest: &candle.open_interest_fp,
    }
}

fn archived_texts(candle: &wire::ArchivedCandle) -> Texts<'_> {
    let price = &candle.price;
    Texts {
        end_period_ts: candle.end_period_ts,
        yes_bid: archived_quote(&candle.yes_bid),
        yes_ask: archived_quote(&candle.yes_ask),
        price: [
            price.open.as_deref(),
            price.low.as_deref(),
            price.high.as_deref(),
            price.close.as_deref(),
            price.mean.as_deref(),
            price.previous.as_deref(),
        ],
        volume: &candle.volume,
        open_interest: &candle.open_interest,
    }
}

fn read_all<'a>(of: Of<'_>, texts: impl Iterator<Item = Texts<'a>>) -> Result<Vec<MarketCandle>, ParseError> {
    let candles: Vec<_> = texts.map(|texts| read(of, &texts)).collect::<Result<_, _>>()?;
    match candles.windows(2).find(|pair| pair[0].end >= pair[1].end) {
        Some(pair) => Err(of.error("end_period_ts", pair[1].end, format_args!("it follows {}", pair[0].end))),
        None => Ok(candles),
    }
}

fn read(of: Of<'_>, texts: &Texts<'_>) -> Result<MarketCandle, ParseError> {
    let quote = |field, [open, low, high, close]: [&str; 4]| {
        Ok(CandleQuote {
            open: of.field(field, open)?,
            low: of.field(field, low)?,
            high: of.field(field, high)?,
            close: of.field(field, close)?,
        })
    };
    let traded = match texts.price {
        [Some(open), Some(low), Some(high), Some(close), mean, _] => Some(TradedPrices {
            open: of.field("price", open)?,
            low: of.field("price", low)?,
            high: of.field("price", high)?,
            close: of.field("price", close)?,
            mean: of.optional("price", mean)?,
        }),
        [None, None, None, None, ..] => None,
        [..] => return Err(of.error("price", "", "some of open, low, high and close are there, some are not")),
    };
    Ok(MarketCandle {
        end: of.seconds("end_period_ts", texts.end_period_ts)?,
        yes_bid: quote("yes_bid", texts.yes_bid)?,
        yes_ask: quote("yes_ask", texts.yes_ask)?,
        traded,
        previous: of.optional("price", texts.price[5])?,
        volume: of.field("volume", texts.volume)?,
        open_interest: of.field("open_interest", texts.open_interest)?,
    })
}
