//! What the venue tells, passed on to the sessions that subscribed to it.

use super::Exchange;
use super::frames::{LevelChange, book_frame, lifecycle_frame, ticker_frame, trade_frame};
use super::private_frames::{fill_frame, order_frame, position_frame, user_id};
use super::session::Channel;
use recio_core::market::LifecycleEvent;
use recio_core::units::{AccountName, MarketTicker};
use recio_core::venue::{BookLevels, VenueEvent, VenueEventKind};
use recio_kalshi::wire::FrameBody;

impl Exchange {
    /// Queues frames about everything that happened at the venue since the last call.
    pub(super) fn publish(&mut self) {
        for event in self.venue.take_events() {
            self.publish_event(&event);
        }
    }

    fn publish_event(&mut self, event: &VenueEvent) {
        let market = &event.market;
        let shard = self.venue.market(market).map_or(0, |market| market.exchange_index);
        match &event.kind {
            VenueEventKind::BookChange { book_side, yes_price, change_hundredths, origin } => {
                let change = LevelChange {
                    market,
                    book_side: *book_side,
                    yes_price: *yes_price,
                    change_hundredths: *change_hundredths,
                    origin: origin.as_ref(),
                    time: event.exchange_time,
                };
                let now = self.now();
                for session in self.sessions.values_mut() {
                    for (sid, use_yes_price) in session.market_sids(Channel::Book, market) {
                        let frame = change.frame(&session.account, use_yes_price);
                        session.send(Some(sid), None, frame, now);
                    }
                }
            }
            VenueEventKind::BookSnapshot { bids, asks } => {
                let book = BookLevels { bids: bids.clone(), asks: asks.clone() };
                let now = self.now();
                for session in self.sessions.values_mut() {
                    for (sid, use_yes_price) in session.market_sids(Channel::Book, market) {
                        session.send(Some(sid), None, book_frame(market, &book, use_yes_price), now);
                    }
                }
                if self.venue.market(market).is_some_and(|market| !market.status.is_trading()) {
                    // At close the summary follows the emptied book.
                    self.publish_ticker(market);
                }
            }
            VenueEventKind::PublicTrade(trade) => {
                if let Some(listing) = self.listings.get_mut(market) {
                    listing.trade(trade);
                }
                self.tell(Channel::Trade, market, None, &trade_frame(trade));
            }
            VenueEventKind::OrderUpdate(order) => {
                self.tell(Channel::UserOrders, market, Some(&order.account), &order_frame(order, shard));
            }
            VenueEventKind::Fill { account, fill, post_position } => {
                self.tell(Channel::Fill, market, Some(account), &fill_frame(fill, *post_position, shard));
                let held = self.venue.positions(account).find(|(ticker, _)| *ticker == market);
                if let Some(frame) = held.map(|(_, held)| position_frame(user_id(account), market, held)) {
                    self.tell(Channel::Positions, market, Some(account), &frame);
                }
            }
            VenueEventKind::Lifecycle(lifecycle) => {
                if let (LifecycleEvent::Settled { settled_time }, Some(listing)) =
                    (lifecycle, self.listings.get_mut(market))
                {
                    listing.settled_time = Some(*settled_time);
                }
                self.publish_lifecycle(market, lifecycle);
            }
            // The positions channel tells changes by fills alone; a payout is read over REST.
            VenueEventKind::Settled { .. } => {}
        }
    }

    pub(super) fn publish_lifecycle(&mut self, market: &MarketTicker, event: &LifecycleEvent) {
        let (Some(listing), Some(body)) = (self.listings.get(market), self.venue.market(market)) else { return };
        let frame = lifecycle_frame(listing, body, event);
        self.tell(Channel::Lifecycle, market, None, &frame);
    }

    pub(super) fn publish_ticker(&mut self, market: &MarketTicker) {
        let frame = self.listings.get(market).and_then(|listing| ticker_frame(listing, &self.venue));
        if let Some(frame) = frame {
            self.tell(Channel::Ticker, market, None, &frame);
        }
    }

    /// Queues a frame for every subscription that covers the market, of everybody or of one account.
    fn tell(&mut self, channel: Channel, market: &MarketTicker, of: Option<&AccountName>, frame: &FrameBody<'_>) {
        let now = self.now();
        for session in self.sessions.values_mut().filter(|session| of.is_none_or(|account| session.account == *account))
        {
            for (sid, _) in session.market_sids(channel, market) {
                session.send(Some(sid), None, frame.clone(), now);
            }
        }
    }
}
