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
use crate::exchange::{Exchange, ExchangeError, PlayedPrice, Realism, Rebase, Records};
use crate::real_clock::real_now;
use crate::recording::{Header, Recording};
use crate::scenario::{Scenario, Staged};
use crate::synthetic::{SyntheticOptions, SyntheticWorld};
use axum::serve::ListenerExt;
use http::Shared;
use keys::ClientKey;
use owner::{Owner, Time};
use recio_core::units::{AccountName, Money};
use recio_core::venue::CRYPTO_SHARD;
use recio_kalshi::signing::KeyType;
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::PathBuf,
    time::Duration,
};
use tokio::sync::{broadcast, mpsc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Calls that may wait for the exchange's task; beyond, the connections wait.
const ASKS: usize = 1024;
/// Prices that may wait for a listener: minutes of a busy spot market at 60 times real time.
const PRICES: usize = 16_384;
/// How long stopping may take before what still runs is left alone.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What to simulate, and for whom.
#[derive(Clone, Debug, PartialEq)]
pub struct SimOptions {
    /// Where to listen: a loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The recording to play; of no account where `synthetic` names a world.
    pub recording: PathBuf,
    /// A world to make in place of a recording.
    pub synthetic: Option<SyntheticOptions>,
    /// What goes wrong; nothing without one.
    pub scenario: Option<Scenario>,
    /// Makes what goes wrong by chance differ from another run's.
    pub seed: u64,
    /// How time moves.
    pub pace: Pace,
    /// Moves the recording to now, by whole quarters of an hour (hours, with hourly markets): its markets close in the future, and their tickers
    /// name the times. Paced, the session is joined where it stands by then; see [`Rebase`].
    pub rebase_now: bool,
    /// What is simulated of the real exchange's untidiness; `None` is the scenario's, or else [`Realism::paced`] for paced
    /// time and nothing of it in lockstep.
    pub realism: Option<Realism>,
    /// How many clients there are: each has a key and an account of its own. In lockstep time waits for all of them.
    pub clients: usize,
    /// The type of the clients' keys. Kalshi's TypeScript client signs with RSA alone; making such a key takes up to a second.
    pub key_type: KeyType,
    /// What each account begins with.
    pub opening_cash: Money,
    /// The shard on which that lies. Markets of crypto are on [`CRYPTO_SHARD`]: cash elsewhere pays for no
    /// order there until it is moved.
    pub opening_shard: u16,
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
    prices: broadcast::Sender<PlayedPrice>,
}

impl SimOptions {
    /// One client with $100 in lockstep, on a free loopback port, at the recording's own time.
    #[must_use]
    pub const fn new(recording: PathBuf, key_dir: PathBuf) -> Self {
        Self {
            listen: SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)),
            recording,
            synthetic: None,
            scenario: None,
            seed: 1,
            pace: Pace::LOCKSTEP,
            rebase_now: false,
            realism: None,
            clients: 1,
            key_type: KeyType::Ed25519,
            opening_cash: Money::dollars(100),
            opening_shard: CRYPTO_SHARD,
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
        let to_load = options.clone();
        let loading = tokio::task::spawn_blocking(move || load(&to_load));
        let staged = loading.await.map_err(|lost| SimError::Task(lost.into()))??;
        let listener = TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|source| SimError::Listen { address: options.listen, source })?;
        let address = listener.local_addr().map_err(|source| SimError::Listen { address: options.listen, source })?;

        let mut desk = Desk::new(staged);
        if let Pace::Paced(speed) = options.pace {
            desk.meter_real_time(speed);
        }
        let (prices, _) = broadcast::channel(PRICES);
        desk.broadcast_prices(prices.clone());
        let (clients, key_type, key_dir) = (options.clients, options.key_type, options.key_dir.clone());
        let making = tokio::task::spawn_blocking(move || keys::generate(clients, key_type, &key_dir));
        let keys = making.await.map_err(|lost| SimError::Task(lost.into()))??;
        for key in &keys {
            desk.add_key(&key.key_id, key.verifying.clone(), &[(options.opening_shard, options.opening_cash)])?;
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
        Ok(Running { endpoint, stop, tracker, owner: Some(owner), prices })
    }
}

impl Running {
    /// Where it is reached.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Hears the recorded spot trades and the prints of the index as they play, from here on. Who is more than 16,384 prices behind misses the oldest
    /// and is told so.
    #[must_use]
    pub fn prices(&self) -> broadcast::Receiver<PlayedPrice> {
        self.prices.subscribe()
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

fn load(options: &SimOptions) -> Result<Staged, SimError> {
    let calm = Scenario::calm();
    let scenario = options.scenario.as_ref().unwrap_or(&calm);
    let now = real_now();
    let rebase = |header: &Header| match options.pace {
        _ if !options.rebase_now => Rebase::none(header),
        Pace::Paced(_) => Rebase::to_now(header, now),
        Pace::Lockstep { .. } => Rebase::whole_session(header, now),
    };
    let (header, records): (Header, Records) = match options.synthetic {
        Some(world) => {
            let world = SyntheticWorld::new(world)?;
            (world.header(), world.records())
        }
        None => {
            let recording = Recording::open(&options.recording)?;
            // A recording that is damaged further on is refused before anybody trades on it.
            recording.verify()?;
            (recording.header().clone(), Box::new(recording.records()?))
        }
    };
    let rebase = rebase(&header);
    let mut staged = scenario.stage(header, records, rebase, options.seed)?;
    if let Some(realism) = options.realism.clone() {
        staged.exchange.set_realism(realism);
    } else if scenario.realism.is_none() && matches!(options.pace, Pace::Paced(_)) {
        staged.exchange.set_realism(Realism::paced());
    }
    Ok(staged)
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
        tickers_name_close_times: exchange.tickers_name_close_times(),
        index_is_stand_in: exchange.index_is_stand_in(),
        prices_from: exchange.prices_from(),
        recording_ends: exchange.recording_ends(),
    })
}
