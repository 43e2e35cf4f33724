//! What the commands that run a session share: how they stop, and what they show while they run.

use crate::args::Speed;
use crate::print::or_dash;
use recio_core::engine::{ActiveTrade, NoticeLevel, Output, StrikeTable, Wish};
use recio_core::model::Fair;
use recio_core::pipeline::Observer;
use recio_core::units::{Now, Timestamp};
use recio_sim::Pace;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl From<Speed> for Pace {
    fn from(speed: Speed) -> Self {
        match speed {
            Speed::Lockstep => Self::LOCKSTEP,
            Speed::Paced(times) => Self::Paced(f64::from(times)),
        }
    }
}

/// A token that Ctrl-C and SIGTERM cancel: the run then stops in order. A second signal ends the process at once.
pub(super) fn on_stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        first_signal().await;
        tracing::warn!("stopping in order; a second signal ends at once");
        token.cancel();
        first_signal().await;
        std::process::exit(i32::from(crate::exit_code::ExitCode::Interrupted.number()));
    });
    stop
}

async fn first_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be caught; Ctrl-C can");
            // Where neither can be, there is nothing to wait for.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Whether a signal has asked for the end.
pub(super) fn interrupted(stop: &CancellationToken) -> bool {
    stop.is_cancelled()
}

/// Shows on stderr what happens in a run: news as they come, and a strike table every three minutes of market time.
#[derive(Debug)]
pub(super) struct Screen {
    shown: bool,
    /// What is said with every table of the data it rests on.
    label: Option<&'static str>,
}

/// How often the strike table is shown.
const TABLE_EVERY: Duration = Duration::from_secs(180);
/// How often open trades are shown.
const WATCH_EVERY: Duration = Duration::from_secs(60);

impl Screen {
    pub(super) const fn new(shown: bool) -> Self {
        Self { shown, label: None }
    }

    /// Says this with every table.
    pub(super) const fn labelled(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// What sees the engine's outputs.
    pub(super) fn observer(self) -> impl Observer {
        let shown = self.shown;
        let label = self.label.map_or_else(String::new, |label| format!("          ({label})\n"));
        let (mut last_table, mut last_watch): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        move |now: Now, output: &Output| {
            if !shown {
                return;
            }
            let text = match &output.wish {
                Wish::Publish(table) => {
                    let due = last_table
                        .is_none_or(|last| now.wall.duration_since(last) >= TABLE_EVERY.try_into().unwrap_or_default());
                    if !due || table.strikes.is_empty() {
                        return;
                    }
                    last_table = Some(now.wall);
                    format!("{}{label}", strike_table(table))
                }
                Wish::Supervised(trades) => {
                    let due = last_watch
                        .is_none_or(|last| now.wall.duration_since(last) >= WATCH_EVERY.try_into().unwrap_or_default());
                    if !due {
                        return;
                    }
                    last_watch = Some(now.wall);
                    trades.iter().map(|trade| format!("{}  {}\n", clock(now.wall), watched(trade))).collect()
                }
                // Warnings and alarms go through the log.
                Wish::Say(notice) if notice.level > NoticeLevel::Info => return,
                Wish::Say(notice) => format!("{}  {}\n", clock(now.wall), notice.text),
                Wish::Funnel { strategy, entered, refused, .. } => {
                    let reasons: Vec<_> = refused.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
                    let reasons = if reasons.is_empty() { "nothing refused".to_owned() } else { reasons.join(", ") };
                    format!("{}  {strategy}: {entered} entered; not entered: {reasons}\n", clock(now.wall))
                }
                Wish::Evaluate(_)
                | Wish::Journal(_)
                | Wish::Submit { .. }
                | Wish::Cancel(_)
                | Wish::ReadAccount { .. }
                | Wish::ReadSeries(_)
                | Wish::ListMarkets { .. }
                | Wish::Follow(_)
                | Wish::ReadHistory { .. }
                | Wish::Record(_)
                | Wish::WakeAt(_)
                | Wish::Health(_) => return,
            };
            // Nobody is left to tell where stderr cannot be written.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }
}

/// One open trade as its supervisor sees it.
fn watched(trade: &ActiveTrade) -> String {
    let buffer = trade.buffer.map_or_else(String::new, |buffer| format!(", {buffer:+.2} USD from the strike"));
    format!(
        "{} holds {} {} in {}: {} likely{buffer}, sells for {}, unrealized {}",
        trade.strategy,
        trade.held,
        trade.side,
        trade.market,
        or_dash(trade.probability),
        or_dash(trade.close_price),
        or_dash(trade.unrealized_pnl),
    )
}

/// One event's strikes as lines of text.
pub(super) fn strike_table(table: &StrikeTable) -> String {
    let mut text = String::new();
    let price =
        table.asset_price.map_or_else(|| "no fresh price".to_owned(), |price| format!("{} {price}", table.asset));
    let momentum = table.momentum.and_then(|momentum| momentum.basis_points());
    let momentum = momentum.map_or_else(|| "no momentum".to_owned(), |score| format!("momentum {score:+.1}"));
    let sigma = table.volatility.map_or_else(String::new, |sigma| format!(", sigma {sigma:.2} USD/√s"));
    let left = table.time_to_close().as_secs();
    let _ = writeln!(
        text,
        "{}  {}  {price}, {momentum}{sigma}, {:02}:{:02} to close",
        clock(table.time),
        table.event,
        left / 60,
        left % 60
    );
    if !table.warmth.is_enough() {
        let _ = writeln!(text, "          no entries, past prices are missing: {}", table.warmth);
    } else if table.warmth.is_wanted() {
        let _ = writeln!(text, "          past prices: {}", table.warmth);
    }
    for strike in &table.strikes {
        let level = strike.strike.map_or_else(|| "strike to come".to_owned(), |strike| strike.to_string());
        let quote = match strike.quote {
            Some(quote) => {
                let side = |level: Option<recio_core::market::Level>| {
                    level.map_or_else(|| "-".to_owned(), |level| format!("{} x {}", level.price, level.quantity))
                };
                format!("bid {}  ask {}", side(quote.bid), side(quote.ask))
            }
            None => "no book".to_owned(),
        };
        let fair = match &strike.fair {
            Fair::Known { value, low, high } => format!("fair {value} ({low} to {high})"),
            Fair::Unknown(why) => format!("fair unknown: {why}"),
        };
        let _ = writeln!(text, "          {level:<14}  {fair}  {quote}");
    }
    text
}

fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S").to_string()
}
