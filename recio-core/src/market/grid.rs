//! The prices at which orders may lie: bands with a step each.

use crate::units::Price;
use serde::{Deserialize, Serialize};

/// Prices from `start` to `end`, every `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBand {
    /// First price of the band.
    pub start: Price,
    /// Last price of the band.
    pub end: Price,
    /// Distance between two prices.
    pub step: Price,
}

/// A market's price grid: ascending, contiguous bands. It differs between markets and may change while one trades.
///
/// Source: `price_ranges` of the markets endpoint. A price is valid strictly between $0 and $1 and on its band's step; at a boundary both
/// bands' grids hold the point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PriceBand>", into = "Vec<PriceBand>")]
pub struct PriceGrid(Vec<PriceBand>);

/// Why bands are not a grid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// No band at all.
    #[error("a price grid needs at least one band")]
    Empty,
    /// A band without prices, or with a step of zero.
    #[error("the band from {0} to {1} has no prices or no step")]
    BadBand(Price, Price),
    /// Two bands that do not meet.
    #[error("the bands are not contiguous at {0}")]
    Gap(Price),
}

impl PriceGrid {
    /// Makes a grid from the exchange's bands.
    ///
    /// # Errors
    /// No band, an empty band, a step of zero, or bands that do not follow one another.
    pub fn new(bands: Vec<PriceBand>) -> Result<Self, GridError> {
        if bands.is_empty() {
            return Err(GridError::Empty);
        }
        for band in &bands {
            if band.start >= band.end || band.step == Price::ZERO {
                return Err(GridError::BadBand(band.start, band.end));
            }
        }
        if let Some(pair) = bands.windows(2).find(|pair| pair[0].end != pair[1].start) {
            return Err(GridError::Gap(pair[0].end));
        }
        Ok(Self(bands))
    }

    /// Whole cents from $0 to $1, as KXBTCD and KXBTC have it.
    #[must_use]
    pub fn linear_cent() -> Self {
        Self(vec![PriceBand { start: Price::ZERO, end: Price::ONE, step: Price::cents(1) }])
    }

    /// Tenths of a cent below 10 c and above 90 c, whole cents between, as KXBTC15M has it.
    #[must_use]
    pub fn tapered_deci_cent() -> Self {
        let tenth = Price::from_units(10).unwrap_or(Price::ZERO);
        let (low, high) = (Price::cents(10), Price::cents(90));
        Self(vec![
            PriceBand { start: Price::ZERO, end: low, step: tenth },
            PriceBand { start: low, end: high, step: Price::cents(1) },
            PriceBand { start: high, end: Price::ONE, step: tenth },
        ])
    }

    /// The bands, ascending.
    #[must_use]
    pub fn bands(&self) -> &[PriceBand] {
        &self.0
    }

    /// Whether an order may lie at this price.
    #[must_use]
    pub fn contains(&self, price: Price) -> bool {
        price > Price::ZERO
            && price < Price::ONE
            && self.0.iter().any(|band| {
                (band.start..=band.end).contains(&price)
                    && (price.units() - band.start.units()).is_multiple_of(band.step.units())
            })
    }

    /// The highest price of the grid at or below this one.
    #[must_use]
    pub fn at_or_below(&self, price: Price) -> Option<Price> {
        self.0.iter().rev().filter(|band| band.start <= price).find_map(|band| {
            let reach = price.min(band.end).units() - band.start.units();
            let mut on_step = Price::from_units(band.start.units() + reach - reach % band.step.units()).ok()?;
            if on_step == Price::ONE {
                on_step = on_step.checked_sub_units(band.step.units())?;
            }
            self.contains(on_step).then_some(on_step)
        })
    }

    /// The lowest price of the grid at or above this one.
    #[must_use]
    pub fn at_or_above(&self, price: Price) -> Option<Price> {
        if self.contains(price) {
            return Some(price);
        }
        self.0.iter().filter(|band| band.end >= price).find_map(|band| {
            let reach = price.max(band.start).units() - band.start.units();
            let steps = reach.div_ceil(band.step.units()).max(u16::from(band.start == Price::ZERO));
            let on_step = band.start.checked_add_units(steps.checked_mul(band.step.units())?)?;
            (on_step <= band.end && self.contains(on_step)).then_some(on_step)
        })
    }
}

impl TryFrom<Vec<PriceBand>> for PriceGrid {
    type Error = GridError;
    fn try_from(bands: Vec<PriceBand>) -> Result<Self, GridError> {
        Self::new(bands)
    }
}

impl From<PriceGrid> for Vec<PriceBand> {
    fn from(grid: PriceGrid) -> Self {
        grid.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn tapered_grid_has_fine_edges() {
        let grid = PriceGrid::tapered_deci_cent();
        for good in ["0.001", "0.099", "0.10", "0.11", "0.90", "0.901", "0.999"] {
            assert!(grid.contains(good.parse().unwrap()), "{good}");
        }
        for bad in ["0", "1", "0.0005", "0.105", "0.8995", "0.9005"] {
            assert!(!grid.contains(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn broken_bands_are_refused() {
        let band = |start: u16, end: u16, step: u16| PriceBand {
            start: Price::cents(start),
            end: Price::cents(end),
            step: Price::cents(step),
        };
        assert_eq!(PriceGrid::new(vec![]), Err(GridError::Empty));
        assert!(PriceGrid::new(vec![band(0, 100, 0)]).is_err());
        assert!(PriceGrid::new(vec![band(0, 10, 1), band(20, 100, 1)]).is_err());
    }

    proptest! {
        #[test]
        fn rounding_finds_the_nearest_price_of_the_grid(units in 0_u16..=10_000) {
            for grid in [PriceGrid::tapered_deci_cent(), PriceGrid::linear_cent()] {
                let price = Price::from_units(units).unwrap();
                let all = || (0..=10_000).filter_map(|u| Price::from_units(u).ok()).filter(|&p| grid.contains(p));
                prop_assert_eq!(grid.at_or_below(price), all().rfind(|&p| p <= price));
                prop_assert_eq!(grid.at_or_above(price), all().find(|&p| p >= price));
            }
        }
    }
}
