//! When time may go on in lockstep: every seat taken, connected, and done with the instant.

use crate::control::{Advanced, ControlRefusal};
use recio_core::units::AccountName;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Where the answer to an acknowledgement goes.
pub(crate) type Waiter = oneshot::Sender<Result<Advanced, ControlRefusal>>;

/// One seat per account; the clients that sit there, and who of them has acknowledged.
#[derive(Debug)]
pub(crate) struct Seats {
    seats: BTreeMap<AccountName, Seat>,
    joined: u64,
}

#[derive(Debug, Default)]
struct Seat {
    client: Option<String>,
    waiter: Option<Waiter>,
}

impl Seats {
    pub(crate) fn new(accounts: impl Iterator<Item = AccountName>) -> Self {
        Self { seats: accounts.map(|account| (account, Seat::default())).collect(), joined: 0 }
    }

    /// Seats a client; an earlier one of the same account is sent away.
    pub(crate) fn join(&mut self, account: &AccountName) -> String {
        self.joined += 1;
        let client = format!("client-{}", self.joined);
        let seat = self.seats.entry(account.clone()).or_default();
        let old = seat.client.replace(client.clone());
        if let (Some(waiter), Some(old)) = (seat.waiter.take(), old) {
            // Whoever does not listen any more needs no answer.
            let _ = waiter.send(Err(ControlRefusal::unknown_client(&old)));
        }
        client
    }

    /// The account of a client that sits.
    pub(crate) fn account_of(&self, client: &str) -> Option<&AccountName> {
        let sits = |seat: &Seat| seat.client.as_deref() == Some(client);
        self.seats.iter().find(|(_, seat)| sits(seat)).map(|(account, _)| account)
    }

    /// Notes that a client has handled the instant. A second acknowledgement takes the place of the first.
    pub(crate) fn acknowledge(&mut self, client: &str, waiter: Waiter) {
        let seat = self.seats.values_mut().find(|seat| seat.client.as_deref() == Some(client));
        match seat {
            Some(seat) => {
                if let Some(old) = seat.waiter.replace(waiter) {
                    let _ = old.send(Err(ControlRefusal::unknown_client(client)));
                }
            }
            None => {
                let _ = waiter.send(Err(ControlRefusal::unknown_client(client)));
            }
        }
    }

    /// Whether every seat is taken, connected and done.
    pub(crate) fn are_done(&self, is_live: impl Fn(&AccountName) -> bool) -> bool {
        let done = |(account, seat): (&AccountName, &Seat)| {
            seat.client.is_some() && is_live(account) && seat.waiter.as_ref().is_some_and(|waiter| !waiter.is_closed())
        };
        !self.seats.is_empty() && self.seats.iter().all(done)
    }

    /// Answers everybody who waits.
    pub(crate) fn answer_all(&mut self, answer: impl Fn(&AccountName) -> Advanced) {
        for (account, seat) in &mut self.seats {
            if let Some(waiter) = seat.waiter.take() {
                let _ = waiter.send(Ok(answer(account)));
            }
        }
    }

    /// Answers one account's client, which has to look again: its connection has changed.
    pub(crate) fn answer(&mut self, account: &AccountName, answer: Advanced) {
        if let Some(waiter) = self.seats.get_mut(account).and_then(|seat| seat.waiter.take()) {
            let _ = waiter.send(Ok(answer));
        }
    }
}
