//! A simulated exchange with its account, and the sessions that trade on it one after another.

use super::books::{BookChecks, BookTap, Tapped};
use super::conductor::{CutAt, InProcessConductor, Operator, idle};
use super::record::{Record, Recorder};
use super::sight::{Sights, TappedFeed};
use super::tripwire::{Cut, Tripwire};
use super::witness::{SentOrder, Witness};
use crate::account_claim::ClaimError;
use crate::reconcile::{ReconcileError, Reconciliation, reconcile};
use crate::session::{RunFiles, Watch, engine_config};
use recio_core::engine::{EngineConfig, Freshness, Output, RiskLimits};
use recio_core::market::Asset;
use recio_core::model::Model;
use recio_core::pipeline::{BuildError, Clock, Ended, Pipeline, PipelineError, SteppedClock};
use recio_core::price_feed::PriceKind;
use recio_core::read::BoxError;
use recio_core::store::Store;
use recio_core::units::{AccountName, Money, Now, RunId, Timestamp};
use recio_kalshi::client::SignatureClock;
use recio_kalshi::exchange::{Care, Kalshi, KalshiOptions};
use recio_kalshi::signing::{GeneratedKey, SigningKey, generate_ed25519};
use recio_kalshi::socket::Sleep;
use recio_sim::exchange::{AccountTruth, ExchangeError, Rebase};
use recio_sim::scenario::{FaultCounts, Scenario};
use recio_sim::synthetic::{SyntheticError, SyntheticOptions, SyntheticWorld};
use recio_sim::{Endpoint, InProcess};
use recio_store::MemoryCache;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const KEY_ID: &str = "51312d00-0000-4000-8000-000000000001";

/// A simulation to build.
pub struct SimWorldOptions {
    /// The markets.
    pub world: SyntheticOptions,
    /// What goes wrong.
    pub scenario: Scenario,
    /// Makes what goes wrong by chance differ from another simulation's.
    pub seed: u64,
    /// When everything is well again; `None` for never.
    pub heal_at: Option<Timestamp>,
    /// Market time between two instants.
    pub step: Duration,
    /// What the account begins with.
    pub cash: Money,
    /// Where journal and input logs are; a new folder.
    pub dir: PathBuf,
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// What restarts go by beside the journal; in memory, because nothing waits for a disk in paused time.
    pub cache: Option<Arc<MemoryCache>>,
    /// What strikes are priced with.
    pub model: Arc<Model>,
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// When data counts as stale.
    pub freshness: Freshness,
    /// Whether an input log is kept.
    pub input_log: bool,
}

/// A simulated exchange with one account, and the journal and store of whoever trades on it.
pub struct SimWorld {
    options: SimWorldOptions,
    simulator: InProcess,
    key: GeneratedKey,
    signatures: SignatureClock,
    files: RunFiles,
    tap: Arc<BookTap>,
    sights: Arc<Sights>,
    witness: Arc<Witness>,
    recorder: Arc<Recorder>,
    operator: Arc<Operator>,
    starts: u32,
    seen: (u64, u64),
}

/// How far a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the end of the world, and stops in order.
    End,
    /// To a moment, and stops in order.
    Stop(Timestamp),
    /// To a place, and is cut off there as if killed; to the end of the world where it never comes there.
    Cut(Cut),
    /// To a moment, and is cut off there as if killed.
    CutAt(Timestamp),
    /// To a place or to a moment, whichever comes first, and is cut off there as if killed.
    CutBy(Cut, Timestamp),
}

/// How a session ended.
#[derive(Debug)]
pub enum Leg {
    /// In order.
    Ended(Box<Ended>),
    /// Cut off, at this time of the exchange.
    Cut(Timestamp),
}

/// Why a simulation could not be built or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimWorldError {
    /// The world cannot be made.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// The exchange cannot begin or go on: a bug of the simulator.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The account's key cannot be made.
    #[error("cannot make the account's key")]
    Key(#[source] BoxError),
    /// The runtime's time runs.
    #[error("a simulation needs a current-thread runtime with paused time; build it with `start_paused(true)`")]
    TimeRuns,
    /// The files or the store are another account's.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The parts do not fit together.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The session could not go on.
    #[error(transparent)]
    Run(#[from] PipelineError),
    /// The kill latch cannot be set.
    #[error("the kill latch cannot be set")]
    Latch(#[source] BoxError),
    /// The account cannot be compared.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
}

impl SimWorldOptions {
    /// A world and a scenario by one seed, in steps of 100 ms, healed half an hour before the world ends, with 1,000 USD and the default limits.
    #[must_use]
    pub fn new(
        world: SyntheticOptions,
        scenario: Scenario,
        dir: impl Into<PathBuf>,
        store: Arc<dyn Store>,
        model: Arc<Model>,
    ) -> Self {
        let hours = Duration::from_secs(u64::from(world.hours) * 3_600);
        Self {
            seed: world.seed,
            heal_at: world.from.checked_add(hours.saturating_sub(Duration::from_secs(1_800))).ok(),
            world,
            scenario,
            step: Duration::from_millis(100),
            cash: Money::dollars(1_000),
            dir: dir.into(),
            store,
            cache: None,
            model,
            risk: RiskLimits::default(),
            freshness: Freshness::default(),
            input_log: false,
        }
    }
}

impl std::fmt::Debug for SimWorldOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimWorldOptions")
            .field("world", &self.world)
            .field("scenario", &self.scenario.name)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SimWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimWorld").field("options", &self.options).field("starts", &self.starts).finish_non_exhaustive()
    }
}

impl SimWorld {
    /// Builds the exchange and opens the account.
    ///
    /// # Errors
    /// The world cannot be made, or no key.
    pub fn new(options: SimWorldOptions) -> Result<Self, SimWorldError> {
        let world = SyntheticWorld::new(options.world)?;
        let staged =
            options.scenario.stage(world.header(), world.records(), Rebase::none(&world.header()), options.seed)?;
        // Signer and exchange have one clock: what they differ by is the scenario's doing alone.
        let real_ms = options.world.from.as_millisecond();
        let signatures: SignatureClock = Arc::new(move || real_ms);
        let simulator = InProcess::with_faults(staged, Arc::clone(&signatures));
        let key = generate_ed25519(KEY_ID).map_err(|error| SimWorldError::Key(error.into()))?;
        simulator.add_key(KEY_ID, key.key.verifying_key(), options.cash)?;
        let files = RunFiles::in_dir(&options.dir);
        let sights = Arc::<Sights>::default();
        let latch = files.kill_latch.clone();
        let witness =
            Witness::new(KEY_ID, simulator.clone(), files.journal.clone(), latch.clone(), Arc::clone(&sights));
        Ok(Self {
            options,
            simulator,
            key,
            signatures,
            files,
            tap: Arc::default(),
            sights,
            witness: Arc::new(witness),
            recorder: Arc::default(),
            operator: Arc::new(Operator { latch, kill_at: Mutex::default() }),
            starts: 0,
            seen: (0, 0),
        })
    }

    /// Runs one session on what the sessions before it left, from the exchange's present on.
    ///
    /// # Errors
    /// The runtime is of another kind, or the session could not begin or go on. An exchange on which everything goes wrong is no error.
    ///
    /// # Cancel safety
    /// A dropped session is like a killed one.
    pub async fn run(&mut self, watches: Vec<Watch>, until: Until) -> Result<Leg, SimWorldError> {
        refuse_running_time().await?;
        crate::account_claim::claim(&self.files.journal, &*self.options.store, KEY_ID).await?;
        self.starts += 1;
        self.tap.forget();
        self.witness.begin(self.starts);
        let cut = if let Until::Cut(cut) | Until::CutBy(cut, _) = until { Some(cut) } else { None };
        let wire = Arc::new(Tripwire::new(self.simulator.clone(), cut, Some(Arc::clone(&self.witness))));
        let clock = Arc::new(SteppedClock::new(self.simulator.now()));
        let kalshi = self.client(Arc::clone(&wire), &clock, &watches)?;
        let conductor = Arc::new(InProcessConductor {
            simulator: self.simulator.clone(),
            clock,
            step: self.options.step,
            until: match until {
                Until::Stop(moment) | Until::CutAt(moment) | Until::CutBy(_, moment) => Some(moment),
                Until::End | Until::Cut(_) => None,
            },
            heal_at: self.options.heal_at,
            tap: Arc::clone(&self.tap),
            operator: Arc::clone(&self.operator),
        });
        let (dead, reached) = (wire.dead().clone(), CancellationToken::new());
        let (sights, simulator) = (Arc::clone(&self.sights), self.simulator.clone());
        let market_data = Tapped {
            inner: kalshi.markets,
            tap: Arc::clone(&self.tap),
            sights: Arc::clone(&sights),
            simulator: simulator.clone(),
        };
        let (outputs, recorder, session) = (Arc::clone(&wire), Arc::clone(&self.recorder), self.starts);
        let observer = move |now: Now, output: &Output| {
            recorder.note(session, now, output);
            outputs.output();
        };
        let mut builder = Pipeline::builder()
            .market_data(Arc::new(market_data))
            .executor(kalshi.account)
            .price_feed(TappedFeed { inner: kalshi.index, sights, simulator })
            .conductor(match until {
                Until::CutAt(moment) | Until::CutBy(_, moment) => {
                    Arc::new(CutAt { inner: conductor, moment, reached: reached.clone() })
                }
                Until::End | Until::Stop(_) | Until::Cut(_) => conductor,
            })
            .observe(observer);
        let config = self.config(&watches);
        builder = builder.model(Arc::clone(&self.options.model)).store(Arc::clone(&self.options.store));
        builder = builder.journal(self.files.journal.clone()).kill_latch(self.files.kill_latch.path());
        if let Some(cache) = &self.options.cache {
            builder = builder.local_cache(cache.clone());
        }
        if self.options.input_log {
            builder = builder.input_log(self.files.input_logs.join(config.run.as_str()));
        }
        for Watch { monitor, strategy } in watches {
            builder = builder.strategy(monitor.id, strategy);
        }
        let pipeline = builder.config(config).build()?;

        let closing = CancellationToken::new();
        let socket = tokio::spawn(kalshi.socket.run(closing.clone()));
        let ended = tokio::select! {
            biased;
            () = dead.cancelled() => None,
            () = reached.cancelled() => None,
            ended = pipeline.run(CancellationToken::new()) => Some(ended),
        };
        // A killed process says no goodbye: its tasks are gone, and what it had begun to write is written.
        closing.cancel();
        socket.abort();
        idle().await;
        self.seen = wire.seen();
        Ok(match ended {
            Some(ended) => Leg::Ended(Box::new(ended?)),
            None => Leg::Cut(self.simulator.now()),
        })
    }

    /// Lets time pass without any session.
    ///
    /// # Errors
    /// The exchange cannot go on.
    pub fn pass(&self, time: Duration) -> Result<(), SimWorldError> {
        let to = self.now().checked_add(time).unwrap_or(Timestamp::MAX);
        if self.options.heal_at.is_some_and(|heal_at| self.now() < heal_at && heal_at <= to) {
            self.simulator.heal();
        }
        self.simulator.advance(to)?;
        self.operator.look(to).map_err(SimWorldError::Latch)
    }

    /// Lets a person set the kill latch at a moment, in a session or between two. Who releases it is up to the caller, as at the exchange.
    pub fn kill_at(&self, moment: Timestamp) {
        *self.operator.kill_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(moment);
    }

    /// Compares the store with the exchange's account as a client reads it. Only a healed exchange answers whole.
    ///
    /// # Errors
    /// One of the sides could not be read whole.
    pub async fn reconcile(&self) -> Result<Reconciliation, SimWorldError> {
        let clock = Arc::new(SteppedClock::new(self.simulator.now()));
        let wire = Arc::new(Tripwire::new(self.simulator.clone(), None, None));
        let kalshi = self.client(wire, &clock, &[])?;
        Ok(reconcile(&*self.options.store, &*kalshi.account).await?)
    }

    /// The exchange's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.simulator.now()
    }

    /// Whether the world is at its end.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.simulator.ended()
    }

    /// The simulator, to look into and to do things to.
    #[must_use]
    pub const fn simulator(&self) -> &InProcess {
        &self.simulator
    }

    /// Where facts are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.options.store
    }

    /// Where the sessions' files are.
    #[must_use]
    pub const fn files(&self) -> &RunFiles {
        &self.files
    }

    /// What the account really has.
    ///
    /// # Panics
    /// Never: the account was opened with the world.
    #[must_use]
    pub fn truth(&self) -> AccountTruth {
        self.simulator.account(KEY_ID).expect("the key was let in")
    }

    /// How often each client order id was sent, by all sessions, whatever became of it.
    #[must_use]
    pub fn posts(&self) -> BTreeMap<String, u64> {
        self.simulator.posts(KEY_ID).unwrap_or_default()
    }

    /// How often each fault came.
    #[must_use]
    pub fn faults(&self) -> FaultCounts {
        self.simulator.fault_counts()
    }

    /// What came of comparing books at every instant.
    #[must_use]
    pub fn book_checks(&self) -> BookChecks {
        self.tap.checks()
    }

    /// Markets whose books the newest session has whole.
    #[must_use]
    pub fn whole_books(&self) -> Vec<recio_core::units::MarketTicker> {
        self.tap.whole()
    }

    /// Every order that left, of all sessions, as it was at that moment.
    #[must_use]
    pub fn sent(&self) -> Vec<SentOrder> {
        self.witness.sent()
    }

    /// How many cancels left, of all sessions.
    #[must_use]
    pub fn cancels(&self) -> u64 {
        self.witness.cancels()
    }

    /// What the sessions wanted and said.
    #[must_use]
    pub fn record(&self) -> Record {
        self.recorder.read()
    }

    /// What no order may exceed.
    #[must_use]
    pub const fn risk(&self) -> &RiskLimits {
        &self.options.risk
    }

    /// When data counts as stale.
    #[must_use]
    pub const fn freshness(&self) -> &Freshness {
        &self.options.freshness
    }

    /// Calls and outputs of the newest session: where it could have been cut.
    #[must_use]
    pub const fn seen(&self) -> (u64, u64) {
        self.seen
    }

    fn client(
        &self,
        wire: Arc<Tripwire>,
        clock: &Arc<SteppedClock>,
        watches: &[Watch],
    ) -> Result<Kalshi, SimWorldError> {
        let key = SigningKey::from_pem(KEY_ID, &self.key.pem).map_err(|error| SimWorldError::Key(error.into()))?;
        let waits = Arc::clone(clock);
        let sleep: Sleep = Arc::new(move |wait| {
            let clock = Arc::clone(&waits);
            let until = clock.now().wall.checked_add(wait).unwrap_or(Timestamp::MAX);
            Box::pin(async move { clock.sleep_until(until).await })
        });
        let options = KalshiOptions {
            asset: Asset::Btc,
            index_kind: PriceKind::Index,
            exchange_index: 2,
            series: watches.iter().map(|watch| watch.monitor.series.clone()).collect(),
        };
        let care = Care { sleep: Some(sleep), ..Care::lockstep() };
        Ok(Kalshi::with_care(wire, key, Arc::clone(&self.signatures), options, care))
    }

    fn config(&self, watches: &[Watch]) -> EngineConfig {
        let header = self.simulator.header();
        let endpoint = Endpoint {
            simulator: true,
            rest: String::new(),
            ws: String::new(),
            control: String::new(),
            key_id: KEY_ID.to_owned(),
            key_file: PathBuf::new(),
            keys: Vec::new(),
            market_tickers: header.markets,
            now: self.simulator.now(),
            rebased: false,
            tickers_name_close_times: true,
            index_is_stand_in: false,
            prices_from: None,
            recording_ends: header.to,
        };
        let monitors = watches.iter().map(|watch| watch.monitor.clone()).collect();
        let account = AccountName::new("simulation").expect("a short word is a name");
        let run = RunId::new(&format!("simulation-{}-{}", self.options.seed, self.starts));
        EngineConfig {
            run: run.expect("digits, letters and dashes are visible ASCII"),
            risk: self.options.risk.clone(),
            freshness: self.options.freshness.clone(),
            ..engine_config(&endpoint, account, monitors)
        }
    }
}

/// With running time an idle wait would end before anything is idle.
async fn refuse_running_time() -> Result<(), SimWorldError> {
    const LONG: Duration = Duration::from_secs(5);
    let began = Instant::now();
    tokio::time::sleep(LONG).await;
    if began.elapsed() < LONG { Ok(()) } else { Err(SimWorldError::TimeRuns) }
}
