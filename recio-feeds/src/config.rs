//! Bounds and waits of a connection to a venue.

use std::time::Duration;

/// Bounds and waits of a connection to a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// Events that wait for the reader before the connection stops reading and waits for it.
    pub capacity: usize,
    /// How long a connection, TLS and handshake included, may take.
    pub connect_within: Duration,
    /// How long the venue may take to acknowledge the subscription.
    pub answer_within: Duration,
    /// Without any frame for this long the connection counts as half open, and is replaced. All four show life every 5 s or oftener.
    pub silence: Duration,
    /// How often a sign of life is asked for where heartbeats do not come by themselves.
    pub ping_every: Duration,
    /// Without a trade for this long a connection is replaced, although it lives: a subscription can be lost in silence. Long, because a
    /// market may be quiet; it bounds such reconnects to one in this time.
    pub no_trade: Duration,
    /// The first wait before connecting again; doubles with each failure.
    pub backoff_min: Duration,
    /// The longest wait before connecting again.
    pub backoff_max: Duration,
    /// How long one request for candles may take.
    pub request_within: Duration,
    /// Between two requests for candles; below every venue's published rate with room for others behind the same address.
    pub request_every: Duration,
    /// Makes the jitter of the waits repeatable; otherwise it is different in each process.
    pub jitter_seed: Option<u64>,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            capacity: 1_024,
            connect_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(10),
            silence: Duration::from_secs(15),
            ping_every: Duration::from_secs(5),
            no_trade: Duration::from_secs(300),
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            request_within: Duration::from_secs(15),
            request_every: Duration::from_millis(200),
            jitter_seed: None,
        }
    }
}
