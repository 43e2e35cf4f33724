//! recio's simulated exchange, and the recordings of real markets that it plays.
//!
//! Everything in here is a simulation or a recording. Nothing in here talks to a real exchange.
//!
//! - [`recording`] and [`import`]: recordings of real markets, and how they are made.
//! - [`exchange`]: Kalshi's REST and WebSocket as a pure function over a played recording.
//! - [`synthetic`]: a world without a recording; [`scenario`]: what goes wrong in a simulation, and when.
//! - [`server`]: the same on the loopback, with signed requests; [`in_process`]: the same as a client's transport, without sockets.
//! - [`dice`]: chance by seed.
//! - [`control`]: the simulator's own channel for clock, lockstep and account truth; [`endpoint`]: the ready file.

mod admin;
mod auth;
pub mod control;
mod desk;
pub mod dice;
pub mod endpoint;
pub mod exchange;
pub mod import;
pub mod in_process;
mod lockstep;
mod real_clock;
pub mod recording;
pub mod scenario;
pub mod server;
pub mod synthetic;
mod weather;

pub use control::ControlClient;
pub use endpoint::Endpoint;
pub use in_process::InProcess;
pub use server::{Pace, Running, SimError, SimOptions, Simulator};
