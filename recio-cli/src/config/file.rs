//! From the text of a config file to values with their lines.

use super::given::Given;
use super::section::{SECTIONS, did_you_mean};
use super::{KeyPath, Origin, VERSION};
use serde_json::{Number, Value};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// One file while it is read.
struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    given: Given,
}

/// Reads what a file says. Nothing is judged yet but its form: syntax, sections, version, ids of monitors.
pub(super) fn read(text: &str, path: &Path) -> Given {
    let mut reader = Reader { text, path, given: Given::default() };
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        reader.root(root.get_ref());
    }
    for error in errors {
        let origin = reader.origin(error.span().map_or(0, |span| span.start));
        let what = error.message().replace('\n', "; ");
        reader.given.fault(None, origin, what);
    }
    reader.given
}

impl Reader<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }

    fn root(&mut self, root: &DeTable<'_>) {
        if !root.contains_key("version") {
            let origin = self.origin(0);
            self.given.fault(
                None,
                origin,
                format!("the version is missing: begin the file with `version = {VERSION}`"),
            );
        }
        for (key, value) in root {
            let origin = self.origin(key.span().start);
            let path = KeyPath::new([key.get_ref().as_ref()]);
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("version", DeValue::Integer(version)) if version.as_str() == VERSION.to_string() => {}
                ("version", DeValue::Integer(_)) => {
                    let what = format!(
                        "this recio reads version {VERSION}; take the recio that wrote the file, or rewrite it"
                    );
                    self.given.fault(Some(path), origin, what);
                }
                ("version", _) => self.given.fault(Some(path), origin, format!("write `version = {VERSION}`")),
                ("account", DeValue::Table(accounts)) => self.accounts(accounts),
                ("account", _) => self.given.fault(Some(path), origin, "write `[account.NAME]` with its keys below"),
                ("monitor", DeValue::Array(monitors)) => {
                    for monitor in monitors {
                        let origin = self.origin(monitor.span().start);
                        self.monitor(monitor.get_ref(), origin);
                    }
                }
                ("monitor", _) => {
                    self.given.fault(
                        Some(path),
                        origin,
                        "write `[[monitor]]`, with two brackets, once for each monitor",
                    );
                }
                (name, _) if !SECTIONS.contains(&name) => {
                    let what = format!("unknown section{}", did_you_mean(name, SECTIONS));
                    self.given.fault(Some(path), origin, what);
                }
                (_, DeValue::Table(table)) => self.table(&path, table),
                (name, _) => self.given.fault(Some(path), origin, format!("write `[{name}]` with its keys below")),
            }
        }
    }

    fn accounts(&mut self, accounts: &DeTable<'_>) {
        for (name, value) in accounts {
            let origin = self.origin(name.span().start);
            let path = KeyPath::new(["account", name.get_ref().as_ref()]);
            let Some(table) = value.get_ref().as_table() else {
                let what = "an account is a table: write `[account.NAME]` with its keys below";
                self.given.fault(Some(path), origin, what);
                continue;
            };
            self.given.accounts.insert(name.get_ref().to_string(), origin);
            self.table(&path, table);
        }
    }

    fn monitor(&mut self, monitor: &DeValue<'_>, origin: Origin) {
        let section = KeyPath::new(["monitor"]);
        let DeValue::Table(table) = monitor else {
            self.given.fault(Some(section), origin, "write `[[monitor]]` with its keys below");
            return;
        };
        let Some(id) = table.get("id") else {
            self.given.fault(Some(section), origin, "the id is missing: add `id = \"NAME\"`; its trades carry it");
            return;
        };
        let Some(name) = id.get_ref().as_str() else {
            let origin = self.origin(id.span().start);
            self.given.fault(Some(section.then("id")), origin, "the id is a text: write it in quotes");
            return;
        };
        if self.given.monitors.iter().any(|(known, _)| known == name) {
            let what = format!("the id `{name}` is taken by a monitor above: give each its own");
            let origin = self.origin(id.span().start);
            self.given.fault(Some(section.then("id")), origin, what);
            return;
        }
        self.given.monitors.push((name.to_owned(), origin));
        self.table(&section.then(name), table);
    }

    fn table(&mut self, at: &KeyPath, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = at.then(key.get_ref());
            let origin = self.origin(key.span().start);
            match value.get_ref().as_table() {
                Some(below) if !below.is_empty() => self.table(&path, below),
                // An empty table is kept as a value: its name may be wrong.
                Some(_) | None => match json(value.get_ref()) {
                    Ok(value) => self.given.set(path, value, origin),
                    Err(what) => self.given.fault(Some(path), origin, what),
                },
            }
        }
    }
}

/// A TOML value as the value that the types are made from; dates become texts.
fn json(value: &DeValue<'_>) -> Result<Value, String> {
    match value {
        DeValue::String(text) => Ok(Value::String(text.to_string())),
        DeValue::Boolean(yes) => Ok(Value::Bool(*yes)),
        DeValue::Datetime(time) => Ok(Value::String(time.to_string())),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map(Value::from)
            .map_err(|_| format!("`{integer}` is too large")),
        DeValue::Float(float) => number(float.as_str()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| Ok((key.get_ref().to_string(), json(value.get_ref())?)))
            .collect::<Result<serde_json::Map<_, _>, String>>()
            .map(Value::Object),
    }
}

/// A decimal number from text; what is not finite is refused.
pub(super) fn number(text: &str) -> Result<Value, String> {
    text.parse()
        .ok()
        .and_then(Number::from_f64)
        .map(Value::Number)
        .ok_or_else(|| format!("`{text}` is not a number that can be used here"))
}

/// A path of the file, seen from the working directory.
pub(super) fn beside(file: &Path, path: &str) -> String {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    match directory {
        Some(directory) => PathBuf::from(directory).join(path).to_string_lossy().into_owned(),
        None => path.to_owned(),
    }
}
