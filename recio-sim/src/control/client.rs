//! A client of the simulator's own channel.

use super::{
    About, Advanced, BookName, ClientName, ControlRefusal, FaultReport, FramesQueued, Inject, Join, Joined, KeyName,
    Pause, Paused,
};
use crate::exchange::AccountTruth;
use recio_core::units::MarketTicker;
use recio_core::venue::BookLevels;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a call may take that has nothing to wait for.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Talks to a simulator's own channel. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ControlClient {
    http: reqwest::Client,
    base: String,
}

/// Why the channel gave no answer to go on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// Nobody answers: the simulator has stopped, or its ready file is an old one.
    #[error("cannot reach the simulator at {url}; start it, or name its newest ready file")]
    Unreachable {
        /// What was called.
        url: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The simulator refuses; 409 asks for another [`join`](ControlClient::join).
    #[error("the simulator refuses {url} with status {status}: {message}")]
    Refused {
        /// What was called.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The answer is not the channel's: another program, or another version of recio.
    #[error("{url} does not answer as a recio simulator of this version")]
    Unreadable {
        /// What was called.
        url: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ControlClient {
    /// A client for the address in a ready file's `control`. Connects with the first call.
    ///
    /// # Errors
    /// The HTTP library cannot be set up.
    pub fn new(control: &str) -> Result<Self, ControlError> {
        let base = control.trim_end_matches('/').to_owned();
        let built = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(5)).build();
        let http = built.map_err(|source| ControlError::Unreachable { url: base.clone(), source: source.into() })?;
        Ok(Self { http, base })
    }

    /// What the simulator is and where it stands.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn about(&self) -> Result<About, ControlError> {
        self.get("about", &()).await
    }

    /// Takes the seat of a key. An earlier client with the same key is replaced.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn join(&self, key_id: &str) -> Result<Joined, ControlError> {
        self.post("join", &Join { key_id: key_id.to_owned() }, Some(ANSWER_WITHIN)).await
    }

    /// Says that this client has handled the instant, and waits for the next: in lockstep for as long as it takes the others, paced until
    /// time has moved.
    ///
    /// # Errors
    /// No answer to go on with; status 409 after the client was replaced.
    ///
    /// # Cancel safety
    /// A dropped call takes the acknowledgement back.
    pub async fn advance(&self, client: &str) -> Result<Advanced, ControlError> {
        self.post("advance", &ClientName { client: client.to_owned() }, None).await
    }

    /// Text frames handed so far to the client's newest connection.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn frames(&self, client: &str) -> Result<u64, ControlError> {
        Ok(self.frames_queued(client).await?.frames)
    }

    /// The same, and whether frames are held back.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn frames_queued(&self, client: &str) -> Result<FramesQueued, ControlError> {
        self.get("frames", &[("client", client)]).await
    }

    /// What the account of a key really has.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn account(&self, key_id: &str) -> Result<AccountTruth, ControlError> {
        self.get("account", &[("key_id", key_id)]).await
    }

    /// How often the clients of a key sent each client order id, lost requests included.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn posts(&self, key_id: &str) -> Result<BTreeMap<String, u64>, ControlError> {
        self.get("posts", &KeyName { key_id: key_id.to_owned() }).await
    }

    /// The book that the exchange shows of a market, in YES prices.
    ///
    /// # Errors
    /// No answer to go on with; status 404 for a market that is not there.
    pub async fn book(&self, market: &MarketTicker) -> Result<BookLevels, ControlError> {
        self.get("book", &BookName { market: market.clone() }).await
    }

    /// Which scenario is played, and how often each fault came.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn faults(&self) -> Result<FaultReport, ControlError> {
        self.get("faults", &()).await
    }

    /// Adds a fault: the lines that stand below `[[fault]]` in a scenario file. Without a word on when, it comes now, or with the next call,
    /// frame or handshake that it can hit.
    ///
    /// # Errors
    /// No answer to go on with; status 400 where the lines are no fault, or one of a market's life, which has to stand in the scenario.
    pub async fn inject(&self, fault: &str) -> Result<(), ControlError> {
        self.tell("inject", &Inject { fault: fault.to_owned() }).await
    }

    /// Ends what goes wrong, and lets nothing more of the scenario go wrong. Requests that are late still land.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn heal(&self) -> Result<(), ControlError> {
        self.tell("heal", &serde_json::json!({})).await
    }

    /// Cuts every WebSocket.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn disconnect(&self) -> Result<(), ControlError> {
        self.inject("kind = \"socket_drop\"").await
    }

    /// Lets so many of the next frames be missing.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn gap(&self, frames: u32) -> Result<(), ControlError> {
        self.inject(&format!("kind = \"sequence_gap\"\nframes = {frames}")).await
    }

    /// Lets the next create be executed without an answer.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn drop_next_reply(&self) -> Result<(), ControlError> {
        self.inject("kind = \"lost_reply\"\ncalls = \"create\"").await
    }

    /// Pauses trading or the exchange, or ends the pause.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn pause(&self, what: Paused, paused: bool) -> Result<(), ControlError> {
        self.tell("pause", &Pause { what, paused }).await
    }

    /// Stops the simulator.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn stop(&self) -> Result<(), ControlError> {
        self.tell("stop", &serde_json::json!({})).await
    }

    async fn tell(&self, name: &str, body: &impl Serialize) -> Result<(), ControlError> {
        let _: serde_json::Value = self.post(name, body, Some(ANSWER_WITHIN)).await?;
        Ok(())
    }

    async fn get<T: DeserializeOwned>(&self, name: &str, query: &impl Serialize) -> Result<T, ControlError> {
        let url = format!("{}/{name}", self.base);
        let call = self.http.get(&url).query(query).timeout(ANSWER_WITHIN);
        read(url, call).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &str,
        body: &impl Serialize,
        within: Option<Duration>,
    ) -> Result<T, ControlError> {
        let url = format!("{}/{name}", self.base);
        let mut call = self.http.post(&url).json(body);
        if let Some(within) = within {
            call = call.timeout(within);
        }
        read(url, call).await
    }
}

async fn read<T: DeserializeOwned>(url: String, call: reqwest::RequestBuilder) -> Result<T, ControlError> {
    let unreachable = |source: reqwest::Error| ControlError::Unreachable { url: url.clone(), source: source.into() };
    let answer = call.send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(unreachable)?;
    if !status.is_success() {
        let words = serde_json::from_slice::<ControlRefusal>(&body).map(|refusal| refusal.error);
        let message = words.unwrap_or_else(|_| String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned());
        return Err(ControlError::Refused { url, status: status.as_u16(), message });
    }
    serde_json::from_slice(&body).map_err(|source| ControlError::Unreadable { url, source: source.into() })
}
