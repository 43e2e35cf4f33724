//! The venue itself: its markets, accounts and clock.

use super::account::Account;
use super::groups::OrderGroup;
use super::market_book::{MarketBook, Orders};
use super::wallet::Purse;
use super::{CRYPTO_SHARD, GroupUpdate, VenueEvent, VenueEventKind, Wallet};
use crate::market::{Market, MarketStatus};
use crate::trade::{FeeError, FeeSchedule, Liquidity};
use crate::units::{
    AccountName, ExchangeOrderId, FillId, MarketTicker, Money, OrderGroupId, Price, Quantity, Timestamp,
    to_micros_precision,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An exchange without sockets: accounts trade with each other and with a recorded book.
///
/// A pure function of its calls: no clock (every call says what time it is), no dice (ids are hashes of the seed and a counter). Time never
/// goes back: an earlier `now` counts as the latest one. Every call first lets happen what was due until then (opening, closing, expiry).
/// What happened is in [`Venue::take_events`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Venue {
    pub(super) options: VenueOptions,
    pub(super) now: Timestamp,
    pub(super) markets: BTreeMap<MarketTicker, MarketBook>,
    pub(super) accounts: BTreeMap<AccountName, Account>,
    pub(super) orders: Orders,
    pub(super) numbers: BTreeMap<ExchangeOrderId, u64>,
    pub(super) recorded: RecordedParty,
    pub(super) deadlines: BTreeSet<(Timestamp, Deadline)>,
    pub(super) trading_paused: bool,
    pub(super) exchange_paused: bool,
    pub(super) trade_count: u64,
    /// How often an order was put into a book.
    pub(super) turn_count: u64,
    pub(super) groups: BTreeMap<OrderGroupId, OrderGroup>,
    pub(super) group_count: u64,
    /// Groups over their limit whose orders are canceled once the execution at hand is done.
    pub(super) tripped: BTreeSet<OrderGroupId>,
    pub(super) events: Vec<VenueEvent>,
    pub(super) group_updates: Vec<GroupUpdate>,
}

/// What can be chosen about a venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueOptions {
    /// Makes the ids of this venue differ from those of another.
    pub seed: u64,
    /// What happens to a client order id that was used before.
    pub duplicate_ids: DuplicateIds,
    /// What happens to a post-only order that would cross.
    pub post_only_cross: PostOnlyCross,
    /// Whether orders that are placed in the minute after all were canceled are canceled too, right after they are accepted: the exchange
    /// reserves that right.
    pub cancel_all_tail: bool,
}

/// What happens to a post-only order that would cross.
///
/// Refusing is recorded; the exchange's changelog also names an update reason for canceling, so a client has to work with both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostOnlyCross {
    /// Refused; there is no order then. An amend that would cross leaves its order as it was.
    #[default]
    Refuse,
    /// Accepted, and canceled at once. An amend that would cross cancels its order.
    Cancel,
}

/// What happens to an order whose client order id was used before.
///
/// The exchange's answer in every state is not confirmed, so a client has to work with each of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateIds {
    /// Refused for ever, also after a cancel or a killed fill-or-kill order: what was recorded in 2026.
    #[default]
    RejectAlways,
    /// Refused while the other order rests.
    RejectIfOpen,
    /// Accepted as another order.
    Accept,
}

/// Why the venue's owner (not one of its accounts) cannot do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VenueError {
    /// A market of this name is already there.
    #[error("market {0} is already at the venue")]
    MarketExists(MarketTicker),
    /// An account of this name is already there.
    #[error("account {0} is already at the venue")]
    AccountExists(AccountName),
    /// No account can start with less than nothing.
    #[error("account {0} cannot open with {1}: cash starts at zero or above")]
    NegativeCash(AccountName, Money),
    /// What fills of the market cost is not known.
    #[error(transparent)]
    Fees(#[from] FeeError),
    /// No market of this name.
    #[error("market {0} is not at the venue; add it first")]
    UnknownMarket(MarketTicker),
    /// The market's state does not allow it.
    #[error("market {market} is {status:?}, which does not allow to {wanted}")]
    WrongStatus {
        /// The market.
        market: MarketTicker,
        /// Its state.
        status: MarketStatus,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The recording changes a level by more than lies there, or beyond what a quantity holds. The level is as it was.
    #[error(
        "market {market}: the recording changes the level at {yes_price} by {change_hundredths} hundredths, and {recorded} lie there"
    )]
    BadRecordedChange {
        /// The market.
        market: MarketTicker,
        /// The level.
        yes_price: Price,
        /// The change.
        change_hundredths: i64,
        /// What was recorded there before.
        recorded: Quantity,
    },
}

/// Something that happens by itself at its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Deadline {
    Close(MarketTicker),
    Expire(u64),
    Open(MarketTicker),
}

/// The other party of everything that the accounts did not trade among themselves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RecordedParty {
    /// Signed hundredths of contracts per unsettled market.
    pub(super) positions: BTreeMap<MarketTicker, i128>,
    /// What it held of the markets that were paid, for payouts that are corrected.
    pub(super) paid: BTreeMap<MarketTicker, i128>,
    /// Signed micro-dollars: what it was paid less what it paid, at YES prices.
    pub(super) cash_micros: i128,
}

impl Default for VenueOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            duplicate_ids: DuplicateIds::RejectAlways,
            post_only_cross: PostOnlyCross::Refuse,
            cancel_all_tail: false,
        }
    }
}

impl Venue {
    /// A venue without markets and accounts, at this time.
    #[must_use]
    pub fn new(options: VenueOptions, now: Timestamp) -> Self {
        Self {
            options,
            now: to_micros_precision(now),
            markets: BTreeMap::new(),
            accounts: BTreeMap::new(),
            orders: Orders::new(),
            numbers: BTreeMap::new(),
            recorded: RecordedParty::default(),
            deadlines: BTreeSet::new(),
            trading_paused: false,
            exchange_paused: false,
            trade_count: 0,
            turn_count: 0,
            groups: BTreeMap::new(),
            group_count: 0,
            tripped: BTreeSet::new(),
            events: Vec::new(),
            group_updates: Vec::new(),
        }
    }

    /// Adds a market. If it waits for its open time or trades, it opens and closes by itself.
    ///
    /// # Errors
    /// There is one of this name, or its fees are not published.
    pub fn add_market(&mut self, market: Market, fees: FeeSchedule) -> Result<(), VenueError> {
        let ticker = market.ticker.clone();
        if self.markets.contains_key(&ticker) {
            return Err(VenueError::MarketExists(ticker));
        }
        for liquidity in [Liquidity::Taker, Liquidity::Maker] {
            fees.exact(liquidity, Price::ONE, Quantity::ZERO)?;
        }
        if market.status == MarketStatus::Initialized {
            self.deadlines.insert((market.open_time, Deadline::Open(ticker.clone())));
        }
        self.deadlines.insert((market.close_time, Deadline::Close(ticker.clone())));
        self.markets.insert(ticker, MarketBook::new(market, fees));
        self.advance(self.now);
        Ok(())
    }

    /// Opens an account with this much cash, all of it on the shard of the crypto markets.
    ///
    /// # Errors
    /// There is one of this name, or the cash is below zero.
    pub fn open_account(&mut self, account: AccountName, cash: Money) -> Result<(), VenueError> {
        self.open_account_on(account, &[(CRYPTO_SHARD, cash)])
    }

    /// Opens an account with cash on these shards, for subaccount 0. Of a shard that comes twice, the cash is added up.
    ///
    /// # Errors
    /// There is one of this name, or a cash is below zero.
    pub fn open_account_on(&mut self, account: AccountName, cash: &[(u16, Money)]) -> Result<(), VenueError> {
        if let Some(&(_, cash)) = cash.iter().find(|(_, cash)| *cash < Money::ZERO) {
            return Err(VenueError::NegativeCash(account, cash));
        }
        if self.accounts.contains_key(&account) {
            return Err(VenueError::AccountExists(account));
        }
        let mut books = Account::default();
        for &(shard, cash) in cash {
            let purse = books.purse_mut(Wallet::primary(shard));
            *purse = Purse::opened(purse.opening + cash);
        }
        self.accounts.insert(account, books);
        Ok(())
    }

    /// What happened since the last call, in order.
    pub fn take_events(&mut self) -> Vec<VenueEvent> {
        std::mem::take(&mut self.events)
    }

    /// What happened to order groups since the last call, in order.
    pub fn take_group_updates(&mut self) -> Vec<GroupUpdate> {
        std::mem::take(&mut self.group_updates)
    }

    pub(super) fn push(&mut self, market: &MarketTicker, kind: VenueEventKind) {
        self.events.push(VenueEvent { market: market.clone(), exchange_time: self.now, kind });
    }

    /// The id of the order with this number.
    pub(super) fn order_id(&self, number: u64) -> ExchangeOrderId {
        ExchangeOrderId::new(&self.uuid("order", number)).expect("a UUID is 36 visible ASCII characters")
    }

    /// The id of the next execution.
    pub(super) fn next_trade_id(&mut self) -> FillId {
        self.trade_count += 1;
        FillId::new(&self.uuid("trade", self.trade_count)).expect("a UUID is 36 visible ASCII characters")
    }

    /// The id of the next order group.
    pub(super) fn next_group_id(&mut self) -> OrderGroupId {
        self.group_count += 1;
        OrderGroupId::new(&self.uuid("group", self.group_count)).expect("a UUID is 36 visible ASCII characters")
    }

    /// A UUID (version 8) hashed from the seed and a counter.
    fn uuid(&self, kind: &str, number: u64) -> String {
        let mut hash = Sha256::new();
        hash.update(self.options.seed.to_be_bytes());
        hash.update(kind);
        hash.update(number.to_be_bytes());
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }
}
