//! The built command, from outside: arguments, exit codes, stdout and stderr.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod archive;
mod asking;
mod bus;
mod config;
mod db;
#[cfg(target_os = "linux")]
mod disk_full;
mod help;
mod kill;
mod lists;
mod observing;
mod postgres;
mod scenarios;
mod sessions;
mod settings;
mod sigkill;
mod v2;

use std::path::Path;
use std::process::{Command, Output};

/// The command in a directory of its own, without anything of this process's environment that it could go by.
fn recio(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recio"));
    command.current_dir(directory).env_clear();
    command
}

/// Runs it, and gives back its code, what it printed, and what it said.
fn outcome(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
