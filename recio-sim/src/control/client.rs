//! A client of the simulator's own channel.

use super::{About, Advanced, ClientName, ControlRefusal, FramesQueued, Join, Joined};
use crate::exchange::AccountTruth;
use serde::{Serialize, de::DeserializeOwned};
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

    /// Text frames queued so far on the client's newest connection.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn frames(&self, client: &str) -> Result<u64, ControlError> {
        let answer: FramesQueued = self.get("frames", &[("client", client)]).await?;
        Ok(answer.frames)
    }

    /// What the account of a key really has.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn account(&self, key_id: &str) -> Result<AccountTruth, ControlError> {
        self.get("account", &[("key_id", key_id)]).await
    }

    /// Stops the simulator.
    ///
    /// # Errors
    /// No answer to go on with.
    pub async fn stop(&self) -> Result<(), ControlError> {
        let _: serde_json::Value = self.post("stop", &serde_json::json!({}), Some(ANSWER_WITHIN)).await?;
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
