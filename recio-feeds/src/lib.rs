//! Spot prices for recio: the trades of Coinbase, Kraken, Bitstamp and Gemini as price feeds, their median as one price, and the basis between the
//! settlement index and spot.
//!
//! All of it is public data and needs no key. A venue's feed connects by itself, and again after a loss, with growing and jittered waits; it says what it
//! missed, and keeps the venue's own time of each trade. Here against the simulated venues (`loopback`) of the feature `loopback`; without `hosts`
//! overridden, [`Venue::hosts`] are the real ones:
//!
//! ```
//! use recio_core::market::Asset;
//! use recio_core::price_feed::{PriceEvent, PriceFeed};
//! use recio_feeds::{FeedConfig, Venue, VenueFeed, loopback::LoopbackVenues};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let venues = LoopbackVenues::start().await?;
//! let hosts = venues.hosts(Venue::Kraken); // or Venue::Kraken.hosts(), the real ones
//! let mut feed = VenueFeed::open(Venue::Kraken, Asset::Btc, hosts, FeedConfig::default())?;
//!
//! venues.subscribed(Venue::Kraken, Asset::Btc).await;
//! venues.tick(Asset::Btc, "81120.01".parse()?, "2026-05-11T12:09:11.435927Z".parse()?);
//! loop {
//!     if let PriceEvent::Tick(tick) = feed.next().await? {
//!         assert_eq!(tick.price.to_string(), "81120.01");
//!         assert_eq!(tick.exchange_time.to_string(), "2026-05-11T12:09:11.435927Z");
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | what | where |
//! |---|---|
//! | one venue | [`VenueFeed`], its protocol in [`protocol`], its state in [`FeedHealth`] |
//! | several as one | [`composite`], put together by [`spot`] |
//! | past minutes without a stream | [`VenueCandles`], several as one: [`SpotHistory`] |
//! | index minus spot | [`basis`] |
//! | simulated venues | module `loopback` (feature `loopback`) |

pub mod basis;
pub mod composite;
#[cfg(feature = "loopback")]
pub mod loopback;
pub mod protocol;

mod backoff;
mod candles;
mod config;
mod driver;
mod feed;
mod health;
mod history;
mod session;
mod socket;
mod spot;
mod spot_history;
mod venue;

pub use candles::VenueCandles;
pub use config::FeedConfig;
pub use feed::{SetupError, VenueFeed};
pub use health::FeedHealth;
pub use spot::{BadSpot, SpotFeeds, spot};
pub use spot_history::SpotHistory;
pub use venue::{BadHosts, Hosts, UnknownVenue, Venue};
