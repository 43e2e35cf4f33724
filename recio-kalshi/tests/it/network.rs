//! The network transport against a server on the loopback.

use bytes::Bytes;
use recio_kalshi::transport::{Endpoint, HttpRequest, Method, NetworkTransport, Timeouts, Transport, TransportError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

async fn listen() -> (TcpListener, NetworkTransport) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint =
        Endpoint::new(&format!("http://{address}/trade-api/v2"), &format!("ws://{address}/trade-api/ws/v2")).unwrap();
    let timeouts = Timeouts {
        connect: Duration::from_secs(2),
        request: Duration::from_secs(2),
        silence: Duration::from_millis(300),
    };
    (listener, NetworkTransport::new(endpoint, timeouts).unwrap())
}

fn post() -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        path: "/trade-api/v2/portfolio/events/orders".into(),
        query: vec![("a", "x y".into())],
        headers: vec![("content-type", "application/json".into())],
        body: Bytes::from_static(b"{\"x\":1}"),
    }
}

/// Reads one request; `None` where the connection ends first.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.ends_with("{\"x\":1}") {
        let read = stream.read(&mut buffer).await.ok().filter(|&read| read > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    Some(text)
}

#[tokio::test]
async fn any_status_is_an_answer_and_a_redirect_is_not_followed() {
    let (listener, transport) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        assert!(request.starts_with("POST /trade-api/v2/portfolio/events/orders?a=x+y HTTP/1.1\r\n"), "{request}");
        stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
    };
    let (answer, ()) = tokio::join!(transport.request(post()), server);
    let answer = answer.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (302, &b"hi"[..]));
}

#[tokio::test]
async fn a_request_without_an_answer_is_lost_and_not_sent_again() {
    let (listener, transport) = listen().await;
    // The first answer keeps the connection in the pool; the next request dies on it after it was read.
    let server = async {
        let mut requests = 0;
        let (mut stream, _) = listener.accept().await.unwrap();
        if read_request(&mut stream).await.is_some() {
            requests += 1;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        if read_request(&mut stream).await.is_some() {
            requests += 1;
        }
        drop(stream);
        while let Ok(Ok((mut stream, _))) = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await {
            if read_request(&mut stream).await.is_some() {
                requests += 1;
            }
        }
        requests
    };
    let client = async {
        assert_eq!(transport.request(post()).await.unwrap().status, 200);
        transport.request(post()).await
    };
    let (second, requests) = tokio::join!(client, server);
    assert!(matches!(second, Err(TransportError::Lost(_))), "{second:?}");
    assert_eq!(requests, 2, "each request arrived once");
}

/// A server that drops its kept-alive connections at the worst moments, as load balancers do: each order arrives at most once, whether its
/// answer came or not, and what is called "not sent" did not arrive.
#[tokio::test]
async fn no_order_arrives_twice_over_connections_that_drop() {
    const ORDERS: usize = 200;
    let (listener, transport) = listen().await;
    let arrived = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    let seen = arrived.clone();
    let server = tokio::spawn(async move {
        for connection in 0_usize.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let seen = seen.clone();
            tokio::spawn(async move {
                for request in 0.. {
                    let Some(text) = read_request(&mut stream).await else { return };
                    let id = text.lines().find_map(|line| line.strip_prefix("x-id: ")).unwrap().to_owned();
                    *seen.lock().unwrap().entry(id).or_default() += 1;
                    let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
                    // By turns: right after an answer (the client may be sending already), in the middle of one, instead of one, later.
                    match (connection % 4, request) {
                        (0, 1) => return drop(stream.write_all(answer).await),
                        (1, 1) => return drop(stream.write_all(&answer[..30]).await),
                        (2, 1) => return,
                        (_, 5) => return,
                        _ => stream.write_all(answer).await.unwrap_or_default(),
                    }
                }
            });
        }
    });
    let (mut answered, mut lost, mut not_sent) = (0, 0, BTreeSet::new());
    for order in 0..ORDERS {
        let mut request = post();
        request.headers.push(("x-id", format!("order-{order}")));
        match transport.request(request).await {
            Ok(_) => answered += 1,
            Err(TransportError::NotSent(_)) => drop(not_sent.insert(format!("order-{order}"))),
            Err(_) => lost += 1,
        }
    }
    server.abort();
    let arrived = arrived.lock().unwrap();
    assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
    assert!(not_sent.iter().all(|order| !arrived.contains_key(order)), "{not_sent:?}");
    assert!(arrived.len() >= answered && answered > ORDERS / 2 && lost > 10, "{answered} answered, {lost} lost");
}

#[tokio::test]
async fn a_closed_port_means_not_sent_and_a_cut_answer_lost() {
    let (listener, transport) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"order").await.unwrap();
    };
    let (cut, ()) = tokio::join!(transport.request(post()), server);
    assert!(matches!(cut, Err(TransportError::Lost(_))), "{cut:?}");
    drop(listener);
    let refused = transport.request(post()).await;
    assert!(matches!(refused, Err(TransportError::NotSent(_))), "{refused:?}");
}

#[tokio::test]
async fn frames_go_both_ways_and_silence_ends_the_stream() {
    let (listener, transport) = listen().await;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        use futures_util::{SinkExt, StreamExt};
        let heard = socket.next().await.unwrap().unwrap();
        socket.send(Message::Ping(Bytes::from_static(b"heartbeat"))).await.unwrap();
        socket.send(heard).await.unwrap();
        let pong = socket.next().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(Bytes::from_static(b"heartbeat")));
        socket
    };
    let client = async {
        let mut frames = transport.connect(vec![("x-test", "1".into())]).await.unwrap();
        frames.send("{\"id\":1}".into()).await.unwrap();
        assert_eq!(&frames.next().await.unwrap().unwrap()[..], b"{\"id\":1}");
        let end = frames.next().await;
        assert!(matches!(end, Some(Err(TransportError::Lost(_)))), "nothing was heard: {end:?}");
    };
    let ((), _open) = tokio::join!(client, server);
}

#[tokio::test]
async fn a_refused_handshake_shows_its_answer() {
    let (listener, transport) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 2048];
        let _ = stream.read(&mut buffer).await.unwrap();
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    };
    let (refused, ()) = tokio::join!(transport.connect(vec![]), server);
    let error = refused.map(|_| ()).unwrap_err();
    assert!(matches!(&error, TransportError::HandshakeRefused(answer) if answer.status == 401), "{error:?}");
}

#[test]
fn endpoints_are_checked() {
    let error = |rest: &str, socket: &str| Endpoint::new(rest, socket).unwrap_err().to_string();
    let (rest, socket) = ("https://x.test/trade-api/v2", "wss://x.test/trade-api/ws/v2");
    Endpoint::new(rest, socket).unwrap();
    Endpoint::new("http://[::1]:8/trade-api/v2", "ws://localhost:9/trade-api/ws/v2").unwrap();
    Endpoint::production().unwrap();
    Endpoint::demo().unwrap();
    let trace = [
        error("x.test", socket),
        error("https://x.test/v2", socket),
        error("http://x.test/trade-api/v2", socket),
        error(rest, "ws://127.0.0.1.evil.test/trade-api/ws/v2"),
        error("https://user:password@x.test/trade-api/v2", socket),
    ];
    insta::assert_snapshot!(trace.join("\n"), @r"
    `x.test` is not an address of the exchange: relative URL without a base
    `https://x.test/v2` is not an address of the exchange: its path has to be /trade-api/v2
    `http://x.test/trade-api/v2` is not an address of the exchange: its scheme has to be https (http for the loopback alone)
    `ws://127.0.0.1.evil.test/trade-api/ws/v2` is not an address of the exchange: its scheme has to be wss (ws for the loopback alone)
    `https://x.test` is not an address of the exchange: it has to be scheme, host, port and path alone
    ");
}
