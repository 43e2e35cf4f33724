//! Core's traits over the client: what a pipeline is built of.

mod account;
mod index_feed;
mod markets;

pub use account::KalshiAccount;
pub use index_feed::IndexFeed;
pub use markets::KalshiMarkets;

use crate::client::{KalshiClient, SignatureClock};
use crate::signing::SigningKey;
use crate::socket::{Progress, Sleep, Socket, SocketConfig, Wanted};
use crate::transport::Transport;
use recio_core::market::Asset;
use recio_core::price_feed::{FeedAbout, PriceKind};
use recio_core::units::SeriesTicker;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

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

impl Kalshi {
    /// Puts the client together. Nothing is sent before [`Socket::run`] is polled or a read is made.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, key: SigningKey, clock: SignatureClock, options: KalshiOptions) -> Self {
        let client = KalshiClient::new(transport, Some(Arc::new(key)), clock);
        let index = options.asset.index_id();
        let (wanted, wanted_reader) = watch::channel(Wanted {
            tickers: true,
            lifecycle: options.series,
            indices: BTreeSet::from([index.to_owned()]),
            account: true,
            ..Wanted::default()
        });
        let sleep: Sleep = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
        let (socket, streams) = Socket::new(client.clone(), sleep, SocketConfig::default(), wanted_reader.clone());
        let about = FeedAbout { source: index.to_owned(), asset: options.asset, kind: options.index_kind };
        Self {
            markets: Arc::new(KalshiMarkets::new(client.clone(), options.exchange_index, wanted, streams.market)),
            account: Arc::new(KalshiAccount::new(client.clone(), options.exchange_index, streams.account)),
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

    /// Whether everything that is wanted now has been answered.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.progress.borrow().answered.as_ref() == Some(&*self.wanted.borrow())
    }
}
