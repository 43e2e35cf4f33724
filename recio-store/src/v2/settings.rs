//! v2's settings in recio's words: a proposal to read, of which nothing is switched on.

use super::exact::{Exact, Reading};
use super::row::RawRow;
use serde::Serialize;

/// One setting of v2's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// v2's name of it.
    pub setting: String,
    /// v2's value.
    pub value: String,
    /// What to do with it.
    pub taken: Taken,
}

/// What a setting of v2's is to recio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// A line for the monitor's part of `recio.toml`: section, key, and value as TOML.
    Line {
        /// `params`, `entry` or `stop`.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// The value.
        toml: String,
    },
    /// Nothing to write: why.
    Not(&'static str),
}

enum Form {
    Number,
    Seconds,
    Minutes,
    Bool,
    Text,
    Whole,
}

use Form::{Bool, Minutes, Number, Seconds, Text, Whole};

/// v2's name, the section and key of a monitor, and the form of the value. Units are the same but where the form says otherwise: percent,
/// points of a cent, hundredths of a percent of momentum.
const LINES: [(&str, &str, &str, Form); 17] = [
    ("min_probability", "params", "min_probability", Number),
    ("min_differential", "params", "min_differential", Number),
    ("position_size", "params", "position_size", Text),
    ("multiplier", "params", "multiplier", Whole),
    ("min_time", "entry", "min_time_to_close", Seconds),
    ("max_time", "entry", "max_time_to_close", Seconds),
    ("allow_re_entry", "entry", "allow_re_entry", Bool),
    ("spike_alert_enabled", "entry", "spike_pause", Bool),
    ("spike_alert_momentum_threshold", "entry", "spike_threshold", Number),
    ("spike_alert_cooldown_threshold", "entry", "calm_threshold", Number),
    ("spike_alert_cooldown_minutes", "entry", "calm_time", Minutes),
    ("auto_stop", "stop", "enabled", Bool),
    ("current_probability", "stop", "probability", Number),
    ("min_ttc_seconds", "stop", "min_time_to_close", Seconds),
    ("momentum_spike_enabled", "stop", "momentum_enabled", Bool),
    ("momentum_spike_threshold", "stop", "momentum_threshold", Number),
    ("verification_period_seconds", "stop", "verification", Seconds),
];

/// Reads a row of settings or preferences.
pub(super) fn proposals(row: &RawRow) -> Vec<Proposal> {
    let unverified = row.columns.get("verification_period_enabled").and_then(|text| truth(text)) == Some(false);
    let mut proposals = Vec::new();
    for (setting, value) in &row.columns {
        let value = value.trim();
        if setting == "id" || value.is_empty() {
            continue;
        }
        let taken = match LINES.iter().find(|(name, ..)| name == setting) {
            Some((_, section, key, form)) => {
                let zero = *key == "verification" && unverified;
                let toml = if zero { Some("0.0".to_owned()) } else { toml(value, form) };
                toml.map_or(Taken::Not("not a value that recio can read"), |toml| Taken::Line { section, key, toml })
            }
            None => Taken::Not(why_not(setting)),
        };
        proposals.push(Proposal { setting: setting.clone(), value: value.to_owned(), taken });
    }
    proposals
}

fn why_not(setting: &str) -> &'static str {
    match setting {
        "auto_entry" => "never taken over: only a person switches entry on",
        "auto_entry_status" | "cooldown_timer" => "the state of a moment, not a setting",
        "verification_period_enabled" => "part of stop.verification: 0 where it was off",
        "trade_strategy" => "the strategy is named in the config's monitor",
        "user_id" => "v2 had one user",
        "updated_at" | "created_at" | "timestamp" => "a time",
        _ => "of v2's pages; recio has no such setting",
    }
}

fn number(text: &str) -> Option<Exact> {
    match Exact::read(text) {
        Reading::Number(exact) | Reading::Dressed(exact) => Some(exact),
        Reading::NotANumber | Reading::TooLarge => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "on" | "yes" => Some(true),
        "false" | "f" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

/// A value as TOML; floats with a point, as the config has them.
fn toml(text: &str, form: &Form) -> Option<String> {
    let plain = |exact: Exact| {
        let text = exact.to_string();
        let cut = text.trim_end_matches('0');
        if cut.ends_with('.') { format!("{cut}0") } else { cut.to_owned() }
    };
    match form {
        Number => number(text).map(plain),
        Seconds => number(text).filter(|exact| !exact.is_negative()).map(plain),
        Minutes => {
            number(text)?.to_integer().filter(|minutes| (0..=10_000).contains(minutes)).map(|m| format!("{}.0", m * 60))
        }
        Bool => truth(text).map(|truth| truth.to_string()),
        Text => number(text)?.to_quantity().map(|quantity| format!("\"{quantity}\"")),
        Whole => number(text)?.to_integer().filter(|whole| *whole > 0).map(|whole| whole.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_lines_of_the_config_and_entry_is_never_switched_on() {
        let columns = [
            ("auto_entry", "true"),
            ("auto_stop", "t"),
            ("min_probability", "95"),
            ("min_differential", "-0.25"),
            ("spike_alert_cooldown_minutes", "15"),
            ("verification_period_enabled", "0"),
            ("verification_period_seconds", "20"),
            ("multiplier", "x"),
            ("position_size", "3"),
        ];
        let columns = columns.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let row = RawRow { place: "1".to_owned(), columns, damaged: Vec::new() };
        let lines: Vec<String> = proposals(&row)
            .into_iter()
            .map(|proposal| match proposal.taken {
                Taken::Line { section, key, toml } => format!("{section}.{key} = {toml}"),
                Taken::Not(why) => format!("{}: {why}", proposal.setting),
            })
            .collect();
        assert_eq!(
            lines,
            [
                "auto_entry: never taken over: only a person switches entry on",
                "stop.enabled = true",
                "params.min_differential = -0.25",
                "params.min_probability = 95.0",
                "multiplier: not a value that recio can read",
                "params.position_size = \"3.00\"",
                "entry.calm_time = 900.0",
                "verification_period_enabled: part of stop.verification: 0 where it was off",
                "stop.verification = 0.0",
            ]
        );
    }
}
