//! The end of a process at a named place.

use super::witness::Witness;
use async_trait::async_trait;
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use recio_sim::InProcess;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Where a session is cut off, like a process that is killed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At its call of this number, counted from 1.
    Call {
        /// The number.
        number: u64,
        /// After the exchange has executed it, or before it arrives.
        executed: bool,
    },
    /// At the engine's output of this number, counted from 1: what it wanted is not done.
    Output {
        /// The number.
        number: u64,
    },
}

/// A transport that carries calls until the process is dead; from then on nothing leaves it.
#[derive(Debug)]
pub(super) struct Tripwire {
    inner: InProcess,
    cut: Option<Cut>,
    /// Who looks at what leaves; nobody where the caller is no session.
    witness: Option<Arc<Witness>>,
    seen: Mutex<Seen>,
    dead: CancellationToken,
}

#[derive(Debug, Default)]
struct Seen {
    calls: u64,
    outputs: u64,
}

impl Tripwire {
    pub(super) fn new(inner: InProcess, cut: Option<Cut>, witness: Option<Arc<Witness>>) -> Self {
        Self { inner, cut, witness, seen: Mutex::default(), dead: CancellationToken::new() }
    }

    /// Cancelled when the process is dead.
    pub(super) const fn dead(&self) -> &CancellationToken {
        &self.dead
    }

    /// Notes an output of the engine.
    pub(super) fn output(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.outputs += 1;
        if self.cut == Some(Cut::Output { number: seen.outputs }) {
            self.dead.cancel();
        }
    }

    /// Calls and outputs so far.
    pub(super) fn seen(&self) -> (u64, u64) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.calls, seen.outputs)
    }

    fn call(&self) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.calls += 1;
        seen.calls
    }

    /// Nothing returns to a dead process.
    async fn die<T>(&self) -> T {
        self.dead.cancel();
        std::future::pending().await
    }
}

#[async_trait]
impl Transport for Tripwire {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.dead.is_cancelled() {
            return self.die().await;
        }
        let number = self.call();
        let dies_before = matches!(self.cut, Some(Cut::Call { number: at, executed: false }) if at == number);
        let order = self.witness.as_ref().filter(|_| !dies_before).and_then(|witness| witness.leaves(&request));
        match self.cut {
            Some(Cut::Call { number: at, executed: false }) if at == number => self.die().await,
            Some(Cut::Call { number: at, executed: true }) if at == number => {
                // What is answered is not heard.
                drop(self.inner.request(request).await);
                self.die().await
            }
            Some(Cut::Call { .. } | Cut::Output { .. }) | None => {
                let answer = self.inner.request(request).await;
                if let (Some(witness), Some(order)) = (&self.witness, order) {
                    witness.answered(order, &answer);
                }
                answer
            }
        }
    }

    async fn connect(&self, headers: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        if self.dead.is_cancelled() {
            return self.die().await;
        }
        self.inner.connect(headers).await
    }
}
