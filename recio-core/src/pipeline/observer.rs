//! `Observer`: looks on while a run goes on.

use crate::engine::{Input, Output};
use crate::units::Now;

/// Sees what the engine is told and what it wants, as it happens: for screens, files, the store's observations, the bus.
///
/// It is called on the engine's own path, so it puts down what it needs and goes on: it never waits, and whatever takes time is done elsewhere.
/// Nothing that it does changes the run. A closure over the outputs is one.
pub trait Observer: Send {
    /// The engine is about to be told this.
    fn heard(&mut self, now: Now, input: &Input) {
        let _ = (now, input);
    }

    /// The engine wants this, and it is about to be carried out.
    fn wished(&mut self, now: Now, output: &Output);
}

impl<F: FnMut(Now, &Output) + Send> Observer for F {
    fn wished(&mut self, now: Now, output: &Output) {
        self(now, output);
    }
}
