//! recio-sim as an embedder sees it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod endpoint;
mod lockstep;
mod recorded_session;
mod rest;
mod socket;
mod stage;
mod timeline;
