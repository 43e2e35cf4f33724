//! `recio db verify` and `recio db rebuild`.

use crate::args::RebuildArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_core::store::{DamagedPart, StoreError};
use recio_store::{Access, OpenError, Verified, VerifiedSettings, open_storage};
use serde::Serialize;

/// What a check found.
#[derive(Serialize)]
#[serde(untagged)]
enum Finding {
    Sound {
        sound: bool,
        facts: u64,
        hash: String,
        /// Versions of overrides.
        settings: u64,
        /// Entries of the audit log.
        audit_entries: u64,
        audit_hash: String,
    },
    Damaged {
        sound: bool,
        part: DamagedPart,
        sequence: u64,
        what: String,
    },
}

/// Checks the store; works while another recio writes it.
pub(crate) async fn verify(loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let finding = match check(&loaded.config.store_url()).await {
        Ok(Verified { last_sequence, hash, settings }) => {
            let VerifiedSettings { entries, versions, hash: audit_hash } = settings.unwrap_or_default();
            Finding::Sound {
                sound: true,
                facts: last_sequence,
                hash: hex(&hash),
                settings: versions,
                audit_entries: entries,
                audit_hash: hex(&audit_hash),
            }
        }
        // Opening reads the last facts already.
        Err(
            CliError::ReadStore(StoreError::Damaged { part, sequence, what })
            | CliError::OpenStore(OpenError::Store { source: StoreError::Damaged { part, sequence, what }, .. }),
        ) => Finding::Damaged { sound: false, part, sequence, what },
        Err(error) => return Err(error),
    };
    if printer.is_json() {
        printer.json(&finding)?;
    }
    match &finding {
        Finding::Sound { facts, hash, settings, audit_entries, audit_hash, .. } => {
            if !printer.is_json() {
                printer.text(&format!("the store is sound: {facts} facts, and the tables say what they say"))?;
                printer.text(&format!("hash of the last fact: {hash}"))?;
                printer.text(&format!(
                    "{audit_entries} entries of the audit log, and {settings} versions of settings that are what it says"
                ))?;
                printer.text(&format!("hash of the last entry: {audit_hash}"))?;
            }
            Ok(ExitCode::Success)
        }
        Finding::Damaged { part, sequence, what, .. } => {
            if !printer.is_json() {
                printer.text(&match sequence {
                    0 => format!("the store is damaged: {what}"),
                    sequence => format!("the store is damaged at sequence {sequence}: {what}"),
                })?;
                printer.text(remedy(*part))?;
            }
            Ok(ExitCode::Difference)
        }
    }
}

/// Makes the tables again.
pub(crate) async fn rebuild(
    args: &RebuildArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    if args.dry_run {
        return verify(loaded, printer).await;
    }
    let url = loaded.config.store_url();
    // A writer would make a store where there is none.
    drop(open_storage(&url, Access::Reader).await?);
    let facts = open_storage(&url, Access::Writer).await?.rebuild().await?;
    if printer.is_json() {
        printer.json(&serde_json::json!({ "facts": facts }))?;
    } else {
        printer.text(&format!("the tables were made again from {facts} facts"))?;
    }
    Ok(ExitCode::Success)
}

async fn check(url: &str) -> Result<Verified, CliError> {
    Ok(open_storage(url, Access::Reader).await?.verify().await?)
}

/// What helps.
const fn remedy(part: DamagedPart) -> &'static str {
    match part {
        DamagedPart::Tables => "the facts are sound: `recio db rebuild` makes the tables again",
        DamagedPart::Settings => {
            "the facts are sound; nothing was changed; restore the store from a backup, which holds settings and audit log too"
        }
        DamagedPart::Facts => {
            "nothing was changed; restore the store from a backup, or begin a new one and let `recio run` read the account"
        }
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
