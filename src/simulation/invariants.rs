//! What has to hold in every simulation, one function an invariant.
//!
//! Each looks at the exchange's own books, at what left for the exchange, at the facts in the store and at what the engine said; none asks the
//! engine whether it is right. Those of [`during`] hold after every session, however it ended; those of [`at_rest`] when everything is healed,
//! closed and paid.

use super::exposure::held;
use super::record::Record;
use super::witness::{Heard, SentOrder};
use crate::reconcile::Reconciliation;
use recio_core::engine::{Freshness, RiskLimits};
use recio_core::fact::{Fact, FactBody};
use recio_core::trade::{Fill, Ledger, OrderStatus, Purpose, Trade, TradeStatus};
use recio_core::units::{ClientOrderId, MarketTicker, Money, Quantity, Timestamp};
use recio_sim::exchange::AccountTruth;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How long after the kill latch was set nothing may rest any more. An order whose answer was lost is found by the first whole reading of the
/// account, and a pause of the exchange holds cancels up; both take a minute at most where everything goes wrong.
pub const KILL_WITHIN: Duration = Duration::from_secs(180);

/// What was seen of a simulation.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The exchange's own books.
    pub truth: &'a AccountTruth,
    /// How often each client order id arrived at the exchange's door.
    pub posts: &'a BTreeMap<String, u64>,
    /// What left, in order.
    pub sent: &'a [SentOrder],
    /// All facts in the store, in order.
    pub facts: &'a [Fact],
    /// The ledger that these facts make; `None` where no books were opened yet.
    pub ledger: Option<&'a Ledger>,
    /// What the engine wanted and said.
    pub record: &'a Record,
    /// What no order may exceed.
    pub risk: &'a RiskLimits,
    /// When data counts as stale.
    pub freshness: &'a Freshness,
    /// When the kill latch was set, and until when it stayed; the end of time where it is set still.
    pub killed: Option<(Timestamp, Timestamp)>,
    /// The exchange's time.
    pub now: Timestamp,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant, such as `I1`.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// What must not be at any time.
#[must_use]
pub fn during(seen: &Evidence<'_>) -> Vec<Violation> {
    [
        ("I1", one_order_per_intent(seen)),
        ("I4", intents_come_first(seen)),
        ("I5", money_adds_up(seen)),
        ("I6", orders_go_one_way(seen)),
        ("I7", limits_hold(seen)),
        ("I8", a_kill_holds(seen)),
        ("I9", data_is_fresh(seen)),
    ]
    .into_iter()
    .flat_map(|(invariant, found)| found.into_iter().map(move |what| Violation { invariant, what }))
    .collect()
}

/// What must not be when everything is healed, closed and paid. `reconciled` compares the store with what a client reads at the exchange.
#[must_use]
pub fn at_rest(seen: &Evidence<'_>, reconciled: &Reconciliation, trades: &[Trade]) -> Vec<Violation> {
    [("I2", every_fill_once(seen, reconciled)), ("I3", positions_agree(seen, trades)), ("I5", cash_ties_out(seen))]
        .into_iter()
        .flat_map(|(invariant, found)| found.into_iter().map(move |what| Violation { invariant, what }))
        .collect()
}

/// I1: at most one exchange order per intent; POSTs seen by the exchange per client order id is at most 1; filled per intent never exceeds
/// intent size.
#[must_use]
pub fn one_order_per_intent(seen: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (id, count) in seen.posts.iter().filter(|(_, count)| **count > 1) {
        found.push(format!("{id} was sent {count} times"));
    }
    let intents = intents(seen);
    let mut orders: BTreeMap<&str, (u32, Quantity)> = BTreeMap::new();
    for order in &seen.truth.orders {
        let Some(id) = order.terms.client_order_id.as_ref() else {
            found.push(format!("order {} has no id of ours", order.id));
            continue;
        };
        let (count, filled) = orders.entry(id.as_str()).or_default();
        *count += 1;
        *filled = filled.saturating_add(order.filled);
    }
    for (id, (count, filled)) in orders {
        if count > 1 {
            found.push(format!("intent {id} became {count} orders"));
        }
        match intents.get(id) {
            Some(quantity) if filled > *quantity => {
                found.push(format!("intent {id} of {quantity} contracts was filled {filled}"));
            }
            Some(_) => {}
            None => found.push(format!("order {id} at the exchange is of no intent")),
        }
    }
    found
}

/// I2: every exchange fill on the account is in the ledger exactly once; no ledger fill without an exchange fill.
#[must_use]
pub fn every_fill_once(seen: &Evidence<'_>, reconciled: &Reconciliation) -> Vec<String> {
    let key = |fill: &Fill| (fill.order.to_string(), fill.id.to_string());
    let what = |fill: &Fill| (fill.market.clone(), fill.book_side, fill.yes_price, fill.quantity, fill.fee);
    let mut stored: BTreeMap<_, Vec<&Fill>> = BTreeMap::new();
    for fill in fills(seen) {
        stored.entry(key(fill)).or_default().push(fill);
    }
    let mut found = Vec::new();
    for fill in &seen.truth.fills {
        match stored.remove(&key(fill)).as_deref() {
            None => found.push(format!("fill {} of order {} is in no fact", fill.id, fill.order)),
            Some([one]) if what(one) == what(fill) => {}
            Some([one]) => found.push(format!("fill {} is {one:?} by the facts, {fill:?} at the exchange", fill.id)),
            Some(several) => found.push(format!("fill {} was booked {} times", fill.id, several.len())),
        }
    }
    found.extend(stored.into_keys().map(|(order, id)| format!("fill {id} of order {order} never was")));
    found.extend(reconciled.differences.iter().cloned());
    found
}

/// I3: per market, exchange position = ledger position = sum of fills; every position has an owner and an exit rule.
///
/// Everything was paid by now, so that what fills came to must be what was paid for, and every trade has its end and its reason.
#[must_use]
pub fn positions_agree(seen: &Evidence<'_>, trades: &[Trade]) -> Vec<String> {
    let mut found = Vec::new();
    let by_fills = held(&seen.truth.fills);
    let paid: BTreeMap<&MarketTicker, i64> =
        seen.truth.settlements.iter().map(|paid| (&paid.settlement.market, paid.held.position.hundredths())).collect();
    for (market, held) in &by_fills {
        let at_exchange = seen.truth.positions.get(market).map(|held| held.position.hundredths());
        let at_exchange = at_exchange.or_else(|| paid.get(market).copied()).unwrap_or(0);
        if at_exchange != held.position {
            found.push(format!("{market}: fills make {}, the exchange has {at_exchange}", held.position));
        }
    }
    for (market, held) in seen.truth.positions.iter().filter(|(_, held)| !held.position.is_flat()) {
        found.push(format!("{market}: {} is held when everything is over", held.position));
    }
    for fact in seen.facts {
        if let FactBody::Fill { fill, trade: None } = &fact.body {
            found.push(format!("fill {} of order {} has no owner", fill.id, fill.order));
        }
    }
    for trade in trades {
        let over = matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled);
        if !over || trade.close_reason.is_none() || !trade.held().is_zero() {
            let (id, held, status) = (&trade.id, trade.held(), trade.status);
            found.push(format!("trade {id} is {status:?} with {held} held when everything is over"));
        }
    }
    found
}

/// I4: when the exchange receives a POST, an intent with that client order id exists in the intent journal.
///
/// That the file was synced as well cannot be seen from inside the machine; the journal's own tests show it.
#[must_use]
pub fn intents_come_first(seen: &Evidence<'_>) -> Vec<String> {
    let unknown = seen.sent.iter().filter(|sent| sent.intent.is_none());
    unknown.map(|sent| format!("{} left at {} and is not in the journal", sent.client_order_id, sent.time)).collect()
}

/// I5: integer money identity: opening cash + fills + fees + settlements = cash, at the exchange and in the ledger that the facts make.
#[must_use]
pub fn money_adds_up(seen: &Evidence<'_>) -> Vec<String> {
    let truth = seen.truth;
    let mut found = Vec::new();
    let filled: i128 = held(&truth.fills).values().map(|held| held.cash).sum();
    // The exchange corrects an amended payout in place, so that its list is what is paid in all.
    let paid: i128 = truth.settlements.iter().map(|paid| i128::from(paid.settlement.revenue.micros())).sum();
    let sum = i128::from(truth.cash_start.micros()) + filled + paid;
    let cash = i128::from(truth.cash.micros());
    if sum != cash {
        found.push(format!("the exchange's own cash is {cash} micro-dollars, its entries make {sum}"));
    }
    if let (Some(ledger), Some(sum)) = (seen.ledger, cash_by_facts(seen)) {
        if let Err(error) = ledger.check() {
            found.push(error.to_string());
        }
        let cash = i128::from(ledger.cash().micros());
        if sum != cash {
            found.push(format!("the ledger's cash is {cash} micro-dollars, its facts make {sum}"));
        }
    }
    found
}

/// I5 at rest: what the facts make equals the exchange's balance to the last unit.
#[must_use]
pub fn cash_ties_out(seen: &Evidence<'_>) -> Vec<String> {
    let cash = i128::from(seen.truth.cash.micros());
    match cash_by_facts(seen) {
        Some(sum) if sum != cash => vec![format!("the facts make {sum} micro-dollars, the exchange has {cash}")],
        Some(_) => Vec::new(),
        None => vec!["no books were opened".to_owned()],
    }
}

/// What the facts make of the opening cash, in micro-dollars; `None` where no books were opened.
fn cash_by_facts(seen: &Evidence<'_>) -> Option<i128> {
    let opening = seen.facts.iter().find_map(|fact| {
        if let FactBody::AccountOpened { cash } = &fact.body { Some(i128::from(cash.micros())) } else { None }
    })?;
    let booked: Vec<Fill> = fills(seen).cloned().collect();
    let filled: i128 = held(&booked).values().map(|held| held.cash).sum();
    // Of an amended payout the newest version counts.
    let mut paid: BTreeMap<&MarketTicker, (u32, Money)> = BTreeMap::new();
    for fact in seen.facts {
        if let FactBody::Settlement { settlement, version } = &fact.body {
            let known = paid.entry(&settlement.market).or_insert((*version, settlement.revenue));
            if known.0 <= *version {
                *known = (*version, settlement.revenue);
            }
        }
    }
    Some(opening + filled + paid.values().map(|(_, revenue)| i128::from(revenue.micros())).sum::<i128>())
}

/// I6: the order state machine is monotone; filled count never falls; leaving a terminal state happens only by an explicit late-fill adoption
/// event.
///
/// Within a session: the next one tells every order's states anew.
#[must_use]
pub fn orders_go_one_way(seen: &Evidence<'_>) -> Vec<String> {
    use OrderStatus as S;
    let rank = |status| match status {
        S::Submitting => 0,
        S::Unknown => 1,
        S::AbsentProvisional => 2,
        S::Open | S::CancelPending => 3,
        S::Filled | S::Canceled | S::Rejected | S::NotSent | S::Absent => 4,
    };
    let mut found = Vec::new();
    let mut known: BTreeMap<(u32, &ClientOrderId), (OrderStatus, Quantity)> = BTreeMap::new();
    for state in &seen.record.order_states {
        let key = (state.session, &state.order);
        let (before, filled) =
            known.insert(key, (state.status, state.filled)).unwrap_or((S::Submitting, Quantity::ZERO));
        let adopted = state.reason.as_deref() == Some("found at the exchange");
        let late_fill = (before, state.status) == (S::Canceled, S::Filled);
        let backwards = rank(state.status) < rank(before) || (rank(before) == 4 && state.status != before);
        if backwards && !adopted && !late_fill {
            found.push(format!("order {} went from {before:?} to {:?}", state.order, state.status));
        }
        if state.filled < filled {
            found.push(format!("order {} was filled {filled}, then {}", state.order, state.filled));
        }
    }
    found
}

/// I7: worst-case exposure (fills + resting + unknown) never exceeds any limit; order rate and price collar hold at the instant of sending.
/// The limit on a day's loss is not there yet.
#[must_use]
pub fn limits_hold(seen: &Evidence<'_>) -> Vec<String> {
    let (sent, limits) = (seen.sent, seen.risk);
    let mut found = Vec::new();
    for (number, order) in sent.iter().enumerate() {
        let mut broken = |what: String| found.push(format!("{} at {}: {what}", order.client_order_id, order.time));
        let within = |seconds: u64| {
            let earlier = sent[..=number].iter().rev();
            let near = earlier.take_while(|one| age(order.time, one.time) < Duration::from_secs(seconds));
            near.filter(|one| one.purpose == order.purpose).count()
        };
        for (seconds, limit) in [(1, limits.max_orders_per_second), (60, limits.max_orders_per_minute)] {
            let count = within(seconds);
            if count > limit as usize {
                broken(format!("order {count} within {seconds} s, where {limit} may be sent"));
            }
        }
        if order.purpose == Purpose::Exit {
            continue;
        }
        let AtRiskLimits { cost, collar } = AtRiskLimits::of(order, limits);
        let at_risk = order.at_risk;
        for (broke, what) in [
            (order.quantity > limits.max_order_quantity, format!("{} contracts", order.quantity)),
            (cost > limits.max_order_cost, format!("it costs {cost}")),
            (at_risk.position > limits.max_position, format!("{} contracts of the market", at_risk.position)),
            (at_risk.event > limits.max_event_exposure, format!("{} at risk on the event", at_risk.event)),
            (at_risk.total > limits.max_total_exposure, format!("{} at risk in all", at_risk.total)),
            (collar, format!("at {} where the best price is {:?}", order.limit, order.known.best)),
        ] {
            if broke {
                broken(what);
            }
        }
    }
    found
}

/// I8: after a kill is acknowledged no POST of an order is sent; every resting order is cancelled or expired within [`KILL_WITHIN`]; the latch
/// survives restart.
///
/// The sender looks at the latch right before it writes, so that its bound is nothing: no order leaves at any later instant than the one at
/// which the latch was set.
#[must_use]
pub fn a_kill_holds(seen: &Evidence<'_>) -> Vec<String> {
    let Some((set, until)) = seen.killed else { return Vec::new() };
    let mut found: Vec<String> = seen
        .sent
        .iter()
        .filter(|sent| sent.latched || (set < sent.time && sent.time < until))
        .map(|sent| format!("{} left at {}, the latch was set at {set}", sent.client_order_id, sent.time))
        .collect();
    // Looked at when the time is over, before the latch is released and new orders may rest.
    if seen.now <= until && age(seen.now, set) >= KILL_WITHIN {
        let resting = seen.truth.orders.iter().filter(|order| !order.remaining.is_zero());
        found.extend(resting.map(|order| format!("order {} rests {KILL_WITHIN:?} after the kill at {set}", order.id)));
    }
    found
}

/// I9: no POST whose youngest required input is older than its limit at send time; and none on a book that was not whole.
///
/// An exit needs the book alone, and may rest on an older one: a stop on an old quote is better than none.
#[must_use]
pub fn data_is_fresh(seen: &Evidence<'_>) -> Vec<String> {
    let fresh = seen.freshness;
    let mut found = Vec::new();
    for order in seen.sent {
        let mut broken = |what: String| found.push(format!("{} at {}: {what}", order.client_order_id, order.time));
        let mut needs = |what: &str, heard: Option<Timestamp>, limit: Duration| match heard {
            None => broken(format!("no {what} was ever heard")),
            Some(at) if age(order.time, at) > limit => broken(format!("the newest {what} was heard at {at}")),
            Some(_) => {}
        };
        match order.purpose {
            Purpose::Entry => {
                needs("price", order.known.price, fresh.order_inputs);
                needs("book", order.known.book, fresh.order_inputs);
            }
            Purpose::Exit => needs("book", order.known.book, fresh.book_channel + fresh.order_inputs),
        }
        if !order.known.book_whole {
            broken(format!("the book of {} was not whole", order.market));
        }
    }
    found
}

/// How many orders are known to have been taken; a simulation that sends nothing shows nothing.
#[must_use]
pub fn taken(sent: &[SentOrder]) -> usize {
    sent.iter().filter(|sent| sent.heard == Heard::Taken).count()
}

/// What the single order comes to.
struct AtRiskLimits {
    cost: Money,
    /// Whether its limit lies too far above the best price.
    collar: bool,
}

impl AtRiskLimits {
    fn of(order: &SentOrder, limits: &RiskLimits) -> Self {
        let above = |best| order.limit > best && order.limit.distance_units(best) > limits.book_collar_units;
        Self { cost: order.limit * order.quantity, collar: order.known.best.is_none_or(above) }
    }
}

fn intents<'a>(seen: &Evidence<'a>) -> BTreeMap<&'a str, Quantity> {
    let journaled = seen.sent.iter().filter_map(|sent| sent.intent.as_ref());
    journaled.map(|intent| (intent.client_order_id.as_str(), intent.quantity)).collect()
}

fn fills<'a>(seen: &Evidence<'a>) -> impl Iterator<Item = &'a Fill> + use<'a> {
    seen.facts.iter().filter_map(|fact| if let FactBody::Fill { fill, .. } = &fact.body { Some(fill) } else { None })
}

/// How long before `now` something was; nothing where it lies ahead.
fn age(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
