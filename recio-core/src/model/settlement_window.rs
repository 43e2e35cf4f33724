//! The settlement window: the 60 index prints whose mean settles every market that closes at one time.
//!
//! The value is the mean of the index's prints stamped T−60 s to T−1 s, rounded half up to the cent, T being the close. Source: the rules
//! of Kalshi's crypto markets ("60 RTI prices"); verified against recorded windows of September 2026 in this file's tests.

use super::PriceWindow;
use crate::price_feed::PriceKind;
use crate::units::{AssetPrice, Timestamp, from_micros, micros};
use serde::{Deserialize, Serialize};

/// How many prints settle a market: one a second.
pub const PRINTS: usize = 60;

/// For how long after its second a stand-in print may still be improved by a trade that arrives late.
const STAND_IN_OPEN_US: i64 = 5_000_000;

/// The settlement value of 60 prints: their mean in cents, rounded half up, `(2·Σ + 60) div 120`.
#[must_use]
pub fn settlement_value(prints: &[AssetPrice; PRINTS]) -> AssetPrice {
    let sum: u64 = prints.iter().map(|price| price.cents()).sum();
    AssetPrice::from_cents((2 * sum + 60) / 120).expect("a mean of prices lies between the least and the greatest")
}

/// The prints of one close that have been seen so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SettlementWindow {
    close: Timestamp,
    kind: PriceKind,
    prints: [Option<AssetPrice>; PRINTS],
}

/// What became of a price offered as a print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banked {
    /// It is a print of this window.
    Kept,
    /// It was there already.
    Duplicate,
    /// There was another price for the same second; the new one counts. Worth an alarm if it is the index.
    Replaced {
        /// The price that was there.
        previous: AssetPrice,
    },
    /// It is not stamped on one of the window's 60 seconds.
    NotAPrint,
}

impl SettlementWindow {
    /// Makes a window without prints. `kind` says whether its prints will be the index's or a stand-in's.
    #[must_use]
    pub const fn new(close: Timestamp, kind: PriceKind) -> Self {
        Self { close, kind, prints: [None; PRINTS] }
    }

    /// When the markets close.
    #[must_use]
    pub const fn close(&self) -> Timestamp {
        self.close
    }

    /// Whose prints these are.
    #[must_use]
    pub const fn kind(&self) -> PriceKind {
        self.kind
    }

    /// Banks a print, by the source's own time stamp; in any order.
    pub fn push(&mut self, source_time: Timestamp, price: AssetPrice) -> Banked {
        let Some(place) = self.place(source_time) else { return Banked::NotAPrint };
        match self.prints[place].replace(price) {
            None => Banked::Kept,
            Some(previous) if previous == price => Banked::Duplicate,
            Some(previous) => Banked::Replaced { previous },
        }
    }

    /// Fills a stand-in's seconds from its trades: each gets the last price at or before it, if that is at most five seconds old.
    ///
    /// Seconds of the last five seconds are looked up again, as a trade may arrive late. Does nothing to a window of index prints.
    pub fn sample(&mut self, prices: &PriceWindow, now: Timestamp) {
        if self.kind == PriceKind::Index {
            return;
        }
        for place in 0..PRINTS {
            let time_us = self.time_us(place);
            let settled = self.prints[place].is_some() && time_us < micros(now) - STAND_IN_OPEN_US;
            if time_us > micros(now) || settled {
                continue;
            }
            let price = from_micros(time_us).ok().and_then(|time| prices.price_at(time));
            if let Some((_, price)) = price {
                self.prints[place] = Some(price);
            }
        }
    }

    /// How many prints are there.
    #[must_use]
    pub fn banked(&self) -> usize {
        self.prints.iter().flatten().count()
    }

    /// The mean of the prints that are there, in dollars; for display. `None` if there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "60")]
    pub fn mean_usd(&self) -> Option<f64> {
        let count = self.banked();
        (count > 0).then(|| self.prints.iter().flatten().map(|price| price.as_f64()).sum::<f64>() / count as f64)
    }

    /// The mean of all 60 prints, rounded as the exchange does; `None` while one is missing.
    ///
    /// Of stand-in prints it is an estimate, not what settles: look at [`kind`](Self::kind).
    #[must_use]
    pub fn value(&self) -> Option<AssetPrice> {
        let mut prints = [AssetPrice::from_cents(1).ok()?; PRINTS];
        for (all, print) in prints.iter_mut().zip(self.prints) {
            *all = print?;
        }
        Some(settlement_value(&prints))
    }

    /// All 60 seconds, in order, as seconds before (negative) the close, with their prints.
    #[expect(clippy::cast_precision_loss, reason = "60")]
    pub(super) fn seconds(&self) -> impl Iterator<Item = (f64, Option<AssetPrice>)> + '_ {
        self.prints.iter().enumerate().map(|(place, &print)| (place as f64 - PRINTS as f64, print))
    }

    /// The print of T − (60 − `place`) seconds.
    pub(super) fn print(&self, place: usize) -> Option<AssetPrice> {
        self.prints.get(place).copied().flatten()
    }

    fn time_us(&self, place: usize) -> i64 {
        micros(self.close) - (PRINTS - place) as i64 * 1_000_000
    }

    fn place(&self, time: Timestamp) -> Option<usize> {
        let since_first = micros(time) - self.time_us(0);
        let place = usize::try_from(since_first / 1_000_000).ok()?;
        (since_first >= 0 && since_first % 1_000_000 == 0 && place < PRINTS).then_some(place)
    }
}

/// The stored form: serde does not know arrays of 60.
#[derive(Serialize, Deserialize)]
struct Stored {
    close: Timestamp,
    kind: PriceKind,
    prints: Vec<Option<AssetPrice>>,
}

impl From<SettlementWindow> for Stored {
    fn from(window: SettlementWindow) -> Self {
        Self { close: window.close, kind: window.kind, prints: window.prints.to_vec() }
    }
}

impl TryFrom<Stored> for SettlementWindow {
    type Error = String;
    fn try_from(stored: Stored) -> Result<Self, String> {
        let prints = <[_; PRINTS]>::try_from(stored.prints)
            .map_err(|prints| format!("a stored settlement window has {} places, not {PRINTS}", prints.len()))?;
        Ok(Self { close: stored.close, kind: stored.kind, prints })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    struct Recorded {
        expirations: Vec<Expiration>,
    }

    #[derive(Deserialize)]
    struct Expiration {
        close_time: Timestamp,
        expiration_value: AssetPrice,
        kalshi_last_60s_windowed_average_15min: f64,
        brti_1hz_cents: BTreeMap<String, u64>,
    }

    impl Expiration {
        fn prints(&self) -> impl Iterator<Item = (Timestamp, AssetPrice)> {
            self.brti_1hz_cents.iter().map(|(second, &cents)| {
                (Timestamp::from_second(second.parse().unwrap()).unwrap(), AssetPrice::from_cents(cents).unwrap())
            })
        }

        fn window(&self) -> SettlementWindow {
            let mut window = SettlementWindow::new(self.close_time, PriceKind::Index);
            for (time, price) in self.prints() {
                let inside = (-60..0).contains(&time.duration_since(self.close_time).as_secs());
                assert_eq!(window.push(time, price), if inside { Banked::Kept } else { Banked::NotAPrint });
            }
            window
        }
    }

    fn recorded() -> Vec<Expiration> {
        let text = include_str!("../../tests/data/prod_brti_settlement_windows_2026-09-25.json");
        let recorded: Recorded = serde_json::from_str(text).unwrap();
        assert_eq!(recorded.expirations.len(), 2);
        recorded.expirations
    }

    #[test]
    fn recorded_windows_give_the_recorded_values() {
        for expiration in recorded() {
            assert_eq!(expiration.window().value(), Some(expiration.expiration_value), "{}", expiration.close_time);
        }
    }

    #[test]
    fn the_streamed_average_is_of_one_second_later() {
        // The exchange streams the mean of T−59 s to T; it is not what settles.
        for expiration in recorded() {
            let later = expiration.close_time + SignedDuration::from_secs(1);
            let mut window = SettlementWindow::new(later, PriceKind::Index);
            for (time, price) in expiration.prints() {
                window.push(time, price);
            }
            let mean = window.mean_usd().unwrap();
            assert_eq!(window.banked(), 60);
            assert!((mean - expiration.kalshi_last_60s_windowed_average_15min).abs() < 1e-6, "{mean}");
        }
    }

    #[test]
    fn half_a_cent_goes_up() {
        let cents = |cents| AssetPrice::from_cents(cents).unwrap();
        let mut prints = [cents(100); 60];
        prints[..29].fill(cents(101));
        assert_eq!(settlement_value(&prints), cents(100));
        prints[29] = cents(101);
        assert_eq!(settlement_value(&prints), cents(101));
    }

    #[test]
    fn a_missing_print_leaves_no_value_and_a_snapshot_keeps_all() {
        let expiration = &recorded()[0];
        let mut window = SettlementWindow::new(expiration.close_time, PriceKind::Index);
        for (time, price) in expiration.prints().filter(|(time, _)| time.as_second() % 60 != 30) {
            window.push(time, price);
        }
        assert_eq!((window.banked(), window.value()), (59, None));
        let (time, price) = expiration.prints().nth(10).unwrap();
        assert_eq!(window.push(time, price), Banked::Duplicate);
        let other = AssetPrice::from_cents(1).unwrap();
        assert_eq!(window.push(time, other), Banked::Replaced { previous: price });
        assert_eq!(window.push(time + SignedDuration::from_millis(200), price), Banked::NotAPrint);
        let stored = postcard::to_stdvec(&window).unwrap();
        assert_eq!(postcard::from_bytes::<SettlementWindow>(&stored), Ok(window));
    }

    #[test]
    fn a_stand_in_takes_the_last_trade_of_each_second() {
        let close: Timestamp = "2026-05-13T13:00:00Z".parse().unwrap();
        let before = |millis: i64| close - SignedDuration::from_millis(millis);
        let cents = |cents| AssetPrice::from_cents(cents).unwrap();
        let mut prices = PriceWindow::new();
        prices.push(before(60_400), cents(100));
        prices.push(before(58_900), cents(200));
        let mut window = SettlementWindow::new(close, PriceKind::StandIn);
        window.sample(&prices, before(58_000));
        let prints: Vec<_> = window.seconds().take(4).map(|(_, print)| print.map(AssetPrice::cents)).collect();
        assert_eq!(prints, [Some(100), Some(100), Some(200), None]);
        // A trade of T−59.5 s comes late and is put right.
        prices.push(before(59_500), cents(150));
        window.sample(&prices, before(57_500));
        assert_eq!(window.seconds().nth(1), Some((-59.0, Some(cents(150)))));
        // With no trade for more than five seconds there is no print.
        window.sample(&prices, close);
        assert_eq!(window.banked(), 7);
        let mut index = SettlementWindow::new(close, PriceKind::Index);
        index.sample(&prices, close);
        assert_eq!(index.banked(), 0);
    }
}
