//! Kalshi's Trade API v2 for recio: signed REST calls and the WebSocket, turned into the types of `recio-core`.
//!
//! The layers, from the wire up:
//! - [`signing`]: the three headers that prove who asks; also the verifying side, for a simulator.
//! - [`wire`]: the exchange's JSON, both ways, so that a simulator answers with the same types.
//! - [`parse`]: wire to core, pure; an error names the field and the value.
//! - [`transport`]: the seam: the network, or a simulator in the same process.
//! - [`client`]: typed REST calls; [`socket`]: the WebSocket, with its subscriptions kept in sequence.
//! - [`exchange`]: core's `MarketData`, `Executor` and `PriceFeed` over both.
//! - [`error`]: what went wrong, cut by what the caller does next.

pub mod client;
pub mod error;
pub mod exchange;
pub mod parse;
pub mod signing;
pub mod socket;
pub mod transport;
pub mod wire;

/// Path of every REST call, as it is signed. Source: docs.kalshi.com/getting_started/api_environments; read 2026-11-22.
pub const REST_BASE: &str = "/trade-api/v2";

/// Path of the WebSocket, as it is signed. Source: docs.kalshi.com/websockets/websocket-connection; read 2026-11-22.
pub const SOCKET_PATH: &str = "/trade-api/ws/v2";
