//! The rule, through its public edge.

use super::{Applied, Change, Effect, Refusal, SettingKey, SettingValue, SettingVersion, Settings, Tighter, judge};
use crate::settings::MonitorSettings;
use crate::strategies::HtcParams;
use crate::units::{RunId, StrategyId, Timestamp};
use proptest::strategy::Strategy as _;
use proptest::{collection, option, prop_assert, prop_assert_eq, prop_oneof, proptest, strategy};
use std::collections::BTreeSet;

fn id(text: &str) -> StrategyId {
    StrategyId::new(text).unwrap()
}

fn run(text: &str) -> RunId {
    RunId::new(text).unwrap()
}

/// Two monitors: one that is on, with a strategy that ships, and one that is off, with a strategy of somebody else.
fn base() -> Settings {
    let mut on = MonitorSettings { params: Some(HtcParams::default()), ..MonitorSettings::default() };
    on.entry.enabled = true;
    Settings {
        monitors: [(id("hourly"), on), (id("own.one"), MonitorSettings::default())].into(),
        ..Settings::default()
    }
}

fn version(key: &str, version: u64, value: Option<&str>, of: Option<&str>) -> SettingVersion {
    SettingVersion {
        key: key.to_owned(),
        version,
        value: value.map(str::to_owned),
        run: of.map(run),
        who: "ana".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        why: "a test".to_owned(),
    }
}

fn change(key: &str, value: Option<&str>) -> Change {
    Change {
        key: key.to_owned(),
        value: value.map(str::to_owned),
        expected: None,
        run: None,
        who: "ana".to_owned(),
        why: "a test".to_owned(),
        time: Timestamp::UNIX_EPOCH,
    }
}

fn refusal(key: &str, value: Option<&str>) -> String {
    judge(&base(), &[], &change(key, value)).unwrap_err().to_string()
}

fn get(settings: &Settings, key: &str) -> String {
    settings.get(&key.parse().unwrap()).unwrap().to_string()
}

#[test]
fn every_field_has_a_side_or_a_reason_to_have_none() {
    let fields = |prefix: &str, value: serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().map(|key| format!("{prefix}.{key}")).collect()
    };
    let base = base();
    let monitor = &base.monitors[&id("hourly")];
    let told = |text: &str| {
        let parsed = text.parse::<SettingKey>();
        assert!(
            !matches!(parsed, Err(super::KeyError::Unknown { .. })),
            "{text} is in no list: give it a side or a reason"
        );
        parsed.is_ok()
    };
    let risk = fields("risk", serde_json::to_value(&base.risk).unwrap());
    let parts = [
        fields("entry", serde_json::to_value(&monitor.entry).unwrap()),
        fields("stop", serde_json::to_value(&monitor.stop).unwrap()),
        fields("params", serde_json::to_value(monitor.params.as_ref().unwrap()).unwrap()),
    ];
    let monitor = parts.concat().into_iter().map(|name| format!("monitor.hourly.{name}"));
    let listed: BTreeSet<String> = risk.into_iter().chain(monitor).filter(|text| told(text)).collect();
    let keys = base.keys().into_iter().filter(|key| key.monitor().is_none_or(|monitor| *monitor == id("hourly")));
    assert_eq!(listed, keys.map(|key| key.to_string()).collect());
}

#[test]
fn every_key_has_its_tighter_side() {
    let base = base();
    let keys = base.keys().into_iter().filter(|key| key.monitor() != Some(&id("own.one")));
    let listed: Vec<String> =
        keys.map(|key| format!("{key} = {}: {:?}", base.get(&key).unwrap(), key.tighter())).collect();
    insta::assert_snapshot!(listed.join("\n"), @r"
    risk.max_order_quantity = 10.00: Lower
    risk.max_order_cost = 10.000000: Lower
    risk.max_position = 20.00: Lower
    risk.max_event_exposure = 25.000000: Lower
    risk.max_total_exposure = 50.000000: Lower
    risk.book_collar_units = 1000: Lower
    risk.model_collar_units = 2000: Lower
    risk.breaker_failures = 3: Lower
    risk.breaker_window = 60: Higher
    risk.close_guard = 5: Higher
    monitor.hourly.entry.enabled = true: Switch
    monitor.hourly.entry.min_time_to_close = 120: Higher
    monitor.hourly.entry.max_time_to_close = 900: Lower
    monitor.hourly.entry.allow_re_entry = false: Off
    monitor.hourly.entry.cooldown = 10: Higher
    monitor.hourly.entry.spike_pause = true: On
    monitor.hourly.entry.spike_threshold = 36: Lower
    monitor.hourly.entry.calm_threshold = 30: Lower
    monitor.hourly.entry.calm_time = 900: Higher
    monitor.hourly.stop.enabled = true: On
    monitor.hourly.stop.probability = 40: Higher
    monitor.hourly.stop.min_time_to_close = 60: Lower
    monitor.hourly.stop.verification = 15: Lower
    monitor.hourly.stop.momentum_enabled = true: On
    monitor.hourly.stop.momentum_threshold = 36: Lower
    monitor.hourly.params.min_probability = 95: Higher
    monitor.hourly.params.min_differential = 0.25: Higher
    monitor.hourly.params.slack = 0: Lower
    monitor.hourly.params.after_fees = true: On
    monitor.hourly.params.careful = true: On
    monitor.hourly.params.max_price = 0.9800: Lower
    monitor.hourly.params.min_volume = 1000.00: Higher
    monitor.hourly.params.position_size = 1.00: Lower
    monitor.hourly.params.multiplier = 1: Lower
    ");
}

#[test]
fn keys_and_values_read_back_as_they_are_written() {
    let base = base();
    for key in base.keys() {
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let value = base.get(&key).unwrap();
        assert_eq!(value.like(&value.to_string()), Ok(value), "{key}");
    }
    let odd = SettingKey::entry_switch(&id(r#"a."b\c'.d"#));
    assert_eq!(odd.to_string().parse(), Ok(odd));
    assert_eq!(SettingKey::entry_switch(&id("own.one")).to_string(), r#"monitor."own.one".entry.enabled"#);
    // Without its quotes it is taken as well, and written with them.
    assert_eq!("monitor.own.one.entry.enabled".parse(), Ok(SettingKey::entry_switch(&id("own.one"))));
}

#[test]
fn what_is_wider_is_refused_with_both_numbers() {
    insta::assert_snapshot!(refusal("risk.max_position", Some("20.01")), @"`risk.max_position`: 20.01 is wider than the config's 20.00: an override may be 20.00 or less; to widen it, change the config");
    insta::assert_snapshot!(refusal("risk.max_total_exposure", Some("50.000001")), @"`risk.max_total_exposure`: 50.000001 is wider than the config's 50.000000: an override may be 50.000000 or less; to widen it, change the config");
    insta::assert_snapshot!(refusal("monitor.hourly.entry.min_time_to_close", Some("119.999999999")), @"`monitor.hourly.entry.min_time_to_close`: 119.999999999 s is wider than the config's 120 s: an override may be 120 s or more; to widen it, change the config");
    insta::assert_snapshot!(refusal("monitor.hourly.entry.spike_pause", Some("false")), @"`monitor.hourly.entry.spike_pause`: false is wider than the config's true: an override may be true alone; to widen it, change the config");
    insta::assert_snapshot!(refusal("monitor.hourly.stop.probability", Some("39.5")), @"`monitor.hourly.stop.probability`: 39.5 is wider than the config's 40: an override may be 40 or more; to widen it, change the config");
    insta::assert_snapshot!(refusal("monitor.hourly.params.max_price", Some("0.9801")), @"`monitor.hourly.params.max_price`: 0.9801 is wider than the config's 0.9800: an override may be 0.9800 or less; to widen it, change the config");
    insta::assert_snapshot!(refusal("monitor.own.one.entry.enabled", Some("true")), @r#"`monitor."own.one".entry.enabled`: the config has entry off, and no start switches it on: an override can do so for one run that is going on; to have it on from the start, change the config"#);
}

#[test]
fn what_makes_no_sense_is_refused() {
    insta::assert_snapshot!(refusal("risk.max_postion", Some("5")), @"`risk.max_postion` is no setting that can be overridden");
    insta::assert_snapshot!(refusal("risk.max_orders_per_second", Some("1")), @"`risk.max_orders_per_second` is set in the config alone: a lower rate would hold back stops as well");
    insta::assert_snapshot!(refusal("monitor.hourly.stop.slippage_units", Some("1")), @"`monitor.hourly.stop.slippage_units` is set in the config alone: less of it makes stops miss, more of it makes them dear: neither is the tighter side");
    insta::assert_snapshot!(refusal("monitor.other.entry.enabled", Some("false")), @"`monitor.other.entry.enabled` is not in the config: it has no such monitor, or the monitor's strategy no such parameter");
    insta::assert_snapshot!(refusal("monitor.own.one.params.slack", Some("0")), @r#"`monitor."own.one".params.slack` is not in the config: it has no such monitor, or the monitor's strategy no such parameter"#);
    insta::assert_snapshot!(refusal("store.url", Some("memory:")), @"`store.url` is no setting that can be overridden");
    insta::assert_snapshot!(refusal("risk.max_position", Some("five")), @"`risk.max_position`: `five` is not a plain decimal number");
    insta::assert_snapshot!(refusal("risk.max_order_cost", Some("-1")), @"`risk.max_order_cost`: is below zero: 0 already refuses everything");
    insta::assert_snapshot!(refusal("risk.close_guard", Some("1e3")), @"`risk.close_guard`: `1e3` is not a number of seconds of 0 or more, with at most nine decimals");
    insta::assert_snapshot!(refusal("risk.close_guard", Some("99999999999")), @"`risk.close_guard`: `99999999999` seconds are more than 4294967295");
    insta::assert_snapshot!(refusal("risk.breaker_failures", Some("-1")), @"`risk.breaker_failures`: `-1` is not a whole number of 0 or more");
    insta::assert_snapshot!(refusal("monitor.hourly.stop.probability", Some("101")), @"`monitor.hourly.stop.probability`: 101 is not a percentage between 0 and 100");
    insta::assert_snapshot!(refusal("monitor.hourly.stop.probability", Some("NaN")), @"`monitor.hourly.stop.probability`: `NaN` is not a number that can be used here");
    insta::assert_snapshot!(refusal("monitor.hourly.params.multiplier", Some("0")), @"`monitor.hourly.params.multiplier`: must be above 0: set entry.enabled to false to enter nothing");
    insta::assert_snapshot!(refusal("monitor.hourly.entry.enabled", Some("yes")), @"`monitor.hourly.entry.enabled`: `yes` is neither `true` nor `false`");
    insta::assert_snapshot!(refusal("risk.max_position", None), @"`risk.max_position` is not overridden: there is nothing to clear");
    let unsigned = Change { why: " \n".to_owned(), ..change("risk.max_position", Some("5")) };
    insta::assert_snapshot!(judge(&base(), &[], &unsigned).unwrap_err(), @"say why it is wanted: it is kept in the history for whoever asks later");
    let for_a_run = Change { run: Some(run("r1")), ..change("risk.max_position", Some("5")) };
    insta::assert_snapshot!(judge(&base(), &[], &for_a_run).unwrap_err(), @"`risk.max_position` counts in every run: a run is named only to switch entry on where the config has it off");
}

#[test]
fn a_change_that_rests_on_an_old_look_is_refused() {
    let there =
        [version("risk.max_position", 1, Some("5.00"), None), version("risk.max_position", 2, Some("4.00"), None)];
    let late = Change { expected: Some(1), ..change("risk.max_position", Some("6")) };
    insta::assert_snapshot!(judge(&base(), &there, &late).unwrap_err(), @"`risk.max_position` was changed in between: version 1 was seen, it was set to 4.00 by version 2 of ana at 1970-01-01T00:00:00Z (a test); look again and decide again");
    let first = Change { expected: Some(1), ..change("risk.max_order_cost", Some("6")) };
    insta::assert_snapshot!(judge(&base(), &there, &first).unwrap_err(), @"`risk.max_order_cost` was changed in between: version 1 was seen, and there is none; look again and decide again");
}

#[test]
fn an_override_may_be_loosened_up_to_the_config() {
    let there = [version("risk.max_position", 1, Some("5.00"), None)];
    let judged = judge(&base(), &there, &change("risk.max_position", Some("20"))).unwrap();
    assert_eq!((judged.wanted.expected, judged.wanted.old.as_deref()), (1, Some("5.00")));
    assert_eq!(judged.wanted.version.value.as_deref(), Some("20.00"));
    let judged = judge(&base(), &there, &change("risk.max_position", None)).unwrap();
    assert_eq!((judged.wanted.version.value, judged.counts.as_deref()), (None, Some("20.00")));
}

#[test]
fn the_newest_version_counts_and_a_cleared_one_gives_the_config_back() {
    let at = |versions: &[SettingVersion]| get(&base().with_overrides(versions, None).settings, "risk.max_position");
    let mut versions =
        vec![version("risk.max_position", 2, Some("4"), None), version("risk.max_position", 1, Some("2"), None)];
    assert_eq!(at(&versions), "4.00");
    versions.push(version("risk.max_position", 3, None, None));
    assert_eq!(at(&versions), "20.00");
    assert_eq!(base().with_overrides(&versions, None).settings, base());
}

#[test]
fn a_config_that_was_tightened_later_counts() {
    let mut tightened = base();
    tightened.risk.max_position = "3".parse().unwrap();
    let versions = [version("risk.max_position", 1, Some("4"), None)];
    let in_force = tightened.with_overrides(&versions, None);
    assert_eq!(in_force.settings, tightened);
    insta::assert_snapshot!(in_force.applied[0], @"risk.max_position = 4.00 is wider than the config's 3.00 by now: 3.00 counts (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
}

/// The truth table of the one key that has a wider side.
#[test]
fn a_restart_never_switches_entry_on() {
    const KEY: &str = "monitor.hourly.entry.enabled";
    let said = |value: &str, of: Option<&str>, config: bool, now: Option<&str>| {
        let mut base = base();
        base.monitors.get_mut(&id("hourly")).unwrap().entry.enabled = config;
        let in_force = base.with_overrides(&[version(KEY, 1, Some(value), of)], now.map(run).as_ref());
        get(&in_force.settings, KEY) == "true"
    };
    for of in [None, Some("r1")] {
        for now in [None, Some("r1"), Some("r2")] {
            assert!(!said("false", of, true, now), "off stays off, whatever the config says and whoever starts");
            assert!(!said("false", of, false, now));
            assert!(said("true", of, true, now), "the config has it on, and nobody has it off");
            let for_this_run = of.is_some() && of == now;
            assert_eq!(said("true", of, false, now), for_this_run, "on for {of:?}, now {now:?}");
        }
    }
}

#[test]
fn entry_is_switched_on_for_one_named_run() {
    let key = r#"monitor."own.one".entry.enabled"#;
    let on = Change { run: Some(run("r1")), ..change(key, Some("true")) };
    let judged = judge(&base(), &[], &on).unwrap();
    assert_eq!((judged.wanted.version.run.clone(), judged.counts.as_deref()), (Some(run("r1")), Some("true")));
    let in_force = base().with_overrides(&[judged.wanted.version], None);
    assert_eq!(in_force.settings, base());
    insta::assert_snapshot!(in_force.applied[0], @r#"monitor."own.one".entry.enabled = true was for run r1 alone: entry is off, as the config has it (version 1 by ana at 1970-01-01T00:00:00Z: a test)"#);
    // Where the config has it on already, it is no matter of one run.
    let on = Change { run: Some(run("r1")), ..change("monitor.hourly.entry.enabled", Some("true")) };
    assert_eq!(judge(&base(), &[], &on).unwrap().wanted.version.run, None);
}

#[test]
fn what_cannot_be_understood_switches_entry_off_and_is_said() {
    let mut base = base();
    base.monitors.get_mut(&id("own.one")).unwrap().entry.enabled = true;
    let on = |key: &str, value: &str| {
        let in_force = base.with_overrides(
            &[version(key, 1, Some(value), None), version("monitor.hourly.entry.enabled", 1, Some("true"), None)],
            None,
        );
        let on = |of: &str| in_force.settings.monitors[&id(of)].entry.enabled;
        let said = in_force.applied(key).unwrap().to_string();
        (on("hourly"), on("own.one"), said)
    };
    for (key, value, entered) in [
        ("risk.max_loss", "5", (false, false)),
        ("risk.max_position", "5 contracts", (false, false)),
        ("monitor.hourly.stop.probability", "140", (false, true)),
        ("monitor.hourly.entry.max_spread", "0.02", (false, true)),
        (r#"monitor."own.one".params.slack"#, "0", (true, false)),
        ("monitor.own.one.entry.cooldown", "20", (true, false)),
        ("monitor", "5", (false, false)),
        ("monitor.gone.entry.enabled", "false", (true, true)),
        ("monitor.gone.entry.whatever", "?", (true, true)),
    ] {
        let (hourly, own, said) = on(key, value);
        assert_eq!((hourly, own), entered, "{said}");
    }
    insta::assert_snapshot!(on("risk.max_loss", "5").2, @"risk.max_loss = 5 cannot be used (`risk.max_loss` is no setting that can be overridden): entry is off for all monitors until it is cleared (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
    insta::assert_snapshot!(on("monitor.hourly.stop.probability", "140").2, @"monitor.hourly.stop.probability = 140 cannot be used (140 is not a percentage between 0 and 100): entry is off for monitor hourly until it is cleared (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
    insta::assert_snapshot!(on("monitor.gone.entry.enabled", "false").2, @"monitor.gone.entry.enabled = false does nothing: the config has no monitor gone; clear it, or name the monitor so again (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
}

#[test]
fn what_leaves_nothing_to_enter_is_said_and_not_refused() {
    let remarks = |key: &str, value: &str| judge(&base(), &[], &change(key, Some(value))).unwrap().remarks.join("\n");
    insta::assert_snapshot!(remarks("risk.max_order_quantity", "0.5"), @"monitor hourly enters nothing: its entries are of 1.00 contracts, and risk.max_order_quantity is 0.50");
    insta::assert_snapshot!(remarks("monitor.hourly.entry.max_time_to_close", "60"), @"monitor hourly enters nothing: entries would need 120 s to the close at least, and 60 s at most");
    insta::assert_snapshot!(remarks("monitor.hourly.stop.probability", "95"), @"monitor hourly may close trades right after it entered them: it stops below 95 % and enters from 95 %");
    assert_eq!(remarks("risk.max_position", "0"), "");
    assert!(base().with_entry_off().monitors.values().all(|monitor| !monitor.entry.enabled));
}

/// Texts that a value may have: right ones of every kind, and others.
fn texts() -> impl strategy::Strategy<Value = String> {
    prop_oneof![
        proptest::bool::ANY.prop_map(|flag| flag.to_string()),
        (0_u64..2_000).prop_map(|count| count.to_string()),
        (0_u64..100_000).prop_map(|hundredths| format!("{}.{:02}", hundredths / 100, hundredths % 100)),
        (-200.0_f64..200.0).prop_map(|number| number.to_string()),
        (0_u32..10_001).prop_map(|units| format!("{}.{:04}", units / 10_000, units % 10_000)),
        "\\PC{0,12}",
    ]
}

/// What a store can hold: versions that `change` would make, and such that it never would.
fn versions() -> impl strategy::Strategy<Value = Vec<SettingVersion>> {
    let keys: Vec<String> = base().keys().iter().map(SettingKey::to_string).collect();
    let key = prop_oneof![
        20 => proptest::sample::select(keys),
        1 => "risk\\.[a-z_]{1,10}",
        1 => "monitor\\.(hourly|other)\\.(entry|stop)\\.[a-z_]{1,10}",
        1 => "\\PC{0,20}",
    ];
    let run = option::of(proptest::sample::select(vec!["r1", "r2"]));
    let one = (key, 1_u64..6, option::weighted(0.9, texts()), run);
    collection::vec(one.prop_map(|(key, number, value, of)| version(&key, number, value.as_deref(), of)), 0..40)
}

fn wider(settings: &Settings, base: &Settings) -> Vec<SettingKey> {
    let wider = |key: &SettingKey| {
        let (now, base) = (settings.get(key).unwrap(), base.get(key).unwrap());
        match (key.tighter(), now, base) {
            (Tighter::Switch | Tighter::Off, SettingValue::Flag(now), SettingValue::Flag(base)) => now && !base,
            (Tighter::On, SettingValue::Flag(now), SettingValue::Flag(base)) => base && !now,
            (Tighter::Lower, SettingValue::Count(now), SettingValue::Count(base)) => now > base,
            (Tighter::Lower, SettingValue::Seconds(now), SettingValue::Seconds(base)) => now > base,
            (Tighter::Lower, SettingValue::Number(now), SettingValue::Number(base)) => now > base,
            (Tighter::Lower, SettingValue::Price(now), SettingValue::Price(base)) => now > base,
            (Tighter::Lower, SettingValue::Quantity(now), SettingValue::Quantity(base)) => now > base,
            (Tighter::Lower, SettingValue::Money(now), SettingValue::Money(base)) => now > base,
            (Tighter::Higher, SettingValue::Seconds(now), SettingValue::Seconds(base)) => now < base,
            (Tighter::Higher, SettingValue::Number(now), SettingValue::Number(base)) => now < base,
            (Tighter::Higher, SettingValue::Quantity(now), SettingValue::Quantity(base)) => now < base,
            other => panic!("{key}: {other:?}"),
        }
    };
    base.keys().into_iter().filter(wider).collect()
}

proptest! {
    #[test]
    fn nothing_that_a_store_can_hold_makes_a_limit_wider(versions in versions(), tightened in versions()) {
        // A base that is itself tightened, so that overrides stand on either side of it.
        let base = base().with_overrides(&tightened, None).settings;
        let in_force = base.with_overrides(&versions, None);
        prop_assert_eq!(wider(&in_force.settings, &base), Vec::<SettingKey>::new());
        // In the run that an override names, its switch is the only thing that may be wider.
        let in_r1 = base.with_overrides(&versions, Some(&run("r1")));
        prop_assert!(wider(&in_r1.settings, &base).iter().all(SettingKey::is_entry_switch));
        // What was not overridden is as it was; whatever is not used as it stands is said.
        for key in base.keys() {
            let applied = in_force.applied(&key.to_string());
            if applied.is_none() && !key.is_entry_switch() {
                prop_assert_eq!(in_force.settings.get(&key), base.get(&key));
            }
        }
        for Applied { version, effect } in &in_force.applied {
            let Effect::Counts { value, .. } = effect else { continue };
            let now = in_force.settings.get(&version.key.parse().unwrap()).unwrap();
            prop_assert!(now == *value || now == SettingValue::Flag(false), "{} {}", version.key, now);
        }
        // Laid over once more, nothing changes.
        prop_assert_eq!(base.with_overrides(&versions, None), in_force);
    }

    #[test]
    fn every_change_that_is_let_through_counts_as_it_was_wanted(versions in versions(), texts in collection::vec(texts(), 1..4)) {
        let base = base();
        for (key, text) in base.keys().into_iter().flat_map(|key| texts.iter().map(move |text| (key.clone(), text))) {
            let wanted = Change { run: Some(run("r1")).filter(|_| key.is_entry_switch()), ..change(&key.to_string(), Some(text)) };
            let Ok(judged) = judge(&base, &versions, &wanted) else { continue };
            prop_assert_eq!(judged.wanted.version.version, judged.wanted.expected + 1);
            let after = [judged.wanted.version.clone()];
            let in_force = base.with_overrides(&after, Some(&run("r1"))).settings;
            let value = in_force.get(&key).unwrap();
            prop_assert_eq!(Some(value.to_string()), judged.wanted.version.value);
            prop_assert_eq!(base.get(&key).unwrap().like(text), Ok(value));
        }
    }
}

#[test]
fn a_refusal_can_be_told_apart() {
    let wider = judge(&base(), &[], &change("risk.max_position", Some("21"))).unwrap_err();
    assert!(matches!(wider, Refusal::Wider { tighter: Tighter::Lower, .. }));
}
