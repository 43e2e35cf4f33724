//! TLS: the server's certificate is checked against a CA and a name.

use super::{facts, options};
use crate::certificates::{authority, issue};
use recio_core::causes::in_full;
use recio_core::store::Store;
use recio_store::testing::{Cluster, psql};
use recio_store::{OpenError, PostgresStore};
use std::net::TcpListener;
use std::path::Path;

async fn refused(url: &str) -> String {
    match PostgresStore::open_with(url, options("x")).await {
        Err(error @ OpenError::Refused { .. }) => in_full(&error),
        answer => panic!("{url}: {answer:?}"),
    }
}

#[tokio::test]
async fn a_server_must_show_the_certificate_that_the_url_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let own = authority(folder.path(), "own");
    let other = authority(folder.path(), "other");
    issue(folder.path(), "own", "db", "DNS:localhost");
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cluster = Cluster::start_with_files(
        &[
            "ssl = on",
            "ssl_cert_file = 'db.pem'",
            "ssl_key_file = 'db.key'",
            "listen_addresses = '127.0.0.1'",
            &format!("port = {port}"),
        ],
        &[("db.pem", &read("db.pem")), ("db.key", &read("db.key"))],
    );
    let url = |host: &str, mode: &str, ca: &Path| {
        format!("postgres://recio@{host}:{port}/postgres?sslmode={mode}&sslrootcert={}", ca.display())
    };
    let store = PostgresStore::open_with(&url("localhost", "verify-full", &own), options("x")).await.unwrap();
    store.append(&facts(1)).await.unwrap();
    let encrypted = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid \
                     WHERE s.ssl AND a.application_name = 'x'";
    assert_eq!(psql(&cluster.url("postgres"), encrypted), "3");
    store.close().await;

    for (url, why) in [
        (url("localhost", "verify-full", &other), "UnknownIssuer"),
        (url("localhost", "verify-ca", &other), "UnknownIssuer"),
        (url("127.0.0.1", "verify-full", &own), "not valid for name"),
    ] {
        let said = refused(&url).await;
        assert!(said.contains("sslrootcert=FILE") && said.contains(why), "{said}");
    }
    PostgresStore::open_with(&url("127.0.0.1", "verify-ca", &own), options("x")).await.unwrap().close().await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let cluster = Cluster::start();
    for mode in ["require", "verify-ca", "verify-full"] {
        let said = refused(&format!("{}&sslmode={mode}", cluster.url("postgres"))).await;
        assert!(said.contains("`ssl` on"), "{said}");
    }
}
