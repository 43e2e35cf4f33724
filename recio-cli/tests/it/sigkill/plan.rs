//! When each session is killed.

use recio_core::kill_point::KillPoint::{self, K0, K1, K2, K3, K5, K6, K7, K8, K9, K10, K11, K12, K13, K14, K15};
use std::time::Duration;

/// Kills in one session.
pub(super) const KILLS: usize = 10;

/// The longest wait before a kill at random.
pub(super) const LONGEST: Duration = Duration::from_millis(1_500);

/// One kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) moment: Moment,
    /// The visit of the point that counts.
    pub(super) visit: u64,
}

/// When it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// At this point.
    At(KillPoint),
    /// So long after the start, wherever the run is then.
    After(Duration),
}

/// Why a point is not met by any plan yet.
pub(super) const fn absence(point: KillPoint) -> Option<&'static str> {
    match point {
        K12 => Some("no strategy rests orders yet, so nothing is ever canceled"),
        K0 | K1 | K2 | K3 | K5 | K6 | K7 | K8 | K9 | K10 | K11 | K13 | K14 | K15 => None,
    }
}

/// The plan of one session: kills that leave no doubt or one that a look-up ends, at points and at random; then one that leaves an order
/// nobody can find, which fences the market for entries; at last two around the settlement. Over four sessions every point has its turn.
pub(super) fn plan(seed: u64, session: usize) -> Vec<Kill> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9).wrapping_add(session as u64));
    let resolved = [K0, K5, K6, K7, K8, K9, K10, K11];
    let fencing = [K1, K2, K3];
    let ending = [K13, K14, K15];
    let mut kills: Vec<Kill> = (0..5).map(|turn| at(resolved[(session * 5 + turn) % 8], &mut dice, 5)).collect();
    for _ in 0..2 {
        let place = dice.below(kills.len() as u64 + 1) as usize;
        let moment = Moment::After(Duration::from_millis(dice.below(LONGEST.as_millis() as u64 + 1)));
        kills.insert(place, Kill { moment, visit: 1 });
    }
    kills.push(at(fencing[session % 3], &mut dice, 5));
    // In the order in which they come.
    kills.extend(ending.into_iter().enumerate().filter(|(place, _)| *place != session % 3).map(|(_, point)| {
        // The first visit: a market closes and is paid once.
        at(point, &mut dice, 1)
    }));
    assert_eq!(kills.len(), KILLS);
    kills
}

/// Whether only an order on its way meets the point, so that a fence may keep it from ever coming.
pub(super) fn needs_orders(kill: &Kill) -> bool {
    !matches!(kill.moment, Moment::After(_) | Moment::At(K13 | K14 | K15))
}

fn at(point: KillPoint, dice: &mut Dice, visits: u64) -> Kill {
    Kill { moment: Moment::At(point), visit: 1 + dice.below(visits) }
}

/// SplitMix64: small, and the same everywhere. Source: prng.di.unimi.it/splitmix64.c, public domain.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[test]
fn four_sessions_meet_every_point_that_exists() {
    let met: Vec<Moment> = (0..4).flat_map(|session| plan(7, session)).map(|kill| kill.moment).collect();
    for point in KillPoint::ALL {
        assert_eq!(met.contains(&Moment::At(point)), absence(point).is_none(), "{point}");
    }
}
