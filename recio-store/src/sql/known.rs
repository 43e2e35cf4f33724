//! What a writer knows of its store from the transaction before, so that it does not read again what it wrote itself.

use super::connection::Connection;
use super::error::table_damaged;
use super::rows::scoped;
use crate::books::{Balance, Books, MarketBooks, Payout};
use crate::chain::{GENESIS, next_hash};
use crate::position::PositionState;
use crate::tables::{Before, POSITIONS, SETTLEMENTS, Table, Write, books_of, fact_row, project};
use recio_core::fact::Fact;
use recio_core::market::MarketResult;
use recio_core::store::StoreError;
use recio_core::units::{MarketTicker, Money, Position, Price, from_micros};
use std::sync::{Mutex, PoisonError};

/// The last fact's sequence and hash.
pub(crate) type End = (u64, [u8; 32]);

/// The end of an empty store.
pub(crate) const START: End = (0, GENESIS);

/// Markets whose books are remembered: more than a day has. Where there are more, all are read again.
const MARKETS: usize = 1_000;

/// A store's books after its last fact: those of accounts and markets that came up.
#[derive(Debug)]
pub(crate) struct Known {
    end: End,
    books: Books,
}

/// What is known between two transactions. It is taken out by one that writes, and comes back with its commit alone.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Option<Known>>);

impl Remembered {
    /// What is known of a store with this last fact; nothing of one with another.
    pub(crate) fn take(&self, end: End) -> Known {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        known.filter(|known| known.end == end && known.books.markets() <= MARKETS).unwrap_or_else(|| Known::of(end))
    }

    /// Keeps what a transaction knew at its end, which was committed.
    pub(crate) fn keep(&self, known: Known) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Known {
    /// Nothing but the end.
    pub(crate) fn of(end: End) -> Self {
        Self { end, books: Books::default() }
    }

    /// The sequence of the last fact.
    pub(crate) fn last(&self) -> u64 {
        self.end.0
    }

    /// Reads the books that a fact changes, as far as they are not known. The database must hold all that is known of them.
    pub(crate) async fn read_for(&mut self, connection: &mut Connection, fact: &Fact) -> Result<(), StoreError> {
        let Some(market) = books_of(fact) else { return Ok(()) };
        if !self.books.have_balance(fact) {
            let balance = balance(connection, fact).await?;
            self.books.put_balance(fact, balance);
        }
        if let Some(market) = market
            && !self.books.have_market(fact)
        {
            let books = market_books(connection, fact, market).await?;
            self.books.put_market(fact, market, books);
        }
        Ok(())
    }

    /// Puts a fact at the end. Returns the rows that it makes, its own first.
    pub(crate) fn append(&mut self, fact: &Fact, body: &str, epoch: u64) -> Result<Vec<Write>, StoreError> {
        let (last, previous) = self.end;
        let end = (last + 1, next_hash(&previous, body));
        let mut writes = vec![fact_row(fact, body, (end.0, previous, end.1), epoch)?];
        writes.extend(self.rows(end.0, fact)?);
        self.end = end;
        Ok(writes)
    }

    /// The rows that a fact at this sequence makes, without its own.
    pub(crate) fn rows(&mut self, sequence: u64, fact: &Fact) -> Result<Vec<Write>, StoreError> {
        let (market, balance) = self.books.of(fact);
        let (writes, booked) = project(sequence, fact, &Before { market, balance })?;
        if books_of(fact).is_some() {
            self.books.take(fact, &booked);
        }
        Ok(writes)
    }
}

async fn balance(connection: &mut Connection, fact: &Fact) -> Result<Balance, StoreError> {
    let sql = "SELECT cash_micros, funded_micros, cost_micros, fees_micros, realized_micros FROM balances \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 ORDER BY sequence DESC LIMIT 1";
    let Some(row) = scoped(sql, fact).fetch_optional(connection).await? else { return Ok(Balance::default()) };
    let money = |column: &str| row.integer(column).map(Money::from_micros);
    Ok(Balance {
        cash: money("cash_micros")?,
        funded: money("funded_micros")?,
        cost: money("cost_micros")?,
        fees: money("fees_micros")?,
        realized: money("realized_micros")?,
    })
}

async fn market_books(
    connection: &mut Connection,
    fact: &Fact,
    market: &MarketTicker,
) -> Result<MarketBooks, StoreError> {
    let sql = "SELECT fees_micros, settled, by_fills_hundredths, by_fills_cost_micros, payout_booked FROM positions \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 AND market = $5";
    let row = scoped(sql, fact).text(market.as_str()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(MarketBooks::default()) };
    let wrong =
        |table: &Table, what: String| table_damaged(0, format!("table {}, market {market}: {what}", table.name));
    let by_fills = PositionState {
        position: Position::from_hundredths(row.integer("by_fills_hundredths")?)
            .map_err(|error| wrong(&POSITIONS, error.to_string()))?,
        cost: Money::from_micros(row.integer("by_fills_cost_micros")?),
        fees: Money::from_micros(row.integer("fees_micros")?),
        settled: false,
    };
    if row.integer("settled")? == 0 {
        return Ok(MarketBooks { by_fills, payout: None, booked: false });
    }
    let sql = "SELECT version, result, yes_payout_units, revenue_micros, settled_time_us FROM settlements \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 AND market = $5";
    let paid = scoped(sql, fact).text(market.as_str()).fetch_optional(connection).await?;
    let paid = paid.ok_or_else(|| wrong(&SETTLEMENTS, "the payout is missing".to_owned()))?;
    let wrong = |what: String| wrong(&SETTLEMENTS, what);
    let result = match (paid.text("result")?.as_str(), paid.integer("yes_payout_units")?) {
        ("yes", _) => MarketResult::Yes,
        ("no", _) => MarketResult::No,
        (_, units) => {
            let price = u16::try_from(units).ok().and_then(|units| Price::from_units(units).ok());
            MarketResult::Scalar(price.ok_or_else(|| wrong(format!("a payout of {units} units")))?)
        }
    };
    let payout = Payout {
        version: u32::try_from(paid.integer("version")?).map_err(|error| wrong(error.to_string()))?,
        result,
        revenue: Money::from_micros(paid.integer("revenue_micros")?),
        time: from_micros(paid.integer("settled_time_us")?).map_err(|error| wrong(error.to_string()))?,
    };
    Ok(MarketBooks { by_fills, payout: Some(payout), booked: row.integer("payout_booked")? != 0 })
}
