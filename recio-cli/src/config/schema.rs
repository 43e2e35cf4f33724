//! The config as types: what can be said, and what holds where nothing is said.

use recio::observing::ObservingOptions;
use recio_core::engine::{self, EntryRules, Freshness, RiskLimits, StopRules, WarmStart};
use recio_core::fact::Environment;
use recio_core::pipeline::PaperTerms;
use recio_core::strategies::{HourlyHtc, HtcParams};
use recio_core::strategy::Strategy;
use recio_core::units::{AccountName, SeriesTicker, StrategyId, Timestamp};
use recio_store::ObservationRetention;
use recio_store::archive::Retention;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

/// The only version of the config that this recio reads.
pub const VERSION: u32 = 1;

/// All settings, from every layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// The version of the form, [`VERSION`].
    pub version: u32,
    /// The accounts, by name. There is always one called `sim`, unless the file makes it something else.
    pub account: BTreeMap<AccountName, Account>,
    /// What is traded, in the order of the file.
    pub monitor: Vec<Monitor>,
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// When data counts as stale.
    pub freshness: Freshness,
    /// How much of the past has to be there before anything is entered.
    pub warm_start: WarmStart,
    /// How accounts on paper are treated.
    pub paper: PaperTerms,
    /// Where facts are kept.
    pub store: StoreConfig,
    /// What a run keeps beside facts, and for how long.
    pub observations: ObservationsConfig,
    /// Where others are told what a run does.
    pub bus: BusConfig,
    /// Where history is kept, and for how long.
    pub archive: ArchiveConfig,
    /// The port of each service.
    pub services: Services,
    /// Where files are.
    pub paths: Paths,
    /// What is said on stderr, and how.
    pub log: LogConfig,
}

/// An account at an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Which exchange. Required.
    pub environment: Environment,
    /// The name under which the exchange knows the key.
    #[serde(default)]
    pub key_id: Option<String>,
    /// The file with the private key. Never the key itself.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

/// A strategy on a series, with its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Its name; all its trades carry it. Required.
    pub id: StrategyId,
    /// The account it trades on. Required.
    pub account: AccountName,
    /// The series it trades. Required.
    pub series: SeriesTicker,
    /// Which strategy.
    pub strategy: StrategyName,
    /// What holds where the monitor says nothing itself.
    pub preset: Preset,
    /// The strategy's parameters.
    pub params: HtcParams,
    /// When it may enter.
    pub entry: EntryRules,
    /// When its trades are closed before settlement.
    pub stop: StopRules,
}

/// The strategies that ship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyName {
    /// Buys the likely outcome near the end of its time.
    #[default]
    HourlyHtc,
}

/// What holds where a monitor says nothing itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// recio's own: the edge counts after exact fees, from the low end of the model's interval.
    #[default]
    Default,
    /// As REC.IO v2 had it.
    V2,
}

/// Where facts are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The URL; `recio.db` in the data directory if there is none.
    pub url: Option<String>,
}

/// What a run keeps in its store beside facts: prices one by one, bars, strike tables, the services' health. Each has a number of days, after which it is
/// forgotten; 0 keeps it for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationsConfig {
    /// Whether a run keeps them.
    pub keep: bool,
    /// Of each event a strike table is kept every so many seconds; 0 keeps them all.
    pub strike_table_seconds: u32,
    /// For how many days prices are kept one by one.
    pub ticks_days: u32,
    /// For how many days prices are kept by the second.
    pub second_bars_days: u32,
    /// For how many days prices are kept by the minute.
    pub minute_bars_days: u32,
    /// For how many days strike tables are kept.
    pub strike_tables_days: u32,
    /// For how many days the services' health is kept.
    pub health_days: u32,
    /// Whether nothing is forgotten that the archive does not hold: a run then forgets nothing itself, and `recio data retain` archives first.
    pub archived_first: bool,
}

/// Where others are told what a run does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusConfig {
    /// The URL of a Redis; nobody is told if there is none.
    pub url: Option<String>,
    /// The first word of all its keys there. Mode and account of the run follow, so that runs beside each other do not speak into each other's streams.
    pub namespace: String,
}

/// Where history is kept, and for how long. What has no number of days is kept for ever; facts always are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveConfig {
    /// The folder; `archive` in the data directory if there is none.
    pub dir: Option<PathBuf>,
    /// For how many days prices are kept one by one.
    pub ticks_days: Option<u32>,
    /// For how many days prices are kept by the second.
    pub bars_days: Option<u32>,
    /// For how many days strike tables are kept.
    pub strike_tables_days: Option<u32>,
    /// For how many days the services' health is kept.
    pub health_days: Option<u32>,
    /// For how many days order books are kept.
    pub books_days: Option<u32>,
    /// For how many days decisions are kept.
    pub decisions_days: Option<u32>,
    /// For how many days recordings are kept.
    pub recordings_days: Option<u32>,
    /// Whether a run writes strike table, watchlist and account as JSON files for people.
    pub snapshots: bool,
}

/// The port of each service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the services' names")]
pub struct Services {
    pub main_app: NonZeroU16,
    pub trade_manager: NonZeroU16,
    pub trade_executor: NonZeroU16,
    pub active_trade_supervisor: NonZeroU16,
    pub auto_entry_supervisor: NonZeroU16,
    pub btc_price_watchdog: NonZeroU16,
    pub db_poller: NonZeroU16,
    pub kalshi_account_sync: NonZeroU16,
    pub kalshi_api_watchdog: NonZeroU16,
    pub unified_production_coordinator: NonZeroU16,
}

/// Where files are. A path in the config file counts from the file's own directory, any other from the working directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// What recio writes: store, journal, input logs, the kill latch.
    pub data_dir: PathBuf,
    /// The intent journal; `journal` in the data directory if there is none.
    pub journal: Option<PathBuf>,
    /// The input logs; `input-log` in the data directory if there is none.
    pub input_log: Option<PathBuf>,
    /// The fingerprint; the one that ships if there is none.
    pub fingerprint: Option<PathBuf>,
    /// The recording that the simulator plays; the one that ships if there is none.
    pub recording: Option<PathBuf>,
}

/// What is said on stderr, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// How much: `error`, `warn`, `info`, `debug`, `trace`, or per target (`info,recio_kalshi=debug`).
    pub level: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The folder of the archive: the one that was set, or `archive` in the data directory.
    #[must_use]
    pub fn archive_dir(&self) -> PathBuf {
        self.archive.dir.clone().unwrap_or_else(|| self.paths.data_dir.join("archive"))
    }

    /// The URL of the store: the one that was set, or `recio.db` in the data directory.
    #[must_use]
    pub fn store_url(&self) -> String {
        self.store.url.clone().unwrap_or_else(|| format!("sqlite://{}", self.paths.data_dir.join("recio.db").display()))
    }
}

impl ObservationsConfig {
    /// The days as rules.
    #[must_use]
    pub const fn retention(&self) -> ObservationRetention {
        ObservationRetention {
            ticks_days: self.ticks_days,
            second_bars_days: self.second_bars_days,
            minute_bars_days: self.minute_bars_days,
            strike_tables_days: self.strike_tables_days,
            health_days: self.health_days,
        }
    }

    /// What a run keeps and forgets; `None` where it keeps nothing.
    #[must_use]
    pub fn of_a_run(&self) -> Option<ObservingOptions> {
        self.keep.then(|| ObservingOptions {
            strike_table_every: Duration::from_secs(self.strike_table_seconds.into()),
            retention: (!self.archived_first).then(|| self.retention()),
        })
    }
}

impl Default for ObservationsConfig {
    fn default() -> Self {
        let ObservingOptions { strike_table_every, retention } = ObservingOptions::default();
        let days = retention.unwrap_or_default();
        Self {
            keep: true,
            strike_table_seconds: strike_table_every.as_secs().try_into().unwrap_or(u32::MAX),
            ticks_days: days.ticks_days,
            second_bars_days: days.second_bars_days,
            minute_bars_days: days.minute_bars_days,
            strike_tables_days: days.strike_tables_days,
            health_days: days.health_days,
            archived_first: false,
        }
    }
}

impl ArchiveConfig {
    /// The days as rules.
    #[must_use]
    pub const fn retention(&self) -> Retention {
        Retention {
            ticks_days: self.ticks_days,
            bars_days: self.bars_days,
            strike_tables_days: self.strike_tables_days,
            health_days: self.health_days,
            books_days: self.books_days,
            decisions_days: self.decisions_days,
            recordings_days: self.recordings_days,
        }
    }
}

impl Default for BusConfig {
    fn default() -> Self {
        Self { url: None, namespace: "recio".to_owned() }
    }
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self {
            dir: None,
            ticks_days: None,
            bars_days: None,
            strike_tables_days: None,
            health_days: None,
            books_days: None,
            decisions_days: None,
            recordings_days: None,
            snapshots: true,
        }
    }
}

impl Monitor {
    /// The monitor as the engine has it. Markets that close after `latest_close` are left alone.
    #[must_use]
    pub fn to_engine(&self, latest_close: Option<Timestamp>) -> engine::Monitor {
        engine::Monitor {
            id: self.id.clone(),
            series: self.series.clone(),
            entry: self.entry.clone(),
            stop: self.stop.clone(),
            params: None,
            latest_close,
        }
    }

    /// A strategy of the monitor's own.
    #[must_use]
    pub fn to_strategy(&self) -> Box<dyn Strategy> {
        match self.strategy {
            StrategyName::HourlyHtc => Box::new(HourlyHtc::new(self.params.clone())),
        }
    }
}

impl Paths {
    /// Where the intent journal of the account with this key is.
    #[must_use]
    pub fn journal(&self, key_id: &str) -> PathBuf {
        self.journal.clone().unwrap_or_else(|| self.data_dir.join("accounts").join(key_id).join("journal"))
    }

    /// Where the input logs are.
    #[must_use]
    pub fn input_log(&self) -> PathBuf {
        self.input_log.clone().unwrap_or_else(|| self.data_dir.join("input-log"))
    }
}

impl Services {
    /// Every service with its port, in the order of the manifest.
    #[must_use]
    pub const fn all(&self) -> [(&'static str, NonZeroU16); 10] {
        [
            ("main_app", self.main_app),
            ("trade_manager", self.trade_manager),
            ("trade_executor", self.trade_executor),
            ("active_trade_supervisor", self.active_trade_supervisor),
            ("auto_entry_supervisor", self.auto_entry_supervisor),
            ("btc_price_watchdog", self.btc_price_watchdog),
            ("db_poller", self.db_poller),
            ("kalshi_account_sync", self.kalshi_account_sync),
            ("kalshi_api_watchdog", self.kalshi_api_watchdog),
            ("unified_production_coordinator", self.unified_production_coordinator),
        ]
    }
}

impl Preset {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::V2 => "v2",
        }
    }

    /// The strategy's parameters in this preset.
    #[must_use]
    pub fn params(self) -> HtcParams {
        match self {
            Self::Default => HtcParams::default(),
            Self::V2 => HtcParams::v2(),
        }
    }

    /// The stop rules in this preset.
    #[must_use]
    pub fn stop(self) -> StopRules {
        match self {
            Self::Default => StopRules::default(),
            Self::V2 => StopRules::v2(),
        }
    }
}

impl Default for Services {
    fn default() -> Self {
        let port = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
        Self {
            main_app: port(3000),
            trade_manager: port(4000),
            trade_executor: port(8001),
            active_trade_supervisor: port(8007),
            auto_entry_supervisor: port(8009),
            btc_price_watchdog: port(8002),
            db_poller: port(8003),
            kalshi_account_sync: port(8004),
            kalshi_api_watchdog: port(8005),
            unified_production_coordinator: port(8010),
        }
    }
}

impl Default for Paths {
    fn default() -> Self {
        Self { data_dir: "recio-data".into(), journal: None, input_log: None, fingerprint: None, recording: None }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::default() }
    }
}
