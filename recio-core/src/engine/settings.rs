//! Overrides of the settings while the engine runs: laid over what it was told at its start, by the rule that holds at a start.

use super::context::Context;
use super::engine::Engine;
use super::{EngineConfig, Monitor, Role};
use crate::settings::{Effect, InForce, MonitorSettings, SettingKey, SettingVersion, Settings};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the engine was told of overrides. A store without settings tells nothing, and then the config alone counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Overrides {
    /// The newest version of every key, as they were told last.
    versions: Vec<SettingVersion>,
    /// There may be others, which cannot be read.
    unknown: bool,
}

impl Overrides {
    /// What counts, and what each override does to it. Where they are not known, entry is off; limits stay as tight as they were known to be.
    fn in_force(&self, base: &EngineConfig) -> InForce {
        let mut in_force = base.settings().with_overrides(&self.versions, Some(&base.run));
        if self.unknown {
            in_force.settings = in_force.settings.with_entry_off();
        }
        in_force
    }

    /// The config that counts.
    pub(super) fn config(&self, base: &Arc<EngineConfig>) -> Arc<EngineConfig> {
        if *self == Self::default() { Arc::clone(base) } else { Arc::new(base.with(&self.in_force(base).settings)) }
    }
}

impl Monitor {
    /// What of it may be overridden.
    #[must_use]
    pub fn settings(&self) -> MonitorSettings {
        MonitorSettings { entry: self.entry.clone(), stop: self.stop.clone(), params: self.params.clone() }
    }
}

impl EngineConfig {
    /// What of it may be overridden: of what the engine was told at its start, the base of every override.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let monitors = self.monitors.iter().map(|monitor| (monitor.id.clone(), monitor.settings())).collect();
        Settings { risk: self.risk.clone(), monitors }
    }

    fn with(&self, settings: &Settings) -> Self {
        let mut config = Self { risk: settings.risk.clone(), ..self.clone() };
        for monitor in &mut config.monitors {
            if let Some(MonitorSettings { entry, stop, params }) = settings.monitors.get(&monitor.id).cloned() {
                (monitor.entry, monitor.stop, monitor.params) = (entry, stop, params);
            }
        }
        config
    }
}

impl Engine {
    /// Goes by the overrides as they are, from this moment on, and says what each new one does. What strategies are thinking about by other settings is
    /// not taken up.
    pub(super) fn on_settings(&mut self, cx: &mut Context<'_>, read: &Result<Vec<SettingVersion>, String>) {
        let before = self.state.overrides.in_force(&self.base);
        let was_unknown = std::mem::replace(&mut self.state.overrides.unknown, read.is_err());
        let mut cleared = Vec::new();
        match read {
            Err(why) => {
                let text =
                    format!("the overrides of the settings are not known, nothing is entered until they are: {why}");
                cx.warn(Role::AutoEntrySupervisor, None, text);
            }
            Ok(versions) => {
                if was_unknown {
                    cx.info(
                        Role::AutoEntrySupervisor,
                        None,
                        "the overrides of the settings are known again".to_owned(),
                    );
                }
                let gone =
                    |version: &&SettingVersion| version.value.is_none() && before.applied(&version.key).is_some();
                cleared = versions.iter().filter(gone).cloned().collect();
                self.state.overrides.versions.clone_from(versions);
            }
        }
        let after = self.state.overrides.in_force(&self.base);
        say(cx, &before, &after);
        for version in cleared {
            let counts = version.key.parse().ok().and_then(|key: SettingKey| after.settings.get(&key));
            let counts = counts.map_or_else(String::new, |value| format!(", {value} counts"));
            let text = format!("override: {} is given back to the config{counts} ({version})", version.key);
            cx.info(Role::AutoEntrySupervisor, None, text);
        }
        if before.settings != after.settings {
            self.in_force = self.state.overrides.config(&self.base);
            self.state.entry.withdraw();
        }
    }
}

/// Says what overrides do that were not there before, and what the settings do to each other since.
fn say(cx: &mut Context<'_>, before: &InForce, after: &InForce) {
    for one in after.applied.iter().filter(|one| !before.applied.contains(one)) {
        let text = format!("override: {one}");
        match one.effect {
            Effect::Counts { .. } => cx.info(Role::AutoEntrySupervisor, None, text),
            Effect::Clamped { .. } | Effect::Spent | Effect::NoSuchMonitor { .. } => {
                cx.warn(Role::AutoEntrySupervisor, None, text);
            }
            Effect::Unusable { .. } => cx.alarm(Role::AutoEntrySupervisor, None, text),
        }
    }
    let known = before.settings.remarks();
    for remark in after.settings.remarks().into_iter().filter(|remark| !known.contains(remark)) {
        cx.warn(Role::AutoEntrySupervisor, None, remark);
    }
}
