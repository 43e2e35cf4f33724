//! v2's price logs, second by second.

use super::eastern::{Log, Otherwise, Resolved, Written, read, resolve};
use super::finding::{Findings, Problem};
use super::row::{Columns, RawRow};
use crate::sql;
use async_trait::async_trait;
use recio_core::imported::Origin;
use recio_core::store::StoreError;
use recio_core::units::{Money, Timestamp};

/// One price of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRow {
    /// Whose log.
    pub origin: Origin,
    /// `BTC` or `ETH`.
    pub asset: &'static str,
    /// When v2 received it.
    pub time: Timestamp,
    /// The time as v2 wrote it.
    pub written: String,
    /// Dollars.
    pub price: Money,
    /// The mean of the last minute, in dollars.
    pub mean: Option<Money>,
    /// v2's weighted momentum, in percent.
    pub momentum: Option<f64>,
    /// How far the price moved in 1, 2, 3, 4, 15 and 30 minutes, in percent.
    pub changes: [Option<f64>; 6],
}

/// How many prices there are, and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceSums {
    /// How many.
    pub count: u64,
    /// The sum of all, in millionths of a dollar.
    pub total_micros: i128,
}

/// Where prices are kept: observations, beside the facts.
#[async_trait]
pub trait PriceLog: Send + Sync {
    /// Adds those that are not there yet by origin, asset and time, all or none. Returns how many were added.
    ///
    /// # Errors
    /// Nothing was written.
    async fn add_prices(&self, rows: Vec<PriceRow>) -> Result<u64, StoreError>;

    /// The times of an asset's prices from the first to the last of these, in microseconds since 1970.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn price_times(&self, origin: Origin, asset: &'static str, span: (i64, i64)) -> Result<Vec<i64>, StoreError>;

    /// Count and sum of an asset's.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn price_sums(&self, origin: Origin, asset: &'static str) -> Result<PriceSums, StoreError>;
}

macro_rules! price_log {
    ($store:ty, $reads:ident, $read:ident) => {
        #[async_trait]
        impl PriceLog for $store {
            async fn add_prices(&self, rows: Vec<PriceRow>) -> Result<u64, StoreError> {
                let writer = self.writer()?;
                let epoch = writer.epoch();
                let add = async move |connection: &mut _| sql::add_prices(connection, &rows, epoch).await;
                writer.lane().call(add).await
            }

            async fn price_times(
                &self,
                origin: Origin,
                asset: &'static str,
                span: (i64, i64),
            ) -> Result<Vec<i64>, StoreError> {
                let ask =
                    async move |connection: &mut _| sql::price_times(connection, origin.as_str(), asset, span).await;
                self.$reads().$read(ask).await
            }

            async fn price_sums(&self, origin: Origin, asset: &'static str) -> Result<PriceSums, StoreError> {
                let ask = async move |connection: &mut _| sql::price_sums(connection, origin.as_str(), asset).await;
                self.$reads().$read(ask).await
            }
        }
    };
}

#[cfg(feature = "sqlite")]
price_log!(crate::SqliteStore, reader, call);
#[cfg(feature = "postgres")]
price_log!(crate::PostgresStore, readers, read);

const CHANGES: [&str; 6] = ["delta_1m", "delta_2m", "delta_3m", "delta_4m", "delta_15m", "delta_30m"];

/// Reads a log row by row.
#[derive(Debug)]
pub(crate) struct PriceReader {
    asset: &'static str,
    log: Log,
    two_rounds: bool,
}

impl PriceReader {
    /// For a log that has, or has not, rows of both rounds of the hour that repeats in autumn.
    ///
    /// v2's PostgreSQL log has one row for a second of the clock: the second round wrote over the first, so the later moment is meant.
    pub(crate) fn new(asset: &'static str, two_rounds: bool) -> Self {
        Self { asset, log: Log::default(), two_rounds }
    }

    /// A price; `None` where there is no time or no price above zero, which is said.
    pub(crate) fn price(&mut self, row: &RawRow, findings: &mut Findings) -> Option<PriceRow> {
        let mut columns = Columns::new(row, "prices", findings);
        let Some(written) = columns.text("timestamp") else {
            columns.note("timestamp", Problem::TimeMissing);
            return None;
        };
        let resolved = match read(written) {
            Some(Written::Moment(time)) => Some(Resolved { time, how: super::eastern::How::Offset }),
            Some(Written::Clock(clock)) if self.two_rounds => self.log.resolve(clock, true),
            Some(Written::Clock(clock)) => resolve(clock, |_| true, Otherwise::Later),
            Some(Written::TimeOfDay(_)) | None => None,
        };
        let time = columns.resolved("timestamp", resolved);
        let price = columns.dollars("price");
        // 0.0 is what v2 wrote when it had no price.
        if price.is_some_and(|price| price <= Money::ZERO) {
            columns.note("price", Problem::PriceOutOfRange);
        }
        let mean = columns.dollars("one_minute_avg");
        let mut percent = |column: &str| {
            let number = columns.number(column)?;
            // A figure that nothing is bought by; what cannot be a number was said by `number`.
            number.to_string().parse::<f64>().ok()
        };
        let momentum = percent("momentum");
        let changes = CHANGES.map(&mut percent);
        Some(PriceRow {
            origin: Origin::RecIoV2,
            asset: self.asset,
            time: time?,
            written: written.to_owned(),
            price: price.filter(|price| *price > Money::ZERO)?,
            mean,
            momentum,
            changes,
        })
    }
}
