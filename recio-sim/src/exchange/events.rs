//! What the venue tells, passed on to the sessions that subscribed to it.

use super::Exchange;
use super::frames::{LevelChange, book_frame, event_frame, lifecycle_frame, ticker_frame, trade_frame};
use super::private_frames::{fill_frame, order_frame, position_frame, user_id};
use super::session::Channel;
use recio_core::market::LifecycleEvent;
use recio_core::units::{AccountName, EventTicker, FillId, MarketTicker};
use recio_core::venue::{BookLevels, VenueEvent, VenueEventKind};
use recio_kalshi::wire::FrameBody;
use std::collections::BTreeSet;

impl Exchange {
    /// Queues frames about everything that happened at the venue since the last call.
    pub(super) fn publish(&mut self) {
        let taken = self.venue.take_events();
        let events = self.shuffled(taken);
        let private = events.iter().any(|event| is_private(&event.kind));
        for event in events {
            self.publish_event(&event);
        }
        self.publish_groups();
        if private {
            self.note_change();
        }
    }

    /// The events with some public trades on the other side of the fills of the same execution, where that is wanted.
    fn shuffled(&self, mut events: Vec<VenueEvent>) -> Vec<VenueEvent> {
        if !self.realism.shuffle_fills {
            return events;
        }
        let trades: Vec<FillId> = events.iter().filter_map(|event| trade_id(&event.kind).cloned()).collect();
        for id in trades {
            let is_fill =
                |event: &VenueEvent| matches!(&event.kind, VenueEventKind::Fill { fill, .. } if fill.id == id);
            let at = events.iter().position(|event| trade_id(&event.kind) == Some(&id));
            let (first, last) = (events.iter().position(is_fill), events.iter().rposition(is_fill));
            let (Some(at), Some(first), Some(last)) = (at, first, last) else { continue };
            if self.realism.draw("order of fill and trade", id.as_str()) % 2 == 1 {
                if at < first {
                    events[at..=last].rotate_left(1);
                } else {
                    events[first..=at].rotate_right(1);
                }
            }
        }
        events
    }

    fn publish_event(&mut self, event: &VenueEvent) {
        let market = &event.market;
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
                    listing.trade(trade, self.prints.is_recorded(&trade.id));
                }
                self.prints.add(trade.clone());
                self.tell(Channel::Trade, market, None, &trade_frame(trade));
            }
            VenueEventKind::OrderUpdate(order) => {
                self.tell(Channel::UserOrders, market, Some(&order.account), &order_frame(order));
            }
            VenueEventKind::Fill { account, wallet, fill, post_position } => {
                self.tell(Channel::Fill, market, Some(account), &fill_frame(fill, *post_position, *wallet));
                let held = self.venue.wallet_positions(account);
                let held = held.filter(|(whose, ticker, _)| whose == wallet && *ticker == market);
                let frame = |(_, _, held)| position_frame(user_id(account), wallet.subaccount, market, held);
                let first = held.map(frame).next();
                if let Some(frame) = first {
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
    pub(super) fn tell(
        &mut self,
        channel: Channel,
        market: &MarketTicker,
        of: Option<&AccountName>,
        frame: &FrameBody<'_>,
    ) {
        let now = self.now();
        for session in self.sessions.values_mut().filter(|session| of.is_none_or(|account| session.account == *account))
        {
            for (sid, _) in session.market_sids(channel, market) {
                session.send(Some(sid), None, frame.clone(), now);
            }
        }
    }

    /// Tells the lifecycle channel that an event was made, of which this is the first market.
    pub(super) fn publish_event_created(&mut self, market: &MarketTicker) {
        let Some((listing, body)) = self.listings.get(market).zip(self.venue.market(market)) else { return };
        let frame = event_frame(listing, body);
        self.tell(Channel::Lifecycle, market, None, &frame);
    }

    /// Tells something about an event to whom one of its markets interests, once.
    pub(super) fn tell_event(&mut self, event: &EventTicker, frame: &FrameBody<'_>) {
        let now = self.now();
        let markets: Vec<MarketTicker> = self.of_event(event).map(|listing| listing.body.ticker.clone()).collect();
        for session in self.sessions.values_mut() {
            let sids = markets.iter().flat_map(|market| session.market_sids(Channel::Lifecycle, market));
            let sids: BTreeSet<u64> = sids.map(|(sid, _)| sid).collect();
            for sid in sids {
                session.send(Some(sid), None, frame.clone(), now);
            }
        }
    }
}

/// The id of a public trade.
const fn trade_id(kind: &VenueEventKind) -> Option<&FillId> {
    match kind {
        VenueEventKind::PublicTrade(trade) => Some(&trade.id),
        VenueEventKind::OrderUpdate(_)
        | VenueEventKind::Fill { .. }
        | VenueEventKind::BookChange { .. }
        | VenueEventKind::BookSnapshot { .. }
        | VenueEventKind::Lifecycle(_)
        | VenueEventKind::Settled { .. } => None,
    }
}

/// Whether it changes what an account is shown.
const fn is_private(kind: &VenueEventKind) -> bool {
    matches!(kind, VenueEventKind::OrderUpdate(_) | VenueEventKind::Fill { .. } | VenueEventKind::Settled { .. })
}
