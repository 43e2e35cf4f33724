//! Candles into files: what is asked for, what is kept after a stop, what is refused. Venues and exchange are fakes on the loopback.

use crate::support::{assert_says, tempdir};
use async_trait::async_trait;
use recio::core::market::Asset;
use recio::core::model::Bar;
use recio::core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio::core::read::Read;
use recio::core::units::{AssetPrice, Timestamp};
use recio::download::{DownloadError, DownloadOptions, DownloadReport, FeedCandles, download};
use recio::feeds::{FeedConfig, Hosts, Venue, VenueFeed};
use recio::prelude::CancellationToken;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn minute(number: i64) -> Timestamp {
    Timestamp::from_second(1_778_500_800 + number * 60).unwrap()
}

/// A venue with a candle in every minute but for some, that fails at some reads.
struct Fake {
    asked: Arc<Mutex<Vec<(i64, i64)>>>,
    absent: std::ops::Range<i64>,
    fail_at: Option<usize>,
    base: u64,
}

impl Fake {
    fn new() -> Self {
        Self { asked: Arc::default(), absent: 0..0, fail_at: None, base: 8_000_000 }
    }
}

#[async_trait]
impl PriceFeed for Fake {
    fn about(&self) -> FeedAbout {
        FeedAbout { source: "fake".to_owned(), asset: Asset::Btc, kind: PriceKind::StandIn }
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        std::future::pending().await
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        assert_eq!(resolution, Resolution::Minute);
        let number = |time: Timestamp| (time.as_second() - minute(0).as_second()) / 60;
        let (from, to) = (number(range.from), number(range.to));
        let mut asked = self.asked.lock().unwrap();
        asked.push((from, to));
        if self.fail_at == Some(asked.len()) {
            return Err(FeedError::Unreachable("the venue is down".into()));
        }
        let bar = |number: i64| {
            let price = AssetPrice::from_cents(self.base + number.unsigned_abs()).unwrap();
            Bar { start: minute(number), open: price, high: price, low: price, close: price }
        };
        Ok(Read::Complete((from..to).filter(|number| !self.absent.contains(number)).map(bar).collect()))
    }
}

async fn run(fake: Fake, out: &Path, from: i64, to: i64) -> Result<DownloadReport, DownloadError> {
    let range = TimeRange { from: minute(from), to: minute(to) };
    let options = DownloadOptions {
        chunk: Duration::from_secs(100 * 60),
        pause: Duration::ZERO,
        ..DownloadOptions::new(range, out.to_owned())
    };
    download(&mut FeedCandles(fake), &options, |_| {}, &CancellationToken::new()).await
}

fn unpacked(file: &Path) -> String {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_download_goes_on_where_it_stopped() {
    let dir = tempdir();
    let file = dir.path().join("x.csv.gz");
    let down = Fake { fail_at: Some(3), ..Fake::new() };
    let error = run(down, &file, 0, 300).await.unwrap_err();
    assert_says(&error, &["run the same again", "the venue is down"]);
    assert_eq!(unpacked(&file).lines().count(), 201, "what came before is kept");

    let again = Fake { absent: 250..260, ..Fake::new() };
    let asked = Arc::clone(&again.asked);
    let report = run(again, &file, 0, 300).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [(190, 290), (290, 300)], "ten minutes of overlap, nothing before");
    assert_eq!((report.minutes, report.added, report.verified, report.absent), (290, 90, 10, 10));
    assert_eq!((report.holes.len(), report.holes[0].from, report.holes[0].minutes), (1, minute(250), 10));
    assert!(report.complete);
    let text = unpacked(&file);
    assert_eq!(
        text.lines().take(2).collect::<Vec<_>>(),
        ["ts,open,high,low,close,volume", "1778500800,80000.00,80000.00,80000.00,80000.00,"]
    );
    let bars: Vec<_> = recio::sim::import::BarReader::open(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!(bars.len(), 290, "what reads histories reads it");

    let filled = run(Fake::new(), &file, 0, 300).await.unwrap();
    assert_eq!((filled.minutes, filled.added, filled.absent), (300, 10, 0), "a hole is asked for again");
    let before = std::fs::read(&file).unwrap();
    let nothing = Fake::new();
    let asked = Arc::clone(&nothing.asked);
    run(nothing, &file, 0, 300).await.unwrap();
    assert!(asked.lock().unwrap().is_empty() && before == std::fs::read(&file).unwrap());
}

#[tokio::test]
async fn another_sources_file_is_refused_and_left_as_it_is() {
    let dir = tempdir();
    let file = dir.path().join("x.csv");
    run(Fake::new(), &file, 0, 100).await.unwrap();
    let before = std::fs::read(&file).unwrap();
    let other = Fake { base: 9_000_000, ..Fake::new() };
    let error = run(other, &file, 0, 200).await.unwrap_err();
    assert!(matches!(error, DownloadError::Differs { .. }));
    assert_says(&error, &["2026-05-11T13:30:00Z", "80000.90", "90000.90", "nothing was written"]);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::fs::write(&file, "a,b\n").unwrap();
    assert_says(&run(Fake::new(), &file, 0, 200).await.unwrap_err(), &["x.csv:1", "columns"]);
    std::fs::write(&file, "ts,open,high,low,close,volume\n1778500800,1,1,1,1,1\n1778500861,1,1,1,1,1\n").unwrap();
    assert_says(&run(Fake::new(), &file, 0, 200).await.unwrap_err(), &["x.csv:3", "not the start of a minute"]);
}

#[tokio::test]
async fn what_a_killed_download_left_is_taken_up() {
    let dir = tempdir();
    let file = dir.path().join("x.csv");
    let part = dir.path().join("x.csv.part");
    std::fs::write(&part, "ts,open,high,low,close,volume\n1778500800,80000.00,80000.00,80000.00,80000.00,\n17785008")
        .unwrap();
    let fake = Fake::new();
    let asked = Arc::clone(&fake.asked);
    let report = run(fake, &file, 0, 50).await.unwrap();
    assert_eq!((report.minutes, report.added, report.verified), (50, 49, 1));
    assert_eq!(*asked.lock().unwrap(), [(0, 50)]);
    assert!(!part.exists());
}

/// Coinbase's candles over HTTP on the loopback, in its documented form.
#[tokio::test]
async fn a_venues_candles_come_over_http() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming().take(16) {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let length = connection.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let rows = format!(
                "[[{},79990,80010.5,80000,80001.01,1.5],[{},80000,80000,80000,80000,0.1]]",
                minute(1).as_second(),
                minute(0).as_second()
            );
            let body =
                if request.contains("/products/BTC-USD/candles?granularity=60") { rows } else { "{}".to_owned() };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    let hosts = Hosts::new(&format!("ws://{address}"), &format!("http://{address}")).unwrap();
    let config = FeedConfig { backoff_min: Duration::from_secs(60), ..FeedConfig::default() };
    let feed = VenueFeed::open(Venue::Coinbase, Asset::Btc, hosts, config).unwrap();
    let dir = tempdir();
    let file = dir.path().join("coinbase.csv");
    let range = TimeRange { from: minute(0), to: minute(2) };
    let options = DownloadOptions::new(range, file.clone());
    let report = download(&mut FeedCandles(feed), &options, |_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!((report.minutes, report.absent), (2, 0), "{report:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().last(), Some("1778500860,80000.00,80010.50,79990.00,80001.01,"));
}
