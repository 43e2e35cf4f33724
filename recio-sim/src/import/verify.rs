//! Rebuilds the books of recorded sessions with core's own [`Book`], and compares their best prices with the recorded tickers.

use super::source::{Table, find, open};
use super::{ImportError, book, ticker};
use crate::recording::RecordBody;
use recio_core::market::{Book, BookDelta, BookSnapshot, Quote};
use recio_core::units::{MarketTicker, Price, QuantityChange, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const COLUMNS: &[&str] = &["session", "kind"];

/// Which sessions to rebuild.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The folder with the set of files, as for an import.
    pub source: PathBuf,
    /// These sessions; all with whole books if none is named.
    pub sessions: Vec<String>,
    /// How far apart, in the exchange's time, a ticker and the book that it tells of may lie: the two channels are not in step.
    pub window: Duration,
}

/// How often the books of a session agree with its tickers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookMatches {
    /// The session.
    pub session: String,
    /// Whole books.
    pub snapshots: u64,
    /// Changes.
    pub deltas: u64,
    /// Tickers that were compared.
    pub tickers: u64,
    /// Of these, agreeing with the book that was there when the ticker was received.
    pub at_receipt: u64,
    /// Agreeing with a book that was there within the window around the ticker's exchange time.
    pub within_window: u64,
    /// The same, quantities at the best prices included.
    pub with_quantities: u64,
    /// Tickers that came before their book's first snapshot.
    pub without_book: u64,
}

impl BookMatches {
    /// The sum of several sessions.
    #[must_use]
    pub fn total(sessions: &[Self]) -> Self {
        let sum = |count: fn(&Self) -> u64| sessions.iter().map(count).sum();
        Self {
            session: format!("{} sessions", sessions.len()),
            snapshots: sum(|one| one.snapshots),
            deltas: sum(|one| one.deltas),
            tickers: sum(|one| one.tickers),
            at_receipt: sum(|one| one.at_receipt),
            within_window: sum(|one| one.within_window),
            with_quantities: sum(|one| one.with_quantities),
            without_book: sum(|one| one.without_book),
        }
    }
}

/// The best prices of a book from a moment on.
struct Moment {
    time: Timestamp,
    received: Timestamp,
    quote: Quote,
}

/// Rebuilds the books of each session, and counts how many tickers agree with them.
///
/// # Errors
/// A file of the set is missing, cannot be read or has a line that does not fit; a change does not fit its book.
pub fn verify_books(options: &VerifyOptions) -> Result<Vec<BookMatches>, ImportError> {
    let named =
        if options.sessions.is_empty() { whole_book_sessions(&options.source)? } else { options.sessions.clone() };
    named.iter().map(|session| verify_session(&options.source, session, options.window)).collect()
}

fn whole_book_sessions(folder: &Path) -> Result<Vec<String>, ImportError> {
    let file = find(folder, "kxbtc15m_ws_sessions", "csv")?;
    let mut table = Table::new(open(&file)?, &file, COLUMNS)?;
    let mut sessions = Vec::new();
    while let Some(row) = table.next()? {
        if row.text(1) == "full_book" {
            sessions.push(row.text(0).to_owned());
        }
    }
    Ok(sessions)
}

fn verify_session(folder: &Path, session: &str, window: Duration) -> Result<BookMatches, ImportError> {
    let books = book::read(folder, session)?;
    let tickers = ticker::read(folder, session)?;
    if books.events.is_empty() {
        let remedy = "choose one of those that the sessions file lists as `full_book`";
        let (file, problem) = (folder.to_owned(), "has no books".to_owned());
        return Err(ImportError::Session { file, session: session.to_owned(), problem, remedy });
    }
    let misfit = |market: &MarketTicker, error: &dyn std::fmt::Display| ImportError::Session {
        file: folder.to_owned(),
        session: session.to_owned(),
        problem: format!("has a book of {market} that cannot be built: {error}"),
        remedy: "take a fresh copy of the files",
    };
    let mut lives: BTreeMap<MarketTicker, (Book, Vec<Moment>)> = BTreeMap::new();
    for event in &books.events {
        let (book, moments) = lives.entry(event.market.clone()).or_default();
        if let RecordBody::BookSnapshot { bids, asks, .. } = &event.body {
            let snapshot = BookSnapshot { bids: bids.clone(), asks: asks.clone() };
            *book = Book::from_snapshot(&snapshot, None).map_err(|error| misfit(&event.market, &error))?;
        } else if let RecordBody::BookDelta { side, price, change, .. } = &event.body {
            let change = QuantityChange::from_hundredths(*change).map_err(|error| misfit(&event.market, &error))?;
            let delta = BookDelta { side: *side, price: *price, change };
            book.apply(&delta, None).map_err(|error| misfit(&event.market, &error))?;
        }
        let quote = book.quote();
        if moments.last().is_none_or(|last| last.quote != quote) {
            moments.push(Moment { time: event.time, received: event.received, quote });
        }
    }
    let mut matches = BookMatches {
        session: session.to_owned(),
        snapshots: books.snapshots,
        deltas: books.deltas,
        tickers: 0,
        at_receipt: 0,
        within_window: 0,
        with_quantities: 0,
        without_book: 0,
    };
    for (received, update) in &tickers.updates {
        let moments = lives.get(&update.market).map_or(&[][..], |(_, moments)| moments);
        let (from, to) = around(update.exchange_time, window);
        let begun = moments.partition_point(|moment| moment.time <= to);
        if begun == 0 {
            matches.without_book += 1;
            continue;
        }
        // The book that was there when the window began, and every one since.
        let first = moments.partition_point(|moment| moment.time <= from).saturating_sub(1);
        let seen = &moments[first..begun];
        matches.tickers += 1;
        matches.within_window += u64::from(seen.iter().any(|moment| prices(&moment.quote) == prices(&update.quote)));
        matches.with_quantities += u64::from(seen.iter().any(|moment| moment.quote == update.quote));
        let last = moments[..moments.partition_point(|moment| moment.received <= *received)].last();
        matches.at_receipt += u64::from(last.is_some_and(|moment| prices(&moment.quote) == prices(&update.quote)));
    }
    Ok(matches)
}

fn around(time: Timestamp, window: Duration) -> (Timestamp, Timestamp) {
    (time.checked_sub(window).unwrap_or(time), time.checked_add(window).unwrap_or(time))
}

fn prices(quote: &Quote) -> (Option<Price>, Option<Price>) {
    (quote.bid.map(|level| level.price), quote.ask.map(|level| level.price))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const A: &str = "KXBTC15M-26MAY130900-00";

    /// One book whose best bid falls from 0.91 to 0.90 at 13:00:00.4, and three tickers around it.
    fn folder(deltas: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        write(
            "kxbtc15m_ws_sessions_x.csv",
            format!("session,market_tickers,kind\nT,{A},ticker_only\nS,{A},full_book\n"),
        );
        write(
            "kxbtc15m_ws_snapshots_x.jsonl",
            format!(
                r#"{{"session":"S","recv_us":1778677200100000,"seq":1,"market_ticker":"{A}","yes_dollars_fp":[["0.9000","10.00"],["0.9100","5.00"]],"no_dollars_fp":[["0.0500","7.00"]]}}"#
            ),
        );
        let head = "session,recv_us,exch_us,seq,market_ticker,side,price_dollars,delta_fp";
        write("kxbtc15m_ws_deltas_x.csv", format!("{head}\n{deltas}"));
        let ticker = |received: u32, time: u32, bid: &str, held: &str| {
            format!("S,17786772{received:08},17786772{time:08},{A},{bid},0.9500,{held},7.00,0.9000,1.00,1.00,1.00\n")
        };
        let head = "session,recv_us,exch_us,market_ticker,yes_bid_dollars,yes_ask_dollars,yes_bid_size_fp,yes_ask_size_fp,last_price_dollars,last_trade_size_fp,volume_fp,open_interest_fp";
        let rows = [
            // Told 100 ms before the book changed.
            ticker(300_000, 300_000, "0.9000", "10.00"),
            ticker(500_000, 500_000, "0.9000", "11.00"),
            // Two seconds later the old price is wrong.
            ticker(2_500_000, 2_400_000, "0.9100", "5.00"),
        ];
        write("kxbtc15m_ws_ticker_x.csv", format!("{head}\n{}", rows.concat()));
        folder
    }

    fn verified(folder: &Path) -> Result<Vec<BookMatches>, ImportError> {
        let window = Duration::from_millis(300);
        verify_books(&VerifyOptions { source: folder.to_owned(), sessions: Vec::new(), window })
    }

    #[test]
    fn tickers_agree_within_the_window_and_not_beyond() {
        let folder = folder(&format!("S,1778677200400000,1778677200400000,2,{A},yes,0.9100,-5.00\n"));
        let [matches] = verified(folder.path()).unwrap().try_into().unwrap();
        assert_eq!((matches.session.as_str(), matches.snapshots, matches.deltas), ("S", 1, 1));
        assert_eq!((matches.tickers, matches.at_receipt, matches.within_window), (3, 1, 2));
        assert_eq!(matches.with_quantities, 1, "eleven contracts never lay there");
    }

    #[test]
    fn a_change_that_does_not_fit_is_an_error() {
        let folder = folder(&format!("S,1778677200400000,1778677200400000,2,{A},yes,0.9100,-6.00\n"));
        assert!(verified(folder.path()).unwrap_err().to_string().contains("less than nothing"));
    }
}
