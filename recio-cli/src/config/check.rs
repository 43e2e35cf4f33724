//! What no single value can tell: whether the values fit together.

use super::{Account, Fault, KeyPath, Loaded, Monitor, Origin};
use recio_core::fact::Environment;
use recio_core::units::Money;
use recio_store::bus::RedisBus;
use std::collections::BTreeMap;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// An order that takes longer than this on its way is no test of anything.
const MAX_LATENCY: Duration = Duration::from_secs(5);

struct Checker<'a> {
    loaded: &'a Loaded,
    faults: Vec<Fault>,
}

/// Finds all values that do not fit together.
pub(super) fn check(loaded: &Loaded) -> Vec<Fault> {
    let mut checker = Checker { loaded, faults: Vec::new() };
    for (name, account) in &loaded.config.account {
        checker.account(name.as_str(), account);
    }
    for monitor in &loaded.config.monitor {
        checker.monitor(monitor);
    }
    checker.risk();
    checker.freshness();
    checker.warm_start();
    checker.paper();
    checker.bus();
    checker.services();
    checker.log_level();
    if loaded.config.paths.data_dir.as_os_str().is_empty() {
        checker.fault(&["paths", "data_dir"], "is empty: name a directory");
    }
    checker.faults
}

impl Checker<'_> {
    fn fault(&mut self, key: &[&str], what: impl Into<String>) {
        let key = KeyPath::new(key.iter().copied());
        let origin = self.loaded.origin(&key).cloned().unwrap_or(Origin::Default);
        self.faults.push(Fault::of(&key, &origin, what));
    }

    fn account(&mut self, name: &str, account: &Account) {
        let looks_like_a_key = |text: &str| text.contains("-----BEGIN") || text.contains('\n');
        if account.key_id.as_deref().is_some_and(looks_like_a_key) {
            self.fault(&["account", name, "key_id"], "holds a key, not its id: take it out, and make a new key");
        }
        if account.key_file.as_ref().is_some_and(|path| looks_like_a_key(&path.to_string_lossy())) {
            self.fault(
                &["account", name, "key_file"],
                "holds a key, not the file's path: take it out, and make a new key",
            );
        }
        match account.environment {
            Environment::Kalshi | Environment::KalshiDemo => {
                let environment = account.environment;
                for (key, missing) in [("key_id", account.key_id.is_none()), ("key_file", account.key_file.is_none())] {
                    if missing {
                        let what = format!("`{environment}` needs a key, and the account's `{key}` is missing");
                        self.fault(&["account", name, "environment"], what);
                    }
                }
            }
            // Without a key the data are delayed, which nobody should get by a forgotten line.
            Environment::Paper if account.key_id.is_some() != account.key_file.is_some() => {
                let what =
                    "a key needs both `key_id` and `key_file`: give both, or neither for delayed data without a key";
                self.fault(&["account", name, "environment"], what);
            }
            Environment::Sim | Environment::Paper => {}
        }
    }

    fn monitor(&mut self, monitor: &Monitor) {
        let id = monitor.id.as_str();
        let accounts = &self.loaded.config.account;
        if !accounts.contains_key(&monitor.account) {
            let known: Vec<&str> = accounts.keys().map(recio_core::units::AccountName::as_str).collect();
            let what = format!("there is no account `{}`; there are {}", monitor.account, known.join(", "));
            self.fault(&["monitor", id, "account"], what);
        }
        if let Err(why) = recio_core::market::Family::of(&monitor.series) {
            self.fault(&["monitor", id, "series"], why.to_string());
        }
        self.params(id, monitor);
        let entry = &monitor.entry;
        if entry.min_time_to_close > entry.max_time_to_close {
            self.fault(
                &["monitor", id, "entry", "min_time_to_close"],
                format!(
                    "is above max_time_to_close ({}): there would be no time to enter",
                    seconds(entry.max_time_to_close)
                ),
            );
        }
        self.not_negative(&["monitor", id, "entry", "calm_threshold"], entry.calm_threshold);
        if entry.spike_threshold < entry.calm_threshold {
            self.fault(
                &["monitor", id, "entry", "spike_threshold"],
                format!("is below calm_threshold ({}): a spike would be calm", entry.calm_threshold),
            );
        }
        let stop = &monitor.stop;
        self.percent(&["monitor", id, "stop", "probability"], stop.probability);
        if stop.momentum_threshold <= 0.0 {
            self.fault(&["monitor", id, "stop", "momentum_threshold"], "must be above 0: it is used on either side");
        }
        self.price_step(&["monitor", id, "stop", "slippage_units"], stop.slippage_units);
    }

    fn params(&mut self, id: &str, monitor: &Monitor) {
        let params = &monitor.params;
        self.percent(&["monitor", id, "params", "min_probability"], params.min_probability);
        self.not_negative(&["monitor", id, "params", "slack"], params.slack);
        if params.min_differential.abs() > 100.0 {
            self.fault(
                &["monitor", id, "params", "min_differential"],
                "is in cents a contract, which costs at most 100",
            );
        }
        match params.quantity() {
            None => self.fault(&["monitor", id, "params", "multiplier"], "position_size times multiplier is too large"),
            Some(quantity) if quantity.is_zero() => {
                let key = if params.multiplier == 0 { "multiplier" } else { "position_size" };
                self.fault(
                    &["monitor", id, "params", key],
                    "must be above 0: set entry.enabled = false to enter nothing",
                );
            }
            Some(quantity) if quantity > self.loaded.config.risk.max_order_quantity => {
                let limit = self.loaded.config.risk.max_order_quantity;
                let what = format!(
                    "an entry of {quantity} contracts is above risk.max_order_quantity ({limit}): all would be refused"
                );
                self.fault(&["monitor", id, "params", "position_size"], what);
            }
            Some(_) => {}
        }
    }

    fn risk(&mut self) {
        let risk = &self.loaded.config.risk;
        let amounts = [
            ("max_order_cost", risk.max_order_cost),
            ("max_event_exposure", risk.max_event_exposure),
            ("max_total_exposure", risk.max_total_exposure),
        ];
        for (key, amount) in amounts {
            if amount < Money::ZERO {
                self.fault(&["risk", key], "is below zero: 0 already refuses everything");
            }
        }
        self.price_step(&["risk", "book_collar_units"], risk.book_collar_units);
        self.price_step(&["risk", "model_collar_units"], risk.model_collar_units);
    }

    fn freshness(&mut self) {
        let freshness = &self.loaded.config.freshness;
        let ages = [
            ("transport", freshness.transport),
            ("price_channel", freshness.price_channel),
            ("price_content", freshness.price_content),
            ("book_channel", freshness.book_channel),
            ("order_inputs", freshness.order_inputs),
            ("decision", freshness.decision),
        ];
        for (key, age) in ages {
            if age.is_zero() {
                self.fault(&["freshness", key], "must be above 0: everything would be stale at once");
            }
        }
    }

    fn warm_start(&mut self) {
        let wanted = &self.loaded.config.warm_start;
        let kept = [("momentum", wanted.momentum, 30 * 60), ("volatility", wanted.volatility, 24 * 3_600)];
        for (key, wanted, kept) in kept {
            let kept = Duration::from_secs(kept);
            if wanted > kept {
                let what = format!("is above {}: more of the past is not kept", seconds(kept));
                self.fault(&["warm_start", key], what);
            }
        }
    }

    fn paper(&mut self) {
        let terms = &self.loaded.config.paper;
        if terms.opening_cash <= Money::ZERO {
            self.fault(&["paper", "opening_cash"], "must be above 0: nothing could be bought");
        }
        if terms.latency > MAX_LATENCY {
            let what = format!("is above {}: the engine does not wait so long for an answer", seconds(MAX_LATENCY));
            self.fault(&["paper", "latency"], what);
        }
    }

    fn services(&mut self) {
        let mut taken = BTreeMap::new();
        for (service, port) in self.loaded.config.services.all() {
            if let Some(other) = taken.insert(port, service) {
                // The fault is told where a person said something, not at a default.
                let said = |name: &str| {
                    let origin = self.loaded.origin(&KeyPath::new(["services", name]));
                    origin.is_some_and(|origin| *origin != Origin::Default)
                };
                let (at, clash) = if said(service) { (service, other) } else { (other, service) };
                self.fault(&["services", at], format!("port {port} is taken by {clash}: give each service its own"));
            }
        }
    }

    /// A bare word that is no level would name a target, and silence everything else without a word.
    fn log_level(&mut self) {
        let level = &self.loaded.config.log.level;
        let remedy = "write `info`, `debug`, or `info,recio_kalshi=debug`";
        let odd = level.split(',').map(str::trim).find(|word| {
            let names_no_target = !word.contains(['=', '[', ':']) && !word.starts_with("recio");
            word.is_empty() || (names_no_target && word.parse::<LevelFilter>().is_err())
        });
        if let Some(odd) = odd {
            self.fault(&["log", "level"], format!("`{odd}` is not a level; {remedy}"));
        } else if let Err(error) = EnvFilter::try_new(level) {
            self.fault(&["log", "level"], format!("{error}; {remedy}"));
        }
    }

    fn bus(&mut self) {
        let bus = &self.loaded.config.bus;
        if let Some(Err(error)) = bus.url.as_deref().map(RedisBus::check_url) {
            self.fault(&["bus", "url"], error.to_string());
        }
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.');
        if !(1..=32).contains(&bus.namespace.len()) || !bus.namespace.bytes().all(fits) {
            self.fault(&["bus", "namespace"], "needs 1 to 32 letters, digits, _, - and .");
        }
    }

    fn percent(&mut self, key: &[&str], value: f64) {
        if !(0.0..=100.0).contains(&value) {
            self.fault(key, format!("{value} is not a percentage between 0 and 100"));
        }
    }

    fn not_negative(&mut self, key: &[&str], value: f64) {
        if value < 0.0 {
            self.fault(key, format!("{value} is below 0"));
        }
    }

    fn price_step(&mut self, key: &[&str], units: u16) {
        if units > 10_000 {
            self.fault(key, format!("{units} is in ten-thousandths of a dollar, and a contract costs at most 10000"));
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
