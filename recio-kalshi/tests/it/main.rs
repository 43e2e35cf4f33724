//! The client through its public edge: recorded bytes, signatures, a scripted transport, a loopback server.
#![expect(clippy::unwrap_used, reason = "the helpers of tests, too, fail by panicking")]

mod bodies;
mod care;
mod client;
mod discovery;
mod frames;
mod key_file;
mod limits;
mod mutations;
mod network;
mod public_markets;
mod raw_frames;
mod reads;
mod recorded;
mod script;
mod signing;
mod socket;
mod socket_quiet;
mod writes;

/// A file of `tests/data`.
fn data(name: &str) -> String {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
