//! Wire to core, pure. What cannot be read is an error that names the thing, the field and the value; never a zero.

mod account;
mod book;
mod candle;
mod fee_change;
mod index;
mod lifecycle;
mod market;
mod order_change;
mod order_group;
mod schedule;
mod transfer;

pub use account::{
    AccountBalance, CreatedOrder, StreamedFill, balance, created_order, fill, order_report, position, settlement,
    streamed_fill, streamed_order, streamed_position,
};
pub use book::{book_change, delta, listed_trade, public_trade, rest_book, snapshot, ticker};
pub use candle::{CandleQuote, EventCandles, MarketCandle, TradedPrices, archived_candles, candles, event_candles};
pub use fee_change::{EventFeeChange, SeriesFeeChange, event_fee_change, series_fee_change};
pub use index::{IndexPrint, fast_index_print, index_history, index_print};
pub use lifecycle::{LifecycleUpdate, lifecycle};
pub use market::{EventMarkets, event, listed_event, market, market_quote, series};
pub use order_change::{
    AmendedOrder, DecreasedOrder, OrderGroup, QueuePosition, amended_order, decreased_order, order_group,
    order_group_with_orders, queue_position,
};
pub use order_group::{OrderGroupChange, OrderGroupUpdate, order_group_update};
pub use schedule::{HistoricalCutoff, Schedule, Session, WeekHours, historical_cutoff, schedule};
pub(crate) use transfer::cents;
pub use transfer::{
    CashFlow, ShardTransfer, SubaccountBalance, SubaccountTransfer, cash_flow, shard_transfer, subaccount_balance,
    subaccount_transfer,
};

use recio_core::market::BookSide;
use recio_core::units::{Timestamp, to_micros_precision};
use std::{fmt::Display, str::FromStr};

/// A field whose value recio cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name}: field `{field}` is `{value}`: {reason}")]
pub struct ParseError {
    /// What it is a field of: a market, a fill.
    pub kind: &'static str,
    /// Which one.
    pub name: String,
    /// The field.
    pub field: &'static str,
    /// Its value, cut short.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is being read, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a>(pub(crate) &'static str, pub(crate) &'a str);

impl Of<'_> {
    pub(crate) fn error(self, field: &'static str, value: impl Display, reason: impl Display) -> ParseError {
        let short = |text: String| text.chars().take(80).collect();
        ParseError {
            kind: self.0,
            name: short(self.1.to_owned()),
            field,
            value: short(value.to_string()),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn field<T: FromStr<Err: Display>>(self, field: &'static str, text: &str) -> Result<T, ParseError> {
        text.parse().map_err(|error| self.error(field, text, error))
    }

    pub(crate) fn optional<T: FromStr<Err: Display>>(
        self,
        field: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, ParseError> {
        text.filter(|text| !text.is_empty()).map(|text| self.field(field, text)).transpose()
    }

    pub(crate) fn required<T>(self, field: &'static str, value: Option<T>) -> Result<T, ParseError> {
        value.ok_or_else(|| self.error(field, "", "it is required here and absent"))
    }

    pub(crate) fn time(self, field: &'static str, text: &str) -> Result<Timestamp, ParseError> {
        self.field(field, text).map(to_micros_precision)
    }

    pub(crate) fn millis(self, field: &'static str, millis: i64) -> Result<Timestamp, ParseError> {
        Timestamp::from_millisecond(millis).map_err(|error| self.error(field, millis, error))
    }

    pub(crate) fn seconds(self, field: &'static str, seconds: i64) -> Result<Timestamp, ParseError> {
        Timestamp::from_second(seconds).map_err(|error| self.error(field, seconds, error))
    }

    pub(crate) fn book_side(self, text: &str) -> Result<BookSide, ParseError> {
        match text {
            "bid" => Ok(BookSide::Bid),
            "ask" => Ok(BookSide::Ask),
            _ => Err(self.error("book_side", text, "it is neither bid nor ask")),
        }
    }
}
