//! The future that owns the connection.

use super::{
    AccountEvent, IndexEvent, MarketEvent, Wanted,
    session::{Act, Session},
};
use crate::client::KalshiClient;
use crate::error::in_full;
use crate::transport::{BoxError, FrameStream, TransportError};
use recio_core::kill_point::{KillPoint, reached_if};
use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Waits for a while, on whatever clock the caller runs on.
pub type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

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
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            capacity: 4_096,
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
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
}

/// Why a connection ended.
struct End {
    reason: String,
    auth_lost: bool,
    /// It had been sound for a while, so that the next attempt need not wait long.
    was_settled: bool,
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
        (Self { client, sleep, config, wanted, market, index, account, progress }, streams)
    }

    /// Keeps the connection until told to stop, or until a reader is gone.
    ///
    /// # Cancel safety
    /// A dropped future closes the connection; events already in the streams stay there.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut wait = self.config.backoff_min;
        loop {
            let end = match stop.clone().run_until_cancelled(self.connection()).await {
                None => return,
                Some(Err(ReaderGone)) => return,
                Some(Ok(end)) => end,
            };
            let End { reason, auth_lost, was_settled } = end;
            tracing::warn!(reason, auth_lost, "the exchange's WebSocket is lost");
            if was_settled {
                wait = self.config.backoff_min;
            }
            if self.tell_of_loss(reason, auth_lost).await.is_err() {
                return;
            }
            let pause = if auth_lost { self.config.backoff_max } else { wait };
            if stop.run_until_cancelled((self.sleep)(pause)).await.is_none() {
                return;
            }
            wait = (wait * 2).min(self.config.backoff_max);
        }
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
    async fn connection(&mut self) -> Result<End, ReaderGone> {
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
        self.progress.send_replace(Progress::default());
        let mut session = Session::new(self.wanted.borrow_and_update().clone());
        let opening = session.open();
        if let Some(end) = self.carry_out(opening, &mut stream, &session).await? {
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
                frame = stream.next() => match frame {
                    Some(Ok(text)) => {
                        received += 1;
                        let acts = session.frame(&text);
                        let end = self.carry_out(acts, &mut stream, &session).await?;
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
            if let Some(end) = self.carry_out(acts, &mut stream, &session).await? {
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
            Act::Send(_) | Act::Reconnect(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("config", &self.config).finish_non_exhaustive()
    }
}

fn lost(reason: String, auth_lost: bool) -> End {
    End { reason, auth_lost, was_settled: false }
}

fn ended(reason: String, session: &Session) -> End {
    End { reason, auth_lost: false, was_settled: session.is_settled() }
}
