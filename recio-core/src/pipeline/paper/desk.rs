//! The venue behind a paper account, the books that are played into it, and what there is to tell of it.

use super::account_file::{AccountFile, PaperError};
use crate::engine::GatedOrder;
use crate::executor::{AccountEvent, CancelOrder};
use crate::market::{Book, BookSnapshot, LifecycleEvent, Market, MarketStatus};
use crate::market_data::{ExchangeStatus, MarketEvent};
use crate::trade::{FeeSchedule, Purpose, TimeInForce};
use crate::units::{AccountName, MarketTicker, Money, Monotonic, Now, SeriesTicker, Timestamp};
use crate::venue::{
    CanceledOrder, NewOrder, Placed, Refusal, SelfTradePrevention, Subaccount, Venue, VenueEvent, VenueEventKind,
    VenueOptions,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Private events that nobody has taken. More than any burst of one account; beyond, the account is read instead.
const TOLD: usize = 1_024;
/// A file that could not be written is tried again after this long.
const SAVE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A market that ended this long ago and was never traded in is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(2 * 3600);

/// The venue with its one account. Synchronous: whoever holds it does one thing.
#[derive(Debug)]
pub(super) struct Desk {
    account: AccountName,
    venue: Venue,
    file: AccountFile,
    /// Something changed that the file does not say yet; until it does, nothing of the account is told.
    unsaved: bool,
    /// When writing it failed last: whoever reads the account asks again and again, and a full disk does not get better by that.
    failed: Option<Monotonic>,
    /// The markets that the exchange listed. The venue has those alone in which an order was placed, so that the file stays small.
    listed: BTreeMap<MarketTicker, Listed>,
    told: VecDeque<AccountEvent>,
}

/// A market as the exchange has it.
#[derive(Debug)]
struct Listed {
    market: Market,
    /// `None` while the book is not known: nothing is executed then.
    book: Option<(Book, Monotonic)>,
}

/// Why an order on paper was not placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotPlaced {
    /// As the exchange would refuse it.
    Refused(Refusal),
    /// What paper itself lacks.
    Lacking(&'static str),
}

impl Desk {
    /// A new account.
    pub(super) fn begin(account: AccountName, file: AccountFile, cash: Money, now: Timestamp) -> Self {
        // Ids are hashes of the seed: those of two accounts must not meet in one store.
        let digest = Sha256::digest(format!("paper/{account}/{now}"));
        let seed = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        let mut venue = Venue::new(VenueOptions { seed, ..VenueOptions::default() }, now);
        if let Err(error) = venue.open_account(account.clone(), cash) {
            tracing::error!("the paper account begins without cash: {error}");
            let _ = venue.open_account(account.clone(), Money::ZERO);
        }
        Self::of(venue, account, file)
    }

    /// An account that was saved. What rested rests still; its books are not known until they are told again.
    pub(super) fn go_on(mut venue: Venue, account: AccountName, file: AccountFile, now: Timestamp) -> Self {
        // Events of the earlier run, if it was killed between a change and its telling: the account is read whole anyway.
        venue.take_events();
        let mut desk = Self::of(venue, account, file);
        desk.pass(now);
        desk
    }

    fn of(venue: Venue, account: AccountName, file: AccountFile) -> Self {
        let listed = venue
            .markets()
            .map(|market| (market.ticker.clone(), Listed { market: market.clone(), book: None }))
            .collect();
        let told = VecDeque::from([AccountEvent::Connected]);
        Self { account, venue, file, unsaved: true, failed: None, listed, told }
    }

    // ---- what the exchange tells ----

    /// Plays an event of the exchange into the venue.
    pub(super) fn play(&mut self, event: &MarketEvent, now: Now) {
        self.pass(now.wall);
        match event {
            MarketEvent::Snapshot { market, book } => self.snapshot(market, book, now),
            MarketEvent::Delta { market, delta, .. } => {
                let Some(listed) = self.listed.get_mut(market) else { return };
                let Some((book, received)) = &mut listed.book else { return };
                *received = now.mono;
                let mut fits = book.apply(delta, Some(&listed.market.grid)).is_ok();
                if fits && self.trades_here(market) {
                    let change = delta.change.hundredths();
                    fits = self.venue.recorded_delta(market, delta.side, delta.price, change, now.wall).is_ok();
                }
                if !fits {
                    self.void(market);
                }
            }
            MarketEvent::Void { markets, .. } => markets.iter().for_each(|market| self.void(market)),
            MarketEvent::Disconnected { .. } => self.listed.values_mut().for_each(|listed| listed.book = None),
            MarketEvent::Trade(trade) => {
                let known = self.listed.get(&trade.market).is_some_and(|listed| listed.book.is_some());
                if known && self.trades_here(&trade.market) && self.venue.recorded_trade(trade, now.wall).is_err() {
                    self.void(&trade.market);
                }
            }
            MarketEvent::Lifecycle { market, event } => self.lifecycle(market, event, now.wall),
            MarketEvent::Exchange(status) => self.exchange(*status, now.wall),
            MarketEvent::Ticker(_)
            | MarketEvent::Heartbeat
            | MarketEvent::Connected
            | MarketEvent::Unreadable { .. } => {}
        }
        self.note_events();
    }

    /// Takes up a list of markets.
    pub(super) fn list(&mut self, markets: &[Market], now: Timestamp) {
        self.pass(now);
        for market in markets {
            match self.listed.get_mut(&market.ticker) {
                Some(listed) => listed.market = market.clone(),
                None => {
                    let listed = Listed { market: market.clone(), book: None };
                    self.listed.insert(market.ticker.clone(), listed);
                }
            }
            self.follow(market, now);
        }
        let venue = &self.venue;
        self.listed.retain(|ticker, listed| {
            let ended = listed.market.close_time.checked_add(FORGET_AFTER).unwrap_or(Timestamp::MAX) <= now;
            !ended || venue.market(ticker).is_some()
        });
        self.note_events();
    }

    /// Brings a market of the venue to where the exchange says it is.
    fn follow(&mut self, listed: &Market, now: Timestamp) {
        let Some(known) = self.venue.market(&listed.ticker).cloned() else { return };
        let ticker = &listed.ticker;
        let open = |status| matches!(status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive);
        if open(known.status) && open(listed.status) {
            if known.close_time != listed.close_time {
                self.note(ticker, |venue| venue.change_close_time(ticker, listed.close_time, now));
            }
            if known.grid != listed.grid {
                self.note(ticker, |venue| venue.change_grid(ticker, listed.grid.clone(), now));
            }
        }
        match (known.status, listed.status) {
            (MarketStatus::Active, MarketStatus::Inactive) => self.note(ticker, |venue| venue.deactivate(ticker, now)),
            (MarketStatus::Inactive, MarketStatus::Active) => self.note(ticker, |venue| venue.activate(ticker, now)),
            _ => {}
        }
        if listed.result.is_some() && listed.status >= MarketStatus::Determined {
            self.determine(listed, now);
        }
        if listed.status == MarketStatus::Finalized {
            self.settle(ticker, now);
        }
    }

    fn snapshot(&mut self, ticker: &MarketTicker, snapshot: &BookSnapshot, now: Now) {
        let Some(listed) = self.listed.get_mut(ticker) else { return };
        listed.book = Book::from_snapshot(snapshot, Some(&listed.market.grid)).ok().map(|book| (book, now.mono));
        let Some((book, _)) = &listed.book else { return };
        let levels = book.snapshot();
        if self.trades_here(ticker) {
            self.note(ticker, |venue| venue.recorded_snapshot(ticker, &levels.bids, &levels.asks, now.wall));
        }
    }

    /// The book is not known: nothing is played, so nothing is executed, until the next snapshot.
    fn void(&mut self, ticker: &MarketTicker) {
        if let Some(listed) = self.listed.get_mut(ticker) {
            listed.book = None;
        }
    }

    fn lifecycle(&mut self, ticker: &MarketTicker, event: &LifecycleEvent, now: Timestamp) {
        let Some(listed) = self.listed.get_mut(ticker) else { return };
        // Paid without its outcome, which was missed then, it is paid here when a list tells it.
        event.apply(&mut listed.market);
        let market = listed.market.clone();
        self.follow(&market, now);
    }

    fn determine(&mut self, listed: &Market, now: Timestamp) {
        let ticker = &listed.ticker;
        let (Some(result), Some(known)) = (listed.result, self.venue.market(ticker).cloned()) else { return };
        match known.result {
            Some(before) if before == result => {}
            Some(before) if known.status == MarketStatus::Finalized => {
                // The venue pays once. Real money would be booked back and forth; paper says so and keeps what it has.
                tracing::error!(%ticker, ?before, ?result, "the exchange changed an outcome that was paid on paper");
            }
            // Disputed, and determined again before it was paid.
            Some(_) => {
                self.note(ticker, |venue| venue.dispute(ticker, now));
                self.note(ticker, |venue| venue.redetermine(ticker, result, listed.expiration_value, now));
            }
            None => {
                if known.status < MarketStatus::Closed {
                    // The exchange knows the outcome, so trading is over, whatever our clock says.
                    self.note(ticker, |venue| venue.change_close_time(ticker, now, now));
                }
                self.note(ticker, |venue| venue.determine(ticker, result, listed.expiration_value, now));
            }
        }
    }

    fn settle(&mut self, ticker: &MarketTicker, now: Timestamp) {
        let payable = |market: &Market| matches!(market.status, MarketStatus::Determined | MarketStatus::Amended);
        if self.venue.market(ticker).is_some_and(payable) {
            self.note(ticker, |venue| venue.settle(ticker, now));
        }
    }

    fn exchange(&mut self, status: ExchangeStatus, now: Timestamp) {
        if self.venue.is_exchange_paused() == status.exchange_active {
            self.venue.pause_exchange(!status.exchange_active, now);
        }
        if self.venue.is_trading_paused() == status.trading_active {
            self.venue.pause_trading(!status.trading_active, now);
        }
    }

    // ---- what the account wants ----

    /// When the newest word about a market's book came; `None` while it is not known.
    pub(super) fn book_received(&self, ticker: &MarketTicker) -> Option<Monotonic> {
        self.listed.get(ticker).and_then(|listed| listed.book.as_ref()).map(|(_, received)| *received)
    }

    /// The series of a market, and whether the venue still has to be told what its fills cost.
    pub(super) fn wants_fees(&self, ticker: &MarketTicker) -> Option<SeriesTicker> {
        if self.trades_here(ticker) {
            return None;
        }
        self.listed.get(ticker).map(|listed| listed.market.series.clone())
    }

    pub(super) fn place(
        &mut self,
        order: &GatedOrder,
        fees: Option<FeeSchedule>,
        now: Timestamp,
    ) -> Result<Placed, NotPlaced> {
        self.pass(now);
        let intent = order.intent();
        // It was there a moment ago; a gap may have come in between.
        if self.book_received(&intent.market).is_none() {
            return Err(NotPlaced::Lacking("book_unknown"));
        }
        if !self.trades_here(&intent.market) {
            let listed = self.listed.get(&intent.market).ok_or(NotPlaced::Lacking("market_not_listed"))?;
            let fees = fees.ok_or(NotPlaced::Lacking("fees_unknown"))?;
            let market = listed.market.clone();
            let levels = listed.book.as_ref().map(|(book, _)| book.snapshot()).unwrap_or_default();
            self.venue.add_market(market, fees).map_err(|_| NotPlaced::Lacking("fees_unknown"))?;
            let ticker = &intent.market;
            self.note(ticker, |venue| venue.recorded_snapshot(ticker, &levels.bids, &levels.asks, now));
        }
        let rests = intent.time_in_force == TimeInForce::GoodTillCanceled;
        let new = NewOrder {
            market: intent.market.clone(),
            subaccount: Subaccount::PRIMARY,
            order_group: None,
            client_order_id: Some(intent.client_order_id.clone()),
            book_side: intent.book_side(),
            yes_price: intent.yes_limit(),
            quantity: intent.quantity,
            time_in_force: intent.time_in_force,
            expiration: None,
            post_only: intent.post_only,
            reduce_only: intent.purpose == Purpose::Exit && !rests,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            cancel_on_pause: true,
        };
        // A refused order may have spent its id.
        self.unsaved = true;
        let placed = self.venue.place(&self.account, new, now).map_err(NotPlaced::Refused);
        self.note_events();
        placed
    }

    pub(super) fn cancel(&mut self, cancel: &CancelOrder, now: Timestamp) -> Result<CanceledOrder, Refusal> {
        self.pass(now);
        let canceled = self.venue.cancel(&self.account, &cancel.exchange_id, now);
        self.note_events();
        canceled
    }

    /// Closed markets that are held and not paid: series and close time.
    pub(super) fn awaited(&self, now: Timestamp) -> BTreeSet<(SeriesTicker, Timestamp)> {
        self.venue
            .positions(&self.account)
            .filter_map(|(ticker, _)| self.venue.market(ticker))
            .filter(|market| market.close_time <= now)
            .map(|market| (market.series.clone(), market.close_time))
            .collect()
    }

    // ---- what there is to tell ----

    /// Lets happen what is due by now.
    pub(super) fn pass(&mut self, now: Timestamp) {
        self.venue.advance(now);
        self.note_events();
    }

    /// Writes down what changed, if anything did.
    pub(super) fn save(&mut self, now: Monotonic) -> Result<(), PaperError> {
        if !self.unsaved {
            return Ok(());
        }
        if self.failed.is_some_and(|at| now.since(at) < SAVE_AGAIN_AFTER) {
            return Err(PaperError::NotSaved { path: self.file.path().to_owned() });
        }
        let written = self.file.save(&self.account, &self.venue);
        self.unsaved = written.is_err();
        self.failed = written.is_err().then_some(now);
        written
    }

    /// Whether there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        !self.told.is_empty()
    }

    /// The next private event.
    pub(super) fn next_event(&mut self) -> Option<AccountEvent> {
        self.told.pop_front()
    }

    pub(super) const fn venue(&self) -> &Venue {
        &self.venue
    }

    pub(super) const fn account(&self) -> &AccountName {
        &self.account
    }

    pub(super) fn cash(&self) -> Money {
        self.venue.balance(&self.account).map_or(Money::ZERO, |balance| balance.cash)
    }

    pub(super) fn opening_cash(&self) -> Money {
        self.venue.opening_cash(&self.account).unwrap_or(Money::ZERO)
    }

    pub(super) fn audit(&self) -> Result<(), String> {
        self.venue.audit()
    }

    fn trades_here(&self, ticker: &MarketTicker) -> bool {
        self.venue.market(ticker).is_some()
    }

    /// Does something at the venue that it may refuse: then what paper knows of the market is not what the exchange has, and a person may want to see it.
    fn note<T>(&mut self, ticker: &MarketTicker, what: impl FnOnce(&mut Venue) -> Result<T, crate::venue::VenueError>) {
        if let Err(error) = what(&mut self.venue) {
            tracing::warn!(%ticker, "the paper venue does not follow the exchange: {error}");
        }
        self.note_events();
    }

    /// Takes up what happened to the account.
    fn note_events(&mut self) {
        for VenueEvent { kind, .. } in self.venue.take_events() {
            match kind {
                VenueEventKind::OrderUpdate(order) => self.tell(AccountEvent::Order(order.report())),
                VenueEventKind::Fill { fill, .. } => self.tell(AccountEvent::Fill(*fill)),
                VenueEventKind::Settled { .. } => self.unsaved = true,
                VenueEventKind::BookChange { .. }
                | VenueEventKind::BookSnapshot { .. }
                | VenueEventKind::PublicTrade(_)
                | VenueEventKind::Lifecycle(_) => {}
            }
        }
    }

    fn tell(&mut self, event: AccountEvent) {
        self.unsaved = true;
        if self.told.len() >= TOLD {
            self.told.clear();
            let reason = format!("more than {TOLD} events at once: read the account instead");
            self.told.push_back(AccountEvent::Unreadable { reason });
        } else {
            self.told.push_back(event);
        }
    }
}
