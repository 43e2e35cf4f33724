//! The log on stderr. Results never go there, and the log never goes to stdout.

use crate::config::{LogConfig, LogFormat};
use recio_core::pipeline::NOTICES;
use std::io::IsTerminal;
use std::sync::LazyLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What a screen shows itself.
static NOT_ON_SCREEN: LazyLock<Directive> =
    LazyLock::new(|| format!("{NOTICES}=warn").parse().unwrap_or_else(|_| tracing::Level::INFO.into()));

/// Starts logging. Where a `screen` shows what the engine tells, the log keeps to its warnings. Text is coloured on a terminal, unless `NO_COLOR` is set to anything (no-color.org).
///
/// # Errors
/// The process logs already.
pub fn init(log: &LogConfig, no_color: bool, screen: bool) -> Result<(), TryInitError> {
    // The config was checked; should the filter be bad all the same, saying too much is better than nothing.
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = if screen { filter.add_directive(NOT_ON_SCREEN.clone()) } else { filter };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => {
            let colors = std::io::stderr().is_terminal() && !no_color;
            builder.with_ansi(colors).with_target(false).finish().try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    }
}
