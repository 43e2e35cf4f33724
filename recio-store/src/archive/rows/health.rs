//! How services were.

use super::Archived;
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use crate::observations::ObservedHealth;
use recio_core::units::Timestamp;

/// How an instance of a service was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthRow {
    /// When.
    pub time: Timestamp,
    /// The service, such as `trade_manager`.
    pub service: String,
    /// Whom it worked for, such as `paper:main`.
    pub instance: String,
    /// `up`, `degraded` or `down`.
    pub health: String,
    /// Why, for people.
    pub detail: String,
}

impl From<&ObservedHealth> for HealthRow {
    fn from(observed: &ObservedHealth) -> Self {
        Self {
            time: observed.time,
            service: observed.service.clone(),
            instance: observed.instance.clone(),
            health: observed.health.as_str().to_owned(),
            detail: observed.detail.clone(),
        }
    }
}

impl Tabular for HealthRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("time", Unit::Time, "when it was so"),
        Column::new("service", Unit::Text, "the service"),
        Column::new("instance", Unit::Text, "whom it worked for"),
        Column::new("health", Unit::Text, "up, degraded or down"),
        Column::new("detail", Unit::Text, "why, for people"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.time.into(),
            self.service.as_str().into(),
            self.instance.as_str().into(),
            self.health.as_str().into(),
            self.detail.as_str().into(),
        ]
    }
}

impl Archived for HealthRow {
    const KIND: Kind = Kind::Health;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn symbol(&self) -> String {
        self.instance.clone()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            time: cells.time()?,
            service: cells.text()?.to_owned(),
            instance: cells.text()?.to_owned(),
            health: cells.text()?.to_owned(),
            detail: cells.text()?.to_owned(),
        })
    }
}
