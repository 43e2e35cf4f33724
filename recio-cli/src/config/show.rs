//! The config in force as TOML.

use super::{Loaded, Setting};
use recio_store::without_password;
use serde_json::Value;
use std::fmt::Write;

/// The config as a TOML file that would give the same one. Nothing in it is secret: passwords in the URLs of store and bus are left out.
#[must_use]
pub fn to_toml(loaded: &Loaded) -> String {
    render(loaded, false)
}

/// The same, with where each value comes from beside it.
#[must_use]
pub fn to_toml_with_origins(loaded: &Loaded) -> String {
    render(loaded, true)
}

fn render(loaded: &Loaded, origins: bool) -> String {
    let mut text = format!("version = {}\n", loaded.config.version);
    let mut header: &[String] = &[];
    let width = |setting: &Setting| line(setting).map_or(0, |line| line.chars().count());
    let width = loaded.settings.iter().map(width).max().unwrap_or(0);
    for setting in &loaded.settings {
        let parts = setting.key.parts();
        let table = parts.split_last().map_or(parts, |(_, table)| table);
        if table != header {
            text.push('\n');
            text.push_str(&header_line(table));
            header = table;
        }
        let (line, told) = match line(setting) {
            Some(line) => (line, origins),
            None => (format!("# {} is not set", last(setting)), false),
        };
        if told {
            let _ = writeln!(text, "{line:width$}  # {}", setting.origin);
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// The header of a table. A monitor's own keys come first, and begin a new element.
fn header_line(table: &[String]) -> String {
    match table {
        [kind, _] if kind == "monitor" => "[[monitor]]\n".to_owned(),
        [kind, _, rest @ ..] if kind == "monitor" => {
            format!("[monitor.{}]\n", super::KeyPath::new(rest.iter().cloned()))
        }
        table => format!("[{}]\n", super::KeyPath::new(table.iter().cloned())),
    }
}

fn line(setting: &Setting) -> Option<String> {
    let value = toml_value(&setting.value)?;
    Some(format!("{} = {value}", last(setting)))
}

fn last(setting: &Setting) -> super::KeyPath {
    super::KeyPath::new(setting.key.parts().last().cloned())
}

fn toml_value(value: &Value) -> Option<toml::Value> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(toml::Value::Boolean(*yes)),
        Value::String(text) => Some(toml::Value::String(without_password(text))),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(toml::Value::Integer(integer)),
            None => number.as_f64().map(toml::Value::Float),
        },
        Value::Array(items) => Some(toml::Value::Array(items.iter().filter_map(toml_value).collect())),
        Value::Object(_) => None,
    }
}

impl Loaded {
    /// The config as JSON, without a password in it.
    #[must_use]
    pub fn public_config(&self) -> Value {
        let mut config = self.config.clone();
        config.store.url = config.store.url.as_deref().map(without_password);
        config.bus.url = config.bus.url.as_deref().map(without_password);
        serde_json::to_value(config).unwrap_or_default()
    }

    /// Every value with its origin, without a password in them.
    #[must_use]
    pub fn public_settings(&self) -> Vec<Setting> {
        let hide = |setting: &Setting| match &setting.value {
            Value::String(text) => Setting { value: Value::String(without_password(text)), ..setting.clone() },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => setting.clone(),
        };
        self.settings.iter().map(hide).collect()
    }
}
