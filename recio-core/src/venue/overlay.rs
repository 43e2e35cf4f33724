//! A recorded book with what our accounts took out of it: visible = recorded − taken.

use crate::market::{BookSide, Level};
use crate::units::{Price, Quantity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The recorded levels of one market, and how much of each is no longer there for us.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Overlay {
    bids: BTreeMap<Price, RecordedLevel>,
    asks: BTreeMap<Price, RecordedLevel>,
    /// Levels whose visible quantity may have changed since the last report, with what it was then. Reported within each call, so that there are
    /// none where a venue is written down.
    #[serde(skip)]
    touched: BTreeMap<(BookSide, Price), Quantity>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct RecordedLevel {
    recorded: Quantity,
    taken: Quantity,
}

/// The recording takes more out of a level than lies there, or puts more there than fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadChange {
    /// What lay there.
    pub(super) recorded: Quantity,
}

impl Overlay {
    /// What can still be traded at a price.
    pub(super) fn visible(&self, side: BookSide, price: Price) -> Quantity {
        self.side(side).get(&price).map_or(Quantity::ZERO, RecordedLevel::visible)
    }

    /// The visible levels, best first.
    pub(super) fn levels(&self, side: BookSide) -> impl Iterator<Item = Level> {
        best_first(side, self.side(side))
            .map(|(&price, level)| Level { price, quantity: level.visible() })
            .filter(|level| !level.quantity.is_zero())
    }

    /// The best visible level.
    pub(super) fn best(&self, side: BookSide) -> Option<Level> {
        self.levels(side).next()
    }

    /// Sets what is recorded at a price. What was taken stays taken as far as there is still something to take.
    pub(super) fn set(&mut self, side: BookSide, price: Price, recorded: Quantity) {
        self.touch(side, price);
        let levels = self.side_mut(side);
        if recorded.is_zero() {
            levels.remove(&price);
            return;
        }
        let level = levels.entry(price).or_default();
        level.recorded = recorded;
        level.taken = level.taken.min(recorded);
    }

    /// Changes what is recorded at a price by so many hundredths of a contract.
    pub(super) fn change(&mut self, side: BookSide, price: Price, hundredths: i64) -> Result<(), BadChange> {
        let recorded = self.side(side).get(&price).map_or(Quantity::ZERO, |level| level.recorded);
        let next = recorded
            .hundredths()
            .checked_add_signed(hundredths)
            .and_then(|sum| Quantity::from_hundredths(sum).ok())
            .ok_or(BadChange { recorded })?;
        self.set(side, price, next);
        Ok(())
    }

    /// Takes from what is visible at a price.
    pub(super) fn take(&mut self, side: BookSide, price: Price, quantity: Quantity) {
        self.touch(side, price);
        if let Some(level) = self.side_mut(side).get_mut(&price) {
            level.taken = level.taken.saturating_add(quantity).min(level.recorded);
        }
    }

    /// The prices of one side that are recorded, for replacing them.
    pub(super) fn recorded_prices(&self, side: BookSide) -> Vec<Price> {
        self.side(side).keys().copied().collect()
    }

    /// Recorded and taken quantity of every level of a side, ascending by price.
    pub(super) fn recorded_and_taken(&self, side: BookSide) -> impl Iterator<Item = (Price, Quantity, Quantity)> {
        self.side(side).iter().map(|(&price, level)| (price, level.recorded, level.taken))
    }

    /// Forgets everything: the market closed.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The changes of visible quantity since the last call, in hundredths of a contract.
    pub(super) fn drain_changes(&mut self) -> Vec<(BookSide, Price, i64)> {
        std::mem::take(&mut self.touched)
            .into_iter()
            .map(|((side, price), before)| {
                let now = self.visible(side, price).hundredths().cast_signed();
                (side, price, now - before.hundredths().cast_signed())
            })
            .filter(|&(_, _, change)| change != 0)
            .collect()
    }

    fn touch(&mut self, side: BookSide, price: Price) {
        let before = self.visible(side, price);
        self.touched.entry((side, price)).or_insert(before);
    }

    const fn side(&self, side: BookSide) -> &BTreeMap<Price, RecordedLevel> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    const fn side_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, RecordedLevel> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}

impl RecordedLevel {
    fn visible(&self) -> Quantity {
        self.recorded.saturating_sub(self.taken)
    }
}

/// The levels of a side from its best price on: bids from the highest, asks from the lowest.
pub(super) fn best_first<T>(side: BookSide, levels: &BTreeMap<Price, T>) -> impl Iterator<Item = (&Price, &T)> {
    let (descending, ascending) = match side {
        BookSide::Bid => (Some(levels.iter().rev()), None),
        BookSide::Ask => (None, Some(levels.iter())),
    };
    descending.into_iter().flatten().chain(ascending.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use BookSide::Ask;

    #[test]
    fn what_was_taken_stays_taken_until_the_recording_shrinks_below_it() {
        let (mut overlay, price) = (Overlay::default(), Price::cents(60));
        let mut trace = Vec::new();
        let mut note = |overlay: &mut Overlay, what: &str| {
            let (recorded, taken) = overlay
                .recorded_and_taken(Ask)
                .next()
                .map_or_else(|| (Quantity::ZERO, Quantity::ZERO), |(_, recorded, taken)| (recorded, taken));
            let changes: Vec<i64> = overlay.drain_changes().into_iter().map(|(_, _, change)| change).collect();
            let visible = overlay.visible(Ask, price);
            trace.push(format!(
                "{what:<9} recorded {recorded:>5} taken {taken:>5} visible {visible:>5} told {changes:?}"
            ));
        };
        overlay.set(Ask, price, Quantity::contracts(30));
        note(&mut overlay, "30 lie");
        overlay.take(Ask, price, Quantity::contracts(10));
        note(&mut overlay, "take 10");
        overlay.change(Ask, price, -500).unwrap();
        note(&mut overlay, "5 leave");
        overlay.change(Ask, price, -2_000).unwrap();
        note(&mut overlay, "20 leave");
        overlay.change(Ask, price, 700).unwrap();
        note(&mut overlay, "7 come");
        assert_eq!(overlay.change(Ask, price, -1_201), Err(BadChange { recorded: Quantity::contracts(12) }));
        overlay.change(Ask, price, -1_200).unwrap();
        note(&mut overlay, "12 leave");
        insta::assert_snapshot!(trace.join("\n"), @r#"
        30 lie    recorded 30.00 taken  0.00 visible 30.00 told [3000]
        take 10   recorded 30.00 taken 10.00 visible 20.00 told [-1000]
        5 leave   recorded 25.00 taken 10.00 visible 15.00 told [-500]
        20 leave  recorded  5.00 taken  5.00 visible  0.00 told [-1500]
        7 come    recorded 12.00 taken  5.00 visible  7.00 told [700]
        12 leave  recorded  0.00 taken  0.00 visible  0.00 told [-700]
        "#);
    }
}
