//! trade_executor: every order from the intent on, what became of it, and what to do when nobody knows.
//!
//! Sending is the shell's work. Here stands what is known of each order; an unknown outcome fences its event and is looked up, never resent.

use super::{JournalRecord, JournaledIntent, Role, SubmitOutcome, Wish, context::Context};
use crate::executor::Accepted;
use crate::fact::FactBody;
use crate::planted::{PlantedBug, is_planted};
use crate::trade::{Applied, Intent, Order, OrderError, OrderEvent, OrderReport, OrderStatus};
use crate::units::{ClientOrderId, EventTicker, ExchangeOrderId, MarketTicker, Monotonic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Two complete look-ups this far apart that do not find an order make it provisionally absent.
pub(super) const LANDING_TIME: Duration = Duration::from_secs(10);

/// Fills that the exchange counted and that complete look-ups have lacked for this long are missing: reads lag by seconds, not by minutes.
const FILLS_WITHIN: Duration = Duration::from_secs(60);

/// All orders of the account that recio knows of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TradeExecutor {
    orders: BTreeMap<ClientOrderId, Order>,
    by_exchange_id: BTreeMap<ExchangeOrderId, ClientOrderId>,
    /// The search for each order whose outcome is not known.
    searches: BTreeMap<ClientOrderId, Search>,
    /// Since which complete look-up an order has lacked fills that the exchange counted; `None` once that was alarmed.
    overdue: BTreeMap<ClientOrderId, Option<Monotonic>>,
}

/// The search for an order whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Search {
    /// When its outcome became unknown: a look-up that began before proves nothing.
    since: Monotonic,
    /// When the first complete look-up began that did not find it.
    first_miss: Option<Monotonic>,
}

/// What applying news of an order led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing that was not known.
    Nothing,
    /// The order changed.
    Changed,
    /// More was filled than ordered: somebody counts wrong, and trading has to stop.
    Overfilled,
    /// The news does not fit; it was alarmed.
    Refused,
}

impl TradeExecutor {
    pub(super) fn get(&self, id: &ClientOrderId) -> Option<&Order> {
        self.orders.get(id)
    }

    /// Our id of an order that the exchange names.
    pub(super) fn by_exchange_id(&self, id: &ExchangeOrderId) -> Option<&ClientOrderId> {
        self.by_exchange_id.get(id)
    }

    pub(super) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Orders that may still be executed, or whose fills have not all come.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| !order.status().is_final() || !order.fills_to_come().is_zero())
    }

    /// Whether an order of this event has an unknown outcome, so that nothing may be opened in it. Two complete look-ups end that; what an order
    /// that they did not find may still cost stays reserved to the market's end.
    pub(super) fn is_fenced(&self, event: &EventTicker) -> bool {
        self.orders.values().any(|order| order.status() == OrderStatus::Unknown && order.intent().event == *event)
    }

    /// Whether something has to be looked up: an unknown outcome, or fills that were counted and have not come.
    pub(super) fn wants_look_up(&self) -> bool {
        self.orders
            .values()
            .any(|order| matches!(order.status(), OrderStatus::Unknown) || !order.fills_to_come().is_zero())
    }

    /// Whether an execution in this market may be of an order of ours that the exchange has not named yet.
    pub(super) fn may_own(&self, market: &MarketTicker) -> bool {
        self.orders.values().any(|order| {
            order.intent().market == *market && order.exchange_id().is_none() && !order.status().is_final()
        })
    }

    /// Takes up a new order; its intent is recorded.
    pub(super) fn add(&mut self, cx: &mut Context<'_>, intent: Intent) {
        let (strategy, created) = (intent.strategy.clone(), intent.created_time);
        cx.record(Role::TradeExecutor, Some(&strategy), created, FactBody::Intent(intent.clone()));
        self.orders.insert(intent.client_order_id.clone(), Order::new(intent));
    }

    /// Takes up an order of an earlier run as the journal left it. One without an answer may be live.
    pub(super) fn recover(&mut self, cx: &mut Context<'_>, journaled: &JournaledIntent) {
        let id = journaled.intent.client_order_id.clone();
        self.add(cx, journaled.intent.clone());
        match &journaled.outcome {
            Some(outcome) => self.submitted(cx, &id, outcome),
            None => self.apply(cx, &id, &OrderEvent::OutcomeUnknown, Some("the program ended before the answer")),
        };
        if journaled.absent {
            self.apply(cx, &id, &OrderEvent::ConfirmedAbsent, Some("an earlier run proved it"));
        }
    }

    /// A submit came to its end.
    pub(super) fn submitted(&mut self, cx: &mut Context<'_>, id: &ClientOrderId, outcome: &SubmitOutcome) -> News {
        match outcome {
            SubmitOutcome::Accepted(Accepted { exchange_id, filled, remaining }) => {
                let event =
                    OrderEvent::Accepted { exchange_id: exchange_id.clone(), filled: *filled, remaining: *remaining };
                self.apply(cx, id, &event, None)
            }
            SubmitOutcome::Refused { code } => self.apply(cx, id, &OrderEvent::Rejected, Some(code)),
            SubmitOutcome::NotSent { reason } => self.apply(cx, id, &OrderEvent::NotSent, Some(reason)),
            SubmitOutcome::Unknown { reason } => self.apply(cx, id, &OrderEvent::OutcomeUnknown, Some(reason)),
        }
    }

    /// Applies one event to one order and records what it changed.
    pub(super) fn apply(
        &mut self,
        cx: &mut Context<'_>,
        id: &ClientOrderId,
        event: &OrderEvent,
        reason: Option<&str>,
    ) -> News {
        let Some(order) = self.orders.get_mut(id) else {
            cx.alarm(Role::TradeExecutor, None, format!("{} for order {id}, which recio does not know", event.name()));
            return News::Refused;
        };
        let before = (order.status(), order.filled(), order.exchange_id().is_some());
        match order.apply(event) {
            Ok(Applied::AlreadyKnown) => News::Nothing,
            Ok(Applied::Changed) => {
                if let Some(exchange_id) = order.exchange_id() {
                    self.by_exchange_id.insert(exchange_id.clone(), id.clone());
                }
                let searched = matches!(order.status(), OrderStatus::Unknown | OrderStatus::AbsentProvisional);
                if !searched {
                    self.searches.remove(id);
                } else if !self.searches.contains_key(id) {
                    self.searches.insert(id.clone(), Search { since: cx.now.mono, first_miss: None });
                }
                if before != (order.status(), order.filled(), order.exchange_id().is_some()) {
                    let body = FactBody::OrderChanged {
                        client_order_id: id.clone(),
                        exchange_id: order.exchange_id().cloned(),
                        status: order.status(),
                        filled: order.filled(),
                        reason: reason.map(str::to_owned),
                    };
                    let strategy = order.intent().strategy.clone();
                    cx.record(Role::TradeExecutor, Some(&strategy), cx.now.wall, body);
                }
                News::Changed
            }
            Err(error) => {
                let event = order.intent().event.clone();
                cx.alarm(Role::TradeExecutor, Some(&event), error.to_string());
                if matches!(error, OrderError::Overfilled { .. }) { News::Overfilled } else { News::Refused }
            }
        }
    }

    /// News of an order from the stream or from a look-up. `None` where it is none of ours.
    pub(super) fn reported(&mut self, cx: &mut Context<'_>, report: &OrderReport) -> Option<(ClientOrderId, News)> {
        let ours = report
            .client_order_id
            .as_ref()
            .filter(|id| self.orders.contains_key(*id))
            .or_else(|| self.by_exchange_id.get(&report.exchange_id))?
            .clone();
        if let Some(search) = self.searches.get_mut(&ours) {
            search.first_miss = None;
        }
        let status = self.orders.get(&ours)?.status();
        if matches!(status, OrderStatus::Rejected | OrderStatus::NotSent | OrderStatus::Absent) {
            let text = format!("order {ours} was believed to be {status:?}, and the exchange has it: adopted");
            cx.alarm(Role::TradeExecutor, None, text);
            let adopted = OrderEvent::Adopted { exchange_id: report.exchange_id.clone() };
            self.apply(cx, &ours, &adopted, Some("found at the exchange"));
        }
        let news = report.event().map_or(News::Nothing, |event| self.apply(cx, &ours, &event, None));
        Some((ours, news))
    }

    /// A complete look-up that began at `started` has been taken in: unknown orders that it did not hold are missing. Where `is_over` says
    /// that nothing can land any more and nothing is unexplained, missing is final. Returns the orders that changed.
    pub(super) fn looked_up(
        &mut self,
        cx: &mut Context<'_>,
        started: Monotonic,
        is_over: impl Fn(&Order) -> bool,
    ) -> Vec<ClientOrderId> {
        let mut missing = Vec::new();
        for (id, search) in &mut self.searches {
            if started > search.since {
                let first = *search.first_miss.get_or_insert(started);
                if started.since(first) >= LANDING_TIME || is_planted(PlantedBug::EarlyRelease) {
                    missing.push(id.clone());
                }
            }
        }
        let mut changed = Vec::new();
        for id in missing {
            let Some(order) = self.orders.get(&id) else { continue };
            let over = is_over(order) || is_planted(PlantedBug::EarlyRelease);
            let mut news = News::Nothing;
            if order.status() == OrderStatus::Unknown {
                news = self.apply(cx, &id, &OrderEvent::NotFound, Some("two complete look-ups did not find it"));
            }
            if over {
                let why = "the market has ended, and the exchange knows nothing of it";
                news = self.apply(cx, &id, &OrderEvent::ConfirmedAbsent, Some(why));
                let client_order_id = id.clone();
                cx.wish(Role::TradeExecutor, Wish::Journal(JournalRecord::Absent { client_order_id }));
            }
            if news == News::Changed {
                changed.push(id);
            }
        }
        changed
    }

    /// A complete look-up that began at `started` has been taken in. Returns whether fills that the exchange counted have been missing for
    /// too long; each order is alarmed once.
    pub(super) fn lacks_fills(&mut self, cx: &mut Context<'_>, started: Monotonic) -> bool {
        let orders = &self.orders;
        self.overdue.retain(|id, _| orders.get(id).is_some_and(|order| !order.fills_to_come().is_zero()));
        let mut found = false;
        for order in orders.values().filter(|order| !order.fills_to_come().is_zero()) {
            let since = self.overdue.entry(order.id().clone()).or_insert(Some(started));
            if since.is_some_and(|since| started.since(since) >= FILLS_WITHIN) {
                *since = None;
                found = true;
                let (missing, id) = (order.fills_to_come(), order.id());
                let text = format!("order {id}: the exchange counts {missing} more than its fills make; entries stop");
                cx.alarm(Role::TradeExecutor, Some(&order.intent().event), text);
            }
        }
        found
    }
}
