//! The rate limits around a scripted transport, in tokio's paused time.

use async_trait::async_trait;
use bytes::Bytes;
use recio_core::units::Monotonic;
use recio_kalshi::limits::{LimitError, Limits, Patience};
use recio_kalshi::signing::KEY_HEADER;
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Method, Transport, TransportError};
use recio_kalshi::wire::{AccountLimits, TokenBucket};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// Answers 200, but for as many 429 as it is told; keeps what came, and when.
struct Exchange {
    start: Instant,
    refuse: Mutex<VecDeque<&'static str>>,
    heard: Mutex<Vec<(Duration, String)>>,
}

impl Exchange {
    fn new(refuse: &[&'static str]) -> Arc<Self> {
        let refuse = Mutex::new(refuse.iter().copied().collect());
        Arc::new(Self { start: Instant::now(), refuse, heard: Mutex::default() })
    }

    fn heard(&self) -> Vec<(Duration, String)> {
        self.heard.lock().unwrap().clone()
    }

    fn count(&self, path: &str) -> usize {
        self.heard().iter().filter(|(_, heard)| heard.contains(path)).count()
    }
}

#[async_trait]
impl Transport for Exchange {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let line = format!("{} {}", request.method.as_str(), request.path);
        let mut refuse = self.refuse.lock().unwrap();
        let refused = refuse.front().is_some_and(|start| line.starts_with(start));
        if refused {
            refuse.pop_front();
        }
        self.heard.lock().unwrap().push((self.start.elapsed(), line));
        let body = Bytes::from_static(br#"{"error":"too many requests"}"#);
        Ok(HttpResponse { status: if refused { 429 } else { 200 }, body })
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        Err(TransportError::NotSent("no socket here".into()))
    }
}

fn request(method: Method, path: &str) -> HttpRequest {
    HttpRequest {
        method,
        path: format!("/trade-api/v2{path}"),
        query: Vec::new(),
        headers: vec![(KEY_HEADER, "k".into())],
        body: if method == Method::Get { Bytes::new() } else { Bytes::from_static(b"{\"exchange_index\":2}") },
    }
}

fn create() -> HttpRequest {
    request(Method::Post, "/portfolio/events/orders")
}

fn cancel() -> HttpRequest {
    HttpRequest {
        query: vec![("exchange_index", "2".into())],
        ..request(Method::Delete, "/portfolio/events/orders/o-1")
    }
}

fn read() -> HttpRequest {
    request(Method::Get, "/markets")
}

fn limited(exchange: &Arc<Exchange>) -> (Limits, Arc<dyn Transport>) {
    let limits = Limits::in_real_time(Patience::default());
    let around = limits.around(exchange.clone());
    (limits, around)
}

fn why(answer: Result<HttpResponse, TransportError>) -> LimitError {
    let Err(TransportError::NotSent(source)) = answer else { panic!("it was sent: {answer:?}") };
    *source.downcast::<LimitError>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_create_without_room_is_not_sent_and_does_not_wait() {
    let exchange = Exchange::new(&[]);
    let (_, transport) = limited(&exchange);
    for _ in 0..8 {
        assert_eq!(transport.request(create()).await.unwrap().status, 200);
    }
    let before = Instant::now();
    assert_eq!(why(transport.request(create()).await), LimitError::TooLate { patience: Duration::ZERO });
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(exchange.count("POST"), 8, "what is not sent never arrives");
    // The part that creates leave alone is the cancels'.
    for _ in 0..10 {
        assert_eq!(transport.request(cancel()).await.unwrap().status, 200);
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    transport.request(cancel()).await.unwrap();
    assert!(before.elapsed() <= Duration::from_millis(22), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_reads_is_spread_out_and_a_look_up_overtakes_it() {
    let exchange = Exchange::new(&[]);
    let (_, transport) = limited(&exchange);
    let reads: Vec<_> = (0..60)
        .map(|_| {
            let transport = transport.clone();
            tokio::spawn(async move { transport.request(read()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let before = Instant::now();
    assert_eq!(transport.request(request(Method::Get, "/portfolio/orders/o-1")).await.unwrap().status, 200);
    assert!(before.elapsed() <= Duration::from_millis(1), "a look-up has a part of the bucket to itself");
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap().status, 200);
    }
    let heard = exchange.heard();
    // The exchange's own rule: 200 tokens at once, 200 a second, ten for each read and two for the look-up.
    for (at, (from, _)) in heard.iter().enumerate() {
        for (more, (time, _)) in heard[at..].iter().enumerate() {
            let tokens = 200.0 + 200.0 * (*time - *from).as_secs_f64() + 0.01;
            assert!((more as f64 + 1.0) * 10.0 <= tokens + 8.0, "{} requests in {:?}", more + 1, *time - *from);
        }
    }
    assert!(heard.last().unwrap().0 >= Duration::from_secs(2), "60 reads need 3 s of tokens");
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_never_repeated() {
    let exchange = Exchange::new(&["POST", "DELETE"]);
    let (_, transport) = limited(&exchange);
    assert_eq!(transport.request(create()).await.unwrap().status, 429);
    assert_eq!(exchange.count("POST"), 1);
    // Its bucket is empty now: the next create has no room, a cancel waits for its two tokens.
    assert!(matches!(why(transport.request(create()).await), LimitError::TooLate { .. }));
    let before = Instant::now();
    assert_eq!(transport.request(cancel()).await.unwrap().status, 429);
    assert!(before.elapsed() <= Duration::from_millis(22));
    assert_eq!((exchange.count("POST"), exchange.count("DELETE")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn refused_reads_pause_together_and_are_asked_again_a_few_times() {
    let exchange = Exchange::new(&["GET"; 3]);
    let (_, transport) = limited(&exchange);
    let reads: Vec<_> = (0..10)
        .map(|_| {
            let transport = transport.clone();
            tokio::spawn(async move { transport.request(read()).await })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(exchange.count("GET"), 13, "ten reads, and one more for each refusal");

    // An exchange that refuses everything hears little of us.
    let exchange = Exchange::new(&["GET"; 1_000]);
    let (_, transport) = limited(&exchange);
    for _ in 0..5 {
        let crowd: Vec<_> = (0..20)
            .map(|_| {
                let transport = transport.clone();
                tokio::spawn(async move { transport.request(read()).await })
            })
            .collect();
        for read in crowd {
            let answer = read.await.unwrap();
            assert!(answer.as_ref().map_or(true, |answer| answer.status == 429), "{answer:?}");
        }
    }
    let passed = exchange.start.elapsed().as_secs_f64();
    let most = 20.0 + passed * 20.0;
    assert!((exchange.count("GET") as f64) < most, "{} requests in {passed} s", exchange.count("GET"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_gives_its_place_up() {
    let exchange = Exchange::new(&[]);
    let (_, transport) = limited(&exchange);
    while exchange.count("GET") < 16 {
        transport.request(read()).await.unwrap();
    }
    for _ in 0..500 {
        tokio::select! {
            biased;
            answer = transport.request(read()) => panic!("there are no tokens left: {answer:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(transport.request(read()).await.unwrap().status, 200, "500 gone callers hold no place");
}

#[tokio::test(start_paused = true)]
async fn a_batch_beyond_the_bucket_is_told_apart() {
    let exchange = Exchange::new(&[]);
    let (limits, transport) = limited(&exchange);
    let mut batch = request(Method::Post, "/portfolio/events/orders/batched");
    batch.body = serde_json::to_vec(&serde_json::json!({ "orders": vec![0; 11] })).unwrap().into();
    let too_large = LimitError::TooLarge { cost: 110, capacity: 100 };
    assert_eq!(why(transport.request(batch.clone()).await), too_large);
    let bucket = |refill_rate, bucket_capacity| TokenBucket { refill_rate, bucket_capacity };
    let learned = AccountLimits {
        usage_tier: "advanced".into(),
        read: bucket(300, 900),
        write: bucket(300, 900),
        grants: Vec::new(),
    };
    limits.learn(&learned, None);
    assert_eq!(transport.request(batch.clone()).await.unwrap().status, 200);
    // A limit of nothing would hold cancels back for ever.
    limits.learn(&AccountLimits { read: bucket(0, 900), write: bucket(300, 0), ..learned }, None);
    assert_eq!(transport.request(batch).await.unwrap().status, 200);
    assert_eq!(transport.request(read()).await.unwrap().status, 200);
}

#[tokio::test]
async fn in_lockstep_nothing_waits() {
    let exchange = Exchange::new(&["GET /trade-api/v2/portfolio"]);
    let time = Arc::new(Mutex::new(0));
    let clock = time.clone();
    let limits = Limits::on_clock(Arc::new(move || Monotonic(*clock.lock().unwrap())), None, Patience::default());
    let transport = limits.around(exchange.clone());
    for _ in 0..16 {
        assert_eq!(transport.request(read()).await.unwrap().status, 200);
    }
    assert!(matches!(why(transport.request(read()).await), LimitError::TooLate { .. }));
    *time.lock().unwrap() = 10_000_000;
    assert_eq!(transport.request(request(Method::Get, "/portfolio/balance")).await.unwrap().status, 429);
    assert_eq!(exchange.count("balance"), 1, "not asked again");
}
