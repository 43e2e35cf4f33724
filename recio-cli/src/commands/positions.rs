//! `recio positions`.

use super::{pick, reader};
use crate::args::ListArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;

pub(crate) async fn run(args: &ListArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let rows = reader(loaded).await?.positions().await?;
    printer.list(&pick(rows, args, |row| &row.market))?;
    Ok(ExitCode::Success)
}
