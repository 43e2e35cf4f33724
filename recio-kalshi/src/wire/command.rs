//! What a client says on the WebSocket.

use serde::{Deserialize, Serialize};

/// A command. Its id comes back in the answer; unique per session, above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Unique per session.
    #[serde(default)]
    pub id: u64,
    /// `subscribe`, `update_subscription`, `unsubscribe` or `list_subscriptions`.
    pub cmd: String,
    /// What it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<CommandParams>,
}

/// The parameters of all commands together; each uses a few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]
pub struct CommandParams {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sids: Option<Vec<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_tickers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_ids: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_yes_price: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_initial_snapshot: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_ticker_ack: Option<bool>,
}

impl Command {
    /// Subscribes to one channel; the other parameters are added to what this gives.
    #[must_use]
    pub fn subscribe(id: u64, channel: &str, params: CommandParams) -> Self {
        let params = CommandParams { channels: Some(vec![channel.to_owned()]), ..params };
        Self { id, cmd: "subscribe".into(), params: Some(params) }
    }

    /// Changes a subscription: `add_markets`, `delete_markets` or `get_snapshot`.
    #[must_use]
    pub fn update_markets(id: u64, sid: u64, action: &str, market_tickers: Vec<String>) -> Self {
        let params = CommandParams {
            sids: Some(vec![sid]),
            action: Some(action.to_owned()),
            market_tickers: Some(market_tickers),
            ..CommandParams::default()
        };
        Self { id, cmd: "update_subscription".into(), params: Some(params) }
    }

    /// Ends a subscription.
    #[must_use]
    pub fn unsubscribe(id: u64, sid: u64) -> Self {
        let params = CommandParams { sids: Some(vec![sid]), ..CommandParams::default() };
        Self { id, cmd: "unsubscribe".into(), params: Some(params) }
    }

    /// The subscription that an update or an unsubscribe names, whichever way it names it.
    #[must_use]
    pub fn sids(&self) -> Vec<u64> {
        let Some(params) = &self.params else { return Vec::new() };
        params.sids.iter().flatten().chain(params.sid.iter()).copied().collect()
    }
}
