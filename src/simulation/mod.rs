//! A whole session in one process and one thread: the real client, engine, journal and store against a simulated exchange without sockets, where
//! everything goes wrong that a scenario names.
//!
//! Time moves in steps, and only when nothing is left to do at the present one: the same seeds give the same session. A session can be cut
//! off like a killed process, at a time, at a call or at an output of the engine, and the next one goes on from its journal and store.
//!
//! The runtime has to be a current-thread one whose time is paused (`tokio::runtime::Builder::new_current_thread().enable_all()
//! .start_paused(true)`, of tokio's feature `test-util`): an idle runtime is how a simulation knows that nothing is left to do.
//! [`SimWorld::run`] refuses another. With `max_blocking_threads(1)` orders of one instant reach the exchange in one order always.
//!
//! What is simulated: the exchange, its network, its faults, time, the process's end. What is not: TLS and sockets, the disk (the journal is a real
//! file), stores that wait on other threads than tokio's (with paused time their time-outs would come at once; use `MemoryStore`).

mod books;
mod conductor;
mod exposure;
pub mod invariants;
mod plan;
mod record;
mod sight;
mod trial;
mod tripwire;
mod witness;
mod world;

pub use books::BookChecks;
pub use exposure::AtRisk;
pub use plan::{Crash, CrashAt, SimPlan};
pub use record::{Alarm, OrderState, Record};
pub use sight::Known;
pub use trial::{Outcome, TrialError, try_seed};
pub use tripwire::Cut;
pub use witness::{Heard, SentOrder};
pub use world::{Leg, SimWorld, SimWorldError, SimWorldOptions, Until};
