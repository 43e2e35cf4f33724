//! Discovery against the simulator, which plays a recorded quarter hour of 13 May 2026.

use crate::script::NOW_MS;
use recio_core::market::DiscoveredEvent;
use recio_core::units::Timestamp;
use recio_kalshi::client::KalshiClient;
use recio_sim::InProcess;
use recio_sim::exchange::Exchange;
use recio_sim::recording::Recording;
use std::sync::Arc;

fn told(event: Option<DiscoveredEvent<'_>>) -> String {
    event.map_or("none".into(), |event| {
        let tradable: Vec<_> = event.tradable.iter().map(|market| market.ticker.to_string()).collect();
        let untradable: Vec<_> =
            event.untradable.iter().map(|(market, why)| format!("{}: {why}", market.ticker)).collect();
        format!("{} to {} {tradable:?} {untradable:?}", event.open_time, event.close_time)
    })
}

#[tokio::test]
async fn recorded_quarters_roll_over() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec");
    let exchange = Exchange::play(&Recording::open(recording).unwrap(), 0).unwrap();
    let simulator = InProcess::new(exchange, Arc::new(|| NOW_MS));
    let client = KalshiClient::new(Arc::new(simulator.clone()), None, Arc::new(|| NOW_MS));
    let mut found = client.discover(&"KXBTC15M".parse().unwrap(), simulator.now()).await.unwrap();
    let mut trace = Vec::new();
    for time in ["12:59:50", "13:00:05", "13:14:59", "13:15:00"] {
        let time: Timestamp = format!("2026-05-13T{time}Z").parse().unwrap();
        simulator.advance(time).unwrap();
        client.rediscover(&mut found, simulator.now()).await.unwrap();
        assert!(found.complete && found.unreadable.is_empty(), "{found:?}");
        trace.push(format!("{time}: {}\n  next {}", told(found.markets.current(time)), told(found.markets.next(time))));
    }
    insta::assert_snapshot!(trace.join("\n"), @r#"
    2026-05-13T12:59:50Z: 2026-05-13T12:45:00Z to 2026-05-13T13:00:00Z ["KXBTC15M-26MAY130900-00"] []
      next 2026-05-13T13:00:00Z to 2026-05-13T13:15:00Z [] ["KXBTC15M-26MAY130915-15: its strike is not announced yet"]
    2026-05-13T13:00:05Z: 2026-05-13T13:00:00Z to 2026-05-13T13:15:00Z ["KXBTC15M-26MAY130915-15"] []
      next 2026-05-13T13:15:00Z to 2026-05-13T13:30:00Z [] ["KXBTC15M-26MAY130930-30: its strike is not announced yet"]
    2026-05-13T13:14:59Z: 2026-05-13T13:00:00Z to 2026-05-13T13:15:00Z ["KXBTC15M-26MAY130915-15"] []
      next 2026-05-13T13:15:00Z to 2026-05-13T13:30:00Z [] ["KXBTC15M-26MAY130930-30: its strike is not announced yet"]
    2026-05-13T13:15:00Z: 2026-05-13T13:15:00Z to 2026-05-13T13:30:00Z [] ["KXBTC15M-26MAY130930-30: its strike is not announced yet"]
      next none
    "#);
}
