//! Which book is read next.

use super::PollLimits;
use recio_core::market::Quote;
use recio_core::units::{MarketTicker, Monotonic, Price};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A market is near the money while one of its best prices lies between these: beyond, there is nothing to win or nothing to buy.
const NEAR: (Price, Price) = (Price::cents(2), Price::cents(98));

/// What is followed, and when each of it is read next.
#[derive(Debug, Default)]
pub(super) struct Plan {
    books: BTreeMap<MarketTicker, Followed>,
    summaries_at: Option<Monotonic>,
}

#[derive(Debug, Default)]
struct Followed {
    /// When it may be read again; `None` for at once.
    due: Option<Monotonic>,
    /// When it was last read, while its book is told.
    read: Option<Monotonic>,
    quote: Option<Quote>,
}

impl Plan {
    pub(super) fn follow(&mut self, wanted: &BTreeSet<MarketTicker>) {
        self.books.retain(|market, _| wanted.contains(market));
        for market in wanted {
            if !self.books.contains_key(market) {
                self.books.insert(market.clone(), Followed::default());
                // What is new has to be looked at first: its figures say whether its book is worth reading often.
                self.summaries_at = None;
            }
        }
    }

    pub(super) fn summaries_due(&self, now: Monotonic) -> bool {
        !self.books.is_empty() && self.summaries_at.is_none_or(|at| now >= at)
    }

    pub(super) fn summaries_asked(&mut self, now: Monotonic, every: Duration) {
        self.summaries_at = Some(now.after(every));
    }

    pub(super) fn quoted(&mut self, market: &MarketTicker, quote: Quote) {
        if let Some(followed) = self.books.get_mut(market) {
            // One that comes near is read at once.
            if is_near(Some(quote)) && !is_near(followed.quote) {
                followed.due = None;
            }
            followed.quote = Some(quote);
        }
    }

    /// The book that has waited longest of those that are due, those near the money first.
    pub(super) fn next_book(&self, now: Monotonic) -> Option<MarketTicker> {
        let due = self.books.iter().filter(|(_, followed)| followed.due.is_none_or(|due| now >= due));
        due.min_by_key(|(_, followed)| (!is_near(followed.quote), followed.due)).map(|(market, _)| market.clone())
    }

    pub(super) fn book_asked(&mut self, market: &MarketTicker, now: Monotonic, limits: &PollLimits) {
        if let Some(followed) = self.books.get_mut(market) {
            let every = if is_near(followed.quote) { limits.book_every } else { limits.far_book_every };
            followed.due = Some(now.after(every));
        }
    }

    pub(super) fn book_read(&mut self, market: &MarketTicker, now: Monotonic) {
        if let Some(followed) = self.books.get_mut(market) {
            followed.read = Some(now);
        }
    }

    /// The book is not known any more; says whether it was told.
    pub(super) fn forget_book(&mut self, market: &MarketTicker) -> bool {
        self.books.get_mut(market).is_some_and(|followed| followed.read.take().is_some())
    }

    pub(super) fn forget_books(&mut self) {
        self.books.values_mut().for_each(|followed| followed.read = None);
    }

    /// The books that were told and have not been read for too long; each once.
    pub(super) fn take_old(&mut self, now: Monotonic, too_old: Duration) -> Vec<MarketTicker> {
        let is_old = |followed: &Followed| followed.read.is_some_and(|read| now.since(read) > too_old);
        self.books
            .iter_mut()
            .filter(|(_, followed)| is_old(followed))
            .map(|(market, followed)| {
                followed.read = None;
                market.clone()
            })
            .collect()
    }
}

/// Whether a book is worth reading often; one of which nothing is known is.
fn is_near(quote: Option<Quote>) -> bool {
    let Some(quote) = quote else { return true };
    let (from, to) = NEAR;
    [quote.bid, quote.ask].into_iter().flatten().any(|level| from <= level.price && level.price <= to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::market::Level;
    use recio_core::units::Quantity;

    fn at(seconds: u64) -> Monotonic {
        Monotonic(seconds * 1_000_000)
    }

    fn market(name: &str) -> MarketTicker {
        name.parse().unwrap()
    }

    fn quote(bid: u16, ask: u16) -> Quote {
        let level = |cents| Some(Level { price: Price::cents(cents), quantity: Quantity::contracts(1) });
        Quote { bid: level(bid), ask: level(ask) }
    }

    #[test]
    fn what_is_near_the_money_is_read_more_often() {
        let (mut plan, limits) = (Plan::default(), PollLimits::default());
        plan.follow(&["A", "B", "C"].map(market).into_iter().collect());
        plan.quoted(&market("A"), Quote { bid: None, ask: quote(1, 1).ask });
        plan.quoted(&market("B"), quote(40, 42));
        plan.quoted(&market("C"), quote(99, 99));
        let mut reads = BTreeMap::new();
        for second in 0..60 {
            while let Some(next) = plan.next_book(at(second)) {
                plan.book_asked(&next, at(second), &limits);
                *reads.entry(next).or_insert(0) += 1;
            }
        }
        assert_eq!(reads, BTreeMap::from([(market("A"), 2), (market("B"), 60), (market("C"), 2)]));
        plan.quoted(&market("A"), quote(5, 6));
        assert_eq!(plan.next_book(at(59)), Some(market("A")), "it has come near");
    }

    #[test]
    fn what_is_too_old_is_told_once() {
        let mut plan = Plan::default();
        plan.follow(&[market("A")].into());
        assert!(plan.take_old(at(100), Duration::from_secs(8)).is_empty(), "it was never told");
        plan.book_read(&market("A"), at(100));
        assert!(plan.take_old(at(108), Duration::from_secs(8)).is_empty());
        assert_eq!(plan.take_old(at(109), Duration::from_secs(8)), [market("A")]);
        assert!(plan.take_old(at(120), Duration::from_secs(8)).is_empty());
        assert!(!plan.forget_book(&market("A")));
    }
}
