//! The servers of the tests end with them.

use recio_store::testing::{Cluster, psql};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const HOST: &str = "RECIO_STORE_CLUSTER_TEST";

/// Not a test of its own: the process that `a_server_ends_with_the_process_that_started_it` kills. Without its variable it does nothing.
#[test]
fn process_with_a_server() {
    if std::env::var(HOST).is_err() {
        return;
    }
    let cluster = Cluster::start();
    println!("\nfolder {}", cluster.folder().display());
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn a_server_ends_with_the_process_that_started_it() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres::servers::process_with_a_server", "--nocapture"])
        .env(HOST, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix("folder ").map(std::path::PathBuf::from)).unwrap();
    let pid = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let server = std::path::PathBuf::from(format!("/proc/{}", pid.lines().next().unwrap()));
    assert!(server.exists(), "the server runs");
    child.kill().unwrap();
    child.wait().unwrap();
    super::until("the server and its folder are gone", async || !server.exists() && !folder.exists()).await;
}

#[test]
fn a_server_is_killed_and_keeps_what_it_was_told() {
    let mut cluster = Cluster::start();
    let url = cluster.database();
    psql(&url, "CREATE TABLE kept (one BIGINT)");
    for round in 1..=3 {
        psql(&url, "INSERT INTO kept VALUES (1)");
        cluster.kill();
        cluster.restart();
        assert_eq!(psql(&url, "SELECT count(*) FROM kept"), round.to_string());
    }
    let folder = cluster.folder().to_owned();
    drop(cluster);
    assert!(!folder.exists());
}
