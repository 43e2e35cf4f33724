//! What can go wrong, one kind a word.

use std::time::Duration;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// With one REST call.
    Request(RequestFault),
    /// With frames of a WebSocket.
    Frame(FrameFault),
    /// A WebSocket's handshake is refused.
    RefusedHandshake {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// At a moment, to everybody.
    Timed(TimedFault),
    /// With a market's life.
    Market(MarketFault),
}

/// What goes wrong with one REST call.
///
/// Where time stands still while a client waits (lockstep, in process), an answer that comes later than the client waits never comes: the
/// connection is cut at once instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestFault {
    /// It never arrives, and no answer comes.
    LostRequest,
    /// It is executed, and no answer comes.
    LostReply,
    /// It is executed, and the answer comes so much later.
    LateReply {
        /// In the exchange's time.
        by: Duration,
    },
    /// No answer comes, and it is executed so much later: when the client has long given up.
    LateLanding {
        /// In the exchange's time.
        by: Duration,
    },
    /// It arrives twice, and the first answer is told.
    DuplicateDelivery,
    /// It is executed, and half of the answer's text comes.
    TruncatedReply,
    /// It is executed, and a page for people comes, with status 200.
    HtmlReply,
    /// Refused with 429, not executed.
    RateLimited,
    /// Answered with a status of 500 or above.
    ServerError {
        /// The status.
        status: u16,
        /// Whether it is executed all the same.
        executed: bool,
    },
    /// The connection is cut.
    ConnectionReset {
        /// Whether it is executed all the same.
        executed: bool,
    },
    /// A create is refused for want of cash, whatever the account has.
    InsufficientBalance,
}

/// What goes wrong with frames. Answers to commands and snapshots are spared: they come, or the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// So many frames in a row do not come: where frames are counted, the next one shows a gap.
    SequenceGap {
        /// How many.
        frames: u32,
    },
    /// One frame does not come.
    DroppedFrame,
    /// The frame comes twice.
    DuplicateFrame,
    /// The frame and the next one change places.
    ReorderedFrames,
}

/// What goes wrong at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimedFault {
    /// Every WebSocket is cut.
    SocketDrop,
    /// Nothing comes over any WebSocket for so long but pings; then everything that waited comes at once.
    Stall {
        /// How long.
        lasts: Duration,
    },
    /// Every subscription to books ends with this error code: 10 or 25.
    SubscriptionError {
        /// The code.
        code: u32,
    },
    /// The exchange's clock, against which signatures are checked, is wrong.
    ClockSkew {
        /// How far it is ahead of real time; below zero, behind.
        by_ms: i64,
        /// How long.
        lasts: Duration,
    },
    /// Creates are refused as paused; cancels work.
    TradingPause {
        /// How long.
        lasts: Duration,
    },
    /// Creates and cancels are refused as paused.
    ExchangePause {
        /// How long.
        lasts: Duration,
    },
    /// Every call is answered with 503, every WebSocket is cut and none is let in.
    Maintenance {
        /// How long.
        lasts: Duration,
    },
}

/// What goes wrong with a market's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarketFault {
    /// The market that closes next is halted, and trades again later.
    MarketDeactivation {
        /// How long.
        lasts: Duration,
    },
    /// The outcome and the payout come so much later than they were to.
    LateSettlement {
        /// How much.
        by: Duration,
    },
    /// The outcome is challenged before it is paid, and stands after so long.
    DisputedSettlement {
        /// How long.
        lasts: Duration,
    },
    /// The outcome turns out to be the other one so long after it was announced, when it has been paid.
    AmendedSettlement {
        /// How long.
        by: Duration,
    },
}

impl Fault {
    /// Every kind, by its word.
    pub const KINDS: [&'static str; 27] = [
        "lost_request",
        "lost_reply",
        "late_reply",
        "late_landing",
        "duplicate_delivery",
        "truncated_reply",
        "html_reply",
        "rate_limited",
        "server_error",
        "connection_reset",
        "insufficient_balance",
        "sequence_gap",
        "dropped_frame",
        "duplicate_frame",
        "reordered_frames",
        "refused_handshake",
        "socket_drop",
        "stall",
        "subscription_error",
        "clock_skew",
        "trading_pause",
        "exchange_pause",
        "maintenance",
        "market_deactivation",
        "late_settlement",
        "disputed_settlement",
        "amended_settlement",
    ];

    /// Its word in scenario files and counts.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Request(fault) => match fault {
                RequestFault::LostRequest => "lost_request",
                RequestFault::LostReply => "lost_reply",
                RequestFault::LateReply { .. } => "late_reply",
                RequestFault::LateLanding { .. } => "late_landing",
                RequestFault::DuplicateDelivery => "duplicate_delivery",
                RequestFault::TruncatedReply => "truncated_reply",
                RequestFault::HtmlReply => "html_reply",
                RequestFault::RateLimited => "rate_limited",
                RequestFault::ServerError { .. } => "server_error",
                RequestFault::ConnectionReset { .. } => "connection_reset",
                RequestFault::InsufficientBalance => "insufficient_balance",
            },
            Self::Frame(fault) => match fault {
                FrameFault::SequenceGap { .. } => "sequence_gap",
                FrameFault::DroppedFrame => "dropped_frame",
                FrameFault::DuplicateFrame => "duplicate_frame",
                FrameFault::ReorderedFrames => "reordered_frames",
            },
            Self::RefusedHandshake { .. } => "refused_handshake",
            Self::Timed(fault) => match fault {
                TimedFault::SocketDrop => "socket_drop",
                TimedFault::Stall { .. } => "stall",
                TimedFault::SubscriptionError { .. } => "subscription_error",
                TimedFault::ClockSkew { .. } => "clock_skew",
                TimedFault::TradingPause { .. } => "trading_pause",
                TimedFault::ExchangePause { .. } => "exchange_pause",
                TimedFault::Maintenance { .. } => "maintenance",
            },
            Self::Market(fault) => match fault {
                MarketFault::MarketDeactivation { .. } => "market_deactivation",
                MarketFault::LateSettlement { .. } => "late_settlement",
                MarketFault::DisputedSettlement { .. } => "disputed_settlement",
                MarketFault::AmendedSettlement { .. } => "amended_settlement",
            },
        }
    }
}
