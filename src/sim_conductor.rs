//! Leading a pipeline through a simulator's recording in lockstep.

use recio_core::pipeline::{Conductor, Step, SteppedClock};
use recio_core::read::BoxError;
use recio_kalshi::exchange::SocketWatch;
use recio_sim::control::ControlClient;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Leads a run in lockstep with a simulator: asks it how many frames it has sent, and waits until the client has handed them on.
#[derive(Debug)]
pub struct SimConductor {
    control: ControlClient,
    client: String,
    clock: Arc<SteppedClock>,
    watch: SocketWatch,
    /// What the last step said was sent; [`UNKNOWN`] once the client may have caused more.
    sent: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

/// Frames that the simulator has sent arrive within milliseconds on loopback; after this long they never will.
const FRAMES_WITHIN: Duration = Duration::from_secs(20);

impl SimConductor {
    /// Leads the client that joined under this name.
    #[must_use]
    pub const fn new(control: ControlClient, client: String, clock: Arc<SteppedClock>, watch: SocketWatch) -> Self {
        Self { control, client, clock, watch, sent: AtomicU64::new(UNKNOWN) }
    }

    async fn settled(&self) -> Result<(), BoxError> {
        loop {
            let now = self.control.frames_queued(&self.client).await?;
            if now.stalled {
                // Answers are held back with everything else: there is nothing to wait for but what has left.
                self.sent.store(UNKNOWN, Ordering::Relaxed);
                return Ok(self.watch.received(now.frames).await?);
            }
            self.watch.reached(0).await?;
            let sent = match self.sent.swap(UNKNOWN, Ordering::Relaxed) {
                UNKNOWN => self.control.frames(&self.client).await?,
                told => told,
            };
            self.watch.reached(sent).await?;
            if self.watch.is_answered() {
                return Ok(());
            }
        }
    }
}

#[async_trait::async_trait]
impl Conductor for SimConductor {
    fn clock(&self) -> Arc<SteppedClock> {
        Arc::clone(&self.clock)
    }

    async fn settle(&self) -> Result<(), BoxError> {
        let waited = tokio::time::timeout(FRAMES_WITHIN, self.settled()).await;
        waited.map_err(|_| format!("frames that the simulator sent did not arrive within {FRAMES_WITHIN:?}"))?
    }

    async fn advance(&self) -> Result<Step, BoxError> {
        let next = self.control.advance(&self.client).await?;
        self.sent.store(next.frames, Ordering::Relaxed);
        Ok(if next.ended { Step::End } else { Step::Next(next.now) })
    }
}
