//! Logs of several short segments.

use super::*;
use crate::engine::{
    BookSource, Command, EngineConfig, EntryRules, Freshness, Input, Monitor, OrderMode, RiskLimits, StopRules,
    WarmStart, Wish,
};
use crate::fact::Environment;
use crate::market::Asset;
use crate::pipeline::InputLog;
use crate::price_feed::{FeedAbout, PriceEvent, PriceKind, PriceTick};
use crate::settings::SettingVersion;
use crate::units::{AssetPrice, Monotonic, Timestamp};
use std::collections::BTreeMap;

fn config() -> EngineConfig {
    EngineConfig {
        environment: Environment::Sim,
        account: "main".parse().unwrap(),
        run: "run".parse().unwrap(),
        exchange_index: 2,
        epoch: 1,
        monitors: vec![Monitor {
            id: "htc".parse().unwrap(),
            series: "KXBTC15M".parse().unwrap(),
            entry: EntryRules::default(),
            stop: StopRules::default(),
            params: None,
            latest_close: None,
        }],
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        basis: BTreeMap::new(),
        warm_start: WarmStart::none(),
        books: BookSource::Streamed,
        orders: OrderMode::Sent,
        tickers_name_close_times: false,
    }
}

/// Thirteen inputs, in segments of five. The run has [`config`]; the log says that it has `told`.
fn logged(folder: &Path, told: &EngineConfig, change: impl Fn(u64, Input) -> Input) {
    let model = Arc::new(Model::default());
    let mut engine = Engine::new(Arc::new(config()), Arc::clone(&model));
    let mut log = InputLog::create(folder, "test", &model.hash(), told).unwrap().with_segments_of(5);
    for at in 0..13_u64 {
        let wall = Timestamp::from_second(1_778_677_200 + i64::try_from(at).unwrap()).unwrap();
        let now = Now { wall, mono: Monotonic(at * 1_000_000) };
        let feed = FeedAbout { source: "BRTI".to_owned(), asset: Asset::Btc, kind: PriceKind::Index };
        let price = AssetPrice::from_cents(8_000_000 + at).unwrap();
        let tick = PriceEvent::Tick(PriceTick { price, exchange_time: wall });
        let input = match at {
            3 => settings(1, Some("10.00")),
            11 => settings(2, None),
            7 => Input::Command(Command::ReduceOnly { reason: "test".to_owned() }),
            _ => Input::Price { feed, event: tick },
        };
        if log.wants_snapshot() {
            log.begin_segment(engine.state()).unwrap();
        }
        let outputs = engine.handle(now, &input);
        // What is written is what was told, or what somebody made of it.
        log.add(now, &change(at, input), &outputs).unwrap();
    }
    log.flush().unwrap();
    assert_eq!(log.inputs(), 13);
}

/// The newest version of one override.
fn settings(version: u64, value: Option<&str>) -> Input {
    Input::Settings(Ok(vec![SettingVersion {
        key: "risk.max_total_exposure".to_owned(),
        version,
        value: value.map(str::to_owned),
        run: None,
        who: "ana".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        why: "a test".to_owned(),
    }]))
}

fn replayed(log: &Path) -> ReplayReport {
    replay(log, &Arc::new(Model::default()), ReplayOptions::default(), |_, _| {}).unwrap()
}

#[test]
fn a_log_of_several_segments_replays_whole_and_from_each_of_them() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), &config(), |_, input| input);
    let whole = replayed(folder.path());
    assert!(whole.is_identical(), "{whole:?}");
    assert_eq!((whole.segments, whole.inputs), (3, 13));
    let inputs: Vec<_> = InputLogReader::segments(folder.path())
        .unwrap()
        .iter()
        .map(|segment| {
            let report = replayed(segment);
            assert!(report.is_identical(), "{segment:?}");
            report.inputs
        })
        .collect();
    assert_eq!(inputs, [5, 5, 3]);
    let last = InputLogReader::segments(folder.path()).unwrap().pop().unwrap();
    assert_eq!(replayed(&last).outputs_hash, whole.outputs_hash);
}

/// What counted before a segment is part of its snapshot: in the third, the override that the first one brought is given back, which only who knows of it
/// can say.
#[test]
fn a_segment_begins_with_the_settings_that_count() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), &config(), |_, input| input);
    let said = |segment: &Path| {
        let mut said = Vec::new();
        let report = replay(segment, &Arc::new(Model::default()), ReplayOptions::default(), |_, output| {
            if let Wish::Say(notice) = &output.wish
                && notice.text.starts_with("override")
            {
                said.push(notice.text.clone());
            }
        });
        assert!(report.unwrap().is_identical());
        said.join("; ")
    };
    let [first, second, third] = &InputLogReader::segments(folder.path()).unwrap()[..] else { panic!() };
    insta::assert_snapshot!(said(first), @"override: risk.max_total_exposure = 10.000000, the config has 50.000000 (version 1 by ana at 1970-01-01T00:00:00Z: a test)");
    assert_eq!(said(second), "");
    insta::assert_snapshot!(said(third), @"override: risk.max_total_exposure is given back to the config, 50.000000 counts (version 2 by ana at 1970-01-01T00:00:00Z: a test)");
    let in_force = |segment: &Path| {
        let header = InputLogReader::open(segment).unwrap().header().clone();
        assert_eq!(header.config, config(), "the base stays what it was");
        let engine = Engine::restore(Arc::new(header.config), Arc::new(Model::default()), header.state);
        engine.config_in_force().risk.max_total_exposure.to_string()
    };
    assert_eq!([first, second, third].map(|segment| in_force(segment)), ["50.000000", "10.000000", "10.000000"]);
    logged(folder.path(), &config(), |at, input| if at == 3 { Input::Timer } else { input });
    assert_eq!(replayed(folder.path()).first_difference, Some(4), "without it the run is another one");
}

#[test]
fn a_changed_input_is_found_where_it_first_matters() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), &config(), |at, input| if at == 7 { Input::Timer } else { input });
    let report = replayed(folder.path());
    assert_eq!((report.first_difference, report.snapshots_match), (Some(8), false));
}

#[test]
fn a_missing_segment_shows() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), &config(), |_, input| input);
    std::fs::remove_file(folder.path().join("inputs-00002.log")).unwrap();
    assert!(!replayed(folder.path()).is_identical());
}

#[test]
fn another_parameter_shows() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = config();
    other.monitors[0].series = "KXBTCD".parse().unwrap();
    logged(folder.path(), &other, |_, input| input);
    assert_eq!(replayed(folder.path()).first_difference, Some(1), "another series is listed");
}

#[test]
fn an_empty_or_foreign_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(InputLogReader::segments(folder.path()).is_err());
    for bytes in [&b""[..], b"not a log", &[255; 64]] {
        let path = folder.path().join("inputs-00001.log");
        std::fs::write(&path, bytes).unwrap();
        assert!(InputLogReader::open(&path).is_err());
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), &config(), |_, input| input);
    let segment = folder.path().join("inputs-00003.log");
    let whole = std::fs::read(&segment).unwrap();
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 1 << (at % 8);
        std::fs::write(&segment, &broken).unwrap();
        let read = InputLogReader::open(&segment).and_then(|mut reader| {
            std::iter::from_fn(|| reader.next_input().transpose()).collect::<Result<Vec<_>, _>>()
        });
        assert!(read.is_err(), "byte {at} of {}", whole.len());
    }
}
