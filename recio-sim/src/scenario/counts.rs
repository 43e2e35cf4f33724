//! How often each fault came.

use super::Fault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How often each kind of fault came. Kinds that never came stand there with zero, so that a test sees what it has not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultCounts(BTreeMap<String, u64>);

impl Default for FaultCounts {
    fn default() -> Self {
        Self(Fault::KINDS.iter().map(|kind| ((*kind).to_owned(), 0)).collect())
    }
}

impl FaultCounts {
    /// How often a kind came.
    #[must_use]
    pub fn of(&self, kind: &str) -> u64 {
        self.0.get(kind).copied().unwrap_or(0)
    }

    /// How many came in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether none came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// Kinds and counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(kind, count)| (kind.as_str(), *count))
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in other.iter() {
            *self.0.entry(kind.to_owned()).or_default() += count;
        }
    }

    pub(super) fn count(&mut self, fault: &Fault) {
        *self.0.entry(fault.kind().to_owned()).or_default() += 1;
    }
}

impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came: Vec<String> =
            self.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{kind} {count}")).collect();
        if came.is_empty() { f.write_str("no faults") } else { f.write_str(&came.join(", ")) }
    }
}
