//! A clock that keeps up with a paced simulator's.

use recio_core::pipeline::PacedClock;
use recio_core::units::Timestamp;
use recio_sim::control::{ControlClient, ControlError};
use std::time::Instant;

/// How often the simulator is asked for its time before a run.
const READINGS: usize = 5;

/// A clock that runs with a paced simulator's, and never behind it: a millisecond is up to 60 of market time, and prices from the future are
/// not priced with. Counted from before each question, the answers bound the simulator's time from above; the closest bound counts.
pub(crate) async fn paced_clock(control: &ControlClient) -> Result<PacedClock, ControlError> {
    let began = Instant::now();
    let mut bound: Option<(f64, Timestamp)> = None;
    for _ in 0..READINGS {
        let asked = began.elapsed();
        let about = control.about().await?;
        let speed = about.speed.unwrap_or(1.0);
        let at_start = about.now.checked_sub(asked.mul_f64(speed)).unwrap_or(about.now);
        let closest = bound.map_or(at_start, |(_, bound)| bound.min(at_start));
        bound = Some((speed, closest));
    }
    let (speed, at_start) = bound.unwrap_or((1.0, Timestamp::UNIX_EPOCH));
    let now = at_start.checked_add(began.elapsed().mul_f64(speed)).unwrap_or(at_start);
    Ok(PacedClock::new(now, speed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::pipeline::Clock;
    use recio_sim::{Pace, SimOptions, Simulator};

    #[tokio::test]
    async fn it_is_never_behind_the_simulator() {
        let folder = tempfile::tempdir().unwrap();
        let recording = crate::demo::write_recording(folder.path()).unwrap();
        let options = SimOptions::new(recording, folder.path().join("keys"));
        let simulator = Simulator::start(SimOptions { pace: Pace::Paced(60.0), ..options }).await.unwrap();
        let control = ControlClient::new(&simulator.endpoint().control).unwrap();
        let clock = paced_clock(&control).await.unwrap();
        for _ in 0..20 {
            // Asked before it is compared, so whatever the simulator answered lies behind.
            let theirs = control.about().await.unwrap().now;
            let ours = clock.now().wall;
            assert!(theirs <= ours, "the simulator is at {theirs}, the clock at {ours}");
        }
        simulator.stop().await.unwrap();
    }
}
