//! From parsed arguments to a command.

use crate::args::{
    Cli, Command, ConfigCommand, DataCommand, DbCommand, FingerprintCommand, GlobalArgs, ImportCommand, SimCommand,
};
use crate::commands;
use crate::config::{self, Flags, Loaded, Sources};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::logging;
use crate::print::Printer;
use recio_core::units::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a command knows of the process it runs in.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The time at the start.
    pub now: Timestamp,
}

/// Runs a command: reads the config, starts the log, calls the library, prints.
///
/// # Errors
/// See [`CliError`]; it knows the code to end with.
pub async fn run(cli: Cli, around: &Surroundings, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let global = &cli.global;
    match cli.command {
        Command::Completions(args) => commands::completions::run(&args, printer),
        Command::Config(ConfigCommand::Validate { file }) => commands::config::validate(&file, printer),
        Command::Kill(args) if args.data_dir.is_some() => commands::kill::run(&args, None, around.now, printer),
        Command::Config(ConfigCommand::Show(args)) => {
            commands::config::show(&args, &start(global, around)?, printer).await
        }
        Command::Config(ConfigCommand::Set(args)) => {
            let wish =
                commands::settings::Wish { args: &args.change, value: Some(&args.value), run: args.run.as_ref() };
            commands::settings::change(&wish, &start(global, around)?, around, printer).await
        }
        Command::Config(ConfigCommand::Clear(args)) => {
            let wish = commands::settings::Wish { args: &args, value: None, run: None };
            commands::settings::change(&wish, &start(global, around)?, around, printer).await
        }
        Command::Config(ConfigCommand::History(args)) => {
            commands::settings::history(&args, &start(global, around)?, printer).await
        }
        Command::Kill(args) => commands::kill::run(&args, Some(&start(global, around)?), around.now, printer),
        Command::Close(args) => commands::asking::close(&args, &start(global, around)?, around, printer).await,
        Command::Disarm(args) => commands::asking::disarm(&args, &start(global, around)?, around, printer).await,
        Command::Arm(args) => commands::asking::arm(&args, &start(global, around)?, around, printer).await,
        Command::Trades(args) => commands::trades::run(&args, &start(global, around)?, printer).await,
        Command::Orders(args) => commands::orders::run(&args, &start(global, around)?, printer).await,
        Command::Fills(args) => commands::fills::run(&args, &start(global, around)?, printer).await,
        Command::Positions(args) => commands::positions::run(&args, &start(global, around)?, printer).await,
        Command::Settlements(args) => commands::settlements::run(&args, &start(global, around)?, printer).await,
        Command::Export(args) => commands::export::run(&args, &start(global, around)?, global.quiet, printer).await,
        Command::Demo(args) => {
            let loaded = start_with(global, around, !global.json)?;
            commands::demo::run(&args, &loaded, around.now, printer).await
        }
        Command::Run(args) => {
            let flags = Flags { bus: args.bus.clone(), ..flags(global, around) };
            let loaded = start_by(flags, global, around, !global.json)?;
            commands::run::run(&args, &loaded, around.now, printer).await
        }
        Command::Sim(SimCommand::Serve(args)) => {
            commands::sim::serve(&args, &start(global, around)?, around.now, printer).await
        }
        Command::Sim(SimCommand::Scenarios(args)) => commands::sim::scenarios(&args, printer),
        Command::Record(args) => commands::record::run(&args, &start(global, around)?, printer).await,
        Command::Data(DataCommand::Import(args)) => {
            start(global, around)?;
            commands::data::run(&args, printer)
        }
        Command::Data(DataCommand::Download(args)) => {
            start(global, around)?;
            commands::download::run(&args, around.now, printer).await
        }
        Command::Data(DataCommand::VerifyBooks(args)) => {
            start(global, around)?;
            commands::verify_books::run(&args, printer)
        }
        Command::Data(DataCommand::Archive(args)) => {
            commands::archive::archive(&args, &start(global, around)?, printer).await
        }
        Command::Data(DataCommand::CheckArchive) => commands::archive::check(&start(global, around)?, printer),
        Command::Data(DataCommand::Retain(args)) => {
            commands::archive::retain(&args, &start(global, around)?, around.now, printer).await
        }
        // A config that cannot be used is one of its findings.
        Command::Doctor(args) => commands::doctor::run(&args, start(global, around), printer).await,
        Command::Fingerprint(FingerprintCommand::Build(args)) => {
            start(global, around)?;
            commands::fingerprint::build(&args, printer)
        }
        Command::Fingerprint(FingerprintCommand::Show(args)) => {
            commands::fingerprint::show(&args, &start(global, around)?, printer)
        }
        Command::Strikes(args) => commands::strikes::run(&args, &start_with(global, around, true)?, printer).await,
        Command::Reconcile(args) => commands::reconcile::run(&args, &start(global, around)?, printer).await,
        Command::Import(ImportCommand::V2(args)) => {
            commands::import::v2(&args, &start(global, around)?, around.now, printer).await
        }
        Command::Db(DbCommand::AdoptV2(args)) => commands::import::adopt(&args, &start(global, around)?, printer).await,
        Command::Db(DbCommand::Backup(args)) => commands::backup::backup(&args, &start(global, around)?, printer).await,
        Command::Db(DbCommand::Restore(args)) => {
            commands::backup::restore(&args, &start(global, around)?, printer).await
        }
        Command::Db(DbCommand::Convert(args)) => {
            commands::backup::convert(&args, &start(global, around)?, printer).await
        }
        Command::Db(DbCommand::Migrate) => commands::backup::migrate(&start(global, around)?, printer).await,
        Command::Db(DbCommand::Verify) => commands::db::verify(&start(global, around)?, printer).await,
        Command::Db(DbCommand::Rebuild(args)) => commands::db::rebuild(&args, &start(global, around)?, printer).await,
        Command::Replay(args) => commands::replay::run(&args, &start(global, around)?, printer),
    }
}

/// Reads the config and starts the log.
fn start(global: &GlobalArgs, around: &Surroundings) -> Result<Loaded, CliError> {
    start_with(global, around, false)
}

/// The same, for a command that shows on a screen of its own what the engine tells.
fn start_with(global: &GlobalArgs, around: &Surroundings, screen: bool) -> Result<Loaded, CliError> {
    start_by(flags(global, around), global, around, screen)
}

/// The same, with flags of the command's own among those that are settings.
fn start_by(flags: Flags, global: &GlobalArgs, around: &Surroundings, screen: bool) -> Result<Loaded, CliError> {
    let file = global.config.clone().or_else(file_in_working_directory);
    let loaded = config::load(&Sources { file, env: around.env.clone(), flags })?;
    let no_color = around.env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    if logging::init(&loaded.config.log, no_color, screen).is_err() {
        tracing::debug!("the embedding program logs already");
    }
    Ok(loaded)
}

/// The flags of every command that are settings.
fn flags(global: &GlobalArgs, around: &Surroundings) -> Flags {
    global.settings(around.env.get("RECIO_LOG").map(String::as_str))
}

/// `recio.toml`, where the working directory has one.
fn file_in_working_directory() -> Option<PathBuf> {
    let path = Path::new("recio.toml");
    path.exists().then(|| path.to_owned())
}
