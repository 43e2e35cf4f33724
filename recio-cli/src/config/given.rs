//! What was said, before anybody asked whether it makes sense.

use super::{Fault, KeyPath, Origin};
use serde_json::Value;
use std::collections::BTreeMap;

/// One value as it was said.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All that was said, by key; a stronger layer replaces the value of a weaker one.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) leaves: BTreeMap<KeyPath, Leaf>,
    /// Accounts by name, with where each begins.
    pub(super) accounts: BTreeMap<String, Origin>,
    /// Monitors by id, in the order of the file, with where each begins.
    pub(super) monitors: Vec<(String, Origin)>,
    pub(super) faults: Vec<Fault>,
}

impl Given {
    pub(super) fn set(&mut self, key: KeyPath, value: Value, origin: Origin) {
        self.leaves.insert(key, Leaf { value, origin });
    }

    /// Remembers that something is wrong, and goes on.
    pub(super) fn fault(&mut self, key: Option<KeyPath>, origin: Origin, what: impl Into<String>) {
        self.faults.push(Fault { origin, key, what: what.into() });
    }
}

/// The values of a tree by their path below its root; an empty table counts as a value.
pub(super) fn flatten(tree: &Value) -> BTreeMap<Vec<String>, Value> {
    fn walk(at: &[String], value: &Value, into: &mut BTreeMap<Vec<String>, Value>) {
        match value {
            Value::Object(table) if !table.is_empty() => {
                for (key, value) in table {
                    let path: Vec<String> = at.iter().cloned().chain([key.clone()]).collect();
                    walk(&path, value, into);
                }
            }
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                into.insert(at.to_vec(), value.clone());
            }
        }
    }
    let mut into = BTreeMap::new();
    walk(&[], tree, &mut into);
    into
}

/// Sets one value of a tree whose tables are there already; `false` where they are not.
pub(super) fn set_in(tree: &mut Value, path: &[String], value: Value) -> bool {
    let mut at = tree;
    for part in path {
        match at.get_mut(part) {
            Some(below) => at = below,
            None => return false,
        }
    }
    *at = value;
    true
}
