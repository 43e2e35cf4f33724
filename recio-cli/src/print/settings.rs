//! Versions of overrides and entries of the audit log as rows.

use super::{Align, Listing, or_dash, time, word};
use recio_core::settings::{AuditEntry, AuditResult, SettingVersion};

impl Listing for SettingVersion {
    const NAME: &'static str = "versions";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("version", Align::Right),
        ("value", Align::Right),
        ("made (UTC)", Align::Left),
        ("by", Align::Left),
        ("for run", Align::Left),
        ("why", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.version.to_string(),
            self.value.clone().unwrap_or_else(|| "cleared".to_owned()),
            time(self.time),
            self.who.clone(),
            or_dash(self.run.as_ref()),
            self.why.clone(),
        ]
    }
}

impl Listing for AuditEntry {
    const NAME: &'static str = "audit";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("time (UTC)", Align::Left),
        ("who", Align::Left),
        ("what", Align::Left),
        ("of", Align::Left),
        ("old", Align::Right),
        ("new", Align::Right),
        ("why", Align::Left),
        ("result", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        let result = match &self.result {
            AuditResult::Done => format!("done, version {}", self.version),
            AuditResult::Refused { reason } => format!("refused: {reason}"),
        };
        vec![
            time(self.time),
            self.who.clone(),
            word(&self.action),
            self.subject.clone(),
            or_dash(self.old.as_ref()),
            or_dash(self.new.as_ref()),
            self.why.clone(),
            result,
        ]
    }
}
