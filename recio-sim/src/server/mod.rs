//! The simulator on the loopback: HTTP and WebSocket around one task that owns the exchange.

mod error;
mod http;
mod keys;
mod owner;
mod socket;

pub use error::SimError;

use crate::control::BANNER;
use crate::desk::Desk;
use crate::endpoint::Endpoint;
use crate::exchange::{Exchange, ExchangeError};
use crate::real_clock::real_now;
use crate::recording::Recording;
use axum::serve::ListenerExt;
use http::Shared;
use jiff::SignedDuration;
use keys::ClientKey;
use owner::{Owner, Time};
use recio_core::units::{AccountName, Money};
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::PathBuf,
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Calls that may wait for the exchange's task; beyond, the connections wait.
const ASKS: usize = 1024;
/// How long stopping may take before what still runs is left alone.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What to simulate, and for whom.
#[derive(Clone, Debug, PartialEq)]
pub struct SimOptions {
    /// Where to listen: a loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The recording to play.
    pub recording: PathBuf,
    /// How time moves.
    pub pace: Pace,
    /// Shifts every time by whole seconds, so that the session begins now. Tickers stay as recorded.
    pub rebase_now: bool,
    /// How many clients there are: each has a key and an account of its own. In lockstep time waits for all of them.
    pub clients: usize,
    /// What each account begins with.
    pub opening_cash: Money,
    /// Where the clients' private keys are written, readable by their owner alone. Made if it is not there.
    pub key_dir: PathBuf,
}

/// How time moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// With real time from the start, 1 to 60 times as fast.
    Paced(f64),
    /// By this step (100 ms by default), whenever every client is connected and has handled the last instant.
    Lockstep {
        /// Market time between two instants; at least a millisecond.
        step: Duration,
    },
}

/// A simulated exchange to start.
#[derive(Clone, Copy, Debug)]
pub struct Simulator;

/// A simulator that runs. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    endpoint: Endpoint,
    stop: CancellationToken,
    tracker: TaskTracker,
    owner: Option<JoinHandle<Result<(), ExchangeError>>>,
}

impl SimOptions {
    /// One client with $100 in lockstep, on a free loopback port, at the recording's own time.
    #[must_use]
    pub const fn new(recording: PathBuf, key_dir: PathBuf) -> Self {
        Self {
            listen: SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)),
            recording,
            pace: Pace::LOCKSTEP,
            rebase_now: false,
            clients: 1,
            opening_cash: Money::dollars(100),
            key_dir,
        }
    }
}

impl Pace {
    /// Lockstep by 100 ms.
    pub const LOCKSTEP: Self = Self::Lockstep { step: Duration::from_millis(100) };
}

impl Simulator {
    /// Checks the recording, makes keys, and listens. When this returns, everything answers.
    ///
    /// # Errors
    /// An option that cannot be, an unusable recording, or no place to listen or to write keys. Nothing runs then.
    pub async fn start(options: SimOptions) -> Result<Running, SimError> {
        check(&options)?;
        let (recording, rebase) = (options.recording.clone(), options.rebase_now);
        let loading = tokio::task::spawn_blocking(move || load(recording, rebase));
        let exchange = loading.await.map_err(|lost| SimError::Task(lost.into()))??;
        let listener = TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|source| SimError::Listen { address: options.listen, source })?;
        let address = listener.local_addr().map_err(|source| SimError::Listen { address: options.listen, source })?;

        let mut desk = Desk::new(exchange);
        let keys = keys::generate(options.clients, &options.key_dir)?;
        for key in &keys {
            desk.add_key(&key.key_id, key.verifying.clone(), options.opening_cash)?;
        }
        let endpoint = describe(&desk.exchange, address, &keys)?;
        let accounts: Vec<AccountName> = keys.iter().filter_map(|key| desk.account(&key.key_id).cloned()).collect();

        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let (asks, inbox) = mpsc::channel(ASKS);
        let time = Time::new(options.pace, desk.exchange.now(), options.rebase_now.then(real_now));
        let owner = Owner::new(desk, time, accounts, inbox);
        let owner_stop = stop.clone();
        let owner = tracker.spawn(async move {
            let ended = owner.run(&owner_stop).await;
            if let Err(error) = &ended {
                tracing::error!(%error, "the simulated exchange cannot go on");
            }
            owner_stop.cancel();
            ended
        });
        let shared = Shared { asks, stop: stop.clone(), tracker: tracker.clone() };
        let server_stop = stop.clone();
        tracker.spawn(async move {
            let ended = server_stop.clone();
            // Frames and answers are small and must not wait for each other.
            let listener = listener.tap_io(|connection| {
                if let Err(error) = connection.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its send delay");
                }
            });
            let serving = axum::serve(listener, http::router(shared));
            if let Err(error) = serving.with_graceful_shutdown(async move { ended.cancelled().await }).await {
                tracing::error!(%error, "the simulator cannot listen any more");
            }
            server_stop.cancel();
        });
        tracker.close();
        tracing::info!(rest = %endpoint.rest, now = %endpoint.now, rebased = endpoint.rebased, "{BANNER}");
        Ok(Running { endpoint, stop, tracker, owner: Some(owner) })
    }
}

impl Running {
    /// Where it is reached.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Waits until it was told to stop over its own channel, or could not go on; [`stop`](Self::stop) then says which.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Stops, and waits for the end.
    ///
    /// # Errors
    /// Why the exchange could not go on, if it could not.
    pub async fn stop(mut self) -> Result<(), SimError> {
        self.stop.cancel();
        if tokio::time::timeout(STOP_WITHIN, self.tracker.wait()).await.is_err() {
            tracing::warn!("the simulator's connections did not end in time and are dropped");
        }
        match self.owner.take() {
            Some(owner) => match tokio::time::timeout(STOP_WITHIN, owner).await {
                Ok(ended) => Ok(ended.map_err(|lost| SimError::Task(lost.into()))??),
                Err(late) => Err(SimError::Task(late.into())),
            },
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn check(options: &SimOptions) -> Result<(), SimError> {
    if !options.listen.ip().is_loopback() {
        return Err(SimError::NotLoopback(options.listen));
    }
    match options.pace {
        Pace::Paced(speed) if !(1.0..=60.0).contains(&speed) => return Err(SimError::Speed(speed)),
        Pace::Lockstep { step } if step < Duration::from_millis(1) || step > Duration::from_secs(60) => {
            return Err(SimError::Step(step));
        }
        Pace::Paced(_) | Pace::Lockstep { .. } => {}
    }
    if !(1..=64).contains(&options.clients) {
        return Err(SimError::Clients(options.clients));
    }
    Ok(())
}

fn load(recording: PathBuf, rebase: bool) -> Result<Exchange, SimError> {
    let recording = Recording::open(recording)?;
    // A recording that is damaged further on is refused before anybody trades on it.
    recording.verify()?;
    let late = real_now().duration_since(recording.header().session_from);
    let shift = if rebase { whole_seconds(late) } else { 0 };
    Ok(Exchange::play(&recording, shift)?)
}

/// Rounded down, so that the session has not begun in the future.
fn whole_seconds(time: SignedDuration) -> i64 {
    time.as_secs() - i64::from(time.subsec_nanos() < 0)
}

fn describe(exchange: &Exchange, address: SocketAddr, keys: &[ClientKey]) -> Result<Endpoint, SimError> {
    let keys: Vec<_> = keys.iter().map(ClientKey::endpoint_key).collect();
    let first = keys.first().cloned().ok_or(SimError::Clients(0))?;
    Ok(Endpoint {
        simulator: true,
        rest: format!("http://{address}{REST_BASE}"),
        ws: format!("ws://{address}{SOCKET_PATH}"),
        control: format!("http://{address}/control"),
        key_id: first.key_id,
        key_file: first.key_file,
        keys,
        market_tickers: exchange.header().markets.clone(),
        now: exchange.now(),
        rebased: exchange.is_rebased(),
        index_is_stand_in: exchange.index_is_stand_in(),
        recording_ends: exchange.recording_ends(),
    })
}
