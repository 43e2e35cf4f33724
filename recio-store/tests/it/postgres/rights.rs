//! Facts are only added to: by permission, and by trigger.

use super::{facts, options, writer};
use recio_core::store::Store;
use recio_store::testing::{Database, psql, try_psql};
use recio_store::{OpenError, PostgresStore};

/// The URL with another user.
fn as_user(url: &str, user: &str) -> String {
    url.replacen("recio@", &format!("{user}@"), 1)
}

/// A role that no other database of the server knows.
fn role(url: &str, what: &str) -> String {
    let name = format!("{what}_{}", psql(url, "SELECT current_database()"));
    psql(url, &format!("CREATE ROLE \"{name}\" LOGIN"));
    name
}

#[tokio::test]
async fn a_role_with_the_grants_adds_facts_and_changes_none() {
    let database = Database::create();
    let owner = writer(database.url(), "owner").await;
    owner.append(&facts(1)).await.unwrap();
    owner.close().await;
    let role = role(database.url(), "app");
    psql(database.url(), &PostgresStore::grants("public", &role));
    let url = as_user(database.url(), &role);
    let store = writer(&url, "app").await;
    store.append(&facts(2)).await.unwrap();
    store.rebuild().await.unwrap();
    assert_eq!(store.verify().await.unwrap().last_sequence, 4);
    for sql in [
        "UPDATE facts SET epoch = 2 WHERE sequence = 1",
        "DELETE FROM facts WHERE sequence = 4",
        "TRUNCATE facts CASCADE",
        "DROP TABLE facts CASCADE",
        "DROP TRIGGER facts_are_never_changed ON facts",
        "ALTER TABLE facts DISABLE TRIGGER ALL",
        "ALTER TABLE facts ADD COLUMN more TEXT",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_change_of_facts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE TABLE more (one BIGINT)",
        "DELETE FROM _sqlx_migrations",
    ] {
        let why = try_psql(&url, sql).expect_err(sql);
        assert!(why.contains("permission denied") || why.contains("must be owner"), "{sql}: {why}");
    }
    assert_eq!(store.verify().await.unwrap().last_sequence, 4);
}

#[tokio::test]
async fn an_owner_meets_the_triggers() {
    let database = Database::create();
    let store = writer(database.url(), "a").await;
    store.append(&facts(1)).await.unwrap();
    for (sql, says) in [
        ("UPDATE facts SET epoch = 2 WHERE sequence = 1", "facts are never changed"),
        ("DELETE FROM facts WHERE sequence = 2", "facts are never deleted"),
        ("TRUNCATE facts CASCADE", "facts are never truncated"),
        ("SET session_replication_role = replica; DELETE FROM facts", "facts are never deleted"),
    ] {
        let why = try_psql(database.url(), sql).expect_err(sql);
        assert!(why.contains(says), "{sql}: {why}");
    }
    assert_eq!(store.verify().await.unwrap().last_sequence, 2);
}

#[tokio::test]
async fn a_role_without_rights_is_told_what_it_lacks() {
    let database = Database::create();
    let role = role(database.url(), "nobody");
    let url = as_user(database.url(), &role);
    let refused = async |url: &str| match PostgresStore::open_with(url, options("x")).await {
        Err(OpenError::Refused { remedy, .. }) => remedy,
        answer => panic!("{answer:?}"),
    };
    let remedy = refused(&url).await;
    assert!(remedy.contains("lacks rights") && remedy.contains("OWNER TO"), "it may make no tables: {remedy}");
    writer(database.url(), "owner").await.close().await;
    let remedy = refused(&url).await;
    assert!(remedy.contains("PostgresStore::grants"), "it may not read them: {remedy}");
}
