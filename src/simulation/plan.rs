//! A seed's plan: what goes wrong, which limits hold, where sessions die and whether somebody kills trading.

use super::Cut;
use recio_core::engine::RiskLimits;
use recio_core::units::{Money, Quantity, Timestamp};
use recio_core::venue::DuplicateIds;
use recio_sim::dice::Dice;
use recio_sim::scenario::{
    Calls, Fault, FrameFault, MarketFault, Moment, PlannedFault, RequestFault, Scenario, TimedFault, When, Window,
};
use recio_sim::synthetic::SyntheticOptions;
use std::time::Duration;

/// Everything about a simulation that its seed decides.
#[derive(Clone, Debug, PartialEq)]
pub struct SimPlan {
    /// The seed.
    pub seed: u64,
    /// The markets: an hour of KXBTC15M from a minute of the hour that differs.
    pub world: SyntheticOptions,
    /// What goes wrong: a part of all kinds of faults, each with a rate of its own (swarm testing), and what the exchange does with an id that
    /// it has seen.
    pub scenario: Scenario,
    /// When everything is well again: 18 minutes before the end, so that a whole market is closed and paid after it.
    pub heal_at: Timestamp,
    /// What no order may exceed: tight enough that an order or two fill it.
    pub risk: RiskLimits,
    /// Where sessions die, one after another.
    pub crashes: Vec<Crash>,
    /// Whether somebody sets the kill latch after the crashes: so long into a session, which dies so long after that.
    pub kill: Option<(Duration, Duration)>,
}

/// The end of a session that is killed, and how long nobody starts another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Where.
    pub at: CrashAt,
    /// How long until the next session.
    pub down: Duration,
}

/// Where a session dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashAt {
    /// At a call or an output.
    Cut(Cut),
    /// So long after it began.
    After(Duration),
}

/// Markets begin at 14:00; a plan begins some minutes later.
const FROM: i64 = 1_795_356_000;

/// How long after the world's begin everything is well again.
const HEALED_AFTER: Duration = Duration::from_secs(42 * 60);

impl SimPlan {
    /// The plan of a seed. The same seed has the same plan for ever, on every machine.
    ///
    /// # Panics
    /// Never: the moments lie in this century.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::named(seed, "plan");
        // The world ends some minutes after its hour; a market that closes in those, after a begin at 14:12 or later, would not be paid.
        let minutes = i64::try_from(dice.between(1, 10)).unwrap_or(1);
        let from = Timestamp::from_second(FROM + minutes * 60).expect("a moment of 2026");
        let heal_at = from.checked_add(HEALED_AFTER).expect("a moment of 2026");
        let duplicate_ids = match seed % 3 {
            0 => DuplicateIds::RejectAlways,
            1 => DuplicateIds::RejectIfOpen,
            _ => DuplicateIds::Accept,
        };
        let crashes = (0..dice.between(1, 3)).map(|_| Crash::draw(&mut dice)).collect();
        let seconds = |dice: &mut Dice, low, high| Duration::from_secs(dice.between(low, high));
        let kill = dice.chance(500_000_000).then(|| (seconds(&mut dice, 20, 240), seconds(&mut dice, 1, 60)));
        Self {
            seed,
            world: SyntheticOptions::new(from, 1, seed),
            scenario: Scenario {
                name: format!("swarm-{seed}"),
                about: "A part of everything, by seed".to_owned(),
                duplicate_ids,
                realism: None,
                faults: faults(seed, duplicate_ids, heal_at),
            },
            heal_at,
            risk: limits(&mut dice),
            crashes,
            kill,
        }
    }
}

impl Crash {
    fn draw(dice: &mut Dice) -> Self {
        let at = match dice.below(4) {
            0 => CrashAt::Cut(Cut::Call { number: dice.between(1, 150), executed: true }),
            1 => CrashAt::Cut(Cut::Call { number: dice.between(1, 150), executed: false }),
            2 => CrashAt::Cut(Cut::Output { number: dice.between(1, 4_000) }),
            _ => CrashAt::After(Duration::from_millis(dice.between(500, 600_000))),
        };
        Self { at, down: Duration::from_secs(dice.between(1, 60)) }
    }
}

fn limits(dice: &mut Dice) -> RiskLimits {
    let mut dollars = |low, high| Money::dollars(i32::try_from(dice.between(low, high)).unwrap_or(1));
    let (max_event_exposure, more) = (dollars(1, 3), dollars(0, 3));
    RiskLimits {
        max_event_exposure,
        max_total_exposure: max_event_exposure + more,
        max_position: Quantity::contracts(u32::try_from(dice.between(2, 5)).unwrap_or(2)),
        max_orders_per_minute: u32::try_from(dice.between(4, 30)).unwrap_or(4),
        // Whether a failing exchange stops entries for a while is drawn too: with the breaker, fewer orders meet fewer faults.
        breaker_failures: u32::try_from(dice.between(3, 12)).unwrap_or(3),
        ..RiskLimits::default()
    }
}

type Drawn = (Fault, Vec<(Calls, u64)>, u64);

/// Each kind is there with one half's chance, and then often enough to come within the hour.
fn faults(seed: u64, duplicate_ids: DuplicateIds, heal_at: Timestamp) -> Vec<PlannedFault> {
    let secs = Duration::from_secs;
    let request = |fault| Fault::Request(fault);
    let timed = |fault| Fault::Timed(fault);
    // Of a hundred calls of a kind, at the usual rate. An order without an answer closes its event to others, so that too many end the seed's trading.
    let orders = [(Calls::Create, 4), (Calls::Cancel, 15), (Calls::Read, 1)];
    let creates = [(Calls::Create, 5)];
    // A fault, the calls it hits with their rates in percent, and else the mean distance in milliseconds.
    let mut table: Vec<Drawn> = Vec::new();
    let mut calls = |fault, on: &[(Calls, u64)]| table.push((request(fault), on.to_vec(), 0));
    calls(RequestFault::LostRequest, &orders);
    calls(RequestFault::LostReply, &orders);
    calls(RequestFault::LateReply { by: secs(2) }, &orders);
    calls(RequestFault::LateLanding { by: secs(4) }, &[(Calls::Create, 5), (Calls::Cancel, 15)]);
    // Where ids are taken twice, an order that the network doubles is two orders, and no client can help it.
    if duplicate_ids == DuplicateIds::RejectAlways {
        calls(RequestFault::DuplicateDelivery, &creates);
    }
    calls(RequestFault::TruncatedReply, &orders);
    calls(RequestFault::HtmlReply, &orders);
    calls(RequestFault::RateLimited, &orders);
    calls(RequestFault::ServerError { status: 500, executed: true }, &orders);
    calls(RequestFault::ServerError { status: 503, executed: false }, &orders);
    calls(RequestFault::ConnectionReset { executed: true }, &orders);
    calls(RequestFault::ConnectionReset { executed: false }, &orders);
    calls(RequestFault::InsufficientBalance, &creates);
    let every = |fault, minutes: u64| (fault, Vec::new(), minutes * 60_000);
    table.extend([
        every(timed(TimedFault::SocketDrop), 10),
        every(timed(TimedFault::Stall { lasts: secs(20) }), 10),
        every(timed(TimedFault::SubscriptionError { code: 10 }), 20),
        every(timed(TimedFault::SubscriptionError { code: 25 }), 20),
        every(timed(TimedFault::ClockSkew { by_ms: 60_000, lasts: secs(20) }), 20),
        every(timed(TimedFault::TradingPause { lasts: secs(30) }), 20),
        every(timed(TimedFault::ExchangePause { lasts: secs(30) }), 20),
        every(timed(TimedFault::Maintenance { lasts: secs(60) }), 30),
        every(Fault::Market(MarketFault::MarketDeactivation { lasts: secs(40) }), 20),
    ]);
    let mut dice = Dice::named(seed, "swarm");
    let planned =
        |fault, when, calls| PlannedFault { fault, when, window: Window::default(), calls, channels: Vec::new() };
    let mut found = Vec::new();
    for (fault, on, mean_ms) in table {
        let is_on = dice.chance(500_000_000);
        // From half of the usual to twice as often.
        let often = dice.between(500, 2_000);
        if !is_on {
            continue;
        }
        if mean_ms > 0 {
            found.push(planned(fault, When::Every(mean_ms * 1_000 / often), Calls::Any));
        }
        for (calls, percent) in on {
            let rate = u32::try_from(percent * often * 10_000).unwrap_or(0);
            found.push(planned(fault, When::Rate(rate), calls));
        }
    }
    let private = ["fill", "user_order", "market_position"].map(str::to_owned);
    let by_rate = [
        (Fault::Frame(FrameFault::SequenceGap { frames: 4 }), 200_000, Vec::new()),
        (Fault::Frame(FrameFault::DroppedFrame), 200_000, Vec::new()),
        (Fault::Frame(FrameFault::DroppedFrame), 300_000_000, private.to_vec()),
        (Fault::Frame(FrameFault::DuplicateFrame), 500_000, Vec::new()),
        (Fault::Frame(FrameFault::ReorderedFrames), 300_000, Vec::new()),
        (Fault::RefusedHandshake { status: 503 }, 200_000_000, Vec::new()),
        (Fault::Market(MarketFault::LateSettlement { by: secs(120) }), 300_000_000, Vec::new()),
        (Fault::Market(MarketFault::DisputedSettlement { lasts: secs(180) }), 200_000_000, Vec::new()),
        (Fault::Market(MarketFault::AmendedSettlement { by: secs(240) }), 200_000_000, Vec::new()),
    ];
    for (fault, rate, channels) in by_rate {
        if dice.chance(500_000_000) {
            // A payout that comes late after all is healed would come after the world's end.
            let window = Window { from: None, until: Some(Moment::Time(heal_at)) };
            found.push(PlannedFault { channels, window, ..planned(fault, When::Rate(rate), Calls::Any) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_is_its_plan_and_seeds_differ() {
        assert_eq!(SimPlan::of_seed(4), SimPlan::of_seed(4));
        assert_ne!(SimPlan::of_seed(4).scenario.faults, SimPlan::of_seed(7).scenario.faults);
    }

    #[test]
    fn a_hundred_seeds_draw_every_kind_and_every_mode() {
        let plans: Vec<_> = (0..100).map(SimPlan::of_seed).collect();
        let kinds: BTreeSet<_> =
            plans.iter().flat_map(|plan| plan.scenario.faults.iter().map(|planned| planned.fault.kind())).collect();
        let missing: Vec<_> = Fault::KINDS.into_iter().filter(|kind| !kinds.contains(kind)).collect();
        assert!(missing.is_empty(), "never drawn: {missing:?}");
        for mode in [DuplicateIds::RejectAlways, DuplicateIds::RejectIfOpen, DuplicateIds::Accept] {
            assert!(plans.iter().filter(|plan| plan.scenario.duplicate_ids == mode).count() >= 33);
        }
        assert!(plans.iter().all(|plan| (1..=3).contains(&plan.crashes.len())));
        assert!((30..70).contains(&plans.iter().filter(|plan| plan.kill.is_some()).count()));
    }
}
