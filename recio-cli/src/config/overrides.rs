//! The store's overrides over the config: the last layer, which may only be tighter.

use super::section::did_you_mean;
use super::{Config, KeyPath, Loaded, Origin};
use recio_core::settings::{
    Applied, Effect, InForce, KeyError, MonitorSettings, Refusal, SettingKey, SettingValue, SettingVersion, Settings,
};
use serde_json::Value;

impl Config {
    /// What of the config may be overridden: the base of [`recio_core::settings`].
    #[must_use]
    pub fn base(&self) -> Settings {
        let monitor = |monitor: &super::Monitor| {
            let rules = MonitorSettings {
                entry: monitor.entry.clone(),
                stop: monitor.stop.clone(),
                params: match monitor.strategy {
                    super::StrategyName::HourlyHtc => Some(monitor.params.clone()),
                },
            };
            (monitor.id.clone(), rules)
        };
        Settings { risk: self.risk.clone(), monitors: self.monitor.iter().map(monitor).collect() }
    }

    /// Puts settings that are in force in the place of the config's own.
    pub fn set(&mut self, settings: &Settings) {
        self.risk = settings.risk.clone();
        for monitor in &mut self.monitor {
            let Some(rules) = settings.monitors.get(&monitor.id) else { continue };
            monitor.entry = rules.entry.clone();
            monitor.stop = rules.stop.clone();
            if let Some(params) = &rules.params {
                monitor.params = params.clone();
            }
        }
    }
}

impl Loaded {
    /// Lays the overrides of a store over the config, for a run that is about to start. Whatever counts says where it comes from.
    #[must_use]
    pub fn with_overrides(&self, versions: &[SettingVersion]) -> (Self, InForce) {
        let base = self.config.base();
        let in_force = base.with_overrides(versions, None);
        let mut loaded = self.clone();
        loaded.config.set(&in_force.settings);
        for key in base.keys() {
            let (was, is) = (base.get(&key), in_force.settings.get(&key));
            let origin = match in_force.applied(&key.to_string()) {
                Some(Applied { version, effect: Effect::Counts { value, .. } }) if Some(*value) == is => {
                    database(version)
                }
                // Entry is off because of an override that cannot be used.
                Some(_) | None if was != is => Origin::Closed,
                Some(_) | None => continue,
            };
            let Some(setting) = loaded.settings.iter_mut().find(|setting| setting.key == path(&key)) else { continue };
            if let Some(value) = is {
                setting.value = json(value);
            }
            setting.origin = origin;
        }
        (loaded, in_force)
    }
}

fn database(version: &SettingVersion) -> Origin {
    Origin::Database { version: version.version, who: version.who.clone(), time: version.time }
}

/// The same key, as the config names it.
fn path(key: &SettingKey) -> KeyPath {
    let parts = key.name().split('.').map(str::to_owned);
    match key.monitor() {
        Some(monitor) => KeyPath::new(["monitor".to_owned(), monitor.to_string()].into_iter().chain(parts)),
        None => KeyPath::new(parts),
    }
}

/// The value as the config's own types have it in JSON.
fn json(value: SettingValue) -> Value {
    match value {
        SettingValue::Flag(flag) => Value::from(flag),
        SettingValue::Count(count) => Value::from(count),
        SettingValue::Seconds(time) => Value::from(time.as_secs_f64()),
        SettingValue::Number(number) => Value::from(number),
        SettingValue::Price(_) | SettingValue::Quantity(_) | SettingValue::Money(_) => Value::from(value.to_string()),
    }
}

/// What to say of a refusal, with the nearest key where the key is unknown.
#[must_use]
pub fn explain(refusal: &Refusal, loaded: &Loaded) -> String {
    let Refusal::Key(KeyError::Unknown { key }) = refusal else { return refusal.to_string() };
    let known: Vec<String> = loaded.config.base().keys().iter().map(SettingKey::to_string).collect();
    if loaded.settings.iter().any(|setting| setting.key.to_string() == *key) {
        return format!(
            "{refusal}: it is set in the config alone; entry rules, stop rules, sizes and risk limits can be overridden"
        );
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("{refusal}{}", did_you_mean(key, &known))
}
