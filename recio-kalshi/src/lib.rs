//! Kalshi's Trade API v2: REST and the WebSocket, turned into the types of `recio-core`. It stands on its own: nothing else of recio is needed.
//!
//! Three ways in follow. The examples run against recio's simulated exchange on the loopback, whose addresses and key are in `sim`;
//! [`Endpoint::production`](transport::Endpoint::production) and [`Endpoint::demo`](transport::Endpoint::demo) are Kalshi's own.
//!
//! # List markets
//! Public data needs no key.
//! ```
//! use recio_kalshi::{client::{KalshiClient, MarketFilter}, transport::Endpoint};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # use recio_sim::{Pace, SimOptions, Simulator};
//! # let folder = tempfile::tempdir()?;
//! # let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec");
//! # let options = SimOptions { pace: Pace::Paced(1.0), ..SimOptions::new(recording.into(), folder.path().join("keys")) };
//! # let simulator = Simulator::start(options).await?;
//! # let sim = simulator.endpoint();
//! let client = KalshiClient::connect(Endpoint::new(&sim.rest, &sim.ws)?, None)?;
//! let filter = MarketFilter { series: Some("KXBTC15M".parse()?), status: Some("open"), ..MarketFilter::default() };
//! for market in client.markets(&filter).await?.items {
//!     println!("{} closes {}", market.ticker, market.close_time);
//! }
//! # assert!(!client.markets(&filter).await?.items.is_empty());
//! # simulator.stop().await?;
//! # Ok(())
//! # }
//! ```
//! A list that is read page by page is [`Paged`](client::Paged): it says whether it is all, and if not, what is missing.
//! [`KalshiClient::discover`](client::KalshiClient::discover) finds the event that trades now, and the next.
//!
//! # Stream a book
//! The WebSocket always needs a key, even for public channels. Its subscriptions follow what is [`Wanted`](socket::Wanted).
//! ```
//! use recio_core::market::Book;
//! use recio_kalshi::{client::{KalshiClient, MarketFilter}, signing::SigningKey, transport::Endpoint};
//! use recio_kalshi::socket::{MarketEvent, Wanted};
//! use tokio_util::sync::CancellationToken;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # use recio_sim::{Pace, SimOptions, Simulator};
//! # let folder = tempfile::tempdir()?;
//! # let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec");
//! # let options = SimOptions { pace: Pace::Paced(1.0), ..SimOptions::new(recording.into(), folder.path().join("keys")) };
//! # let simulator = Simulator::start(options).await?;
//! # let sim = simulator.endpoint();
//! let key = SigningKey::from_file(&sim.key_id, &sim.key_file)?;
//! let client = KalshiClient::connect(Endpoint::new(&sim.rest, &sim.ws)?, Some(key))?;
//! # let filter = MarketFilter { status: Some("open"), ..MarketFilter::default() };
//! # let ticker = client.markets(&filter).await?.items.remove(0).ticker;
//! let (wanted, reader) = tokio::sync::watch::channel(Wanted { books: [ticker].into(), ..Wanted::default() });
//! let (socket, mut streams) = client.socket(reader);
//! let running = tokio::spawn(socket.run(CancellationToken::new())); // until its token is canceled, or nobody reads
//! let mut book = None;
//! while let Some(event) = streams.market.recv().await {
//!     match event {
//!         MarketEvent::Snapshot { book: levels, .. } => book = Some(Book::from_snapshot(&levels, None)?),
//!         MarketEvent::Delta { delta, .. } => drop(book.as_mut().ok_or("no book yet")?.apply(&delta, None)?),
//!         MarketEvent::Void { .. } | MarketEvent::Disconnected { .. } => book = None, // a snapshot follows
//!         _ => continue,
//!     }
//!     println!("{:?}", book.as_ref().map(Book::quote));
//! #   if book.is_some() { break; }
//! }
//! # assert!(book.is_some());
//! # drop(streams);
//! # running.await?;
//! # drop(wanted);
//! # simulator.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Place an order
//! Against Kalshi itself this is real money; here it is simulated. An order is sent once. Where no clear answer comes, it may be live: look it
//! up, and never send it again.
//! ```
//! use recio_core::market::BookSide;
//! use recio_kalshi::client::{KalshiClient, MarketFilter, NewOrder, OrderFilter};
//! use recio_kalshi::{error::WriteError, signing::SigningKey, transport::Endpoint};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # use recio_sim::{Pace, SimOptions, Simulator};
//! # let folder = tempfile::tempdir()?;
//! # let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec");
//! # let options = SimOptions { pace: Pace::Paced(1.0), ..SimOptions::new(recording.into(), folder.path().join("keys")) };
//! # let simulator = Simulator::start(options).await?;
//! # let sim = simulator.endpoint();
//! let key = SigningKey::from_file(&sim.key_id, &sim.key_file)?;
//! let client = KalshiClient::connect(Endpoint::new(&sim.rest, &sim.ws)?, Some(key))?;
//! let filter = MarketFilter { status: Some("open"), ..MarketFilter::default() };
//! let market = client.markets(&filter).await?.items.remove(0);
//! let id = "4a75a66e-ca85-4187-93cd-aac5e01ad982".parse()?; // yours, and never used again
//! let order = NewOrder::resting(&market, id, BookSide::Bid, "0.01".parse()?, "1".parse()?);
//! match client.create_order(&order).await {
//!     Ok(created) => {
//!         println!("{} left of {}", created.remaining, created.exchange_id);
//!         client.cancel_order(&created.exchange_id, market.exchange_index).await?;
//!     }
//!     Err(WriteError::OutcomeUnknown(_)) => {
//!         let filter = OrderFilter { market: Some(market.ticker), ..OrderFilter::default() };
//!         println!("it may be one of {:?}", client.orders(&filter).await?);
//!     }
//!     Err(refused) => println!("nothing was done: {refused}"),
//! }
//! # let canceled = client.orders(&OrderFilter { status: Some("canceled"), ..OrderFilter::default() }).await?;
//! # assert_eq!(canceled.items.len(), 1);
//! # simulator.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The layers, from the wire up
//! - [`signing`]: the three headers that prove who asks; also the verifying side, for a simulator.
//! - [`wire`]: the exchange's JSON, both ways, so that a simulator answers with the same types.
//! - [`parse`]: wire to core, pure; an error names the field and the value.
//! - [`transport`]: the seam: the network, or a simulator in the same process.
//! - [`limits`]: the exchange's rate limits, kept on our side of the transport.
//! - [`client`]: typed REST calls; [`socket`]: the WebSocket, with its subscriptions kept in sequence.
//! - [`exchange`]: core's `MarketData`, `Executor` and `PriceFeed` over both.
//! - [`error`]: what went wrong, cut by what the caller does next.

pub mod client;
pub mod error;
pub mod exchange;
mod jitter;
pub mod limits;
pub mod parse;
pub mod signing;
pub mod socket;
pub mod transport;
pub mod wire;

/// Path of every REST call, as it is signed. Source: docs.kalshi.com/getting_started/api_environments; read 2026-11-22.
pub const REST_BASE: &str = "/trade-api/v2";

/// Path of the WebSocket, as it is signed. Source: docs.kalshi.com/websockets/websocket-connection; read 2026-11-22.
pub const SOCKET_PATH: &str = "/trade-api/ws/v2";
