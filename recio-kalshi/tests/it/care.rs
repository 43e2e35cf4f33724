//! The parts that a pipeline gets: that limits, signatures made ahead and the account's own limits are wired into them.

use async_trait::async_trait;
use recio_core::executor::Executor;
use recio_core::market::Asset;
use recio_core::price_feed::PriceKind;
use recio_core::units::Monotonic;
use recio_kalshi::exchange::{Care, Kalshi, KalshiOptions};
use recio_kalshi::limits::{Limits, Patience};
use recio_kalshi::signing::{TIMESTAMP_HEADER, generate_ed25519};
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NOW_MS: i64 = 1_790_366_400_000;

/// Knows the account's limits and its balance; has no WebSocket.
#[derive(Default)]
struct Exchange {
    /// Path and signed time of each request.
    heard: Mutex<Vec<(String, i64)>>,
}

impl Exchange {
    fn times(&self, path: &str) -> Vec<i64> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|(heard, _)| heard.ends_with(path)).map(|(_, time)| *time).collect()
    }
}

#[async_trait]
impl Transport for Exchange {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let time = request.headers.iter().find(|(name, _)| *name == TIMESTAMP_HEADER).unwrap().1.parse().unwrap();
        self.heard.lock().unwrap().push((request.path.clone(), time));
        let body = match request.path.rsplit('/').next() {
            Some("limits") => {
                r#"{"usage_tier":"advanced","read":{"refill_rate":300,"bucket_capacity":900},"write":{"refill_rate":300,"bucket_capacity":900},"grants":[]}"#
            }
            Some("endpoint_costs") => r#"{"default_cost":10,"endpoint_costs":[]}"#,
            _ => {
                r#"{"balance":100,"balance_dollars":"1.0000","portfolio_value":0,"updated_ts":1,"balance_breakdown":[{"exchange_index":2,"balance":"1.0000"}]}"#
            }
        };
        Ok(HttpResponse { status: 200, body: body.into() })
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        Err(TransportError::NotSent("no socket here".into()))
    }
}

fn kalshi(exchange: &Arc<Exchange>, care: impl FnOnce(&recio_kalshi::client::SignatureClock) -> Care) -> Kalshi {
    let clock: recio_kalshi::client::SignatureClock = Arc::new(|| NOW_MS);
    let options =
        KalshiOptions { asset: Asset::Btc, index_kind: PriceKind::Index, exchange_index: 2, series: BTreeSet::new() };
    let care = care(&clock);
    Kalshi::with_care(exchange.clone(), generate_ed25519("k").unwrap().key, clock, options, care)
}

#[tokio::test]
async fn reads_keep_the_limits_which_the_socket_learns() {
    let counted = || Care {
        limits: Some(Limits::on_clock(Arc::new(|| Monotonic(0)), None, Patience::default())),
        ..Care::lockstep()
    };
    let exchange = Arc::new(Exchange::default());
    let Kalshi { account, socket, .. } = kalshi(&exchange, |_| counted());
    let mut served = 0;
    while account.balance().await.is_ok() {
        served += 1;
    }
    assert_eq!(served, 16, "a Basic account's 200 tokens less a fifth, 10 each");
    assert_eq!(exchange.times("/balance").len(), 16, "what found no room was not sent");
    assert_eq!(exchange.times("/balance"), [NOW_MS; 16], "signed when they were sent");

    // Time stands still, so a socket that asks for the limits finds no room either; a new connection does.
    drop(socket);
    let Kalshi { account, socket, markets: _markets, index: _index, .. } = kalshi(&exchange, |_| counted());
    let stop = CancellationToken::new();
    let running = tokio::spawn(socket.run(stop.clone()));
    while exchange.times("/endpoint_costs").is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    let mut served = 0;
    while account.balance().await.is_ok() {
        served += 1;
    }
    assert_eq!(served, (900 - 180 - 20) / 10, "what was spent on asking stays spent");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn live_reads_take_signatures_made_ahead_each_with_a_time_of_its_own() {
    let exchange = Arc::new(Exchange::default());
    // A socket ends when one of its readers is gone.
    let Kalshi { account, socket, markets: _markets, index: _index, .. } = kalshi(&exchange, Care::live);
    let stop = CancellationToken::new();
    let running = tokio::spawn(socket.run(stop.clone()));
    // The clock stands still: a time after it shows that the signature was made ahead, right behind others.
    let until_pooled = async {
        loop {
            account.balance().await.unwrap();
            if exchange.times("/balance").iter().any(|time| *time > NOW_MS) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), until_pooled).await.expect("the pool is filled in the background");
    stop.cancel();
    running.await.unwrap();
}
