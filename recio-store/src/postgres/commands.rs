//! Commands in the database of the facts.

use super::PostgresStore;
use crate::sql::{Connection, Lane, commands as rows};
use async_trait::async_trait;
use recio_core::command::{AskError, CommandAnswer, CommandQueue, NewCommand, StoredCommand};
use recio_core::store::{News, StoreError};
use recio_core::units::Timestamp;
use std::sync::Arc;

#[async_trait]
impl CommandQueue for PostgresStore {
    async fn ask(&self, command: &NewCommand) -> Result<StoredCommand, AskError> {
        command.check()?;
        let command = command.clone();
        // On a connection that reads, also of the writer: it needs no turn, and the transaction says that it writes. Asked once more where the
        // connection was lost, the key makes it the same command.
        let asked = self.readers.read(async move |connection| Ok(rows::ask(connection, &command).await)).await?;
        self.signals.commands.tell();
        asked
    }

    async fn command(&self, number: u64) -> Result<Option<StoredCommand>, StoreError> {
        self.readers.read(async move |connection| rows::command(connection, number).await).await
    }

    async fn list(&self, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError> {
        self.readers.read(async move |connection| rows::commands(connection, after, limit).await).await
    }

    async fn take(&self, after: u64, now: Timestamp) -> Result<Option<StoredCommand>, StoreError> {
        let writer = self.writer()?;
        let epoch = writer.epoch();
        if !self.readers.read(async move |connection| rows::is_open(connection, after, epoch).await).await? {
            return Ok(None);
        }
        self.told(writer.lane(), async move |connection| rows::take(connection, after, now, epoch).await).await
    }

    async fn answer(&self, number: u64, answer: &CommandAnswer, now: Timestamp) -> Result<bool, StoreError> {
        let (writer, answer) = (self.writer()?, answer.clone());
        let epoch = writer.epoch();
        let work = async move |connection: &mut Connection| rows::answer(connection, number, &answer, now, epoch).await;
        self.told(writer.lane(), work).await
    }

    async fn give_up_taken(&self, now: Timestamp) -> Result<u64, StoreError> {
        let writer = self.writer()?;
        let epoch = writer.epoch();
        self.told(writer.lane(), async move |connection| rows::give_up_taken(connection, now, epoch).await).await
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        let news = self.signals.commands.listen();
        self.listener.begin()?;
        Ok(Box::new(news))
    }
}

impl PostgresStore {
    /// Has the queue changed, and those told who listen to this store; the server tells the others.
    async fn told<T, F>(&self, lane: &Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let signals = Arc::clone(&self.signals);
        lane.call(async move |connection| {
            let result = work(connection).await;
            signals.commands.tell();
            result
        })
        .await
    }
}
