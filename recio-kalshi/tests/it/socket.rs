//! The socket over a scripted transport: what it says, what it makes of what it hears.

use async_trait::async_trait;
use bytes::Bytes;
use recio_kalshi::client::KalshiClient;
use recio_kalshi::signing::generate_ed25519;
use recio_kalshi::socket::{AccountEvent, IndexEvent, MarketEvent, Socket, SocketConfig, SocketStreams, Wanted};
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

type Incoming = mpsc::UnboundedSender<Option<String>>;

struct Exchange {
    rest: Arc<Rest>,
    connections: mpsc::UnboundedSender<Incoming>,
    commands: mpsc::UnboundedSender<String>,
    refuse: Mutex<u32>,
}

/// The book that REST tells, by market; nothing else is there.
#[derive(Default)]
struct Rest {
    books: Mutex<BTreeMap<String, String>>,
    asked: AtomicUsize,
}

struct Pipe {
    incoming: mpsc::UnboundedReceiver<Option<String>>,
    commands: mpsc::UnboundedSender<String>,
}

#[async_trait]
impl Transport for Exchange {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.rest.asked.fetch_add(1, Ordering::Relaxed);
        let market = request.path.split('/').nth_back(1).unwrap_or_default();
        let size = self.rest.books.lock().unwrap().get(market).cloned();
        let size = size.ok_or_else(|| TransportError::NotSent("REST knows no such book".into()))?;
        let body = format!(r#"{{"orderbook_fp":{{"yes_dollars":[["0.4700","{size}"]],"no_dollars":[]}}}}"#);
        Ok(HttpResponse { status: 200, body: body.into() })
    }

    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        assert_eq!(headers.len(), 3, "the handshake is signed");
        let refused = {
            let mut refuse = self.refuse.lock().unwrap();
            let refused = *refuse > 0;
            *refuse = refuse.saturating_sub(1);
            refused
        };
        if refused {
            let body = Bytes::from_static(b"{}");
            return Err(TransportError::HandshakeRefused(HttpResponse { status: 401, body }));
        }
        let (sender, incoming) = mpsc::unbounded_channel();
        self.connections.send(sender).unwrap();
        Ok(Box::new(Pipe { incoming, commands: self.commands.clone() }))
    }
}

#[async_trait]
impl FrameStream for Pipe {
    async fn send(&mut self, text: String) -> Result<(), TransportError> {
        self.commands.send(text).map_err(|error| TransportError::Lost(error.into()))
    }

    async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        Some(Ok(self.incoming.recv().await??.into()))
    }
}

pub(crate) struct Harness {
    rest: Arc<Rest>,
    connections: mpsc::UnboundedReceiver<Incoming>,
    commands: mpsc::UnboundedReceiver<String>,
    pub(crate) current: Incoming,
    streams: SocketStreams,
    pub(crate) wanted: watch::Sender<Wanted>,
    pub(crate) tick: Arc<Notify>,
    pub(crate) slept: Arc<Mutex<Vec<Duration>>>,
    sent: u64,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

const TICK: Duration = Duration::from_secs(10);

impl Harness {
    pub(crate) async fn start(wanted: Wanted, refuse: u32) -> Self {
        Self::start_with(wanted, refuse, |socket| socket).await
    }

    /// With a clock that stands still.
    pub(crate) async fn start_at(wanted: Wanted, time: &str) -> Self {
        let time = time.parse().unwrap();
        Self::start_with(wanted, 0, |socket| socket.with_wall_clock(Arc::new(move || time))).await
    }

    async fn start_with(wanted: Wanted, refuse: u32, with: impl FnOnce(Socket) -> Socket) -> Self {
        let (connections, mut opened) = mpsc::unbounded_channel();
        let (commands, heard) = mpsc::unbounded_channel();
        let rest = Arc::new(Rest::default());
        let exchange = Arc::new(Exchange { rest: rest.clone(), connections, commands, refuse: Mutex::new(refuse) });
        let key = Arc::new(generate_ed25519("k").unwrap().key);
        let client = KalshiClient::new(exchange, Some(key), Arc::new(|| 1));
        let (tick, slept) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
        let (notify, naps) = (tick.clone(), slept.clone());
        let sleep = Arc::new(move |wait: Duration| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            if wait == TICK {
                let notify = notify.clone();
                Box::pin(async move { notify.notified().await })
            } else {
                naps.lock().unwrap().push(wait);
                Box::pin(std::future::ready(()))
            }
        });
        let (wanted, wanted_reader) = watch::channel(wanted);
        let (socket, streams) = Socket::new(client, sleep, SocketConfig::default(), wanted_reader);
        let stop = CancellationToken::new();
        let task = tokio::spawn(with(socket).run(stop.clone()));
        let current = opened.recv().await.unwrap();
        Self { rest, connections: opened, commands: heard, current, streams, wanted, tick, slept, sent: 0, stop, task }
    }

    /// Lets the socket hear a frame and shows all that it made of it.
    pub(crate) async fn hear(&mut self, frame: &str) -> Vec<String> {
        self.current.send(Some(frame.to_owned())).unwrap();
        self.sent += 1;
        let sent = self.sent;
        self.streams.progress.wait_for(|progress| progress.frames == sent).await.unwrap();
        // The count says that the frame's events are in the streams.
        self.trace()
    }

    fn trace(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(event) = self.streams.market.try_recv() {
            lines.push(show_market(&event));
        }
        while let Ok(event) = self.streams.index.try_recv() {
            lines.push(match event {
                IndexEvent::Print(print) => format!("index {} {}", print.index, print.price),
                IndexEvent::FastPrint(print) => format!("fast index {} {}", print.index, print.price),
                IndexEvent::Missed { reason } => format!("index missed: {reason}"),
            });
        }
        while let Ok(event) = self.streams.account.try_recv() {
            lines.push(match event {
                AccountEvent::Fill(fill) => format!("fill {} {}", fill.fill.id, fill.fill.quantity),
                AccountEvent::Order(order) => format!("order {} {:?}", order.exchange_id, order.status),
                AccountEvent::Position(position) => format!("position {}", position.position),
                AccountEvent::OrderGroup(update) => format!("group {} {:?}", update.group, update.change),
                AccountEvent::Reconcile { reason } => format!("reconcile: {reason}"),
            });
        }
        while let Ok(command) = self.commands.try_recv() {
            lines.push(format!("> {command}"));
        }
        lines
    }

    /// Runs the socket until it has nothing more to do.
    pub(crate) async fn settle(&mut self) -> Vec<String> {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.trace()
    }

    /// Lets REST tell of a book with this size.
    pub(crate) fn rest(&self, market: &str, size: &str) {
        self.rest.books.lock().unwrap().insert(market.to_owned(), size.to_owned());
    }

    /// How often REST was asked.
    pub(crate) fn asked(&self) -> usize {
        self.rest.asked.load(Ordering::Relaxed)
    }

    pub(crate) async fn reconnected(&mut self) -> Vec<String> {
        self.current = self.connections.recv().await.unwrap();
        self.sent = 0;
        self.settle().await
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn show_market(event: &MarketEvent) -> String {
    match event {
        MarketEvent::Snapshot { market, book, sequence } => {
            format!("snapshot {market} #{sequence} {} bids {} asks", book.bids.len(), book.asks.len())
        }
        MarketEvent::Delta { market, delta, sequence, .. } => {
            format!("delta {market} #{sequence} {} {} {:+}", delta.side, delta.price, delta.change)
        }
        MarketEvent::Void { markets, reason } => format!("void {markets:?}: {reason}"),
        MarketEvent::Disconnected { reason, auth_lost } => format!("disconnected: {reason}, auth lost: {auth_lost}"),
        MarketEvent::Unreadable { channel, .. } => format!("unreadable {channel:?}"),
        MarketEvent::Lifecycle(update) => format!("lifecycle {} {}", update.market, update.word),
        MarketEvent::Ticker(update) => format!("ticker {}", update.market),
        other @ (MarketEvent::Trade(_)
        | MarketEvent::Missed(_)
        | MarketEvent::Refused { .. }
        | MarketEvent::Connected) => format!("{other:?}"),
    }
}

pub(crate) fn books(markets: &[&str]) -> Wanted {
    Wanted { books: markets.iter().map(|market| market.parse().unwrap()).collect(), ..Wanted::default() }
}

pub(crate) fn ack(id: u64, channel: &str, sid: u64) -> String {
    format!(r#"{{"type":"subscribed","id":{id},"msg":{{"channel":"{channel}","sid":{sid}}}}}"#)
}

pub(crate) fn snapshot(sid: u64, seq: u64, market: &str) -> String {
    format!(
        r#"{{"type":"orderbook_snapshot","sid":{sid},"seq":{seq},"msg":{{"market_ticker":"{market}","yes_dollars_fp":[["0.47","3.00"]]}}}}"#
    )
}

pub(crate) fn delta(sid: u64, seq: u64, market: &str, price: &str) -> String {
    format!(
        r#"{{"type":"orderbook_delta","sid":{sid},"seq":{seq},"msg":{{"market_ticker":"{market}","price_dollars":"{price}","delta_fp":"-1.00","side":"yes","ts_ms":1}}}}"#
    )
}

/// Two books, both live.
pub(crate) async fn two_books() -> Harness {
    let mut harness = Harness::start(books(&["A", "B"]), 0).await;
    harness.settle().await;
    harness.hear(&ack(1, "orderbook_delta", 7)).await;
    harness.hear(&snapshot(7, 1, "A")).await;
    harness.hear(&snapshot(7, 2, "B")).await;
    harness
}

#[tokio::test]
async fn it_subscribes_and_passes_books_on_in_sequence() {
    let mut harness = Harness::start(books(&["A"]), 0).await;
    let mut trace = harness.settle().await;
    for frame in [
        delta(7, 1, "A", "0.47"),
        ack(1, "orderbook_delta", 7),
        snapshot(7, 1, "A"),
        delta(7, 2, "A", "0.4"),
        delta(7, 2, "A", "0.4"),
        r#"{"type":"ok","id":9,"sid":7,"seq":3,"msg":{"market_tickers":["A"]}}"#.into(),
        delta(7, 4, "OTHER", "0.4"),
        delta(7, 5, "A", "0.41"),
        r#"{"type":"something_new","sid":7,"seq":6,"msg":7}"#.into(),
        delta(7, 7, "A", "0.42"),
    ] {
        trace.extend(harness.hear(&frame).await);
    }
    insta::assert_snapshot!(trace.join("\n"), @r#"
    > {"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A"],"use_yes_price":true}}
    Connected
    snapshot A #1 1 bids 0 asks
    delta A #2 bid 0.4000 -1.00
    delta A #5 bid 0.4100 -1.00
    delta A #7 bid 0.4200 -1.00
    "#);
    harness.end().await;
}

#[tokio::test]
async fn a_gap_voids_every_book_of_the_subscription_until_its_snapshot() {
    let mut harness = two_books().await;
    let mut trace = Vec::new();
    for frame in [
        delta(7, 3, "A", "0.47"),
        delta(7, 5, "A", "0.46"),
        delta(7, 6, "B", "0.46"),
        snapshot(7, 7, "A"),
        delta(7, 8, "B", "0.45"),
        delta(7, 9, "A", "0.45"),
        snapshot(7, 10, "B"),
        delta(7, 11, "B", "0.44"),
    ] {
        trace.extend(harness.hear(&frame).await);
    }
    insta::assert_snapshot!(trace.join("\n"), @r#"
    delta A #3 bid 0.4700 -1.00
    void [A, B]: frames 4 to 4 of orderbook_delta are missing
    > {"id":2,"cmd":"update_subscription","params":{"sids":[7],"action":"get_snapshot","market_tickers":["A","B"]}}
    snapshot A #7 1 bids 0 asks
    delta A #9 bid 0.4500 -1.00
    snapshot B #10 1 bids 0 asks
    delta B #11 bid 0.4400 -1.00
    "#);
    harness.end().await;
}

#[tokio::test]
async fn a_dead_or_restarted_subscription_is_made_again() {
    for frame in [
        r#"{"type":"error","sid":7,"seq":3,"msg":{"code":25,"msg":"Subscription buffer overflow"}}"#.to_owned(),
        r#"{"type":"error","sid":7,"msg":{"code":10,"msg":"Channel error"}}"#.to_owned(),
        delta(7, 1, "A", "0.4"),
        r#"{"type":"unsubscribed","sid":7,"seq":3}"#.to_owned(),
    ] {
        let mut harness = two_books().await;
        let trace = harness.hear(&frame).await;
        assert!(trace[0].starts_with("void [A, B]: "), "{trace:?}");
        assert_eq!(trace[1], r#"> {"id":2,"cmd":"unsubscribe","params":{"sids":[7]}}"#);
        assert!(
            trace[2].starts_with(
                r#"> {"id":3,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A","B"]"#
            ),
            "{trace:?}"
        );
        // What still comes of the old one is not used.
        assert_eq!(harness.hear(&delta(7, 4, "A", "0.4")).await, [""; 0]);
        assert_eq!(harness.hear(&ack(3, "orderbook_delta", 8)).await, ["Connected"]);
        assert_eq!(harness.hear(&snapshot(8, 1, "A")).await, ["snapshot A #1 1 bids 0 asks"]);
        harness.end().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_voids_and_never_becomes_a_price() {
    let mut harness = two_books().await;
    let mut trace = Vec::new();
    for frame in [
        delta(7, 3, "A", "0"),
        delta(7, 4, "B", "0.4"),
        snapshot(7, 5, "A").replace("3.00", "three"),
        snapshot(7, 6, "A"),
        delta(7, 7, "A", "0.4").replace("price_dollars", "price"),
        delta(7, 8, "B", "0.4"),
        snapshot(7, 9, "B"),
    ] {
        trace.extend(harness.hear(&frame).await);
    }
    harness.current.send(Some("no JSON".into())).unwrap();
    trace.extend(harness.reconnected().await);
    insta::assert_snapshot!(trace.join("\n"), @r#"
    void [A]: book A: field `price_dollars` is `0`: an order lies strictly between $0 and $1
    > {"id":2,"cmd":"update_subscription","params":{"sids":[7],"action":"get_snapshot","market_tickers":["A"]}}
    delta B #4 bid 0.4000 -1.00
    void [A]: book A: field `yes_dollars_fp` is `three`: `three` is not a plain decimal number
    snapshot A #6 1 bids 0 asks
    unreadable Books
    void [A, B]: cannot read a frame: missing field `price_dollars` at line 1 column 125: `{"type":"orderbook_delta","sid":7,"seq":7,"msg":{"market_ticker":"A","price":"0.4","delta_fp":"-1.00","side":"yes","ts_ms":1}}`
    > {"id":3,"cmd":"update_subscription","params":{"sids":[7],"action":"get_snapshot","market_tickers":["A","B"]}}
    snapshot B #9 1 bids 0 asks
    disconnected: cannot read a frame: expected ident at line 1 column 2: `no JSON`, auth lost: false
    index missed: cannot read a frame: expected ident at line 1 column 2: `no JSON`
    reconcile: cannot read a frame: expected ident at line 1 column 2: `no JSON`
    > {"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A","B"],"use_yes_price":true}}
    "#);
    harness.end().await;
}

#[tokio::test]
async fn a_lost_connection_is_told_and_made_again() {
    let mut harness =
        Harness::start(Wanted { account: true, indices: ["BRTI".to_owned()].into(), ..Wanted::default() }, 2).await;
    let mut trace = harness.settle().await;
    for (id, channel) in [(1, "cfbenchmarks_value"), (2, "fill"), (3, "user_orders"), (4, "market_positions")] {
        trace.extend(harness.hear(&ack(id, channel, id + 10)).await);
    }
    harness.current.send(None).unwrap();
    trace.extend(harness.reconnected().await);
    insta::assert_snapshot!(trace.join("\n"), @r#"
    disconnected: the exchange refused the WebSocket with status 401, auth lost: true
    disconnected: the exchange refused the WebSocket with status 401, auth lost: true
    index missed: the exchange refused the WebSocket with status 401
    index missed: the exchange refused the WebSocket with status 401
    reconcile: the exchange refused the WebSocket with status 401
    reconcile: the exchange refused the WebSocket with status 401
    > {"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}
    > {"id":2,"cmd":"subscribe","params":{"channels":["fill"]}}
    > {"id":3,"cmd":"subscribe","params":{"channels":["user_orders"]}}
    > {"id":4,"cmd":"subscribe","params":{"channels":["market_positions"]}}
    Connected
    reconcile: subscribed
    disconnected: the exchange closed the connection, auth lost: false
    index missed: the exchange closed the connection
    reconcile: the exchange closed the connection
    > {"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}
    > {"id":2,"cmd":"subscribe","params":{"channels":["fill"]}}
    > {"id":3,"cmd":"subscribe","params":{"channels":["user_orders"]}}
    > {"id":4,"cmd":"subscribe","params":{"channels":["market_positions"]}}
    "#);
    // A refused key waits the longest, a lost connection as long as its place in the row of failures says; each within the upper half.
    let slept = harness.slept.lock().unwrap().clone();
    let most = [30_000, 30_000, 250].map(Duration::from_millis);
    assert_eq!(slept.len(), most.len());
    assert!(slept.iter().zip(most).all(|(slept, most)| most / 2 <= *slept && *slept <= most), "{slept:?}");
    harness.end().await;
}

#[tokio::test]
async fn a_subscription_without_an_answer_ends_the_connection() {
    let mut harness = Harness::start(books(&["A"]), 0).await;
    harness.settle().await;
    harness.tick.notify_one();
    assert_eq!(harness.settle().await, [""; 0], "it may have been asked a moment ago");
    harness.tick.notify_one();
    let trace = harness.reconnected().await;
    assert!(trace[0].contains("no answer to the subscription of orderbook_delta"), "{trace:?}");
    harness.end().await;
}

#[tokio::test]
async fn a_book_without_a_snapshot_is_asked_for_a_few_times() {
    let mut harness = Harness::start(books(&["A"]), 0).await;
    harness.settle().await;
    harness.hear(&ack(1, "orderbook_delta", 7)).await;
    let mut asked = 0;
    for _ in 0..6 {
        harness.tick.notify_one();
        asked += harness.settle().await.iter().filter(|line| line.contains("get_snapshot")).count();
    }
    assert_eq!(asked, 3);
    harness.end().await;
}

#[tokio::test]
async fn subscriptions_follow_what_is_wanted() {
    let mut harness = two_books().await;
    harness.wanted.send_replace(books(&["B", "C"]));
    let mut trace = harness.settle().await;
    trace.extend(harness.hear(&delta(7, 3, "A", "0.4")).await);
    trace.extend(harness.hear(&snapshot(7, 4, "C")).await);
    harness.wanted.send_replace(Wanted { lifecycle: ["KXBTCD".parse().unwrap()].into(), ..Wanted::default() });
    trace.extend(harness.settle().await);
    trace.extend(harness.hear(&ack(5, "market_lifecycle_v2", 8)).await);
    for (seq, market) in [(1, "KXBTCD-26NOV2217-T91249.99"), (2, "KXOTHER-1"), (4, "KXBTC-26NOV2217-B91250")] {
        let frame = format!(
            r#"{{"type":"market_lifecycle_v2","sid":8,"seq":{seq},"msg":{{"event_type":"settled","market_ticker":"{market}","settled_ts":1}}}}"#
        );
        trace.extend(harness.hear(&frame).await);
    }
    trace.extend(harness.hear(r#"{"type":"error","id":99,"msg":{"code":26,"msg":"limit"}}"#).await);
    insta::assert_snapshot!(trace.join("\n"), @r#"
    > {"id":2,"cmd":"update_subscription","params":{"sids":[7],"action":"add_markets","market_tickers":["C"]}}
    > {"id":3,"cmd":"update_subscription","params":{"sids":[7],"action":"delete_markets","market_tickers":["A"]}}
    snapshot C #4 1 bids 0 asks
    > {"id":4,"cmd":"unsubscribe","params":{"sids":[7]}}
    > {"id":5,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}
    Connected
    lifecycle KXBTCD-26NOV2217-T91249.99 settled
    Missed(Lifecycle)
    Refused { channel: None, code: 26, message: "limit" }
    "#);
    harness.end().await;
}

#[tokio::test]
async fn a_change_that_timed_out_does_not_leave_books_without_data() {
    let mut harness = two_books().await;
    harness.wanted.send_replace(books(&["A", "B", "C"]));
    harness.settle().await;
    harness
        .current
        .send(Some(r#"{"type":"error","id":2,"msg":{"code":18,"msg":"command timeout"}}"#.to_owned()))
        .unwrap();
    let trace = harness.reconnected().await.join("\n");
    assert!(trace.contains("disconnected: error 18 on a change to a subscription: command timeout"), "{trace}");
    assert!(trace.contains(r#""channels":["orderbook_delta"],"market_tickers":["A","B","C"]"#), "{trace}");
    harness.end().await;
}

#[tokio::test]
async fn the_largest_number_is_a_gap_like_any_other() {
    let mut harness = two_books().await;
    let largest = harness.hear(&delta(7, u64::MAX, "A", "0.4")).await;
    assert!(largest[0].starts_with("void [A, B]: "), "{largest:?}");
    let next = harness.hear(&snapshot(7, 3, "A")).await;
    assert!(next[0].contains("began to count again"), "{next:?}");
    harness.end().await;
}

#[tokio::test]
async fn it_ends_when_nobody_reads() {
    let harness = two_books().await;
    drop(harness.streams);
    harness.current.send(Some(delta(7, 3, "A", "0.4"))).unwrap();
    harness.task.await.unwrap();
}
