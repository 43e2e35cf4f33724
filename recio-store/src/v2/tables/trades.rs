//! `users.trades_0001`.

use super::{Converted, Identity, Measure, blank, name, placed};
use crate::v2::eastern::{How, Otherwise, Resolved, Written, date, read, resolve, time_of_day, within_the_hour_before};
use crate::v2::finding::{Findings, Problem};
use crate::v2::row::{Columns, RawRow};
use jiff::civil::DateTime;
use recio_core::imported::{ImportSource, ImportedTable};
use recio_core::market::MarketName;
use recio_core::units::Timestamp;
use std::collections::BTreeMap;

const STATUSES: [&str; 7] = ["pending", "open", "closing", "closed", "expired", "error", "settled"];

/// A trade. Prices in dollars a contract (in cents where they are above one), fees and pnl in dollars, position in contracts; date, time and
/// `closed_at` on a clock in New York.
pub(crate) fn trade(row: &RawRow, source: ImportSource, findings: &mut Findings) -> Converted {
    let mut columns = Columns::new(row, "trades", findings);
    let mut record = blank(row, source, ImportedTable::Trades);
    record.number = columns.integer("id");
    record.status = columns.word("status", &STATUSES);
    if !matches!(record.status.as_deref(), Some("closed" | "error" | "settled")) {
        columns.note("status", Problem::NotOver);
    }
    let ticker = columns.text("ticker").map(str::to_owned);
    let closings = ticker.as_deref().map_or_else(Vec::new, |ticker| closings(ticker, &mut columns));
    record.market.clone_from(&ticker);
    record.side = columns.side("side");
    for word in ["win_loss", "entry_method", "close_method"] {
        let known: &[&str] = match word {
            "win_loss" => &["W", "L", "D"],
            "entry_method" => &["manual", "auto"],
            _ => &["manual", "auto", "expired"],
        };
        columns.word(word, known);
    }
    record.time = opened(&mut columns, &closings);
    record.end_time = closed(&mut columns, record.time, &closings);
    record.quantity = columns.count("position");
    let price = columns.price("buy_price");
    record.price = price.and_then(|price| columns.money("buy_price", price));
    record.end_price = columns.price("sell_price").and_then(|price| columns.money("sell_price", price));
    let mut rounded = BTreeMap::new();
    if let Some(cost) = price.zip(record.quantity).and_then(|(price, quantity)| price.times(quantity)) {
        match cost.to_money() {
            Some((money, rest)) => {
                record.cost = Some(money);
                rounded.insert(Measure::Cost, rest);
            }
            None => columns.note("position", Problem::TooLarge),
        }
    }
    record.fees = columns.dollars("fees");
    record.pnl = columns.dollars("pnl");
    // Numbers that no sum is made of: read once, so that what is odd in them is said.
    for column in ["diff", "prob", "momentum_delta", "symbol_open", "symbol_close"] {
        columns.number(column);
    }
    rounded.insert(Measure::Fees, columns.rounding("fees"));
    rounded.insert(Measure::Pnl, columns.rounding("pnl"));
    let identity = identity(row, source);
    Converted { identity, record, rounded }
}

/// Market, outcome, date and time as they were at entry; what changes later (status, price, position) is left out.
fn identity(row: &RawRow, source: ImportSource) -> Identity {
    let text = |column: &str| row.columns.get(column).map_or("", |text| text.trim());
    let market = match text("ticker") {
        "" => format!("{} {}", text("contract"), text("strike")).trim().to_lowercase(),
        ticker => ticker.to_ascii_uppercase(),
    };
    let day = date(text("date")).map_or_else(|| text("date").to_owned(), |date| date.to_string());
    let hour = time_of_day(text("time")).map_or_else(|| text("time").to_owned(), |time| time.to_string());
    let side = text("side").to_ascii_lowercase().chars().take(1).collect::<String>();
    let ticket = text("ticket_id").to_owned();
    let known = !day.is_empty() && !hour.is_empty() && (!market.is_empty() || !ticket.is_empty());
    let rest = if known { name(&[&market, &side, &day, &hour]) } else { placed(row, source) };
    Identity { rest, ticket: crate::v2::merge::ticket(&ticket), repeats: true }
}

/// When the market may close, by its ticker: one moment, or two in the repeated hour.
fn closings(ticker: &str, columns: &mut Columns<'_>) -> Vec<Timestamp> {
    let upper = ticker.to_ascii_uppercase();
    let Ok(name) = upper.parse::<MarketName>() else {
        columns.note("ticker", Problem::BadMarket);
        return Vec::new();
    };
    if upper != ticker {
        columns.note("ticker", Problem::OtherSpelling);
    }
    let closings = name.event().closings();
    std::iter::once(closings.first).chain(closings.second).collect()
}

fn opened(columns: &mut Columns<'_>, closings: &[Timestamp]) -> Option<Timestamp> {
    let Some(time) = columns.text("time") else {
        columns.note("time", Problem::TimeMissing);
        return None;
    };
    let day = columns.text("date");
    let clock = match read(time) {
        Some(Written::Moment(time)) => return Some(time),
        Some(Written::Clock(clock)) => Some(clock),
        Some(Written::TimeOfDay(time)) => day.and_then(date).map(|day| DateTime::from_parts(day, time)),
        None => None,
    };
    let Some(clock) = clock else {
        columns.note(if day.and_then(date).is_none() { "date" } else { "time" }, Problem::TimeUnreadable);
        return None;
    };
    let fits = |time| within_the_hour_before(closings, time);
    columns.resolved("time", resolve(clock, fits, Otherwise::Earlier))
}

/// When the trade ended: a time of day on the day of the start, or the one after; or a whole time, with an offset or without.
fn closed(columns: &mut Columns<'_>, opened: Option<Timestamp>, closings: &[Timestamp]) -> Option<Timestamp> {
    let text = columns.text("closed_at")?;
    let hour = jiff::SignedDuration::from_hours(1);
    // The close of the trade's own hour.
    let close = closings
        .iter()
        .copied()
        .find(|close| opened.is_some_and(|opened| *close > opened && close.duration_since(opened) <= hour));
    let expired = columns.row.columns.get("close_method").map(|method| method.trim().eq_ignore_ascii_case("expired"));
    let fits = |time: Timestamp| {
        let by_close = close.is_none_or(|close| match expired {
            // Settlements were asked for during half an hour.
            Some(true) => time >= close && time.duration_since(close) <= hour / 2,
            Some(false) => time <= close,
            None => time.duration_since(close) <= hour / 2,
        });
        opened.is_none_or(|opened| time >= opened) && by_close
    };
    let resolved = match read(text) {
        Some(Written::Moment(time)) => Some(Resolved { time, how: How::Offset }),
        Some(Written::Clock(clock)) => resolve(clock, fits, Otherwise::Earlier),
        Some(Written::TimeOfDay(time)) => {
            let day = match opened {
                Some(opened) => Some(crate::v2::eastern::clock(opened).date()),
                None => columns.text("date").and_then(date),
            };
            day.and_then(|day| {
                let first = resolve(DateTime::from_parts(day, time), fits, Otherwise::Earlier)?;
                match opened {
                    // Past midnight.
                    Some(opened) if first.time < opened && first.how == How::Clock => {
                        resolve(DateTime::from_parts(day.tomorrow().ok()?, time), fits, Otherwise::Earlier)
                    }
                    Some(_) | None => Some(first),
                }
            })
        }
        None => None,
    };
    columns.resolved("closed_at", resolved)
}
