//! `recio db verify` and `recio db rebuild`.

use crate::args::RebuildArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_core::store::StoreError;
use recio_store::{Access, OpenError, Verified, open_storage};
use serde::Serialize;

/// What a check found.
#[derive(Serialize)]
#[serde(untagged)]
enum Finding {
    Sound { sound: bool, facts: u64, hash: String },
    Damaged { sound: bool, sequence: u64, what: String },
}

/// Checks the store; works while another recio writes it.
pub(crate) async fn verify(loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let finding = match check(&loaded.config.store_url()).await {
        Ok(Verified { last_sequence, hash }) => Finding::Sound { sound: true, facts: last_sequence, hash: hex(&hash) },
        // Opening reads the last facts already.
        Err(
            CliError::ReadStore(StoreError::Damaged { sequence, what })
            | CliError::OpenStore(OpenError::Store { source: StoreError::Damaged { sequence, what }, .. }),
        ) => Finding::Damaged { sound: false, sequence, what },
        Err(error) => return Err(error),
    };
    if printer.is_json() {
        printer.json(&finding)?;
    }
    match &finding {
        Finding::Sound { facts, hash, .. } => {
            if !printer.is_json() {
                printer.text(&format!("the store is sound: {facts} facts, and the tables say what they say"))?;
                printer.text(&format!("hash of the last fact: {hash}"))?;
            }
            Ok(ExitCode::Success)
        }
        Finding::Damaged { sequence, what, .. } => {
            if !printer.is_json() {
                printer.text(&format!("the store is damaged at sequence {sequence}: {what}"))?;
                printer.text(remedy(what))?;
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
fn remedy(what: &str) -> &'static str {
    if what.contains("rebuild") {
        "the facts are sound: `recio db rebuild` makes the tables again"
    } else {
        "nothing was changed; restore the store from a backup, or begin a new one and let `recio run` read the account"
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
