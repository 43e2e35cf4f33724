//! Scenarios as their users see them: files and their errors, chance by seed, moments and numbers.

use super::{BUILT_IN, Calls, Fault, FaultPlan, FrameFault, RequestFault, Scenario, TimedFault};
use recio_core::units::Timestamp;
use std::time::Duration;

const BEGIN: &str = "2026-11-22T14:00:00Z";

fn at(after_seconds: i64) -> Timestamp {
    BEGIN.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(after_seconds)
}

fn scenario(faults: &str) -> Scenario {
    Scenario::parse(&format!("name = \"test\"\nabout = \"for a test\"\n{faults}"), "test.toml").unwrap()
}

fn plan(faults: &str, seed: u64) -> FaultPlan {
    FaultPlan::new(&scenario(faults), seed, at(0))
}

fn problem(text: &str) -> String {
    Scenario::parse(text, "bad.toml").unwrap_err().to_string()
}

fn bad_fault(lines: &str) -> String {
    problem(&format!("name = \"x\"\nabout = \"y\"\n\n[[fault]]\n{lines}"))
}

#[test]
fn every_scenario_that_comes_with_recio_is_one() {
    let mut kinds = std::collections::BTreeSet::new();
    for built_in in BUILT_IN {
        let scenario = built_in.scenario().unwrap();
        assert_eq!(scenario.name, built_in.name);
        assert!(!scenario.about.is_empty() && !scenario.about.contains('\n'));
        assert_eq!(scenario.faults.is_empty(), matches!(built_in.name, "calm" | "untidy"));
        if built_in.name == "storm" {
            kinds.extend(scenario.faults.iter().map(|planned| planned.fault.kind()));
        }
    }
    assert_eq!(kinds, Fault::KINDS.into_iter().collect(), "the storm has every kind");
    assert!(BUILT_IN.is_sorted_by_key(|built_in| built_in.name));
    assert_eq!(Scenario::find("calm").unwrap(), Scenario::calm());
}

#[test]
fn a_mistake_is_named_with_file_line_and_key() {
    let cases = [
        (problem("name = \"x\""), "bad.toml:1:", "missing field `about`"),
        (problem("name = \"x\"\nabout = \"y\"\nfaults = 3"), "bad.toml:3: faults:", "unknown field"),
        (problem("name = \"x\"\nabout ="), "bad.toml:2:", ""),
        (
            problem("name = \"x\"\nabout = \"y\"\n[exchange]\nduplicate_ids = \"maybe\""),
            "bad.toml:4: duplicate_ids:",
            "reject_always",
        ),
        (bad_fault("kind = \"lost_replies\"\nrate = 0.1"), "bad.toml:5: fault[0].kind:", "write one of lost_request"),
        (bad_fault("kind = \"lost_reply\"\nrat = 0.1"), "bad.toml:6: rat:", "unknown field"),
        (bad_fault("kind = \"lost_reply\"\nrate = 1.5"), "bad.toml:6: fault[0].rate:", "up to 1"),
        (bad_fault("kind = \"lost_reply\"\nrate = nan"), "fault[0].rate:", "up to 1"),
        (
            bad_fault("kind = \"lost_reply\""),
            "bad.toml:5: fault[0].kind:",
            "exactly one of `at`, `on`, `rate` and `every`",
        ),
        (bad_fault("kind = \"lost_reply\"\nrate = 0.1\nat = \"+1m\""), "fault[0].kind:", "exactly one"),
        (bad_fault("kind = \"lost_reply\"\nat = \"noon\""), "bad.toml:6: fault[0].at:", "+12m30s"),
        (bad_fault("kind = \"lost_reply\"\non = \"3rd order\""), "bad.toml:6: fault[0].on:", "3rd create"),
        (bad_fault("kind = \"lost_reply\"\non = \"0th create\""), "fault[0].on:", "3rd create"),
        (bad_fault("kind = \"lost_reply\"\nrate = 0.1\nlasts = \"3s\""), "bad.toml:7: fault[0].lasts:", "take it out"),
        (bad_fault("kind = \"late_reply\"\nrate = 0.1"), "fault[0].by:", "\"4s\""),
        (bad_fault("kind = \"late_reply\"\nrate = 0.1\nby = \"0s\""), "bad.toml:7: fault[0].by:", "above zero"),
        (bad_fault("kind = \"late_reply\"\nrate = 0.1\nby = \"4 parsecs\""), "fault[0].by:", "length of time"),
        (bad_fault("kind = \"stall\"\nrate = 0.1\nlasts = \"4s\""), "fault[0].rate:", "write `at` or `every`"),
        (bad_fault("kind = \"stall\"\nevery = \"10m\"\nlasts = \"25h\""), "bad.toml:7: fault[0].lasts:", "up to a day"),
        (bad_fault("kind = \"subscription_error\"\nat = \"+1m\"\ncode = 7"), "bad.toml:7: fault[0].code:", "10 or 25"),
        (
            bad_fault("kind = \"server_error\"\nrate = 0.1\nstatus = 404\nexecuted = true"),
            "fault[0].status:",
            "500 to 599",
        ),
        (bad_fault("kind = \"server_error\"\nrate = 0.1"), "fault[0].executed:", "true or false"),
        (
            bad_fault("kind = \"lost_reply\"\nat = \"+1m\"\nuntil = \"+2m\""),
            "bad.toml:7: fault[0].until:",
            "take it out",
        ),
        (bad_fault("kind = \"lost_reply\"\nrate = 0.1\ncalls = \"creates\""), "fault[0].calls:", "create"),
        (bad_fault("kind = \"lost_reply\"\nevery = \"3m\""), "fault[0].every:", "`at`, `on` or `rate`"),
    ];
    for (text, place, words) in cases {
        assert!(text.contains(place) && text.contains(words), "`{place}` and `{words}` in: {text}");
    }
    let missing = Scenario::find("strom").unwrap_err().to_string();
    assert!(missing.contains("strom") && missing.contains("recio sim scenarios"), "{missing}");
}

#[test]
fn chance_is_the_seed_and_another_line_changes_nothing_elsewhere() {
    let strikes = |plan: &mut FaultPlan| -> Vec<Option<RequestFault>> {
        (0..2_000)
            .map(|second| plan.on_call(Calls::Create, at(second)).filter(|fault| *fault == RequestFault::LostReply))
            .collect()
    };
    let line = "[[fault]]\nkind = \"lost_reply\"\nrate = 0.1\n";
    let alone = strikes(&mut plan(line, 1));
    assert_eq!(alone, strikes(&mut plan(line, 1)));
    assert_ne!(alone, strikes(&mut plan(line, 2)));
    let hits = alone.iter().flatten().count();
    assert!((150..250).contains(&hits), "{hits}");
    // A line of lower rank takes nothing of the stream, only what it strikes at the same call.
    let with_others = format!(
        "{line}[[fault]]\nkind = \"late_landing\"\nrate = 0.2\nby = \"1s\"\n[[fault]]\nkind = \"dropped_frame\"\nrate = 0.5\n"
    );
    assert_eq!(alone, strikes(&mut plan(&with_others, 1)));
}

#[test]
fn numbers_moments_and_windows_are_kept() {
    let mut numbered = plan("[[fault]]\nkind = \"lost_request\"\non = \"3rd create\"\n", 1);
    let calls = [Calls::Create, Calls::Read, Calls::Create, Calls::Cancel, Calls::Create, Calls::Create];
    let struck: Vec<bool> = calls.iter().map(|call| numbered.on_call(*call, at(1)).is_some()).collect();
    assert_eq!(struck, [false, false, false, false, true, false]);

    let mut at_a_moment = plan("[[fault]]\nkind = \"html_reply\"\nat = \"+1m\"\n", 1);
    assert!(at_a_moment.on_call(Calls::Read, at(59)).is_none());
    assert!(at_a_moment.on_call(Calls::Read, at(75)).is_some(), "the first call from then on");
    assert!(at_a_moment.on_call(Calls::Read, at(76)).is_none(), "once");

    let window = "[[fault]]\nkind = \"rate_limited\"\nrate = 1.0\nfrom = \"+1m\"\nuntil = \"2026-11-22T14:02:00Z\"\n";
    let mut in_a_window = plan(window, 1);
    let struck: Vec<bool> =
        [0, 59, 60, 119, 120].map(|second| in_a_window.on_call(Calls::Read, at(second)).is_some()).into();
    assert_eq!(struck, [false, false, true, true, false]);

    let mut timed = plan("[[fault]]\nkind = \"stall\"\nat = \"+12m30s\"\nlasts = \"25s\"\n", 1);
    assert_eq!(timed.next_moment(), Some(at(750)));
    assert!(timed.take_due(at(749)).is_empty());
    assert_eq!(timed.take_due(at(751)), [TimedFault::Stall { lasts: Duration::from_secs(25) }]);
    assert_eq!((timed.next_moment(), timed.counts().of("stall")), (None, 1));

    let mut every = plan("[[fault]]\nkind = \"socket_drop\"\nevery = \"10m\"\nuntil = \"+10h\"\n", 3);
    let drops = every.take_due(at(24 * 3_600)).len();
    assert!((40..90).contains(&drops), "about sixty in ten hours: {drops}");
    assert_eq!(every.next_moment(), None);
}

#[test]
fn frames_are_struck_by_kind_and_a_healed_plan_is_calm() {
    let mut frames = plan(
        "[[fault]]\nkind = \"duplicate_frame\"\nrate = 1.0\nchannels = [\"fill\"]\n[[fault]]\nkind = \"refused_handshake\"\non = \"2nd handshake\"\nstatus = 503\n",
        1,
    );
    assert_eq!(frames.on_frame("ticker", at(1)), None);
    assert_eq!(frames.on_frame("fill", at(1)), Some(FrameFault::DuplicateFrame));
    assert_eq!(
        (frames.on_handshake(at(1)), frames.on_handshake(at(1)), frames.on_handshake(at(1))),
        (None, Some(503), None)
    );
    assert_eq!(frames.counts().total(), 2);
    assert_eq!(frames.counts().to_string(), "duplicate_frame 1, refused_handshake 1");
    frames.heal();
    assert_eq!((frames.on_frame("fill", at(2)), frames.is_healed()), (None, true));
    frames.inject(super::parse_fault("kind = \"lost_reply\"\non = \"1st create\"", at(2)).unwrap());
    assert_eq!(frames.on_call(Calls::Create, at(3)), Some(RequestFault::LostReply));
}
