//! REC.IO v2: databases as it left them, and what becomes of them.

mod adopt;
mod awkward;
mod bad;
mod import;
mod stopped;
mod views;
mod world;
