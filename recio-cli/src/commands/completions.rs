//! `recio completions`.

use crate::args::{Cli, CompletionsArgs};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use clap::CommandFactory;

pub(crate) fn run(args: &CompletionsArgs, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let mut script = Vec::new(); // clap panics where its writer fails, as a closed pipe does
    clap_complete::generate(args.shell, &mut Cli::command(), "recio", &mut script);
    printer.out().write_all(&script)?;
    Ok(ExitCode::Success)
}
