//! The exchange with its door: keys are checked, requests answered, and frames handed to the connections they belong to.
//!
//! Whatever a call caused is with the connections before the call returns: an answer never overtakes its frames.

use crate::auth::{AuthClaim, KeyRing};
use crate::exchange::{AccountTruth, ApiRequest, Exchange, ExchangeError, SessionId};
use recio_core::units::{AccountName, Money, Timestamp};
use recio_kalshi::signing::VerifyingKey;
use recio_kalshi::transport::HttpResponse;
use recio_kalshi::{REST_BASE, SOCKET_PATH};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Batches of frames that may wait for one connection; one that is further behind is cut off, as the exchange does it. A batch is what one
/// call or one instant caused, so this is minutes of market time.
const OUTLET_BATCHES: usize = 16_384;

/// Frames on their way to a connection; its end means that the exchange has cut it.
pub(crate) type Frames = mpsc::Receiver<Vec<String>>;

pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    keys: KeyRing,
    outlets: BTreeMap<SessionId, Outlet>,
    /// The newest connection of each account.
    current: BTreeMap<AccountName, SessionId>,
    /// Accounts that have lost a connection since they were last asked for.
    lost: Vec<AccountName>,
}

struct Outlet {
    account: AccountName,
    sender: mpsc::Sender<Vec<String>>,
}

impl Desk {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            keys: KeyRing::default(),
            outlets: BTreeMap::new(),
            current: BTreeMap::new(),
            lost: Vec::new(),
        }
    }

    /// Opens an account for a key. Accounts are numbered, so that nothing about them differs between two runs.
    pub(crate) fn add_key(&mut self, key_id: &str, key: VerifyingKey, cash: Money) -> Result<(), ExchangeError> {
        let number = self.keys.count() + 1;
        let name = format!("sim-{number}");
        let account = AccountName::new(&name).expect("it is short visible ASCII");
        self.exchange.open_account(account.clone(), cash)?;
        self.keys.add(key_id, key, account);
        Ok(())
    }

    /// Answers a request whose path is the whole one, from the root. Public data needs no signature, but a wrong one is refused there too.
    pub(crate) fn request(&mut self, claim: &AuthClaim, mut request: ApiRequest, real_ms: i64) -> HttpResponse {
        let account = if claim.is_absent() {
            None
        } else {
            match self.keys.check(claim, request.method.as_str(), &request.path, real_ms) {
                Ok(account) => Some(account.clone()),
                Err(refusal) => return refusal,
            }
        };
        request.path = request.path.strip_prefix(REST_BASE).unwrap_or_default().to_owned();
        let answer = self.exchange.request(account.as_ref(), &request);
        self.deliver();
        answer
    }

    /// Whose WebSocket this will be, or the 401 to answer.
    pub(crate) fn authorize_socket(&self, claim: &AuthClaim, real_ms: i64) -> Result<AccountName, HttpResponse> {
        self.keys.check(claim, "GET", SOCKET_PATH, real_ms).cloned()
    }

    pub(crate) fn connect(&mut self, account: &AccountName) -> (SessionId, Frames) {
        let (sender, frames) = mpsc::channel(OUTLET_BATCHES);
        let session = self.exchange.connect(account);
        self.outlets.insert(session, Outlet { account: account.clone(), sender });
        self.current.insert(account.clone(), session);
        (session, frames)
    }

    pub(crate) fn disconnect(&mut self, session: SessionId) {
        self.exchange.disconnect(session);
        if let Some(outlet) = self.outlets.remove(&session) {
            let others = self.outlets.iter().filter(|(_, other)| other.account == outlet.account);
            match others.map(|(id, _)| *id).next_back() {
                Some(newest) => self.current.insert(outlet.account.clone(), newest),
                None => self.current.remove(&outlet.account),
            };
            self.lost.push(outlet.account);
        }
    }

    pub(crate) fn command(&mut self, session: SessionId, text: &str) {
        self.exchange.command(session, text);
        self.deliver();
    }

    pub(crate) fn advance(&mut self, to: Timestamp) -> Result<(), ExchangeError> {
        let advanced = self.exchange.advance(to);
        self.deliver();
        advanced
    }

    /// Text frames queued so far on the account's newest connection; none without one.
    pub(crate) fn frames_queued(&self, account: &AccountName) -> u64 {
        self.current.get(account).map_or(0, |session| self.exchange.frames_queued(*session))
    }

    /// Whether the account has a connection, and somebody at its other end.
    pub(crate) fn is_live(&self, account: &AccountName) -> bool {
        let outlet = self.current.get(account).and_then(|session| self.outlets.get(session));
        outlet.is_some_and(|outlet| !outlet.sender.is_closed())
    }

    /// Accounts that have lost a connection since the last call.
    pub(crate) fn take_lost(&mut self) -> Vec<AccountName> {
        std::mem::take(&mut self.lost)
    }

    pub(crate) fn account(&self, key_id: &str) -> Option<&AccountName> {
        self.keys.account(key_id)
    }

    pub(crate) fn truth(&self, key_id: &str) -> Option<AccountTruth> {
        self.exchange.account_truth(self.keys.account(key_id)?)
    }

    /// Hands every waiting frame to its connection. One that does not take them, or that nobody reads any more, is cut.
    fn deliver(&mut self) {
        let mut cut = Vec::new();
        for (session, outlet) in &self.outlets {
            let frames = self.exchange.take_frames(*session);
            let taken = frames.is_empty() || outlet.sender.try_send(frames).is_ok();
            if !taken || outlet.sender.is_closed() {
                cut.push(*session);
            }
        }
        for session in cut {
            self.disconnect(session);
        }
    }
}
