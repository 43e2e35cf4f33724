//! What is refused, and how: the error names the file, the place, and the remedy.

use crate::support::{assert_says, bundled_recording, tempdir};
use recio::SimLink;
use recio::demo::{DemoOptions, demo};
use recio::prelude::CancellationToken;
use recio::sim::{Endpoint, SimOptions, Simulator};
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The demo of a recording that is not one, or not a whole one.
async fn demo_of(recording: &[u8]) -> impl Error + use<> {
    let dir = tempdir();
    let path = dir.path().join("bad.rec");
    std::fs::write(&path, recording).unwrap();
    let options = DemoOptions { recording: Some(path), ..DemoOptions::in_dir(dir.path()) };
    demo(options, CancellationToken::new()).await.unwrap_err()
}

#[tokio::test]
async fn a_recording_has_to_be_whole() {
    let dir = tempdir();
    let whole = std::fs::read(bundled_recording(dir.path())).unwrap();

    let other_file = demo_of(b"ts,open,high\n").await;
    assert_says(&other_file, &["bad.rec", "is not a recio recording", "recio data import"]);
    assert_says(&demo_of(b"").await, &["bad.rec", "is not a recio recording"]);

    let cut = demo_of(&whole[..whole.len() * 2 / 3]).await;
    assert_says(&cut, &["bad.rec", "is damaged at byte", "it ends in the middle of a block", "take a fresh copy"]);

    let mut flipped = whole;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    assert_says(&demo_of(&flipped).await, &["bad.rec", "is damaged at byte", "checksum"]);
}

#[tokio::test]
async fn a_recording_has_to_be_there() {
    let dir = tempdir();
    let options = DemoOptions { recording: Some(dir.path().join("none.rec")), ..DemoOptions::in_dir(dir.path()) };
    let refused = demo(options, CancellationToken::new()).await.unwrap_err();
    assert_says(&refused, &["none.rec", "check the path"]);
}

#[tokio::test]
async fn a_fingerprint_has_to_be_one() {
    let dir = tempdir();
    let path = dir.path().join("bad.fingerprint");
    let refusal = async || {
        let options = DemoOptions { fingerprint: Some(path.clone()), ..DemoOptions::in_dir(dir.path()) };
        demo(options, CancellationToken::new()).await.unwrap_err()
    };
    assert_says(&refusal().await, &["bad.fingerprint", "cannot read"]);

    std::fs::write(&path, "ts,open,high\n").unwrap();
    assert_says(&refusal().await, &["bad.fingerprint", "not a recio fingerprint"]);

    let mut bytes = recio::fingerprint::bundled().unwrap().to_bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_says(&refusal().await, &["bad.fingerprint", "is damaged"]);

    bytes.truncate(last / 2);
    std::fs::write(&path, &bytes).unwrap();
    assert_says(&refusal().await, &["bad.fingerprint", "is damaged"]);
}

#[tokio::test]
async fn a_key_file_has_to_be_private_and_a_key() {
    let dir = tempdir();
    let options = SimOptions::new(bundled_recording(dir.path()), dir.path().join("simulator"));
    let simulator = Simulator::start(options).await.unwrap();
    let endpoint = simulator.endpoint().clone();

    let missing = Endpoint { key_file: dir.path().join("none.pem"), ..endpoint.clone() };
    assert_says(&SimLink::open(&missing, []).await.unwrap_err(), &["cannot read the key file", "none.pem"]);

    let open_key = dir.path().join("open.pem");
    std::fs::copy(&endpoint.key_file, &open_key).unwrap();
    set_mode(&open_key, 0o644);
    let open = Endpoint { key_file: open_key, ..endpoint.clone() };
    assert_says(&SimLink::open(&open, []).await.unwrap_err(), &["open.pem", "mode 644", "chmod 600"]);

    let no_key = dir.path().join("no.pem");
    std::fs::write(&no_key, "-----BEGIN NOTHING-----\n").unwrap();
    set_mode(&no_key, 0o600);
    let garbage = Endpoint { key_file: no_key, ..endpoint.clone() };
    assert_says(&SimLink::open(&garbage, []).await.unwrap_err(), &["no.pem", "no private key in PEM form"]);

    let stranger = Endpoint { key_id: "somebody".to_owned(), ..endpoint };
    assert_says(&SimLink::open(&stranger, []).await.unwrap_err(), &["cannot use the simulator", "somebody"]);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_simulator_that_is_gone_is_named() {
    let dir = tempdir();
    let options = SimOptions::new(bundled_recording(dir.path()), dir.path().join("simulator"));
    let simulator = Simulator::start(options).await.unwrap();
    let endpoint = simulator.endpoint().clone();
    simulator.stop().await.unwrap();
    assert_says(&SimLink::open(&endpoint, []).await.unwrap_err(), &["cannot use the simulator", "control"]);
}

#[tokio::test]
async fn the_simulator_listens_on_loopback_alone() {
    let dir = tempdir();
    let options = SimOptions::new(bundled_recording(dir.path()), dir.path().join("simulator"));
    let open = SimOptions { listen: "0.0.0.0:0".parse().unwrap(), ..options };
    let refused = Simulator::start(open).await.unwrap_err();
    assert_says(&refused, &["0.0.0.0:0 is not a loopback address", "127.0.0.1"]);
    assert!(!dir.path().join("simulator").exists(), "nothing was begun");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
