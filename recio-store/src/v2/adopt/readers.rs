//! Who may read the views: who could read v2's tables.

use super::columns::VIEWS;
use super::{AdoptError, ask, list, literal, moved, quoted, run};
use sqlx::postgres::PgConnection;
use std::collections::BTreeSet;

/// The table whose readers may read what v2 had no table for.
const TRADES: &str = "users.trades_0001";

/// Lets the owner of each table that was moved, and those who could read it, read the view in its place.
pub(super) async fn admit(connection: &mut PgConnection) -> Result<(), AdoptError> {
    let of_trades = readers(connection, TRADES).await?;
    let mut all: BTreeSet<String> = of_trades.iter().cloned().collect();
    for view in VIEWS {
        let there = format!("SELECT to_regclass({}) IS NOT NULL", literal(&moved(view.name)));
        let own =
            if ask(connection, &there).await? { readers(connection, view.name).await? } else { of_trades.clone() };
        for role in own {
            run(connection, &format!("GRANT SELECT ON {} TO {role}", quoted(view.name))).await?;
            all.insert(role);
        }
    }
    for role in all {
        // Of the functions in the views too, some of which call others.
        run(
            connection,
            &format!("GRANT USAGE ON SCHEMA v2_backup, users, live_data, historical_data, analytics, system TO {role}"),
        )
        .await?;
    }
    Ok(())
}

/// The roles that own or may read a table that was moved, as a statement may have them, but for who asks.
async fn readers(connection: &mut PgConnection, name: &str) -> Result<Vec<String>, AdoptError> {
    let table = literal(&moved(name));
    let sql = format!(
        "SELECT DISTINCT CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END FROM ( \
             SELECT relowner AS role FROM pg_class WHERE oid = to_regclass({table}) \
             UNION SELECT a.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a \
             WHERE c.oid = to_regclass({table}) AND a.privilege_type = 'SELECT') roles \
         WHERE role = 0 OR pg_get_userbyid(role) <> current_user ORDER BY 1"
    );
    list(connection, &sql).await
}
