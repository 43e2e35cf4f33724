//! The base with the overrides laid over it: what counts.

use super::key::monitor_in;
use super::{SettingKey, SettingValue, SettingVersion, Settings, Tighter};
use crate::units::{RunId, StrategyId};
use std::collections::BTreeMap;
use std::fmt;

/// What is in force, and what each override does to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    /// The settings that count.
    pub settings: Settings,
    /// The newest version of every key that is overridden, in the order of the keys.
    pub applied: Vec<Applied>,
}

/// An override with what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The override.
    pub version: SettingVersion,
    /// What it does.
    pub effect: Effect,
}

/// What an override does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It counts.
    Counts {
        /// Its value.
        value: SettingValue,
        /// What the config says.
        base: SettingValue,
    },
    /// It is wider than what the config says by now, so that the config counts.
    Clamped {
        /// Its value.
        value: SettingValue,
        /// What the config says, and what counts.
        base: SettingValue,
    },
    /// It switched entry on for another run than this one, so that the config counts, which has entry off.
    Spent,
    /// It is of a monitor that the config does not have.
    NoSuchMonitor {
        /// The monitor.
        monitor: StrategyId,
    },
    /// It cannot be understood: entry is off, for the monitor that it is of, or for all where it is of none.
    Unusable {
        /// What is wrong with it.
        why: String,
    },
}

impl Settings {
    /// Lays overrides over the base: the newest version of each key counts, whatever else is handed in.
    ///
    /// `run` is the run that the answer is for. `None` for a run that is about to start: no override can have named it.
    ///
    /// Total: nothing that a store can hold makes it fail, and nothing makes a limit wider than the base. Entry is on only where the base
    /// has it on, or the newest override has switched it on for this very run.
    #[must_use]
    pub fn with_overrides(&self, versions: &[SettingVersion], run: Option<&RunId>) -> InForce {
        let mut newest: BTreeMap<&str, &SettingVersion> = BTreeMap::new();
        for version in versions {
            let slot = newest.entry(&version.key).or_insert(version);
            if slot.version < version.version {
                *slot = version;
            }
        }
        let mut settings = self.clone();
        let mut applied = Vec::new();
        for version in newest.into_values() {
            let Some(text) = &version.value else { continue };
            let effect = self.effect(version, text, run);
            if let Effect::Counts { value, .. } = &effect
                && let Ok(key) = version.key.parse()
            {
                settings.set(&key, *value);
            }
            applied.push(Applied { version: version.clone(), effect });
        }
        // Last, so that no switch of the same monitor is laid over it.
        for one in &applied {
            if matches!(one.effect, Effect::Unusable { .. }) {
                settings.close_entry(monitor_in(&one.version.key).as_ref());
            }
        }
        InForce { settings, applied }
    }

    /// The base with entry off everywhere: for a run that cannot read the overrides, which may say so.
    #[must_use]
    pub fn with_entry_off(mut self) -> Self {
        self.close_entry(None);
        self
    }

    fn close_entry(&mut self, of: Option<&StrategyId>) {
        for (id, monitor) in &mut self.monitors {
            if of.is_none_or(|of| of == id) {
                monitor.entry.enabled = false;
            }
        }
    }

    fn effect(&self, version: &SettingVersion, text: &str, run: Option<&RunId>) -> Effect {
        let unusable = |why: String| Effect::Unusable { why };
        if let Some(monitor) = monitor_in(&version.key).filter(|monitor| !self.monitors.contains_key(monitor)) {
            return Effect::NoSuchMonitor { monitor };
        }
        let key: SettingKey = match version.key.parse() {
            Ok(key) => key,
            Err(error) => return unusable(super::KeyError::to_string(&error)),
        };
        if key.to_string() != version.key {
            return unusable(format!("the key is not written as recio writes it, which is `{key}`"));
        }
        let Some(base) = self.get(&key) else {
            return unusable("the monitor's strategy has no such parameter".to_owned());
        };
        let value = match base.like(text) {
            Ok(value) => value,
            Err(why) => return unusable(why),
        };
        if let Some(why) = key.range().fault(value) {
            return unusable(why);
        }
        match (key.tighter().is_wider(value, base), key.tighter()) {
            (false, _) => Effect::Counts { value, base },
            (true, Tighter::Switch) => match (&version.run, run) {
                (Some(of), Some(run)) if of == run => Effect::Counts { value, base },
                (Some(_), _) => Effect::Spent,
                // Made when the config had entry on.
                (None, _) => Effect::Clamped { value, base },
            },
            (true, Tighter::Lower | Tighter::Higher | Tighter::On | Tighter::Off) => Effect::Clamped { value, base },
        }
    }
}

impl InForce {
    /// The override of a key, with what it does.
    #[must_use]
    pub fn applied(&self, key: &str) -> Option<&Applied> {
        self.applied.iter().find(|one| one.version.key == key)
    }
}

impl fmt::Display for SettingVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} by {} at {}: {}", self.version, self.who, self.time, self.why)
    }
}

/// One line for people: key, value, what it does, and who made it when and why.
impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, text) = (&self.version.key, self.version.value.as_deref().unwrap_or_default());
        match &self.effect {
            Effect::Counts { value, base } => write!(f, "{key} = {value}, the config has {base}")?,
            Effect::Clamped { value, base } => {
                write!(f, "{key} = {value} is wider than the config's {base} by now: {base} counts")?;
            }
            Effect::Spent => {
                let run = self.version.run.as_ref().map_or("another run", RunId::as_str);
                write!(f, "{key} = {text} was for run {run} alone: entry is off, as the config has it")?;
            }
            Effect::NoSuchMonitor { monitor } => {
                write!(
                    f,
                    "{key} = {text} does nothing: the config has no monitor {monitor}; clear it, or name the monitor so again"
                )?;
            }
            Effect::Unusable { why } => {
                let whose = monitor_in(key).map_or_else(|| "all monitors".to_owned(), |id| format!("monitor {id}"));
                write!(f, "{key} = {text} cannot be used ({why}): entry is off for {whose} until it is cleared")?;
            }
        }
        write!(f, " ({})", self.version)
    }
}
