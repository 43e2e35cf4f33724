//! Books: recorded changes applied one by one, with the best prices read after each; from values, and from frames of the WebSocket.

use crate::support::{RecordedBook, demo_run};
use criterion::{BatchSize, Criterion, Throughput};
use recio::core::market::{Book, BookSide, Level};
use recio::core::units::Timestamp;
use recio::kalshi::parse;
use recio::kalshi::wire::{DeltaMessage, Frame, FrameBody};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;

pub(crate) fn benches(criterion: &mut Criterion) {
    let recorded = demo_run().book();
    updates(criterion, &recorded);
    frames(criterion, &recorded);
}

/// Price and size.
type BareLevel = (u16, i64);

/// Two maps from price to size, in the exchange's own units: what any book of sorted levels costs at least.
#[derive(Clone, Default)]
struct BareBook {
    bids: BTreeMap<u16, i64>,
    asks: BTreeMap<u16, i64>,
}

impl BareBook {
    fn of(recorded: &RecordedBook) -> Self {
        let side = |levels: &[Level]| levels.iter().map(|level| (level.price.units(), size(*level))).collect();
        Self { bids: side(&recorded.snapshot.bids), asks: side(&recorded.snapshot.asks) }
    }

    fn apply(&mut self, is_bid: bool, price: u16, change: i64) -> (Option<BareLevel>, Option<BareLevel>) {
        let levels = if is_bid { &mut self.bids } else { &mut self.asks };
        let size = levels.get(&price).copied().unwrap_or(0) + change;
        if size == 0 {
            levels.remove(&price);
        } else {
            levels.insert(price, size);
        }
        let pair = |(price, size): (&u16, &i64)| (*price, *size);
        (self.bids.last_key_value().map(pair), self.asks.first_key_value().map(pair))
    }
}

fn size(level: Level) -> i64 {
    i64::try_from(level.quantity.hundredths()).expect("a recorded size is small")
}

fn updates(criterion: &mut Criterion, recorded: &RecordedBook) {
    let mut group = criterion.benchmark_group("book_update");
    group.throughput(Throughput::Elements(recorded.deltas.len() as u64));
    let start = Book::from_snapshot(&recorded.snapshot, None).expect("the recorded snapshot is sound");
    group.bench_function("recio", |bencher| {
        bencher.iter_batched_ref(
            || start.clone(),
            |book| {
                for (delta, _) in &recorded.deltas {
                    book.apply(delta, None).expect("the recorded changes fit");
                    black_box(book.quote());
                }
            },
            BatchSize::LargeInput,
        );
    });
    let bare: Vec<_> = recorded
        .deltas
        .iter()
        .map(|(delta, _)| (delta.side == BookSide::Bid, delta.price.units(), delta.change.hundredths()))
        .collect();
    group.bench_function("bare_btreemap", |bencher| {
        bencher.iter_batched_ref(
            || BareBook::of(recorded),
            |book| {
                for (is_bid, price, change) in &bare {
                    black_box(book.apply(*is_bid, *price, *change));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The same frame with the least that is needed of it, borrowed from the text.
#[derive(Deserialize)]
struct BareFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    sid: u64,
    seq: u64,
    #[serde(borrow)]
    msg: BareDelta<'a>,
}

#[derive(Deserialize)]
struct BareDelta<'a> {
    market_ticker: &'a str,
    price_dollars: &'a str,
    delta_fp: &'a str,
    side: &'a str,
    ts: &'a str,
}

fn frames(criterion: &mut Criterion, recorded: &RecordedBook) {
    let texts = texts(recorded);
    let mut group = criterion.benchmark_group("frame_and_book");
    group.throughput(Throughput::Elements(texts.len() as u64));
    let start = Book::from_snapshot(&recorded.snapshot, None).expect("the recorded snapshot is sound");
    group.bench_function("recio", |bencher| {
        bencher.iter_batched_ref(
            || BTreeMap::from([(recorded.market.clone(), RefCell::new(start.clone()))]),
            |books| {
                for text in &texts {
                    let frame = Frame::parse(text.as_bytes()).expect("the frames are sound");
                    let FrameBody::Delta(message) = &frame.body else { panic!("every frame is a change") };
                    let (delta, time) = parse::book_change(message).expect("the frames are sound");
                    // As the socket does it: the book is found by the frame's ticker, and its own ticker goes on.
                    let (market, book) = books.get_key_value(&*message.market_ticker).expect("one market is followed");
                    let mut book = book.borrow_mut();
                    book.apply(&delta, None).expect("the recorded changes fit");
                    black_box((market.clone(), frame.seq, time, book.quote()));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("bare_serde_json", |bencher| {
        bencher.iter_batched_ref(
            || BareBook::of(recorded),
            |book| {
                for text in &texts {
                    let frame: BareFrame<'_> = serde_json::from_slice(text.as_bytes()).expect("the frames are sound");
                    let msg = &frame.msg;
                    let price = u16::try_from(fixed(msg.price_dollars, 4)).expect("at most a dollar");
                    let best = book.apply(msg.side == "yes", price, fixed(msg.delta_fp, 2));
                    black_box((frame.kind, frame.sid, frame.seq, msg.market_ticker, msg.ts, best));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A decimal with at most so many places, as a count of its last place. Checks nothing.
fn fixed(text: &str, places: u32) -> i64 {
    let (mut value, mut seen, mut after_point) = (0, 0, false);
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    for byte in digits.bytes() {
        if byte == b'.' {
            after_point = true;
        } else {
            value = value * 10 + i64::from(byte - b'0');
            seen += u32::from(after_point);
        }
    }
    value *= 10_i64.pow(places - seen);
    if negative { -value } else { value }
}

/// The recorded changes as the exchange sends them.
fn texts(recorded: &RecordedBook) -> Vec<String> {
    let frame = |(seq, (delta, time)): (u64, &(recio::core::market::BookDelta, Timestamp))| {
        let side = if delta.side == BookSide::Bid { "yes" } else { "no" };
        let message = DeltaMessage {
            market_ticker: recorded.market.as_str().into(),
            market_id: Some("9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1".into()),
            price_dollars: delta.price.to_string().into(),
            delta_fp: delta.change.to_string().into(),
            side: side.into(),
            ts: Some(time.to_string().into()),
            ts_ms: Some(time.as_millisecond()),
            client_order_id: None,
            subaccount: None,
        };
        Frame::new(2, Some(seq), FrameBody::Delta(message)).to_text().expect("the frame is sound")
    };
    (1..).zip(&recorded.deltas).map(frame).collect()
}
