//! A third of the bundled recording: from five minutes before its market closes until it is paid.

use super::bundled_recording;
use recio::core::market::{Book, BookDelta, BookSide, BookSnapshot};
use recio::core::units::{MarketTicker, QuantityChange, Timestamp};
use recio::sim::recording::{Boundary, Record, RecordBody, Recording, StreamId, write_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FROM: &str = "2026-05-13T13:10:00Z";
const TO: &str = "2026-05-13T13:15:30Z";

/// Writes the part that a market is seen closing and settling in. Prices before it stay, as pre-roll.
pub(crate) fn short_recording(dir: &Path) -> PathBuf {
    let (from, to): (Timestamp, Timestamp) = (FROM.parse().unwrap(), TO.parse().unwrap());
    let whole = Recording::open(bundled_recording(dir)).unwrap();
    let mut header = whole.header().clone();
    header.title.push_str(" (cut short for a test)");
    (header.session_from, header.to) = (from, to);
    let session = header.stream("session").unwrap().id;
    let book = header.stream("book").unwrap().id;

    let records: Vec<Record> = whole.records().unwrap().collect::<Result<_, _>>().unwrap();
    let (before, after): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.exchange_time < from);
    let mut kept = Vec::new();
    let mut books = BTreeMap::new();
    for record in before {
        if !follow(&mut books, &record.body) && record.body != RecordBody::Boundary(Boundary::SessionBegins) {
            kept.push(entry(record));
        }
    }
    kept.push((session, from, None, RecordBody::Boundary(Boundary::SessionBegins)));
    for (market, now) in books {
        let BookSnapshot { bids, asks } = now.snapshot();
        kept.push((book, from, None, RecordBody::BookSnapshot { market, bids, asks }));
    }
    kept.extend(after.into_iter().filter(|record| record.exchange_time < to).map(entry));
    kept.push((session, to, None, RecordBody::Boundary(Boundary::SessionEnds)));

    let path = dir.join("short.rec");
    write_file(&path, header, kept).unwrap();
    path
}

fn entry(record: Record) -> (StreamId, Timestamp, Option<Timestamp>, RecordBody) {
    (record.stream, record.exchange_time, record.received_time, record.body)
}

/// Keeps the books; whether the record was about one.
fn follow(books: &mut BTreeMap<MarketTicker, Book>, body: &RecordBody) -> bool {
    match body {
        RecordBody::BookSnapshot { market, bids, asks } => {
            let snapshot = BookSnapshot { bids: bids.clone(), asks: asks.clone() };
            books.insert(market.clone(), Book::from_snapshot(&snapshot, None).unwrap());
        }
        RecordBody::BookDelta { market, side, price, change } => {
            let delta = delta(*side, *price, *change);
            books.get_mut(market).unwrap().apply(&delta, None).unwrap();
        }
        RecordBody::Boundary(_)
        | RecordBody::Gap(_)
        | RecordBody::Market(_)
        | RecordBody::Lifecycle { .. }
        | RecordBody::Outcome(_)
        | RecordBody::Ticker(_)
        | RecordBody::SpotTrade { .. }
        | RecordBody::IndexPrint { .. }
        | RecordBody::Trade(_)
        | RecordBody::Exchange(_) => return false,
    }
    true
}

fn delta(side: BookSide, price: recio::core::units::Price, change: i64) -> BookDelta {
    BookDelta { side, price, change: QuantityChange::from_hundredths(change).unwrap() }
}
