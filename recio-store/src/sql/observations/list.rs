//! The tables of observations, with their columns as the migration makes them.

use crate::tables::Kind::{Integer, Real, Text};
use crate::tables::{Kind, Rows, Table};

const fn table(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, rows: Rows::State, columns, key }
}

pub(super) static PRICE_TICKS: Table = table(
    "price_ticks",
    4,
    &[
        ("asset", Text),
        ("source", Text),
        ("exchange_time_us", Integer),
        ("price_cents", Integer),
        ("received_time_us", Integer),
    ],
);

pub(super) static PRICE_BARS: Table = table(
    "price_bars",
    4,
    &[
        ("asset", Text),
        ("source", Text),
        ("resolution_seconds", Integer),
        ("start_us", Integer),
        ("open_cents", Integer),
        ("high_cents", Integer),
        ("low_cents", Integer),
        ("close_cents", Integer),
    ],
);

pub(super) static STRIKE_TABLES: Table = table(
    "strike_tables",
    2,
    &[
        ("event", Text),
        ("time_us", Integer),
        ("series", Text),
        ("asset", Text),
        ("family", Text),
        ("close_time_us", Integer),
        ("asset_price_cents", Integer),
        ("momentum_percent", Real),
        ("volatility", Real),
    ],
);

pub(super) static STRIKE_ROWS: Table = table(
    "strike_rows",
    3,
    &[
        ("event", Text),
        ("time_us", Integer),
        ("line", Integer),
        ("market", Text),
        ("strike_type", Text),
        ("floor_cents", Integer),
        ("cap_cents", Integer),
        ("trading", Integer),
        ("quoted", Integer),
        ("bid_units", Integer),
        ("bid_hundredths", Integer),
        ("ask_units", Integer),
        ("ask_hundredths", Integer),
        ("volume_hundredths", Integer),
        ("model", Real),
        ("model_low", Real),
        ("model_high", Real),
        ("model_unknown", Text),
    ],
);

pub(super) static SERVICE_HEALTH: Table = table(
    "service_health",
    3,
    &[("service", Text), ("instance", Text), ("time_us", Integer), ("health", Text), ("detail", Text)],
);

/// All of them.
pub(in crate::sql) static ALL: [&Table; 5] = [&PRICE_TICKS, &PRICE_BARS, &STRIKE_TABLES, &STRIKE_ROWS, &SERVICE_HEALTH];

/// Whether a row told again takes the place of the one before. None of those tables has a column that may be empty.
pub(super) fn is_replaced(table: &Table) -> bool {
    [PRICE_BARS.name, SERVICE_HEALTH.name].contains(&table.name)
}
