//! The command `recio`: parses, runs, and says how it went.

use clap::Parser;
use recio_cli::args::Cli;
use recio_cli::print::Printer;
use recio_cli::{Surroundings, run};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    let result = surroundings().and_then(|around| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let mut out = io::BufWriter::new(io::stdout());
        let mut printer = Printer::new(&mut out, json);
        let result = runtime.block_on(async {
            recio_cli::file_size::outlive_the_limit()?;
            run(cli, &around, &mut printer).await.map_err(anyhow::Error::from)
        });
        let flushed = out.flush().map_err(recio_cli::error::CliError::from).map_err(anyhow::Error::from);
        result.and_then(|code| flushed.map(|()| code))
    });
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            let code = error
                .downcast_ref::<recio_cli::error::CliError>()
                .map_or(recio_cli::exit_code::ExitCode::Failure, recio_cli::error::CliError::exit_code);
            if code != recio_cli::exit_code::ExitCode::Success {
                // Nobody is left to tell where stderr cannot be written.
                let _ = writeln!(io::stderr(), "error: {error:#}");
            }
            code.into()
        }
    }
}

/// The environment and the time. A setting that is not Unicode is refused, as leaving it out would change what is traded.
fn surroundings() -> anyhow::Result<Surroundings> {
    let mut env = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        match value.into_string() {
            Ok(value) => drop(env.insert(name.to_owned(), value)),
            Err(_) if name.starts_with("RECIO_") => {
                let what = format!("the variable {name} is not Unicode: set it to plain text");
                return Err(recio_cli::error::CliError::Usage(what).into());
            }
            Err(_) => {}
        }
    }
    #[expect(clippy::disallowed_methods, reason = "the one look at the system's clock, to be handed on as a value")]
    let now = jiff::Timestamp::now();
    Ok(Surroundings { env, now })
}
