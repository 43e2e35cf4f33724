//! Observations in the file of the facts.

use super::SqliteStore;
use crate::observations::{
    Observation, ObservationKind, Observations, ObservedBar, ObservedHealth, ObservedSources, ObservedStrikeTable,
    ObservedTick,
};
use crate::sql::{Connection, Dialect, observations};
use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::{EventTicker, Timestamp};

#[async_trait]
impl Observations for SqliteStore {
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError> {
        observations::observe(self.writer()?.lane(), Dialect::Sqlite, observations).await
    }

    async fn ticks(
        &self,
        asset: Asset,
        source: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedTick>, StoreError> {
        let source = source.to_owned();
        let read = async move |connection: &mut Connection| {
            observations::ticks(connection, asset, &source, range, limit).await
        };
        self.reader.call(read).await
    }

    async fn bars(
        &self,
        asset: Asset,
        source: &str,
        resolution: Resolution,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedBar>, StoreError> {
        let source = source.to_owned();
        let read = async move |connection: &mut Connection| {
            observations::bars(connection, (asset, &source, resolution), range, limit).await
        };
        self.reader.call(read).await
    }

    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        let event = event.clone();
        let read = async move |connection: &mut Connection| {
            observations::strike_tables(connection, &event, range, limit).await
        };
        self.reader.call(read).await
    }

    async fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        self.reader
            .call(async move |connection: &mut Connection| {
                observations::all_strike_tables(connection, range, limit).await
            })
            .await
    }

    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError> {
        self.reader.call(async |connection| observations::health(connection).await).await
    }

    async fn all_health(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedHealth>, StoreError> {
        self.reader
            .call(async move |connection: &mut Connection| observations::all_health(connection, range, limit).await)
            .await
    }

    async fn sources(&self) -> Result<ObservedSources, StoreError> {
        self.reader.call(async |connection: &mut Connection| observations::sources(connection).await).await
    }

    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
        observations::forget_before(self.writer()?.lane(), kind, time).await
    }
}
