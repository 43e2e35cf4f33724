//! The tables by name, with their columns as the migrations make them.

use super::Kind::{Integer, Real, Text};
use super::{Kind, Rows, Table};

/// Columns that say whose a row is, and then its own.
macro_rules! scoped {
    ($($column:ident $kind:ident),* $(,)?) => {
        &[("environment", Text), ("account", Text), ("subaccount", Integer), ("exchange_index", Integer), $((stringify!($column), $kind)),*]
    };
}

/// Columns of a row that belongs to one fact: its place, whose it is, and then its own.
macro_rules! of_a_fact {
    ([$($key:ident),*] $($column:ident $kind:ident),* $(,)?) => {
        &[
            $((stringify!($key), Integer),)*
            ("environment", Text), ("account", Text), ("subaccount", Integer), ("exchange_index", Integer),
            $((stringify!($column), $kind)),*
        ]
    };
}

const fn state(name: &'static str, own_key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, rows: Rows::State, columns, key: 4 + own_key }
}

const fn log(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, rows: Rows::OfAFact, columns, key }
}

/// The facts themselves, which make all the others.
pub(crate) static FACTS: Table = log(
    "facts",
    1,
    of_a_fact![
        [sequence] kind Text, version Integer, time_us Integer, prev_hash Text, hash Text, body Text, fact_key Text, epoch Integer,
        run Text, strategy Text,
    ],
);

pub(super) static ORDERS: Table = state(
    "orders",
    1,
    scoped![
        client_order_id Text, intent_sequence Integer, changed_sequence Integer, exchange_order_id Text, trade Text, strategy Text,
        market Text, event Text, close_time_us Integer, side Text, action Text, limit_units Integer, quantity_hundredths Integer,
        time_in_force Text, post_only Integer, purpose Text, created_time_us Integer, status Text, filled_hundredths Integer, reason Text,
        updated_time_us Integer,
    ],
);

pub(super) static FILLS: Table = state(
    "fills",
    2,
    scoped![
        exchange_order_id Text, fill_id Text, sequence Integer, client_order_id Text, trade Text, strategy Text, market Text,
        book_side Text, yes_price_units Integer, quantity_hundredths Integer, fee_micros Integer, liquidity Text,
        exchange_time_us Integer,
    ],
);

pub(crate) static POSITIONS: Table = state(
    "positions",
    1,
    scoped![
        market Text, sequence Integer, position_hundredths Integer, cost_micros Integer, fees_micros Integer, settled Integer,
        by_fills_hundredths Integer, by_fills_cost_micros Integer, payout_booked Integer,
    ],
);

pub(crate) static SETTLEMENTS: Table = state(
    "settlements",
    1,
    scoped![
        market Text, sequence Integer, version Integer, event Text, result Text, yes_payout_units Integer, revenue_micros Integer,
        settled_time_us Integer,
    ],
);

pub(super) static TRADES: Table = state(
    "trades",
    1,
    scoped![
        trade Text, first_sequence Integer, sequence Integer, strategy Text, market Text, event Text, close_time_us Integer, side Text,
        status Text, opened_time_us Integer, closed_time_us Integer, entry_reason Text, entry_probability_units Integer,
        entry_asset_price_cents Integer, bought_hundredths Integer, sold_hundredths Integer, cost_micros Integer,
        proceeds_micros Integer, fees_micros Integer, close_reason Text,
    ],
);

pub(super) static ORDER_EVENTS: Table = log(
    "order_events",
    1,
    of_a_fact![
        [sequence] time_us Integer, client_order_id Text, exchange_order_id Text, status Text, filled_hundredths Integer, reason Text,
    ],
);

pub(super) static DECISIONS: Table = log(
    "decisions",
    2,
    of_a_fact![
        [sequence, line] strategy Text, view_number Integer, view_time_us Integer, time_us Integer, event Text, close_time_us Integer,
        asset_price_cents Integer, momentum_percent Real, market Text, model Real, model_low Real, model_high Real, model_unknown Text,
        bid_units Integer, bid_hundredths Integer, ask_units Integer, ask_hundredths Integer, verdict Text, side Text, action Text,
        limit_units Integer, quantity_hundredths Integer, reason Text, why Text,
    ],
);

pub(super) static LEDGER_ENTRIES: Table = log(
    "ledger_entries",
    2,
    of_a_fact![[sequence, line] time_us Integer, booking Text, ledger_account Text, market Text, amount_micros Integer],
);

pub(super) static BALANCES: Table = log(
    "balances",
    1,
    of_a_fact![
        [sequence] time_us Integer, cash_micros Integer, funded_micros Integer, cost_micros Integer, fees_micros Integer,
        realized_micros Integer,
    ],
);

pub(super) static ALARMS: Table =
    log("alarms", 1, of_a_fact![[sequence] time_us Integer, run Text, strategy Text, text Text]);

pub(super) static SHADOW_ORDERS: Table = log(
    "shadow_orders",
    1,
    of_a_fact![
        [sequence] time_us Integer, strategy Text, market Text, side Text, limit_units Integer, quantity_hundredths Integer, model Real,
        edge_units Real, why Text,
    ],
);

pub(super) static IMPORTED_RECORDS: Table = state(
    "imported_records",
    3,
    scoped![
        origin Text, kind Text, record Text, version Integer, sequence Integer, source Text, number Integer, status Text, market Text,
        side Text, time_us Integer, end_time_us Integer, quantity_hundredths Integer, price_micros Integer, end_price_micros Integer,
        cost_micros Integer, fees_micros Integer, revenue_micros Integer, pnl_micros Integer, words Text,
    ],
);

/// All that facts make. What refers to another row comes after it.
pub(crate) static ALL: [&Table; 12] = [
    &ORDERS,
    &FILLS,
    &POSITIONS,
    &SETTLEMENTS,
    &TRADES,
    &ORDER_EVENTS,
    &DECISIONS,
    &LEDGER_ENTRIES,
    &BALANCES,
    &ALARMS,
    &SHADOW_ORDERS,
    &IMPORTED_RECORDS,
];
