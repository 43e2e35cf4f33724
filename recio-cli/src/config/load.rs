//! All layers together.

use super::given::Given;
use super::schema::{
    ArchiveConfig, BusConfig, Config, LogConfig, LogFormat, ObservationsConfig, Paths, Preset, Services, StoreConfig,
    VERSION,
};
use super::section::{InForce, Section};
use super::{ConfigError, Fault, KeyPath, Origin, check, env, file};
use recio_core::engine::{Freshness, RiskLimits, WarmStart};
use recio_core::pipeline::PaperTerms;
use recio_core::units::AccountName;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the config is taken from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file; none is fine, then nothing is traded.
    pub file: Option<PathBuf>,
    /// The environment. Only names that begin with `RECIO__` are looked at.
    pub env: BTreeMap<String, String>,
    /// What the command line says.
    pub flags: Flags,
}

/// The flags that are settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--store URL`.
    pub store: Option<String>,
    /// `--bus URL`.
    pub bus: Option<String>,
    /// `-v`, `-q` or `RECIO_LOG`: the filter, and which of them it was.
    pub log_level: Option<(String, &'static str)>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
}

/// The config with the origin of every value.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Every value that is in force, in the order of the sections.
    pub settings: Vec<Setting>,
}

/// One value in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Its name.
    pub key: KeyPath,
    /// The value; null where there is none.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

impl Loaded {
    /// Where a value comes from.
    #[must_use]
    pub fn origin(&self, key: &KeyPath) -> Option<&Origin> {
        self.settings.iter().find(|setting| setting.key == *key).map(|setting| &setting.origin)
    }
}

/// Reads the config from all its sources.
///
/// # Errors
/// The file cannot be read, or something in a source cannot be used; then all that was found is told.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut given = match &sources.file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            file::read(&text, path)
        }
        None => Given::default(),
    };
    if given.faults.iter().any(|fault| fault.key.is_none()) {
        return Err(faults(given.faults)); // the form is wrong: what follows from it would only confuse
    }
    if let Some(path) = &sources.file {
        paths_beside_the_file(&mut given, path);
    }
    env::overlay(&sources.env, &sections(&given, sources.file.as_deref()), &mut given);
    flags(&sources.flags, &mut given);
    let sections = sections(&given, sources.file.as_deref());
    build(&sections, given)
}

/// Every section with its defaults, accounts and monitors among them.
fn sections(given: &Given, file: Option<&Path>) -> Vec<Section> {
    let mut sections = Vec::new();
    if !given.accounts.contains_key(BUILT_IN_ACCOUNT) {
        sections.push(Section::built_in_account(BUILT_IN_ACCOUNT));
    }
    sections.extend(given.accounts.iter().map(|(name, begins)| Section::account(name, begins.clone())));
    for (id, begins) in &given.monitors {
        let preset = given.leaves.get(&KeyPath::new(["monitor", id, "preset"]));
        let preset = preset.and_then(|leaf| serde_json::from_value(leaf.value.clone()).ok()).unwrap_or(Preset::Default);
        sections.push(Section::monitor(id, begins.clone(), preset));
    }
    let mut paths = Paths::default();
    if let (Some(file), Some(data_dir)) = (file, paths.data_dir.to_str()) {
        paths.data_dir = file::beside(file, data_dir).into();
    }
    sections.push(Section::plain("risk", &RiskLimits::default()));
    sections.push(Section::plain("freshness", &Freshness::default()));
    sections.push(Section::plain("warm_start", &WarmStart::default()));
    sections.push(Section::plain("paper", &PaperTerms::default()));
    sections.push(Section::plain("store", &StoreConfig::default()));
    sections.push(Section::plain("observations", &ObservationsConfig::default()));
    sections.push(Section::plain("bus", &BusConfig::default()));
    sections.push(Section::plain("archive", &ArchiveConfig::default()));
    sections.push(Section::plain("services", &Services::default()));
    sections.push(Section::plain("paths", &paths));
    sections.push(Section::plain("log", &LogConfig::default()));
    sections
}

/// The account that is there without being named.
const BUILT_IN_ACCOUNT: &str = "sim";

fn build(sections: &[Section], mut given: Given) -> Result<Loaded, ConfigError> {
    let mut faults_found = std::mem::take(&mut given.faults);
    let mut settings = Vec::new();
    let mut parts = Parts::default();
    for section in sections {
        if let Some(in_force) = parts.take(section, &given, &mut faults_found) {
            settings.extend(in_force.into_iter().map(|InForce { key, value, origin }| Setting { key, value, origin }));
        }
    }
    let Some(config) = parts.whole().filter(|_| faults_found.is_empty()) else {
        return Err(faults(faults_found));
    };
    let loaded = Loaded { config, settings };
    let faults_found = check::check(&loaded);
    if faults_found.is_empty() { Ok(loaded) } else { Err(faults(faults_found)) }
}

/// The typed sections while they come in.
#[derive(Default)]
struct Parts {
    account: BTreeMap<AccountName, super::Account>,
    monitor: Vec<super::Monitor>,
    risk: Option<RiskLimits>,
    freshness: Option<Freshness>,
    warm_start: Option<WarmStart>,
    paper: Option<PaperTerms>,
    store: Option<StoreConfig>,
    observations: Option<ObservationsConfig>,
    bus: Option<BusConfig>,
    archive: Option<ArchiveConfig>,
    services: Option<Services>,
    paths: Option<Paths>,
    log: Option<LogConfig>,
}

impl Parts {
    fn take(&mut self, section: &Section, given: &Given, faults: &mut Vec<Fault>) -> Option<Vec<InForce>> {
        fn one<T>(slot: &mut Option<T>, built: Option<(T, Vec<InForce>)>) -> Option<Vec<InForce>> {
            let (value, in_force) = built?;
            *slot = Some(value);
            Some(in_force)
        }
        match section.at.parts() {
            [kind, name] if kind == "account" => {
                let name = match AccountName::new(name) {
                    Ok(name) => name,
                    Err(error) => {
                        faults.push(Fault::of(&section.at, &section.begins, error.to_string()));
                        return None;
                    }
                };
                let (account, in_force) = section.build(given, faults)?;
                self.account.insert(name, account);
                Some(in_force)
            }
            [kind, _] if kind == "monitor" => {
                let (monitor, in_force) = section.build(given, faults)?;
                self.monitor.push(monitor);
                Some(in_force)
            }
            [kind] => match kind.as_str() {
                "risk" => one(&mut self.risk, section.build(given, faults)),
                "freshness" => one(&mut self.freshness, section.build(given, faults)),
                "warm_start" => one(&mut self.warm_start, section.build(given, faults)),
                "paper" => one(&mut self.paper, section.build(given, faults)),
                "store" => one(&mut self.store, section.build(given, faults)),
                "observations" => one(&mut self.observations, section.build(given, faults)),
                "bus" => one(&mut self.bus, section.build(given, faults)),
                "archive" => one(&mut self.archive, section.build(given, faults)),
                "services" => one(&mut self.services, section.build(given, faults)),
                "paths" => one(&mut self.paths, section.build(given, faults)),
                "log" => one(&mut self.log, section.build(given, faults)),
                _ => None,
            },
            _ => None,
        }
    }

    fn whole(self) -> Option<Config> {
        Some(Config {
            version: VERSION,
            account: self.account,
            monitor: self.monitor,
            risk: self.risk?,
            freshness: self.freshness?,
            warm_start: self.warm_start?,
            paper: self.paper?,
            store: self.store?,
            observations: self.observations?,
            bus: self.bus?,
            archive: self.archive?,
            services: self.services?,
            paths: self.paths?,
            log: self.log?,
        })
    }
}

fn flags(flags: &Flags, given: &mut Given) {
    if let Some(url) = &flags.store {
        given.set(KeyPath::new(["store", "url"]), Value::String(url.clone()), Origin::Flag("--store"));
    }
    if let Some(url) = &flags.bus {
        given.set(KeyPath::new(["bus", "url"]), Value::String(url.clone()), Origin::Flag("--bus"));
    }
    if let Some((level, flag)) = &flags.log_level {
        given.set(KeyPath::new(["log", "level"]), Value::String(level.clone()), Origin::Flag(flag));
    }
    if let Some(format) = flags.log_format {
        let word = match format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        given.set(KeyPath::new(["log", "format"]), Value::String(word.to_owned()), Origin::Flag("--log-format"));
    }
}

/// Makes the paths of a file count from the file's directory, so that they mean the same wherever recio is started.
fn paths_beside_the_file(given: &mut Given, path: &Path) {
    for (key, leaf) in &mut given.leaves {
        let Value::String(text) = &leaf.value else { continue };
        let key: Vec<&str> = key.parts().iter().map(String::as_str).collect();
        let beside = match key.as_slice() {
            ["paths", _] | ["archive", "dir"] | ["account", _, "key_file"] if !text.contains("-----BEGIN") => {
                file::beside(path, text)
            }
            ["store", "url"] => match text.strip_prefix("sqlite://") {
                Some(store) => format!("sqlite://{}", file::beside(path, store)),
                None => continue,
            },
            _ => continue,
        };
        leaf.value = Value::String(beside);
    }
}

/// Faults in the order of the file, the environment and the flags.
fn faults(mut faults: Vec<Fault>) -> ConfigError {
    faults.sort_by_cached_key(|fault| {
        let (layer, line) = match &fault.origin {
            Origin::Default => (0, 0),
            Origin::Preset(_) => (1, 0),
            Origin::File { line, .. } => (2, *line),
            Origin::Env(_) => (3, 0),
            Origin::Flag(_) => (4, 0),
            Origin::Database { .. } | Origin::Closed => (5, 0),
        };
        (layer, line, fault.to_string())
    });
    ConfigError::Faults(faults)
}
