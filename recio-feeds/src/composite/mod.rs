//! The median of several sources as one price: a pure state machine, a thin feed around it, and its history.

mod feed;
mod health;
mod history;
mod price;
#[cfg(test)]
mod tests;

pub use feed::{BadSources, CompositeFeed};
pub use health::{CompositeHealth, SourceHealth, SourceVerdict};
pub use price::{BadComposite, CompositeConfig, CompositePrice};

pub(crate) use history::median_history;

use recio_core::units::AssetPrice;

/// The median of sorted prices: the middle one, or the mean of the middle two, rounded half up to the cent. `None` of nothing.
fn median(sorted: &[AssetPrice]) -> Option<AssetPrice> {
    let middle = sorted.len() / 2;
    let high = sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(*high);
    }
    let low = sorted.get(middle - 1)?;
    AssetPrice::from_cents((low.cents() + high.cents()).div_ceil(2)).ok()
}

/// Whether a price lies further from the middle than so many hundredths of a percent of it.
fn is_outlier(price: AssetPrice, middle: AssetPrice, max_deviation_bp: u32) -> bool {
    u128::from(price.cents().abs_diff(middle.cents())) * 10_000
        > u128::from(max_deviation_bp) * u128::from(middle.cents())
}

#[cfg(test)]
mod median_tests {
    use super::*;

    #[test]
    fn the_middle_one_or_the_mean_of_the_middle_two() {
        let prices =
            |cents: &[u64]| cents.iter().map(|cents| AssetPrice::from_cents(*cents).unwrap()).collect::<Vec<_>>();
        let of = |cents: &[u64]| median(&prices(cents)).map(AssetPrice::cents);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[7, 9, 100]), Some(9));
        assert_eq!(of(&[7, 8]), Some(8), "half a cent goes up");
        assert_eq!(of(&[1, 7, 9, 100]), Some(8));
    }

    #[test]
    fn the_limit_itself_is_no_outlier() {
        let cents = |cents| AssetPrice::from_cents(cents).unwrap();
        assert!(!is_outlier(cents(10_050), cents(10_000), 50));
        assert!(is_outlier(cents(10_051), cents(10_000), 50));
        assert!(is_outlier(cents(9_949), cents(10_000), 50));
    }
}
