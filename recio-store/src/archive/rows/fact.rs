//! Facts, with their place in the chain.

use super::Archived;
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use crate::chain::canonical;
use recio_core::fact::Fact;
use recio_core::store::{StoreError, StoredFact};
use recio_core::units::Timestamp;

/// A fact as the store has it: the canonical text that its hash is made of, and what of it is worth a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Its place: from 1, without a hole in a store.
    pub sequence: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What kind of fact it is.
    pub kind: String,
    /// Which exchange.
    pub environment: String,
    /// The account.
    pub account: String,
    /// The run that recorded it.
    pub run: String,
    /// The monitor that it belongs to.
    pub strategy: Option<String>,
    /// SHA-256 over the hash of the fact before and the body, 64 hex digits.
    pub hash: String,
    /// The canonical JSON of the whole fact.
    pub body: String,
}

impl FactRow {
    /// The row of a fact.
    ///
    /// # Errors
    /// The fact has no canonical form.
    pub fn of(stored: &StoredFact) -> Result<Self, StoreError> {
        let fact = &stored.fact;
        Ok(Self {
            sequence: stored.sequence,
            time: fact.time,
            kind: fact.kind().to_owned(),
            environment: fact.environment.as_str().to_owned(),
            account: fact.account.to_string(),
            run: fact.run.to_string(),
            strategy: fact.strategy.as_ref().map(ToString::to_string),
            hash: hex::encode(stored.hash),
            body: canonical(fact)?,
        })
    }

    /// The fact with its place, out of the row. The other columns repeat parts of the body, and are not looked at.
    ///
    /// # Errors
    /// The body is no fact, or the hash none.
    pub fn to_stored(&self) -> Result<StoredFact, String> {
        let fact: Fact = serde_json::from_str(&self.body).map_err(|error| error.to_string())?;
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.hash, &mut hash).map_err(|error| error.to_string())?;
        Ok(StoredFact { sequence: self.sequence, hash, fact })
    }
}

impl Tabular for FactRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("sequence", Unit::Count, "the place in the store, from 1 without a hole"),
        Column::new("time", Unit::Time, "when it happened"),
        Column::new("kind", Unit::Text, "what kind of fact it is"),
        Column::new("environment", Unit::Text, "which exchange"),
        Column::new("account", Unit::Text, "the account"),
        Column::new("run", Unit::Text, "the run that recorded it"),
        Column::new("strategy", Unit::Text, "the monitor that it belongs to").optional(),
        Column::new("hash", Unit::Text, "SHA-256 over the hash of the fact before (32 bytes) and the body"),
        Column::new("body", Unit::Text, "the canonical JSON of the whole fact"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.sequence.into(),
            self.time.into(),
            self.kind.as_str().into(),
            self.environment.as_str().into(),
            self.account.as_str().into(),
            self.run.as_str().into(),
            self.strategy.as_deref().into(),
            self.hash.as_str().into(),
            self.body.as_str().into(),
        ]
    }
}

impl Archived for FactRow {
    const KIND: Kind = Kind::Facts;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn symbol(&self) -> String {
        format!("{}-{}", self.environment, self.account)
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            sequence: cells.count()?,
            time: cells.time()?,
            kind: cells.text()?.to_owned(),
            environment: cells.text()?.to_owned(),
            account: cells.text()?.to_owned(),
            run: cells.text()?.to_owned(),
            strategy: cells.optional_text()?.map(str::to_owned),
            hash: cells.text()?.to_owned(),
            body: cells.text()?.to_owned(),
        })
    }
}
