//! A simulator on the loopback and its clients, for the other tests.

use bytes::Bytes;
use recio_core::units::{MarketTicker, Money, Quantity, Timestamp};
use recio_kalshi::client::{KalshiClient, SignatureClock};
use recio_kalshi::signing::{SigningKey, generate_ed25519};
use recio_kalshi::transport::{
    Endpoint as NetworkEndpoint, FrameStream, HttpRequest, HttpResponse, Method, NetworkTransport, Timeouts, Transport,
};
use recio_sim::control::Advanced;
use recio_sim::endpoint::EndpointKey;
use recio_sim::exchange::Exchange;
use recio_sim::recording::Recording;
use recio_sim::{ControlClient, Endpoint, InProcess, Pace, Running, SimOptions, Simulator};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const M0900: &str = "KXBTC15M-26MAY130900-00";
pub(crate) const M0915: &str = "KXBTC15M-26MAY130915-15";

pub(crate) fn recording() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec").into()
}

pub(crate) fn ticker(text: &str) -> MarketTicker {
    text.parse().unwrap()
}

pub(crate) fn at(clock: &str) -> Timestamp {
    format!("2026-05-13T{clock}Z").parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "signatures are checked against real time")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

pub(crate) fn real_clock() -> SignatureClock {
    Arc::new(|| real_now().as_millisecond())
}

pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) control: ControlClient,
    pub(crate) folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn lockstep(step: Duration, clients: usize) -> Self {
        Self::start(Pace::Lockstep { step }, false, clients).await
    }

    pub(crate) async fn start(pace: Pace, rebase_now: bool, clients: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SimOptions {
            pace,
            rebase_now,
            realism: None,
            clients,
            opening_cash: Money::dollars(1000),
            ..SimOptions::new(recording(), folder.path().join("keys"))
        };
        let running = Simulator::start(options).await.unwrap();
        let control = ControlClient::new(&running.endpoint().control).unwrap();
        Self { running, control, folder }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.running.endpoint()
    }

    /// REST only, for the first key.
    pub(crate) fn caller(&self) -> Caller {
        Caller::new(self.endpoint(), &self.endpoint().keys[0])
    }

    pub(crate) async fn client(&self, number: usize) -> Client {
        Client::open(self, number).await
    }
}

/// The exchange in process at the recording's beginning, and clients whose cash lies on these shards.
pub(crate) fn in_process(cash: &[&[(u16, Money)]]) -> (InProcess, Vec<Caller>) {
    let exchange = Exchange::play(&Recording::open(recording()).unwrap(), 0).unwrap();
    let simulator = InProcess::new(exchange, real_clock());
    let caller = |(number, cash): (usize, &&[(u16, Money)])| {
        let id = format!("11111111-2222-4333-8444-55555555555{number}");
        let key = generate_ed25519(&id).unwrap().key;
        simulator.add_key_on(&id, key.verifying_key(), cash).unwrap();
        Caller::over(Arc::new(simulator.clone()), Arc::new(key))
    };
    let callers = cash.iter().enumerate().map(caller).collect();
    (simulator, callers)
}

/// Puts an ask of so many contracts into the first market, where nobody asks anything, once the bids in its way are taken; returns its
/// price.
pub(crate) async fn offer(caller: &Caller, count: &str) -> String {
    let price = "0.9980";
    let book = caller.rest.orderbook(&ticker(M0900)).await.unwrap();
    assert!(book.asks.is_empty());
    let in_its_way = book.bids.iter().filter(|bid| bid.price >= price.parse().unwrap());
    let taken: Quantity = in_its_way.fold(Quantity::ZERO, |sum, bid| sum.saturating_add(bid.quantity));
    let clear = order(M0900, "clear", "ask", &taken.to_string(), price, "immediate_or_cancel");
    assert_eq!(caller.create(&clear).await.status, 201);
    let made = caller.create(&order(M0900, "offer", "ask", count, price, "good_till_canceled")).await;
    assert_eq!((made.status, made.body["remaining_count"].as_str()), (201, Some(count)), "{made:?}");
    price.to_owned()
}

/// Everything that is there to read right now.
pub(crate) async fn waiting(frames: &mut Box<dyn FrameStream>) -> Vec<Value> {
    let mut values = Vec::new();
    while let Ok(Some(frame)) = tokio::time::timeout(Duration::ZERO, frames.next()).await {
        values.push(serde_json::from_slice(&frame.unwrap()).unwrap());
    }
    values
}

/// Signs and sends single requests, and shows what comes back.
pub(crate) struct Caller {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) rest: KalshiClient,
}

impl Caller {
    pub(crate) fn new(endpoint: &Endpoint, key: &EndpointKey) -> Self {
        let network = NetworkEndpoint::new(&endpoint.rest, &endpoint.ws).unwrap();
        let transport: Arc<dyn Transport> = Arc::new(NetworkTransport::new(network, Timeouts::default()).unwrap());
        let key = Arc::new(SigningKey::from_file(&key.key_id, &key.key_file).unwrap());
        Self::over(transport, key)
    }

    pub(crate) fn over(transport: Arc<dyn Transport>, key: Arc<SigningKey>) -> Self {
        let rest = KalshiClient::new(transport.clone(), Some(key.clone()), real_clock());
        Self { key, transport, rest }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, query: &[(&'static str, &str)], body: &str) -> Reply {
        let path = format!("/trade-api/v2{path}");
        let signed = self.key.sign(real_now().as_millisecond(), method.as_str(), &path).unwrap();
        let mut headers: Vec<_> = signed.into_pairs().into();
        headers.push(("content-type", "application/json".to_owned()));
        self.raw(method, path, query, headers, body).await
    }

    pub(crate) async fn raw(
        &self,
        method: Method,
        path: String,
        query: &[(&'static str, &str)],
        headers: Vec<(&'static str, String)>,
        body: &str,
    ) -> Reply {
        let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let body = Bytes::from(body.to_owned());
        let request = HttpRequest { method, path, query, headers, body };
        Reply::of(self.transport.request(request).await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&'static str, &str)]) -> Reply {
        self.send(Method::Get, path, query, "").await
    }

    pub(crate) async fn create(&self, body: &Value) -> Reply {
        self.send(Method::Post, "/portfolio/events/orders", &[], &body.to_string()).await
    }
}

/// The body of an order.
pub(crate) fn order(market: &str, id: &str, side: &str, count: &str, price: &str, time_in_force: &str) -> Value {
    serde_json::json!({
        "ticker": market, "client_order_id": id, "side": side, "count": count, "price": price,
        "time_in_force": time_in_force, "self_trade_prevention_type": "taker_at_cross", "exchange_index": 2,
    })
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Reply {
    fn of(answer: HttpResponse) -> Self {
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        Self { status: answer.status, body, text }
    }

    /// Status and body byte for byte.
    pub(crate) fn bytes(&self) -> String {
        format!("{} {}", self.status, self.text)
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.body)
    }
}

/// A client that sits in lockstep: it reads all its frames before it says that it is done.
pub(crate) struct Client {
    pub(crate) caller: Caller,
    pub(crate) control: ControlClient,
    pub(crate) token: String,
    pub(crate) frames: Box<dyn FrameStream>,
    pub(crate) seen: Vec<String>,
    commands: u64,
}

impl Client {
    async fn open(stage: &Stage, number: usize) -> Self {
        let key = &stage.endpoint().keys[number];
        let caller = Caller::new(stage.endpoint(), key);
        let token = stage.control.join(&key.key_id).await.unwrap().client;
        let frames = connect(&caller).await;
        Self { caller, control: stage.control.clone(), token, frames, seen: Vec::new(), commands: 0 }
    }

    pub(crate) async fn command(&mut self, command: &Value) {
        let mut command = command.clone();
        self.commands += 1;
        command["id"] = self.commands.into();
        self.frames.send(command.to_string()).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, channels: &[&str], market: &str) {
        self.command(&serde_json::json!({"cmd": "subscribe",
            "params": {"channels": channels, "market_tickers": [market], "use_yes_price": true}}))
            .await;
        for _ in channels {
            self.read_one().await;
        }
    }

    pub(crate) async fn read_one(&mut self) -> Value {
        let frame = tokio::time::timeout(Duration::from_secs(10), self.frames.next()).await.expect("a frame comes");
        let text = String::from_utf8(frame.unwrap().unwrap().to_vec()).unwrap();
        self.seen.push(text.clone());
        serde_json::from_str(&text).unwrap()
    }

    /// Reads until it has seen so many frames on this connection.
    pub(crate) async fn read_to(&mut self, frames: u64) {
        while (self.seen.len() as u64) < frames {
            self.read_one().await;
        }
    }

    pub(crate) async fn catch_up(&mut self) {
        let frames = self.control.frames(&self.token).await.unwrap();
        self.read_to(frames).await;
    }

    pub(crate) async fn advance(&mut self) -> Advanced {
        self.catch_up().await;
        let advanced = self.control.advance(&self.token).await.unwrap();
        self.read_to(advanced.frames).await;
        advanced
    }

    pub(crate) fn messages(&self, kind: &str) -> Vec<Value> {
        let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap();
        self.seen.iter().map(parse).filter(|frame| frame["type"] == kind).collect()
    }
}

pub(crate) async fn connect(caller: &Caller) -> Box<dyn FrameStream> {
    let headers = caller.rest.socket_headers().unwrap();
    caller.transport.connect(headers).await.unwrap()
}
