//! The bus over TLS: the server's certificate is checked against an authority and a name, and ours is shown where it is wanted.

use crate::certificates::{authority, issue};
use recio_store::bus::{Bus, BusError, Event, Publisher, PublisherName, RedisBus, RedisOptions, Start};
use recio_store::contract::sample::time;
use recio_store::testing::{Memory, RedisServer};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(120);

/// A Redis that speaks TLS on a port, with a certificate for `localhost`.
fn server(folder: &Path, clients: &str) -> (RedisServer, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| folder.join(name).display().to_string();
    let mut arguments = vec!["--bind".to_owned(), "127.0.0.1".to_owned()];
    for (name, value) in [
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", file("redis.pem")),
        ("--tls-key-file", file("redis.key")),
        ("--tls-ca-cert-file", file("own.pem")),
        ("--tls-auth-clients", clients.to_owned()),
    ] {
        arguments.extend([name.to_owned(), value]);
    }
    let server = RedisServer::start_with(Memory::Forgets, &arguments);
    server.answers();
    (server, port)
}

fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    authority(folder.path(), "own");
    authority(folder.path(), "other");
    issue(folder.path(), "own", "redis", "DNS:localhost");
    issue(folder.path(), "own", "client", "DNS:recio");
    folder
}

fn open(url: &str) -> Arc<RedisBus> {
    Arc::new(RedisBus::open(url, RedisOptions::default()).unwrap())
}

async fn refused(url: &str) -> String {
    match open(url).check().await {
        Err(BusError::Refused { remedy, source, .. }) => format!("{remedy} ({source})"),
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_must_show_a_certificate_that_is_trusted_and_names_it() {
    let folder = certificates();
    let (_server, port) = server(folder.path(), "no");
    let url =
        |host: &str, ca: &str| format!("rediss://{host}:{port}/0?sslrootcert={}/{ca}.pem", folder.path().display());
    let bus = open(&url("localhost", "own"));
    bus.check().await.unwrap();
    // Not the check alone: what reads and what sends have connections of their own.
    let mut reader = bus.subscribe(&["user.*".parse().unwrap()], Start::Newest).await.unwrap();
    let publisher = Publisher::new(bus.clone(), PublisherName::new("teller").unwrap(), 1);
    publisher.publish("user.login".parse().unwrap(), Some("me"), time(0), &7).unwrap();
    bus.flush(PATIENCE).await.unwrap();
    let event = tokio::time::timeout(PATIENCE, reader.next()).await.expect("something comes").unwrap();
    assert!(matches!(event, Event::Message(delivery) if delivery.envelope.read::<u32>().unwrap() == 7));

    let said = refused(&url("localhost", "other")).await;
    assert!(said.contains("?sslrootcert=FILE") && said.contains("UnknownIssuer"), "{said}");
    let said = refused(&url("127.0.0.1", "own")).await;
    assert!(said.contains("for another host") && said.contains("not valid for name"), "{said}");
    // The system's authorities do not know it.
    let said = refused(&format!("rediss://localhost:{port}/0")).await;
    assert!(said.contains("?sslrootcert=FILE"), "{said}");
    // The same is what a run says of it.
    let bus = open(&url("localhost", "other"));
    let told = async {
        while bus.counts().problem.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert!(bus.counts().problem.unwrap().contains("?sslrootcert=FILE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_wants_a_certificate_is_shown_ours() {
    let folder = certificates();
    let (_server, port) = server(folder.path(), "yes");
    let file = |name: &str| format!("{}/{name}", folder.path().display());
    let url = format!("rediss://localhost:{port}/0?sslrootcert={}", file("own.pem"));
    let with_ours = format!("{url}&sslcert={}&sslkey={}", file("client.pem"), file("client.key"));
    open(&with_ours).check().await.unwrap();
    let said = refused(&url).await;
    assert!(said.contains("sslcert=FILE&sslkey=FILE"), "{said}");
    for (url, named) in [
        (format!("{url}&sslcert={}", file("client.pem")), "go together"),
        (format!("{url}&sslcert={}&sslkey={}", file("absent"), file("client.key")), "absent cannot be read"),
        (format!("{url}&sslcert={}&sslkey={}", file("names"), file("client.key")), "nothing in PEM form"),
    ] {
        let error = RedisBus::open(&url, RedisOptions::default()).unwrap_err();
        assert!(matches!(error, BusError::Request(_)) && error.to_string().contains(named), "{error}");
    }
}
