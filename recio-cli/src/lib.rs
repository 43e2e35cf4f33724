//! The command `recio`: arguments, config and printing around the recio library. Every command is one call of a public library function.

pub mod args;
pub mod commands;
pub mod config;
pub mod error;
pub mod exit_code;
pub mod file_size;
pub mod logging;
pub mod print;
mod run;

pub use run::{Surroundings, run};
