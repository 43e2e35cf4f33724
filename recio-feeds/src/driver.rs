//! The task that keeps a venue's connection: connects, reads, notices that it is dead, waits, connects again.

use crate::backoff::Backoff;
use crate::config::FeedConfig;
use crate::health::FeedHealth;
use crate::session::{Act, Session};
use crate::socket::{Heard, Socket};
use crate::venue::{Hosts, Venue};
use recio_core::causes::in_full;
use recio_core::price_feed::PriceEvent;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

pub(crate) struct Driver {
    pub(crate) venue: Venue,
    pub(crate) hosts: Hosts,
    pub(crate) http: reqwest::Client,
    pub(crate) config: FeedConfig,
    pub(crate) session: Session,
    pub(crate) events: mpsc::Sender<PriceEvent>,
    pub(crate) health: watch::Sender<FeedHealth>,
    pub(crate) backoff: Backoff,
}

/// The feed is gone: nobody wants what comes.
struct ReaderGone;

impl Driver {
    /// Runs until the feed is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            let begun = Instant::now();
            let reason = match self.connection().await {
                Ok(reason) => reason,
                Err(ReaderGone) => return,
            };
            tracing::warn!(venue = %self.venue, reason, "a price venue's connection is lost");
            // Trades have flowed for a while, so the venue was well: the next attempt need not wait long. One that takes connections only to drop
            // them is no better than one that takes none.
            if self.session.live_trades() > 0 && begun.elapsed() >= self.config.backoff_max {
                self.backoff.reset();
            }
            let lost = self.session.lost(reason);
            self.publish();
            if self.events.send(lost).await.is_err() {
                return;
            }
            let pause = self.backoff.next();
            tokio::select! {
                biased;
                () = self.events.closed() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// One connection from its handshake to its end, and why it ended.
    async fn connection(&mut self) -> Result<String, ReaderGone> {
        let opening = timeout(self.config.connect_within, Socket::open(&self.http, &self.hosts));
        let opened = tokio::select! {
            biased;
            () = self.events.closed() => return Err(ReaderGone),
            opened = opening => opened,
        };
        let mut socket = match opened {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Ok(format!("cannot connect to {}: {}", self.venue, in_full(&*error))),
            Err(_) => return Ok(format!("no connection to {} within {:?}", self.venue, self.config.connect_within)),
        };
        let acts = self.session.open();
        if let Some(end) = self.carry_out(acts, &mut socket).await? {
            return Ok(end);
        }
        let opened_at = Instant::now();
        let (mut heard_at, mut traded_at, mut ping_at) = (opened_at, opened_at, opened_at + self.config.ping_every);
        loop {
            let trades = self.session.live_trades();
            // Frames before deadlines: after a reader that was slow, what has come in the meantime counts as heard.
            let heard = tokio::select! {
                biased;
                () = self.events.closed() => return Err(ReaderGone),
                heard = socket.next() => heard,
                () = sleep_until(heard_at + self.config.silence) => {
                    return Ok(format!("nothing from {} for {:?}", self.venue, self.config.silence));
                }
                () = sleep_until(opened_at + self.config.answer_within), if !self.session.is_connected() => {
                    let within = self.config.answer_within;
                    return Ok(format!("{} did not acknowledge the subscription within {within:?}", self.venue));
                }
                () = sleep_until(traded_at + self.config.no_trade) => {
                    let quiet = self.config.no_trade;
                    return Ok(format!("{} lives, but has sent no trade for {quiet:?}", self.venue));
                }
                () = sleep_until(ping_at), if self.venue.ping().is_some() => {
                    ping_at = Instant::now() + self.config.ping_every;
                    let ping = self.venue.ping().unwrap_or_default().to_owned();
                    match self.carry_out(vec![Act::Send(ping)], &mut socket).await? {
                        Some(end) => return Ok(end),
                        None => continue,
                    }
                }
            };
            let acts = match heard {
                Some(Ok(Heard::Frame(frame))) => self.session.frame(&frame),
                Some(Ok(Heard::Life)) => self.session.sign_of_life(),
                Some(Err(error)) => return Ok(format!("the connection to {} broke: {}", self.venue, in_full(&*error))),
                None => return Ok(format!("{} closed the connection", self.venue)),
            };
            let end = self.carry_out(acts, &mut socket).await?;
            heard_at = Instant::now();
            if self.session.live_trades() != trades {
                traded_at = heard_at;
            }
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// Does what the session wants, in its order; the reason where that is the connection's end.
    async fn carry_out(&mut self, acts: Vec<Act>, socket: &mut Socket) -> Result<Option<String>, ReaderGone> {
        self.publish();
        for act in acts {
            match act {
                Act::Tell(event) => self.events.send(event).await.map_err(|_| ReaderGone)?,
                Act::Reconnect(reason) => return Ok(Some(reason)),
                Act::Send(text) => match timeout(self.config.silence, socket.send(text)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return Ok(Some(format!("cannot send to {}: {}", self.venue, in_full(&*error)))),
                    Err(_) => return Ok(Some(format!("{} takes nothing for {:?}", self.venue, self.config.silence))),
                },
            }
        }
        Ok(None)
    }

    fn publish(&self) {
        self.health.send_if_modified(|health| {
            let changed = health != self.session.health();
            if changed {
                health.clone_from(self.session.health());
            }
            changed
        });
    }
}
