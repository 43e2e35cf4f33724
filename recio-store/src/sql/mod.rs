//! What SQLite and PostgreSQL have in common: one set of statements, one set of migrations, and the rules around them.
//!
//! The statements are plain SQL that both understand (numbered parameters, `ON CONFLICT … DO UPDATE`, BIGINT, TEXT and DOUBLE PRECISION
//! alone), and run on a [`Connection`]. What one database has for itself lives with its store: pragmas and the lock file of SQLite, TLS and
//! the advisory lock of PostgreSQL.

mod appends;
pub(crate) mod commands;
mod connection;
mod error;
mod imported;
mod known;
mod lane;
mod lease;
mod migrations;
pub(crate) mod observations;
mod pages;
mod query;
mod reads;
mod rows;
mod schema;
mod schema_list;
#[cfg(feature = "postgres")]
mod session;
mod tables;
mod transaction;
mod verify;
mod write;
mod writes;

// What one build does not use, another one does.
#[allow(unused_imports)]
pub(crate) use {
    connection::{Connection, Dialect},
    error::{Lost, damaged, signed, store_error, unsigned},
    query::{Query, Row, readable},
    transaction::{HELD, READ, WRITE, transaction},
};

pub(crate) use appends::Appends;
pub(crate) use imported::{add_prices, price_sums, price_times};
pub(crate) use lane::{Connect, Lane};
pub(crate) use lease::take_turn;
pub(crate) use reads::{fills, orders, positions, settlements, trades};
pub(crate) use rows::{facts, head};
#[cfg(feature = "postgres")]
pub(crate) use schema::is_empty;
pub(crate) use schema::{check, prepare};
#[allow(unused_imports)]
pub(crate) use tables::{count, held};
#[cfg(feature = "postgres")]
pub(crate) use verify::TableReader;
pub(crate) use verify::verify;

#[cfg(feature = "postgres")]
pub(crate) use {
    error::was_lost,
    lease::lease,
    schema_list::{append_only_tables, changeable_tables},
    session::Session,
};
