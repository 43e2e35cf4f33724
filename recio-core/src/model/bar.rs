//! A bar: open, high, low and close of a stretch of time.

use crate::units::{AssetPrice, Timestamp};
use serde::{Deserialize, Serialize};

/// Prices of the asset over one second or minute, as [`PriceFeed::history`](crate::price_feed::PriceFeed::history) gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bar {
    /// When it starts. Its close is the price one resolution later.
    pub start: Timestamp,
    /// The first price.
    pub open: AssetPrice,
    /// The highest price.
    pub high: AssetPrice,
    /// The lowest price.
    pub low: AssetPrice,
    /// The last price.
    pub close: AssetPrice,
}

/// A bar whose low is above, or whose high is below, one of its other prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bar of {} has low {} and high {} that do not enclose its open {} and close {}", .0.start, .0.low, .0.high, .0.open, .0.close)]
pub struct InvertedBar(pub Bar);

impl Bar {
    /// Checks that low and high enclose open and close; done to every bar that comes from outside.
    ///
    /// # Errors
    /// They do not.
    pub fn checked(self) -> Result<Self, InvertedBar> {
        let enclosed = self.low <= self.open.min(self.close) && self.high >= self.open.max(self.close);
        if enclosed { Ok(self) } else { Err(InvertedBar(self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_and_high_enclose_the_others() {
        let usd = |text: &str| text.parse::<AssetPrice>().unwrap();
        let start = "2026-05-13T12:59:00Z".parse().unwrap();
        let bar = Bar { start, open: usd("100"), high: usd("103"), low: usd("99"), close: usd("101.50") };
        assert_eq!(bar.checked(), Ok(bar));
        let broken = Bar { high: usd("101"), ..bar };
        assert_eq!(
            broken.checked().unwrap_err().to_string(),
            "the bar of 2026-05-13T12:59:00Z has low 99.00 and high 101.00 that do not enclose its open 100.00 and close 101.50"
        );
    }
}
