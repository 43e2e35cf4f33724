//! v2's tables on their way aside and back.

use super::columns::VIEWS;
use super::{AdoptError, AdoptOptions, Moved, ask, list, literal, quoted, run};
use sqlx::postgres::PgConnection;

/// Where v2's tables go, and what is written down about it.
const PREPARE: &str = "\
CREATE SCHEMA IF NOT EXISTS v2_backup;
CREATE TABLE IF NOT EXISTS v2_backup.adopted (
    old_name TEXT NOT NULL PRIMARY KEY, -- with the schema
    new_name TEXT NOT NULL,             -- in this schema; empty for a schema that was made for the views
    kind     TEXT NOT NULL              -- TABLE, VIEW, MATERIALIZED VIEW or SCHEMA
);
-- Text as what it means, or nothing where it means nothing: no reader of a view is stopped by one bad value.
CREATE OR REPLACE FUNCTION v2_backup.number(text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN $1 ~ '^\\s*[-+]?[0-9]{1,15}(\\.[0-9]{1,60})?([eE][-+]?[0-9]{1,2})?\\s*$' THEN $1::double precision END $$;
CREATE OR REPLACE FUNCTION v2_backup.real(text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN $1 IN ('NaN', 'Infinity', '-Infinity') THEN $1::double precision ELSE v2_backup.number($1) END $$;
CREATE OR REPLACE FUNCTION v2_backup.whole(text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN $1 ~ '^\\s*[-+]?[0-9]{1,18}(\\.[0-9]{1,60})?\\s*$' THEN $1::numeric::bigint END $$;
CREATE OR REPLACE FUNCTION v2_backup.truth(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN lower(trim($1)) IN ('t', 'true', '1') THEN true WHEN lower(trim($1)) IN ('f', 'false', '0') THEN false END $$;
CREATE OR REPLACE FUNCTION v2_backup.moment(text) RETURNS timestamp LANGUAGE plpgsql STABLE AS
$$ BEGIN RETURN $1::timestamp; EXCEPTION WHEN data_exception THEN RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION v2_backup.json(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RETURN $1::jsonb; EXCEPTION WHEN data_exception THEN RETURN to_jsonb($1); END $$;
-- Microseconds since 1970 as the clock in New York shows them, and as the exchange writes them.
CREATE OR REPLACE FUNCTION v2_backup.eastern(bigint) RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT (timestamptz 'epoch' + $1 * interval '1 microsecond') AT TIME ZONE 'America/New_York' $$;
CREATE OR REPLACE FUNCTION v2_backup.utc(bigint) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT to_char((timestamptz 'epoch' + $1 * interval '1 microsecond') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') $$;
";

const REMOVE: &str = "\
DROP TABLE v2_backup.adopted;
DROP FUNCTION v2_backup.real(text), v2_backup.number(text), v2_backup.whole(text), v2_backup.truth(text), v2_backup.moment(text),
    v2_backup.json(text), v2_backup.eastern(bigint), v2_backup.utc(bigint);
DROP SCHEMA v2_backup";

pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), AdoptError> {
    run(connection, PREPARE).await?;
    for schema in ["users", "live_data", "historical_data", "analytics", "system"] {
        if ask(connection, &format!("SELECT to_regnamespace('{schema}') IS NULL")).await? {
            run(connection, &format!("CREATE SCHEMA {schema}")).await?;
            note(connection, schema, "", "SCHEMA").await?;
        }
    }
    Ok(())
}

async fn note(connection: &mut PgConnection, from: &str, to: &str, kind: &str) -> Result<(), AdoptError> {
    let values = [from, to, kind].map(literal).join(", ");
    run(connection, &format!("INSERT INTO v2_backup.adopted (old_name, new_name, kind) VALUES ({values})")).await
}

/// Refuses to hide history that recio does not have.
pub(super) async fn imported(connection: &mut PgConnection, options: &AdoptOptions) -> Result<(), AdoptError> {
    for kind in ["trades", "fills", "orders", "settlements"] {
        let table = format!("users.{kind}_0001");
        if kind_of(connection, &table).await?.as_deref() != Some("TABLE") {
            continue;
        }
        let count = format!("SELECT count(*)::text FROM {table}");
        let rows: i64 = list(connection, &count).await?.first().and_then(|rows| rows.parse().ok()).unwrap_or(0);
        let (environment, account) = (literal(options.environment.as_str()), literal(options.account.as_str()));
        let none = format!(
            "SELECT NOT EXISTS (SELECT FROM imported_records WHERE environment = {environment} AND account = {account} AND kind = '{kind}')"
        );
        if rows > 0 && ask(connection, &none).await? {
            return Err(AdoptError::NotImported { table, rows, account: options.account.to_string() });
        }
    }
    // Trades one by one, because they are what somebody would miss.
    let numbered = "SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid = to_regclass('users.trades_0001') \
                    AND c.relkind IN ('r', 'p') AND attname = 'id' AND atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype))";
    if ask(connection, numbered).await? {
        let (environment, account) = (literal(options.environment.as_str()), literal(options.account.as_str()));
        let missing = format!(
            "SELECT count(*)::text FROM users.trades_0001 t WHERE NOT EXISTS (SELECT FROM imported_records r WHERE r.environment = {environment} \
             AND r.account = {account} AND r.kind = 'trades' AND r.number = t.id AND r.source = 'postgres')"
        );
        let rows: i64 = list(connection, &missing).await?.first().and_then(|rows| rows.parse().ok()).unwrap_or(0);
        if rows > 0 {
            let table = "users.trades_0001".to_owned();
            return Err(AdoptError::NotImported { table, rows, account: options.account.to_string() });
        }
    }
    Ok(())
}

/// What has a name: `TABLE`, `VIEW`, `MATERIALIZED VIEW`, or something else.
async fn kind_of(connection: &mut PgConnection, name: &str) -> Result<Option<String>, AdoptError> {
    let sql = format!(
        "SELECT CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'TABLE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' \
         WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'OTHER' END FROM pg_class WHERE oid = to_regclass({})",
        literal(&quoted(name))
    );
    Ok(list(connection, &sql).await?.into_iter().next())
}

/// Moves what has the views' names. Indexes and sequences go with their tables, and v2's own views go on reading them.
pub(super) async fn aside(connection: &mut PgConnection) -> Result<Vec<Moved>, AdoptError> {
    let mut moved = Vec::new();
    for view in VIEWS {
        let Some(kind) = kind_of(connection, view.name).await? else { continue };
        let (schema, bare) = view.name.split_once('.').unwrap_or(("public", view.name));
        let new = format!("{schema}__{bare}");
        let there = ask(connection, &format!("SELECT to_regclass('v2_backup.{new}') IS NOT NULL")).await?;
        if there || kind == "OTHER" {
            return Err(AdoptError::InTheWay(view.name.to_owned()));
        }
        run(connection, &format!("ALTER {kind} {} RENAME TO {}", quoted(view.name), quoted(&new))).await?;
        run(connection, &format!("ALTER {kind} {}.{} SET SCHEMA v2_backup", quoted(schema), quoted(&new))).await?;
        note(connection, view.name, &new, &kind).await?;
        moved.push(Moved { from: view.name.to_owned(), to: format!("v2_backup.{new}") });
    }
    Ok(moved)
}

/// Moves everything back, and removes what was made for it.
pub(super) async fn back(connection: &mut PgConnection) -> Result<Vec<Moved>, AdoptError> {
    if ask(connection, "SELECT to_regclass('v2_backup.adopted') IS NULL").await? {
        return Ok(Vec::new());
    }
    let mut moved = Vec::new();
    let rows =
        list(connection, "SELECT kind || '|' || old_name || '|' || new_name FROM v2_backup.adopted ORDER BY old_name")
            .await?;
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split('|').collect()).collect();
    for row in &rows {
        let &[kind, old, new] = row.as_slice() else { continue };
        if kind == "SCHEMA" {
            continue;
        }
        if kind_of(connection, old).await?.is_some() {
            return Err(AdoptError::InTheWay(old.to_owned()));
        }
        let (schema, bare) = old.split_once('.').unwrap_or(("public", old));
        run(connection, &format!("ALTER {kind} v2_backup.{} SET SCHEMA {}", quoted(new), quoted(schema))).await?;
        run(connection, &format!("ALTER {kind} {}.{} RENAME TO {}", quoted(schema), quoted(new), quoted(bare))).await?;
        moved.push(Moved { from: format!("v2_backup.{new}"), to: old.to_owned() });
    }
    for row in rows.iter().filter(|row| row.first() == Some(&"SCHEMA")) {
        // Whoever put something into it keeps it.
        let empty =
            format!("SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('{}'))", row[1]);
        if ask(connection, &empty).await? {
            run(connection, &format!("DROP SCHEMA {}", quoted(row[1]))).await?;
        }
    }
    run(connection, REMOVE).await?;
    Ok(moved)
}

/// What else there is in v2's schemas.
pub(super) async fn left(connection: &mut PgConnection) -> Result<Vec<String>, AdoptError> {
    let sql = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname IN ('users', 'live_data', 'historical_data', 'analytics', 'system') AND c.relkind IN ('r', 'p', 'f', 'm', 'v') \
               AND NOT c.relispartition ORDER BY 1";
    let all = list(connection, sql).await?;
    Ok(all.into_iter().filter(|name| !VIEWS.iter().any(|view| view.name == name)).collect())
}
