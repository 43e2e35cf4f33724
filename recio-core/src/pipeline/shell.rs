//! The shell that drives an engine over sources, an executor, strategies and a store.
//!
//! One task owns the engine. Whatever takes time is a job beside it, and comes back as an input: results before private events, those before
//! prices, those before market data, so that a flood of quotes never holds up a fill.

use super::cache_lane::{CacheAnswer, CacheLane};
use super::command_lane::{CommandLane, Taken};
use super::conductor::Conductor;
use super::feed_seats::{FeedSeats, Returned};
use super::jobs::{Hands, Submitted, journaled};
use super::seats::Seat;
use super::settings_lane::{Place, SettingsLane};
use super::store_lane::{StoreAnswer, StoreLane};
use super::{Clock, InputLog, InputLogError, Observer};
use crate::causes::in_full;
use crate::engine::{Command, Engine, Input, JournalRecord, NoticeLevel, TradingState, Wish};
use crate::executor::Executor;
use crate::local_cache::LocalCache;
use crate::market_data::MarketData;
use crate::planted::{PlantedBug, is_planted};
use crate::price_feed::PriceFeed;
use crate::store::Store;
use crate::strategy::Strategy;
use crate::units::{StrategyId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long an orderly stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// The tracing target of what the engine tells the operator, so that a screen that shows it can keep it out of its log.
pub const NOTICES: &str = "recio::notices";

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It was asked to stop.
    Stopped,
    /// A source ended: the recording is over.
    SourceEnded,
}

/// What a run leaves.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended.
    pub reason: EndReason,
    /// The engine, with everything it remembers.
    pub engine: Engine,
    /// How many inputs it was told.
    pub inputs: u64,
    /// How many decisions of strategies were among them.
    pub decisions: u64,
    /// Where the input log is, if one was kept.
    pub input_log: Option<PathBuf>,
    /// Facts that the store did not take.
    pub facts_not_stored: usize,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The input log cannot be written.
    #[error("the input log cannot be written")]
    InputLog(#[from] InputLogError),
    /// The simulator that leads the run is gone.
    #[error("the simulator that leads the run cannot be reached")]
    Conductor(#[source] crate::read::BoxError),
    /// A job panicked: a bug of recio, or of a strategy.
    #[error("a part of the pipeline panicked: {0}")]
    Panicked(String),
}

/// What comes back from a job.
pub(super) enum Done {
    Inputs(Vec<Input>),
    Submitted(Submitted),
    Strategy { id: StrategyId, strategy: Box<dyn Strategy>, input: Input },
    Feed { feed: Returned, input: Input },
}

pub(super) struct Shell {
    pub(super) engine: Engine,
    pub(super) feeds: FeedSeats,
    pub(super) market_data: Arc<dyn MarketData>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) conductor: Option<Arc<dyn Conductor>>,
    pub(super) hands: Hands,
    pub(super) input_log: Option<InputLog>,
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) seats: BTreeMap<StrategyId, Seat>,
    pub(super) jobs: JoinSet<(u64, Done)>,
    tickets: u64,
    /// What the store was asked. Apart from the jobs, because a store that does not write must hold nothing else up.
    pub(super) storing: JoinSet<StoreAnswer>,
    pub(super) facts: StoreLane,
    pub(super) commands: CommandLane,
    pub(super) settings: SettingsLane,
    pub(super) cache: Option<CacheLane>,
    /// What is being written into the cache. Apart from the jobs for the same reason.
    pub(super) keeping: JoinSet<CacheAnswer>,
    /// Too many facts wait, and some were lost: trading stops.
    facts_lost: bool,
    wakes: BTreeSet<Timestamp>,
    inputs: u64,
    decisions: u64,
    killed: bool,
    takes_commands: bool,
}

/// The parts of a shell that are not state of its own.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) feeds: Vec<Box<dyn PriceFeed>>,
    pub(super) market_data: Arc<dyn MarketData>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Option<Arc<dyn LocalCache>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) conductor: Option<Arc<dyn Conductor>>,
    pub(super) hands: Hands,
    pub(super) input_log: Option<InputLog>,
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) strategies: BTreeMap<StrategyId, Box<dyn Strategy>>,
    pub(super) takes_commands: bool,
}

/// What one turn of the paced loop took in.
enum Turn {
    Input(Input),
    Job(Result<(u64, Done), JoinError>),
    Asked(Result<Option<Taken>, JoinError>),
    Settings(Result<Place, JoinError>),
    Stored(Result<StoreAnswer, JoinError>),
    Kept(Result<CacheAnswer, JoinError>),
    NoAnswer,
    Timer,
    Ended(EndReason),
}

impl Shell {
    pub(super) fn new(parts: Parts) -> Self {
        let seats = parts.strategies.into_iter().map(|(id, strategy)| (id, Seat::of(strategy))).collect();
        Self {
            engine: parts.engine,
            feeds: FeedSeats::new(parts.feeds),
            market_data: parts.market_data,
            executor: parts.executor,
            store: parts.store,
            clock: parts.clock,
            conductor: parts.conductor,
            hands: parts.hands,
            input_log: parts.input_log,
            observers: parts.observers,
            seats,
            jobs: JoinSet::new(),
            tickets: 0,
            storing: JoinSet::new(),
            facts: StoreLane::default(),
            commands: CommandLane::default(),
            settings: SettingsLane::default(),
            cache: parts.cache.map(CacheLane::new),
            keeping: JoinSet::new(),
            facts_lost: false,
            wakes: BTreeSet::new(),
            inputs: 0,
            decisions: 0,
            killed: false,
            takes_commands: parts.takes_commands,
        }
    }

    /// Tells the engine what journal and cache hold, then drives it until the end.
    pub(super) async fn run(
        mut self,
        recovered: crate::engine::Recovered,
        stop: CancellationToken,
    ) -> Result<Ended, PipelineError> {
        let recalled = self.recall().await;
        self.tell(Input::Recovered(recovered))?;
        if let Some(recalled) = recalled {
            self.tell(Input::Recalled(recalled))?;
        }
        self.look_at_kill_latch()?;
        self.first_settings().await?;
        if self.takes_commands {
            self.commands.begin(&self.store);
        }
        let reason = match self.conductor.clone() {
            Some(conductor) => self.run_in_lockstep(conductor, &stop).await?,
            None => self.run_paced(&stop).await?,
        };
        self.stop_in_order().await?;
        if let Some(log) = &mut self.input_log {
            log.flush()?;
        }
        Ok(Ended {
            reason,
            inputs: self.inputs,
            decisions: self.decisions,
            input_log: self.input_log.as_ref().map(|log| log.folder().to_owned()),
            facts_not_stored: self.facts.waiting(),
            engine: self.engine,
        })
    }

    /// One input: logged, told, and what the engine wants of it set going.
    pub(super) fn tell(&mut self, input: Input) -> Result<(), PipelineError> {
        let now = self.clock.now();
        if let Some(log) = &mut self.input_log
            && log.wants_snapshot()
        {
            let begun = log.begin_segment(self.engine.state());
            self.go_on_without_log(begun);
        }
        self.inputs += 1;
        self.decisions += u64::from(matches!(input, Input::Decision(_)));
        if let Some(cache) = &mut self.cache {
            cache.heard(now, &input);
        }
        for observer in &mut self.observers {
            observer.heard(now, &input);
        }
        let outputs = self.engine.handle(now, &input);
        self.hands.halted.store(self.engine.trading_state() == TradingState::Halted, Ordering::Release);
        if let Some(log) = &mut self.input_log {
            let added = log.add(now, &input, &outputs);
            self.go_on_without_log(added);
        }
        for output in outputs {
            for observer in &mut self.observers {
                observer.wished(now, &output);
            }
            self.carry_out(output.wish);
        }
        self.store_facts();
        self.keep_in_cache(now);
        if std::mem::take(&mut self.facts_lost) {
            let reason = "the store has not written for so long that facts are lost".to_owned();
            self.tell(Input::Command(Command::Halt { reason }))?;
        }
        Ok(())
    }

    /// A log that cannot be written is given up: trades are watched all the same.
    fn go_on_without_log(&mut self, written: Result<(), InputLogError>) {
        if let Err(error) = written {
            tracing::error!("this run cannot be replayed from here on: {}", in_full(&error));
            self.input_log = None;
        }
    }

    fn carry_out(&mut self, wish: Wish) {
        let hands = self.hands.clone();
        match wish {
            Wish::Evaluate(view) => self.evaluate(view),
            // At once: no intent may come before the opening, because books that are opened after an order count it twice; and what a person is
            // told to be halted is so after a crash, and no later change overtakes an earlier one. Both are rare.
            Wish::Journal(record @ (JournalRecord::Opened { .. } | JournalRecord::Trading(_))) => {
                let failed = self.engine.journal_fails();
                let written = hands.journal.append_now(&[record.into()]);
                self.spawn(async move { Done::Inputs(journaled(written, failed)) });
            }
            Wish::Journal(record @ JournalRecord::Absent { .. }) => {
                let entry = vec![record.into()];
                self.spawn(async move { Done::Inputs(journaled(hands.journal(entry).await, false)) });
            }
            Wish::Submit { order, why } => {
                hands.unjournaled.fetch_add(1, Ordering::AcqRel);
                self.spawn(async move { Done::Submitted(hands.submit(order, why).await) });
            }
            Wish::Cancel(cancel) => self.spawn(async move { Done::Inputs(hands.cancel(cancel).await) }),
            Wish::ReadAccount { number, since } => {
                self.spawn(async move { Done::Inputs(hands.read_account(number, since).await) });
            }
            Wish::ReadSeries(series) => self.spawn(async move { Done::Inputs(hands.read_series(series).await) }),
            Wish::ReadHistory { asset, resolution, range } => match self.feeds.lend(asset) {
                Some(feed) => self.spawn(async move {
                    let (feed, input) = feed.read(asset, resolution, range).await;
                    Done::Feed { feed, input }
                }),
                None => self.spawn(async move {
                    let read = Err(format!("no feed of {asset} is at hand"));
                    Done::Inputs(vec![Input::History { asset, resolution, read }])
                }),
            },
            Wish::ListMarkets { series, closing } => {
                self.spawn(async move { Done::Inputs(hands.list_markets(series, closing).await) });
            }
            Wish::Follow(markets) => self.spawn(async move {
                if let Err(error) = hands.market_data.follow(&markets).await {
                    tracing::warn!("cannot follow the markets: {}", in_full(&error));
                }
                Done::Inputs(Vec::new())
            }),
            Wish::Record(fact) => {
                if let Err(why) = self.facts.push(*fact) {
                    tracing::error!("{why}");
                    self.facts_lost |= self.engine.trading_state() != TradingState::Halted;
                }
            }
            Wish::Publish(table) => {
                if let Some(cache) = &mut self.cache {
                    cache.published(table);
                }
            }
            Wish::Supervised(_) | Wish::Health(_) => {}
            Wish::Funnel { strategy, until, entered, refused } => {
                let reasons: Vec<_> = refused.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
                tracing::info!(target: NOTICES, %strategy, %until, entered, "not entered: {}", reasons.join(", "));
            }
            Wish::Say(notice) => match notice.level {
                NoticeLevel::Info => tracing::info!(target: NOTICES, "{}", notice.text),
                NoticeLevel::Warning => tracing::warn!(target: NOTICES, "{}", notice.text),
                NoticeLevel::Alarm => tracing::error!(target: NOTICES, "{}", notice.text),
            },
            Wish::WakeAt(moment) => {
                self.wakes.insert(moment);
            }
        }
    }

    pub(super) fn spawn(&mut self, job: impl Future<Output = Done> + Send + 'static) {
        self.tickets += 1;
        let ticket = self.tickets;
        self.jobs.spawn(async move { (ticket, job.await) });
    }

    /// A job came back.
    pub(super) fn done(&mut self, done: Done) -> Result<(), PipelineError> {
        match done {
            Done::Inputs(inputs) => inputs.into_iter().try_for_each(|input| self.tell(input)),
            Done::Submitted(Submitted { inputs, journaled }) => {
                inputs.into_iter().try_for_each(|input| self.tell(input))?;
                if !journaled {
                    self.hands.unjournaled.fetch_sub(1, Ordering::AcqRel);
                    self.store_facts();
                }
                Ok(())
            }
            Done::Feed { feed, input } => {
                self.feeds.give_back(feed);
                self.tell(input)
            }
            Done::Strategy { id, strategy, input } => {
                let next = self.seats.get_mut(&id).and_then(|seat| seat.take_back(strategy));
                self.tell(input)?;
                if let Some(view) = next {
                    self.evaluate(view);
                }
                Ok(())
            }
        }
    }

    /// A person has set the kill latch: the engine halts at once, and the sender holds back whatever is on its way.
    fn look_at_kill_latch(&mut self) -> Result<(), PipelineError> {
        let set = self.hands.kill_latch_set().map(|latch| latch.display().to_string());
        let known = std::mem::replace(&mut self.killed, set.is_some());
        if let (Some(latch), false) = (set, known) {
            self.tell(Input::Command(Command::Kill { latch }))?;
        }
        Ok(())
    }

    pub(super) fn wake(&mut self) -> Result<(), PipelineError> {
        let now = self.clock.now().wall;
        let due = self.wakes.first().is_some_and(|&moment| moment <= now);
        if !due {
            return Ok(());
        }
        self.wakes.retain(|&moment| moment > now);
        if !is_planted(PlantedBug::LatchAtStartOnly) {
            self.look_at_kill_latch()?;
        }
        self.tell(Input::Timer)
    }

    // ---- paced: the clock runs, sources speak when they like ----

    async fn run_paced(&mut self, stop: &CancellationToken) -> Result<EndReason, PipelineError> {
        loop {
            match self.turn(stop).await {
                Turn::Input(input) => self.tell(input)?,
                Turn::Job(job) => self.done(finished(job)?.1)?,
                Turn::Stored(result) => self.stored(result)?,
                Turn::Asked(taken) => self.asked(taken)?,
                Turn::Settings(read) => self.changed_settings(read)?,
                Turn::Kept(result) => self.kept(result)?,
                Turn::NoAnswer => self.store_does_not_answer()?,
                Turn::Timer => self.wake()?,
                Turn::Ended(reason) => return Ok(reason),
            }
        }
    }

    async fn turn(&mut self, stop: &CancellationToken) -> Turn {
        let wake = self.wakes.first().copied();
        let clock = Arc::clone(&self.clock);
        let timer = async move {
            match wake {
                Some(moment) => clock.sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let patience = self.facts.patience_ends();
        let no_answer = async move {
            match patience {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Turn::Ended(EndReason::Stopped),
            taken = self.commands.next() => Turn::Asked(taken),
            read = self.settings.next() => Turn::Settings(read),
            Some(job) = self.jobs.join_next() => Turn::Job(job),
            Some(result) = self.storing.join_next() => Turn::Stored(result),
            () = no_answer => Turn::NoAnswer,
            Some(result) = self.keeping.join_next() => Turn::Kept(result),
            event = self.executor.next() => turn_of(event, Input::Account),
            () = timer => Turn::Timer,
            (feed, event) = self.feeds.next() => turn_of(event, |event| Input::Price { feed, event }),
            event = self.market_data.next() => turn_of(event, Input::Market),
        }
    }

    // ---- the end ----

    /// No more entries; resting orders are canceled and their fate learned; the store is flushed. Each with a deadline.
    async fn stop_in_order(&mut self) -> Result<(), PipelineError> {
        self.tell(Input::Command(Command::Stop))?;
        let deadline = tokio::time::Instant::now() + STOP_WITHIN;
        let mut listening = true;
        // A clock that stands still has to be moved for what waits for it: a cancel on paper takes its time.
        let stepped = self.conductor.as_ref().map(|conductor| conductor.clock());
        while !self.jobs.is_empty() || !self.storing.is_empty() {
            let at_work = self.jobs.len().max(1);
            let all_wait = async {
                match &stepped {
                    Some(clock) => clock.asleep(at_work).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline) => break,
                Some(job) = self.jobs.join_next() => self.done(finished(job)?.1)?,
                Some(result) = self.storing.join_next() => self.stored(result)?,
                event = self.executor.next(), if listening => match event {
                    Ok(event) => self.tell(Input::Account(event))?,
                    Err(_) => listening = false,
                },
                () = all_wait => {
                    if let Some((clock, moment)) = stepped.as_ref().and_then(|clock| Some((clock, clock.next_wake()?))) {
                        clock.set(moment);
                    }
                }
            }
        }
        self.commands.end(&*self.store, deadline).await;
        self.keep_the_last().await
    }
}

/// What a source told, or that it has ended.
fn turn_of<T>(event: Result<T, impl std::error::Error + 'static>, input: impl FnOnce(T) -> Input) -> Turn {
    match event {
        Ok(event) => Turn::Input(input(event)),
        Err(error) => {
            tracing::warn!("{}", in_full(&error));
            Turn::Ended(EndReason::SourceEnded)
        }
    }
}

pub(super) fn finished(job: Result<(u64, Done), JoinError>) -> Result<(u64, Done), PipelineError> {
    job.map_err(|error| PipelineError::Panicked(error.to_string()))
}
