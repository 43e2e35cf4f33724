//! What one fact writes into the tables.

use super::list::{
    ALARMS, BALANCES, DECISIONS, FILLS, LEDGER_ENTRIES, ORDER_EVENTS, ORDERS, POSITIONS, SETTLEMENTS, SHADOW_ORDERS,
    TRADES,
};
use super::{Write, signed};
use crate::books::{Balance, Booked, MarketBooks, Payout, book, market_of};
use recio_core::engine::{DecisionRecord, Verdict, Wanted};
use recio_core::fact::{Fact, FactBody, ShadowOrder};
use recio_core::market::{Level, MarketResult};
use recio_core::model::Fair;
use recio_core::store::{DamagedPart, StoreError};
use recio_core::trade::{Fill, Intent, LedgerAccount, OrderStatus, Settlement, Trade};
use recio_core::units::{MarketTicker, Probability, Quantity, Rounding, TradeId, micros};
use serde::Serialize;

/// What a fact's rows depend on, from just before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Before {
    /// The books of [`market_of`] the fact.
    pub(crate) market: MarketBooks,
    /// The account's balances.
    pub(crate) balance: Balance,
}

/// Whether a fact's rows depend on the books, and on which market of them.
pub(crate) fn books_of(fact: &Fact) -> Option<Option<&MarketTicker>> {
    match &fact.body {
        FactBody::AccountOpened { .. } | FactBody::CashMoved { .. } => Some(None),
        FactBody::Fill { .. } | FactBody::Settlement { .. } => Some(market_of(fact)),
        FactBody::Intent(_)
        | FactBody::OrderChanged { .. }
        | FactBody::Trade(_)
        | FactBody::Decision(_)
        | FactBody::Alarm { .. }
        | FactBody::Shadow(_)
        | FactBody::Imported(_) => None,
    }
}

/// The rows that a fact writes, in order, and what it did to the books.
///
/// # Errors
/// [`StoreError::Damaged`] where a number does not fit its column, or the books would leave the range of numbers.
pub(crate) fn project(sequence: u64, fact: &Fact, before: &Before) -> Result<(Vec<Write>, Booked), StoreError> {
    let place = Place { sequence: signed(sequence)?, fact };
    let booked = book(sequence, fact, before.market.clone(), before.balance)?;
    let mut writes = match &fact.body {
        FactBody::Intent(intent) => vec![place.intent(intent)?, place.submitting(intent)],
        FactBody::OrderChanged { .. } => place.order_change()?,
        FactBody::Fill { fill, trade } => vec![place.fill(fill, trade.as_ref())?],
        FactBody::Settlement { settlement, version } => place.settlement(settlement, *version, before)?,
        FactBody::Trade(trade) => vec![place.trade(trade)?],
        FactBody::Decision(decision) => place.decision(decision)?,
        FactBody::Alarm { text } => vec![place.alarm(text)],
        FactBody::Shadow(order) => vec![place.shadow_order(order)?],
        FactBody::Imported(imported) => vec![super::imported::record(place.sequence, fact, imported)?],
        FactBody::AccountOpened { .. } | FactBody::CashMoved { .. } => Vec::new(),
    };
    if let (Some(market), Some(books)) = (market_of(fact), &booked.market) {
        writes.push(place.position(market, books));
    }
    writes.extend(place.ledger_entries(&booked)?);
    if !booked.lines.is_empty() {
        writes.push(place.balances(&booked.balance));
    }
    Ok((writes, booked))
}

/// A fact at its place.
#[derive(Clone, Copy)]
struct Place<'f> {
    sequence: i64,
    fact: &'f Fact,
}

impl Place<'_> {
    fn strategy(&self) -> Option<&str> {
        self.fact.strategy.as_ref().map(|strategy| strategy.as_str())
    }

    /// A row that belongs to this fact alone.
    fn row(&self, table: &'static super::Table) -> Write {
        Write::new(table, self.fact).integer("sequence", self.sequence)
    }

    fn intent(&self, intent: &Intent) -> Result<Write, StoreError> {
        Ok(Write::new(&ORDERS, self.fact)
            .text("client_order_id", intent.client_order_id.as_str())
            .integer("intent_sequence", self.sequence)
            .text("trade", intent.trade.as_str())
            .text("strategy", intent.strategy.as_str())
            .text("market", intent.market.as_str())
            .text("event", intent.event.as_str())
            .integer("close_time_us", micros(intent.close_time))
            .text("side", &word(&intent.side)?)
            .text("action", &word(&intent.action)?)
            .integer("limit_units", i64::from(intent.limit.units()))
            .count("quantity_hundredths", intent.quantity.hundredths())?
            .text("time_in_force", &word(&intent.time_in_force)?)
            .integer("post_only", i64::from(intent.post_only))
            .text("purpose", &word(&intent.purpose)?)
            .integer("created_time_us", micros(intent.created_time))
            // A change of the order may have come first.
            .once()
            .text("status", &word(&OrderStatus::Submitting)?)
            .integer("filled_hundredths", 0)
            .integer("updated_time_us", micros(self.fact.time)))
    }

    fn submitting(&self, intent: &Intent) -> Write {
        self.row(&ORDER_EVENTS)
            .integer("time_us", micros(self.fact.time))
            .text("client_order_id", intent.client_order_id.as_str())
            .optional_text("exchange_order_id", None)
            .text("status", "submitting")
            .integer("filled_hundredths", 0)
            .optional_text("reason", None)
    }

    fn order_change(&self) -> Result<Vec<Write>, StoreError> {
        let FactBody::OrderChanged { client_order_id, exchange_id, status, filled, reason } = &self.fact.body else {
            return Ok(Vec::new());
        };
        let (status, filled) = (word(status)?, signed(filled.hundredths())?);
        let mut order = Write::new(&ORDERS, self.fact)
            .text("client_order_id", client_order_id.as_str())
            .integer("changed_sequence", self.sequence)
            .text("status", &status)
            .integer("filled_hundredths", filled)
            .optional_text("reason", reason.as_deref())
            .integer("updated_time_us", micros(self.fact.time));
        // An exchange id stays once it is known, also where a later change does not repeat it.
        if let Some(id) = exchange_id {
            order = order.text("exchange_order_id", id.as_str());
        }
        let event = self
            .row(&ORDER_EVENTS)
            .integer("time_us", micros(self.fact.time))
            .text("client_order_id", client_order_id.as_str())
            .optional_text("exchange_order_id", exchange_id.as_ref().map(|id| id.as_str()))
            .text("status", &status)
            .integer("filled_hundredths", filled)
            .optional_text("reason", reason.as_deref());
        Ok(vec![order, event])
    }

    fn fill(&self, fill: &Fill, trade: Option<&TradeId>) -> Result<Write, StoreError> {
        Ok(Write::new(&FILLS, self.fact)
            .text("exchange_order_id", fill.order.as_str())
            .text("fill_id", fill.id.as_str())
            .integer("sequence", self.sequence)
            .optional_text("client_order_id", fill.client_order_id.as_ref().map(|id| id.as_str()))
            .optional_text("trade", trade.map(|id| id.as_str()))
            .optional_text("strategy", self.strategy())
            .text("market", fill.market.as_str())
            .text("book_side", &word(&fill.book_side)?)
            .integer("yes_price_units", i64::from(fill.yes_price.units()))
            .count("quantity_hundredths", fill.quantity.hundredths())?
            .integer("fee_micros", fill.fee.micros())
            .text("liquidity", &word(&fill.liquidity)?)
            .integer("exchange_time_us", micros(fill.exchange_time)))
    }

    fn settlement(&self, settlement: &Settlement, version: u32, before: &Before) -> Result<Vec<Write>, StoreError> {
        if before.market.payout.is_some_and(|Payout { version: known, .. }| known >= version) {
            return Ok(Vec::new());
        }
        let result = match settlement.result {
            MarketResult::Yes => "yes",
            MarketResult::No => "no",
            MarketResult::Scalar(_) => "scalar",
        };
        let write = Write::new(&SETTLEMENTS, self.fact)
            .text("market", settlement.market.as_str())
            .integer("sequence", self.sequence)
            .integer("version", i64::from(version))
            .text("event", settlement.event.as_str())
            .text("result", result)
            .integer("yes_payout_units", i64::from(settlement.result.yes_payout().units()))
            .integer("revenue_micros", settlement.revenue.micros())
            .integer("settled_time_us", micros(settlement.settled_time));
        Ok(vec![write])
    }

    fn position(&self, market: &MarketTicker, books: &MarketBooks) -> Write {
        let held = books.position();
        Write::new(&POSITIONS, self.fact)
            .text("market", market.as_str())
            .integer("sequence", self.sequence)
            .integer("position_hundredths", held.position.hundredths())
            .integer("cost_micros", held.cost.micros())
            .integer("fees_micros", held.fees.micros())
            .integer("settled", i64::from(held.settled))
            .integer("by_fills_hundredths", books.by_fills.position.hundredths())
            .integer("by_fills_cost_micros", books.by_fills.cost.micros())
            .integer("payout_booked", i64::from(books.booked))
    }

    fn trade(&self, trade: &Trade) -> Result<Write, StoreError> {
        let probability = trade.entry_probability.map(|value| i64::from(value.to_price(Rounding::Down).units()));
        let asset_price = trade.entry_asset_price.map(|price| signed(price.cents())).transpose()?;
        let close_reason = trade.close_reason.map(|reason| word(&reason)).transpose()?;
        Ok(Write::new(&TRADES, self.fact)
            .text("trade", trade.id.as_str())
            .integer("sequence", self.sequence)
            .text("strategy", trade.strategy.as_str())
            .text("market", trade.market.as_str())
            .text("event", trade.event.as_str())
            .integer("close_time_us", micros(trade.close_time))
            .text("side", &word(&trade.side)?)
            .text("status", &word(&trade.status)?)
            .integer("opened_time_us", micros(trade.opened_time))
            .optional_integer("closed_time_us", trade.closed_time.map(micros))
            .text("entry_reason", &trade.entry_reason)
            .optional_integer("entry_probability_units", probability)
            .optional_integer("entry_asset_price_cents", asset_price)
            .count("bought_hundredths", trade.bought.hundredths())?
            .count("sold_hundredths", trade.sold.hundredths())?
            .integer("cost_micros", trade.cost.micros())
            .integer("proceeds_micros", trade.proceeds.micros())
            .integer("fees_micros", trade.fees.micros())
            .optional_text("close_reason", close_reason.as_deref())
            .once()
            .integer("first_sequence", self.sequence))
    }

    /// One row for each line of the decision, from line 1.
    fn decision(&self, decision: &DecisionRecord) -> Result<Vec<Write>, StoreError> {
        let asset_price = decision.asset_price.map(|price| signed(price.cents())).transpose()?;
        let view = signed(decision.view)?;
        let row = |(line, strike): (i64, &recio_core::engine::StrikeDecision)| {
            let known =
                |end: fn(&Fair) -> Option<Probability>| strike.fair.as_ref().and_then(end).map(Probability::get);
            let unknown = match strike.fair {
                Some(Fair::Unknown(reason)) => Some(reason.kind()),
                Some(Fair::Known { .. }) | None => None,
            };
            let (bid, ask) = strike.quote.map_or((None, None), |quote| (quote.bid, quote.ask));
            let (verdict, wanted, reason) = match &strike.verdict {
                Verdict::Entered(wanted) => ("entered", Some(wanted), None),
                Verdict::Refused { wanted, reason } => ("refused", Some(wanted), Some(reason.as_str())),
                Verdict::Skipped { reason } => ("skipped", None, Some(reason.as_str())),
                Verdict::Silent => ("silent", None, None),
            };
            let price = |level: Option<Level>| level.map(|level| i64::from(level.price.units()));
            Ok(self
                .row(&DECISIONS)
                .integer("line", line)
                .text("strategy", decision.strategy.as_str())
                .integer("view_number", view)
                .integer("view_time_us", micros(decision.view_time))
                .integer("time_us", micros(decision.time))
                .text("event", decision.event.as_str())
                .integer("close_time_us", micros(decision.close_time))
                .optional_integer("asset_price_cents", asset_price)
                .optional_real("momentum_percent", decision.momentum)
                .text("market", strike.market.as_str())
                .optional_real("model", known(Fair::value))
                .optional_real("model_low", known(Fair::low))
                .optional_real("model_high", known(Fair::high))
                .optional_text("model_unknown", unknown.as_deref())
                .optional_integer("bid_units", price(bid))
                .optional_integer("bid_hundredths", hundredths(bid.map(|level| level.quantity))?)
                .optional_integer("ask_units", price(ask))
                .optional_integer("ask_hundredths", hundredths(ask.map(|level| level.quantity))?)
                .text("verdict", verdict)
                .optional_text("side", wanted.map(|wanted| word(&wanted.side)).transpose()?.as_deref())
                .optional_text("action", wanted.map(|wanted| word(&wanted.action)).transpose()?.as_deref())
                .optional_integer("limit_units", wanted.map(|wanted| i64::from(wanted.limit.units())))
                .optional_integer("quantity_hundredths", hundredths(wanted.map(|wanted: &Wanted| wanted.quantity))?)
                .optional_text("reason", reason)
                .optional_text("why", wanted.map(|wanted| wanted.why.as_str())))
        };
        (1..).zip(&decision.strikes).map(row).collect()
    }

    fn ledger_entries(&self, booked: &Booked) -> Result<Vec<Write>, StoreError> {
        let row = |(number, line): (i64, &crate::books::Line)| {
            let (account, market) = match &line.entry.account {
                LedgerAccount::Position(market) => ("position".to_owned(), Some(market.as_str())),
                plain @ (LedgerAccount::Cash
                | LedgerAccount::Fees
                | LedgerAccount::RealizedPnl
                | LedgerAccount::OpeningEquity
                | LedgerAccount::External) => (word(plain)?, None),
            };
            Ok(self
                .row(&LEDGER_ENTRIES)
                .integer("line", number)
                .integer("time_us", micros(line.time))
                .text("booking", line.booking.as_str())
                .text("ledger_account", &account)
                .optional_text("market", market)
                .integer("amount_micros", line.entry.amount.micros()))
        };
        (1..).zip(&booked.lines).map(row).collect()
    }

    fn balances(&self, balance: &Balance) -> Write {
        self.row(&BALANCES)
            .integer("time_us", micros(self.fact.time))
            .integer("cash_micros", balance.cash.micros())
            .integer("funded_micros", balance.funded.micros())
            .integer("cost_micros", balance.cost.micros())
            .integer("fees_micros", balance.fees.micros())
            .integer("realized_micros", balance.realized.micros())
    }

    fn alarm(&self, text: &str) -> Write {
        self.row(&ALARMS)
            .integer("time_us", micros(self.fact.time))
            .text("run", self.fact.run.as_str())
            .optional_text("strategy", self.strategy())
            .text("text", text)
    }

    fn shadow_order(&self, order: &ShadowOrder) -> Result<Write, StoreError> {
        Ok(self
            .row(&SHADOW_ORDERS)
            .integer("time_us", micros(self.fact.time))
            .optional_text("strategy", self.strategy())
            .text("market", order.market.as_str())
            .text("side", &word(&order.side)?)
            .integer("limit_units", i64::from(order.limit.units()))
            .count("quantity_hundredths", order.quantity.hundredths())?
            .optional_real("model", order.fair.map(Probability::get))
            .optional_real("edge_units", order.edge_units)
            .text("why", &order.why))
    }
}

fn hundredths(quantity: Option<Quantity>) -> Result<Option<i64>, StoreError> {
    quantity.map(|quantity| signed(quantity.hundredths())).transpose()
}

/// The word that serde has for a value without fields, so that columns and facts use the same ones.
fn word(value: &impl Serialize) -> Result<String, StoreError> {
    let damaged = |what: String| StoreError::Damaged { part: DamagedPart::Facts, sequence: 0, what };
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(damaged(format!("`{other}` is not a word for a column"))),
        Err(error) => Err(damaged(error.to_string())),
    }
}
