//! What a [`FaultPlan`] does to an exchange at work: the state between "it begins" and "it is over", and frames on their way.

use crate::scenario::{Calls, FaultPlan, FrameFault, MarketFault, RequestFault, TimedFault};
use recio_core::market::{MarketResult, MarketStatus};
use recio_core::units::{MarketTicker, Timestamp};
use recio_kalshi::REST_BASE;
use recio_kalshi::transport::{HttpResponse, Method};
use recio_kalshi::wire::ErrorBody;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Types of frames that no fault touches: answers to commands, and whole books. A client waits for them in real time, and asks again.
const SPARED: [&str; 5] = ["subscribed", "ok", "unsubscribed", "error", "orderbook_snapshot"];

/// Where orders are placed.
const CREATE_PATH: &str = "/portfolio/events/orders";

/// What goes wrong, and until when.
pub(crate) struct Weather {
    pub(crate) plan: FaultPlan,
    stalled_until: Option<Timestamp>,
    skewed: Option<(i64, Timestamp)>,
    trading_paused_until: Option<Timestamp>,
    exchange_paused_until: Option<Timestamp>,
    away_until: Option<Timestamp>,
    /// Frames that a gap still swallows.
    swallowing: u32,
    /// Markets of which a client may believe what is not so, until it has a whole book again.
    doubtful: BTreeSet<String>,
    /// Markets whose outcome was looked at.
    judged: BTreeSet<MarketTicker>,
    /// Outcomes that are to be set again, and when.
    verdicts: BTreeMap<(Timestamp, MarketTicker), MarketResult>,
}

/// What is done to an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Dispute,
    Outcome(MarketResult),
}

/// What has to be done to the exchange when the weather changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    CutSockets,
    EndBooks(u32),
    PauseTrading(bool),
    PauseExchange(bool),
}

impl Weather {
    pub(crate) const fn new(plan: FaultPlan) -> Self {
        Self {
            plan,
            stalled_until: None,
            skewed: None,
            trading_paused_until: None,
            exchange_paused_until: None,
            away_until: None,
            swallowing: 0,
            doubtful: BTreeSet::new(),
            judged: BTreeSet::new(),
            verdicts: BTreeMap::new(),
        }
    }

    /// Markets of which the last frames on some connection were lost or swapped, and no whole book has come since.
    pub(crate) const fn doubtful(&self) -> &BTreeSet<String> {
        &self.doubtful
    }

    /// Whether something may have to be done to outcomes.
    pub(crate) fn touches_outcomes(&self) -> bool {
        self.plan.touches_outcomes() || !self.verdicts.is_empty()
    }

    /// What is to be done to outcomes now. A paid market alone can be found to have ended otherwise: until it is paid, that waits.
    pub(crate) fn judge(
        &mut self,
        outcomes: &[(MarketTicker, MarketStatus, MarketResult)],
        now: Timestamp,
    ) -> Vec<(MarketTicker, Verdict)> {
        let mut verdicts = Vec::new();
        for (market, status, result) in outcomes {
            if *status == MarketStatus::Determined && self.judged.insert(market.clone()) {
                let (lasts, result) = match self.plan.on_outcome(now) {
                    Some(MarketFault::DisputedSettlement { lasts }) => {
                        verdicts.push((market.clone(), Verdict::Dispute));
                        (lasts, *result)
                    }
                    Some(MarketFault::AmendedSettlement { by }) => (by, other(*result)),
                    Some(_) | None => continue,
                };
                let due = now.checked_add(lasts).unwrap_or(Timestamp::MAX);
                self.verdicts.insert((due, market.clone()), result);
            }
        }
        let changeable = |market: &MarketTicker| {
            let status = outcomes.iter().find(|(one, ..)| one == market).map(|(_, status, _)| *status);
            matches!(status, Some(MarketStatus::Disputed | MarketStatus::Finalized))
        };
        let due = self.verdicts.iter().filter(|((time, market), _)| *time <= now && changeable(market));
        let due: Vec<_> = due.map(|(key, result)| (key.clone(), *result)).collect();
        for (key, result) in due {
            self.verdicts.remove(&key);
            verdicts.push((key.1, Verdict::Outcome(result)));
        }
        verdicts
    }

    /// When something begins or ends by itself next.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        let ends = [
            self.stalled_until,
            self.skewed.map(|(_, until)| until),
            self.trading_paused_until,
            self.exchange_paused_until,
            self.away_until,
        ];
        ends.into_iter().flatten().chain(self.plan.next_moment()).min()
    }

    /// Lets begin and end what is due, and says what that means for the exchange. Ends come first.
    pub(crate) fn advance(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let over = |until: &mut Option<Timestamp>| until.take_if(|until| *until <= now).is_some();
        over(&mut self.stalled_until);
        over(&mut self.away_until);
        self.skewed.take_if(|(_, until)| *until <= now);
        if over(&mut self.trading_paused_until) {
            changes.push(Change::PauseTrading(false));
        }
        if over(&mut self.exchange_paused_until) {
            changes.push(Change::PauseExchange(false));
        }
        for fault in self.plan.take_due(now) {
            changes.extend(self.begin(fault, now));
        }
        changes
    }

    /// Ends everything that lasts, and lets nothing more go wrong by itself.
    pub(crate) fn heal(&mut self) -> Vec<Change> {
        self.plan.heal();
        (self.stalled_until, self.skewed, self.away_until, self.swallowing) = (None, None, None, 0);
        let trading = self.trading_paused_until.take().map(|_| Change::PauseTrading(false));
        let exchange = self.exchange_paused_until.take().map(|_| Change::PauseExchange(false));
        trading.into_iter().chain(exchange).collect()
    }

    fn begin(&mut self, fault: TimedFault, now: Timestamp) -> Option<Change> {
        let until = |lasts: Duration| now.checked_add(lasts).unwrap_or(Timestamp::MAX);
        let extend = |state: &mut Option<Timestamp>, lasts| *state = Some(until(lasts)).max(*state);
        match fault {
            TimedFault::SocketDrop => Some(Change::CutSockets),
            TimedFault::SubscriptionError { code } => Some(Change::EndBooks(code)),
            TimedFault::Stall { lasts } => {
                extend(&mut self.stalled_until, lasts);
                None
            }
            TimedFault::ClockSkew { by_ms, lasts } => {
                self.skewed = Some((by_ms, until(lasts)));
                None
            }
            TimedFault::TradingPause { lasts } => {
                extend(&mut self.trading_paused_until, lasts);
                Some(Change::PauseTrading(true))
            }
            TimedFault::ExchangePause { lasts } => {
                extend(&mut self.exchange_paused_until, lasts);
                Some(Change::PauseExchange(true))
            }
            TimedFault::Maintenance { lasts } => {
                extend(&mut self.away_until, lasts);
                Some(Change::CutSockets)
            }
        }
    }

    /// Whether frames are held back now.
    pub(crate) const fn is_stalled(&self) -> bool {
        self.stalled_until.is_some()
    }

    /// How far the exchange's clock is ahead of real time, in milliseconds.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.skewed.map_or(0, |(by, _)| by)
    }

    /// The answer to everybody while the exchange is away.
    pub(crate) fn away(&self) -> Option<HttpResponse> {
        self.away_until.map(|_| error(503, "service_unavailable"))
    }

    /// The answer to a handshake that is refused.
    pub(crate) fn refuses_handshake(&mut self, now: Timestamp) -> Option<HttpResponse> {
        self.away().or_else(|| self.plan.on_handshake(now).map(|status| error(status, "service_unavailable")))
    }

    pub(crate) fn on_call(&mut self, call: Calls, now: Timestamp) -> Option<RequestFault> {
        self.plan.on_call(call, now)
    }

    /// What becomes of frames on their way.
    pub(crate) fn carry(&mut self, frames: Vec<String>, now: Timestamp) -> Vec<String> {
        let mut carried: Vec<String> = Vec::with_capacity(frames.len());
        let mut overtaken: Option<String> = None;
        for frame in frames {
            let Head { kind, msg } = head_of(&frame);
            let market = msg.market_ticker;
            if kind == "orderbook_snapshot"
                && let Some(market) = &market
            {
                self.doubtful.remove(market);
            }
            if SPARED.contains(&kind.as_str()) {
                carried.push(frame);
                carried.extend(overtaken.take());
                continue;
            }
            if self.swallowing > 0 {
                self.swallowing -= 1;
                self.doubtful.extend(market);
                continue;
            }
            let fault = self.plan.on_frame(&kind, now);
            if kind == "orderbook_delta" && !matches!(fault, None | Some(FrameFault::DuplicateFrame)) {
                self.doubtful.extend(market);
            }
            match fault {
                None => carried.push(frame),
                Some(FrameFault::DroppedFrame) => {}
                Some(FrameFault::SequenceGap { frames }) => self.swallowing = frames.saturating_sub(1),
                Some(FrameFault::DuplicateFrame) => {
                    carried.push(frame.clone());
                    carried.push(frame);
                }
                Some(FrameFault::ReorderedFrames) if overtaken.is_none() => {
                    overtaken = Some(frame);
                    continue;
                }
                Some(FrameFault::ReorderedFrames) => carried.push(frame),
            }
            carried.extend(overtaken.take());
        }
        // The last frame of a batch has nothing to change places with.
        carried.extend(overtaken);
        carried
    }
}

/// Which kind of call a request is, by its path from the root.
pub(crate) fn call_of(method: Method, path: &str) -> Calls {
    match method {
        Method::Get => Calls::Read,
        Method::Post if path.strip_prefix(REST_BASE) == Some(CREATE_PATH) => Calls::Create,
        Method::Delete => Calls::Cancel,
        Method::Post | Method::Put => Calls::Any,
    }
}

/// The other outcome.
const fn other(result: MarketResult) -> MarketResult {
    match result {
        MarketResult::Yes => MarketResult::No,
        MarketResult::No => MarketResult::Yes,
        MarketResult::Scalar(price) => MarketResult::Scalar(price.complement()),
    }
}

/// An error in the exchange's nested shape.
pub(crate) fn error(status: u16, code: &str) -> HttpResponse {
    let body = serde_json::to_vec(&ErrorBody::nested(code, &code.replace('_', " "), None)).unwrap_or_default();
    HttpResponse { status, body: body.into() }
}

/// What a frame is about.
#[derive(serde::Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    msg: HeadMessage,
}

#[derive(Default, serde::Deserialize)]
struct HeadMessage {
    #[serde(default)]
    market_ticker: Option<String>,
}

fn head_of(frame: &str) -> Head {
    // What cannot be read is left alone as an answer is.
    serde_json::from_str(frame).unwrap_or_else(|_| Head { kind: "error".to_owned(), msg: HeadMessage::default() })
}

#[cfg(test)]
mod tests;
