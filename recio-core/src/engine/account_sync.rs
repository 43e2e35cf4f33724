//! kalshi_account_sync: when the account is read, and whether ledger and exchange agree.

use super::trade_executor::TradeExecutor;
use super::trade_manager::TradeManager;
use super::{AccountRead, Role, TradingState, Wish, context::Context};
use crate::units::{MarketTicker, Money, Monotonic, Position, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The account is read at least this often.
const READ_EVERY: Duration = Duration::from_secs(30);
/// A reading that was not whole is repeated after this long.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Without a whole reading for this long, nothing is opened any more.
const BLIND_AFTER: Duration = Duration::from_secs(120);
/// Never more often than this.
const READ_PAUSE: Duration = Duration::from_secs(1);
/// An answer that has not come after this long will not come; reading is tried again.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// A difference is believed when it is seen in this many reads without activity in between: reads lag behind the engine of the exchange.
const BELIEVE_AFTER: u8 = 2;
/// Orders and fills are read from this long before the books were opened.
const SKEW: Duration = Duration::from_secs(60);

/// Keeps account and ledger together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AccountSync {
    opened: Option<Timestamp>,
    /// The account has been read whole at least once, and everything in it is explained.
    reconciled: bool,
    wanted: bool,
    /// The reading that was asked for last, and when.
    asked: Option<(u64, Monotonic)>,
    reads: u64,
    last_read: Option<Monotonic>,
    /// When the account was last read whole.
    last_whole: Option<Monotonic>,
    /// The last reading was not whole.
    failing: bool,
    /// When an order or fill last changed something: reads that began before that prove nothing about balances.
    last_activity: Option<Monotonic>,
    differences: u8,
    last_tie_out: Option<Money>,
}

impl AccountSync {
    /// The account's books are open since this time.
    pub(super) const fn opened(&mut self, time: Timestamp) {
        self.opened = Some(time);
    }

    pub(super) const fn is_open(&self) -> bool {
        self.opened.is_some()
    }

    pub(super) const fn opened_time(&self) -> Option<Timestamp> {
        self.opened
    }

    pub(super) const fn is_reconciled(&self) -> bool {
        self.reconciled
    }

    /// Whether the account is known well enough to open something: reconciled, and read whole not long ago.
    pub(super) fn is_current(&self, now: Monotonic) -> bool {
        self.reconciled && self.last_whole.is_some_and(|at| now.since(at) <= BLIND_AFTER)
    }

    /// When the account was last read whole.
    pub(super) const fn last_whole(&self) -> Option<Monotonic> {
        self.last_whole
    }

    /// Whether the last reading was not whole.
    pub(super) const fn is_failing(&self) -> bool {
        self.failing
    }

    /// Whether a difference between ledger and exchange is believed.
    pub(super) const fn differs(&self) -> bool {
        self.differences >= BELIEVE_AFTER
    }

    /// Cash at the exchange less cash by the ledger, when it was last compared.
    pub(super) const fn last_tie_out(&self) -> Option<Money> {
        self.last_tie_out
    }

    /// The account has to be read soon.
    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// An order or a fill changed something.
    pub(super) const fn active(&mut self, now: Monotonic) {
        self.last_activity = Some(now);
        self.differences = 0;
    }

    /// Asks for a read when one is due.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>, urgent: bool) {
        let passed = |at: Option<Monotonic>, wait| at.is_none_or(|at| cx.now.mono.since(at) >= wait);
        if self.asked.is_some() && !passed(self.asked.map(|(_, at)| at), ANSWER_WITHIN) {
            return;
        }
        let soon = if self.failing { RETRY_AFTER } else { READ_PAUSE };
        let wanted = self.wanted || self.failing || urgent;
        let due = passed(self.last_read, READ_EVERY) || (wanted && passed(self.last_read, soon));
        if due {
            self.wanted = false;
            self.reads += 1;
            self.asked = Some((self.reads, cx.now.mono));
            let since = self.opened.and_then(|opened| opened.checked_sub(SKEW).ok());
            cx.wish(Role::AccountSync, Wish::ReadAccount { number: self.reads, since });
        }
    }

    /// An answer came. Returns when the reading of it began; `None` where that is not known, because it answers an earlier wish.
    pub(super) fn answered(&mut self, number: u64, now: Monotonic, whole: bool) -> Option<Monotonic> {
        let (_, began) = self.asked.take_if(|(asked, _)| *asked == number)?;
        self.last_read = Some(now);
        self.failing = !whole;
        if whole {
            self.last_whole = Some(now);
        }
        Some(began)
    }

    /// The account was read whole, taken in, and everything in it is explained.
    fn reconciled(&mut self, cx: &mut Context<'_>) {
        if !self.reconciled {
            self.reconciled = true;
            cx.info(Role::AccountSync, None, "the account is reconciled with the exchange".to_owned());
        }
    }

    /// Compares what the exchange reports with the ledger. Only a read that began after the last activity, with no order unfinished, can
    /// show a difference, and only a difference seen twice is believed.
    pub(super) fn compare(
        &mut self,
        cx: &mut Context<'_>,
        began: Monotonic,
        read: &AccountRead,
        trades: &TradeManager,
        orders: &TradeExecutor,
    ) -> Option<TradingState> {
        let ledger = trades.ledger()?;
        let quiet = orders.unfinished().next().is_none()
            && self.last_activity.is_none_or(|active| active < began)
            && !trades.awaits_settlement();
        if !quiet {
            // What is under way is reserved for, and fenced where its outcome is not known.
            self.reconciled(cx);
            return None;
        }
        let positions = read.positions.as_ref().filter(|positions| positions.is_complete())?;
        let reported: BTreeMap<MarketTicker, Position> = positions
            .got()
            .iter()
            .filter(|report| !report.position.is_flat())
            .map(|report| (report.market.clone(), report.position))
            .collect();
        let held: BTreeMap<MarketTicker, Position> = ledger
            .holdings()
            .iter()
            .filter(|(_, holding)| !holding.position().is_flat())
            .map(|(market, holding)| (market.clone(), holding.position()))
            .collect();
        let cash = read.balance?;
        let tie_out = ledger.tie_out(cash);
        self.last_tie_out = Some(tie_out);
        if reported == held && tie_out.is_zero() {
            self.differences = 0;
            self.reconciled(cx);
            return None;
        }
        self.differences = self.differences.saturating_add(1);
        self.wanted = true;
        if self.differences != BELIEVE_AFTER {
            return None;
        }
        let text = format!(
            "ledger and exchange differ: cash {} against {cash}, positions {held:?} against {reported:?}; entries stop",
            ledger.cash()
        );
        cx.alarm(Role::AccountSync, None, text);
        self.reconciled(cx);
        Some(TradingState::Reducing)
    }
}
