//! Bars from a feed's own prices: what the next run warms up with.

use crate::local_cache::KeptBar;
use crate::model::Bar;
use crate::price_feed::{FeedAbout, PriceTick, Resolution};
use crate::units::{from_micros, micros};
use std::collections::BTreeMap;

/// Bars that wait to be kept: half an hour of seconds of one feed. Then the newest are left out; the next run reads them elsewhere.
const MAX_BARS: usize = 2_000;
/// A minute whose first price comes later than this into it, or whose last comes earlier than this before its end, was not watched whole.
const EDGE_US: i64 = 10_000_000;

/// Makes bars of a second and of a minute of prices as they come.
///
/// A second's bar is what was printed in it. A minute's is kept only where the feed was heard from its beginning to its end. What nobody
/// [takes](Self::take) is left out beyond 2,000 bars.
#[derive(Debug, Default)]
pub struct BarKeeper {
    running: BTreeMap<(String, u8), Running>,
    over: Vec<KeptBar>,
    newest: BTreeMap<String, (FeedAbout, PriceTick)>,
}

/// A bar that is not over.
#[derive(Debug)]
struct Running {
    bar: Bar,
    first_us: i64,
    last_us: i64,
}

const LENGTHS: [(Resolution, u8, i64); 2] = [(Resolution::Second, 0, 1_000_000), (Resolution::Minute, 1, 60_000_000)];

impl BarKeeper {
    /// Takes a price. One that is older than the newest of its feed is left out.
    pub fn push(&mut self, source: &FeedAbout, tick: PriceTick) {
        let name = format!("{}/{}", source.asset, source.source);
        let at = micros(tick.exchange_time);
        for (resolution, kind, length) in LENGTHS {
            let start_us = at.div_euclid(length) * length;
            let Ok(start) = from_micros(start_us) else { continue };
            let price = tick.price;
            let new = || Running {
                bar: Bar { start, open: price, high: price, low: price, close: price },
                first_us: at,
                last_us: at,
            };
            let running = self.running.entry((name.clone(), kind)).or_insert_with(new);
            if start < running.bar.start || at < running.last_us {
                continue;
            }
            if start > running.bar.start {
                let over = std::mem::replace(running, new());
                if over.is_whole(length) && self.over.len() < MAX_BARS {
                    self.over.push(KeptBar { source: source.clone(), resolution, bar: over.bar });
                }
                continue;
            }
            let bar = &mut running.bar;
            (bar.high, bar.low, bar.close) = (bar.high.max(price), bar.low.min(price), price);
            running.last_us = at;
        }
        let newest = self.newest.entry(name).or_insert_with(|| (source.clone(), tick));
        if newest.1.exchange_time <= tick.exchange_time {
            *newest = (source.clone(), tick);
        }
    }

    /// The feed was not heard for a while: what runs is not whole.
    pub fn interrupted(&mut self, source: &FeedAbout) {
        let name = format!("{}/{}", source.asset, source.source);
        self.running.retain(|(of, _), _| *of != name);
    }

    /// Hands out the bars that are over, and the newest price of each feed that had one since.
    #[must_use]
    pub fn take(&mut self) -> (Vec<KeptBar>, Vec<(FeedAbout, PriceTick)>) {
        (std::mem::take(&mut self.over), std::mem::take(&mut self.newest).into_values().collect())
    }

    /// Takes bars back that could not be kept; they come before newer ones.
    pub fn give_back(&mut self, mut bars: Vec<KeptBar>) {
        bars.append(&mut self.over);
        bars.truncate(MAX_BARS);
        self.over = bars;
    }
}

impl Running {
    /// A second is what was printed in it. A minute counts by its close, so it must have been watched from its beginning to its end.
    fn is_whole(&self, length: i64) -> bool {
        let start = micros(self.bar.start);
        length < 60_000_000 || (self.first_us < start + EDGE_US && self.last_us >= start + length - EDGE_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Asset;
    use crate::price_feed::PriceKind;
    use crate::units::{AssetPrice, Timestamp};

    fn source() -> FeedAbout {
        FeedAbout { source: "BRTI".to_owned(), asset: Asset::Btc, kind: PriceKind::Index }
    }

    fn tick(millis: i64, cents: u64) -> PriceTick {
        let exchange_time = Timestamp::from_millisecond(millis).unwrap();
        PriceTick { price: AssetPrice::from_cents(cents).unwrap(), exchange_time }
    }

    #[test]
    fn seconds_and_whole_minutes_are_kept_under_their_sources_name() {
        let mut keeper = BarKeeper::default();
        // From the middle of a minute on: that one is not whole.
        for second in 30..200 {
            keeper.push(&source(), tick(second * 1_000 + 200, 100 + u64::try_from(second).unwrap()));
        }
        let (bars, newest) = keeper.take();
        let of = |resolution| bars.iter().filter(move |kept| kept.resolution == resolution).collect::<Vec<_>>();
        assert_eq!(of(Resolution::Second).len(), 169, "the running one is not over");
        let minutes: Vec<_> =
            of(Resolution::Minute).iter().map(|kept| (kept.bar.start.as_second(), kept.bar)).collect();
        assert_eq!(minutes.iter().map(|(start, _)| *start).collect::<Vec<_>>(), [60, 120]);
        let bar = minutes[0].1;
        assert_eq!([bar.open, bar.high, bar.low, bar.close].map(|price| price.cents()), [160, 219, 160, 219]);
        assert!(bars.iter().all(|kept| kept.source == source() && kept.bar.checked().is_ok()));
        assert_eq!(newest, [(source(), tick(199_200, 299))]);
        assert!(keeper.take().1.is_empty(), "nothing new");
    }

    #[test]
    fn a_minute_with_a_break_in_it_is_none_and_a_late_price_changes_nothing() {
        let mut keeper = BarKeeper::default();
        for second in (0..40).chain(65..130) {
            if second == 65 {
                keeper.interrupted(&source());
            }
            keeper.push(&source(), tick(second * 1_000, 100));
            keeper.push(&source(), tick(second * 1_000 - 5_000, 999));
        }
        let (bars, _) = keeper.take();
        let minutes: Vec<_> = bars.iter().filter(|kept| kept.resolution == Resolution::Minute).collect();
        assert_eq!(minutes.len(), 1);
        assert_eq!((minutes[0].bar.start.as_second(), minutes[0].bar.high.cents()), (60, 100));
    }
}
