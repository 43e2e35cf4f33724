//! recio as an embedder sees it: the examples, the demo, replay, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod commands;
mod demo;
mod doctor;
mod download;
mod examples;
mod late_store;
mod paper;
mod record;
mod replay;
mod sdk;
mod settings;
mod simulation;
mod soak;
mod store_away;
mod support;
mod warm_start;
