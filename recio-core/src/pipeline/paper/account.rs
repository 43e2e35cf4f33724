//! `Executor`: an account at the venue.

use super::desk::{Desk, NotPlaced};
use super::{BookTiming, PaperError, PaperVenue};
use crate::causes::in_full;
use crate::engine::GatedOrder;
use crate::executor::{Accepted, AccountEvent, CancelOrder, Canceled, Executor, ExecutorError};
use crate::read::Read;
use crate::trade::{Fill, OrderReport, PositionReport, Settlement};
use crate::units::{MarketTicker, Money, Now, Timestamp};
use crate::venue::{Refusal, RefusalCode};
use async_trait::async_trait;
use std::sync::MutexGuard;
use std::time::Duration;

/// An order that arrives while the book is not known, or before the next one is read, waits for it: so often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// And so long: two rounds of polling, and less than the engine waits for any answer. After that the order is refused.
const BOOK_WITHIN: Duration = Duration::from_secs(10);

/// A book that is read shows the exchange as it was up to so long before: the request was on its way, and reads lag behind the engine by 0.3 to
/// 1 s. What is read sooner after an order arrived may be of before it.
const READ_LAG: Duration = Duration::from_secs(1);

#[async_trait]
impl Executor for PaperVenue {
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError> {
        let market = order.intent().market.clone();
        let series = self.lock().wants_fees(&market);
        let fees = match series {
            Some(series) => self.fees_of(&series).await,
            None => None,
        };
        let arrived = self.arrive().await;
        self.wait_for_book(&market, arrived).await?;
        let mut desk = self.lock();
        let now = self.clock.now();
        let placed = desk.place(&order, fees, now.wall);
        let saved = desk.save(now.mono);
        self.tell(&desk);
        drop(desk);
        match (placed, saved) {
            (Err(NotPlaced::Refused(refusal)), _) => Err(refused(refusal)),
            (Err(NotPlaced::Lacking(what)), _) => Err(lacking(what)),
            // It is in the account and not in the file: a crash may lose it, so nobody may rely on it.
            (Ok(_), Err(error)) => Err(ExecutorError::OutcomeUnknown(format!("placed on paper, and {error}"))),
            (Ok(placed), Ok(())) => {
                Ok(Accepted { exchange_id: placed.order_id, filled: placed.filled, remaining: placed.remaining })
            }
        }
    }

    async fn cancel(&self, order: &CancelOrder) -> Result<Canceled, ExecutorError> {
        self.arrive().await;
        let mut desk = self.lock();
        let now = self.clock.now();
        let canceled = desk.cancel(order, now.wall).map_err(refused);
        let saved = desk.save(now.mono);
        self.tell(&desk);
        drop(desk);
        let canceled = canceled?;
        saved.map_err(|error| ExecutorError::OutcomeUnknown(format!("canceled on paper, and {error}")))?;
        Ok(Canceled { removed: canceled.reduced_by })
    }

    async fn orders(&self, since: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        let desk = self.saved().map_err(unread)?;
        let recent = |created| since.is_none_or(|since| created >= since);
        let orders = desk.venue().orders(desk.account()).filter(|order| recent(order.created_time));
        Ok(Read::Complete(orders.map(crate::venue::VenueOrder::report).collect()))
    }

    async fn fills(&self, since: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        let desk = self.saved().map_err(unread)?;
        let recent = |fill: &&Fill| since.is_none_or(|since| fill.exchange_time >= since);
        Ok(Read::Complete(desk.venue().fills(desk.account()).filter(recent).cloned().collect()))
    }

    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        let desk = self.saved().map_err(unread)?;
        let report = |(market, held): (&MarketTicker, &crate::venue::MarketPosition)| PositionReport {
            market: market.clone(),
            position: held.position,
            exposure: held.cost,
            fees_paid: held.fees,
            updated_time: Some(held.updated_time),
        };
        Ok(Read::Complete(desk.venue().positions(desk.account()).map(report).collect()))
    }

    async fn settlements(&self, since: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        self.look_for_outcomes().await;
        let desk = self.saved().map_err(unread)?;
        let all = desk.venue().settlements(desk.account()).map(|settled| &settled.settlement);
        let recent = |settlement: &&Settlement| since.is_none_or(|since| settlement.settled_time >= since);
        Ok(Read::Complete(all.filter(recent).cloned().collect()))
    }

    async fn balance(&self) -> Result<Money, ExecutorError> {
        Ok(self.saved().map_err(unread)?.cash())
    }

    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        loop {
            match self.saved() {
                Ok(mut desk) => {
                    if let Some(event) = desk.next_event() {
                        return Ok(event);
                    }
                }
                // Not told before it is durable; the next read of the account tries to save again.
                Err(PaperError::NotSaved { .. }) => {}
                Err(error) => tracing::error!("{}", in_full(&error)),
            }
            self.news.notified().await;
        }
    }
}

impl PaperVenue {
    /// Waits until what is sent now takes effect; returns when that was.
    async fn arrive(&self) -> Now {
        let sent = self.clock.now().wall;
        self.clock.sleep_until(sent.checked_add(self.terms.latency).unwrap_or(sent)).await;
        self.clock.now()
    }

    /// Waits until there is a book that an order which arrived then may trade with.
    async fn wait_for_book(&self, market: &MarketTicker, arrived: Now) -> Result<(), ExecutorError> {
        loop {
            let received = self.lock().book_received(market);
            let usable = received.is_some_and(|received| match self.terms.books {
                BookTiming::Current => true,
                BookTiming::NextRead => received >= arrived.mono.after(READ_LAG),
            });
            if usable {
                return Ok(());
            }
            let now = self.clock.now();
            if now.mono.since(arrived.mono) >= BOOK_WITHIN {
                return Err(lacking("book_unknown"));
            }
            self.clock.sleep_until(now.wall.checked_add(LOOK_EVERY).unwrap_or(now.wall)).await;
        }
    }

    /// The account, with all of it in the file: what a crash could take back is not told.
    fn saved(&self) -> Result<MutexGuard<'_, Desk>, PaperError> {
        let mut desk = self.lock();
        let now = self.clock.now();
        desk.pass(now.wall);
        desk.save(now.mono)?;
        Ok(desk)
    }
}

fn unread(error: PaperError) -> ExecutorError {
    ExecutorError::Unreachable(error.into())
}

fn refused(refusal: Refusal) -> ExecutorError {
    let Refusal { code, details } = refusal;
    if code == RefusalCode::NotFound {
        return ExecutorError::NotFound;
    }
    let paused = matches!(code, RefusalCode::TradingIsPaused | RefusalCode::ExchangeIsPaused);
    let code = code.to_string();
    if paused { ExecutorError::Paused(code) } else { ExecutorError::Refused { code, details } }
}

/// What paper lacks is no fault of the order; nothing was placed.
fn lacking(what: &'static str) -> ExecutorError {
    let details = Some("on paper; nothing was placed".to_owned());
    ExecutorError::Refused { code: what.to_owned(), details }
}
