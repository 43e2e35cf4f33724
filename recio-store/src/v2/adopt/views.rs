//! The views: made, and removed.

use super::columns::{VIEWS, View};
use super::{AdoptError, AdoptOptions, ask, literal, quoted, run};
use sqlx::postgres::PgConnection;

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
    if let Some(own) = view.own
        && needs_are_there(connection, view.needs).await?
    {
        let own = own
            .replace("$environment", &literal(options.environment.as_str()))
            .replace("$account", &literal(options.account.as_str()));
        let columns = typed(view, |column| format!("own.\"{column}\""));
        parts.push(format!("SELECT {columns} FROM ({own}) own"));
    }
    if view.backup {
        let moved = format!("v2_backup.{}", quoted(&view.name.replace('.', "__")));
        let exists = format!("SELECT to_regclass({}) IS NOT NULL", literal(&moved));
        if ask(connection, &exists).await? {
            // By way of JSON, because v2 made its tables in several forms: a column that is not there is NULL.
            let columns = typed(view, |column| {
                if view.secret.contains(&column) {
                    return "NULL".to_owned();
                }
                let whole = view.columns.iter().any(|(name, kind)| *name == column && *kind == "bigint");
                let text = format!("(to_jsonb(old) ->> '{column}')");
                // A whole number of a column with decimals is written with them.
                if whole { format!("{text}::numeric") } else { text }
            });
            parts.push(format!("SELECT {columns} FROM {moved} old"));
        }
    }
    if parts.is_empty() {
        parts.push(format!("SELECT {} WHERE false", typed(view, |_| "NULL".to_owned())));
    }
    Ok(parts.join(" UNION ALL "))
}

fn typed(view: &View, value: impl Fn(&str) -> String) -> String {
    let columns = view.columns.iter().map(|(column, kind)| format!("{}::{kind} AS \"{column}\"", value(column)));
    columns.collect::<Vec<_>>().join(", ")
}

async fn needs_are_there(connection: &mut PgConnection, needs: &[&str]) -> Result<bool, AdoptError> {
    for table in needs {
        if ask(connection, &format!("SELECT to_regclass({}) IS NULL", literal(table))).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
