//! What there is of settings and preferences.
//!
//! The settings that count are the config's with the store's overrides, of which each may only be tighter. The config is handed in when the views
//! are made, and stands in them; the overrides are read whenever a view is.

use crate::v2::adopt::{AdoptSettings, literal};
use recio_core::settings::{SettingKey, SettingValue, Settings, Tighter};
use std::fmt::Write as _;

/// v2's column, the name of recio's setting within a monitor, and what one of recio's is in v2's unit.
type Line = (&'static str, &'static str, &'static str);

const RULES: [Line; 15] = [
    ("min_probability", "params.min_probability", ""),
    ("min_differential", "params.min_differential", ""),
    ("min_time", "entry.min_time_to_close", ""),
    ("max_time", "entry.max_time_to_close", ""),
    ("allow_re_entry", "entry.allow_re_entry", ""),
    ("spike_alert_enabled", "entry.spike_pause", ""),
    ("spike_alert_momentum_threshold", "entry.spike_threshold", ""),
    ("spike_alert_cooldown_threshold", "entry.calm_threshold", ""),
    ("spike_alert_cooldown_minutes", "entry.calm_time", " / 60"),
    ("current_probability", "stop.probability", ""),
    ("min_ttc_seconds", "stop.min_time_to_close", ""),
    ("momentum_spike_enabled", "stop.momentum_enabled", ""),
    ("momentum_spike_threshold", "stop.momentum_threshold", ""),
    ("verification_period_enabled", "stop.verification", " > 0"),
    ("verification_period_seconds", "stop.verification", ""),
];

/// The rules of a monitor; without one, v2's own as they were imported.
///
/// The switches are told by neither: a program of v2's that still runs would act on them. `auto_entry` is off and `auto_stop` is nothing,
/// and what recio does stands in `auto_entry_status`, which only pages read.
pub(in crate::v2::adopt) fn auto_trade_settings(settings: Option<&AdoptSettings>) -> String {
    let columns = match settings {
        Some(settings) => {
            RULES.iter().fold(String::new(), |mut sql, (column, name, scale)| {
                let value = in_force(settings, name).unwrap_or_else(|| "NULL".to_owned());
                let _ = write!(sql, "{value}{scale} AS {column}, ");
                sql
            }) + &format!("CASE WHEN {} THEN 'active' ELSE 'disabled' END AS auto_entry_status", entry(settings))
        }
        None => {
            RULES.iter().fold(String::new(), |mut sql, (column, ..)| {
                let flag =
                    ["allow_re_entry", "spike_alert_enabled", "momentum_spike_enabled", "verification_period_enabled"];
                let read = if flag.contains(column) { "truth" } else { "number" };
                let _ = write!(sql, "v2_backup.{read}(w ->> '{column}') AS {column}, ");
                sql
            }) + "'disabled' AS auto_entry_status"
        }
    };
    let from = if settings.is_some() { String::new() } else { imported("auto_trade_settings") };
    format!(
        "SELECT 1 AS id, false AS auto_entry, NULL AS auto_stop, {columns}, 0 AS cooldown_timer, '0001' AS user_id{from}"
    )
}

/// A monitor's name and size; without one, v2's own as they were imported.
pub(in crate::v2::adopt) fn preferences(settings: Option<&AdoptSettings>) -> String {
    let columns = match settings {
        Some(settings) => {
            let value = |name| in_force(settings, name).unwrap_or_else(|| "NULL".to_owned());
            let strategy = literal(settings.monitor.as_str());
            let (size, multiplier) = (value("params.position_size"), value("params.multiplier"));
            format!("{strategy} AS trade_strategy, {size} AS position_size, {multiplier} AS multiplier")
        }
        None => "w ->> 'trade_strategy' AS trade_strategy, v2_backup.number(w ->> 'position_size') AS position_size, \
                 v2_backup.number(w ->> 'multiplier') AS multiplier"
            .to_owned(),
    };
    let from = if settings.is_some() { String::new() } else { imported("trade_preferences") };
    format!("SELECT 1 AS id, {columns}, '0001' AS user_id{from}")
}

/// Of v2's pages; recio has no such settings.
pub(in crate::v2::adopt) const HISTORY_PREFERENCES: &str = r#"
SELECT 1 AS id, w ->> 'date_filter' AS date_filter, w ->> 'custom_date_start' AS custom_date_start, w ->> 'custom_date_end' AS custom_date_end,
       v2_backup.truth(w ->> 'win_filter') AS win_filter, v2_backup.truth(w ->> 'loss_filter') AS loss_filter, w ->> 'sort_key' AS sort_key,
       v2_backup.truth(w ->> 'sort_asc') AS sort_asc, v2_backup.number(w ->> 'page_size') AS page_size,
       w ->> 'last_search_timestamp' AS last_search_timestamp, '0001' AS user_id
FROM (SELECT words::jsonb AS w FROM imported_records WHERE environment = $environment AND account = $account AND kind = 'settings'
        AND record LIKE 'trade\_history\_preferences|%' ORDER BY sequence DESC LIMIT 1) newest"#;

/// The newest row of a table of v2's settings.
fn imported(table: &str) -> String {
    let pattern = literal(&format!("{}|%", table.replace('_', "\\_")));
    format!(
        " FROM (SELECT words::jsonb AS w FROM imported_records WHERE environment = $environment AND account = $account \
         AND kind = 'settings' AND record LIKE {pattern} ORDER BY sequence DESC LIMIT 1) newest"
    )
}

/// The key of a monitor's setting, and its value in the config.
fn base(settings: &AdoptSettings, name: &str) -> Option<(SettingKey, SettingValue)> {
    let entry = SettingKey::entry_switch(&settings.monitor).to_string();
    let key: SettingKey = format!("{}{name}", entry.strip_suffix("entry.enabled")?).parse().ok()?;
    let base =
        Settings { monitors: [(settings.monitor.clone(), settings.rules.clone())].into(), ..Settings::default() };
    let value = base.get(&key)?;
    Some((key, value))
}

/// The newest override of a key as it stands there; nothing where there is none, or where it was taken back.
fn newest(key: &SettingKey) -> String {
    format!(
        "(SELECT value FROM settings WHERE setting_key = {} ORDER BY version DESC LIMIT 1)",
        literal(&key.to_string())
    )
}

/// The value that counts, as an expression: the tighter one of the config's and the override's.
fn in_force(settings: &AdoptSettings, name: &str) -> Option<String> {
    let (key, value) = base(settings, name)?;
    let (value, read) = match value {
        SettingValue::Flag(flag) => (flag.to_string(), "truth"),
        SettingValue::Count(_)
        | SettingValue::Seconds(_)
        | SettingValue::Number(_)
        | SettingValue::Price(_)
        | SettingValue::Quantity(_)
        | SettingValue::Money(_) => (value.to_string(), "number"),
    };
    let over = format!("v2_backup.{read}({})", newest(&key));
    Some(match key.tighter() {
        // Both pass over what is nothing.
        Tighter::Lower => format!("least({value}, {over})"),
        Tighter::Higher => format!("greatest({value}, {over})"),
        Tighter::On => format!("({value} OR coalesce({over}, false))"),
        Tighter::Off | Tighter::Switch => format!("({value} AND coalesce({over}, true))"),
    })
}

/// Whether entry is on: in the config, and not off by an override; or by one for the run that has the store now.
fn entry(settings: &AdoptSettings) -> String {
    let key = literal(&SettingKey::entry_switch(&settings.monitor).to_string());
    let base = settings.rules.entry.enabled;
    format!(
        "coalesce((SELECT CASE WHEN value IS NULL THEN {base} WHEN value = 'true' THEN {base} OR run = {run} ELSE false END \
         FROM settings WHERE setting_key = {key} ORDER BY version DESC LIMIT 1), {base})",
        run = "(SELECT run FROM facts ORDER BY sequence DESC LIMIT 1)"
    )
}
