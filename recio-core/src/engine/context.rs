//! What every service gets with a call: the time, the config, and where its wishes go.

use super::{EngineConfig, Notice, NoticeLevel, Output, Role, Wish};
use crate::fact::{Fact, FactBody};
use crate::units::{EventTicker, Now, StrategyId, Timestamp};

/// What every service gets with a call.
pub(super) struct Context<'a> {
    pub(super) now: Now,
    pub(super) config: &'a EngineConfig,
    pub(super) outputs: &'a mut Vec<Output>,
    /// Counts the facts of the run.
    pub(super) facts: &'a mut u64,
}

impl Context<'_> {
    /// Asks for something.
    pub(super) fn wish(&mut self, role: Role, wish: Wish) {
        self.outputs.push(Output { role, wish });
    }

    /// Keeps something for ever.
    pub(super) fn record(&mut self, role: Role, strategy: Option<&StrategyId>, time: Timestamp, body: FactBody) {
        *self.facts += 1;
        let fact = Fact {
            environment: self.config.environment,
            account: self.config.account.clone(),
            subaccount: 0,
            exchange_index: self.config.exchange_index,
            run: self.config.run.clone(),
            number: *self.facts,
            strategy: strategy.cloned(),
            time,
            body,
        };
        self.wish(role, Wish::Record(Box::new(fact)));
    }

    /// Tells the operator that something happened.
    pub(super) fn info(&mut self, role: Role, event: Option<&EventTicker>, text: String) {
        self.wish(role, Wish::Say(Notice { level: NoticeLevel::Info, text, event: event.cloned() }));
    }

    /// Tells the operator that recio copes with something.
    pub(super) fn warn(&mut self, role: Role, event: Option<&EventTicker>, text: String) {
        self.wish(role, Wish::Say(Notice { level: NoticeLevel::Warning, text, event: event.cloned() }));
    }

    /// Tells the operator to act, and keeps it for ever.
    pub(super) fn alarm(&mut self, role: Role, event: Option<&EventTicker>, text: String) {
        self.record(role, None, self.now.wall, FactBody::Alarm { text: text.clone() });
        self.wish(role, Wish::Say(Notice { level: NoticeLevel::Alarm, text, event: event.cloned() }));
    }

    /// The newest alarm of this call.
    pub(super) fn last_alarm(&self) -> Option<String> {
        self.outputs.iter().rev().find_map(|output| {
            let Wish::Say(notice) = &output.wish else { return None };
            (notice.level == NoticeLevel::Alarm).then(|| notice.text.clone())
        })
    }
}
