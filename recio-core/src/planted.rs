//! Planted bugs: mistakes of other trading programs, to prove that a simulation would find them.
//!
//! Compiled to nothing without the feature `planted-bugs`, which only test builds have: [`is_planted`] is then always false. With it, a test
//! plants a bug on its own thread, and everything that runs there has it.

/// A mistake that lost somebody money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlantedBug {
    /// An order without an answer counts as refused: what it may cost is free again, and nobody looks for it.
    TimeoutIsRefusal,
    /// An order without an answer is sent again, under a new id.
    NewIdPerRetry,
    /// What an order without an answer may cost is free again as soon as one look-up did not find it.
    EarlyRelease,
    /// A list is taken for whole after its first page.
    FirstPageOnly,
    /// The kill latch is looked at when a session begins, and never again.
    LatchAtStartOnly,
    /// Data is as old as the last look at it, not as the time since it came.
    StampedWhenRead,
}

impl PlantedBug {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TimeoutIsRefusal,
        Self::NewIdPerRetry,
        Self::EarlyRelease,
        Self::FirstPageOnly,
        Self::LatchAtStartOnly,
        Self::StampedWhenRead,
    ];
}

/// Whether this thread has the bug.
#[must_use]
#[inline]
#[cfg_attr(not(feature = "planted-bugs"), expect(unused_variables, reason = "compiled to nothing"))]
pub fn is_planted(bug: PlantedBug) -> bool {
    #[cfg(feature = "planted-bugs")]
    {
        field::BUG.get() == Some(bug)
    }
    #[cfg(not(feature = "planted-bugs"))]
    {
        false
    }
}

/// Plants a bug on this thread, or takes it out.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<PlantedBug>) {
    field::BUG.set(bug);
}

#[cfg(feature = "planted-bugs")]
mod field {
    use super::PlantedBug;
    use std::cell::Cell;

    thread_local! {
        pub(super) static BUG: Cell<Option<PlantedBug>> = const { Cell::new(None) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_planted_unless_a_test_does_it() {
        assert!(PlantedBug::ALL.into_iter().all(|bug| !is_planted(bug)));
    }

    #[cfg(feature = "planted-bugs")]
    #[test]
    fn a_bug_is_planted_on_one_thread() {
        plant(Some(PlantedBug::EarlyRelease));
        assert!(is_planted(PlantedBug::EarlyRelease) && !is_planted(PlantedBug::NewIdPerRetry));
        assert!(std::thread::spawn(|| !is_planted(PlantedBug::EarlyRelease)).join().unwrap());
        plant(None);
        assert!(!is_planted(PlantedBug::EarlyRelease));
    }
}
