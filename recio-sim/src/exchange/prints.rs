//! Public trades over REST: executions of the accounts here, and what the recorded tickers tell of everybody else's.
//!
//! Some recordings hold no trades. There a ticker whose volume has grown says that so many contracts changed hands, the last of them at its
//! last price; that is listed as one print. Its side is inferred from the quote before it: above the middle a taker bought YES, else NO.

use super::Exchange;
use super::frames::uuid_of;
use super::history::DataTier;
use super::request::{Answer, Query, answer};
use crate::recording::Header;
use recio_core::market::{PublicTrade, Quote, Side, TickerUpdate};
use recio_core::units::{FillId, Quantity};
use recio_kalshi::wire;
use std::collections::VecDeque;

/// Prints that are kept: weeks of a busy series. The oldest go first.
const MOST_PRINTS: usize = 250_000;

/// The prints of all markets, oldest first.
#[derive(Debug, Default)]
pub(super) struct Prints {
    kept: VecDeque<PublicTrade>,
    derived: u64,
    /// The recording holds the trades themselves: nothing is inferred.
    recorded: bool,
    /// The recorded trade that is being played.
    playing: Option<FillId>,
}

impl Prints {
    pub(super) fn of(header: &Header) -> Self {
        Self { recorded: header.stream("trade").is_some(), ..Self::default() }
    }

    /// A recorded trade begins to be played, or has been.
    pub(super) fn play(&mut self, trade: Option<&PublicTrade>) {
        self.playing = trade.map(|trade| trade.id.clone());
    }

    /// Whether a print is the recorded trade that is being played: the recorded volume counts it already.
    pub(super) fn is_recorded(&self, id: &FillId) -> bool {
        self.playing.as_ref() == Some(id)
    }

    pub(super) fn add(&mut self, trade: PublicTrade) {
        if self.kept.len() == MOST_PRINTS {
            self.kept.pop_front();
        }
        self.kept.push_back(trade);
    }

    /// The print that a ticker tells of, if it tells of one: what was traded since the ticker before it, of which quote and volume are given.
    pub(super) fn told_by(&mut self, update: &TickerUpdate, quote: &Quote, volume: Quantity) -> Option<PublicTrade> {
        if self.recorded {
            return None;
        }
        let quantity = update.volume.checked_sub(volume).filter(|traded| *traded > Quantity::ZERO)?;
        let yes_price = update.last_price?;
        self.derived += 1;
        let id = uuid_of("print", &format!("{} {}", update.market, self.derived));
        let taker_side = match (&quote.bid, &quote.ask) {
            (_, Some(ask)) if yes_price >= ask.price => Side::Yes,
            (Some(bid), Some(ask)) if yes_price.units() * 2 > bid.price.units() + ask.price.units() => Side::Yes,
            (Some(_), _) => Side::No,
            (None, _) => Side::Yes,
        };
        Some(PublicTrade {
            id: FillId::new(&id).ok()?,
            market: update.market.clone(),
            yes_price,
            quantity,
            taker_side,
            exchange_time: update.exchange_time,
        })
    }

    fn newest_first(&self) -> impl Iterator<Item = &PublicTrade> {
        self.kept.iter().rev()
    }
}

impl Exchange {
    pub(super) fn public_trades(&self, query: Query<'_>, tier: DataTier) -> Answer {
        let (min, max) = (query.seconds("min_ts")?, query.seconds("max_ts")?);
        let market = query.get("ticker");
        let wants_blocks = query.get("is_block_trade") == Some("true");
        let fits = |trade: &&PublicTrade| {
            !wants_blocks
                && market.is_none_or(|market| trade.market.as_str() == market)
                && min.is_none_or(|min| trade.exchange_time >= min)
                && max.is_none_or(|max| trade.exchange_time <= max)
                && tier.holds(self.is_archived(trade.exchange_time))
        };
        let newest_first = self.prints.newest_first().filter(fits);
        let items = newest_first.map(|trade| (trade.id.to_string(), trade)).collect();
        let (page, cursor) = query.page(items, 1000)?;
        answer(200, &wire::TradesPage { trades: page.into_iter().map(body).collect(), cursor: Some(cursor) })
    }
}

fn body(trade: &PublicTrade) -> wire::PublicTrade {
    let (outcome, book_side) = match trade.taker_side {
        Side::Yes => ("yes", "bid"),
        Side::No => ("no", "ask"),
    };
    wire::PublicTrade {
        trade_id: trade.id.to_string(),
        ticker: trade.market.to_string(),
        count_fp: trade.quantity.to_string(),
        yes_price_dollars: trade.yes_price.to_string(),
        no_price_dollars: trade.yes_price.complement().to_string(),
        taker_side: Some(outcome.to_owned()),
        taker_outcome_side: outcome.to_owned(),
        taker_book_side: Some(book_side.to_owned()),
        created_time: trade.exchange_time.to_string(),
        is_block_trade: false,
    }
}
