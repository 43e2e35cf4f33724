//! The past of a composite: the median of its sources' bars.

use super::{CompositeConfig, is_outlier, median};
use futures_util::future::join_all;
use recio_core::causes::in_full;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedError, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::{AssetPrice, Timestamp};
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Reads the past of several sources at the same time and gives the median of their bars, bar by bar.
///
/// A bar needs `min_sources` that agree. Where fewer sources than that keep bars so old (Kraken keeps 720 minutes), as
/// many as keep them are enough, down to one, and that is logged: an older half that is asked for for ever would never come. A source that cannot
/// be read, or is too slow, counts as one that has them, and so do those that are `gone`. [`Read::Partial`] where fewer sources than needed are complete, or a bar has too few that agree.
///
/// # Errors
/// [`FeedError::NoHistory`] where no source keeps any of this; [`FeedError::Unreachable`] where fewer sources than needed can be read.
///
/// # Cancel safety
/// A dropped read has no effect but its requests.
pub(crate) async fn median_history<'a>(
    sources: impl IntoIterator<Item = &'a mut (dyn PriceFeed + 'static)>,
    gone: usize,
    config: &CompositeConfig,
    range: TimeRange,
    resolution: Resolution,
) -> Result<Read<Vec<Bar>>, FeedError> {
    let within = config.history_within;
    let asked = sources.into_iter().map(|source| async move {
        let name = source.about().source;
        let late = |_| Err(FeedError::Unreachable(format!("no answer within {within:?}").into()));
        let read = timeout(within, source.history(range, resolution)).await.unwrap_or_else(late);
        (name, read)
    });
    let (mut reads, mut troubles, mut last_error, mut keeping) = (Vec::new(), Vec::new(), None, Vec::new());
    for (name, read) in join_all(asked).await {
        match read {
            Err(FeedError::NoHistory) => continue,
            Ok(read) => {
                if let Read::Partial { missing, .. } = &read {
                    troubles.push(missing.clone());
                }
                reads.push(read);
            }
            Err(error) => {
                troubles.push(format!("{name}: {}", in_full(&error)));
                last_error = Some(error);
            }
        }
        keeping.push(name);
    }
    let needed = config.min_sources.min(keeping.len() + gone);
    if needed == 0 {
        return Err(FeedError::NoHistory);
    }
    if reads.len() < needed {
        return Err(last_error.unwrap_or(FeedError::NoHistory));
    }
    if needed < config.min_sources {
        let (of, names) = (config.min_sources, keeping.join(", "));
        tracing::warn!(from = %range.from, to = %range.to, "past prices rest on fewer than {of} sources: only {names} keep them so long");
    }
    Ok(combine(&reads, &CompositeConfig { min_sources: needed, ..*config }, &troubles))
}

/// Combines the sources' bars: for each start the median of opens, highs, lows and closes, of those whose close is no outlier.
///
/// The medians of four columns make a sound bar: where each source's low is below its open, so is the median of the lows.
fn combine(reads: &[Read<Vec<Bar>>], config: &CompositeConfig, troubles: &[String]) -> Read<Vec<Bar>> {
    let mut by_start: BTreeMap<Timestamp, Vec<Bar>> = BTreeMap::new();
    for bar in reads.iter().flat_map(|read| read.got()) {
        by_start.entry(bar.start).or_default().push(*bar);
    }
    let mut thin: Vec<Timestamp> = Vec::new();
    let mut bars = Vec::with_capacity(by_start.len());
    for (start, found) in by_start {
        match middle(start, found, config) {
            Some(bar) => bars.push(bar),
            None => thin.push(start),
        }
    }
    let mut missing = Vec::new();
    if reads.iter().filter(|read| read.is_complete()).count() < config.min_sources {
        let of = config.min_sources;
        missing.push(format!("fewer than {of} sources are complete ({})", troubles.join("; ")));
    }
    if let (Some(first), Some(last)) = (thin.first(), thin.last()) {
        missing.push(format!("{} bars with too few sources that agree, from {first} to {last}", thin.len()));
    }
    if missing.is_empty() { Read::Complete(bars) } else { Read::Partial { got: bars, missing: missing.join("; ") } }
}

fn middle(start: Timestamp, mut found: Vec<Bar>, config: &CompositeConfig) -> Option<Bar> {
    let of = |found: &[Bar], column: fn(&Bar) -> AssetPrice| {
        let mut prices: Vec<AssetPrice> = found.iter().map(column).collect();
        prices.sort_unstable();
        median(&prices)
    };
    let close = of(&found, |bar| bar.close)?;
    found.retain(|bar| !is_outlier(bar.close, close, config.max_deviation_bp));
    if found.len() < config.min_sources {
        return None;
    }
    Some(Bar {
        start,
        open: of(&found, |bar| bar.open)?,
        high: of(&found, |bar| bar.high)?,
        low: of(&found, |bar| bar.low)?,
        close: of(&found, |bar| bar.close)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prop_assert, proptest};

    fn bar(second: i64, cents: [u64; 4]) -> Bar {
        let [open, high, low, close] = cents.map(|cents| AssetPrice::from_cents(cents).unwrap());
        Bar { start: Timestamp::from_second(second).unwrap(), open, high, low, close }
    }

    #[test]
    fn bars_are_medians_of_those_that_agree() {
        let config = CompositeConfig::default();
        let one =
            Read::Complete(vec![bar(0, [10_000, 10_010, 9_990, 10_000]), bar(60, [10_000, 10_000, 10_000, 10_000])]);
        let two = Read::Complete(vec![bar(0, [10_002, 10_012, 9_992, 10_002])]);
        let odd = Read::Complete(vec![bar(0, [20_000, 20_000, 20_000, 20_000])]);
        let Read::Partial { got, missing } = combine(&[one.clone(), two.clone(), odd], &config, &[]) else { panic!() };
        assert_eq!(got, [bar(0, [10_001, 10_011, 9_991, 10_001])]);
        assert!(missing.starts_with("1 bars with too few"), "{missing}");

        let partial = Read::Partial { got: two.got().clone(), missing: "kraken: everything before noon".into() };
        let Read::Partial { missing, .. } =
            combine(&[one, partial], &config, &["kraken: everything before noon".into()])
        else {
            panic!()
        };
        assert!(missing.contains("everything before noon"), "{missing}");
    }

    proptest! {
        #[test]
        fn medians_make_sound_bars(bars in vec((1_000_000_u64..1_001_000, 0_u64..400, 0_u64..400, 0_u64..400), 2..6)) {
            let reads: Vec<Read<Vec<Bar>>> = bars
                .into_iter()
                .map(|(low, open, close, more)| Read::Complete(vec![bar(0, [low + open, low + open.max(close) + more, low, low + close])]))
                .collect();
            let combined = combine(&reads, &CompositeConfig::default(), &[]);
            prop_assert!(combined.got().iter().all(|bar| bar.checked().is_ok()));
            prop_assert!(combined.got().len() == 1);
        }
    }
}
