//! Both databases have the same tables and views, column for column.

use super::damage::shell;
use super::tables::TABLES;
use recio_store::testing::{Database, psql};
use recio_store::{Access, SqliteStore, open};
use sqlx::{AssertSqlSafe, Connection, Row};
use std::collections::BTreeMap;

/// Of each table its columns in order: name, type, whether it may be empty, place in the primary key. Of a view the names alone, since
/// SQLite knows no types of what a view computes.
type Schema = BTreeMap<String, Vec<String>>;

async fn sqlite() -> Schema {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Writer).await.unwrap().close().await;
    let mut shell = shell(&path).await;
    let sql = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let relations = sqlx::query(sql).fetch_all(&mut shell).await.unwrap();
    let mut schema = Schema::new();
    for relation in relations {
        let (name, kind): (String, String) = (relation.get("name"), relation.get("type"));
        let columns = sqlx::query(AssertSqlSafe(format!("SELECT * FROM pragma_table_info('{name}') ORDER BY cid")));
        let columns = columns.fetch_all(&mut shell).await.unwrap().into_iter().map(|column| {
            let (column_name, kind_name): (String, String) = (column.get("name"), column.get("type"));
            let (not_null, key): (i64, i64) = (column.get("notnull"), column.get("pk"));
            match kind.as_str() {
                "table" => {
                    format!("{column_name} {kind_name} {} {key}", if not_null == 1 { "NOT NULL" } else { "NULL" })
                }
                _ => column_name,
            }
        });
        schema.insert(format!("{kind} {name}"), columns.collect());
    }
    shell.close().await.unwrap();
    schema
}

async fn postgres() -> Schema {
    let server = Database::create();
    drop(open(server.url(), Access::Writer).await.unwrap());
    let sql = "SELECT CASE c.relkind WHEN 'v' THEN 'view ' || c.relname || '|' || a.attname \
               ELSE 'table ' || c.relname || '|' || a.attname || ' ' || upper(format_type(a.atttypid, a.atttypmod)) \
               || CASE WHEN a.attnotnull THEN ' NOT NULL ' ELSE ' NULL ' END || coalesce(array_position(i.indkey::SMALLINT[], a.attnum) + 1, 0) END \
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
               LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
               WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname <> '_sqlx_migrations' \
               ORDER BY c.relname, a.attnum";
    let mut schema = Schema::new();
    for line in psql(server.url(), sql).lines() {
        let (relation, column) = line.split_once('|').unwrap();
        schema.entry(relation.to_owned()).or_default().push(column.to_owned());
    }
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_views() {
    let (sqlite, postgres) = (sqlite().await, postgres().await);
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (relation, columns) in &sqlite {
        assert_eq!(columns, &postgres[relation], "{relation}");
    }
    for table in TABLES {
        assert!(sqlite.contains_key(&format!("table {table}")), "{table}");
    }
    let types = ["BIGINT", "TEXT", "DOUBLE PRECISION"];
    for (relation, columns) in sqlite.iter().filter(|(relation, _)| relation.starts_with("table ")) {
        for column in columns {
            let (_, kind) = column.split_once(' ').unwrap();
            assert!(types.iter().any(|known| kind.starts_with(known)), "{relation}: {column}");
        }
        assert!(columns.iter().any(|column| column.ends_with(" 1")), "{relation} has no primary key");
    }
}
