//! Overrides that come while the engine runs: what they change from that moment on, and what they cannot.

use crate::settings::usd;
use crate::world::World;
use recio_core::engine::{Engine, EngineConfig, Input, Reason};
use recio_core::fact::FactBody;
use recio_core::market::Side;
use recio_core::settings::SettingVersion;
use recio_core::strategies::HtcParams;
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::{Quantity, Timestamp};
use std::sync::Arc;
use std::time::Duration;

fn version(key: &str, version: u64, value: Option<&str>) -> SettingVersion {
    SettingVersion {
        key: key.to_owned(),
        version,
        value: value.map(str::to_owned),
        run: None,
        who: "ana".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        why: "a test".to_owned(),
    }
}

fn told(world: &mut World, versions: &[SettingVersion]) -> String {
    world.take_trace();
    world.tell(Input::Settings(Ok(versions.to_vec())));
    world.take_trace()
}

fn set(world: &mut World, key: &str, value: &str) -> String {
    told(world, &[version(key, 1, Some(value))])
}

const SWITCH: &str = "monitor.htc.entry.enabled";

#[test]
fn entry_is_switched_off_and_on_again_while_the_run_goes_on() {
    let mut world = World::ready();
    // The strategy is looking at a view when it happens: what it answers is not taken up.
    assert!(world.view.is_some());
    insta::assert_snapshot!(set(&mut world, SWITCH, "false"), @"  1 auto_entry_supervisor: Info: override: monitor.htc.entry.enabled = false, the config has true (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
    assert!(!world.buy(Side::Yes, 95), "{}", world.trace);
    assert!(world.reasons().contains(&Reason::EntryDisabled.code()), "{:?}", world.funnel);
    assert!(world.view.is_none(), "nobody is asked");
    // Said once more, it is no news.
    assert_eq!(set(&mut world, SWITCH, "false"), "");
    insta::assert_snapshot!(told(&mut world, &[version(SWITCH, 2, None)]), @" 60 auto_entry_supervisor: Info: override: monitor.htc.entry.enabled is given back to the config, true counts (version 2 by ana at 1970-01-01T00:00:00Z: a test)");
    world.second();
    world.hold();
    assert_eq!(world.trade().status, TradeStatus::Open);
}

#[test]
fn what_a_strategy_thought_out_by_other_settings_is_not_taken_up() {
    let mut world = World::ready();
    set(&mut world, "risk.max_total_exposure", "49");
    assert!(!world.buy(Side::Yes, 95), "{}", world.trace);
    world.second();
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}

#[test]
fn a_limit_is_tightened_and_given_back_and_never_wider() {
    let mut world = World::ready();
    set(&mut world, "risk.max_order_quantity", "1");
    world.second();
    assert!(!world.buy_many(Side::Yes, 95, 2), "{}", world.trace);
    insta::assert_snapshot!(told(&mut world, &[version("risk.max_order_quantity", 2, Some("11"))]), @"  2 auto_entry_supervisor: Warning: override: risk.max_order_quantity = 11.00 is wider than the config's 10.00 by now: 10.00 counts (version 2 by ana at 1970-01-01T00:00:00Z: a test)");
    assert_eq!(world.engine.config_in_force().risk, world.engine.config().risk, "the file counts");
    world.second();
    assert!(world.buy_many(Side::Yes, 95, 2), "{}", world.trace);
}

#[test]
fn a_stop_that_is_tightened_closes_what_is_held() {
    let mut world = World::ready();
    world.hold();
    world.seconds(30);
    assert!(world.submits.is_empty(), "{}", world.trace);
    let tighter = [
        version("monitor.htc.stop.probability", 1, Some("100")),
        version("monitor.htc.stop.verification", 1, Some("0")),
        version(SWITCH, 1, Some("false")),
    ];
    told(&mut world, &tighter);
    world.second();
    assert_eq!(world.submits.len(), 1, "entry is off, the stop is not: {}", world.trace);
    world.accept(100);
    assert_eq!(world.trade().close_reason, Some(CloseReason::ProbabilityStop));
}

#[test]
fn entry_that_the_file_has_off_is_switched_on_for_this_run_alone() {
    let off = |config: &mut EngineConfig| config.monitors[0].entry.enabled = false;
    for (run, enters) in [(None, false), (Some("another"), false), (Some("run"), true)] {
        let mut world = World::ready_with(off);
        let run = run.map(|run| run.parse().unwrap());
        let switch = SettingVersion { run, ..version(SWITCH, 1, Some("true")) };
        told(&mut world, std::slice::from_ref(&switch));
        world.second();
        assert_eq!(world.view.is_some(), enters, "{switch:?}: {}", world.trace);
        // The next run has another name.
        world.restart("run2");
        told(&mut world, &[switch]);
        world.second();
        assert!(world.view.is_none(), "{}", world.trace);
    }
}

#[test]
fn what_cannot_be_understood_switches_entry_off_and_stops_go_on() {
    let mut world = World::ready_with(|config| config.monitors[0].stop.verification = Duration::ZERO);
    world.hold();
    world.second();
    insta::assert_snapshot!(set(&mut world, "risk.max_position", "a few"), @"  2 auto_entry_supervisor: Alarm: override: risk.max_position = a few cannot be used (`a few` is not a plain decimal number): entry is off for all monitors until it is cleared (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
    let alarm = world.facts.iter().any(|fact| matches!(&fact.body, FactBody::Alarm { text } if text.contains("a few")));
    assert!(alarm, "it is kept");
    world.second();
    assert!(world.view.is_none());
    world.price = Some(usd(79_600));
    world.second();
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
}

#[test]
fn settings_that_cannot_be_read_keep_entries_closed_and_limits_as_they_were_known() {
    let mut world = World::ready();
    set(&mut world, "risk.max_order_quantity", "1");
    world.take_trace();
    world.tell(Input::Settings(Err("connection refused".to_owned())));
    insta::assert_snapshot!(world.take_trace(), @"  1 auto_entry_supervisor: Warning: the overrides of the settings are not known, nothing is entered until they are: connection refused");
    world.second();
    assert!(world.view.is_none());
    assert_eq!(world.engine.config_in_force().risk.max_order_quantity, Quantity::contracts(1));
    insta::assert_snapshot!(told(&mut world, &[version("risk.max_order_quantity", 1, Some("1"))]), @"  2 auto_entry_supervisor: Info: the overrides of the settings are known again");
    world.second();
    assert!(!world.buy_many(Side::Yes, 95, 2), "{}", world.trace);
    world.second();
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}

#[test]
fn parameters_of_a_strategy_that_ships_are_among_them_and_others_are_not() {
    let mut world = World::ready_with(|config| config.monitors[0].params = Some(HtcParams::default()));
    set(&mut world, "monitor.htc.params.max_price", "0.90");
    let monitor = &world.engine.config_in_force().monitors[0];
    assert_eq!(monitor.params.as_ref().unwrap().max_price.to_string(), "0.9000");
    assert!(monitor.entry.enabled);
    let mut world = World::ready();
    let said = set(&mut world, "monitor.htc.params.max_price", "0.90");
    assert!(said.contains("no such parameter"), "{said}");
    assert!(!world.engine.config_in_force().monitors[0].entry.enabled);
}

#[test]
fn a_run_with_overrides_is_its_inputs() {
    let mut world = World::ready();
    set(&mut world, "risk.max_order_quantity", "1");
    world.second();
    world.hold();
    world.tell(Input::Settings(Err("connection refused".to_owned())));
    world.seconds(5);
    told(&mut world, &[version("risk.max_order_quantity", 2, None), version(SWITCH, 1, Some("false"))]);
    world.seconds(5);
    let mut again = Engine::new(Arc::new(world.engine.config().clone()), Arc::clone(&crate::settings::MODEL));
    for (now, input) in &world.script {
        again.handle(*now, input);
    }
    assert_eq!(again.state(), world.engine.state());
    assert_eq!(again.config_in_force(), world.engine.config_in_force());
}
