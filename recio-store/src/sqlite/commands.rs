//! Commands in the file of the facts.

use super::SqliteStore;
use crate::sql::{Connection, Lane, commands as rows};
use async_trait::async_trait;
use recio_core::command::{AskError, CommandAnswer, CommandQueue, NewCommand, StoredCommand};
use recio_core::store::{News, StoreError};
use recio_core::units::Timestamp;
use std::sync::Arc;

#[async_trait]
impl CommandQueue for SqliteStore {
    async fn ask(&self, command: &NewCommand) -> Result<StoredCommand, AskError> {
        command.check()?;
        let (command, file) = (command.clone(), Arc::clone(&self.file));
        let ask = async move |connection: &mut Connection| {
            let asked = rows::ask(connection, &command).await;
            file.tell_commands();
            Ok(asked)
        };
        self.as_anybody(ask).await?
    }

    async fn command(&self, number: u64) -> Result<Option<StoredCommand>, StoreError> {
        self.reader.call(async move |connection| rows::command(connection, number).await).await
    }

    async fn list(&self, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError> {
        self.reader.call(async move |connection| rows::commands(connection, after, limit).await).await
    }

    async fn take(&self, after: u64, now: Timestamp) -> Result<Option<StoredCommand>, StoreError> {
        let (writer, epoch) = (self.writer()?, self.writer()?.epoch());
        if !self.reader.call(async move |connection| rows::is_open(connection, after, epoch).await).await? {
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
        self.file.watch(&self.watching)?;
        Ok(Box::new(news))
    }
}

impl SqliteStore {
    /// Has the queue changed, and those told who listen, whoever still waits for it.
    async fn told<T, F>(&self, lane: &Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let file = Arc::clone(&self.file);
        lane.call(async move |connection| {
            let result = work(connection).await;
            file.tell_commands();
            result
        })
        .await
    }
}
