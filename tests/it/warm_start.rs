//! A run without a key that begins at any minute, end to end: with a day of prices behind it, and with ten minutes.

use crate::paper::{keyless, on_paper, session};
use crate::support::tempdir;
use recio::core::engine::{Output, WarmStart, Warmth, Wish};
use recio::core::market::Asset;
use recio::core::price_feed::{PriceFeed, PriceKind};
use recio::core::units::Timestamp;
use recio::kalshi::client::wall_clock;
use recio::kalshi::exchange::{Care, KalshiData, KalshiOptions};
use recio::kalshi::signing::SigningKey;
use recio::kalshi::transport::{NetworkTransport, Timeouts};
use recio::live_data::{Access, DataSource, Place};
use recio::paper::PaperSession;
use recio::prelude::*;
use recio::sim::synthetic::SyntheticOptions;
use recio::sim::{Endpoint, Pace, Running, SimOptions, Simulator};
use recio::store::MemoryStore;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A synthetic world with so much of a past, at 20 times real time.
async fn world(dir: &Path, from: &str, pre_roll: Duration) -> Running {
    let synthetic = SyntheticOptions { pre_roll, ..SyntheticOptions::new(from.parse().unwrap(), 1, 7) };
    let options = SimOptions::new("none.rec".into(), dir.join("simulator"));
    Simulator::start(SimOptions { synthetic: Some(synthetic), pace: Pace::Paced(20.0), ..options }).await.unwrap()
}

/// What was seen of a run until its first order.
#[derive(Default)]
struct Seen {
    said: String,
    begun: Option<Timestamp>,
    first: Option<Warmth>,
    last: Option<Warmth>,
    warm_at: Option<Timestamp>,
    entered_at: Option<Timestamp>,
    /// Asked of the strategy, or ordered, before the past was there.
    too_early: bool,
}

async fn until_it_enters(session: PaperSession) -> Seen {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (noted, stop) = (Arc::clone(&seen), CancellationToken::new());
    let enough = stop.clone();
    let observer = move |now: recio::core::units::Now, output: &Output| {
        let mut seen = noted.lock().unwrap();
        seen.begun.get_or_insert(now.wall);
        match &output.wish {
            Wish::Say(notice) => seen.said.push_str(&format!("{} {}\n", now.wall, notice.text)),
            Wish::Funnel { refused, .. } => seen.said.push_str(&format!("{} {refused:?}\n", now.wall)),
            Wish::Publish(table) => {
                seen.first.get_or_insert(table.warmth);
                seen.last = Some(table.warmth);
                if table.warmth.is_enough() {
                    seen.warm_at.get_or_insert(now.wall);
                }
            }
            Wish::Evaluate(view) => seen.too_early |= !view.warmth.is_enough(),
            Wish::Submit { .. } => {
                seen.entered_at.get_or_insert(now.wall);
                seen.too_early |= seen.warm_at.is_none();
                enough.cancel();
            }
            Wish::Journal(_)
            | Wish::Cancel(_)
            | Wish::ReadAccount { .. }
            | Wish::ReadSeries(_)
            | Wish::ReadHistory { .. }
            | Wish::ListMarkets { .. }
            | Wish::Follow(_)
            | Wish::Record(_)
            | Wish::Supervised(_)
            | Wish::WakeAt(_)
            | Wish::Health(_) => {}
        }
    };
    let session = PaperSession { observers: vec![Box::new(observer)], ..session };
    session.run(stop).await.unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.entered_at.is_some() && !seen.too_early, "{}", seen.said);
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_day_of_prices_it_is_warm_at_once_and_enters() {
    let dir = tempdir();
    let simulator = world(dir.path(), "2026-11-22T14:07:00Z", Duration::from_secs(24 * 3_600)).await;
    assert!(simulator.endpoint().past() >= Duration::from_secs(24 * 3_600));
    let session = session(dir.path(), keyless(simulator.endpoint()), on_paper(), &Arc::new(MemoryStore::new()));
    let seen = until_it_enters(session).await;
    let first = seen.first.unwrap();
    assert_eq!((first.momentum.wanted, first.volatility.wanted), (30, 1_440), "a whole day is wanted");
    // 26 readings, one a second: without them a day would pass. On a busy machine each takes a while, and here 20 times that.
    let warm_after = seen.warm_at.unwrap().duration_since(seen.begun.unwrap());
    assert!(warm_after.as_secs() < 30 * 60, "{warm_after:#}\n{}", seen.said);
    assert_eq!(seen.last.unwrap().volatility.stood_in, 0);
    simulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_ten_minutes_it_says_what_is_missing_and_enters_once_live_prices_have_filled_it() {
    let dir = tempdir();
    let simulator = world(dir.path(), "2026-11-22T14:00:00Z", Duration::from_secs(600)).await;
    let endpoint = simulator.endpoint().clone();
    let access = Access::Keyless { price: Some(spot(&endpoint)) };
    let source = DataSource::new(Place::Simulator(Box::new(endpoint.clone())), access);
    let session = session(dir.path(), source, on_paper(), &Arc::new(MemoryStore::new()));
    let minutes = Duration::from_secs(16 * 60);
    let session = PaperSession { warm_start: WarmStart { momentum: minutes, volatility: minutes }, ..session };
    let seen = until_it_enters(session).await;
    assert!(seen.said.contains("entries wait until the past of BTC is read"), "{}", seen.said);
    assert!(seen.said.contains("of 16 min, complete by itself at 2026-11-22 14:"), "{}", seen.said);
    // Ten minutes are there at 14:00, and of sixteen none may be missing.
    assert!(seen.entered_at.unwrap() >= "2026-11-22T14:05:00Z".parse().unwrap(), "{}", seen.said);
    simulator.stop().await.unwrap();
}

/// The simulator's index as somebody's spot price: a feed of the embedder's, whose past is not the simulator's to promise.
fn spot(endpoint: &Endpoint) -> Box<dyn PriceFeed> {
    let hosts = recio::kalshi::transport::Endpoint::new(&endpoint.rest, &endpoint.ws).unwrap();
    let key = SigningKey::from_file(&endpoint.key_id, &endpoint.key_file).unwrap();
    let options =
        KalshiOptions { asset: Asset::Btc, index_kind: PriceKind::StandIn, exchange_index: 2, series: BTreeSet::new() };
    let transport = Arc::new(NetworkTransport::new(hosts, Timeouts::default()).unwrap());
    let KalshiData { markets, index, socket, .. } =
        KalshiData::new(transport, key, wall_clock(), options, Care::live(&wall_clock()));
    tokio::spawn(async move {
        socket.run(CancellationToken::new()).await;
        drop(markets);
    });
    Box::new(index)
}
