//! The ready file, the keys, and what cannot be started.

use crate::stage::{Caller, Stage, recording};
use recio_core::units::Money;
use recio_kalshi::signing::KeyType;
use recio_sim::endpoint::EndpointError;
use recio_sim::{Endpoint, Pace, SimError, SimOptions, Simulator};
use std::time::Duration;

#[tokio::test]
async fn the_ready_file_holds_what_a_client_needs() {
    let stage = Stage::lockstep(Duration::from_secs(1), 2).await;
    let file = stage.folder.path().join("ready.json");
    stage.endpoint().write(&file).unwrap();
    assert_eq!(&Endpoint::read(&file).unwrap(), stage.endpoint());
    let text: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for key in ["rest", "ws", "control", "key_id", "key_file", "market_tickers", "now", "rebased"] {
        assert!(!text[key].is_null(), "{key}");
    }
    assert_eq!(text["simulator"], true);
    let beside = std::fs::read_dir(stage.folder.path()).unwrap().count();
    assert_eq!(beside, 2, "the ready file and the keys, nothing half-written");
    assert_ne!(stage.endpoint().keys[0].key_id, stage.endpoint().keys[1].key_id);
    for key in &stage.endpoint().keys {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key.key_file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn keys_are_of_the_type_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let options = SimOptions { key_type: KeyType::Rsa, ..SimOptions::new(recording(), folder.path().join("keys")) };
    let running = Simulator::start(options).await.unwrap();
    let caller = Caller::new(running.endpoint(), &running.endpoint().keys[0]);
    assert_eq!(caller.key.verifying_key().key_type(), KeyType::Rsa);
    assert_eq!(caller.get("/portfolio/balance", &[]).await.status, 200);
    running.stop().await.unwrap();
}

#[test]
fn another_file_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");
    let missing = Endpoint::read(&file).unwrap_err();
    assert!(matches!(&missing, EndpointError::Read { .. }) && missing.to_string().contains("ready.json"), "{missing}");
    for text in ["", "{}", "[1]", r#"{"rest":"http://127.0.0.1:1/trade-api/v2"}"#] {
        std::fs::write(&file, text).unwrap();
        let error = Endpoint::read(&file).unwrap_err();
        assert!(matches!(&error, EndpointError::NotAReadyFile { .. }), "{error}");
        assert!(error.to_string().contains("is not the ready file of a recio simulator"), "{error}");
    }
    let nowhere = Endpoint::read(&folder.path().join("no/ready.json")).unwrap_err();
    assert!(matches!(nowhere, EndpointError::Read { .. }));
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let options = |change: fn(&mut SimOptions)| {
        let mut options =
            SimOptions { opening_cash: Money::dollars(10), ..SimOptions::new(recording(), folder.path().join("keys")) };
        change(&mut options);
        options
    };
    let open = options(|options| options.listen = "0.0.0.0:0".parse().unwrap());
    assert!(matches!(Simulator::start(open).await.unwrap_err(), SimError::NotLoopback(_)));
    for speed in [0.0, 0.5, 61.0, f64::NAN, f64::INFINITY] {
        let paced = SimOptions { pace: Pace::Paced(speed), ..options(|_| {}) };
        assert!(matches!(Simulator::start(paced).await.unwrap_err(), SimError::Speed(_)), "{speed}");
    }
    let step = options(|options| options.pace = Pace::Lockstep { step: Duration::ZERO });
    assert!(matches!(Simulator::start(step).await.unwrap_err(), SimError::Step(_)));
    let nobody = options(|options| options.clients = 0);
    assert!(matches!(Simulator::start(nobody).await.unwrap_err(), SimError::Clients(0)));
    let none = options(|options| options.recording = "no/such.rec".into());
    let error = Simulator::start(none).await.unwrap_err();
    assert!(matches!(&error, SimError::Recording(_)) && error.to_string().contains("no/such.rec"), "{error}");
    assert!(!folder.path().join("keys").exists(), "no key was made");

    let mut damaged = std::fs::read(recording()).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let file = folder.path().join("damaged.rec");
    std::fs::write(&file, damaged).unwrap();
    let error = Simulator::start(SimOptions { recording: file, ..options(|_| {}) }).await.unwrap_err();
    assert!(matches!(&error, SimError::Recording(_)) && error.to_string().contains("damaged"), "{error}");
}
