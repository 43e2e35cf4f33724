//! Books, their changes, prints and summaries of markets.

use super::{Of, ParseError, market::best};
use crate::wire::{self, DeltaMessage, OrderBook, SnapshotMessage, TickerMessage, TradeMessage};
use recio_core::market::{BookDelta, BookSide, BookSnapshot, Level, PublicTrade, Quote, Side, TickerUpdate};
use recio_core::units::{MarketTicker, Price, Quantity, Timestamp};

/// Reads a book from a frame of a subscription with `use_yes_price`: bids highest first, asks lowest first, no level empty.
///
/// # Errors
/// A ticker, price or size that is none, a price of 0 or 1, or a price that is there twice.
pub fn snapshot(message: &SnapshotMessage<'_>) -> Result<(MarketTicker, BookSnapshot), ParseError> {
    let of = Of("book", &message.market_ticker);
    let market = of.field("market_ticker", &message.market_ticker)?;
    let bids = message.yes_dollars_fp.iter().map(|(price, size)| (&**price, &**size));
    let asks = message.no_dollars_fp.iter().map(|(price, size)| (&**price, &**size));
    Ok((market, book(of, ["yes_dollars_fp", "no_dollars_fp"], bids, asks, Side::Yes)?))
}

/// Reads a book from REST, whose NO side is in NO prices.
///
/// # Errors
/// As [`snapshot`].
pub fn rest_book(market: &MarketTicker, body: &OrderBook) -> Result<BookSnapshot, ParseError> {
    let of = Of("book", market.as_str());
    let bids = body.yes_dollars.iter().flatten().map(|(price, size)| (price.as_str(), size.as_str()));
    let asks = body.no_dollars.iter().flatten().map(|(price, size)| (price.as_str(), size.as_str()));
    book(of, ["yes_dollars", "no_dollars"], bids, asks, Side::No)
}

fn book<'a>(
    of: Of<'_>,
    fields: [&'static str; 2],
    bids: impl Iterator<Item = (&'a str, &'a str)>,
    asks: impl Iterator<Item = (&'a str, &'a str)>,
    asks_quoted_as: Side,
) -> Result<BookSnapshot, ParseError> {
    let mut bids = levels(of, fields[0], bids, Side::Yes)?;
    let mut asks = levels(of, fields[1], asks, asks_quoted_as)?;
    bids.sort_unstable_by_key(|level| std::cmp::Reverse(level.price));
    asks.sort_unstable_by_key(|level| level.price);
    for (side, field) in [(&bids, fields[0]), (&asks, fields[1])] {
        if let Some(pair) = side.windows(2).find(|pair| pair[0].price == pair[1].price) {
            return Err(of.error(field, pair[0].price, "this price is there twice"));
        }
    }
    Ok(BookSnapshot { bids, asks })
}

fn levels<'a>(
    of: Of<'_>,
    field: &'static str,
    rows: impl Iterator<Item = (&'a str, &'a str)>,
    quoted_as: Side,
) -> Result<Vec<Level>, ParseError> {
    let mut levels = Vec::with_capacity(rows.size_hint().0);
    for (price, size) in rows {
        let price = quoted_as.yes_price(level_price(of, field, price)?);
        let quantity: Quantity = of.field(field, size)?;
        if !quantity.is_zero() {
            levels.push(Level { price, quantity });
        }
    }
    Ok(levels)
}

fn level_price(of: Of<'_>, field: &'static str, text: &str) -> Result<Price, ParseError> {
    let price: Price = of.field(field, text)?;
    if price > Price::ZERO && price < Price::ONE {
        Ok(price)
    } else {
        Err(of.error(field, text, "an order lies strictly between $0 and $1"))
    }
}

/// Reads a change of a subscription with `use_yes_price`, with the time at which the exchange made it.
///
/// # Errors
/// A ticker, price, change, side or time that is none.
pub fn delta(message: &DeltaMessage<'_>) -> Result<(MarketTicker, BookDelta, Timestamp), ParseError> {
    let (delta, time) = book_change(message)?;
    Ok((Of("book", &message.market_ticker).field("market_ticker", &message.market_ticker)?, delta, time))
}

/// As [`delta`], for a reader that knows the market's ticker and need not make it again for every change.
///
/// # Errors
/// A price, change, side or time that is none.
pub fn book_change(message: &DeltaMessage<'_>) -> Result<(BookDelta, Timestamp), ParseError> {
    let of = Of("book", &message.market_ticker);
    let side = match &*message.side {
        "yes" => BookSide::Bid,
        "no" => BookSide::Ask,
        other => return Err(of.error("side", other, "it is neither yes nor no")),
    };
    let change = of.field("delta_fp", &message.delta_fp)?;
    let time = match (message.ts_ms, &message.ts) {
        // The text is the older field of the two, and slow to read.
        (Some(millis), _) => of.millis("ts_ms", millis)?,
        (None, Some(text)) => of.time("ts", text)?,
        (None, None) => return Err(of.error("ts_ms", "", "neither ts_ms nor ts is there")),
    };
    let price = level_price(of, "price_dollars", &message.price_dollars)?;
    Ok((BookDelta { side, price, change }, time))
}

/// Reads a market's summary.
///
/// # Errors
/// A ticker, price, size or time that is none.
pub fn ticker(message: &TickerMessage<'_>) -> Result<TickerUpdate, ParseError> {
    let of = Of("ticker", &message.market_ticker);
    let bid = (&*message.yes_bid_dollars, &*message.yes_bid_size_fp);
    let ask = (&*message.yes_ask_dollars, &*message.yes_ask_size_fp);
    let last: Price = of.field("price_dollars", &message.price_dollars)?;
    Ok(TickerUpdate {
        market: of.field("market_ticker", &message.market_ticker)?,
        quote: Quote {
            bid: best(of, "yes_bid_dollars", bid.0, "yes_bid_size_fp", bid.1)?,
            ask: best(of, "yes_ask_dollars", ask.0, "yes_ask_size_fp", ask.1)?,
        },
        last_price: (last > Price::ZERO).then_some(last),
        volume: of.field("volume_fp", &message.volume_fp)?,
        open_interest: of.field("open_interest_fp", &message.open_interest_fp)?,
        exchange_time: of.millis("ts_ms", message.ts_ms)?,
    })
}

/// Reads a print.
///
/// # Errors
/// An id, ticker, price, count, side or time that is none.
pub fn public_trade(message: &TradeMessage<'_>) -> Result<PublicTrade, ParseError> {
    let of = Of("trade", &message.trade_id);
    Ok(PublicTrade {
        id: of.field("trade_id", &message.trade_id)?,
        market: of.field("market_ticker", &message.market_ticker)?,
        yes_price: of.field("yes_price_dollars", &message.yes_price_dollars)?,
        quantity: of.field("count_fp", &message.count_fp)?,
        taker_side: taker_side(of, &message.taker_outcome_side)?,
        exchange_time: of.millis("ts_ms", message.ts_ms)?,
    })
}

/// Reads a print from the list, whose times are finer than the stream's.
///
/// # Errors
/// As [`public_trade`].
pub fn listed_trade(body: &wire::PublicTrade) -> Result<PublicTrade, ParseError> {
    let of = Of("trade", &body.trade_id);
    Ok(PublicTrade {
        id: of.field("trade_id", &body.trade_id)?,
        market: of.field("ticker", &body.ticker)?,
        yes_price: of.field("yes_price_dollars", &body.yes_price_dollars)?,
        quantity: of.field("count_fp", &body.count_fp)?,
        taker_side: taker_side(of, &body.taker_outcome_side)?,
        exchange_time: of.time("created_time", &body.created_time)?,
    })
}

fn taker_side(of: Of<'_>, word: &str) -> Result<Side, ParseError> {
    match word {
        "yes" => Ok(Side::Yes),
        "no" => Ok(Side::No),
        other => Err(of.error("taker_outcome_side", other, "it is neither yes nor no")),
    }
}
