//! Reads that lie behind the engine: what an account is shown over REST is what was true some hundred milliseconds ago.
//!
//! The engine's answers to writes and the private channels are never late. A copy of the venue is kept for each moment at which something of
//! an account changed, until reads have caught up with it; reads are answered from the newest copy that they may see.

use super::Exchange;
use super::realism::{ReadLag, Realism};
use super::request::{Answer, answer};
use jiff::SignedDuration;
use recio_core::units::Timestamp;
use recio_core::venue::Venue;
use recio_kalshi::wire;
use std::collections::VecDeque;

/// Changes that come closer together than this are seen together: with the longest usual lag that is 50 copies at most.
const TOGETHER: SignedDuration = SignedDuration::from_millis(20);

/// What reads may see, and what they will.
pub(super) struct Lag {
    range: ReadLag,
    seen: Box<Venue>,
    coming: VecDeque<Copy>,
    copies: u64,
}

struct Copy {
    taken: Timestamp,
    visible: Timestamp,
    venue: Box<Venue>,
}

impl Lag {
    pub(super) fn new(range: ReadLag, venue: &Venue) -> Self {
        Self { range, seen: Box::new(venue.clone()), coming: VecDeque::new(), copies: 0 }
    }

    /// Something of an account has changed.
    pub(super) fn changed(&mut self, realism: &Realism, venue: &Venue) {
        let now = venue.now();
        if let Some(last) = self.coming.back_mut()
            && last.taken.duration_until(now) < TOGETHER
        {
            *last.venue = venue.clone();
            return;
        }
        self.copies += 1;
        let ms = |length: SignedDuration| u64::try_from(length.as_millis()).unwrap_or(0);
        let late = realism.draw_between("lag", &self.copies.to_string(), ms(self.range.least), ms(self.range.most));
        let visible = now.checked_add(late).unwrap_or(now);
        // Reads do not see a later change before an earlier one.
        let visible = self.coming.back().map_or(visible, |last| visible.max(last.visible));
        self.coming.push_back(Copy { taken: now, visible, venue: Box::new(venue.clone()) });
    }

    /// Lets reads see what they may see now.
    fn catch_up(&mut self, now: Timestamp) {
        while self.coming.front().is_some_and(|copy| copy.visible <= now) {
            if let Some(copy) = self.coming.pop_front() {
                self.seen = copy.venue;
            }
        }
    }

    /// Up to about when reads show everything.
    fn as_of(&self, now: Timestamp) -> Timestamp {
        let behind = now.checked_sub(self.range.least).unwrap_or(now);
        self.coming.front().map_or(behind, |copy| copy.taken.min(behind))
    }
}

impl Exchange {
    /// Answers a read of an account's data from what such reads may see.
    pub(super) fn lagging<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let now = self.now();
        let Some(mut lag) = self.lag.take() else { return read(self) };
        lag.catch_up(now);
        std::mem::swap(&mut self.venue, &mut lag.seen);
        let answer = read(self);
        std::mem::swap(&mut self.venue, &mut lag.seen);
        self.lag = Some(lag);
        answer
    }

    /// Notes that something of an account has changed.
    pub(super) fn note_change(&mut self) {
        if let Some(lag) = &mut self.lag {
            lag.changed(&self.realism, &self.venue);
        }
    }

    pub(super) fn user_data_timestamp(&mut self) -> Answer {
        let now = self.now();
        let as_of = self.lag.as_mut().map_or(now, |lag| {
            lag.catch_up(now);
            lag.as_of(now)
        });
        answer(200, &wire::UserDataTimestamp { as_of_time: as_of.to_string() })
    }
}
