//! Prices can be heard beside the exchange, as they play.

use crate::in_process::{at, play};
use crate::stage::Stage;
use recio_sim::exchange::{Exchange, PlayedPrice, PriceSource};
use std::time::Duration;

#[tokio::test]
async fn spot_trades_and_index_prints_are_heard_in_their_order() {
    let stage = Stage::lockstep(Duration::from_secs(10), 1).await;
    let mut prices = stage.running.prices();
    let mut client = stage.client(0).await;
    for _ in 0..3 {
        client.advance().await;
    }
    let mut heard: Vec<PlayedPrice> = Vec::new();
    while let Ok(price) = prices.try_recv() {
        heard.push(price);
    }
    let of = |source| heard.iter().filter(move |price| price.source == source).collect::<Vec<_>>();
    let (spot, index) = (of(PriceSource::Spot), of(PriceSource::Index));
    assert!(spot.iter().all(|price| &*price.name == "coinbase" && price.trade_id.is_some()));
    assert!(index.iter().all(|price| &*price.name == "BRTI" && price.time.subsec_nanosecond() == 0));
    assert!(spot.len() > 20 && (20..=30).contains(&index.len()), "{} {}", spot.len(), index.len());
    assert!(heard.is_sorted_by_key(|price| price.time));
    assert!(heard[0].time >= stage.endpoint().now);
}

#[tokio::test]
async fn nothing_is_kept_for_nobody() {
    let (simulator, _) = play();
    simulator.advance(at("13:01:00")).unwrap();
    assert!(simulator.operate(Exchange::take_prices).is_empty());
    simulator.operate(Exchange::watch_prices);
    simulator.advance(at("13:01:10")).unwrap();
    let taken = simulator.operate(Exchange::take_prices);
    assert!(!taken.is_empty() && taken.iter().all(|price| price.time > at("13:01:00")));
    assert!(simulator.operate(Exchange::take_prices).is_empty());
}
