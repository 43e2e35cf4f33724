//! What can be read: the answers behind the exchange's GET endpoints.

use super::{AccountSettlement, Balance, MarketPosition, Venue, VenueOrder, Wallet};
use crate::market::{BookSide, Level, Market, Quote};
use crate::trade::{FeeSchedule, Fill};
use crate::units::{AccountName, ExchangeOrderId, MarketTicker, Money, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// Whose contracts a book shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookView {
    /// The recording's, less what was taken, and the accounts' orders: what the exchange shows.
    Combined,
    /// The recording's alone, less what was taken.
    Recorded,
}

/// One market's levels in YES prices, best first on each side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookLevels {
    /// Bids, highest first.
    pub bids: Vec<Level>,
    /// Asks, lowest first.
    pub asks: Vec<Level>,
}

impl Venue {
    /// The venue's time: the latest that it was told.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether trading is paused everywhere.
    #[must_use]
    pub const fn is_trading_paused(&self) -> bool {
        self.trading_paused
    }

    /// Whether the exchange is paused.
    #[must_use]
    pub const fn is_exchange_paused(&self) -> bool {
        self.exchange_paused
    }

    /// One market.
    #[must_use]
    pub fn market(&self, market: &MarketTicker) -> Option<&Market> {
        self.markets.get(market).map(|book| &book.market)
    }

    /// All markets, by ticker.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.markets.values().map(|book| &book.market)
    }

    /// What fills of a market cost.
    #[must_use]
    pub fn fees(&self, market: &MarketTicker) -> Option<&FeeSchedule> {
        self.markets.get(market).map(|book| &book.fees)
    }

    /// The book of a market, as far as it can be traded with.
    #[must_use]
    pub fn book(&self, market: &MarketTicker, view: BookView) -> Option<BookLevels> {
        let book = self.markets.get(market)?;
        let levels = |side| match view {
            BookView::Combined => book.combined(&self.orders, side),
            BookView::Recorded => book.overlay.levels(side).collect(),
        };
        Some(BookLevels { bids: levels(BookSide::Bid), asks: levels(BookSide::Ask) })
    }

    /// The best bid and ask of a market, with the accounts' orders.
    #[must_use]
    pub fn quote(&self, market: &MarketTicker) -> Option<Quote> {
        let book = self.markets.get(market)?;
        let best = |side| {
            let resting = book.best_resting(side).map(|(price, _)| price);
            let recorded = book.overlay.best(side).map(|level| level.price);
            let price = match (resting, recorded) {
                (Some(ours), Some(theirs)) if side.crosses(theirs, ours) => theirs,
                (Some(price), _) | (None, Some(price)) => price,
                (None, None) => return None,
            };
            let quantity =
                book.overlay.visible(side, price).saturating_add(book.resting_quantity(&self.orders, side, price));
            Some(Level { price, quantity })
        };
        Some(Quote { bid: best(BookSide::Bid), ask: best(BookSide::Ask) })
    }

    /// The accounts, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountName> {
        self.accounts.keys()
    }

    /// An account's money in all its wallets together.
    #[must_use]
    pub fn balance(&self, account: &AccountName) -> Option<Balance> {
        self.accounts.get(account).map(super::account::Account::balance)
    }

    /// What an account began with.
    #[must_use]
    pub fn opening_cash(&self, account: &AccountName) -> Option<Money> {
        self.accounts.get(account).map(|books| books.purses.values().map(|purse| purse.opening).sum())
    }

    /// All orders that an account ever placed, oldest first.
    pub fn orders(&self, account: &AccountName) -> impl DoubleEndedIterator<Item = &VenueOrder> {
        self.accounts.get(account).into_iter().flat_map(|books| &books.orders).map(|number| &self.orders[number])
    }

    /// One order of an account, by the exchange's id; `None` also for another account's.
    #[must_use]
    pub fn order(&self, account: &AccountName, id: &ExchangeOrderId) -> Option<&VenueOrder> {
        self.numbers.get(id).and_then(|number| self.orders.get(number)).filter(|order| order.account == *account)
    }

    /// Contracts that would be executed before a resting order: recorded ones and other orders at its price; `None` if it does not rest.
    #[must_use]
    pub fn queue_position(&self, account: &AccountName, id: &ExchangeOrderId) -> Option<Quantity> {
        let order = self.order(account, id).filter(|order| order.is_resting())?;
        let number = self.numbers.get(id)?;
        let terms = &order.terms;
        let before = self.markets[&terms.market]
            .resting_at(terms.book_side, terms.yes_price)
            .take_while(|earlier| earlier != number)
            .map(|earlier| self.orders[&earlier].remaining)
            .fold(order.queue_ahead, Quantity::saturating_add);
        Some(before)
    }

    /// All fills of an account, oldest first; whose they are within the account, their orders tell.
    pub fn fills(&self, account: &AccountName) -> impl DoubleEndedIterator<Item = &Fill> {
        self.accounts.get(account).into_iter().flat_map(|books| &books.fills)
    }

    /// What an account's subaccount 0 holds in markets that were not paid, and what it closed there, by shard and ticker.
    /// [`wallet_positions`](Self::wallet_positions) has those of every subaccount.
    pub fn positions(&self, account: &AccountName) -> impl Iterator<Item = (&MarketTicker, &MarketPosition)> {
        let primary = |(wallet, _, _): &(Wallet, &MarketTicker, &MarketPosition)| wallet.subaccount.is_primary();
        self.wallet_positions(account).filter(primary).map(|(_, market, held)| (market, held))
    }

    /// What an account was paid, oldest first.
    pub fn settlements(&self, account: &AccountName) -> impl DoubleEndedIterator<Item = &AccountSettlement> {
        self.accounts.get(account).into_iter().flat_map(|books| &books.settlements)
    }
}
