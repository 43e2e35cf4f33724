//! Core's traits over the client: what a pipeline is built of.

mod account;
mod care;
mod index_feed;
mod markets;
mod polling;
mod public_markets;

pub use account::KalshiAccount;
pub use care::Care;
pub use index_feed::IndexFeed;
pub use markets::KalshiMarkets;
pub use public_markets::{PollClock, PollLimits, Poller, PublicMarkets};

use crate::client::{KalshiClient, SignatureClock};
use crate::signing::{HeaderPool, SigningKey};
use crate::socket::{AccountEvent, MarketEvent, Progress, Socket, Wanted};
use crate::transport::Transport;
use recio_core::market::Asset;
use recio_core::price_feed::{FeedAbout, PriceKind};
use recio_core::units::SeriesTicker;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// What a pipeline wants of Kalshi.
#[derive(Clone, Debug)]
pub struct KalshiOptions {
    /// The asset whose index is fed.
    pub asset: Asset,
    /// Whether the index is the real one; a simulator may play another price in its place.
    pub index_kind: PriceKind,
    /// The shard that the markets trade on; 2 for crypto.
    pub exchange_index: u16,
    /// The series whose announcements are wanted.
    pub series: BTreeSet<SeriesTicker>,
}

/// Kalshi as a pipeline uses it: one connection, seen through three traits.
#[derive(Debug)]
pub struct Kalshi {
    /// Markets and books.
    pub markets: Arc<KalshiMarkets>,
    /// Orders and the account.
    pub account: Arc<KalshiAccount>,
    /// The settlement index.
    pub index: IndexFeed,
    /// The WebSocket; the caller runs it beside the pipeline. All three above wait for it.
    pub socket: Socket,
    /// How far the WebSocket is, for whoever leads a simulation in lockstep.
    pub watch: SocketWatch,
}

/// Sees how far the WebSocket is.
#[derive(Clone, Debug)]
pub struct SocketWatch {
    progress: watch::Receiver<Progress>,
    wanted: watch::Receiver<Wanted>,
}

/// The WebSocket has ended, and nothing more will come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the exchange's WebSocket has ended")]
pub struct SocketEnded;

/// Kalshi's data for whoever does not trade there: no account, and nothing that could send an order.
#[derive(Debug)]
pub struct KalshiData {
    /// Markets, books and prints.
    pub markets: Arc<KalshiMarkets>,
    /// The settlement index.
    pub index: IndexFeed,
    /// The WebSocket; the caller runs it beside the pipeline.
    pub socket: Socket,
    /// How far the WebSocket is, for whoever leads a simulation in lockstep.
    pub watch: SocketWatch,
}

impl Kalshi {
    /// Puts the client together for an exchange in real time, with [`Care::live`]. Nothing is sent before [`Socket::run`] is polled or a read
    /// is made.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, key: SigningKey, clock: SignatureClock, options: KalshiOptions) -> Self {
        let care = Care::live(&clock);
        Self::with_care(transport, key, clock, options, care)
    }

    /// As [`Kalshi::new`], with other care: against a simulator, whose time is not the machine's.
    #[must_use]
    pub fn with_care(
        transport: Arc<dyn Transport>,
        key: SigningKey,
        clock: SignatureClock,
        options: KalshiOptions,
        care: Care,
    ) -> Self {
        let exchange_index = options.exchange_index;
        let wanted = Wanted { account: true, ..Wanted::default() };
        let Parts { client, wanted, streams, index, socket, watch } =
            Parts::new(transport, key, clock, options, care, wanted);
        Self {
            markets: Arc::new(KalshiMarkets::new(client.clone(), exchange_index, wanted, streams.0, None)),
            account: Arc::new(KalshiAccount::new(client, exchange_index, streams.1)),
            index,
            socket,
            watch,
        }
    }
}

impl KalshiData {
    /// Puts the client together. Nothing is sent before [`Socket::run`] is polled or a read is made. The key is for the WebSocket and the
    /// index; no order can be made of it.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        key: SigningKey,
        clock: SignatureClock,
        options: KalshiOptions,
        care: Care,
    ) -> Self {
        let exchange_index = options.exchange_index;
        let wanted = Wanted { trades: true, ..Wanted::default() };
        let Parts { client, wanted, streams, index, socket, watch } =
            Parts::new(transport, key, clock, options, care, wanted);
        let (market, account) = streams;
        let markets = KalshiMarkets::new(client, exchange_index, wanted, market, Some(account));
        Self { markets: Arc::new(markets), index, socket, watch }
    }
}

/// What is the same with and without an account.
struct Parts {
    client: KalshiClient,
    wanted: watch::Sender<Wanted>,
    streams: (mpsc::Receiver<MarketEvent>, mpsc::Receiver<AccountEvent>),
    index: IndexFeed,
    socket: Socket,
    watch: SocketWatch,
}

impl Parts {
    fn new(
        transport: Arc<dyn Transport>,
        key: SigningKey,
        clock: SignatureClock,
        options: KalshiOptions,
        care: Care,
        also: Wanted,
    ) -> Self {
        let key = Arc::new(key);
        let transport =
            care.limits.as_ref().map_or_else(|| Arc::clone(&transport), |limits| limits.around(Arc::clone(&transport)));
        let mut client = KalshiClient::new(transport, Some(Arc::clone(&key)), Arc::clone(&clock));
        let pool = care.signs_ahead.then(|| Arc::new(HeaderPool::new(key, clock, care::routes())));
        if let Some(pool) = &pool {
            client = client.with_pool(Arc::clone(pool));
        }
        let index = options.asset.index_id();
        let (wanted, wanted_reader) = watch::channel(Wanted {
            tickers: true,
            lifecycle: options.series,
            indices: BTreeSet::from([index.to_owned()]),
            ..also
        });
        let sleep = care.sleep.unwrap_or_else(|| Arc::new(|wait| Box::pin(tokio::time::sleep(wait))));
        let (socket, streams) = Socket::new(client.clone(), sleep, care.socket, wanted_reader.clone());
        let mut socket = match care.limits {
            Some(limits) => socket.with_limits(limits),
            None => socket,
        };
        if let Some(wall) = care.wall_clock {
            socket = socket.with_wall_clock(wall);
        }
        if let Some(pool) = pool {
            socket = socket.with_pool(pool);
        }
        let about = FeedAbout { source: index.to_owned(), asset: options.asset, kind: options.index_kind };
        Self {
            client: client.clone(),
            wanted,
            streams: (streams.market, streams.account),
            index: IndexFeed::new(client, about, streams.index),
            socket,
            watch: SocketWatch { progress: streams.progress, wanted: wanted_reader },
        }
    }
}

impl SocketWatch {
    /// Waits until everything that is wanted now has been answered, and so many frames of the running connection are in the streams.
    ///
    /// # Errors
    /// The WebSocket has ended.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn reached(&self, frames: u64) -> Result<(), SocketEnded> {
        let (mut progress, wanted) = (self.progress.clone(), self.wanted.clone());
        let reached =
            |progress: &Progress| progress.frames >= frames && progress.answered.as_ref() == Some(&*wanted.borrow());
        progress.wait_for(reached).await.map(|_| ()).map_err(|_| SocketEnded)
    }

    /// Waits until so many frames of the running connection are in the streams, whether or not what is wanted has been answered.
    ///
    /// # Errors
    /// The WebSocket has ended.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn received(&self, frames: u64) -> Result<(), SocketEnded> {
        let mut progress = self.progress.clone();
        progress.wait_for(|progress| progress.frames >= frames).await.map(|_| ()).map_err(|_| SocketEnded)
    }

    /// Whether everything that is wanted now has been answered.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.progress.borrow().answered.as_ref() == Some(&*self.wanted.borrow())
    }
}
