//! The connections that read.

use crate::sql::{self, Connection, Lane, TableReader, was_lost};
use crate::tables::{Held, Table};
use async_trait::async_trait;
use recio_core::store::StoreError;

/// A few lanes. A read goes to the one with the shortest queue.
#[derive(Debug)]
pub(crate) struct Readers {
    /// One at least.
    lanes: Vec<Lane>,
}

/// How a store's connections are doing, for the eyes of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Connections that there should be: those of a writer, if it is one, and those that read.
    pub size: usize,
    /// Those of them that are lost, and will be made anew.
    pub lost: usize,
    /// Pieces of work that wait for a connection or are being done, at most 64 for each.
    pub waiting: usize,
}

impl Readers {
    pub(super) fn new(first: Lane) -> Self {
        Self { lanes: vec![first] }
    }

    pub(super) fn add(&mut self, lane: Lane) {
        self.lanes.push(lane);
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Reads; once more on a new connection where the old one turns out to be gone.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Clone + Send + 'static,
    {
        let Some(lane) = self.lanes.iter().min_by_key(|lane| (lane.is_lost(), lane.waiting())) else {
            return Err(Lane::gone());
        };
        let was_there = !lane.is_lost();
        match lane.call(work.clone()).await {
            Err(error) if was_there && was_lost(&error) => lane.call(work).await,
            answer => answer,
        }
    }

    /// One of the lanes, for readers that stay.
    pub(super) fn first(&self) -> Result<&Lane, StoreError> {
        self.lanes.first().ok_or_else(Lane::gone)
    }

    pub(super) fn connections<'l>(&'l self, writers: impl Iterator<Item = &'l Lane>) -> Connections {
        let mut all = Connections { size: 0, lost: 0, waiting: 0 };
        for lane in self.lanes.iter().chain(writers) {
            all.size += 1;
            all.lost += usize::from(lane.is_lost());
            all.waiting += lane.waiting();
        }
        all
    }

    pub(super) async fn close(self) {
        for lane in self.lanes {
            lane.close().await;
        }
    }
}

#[async_trait]
impl TableReader for Readers {
    async fn held(&self, table: &'static Table, range: (i64, i64)) -> Result<Vec<Held>, StoreError> {
        self.read(async move |connection| sql::held(connection, table, range).await).await
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        self.read(async move |connection| sql::count(connection, table).await).await
    }
}
