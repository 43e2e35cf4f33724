//! What a session makes of what goes wrong: gaps, unreadable frames, refused commands, channels that say nothing.

use super::quiet::Remedy;
use super::session::{Act, BookState, Session, State};
use super::{AccountEvent, Channel, IndexEvent, MarketEvent};
use crate::parse::ParseError;
use crate::wire::CommandError;
use recio_core::market::BookSnapshot;
use recio_core::units::MarketTicker;

impl Session {
    /// Looks for channels that live and say nothing.
    pub(super) fn tick_quiet(&mut self, acts: &mut Vec<Act>) {
        let is_live = |channel| matches!(self.channels.get(&channel), Some(State::Live { .. }));
        let mut remedies = Vec::new();
        let indices = [(Channel::Indices, &self.wanted.indices), (Channel::FastIndices, &self.wanted.fast_indices)];
        for (channel, wanted) in indices.into_iter().filter(|(channel, _)| is_live(*channel)) {
            remedies.extend(self.quiet.tick_indices(channel, wanted));
        }
        if is_live(Channel::Books) {
            let live = self.books.iter().filter(|(_, state)| **state == BookState::Live);
            let live: Vec<_> = live.map(|(market, _)| market.clone()).collect();
            remedies.extend(self.quiet.tick_books(&live));
        }
        self.remedy(remedies, acts);
    }

    /// What REST says of a market that was asked about with [`Act::Probe`].
    pub(super) fn probe_answered(&mut self, market: MarketTicker, book: BookSnapshot) -> Vec<Act> {
        let mut acts = Vec::new();
        let remedy = self.quiet.probe_answered(market, book);
        self.remedy(remedy, &mut acts);
        acts
    }

    fn remedy(&mut self, remedies: impl IntoIterator<Item = Remedy>, acts: &mut Vec<Act>) {
        for remedy in remedies {
            match remedy {
                Remedy::Subscribe(channel, reason) => self.subscribe_again(channel, &reason, acts),
                Remedy::Reconnect(reason) => {
                    self.fell_silent = true;
                    acts.push(Act::Reconnect(reason));
                }
                Remedy::Probe(market) => acts.push(Act::Probe(market)),
            }
        }
    }

    /// A change to a subscription was acknowledged: what the exchange does not cover although it should is asked for again, once.
    pub(super) fn change_acknowledged(
        &mut self,
        channel: Channel,
        answered: Option<u64>,
        covered: &[String],
        acts: &mut Vec<Act>,
    ) {
        let Some(State::Live { sid, markets, change, .. }) = self.channels.get_mut(&channel) else { return };
        let Some(asked) = change.take_if(|change| Some(change.id) == answered) else { return };
        let has = |market: &&MarketTicker| covered.iter().any(|one| one == market.as_str());
        let missing: Vec<_> = markets.iter().filter(|market| !has(market)).map(ToString::to_string).collect();
        if missing.is_empty() {
            return;
        }
        let message = format!("{} of {} markets are not covered by {}", missing.len(), markets.len(), channel.name());
        if asked.is_repeated {
            // The code is ours: the exchange confirmed something else than it was asked for.
            acts.push(Act::Market(MarketEvent::Refused { channel: Some(channel), code: 0, message }));
            return;
        }
        tracing::warn!(message, "asking again");
        let sid = *sid;
        self.change(channel, sid, "add_markets", missing, true, acts);
    }

    pub(super) fn missed(&mut self, channel: Channel, reason: String, acts: &mut Vec<Act>) {
        match channel {
            Channel::Books => {
                self.void_all(reason, acts);
                self.ask_for_void_books(acts);
            }
            Channel::Indices | Channel::FastIndices => acts.push(Act::Index(IndexEvent::Missed { reason })),
            Channel::Fills | Channel::Orders | Channel::Positions | Channel::OrderGroups => {
                acts.push(Act::Account(AccountEvent::Reconcile { reason }));
            }
            Channel::Tickers | Channel::Trades | Channel::Lifecycle => {
                acts.push(Act::Market(MarketEvent::Missed(channel)));
            }
        }
    }

    pub(super) fn void_all(&mut self, reason: String, acts: &mut Vec<Act>) {
        for state in self.books.values_mut() {
            *state = BookState::Void { attempts: 0 };
        }
        if !self.books.is_empty() {
            acts.push(Act::Market(MarketEvent::Void { markets: self.markets(), reason }));
        }
    }

    /// A frame that is not what the API describes: it is counted, and whatever it may have said counts as missed.
    pub(super) fn unreadable(&mut self, channel: Option<Channel>, error: String, acts: &mut Vec<Act>) {
        match channel {
            Some(channel @ (Channel::Tickers | Channel::Trades | Channel::Lifecycle)) => {
                acts.push(Act::Market(MarketEvent::Unreadable { channel, error }));
            }
            Some(Channel::Books) => {
                // Each unreadable frame asks at most SNAPSHOT_ATTEMPTS times: an unreadable snapshot does not ask for ever.
                let all_void = self.books.values().all(|state| matches!(state, BookState::Void { .. }));
                acts.push(Act::Market(MarketEvent::Unreadable { channel: Channel::Books, error: error.clone() }));
                if !all_void {
                    self.void_all(error, acts);
                    self.ask_for_void_books(acts);
                }
            }
            Some(channel) => self.missed(channel, error, acts),
            None => acts.push(Act::Reconnect(error)),
        }
    }

    /// A sound frame with a value that is none: only what it is about is spoiled.
    pub(super) fn bad_value(&mut self, channel: Option<Channel>, error: &ParseError, acts: &mut Vec<Act>) {
        let market = MarketTicker::new(&error.name).ok().filter(|market| self.books.contains_key(market));
        match (channel, market) {
            (Some(Channel::Books), Some(market)) => {
                // A book that is void keeps its count of attempts, so that an unreadable snapshot does not ask for ever.
                let was_live = self.books.get(&market) == Some(&BookState::Live);
                if was_live {
                    self.books.insert(market.clone(), BookState::Void { attempts: 0 });
                }
                acts.push(Act::Market(MarketEvent::Void { markets: vec![market], reason: error.to_string() }));
                if was_live {
                    self.ask_for_void_books(acts);
                }
            }
            (channel, _) => self.unreadable(channel, error.to_string(), acts),
        }
    }

    pub(super) fn refused(
        &mut self,
        answered: Option<u64>,
        channel: Option<Channel>,
        error: &CommandError,
        acts: &mut Vec<Act>,
    ) {
        let message = error.msg.clone().unwrap_or_default();
        for state in self.channels.values_mut() {
            if let State::Live { change, .. } = state {
                // This is its answer, though not the one that was hoped for.
                change.take_if(|change| Some(change.id) == answered);
            }
        }
        let asked = self.channels.iter().find_map(|(channel, state)| match state {
            State::Asked { id, .. } if Some(*id) == answered => Some(*channel),
            State::Asked { .. } | State::Live { .. } | State::Refused => None,
        });
        match (error.code, channel, asked) {
            // Terminal: this subscription is dead.
            (10 | 25, Some(channel), _) => {
                let reason = format!("error {} on {}: {message}", error.code, channel.name());
                self.subscribe_again(channel, &reason, acts);
            }
            // Passing: unable to process, command time-out, too many requests.
            (1 | 18 | 27, _, Some(channel)) => acts.push(Act::Reconnect(format!(
                "error {} on the subscription of {}: {message}",
                error.code,
                channel.name()
            ))),
            // A change to a subscription timed out or came too fast: what it asked for would stay without data for as long as the connection
            // lives, so all is asked for again.
            (18 | 27, channel, None) => acts.push(Act::Reconnect(format!(
                "error {} on a change to {}: {message}",
                error.code,
                channel.map_or("a subscription", Channel::name)
            ))),
            (code, _, Some(channel)) => {
                self.channels.insert(channel, State::Refused);
                acts.push(Act::Market(MarketEvent::Refused { channel: Some(channel), code, message }));
                if channel.is_account() {
                    let reason = format!("the exchange refuses {}", channel.name());
                    acts.push(Act::Account(AccountEvent::Reconcile { reason }));
                }
                self.sync(acts);
            }
            // A change to a subscription failed; what it asked for stays without data (a book stays void).
            (code, channel, None) => acts.push(Act::Market(MarketEvent::Refused { channel, code, message })),
        }
    }
}
