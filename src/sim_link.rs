//! The connection of a run to a simulator: the client's parts, and the clock that the simulator leads.

use crate::session::{SessionError, client};
use crate::sim_conductor::SimConductor;
use recio_core::pipeline::{Clock, Conductor, Pipeline, PipelineBuilder, SteppedClock};
use recio_core::units::{SeriesTicker, Timestamp};
use recio_kalshi::exchange::{Care, IndexFeed, KalshiAccount, KalshiMarkets};
use recio_kalshi::socket::Sleep;
use recio_sim::Endpoint;
use recio_sim::control::{ControlClient, ControlError, Mode};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often a paced simulator is asked whether its recording has ended, in real time.
const LOOK_FOR_THE_END_EVERY: Duration = Duration::from_secs(1);

/// A simulator as a pipeline uses it.
pub struct SimLink {
    /// Markets and books.
    pub markets: Arc<KalshiMarkets>,
    /// Orders and the account.
    pub account: Arc<KalshiAccount>,
    /// The settlement index, or what stands in for it.
    pub index: IndexFeed,
    /// The run's clock.
    pub clock: Arc<dyn Clock>,
    /// Who leads the run; `None` where the simulator runs by real time.
    pub conductor: Option<Arc<dyn Conductor>>,
    /// The WebSocket beneath all of it; to be closed after the run.
    pub connection: SimConnection,
}

/// The WebSocket of a [`SimLink`], running in a task of its own until it is closed or dropped.
#[derive(Debug)]
pub struct SimConnection {
    control: ControlClient,
    paced: bool,
    tracker: TaskTracker,
    closing: CancellationToken,
}

impl std::fmt::Debug for SimLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimLink").field("lockstep", &self.conductor.is_some()).finish_non_exhaustive()
    }
}

impl SimLink {
    /// Joins a simulator and connects the client to it, for these series.
    ///
    /// # Errors
    /// The simulator cannot be reached or does not answer as one, or the client cannot be made.
    pub async fn open(
        endpoint: &Endpoint,
        series: impl IntoIterator<Item = SeriesTicker>,
    ) -> Result<Self, SessionError> {
        let simulator = |error: ControlError| SessionError::Simulator(error.into());
        let control = ControlClient::new(&endpoint.control).map_err(simulator)?;
        let joined = control.join(&endpoint.key_id).await.map_err(simulator)?;
        let connect = |care| client(endpoint, series.into_iter().collect(), care).map_err(SessionError::Client);
        let (kalshi, clock, conductor): (_, Arc<dyn Clock>, Option<Arc<dyn Conductor>>) = match joined.mode {
            Mode::Lockstep => {
                let clock = Arc::new(SteppedClock::new(joined.now));
                let kalshi = connect(Care::lockstep())?;
                let lead = SimConductor::new(control.clone(), joined.client, Arc::clone(&clock), kalshi.watch.clone());
                (kalshi, clock, Some(Arc::new(lead)))
            }
            Mode::Paced => {
                let clock: Arc<dyn Clock> = Arc::new(crate::sim_clock::paced_clock(&control).await.map_err(simulator)?);
                (connect(paced(&clock))?, clock, None)
            }
        };
        let (tracker, closing) = (TaskTracker::new(), CancellationToken::new());
        tracker.spawn(kalshi.socket.run(closing.clone()));
        let connection = SimConnection { control, paced: conductor.is_none(), tracker, closing };
        Ok(Self { markets: kalshi.markets, account: kalshi.account, index: kalshi.index, clock, conductor, connection })
    }

    /// Begins a pipeline with the markets, the account and the clock. The price feed is left to add: [`index`](Self::index), or one around it.
    #[must_use]
    pub fn builder(&self) -> PipelineBuilder {
        let builder = Pipeline::builder()
            .market_data(self.markets.clone())
            .executor(self.account.clone())
            .clock(Arc::clone(&self.clock));
        match &self.conductor {
            Some(conductor) => builder.conductor(Arc::clone(conductor)),
            None => builder,
        }
    }
}

impl SimConnection {
    /// Cancels `stop` once a paced simulator has played its recording: its streams go quiet then, they do not end. In lockstep a run ends by
    /// itself, and this does nothing.
    pub fn stop_at_the_end(&self, stop: CancellationToken) {
        if self.paced {
            let (control, closing) = (self.control.clone(), self.closing.clone());
            self.tracker.spawn(async move { closing.run_until_cancelled(wait_for_the_end(control, stop)).await });
        }
    }

    /// Closes the WebSocket, and waits for its end.
    pub async fn close(self) {
        self.closing.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for SimConnection {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Limits that go by the simulator's clock.
pub(crate) fn paced(clock: &Arc<dyn Clock>) -> Care {
    let (time, sleeper) = (Arc::clone(clock), Arc::clone(clock));
    let sleep: Sleep = Arc::new(move |wait| {
        let clock = Arc::clone(&sleeper);
        Box::pin(async move {
            // Beyond the last moment that there is, it is as good as for ever.
            let until = clock.now().wall.checked_add(wait).unwrap_or(Timestamp::MAX);
            clock.sleep_until(until).await;
        })
    });
    Care::paced(Arc::new(move || time.now().mono), sleep)
}

pub(crate) async fn wait_for_the_end(control: ControlClient, stop: CancellationToken) {
    loop {
        tokio::time::sleep(LOOK_FOR_THE_END_EVERY).await;
        match control.about().await {
            Ok(about) if !about.ended => {}
            Ok(_) => return stop.cancel(),
            // The run itself notices when the simulator is gone.
            Err(error) => tracing::debug!(%error, "the simulator does not say whether its recording has ended"),
        }
    }
}
