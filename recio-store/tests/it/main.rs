//! The stores, through their public edge.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

#[cfg(feature = "archive")]
mod archive;
mod bus;
mod bus_redis;
mod bus_tls;
mod certificates;
mod changes;
mod commands;
mod contract;
mod crash;
mod damage;
mod differential;
#[cfg(feature = "archive")]
mod export;
mod observations;
mod opening;
mod postgres;
mod readable;
mod schema;
mod settings;
mod tables;
mod truncation;
mod v2;
