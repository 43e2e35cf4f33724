//! The rows that facts have in the tables, as somebody would write them who knows beforehand what stands in them.

use recio::core::fact::{Fact, FactBody};
use recio::core::units::micros;

/// A value of a column.
pub(super) enum Value {
    Integer(i64),
    Text(String),
}

/// A statement with its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

const HASH: &str = "967b2e2489d178ab736cb7dc72279fda44d03ee8792a62d09add421ecb01ec6c";

fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}

/// An INSERT of rows that begin with whose they are; `rest` is what follows the values.
fn insert(table: &str, columns: &str, rows: Vec<Vec<Value>>, rest: &str) -> Statement {
    let width = 4 + rows[0].len();
    let marks = |row: usize| {
        let marks: Vec<String> = (1..=width).map(|at| format!("${}", row * width + at)).collect();
        format!("({})", marks.join(", "))
    };
    let marks: Vec<String> = (0..rows.len()).map(marks).collect();
    let scope = "environment, account, subaccount, exchange_index";
    let sql = format!("INSERT INTO {table} ({scope}, {columns}) VALUES {} {rest}", marks.join(", "));
    let scoped = |row| [text("sim"), text("main"), Value::Integer(0), Value::Integer(2)].into_iter().chain(row);
    Statement { sql, values: rows.into_iter().flat_map(scoped).collect() }
}

/// The statements that write a fact and its rows, one for each table.
pub(super) fn statements(sequence: i64, fact: &Fact, body: &str) -> Vec<Statement> {
    use Value::Integer as int;
    let time = || int(micros(fact.time));
    let mut all = vec![insert(
        "facts",
        "sequence, kind, version, time_us, prev_hash, hash, body, fact_key, epoch, run",
        vec![vec![
            int(sequence),
            text(fact.kind()),
            int(1),
            time(),
            text(HASH),
            text(HASH),
            text(body),
            text(fact.key()),
            int(1),
            text(&fact.run),
        ]],
        "",
    )];
    match &fact.body {
        FactBody::Intent(intent) => {
            all.push(insert(
                "orders",
                "client_order_id, intent_sequence, trade, strategy, market, event, close_time_us, side, action, limit_units, quantity_hundredths, \
                 time_in_force, post_only, purpose, created_time_us, status, filled_hundredths, updated_time_us",
                vec![vec![
                    text(&intent.client_order_id), int(sequence), text(&intent.trade), text(&intent.strategy), text(&intent.market),
                    text(&intent.event), int(micros(intent.close_time)), text("yes"), text("buy"), int(5_600), int(1_000),
                    text("immediate_or_cancel"), int(0), text("entry"), time(), text("submitting"), int(0), time(),
                ]],
                "",
            ));
            all.push(event(sequence, fact, intent.client_order_id.as_str(), "submitting"));
        }
        FactBody::OrderChanged { client_order_id, exchange_id, .. } => {
            let id = exchange_id.as_ref().map_or("", |id| id.as_str());
            all.push(insert(
                "orders",
                "client_order_id, changed_sequence, status, filled_hundredths, updated_time_us, exchange_order_id",
                vec![vec![text(client_order_id), int(sequence), text("open"), int(0), time(), text(id)]],
                "ON CONFLICT (environment, account, subaccount, exchange_index, client_order_id) DO UPDATE SET changed_sequence = \
                 excluded.changed_sequence, status = excluded.status, filled_hundredths = excluded.filled_hundredths, \
                 updated_time_us = excluded.updated_time_us, exchange_order_id = excluded.exchange_order_id",
            ));
            all.push(event(sequence, fact, client_order_id.as_str(), "open"));
        }
        FactBody::Fill { fill, .. } => {
            all.push(insert(
                "fills",
                "exchange_order_id, fill_id, sequence, client_order_id, trade, market, book_side, yes_price_units, quantity_hundredths, \
                 fee_micros, liquidity, exchange_time_us",
                vec![vec![
                    text(&fill.order), text(&fill.id), int(sequence), text("client-1"), text("trade-1"), text(&fill.market), text("bid"),
                    int(5_600), int(1_000), int(10_000), text("taker"), int(micros(fill.exchange_time)),
                ]],
                "",
            ));
            all.push(insert(
                "positions",
                "market, sequence, position_hundredths, cost_micros, fees_micros, settled, by_fills_hundredths, by_fills_cost_micros, payout_booked",
                vec![vec![
                    text(&fill.market), int(sequence), int(sequence), int(sequence), int(sequence), int(0), int(sequence), int(sequence), int(0),
                ]],
                "ON CONFLICT (environment, account, subaccount, exchange_index, market) DO UPDATE SET sequence = excluded.sequence, \
                 position_hundredths = excluded.position_hundredths, cost_micros = excluded.cost_micros, fees_micros = excluded.fees_micros, \
                 settled = excluded.settled, by_fills_hundredths = excluded.by_fills_hundredths, \
                 by_fills_cost_micros = excluded.by_fills_cost_micros, payout_booked = excluded.payout_booked",
            ));
            let line = |(line, account, amount): (i64, &str, i64)| {
                vec![int(sequence), int(line), time(), text("fill"), text(account), int(amount)]
            };
            let lines = [(1, "cash", -5_610_000), (2, "position", 5_600_000), (3, "fees", 10_000)].map(line);
            all.push(insert("ledger_entries", "sequence, line, time_us, booking, ledger_account, amount_micros", lines.into(), ""));
            all.push(insert(
                "balances",
                "sequence, time_us, cash_micros, funded_micros, cost_micros, fees_micros, realized_micros",
                vec![vec![int(sequence), time(), int(sequence), int(0), int(sequence), int(sequence), int(0)]],
                "",
            ));
        }
        FactBody::Trade(trade) => all.push(insert(
            "trades",
            "trade, sequence, strategy, market, event, close_time_us, side, status, opened_time_us, entry_reason, entry_probability_units, \
             entry_asset_price_cents, bought_hundredths, sold_hundredths, cost_micros, proceeds_micros, fees_micros, first_sequence",
            vec![vec![
                text(&trade.id), int(sequence), text(&trade.strategy), text(&trade.market), text(&trade.event), int(micros(trade.close_time)),
                text("yes"), text("open"), time(), text(&trade.entry_reason), int(3_000), int(9_120_411), int(1_000), int(0), int(5_600_000),
                int(0), int(172_500), int(sequence),
            ]],
            "",
        )),
        FactBody::AccountOpened { .. }
        | FactBody::CashMoved { .. }
        | FactBody::Settlement { .. }
        | FactBody::Decision(_)
        | FactBody::Alarm { .. }
        | FactBody::Shadow(_)
        | FactBody::Imported(_) => unreachable!("no batch has one"),
    }
    all
}

fn event(sequence: i64, fact: &Fact, order: &str, status: &str) -> Statement {
    let columns = "sequence, time_us, client_order_id, status, filled_hundredths";
    let time = Value::Integer(micros(fact.time));
    insert(
        "order_events",
        columns,
        vec![vec![Value::Integer(sequence), time, text(order), text(status), Value::Integer(0)]],
        "",
    )
}
