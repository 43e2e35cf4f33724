//! The simulator's own channel: clock, lockstep, account truth, and faults for tests. Never part of Kalshi's routes, on loopback alone.
//!
//! | call | what |
//! |---|---|
//! | `GET about` | what it is, where it stands, which scenario it plays |
//! | `POST join`, `POST advance`, `GET frames` | lockstep |
//! | `GET account` | the books of a key's account |
//! | `GET posts` | how often its clients sent each client order id |
//! | `GET book` | the book that is shown of a market |
//! | `POST inject`, `POST heal`, `GET faults` | one more fault, no more faults, how often each kind came |
//! | `POST pause` | a pause of trading or of the exchange, and its end |
//! | `POST stop` | the end |

mod client;

pub use client::{ControlClient, ControlError};

use crate::scenario::FaultCounts;
use recio_core::units::{MarketTicker, Timestamp};
use serde::{Deserialize, Serialize};

/// The name of the header that every HTTP answer of the simulator carries.
pub const SIMULATOR_HEADER: &str = "x-recio-simulator";

/// What the simulator says in its log, over its channel and in reports.
pub const BANNER: &str = "recio simulator: not an exchange, no real money; it plays a recording on this machine";

/// How time moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// With real time, times a speed.
    Paced,
    /// When every client has handled the last instant.
    Lockstep,
}

/// Answer of `GET /control/about`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Always true.
    pub simulator: bool,
    /// One line that says so.
    pub banner: String,
    /// The recording, in one line.
    pub title: String,
    /// Where each stream of the recording comes from.
    pub origin: Vec<String>,
    /// What stands in for what was not recorded.
    pub stand_ins: Vec<String>,
    /// How time moves.
    pub mode: Mode,
    /// Market seconds per real second; `None` in lockstep.
    pub speed: Option<f64>,
    /// The exchange's time.
    pub now: Timestamp,
    /// Whether the recording's times were shifted.
    pub rebased: bool,
    /// From when on the index' past can be read without a hole of more than a minute; `None` where there is none.
    pub prices_from: Option<Timestamp>,
    /// Whether everything that was recorded has been played.
    pub ended: bool,
    /// The scenario that says what goes wrong.
    pub scenario: String,
    /// The seed of what goes wrong by chance.
    pub seed: u64,
}

/// Answer of `GET /control/faults`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultReport {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Whether it was told to let nothing more go wrong.
    pub healed: bool,
    /// How often each kind came so far.
    pub counts: FaultCounts,
}

/// What is paused. Body of `POST /control/pause`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Trading alone, or the whole exchange.
    pub what: Paused,
    /// Whether it begins or ends.
    pub paused: bool,
}

/// What can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paused {
    /// Creates are refused, cancels work.
    Trading,
    /// Creates and cancels are refused.
    Exchange,
}

/// Answer of `POST /control/join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// Names this client from here on; a later join with the same key makes it void.
    pub client: String,
    /// The exchange's time.
    pub now: Timestamp,
    /// How time moves.
    pub mode: Mode,
}

/// Answer of `POST /control/advance`: the next instant has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advanced {
    /// The exchange's time. The same as before where the client's connection was lost or opened while it waited: what waits for the
    /// client has changed, so it has to look again.
    pub now: Timestamp,
    /// Whether everything that was recorded has been played. Time stands still from then on.
    pub ended: bool,
    /// Text frames handed so far to the key's newest connection, those of this instant included.
    pub frames: u64,
    /// Whether frames are held back, so that a client cannot know what it has asked for.
    pub stalled: bool,
}

/// Answer of `GET /control/frames`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FramesQueued {
    /// Text frames handed so far to the key's newest connection; none without one.
    pub frames: u64,
    /// Whether frames are held back, so that a client cannot know what it has asked for.
    pub stalled: bool,
}

/// Body of `POST /control/join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    pub(crate) key_id: String,
}

/// Body of `POST /control/advance`, query of `GET /control/frames`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientName {
    pub(crate) client: String,
}

/// Body of `POST /control/inject`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inject {
    pub(crate) fault: String,
}

/// Query of what concerns a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyName {
    pub(crate) key_id: String,
}

/// Query of `GET /control/book`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookName {
    pub(crate) market: MarketTicker,
}

/// What the channel answers where it does not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ControlRefusal {
    #[serde(skip)]
    pub(crate) status: u16,
    pub(crate) error: String,
}

impl ControlRefusal {
    pub(crate) fn unknown_key(key_id: &str) -> Self {
        Self { status: 404, error: format!("no key `{key_id}` at this simulator; take one of its ready file") }
    }

    pub(crate) fn unknown_market(market: &MarketTicker) -> Self {
        Self { status: 404, error: format!("no market {market} at this simulator now") }
    }

    pub(crate) fn bad_fault(problem: &str) -> Self {
        Self { status: 400, error: format!("this is no fault: {problem}") }
    }

    pub(crate) fn unknown_client(client: &str) -> Self {
        Self { status: 409, error: format!("client `{client}` has not joined, or was replaced; join again") }
    }

    pub(crate) fn over() -> Self {
        Self { status: 503, error: "the simulator is stopping".to_owned() }
    }
}
