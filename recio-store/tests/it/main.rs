//! The stores, through their public edge.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

mod contract;
mod crash;
mod damage;
mod differential;
mod opening;
mod truncation;
