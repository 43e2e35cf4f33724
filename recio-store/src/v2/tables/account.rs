//! What v2 copied from the exchange: fills, orders, positions, settlements.
//!
//! The exchange gave it prices, costs and revenues in whole cents, fees of orders in cents, fees of positions in dollars.

use super::{Converted, Identity, Measure, blank, name, placed};
use crate::v2::exact::Exact;
use crate::v2::finding::{Findings, Problem};
use crate::v2::row::{Columns, RawRow};
use recio_core::imported::{ImportSource, ImportedTable};
use recio_core::market::Side;
use recio_core::units::{Money, Quantity};
use std::collections::BTreeMap;

/// What fills, orders, positions and settlements are recognised by: the exchange's own ids, of which each stands for one thing.
fn unique(row: &RawRow, source: ImportSource, parts: &[&str]) -> Identity {
    let rest = if parts.iter().all(|part| part.is_empty()) { placed(row, source) } else { name(parts) };
    Identity { rest, ticket: String::new(), repeats: false }
}

fn plain<'a>(row: &'a RawRow, column: &str) -> &'a str {
    row.columns.get(column).map_or("", |text| text.trim())
}

/// The price of a contract in dollars: from cents, or from dollars where it is a fraction; of the outcome itself, or by what the other costs.
///
/// A whole 1 is one cent: the column holds cents, and nobody sells for a dollar what pays a dollar.
pub(super) fn fill_price(own: Option<Exact>, other: Option<Exact>) -> Option<Exact> {
    let dollars = |number: Exact| -> Option<Exact> {
        if number.is_negative() || number > Exact::whole(100) {
            None
        } else if number.to_integer().is_some() {
            Some(number.hundredths())
        } else if number < Exact::whole(1) {
            Some(number)
        } else {
            Some(number.hundredths())
        }
    };
    match own.and_then(dollars) {
        // v2 wrote 0 where the exchange said nothing.
        None | Some(Exact::ZERO) => match other.and_then(dollars) {
            None | Some(Exact::ZERO) => None,
            Some(other) => Some(Exact::whole(1).minus(other)),
        },
        price @ Some(_) => price,
    }
}

/// A fill: `trade_id` is the exchange's id of it; prices in cents, `created_time` in UTC.
pub(crate) fn fill(row: &RawRow, source: ImportSource, findings: &mut Findings) -> Converted {
    let mut columns = Columns::new(row, "fills", findings);
    let mut record = blank(row, source, ImportedTable::Fills);
    record.market = columns.text("ticker").map(str::to_owned);
    record.side = columns.side("side");
    record.status = columns.word("action", &["buy", "sell"]);
    record.time = columns.utc("created_time");
    record.quantity = columns.count("count");
    let (yes, no) = (columns.number("yes_price"), columns.number("no_price"));
    let (own, other) = if record.side == Some(Side::No) { (no, yes) } else { (yes, no) };
    let column = if record.side == Some(Side::No) { "no_price" } else { "yes_price" };
    let price = fill_price(own, other);
    match price {
        Some(price) => record.price = columns.money(column, price),
        None => columns.note(column, Problem::PriceOutOfRange),
    }
    if price.is_some() && own.is_some_and(|own| own.to_integer().is_none() && own < Exact::whole(1)) {
        columns.note(column, Problem::OtherSpelling);
    }
    let mut rounded = BTreeMap::new();
    if let Some(cost) = price.zip(record.quantity).and_then(|(price, quantity)| price.times(quantity)) {
        match cost.to_money() {
            Some((money, rest)) => {
                record.cost = Some(money);
                rounded.insert(Measure::Cost, rest);
            }
            None => columns.note("count", Problem::TooLarge),
        }
    }
    let id = plain(row, "trade_id");
    let order = plain(row, "order_id");
    let identity = if id.is_empty() && !order.is_empty() {
        let parts = [order, plain(row, "side"), plain(row, "action"), plain(row, "count"), plain(row, "created_time")];
        unique(row, source, &parts)
    } else {
        unique(row, source, &[id])
    };
    Converted { identity, record, rounded }
}

/// An order: prices, fees and costs in cents. v2 wrote an order once, when it first saw it, and never again.
pub(crate) fn order(row: &RawRow, source: ImportSource, findings: &mut Findings) -> Converted {
    let mut columns = Columns::new(row, "orders", findings);
    let mut record = blank(row, source, ImportedTable::Orders);
    record.status = columns.text("status").map(str::to_owned);
    record.market = columns.text("ticker").map(str::to_owned);
    record.side = columns.side("side");
    columns.word("action", &["buy", "sell"]);
    record.time = columns.utc("created_time");
    record.quantity = columns.count("initial_count");
    let (yes, no) = (columns.number("yes_price"), columns.number("no_price"));
    let (own, other) = if record.side == Some(Side::No) { (no, yes) } else { (yes, no) };
    record.price = fill_price(own, other).and_then(|price| columns.money("yes_price", price));
    let (fees, rest) = cents_of(&mut columns, ["maker_fees", "taker_fees"]);
    record.fees = fees;
    let rounded = BTreeMap::from([(Measure::Fees, rest)]);
    record.cost = cents_of(&mut columns, ["maker_fill_cost", "taker_fill_cost"]).0;
    let identity = unique(row, source, &[plain(row, "order_id")]);
    Converted { identity, record, rounded }
}

/// The sum of two columns in cents, and what rounding took off; nothing where both are empty.
fn cents_of(columns: &mut Columns<'_>, names: [&'static str; 2]) -> (Option<Money>, Exact) {
    let parts = names.map(|name| columns.cents(name));
    let rest = columns.rounding(names[0]).plus(columns.rounding(names[1]));
    let sum = match parts {
        [None, None] => None,
        [first, second] => first.unwrap_or(Money::ZERO).checked_add(second.unwrap_or(Money::ZERO)),
    };
    (sum, rest)
}

/// A position: YES above zero. Fees in dollars; the other amounts are in cents where the row came from a list, in hundredths of a cent where it
/// came from the stream, and only `raw_json` tells which.
pub(crate) fn position(row: &RawRow, source: ImportSource, findings: &mut Findings) -> Converted {
    let mut columns = Columns::new(row, "positions", findings);
    let mut record = blank(row, source, ImportedTable::Positions);
    record.number = columns.integer("id");
    record.market = columns.text("ticker").map(str::to_owned);
    if columns.text("last_updated_ts").is_some() {
        record.time = columns.utc("last_updated_ts");
    }
    if let Some(held) = columns.number("position") {
        record.side = if held == Exact::ZERO {
            None
        } else if held.is_negative() {
            Some(Side::No)
        } else {
            Some(Side::Yes)
        };
        record.quantity = held.size().to_quantity();
        if record.quantity.is_none() {
            columns.note("position", Problem::TooLarge);
        }
    }
    record.fees = columns.dollars("fees_paid");
    let rounded = BTreeMap::from([(Measure::Fees, columns.rounding("fees_paid"))]);
    let raw = plain(row, "raw_json");
    let cost = columns.number("market_exposure");
    let pnl = columns.number("realized_pnl");
    let scale: Option<fn(Exact) -> Exact> = if raw.contains("\"market_position\"") || raw.contains("position_cost") {
        Some(Exact::ten_thousandths)
    } else if raw.contains("\"market_exposure\"") {
        Some(Exact::hundredths)
    } else {
        None
    };
    match scale {
        Some(scale) => {
            record.cost = cost.and_then(|cost| columns.money("market_exposure", scale(cost)));
            record.pnl = pnl.and_then(|pnl| columns.money("realized_pnl", scale(pnl)));
        }
        None => {
            for (column, amount) in [("market_exposure", cost), ("realized_pnl", pnl)] {
                // Nothing is nothing in every unit.
                match amount {
                    Some(Exact::ZERO) | None => {}
                    Some(_) => columns.note(column, Problem::UnitUnknown),
                }
            }
        }
    }
    let identity = unique(row, source, &[plain(row, "ticker")]);
    Converted { identity, record, rounded }
}

/// A settlement: costs and revenue in cents, `settled_time` in UTC.
pub(crate) fn settlement(row: &RawRow, source: ImportSource, findings: &mut Findings) -> Converted {
    let mut columns = Columns::new(row, "settlements", findings);
    let mut record = blank(row, source, ImportedTable::Settlements);
    record.market = columns.text("ticker").map(str::to_owned);
    record.status = columns.word("market_result", &["yes", "no", "scalar", "void"]);
    record.time = columns.utc("settled_time");
    let yes = columns.count("yes_count");
    let no = columns.count("no_count");
    record.quantity = match (yes, no) {
        (None, None) => None,
        (yes, no) => yes.unwrap_or(Quantity::ZERO).checked_add(no.unwrap_or(Quantity::ZERO)),
    };
    let (cost, rest) = cents_of(&mut columns, ["yes_total_cost", "no_total_cost"]);
    record.cost = cost;
    record.revenue = columns.cents("revenue");
    let rounded = BTreeMap::from([(Measure::Cost, rest), (Measure::Revenue, columns.rounding("revenue"))]);
    let identity = unique(row, source, &[plain(row, "ticker"), plain(row, "settled_time")]);
    Converted { identity, record, rounded }
}
