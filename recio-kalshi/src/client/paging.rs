//! Reading through every page, or saying what is missing.

use super::{KalshiClient, Query};
use crate::error::ReadError;
use crate::parse::ParseError;
use crate::wire;
use recio_core::planted::{PlantedBug, is_planted};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The most pages one read goes through. At 1,000 items each this is far beyond any list of one account or one series; it bounds a server
/// that never stops handing out cursors.
const MAX_PAGES: usize = 500;

/// What a read through all pages found. Only a complete one may say that something is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether this is all there is.
    pub complete: bool,
    /// What is missing, where it is not complete.
    pub missing: Option<String>,
}

/// A page of a list.
pub(super) trait Page: DeserializeOwned {
    type Item;
    fn take(self) -> (Vec<Self::Item>, Option<String>);
    /// What makes an item itself: one that comes twice shows that the list moved while it was read.
    fn key(item: &Self::Item) -> String;
}

macro_rules! page {
    ($page:ty, $item:ty, $field:ident, $key:expr) => {
        impl Page for $page {
            type Item = $item;
            fn take(self) -> (Vec<$item>, Option<String>) {
                (self.$field, self.cursor)
            }
            fn key(item: &$item) -> String {
                let key: fn(&$item) -> String = $key;
                key(item)
            }
        }
    };
}
page!(wire::MarketsPage, wire::Market, markets, |market| market.ticker.clone());
page!(wire::OrdersPage, wire::Order, orders, |order| order.order_id.clone());
page!(wire::FillsPage, wire::Fill, fills, |fill| format!("{} {}", fill.order_id, fill.trade_id));
page!(wire::PositionsPage, wire::MarketPosition, market_positions, |position| position.ticker.clone());
page!(wire::EventsPage, wire::Event, events, |event| event.event_ticker.clone());
page!(wire::EventFeeChangesPage, wire::EventFeeChange, event_fee_changes, |change| change.id.clone());
page!(wire::TradesPage, wire::PublicTrade, trades, |trade| trade.trade_id.clone());
page!(wire::SubaccountTransfersPage, wire::SubaccountTransfer, transfers, |transfer| transfer.transfer_id.clone());
page!(wire::ShardTransfersPage, wire::ShardTransfer, transfers, |transfer| transfer.transfer_id.clone());
page!(wire::DepositsPage, wire::Deposit, deposits, |deposit| deposit.id.clone());
page!(wire::WithdrawalsPage, wire::Deposit, withdrawals, |withdrawal| withdrawal.id.clone());
page!(wire::SettlementsPage, wire::Settlement, settlements, |settlement| settlement.ticker.clone());

impl<T> Paged<T> {
    /// All of nothing.
    pub(super) const fn nothing() -> Self {
        Self { items: Vec::new(), complete: true, missing: None }
    }

    /// What one answer holds that has no pages.
    pub(super) fn of_one<I>(items: &[I], parse: fn(&I) -> Result<T, ParseError>) -> Self {
        let mut found = Self::nothing();
        for item in items {
            match parse(item) {
                Ok(item) => found.items.push(item),
                Err(error) => found.miss(error.to_string()),
            }
        }
        found
    }

    pub(super) fn miss(&mut self, what: String) {
        self.complete = false;
        self.missing.get_or_insert(what);
    }
}

impl KalshiClient {
    /// Reads all pages. An error on the first page is an error; later ones, and items that cannot be read, make the result partial.
    pub(super) async fn pages<P: Page, T>(
        &self,
        what: &str,
        path: &str,
        query: Query,
        limit: u16,
        parse: fn(&P::Item) -> Result<T, ParseError>,
    ) -> Result<Paged<T>, ReadError> {
        let mut found = Paged::nothing();
        let mut seen_items = BTreeSet::new();
        let mut seen_cursors = BTreeSet::new();
        let mut cursor = String::new();
        // The bug needs a page that a short session fills.
        let limit = if is_planted(PlantedBug::FirstPageOnly) { 3 } else { limit };
        for number in 1..=MAX_PAGES {
            let mut query = query.clone();
            query.push(("limit", limit.to_string()));
            if !cursor.is_empty() {
                query.push(("cursor", cursor.clone()));
            }
            let page: P = match self.read(what, path, query).await {
                Ok(page) => page,
                Err(error) if number == 1 => return Err(error),
                Err(error) => {
                    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
                    found.miss(format!("page {number}: {error}{}", source.unwrap_or_default()));
                    return Ok(found);
                }
            };
            let (items, next) = page.take();
            for item in &items {
                let key = P::key(item);
                if !seen_items.insert(key.clone()) {
                    found.miss(format!("page {number}: `{key}` came twice, so the list moved while it was read"));
                    continue;
                }
                match parse(item) {
                    Ok(item) => found.items.push(item),
                    Err(error) => found.miss(error.to_string()),
                }
            }
            cursor = next.unwrap_or_default();
            if cursor.is_empty() || is_planted(PlantedBug::FirstPageOnly) {
                return Ok(found);
            }
            if !seen_cursors.insert(cursor.clone()) {
                found.miss(format!("page {number}: the exchange repeats a cursor"));
                return Ok(found);
            }
        }
        found.miss(format!("more than {MAX_PAGES} pages"));
        Ok(found)
    }
}
