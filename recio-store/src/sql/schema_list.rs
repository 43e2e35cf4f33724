//! What the migrations make, said a second time to check a store against. Any dialect answers this.

use super::connection::Dialect;
use super::observations;
use crate::tables::ALL;

/// The tables with all of their columns, but for those whose columns are listed beside what writes them.
const TABLES: &[(&str, &str)] = &[
    // 0001
    (
        "facts",
        "sequence, kind, version, time_us, prev_hash, hash, body, fact_key, epoch, environment, account, subaccount, exchange_index, run, \
         strategy",
    ),
    // 0003
    ("lease", "one, epoch, holder, acquired_time_us"),
    // 0006
    (
        "audit_log",
        "sequence, version, prev_hash, hash, body, time_us, who, action, subject, old_value, new_value, why, result, reason",
    ),
    ("settings", "setting_key, version, value, run, who, time_us, why, audit_sequence"),
    // 0008
    (
        "commands",
        "number, command_key, kind, body, asked_by, asked_time_us, valid_until_us, status, epoch, taken_time_us, answered_time_us, answer",
    ),
    // 0010
    (
        "imported_prices",
        "origin, asset, time_us, written, price_micros, mean_micros, momentum, change_1m, change_2m, change_3m, change_4m, change_15m, \
         change_30m",
    ),
];

/// The views for people.
pub(super) const VIEWS: [&str; 11] = [
    // 0007
    "alarms_readable",
    "balances_readable",
    "decisions_readable",
    "fills_readable",
    "ledger_readable",
    "order_events_readable",
    "orders_readable",
    "positions_readable",
    "settlements_readable",
    "shadow_orders_readable",
    "trades_readable",
];

/// The triggers of both dialects, each with its table.
const TRIGGERS: &[(&str, &str)] = &[
    // 0002
    ("facts", "facts_are_never_changed"),
    ("facts", "facts_are_never_deleted"),
    // 0006
    ("settings", "settings_are_never_changed"),
    ("settings", "settings_are_never_deleted"),
    ("audit_log", "audit_log_is_never_changed"),
    ("audit_log", "audit_log_is_never_deleted"),
    // 0009
    ("commands", "commands_keep_what_was_said"),
    ("commands", "commands_are_never_deleted"),
];

/// SQLite has no TRUNCATE.
#[cfg(feature = "postgres")]
const POSTGRES_TRIGGERS: &[(&str, &str)] = &[
    // 0002
    ("facts", "facts_are_never_truncated"),
    // 0006
    ("settings", "settings_are_never_truncated"),
    ("audit_log", "audit_log_is_never_truncated"),
    // 0009
    ("commands", "commands_are_never_truncated"),
    ("facts", "facts_are_told"),
    ("commands", "commands_are_told"),
    ("settings", "settings_are_told"),
];

/// The tables with all of their columns.
pub(super) fn tables() -> impl Iterator<Item = (&'static str, String)> {
    let given = TABLES.iter().map(|(table, columns)| (*table, (*columns).to_owned()));
    let listed = ALL.into_iter().chain(observations::ALL);
    given.chain(listed.map(|table| (table.name, table.column_list())))
}

/// The triggers of a dialect, each with its table.
pub(super) fn triggers(dialect: Dialect) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let own: &[(&str, &str)] = match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => &[],
        #[cfg(feature = "postgres")]
        Dialect::Postgres => POSTGRES_TRIGGERS,
    };
    TRIGGERS.iter().chain(own)
}

/// The tables whose rows are only ever added: a trigger says so.
#[cfg(feature = "postgres")]
pub(crate) fn append_only_tables() -> Vec<&'static str> {
    let fixed = triggers(Dialect::Postgres).filter(|(_, trigger)| trigger.ends_with("_never_changed"));
    fixed.map(|(table, _)| *table).collect()
}

/// The other tables.
#[cfg(feature = "postgres")]
pub(crate) fn changeable_tables() -> Vec<&'static str> {
    let fixed = append_only_tables();
    tables().map(|(table, _)| table).filter(|table| !fixed.contains(table)).collect()
}
