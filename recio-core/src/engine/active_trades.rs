//! active_trade_supervisor: watches open trades, and closes those that its rules want closed, until they are.
//!
//! It needs neither the entry side nor the store.

use super::{Monitor, StopState, context::Context};
use crate::market::{PriceGrid, Quote, Side};
use crate::model::{Fair, Momentum};
use crate::trade::{CloseReason, Trade, TradeStatus};
use crate::units::{Monotonic, Price, Probability, TradeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the supervisor remembers of open trades.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ActiveTrades {
    /// Since when a trade's probability has been below its stop, without a break.
    below_since: BTreeMap<TradeId, Monotonic>,
    /// How long it had been below it when the run before ended. Counts as long as nothing was seen above.
    below_before: BTreeMap<TradeId, Duration>,
    /// Trades that have to be closed, and why. They stay here until they are.
    closing: BTreeMap<TradeId, CloseReason>,
}

/// What an exit may sell for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) why: CloseReason,
    pub(super) limit: Price,
}

impl ActiveTrades {
    /// A trade has to be closed, by a person's wish or an earlier run's.
    pub(super) fn close(&mut self, id: &TradeId, why: CloseReason) {
        self.closing.entry(id.clone()).or_insert(why);
    }

    /// Whether a trade has to be closed.
    pub(super) fn is_closing(&self, id: &TradeId) -> bool {
        self.closing.contains_key(id)
    }

    /// An earlier run saw the trade's probability below its stop for so long.
    pub(super) fn verified(&mut self, id: &TradeId, below_for: Duration) {
        self.below_before.insert(id.clone(), below_for);
    }

    /// How far a trade's stop is.
    pub(super) fn stop_of(&self, id: &TradeId, now: Monotonic) -> StopState {
        if let Some(&why) = self.closing.get(id) {
            return StopState::Closing { why };
        }
        match (self.below_since.get(id), self.below_before.get(id)) {
            (None, None) => StopState::Watching,
            (since, before) => {
                let since = since.map_or(Duration::ZERO, |&since| now.since(since));
                StopState::Verifying { below_for: since.saturating_add(before.copied().unwrap_or_default()) }
            }
        }
    }

    /// Nothing speaks for closing it, or nothing can any more.
    fn forget_verification(&mut self, id: &TradeId) {
        self.below_since.remove(id);
        self.below_before.remove(id);
    }

    /// Forgets all other trades: they are over.
    pub(super) fn keep_only(&mut self, live: BTreeSet<&TradeId>) {
        self.below_since.retain(|id, _| live.contains(id));
        self.below_before.retain(|id, _| live.contains(id));
        self.closing.retain(|id, _| live.contains(id));
    }

    /// Looks at one open trade. Returns the exit to send now, if one is wanted, possible, and none is on its way.
    pub(super) fn look(
        &mut self,
        cx: &Context<'_>,
        monitor: Option<&Monitor>,
        trade: &Trade,
        market: Option<(&PriceGrid, Quote)>,
        fair: &Fair,
        momentum: Option<&Momentum>,
    ) -> Option<Exit> {
        if trade.held().is_zero() || trade.status == TradeStatus::AwaitingSettlement {
            // A run that begins does not know yet what its trades hold.
            if trade.status != TradeStatus::Pending {
                self.forget_verification(&trade.id);
            }
            return None;
        }
        if let Some(monitor) = monitor
            && let Some(why) = self.stop(cx, monitor, trade, fair, momentum)
        {
            self.closing.entry(trade.id.clone()).or_insert(why);
        }
        let why = *self.closing.get(&trade.id)?;
        if trade.status != TradeStatus::Open {
            return None;
        }
        let (grid, quote) = market?;
        let best = quote.proceeds(trade.side)?.price;
        let slippage = monitor.map_or(0, |monitor| monitor.stop.slippage_units);
        let lowest = best.checked_sub_units(slippage).unwrap_or(Price::ZERO);
        Some(Exit { why, limit: exit_limit(grid, trade, lowest)? })
    }

    fn stop(
        &mut self,
        cx: &Context<'_>,
        monitor: &Monitor,
        trade: &Trade,
        fair: &Fair,
        momentum: Option<&Momentum>,
    ) -> Option<CloseReason> {
        let rules = &monitor.stop;
        if cx.now.until(trade.close_time) < rules.min_time_to_close {
            self.forget_verification(&trade.id);
            return None;
        }
        if rules.momentum_enabled
            && let Some(score) = momentum.and_then(Momentum::basis_points)
        {
            let against = match trade.side {
                Side::Yes => score <= -rules.momentum_threshold,
                Side::No => score >= rules.momentum_threshold,
            };
            if against {
                return Some(CloseReason::MomentumStop);
            }
        }
        // An unknown value is no reason to sell, and breaks no verification: nothing was seen to be above either.
        let Fair::Known { value, .. } = fair else { return None };
        let probability = match trade.side {
            Side::Yes => *value,
            Side::No => Probability::complement(*value),
        };
        let below = rules.enabled && probability.percent() < rules.probability;
        if !below {
            self.forget_verification(&trade.id);
            return None;
        }
        let since = *self.below_since.entry(trade.id.clone()).or_insert(cx.now.mono);
        let before = self.below_before.get(&trade.id).copied().unwrap_or_default();
        (cx.now.mono.since(since).saturating_add(before) >= rules.verification).then_some(CloseReason::ProbabilityStop)
    }
}

/// The lowest price of the outcome that the exit accepts, on the market's grid, which is one of YES prices.
fn exit_limit(grid: &PriceGrid, trade: &Trade, lowest: Price) -> Option<Price> {
    let yes = trade.side.yes_price(lowest);
    let on_grid = match trade.side {
        Side::Yes => grid.at_or_above(yes),
        Side::No => grid.at_or_below(yes),
    };
    on_grid.map(|yes| trade.side.yes_price(yes))
}
