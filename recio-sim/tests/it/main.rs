//! recio-sim as an embedder sees it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod amends;
mod bad_input;
mod batches;
mod endpoint;
mod groups;
mod in_process;
mod lockstep;
mod prices;
mod realism;
mod recorded_session;
mod rest;
mod scenario;
mod sdk_models;
mod socket;
mod stage;
mod timeline;
mod transfers;
mod world;
