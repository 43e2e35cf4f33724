//! `recio close`, `recio disarm` and `recio arm`: asked of the running recio by a command in its store.

use super::reader;
use crate::args::{ArmArgs, CloseArgs, DisarmArgs, WaitArgs};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use crate::run::Surroundings;
use recio_core::command::{CommandAnswer, CommandState, NewCommand, StoredCommand, answered};
use recio_core::engine::Command;
use std::time::Duration;

pub(crate) async fn close(
    args: &CloseArgs,
    loaded: &Loaded,
    around: &Surroundings,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    ask(&Command::CloseTrade(args.trade.clone()), &args.wait, loaded, around, printer).await
}

pub(crate) async fn disarm(
    args: &DisarmArgs,
    loaded: &Loaded,
    around: &Surroundings,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    ask(&Command::ReduceOnly { reason: args.reason.clone() }, &args.wait, loaded, around, printer).await
}

pub(crate) async fn arm(
    args: &ArmArgs,
    loaded: &Loaded,
    around: &Surroundings,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    if !args.yes {
        let what = "arming lets recio send orders again: add --yes if that is what you want";
        return Err(CliError::Usage(what.to_owned()));
    }
    ask(&Command::Resume, &args.wait, loaded, around, printer).await
}

/// Writes the wish down, waits for the answer, and prints it.
async fn ask(
    wish: &Command,
    args: &WaitArgs,
    loaded: &Loaded,
    around: &Surroundings,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let store = reader(loaded).await?;
    let Some(queue) = store.commands() else {
        return Err(CliError::NotDone("this store keeps no commands".to_owned()));
    };
    let process = std::process::id();
    // No two processes of a machine have one number at one time.
    let key = args.key.clone().unwrap_or_else(|| format!("recio-{}-{process}", around.now.as_microsecond()));
    let user = around.env.get("USER").map_or("somebody", String::as_str);
    let wait = Duration::from_secs(args.wait);
    let command = NewCommand::for_engine(wish, key, format!("{user} at a shell, process {process}"), around.now, wait);
    let number = queue.ask(&command).await?.number;
    let over = match tokio::time::timeout(wait, answered(queue, number)).await {
        Ok(over) => over?,
        Err(_late) => queue.command(number).await?,
    };
    let Some(over) = over else { return Err(CliError::NotDone(format!("command {number} is gone"))) };
    if printer.is_json() {
        printer.json(&over)?;
    }
    let said = said(&over, wait)?;
    if !printer.is_json() {
        printer.text(&said)?;
    }
    Ok(ExitCode::Success)
}

/// What is said of a command that was done; anything else is an error.
fn said(command: &StoredCommand, wait: Duration) -> Result<String, CliError> {
    let number = command.number;
    let failed = |what: String| Err(CliError::NotDone(what));
    match &command.state {
        CommandState::Answered { answer: CommandAnswer::Done { note }, .. } => Ok(note.clone()),
        CommandState::Answered { answer: CommandAnswer::Refused { reason }, .. } => {
            failed(format!("refused: {reason}"))
        }
        CommandState::Answered { answer: CommandAnswer::Unknown { reason }, .. } => failed(reason.clone()),
        CommandState::Taken { .. } => failed(format!(
            "recio took command {number} and has not answered within {wait:?}: look at `recio trades`, or ask again with --key {}",
            command.key
        )),
        CommandState::Waiting => failed(format!(
            "no recio took command {number} within {wait:?}: is one running on this store? It is not taken any more"
        )),
    }
}
