//! recio-core through its public edge: the engine as a whole, the pipeline around it, and the strategy that ships.

#![expect(clippy::unwrap_used, reason = "what a test's helper cannot do fails the test")]

mod account;
mod engine_decisions;
mod engine_edges;
mod engine_health;
mod engine_life;
mod engine_random;
mod engine_recall;
mod engine_restart;
mod engine_risk;
mod engine_settings;
mod engine_shadow;
mod engine_stops;
mod engine_unknown;
mod engine_warm_start;
mod fakes;
mod hourly_htc;
mod journal_truncation;
mod pipeline_paper;
mod pipeline_run;
mod pipeline_store;
mod settings;
mod world;
