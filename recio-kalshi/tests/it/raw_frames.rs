//! The raw frames of a recorded minute of KXBTC, verbatim through the socket, and into books.

use crate::data;
use async_trait::async_trait;
use bytes::Bytes;
use recio_core::market::Book;
use recio_kalshi::client::KalshiClient;
use recio_kalshi::signing::generate_ed25519;
use recio_kalshi::socket::{MarketEvent, Socket, SocketConfig, Wanted};
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Gives the frames to the first connection, in order, and then nothing more.
struct Tape(Mutex<Option<VecDeque<String>>>);

struct Frames(VecDeque<String>);

#[async_trait]
impl Transport for Tape {
    async fn request(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::NotSent("no REST here".into()))
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        let frames = self.0.lock().unwrap().take();
        frames.map(|frames| Box::new(Frames(frames)) as _).ok_or(TransportError::NotSent("the tape is over".into()))
    }
}

#[async_trait]
impl FrameStream for Frames {
    async fn send(&mut self, _: String) -> Result<(), TransportError> {
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        match self.0.pop_front() {
            Some(text) => Some(Ok(text.into())),
            None => std::future::pending().await,
        }
    }
}

fn raw() -> Vec<String> {
    let frame = |line: &str| serde_json::from_str::<Value>(line).unwrap()["raw"].as_str().unwrap().to_owned();
    data("ws_kxbtc_20260418.jsonl").lines().map(frame).collect()
}

/// What the socket tells of all frames.
async fn heard(frames: Vec<String>) -> Vec<MarketEvent> {
    let market = |text: &String| {
        let frame: Value = serde_json::from_str(text).unwrap();
        frame["msg"]["market_ticker"].as_str().map(|name| name.parse().unwrap())
    };
    let books: BTreeSet<_> = frames.iter().filter_map(market).collect();
    let count = frames.len() as u64;
    let tape = Arc::new(Tape(Mutex::new(Some(frames.into()))));
    let key = Arc::new(generate_ed25519("k").unwrap().key);
    let client = KalshiClient::new(tape, Some(key), Arc::new(|| 1));
    let (_wanted, wanted) = watch::channel(Wanted { books, ..Wanted::default() });
    let sleep = Arc::new(|_| Box::pin(std::future::pending()) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>);
    let (socket, mut streams) = Socket::new(client, sleep, SocketConfig::default(), wanted);
    let stop = CancellationToken::new();
    let running = tokio::spawn(socket.run(stop.clone()));
    streams.progress.wait_for(|progress| progress.frames == count).await.unwrap();
    stop.cancel();
    running.await.unwrap();
    std::iter::from_fn(|| streams.market.try_recv().ok()).collect()
}

/// The books after all events; every change has to fit.
fn books(events: &[MarketEvent]) -> (BTreeMap<String, Book>, usize, usize) {
    let (mut books, mut snapshots, mut deltas) = (BTreeMap::new(), 0, 0);
    for event in events {
        match event {
            MarketEvent::Snapshot { market, book, .. } => {
                snapshots += 1;
                books.insert(market.to_string(), Book::from_snapshot(book, None).unwrap());
            }
            MarketEvent::Delta { market, delta, .. } => {
                deltas += 1;
                let book = books.get_mut(market.as_str()).expect("a snapshot comes first");
                book.apply(delta, None).unwrap_or_else(|error| panic!("{market}: {error}"));
            }
            MarketEvent::Void { .. } | MarketEvent::Unreadable { .. } | MarketEvent::Disconnected { .. } => {
                panic!("{event:?}")
            }
            MarketEvent::Ticker(_)
            | MarketEvent::Trade(_)
            | MarketEvent::Lifecycle(_)
            | MarketEvent::Missed(_)
            | MarketEvent::Refused { .. }
            | MarketEvent::Connected => {}
        }
    }
    (books, snapshots, deltas)
}

#[tokio::test]
async fn the_raw_frames_build_books_without_error() {
    let frames = raw();
    assert_eq!(frames.len(), 74);
    let (books, snapshots, deltas) = books(&heard(frames).await);
    assert_eq!((books.len(), snapshots, deltas), (8, 8, 61));
}

/// The minute was recorded by a client that took NO prices; ours asks for YES prices. With its NO side turned the books are those of the exchange.
#[tokio::test]
async fn with_their_no_side_in_yes_prices_the_books_do_not_cross() {
    let turned = |text: String| {
        let mut frame: Value = serde_json::from_str(&text).unwrap();
        let turn = |price: &mut Value| {
            let units: u16 = price.as_str().unwrap().parse::<recio_core::units::Price>().unwrap().complement().units();
            *price = format!("0.{units:04}").into();
        };
        let msg = &mut frame["msg"];
        if msg["side"] == "no" {
            turn(&mut msg["price_dollars"]);
        }
        for row in msg["no_dollars_fp"].as_array_mut().into_iter().flatten() {
            turn(&mut row[0]);
        }
        frame.to_string()
    };
    let (books, snapshots, deltas) = books(&heard(raw().into_iter().map(turned).collect()).await);
    assert_eq!((books.len(), snapshots, deltas), (8, 8, 61));
    for (market, book) in &books {
        assert!(!book.is_crossed() && book.quote().bid.is_some() && book.quote().ask.is_some(), "{market}");
    }
}
