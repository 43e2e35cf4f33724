//! How carefully the exchange is treated, by the time that it lives in.

use crate::client::SignatureClock;
use crate::limits::{Limits, Patience};
use crate::signing::PooledRoute;
use crate::socket::{Sleep, SocketConfig, WallClock};
use crate::transport::Method;
use crate::wire::orders_path;
use crate::{REST_BASE, SOCKET_PATH};
use recio_core::units::{Monotonic, Timestamp};
use std::sync::Arc;

/// Limits, waits and signatures of one connection to an exchange.
#[derive(Clone)]
pub struct Care {
    /// What may be asked how often; `None` leaves that to the exchange.
    pub limits: Option<Limits>,
    /// The time by which the exchange's weekly maintenance is known; `None` where there is none.
    pub wall_clock: Option<WallClock>,
    /// Whether signatures are made ahead of time, in the background.
    pub signs_ahead: bool,
    /// The WebSocket's bounds and waits.
    pub socket: SocketConfig,
    /// What the connection's waits go by; `None` is the machine's time. A simulation gives its own, which moves in steps.
    pub sleep: Option<Sleep>,
}

impl Care {
    /// For an exchange that lives in real time. Maintenance goes by the clock of the signatures.
    #[must_use]
    pub fn live(clock: &SignatureClock) -> Self {
        let clock = Arc::clone(clock);
        let wall: WallClock = Arc::new(move || Timestamp::from_millisecond(clock()).unwrap_or_default());
        Self {
            limits: Some(Limits::in_real_time(Patience::default())),
            wall_clock: Some(wall),
            signs_ahead: true,
            socket: SocketConfig::default(),
            sleep: None,
        }
    }

    /// For a simulator that runs at a multiple of real time: limits go by its time, the connection's own waits by the machine's.
    #[must_use]
    pub fn paced(now: Arc<dyn Fn() -> Monotonic + Send + Sync>, sleep: Sleep) -> Self {
        Self {
            limits: Some(Limits::on_clock(now, Some(sleep), Patience::default())),
            wall_clock: None,
            signs_ahead: true,
            socket: SocketConfig::default(),
            sleep: None,
        }
    }

    /// For a simulator in lockstep, where time stands still while anything is under way: what takes a second elsewhere happens at once, so that
    /// requests are not counted. Nothing happens in the background, no silence is measured in a time that the simulator does not know, and waits
    /// are the same in each run.
    #[must_use]
    pub fn lockstep() -> Self {
        Self {
            limits: None,
            wall_clock: None,
            signs_ahead: false,
            socket: SocketConfig {
                index_silence: None,
                book_silence: None,
                jitter_seed: Some(0),
                ..SocketConfig::default()
            },
            sleep: None,
        }
    }
}

impl std::fmt::Debug for Care {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limits, signs_ahead, socket, .. } = self;
        let mut shown = f.debug_struct("Care");
        shown.field("limits", limits).field("signs_ahead", signs_ahead).field("socket", socket).finish_non_exhaustive()
    }
}

/// What is known beforehand: creates, a new connection, and the reads that find out what became of orders. A cancel's path holds the order's id,
/// so that it is signed when it is sent.
pub(super) fn routes() -> Vec<PooledRoute> {
    let read = |path: &str| PooledRoute { method: Method::Get, path: format!("{REST_BASE}{path}"), ready: 1 };
    vec![
        // A Basic account's bucket holds ten creates.
        PooledRoute { method: Method::Post, path: format!("{REST_BASE}{}", orders_path(None)), ready: 10 },
        PooledRoute { method: Method::Get, path: SOCKET_PATH.to_owned(), ready: 1 },
        read("/portfolio/orders"),
        read("/portfolio/fills"),
        read("/portfolio/positions"),
        read("/portfolio/balance"),
        read("/markets"),
        read("/exchange/status"),
    ]
}
