//! SIGKILL: a run is killed anywhere between "an order is wanted" and "its settlement is recorded", and started again with the same command,
//! against a simulator that goes on. Nothing may be ordered twice, and nothing lost.
//!
//! 40 kills over four sessions with a store on SQLite and 20 over two on PostgreSQL, in lockstep, two sessions at a time; `RECIO_TEST_FULL=1`
//! makes 200 of each. `RECIO_KILL_SEED=N` rolls other dice.

pub(crate) mod check;
mod plan;
pub(crate) mod session;

use plan::{Kill, Moment, plan};
use recio_core::kill_point::KillPoint;
use recio_store::testing::Database;
use session::{InFlight, Session};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Sessions at a time: the machines that run tests have few cores.
const AT_A_TIME: usize = 2;

/// What one kill met.
#[derive(Clone, Copy)]
struct Killed {
    kill: Kill,
    in_flight: InFlight,
}

/// What a session came to.
struct Ended {
    killed: Vec<Killed>,
    /// Orders at the exchange.
    orders: usize,
}

#[test]
fn a_run_that_is_killed_anywhere_orders_nothing_twice_and_loses_nothing() {
    hold_sessions("SQLite", 4, || None);
}

#[test]
fn nor_does_one_whose_store_is_on_a_server() {
    // A database for each session.
    let server = Database::create();
    hold_sessions("PostgreSQL", 2, || Some(server.another()));
}

/// Holds so many sessions, 20 at the full count, each with a store of its own: on SQLite where `store` names none.
#[expect(clippy::print_stdout, reason = "what the kills met is a figure to keep")]
fn hold_sessions(kind: &str, sessions: usize, store: impl Fn() -> Option<String> + Sync) {
    let sessions = if std::env::var_os("RECIO_TEST_FULL").is_some() { 20 } else { sessions };
    let seed = std::env::var("RECIO_KILL_SEED").map_or(1, |seed| seed.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let program = kept_program(directory.path());
    let waiting = Mutex::new((0..sessions).collect::<Vec<usize>>());
    let ended = Mutex::new(Vec::new());
    let hold = |number| {
        let session = run(Session::start(number, &program, store()), plan(seed, number));
        ended.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(number) = next(&waiting) {
                    hold(number);
                }
            });
        }
    });
    let met = |point| ended.lock().unwrap().iter().flat_map(Ended::moments).any(|moment| moment == Moment::At(point));
    let is_planned = |number: usize, point| plan(seed, number).iter().any(|kill| kill.moment == Moment::At(point));
    for point in KillPoint::ALL.into_iter().filter(|&point| (0..sessions).any(|number| is_planned(number, point))) {
        // What a fence kept from its turn gets another one.
        if !met(point) {
            hold((sessions..).find(|&number| is_planned(number, point)).unwrap());
        }
        assert!(met(point), "no kill at {point}");
    }
    let ended = ended.into_inner().unwrap();
    let killed: Vec<Killed> = ended.iter().flat_map(|session| session.killed.iter().copied()).collect();
    let orders: usize = ended.iter().map(|session| session.orders).sum();
    let count = killed.len();
    println!("{kind}, seed {seed}, {} sessions, {orders} orders, {count} kills\n{}", ended.len(), histogram(&killed));
    assert!(count >= sessions * plan::KILLS);
    assert!(orders >= ended.len() * 10, "too few orders to show anything");
}

impl Ended {
    fn moments(&self) -> impl Iterator<Item = Moment> {
        self.killed.iter().map(|killed| killed.kill.moment)
    }
}

/// The program under test under a name of its own: a build that goes on meanwhile puts another one, without kill points, in its place.
fn kept_program(directory: &Path) -> PathBuf {
    let (built, kept) = (Path::new(env!("CARGO_BIN_EXE_recio")), directory.join("recio"));
    if std::fs::hard_link(built, &kept).is_err() {
        std::fs::copy(built, &kept).unwrap();
    }
    kept
}

/// A thread whose session fails must not have the others stop in the middle of theirs: each fails or not by itself.
fn next(waiting: &Mutex<Vec<usize>>) -> Option<usize> {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.is_empty() { None } else { Some(waiting.remove(0)) }
}

/// Kills one session as planned, lets its last run come to the end of the recording, and checks everything.
fn run(mut session: Session, plan: Vec<Kill>) -> Ended {
    let mut killed = Vec::new();
    for mut kill in plan {
        if session.is_fenced && plan::needs_orders(&kill) {
            // Two orders were on their way at once, or a kill at random met the gap: points that only orders meet may not come any more.
            kill.moment = Moment::After(plan::LONGEST / 2);
        }
        let in_flight = session.kill(&kill);
        check::killed(&session);
        killed.push(Killed { kill, in_flight });
    }
    session.finish();
    _ = check::all(&session);
    // Once more, with nothing left to trade: it reconciles, and changes nothing.
    session.finish();
    let orders = check::all(&session);
    Ended { killed, orders }
}

/// How often each point was met, and what was on its way then.
fn histogram(killed: &[Killed]) -> String {
    let mut rows: BTreeMap<String, Vec<&InFlight>> = BTreeMap::new();
    for killed in killed {
        let name = match killed.kill.moment {
            Moment::At(point) => format!("{point:?}"),
            Moment::After(_) => "at random".to_owned(),
        };
        rows.entry(name).or_default().push(&killed.in_flight);
    }
    let mut text =
        String::from("point      kills  unanswered orders  fills not stored  contracts held  payouts not stored\n");
    let row = |name: &str, met: &[&InFlight]| {
        let sum = |count: fn(&InFlight) -> u64| met.iter().map(|met| count(met)).sum::<u64>();
        format!(
            "{name:<9}  {:>5}  {:>17}  {:>16}  {:>14}  {:>18}\n",
            met.len(),
            sum(|met| met.unanswered),
            sum(|met| met.fills),
            sum(|met| met.held),
            sum(|met| met.payouts),
        )
    };
    for point in KillPoint::ALL {
        match plan::absence(point) {
            Some(why) => text.push_str(&format!("{:<9}      -  {why}\n", point.to_string())),
            None => text.push_str(&row(&point.to_string(), rows.get(&point.to_string()).map_or(&[][..], |met| met))),
        }
        if point == KillPoint::K3 {
            text.push_str(
                "K4             -  an order leaves in one small write: no killed process leaves half of it\n",
            );
        }
    }
    text.push_str("K8 and K15 are the end of what there is: no message bus and no archive come behind them yet\n");
    text.push_str(&row("at random", rows.get("at random").map_or(&[][..], |met| met)));
    text
}
