//! Tests of the model through its public edge.

mod fingerprint;
mod pricer;
mod window_law;
