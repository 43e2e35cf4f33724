//! The fingerprints that a run prices with.

use super::Fingerprint;
use crate::market::Asset;
use std::collections::BTreeMap;

/// Everything learned from history that the engine is given: one fingerprint an asset. Never changes during a run.
#[derive(Clone, Debug, Default)]
pub struct Model {
    fingerprints: BTreeMap<Asset, Fingerprint>,
}

impl Model {
    /// Makes a model of fingerprints; of two of one asset the later counts.
    #[must_use]
    pub fn new(fingerprints: impl IntoIterator<Item = Fingerprint>) -> Self {
        Self {
            fingerprints: fingerprints
                .into_iter()
                .map(|fingerprint| (fingerprint.about().asset, fingerprint))
                .collect(),
        }
    }

    /// The fingerprint of an asset.
    #[must_use]
    pub fn fingerprint(&self, asset: Asset) -> Option<&Fingerprint> {
        self.fingerprints.get(&asset)
    }

    /// The hashes of all fingerprints, in the order of the assets: what a replay needs to be given again.
    #[must_use]
    pub fn hash(&self) -> String {
        let hashes: Vec<_> =
            self.fingerprints.iter().map(|(asset, print)| format!("{asset}:{}", print.hash())).collect();
        hashes.join(",")
    }
}
