//! The config through its public edge.

use super::{ConfigError, Flags, KeyPath, Loaded, LogFormat, Preset, Sources, load, to_toml, to_toml_with_origins};
use std::collections::BTreeMap;
use std::path::Path;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../recio.example.toml");

/// A file that is right, to be made wrong.
const GOOD: &str = "version = 1\n[[monitor]]\nid = \"m\"\naccount = \"sim\"\nseries = \"KXBTCD\"\n";

fn with(text: &str, env: &[(&str, &str)], flags: Flags) -> Result<Loaded, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recio.toml");
    std::fs::write(&file, text).unwrap();
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Sources { file: Some(file), env, flags }).map_err(|error| strip(error, directory.path()))
}

/// Takes the temporary directory out of the message.
fn strip(error: ConfigError, directory: &Path) -> ConfigError {
    match error {
        ConfigError::Faults(mut faults) => {
            for fault in &mut faults {
                if let super::Origin::File { path, .. } = &mut fault.origin {
                    *path = path.strip_prefix(directory).unwrap().to_owned();
                }
            }
            ConfigError::Faults(faults)
        }
        unreadable @ ConfigError::Unreadable { .. } => unreadable,
    }
}

/// The faults, one a line.
fn told(error: &ConfigError) -> String {
    error.to_string().strip_prefix("the config cannot be used\n").unwrap().to_owned()
}

fn complaint(text: &str) -> String {
    told(&with(text, &[], Flags::default()).unwrap_err())
}

fn complaint_env(env: &[(&str, &str)]) -> String {
    told(&with(GOOD, env, Flags::default()).unwrap_err())
}

fn get(loaded: &Loaded, key: &str) -> (String, String) {
    let key = KeyPath::new(key.split('.'));
    let setting = loaded.settings.iter().find(|setting| setting.key == key).unwrap();
    let origin = setting.origin.to_string();
    let origin = origin.rsplit('/').next().unwrap_or_default().to_owned();
    (setting.value.to_string(), origin)
}

#[test]
fn the_example_says_what_holds_anyway() {
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    let as_is = with(&text, &[], Flags::default()).unwrap();
    let said: String = text.lines().map(|line| format!("{}\n", uncommented(line))).collect();
    assert_ne!(said, text);
    let spoken = with(&said, &[], Flags::default()).unwrap();
    let values = |loaded: &Loaded| -> Vec<_> {
        let all = loaded.settings.iter().map(|s| (s.key.to_string(), s.value.clone()));
        all.filter(|(key, _)| key != "paths.data_dir").collect()
    };
    assert_eq!(values(&as_is), values(&spoken));
    for setting in spoken.settings.iter().filter(|setting| !setting.value.is_null()) {
        assert!(setting.origin.to_string().contains("recio.toml:"), "{} is not in the example", setting.key);
    }
    for setting in spoken.settings.iter().filter(|setting| setting.value.is_null()) {
        let name = setting.key.parts().last().unwrap();
        assert!(text.contains(&format!("# {name} = ")), "{name} is not in the example");
    }
}

/// A default's line without its `#`.
fn uncommented(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
        Some(_) | None => line,
    }
}

#[test]
fn without_any_source_the_defaults_hold() {
    let loaded = load(&Sources::default()).unwrap();
    assert!(loaded.config.monitor.is_empty());
    assert_eq!(loaded.config.store_url(), "sqlite://recio-data/recio.db");
    assert_eq!(loaded.config.services.trade_manager.get(), 4000);
    insta::assert_snapshot!(to_toml(&loaded), @r#"
    version = 1

    [account.sim]
    environment = "sim"
    # key_file is not set
    # key_id is not set

    [risk]
    book_collar_units = 1000
    breaker_failures = 3
    breaker_window = 60.0
    close_guard = 5.0
    max_event_exposure = "25.000000"
    max_order_cost = "10.000000"
    max_order_quantity = "10.00"
    max_orders_per_minute = 30
    max_orders_per_second = 2
    max_position = "20.00"
    max_total_exposure = "50.000000"
    model_collar_units = 2000
    repeat_window = 1.0

    [freshness]
    book_channel = 20.0
    decision = 0.5
    order_inputs = 2.0
    price_channel = 5.0
    price_content = 5.0
    transport = 30.0

    [warm_start]
    momentum = 1800.0
    volatility = 86400.0

    [paper]
    latency = 0.02
    opening_cash = "1000.000000"

    [store]
    # url is not set

    [observations]
    archived_first = false
    health_days = 90
    keep = true
    minute_bars_days = 0
    second_bars_days = 365
    strike_table_seconds = 10
    strike_tables_days = 30
    ticks_days = 180

    [bus]
    namespace = "recio"
    # url is not set

    [archive]
    # bars_days is not set
    # books_days is not set
    # decisions_days is not set
    # dir is not set
    # health_days is not set
    # recordings_days is not set
    snapshots = true
    # strike_tables_days is not set
    # ticks_days is not set

    [services]
    active_trade_supervisor = 8007
    auto_entry_supervisor = 8009
    btc_price_watchdog = 8002
    db_poller = 8003
    kalshi_account_sync = 8004
    kalshi_api_watchdog = 8005
    main_app = 3000
    trade_executor = 8001
    trade_manager = 4000
    unified_production_coordinator = 8010

    [paths]
    data_dir = "recio-data"
    # fingerprint is not set
    # input_log is not set
    # journal is not set
    # recording is not set

    [log]
    format = "text"
    level = "info"
    "#);
}

#[test]
fn what_is_shown_gives_the_same_config_again() {
    let text = format!(
        "{GOOD}preset = \"v2\"\n[monitor.params]\nmin_probability = 93\n[account.\"a b\"]\nenvironment = \"paper\"\n"
    );
    let text = text.replace("a b", "a.b");
    let first = with(&text, &[("RECIO__RISK__MAX_ORDER_COST", "7.5")], Flags::default()).unwrap();
    let again = with(&to_toml(&first), &[], Flags::default()).unwrap();
    assert_eq!(first.config.monitor, again.config.monitor);
    assert_eq!(first.config.account, again.config.account);
    assert_eq!(first.config.risk, again.config.risk);
    assert_eq!(first.config.monitor[0].preset, Preset::V2);
}

#[test]
fn flag_over_variable_over_file_over_preset_over_default() {
    let text = format!(
        "{GOOD}preset = \"v2\"\n[monitor.params]\nslack = 0.1\n[store]\nurl = \"sqlite:///f.db\"\n[log]\nlevel = \"warn\"\n[risk]\nmax_position = \"5\"\n"
    );
    let env = [
        ("RECIO__STORE__URL", "sqlite:///e.db"),
        ("RECIO__LOG__LEVEL", "error"),
        ("RECIO__MONITOR__M__ENTRY__ENABLED", "true"),
        ("RECIO__FRESHNESS__DECISION", "0.25"),
        ("RECIO_LOG", "ignored here: one underscore"),
        ("HOME", "/root"),
    ];
    let flags = Flags {
        bus: None,
        store: Some("memory:".to_owned()),
        log_level: Some(("debug".to_owned(), "-v")),
        log_format: Some(LogFormat::Json),
    };
    let loaded = with(&text, &env, flags).unwrap();
    let shown: String = [
        "store.url",
        "log.level",
        "log.format",
        "monitor.m.entry.enabled",
        "monitor.m.entry.cooldown",
        "monitor.m.params.slack",
        "monitor.m.params.after_fees",
        "freshness.decision",
        "risk.max_position",
        "risk.max_order_cost",
    ]
    .iter()
    .map(|key| {
        let (value, origin) = get(&loaded, key);
        format!("{key} = {value}  # {origin}\n")
    })
    .collect();
    insta::assert_snapshot!(shown, @r#"
    store.url = "memory:"  # --store
    log.level = "debug"  # -v
    log.format = "json"  # --log-format
    monitor.m.entry.enabled = true  # RECIO__MONITOR__M__ENTRY__ENABLED
    monitor.m.entry.cooldown = 10.0  # default
    monitor.m.params.slack = 0.1  # recio.toml:8
    monitor.m.params.after_fees = false  # preset v2
    freshness.decision = 0.25  # RECIO__FRESHNESS__DECISION
    risk.max_position = "5.00"  # recio.toml:14
    risk.max_order_cost = "10.000000"  # default
    "#);
}

#[test]
fn origins_stand_beside_the_values() {
    let loaded = load(&Sources {
        env: BTreeMap::from([("RECIO__SERVICES__DB_POLLER".to_owned(), "9003".to_owned())]),
        ..Sources::default()
    })
    .unwrap();
    let shown = to_toml_with_origins(&loaded);
    let services: String = shown.split_inclusive('\n').skip_while(|line| *line != "[services]\n").take(12).collect();
    insta::assert_snapshot!(services, @r"
    [services]
    active_trade_supervisor = 8007         # default
    auto_entry_supervisor = 8009           # default
    btc_price_watchdog = 8002              # default
    db_poller = 9003                       # RECIO__SERVICES__DB_POLLER
    kalshi_account_sync = 8004             # default
    kalshi_api_watchdog = 8005             # default
    main_app = 3000                        # default
    trade_executor = 8001                  # default
    trade_manager = 4000                   # default
    unified_production_coordinator = 8010  # default
    ");
}

#[test]
fn paths_of_the_file_count_from_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recio.toml");
    std::fs::write(
        &file,
        "version = 1\n[paths]\nrecording = \"r/x\"\njournal = \"/j\"\n[store]\nurl = \"sqlite://s.db\"\n",
    )
    .unwrap();
    let env = BTreeMap::from([("RECIO__PATHS__FINGERPRINT".to_owned(), "f".to_owned())]);
    let config = load(&Sources { file: Some(file), env, flags: Flags::default() }).unwrap().config;
    assert_eq!(config.paths.recording.as_deref(), Some(directory.path().join("r/x").as_path()));
    assert_eq!(config.paths.data_dir, directory.path().join("recio-data"));
    assert_eq!(config.paths.journal("k"), Path::new("/j"));
    assert_eq!(config.paths.input_log(), directory.path().join("recio-data/input-log"));
    assert_eq!(config.paths.fingerprint.as_deref(), Some(Path::new("f")));
    assert_eq!(config.store_url(), format!("sqlite://{}", directory.path().join("s.db").display()));
}

#[test]
fn a_password_is_not_shown() {
    let flags = Flags { store: Some("postgres://recio:hunter2@db/recio".to_owned()), ..Flags::default() };
    let loaded = with(GOOD, &[], flags).unwrap();
    let shown = format!("{}{}{:?}", to_toml_with_origins(&loaded), loaded.public_config(), loaded.public_settings());
    assert!(!shown.contains("hunter2"));
    assert!(shown.contains("postgres://***@db/recio"));
}

#[test]
fn a_missing_file_is_named() {
    let sources = Sources { file: Some("/nowhere/recio.toml".into()), ..Sources::default() };
    let error = load(&sources).unwrap_err();
    assert_eq!(error.to_string(), "the config file /nowhere/recio.toml cannot be read");
}

#[test]
fn syntax_is_told_with_its_line() {
    insta::assert_snapshot!(complaint("version = 1\n[risk\nmax_position = \"5\"\n"), @"recio.toml:2: unclosed table, expected `]`");
    insta::assert_snapshot!(complaint("version = 1\n[risk]\nmax_position = \"5\"\nmax_position = \"6\"\n"), @"recio.toml:4: duplicate key");
    insta::assert_snapshot!(complaint("version = 1\n[risk]\nmax_position = \"5\n"), @r#"recio.toml:3: invalid basic string, expected `"`"#);
}

#[test]
fn a_flood_of_faults_is_cut() {
    let told = complaint(&format!("version = 1\nx = {}\n", "[".repeat(5_000)));
    assert_eq!(told.lines().count(), 51);
    assert!(told.lines().last().unwrap().ends_with(" more"));
}

#[test]
fn the_version_comes_first() {
    insta::assert_snapshot!(complaint("[risk]\n"), @"recio.toml:1: the version is missing: begin the file with `version = 1`");
    insta::assert_snapshot!(complaint("version = 2\n"), @"recio.toml:1: version: this recio reads version 1; take the recio that wrote the file, or rewrite it");
    insta::assert_snapshot!(complaint("version = \"1\"\n"), @"recio.toml:1: version: write `version = 1`");
}

#[test]
fn unknown_keys_are_refused_all_at_once() {
    let text = "version = 1\n[riks]\nx = 1\n[risk]\nmax_postion = \"5\"\nmax_position = \"6\"\n[risk.sub]\n[account.a]\nenvironment = \"sim\"\nprivate_key = \"s3cr3t\"\n[[monitor]]\nid = \"m\"\naccount = \"sim\"\nseries = \"KXBTCD\"\n[monitor.entri]\n[monitor.stop]\nprobabilty = 3\n";
    let told = complaint(text);
    assert!(!told.contains("s3cr3t"));
    insta::assert_snapshot!(told, @r"
    recio.toml:2: riks: unknown section; did you mean `risk`?
    recio.toml:5: risk.max_postion: unknown key; did you mean `max_position`?
    recio.toml:7: risk.sub: unknown key; `recio config show` lists what there is
    recio.toml:10: account.a.private_key: a key itself is never written here: name the file that holds it with `key_file`
    recio.toml:15: monitor.m.entri: unknown key; did you mean `entry`?
    recio.toml:17: monitor.m.stop.probabilty: unknown key; did you mean `probability`?
    ");
}

#[test]
fn wrong_types_are_refused_all_at_once() {
    let text = format!(
        "{GOOD}preset = \"v3\"\nstrategy = 7\nentry = true\n[risk]\nmax_position = 5\nmax_orders_per_second = \"2\"\nmax_order_cost = \"ten\"\nrepeat_window = -1\nmax_order_quantity = \"0.001\"\n[freshness]\ndecision = nan\ntransport = 1e400\n[services]\nmain_app = 0\ndb_poller = 70000\n[account.b]\nenvironment = \"live\"\n[log]\nformat = \"xml\"\n"
    );
    insta::assert_snapshot!(complaint(&text), @r#"
    recio.toml:6: monitor.m.preset: unknown variant `v3`, expected `default` or `v2`
    recio.toml:7: monitor.m.strategy: invalid type: integer `7`, expected string or map
    recio.toml:8: monitor.m.entry: is a table: write its keys below its own header
    recio.toml:10: risk.max_position: amounts, prices and quantities are written in quotes, as they are exact decimals: "5"
    recio.toml:11: risk.max_orders_per_second: invalid type: string "2", expected u32
    recio.toml:12: risk.max_order_cost: `ten` is not a plain decimal number
    recio.toml:13: risk.repeat_window: -1 is not a number of seconds
    recio.toml:14: risk.max_order_quantity: `0.001` has more than 2 decimals
    recio.toml:16: freshness.decision: `nan` is not a number that can be used here
    recio.toml:17: freshness.transport: `1e400` is not a number that can be used here
    recio.toml:19: services.main_app: invalid value: integer `0`, expected a nonzero u16
    recio.toml:20: services.db_poller: invalid value: integer `70000`, expected a nonzero u16
    recio.toml:22: account.b.environment: unknown variant `live`, expected one of `sim`, `paper`, `kalshi-demo`, `kalshi`
    recio.toml:24: log.format: unknown variant `xml`, expected `text` or `json`
    "#);
}

#[test]
fn what_is_missing_is_named_where_it_should_be() {
    let text = "version = 1\n[account.a]\n[[monitor]]\naccount = \"a\"\n[[monitor]]\nid = \"x\"\n[[monitor]]\nid = \"x\"\n[[monitor]]\nid = 3\n[account.\"\"]\nenvironment = \"sim\"\n";
    insta::assert_snapshot!(complaint(text), @r#"
    recio.toml:2: account.a: `environment` is missing
    recio.toml:3: monitor: the id is missing: add `id = "NAME"`; its trades carry it
    recio.toml:5: monitor.x: `account` is missing
    recio.toml:5: monitor.x: `series` is missing
    recio.toml:8: monitor.id: the id `x` is taken by a monitor above: give each its own
    recio.toml:10: monitor.id: the id is a text: write it in quotes
    recio.toml:11: account."": `` is not an account name: it needs 1 to 128 visible ASCII characters
    "#);
    insta::assert_snapshot!(complaint("version = 1\naccount = 1\nmonitor = 2\nrisk = 3\n"), @r"
    recio.toml:2: account: write `[account.NAME]` with its keys below
    recio.toml:3: monitor: write `[[monitor]]`, with two brackets, once for each monitor
    recio.toml:4: risk: write `[risk]` with its keys below
    ");
    insta::assert_snapshot!(complaint("version = 1\n[monitor]\nid = \"x\"\n"), @"recio.toml:2: monitor: write `[[monitor]]`, with two brackets, once for each monitor");
}

#[test]
fn values_that_do_not_fit_together_are_refused() {
    let text = "version = 1
[account.real]
environment = \"kalshi\"
key_file = \"-----BEGIN PRIVATE KEY-----\"
[[monitor]]
id = \"m\"
account = \"main\"
series = \"KXBTCD\"
[monitor.params]
min_probability = 101
slack = -1
min_differential = 250
position_size = \"50\"
[monitor.entry]
min_time_to_close = 1000
spike_threshold = 10
[monitor.stop]
probability = -1
momentum_threshold = 0
slippage_units = 20000
[risk]
max_order_cost = \"-1\"
[freshness]
decision = 0
[services]
db_poller = 3000
[log]
level = \"recio=nonsense\"
";
    insta::assert_snapshot!(complaint(text), @r#"
    recio.toml:3: account.real.environment: `kalshi` needs a key, and the account's `key_id` is missing
    recio.toml:4: account.real.key_file: holds a key, not the file's path: take it out, and make a new key
    recio.toml:7: monitor.m.account: there is no account `main`; there are real, sim
    recio.toml:10: monitor.m.params.min_probability: 101 is not a percentage between 0 and 100
    recio.toml:11: monitor.m.params.slack: -1 is below 0
    recio.toml:12: monitor.m.params.min_differential: is in cents a contract, which costs at most 100
    recio.toml:13: monitor.m.params.position_size: an entry of 50.00 contracts is above risk.max_order_quantity (10.00): all would be refused
    recio.toml:15: monitor.m.entry.min_time_to_close: is above max_time_to_close (900 s): there would be no time to enter
    recio.toml:16: monitor.m.entry.spike_threshold: is below calm_threshold (30): a spike would be calm
    recio.toml:18: monitor.m.stop.probability: -1 is not a percentage between 0 and 100
    recio.toml:19: monitor.m.stop.momentum_threshold: must be above 0: it is used on either side
    recio.toml:20: monitor.m.stop.slippage_units: 20000 is in ten-thousandths of a dollar, and a contract costs at most 10000
    recio.toml:22: risk.max_order_cost: is below zero: 0 already refuses everything
    recio.toml:24: freshness.decision: must be above 0: everything would be stale at once
    recio.toml:26: services.db_poller: port 3000 is taken by main_app: give each service its own
    recio.toml:28: log.level: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5; write `info`, `debug`, or `info,recio_kalshi=debug`
    "#);
    assert!(complaint(&format!("{GOOD}[monitor.params]\nmultiplier = 0\n")).contains("must be above 0"));
    for level in ["verbose", "", "info,loud"] {
        assert!(complaint(&format!("version = 1\n[log]\nlevel = \"{level}\"\n")).contains("is not a level"), "{level}");
    }
}

#[test]
fn variables_are_held_to_the_same_rules() {
    insta::assert_snapshot!(
        complaint_env(&[
            ("RECIO__RISK__MAX_POSTION", "5"),
            ("RECIO__RIKS__MAX_POSITION", "5"),
            ("RECIO__RISK", "5"),
            ("RECIO__RISK__MAX_ORDER_COST", "ten"),
            ("RECIO__MONITOR__N__ENTRY__ENABLED", "true"),
            ("RECIO__MONITOR__M__ID", "n"),
            ("RECIO__MONITOR__M__ENTRY__ENABLED", "yes"),
            ("RECIO__ACCOUNT__MAIN__KEY_ID", "x"),
            ("RECIO__SERVICES__MAIN_APP", "x"),
            ("RECIO__VERSION", "2"),
        ]),
        @r"
    RECIO__ACCOUNT__MAIN__KEY_ID: there is no account `main` in the file; known are sim
    RECIO__MONITOR__M__ENTRY__ENABLED: `yes` is neither `true` nor `false`
    RECIO__MONITOR__M__ID: unknown key `ID`; `recio config show` lists what there is
    RECIO__MONITOR__N__ENTRY__ENABLED: there is no monitor `n` in the file; did you mean `m`?
    RECIO__RIKS__MAX_POSITION: unknown section `RIKS`; did you mean `risk`?
    RECIO__RISK: `risk` is a section: add `__` and a key of it
    RECIO__RISK__MAX_ORDER_COST: risk.max_order_cost: `ten` is not a plain decimal number
    RECIO__RISK__MAX_POSTION: unknown key `MAX_POSTION`; did you mean `MAX_POSITION`?
    RECIO__SERVICES__MAIN_APP: `x` is not a number that can be used here
    RECIO__VERSION: the version belongs to the file alone
    "
    );
}

mod properties {
    use super::{Flags, told, with};
    use proptest::{prop_assert, proptest};

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            let _ = with(&text, &[], Flags::default());
        }

        #[test]
        fn no_value_makes_it_panic(key in "[a-z_]{1,20}", value in "\\PC{0,20}", section in 0_usize..8) {
            let section = super::super::section::SECTIONS[section + 1];
            let loaded = with(&format!("version = 1\n[{section}]\n{key} = {value}\n"), &[], Flags::default());
            if let Err(error) = loaded {
                prop_assert!(told(&error).starts_with("recio.toml:"), "{}", error);
            }
        }
    }
}
