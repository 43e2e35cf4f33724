//! Where the data come from of whoever sends no orders to an exchange, a run on paper or a recorder: streamed with a key, or read without one.

use crate::basis::{BasisBoard, BasisInUse, BasisSubject};
use crate::history_chain::HistoryChain;
use crate::session::SessionError;
use crate::sim_clock::paced_clock;
use crate::sim_conductor::SimConductor;
use crate::sim_link::wait_for_the_end;
use async_trait::async_trait;
use recio_core::engine::{BookSource, WarmStart};
use recio_core::market::{Asset, Family};
use recio_core::market_data::MarketData;
use recio_core::model::Bar;
use recio_core::pipeline::{Clock, Conductor, SteppedClock, SystemClock};
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio_core::read::{BoxError, Read};
use recio_core::units::{SeriesTicker, Timestamp};
use recio_feeds::composite::{CompositeConfig, CompositeFeed};
use recio_feeds::{FeedConfig, SpotHistory, Venue, VenueFeed};
use recio_kalshi::client::{KalshiClient, wall_clock};
use recio_kalshi::exchange::{Care, KalshiData, KalshiOptions, PollClock, PollLimits, PublicMarkets, SocketWatch};
use recio_kalshi::signing::SigningKey;
use recio_kalshi::transport::{Endpoint as Hosts, NetworkTransport, Timeouts};
use recio_sim::Endpoint;
use recio_sim::control::{ControlClient, ControlError, Mode};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The shard of the crypto markets.
const EXCHANGE_INDEX: u16 = 2;
/// The name of the median of the spot venues, as a source of prices.
const MEDIAN: &str = "median";
/// The name of a simulator's index where it is taken for a spot price.
const SIMULATED_SPOT: &str = "simulated-spot";

/// Which exchange is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The real one.
    Kalshi,
    /// Its test environment.
    KalshiDemo,
    /// recio's own.
    Simulator(Box<Endpoint>),
}

/// How data are had.
pub enum Access {
    /// With a key: books, prints and the settlement index are streamed.
    Keyed {
        /// The name under which the exchange knows the key.
        key_id: String,
        /// The file with the private key.
        key_file: PathBuf,
    },
    /// Without one: books are read over public REST, again and again, and some spot price stands in for the index. Delayed, no index.
    Keyless {
        /// The spot price. Where none is given: the median of [`DataSource::spot`]; without any venue there, a simulator's own index as if it were
        /// spot, or the median of the four real venues.
        price: Option<Box<dyn PriceFeed>>,
    },
}

/// Where data come from.
pub struct DataSource {
    /// Which exchange is looked at.
    pub place: Place,
    /// How.
    pub access: Access,
    /// Spot venues of the series' asset, each a source of its own, such as [`spot_venues`]. With the index streamed, a run measures the basis to their
    /// median; without it, their median is the price; a recorder takes down each.
    ///
    /// Venues live by this machine's time: they go with a simulator in real time (or, simulated themselves, at its pace), not in lockstep.
    pub spot: Vec<Box<dyn PriceFeed>>,
    /// When a venue counts for their median.
    pub spot_limits: CompositeConfig,
    /// Where the basis is published, and read from where there is no index; `None` measures nothing, and goes by the prior.
    pub basis: Option<BasisBoard>,
}

/// What the data of a run are, for whoever judges by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataQuality {
    /// How books come.
    pub books: BookSource,
    /// Whether the price is the settlement index.
    pub index: PriceKind,
    /// Whether the exchange is a simulator.
    pub simulated_exchange: bool,
}

/// Data, flowing.
pub(crate) struct LiveLink {
    pub(crate) markets: Arc<dyn MarketData>,
    /// The index, or what stands in for it; `None` where that is the median of `spot`.
    pub(crate) price: Option<Box<dyn PriceFeed>>,
    /// The spot venues.
    pub(crate) spot: Vec<Box<dyn PriceFeed>>,
    pub(crate) spot_limits: CompositeConfig,
    pub(crate) asset: Asset,
    board: Option<BasisBoard>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) conductor: Option<Arc<dyn Conductor>>,
    pub(crate) quality: DataQuality,
    pub(crate) connection: LiveConnection,
}

/// What runs beside a pipeline, until it is closed or dropped.
pub(crate) struct LiveConnection {
    control: Option<ControlClient>,
    paced: bool,
    tracker: TaskTracker,
    closing: CancellationToken,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keyed { key_id, .. } => f.debug_struct("Keyed").field("key_id", key_id).finish_non_exhaustive(),
            Self::Keyless { .. } => f.debug_struct("Keyless").finish_non_exhaustive(),
        }
    }
}

impl DataQuality {
    /// The words for it: `streamed, settlement index`, or `delayed, no index`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match (self.books, self.index) {
            (BookSource::Streamed, PriceKind::Index) => "streamed, settlement index",
            (BookSource::Streamed, PriceKind::StandIn) => "streamed, no index",
            (BookSource::Polled, PriceKind::Index) => "delayed, settlement index",
            (BookSource::Polled, PriceKind::StandIn) => "delayed, no index",
        }
    }
}

impl std::fmt::Debug for DataSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataSource")
            .field("place", &self.place)
            .field("access", &self.access)
            .field("spot", &self.spot.len())
            .field("basis", &self.basis)
            .finish()
    }
}

impl DataSource {
    /// Data of a place, without spot venues beside them, and without a published basis.
    #[must_use]
    pub fn new(place: Place, access: Access) -> Self {
        Self { place, access, spot: Vec::new(), spot_limits: CompositeConfig::default(), basis: None }
    }

    /// What the data are.
    #[must_use]
    pub fn quality(&self) -> DataQuality {
        let (simulated_exchange, stand_in) = match &self.place {
            Place::Simulator(endpoint) => (true, endpoint.index_is_stand_in),
            Place::Kalshi | Place::KalshiDemo => (false, false),
        };
        let (books, stand_in) = match &self.access {
            Access::Keyed { .. } => (BookSource::Streamed, stand_in),
            Access::Keyless { .. } => (BookSource::Polled, true),
        };
        let index = if stand_in { PriceKind::StandIn } else { PriceKind::Index };
        DataQuality { books, index, simulated_exchange }
    }

    /// What of the past a run waits for. A recording holds no day before it began; a feed of its own is not bound by that.
    pub(crate) fn waits_for(&self, wanted: &WarmStart) -> WarmStart {
        let brings_feeds = match &self.access {
            Access::Keyed { .. } => false,
            Access::Keyless { price } => price.is_some() || !self.spot.is_empty(),
        };
        match &self.place {
            Place::Simulator(endpoint) if !brings_feeds => crate::session::past_of(endpoint, wanted),
            Place::Simulator(_) | Place::Kalshi | Place::KalshiDemo => wanted.clone(),
        }
    }

    /// Connects.
    pub(crate) async fn open(self, series: BTreeSet<SeriesTicker>) -> Result<LiveLink, SessionError> {
        let quality = self.quality();
        let asset = asset_of(&series);
        let hosts = self.place.hosts().map_err(SessionError::Client)?;
        let transport = NetworkTransport::new(hosts, Timeouts::default());
        let transport = Arc::new(transport.map_err(SessionError::Client)?);
        let (tracker, closing) = (TaskTracker::new(), CancellationToken::new());
        let options = |index_kind| KalshiOptions { asset, index_kind, exchange_index: EXCHANGE_INDEX, series };
        let keyed = |key_id: &str, key_file: &PathBuf, options, care| {
            let key = SigningKey::from_file(key_id, key_file).map_err(|error| SessionError::Client(error.into()))?;
            Ok::<_, SessionError>(KalshiData::new(transport.clone(), key, wall_clock(), options, care))
        };
        let (mut spot, spot_limits, board) = (self.spot, self.spot_limits, self.basis);
        let (markets, price, time): (Arc<dyn MarketData>, _, _) = match self.access {
            Access::Keyed { key_id, key_file } => {
                let time = RunTime::of(&self.place, Some(&key_id)).await?;
                let data = keyed(&key_id, &key_file, options(quality.index), time.care())?;
                tracker.spawn(data.socket.run(closing.clone()));
                let stand_ins = match self.place {
                    Place::Kalshi | Place::KalshiDemo => spot_past(asset)?,
                    // Its past is the recording's, and no venue's.
                    Place::Simulator(_) => Vec::new(),
                };
                let index: Box<dyn PriceFeed> = Box::new(HistoryChain::new(Box::new(data.index), stand_ins));
                (data.markets, Some(index), time.led(data.watch))
            }
            Access::Keyless { price } => {
                let time = RunTime::of(&self.place, None).await?;
                let price: Option<Box<dyn PriceFeed>> = match (price, &self.place) {
                    (Some(price), _) => Some(price),
                    (None, _) if !spot.is_empty() => None,
                    (None, Place::Simulator(endpoint)) => {
                        let data =
                            keyed(&endpoint.key_id, &endpoint.key_file, options(PriceKind::StandIn), time.care())?;
                        tracker.spawn(data.socket.run(closing.clone()));
                        Some(Box::new(SimulatedSpot { index: data.index, _markets: data.markets }))
                    }
                    (None, Place::Kalshi | Place::KalshiDemo) => {
                        spot = spot_venues(asset)?;
                        None
                    }
                };
                let client = KalshiClient::new(transport.clone(), None, wall_clock());
                let clock = poll_clock(&time.clock);
                let (markets, poller) = PublicMarkets::new(client, EXCHANGE_INDEX, clock, PollLimits::default());
                tracker.spawn(poller.run(closing.clone()));
                (markets, price, time)
            }
        };
        let RunTime { clock, conductor, control, .. } = time;
        let connection = LiveConnection { control, paced: conductor.is_none(), tracker, closing };
        Ok(LiveLink { markets, price, spot, spot_limits, asset, board, clock, conductor, quality, connection })
    }
}

impl LiveLink {
    /// The price that a run goes by, with the basis that it needs where that is not the index. Where it is, and spot venues are there, the basis is
    /// measured beside the run from here on, and published.
    pub(crate) fn take_price(&mut self) -> Result<(Box<dyn PriceFeed>, Option<BasisInUse>), SessionError> {
        let spot = std::mem::take(&mut self.spot);
        let sources: Vec<String> = spot.iter().map(|venue| venue.about().source).collect();
        let (asset, simulated) = (self.asset, self.quality.simulated_exchange);
        let price = match self.price.take() {
            None => median(asset, spot, self.spot_limits, &self.clock)?,
            Some(index) if self.quality.index == PriceKind::Index => {
                let board = self.board.clone().filter(|_| !sources.is_empty());
                let Some(board) = board else { return Ok((index, None)) };
                if self.conductor.is_some() {
                    tracing::warn!("in lockstep the spot venues have another time: the basis is not measured");
                    return Ok((index, None));
                }
                let median = median(asset, spot, self.spot_limits, &self.clock)?;
                let (index_name, spot_name) = (index.about().source, median.about().source);
                let subject = BasisSubject { asset, index: index_name, spot: spot_name, sources, simulated };
                let (clock, closing) = (Arc::clone(&self.clock), self.connection.closing.clone());
                let (index, measuring) = crate::basis::beside(index, median, subject, board, clock, closing);
                self.connection.tracker.spawn(measuring);
                return Ok((Box::new(index), None));
            }
            Some(stand_in) => stand_in,
        };
        let in_use = match (self.quality.books, &self.board) {
            // A recording whose index is one venue's trades: its distance was measured.
            (BookSource::Streamed, _) => crate::basis::of_recordings(asset),
            (BookSource::Polled, Some(board)) => board.in_use(&price.about().source, simulated, self.clock.now().wall),
            (BookSource::Polled, None) => crate::basis::without_a_board(asset),
        };
        Ok((price, Some(in_use)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kalshi => f.pad("Kalshi"),
            Self::KalshiDemo => f.pad("Kalshi's test environment"),
            Self::Simulator(endpoint) => write!(f, "the simulator at {}", endpoint.rest),
        }
    }
}

impl Place {
    fn hosts(&self) -> Result<Hosts, BoxError> {
        Ok(match self {
            Self::Kalshi => Hosts::production()?,
            Self::KalshiDemo => Hosts::demo()?,
            Self::Simulator(endpoint) => Hosts::new(&endpoint.rest, &endpoint.ws)?,
        })
    }

    /// After this nothing is settled any more: a recording's end.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::Simulator(endpoint) => Some(endpoint.recording_ends),
            Self::Kalshi | Self::KalshiDemo => None,
        }
    }

    /// Whether tickers name the close times: they do, unless a recording was shifted.
    pub(crate) fn tickers_name_close_times(&self) -> bool {
        !matches!(self, Self::Simulator(endpoint) if !endpoint.tickers_name_close_times)
    }
}

/// The clock of a run, and who leads it.
struct RunTime {
    clock: Arc<dyn Clock>,
    conductor: Option<Arc<dyn Conductor>>,
    control: Option<ControlClient>,
    /// The client's name in lockstep, and the clock that the simulator moves.
    seat: Option<(String, Arc<SteppedClock>)>,
}

impl RunTime {
    /// In lockstep a simulator waits for whoever has joined with the key.
    async fn of(place: &Place, key_id: Option<&str>) -> Result<Self, SessionError> {
        let Place::Simulator(endpoint) = place else {
            return Ok(Self { clock: Arc::new(SystemClock::new()), conductor: None, control: None, seat: None });
        };
        let simulator = |error: ControlError| SessionError::Simulator(error.into());
        let control = ControlClient::new(&endpoint.control).map_err(simulator)?;
        let about = control.about().await.map_err(simulator)?;
        if about.mode == Mode::Paced {
            let clock = Arc::new(paced_clock(&control).await.map_err(simulator)?);
            return Ok(Self { clock, conductor: None, control: Some(control), seat: None });
        }
        let Some(key_id) = key_id else { return Err(SessionError::NotPaced) };
        let joined = control.join(key_id).await.map_err(simulator)?;
        let clock = Arc::new(SteppedClock::new(joined.now));
        let seat = Some((joined.client, Arc::clone(&clock)));
        Ok(Self { clock, conductor: None, control: Some(control), seat })
    }

    /// How the exchange is treated in this time.
    fn care(&self) -> Care {
        match (&self.control, &self.seat) {
            (None, _) => Care::live(&wall_clock()),
            (Some(_), None) => crate::sim_link::paced(&self.clock),
            (Some(_), Some(_)) => Care::lockstep(),
        }
    }

    /// With who leads it in lockstep: the simulator, by what the client has heard.
    fn led(mut self, watch: SocketWatch) -> Self {
        if let (Some(control), Some((client, clock))) = (&self.control, self.seat.take()) {
            self.conductor = Some(Arc::new(SimConductor::new(control.clone(), client, clock, watch)));
        }
        self
    }
}

/// What the series are about; bitcoin where none is known. A run feeds one asset; a monitor of another is refused when the pipeline is built.
#[must_use]
pub fn asset_of(series: &BTreeSet<SeriesTicker>) -> Asset {
    series.iter().find_map(|series| Family::of(series).ok()).map_or(Asset::Btc, |(asset, _)| asset)
}

/// The four venues' trades of an asset, each as a feed of its own, from the real hosts. They connect by themselves.
///
/// # Errors
/// The TLS library cannot be set up.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn spot_venues(asset: Asset) -> Result<Vec<Box<dyn PriceFeed>>, SessionError> {
    let open = |venue: Venue| {
        let feed = VenueFeed::open(venue, asset, venue.hosts(), FeedConfig::default());
        feed.map(|feed| Box::new(feed) as Box<dyn PriceFeed>).map_err(|error| SessionError::Client(error.into()))
    };
    Venue::ALL.into_iter().map(open).collect()
}

/// The median of spot venues.
pub(crate) fn median(
    asset: Asset,
    spot: Vec<Box<dyn PriceFeed>>,
    limits: CompositeConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn PriceFeed>, SessionError> {
    let feed = CompositeFeed::new(MEDIAN, asset, spot, limits, Arc::clone(clock));
    Ok(Box::new(feed.map_err(|error| SessionError::Client(error.into()))?))
}

/// The past of the spot venues, for what the index has not of its own.
fn spot_past(asset: Asset) -> Result<Vec<Box<dyn PriceFeed>>, SessionError> {
    let venues: Vec<_> = Venue::ALL.into_iter().map(|venue| (venue, venue.hosts())).collect();
    let past = SpotHistory::new(asset, &venues, FeedConfig::default(), CompositeConfig::default());
    Ok(vec![Box::new(past.map_err(|error| SessionError::Client(error.into()))?)])
}

fn poll_clock(clock: &Arc<dyn Clock>) -> PollClock {
    let (now, sleeper) = (Arc::clone(clock), Arc::clone(clock));
    PollClock {
        now: Arc::new(move || now.now()),
        sleep: Arc::new(move |wait: Duration| {
            let clock = Arc::clone(&sleeper);
            Box::pin(async move {
                let now = clock.now().wall;
                clock.sleep_until(now.checked_add(wait).unwrap_or(now)).await;
            })
        }),
    }
}

impl LiveConnection {
    /// Cancels `stop` once a paced simulator has played its recording: its streams go quiet then, they do not end.
    pub(crate) fn stop_at_the_end(&self, stop: CancellationToken) {
        if let Some(control) = self.control.clone().filter(|_| self.paced) {
            let closing = self.closing.clone();
            self.tracker.spawn(async move { closing.run_until_cancelled(wait_for_the_end(control, stop)).await });
        }
    }

    /// Closes what runs beside the pipeline, and waits for its end.
    pub(crate) async fn close(self) {
        self.closing.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for LiveConnection {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// A simulator's index as if it were some spot price: for trying out keyless paper without a spot venue.
struct SimulatedSpot {
    index: recio_kalshi::exchange::IndexFeed,
    /// Its reading end must not be dropped: the socket would end.
    _markets: Arc<recio_kalshi::exchange::KalshiMarkets>,
}

#[async_trait]
impl PriceFeed for SimulatedSpot {
    fn about(&self) -> FeedAbout {
        FeedAbout { source: SIMULATED_SPOT.to_owned(), ..self.index.about() }
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        self.index.next().await
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.index.history(range, resolution).await
    }
}
