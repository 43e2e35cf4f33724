//! Servers and databases that are no store, and how recio says so.

use super::{facts, options, writer};
use recio_core::causes::in_full;
use recio_core::store::{Store, StoreError};
use recio_store::testing::{Cluster, Database, psql};
use recio_store::{Access, OpenError, PostgresStore, open};

async fn refusal(url: &str) -> String {
    match PostgresStore::open_with(url, options("x")).await {
        Err(error @ OpenError::Refused { .. }) => in_full(&error),
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_command_that_helps() {
    let hba = b"local all recio trust\nlocal all all scram-sha-256\n";
    let cluster = Cluster::start_with_files(&[], &[("pg_hba.conf", hba)]);
    let url = cluster.url("postgres");
    psql(&url, "CREATE ROLE trader LOGIN PASSWORD 'right'");
    psql(&url, "CREATE DATABASE ledger OWNER trader TEMPLATE template0 ENCODING 'UTF8'");
    let as_trader = |password: &str| cluster.url("ledger").replacen("recio@", &format!("trader:{password}@"), 1);
    let said = refusal(&as_trader("hunter2")).await;
    assert!(said.contains("PGPASSWORD") && said.contains("trader") && !said.contains("hunter2"), "{said}");
    let store = PostgresStore::open_with(&as_trader("right"), options("x")).await.unwrap();
    assert!(!format!("{store:?} {}", store.place()).contains("right"), "{store:?}");
    store.append(&facts(1)).await.unwrap();
    let said = refusal(&cluster.url("nowhere")).await;
    assert!(said.contains("createdb -h") && said.contains(" -U recio nowhere"), "{said}");
    psql(&url, "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
    let said = refusal(&cluster.url("ascii")).await;
    assert!(said.contains("--encoding=UTF8"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_would_lose_facts_is_told_of() {
    let error = open("postgres://u:secret@/recio?host=/not/there", Access::Reader).await.err().unwrap();
    assert!(matches!(error, OpenError::NoServer { .. }), "{error:?}");
    assert!(in_full(&error).contains("is it running") && !in_full(&error).contains("secret"), "{}", in_full(&error));
    let mut cluster = Cluster::start_with(&["fsync = off"]);
    let url = cluster.database();
    let said = refusal(&url).await;
    assert!(said.contains("fsync = on"), "{said}");
    cluster.stop();
    let error = PostgresStore::open_with(&url, options("x")).await.unwrap_err();
    assert!(matches!(error, OpenError::NoServer { .. }), "{error:?}");
}

#[tokio::test]
async fn what_another_version_or_program_made_is_refused() {
    let database = Database::create();
    let wrong = async |url: &str, access| match PostgresStore::open_with(url, {
        let mut options = options("x");
        options.access = access;
        options
    })
    .await
    {
        Err(error @ OpenError::Store { source: StoreError::WrongVersion { .. } | StoreError::Damaged { .. }, .. }) => {
            in_full(&error)
        }
        answer => panic!("{answer:?}"),
    };
    let error = open(database.url(), Access::Reader).await.err().unwrap();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");

    let foreign = database.url_with("schema=foreign_one");
    psql(database.url(), "CREATE SCHEMA foreign_one CREATE TABLE customers (name TEXT)");
    for access in [Access::Reader, Access::Writer] {
        let said = wrong(&foreign, access).await;
        assert!(said.contains("another program's database"), "{said}");
    }
    assert_eq!(
        psql(database.url(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'foreign_one'"),
        "1",
        "nothing is made beside them"
    );

    writer(database.url(), "a").await.close().await;
    for (change, says, back) in [
        ("UPDATE _sqlx_migrations SET version = version + 1000", "a newer recio", "version = version - 1000"),
        ("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1", "another build", ""),
    ] {
        let keep = psql(database.url(), "SELECT encode(checksum, 'hex') FROM _sqlx_migrations WHERE version = 1");
        psql(database.url(), change);
        for access in [Access::Reader, Access::Writer] {
            let said = wrong(database.url(), access).await;
            assert!(said.contains(says), "{change}: {said}");
        }
        let undo = if back.is_empty() { format!("checksum = '\\x{keep}' WHERE version = 1") } else { back.to_owned() };
        psql(database.url(), &format!("UPDATE _sqlx_migrations SET {undo}"));
    }
    // Half-migrated: begun and never finished; or a table of a migration that is not on the list of those done.
    psql(database.url(), "UPDATE _sqlx_migrations SET success = false WHERE version = 2");
    for access in [Access::Reader, Access::Writer] {
        let said = wrong(database.url(), access).await;
        assert!(said.contains("never finished"), "{said}");
    }
    psql(database.url(), "UPDATE _sqlx_migrations SET success = true");
    psql(database.url(), "DELETE FROM _sqlx_migrations WHERE version > 1");
    let said = wrong(database.url(), Access::Writer).await;
    assert!(said.contains("already exists"), "{said}");
}
