//! Appending with sqlx alone.

use super::facts::{Batch, Caller};
use super::rows::{Value, statements};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A connection, which callers can hand around.
pub(super) struct Held<C>(Arc<Mutex<C>>);

impl<C> Held<C> {
    pub(super) fn new(connection: C) -> Self {
        Self(Arc::new(Mutex::new(connection)))
    }
}

impl<C> Clone for Held<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The peers on one database.
macro_rules! peers {
    ($name:ident, $database:ty, $connection:ty) => {
        pub(super) mod $name {
            use super::*;

            /// As many facts, and nothing else.
            pub(in super::super) struct Bytes(pub(in super::super) Held<$connection>);

            #[async_trait]
            impl Caller for Bytes {
                async fn append(&mut self, batch: &Batch) {
                    let marks: Vec<String> =
                        (0..batch.bodies.len()).map(|row| format!("(${}, ${})", 2 * row + 1, 2 * row + 2)).collect();
                    let sql = format!("INSERT INTO bytes (sequence, body) VALUES {}", marks.join(", "));
                    let mut connection = self.0.0.lock().await;
                    let mut transaction = connection.begin().await.expect("it begins");
                    let mut query = sqlx::query::<$database>(AssertSqlSafe(sql));
                    for (sequence, body) in (batch.first..).zip(&batch.bodies) {
                        query = query.bind(sequence).bind(body);
                    }
                    query.execute(&mut *transaction).await.expect("the database takes it");
                    transaction.commit().await.expect("it commits");
                }
            }

            /// The same rows as recio.
            pub(in super::super) struct Rows(pub(in super::super) Held<$connection>);

            #[async_trait]
            impl Caller for Rows {
                async fn append(&mut self, batch: &Batch) {
                    let mut connection = self.0.0.lock().await;
                    let mut transaction = connection.begin().await.expect("it begins");
                    for ((sequence, fact), body) in (batch.first..).zip(&batch.facts).zip(&batch.bodies) {
                        for statement in statements(sequence, fact, body) {
                            let mut query = sqlx::query::<$database>(AssertSqlSafe(statement.sql));
                            for value in statement.values {
                                query = match value {
                                    Value::Integer(value) => query.bind(value),
                                    Value::Text(value) => query.bind(value),
                                };
                            }
                            query.execute(&mut *transaction).await.expect("the database takes it");
                        }
                    }
                    transaction.commit().await.expect("it commits");
                }
            }
        }
    };
}

peers!(postgres, sqlx::Postgres, sqlx::PgConnection);
peers!(sqlite, sqlx::Sqlite, sqlx::SqliteConnection);
