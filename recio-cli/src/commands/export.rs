//! `recio export`.

use super::reader;
use crate::args::{ExportArgs, ExportForm, ExportTable};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_store::archive::export::{Form, Period, Table, export, export_file};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// What was exported. It goes to stderr: stdout may have the rows.
#[derive(Debug, Serialize)]
struct Summary {
    exported: &'static str,
    rows: u64,
    file: Option<PathBuf>,
    bytes: Option<u64>,
    sha256: Option<String>,
}

pub(crate) async fn run(
    args: &ExportArgs,
    loaded: &Loaded,
    quiet: bool,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let (table, form) = (args.what.table(), args.form.form());
    let period = Period { from: args.from, to: args.to };
    if table == Table::Positions && period != Period::default() {
        return Err(CliError::Usage("positions are those of this moment: leave --from and --to out".to_owned()));
    }
    if form == Form::Parquet && args.output.is_none() && std::io::stdout().is_terminal() {
        return Err(CliError::Usage("Parquet is nothing to look at: name a file with --output, or use csv".to_owned()));
    }
    let store = reader(loaded).await?;
    let summary = match &args.output {
        Some(path) => {
            let exported = export_file(&*store, table, form, period, path).await?;
            Summary {
                exported: table.as_str(),
                rows: exported.rows,
                file: Some(path.clone()),
                bytes: Some(exported.bytes),
                sha256: Some(exported.sha256),
            }
        }
        None => {
            let rows = export(&*store, table, form, period, printer.out()).await?;
            printer.flush()?;
            Summary { exported: table.as_str(), rows, file: None, bytes: None, sha256: None }
        }
    };
    if !quiet {
        say(&summary, printer.is_json())?;
    }
    Ok(ExitCode::Success)
}

fn say(summary: &Summary, json: bool) -> Result<(), CliError> {
    let text = if json {
        serde_json::to_string(summary).map_err(std::io::Error::from)?
    } else {
        let file = match (&summary.file, summary.bytes, &summary.sha256) {
            (Some(file), Some(bytes), Some(sha256)) => {
                format!(" to {}: {bytes} bytes, sha256 {sha256}", file.display())
            }
            _ => String::new(),
        };
        format!("{} rows of {}{file}", summary.rows, summary.exported)
    };
    // The rows are written; nobody is left to tell where stderr cannot be.
    let _ = writeln!(std::io::stderr(), "{text}");
    Ok(())
}

impl ExportForm {
    const fn form(self) -> Form {
        match self {
            Self::Csv => Form::Csv,
            Self::Jsonl => Form::Jsonl,
            Self::Parquet => Form::Parquet,
        }
    }
}

impl ExportTable {
    const fn table(self) -> Table {
        match self {
            Self::Trades => Table::Trades,
            Self::Orders => Table::Orders,
            Self::Fills => Table::Fills,
            Self::Positions => Table::Positions,
            Self::Settlements => Table::Settlements,
            Self::Ledger => Table::Ledger,
            Self::Decisions => Table::Decisions,
            Self::Facts => Table::Facts,
        }
    }
}
