//! Kill points: places on the way from an intent to its settlement at which a test can have the process killed.
//!
//! Compiled to nothing without the feature `kill-points`, which only test builds have. With it, the environment variable `RECIO_KILL_POINT`
//! names a point and, after an `@`, the visit that counts (`K5@2`; the first unless said), and `RECIO_KILL_MARKER` a file. At that visit the
//! file is written and the thread stands still for ever: whoever waits for the file then kills the process exactly there.

use std::fmt;

/// A place between "an order is wanted" and "its settlement is recorded". What a restart has to make of it is said with each.
///
/// There is no point K4, "half of a request is written": an order leaves in one small write, which no killed process leaves by halves. What
/// K8 and K15 stand before is the end of a submit here; a message bus and an archive come behind it when there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KillPoint {
    /// An order is wanted, and nothing of it is written: nothing has happened, and nothing may come of it.
    K0,
    /// The intent is written into the journal and not yet synced: it is there or not, and its order was not sent.
    K1,
    /// The intent is durable, and the last look has not been taken: to a restart the order may have been sent.
    K2,
    /// The last look was taken, and no byte has left: as K2.
    K3,
    /// The order's request is at the exchange, and nothing of its answer has been looked at: the order is looked up, and adopted.
    K5,
    /// The answer has been read whole, and not been parsed: as K5.
    K6,
    /// The answer has been understood, and is not in the journal: as K5.
    K7,
    /// The answer is in the journal, and the engine has not been told: nothing is unknown; the fills are read again.
    K8,
    /// A fill came over the stream, and nobody has been told: the fill is read again.
    K9,
    /// A fill is written into the store, and not committed: the fill is read again, and recorded once.
    K10,
    /// A fill is committed, and nothing else knows: everything is made from the fills again.
    K11,
    /// A cancel is at the exchange, and nothing of its answer has been looked at: the order is looked up; it may be filled, canceled or resting.
    K12,
    /// A market has closed whose contracts are held, and it is not paid: the payout is waited for.
    K13,
    /// A payout was read, and is not recorded: it is read again, and booked once.
    K14,
    /// A payout is recorded, and nothing else knows: it is not booked again.
    K15,
}

impl KillPoint {
    /// All of them, in their order.
    pub const ALL: [Self; 15] = [
        Self::K0,
        Self::K1,
        Self::K2,
        Self::K3,
        Self::K5,
        Self::K6,
        Self::K7,
        Self::K8,
        Self::K9,
        Self::K10,
        Self::K11,
        Self::K12,
        Self::K13,
        Self::K14,
        Self::K15,
    ];
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants are named as the points are.
        f.pad(&format!("{self:?}"))
    }
}

/// A visit of a kill point. Does nothing, unless it is the one that a test waits for: then it never returns.
#[inline]
pub fn reached(point: KillPoint) {
    reached_if(point, || true);
}

/// A visit of a kill point, where `counts` says that it is one. Without the feature `kill-points` nothing is evaluated.
#[inline]
#[cfg_attr(not(feature = "kill-points"), expect(unused_variables, reason = "compiled to nothing"))]
pub fn reached_if(point: KillPoint, counts: impl FnOnce() -> bool) {
    #[cfg(feature = "kill-points")]
    if armed::PLAN.is_for(point) && counts() {
        armed::PLAN.visited();
    }
}

#[cfg(feature = "kill-points")]
mod armed {
    //! What the environment asked for.

    use super::KillPoint;
    use std::path::PathBuf;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Read once, at the first visit of any point.
    pub(super) static PLAN: LazyLock<Plan> = LazyLock::new(|| {
        let read = |name| std::env::var(name).ok();
        let text = read("RECIO_KILL_POINT");
        let goal = text.map(|text| parse(&text).expect("RECIO_KILL_POINT names a point and a visit, such as K5@2"));
        Plan { goal, visits: AtomicU64::new(0), marker: read("RECIO_KILL_MARKER").map(PathBuf::from) }
    });

    pub(super) struct Plan {
        goal: Option<(KillPoint, u64)>,
        visits: AtomicU64,
        marker: Option<PathBuf>,
    }

    pub(super) fn parse(text: &str) -> Option<(KillPoint, u64)> {
        let (name, visit) = text.split_once('@').unwrap_or((text, "1"));
        let point = KillPoint::ALL.into_iter().find(|point| point.to_string() == name)?;
        Some((point, visit.parse().ok().filter(|&visit| visit > 0)?))
    }

    impl Plan {
        pub(super) fn is_for(&self, point: KillPoint) -> bool {
            self.goal.is_some_and(|(goal, _)| goal == point)
        }

        /// Counts a visit; at the one that was asked for, writes the marker and stands still.
        pub(super) fn visited(&self) {
            let visit = self.visits.fetch_add(1, Ordering::SeqCst) + 1;
            let Some((goal, at)) = self.goal else { return };
            if visit < at {
                return;
            }
            // Later visits stand still too: a process that waits to be killed does nothing more at this point.
            if visit == at
                && let Some(marker) = &self.marker
            {
                std::fs::write(marker, format!("{goal}@{at}\n"))
                    .expect("RECIO_KILL_MARKER names a file that can be written");
            }
            loop {
                std::thread::park();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_named_as_the_enum_names_them() {
        assert_eq!(KillPoint::K13.to_string(), "K13");
        assert!(KillPoint::ALL.is_sorted());
    }

    #[test]
    fn without_a_plan_a_visit_does_nothing() {
        KillPoint::ALL.into_iter().for_each(reached);
    }

    #[cfg(feature = "kill-points")]
    #[test]
    fn a_plan_names_a_point_and_a_visit() {
        use super::armed::parse;
        assert_eq!(parse("K5@2"), Some((KillPoint::K5, 2)));
        assert_eq!(parse("K0"), Some((KillPoint::K0, 1)));
        assert_eq!([parse("K4"), parse("K5@0"), parse("K5@"), parse("")], [None; 4]);
    }

    #[cfg(not(feature = "kill-points"))]
    #[test]
    fn without_the_feature_nothing_is_evaluated() {
        reached_if(KillPoint::K0, || panic!("evaluated"));
    }
}
