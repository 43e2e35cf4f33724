//! Who looks on at a run: the screen, the snapshots for people, the observations in its store, the bus. None of them can hold it up.

use crate::config::{Config, Monitor};
use crate::error::CliError;
use recio::observing::ObservationKeeper;
use recio::publishing::Publishing;
use recio::snapshots::{Snapshots, WatchRules};
use recio_core::pipeline::Observer;
use recio_core::store::Store;
use recio_core::units::{AccountName, Timestamp};
use recio_store::Storage;
use recio_store::bus::{RedisBus, RedisOptions};
use std::sync::Arc;
use std::time::Duration;

/// How long the end of a run waits for the bus to take what is left.
const BUS_ENDS_WITHIN: Duration = Duration::from_secs(3);

/// What the config wants to look on, besides the screen.
pub(super) struct Onlookers {
    account: AccountName,
    snapshots: Option<Snapshots>,
    keeper: Option<ObservationKeeper>,
    publishing: Option<Publishing>,
}

impl Onlookers {
    /// Begins to look on at a run of an account in a mode. The bus need not be there: that is said in the log, and it is connected when it comes.
    pub(super) async fn start(
        config: &Config,
        mode: &str,
        account: &AccountName,
        store: &Arc<dyn Storage>,
        now: Timestamp,
    ) -> Result<Self, CliError> {
        let observing = config.observations.of_a_run();
        let keep = |options| ObservationKeeper::start(Arc::clone(store) as _, &format!("{mode}:{account}"), options);
        Ok(Self {
            account: account.clone(),
            snapshots: snapshots(config, mode, account)?,
            publishing: publishing(config, mode, account, Arc::clone(store) as _, now).await?,
            keeper: observing.map(keep),
        })
    }

    /// What the run calls.
    pub(super) fn observers(&self, screen: impl Observer + 'static) -> Vec<Box<dyn Observer>> {
        fn boxed(observer: impl Observer + 'static) -> Box<dyn Observer> {
            Box::new(observer)
        }
        let snapshots = self.snapshots.as_ref().map(|snapshots| boxed(snapshots.observer(self.account.clone())));
        let keeper = self.keeper.as_ref().map(|keeper| boxed(keeper.observer()));
        let publishing = self.publishing.as_ref().map(|publishing| boxed(publishing.observer()));
        snapshots.into_iter().chain(keeper).chain(publishing).chain([boxed(screen)]).collect()
    }

    /// Writes and tells what is left. What of it cannot be is said in the log, and changes nothing else.
    pub(super) async fn finish(self) {
        if let Some(publishing) = self.publishing {
            let counts = publishing.stop(BUS_ENDS_WITHIN).await;
            tracing::debug!(?counts, "nothing more is told on the bus");
        }
        if let Some(keeper) = self.keeper {
            keeper.finish().await;
        }
    }
}

/// Snapshots in a folder of the run's mode and account, so that two runs beside each other do not take turns in one file.
fn snapshots(config: &Config, mode: &str, account: &AccountName) -> std::io::Result<Option<Snapshots>> {
    if !config.archive.snapshots {
        return Ok(None);
    }
    let series = |monitor: &Monitor| (monitor.series.clone(), WatchRules::from(&monitor.params));
    let folder = config.paths.data_dir.join("snapshots").join(format!("{mode}-{}", folder_name(account.as_str())));
    Snapshots::start(folder, config.monitor.iter().map(series).collect()).map(Some)
}

/// A name without what would lead out of a folder.
fn folder_name(name: &str) -> String {
    name.chars().map(|letter| if letter == '/' || letter == '\\' { '_' } else { letter }).collect()
}

async fn publishing(
    config: &Config,
    mode: &str,
    account: &AccountName,
    store: Arc<dyn Store>,
    now: Timestamp,
) -> Result<Option<Publishing>, CliError> {
    let Some(url) = &config.bus.url else { return Ok(None) };
    let mut options = RedisOptions::default();
    options.namespace = namespace(&config.bus.namespace, mode, account);
    let bus = RedisBus::open(url, options)?;
    Ok(Some(Publishing::start(Arc::new(bus), store, now).await))
}

/// What the keys of a run begin with: `recio:paper:practice`.
fn namespace(first: &str, mode: &str, account: &AccountName) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "_-.".contains(letter) { letter } else { '_' };
    let account: String = account.as_str().chars().map(plain).collect();
    format!("{first}:{mode}:{account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_account_has_keys_that_the_bus_takes() {
        for name in ["practice", "me@example.com/2", &"x".repeat(128)] {
            let account = AccountName::new(name).unwrap();
            let mut options = RedisOptions::default();
            options.namespace = namespace(&"n".repeat(32), "shadow", &account);
            RedisBus::open("unix:///not/there", options).unwrap();
        }
        assert_eq!(namespace("recio", "paper", &AccountName::new("a:b").unwrap()), "recio:paper:a_b");
    }
}
