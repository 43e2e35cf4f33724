//! `recio data verify-books`.

use crate::args::VerifyBooksArgs;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Align, Listing, Printer};
use recio_sim::import::{BookMatches, VerifyOptions, verify_books};
use serde::Serialize;

/// One session as the list has it.
#[derive(Serialize)]
#[serde(transparent)]
struct Row(BookMatches);

impl Listing for Row {
    const NAME: &'static str = "sessions";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("session", Align::Left),
        ("snapshots", Align::Right),
        ("deltas", Align::Right),
        ("tickers", Align::Right),
        ("at receipt", Align::Right),
        ("in window", Align::Right),
        ("%", Align::Right),
        ("with sizes", Align::Right),
        ("before book", Align::Right),
    ];

    fn cells(&self) -> Vec<String> {
        let BookMatches {
            session,
            snapshots,
            deltas,
            tickers,
            at_receipt,
            within_window,
            with_quantities,
            without_book,
        } = &self.0;
        // In hundredths of a percent, rounded down.
        let share = within_window.saturating_mul(10_000).checked_div(*tickers).unwrap_or_default();
        let share = format!("{}.{:02}", share / 100, share % 100);
        let mut cells = vec![session.clone()];
        cells.extend([snapshots, deltas, tickers, at_receipt, within_window].map(u64::to_string));
        cells.extend([share, with_quantities.to_string(), without_book.to_string()]);
        cells
    }
}

/// Rebuilds, compares, and shows one row a session and one for all.
pub(crate) fn run(args: &VerifyBooksArgs, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let matches = verify_books(&VerifyOptions {
        source: args.from.clone(),
        sessions: args.session.clone(),
        window: args.window.0,
    })?;
    let total = BookMatches::total(&matches);
    let rows: Vec<Row> = matches.into_iter().chain([total]).map(Row).collect();
    printer.list(&rows)?;
    Ok(ExitCode::Success)
}
