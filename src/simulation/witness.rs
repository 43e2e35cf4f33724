//! Every order at the moment at which it leaves for the exchange, with what was so at that moment: in the journal, at the exchange, and in what
//! the session had heard.

use super::exposure::{AtRisk, Opening, at_risk};
use super::sight::{Known, Sights};
use recio_core::kill_latch::KillLatch;
use recio_core::market::Side;
use recio_core::pipeline::JournalEntry;
use recio_core::trade::{Intent, Purpose};
use recio_core::units::{MarketTicker, Price, Quantity, Timestamp, TradeId};
use recio_kalshi::transport::{HttpRequest, HttpResponse, Method, TransportError};
use recio_kalshi::wire::CreateOrder;
use recio_sim::InProcess;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where orders are placed, and beneath it where they are canceled.
const ORDERS: &str = "/portfolio/events/orders";

/// An order that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentOrder {
    /// The session's number, from 1.
    pub session: u32,
    /// When, in the exchange's time.
    pub time: Timestamp,
    /// What it was called.
    pub client_order_id: String,
    /// Its market.
    pub market: MarketTicker,
    /// Its intent, if the journal's file held it at that moment.
    pub intent: Option<Intent>,
    /// Whether it opens or closes: by its intent, or else by its flag.
    pub purpose: Purpose,
    /// Contracts.
    pub quantity: Quantity,
    /// The worst price, in its outcome's own terms.
    pub limit: Price,
    /// What the session had heard of its market.
    pub known: Known,
    /// What might be lost with it.
    pub at_risk: AtRisk,
    /// Whether the kill latch was set.
    pub latched: bool,
    /// What was heard of it.
    pub heard: Heard,
}

/// What a session heard of an order that it sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that tells.
    Nothing,
    /// The exchange took it.
    Taken,
    /// The exchange did not take it.
    Refused,
}

/// Looks at what leaves.
#[derive(Debug)]
pub(super) struct Witness {
    key_id: &'static str,
    simulator: InProcess,
    journal: PathBuf,
    latch: KillLatch,
    sights: Arc<Sights>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    session: u32,
    sent: Vec<SentOrder>,
    openings: Vec<Opening>,
    /// Intents of the journal, and how much of its file they were read from.
    intents: BTreeMap<String, Intent>,
    trades: BTreeMap<String, TradeId>,
    read_to: usize,
    cancels: u64,
}

impl Witness {
    pub(super) fn new(
        key_id: &'static str,
        simulator: InProcess,
        journal: PathBuf,
        latch: KillLatch,
        sights: Arc<Sights>,
    ) -> Self {
        Self { key_id, simulator, journal, latch, sights, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session knows nothing yet.
    pub(super) fn begin(&self, session: u32) {
        self.seen().session = session;
        *self.sights.lock() = super::sight::Sight::default();
    }

    pub(super) fn sent(&self) -> Vec<SentOrder> {
        self.seen().sent.clone()
    }

    /// How many cancels left.
    pub(super) fn cancels(&self) -> u64 {
        self.seen().cancels
    }

    /// A request is about to leave. Returns the number of its order, if it is one.
    pub(super) fn leaves(&self, request: &HttpRequest) -> Option<usize> {
        let (_, tail) = request.path.split_once(ORDERS)?;
        match (request.method, tail) {
            (Method::Delete, _) => {
                self.seen().cancels += 1;
                None
            }
            (Method::Post, "") => self.order_leaves(request),
            (Method::Get | Method::Post | Method::Put, _) => None,
        }
    }

    fn order_leaves(&self, request: &HttpRequest) -> Option<usize> {
        // A body that is no order is refused by the exchange, and is none of ours.
        let order: CreateOrder = serde_json::from_slice(&request.body).ok()?;
        let market = MarketTicker::new(&order.ticker).ok()?;
        let client_order_id = order.client_order_id.unwrap_or_default();
        let quantity: Quantity = order.count.parse().ok()?;
        let yes_price: Price = order.price.parse().ok()?;
        let now = self.simulator.now();
        let truth = self.simulator.account(self.key_id)?;
        let mut guard = self.seen();
        let seen = &mut *guard;
        seen.read_journal(&self.journal);
        let intent = seen.intents.get(&client_order_id).cloned();
        let by_flag = if order.reduce_only == Some(true) { Purpose::Exit } else { Purpose::Entry };
        let purpose = intent.as_ref().map_or(by_flag, |intent| intent.purpose);
        // What opens buys its outcome, what closes sells the other one's opposite.
        let side = match (order.side == "bid", purpose) {
            (true, Purpose::Entry) | (false, Purpose::Exit) => Side::Yes,
            (false, Purpose::Entry) | (true, Purpose::Exit) => Side::No,
        };
        let limit = if side == Side::Yes { yes_price } else { yes_price.complement() };
        let closes = intent.as_ref().map(|intent| intent.close_time).or_else(|| {
            seen.openings.iter().rev().find(|opening| opening.market == market).and_then(|opening| opening.closes)
        });
        let opening = Opening {
            client_order_id: client_order_id.clone(),
            market: market.clone(),
            limit,
            quantity: if purpose == Purpose::Entry { quantity } else { Quantity::ZERO },
            closes,
            refused: false,
        };
        let at_risk = at_risk(&truth, &seen.openings, &opening, &seen.trades, now);
        seen.openings.push(opening);
        seen.sent.push(SentOrder {
            session: seen.session,
            time: now,
            client_order_id,
            known: self.sights.lock().known(now, &market, side),
            market,
            intent,
            purpose,
            quantity,
            limit,
            at_risk,
            latched: self.latch.is_engaged(),
            heard: Heard::Nothing,
        });
        Some(seen.sent.len() - 1)
    }

    /// The answer to an order is about to be handed over.
    pub(super) fn answered(&self, number: usize, answer: &Result<HttpResponse, TransportError>) {
        let Ok(answer) = answer else { return };
        let is_json = serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok();
        // What the exchange's documentation calls rejections; anything else leaves the order's fate open. `order_already_exists` says that
        // there is such an order.
        let text = String::from_utf8_lossy(&answer.body);
        let heard = match answer.status {
            200..300 if text.contains("order_id") && is_json => Heard::Taken,
            400 | 401 | 403 | 404 | 409 | 410 | 429 if is_json && !text.contains("already_exists") => Heard::Refused,
            _ => Heard::Nothing,
        };
        let seen = &mut *self.seen();
        if let (Some(sent), Some(opening)) = (seen.sent.get_mut(number), seen.openings.get_mut(number)) {
            sent.heard = heard;
            opening.refused = heard == Heard::Refused;
        }
    }
}

impl Seen {
    /// Takes up what was added to the journal's file. A record that is cut off is read when it is whole.
    fn read_journal(&mut self, path: &std::path::Path) {
        let Ok(bytes) = std::fs::read(path) else { return };
        // A restart may have cut off the end of a file that was read to there.
        self.read_to = self.read_to.min(bytes.len());
        for line in bytes[self.read_to..].split_inclusive(|&byte| byte == b'\n') {
            let Some(record) = line.strip_suffix(b"\n") else { break };
            self.read_to += line.len();
            // Eight digits of checksum and a space stand before the record.
            let json = record.get(9..).unwrap_or_default();
            if let Ok(JournalEntry::Submitting { intent, .. }) = serde_json::from_slice(json) {
                self.trades.insert(intent.client_order_id.to_string(), intent.trade.clone());
                self.intents.insert(intent.client_order_id.to_string(), *intent);
            }
        }
    }
}
