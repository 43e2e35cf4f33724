//! recio as an embedder sees it: the examples, the demo, replay, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod demo;
mod examples;
mod replay;
mod support;
