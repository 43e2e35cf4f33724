//! Markets and books without a key, over a scripted exchange.

use async_trait::async_trait;
use recio_core::market::LifecycleEvent;
use recio_core::market_data::{MarketData, MarketEvent};
use recio_core::units::{Monotonic, Now, Timestamp};
use recio_kalshi::client::KalshiClient;
use recio_kalshi::exchange::{PollClock, PollLimits, PublicMarkets};
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TICKER: &str = "KXBTCD-26SEP2517-T109999.99";

/// An exchange that answers, or fails with a status; it keeps what it was asked and when.
struct Public {
    failing: Mutex<Option<u16>>,
    strike: Mutex<Option<&'static str>>,
    asked: Mutex<Vec<(Duration, String)>>,
    begun: tokio::time::Instant,
}

#[async_trait]
impl Transport for Public {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        assert!(
            request.headers.iter().all(|(name, _)| !name.to_ascii_lowercase().contains("kalshi")),
            "nothing is signed"
        );
        let path = request.path.strip_prefix("/trade-api/v2").unwrap().to_owned();
        self.asked.lock().unwrap().push((self.begun.elapsed(), path.clone()));
        let failing = *self.failing.lock().unwrap();
        let (status, body) = match failing {
            Some(status) => (status, "{}".to_owned()),
            None if path.ends_with("/orderbook") => (
                200,
                r#"{"orderbook_fp":{"yes_dollars":[["0.3400","703.36"]],"no_dollars":[["0.6500","10.00"]]}}"#
                    .to_owned(),
            ),
            None => (200, list(*self.strike.lock().unwrap())),
        };
        Ok(HttpResponse { status, body: body.into() })
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        panic!("without a key there is no WebSocket");
    }
}

fn list(strike: Option<&str>) -> String {
    let strike =
        strike.map_or_else(String::new, |strike| format!(r#""strike_type":"greater","floor_strike":{strike},"#));
    format!(
        r#"{{"cursor":"","markets":[{{"ticker":"{TICKER}","event_ticker":"KXBTCD-26SEP2517","market_type":"binary","open_time":"2026-09-25T20:00:00Z",
        "close_time":"2026-09-25T21:00:00Z","settlement_timer_seconds":60,"status":"active","result":"",{strike}
        "yes_bid_dollars":"0.3400","yes_bid_size_fp":"703.36","yes_ask_dollars":"0.3500","yes_ask_size_fp":"10.00","no_bid_dollars":"0.6500",
        "no_ask_dollars":"0.6600","last_price_dollars":"0.3500","volume_fp":"1198155.00","open_interest_fp":"304410.86",
        "price_ranges":[{{"start":"0.0000","end":"1.0000","step":"0.0100"}}],"price_level_structure":"linear_cent","exchange_index":2}}]}}"#
    )
}

fn setup() -> (Arc<Public>, Arc<PublicMarkets>, CancellationToken) {
    let begun = tokio::time::Instant::now();
    let public = Public { failing: Mutex::new(None), strike: Mutex::new(None), asked: Mutex::default(), begun };
    let public = Arc::new(public);
    let clock = PollClock {
        now: Arc::new(move || {
            let passed = begun.elapsed();
            let wall: Timestamp = "2026-09-25T20:30:00Z".parse().unwrap();
            Now { wall: wall.checked_add(passed).unwrap(), mono: Monotonic::default().after(passed) }
        }),
        sleep: Arc::new(|wait| Box::pin(tokio::time::sleep(wait))),
    };
    let client = KalshiClient::new(public.clone(), None, Arc::new(|| 0));
    let (markets, poller) = PublicMarkets::new(client, 2, clock, PollLimits::default());
    let stop = CancellationToken::new();
    tokio::spawn(poller.run(stop.clone()));
    (public, markets, stop)
}

/// What comes within a time, by kind.
async fn heard(markets: &PublicMarkets, within: Duration) -> Vec<MarketEvent> {
    let mut events = Vec::new();
    let deadline = tokio::time::Instant::now() + within;
    while let Ok(event) = tokio::time::timeout_at(deadline, markets.next()).await {
        events.push(event.unwrap());
    }
    events
}

fn count(events: &[MarketEvent], is: impl Fn(&MarketEvent) -> bool) -> usize {
    events.iter().filter(|event| is(event)).count()
}

#[tokio::test(start_paused = true)]
async fn books_and_figures_come_at_their_pace_and_a_strike_is_announced_once() {
    let (public, markets, stop) = setup();
    assert!(heard(&markets, Duration::from_secs(5)).await.is_empty(), "nothing is followed");
    assert!(public.asked.lock().unwrap().is_empty(), "nobody is asked for nothing");
    markets.follow(&[TICKER.parse().unwrap()]).await.unwrap();
    let events = heard(&markets, Duration::from_secs(20)).await;
    assert!(matches!(events[0], MarketEvent::Connected), "{events:?}");
    let books = count(&events, |event| matches!(event, MarketEvent::Snapshot { .. }));
    let figures = count(&events, |event| matches!(event, MarketEvent::Ticker(_)));
    assert!((15..=20).contains(&books) && (4..=5).contains(&figures), "{books} books, {figures} figures");
    let pauses: Vec<_> = public.asked.lock().unwrap().windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(pauses.iter().all(|pause| *pause >= PollLimits::default().pause), "{pauses:?}");
    let strike = |event: &MarketEvent| {
        matches!(event, MarketEvent::Lifecycle { event: LifecycleEvent::StrikeUpdated { .. }, .. })
    };
    assert_eq!(count(&events, strike), 0);
    *public.strike.lock().unwrap() = Some("109999.99");
    assert_eq!(count(&heard(&markets, Duration::from_secs(30)).await, strike), 1);
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_failure_voids_the_book_and_the_exchange_is_asked_less_and_less() {
    let (public, markets, stop) = setup();
    markets.follow(&[TICKER.parse().unwrap()]).await.unwrap();
    heard(&markets, Duration::from_secs(5)).await;
    *public.failing.lock().unwrap() = Some(503);
    let before = public.asked.lock().unwrap().len();
    let events = heard(&markets, Duration::from_secs(300)).await;
    assert_eq!(count(&events, |event| matches!(event, MarketEvent::Void { .. })), 1, "{events:?}");
    assert_eq!(count(&events, |event| matches!(event, MarketEvent::Disconnected { .. })), 1, "{events:?}");
    let asked = public.asked.lock().unwrap().len() - before;
    // 1 + 2 + 4 + 8 + 16 s, then every 30 s.
    assert!((10..=16).contains(&asked), "{asked} requests in five minutes without an answer");
    *public.failing.lock().unwrap() = None;
    let events = heard(&markets, Duration::from_secs(40)).await;
    assert!(matches!(events[0], MarketEvent::Connected), "{events:?}");
    assert!(count(&events, |event| matches!(event, MarketEvent::Snapshot { .. })) > 0);
    stop.cancel();
}
