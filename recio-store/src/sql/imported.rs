//! Prices that another program logged.

use super::connection::Connection;
use super::lease::held;
use super::query::{Query, readable};
use crate::v2::{PriceRow, PriceSums};
use recio_core::store::StoreError;
use recio_core::units::{Money, micros};
use sqlx::AssertSqlSafe;

/// Rows of one statement: 13 values each, far from what either database takes.
const TOGETHER: usize = 200;

/// Adds prices that are not there yet, all or none. Returns how many were added.
pub(crate) async fn add_prices(connection: &mut Connection, rows: &[PriceRow], epoch: u64) -> Result<u64, StoreError> {
    held(connection, epoch, async |connection, _| {
        let mut added = 0;
        for some in rows.chunks(TOGETHER) {
            added += add_some(connection, some).await?;
        }
        Ok(added)
    })
    .await
}

async fn add_some(connection: &mut Connection, rows: &[PriceRow]) -> Result<u64, StoreError> {
    let places = |row: usize| {
        let places: Vec<String> = (1..=13).map(|column| format!("${}", row * 13 + column)).collect();
        format!("({})", places.join(", "))
    };
    let values: Vec<String> = (0..rows.len()).map(places).collect();
    let sql = format!(
        "INSERT INTO imported_prices (origin, asset, time_us, written, price_micros, mean_micros, momentum, change_1m, change_2m, change_3m, \
         change_4m, change_15m, change_30m) VALUES {} ON CONFLICT (origin, asset, time_us) DO NOTHING",
        values.join(", ")
    );
    let mut query = Query::new(AssertSqlSafe(sql));
    for row in rows {
        query = query
            .text(row.origin.as_str())
            .text(row.asset)
            .integer(micros(row.time))
            .text(readable(&row.written))
            .integer(row.price.micros())
            .optional_integer(row.mean.map(Money::micros))
            .optional_real(row.momentum);
        for change in row.changes {
            query = query.optional_real(change);
        }
    }
    query.execute(connection).await
}

/// The times of the prices of an asset from the first to the last of these.
pub(crate) async fn price_times(
    connection: &mut Connection,
    origin: &str,
    asset: &str,
    (first, last): (i64, i64),
) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT time_us FROM imported_prices WHERE origin = $1 AND asset = $2 AND time_us BETWEEN $3 AND $4";
    let query = Query::new(sql).text(origin.to_owned()).text(asset.to_owned()).integer(first).integer(last);
    query.fetch_all(connection).await?.iter().map(|row| row.integer("time_us")).collect()
}

/// Counts and sums of the prices of an asset, by day in UTC.
pub(crate) async fn price_sums(
    connection: &mut Connection,
    origin: &str,
    asset: &str,
) -> Result<PriceSums, StoreError> {
    // By day, so that no sum leaves 64 bits: 86,400 prices of less than 100 million dollars.
    let sql = "SELECT count(*) AS prices, CAST(sum(price_micros) AS BIGINT) AS total FROM imported_prices \
               WHERE origin = $1 AND asset = $2 GROUP BY time_us / 86400000000";
    let query = Query::new(sql).text(origin.to_owned()).text(asset.to_owned());
    let mut sums = PriceSums::default();
    for row in query.fetch_all(connection).await? {
        sums.count += u64::try_from(row.integer("prices")?).unwrap_or(0);
        sums.total_micros += i128::from(row.integer("total")?);
    }
    Ok(sums)
}
