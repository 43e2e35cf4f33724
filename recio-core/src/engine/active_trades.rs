//! active_trade_supervisor: watches open trades, and closes those that its rules want closed, until they are.
//!
//! It needs neither the entry side nor the store.

use super::{Monitor, context::Context};
use crate::market::{PriceGrid, Quote, Side};
use crate::model::{Fair, Momentum};
use crate::trade::{CloseReason, Trade, TradeStatus};
use crate::units::{Monotonic, Price, Probability, TradeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the supervisor remembers of open trades.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ActiveTrades {
    /// Since when a trade's probability has been below its stop, without a break.
    below_since: BTreeMap<TradeId, Monotonic>,
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

    /// Forgets all other trades: they are over.
    pub(super) fn keep_only(&mut self, live: BTreeSet<&TradeId>) {
        self.below_since.retain(|id, _| live.contains(id));
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
            self.below_since.remove(&trade.id);
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
            self.below_since.remove(&trade.id);
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
            self.below_since.remove(&trade.id);
            return None;
        }
        let since = *self.below_since.entry(trade.id.clone()).or_insert(cx.now.mono);
        (cx.now.mono.since(since) >= rules.verification).then_some(CloseReason::ProbabilityStop)
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
