//! The recorded side: book and prints as they were, and how they execute the accounts' resting orders.
//!
//! A resting order is executed only where the recording proves it: the recorded best of the other side crosses it, or a print went to or
//! through its price; always at its own price, and after the recorded contracts that were there before it. A recorded level that shrinks
//! without a print is taken to be canceled behind the order; only a level smaller than the queue shortens the queue.

use super::matching::{Execution, Party};
use super::{Venue, VenueError, VenueEventKind};
use crate::market::{BookSide, Level, MarketStatus, PublicTrade, Side};
use crate::units::{MarketTicker, Price, Quantity, Timestamp};

impl Venue {
    /// Replaces the recorded book of a market: at the start of a recording, and after a gap in it. Levels come in YES prices, in any order;
    /// of a price that comes twice, the last counts. Ignored once the market has closed.
    ///
    /// # Errors
    /// No such market.
    pub fn recorded_snapshot(
        &mut self,
        market: &MarketTicker,
        bids: &[Level],
        asks: &[Level],
        now: Timestamp,
    ) -> Result<(), VenueError> {
        if !self.is_recordable(market, now)? {
            return Ok(());
        }
        for (side, levels) in [(BookSide::Bid, bids), (BookSide::Ask, asks)] {
            let Some(book) = self.markets.get_mut(market) else { continue };
            let gone: Vec<Price> = book
                .overlay
                .recorded_prices(side)
                .into_iter()
                .filter(|&price| levels.iter().all(|level| level.price != price))
                .collect();
            for &price in &gone {
                book.overlay.set(side, price, Quantity::ZERO);
            }
            for level in levels {
                book.overlay.set(side, level.price, level.quantity);
            }
            for price in gone.into_iter().chain(levels.iter().map(|level| level.price)) {
                self.shorten_queues(market, side, price);
            }
        }
        self.match_recorded(market);
        if let Some(book) = self.markets.get_mut(market) {
            book.overlay.drain_changes();
            let (bids, asks) = (book.combined(&self.orders, BookSide::Bid), book.combined(&self.orders, BookSide::Ask));
            self.push(market, VenueEventKind::BookSnapshot { bids, asks });
        }
        Ok(())
    }

    /// Changes a recorded level by so many hundredths of a contract, below zero for contracts that left. Ignored once the market has closed.
    ///
    /// # Errors
    /// No such market, or more leaves than lies there; nothing changed then.
    pub fn recorded_delta(
        &mut self,
        market: &MarketTicker,
        book_side: BookSide,
        yes_price: Price,
        change_hundredths: i64,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        if !self.is_recordable(market, now)? {
            return Ok(());
        }
        if let Some(book) = self.markets.get_mut(market) {
            book.overlay.change(book_side, yes_price, change_hundredths).map_err(|bad| {
                VenueError::BadRecordedChange {
                    market: market.clone(),
                    yes_price,
                    change_hundredths,
                    recorded: bad.recorded,
                }
            })?;
        }
        self.shorten_queues(market, book_side, yes_price);
        self.match_recorded(market);
        self.report_recorded_changes(market);
        Ok(())
    }

    /// A recorded print. It executes resting orders that are better priced than it, then those at its price once it is through the queue
    /// ahead of them. What is left of it is passed on as a public trade. Ignored unless the market trades.
    ///
    /// # Errors
    /// No such market.
    pub fn recorded_trade(&mut self, trade: &PublicTrade, now: Timestamp) -> Result<(), VenueError> {
        let market = &trade.market;
        if !self.is_recordable(market, now)? || !self.is_matching(market) {
            return Ok(());
        }
        let taker_side = match trade.taker_side {
            Side::Yes => BookSide::Bid,
            Side::No => BookSide::Ask,
        };
        let side = taker_side.opposite();
        let mut left = trade.quantity;
        while let Some((price, number)) = self.markets[market].best_resting(side)
            && price != trade.yes_price
            && taker_side.crosses(trade.yes_price, price)
            && !left.is_zero()
        {
            left = left.saturating_sub(self.fill_resting(market, number, left));
        }
        let at_price: Vec<u64> = self.markets[market].resting_at(side, trade.yes_price).collect();
        let volume = left;
        let (mut queue_before, mut blocked) = (Quantity::ZERO, false);
        for number in at_price {
            // One before it may have triggered its group.
            let Some(order) = self.orders.get_mut(&number).filter(|order| order.is_resting()) else { continue };
            // The level shrank before the print that explains it came: that part of the queue is gone already.
            let known = order.unproven.min(volume);
            order.unproven = order.unproven.saturating_sub(known);
            let came = volume.saturating_sub(known);
            let reach = came.saturating_sub(order.queue_ahead);
            order.queue_ahead = order.queue_ahead.saturating_sub(came).max(queue_before);
            queue_before = order.queue_ahead;
            let used = volume.saturating_sub(left);
            let offered = reach.saturating_sub(used);
            blocked |= !order.queue_ahead.is_zero();
            if !blocked && !offered.is_zero() {
                left = left.saturating_sub(self.fill_resting(market, number, offered));
            }
            blocked |= !self.orders[&number].remaining.is_zero();
        }
        if !left.is_zero() {
            let rest = PublicTrade { quantity: left, exchange_time: self.now, ..trade.clone() };
            self.push(market, VenueEventKind::PublicTrade(rest));
        }
        Ok(())
    }

    /// Executes resting orders that the recorded best of the other side crosses.
    pub(super) fn match_recorded(&mut self, market: &MarketTicker) {
        if !self.is_matching(market) || !self.markets[market].has_resting() {
            return;
        }
        for side in [BookSide::Ask, BookSide::Bid] {
            while let Some((number, theirs, offered)) = self.recorded_cross(market, side) {
                let quantity = offered.min(self.orders[&number].remaining);
                self.take_recorded(market, side.opposite(), theirs, quantity);
                self.fill_resting(market, number, quantity);
            }
        }
    }

    /// The resting order of this side that is next in line, with the recorded level that crosses it and what that level still offers to it.
    fn recorded_cross(&self, market: &MarketTicker, side: BookSide) -> Option<(u64, Price, Quantity)> {
        let book = &self.markets[market];
        let (price, number) = book.best_resting(side)?;
        // Where the recorded book is crossed itself, what is before the order is served first.
        let mut ahead = book
            .overlay
            .levels(side)
            .take_while(|level| level.price != price && side.opposite().crosses(price, level.price))
            .map(|level| level.quantity)
            .fold(self.orders[&number].queue_ahead, Quantity::saturating_add);
        for level in book.overlay.levels(side.opposite()) {
            if !side.crosses(price, level.price) {
                return None;
            }
            let offered = level.quantity.saturating_sub(ahead);
            if !offered.is_zero() {
                return Some((number, level.price, offered));
            }
            ahead = ahead.saturating_sub(level.quantity);
        }
        None
    }

    /// Executes a resting order against the recording at the order's price; returns how much.
    fn fill_resting(&mut self, market: &MarketTicker, number: u64, offered: Quantity) -> Quantity {
        let order = &self.orders[&number];
        let quantity = offered.min(order.remaining);
        let execution = Execution {
            taker: Party::Recorded,
            taker_side: order.terms.book_side.opposite(),
            maker: Party::Order(number),
            yes_price: order.terms.yes_price,
            quantity,
        };
        if quantity.is_zero() {
            return quantity;
        }
        self.execute(market, execution);
        self.trip_groups();
        quantity
    }

    /// A queue is never longer than the level that it is part of.
    fn shorten_queues(&mut self, market: &MarketTicker, side: BookSide, price: Price) {
        let book = &self.markets[market];
        if !book.has_resting() {
            return;
        }
        let visible = book.overlay.visible(side, price);
        let waiting: Vec<u64> = book.resting_at(side, price).collect();
        for number in waiting {
            if let Some(order) = self.orders.get_mut(&number) {
                let vanished = order.queue_ahead.saturating_sub(visible);
                order.queue_ahead = order.queue_ahead.saturating_sub(vanished);
                order.unproven = order.unproven.saturating_add(vanished);
            }
        }
    }

    fn is_recordable(&mut self, market: &MarketTicker, now: Timestamp) -> Result<bool, VenueError> {
        self.advance(now);
        let book = self.markets.get(market).ok_or_else(|| VenueError::UnknownMarket(market.clone()))?;
        Ok(matches!(book.market.status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive))
    }

    pub(super) fn is_matching(&self, market: &MarketTicker) -> bool {
        !self.trading_paused && !self.exchange_paused && self.markets[market].market.status.is_trading()
    }
}
