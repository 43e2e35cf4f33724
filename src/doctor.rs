//! The doctor: looks at everything a run needs, and says of each what it found and what to do.

mod bus;
mod prices;

use crate::basis::BasisBoard;
use bus::bus;
use jiff::SignedDuration;
use prices::{basis, index_age, venue_age};
use recio_core::causes::in_full;
use recio_core::fact::Environment;
use recio_core::kill_latch::KillLatch;
use recio_core::market::Asset;
use recio_core::pipeline::Clock;
use recio_core::units::{AccountName, Timestamp};
use recio_feeds::{Hosts, Venue};
use recio_kalshi::client::{KalshiClient, wall_clock};
use recio_kalshi::error::ReadError;
use recio_kalshi::signing::SigningKey;
use recio_kalshi::transport::{Endpoint, NetworkTransport, Timeouts};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Below this a day of recording may not fit.
const SPACE_LOW: u64 = 5 << 30;
/// Below this a run may not end well.
const SPACE_NONE: u64 = 512 << 20;
/// A `Date` header counts whole seconds, so that less cannot be seen.
const SKEW_SEEN: SignedDuration = SignedDuration::from_millis(1_500);
/// The exchange refuses signatures that are so far off. Source: its answer to a signature 30 s old, recorded 2026-06-11; the bound itself is not
/// published, so this stays well inside.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(4);
/// How long one question to the exchange may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    Ok,
    /// Not looked at.
    Skipped,
    /// It works, and should be looked after.
    Warning,
    /// It does not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it went.
    pub finding: Finding,
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// An account at an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Its name in the config, or a simulator's.
    pub account: AccountName,
    /// Which exchange.
    pub environment: Environment,
    /// The id of its key.
    pub key_id: Option<String>,
    /// The file of its key.
    pub key_file: Option<PathBuf>,
    /// Where the exchange is reached; `None` where there is none to reach.
    pub hosts: Option<Endpoint>,
    /// Where a simulator is controlled, which tells its own time; `None` of a real exchange.
    pub control: Option<String>,
}

/// What to look at.
pub struct DoctorOptions {
    /// Where a run writes.
    pub data_dir: PathBuf,
    /// The accounts.
    pub patients: Vec<Patient>,
    /// The venues of prices, with where they are reached.
    pub venues: Vec<(Venue, Hosts)>,
    /// The URL of the bus, where one is used.
    pub bus: Option<String>,
    /// Leave the network alone.
    pub offline: bool,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DoctorOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoctorOptions")
            .field("data_dir", &self.data_dir)
            .field("patients", &self.patients)
            .finish_non_exhaustive()
    }
}

impl Check {
    /// As it should be.
    #[must_use]
    pub fn ok(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Ok, what: what.into(), remedy: None }
    }

    /// Not looked at.
    #[must_use]
    pub fn skipped(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Skipped, what: what.into(), remedy: None }
    }

    /// It works, and should be looked after.
    #[must_use]
    pub fn warning(name: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Warning, what: what.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work.
    #[must_use]
    pub fn failed(name: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), finding: Finding::Failed, what: what.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything. Sends no order, and changes nothing but for a file in the data directory that it makes and removes.
pub async fn examine(options: &DoctorOptions) -> Vec<Check> {
    let mut checks = vec![kill_latch(&options.data_dir)];
    checks.extend(data_dir(&options.data_dir));
    for patient in &options.patients {
        let key = key(patient, &mut checks);
        match &patient.hosts {
            Some(_) if options.offline => checks.push(Check::skipped(named("exchange", patient), "offline")),
            Some(hosts) => {
                let signs = key.is_some();
                exchange(patient, hosts, key, &*options.clock, &mut checks).await;
                let name = named("index", patient);
                checks.push(match signs {
                    true => index_age(name, patient, hosts, &options.clock).await,
                    false => Check::skipped(name, "without a key it is not streamed"),
                });
            }
            None => {}
        }
    }
    if let Some(url) = &options.bus {
        checks.push(if options.offline { Check::skipped("bus", "offline") } else { bus(url).await });
    }
    for (venue, hosts) in &options.venues {
        let name = format!("prices of {venue}");
        checks.push(if options.offline {
            Check::skipped(name, "offline")
        } else {
            venue_age(name, *venue, hosts.clone(), &*options.clock).await
        });
    }
    for asset in [Asset::Btc, Asset::Eth] {
        checks.push(basis(&BasisBoard::in_dir(&options.data_dir, asset), options.clock.now().wall));
    }
    checks
}

/// The worst of all findings.
#[must_use]
pub fn worst(checks: &[Check]) -> Finding {
    checks.iter().map(|check| check.finding).max().unwrap_or(Finding::Ok)
}

fn named(what: &str, patient: &Patient) -> String {
    format!("{what} of {}", patient.account)
}

fn kill_latch(data_dir: &Path) -> Check {
    let latch = KillLatch::new(data_dir);
    let name = "kill latch";
    if !latch.is_engaged() {
        return Check::ok(name, "does not hold");
    }
    let note = latch.note().ok().flatten().unwrap_or_default().trim().replace('\n', "; ");
    let what = format!("{} holds: nothing is sent ({note})", latch.path().display());
    Check::warning(name, what, "when the reason is gone: recio kill --release --yes")
}

fn data_dir(data_dir: &Path) -> Vec<Check> {
    let (name, shown) = ("data directory", data_dir.display());
    let mut checks = Vec::new();
    if !data_dir.exists() {
        let remedy = "the first run makes it; to have it now: mkdir -m 700 with its path";
        return vec![Check::warning(name, format!("{shown} is not there"), remedy)];
    }
    match tempfile::Builder::new().prefix(".doctor").tempfile_in(data_dir) {
        Err(error) => {
            let remedy = format!("give this user the right to write into {shown}, or set paths.data_dir");
            checks.push(Check::failed(name, format!("{shown} cannot be written: {error}"), remedy));
        }
        Ok(_) if is_open(data_dir) => {
            let what = format!("{shown} can be written by every user of this machine");
            checks.push(Check::warning(name, what, format!("chmod 700 {shown}")));
        }
        Ok(_) => checks.push(Check::ok(name, format!("{shown} can be written"))),
    }
    let remedy = "remove what is not needed, or set paths.data_dir to a larger disk";
    checks.push(match rustix::fs::statvfs(data_dir) {
        Err(error) => Check::warning("disk", format!("the free space cannot be asked for: {error}"), remedy),
        Ok(disk) => space(disk.f_bavail.saturating_mul(disk.f_frsize), remedy),
    });
    checks
}

fn space(free: u64, remedy: &str) -> Check {
    let what = format!("{} MiB free", free >> 20);
    match free {
        0..SPACE_NONE => Check::failed("disk", what, remedy),
        SPACE_NONE..SPACE_LOW => Check::warning("disk", what, remedy),
        _ => Check::ok("disk", what),
    }
}

#[cfg(unix)]
fn is_open(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    directory.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

/// Reads an account's key, and signs with it.
fn key(patient: &Patient, checks: &mut Vec<Check>) -> Option<SigningKey> {
    let name = named("key", patient);
    let (Some(id), Some(file)) = (&patient.key_id, &patient.key_file) else {
        checks.push(Check::skipped(name, "the config names no key"));
        return None;
    };
    let key = match SigningKey::from_file(id, file) {
        Ok(key) => key,
        Err(error) => {
            let remedy = "name the right file as key_file, owned by this user, with chmod 600";
            checks.push(Check::failed(name, in_full(&error), remedy));
            return None;
        }
    };
    let (time, path) = (1_795_356_000_000, "/trade-api/v2/exchange/status");
    let signed = key.sign(time, "GET", path).map_err(|error| error.to_string()).and_then(|headers| {
        let checked = key.verifying_key().verify(&headers.timestamp, "GET", path, &headers.signature);
        checked.map_err(|error| error.to_string())
    });
    match signed {
        Ok(()) => {
            checks.push(Check::ok(name, format!("{} is private, and signs ({:?})", file.display(), key.key_type())));
            Some(key)
        }
        Err(error) => {
            checks.push(Check::failed(
                name,
                format!("the key does not sign: {error}"),
                "make a new key at the exchange",
            ));
            None
        }
    }
}

/// Reaches an exchange: host, clock, rights and limits.
async fn exchange(
    patient: &Patient,
    hosts: &Endpoint,
    key: Option<SigningKey>,
    clock: &dyn Clock,
    checks: &mut Vec<Check>,
) {
    let name = named("exchange", patient);
    let has_key = key.is_some();
    let transport = match NetworkTransport::new(hosts.clone(), Timeouts::default()) {
        Ok(transport) => Arc::new(transport),
        Err(error) => {
            checks.push(Check::failed(name, in_full(&*error), "report this: the TLS library cannot be set up"));
            return;
        }
    };
    let client = KalshiClient::new(transport, key.map(Arc::new), wall_clock());
    let asked = clock.now().mono;
    match client.exchange_status().await {
        Err(error) => {
            let remedy = "check the network, a proxy, and the exchange's status page";
            checks.push(Check::failed(name, in_full(&error), remedy));
            return;
        }
        Ok(status) => {
            let took = clock.now().mono.since(asked).as_millis();
            let crypto = status.exchange_index_statuses.iter().flatten().find(|shard| shard.exchange_index == 2);
            let trades = crypto.map_or(status.trading_active, |shard| shard.trading_active);
            checks.push(if trades {
                Check::ok(name, format!("answers in {took} ms, and trades"))
            } else {
                Check::warning(
                    name,
                    format!("answers in {took} ms, and does not trade"),
                    "wait; Thursdays 3 to 5 a.m. Eastern it is looked after",
                )
            });
        }
    }
    checks.push(clock_skew(named("clock", patient), hosts, clock).await);
    let name = named("rate limits", patient);
    if !has_key {
        checks.push(Check::skipped(name, "without a key they cannot be asked for"));
        return;
    }
    checks.push(match client.account_limits().await {
        Ok(limits) => {
            let bucket = |bucket: recio_kalshi::wire::TokenBucket| {
                format!("{} a second up to {}", bucket.refill_rate, bucket.bucket_capacity)
            };
            let (read, write) = (bucket(limits.read), bucket(limits.write));
            Check::ok(name, format!("tier {}: {read} to read, {write} to write", limits.usage_tier))
        }
        Err(error @ ReadError::AuthLost { .. }) => {
            let remedy = "check that key_id is this key's, that the key is of this environment, and the clock";
            Check::failed(name, format!("the exchange refuses the key: {}", in_full(&error)), remedy)
        }
        Err(error) => Check::warning(name, in_full(&error), "try again"),
    });
}

/// This machine's clock less the exchange's, by the `Date` of an answer.
async fn clock_skew(name: String, hosts: &Endpoint, clock: &dyn Clock) -> Check {
    let remedy = "keep this machine's clock by NTP (chrony, systemd-timesyncd)";
    let unknown = |why: String| Check::warning(&name, format!("the exchange's time is not known: {why}"), remedy);
    let url = hosts.rest_url("/exchange/status");
    let http = match reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build() {
        Ok(http) => http,
        Err(error) => return unknown(in_full(&error)),
    };
    let before = clock.now().wall;
    let answer = match http.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => return unknown(in_full(&error)),
    };
    let after = clock.now().wall;
    let told = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let told = told.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()).map(|zoned| zoned.timestamp());
    match told {
        None => unknown("its answer has no date".to_owned()),
        Some(theirs) => skew(name, theirs, before, after, remedy),
    }
}

/// The date says a whole second, somewhere between question and answer: the skew that is certain is what lies outside of that.
fn skew(name: String, theirs: Timestamp, before: Timestamp, after: Timestamp, remedy: &str) -> Check {
    let ahead = before.duration_since(theirs) - SignedDuration::from_secs(1);
    let behind = theirs.duration_since(after);
    let certain = ahead.max(behind).max(SignedDuration::ZERO);
    let side = if ahead > behind { "ahead" } else { "behind" };
    let what = format!("at least {:.1} s {side} of the exchange's", certain.as_secs_f64());
    if certain >= SKEW_MAX {
        Check::failed(name, what, remedy)
    } else if certain >= SKEW_SEEN {
        Check::warning(name, what, remedy)
    } else {
        Check::ok(name, "agrees with the exchange's to a second or so")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_skew_that_is_certain_counts() {
        let theirs = at("2026-11-22T17:00:00Z");
        let finding = |before: &str, after: &str| skew("clock".to_owned(), theirs, at(before), at(after), "x").finding;
        assert_eq!(finding("2026-11-22T17:00:00.9Z", "2026-11-22T17:00:01.1Z"), Finding::Ok);
        assert_eq!(finding("2026-11-22T17:00:02.9Z", "2026-11-22T17:00:03Z"), Finding::Warning);
        assert_eq!(finding("2026-11-22T17:00:06Z", "2026-11-22T17:00:06.1Z"), Finding::Failed);
        assert_eq!(finding("2026-11-22T16:59:50Z", "2026-11-22T16:59:50.1Z"), Finding::Failed);
        assert_eq!(finding("2026-11-22T16:59:50Z", "2026-11-22T17:00:05Z"), Finding::Ok, "a slow answer says nothing");
    }

    #[test]
    fn space_has_three_steps() {
        assert_eq!(
            [0, 1 << 30, 6 << 30].map(|free| space(free, "x").finding),
            [Finding::Failed, Finding::Warning, Finding::Ok]
        );
    }
}
