//! The WebSocket over the loopback: subscriptions, their numbering, books that add up.

use crate::stage::{Client, M0900, M0915, Stage, at, order, ticker};
use recio_core::market::BookSide;
use recio_core::units::Price;
use recio_kalshi::parse;
use recio_kalshi::socket::{AccountEvent, IndexEvent, MarketEvent, Sleep, Socket, SocketConfig, Wanted};
use recio_kalshi::wire::{Frame, FrameBody};
use recio_sim::Pace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const STEP: Duration = Duration::from_millis(500);

/// Follows snapshots and changes of one subscription as a client does; every number has to follow the one before.
#[derive(Default)]
struct Follower {
    seq: u64,
    bids: BTreeMap<Price, i64>,
    asks: BTreeMap<Price, i64>,
    deltas: usize,
}

impl Follower {
    fn follow(&mut self, client: &Client, sid: u64) {
        *self = Self::default();
        for text in &client.seen {
            let frame = Frame::parse(text.as_bytes()).unwrap();
            if frame.sid != Some(sid) {
                continue;
            }
            self.seq += 1;
            assert_eq!(frame.seq, Some(self.seq), "{text}");
            match &frame.body {
                FrameBody::Snapshot(message) => {
                    let (_, book) = parse::snapshot(message).unwrap();
                    let side = |levels: &[recio_core::market::Level]| {
                        levels.iter().map(|level| (level.price, level.quantity.hundredths().cast_signed())).collect()
                    };
                    (self.bids, self.asks) = (side(&book.bids), side(&book.asks));
                }
                FrameBody::Delta(message) => {
                    let (_, delta, _) = parse::delta(message).unwrap();
                    self.deltas += 1;
                    let side = match delta.side {
                        BookSide::Bid => &mut self.bids,
                        BookSide::Ask => &mut self.asks,
                    };
                    let level = side.entry(delta.price).or_default();
                    *level += delta.change.hundredths();
                    assert!(*level >= 0, "{text}");
                    side.retain(|_, held| *held > 0);
                }
                FrameBody::Subscribed(_)
                | FrameBody::Ok(_)
                | FrameBody::Unsubscribed
                | FrameBody::Error(_)
                | FrameBody::Ticker(_)
                | FrameBody::Trade(_)
                | FrameBody::Lifecycle(_)
                | FrameBody::EventLifecycle(_)
                | FrameBody::EventFeeUpdate(_)
                | FrameBody::Fill(_)
                | FrameBody::UserOrder(_)
                | FrameBody::Position(_)
                | FrameBody::IndexValue(_)
                | FrameBody::FastIndexValue(_)
                | FrameBody::OrderGroup(_)
                | FrameBody::Other(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn snapshot_and_changes_rebuild_the_book_that_rest_shows() {
    let stage = Stage::lockstep(STEP, 1).await;
    let mut client = stage.client(0).await;
    client.subscribe(&["orderbook_delta"], M0915).await;
    client.catch_up().await;
    let mut follower = Follower::default();
    // The book of this market begins 52 s after the session.
    while client.advance().await.now < at("13:00:36") {}
    for round in 0..20 {
        client.advance().await;
        if round == 5 {
            let bid = client.caller.rest.orderbook(&ticker(M0915)).await.unwrap().bids[0];
            let price = bid.price.to_string();
            let made = client.caller.create(&order(M0915, "own", "ask", "1.00", &price, "immediate_or_cancel")).await;
            assert_eq!(made.body["fill_count"], "1.00");
            client.caller.create(&order(M0915, "rests", "bid", "3.00", "0.0010", "good_till_canceled")).await;
            client.catch_up().await;
        }
        let book = client.caller.rest.orderbook(&ticker(M0915)).await.unwrap();
        follower.follow(&client, 1);
        let level = |level: &recio_core::market::Level| (level.price, level.quantity.hundredths().cast_signed());
        assert_eq!(book.bids.iter().map(level).collect::<BTreeMap<_, _>>(), follower.bids, "round {round}");
        assert_eq!(book.asks.iter().map(level).collect::<BTreeMap<_, _>>(), follower.asks, "round {round}");
    }
    assert!(follower.deltas > 100, "{}", follower.deltas);
    let own: Vec<_> = client
        .messages("orderbook_delta")
        .into_iter()
        .filter(|frame| frame["msg"]["client_order_id"] == "rests")
        .collect();
    assert_eq!(own.len(), 1, "{own:?}");
}

#[tokio::test]
async fn frames_of_an_order_are_there_before_its_answer() {
    let stage = Stage::lockstep(STEP, 1).await;
    let mut client = stage.client(0).await;
    client.subscribe(&["orderbook_delta", "fill", "user_orders", "market_positions", "trade"], M0900).await;
    client.catch_up().await;
    let bid = client.caller.rest.orderbook(&ticker(M0900)).await.unwrap().bids[0];
    let price = bid.price.to_string();
    let made = client.caller.create(&order(M0900, "a", "ask", "1.00", &price, "immediate_or_cancel")).await;
    assert_eq!(made.status, 201);
    client.catch_up().await;
    let kinds = |client: &Client, kind: &str| client.messages(kind);
    let fill = &kinds(&client, "fill")[0]["msg"];
    assert_eq!(
        (fill["order_id"].clone(), fill["client_order_id"].as_str()),
        (made.body["order_id"].clone(), Some("a"))
    );
    assert_eq!((fill["post_position_fp"].as_str(), fill["is_taker"].as_bool()), (Some("-1.00"), Some(true)));
    assert_eq!(kinds(&client, "trade")[0]["msg"]["trade_id"], fill["trade_id"]);
    let update = &kinds(&client, "user_order")[0]["msg"];
    assert_eq!((update["status"].as_str(), update["last_update_reason"].as_str()), (Some("executed"), Some("Trade")));
    assert_eq!(kinds(&client, "market_position")[0]["msg"]["position_fp"], "-1.00");
    for kind in ["fill", "user_order", "market_position"] {
        assert!(kinds(&client, kind).iter().all(|frame| frame.get("seq").is_none()), "{kind} does not count");
    }
    for text in &client.seen {
        assert!(text.ends_with('\n'));
        assert!(!matches!(Frame::parse(text.as_bytes()).unwrap().body, FrameBody::Other(_)), "{text}");
    }
}

#[tokio::test]
async fn commands_are_answered_with_the_exchanges_words() {
    let stage = Stage::lockstep(STEP, 1).await;
    let mut client = stage.client(0).await;
    let mut ask = async |command: Value| {
        client.command(&command).await;
        client.read_one().await
    };
    let code = |frame: &Value| (frame["type"].as_str().unwrap().to_owned(), frame["msg"]["code"].as_u64());
    let error = |number| ("error".to_owned(), Some(number));
    let subscribe = |params: Value| json!({"cmd": "subscribe", "params": params});
    let update = |params: Value| json!({"cmd": "update_subscription", "params": params});
    assert_eq!(code(&ask(json!({"cmd": "dance"})).await), error(5));
    assert_eq!(code(&ask(json!({"cmd": "subscribe"})).await), error(2));
    assert_eq!(code(&ask(subscribe(json!({}))).await), error(3));
    assert_eq!(code(&ask(subscribe(json!({"channels": ["weather"]}))).await), error(8));
    assert_eq!(code(&ask(subscribe(json!({"channels": ["orderbook_delta"]}))).await), error(14));
    assert_eq!(code(&ask(subscribe(json!({"channels": ["cfbenchmarks_value"]}))).await), error(24));
    let unknown = ask(subscribe(json!({"channels": ["ticker"], "market_tickers": ["KXNONE-1-2"]}))).await;
    assert_eq!((code(&unknown), unknown["msg"]["market_ticker"].as_str()), (error(11), Some("KXNONE-1-2")));
    assert_eq!(code(&ask(json!({"cmd": "unsubscribe", "params": {"sids": [9]}})).await), error(7));
    assert_eq!(code(&ask(json!({"cmd": "unsubscribe", "params": {}})).await), error(4));
    assert_eq!(code(&ask(update(json!({"sids": [1, 2], "action": "add_markets"}))).await), error(12));

    let trades = ask(subscribe(json!({"channels": ["trade"], "market_tickers": [M0900]}))).await;
    assert_eq!(trades["msg"], json!({"channel": "trade", "sid": 1}));
    assert_eq!(trades["id"], 11);
    assert_eq!(code(&ask(update(json!({"sid": 1}))).await), error(15));
    assert_eq!(code(&ask(update(json!({"sid": 1, "action": "get_snapshot"}))).await), error(13));
    assert_eq!(code(&ask(update(json!({"sid": 1, "action": "add_markets"}))).await), error(14));
    let added = ask(update(json!({"sids": [1], "action": "add_markets", "market_tickers": [M0915]}))).await;
    assert_eq!((added["type"].as_str(), added["sid"].as_u64(), added["seq"].as_u64()), (Some("ok"), Some(1), Some(4)));
    assert_eq!(added["msg"], json!({"market_tickers": [M0900, M0915]}));
    let fewer = ask(update(json!({"sids": [1], "action": "delete_markets", "market_tickers": [M0900]}))).await;
    assert_eq!((fewer["msg"].clone(), fewer["seq"].as_u64()), (json!({"market_tickers": [M0915]}), Some(5)));
    let again = ask(subscribe(json!({"channels": ["trade"], "market_tickers": [M0900]}))).await;
    assert_eq!(again["msg"]["sid"], 1, "subscribing again is no error and no second subscription");
    let index = ask(subscribe(json!({"channels": ["cfbenchmarks_value"], "index_ids": ["BRTI"]}))).await;
    assert_eq!(index["msg"]["sid"], 2);
    let more = ask(update(json!({"sid": 2, "action": "subscribe_indices", "index_ids": ["ETHUSD_RTI"]}))).await;
    assert_eq!(more["msg"], json!({"index_ids": ["BRTI", "ETHUSD_RTI"]}));
    let list = ask(json!({"cmd": "list_subscriptions"})).await;
    assert_eq!(list["msg"], json!([{"channel": "trade", "sid": 1}, {"channel": "cfbenchmarks_value", "sid": 2}]));
    let over = ask(json!({"cmd": "unsubscribe", "params": {"sids": [1]}})).await;
    assert_eq!(
        (over["type"].as_str(), over["sid"].as_u64(), over["seq"].as_u64()),
        (Some("unsubscribed"), Some(1), Some(6))
    );
    client.frames.send("not json".to_owned()).await.unwrap();
    assert_eq!(code(&client.read_one().await), error(1));
}

#[tokio::test]
async fn no_prices_are_told_as_asked_for_and_a_snapshot_can_be_had_again() {
    let stage = Stage::lockstep(STEP, 1).await;
    let mut client = stage.client(0).await;
    let subscribe = |yes: bool| {
        json!({"cmd": "subscribe",
            "params": {"channels": ["orderbook_delta"], "market_ticker": M0900, "use_yes_price": yes}})
    };
    for (id, price) in [("no-1", "0.9990"), ("no-2", "0.9980")] {
        // Resting offers, where the recording has none.
        let made = client.caller.create(&order(M0900, id, "ask", "5000.00", price, "good_till_canceled")).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    client.command(&subscribe(false)).await;
    client.read_one().await;
    let as_no = client.read_one().await;
    client.command(&subscribe(true)).await;
    assert_eq!(client.read_one().await["msg"]["sid"], 2);
    let as_yes = client.read_one().await;
    let first = |frame: &Value| {
        frame["msg"]["no_dollars_fp"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[0].as_str().unwrap().parse::<Price>().unwrap())
            .collect::<Vec<_>>()
    };
    let turned: Vec<_> = first(&as_no).into_iter().map(Price::complement).collect();
    assert_eq!(turned, first(&as_yes));
    assert_eq!(as_no["msg"]["yes_dollars_fp"], as_yes["msg"]["yes_dollars_fp"]);
    client
        .command(&json!({"cmd": "update_subscription",
        "params": {"sids": [2], "action": "get_snapshot", "market_tickers": [M0900]}}))
        .await;
    let again = client.read_one().await;
    assert_eq!((again["id"].as_u64(), again["seq"].as_u64()), (Some(3), Some(2)));
    assert_eq!(again["msg"], as_yes["msg"]);
    client.command(&subscribe(true)).await;
    client.read_one().await;
    client.read_one().await;
    client
        .command(&json!({"cmd": "update_subscription",
        "params": {"sids": [1], "action": "add_markets", "market_tickers": [M0915]}}))
        .await;
    client.read_one().await;
    let empty = client.read_one().await;
    assert!(empty["msg"].get("yes_dollars_fp").is_none() && empty["msg"].get("no_dollars_fp").is_none(), "{empty}");
}

/// The real client's socket keeps everything in sequence against the simulator, paced, over the close of a market.
#[tokio::test]
async fn the_clients_own_socket_follows_it_without_a_gap() {
    let stage = Stage::start(Pace::Paced(60.0), false, 1).await;
    let caller = stage.caller();
    let wanted = Wanted {
        books: [ticker(M0900), ticker(M0915)].into(),
        tickers: true,
        trades: true,
        lifecycle: ["KXBTC15M".parse().unwrap()].into(),
        indices: ["BRTI".to_owned()].into(),
        account: true,
        ..Wanted::default()
    };
    let (_keep, wanted) = tokio::sync::watch::channel(wanted);
    let sleep: Sleep = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
    let (socket, mut streams) = Socket::new(caller.rest.clone(), sleep, SocketConfig::default(), wanted);
    let stop = CancellationToken::new();
    let running = tokio::spawn(socket.run(stop.clone()));
    let (mut counts, mut prints, mut accounts) = (BTreeMap::new(), 0, 0);
    let read = async {
        loop {
            tokio::select! {
                event = streams.market.recv() => {
                    let event = event.unwrap();
                    let name = match &event {
                        MarketEvent::Snapshot { .. } => "snapshot",
                        MarketEvent::Delta { .. } => "delta",
                        MarketEvent::Ticker(_) => "ticker",
                        MarketEvent::Trade(_) => "trade",
                        MarketEvent::Lifecycle(_) => "lifecycle",
                        MarketEvent::Connected => "connected",
                        MarketEvent::Void { .. }
                        | MarketEvent::Missed(_)
                        | MarketEvent::Unreadable { .. }
                        | MarketEvent::Refused { .. }
                        | MarketEvent::Disconnected { .. } => panic!("{event:?}"),
                    };
                    *counts.entry(name).or_insert(0) += 1;
                    if counts.get("delta") > Some(&2000) && counts.get("lifecycle") > Some(&2) {
                        break;
                    }
                }
                print = streams.index.recv() => {
                    assert!(matches!(print, Some(IndexEvent::Print(_))), "{print:?}");
                    prints += 1;
                }
                event = streams.account.recv() => {
                    assert!(matches!(event, Some(AccountEvent::Reconcile { .. })), "{event:?}");
                    accounts += 1;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.unwrap();
    assert!(counts["snapshot"] >= 3 && counts["ticker"] > 10 && counts["connected"] == 1, "{counts:?}");
    assert!(prints > 30 && accounts == 1, "{prints} prints, {accounts} account events");
    stop.cancel();
    running.await.unwrap();
}
