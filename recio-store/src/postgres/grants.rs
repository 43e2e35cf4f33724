//! What a role needs that writes facts and must not be able to change them.

use crate::sql::{append_only_tables, changeable_tables};

/// The statements that give a role what it needs, for the owner of the tables to run.
pub(super) fn grants(schema: &str, role: &str) -> String {
    let (schema, role) = (quoted(schema), quoted(role));
    let list =
        |tables: Vec<&str>| tables.into_iter().map(|table| format!("{schema}.{table}")).collect::<Vec<_>>().join(", ");
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};\n\
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};\n\
         GRANT INSERT ON {} TO {role};\n\
         GRANT INSERT, UPDATE, DELETE ON {} TO {role};\n",
        list(append_only_tables()),
        list(changeable_tables()),
    )
}

/// A name as SQL takes it, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
