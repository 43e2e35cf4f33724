//! What one fact makes of the tables. The statements are the same on PostgreSQL.

use super::error::{damaged, signed, store_error};
use super::rows::scoped;
use crate::position::{PositionState, market_of};
use recio_core::fact::{Fact, FactBody};
use recio_core::market::MarketResult;
use recio_core::store::StoreError;
use recio_core::trade::{Fill, Intent, Settlement, Trade};
use recio_core::units::{MarketTicker, Money, Position, Quantity, Rounding, TradeId, micros};
use serde::Serialize;
use sqlx::{Row, SqliteConnection};

/// Brings the tables from just before the fact to just after it.
pub(super) async fn project(connection: &mut SqliteConnection, sequence: u64, fact: &Fact) -> Result<(), StoreError> {
    match &fact.body {
        FactBody::Intent(intent) => put_intent(connection, sequence, fact, intent).await?,
        FactBody::OrderChanged { .. } => put_order_change(connection, sequence, fact).await?,
        FactBody::Fill { fill, trade } => put_fill(connection, sequence, fact, (fill, trade.as_ref())).await?,
        FactBody::Settlement { settlement, version } => {
            put_settlement(connection, sequence, fact, (settlement, *version)).await?;
        }
        FactBody::Trade(trade) => put_trade(connection, sequence, fact, trade).await?,
        FactBody::AccountOpened { .. }
        | FactBody::CashMoved { .. }
        | FactBody::Decision(_)
        | FactBody::Alarm { .. }
        | FactBody::Shadow(_) => {}
    }
    match market_of(fact) {
        Some(market) => put_position(connection, sequence, fact, market).await,
        None => Ok(()),
    }
}

async fn put_intent(
    connection: &mut SqliteConnection,
    sequence: u64,
    fact: &Fact,
    intent: &Intent,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO orders (environment, account, subaccount, exchange_index, client_order_id, intent_sequence, trade, strategy, \
               market, event, close_time_us, side, action, limit_units, quantity_hundredths, time_in_force, post_only, purpose, \
               created_time_us, status, filled_hundredths, updated_time_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'submitting', 0, $20) \
               ON CONFLICT (environment, account, subaccount, exchange_index, client_order_id) DO UPDATE SET \
               intent_sequence = excluded.intent_sequence, trade = excluded.trade, strategy = excluded.strategy, market = excluded.market, \
               event = excluded.event, close_time_us = excluded.close_time_us, side = excluded.side, action = excluded.action, \
               limit_units = excluded.limit_units, quantity_hundredths = excluded.quantity_hundredths, \
               time_in_force = excluded.time_in_force, post_only = excluded.post_only, purpose = excluded.purpose, \
               created_time_us = excluded.created_time_us";
    scoped(sql, fact)
        .bind(intent.client_order_id.as_str())
        .bind(signed(sequence)?)
        .bind(intent.trade.as_str())
        .bind(intent.strategy.as_str())
        .bind(intent.market.as_str())
        .bind(intent.event.as_str())
        .bind(micros(intent.close_time))
        .bind(word(&intent.side)?)
        .bind(word(&intent.action)?)
        .bind(i64::from(intent.limit.units()))
        .bind(quantity(intent.quantity)?)
        .bind(word(&intent.time_in_force)?)
        .bind(i64::from(intent.post_only))
        .bind(word(&intent.purpose)?)
        .bind(micros(intent.created_time))
        .bind(micros(fact.time))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn put_order_change(connection: &mut SqliteConnection, sequence: u64, fact: &Fact) -> Result<(), StoreError> {
    let FactBody::OrderChanged { client_order_id, exchange_id, status, filled, reason } = &fact.body else {
        return Ok(());
    };
    let sql = "INSERT INTO orders (environment, account, subaccount, exchange_index, client_order_id, changed_sequence, exchange_order_id, \
               status, filled_hundredths, reason, updated_time_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (environment, account, subaccount, exchange_index, client_order_id) DO UPDATE SET \
               changed_sequence = excluded.changed_sequence, \
               exchange_order_id = COALESCE(excluded.exchange_order_id, orders.exchange_order_id), status = excluded.status, \
               filled_hundredths = excluded.filled_hundredths, reason = excluded.reason, updated_time_us = excluded.updated_time_us";
    scoped(sql, fact)
        .bind(client_order_id.as_str())
        .bind(signed(sequence)?)
        .bind(exchange_id.as_ref().map(|id| id.as_str()))
        .bind(word(status)?)
        .bind(quantity(*filled)?)
        .bind(reason.as_deref())
        .bind(micros(fact.time))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn put_fill(
    connection: &mut SqliteConnection,
    sequence: u64,
    fact: &Fact,
    (fill, trade): (&Fill, Option<&TradeId>),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO fills (environment, account, subaccount, exchange_index, exchange_order_id, fill_id, sequence, client_order_id, \
               trade, strategy, market, book_side, yes_price_units, quantity_hundredths, fee_micros, liquidity, exchange_time_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    scoped(sql, fact)
        .bind(fill.order.as_str())
        .bind(fill.id.as_str())
        .bind(signed(sequence)?)
        .bind(fill.client_order_id.as_ref().map(|id| id.as_str()))
        .bind(trade.map(|id| id.as_str()))
        .bind(fact.strategy.as_ref().map(|id| id.as_str()))
        .bind(fill.market.as_str())
        .bind(word(&fill.book_side)?)
        .bind(i64::from(fill.yes_price.units()))
        .bind(quantity(fill.quantity)?)
        .bind(fill.fee.micros())
        .bind(word(&fill.liquidity)?)
        .bind(micros(fill.exchange_time))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn put_settlement(
    connection: &mut SqliteConnection,
    sequence: u64,
    fact: &Fact,
    (settlement, version): (&Settlement, u32),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlements (environment, account, subaccount, exchange_index, market, sequence, version, event, result, \
               yes_payout_units, revenue_micros, settled_time_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
               ON CONFLICT (environment, account, subaccount, exchange_index, market) DO UPDATE SET sequence = excluded.sequence, \
               version = excluded.version, event = excluded.event, result = excluded.result, \
               yes_payout_units = excluded.yes_payout_units, revenue_micros = excluded.revenue_micros, \
               settled_time_us = excluded.settled_time_us WHERE excluded.version > settlements.version";
    let result = match settlement.result {
        MarketResult::Yes => "yes",
        MarketResult::No => "no",
        MarketResult::Scalar(_) => "scalar",
    };
    scoped(sql, fact)
        .bind(settlement.market.as_str())
        .bind(signed(sequence)?)
        .bind(i64::from(version))
        .bind(settlement.event.as_str())
        .bind(result)
        .bind(i64::from(settlement.result.yes_payout().units()))
        .bind(settlement.revenue.micros())
        .bind(micros(settlement.settled_time))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn put_trade(
    connection: &mut SqliteConnection,
    sequence: u64,
    fact: &Fact,
    trade: &Trade,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO trades (environment, account, subaccount, exchange_index, trade, first_sequence, sequence, strategy, market, \
               event, close_time_us, side, status, opened_time_us, closed_time_us, entry_reason, entry_probability_units, \
               entry_asset_price_cents, bought_hundredths, sold_hundredths, cost_micros, proceeds_micros, fees_micros, close_reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) \
               ON CONFLICT (environment, account, subaccount, exchange_index, trade) DO UPDATE SET sequence = excluded.sequence, \
               strategy = excluded.strategy, market = excluded.market, event = excluded.event, close_time_us = excluded.close_time_us, \
               side = excluded.side, status = excluded.status, opened_time_us = excluded.opened_time_us, \
               closed_time_us = excluded.closed_time_us, entry_reason = excluded.entry_reason, \
               entry_probability_units = excluded.entry_probability_units, entry_asset_price_cents = excluded.entry_asset_price_cents, \
               bought_hundredths = excluded.bought_hundredths, sold_hundredths = excluded.sold_hundredths, \
               cost_micros = excluded.cost_micros, proceeds_micros = excluded.proceeds_micros, fees_micros = excluded.fees_micros, \
               close_reason = excluded.close_reason";
    let probability = trade.entry_probability.map(|value| i64::from(value.to_price(Rounding::Down).units()));
    let asset_price = trade.entry_asset_price.map(|price| signed(price.cents())).transpose()?;
    let close_reason = trade.close_reason.map(|reason| word(&reason)).transpose()?;
    scoped(sql, fact)
        .bind(trade.id.as_str())
        .bind(signed(sequence)?)
        .bind(trade.strategy.as_str())
        .bind(trade.market.as_str())
        .bind(trade.event.as_str())
        .bind(micros(trade.close_time))
        .bind(word(&trade.side)?)
        .bind(word(&trade.status)?)
        .bind(micros(trade.opened_time))
        .bind(trade.closed_time.map(micros))
        .bind(trade.entry_reason.as_str())
        .bind(probability)
        .bind(asset_price)
        .bind(quantity(trade.bought)?)
        .bind(quantity(trade.sold)?)
        .bind(trade.cost.micros())
        .bind(trade.proceeds.micros())
        .bind(trade.fees.micros())
        .bind(close_reason)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn put_position(
    connection: &mut SqliteConnection,
    sequence: u64,
    fact: &Fact,
    market: &MarketTicker,
) -> Result<(), StoreError> {
    let sql = "SELECT position_hundredths, cost_micros, fees_micros, settled FROM positions \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 AND market = $5";
    let row = scoped(sql, fact).bind(market.as_str()).fetch_optional(&mut *connection).await.map_err(store_error)?;
    let before = row.as_ref().map(position).transpose()?.unwrap_or_default();
    let after = before.after(sequence, fact)?;
    let sql = "INSERT INTO positions (environment, account, subaccount, exchange_index, market, sequence, position_hundredths, cost_micros, \
               fees_micros, settled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
               ON CONFLICT (environment, account, subaccount, exchange_index, market) DO UPDATE SET sequence = excluded.sequence, \
               position_hundredths = excluded.position_hundredths, cost_micros = excluded.cost_micros, \
               fees_micros = excluded.fees_micros, settled = excluded.settled";
    scoped(sql, fact)
        .bind(market.as_str())
        .bind(signed(sequence)?)
        .bind(after.position.hundredths())
        .bind(after.cost.micros())
        .bind(after.fees.micros())
        .bind(i64::from(after.settled))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// The state in a row of positions.
pub(super) fn position(row: &sqlx::sqlite::SqliteRow) -> Result<PositionState, StoreError> {
    let number = |column: &'static str| row.try_get::<i64, _>(column).map_err(store_error);
    Ok(PositionState {
        position: Position::from_hundredths(number("position_hundredths")?)
            .map_err(|error| damaged(0, format!("table positions: {error}")))?,
        cost: Money::from_micros(number("cost_micros")?),
        fees: Money::from_micros(number("fees_micros")?),
        settled: number("settled")? != 0,
    })
}

fn quantity(quantity: Quantity) -> Result<i64, StoreError> {
    signed(quantity.hundredths())
}

/// The word that serde has for a value without fields, so that columns and facts use the same ones.
fn word(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(damaged(0, format!("`{other}` is not a word for a column"))),
        Err(error) => Err(damaged(0, error.to_string())),
    }
}
