//! Strategies while they look at views: one view at a time each, the newest next.

use super::shell::{Done, Shell};
use crate::causes::in_full;
use crate::engine::{EventView, Input};
use crate::settings::MonitorSettings;
use crate::strategy::Strategy;
use std::sync::Arc;

/// A strategy, unless it is looking at a view; and what came meanwhile: the newest view, and settings that it has not heard of.
pub(super) struct Seat {
    strategy: Option<Box<dyn Strategy>>,
    next: Option<Arc<EventView>>,
    settings: Option<MonitorSettings>,
}

impl Seat {
    pub(super) fn of(strategy: Box<dyn Strategy>) -> Self {
        Self { strategy: Some(strategy), next: None, settings: None }
    }

    /// The strategy has answered. Returns the view that it is to look at next, if one came.
    pub(super) fn take_back(&mut self, strategy: Box<dyn Strategy>) -> Option<Arc<EventView>> {
        self.strategy = Some(strategy);
        self.next.take()
    }
}

impl Shell {
    /// Hands a view to its strategy, or keeps it for when the strategy is free: the newest wins.
    pub(super) fn evaluate(&mut self, view: Arc<EventView>) {
        let id = view.strategy.clone();
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let Some(mut strategy) = seat.strategy.take() else {
            seat.next = Some(view);
            return;
        };
        if let Some(settings) = seat.settings.take() {
            strategy.on_settings(&settings);
        }
        self.spawn(async move {
            let input = match strategy.evaluate(&view).await {
                Ok(decision) => Input::Decision(decision),
                Err(error) => {
                    Input::StrategyFailed { view: view.number, strategy: id.clone(), reason: in_full(&*error) }
                }
            };
            Done::Strategy { id, strategy, input }
        });
    }

    /// Lets every strategy hear of the settings that count, before its next view.
    pub(super) fn tell_strategies(&mut self) {
        for monitor in &self.engine.config_in_force().monitors {
            if let Some(seat) = self.seats.get_mut(&monitor.id) {
                seat.settings = Some(monitor.settings());
            }
        }
    }
}
