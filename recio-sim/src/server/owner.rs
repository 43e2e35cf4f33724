//! The one task that owns the exchange: calls come in as messages, time moves here, answers and frames go out.

use super::Pace;
use crate::admin::{Admin, AdminAnswer};
use crate::auth::AuthClaim;
use crate::control::{About, Advanced, BANNER, ControlRefusal, FramesQueued, Joined, Mode};
use crate::desk::{Delivery, Desk, Frames};
use crate::exchange::{AccountTruth, ApiRequest, ExchangeError, SessionId};
use crate::in_process::PATIENCE;
use crate::lockstep::{Seats, Waiter};
use crate::real_clock::real_now;
use jiff::SignedDuration;
use recio_core::units::{AccountName, Timestamp};
use recio_kalshi::transport::HttpResponse;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often paced time moves: real time between two instants.
const TICK: Duration = Duration::from_millis(10);

/// A call to the exchange.
pub(super) enum Ask {
    Request { claim: AuthClaim, request: ApiRequest, reply: oneshot::Sender<Delivery> },
    Authorize { claim: AuthClaim, reply: oneshot::Sender<Result<AccountName, HttpResponse>> },
    Connect { account: AccountName, reply: oneshot::Sender<(SessionId, Frames)> },
    Command { session: SessionId, text: String },
    Disconnect { session: SessionId },
    About { reply: oneshot::Sender<About> },
    Join { key_id: String, reply: oneshot::Sender<Result<Joined, ControlRefusal>> },
    Advance { client: String, waiter: Waiter },
    Frames { client: String, reply: oneshot::Sender<Result<FramesQueued, ControlRefusal>> },
    Account { key_id: String, reply: oneshot::Sender<Result<Box<AccountTruth>, ControlRefusal>> },
    Admin { admin: Admin, reply: oneshot::Sender<Result<AdminAnswer, ControlRefusal>> },
}

/// How time moves.
pub(super) enum Time {
    Paced { speed: f64, real: Instant, market: Timestamp },
    Lockstep { step: SignedDuration },
}

pub(super) struct Owner {
    desk: Desk,
    time: Time,
    seats: Seats,
    inbox: mpsc::Receiver<Ask>,
}

impl Time {
    /// Time from `start` on; a rebased recording is followed from the real time on.
    pub(super) fn new(pace: Pace, start: Timestamp, rebased_at: Option<Timestamp>) -> Self {
        match pace {
            Pace::Paced(speed) => {
                Self::Paced { speed, real: Instant::now(), market: rebased_at.map_or(start, |now| now.max(start)) }
            }
            Pace::Lockstep { step } => {
                Self::Lockstep { step: SignedDuration::try_from(step).unwrap_or(SignedDuration::from_millis(100)) }
            }
        }
    }
}

impl Owner {
    pub(super) fn new(desk: Desk, time: Time, accounts: Vec<AccountName>, inbox: mpsc::Receiver<Ask>) -> Self {
        Self { desk, time, seats: Seats::new(accounts.into_iter()), inbox }
    }

    /// Serves until told to stop, or until the recording cannot be played further; then tells what went wrong on the way.
    pub(super) async fn run(mut self, stop: &CancellationToken) -> Result<(), ExchangeError> {
        let served = self.serve_until(stop).await;
        let plan = &self.desk.weather.plan;
        if !plan.counts().is_empty() {
            tracing::info!(scenario = plan.scenario(), seed = plan.seed(), "what went wrong: {}", plan.counts());
        }
        served
    }

    async fn serve_until(&mut self, stop: &CancellationToken) -> Result<(), ExchangeError> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let paced = matches!(self.time, Time::Paced { .. });
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                _ = tick.tick(), if paced => {
                    self.keep_pace()?;
                    self.answer_all();
                }
                ask = self.inbox.recv() => {
                    let Some(ask) = ask else { return Ok(()) };
                    self.keep_pace()?;
                    self.serve(ask);
                }
            }
            self.look_after_lost();
            self.step_on()?;
        }
    }

    /// Moves paced time to where real time is.
    fn keep_pace(&mut self) -> Result<(), ExchangeError> {
        let Time::Paced { speed, real, market } = &self.time else { return Ok(()) };
        let elapsed = Duration::from_secs_f64(real.elapsed().as_secs_f64() * speed);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::ZERO);
        let target = market.checked_add(elapsed).unwrap_or(*market).min(self.desk.exchange.recording_ends());
        if target > self.desk.exchange.now() { self.desk.advance(target) } else { Ok(()) }
    }

    /// In lockstep: goes on by one step when everybody is done; once everything was played, time stands and nobody waits.
    fn step_on(&mut self) -> Result<(), ExchangeError> {
        let Time::Lockstep { step } = self.time else { return Ok(()) };
        if self.desk.exchange.ended() {
            self.answer_all();
        } else if self.seats.are_done(|account| self.desk.is_live(account)) {
            let now = self.desk.exchange.now();
            self.desk.advance(now.checked_add(step).unwrap_or(now))?;
            self.answer_all();
        }
        Ok(())
    }

    fn look_after_lost(&mut self) {
        for account in self.desk.take_lost() {
            let answer = advanced(&self.desk, &account);
            self.seats.answer(&account, answer);
        }
    }

    fn answer_all(&mut self) {
        let desk = &self.desk;
        self.seats.answer_all(|account| advanced(desk, account));
    }

    /// A reply that nobody waits for any more is dropped.
    fn serve(&mut self, ask: Ask) {
        let real_ms = || real_now().as_millisecond();
        match ask {
            Ask::Request { claim, request, reply } => {
                let delivery = self.desk.request(&claim, request, real_ms());
                let _ = reply.send(self.in_real_time(delivery));
            }
            Ask::Authorize { claim, reply } => {
                let _ = reply.send(self.desk.authorize_socket(&claim, real_ms()));
            }
            Ask::Connect { account, reply } => {
                let (session, frames) = self.desk.connect(&account);
                if reply.send((session, frames)).is_err() {
                    self.desk.disconnect(session);
                }
                // Who waits has to look again: the new connection has told nothing yet.
                let answer = advanced(&self.desk, &account);
                self.seats.answer(&account, answer);
            }
            Ask::Command { session, text } => self.desk.command(session, &text),
            Ask::Disconnect { session } => self.desk.disconnect(session),
            Ask::About { reply } => {
                let _ = reply.send(self.about());
            }
            Ask::Join { key_id, reply } => {
                let joined = match self.desk.account(&key_id) {
                    Some(account) => {
                        let client = self.seats.join(account);
                        Ok(Joined { client, now: self.desk.exchange.now(), mode: self.mode() })
                    }
                    None => Err(ControlRefusal::unknown_key(&key_id)),
                };
                let _ = reply.send(joined);
            }
            Ask::Advance { client, waiter } => self.seats.acknowledge(&client, waiter),
            Ask::Frames { client, reply } => {
                let account = self.seats.account_of(&client);
                let stalled = self.desk.weather.is_stalled();
                let frames = account.map(|account| FramesQueued { frames: self.desk.frames_queued(account), stalled });
                let _ = reply.send(frames.ok_or_else(|| ControlRefusal::unknown_client(&client)));
            }
            Ask::Account { key_id, reply } => {
                let truth = self.desk.truth(&key_id).map(Box::new);
                let _ = reply.send(truth.ok_or_else(|| ControlRefusal::unknown_key(&key_id)));
            }
            Ask::Admin { admin, reply } => {
                let _ = reply.send(admin.carry_out(&mut self.desk));
            }
        }
    }

    /// How an answer comes in real time: later by so much, or, where time stands still for whoever waits, at once or never.
    fn in_real_time(&self, delivery: Delivery) -> Delivery {
        match (delivery, &self.time) {
            (Delivery::Answer { answer, after }, Time::Paced { speed, .. }) => {
                Delivery::Answer { answer, after: after.div_f64(*speed) }
            }
            (Delivery::Answer { answer, after }, Time::Lockstep { .. }) if after <= PATIENCE => {
                Delivery::Answer { answer, after: Duration::ZERO }
            }
            (Delivery::Answer { .. } | Delivery::Silence, Time::Lockstep { .. }) => Delivery::Cut,
            (delivery @ (Delivery::Silence | Delivery::Cut), _) => delivery,
        }
    }

    const fn mode(&self) -> Mode {
        match self.time {
            Time::Paced { .. } => Mode::Paced,
            Time::Lockstep { .. } => Mode::Lockstep,
        }
    }

    fn about(&self) -> About {
        let exchange = &self.desk.exchange;
        let header = exchange.header();
        let stand_in = |stream: &crate::recording::StreamInfo| {
            stream.stand_in_for.as_ref().map(|what| format!("{}: stands in for {what}", stream.name))
        };
        About {
            simulator: true,
            banner: BANNER.to_owned(),
            title: header.title.clone(),
            origin: header.streams.iter().map(|stream| format!("{}: {}", stream.name, stream.origin)).collect(),
            stand_ins: header.streams.iter().filter_map(stand_in).collect(),
            mode: self.mode(),
            speed: match self.time {
                Time::Paced { speed, .. } => Some(speed),
                Time::Lockstep { .. } => None,
            },
            now: exchange.now(),
            rebased: exchange.is_rebased(),
            prices_from: exchange.prices_from(),
            ended: exchange.ended(),
            scenario: self.desk.weather.plan.scenario().to_owned(),
            seed: self.desk.weather.plan.seed(),
        }
    }
}

fn advanced(desk: &Desk, account: &AccountName) -> Advanced {
    Advanced {
        now: desk.exchange.now(),
        ended: desk.exchange.ended(),
        frames: desk.frames_queued(account),
        stalled: desk.weather.is_stalled(),
    }
}
