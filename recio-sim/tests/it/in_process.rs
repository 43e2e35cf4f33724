//! The recorded session in this process, with one key, for the other tests.

use crate::stage::{Caller, real_clock, recording};
use recio_core::units::Money;
use recio_kalshi::signing::generate_ed25519;
use recio_kalshi::transport::FrameStream;
use recio_sim::InProcess;
use recio_sim::exchange::Exchange;
use recio_sim::recording::Recording;
use serde_json::Value;
use std::sync::Arc;

pub(crate) use crate::stage::at;

pub(crate) const KEY: &str = "11111111-2222-4333-8444-555555555555";

/// The session from its beginning, and $1,000 at subaccount 0.
pub(crate) fn play() -> (InProcess, Caller) {
    let exchange = Exchange::play(&Recording::open(recording()).unwrap(), 0).unwrap();
    let simulator = InProcess::new(exchange, real_clock());
    let key = generate_ed25519(KEY).unwrap().key;
    simulator.add_key(KEY, key.verifying_key(), Money::dollars(1000)).unwrap();
    let caller = Caller::over(Arc::new(simulator.clone()), Arc::new(key));
    (simulator, caller)
}

/// Everything that is there to read right now.
pub(crate) async fn read(frames: &mut Box<dyn FrameStream>) -> Vec<Value> {
    let mut all = Vec::new();
    while let Ok(Some(frame)) = tokio::time::timeout(std::time::Duration::ZERO, frames.next()).await {
        all.push(serde_json::from_slice(&frame.unwrap()).unwrap());
    }
    all
}
