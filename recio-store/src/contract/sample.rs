//! Facts to test stores with.

use crate::observations::{Observation, ObservedTick};
use recio_core::command::NewCommand;
use recio_core::engine::{DecisionRecord, StrikeDecision, Verdict, Wanted};
use recio_core::fact::{Environment, Fact, FactBody, ShadowOrder};
use recio_core::imported::{ImportSource, Imported, ImportedTable, Origin};
use recio_core::market::{Action, Asset, BookSide, Level, MarketResult, Quote, Side};
use recio_core::model::{Fair, UnknownReason};
use recio_core::price_feed::PriceTick;
use recio_core::settings::{AuditAction, AuditEntry, AuditResult, NewVersion, SettingVersion, SettingsStore};
use recio_core::trade::{
    CloseReason, Fill, Intent, Liquidity, OrderStatus, Purpose, Settlement, TimeInForce, Trade, TradeStatus,
};
use recio_core::units::{AssetPrice, Money, Probability, Quantity, Timestamp};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

/// Parses a text that is known to be right.
///
/// # Panics
/// It is not: a mistake in the test.
#[must_use]
pub fn value<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a test writes its values right")
}

/// So many milliseconds after the start of the sample hour, 2026-05-13T13:00:00Z.
///
/// # Panics
/// Outside jiff's years: a mistake in the test.
#[must_use]
pub fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_778_677_200_000 + milliseconds).expect("a test stays within jiff's years")
}

/// A fact of the simulator's account `main`. Its number follows from its body: the same fact is the same one when it is made again.
#[must_use]
pub fn fact(body: FactBody) -> Fact {
    let mut number = DefaultHasher::new();
    format!("{body:?}").hash(&mut number);
    Fact {
        environment: Environment::Sim,
        account: value("main"),
        subaccount: 0,
        exchange_index: 2,
        run: value("run-1"),
        number: number.finish() >> 1,
        strategy: None,
        time: time(0),
        body,
    }
}

/// The account's start.
#[must_use]
pub fn account_opened(cash: Money) -> Fact {
    fact(FactBody::AccountOpened { cash })
}

/// A deposit.
#[must_use]
pub fn cash_moved(number: u64, amount: Money) -> Fact {
    fact(FactBody::CashMoved { number, amount, reason: "deposit".to_owned() })
}

/// A fill with a fee of one cent, a second after the hour.
#[must_use]
pub fn fill(order: &str, id: &str, market: &str, book_side: BookSide, yes_price: &str, quantity: &str) -> Fill {
    Fill {
        id: value(id),
        order: value(order),
        client_order_id: Some(value("client-1")),
        market: value(market),
        book_side,
        yes_price: value(yes_price),
        quantity: value(quantity),
        fee: value("0.01"),
        liquidity: Liquidity::Taker,
        exchange_time: time(1_000),
    }
}

/// The fact of a fill.
#[must_use]
pub fn filled(fill: Fill) -> Fact {
    fact(FactBody::Fill { fill, trade: Some(value("trade-1")) })
}

/// An intent to buy ten YES of market `M` at 56 cents.
#[must_use]
pub fn intent(client_order_id: &str, number: u64) -> Fact {
    fact(FactBody::Intent(Intent {
        client_order_id: value(client_order_id),
        number,
        trade: value("trade-1"),
        strategy: value("hourly"),
        market: value("M"),
        event: value("E"),
        close_time: time(3_600_000),
        side: Side::Yes,
        action: Action::Buy,
        limit: value("0.56"),
        quantity: value("10"),
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: false,
        purpose: Purpose::Entry,
        created_time: time(0),
    }))
}

/// A change of an order.
#[must_use]
pub fn order_changed(client_order_id: &str, exchange_id: Option<&str>, status: OrderStatus, filled: &str) -> Fact {
    fact(FactBody::OrderChanged {
        client_order_id: value(client_order_id),
        exchange_id: exchange_id.map(value),
        status,
        filled: value(filled),
        reason: (status == OrderStatus::Rejected).then(|| "insufficient_balance".to_owned()),
    })
}

/// The payout of a market.
#[must_use]
pub fn settled(market: &str, result: MarketResult, revenue: Money, version: u32) -> Fact {
    let settlement =
        Settlement { market: value(market), event: value("E"), result, revenue, settled_time: time(3_700_000) };
    fact(FactBody::Settlement { settlement, version })
}

/// A trade of market `M` in a state, with so many contracts bought.
#[must_use]
pub fn trade(id: &str, status: TradeStatus, bought: Quantity) -> Fact {
    let over = matches!(status, TradeStatus::Closed | TradeStatus::Unfilled);
    fact(FactBody::Trade(Trade {
        id: value(id),
        strategy: value("hourly"),
        market: value("M"),
        event: value("E"),
        close_time: time(3_600_000),
        side: Side::Yes,
        status,
        opened_time: time(0),
        closed_time: over.then(|| time(3_700_000)),
        entry_reason: "edge 0.0312 after fees".to_owned(),
        entry_probability: Probability::clamped(0.1 + 0.2),
        entry_asset_price: Some(value("91204.11")),
        bought,
        sold: Quantity::ZERO,
        cost: value("5.6"),
        proceeds: Money::ZERO,
        fees: value("0.1725"),
        close_reason: over.then_some(CloseReason::Settled),
    }))
}

/// A decision about four strikes, with one verdict of each kind.
#[must_use]
pub fn decision(view: u64) -> Fact {
    let level = |price: &str| Some(Level { price: value(price), quantity: value("12.5") });
    let wanted = |side| Wanted {
        side,
        action: Action::Buy,
        limit: value("0.4301"),
        quantity: value("0.01"),
        why: "p = 0.957, \"cheap\"".to_owned(),
    };
    let strike = |market: &str, fair, quote, verdict| StrikeDecision { market: value(market), fair, quote, verdict };
    let fair = Some(Fair::known(0.1 + 0.2, 0.25, 1.0 / 3.0));
    let stale = Some(Fair::Unknown(UnknownReason::StalePrice { age_ms: 6_200 }));
    let full = Some(Quote { bid: level("0.5599"), ask: level("0.5601") });
    let one_sided = Some(Quote { bid: None, ask: level("0.01") });
    let skipped = Verdict::Skipped { reason: "no_quote".to_owned() };
    let refused = Verdict::Refused { wanted: wanted(Side::Yes), reason: "risk: order_cost".to_owned() };
    fact(FactBody::Decision(DecisionRecord {
        strategy: value("hourly"),
        view,
        view_time: time(0),
        time: time(5),
        event: value("E"),
        close_time: time(3_600_000),
        asset_price: Some(value("91204.11")),
        momentum: Some(-0.013_7),
        strikes: vec![
            strike("M", fair, full, Verdict::Entered(wanted(Side::No))),
            strike("N", fair, one_sided, refused),
            strike("O", stale, None, skipped),
            strike("P", None, None, Verdict::Silent),
        ],
    }))
}

/// An order that was recorded instead of sent.
#[must_use]
pub fn shadow_order(market: &str) -> Fact {
    fact(FactBody::Shadow(ShadowOrder {
        market: value(market),
        side: Side::No,
        limit: value("0.4301"),
        quantity: value("1.5"),
        fair: Probability::clamped(0.1 + 0.2),
        edge_units: Some(-12.25),
        why: "cheap".to_owned(),
    }))
}

/// A price of the index at a second.
///
/// # Panics
/// Outside jiff's years: a mistake in the test.
#[must_use]
pub fn tick(second: i64) -> Observation {
    let price = AssetPrice::from_cents(8_000_000).expect("a price");
    Observation::Tick(ObservedTick {
        asset: Asset::Btc,
        source: "BRTI".to_owned(),
        tick: PriceTick { price, exchange_time: time(second * 1_000) },
        received_time: time(second * 1_000),
    })
}

/// The run's fact of this number, an alarm.
#[must_use]
pub fn alarm(number: u64, text: &str) -> Fact {
    Fact { number, ..fact(FactBody::Alarm { text: text.to_owned() }) }
}

/// A command of this key, to close a trade, valid for the first minute of the sample hour.
#[must_use]
pub fn command(key: &str) -> NewCommand {
    NewCommand {
        key: key.to_owned(),
        kind: "close_trade".to_owned(),
        body: serde_json::json!({"note": {"a": [1.5, null], "b": 2}, "trade": "t-1"}),
        asked_by: "a test".to_owned(),
        asked_time: time(0),
        valid_until: time(60_000),
    }
}

/// A trade of another program.
#[must_use]
pub fn imported(record: &str) -> Fact {
    fact(FactBody::Imported(Box::new(Imported {
        origin: Origin::RecIoV2,
        source: ImportSource::Postgres,
        table: ImportedTable::Trades,
        record: record.to_owned(),
        version: 1,
        number: Some(1),
        status: Some("open".to_owned()),
        market: Some("KXBTCD-26MAY1310-T101249.99".to_owned()),
        side: Some(Side::Yes),
        time: Some(time(0)),
        end_time: None,
        quantity: Some(Quantity::contracts(2)),
        price: Some(value("0.95")),
        end_price: None,
        cost: Some(value("1.9")),
        fees: None,
        revenue: None,
        pnl: None,
        columns: BTreeMap::from([("diff".to_owned(), "+3 Höhe".to_owned())]),
    })))
}

/// Version `number` of an override: every fifth gives the key back, every seventh is for one run.
#[must_use]
pub fn setting(number: u64) -> NewVersion {
    let version = SettingVersion {
        key: "risk.max_position".to_owned(),
        version: number,
        value: (!number.is_multiple_of(5)).then(|| format!("{number}.00")),
        run: number.is_multiple_of(7).then(|| value("run-7")),
        who: "ana".to_owned(),
        time: time(0),
        why: format!("reason {number}: \"quoted\", ä"),
    };
    NewVersion { expected: number - 1, old: (number > 1).then(|| format!("{}.00", number - 1)), version }
}

/// An entry of the audit log about something that was refused.
#[must_use]
pub fn refusal(number: u64) -> AuditEntry {
    AuditEntry {
        time: time(1),
        who: "ben".to_owned(),
        action: AuditAction::SettingSet,
        subject: "risk.max_position".to_owned(),
        old: None,
        new: Some("1000".to_owned()),
        version: number,
        run: None,
        why: "a test".to_owned(),
        result: AuditResult::Refused { reason: "it is wider".to_owned() },
    }
}

/// Goes on to version `last` of the override; before every third version something is refused.
///
/// # Panics
/// The store does not take it.
pub async fn set(store: &dyn SettingsStore, last: u64) {
    let there = store.history("risk.max_position", 1).await.expect("read").first().map_or(0, |newest| newest.version);
    for number in there + 1..=last {
        if number.is_multiple_of(3) {
            store.record(&refusal(number)).await.expect("record");
        }
        store.add_version(&setting(number)).await.expect("add");
    }
}
