//! The basis, published: how far the settlement index lies from the median of the spot venues, measured beside a run that has both, and kept in a
//! file for runs that have spot alone.
//!
//! **Which prints are a pair.** The index prints once a second. Each print is paired, when it comes, with the last price of the median that was told
//! before it, if the median is live and the two prices' own times are at most 2 s apart. Of these pairs the estimator takes one a minute
//! ([`BasisConfig::pair_every`]), because neighbouring seconds say the same twice.
//!
//! **The file**, `basis-btc.json` or `basis-eth.json` in the data directory, is replaced in one step, at most once a minute, and only by figures that
//! were measured: a prior never takes the place of a measurement. It is used while its newest pair is at most a day old, where it is about the same
//! asset, the same spot price, and the same kind of exchange: what was measured at a simulator says nothing about the real one.

use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::model::{Bar, Basis};
use recio_core::pipeline::Clock;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceTick, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::{Monotonic, Timestamp};
use recio_feeds::basis::{BasisConfig, BasisEstimator, BasisFigure, BasisOrigin};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A measured basis is used while its newest pair is at most this old: the half-life of its samples, after which they count for less than half.
pub const FRESH_FOR: Duration = Duration::from_secs(86_400);

/// The file is written at most this often.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// Index prints on their way to the estimator, a minute of them; beyond, they are left out. The price's own way never waits.
const PRINTS: usize = 64;
/// The form of the file.
const VERSION: u32 = 1;
/// Before recio had measured anything, nothing was corrected of bitcoin's spot price, and 12 USD allowed for. No prior here is narrower.
const BTC_SD_USD_LEAST: f64 = 12.0;

/// Where the basis of one asset is published: to whoever watches, and into a file. Clones are the same board.
#[derive(Clone, Debug)]
pub struct BasisBoard {
    asset: Asset,
    file: PathBuf,
    figure: watch::Sender<BasisFigure>,
}

/// A measured basis, as the file has it. Unknown fields are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BasisRecord {
    /// The form, now 1.
    pub version: u32,
    /// The asset.
    pub asset: Asset,
    /// The name of the index.
    pub index: String,
    /// The name of the spot price.
    pub spot: String,
    /// What the spot price is made of.
    pub sources: Vec<String>,
    /// Whether it was measured at a simulator.
    pub simulated: bool,
    /// Index minus spot, in dollars: the mean.
    pub mean_usd: f64,
    /// The spread of single pairs around it, in dollars.
    pub sd_usd: f64,
    /// How far the mean itself may be off, in dollars.
    pub standard_error_usd: f64,
    /// Pairs.
    pub samples: usize,
    /// Their effective number after weighing.
    pub effective: f64,
    /// The half-life of their weights, in seconds.
    pub half_life_seconds: u64,
    /// The time of the newest pair.
    pub as_of: Timestamp,
}

/// Why a file of a measured basis cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BasisFileError {
    /// The file system.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Its content.
    #[error("{} holds no measured basis: {why}; remove it, and a run with a key measures anew", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// What spot was measured against, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasisSubject {
    /// The asset.
    pub asset: Asset,
    /// The name of the index.
    pub index: String,
    /// The name of the spot price.
    pub spot: String,
    /// What the spot price is made of.
    pub sources: Vec<String>,
    /// Whether the exchange is a simulator.
    pub simulated: bool,
}

/// The basis that a run without the index goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct BasisInUse {
    /// The basis.
    pub basis: Basis,
    /// The measurement; `None` where the prior is used.
    pub measured: Option<BasisRecord>,
    /// Which one it is and why, in words.
    pub stated: String,
}

/// Pairs index prints with spot. Pure: times come with the prices. The module says by which rule.
#[derive(Clone, Debug)]
pub struct BasisPairing {
    estimator: BasisEstimator,
    spot: Option<PriceTick>,
}

impl BasisBoard {
    /// The board of an asset whose file is in this directory; until something is measured it shows the prior.
    #[must_use]
    pub fn in_dir(data_dir: &Path, asset: Asset) -> Self {
        let file = data_dir.join(format!("basis-{}.json", asset.to_string().to_lowercase()));
        let unmeasured = BasisEstimator::new(config(asset)).figure(Timestamp::UNIX_EPOCH);
        Self { asset, file, figure: watch::Sender::new(unmeasured) }
    }

    /// The asset.
    #[must_use]
    pub const fn asset(&self) -> Asset {
        self.asset
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The figure that a run of this process measures, whenever it changes. It begins with the prior, whatever the file says.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<BasisFigure> {
        self.figure.subscribe()
    }

    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or holds no measured basis.
    pub fn read(&self) -> Result<Option<BasisRecord>, BasisFileError> {
        let text = match std::fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BasisFileError::Io { what: "read", path: self.file.clone(), source }),
        };
        let refused = |why: String| BasisFileError::Content { path: self.file.clone(), why };
        let record: BasisRecord = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
        if record.version != VERSION {
            return Err(refused(format!("it is of version {}, this recio reads {VERSION}", record.version)));
        }
        if record.asset != self.asset {
            return Err(refused(format!("it is about {}, not {}", record.asset, self.asset)));
        }
        record.basis().map_err(|error| refused(error.to_string()))?;
        Ok(Some(record))
    }

    /// Replaces the file in one step: whoever reads it sees the old record or the new one.
    ///
    /// # Errors
    /// It cannot be written; the old one is then as it was.
    pub fn write(&self, record: &BasisRecord) -> Result<(), BasisFileError> {
        let failed = |source| BasisFileError::Io { what: "write", path: self.file.clone(), source };
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut fresh = tempfile::Builder::new().prefix(".basis").tempfile_in(folder).map_err(failed)?;
        serde_json::to_writer_pretty(&mut fresh, record).map_err(|error| failed(error.into()))?;
        fresh.write_all(b"\n").and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
        fresh.persist(&self.file).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The basis for a run that has this spot price in place of the index: the file's, where it is measured, fresh and about the same; otherwise the
    /// prior ([`prior`]), with the reason.
    #[must_use]
    pub fn in_use(&self, spot: &str, simulated: bool, now: Timestamp) -> BasisInUse {
        let why = match self.read() {
            Ok(None) => format!("{} is not there", self.file.display()),
            Err(error) => error.to_string(),
            Ok(Some(record)) => match record.unfit(spot, simulated, now) {
                Some(why) => format!("{}: {why}", self.file.display()),
                // The content was checked when it was read.
                None => match record.basis() {
                    Ok(basis) => {
                        let stated = format!("measured: {record}");
                        return BasisInUse { basis, measured: Some(record), stated };
                    }
                    Err(error) => error.to_string(),
                },
            },
        };
        let (basis, stated) = prior(self.asset);
        BasisInUse { basis, measured: None, stated: format!("a prior: {stated}; {why}") }
    }
}

impl BasisRecord {
    /// What a figure is as a record; `None` of a prior.
    #[must_use]
    pub fn of(figure: &BasisFigure, subject: &BasisSubject) -> Option<Self> {
        let (true, Some(standard_error_usd), Some(as_of)) =
            (figure.is_measured(), figure.standard_error_usd, figure.as_of)
        else {
            return None;
        };
        let BasisSubject { asset, index, spot, sources, simulated } = subject.clone();
        Some(Self {
            version: VERSION,
            asset,
            index,
            spot,
            sources,
            simulated,
            mean_usd: figure.mean_usd,
            sd_usd: figure.sd_usd,
            standard_error_usd,
            samples: figure.samples,
            effective: figure.effective,
            half_life_seconds: figure.half_life.as_secs(),
            as_of,
        })
    }

    /// The basis as the model takes it: the spread of a new pair around the estimated mean, √(sd² + standard error²).
    ///
    /// # Errors
    /// Figures that make no sense.
    pub fn basis(&self) -> Result<Basis, recio_core::model::BadBasis> {
        let (sd, error) = (self.sd_usd, self.standard_error_usd);
        // Squares would hide a wrong sign.
        let spread = if sd > 0.0 && error >= 0.0 { (sd * sd + error * error).sqrt() } else { f64::NAN };
        Basis::new(self.mean_usd, spread)
    }

    /// How old its newest pair is; nothing where it is of the future.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.as_of)).unwrap_or(Duration::ZERO)
    }

    /// Why it says nothing about this spot price at this moment, if it does not.
    fn unfit(&self, spot: &str, simulated: bool, now: Timestamp) -> Option<String> {
        let age = now.duration_since(self.as_of);
        if self.simulated != simulated {
            let places = if self.simulated { ("a simulator", "the exchange") } else { ("the exchange", "a simulator") };
            return Some(format!("it was measured at {}, and this is {}", places.0, places.1));
        }
        if self.spot != spot {
            return Some(format!("it is about the spot price `{}`, not `{spot}`", self.spot));
        }
        // A clock that was set back makes a file of the future, which is as little worth.
        if age.unsigned_abs() > FRESH_FOR {
            return Some(format!("its newest pair is of {}, which is not within {} h", self.as_of, hours(FRESH_FOR)));
        }
        None
    }
}

impl fmt::Display for BasisRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} minus {} {:.2} ± {:.2} USD, spread {:.2} ({} pairs, {:.1} effective at a half-life of {} h, as of {})",
            self.index,
            self.spot,
            self.mean_usd,
            self.standard_error_usd,
            self.sd_usd,
            self.samples,
            self.effective,
            self.half_life_seconds / 3_600,
            self.as_of
        )
    }
}

impl BasisPairing {
    /// Begins without pairs.
    #[must_use]
    pub const fn new(config: BasisConfig) -> Self {
        Self { estimator: BasisEstimator::new(config), spot: None }
    }

    /// Takes what the spot price tells: while it is gone there is nothing to pair with.
    pub fn on_spot(&mut self, event: &PriceEvent) {
        match event {
            PriceEvent::Tick(tick) => self.spot = Some(*tick),
            PriceEvent::Disconnected { .. } => self.spot = None,
            PriceEvent::Connected | PriceEvent::Heartbeat => {}
        }
    }

    /// Takes a print of the index; whether it made a pair that was taken.
    pub fn on_index(&mut self, print: PriceTick) -> bool {
        self.spot.is_some_and(|spot| self.estimator.push_pair(print, spot).is_ok())
    }

    /// The figure as of a moment.
    #[must_use]
    pub fn figure(&self, now: Timestamp) -> BasisFigure {
        self.estimator.figure(now)
    }
}

/// What is believed of an asset's basis before any measurement, with its ground: the mean of
/// [`BasisPrior::of`](recio_feeds::basis::BasisPrior::of), and the wider of its spread and the one
/// that recio allowed for before (12 USD for bitcoin).
#[must_use]
pub fn prior(asset: Asset) -> (Basis, String) {
    let figure = BasisEstimator::new(config(asset)).figure(Timestamp::UNIX_EPOCH);
    let least = match asset {
        Asset::Btc => BTC_SD_USD_LEAST,
        Asset::Eth => 0.0,
    };
    let (mean, sd) = (figure.mean_usd, figure.sd_usd.max(least));
    let basis = Basis::new(mean, sd).expect("the prior is two plain numbers");
    let ground = match figure.origin {
        BasisOrigin::Prior { stated, .. } => stated,
        BasisOrigin::Samples => String::new(),
    };
    (basis, format!("index minus spot {mean:.2} USD, spread {sd:.2}, at least as wide as: {ground}"))
}

/// The prior, for a run that was told of no file.
pub(crate) fn without_a_board(asset: Asset) -> BasisInUse {
    let (basis, stated) = prior(asset);
    BasisInUse { basis, measured: None, stated: format!("a prior: {stated}; no file of a measured one is named") }
}

/// For the recordings that come with recio, whose index is made of Coinbase's trades: the distance that was measured of them.
pub(crate) fn of_recordings(asset: Asset) -> BasisInUse {
    match asset {
        Asset::Btc => {
            let basis = crate::session::coinbase_basis();
            let stated = format!(
                "that of Coinbase's trades, which stand in for the index in recordings: {:.2} USD, spread {:.2}, of 22 settlements in May 2026",
                basis.mean_usd(),
                basis.sd_usd()
            );
            BasisInUse { basis, measured: None, stated }
        }
        Asset::Eth => without_a_board(asset),
    }
}

fn config(asset: Asset) -> BasisConfig {
    BasisConfig::of(asset).expect("the prior is two plain numbers")
}

const fn hours(span: Duration) -> u64 {
    span.as_secs() / 3_600
}

/// An index whose prints are measured against spot as they pass. Its own events are never held up.
pub(crate) struct MeasuredIndex {
    inner: Box<dyn PriceFeed>,
    prints: mpsc::Sender<PriceTick>,
}

/// Measures beside a run: the index to hand to the run, and the work to do until `closing`.
pub(crate) fn beside(
    index: Box<dyn PriceFeed>,
    spot: Box<dyn PriceFeed>,
    subject: BasisSubject,
    board: BasisBoard,
    clock: Arc<dyn Clock>,
    closing: CancellationToken,
) -> (MeasuredIndex, impl Future<Output = ()> + Send + 'static) {
    let (prints, heard) = mpsc::channel(PRINTS);
    let measuring = Measuring { spot, heard, pairing: BasisPairing::new(config(board.asset)), subject, board, clock };
    let work = async move {
        closing.run_until_cancelled(measuring.run()).await;
    };
    (MeasuredIndex { inner: index, prints }, work)
}

struct Measuring {
    spot: Box<dyn PriceFeed>,
    heard: mpsc::Receiver<PriceTick>,
    pairing: BasisPairing,
    subject: BasisSubject,
    board: BasisBoard,
    clock: Arc<dyn Clock>,
}

impl Measuring {
    /// Until the index or the spot price ends.
    async fn run(mut self) {
        let mut written: Option<Monotonic> = None;
        loop {
            let print = tokio::select! {
                biased;
                print = self.heard.recv() => print,
                event = self.spot.next() => match event {
                    Ok(event) => {
                        self.pairing.on_spot(&event);
                        continue;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the basis is not measured any more: there is no spot price");
                        return;
                    }
                },
            };
            let Some(print) = print else { return };
            if !self.pairing.on_index(print) {
                continue;
            }
            let now = self.clock.now();
            let figure = self.pairing.figure(now.wall);
            let due = written.is_none_or(|at| now.mono.since(at) >= WRITE_EVERY);
            if due && let Some(record) = BasisRecord::of(&figure, &self.subject) {
                written = Some(now.mono);
                let board = self.board.clone();
                let wrote = tokio::task::spawn_blocking(move || board.write(&record)).await;
                if let Ok(Err(error)) = wrote {
                    tracing::warn!(error = %error, "the measured basis is not kept; trying again with the next");
                }
            }
            // Told after it was written: whoever hears of a measurement finds it in the file.
            self.board.figure.send_replace(figure);
        }
    }
}

#[async_trait]
impl PriceFeed for MeasuredIndex {
    fn about(&self) -> FeedAbout {
        self.inner.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let event = self.inner.next().await?;
        if let PriceEvent::Tick(tick) = &event {
            // Where the estimator is behind, or gone, a print less is paired.
            let _ = self.prints.try_send(*tick);
        }
        Ok(event)
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.inner.history(range, resolution).await
    }
}

#[cfg(test)]
mod tests;
