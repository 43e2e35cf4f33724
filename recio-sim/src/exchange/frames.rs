//! Frames about markets, which everybody may see: books, changes, tickers, trades, lifecycle.

use super::listing::{Listing, grid_words, strike_words};
use recio_core::market::{BookSide, LifecycleEvent, Market, MarketResult, PublicTrade, Side};
use recio_core::units::{AccountName, MarketTicker, Money, Price, Quantity, Timestamp};
use recio_core::venue::{BookLevels, BookView, ChangeOrigin, Venue};
use recio_kalshi::wire::{
    CreatedMetadata, DeltaMessage, EventLifecycleMessage, FrameBody, LifecycleMessage, SnapshotMessage, Text,
};
use recio_kalshi::wire::{TickerMessage, TradeMessage};
use sha2::{Digest, Sha256};

/// A UUID (version 8) that is always the same for the same name.
pub(super) fn uuid_of(kind: &str, name: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

fn text(value: impl ToString) -> Text<'static> {
    value.to_string().into()
}

/// A price of the NO side as a subscription wants it.
fn no_price(yes_price: Price, use_yes_price: bool) -> Price {
    if use_yes_price { yes_price } else { yes_price.complement() }
}

/// The whole visible book as it is.
pub(super) fn current_book_frame(venue: &Venue, market: &MarketTicker, use_yes_price: bool) -> FrameBody<'static> {
    book_frame(market, &venue.book(market, BookView::Combined).unwrap_or_default(), use_yes_price)
}

/// A whole book.
pub(super) fn book_frame(market: &MarketTicker, book: &BookLevels, use_yes_price: bool) -> FrameBody<'static> {
    let yes = book.bids.iter().rev().map(|level| (text(level.price), text(level.quantity))).collect();
    let no = book.asks.iter().rev();
    let no = no.map(|level| (text(no_price(level.price, use_yes_price)), text(level.quantity))).collect();
    FrameBody::Snapshot(SnapshotMessage {
        market_ticker: text(market),
        market_id: Some(uuid_of("market", market.as_str()).into()),
        yes_dollars_fp: yes,
        no_dollars_fp: no,
    })
}

/// A changed level of the book.
pub(super) struct LevelChange<'a> {
    pub(super) market: &'a MarketTicker,
    pub(super) book_side: BookSide,
    pub(super) yes_price: Price,
    pub(super) change_hundredths: i64,
    pub(super) origin: Option<&'a ChangeOrigin>,
    pub(super) time: Timestamp,
}

impl LevelChange<'_> {
    /// As an account sees it: its own orders' changes carry its own id.
    pub(super) fn frame(&self, account: &AccountName, use_yes_price: bool) -> FrameBody<'static> {
        let (price, side) = match self.book_side {
            BookSide::Bid => (self.yes_price, "yes"),
            BookSide::Ask => (no_price(self.yes_price, use_yes_price), "no"),
        };
        let own = self.origin.filter(|origin| origin.account == *account);
        FrameBody::Delta(DeltaMessage {
            market_ticker: text(self.market),
            market_id: Some(uuid_of("market", self.market.as_str()).into()),
            price_dollars: text(price),
            delta_fp: signed_quantity(self.change_hundredths).into(),
            side: side.into(),
            ts: Some(text(self.time)),
            ts_ms: Some(self.time.as_millisecond()),
            client_order_id: own.and_then(|origin| origin.client_order_id.as_ref()).map(text),
            subaccount: own.map(|origin| origin.subaccount.number()),
        })
    }
}

/// A market's summary; `None` for one that the venue does not have.
pub(super) fn ticker_frame(listing: &Listing, venue: &Venue) -> Option<FrameBody<'static>> {
    let market = venue.market(&listing.body.ticker)?;
    let quote = listing.quote(venue);
    let last = listing.last_price.unwrap_or(Price::ZERO);
    let now = venue.now();
    let whole_dollars = |amount: Money| amount.micros() / 1_000_000;
    Some(FrameBody::Ticker(TickerMessage {
        market_ticker: text(&market.ticker),
        market_id: Some(uuid_of("market", market.ticker.as_str()).into()),
        price_dollars: text(last),
        yes_bid_dollars: text(quote.bid.map_or(Price::ZERO, |level| level.price)),
        yes_ask_dollars: text(quote.ask.map_or(Price::ONE, |level| level.price)),
        yes_bid_size_fp: text(quote.bid.map_or(Quantity::ZERO, |level| level.quantity)),
        yes_ask_size_fp: text(quote.ask.map_or(Quantity::ZERO, |level| level.quantity)),
        last_trade_size_fp: Some(text(listing.last_trade_size)),
        volume_fp: text(listing.volume()),
        open_interest_fp: text(listing.open_interest),
        dollar_volume: Some(whole_dollars(last * listing.volume())),
        dollar_open_interest: Some(whole_dollars(last * listing.open_interest)),
        ts: Some(now.as_second()),
        ts_ms: now.as_millisecond(),
        time: Some(text(now)),
    }))
}

/// A print of a market.
pub(super) fn trade_frame(trade: &PublicTrade) -> FrameBody<'static> {
    let (outcome, book_side) = match trade.taker_side {
        Side::Yes => ("yes", "bid"),
        Side::No => ("no", "ask"),
    };
    FrameBody::Trade(TradeMessage {
        trade_id: text(&trade.id),
        market_ticker: text(&trade.market),
        yes_price_dollars: text(trade.yes_price),
        no_price_dollars: Some(text(trade.yes_price.complement())),
        count_fp: text(trade.quantity),
        taker_side: Some(outcome.into()),
        taker_outcome_side: outcome.into(),
        taker_book_side: Some(book_side.into()),
        is_block_trade: Some(false),
        ts: Some(trade.exchange_time.as_second()),
        ts_ms: trade.exchange_time.as_millisecond(),
    })
}

/// What the exchange announces about a market.
pub(super) fn lifecycle_frame(listing: &Listing, market: &Market, event: &LifecycleEvent) -> FrameBody<'static> {
    let mut message = LifecycleMessage {
        event_type: "".into(),
        market_ticker: text(&market.ticker),
        exchange_index: None,
        open_ts: None,
        close_ts: None,
        result: None,
        settlement_value: None,
        determination_ts: None,
        settled_ts: None,
        is_deactivated: None,
        price_level_structure: None,
        price_ranges: None,
        strike_type: None,
        floor_strike: None,
        cap_strike: None,
        yes_sub_title: None,
        additional_metadata: None,
    };
    match event {
        LifecycleEvent::Created => {
            let (structure, ranges) = grid_words(&market.grid);
            message.event_type = "created".into();
            message.exchange_index = Some(market.exchange_index);
            message.open_ts = Some(market.open_time.as_second());
            message.close_ts = Some(market.close_time.as_second());
            message.price_level_structure = Some(structure.into());
            message.price_ranges = Some(ranges);
            message.additional_metadata = Some(created_metadata(listing, market));
        }
        LifecycleEvent::Activated | LifecycleEvent::Deactivated => {
            let stopped = matches!(event, LifecycleEvent::Deactivated);
            message.event_type = if stopped { "deactivated" } else { "activated" }.into();
            message.is_deactivated = Some(stopped);
        }
        LifecycleEvent::CloseDateUpdated { close_time } => {
            message.event_type = "close_date_updated".into();
            message.close_ts = Some(close_time.as_second());
        }
        LifecycleEvent::StrikeUpdated { .. } => {
            let words = strike_words(market);
            message.event_type = "metadata_updated".into();
            message.strike_type = words.kind.map(Into::into);
            message.floor_strike = words.floor;
            message.cap_strike = words.cap;
            message.yes_sub_title = Some(words.yes_sub_title.into());
        }
        LifecycleEvent::GridUpdated { grid } => {
            let (structure, ranges) = grid_words(grid);
            message.event_type = "price_level_structure_updated".into();
            message.price_level_structure = Some(structure.into());
            message.price_ranges = Some(ranges);
        }
        LifecycleEvent::Determined { result, determined_time } => {
            message.event_type = "determined".into();
            message.result = Some(result_word(*result).into());
            message.settlement_value = Some(text(result.yes_payout()));
            message.determination_ts = Some(determined_time.as_second());
        }
        LifecycleEvent::Settled { settled_time } => {
            message.event_type = "settled".into();
            message.settled_ts = Some(settled_time.as_second());
        }
    }
    FrameBody::Lifecycle(Box::new(message))
}

/// An event that was made with this market.
pub(super) fn event_frame(listing: &Listing, market: &Market) -> FrameBody<'static> {
    FrameBody::EventLifecycle(EventLifecycleMessage {
        event_ticker: text(&market.event),
        exchange_index: Some(market.exchange_index),
        title: Some(listing.title().into()),
        subtitle: Some(format!("closes {}", market.close_time).into()),
        collateral_return_type: Some("".into()),
        series_ticker: Some(text(&market.series)),
        strike_date: Some(market.close_time.as_second()),
    })
}

fn created_metadata(listing: &Listing, market: &Market) -> CreatedMetadata<'static> {
    let words = strike_words(market);
    CreatedMetadata {
        name: Some(listing.title().into()),
        title: Some(listing.title().into()),
        yes_sub_title: Some(words.yes_sub_title.clone().into()),
        no_sub_title: Some(words.yes_sub_title.into()),
        rules_primary: Some(listing.rules().into()),
        rules_secondary: Some("".into()),
        can_close_early: Some(true),
        event_ticker: Some(text(&market.event)),
        expected_expiration_ts: Some(market.close_time.as_second() + 300),
        strike_type: words.kind.map(Into::into),
        floor_strike: words.floor,
        cap_strike: words.cap,
    }
}

/// An outcome in the words of the wire.
pub(super) const fn result_word(result: MarketResult) -> &'static str {
    match result {
        MarketResult::Yes => "yes",
        MarketResult::No => "no",
        MarketResult::Scalar(_) => "scalar",
    }
}

/// Signed hundredths as a decimal.
fn signed_quantity(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let size = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}
