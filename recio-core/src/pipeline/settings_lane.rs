//! Overrides of the settings on their way from the store to the engine: read at the start, and again whenever the store says that there are new ones.
//!
//! What was read becomes an input when it differs from what was told before, so that the input log has it and a replay goes by it from the same moment.

use super::shell::{PipelineError, Shell};
use crate::causes::in_full;
use crate::engine::Input;
use crate::settings::{SettingVersion, SettingsStore};
use crate::store::{News, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// How soon settings that cannot be read are read again, for as long as the run lasts: entries wait for them.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A start waits no longer than this for them: open trades have to be watched, and entries stay closed until they are known.
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// What was read, or why it could not be.
type Versions = Result<Vec<SettingVersion>, String>;

/// Follows the settings of a store. Apart from the jobs, because nobody waits for it but a start.
#[derive(Default)]
pub(super) struct SettingsLane {
    /// The wait for other settings than were told. Never more than one; given up with the run, for it only reads.
    waiting: JoinSet<Place>,
}

/// Where the lane is.
#[derive(Default)]
pub(super) struct Place {
    news: Option<Box<dyn News>>,
    /// What was read last.
    read: Option<Versions>,
}

impl SettingsLane {
    fn wait(&mut self, store: &Arc<dyn Store>, place: Place) {
        let store = Arc::clone(store);
        self.waiting.spawn(async move {
            match store.settings() {
                Some(settings) => next(settings, place).await,
                None => std::future::pending().await,
            }
        });
    }

    /// Waits for other settings than were told; for ever, where the store keeps none.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Place, JoinError> {
        match self.waiting.join_next().await {
            Some(read) => read,
            None => std::future::pending().await,
        }
    }

    /// Other settings, if they were read.
    pub(super) fn ready(&mut self) -> Option<Result<Place, JoinError>> {
        self.waiting.try_join_next()
    }
}

impl Shell {
    /// Tells the engine what overrides count, or that nobody knows, before anything can be entered.
    pub(super) async fn first_settings(&mut self) -> Result<(), PipelineError> {
        self.tell_strategies();
        if self.store.settings().is_none() {
            return Ok(());
        }
        let store = Arc::clone(&self.store);
        self.settings.wait(&store, Place::default());
        match timeout(FIRST_WITHIN, self.settings.next()).await {
            Ok(read) => self.changed_settings(read),
            Err(_) => self.tell(Input::Settings(Err(format!("the store gives no answer within {FIRST_WITHIN:?}")))),
        }
    }

    /// Other settings were read: the engine is told, and the strategies before they look at their next view.
    pub(super) fn changed_settings(&mut self, read: Result<Place, JoinError>) -> Result<(), PipelineError> {
        let place = read.map_err(|error| PipelineError::Panicked(error.to_string()))?;
        if let Some(versions) = &place.read {
            self.tell(Input::Settings(versions.clone()))?;
            self.tell_strategies();
        }
        let store = Arc::clone(&self.store);
        self.settings.wait(&store, place);
        Ok(())
    }
}

/// Waits until something else is read than was read before.
async fn next(settings: &dyn SettingsStore, mut place: Place) -> Place {
    loop {
        let read = look(settings, &mut place.news).await.map_err(|error| in_full(&error));
        let failed = read.is_err();
        if place.read.as_ref() != Some(&read) {
            place.read = Some(read);
            return place;
        }
        let heard = match &mut place.news {
            Some(news) if !failed => news.changed().await.is_ok(),
            Some(_) | None => false,
        };
        if !heard {
            place.news = None;
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

/// Listens, if nobody does yet, and reads.
async fn look(
    settings: &dyn SettingsStore,
    news: &mut Option<Box<dyn News>>,
) -> Result<Vec<SettingVersion>, StoreError> {
    if news.is_none() {
        *news = Some(settings.news().await?);
    }
    settings.newest().await
}
