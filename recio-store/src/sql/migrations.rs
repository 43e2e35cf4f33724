//! The migrations, one list for both dialects.

use super::connection::{Connection, Dialect};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr, SqlStr};
use std::borrow::Cow;

/// What a migration says.
enum Script {
    /// The same to both.
    Shared(&'static str),
    /// To each its own.
    #[cfg_attr(
        not(all(feature = "sqlite", feature = "postgres")),
        allow(dead_code, reason = "one dialect is built in")
    )]
    ByDialect { sqlite: &'static str, postgres: &'static str },
}

/// Number, name and text, in order. The number is the schema's version, and no number is ever given twice.
const MIGRATIONS: &[(i64, &str, Script)] = &[
    (1, "facts", Script::Shared(include_str!("../../migrations/0001_facts.sql"))),
    (
        2,
        "append only",
        Script::ByDialect {
            sqlite: include_str!("../../migrations/0002_append_only.sqlite.sql"),
            postgres: include_str!("../../migrations/0002_append_only.postgres.sql"),
        },
    ),
    (3, "lease", Script::Shared(include_str!("../../migrations/0003_lease.sql"))),
    (4, "books and decisions", Script::Shared(include_str!("../../migrations/0004_books_and_decisions.sql"))),
    (5, "observations", Script::Shared(include_str!("../../migrations/0005_observations.sql"))),
    (
        6,
        "settings",
        Script::ByDialect {
            sqlite: concat!(
                include_str!("../../migrations/0006_settings.sql"),
                include_str!("../../migrations/0006_settings.sqlite.sql")
            ),
            postgres: concat!(
                include_str!("../../migrations/0006_settings.sql"),
                include_str!("../../migrations/0006_settings.postgres.sql")
            ),
        },
    ),
    (
        7,
        "readable",
        Script::ByDialect {
            sqlite: include_str!("../../migrations/0007_readable.sqlite.sql"),
            postgres: include_str!("../../migrations/0007_readable.postgres.sql"),
        },
    ),
    (8, "commands", Script::Shared(include_str!("../../migrations/0008_commands.sql"))),
    (
        9,
        "command rules",
        Script::ByDialect {
            sqlite: include_str!("../../migrations/0009_command_rules.sqlite.sql"),
            postgres: include_str!("../../migrations/0009_command_rules.postgres.sql"),
        },
    ),
    (10, "imported", Script::Shared(include_str!("../../migrations/0010_imported.sql"))),
];

/// The schema's version that this program needs.
pub(super) fn needed() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// What there is to do, in one dialect.
pub(super) fn of(dialect: Dialect) -> Vec<Migration> {
    let migration = |(version, name, script): &(i64, &'static str, Script)| {
        let text = match (script, dialect) {
            (Script::Shared(text), _) => text,
            #[cfg(feature = "sqlite")]
            (Script::ByDialect { sqlite, .. }, Dialect::Sqlite) => sqlite,
            #[cfg(feature = "postgres")]
            (Script::ByDialect { postgres, .. }, Dialect::Postgres) => postgres,
        };
        let sql: SqlStr = (*text).into_sql_str();
        Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    MIGRATIONS.iter().map(migration).collect()
}

/// Does what was not done yet, each migration in a transaction of its own.
pub(super) async fn run(connection: &mut Connection) -> Result<(), MigrateError> {
    let migrator = Migrator::with_migrations(of(connection.dialect()));
    match connection {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(connection) => migrator.run(connection).await,
        // Without a limit of time: what alters a large table may be long at it.
        #[cfg(feature = "postgres")]
        Connection::Postgres(session) => migrator.run(&mut **session).await,
    }
}
