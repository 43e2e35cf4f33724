//! The sections of the config: their defaults, and the way from what was said to a type.

use super::given::{Given, Leaf, flatten, set_in};
use super::schema::{Account, Monitor, Preset, StrategyName};
use super::{Fault, KeyPath, Origin};
use recio_core::engine::EntryRules;
use recio_core::fact::Environment;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// All sections.
pub(super) const SECTIONS: &[&str] = &[
    "version",
    "account",
    "monitor",
    "risk",
    "freshness",
    "warm_start",
    "paper",
    "store",
    "observations",
    "bus",
    "archive",
    "services",
    "paths",
    "log",
];

/// One section or one element of it, with its defaults.
#[derive(Debug)]
pub(super) struct Section {
    /// Its place: `risk`, `account.main`, `monitor.hourly`.
    pub(super) at: KeyPath,
    /// Where it begins, to say where something is missing.
    pub(super) begins: Origin,
    /// Every key with the value that holds where nothing is said; required keys hold a placeholder that is never used.
    defaults: Value,
    required: &'static [&'static str],
    preset: Preset,
}

/// A value in force.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) key: KeyPath,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

impl Section {
    /// A section that is always there.
    pub(super) fn plain(name: &str, defaults: &impl Serialize) -> Self {
        Self {
            at: KeyPath::new([name]),
            begins: Origin::Default,
            defaults: tree(defaults),
            required: &[],
            preset: Preset::Default,
        }
    }

    /// An account that the file names.
    pub(super) fn account(name: &str, begins: Origin) -> Self {
        let defaults = Account { environment: Environment::Sim, key_id: None, key_file: None };
        Self {
            at: KeyPath::new(["account", name]),
            begins,
            defaults: tree(&defaults),
            required: &["environment"],
            preset: Preset::Default,
        }
    }

    /// The account that is there without being named.
    pub(super) fn built_in_account(name: &str) -> Self {
        Self { required: &[], ..Self::account(name, Origin::Default) }
    }

    /// A monitor with what its preset fills in.
    pub(super) fn monitor(id: &str, begins: Origin, preset: Preset) -> Self {
        let defaults = Monitor {
            id: placeholder(),
            account: placeholder(),
            series: placeholder(),
            strategy: StrategyName::default(),
            preset,
            params: preset.params(),
            entry: EntryRules::default(),
            stop: preset.stop(),
        };
        Self {
            at: KeyPath::new(["monitor", id]),
            begins,
            defaults: tree(&defaults),
            required: &["id", "account", "series"],
            preset,
        }
    }

    /// The keys with their defaults, below the section.
    pub(super) fn keys(&self) -> BTreeMap<Vec<String>, Value> {
        flatten(&self.defaults)
    }

    /// Makes the type from defaults and what was said. Finds all that is wrong with each value, and what is missing.
    pub(super) fn build<T>(&self, given: &Given, faults: &mut Vec<Fault>) -> Option<(T, Vec<InForce>)>
    where
        T: DeserializeOwned + Serialize,
    {
        let before = faults.len();
        let keys = self.keys();
        let mut filled = self.defaults.clone();
        let mut said: BTreeMap<Vec<String>, Origin> = BTreeMap::new();
        for (key, leaf) in &given.leaves {
            let Some(below) = key.below(&self.at) else { continue };
            match self.judge::<T>(&keys, below, leaf) {
                Ok(Said::Value) => {
                    set_in(&mut filled, below, leaf.value.clone());
                    said.insert(below.to_vec(), leaf.origin.clone());
                }
                Ok(Said::Nothing) => {}
                Err(what) => {
                    said.insert(below.to_vec(), leaf.origin.clone());
                    faults.push(Fault::of(key, &leaf.origin, what));
                }
            }
        }
        for required in self.required {
            if !said.contains_key(&vec![(*required).to_owned()]) {
                faults.push(Fault::of(&self.at, &self.begins, format!("`{required}` is missing")));
            }
        }
        if faults.len() > before {
            return None;
        }
        let built: T = match serde_json::from_value(filled) {
            Ok(built) => built,
            Err(error) => {
                faults.push(Fault::of(&self.at, &self.begins, error.to_string()));
                return None;
            }
        };
        let mut values: Vec<(Vec<String>, Value)> = flatten(&tree(&built)).into_iter().collect();
        values.sort_by_key(|(below, _)| below.len()); // a table's own keys come before the tables in it
        let in_force = values
            .into_iter()
            .map(|(below, value)| {
                let origin = said.get(&below).cloned().unwrap_or_else(|| self.unsaid(&below));
                let key = below.iter().fold(self.at.clone(), |key, part| key.then(part));
                InForce { key, value, origin }
            })
            .collect();
        Some((built, in_force))
    }

    fn unsaid(&self, below: &[String]) -> Origin {
        match (self.preset, below) {
            (Preset::V2, [table, _]) if table == "params" || table == "stop" => Origin::Preset(self.preset.as_str()),
            (Preset::V2 | Preset::Default, _) => Origin::Default,
        }
    }

    /// Tries one value alone among the defaults, so that a fault is its own.
    fn judge<T: DeserializeOwned>(
        &self,
        keys: &BTreeMap<Vec<String>, Value>,
        below: &[String],
        leaf: &Leaf,
    ) -> Result<Said, String> {
        let Some(default) = keys.get(below) else {
            let is_table = keys.keys().any(|key| key.starts_with(below));
            return match (&leaf.value, is_table) {
                (Value::Object(_), true) => Ok(Said::Nothing),
                (_, true) => Err("is a table: write its keys below its own header".to_owned()),
                (_, false) => Err(self.unknown(keys, below)),
            };
        };
        let mut alone = self.defaults.clone();
        set_in(&mut alone, below, leaf.value.clone());
        match serde_json::from_value::<T>(alone) {
            Ok(_) => Ok(Said::Value),
            Err(error) => Err(explain(&error, default, &leaf.value)),
        }
    }

    fn unknown(&self, keys: &BTreeMap<Vec<String>, Value>, below: &[String]) -> String {
        let (name, table) = below.split_last().map_or(("", below), |(name, table)| (name.as_str(), table));
        let is_account = self.at.parts().first().is_some_and(|part| part == "account");
        if is_account && ["key", "private_key", "secret", "pem", "api_key", "token"].contains(&name) {
            return "a key itself is never written here: name the file that holds it with `key_file`".to_owned();
        }
        let siblings: Vec<&str> =
            keys.keys().filter_map(|key| key.strip_prefix(table)?.first()).map(String::as_str).collect();
        format!("unknown key{}", did_you_mean(name, &siblings))
    }
}

/// So many names can be taken in at a glance.
const FEW: usize = 12;

/// What a leaf turned out to be.
enum Said {
    Value,
    Nothing,
}

/// A question for the nearest known name, or the list of all where none is near and they are few.
pub(super) fn did_you_mean(name: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min();
    match near {
        Some((distance, near)) if distance <= (name.len() / 3).max(1) => format!("; did you mean `{near}`?"),
        Some(_) | None => {
            let mut known: Vec<&str> = known.to_vec();
            known.sort_unstable();
            known.dedup();
            if known.len() <= FEW {
                format!("; known are {}", known.join(", "))
            } else {
                "; `recio config show` lists what there is".to_owned()
            }
        }
    }
}

fn explain(error: &serde_json::Error, default: &Value, value: &Value) -> String {
    let decimal = default.as_str().is_some_and(|text| text.parse::<f64>().is_ok());
    match value {
        Value::Number(number) if decimal => {
            format!("amounts, prices and quantities are written in quotes, as they are exact decimals: \"{number}\"")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            error.to_string()
        }
    }
}

fn tree(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("the config's types have text keys and finite numbers")
}

/// Stands where a required id will stand, so that the other keys can be tried without it.
fn placeholder<T: std::str::FromStr>() -> T
where
    T::Err: std::fmt::Debug,
{
    "required".parse().expect("a short visible word is an id")
}
