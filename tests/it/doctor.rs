//! The doctor on a simulator: everything sound, then one thing after the other that is not.

use crate::support::{short_recording, tempdir};
use recio::core::fact::Environment;
use recio::core::kill_latch::KillLatch;
use recio::core::market::Asset;
use recio::core::pipeline::{Clock, SystemClock};
use recio::core::units::AccountName;
use recio::doctor::{Check, DoctorOptions, Finding, Patient, examine, worst};
use recio::feeds::Venue;
use recio::feeds::loopback::LoopbackVenues;
use recio::kalshi::transport::Endpoint;
use recio::sim::{Pace, SimOptions, Simulator};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

fn finding(checks: &[Check], name: &str) -> Finding {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {checks:#?}")).finding
}

#[tokio::test]
async fn it_finds_what_is_wrong() {
    let dir = tempdir();
    let recording = short_recording(dir.path());
    let simulator = Simulator::start(SimOptions::new(recording, dir.path().join("keys"))).await.unwrap();
    let endpoint = simulator.endpoint().clone();
    let patient = Patient {
        account: AccountName::new("sim").unwrap(),
        environment: Environment::Sim,
        key_id: Some(endpoint.key_id.clone()),
        key_file: Some(endpoint.key_file.clone()),
        hosts: Some(Endpoint::new(&endpoint.rest, &endpoint.ws).unwrap()),
        control: Some(endpoint.control.clone()),
    };
    let mut options = DoctorOptions {
        data_dir: dir.path().to_owned(),
        patients: vec![patient.clone()],
        venues: Vec::new(),
        bus: None,
        offline: false,
        clock: Arc::new(SystemClock::new()),
    };
    let checks = examine(&options).await;
    for name in ["kill latch", "data directory", "key of sim", "exchange of sim", "clock of sim", "rate limits of sim"]
    {
        assert_eq!(finding(&checks, name), Finding::Ok, "{name}: {checks:#?}");
    }
    assert_eq!(finding(&checks, "index of sim"), Finding::Skipped, "time stands in lockstep");
    assert_eq!(finding(&checks, "basis of BTC"), Finding::Skipped, "nothing is measured");

    let latch = KillLatch::new(dir.path());
    latch.engage("a test", "2026-11-22T17:00:00Z".parse().unwrap()).unwrap();
    let unknown = Patient { key_id: Some("another".to_owned()), ..patient.clone() };
    options.patients = vec![unknown];
    let checks = examine(&options).await;
    assert_eq!(finding(&checks, "kill latch"), Finding::Warning);
    assert_eq!(finding(&checks, "key of sim"), Finding::Ok, "the key signs; only the exchange knows its id");
    // Public data needs no key, but a wrong one is refused wherever it is shown.
    assert_eq!(worst(&checks), Finding::Failed, "{checks:#?}");

    options.patients = vec![patient];
    std::fs::set_permissions(&endpoint.key_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    simulator.stop().await.unwrap();
    let checks = examine(&options).await;
    assert_eq!(finding(&checks, "key of sim"), Finding::Failed);
    assert_eq!(finding(&checks, "exchange of sim"), Finding::Failed);
    assert!(checks.iter().filter(|check| check.finding > Finding::Skipped).all(|check| check.remedy.is_some()));

    options.offline = true;
    assert_eq!(finding(&examine(&options).await, "exchange of sim"), Finding::Skipped);
    options.data_dir = dir.path().join("absent");
    assert_eq!(finding(&examine(&options).await, "data directory"), Finding::Warning);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_how_old_prices_are() {
    let dir = tempdir();
    let started = SimOptions::new(recio::demo::write_recording(dir.path()).unwrap(), dir.path().join("keys"));
    let simulator = Simulator::start(SimOptions { pace: Pace::Paced(1.0), ..started }).await.unwrap();
    let endpoint = simulator.endpoint().clone();
    let venues = Arc::new(LoopbackVenues::start().await.unwrap());
    let clock = Arc::new(SystemClock::new());
    // One venue is an hour late; the others trade now, as often as somebody could ask.
    let (trading, time) = (Arc::clone(&venues), Arc::clone(&clock));
    let late = Venue::Bitstamp;
    let trades = AbortOnDropHandle::new(tokio::spawn(async move {
        let price = "81120.01".parse().unwrap();
        loop {
            let now = time.now().wall;
            for venue in Venue::ALL {
                let ago = Duration::from_secs(if venue == late { 3_600 } else { 0 });
                trading.tick_at(venue, Asset::Btc, price, now.checked_sub(ago).unwrap());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }));
    let hosts = |venue| (venue, venues.hosts(venue));
    let patient = Patient {
        account: AccountName::new("sim").unwrap(),
        environment: Environment::Sim,
        key_id: Some(endpoint.key_id.clone()),
        key_file: Some(endpoint.key_file.clone()),
        hosts: Some(Endpoint::new(&endpoint.rest, &endpoint.ws).unwrap()),
        control: Some(endpoint.control.clone()),
    };
    let options = DoctorOptions {
        data_dir: dir.path().to_owned(),
        patients: vec![patient],
        venues: Venue::ALL.map(hosts).into(),
        bus: None,
        offline: false,
        clock,
    };
    let checks = examine(&options).await;
    // The recording is of May: only by the simulator's own time is its index fresh.
    assert_eq!(finding(&checks, "index of sim"), Finding::Ok, "{checks:#?}");
    for venue in Venue::ALL {
        let expected = if venue == late { Finding::Warning } else { Finding::Ok };
        assert_eq!(finding(&checks, &format!("prices of {venue}")), expected, "{checks:#?}");
    }
    let old = checks.iter().find(|check| check.name == "prices of bitstamp").unwrap();
    assert!(old.what.contains(" 36"), "some 3600 s old: {}", old.what);
    drop(trades);
    simulator.stop().await.unwrap();
}
