//! The future that owns the connection.

use super::{
    AccountEvent, IndexEvent, MarketEvent, Wanted,
    backoff::{Backoff, maintenance_left},
    quiet::Silence,
    session::{Act, Session},
};
use crate::client::KalshiClient;
use crate::error::ReadError;
use crate::jitter::Jitter;
use crate::limits::Limits;
use crate::signing::HeaderPool;
use crate::transport::{BoxError, FrameStream, TransportError};
use recio_core::causes::in_full;
use recio_core::kill_point::{KillPoint, reached_if};
use recio_core::market::BookSnapshot;
use recio_core::units::{MarketTicker, Timestamp};
use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Waits for a while, on whatever clock the caller runs on.
pub type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Tells the wall time.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A book that is being read over REST.
type Probe = Pin<Box<dyn Future<Output = (MarketTicker, Result<BookSnapshot, ReadError>)> + Send>>;

/// How often a connection that fell silent doubles the silence that the next one is allowed: 20 s become 21 minutes at most.
const MAX_SILENCE_DOUBLINGS: u32 = 6;

/// Bounds and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Events each stream holds before the socket stops reading and waits for its reader.
    pub capacity: usize,
    /// The first wait before connecting again; doubles with each failure.
    pub backoff_min: Duration,
    /// The longest wait before connecting again.
    pub backoff_max: Duration,
    /// How long an acknowledgement or a snapshot may take.
    pub answer_within: Duration,
    /// How long an index may say nothing on a connection that lives, in whole times of `answer_within`: then it is subscribed again, and after as
    /// long again the connection is made anew. Doubles with each connection that falls silent, until one does not. `None` for ever.
    pub index_silence: Option<Duration>,
    /// How long all books together may say nothing before one of them is read over REST, in whole times of `answer_within`. The connection is made
    /// anew only if REST tells of a change that the connection does not. `None` for ever.
    pub book_silence: Option<Duration>,
    /// Makes the waits between attempts the same in each run, for a simulation; `None` lets them differ from those of all other clients.
    pub jitter_seed: Option<u64>,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            capacity: 4_096,
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
            index_silence: Some(Duration::from_secs(20)),
            book_silence: Some(Duration::from_secs(30)),
            jitter_seed: None,
        }
    }
}

/// The reading ends. Each has to be read: a full one holds up all.
#[derive(Debug)]
pub struct SocketStreams {
    /// About markets.
    pub market: mpsc::Receiver<MarketEvent>,
    /// About the settlement index.
    pub index: mpsc::Receiver<IndexEvent>,
    /// About the account.
    pub account: mpsc::Receiver<AccountEvent>,
    /// How far the running connection is; moves after a frame's events are in the streams.
    pub progress: watch::Receiver<Progress>,
}

/// How far the running connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Text frames received on it whose events are in the streams.
    pub frames: u64,
    /// The last thing wanted that has been answered whole: each channel acknowledged or refused, each book's snapshot here or given up.
    pub answered: Option<Wanted>,
}

/// The WebSocket, not yet running.
pub struct Socket {
    client: KalshiClient,
    sleep: Sleep,
    config: SocketConfig,
    wanted: watch::Receiver<Wanted>,
    market: mpsc::Sender<MarketEvent>,
    index: mpsc::Sender<IndexEvent>,
    account: mpsc::Sender<AccountEvent>,
    progress: watch::Sender<Progress>,
    wall: Option<WallClock>,
    limits: Option<Limits>,
    pool: Option<Arc<HeaderPool>>,
}

/// Why a connection ended.
struct End {
    reason: String,
    auth_lost: bool,
    /// It had been sound for a while, so that the next attempt need not wait long.
    was_settled: bool,
    fell_silent: bool,
}

/// A reader has gone: nobody wants what comes.
struct ReaderGone;

impl Socket {
    /// Prepares a socket over a client's transport and key, with its streams. What it subscribes to follows `wanted`.
    #[must_use]
    pub fn new(
        client: KalshiClient,
        sleep: Sleep,
        config: SocketConfig,
        wanted: watch::Receiver<Wanted>,
    ) -> (Self, SocketStreams) {
        let (market, market_reader) = mpsc::channel(config.capacity);
        let (index, index_reader) = mpsc::channel(config.capacity);
        let (account, account_reader) = mpsc::channel(config.capacity);
        let (progress, progress_reader) = watch::channel(Progress::default());
        let streams = SocketStreams {
            market: market_reader,
            index: index_reader,
            account: account_reader,
            progress: progress_reader,
        };
        let (wall, limits, pool) = (None, None, None);
        (Self { client, sleep, config, wanted, market, index, account, progress, wall, limits, pool }, streams)
    }

    /// Knows the exchange's weekly maintenance by this clock, and stays calm in it; and notices when frames come later and later. Without a clock it
    /// does neither.
    #[must_use]
    pub fn with_wall_clock(mut self, wall: WallClock) -> Self {
        self.wall = Some(wall);
        self
    }

    /// Reads the account's limits before a connection where they are not known, or were overstepped since.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Keeps a pool of signed headers fresh for as long as it runs.
    #[must_use]
    pub fn with_pool(mut self, pool: Arc<HeaderPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Keeps the connection until told to stop, or until a reader is gone.
    ///
    /// # Cancel safety
    /// A dropped future closes the connection; events already in the streams stay there.
    pub async fn run(mut self, stop: CancellationToken) {
        let pool = self.pool.take();
        let keep_pool = async {
            match pool {
                Some(pool) => pool.keep_fresh().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.connections() => {}
            () = keep_pool => {}
        }
    }

    /// One connection after the other, until a reader is gone.
    async fn connections(&mut self) {
        let jitter = self.config.jitter_seed.map_or_else(Jitter::from_system, Jitter::seeded);
        let mut backoff = Backoff::new(self.config.backoff_min, self.config.backoff_max, jitter);
        let mut doublings = 0;
        loop {
            let Ok(end) = self.connection(doublings).await else { return };
            let End { reason, auth_lost, was_settled, fell_silent } = end;
            let time = self.wall.as_ref().map(|wall| wall());
            let maintenance = time.and_then(maintenance_left).is_some();
            if maintenance {
                tracing::info!(reason, "the exchange's WebSocket is lost, in its weekly maintenance");
            } else {
                tracing::warn!(reason, auth_lost, "the exchange's WebSocket is lost");
            }
            if was_settled && !fell_silent {
                backoff.reset();
            }
            doublings = if fell_silent { MAX_SILENCE_DOUBLINGS.min(doublings + 1) } else { 0 };
            if self.tell_of_loss(reason, auth_lost).await.is_err() {
                return;
            }
            (self.sleep)(if auth_lost { backoff.longest() } else { backoff.wait(time) }).await;
        }
    }

    /// The silence that is allowed, in ticks; a tick may come right after the last data, so one is the least.
    fn silence(&self, doublings: u32) -> Silence {
        let ticks = |silence: Duration| {
            let ticks = silence.as_micros().div_ceil(self.config.answer_within.as_micros().max(1));
            u32::try_from(ticks).unwrap_or(u32::MAX).max(1)
        };
        Silence {
            index: self.config.index_silence.map(|silence| ticks(silence).saturating_mul(1 << doublings)),
            books: self.config.book_silence.map(ticks),
        }
    }

    fn probe(&self, market: MarketTicker) -> Probe {
        let client = self.client.clone();
        Box::pin(async move {
            let book = client.orderbook(&market).await;
            (market, book)
        })
    }

    async fn tell_of_loss(&self, reason: String, auth_lost: bool) -> Result<(), ReaderGone> {
        let missed = Act::Index(IndexEvent::Missed { reason: reason.clone() });
        let reconcile = Act::Account(AccountEvent::Reconcile { reason: reason.clone() });
        let lost = Act::Market(MarketEvent::Disconnected { reason, auth_lost });
        for act in [lost, missed, reconcile] {
            self.emit(act).await?;
        }
        Ok(())
    }

    /// One connection from its handshake to its end.
    async fn connection(&mut self, doublings: u32) -> Result<End, ReaderGone> {
        if let Some(limits) = &self.limits
            && limits.is_stale()
            && let Err(error) = limits.refresh(&self.client).await
        {
            tracing::warn!(
                error = in_full(&error),
                "cannot read the account's rate limits; going on with the last ones"
            );
        }
        let headers = match self.client.socket_headers() {
            Ok(headers) => headers,
            Err(error) => return Ok(lost(error.to_string(), false)),
        };
        let mut stream = match self.client.transport().connect(headers).await {
            Ok(stream) => stream,
            Err(error) => {
                let auth_lost = matches!(&error, TransportError::HandshakeRefused(answer) if answer.status == 401);
                return Ok(lost(in_full(&error), auth_lost));
            }
        };
        let mut received = 0;
        let silence = self.silence(doublings);
        self.progress.send_replace(Progress::default());
        let mut session = Session::new(self.wanted.borrow_and_update().clone(), silence);
        let mut probe: Option<Probe> = None;
        let opening = session.open();
        if let Some(end) = self.carry_out(opening, &mut stream, &session, &mut probe).await? {
            return Ok(end);
        }
        let mut tick = (self.sleep)(self.config.answer_within);
        let mut follows_wanted = true;
        loop {
            let acts = tokio::select! {
                biased;
                changed = self.wanted.changed(), if follows_wanted => match changed {
                    Ok(()) => {
                        let wanted = self.wanted.borrow_and_update().clone();
                        session.want(wanted)
                    }
                    // Nobody can change it any more; it stays as it is.
                    Err(_) => {
                        follows_wanted = false;
                        Vec::new()
                    }
                },
                () = &mut tick => {
                    tick = (self.sleep)(self.config.answer_within);
                    session.tick()
                }
                (market, book) = async { probe.as_mut().expect("the branch is taken only where there is one").await }, if probe.is_some() => {
                    probe = None;
                    match book {
                        Ok(book) => session.probe_answered(market, book),
                        // REST in trouble says nothing about the stream.
                        Err(error) => {
                            tracing::debug!(error = in_full(&error), %market, "cannot look at a quiet book");
                            Vec::new()
                        }
                    }
                }
                frame = stream.next() => match frame {
                    Some(Ok(text)) => {
                        received += 1;
                        let wall = self.wall.as_ref().filter(|_| session.wants_the_time());
                        let acts = session.frame(&text, wall.map(|wall| wall().as_millisecond()));
                        let end = self.carry_out(acts, &mut stream, &session, &mut probe).await?;
                        self.progressed(received, &session);
                        match end {
                            Some(end) => return Ok(end),
                            None => continue,
                        }
                    }
                    Some(Err(error)) => vec![Act::Reconnect(in_full(&error))],
                    None => vec![Act::Reconnect("the exchange closed the connection".into())],
                },
            };
            if let Some(end) = self.carry_out(acts, &mut stream, &session, &mut probe).await? {
                return Ok(end);
            }
            self.progressed(received, &session);
        }
    }

    fn progressed(&self, frames: u64, session: &Session) {
        self.progress.send_modify(|progress| {
            progress.frames = frames;
            if !session.is_answered() {
                progress.answered = None;
            } else if progress.answered.as_ref() != Some(session.wanted()) {
                progress.answered = Some(session.wanted().clone());
            }
        });
    }

    /// Does what the session wants, in its order; the connection's end, if that is what it wants.
    async fn carry_out(
        &self,
        acts: Vec<Act>,
        stream: &mut Box<dyn FrameStream>,
        session: &Session,
        probe: &mut Option<Probe>,
    ) -> Result<Option<End>, ReaderGone> {
        for act in acts {
            match act {
                Act::Send(command) => {
                    let sent: Result<(), BoxError> = match serde_json::to_string(&command) {
                        Ok(text) => stream.send(text).await.map_err(Into::into),
                        Err(error) => Err(error.into()),
                    };
                    if let Err(error) = sent {
                        return Ok(Some(ended(in_full(&*error), session)));
                    }
                }
                Act::Reconnect(reason) => return Ok(Some(ended(reason, session))),
                // One at a time.
                Act::Probe(market) => {
                    probe.get_or_insert_with(|| self.probe(market));
                }
                event @ (Act::Market(_) | Act::Index(_) | Act::Account(_)) => self.emit(event).await?,
            }
        }
        Ok(None)
    }

    async fn emit(&self, act: Act) -> Result<(), ReaderGone> {
        match act {
            Act::Market(event) => self.market.send(event).await.map_err(|_| ReaderGone),
            Act::Index(event) => self.index.send(event).await.map_err(|_| ReaderGone),
            Act::Account(event) => {
                reached_if(KillPoint::K9, || matches!(event, AccountEvent::Fill(_)));
                self.account.send(event).await.map_err(|_| ReaderGone)
            }
            Act::Send(_) | Act::Reconnect(_) | Act::Probe(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("config", &self.config).finish_non_exhaustive()
    }
}

fn lost(reason: String, auth_lost: bool) -> End {
    End { reason, auth_lost, was_settled: false, fell_silent: false }
}

fn ended(reason: String, session: &Session) -> End {
    End { reason, auth_lost: false, was_settled: session.is_settled(), fell_silent: session.fell_silent() }
}
