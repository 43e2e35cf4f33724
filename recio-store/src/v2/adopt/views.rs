//! The views: made, and removed.

use super::columns::{Own, VIEWS, View};
use super::{AdoptError, AdoptOptions, ask, list, literal, moved, quoted, run};
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;

/// What is written on a view of ours. Whatever else has a view's name is v2's, or somebody's.
const MARK: &str = "of recio: v2's name and columns, for reading";

/// Makes the views. Refused where something has the name of one.
pub(super) async fn install(connection: &mut PgConnection, options: &AdoptOptions) -> Result<Vec<String>, AdoptError> {
    let mut made = Vec::new();
    for view in VIEWS {
        if ask(connection, &format!("SELECT to_regclass({}) IS NOT NULL", literal(&quoted(view.name)))).await? {
            return Err(AdoptError::InTheWay(view.name.to_owned()));
        }
        let query = query(connection, view, options).await?;
        let name = quoted(view.name);
        run(connection, &format!("CREATE VIEW {name} AS {query}")).await?;
        run(connection, &format!("COMMENT ON VIEW {name} IS {}", literal(MARK))).await?;
        made.push(view.name.to_owned());
    }
    Ok(made)
}

/// Removes the views that are ours, later ones first: some read others.
pub(super) async fn remove(connection: &mut PgConnection) -> Result<Vec<String>, AdoptError> {
    let mut removed = Vec::new();
    for view in VIEWS.iter().rev() {
        let name = quoted(view.name);
        let ours = format!(
            "SELECT coalesce((SELECT relkind = 'v' AND obj_description(oid, 'pg_class') = {} FROM pg_class WHERE oid = to_regclass({})), false)",
            literal(MARK),
            literal(&name)
        );
        if ask(connection, &ours).await? {
            run(connection, &format!("DROP VIEW {name}")).await?;
            removed.push(view.name.to_owned());
        }
    }
    removed.reverse();
    Ok(removed)
}

/// What a view selects: recio's rows, and v2's own where it is said so and there is such a table.
async fn query(connection: &mut PgConnection, view: &View, options: &AdoptOptions) -> Result<String, AdoptError> {
    let mut parts = Vec::new();
    let own = match &view.own {
        Own::Nothing => None,
        Own::Query(query) => Some((*query).to_owned()),
        Own::Settings(query) => Some(query(options.settings.as_ref())),
    };
    if let Some(own) = own {
        let own = own
            .replace("$environment", &literal(options.environment.as_str()))
            .replace("$account", &literal(options.account.as_str()))
            .replace("$asset", &literal(view.asset))
            .replace("$lower", &view.asset.to_lowercase());
        let columns = typed(view, |column| format!("own.\"{column}\""));
        parts.push(format!("SELECT {columns} FROM ({own}) own"));
    }
    if view.backup {
        let moved = moved(view.name);
        let exists = format!("SELECT to_regclass({}) IS NOT NULL", literal(&moved));
        if ask(connection, &exists).await? {
            let there = there(connection, &moved).await?;
            let columns = view.columns.iter().map(|(column, kind)| {
                let old = if view.secret.contains(column) { None } else { there.get(*column) };
                format!("{} AS \"{column}\"", kept(column, kind, old.map(String::as_str)))
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            parts.push(format!("SELECT {columns} FROM {moved} old"));
        }
    }
    if parts.is_empty() {
        parts.push(format!("SELECT {} WHERE false", typed(view, |_| "NULL".to_owned())));
    }
    Ok(parts.join(" UNION ALL "))
}

/// The columns of a table with their types.
async fn there(connection: &mut PgConnection, table: &str) -> Result<BTreeMap<String, String>, AdoptError> {
    let sql = format!(
        "SELECT t.typname || ' ' || a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
         WHERE a.attrelid = to_regclass({}) AND a.attnum > 0 AND NOT a.attisdropped",
        literal(table)
    );
    let all = list(connection, &sql).await?;
    Ok(all
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(kind, name)| (name.to_owned(), kind.to_owned()))
        .collect())
}

/// A column of v2's table in the type that the view has. v2 made its tables in several forms: one that is not there is NULL. One of that type
/// is taken as it is, so that its index serves.
fn kept(column: &str, kind: &str, there: Option<&str>) -> String {
    let Some(there) = there else { return format!("NULL::{kind}") };
    match (kind, there) {
        ("bigint", "int2" | "int4" | "int8")
        | ("double precision", "float8")
        | ("text", "text")
        | ("boolean", "bool")
        | ("timestamp", "timestamp")
        | ("jsonb", "jsonb") => return format!("old.\"{column}\""),
        _ => {}
    }
    let text = format!("(to_jsonb(old.\"{column}\") #>> '{{}}')");
    match kind {
        "bigint" => format!("v2_backup.whole({text})"),
        "double precision" => format!("v2_backup.real({text})"),
        "boolean" => format!("v2_backup.truth({text})"),
        "timestamp" => format!("v2_backup.moment({text})"),
        "jsonb" => format!("v2_backup.json({text})"),
        _ => text,
    }
}

fn typed(view: &View, value: impl Fn(&str) -> String) -> String {
    let columns = view.columns.iter().map(|(column, kind)| format!("{}::{kind} AS \"{column}\"", value(column)));
    columns.collect::<Vec<_>>().join(", ")
}
