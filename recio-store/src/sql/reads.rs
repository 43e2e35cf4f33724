//! The tables read back. What is shown is made from the facts that the tables point to, so that nothing is lost to rounded columns.

use super::connection::Connection;
use super::error::{table_damaged, unsigned};
use super::query::{Query, Row};
use super::rows::{fact_columns, read};
use super::tables::position;
use super::transaction::{READ, transaction};
use crate::projections::order_row;
use recio_core::fact::{Fact, FactBody};
use recio_core::store::{OrderRow, PositionRow, StoreError};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::{ExchangeOrderId, MarketTicker};
use std::collections::BTreeMap;

pub(crate) async fn trades(connection: &mut Connection) -> Result<Vec<Trade>, StoreError> {
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        " FROM trades t JOIN facts f ON f.sequence = t.sequence ORDER BY t.first_sequence DESC"
    );
    bodies(connection, sql, "trades", |body| if let FactBody::Trade(trade) = body { Some(trade) } else { None }).await
}

pub(crate) async fn fills(connection: &mut Connection) -> Result<Vec<Fill>, StoreError> {
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        " FROM fills t JOIN facts f ON f.sequence = t.sequence ORDER BY t.sequence DESC"
    );
    bodies(connection, sql, "fills", |body| if let FactBody::Fill { fill, .. } = body { Some(fill) } else { None })
        .await
}

pub(crate) async fn settlements(connection: &mut Connection) -> Result<Vec<Settlement>, StoreError> {
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        " FROM settlements t JOIN facts f ON f.sequence = t.sequence ORDER BY t.sequence DESC"
    );
    let pick = |body| if let FactBody::Settlement { settlement, .. } = body { Some(settlement) } else { None };
    bodies(connection, sql, "settlements", pick).await
}

pub(crate) async fn orders(connection: &mut Connection) -> Result<Vec<OrderRow>, StoreError> {
    // One transaction, so that both queries see the same orders.
    transaction(connection, READ, async |connection| orders_in(connection).await).await
}

async fn orders_in(connection: &mut Connection) -> Result<Vec<OrderRow>, StoreError> {
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        " FROM orders o JOIN facts f ON f.sequence = o.changed_sequence WHERE o.intent_sequence IS NOT NULL"
    );
    let rows = Query::new(sql).fetch_all(connection).await?;
    let mut changes: BTreeMap<u64, Fact> = BTreeMap::new();
    for row in &rows {
        let stored = read(row)?.stored;
        changes.insert(stored.sequence, stored.fact);
    }
    let sql = concat!(
        "SELECT ",
        fact_columns!(),
        ", o.changed_sequence, o.exchange_order_id FROM orders o JOIN facts f ON f.sequence = o.intent_sequence \
         ORDER BY o.intent_sequence DESC"
    );
    let rows = Query::new(sql).fetch_all(connection).await?;
    rows.iter().map(|row| order(row, &changes)).collect()
}

fn order(row: &Row, changes: &BTreeMap<u64, Fact>) -> Result<OrderRow, StoreError> {
    let stored = read(row)?.stored;
    let wrong = |what: String| table_damaged(stored.sequence, format!("table orders: {what}"));
    let changed = match row.optional_integer("changed_sequence")?.map(unsigned).transpose()? {
        Some(sequence) => Some(changes.get(&sequence).ok_or_else(|| wrong(format!("there is no fact {sequence}")))?),
        None => None,
    };
    let exchange_id = row
        .optional_text("exchange_order_id")?
        .map(|id| ExchangeOrderId::new(&id))
        .transpose()
        .map_err(|error| wrong(error.to_string()))?;
    order_row(&stored.fact, changed, exchange_id).ok_or_else(|| wrong("it points to a fact of another kind".to_owned()))
}

pub(crate) async fn positions(connection: &mut Connection) -> Result<Vec<PositionRow>, StoreError> {
    let sql = "SELECT environment, account, subaccount, exchange_index, market, position_hundredths, cost_micros, fees_micros, settled \
               FROM positions WHERE position_hundredths <> 0";
    let rows = Query::new(sql).fetch_all(connection).await?;
    let mut positions = Vec::with_capacity(rows.len());
    for row in &rows {
        let text = |column: &'static str| row.text(column);
        let number = |column: &'static str| row.integer(column);
        let market = MarketTicker::new(&text("market")?)
            .map_err(|error| table_damaged(0, format!("table positions: {error}")))?;
        let scope = (text("environment")?, text("account")?, number("subaccount")?, number("exchange_index")?);
        positions.push(((market.clone(), scope), position(row)?.row(market)));
    }
    // Sorted here, because databases sort texts by rules of their own.
    positions.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(positions.into_iter().filter_map(|(_, row)| row).collect())
}

/// What the facts of a query hold.
async fn bodies<T>(
    connection: &mut Connection,
    sql: &'static str,
    table: &str,
    pick: impl Fn(FactBody) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    let rows = Query::new(sql).fetch_all(connection).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let stored = read(row)?.stored;
        let picked = pick(stored.fact.body)
            .ok_or_else(|| table_damaged(stored.sequence, format!("table {table} points to a fact of another kind")))?;
        found.push(picked);
    }
    Ok(found)
}
