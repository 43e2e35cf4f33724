//! The client through its public edge: recorded bytes, signatures, a scripted transport, a loopback server.
#![expect(clippy::unwrap_used, reason = "the helpers of tests, too, fail by panicking")]

mod client;
mod frames;
mod network;
mod recorded;
mod signing;
mod socket;

/// A file of `tests/data`.
fn data(name: &str) -> String {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
