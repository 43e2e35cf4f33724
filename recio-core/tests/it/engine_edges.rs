//! The end of a market in every order in which news of it can come, and an account that others trade on.

use crate::settings::{MARKET, contracts};
use crate::world::World;
use recio_core::engine::TradingState;
use recio_core::market::{MarketResult, Side};
use recio_core::read::Read;
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::Money;

fn closed() -> World {
    let mut world = World::ready();
    world.hold();
    world.until_left(-2);
    world
}

#[test]
fn a_payout_before_its_fills_waits_for_them() {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    world.lose_answer(Some(100));
    world.answers = false;
    world.until_left(-2);
    world.settle(MarketResult::Yes);
    for _ in 0..12 {
        world.read_spoiled(|read| read.fills = Some(Read::Partial { got: Vec::new(), missing: "page 1".to_owned() }));
    }
    assert_eq!(world.engine.trading_state(), TradingState::Active, "{}", world.trace);
    world.answers = true;
    world.seconds(12);
    assert_eq!((world.trade().status, world.trade().close_reason), (TradeStatus::Closed, Some(CloseReason::Settled)));
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn a_fill_after_a_payout_of_nothing_is_booked_and_the_trade_ends() {
    // The losing side is paid nothing, whatever it holds: the payout can be booked before all fills are here.
    let mut world = World::ready();
    assert!(world.buy_many(Side::Yes, 95, 2));
    let order = world.submits.pop_front().unwrap();
    let (accepted, first) = world.account.take(&order, contracts(1), world.now.wall);
    let second = world.account.fill(0, crate::settings::cents(95), contracts(1), world.now.wall);
    let accepted = recio_core::executor::Accepted { filled: contracts(2), ..accepted };
    world.account.orders[0].status = recio_core::trade::ReportedStatus::Executed;
    world.end(&order, recio_core::engine::SubmitOutcome::Accepted(accepted));
    world.stream(&first.unwrap());
    world.answers = false;
    world.until_left(-2);
    world.settle(MarketResult::No);
    let only_first = |read: &mut recio_core::engine::AccountRead| {
        let first = read.fills.take().unwrap().got()[1].clone();
        read.fills = Some(Read::Complete(vec![first]));
    };
    world.read_spoiled(only_first);
    assert_eq!((world.trade().status, world.trade().bought), (TradeStatus::Closed, contracts(1)));
    assert!(!world.engine.is_at_rest(), "a fill is still to come");
    world.stream(&second);
    world.answers = true;
    world.seconds(5);
    let trade = world.trade();
    assert_eq!((trade.status, trade.bought, trade.sold), (TradeStatus::Closed, contracts(2), contracts(2)));
    assert_eq!(trade.realized_pnl(), Some(world.account.cash - crate::settings::cash()));
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn an_amended_outcome_is_booked_anew_in_ledger_and_trade() {
    let mut world = closed();
    world.settle(MarketResult::Yes);
    world.seconds(3);
    assert_eq!(world.trade().proceeds, Money::dollars(1));
    world.seconds(5);
    let stale = world.account.settlements.clone();
    world.account.amend(MarketResult::No, Money::ZERO, world.now.wall);
    world.seconds(31);
    let trade = world.trade();
    assert_eq!((trade.proceeds, trade.status), (Money::ZERO, TradeStatus::Closed));
    assert_eq!(trade.realized_pnl(), Some(world.account.cash - crate::settings::cash()));
    // A reading that lags brings the first outcome once more.
    world.read_spoiled(|read| read.settlements = Some(Read::Complete(stale)));
    assert_eq!(world.trade().proceeds, Money::ZERO);
    let ledger = world.engine.ledger().unwrap();
    assert_eq!(ledger.settlement(&MARKET.parse().unwrap()).unwrap().0, 2);
    ledger.check().unwrap();
    world.seconds(31);
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn a_payout_that_does_not_fit_stops_entries_after_a_while() {
    let mut world = closed();
    world.settle(MarketResult::Yes);
    world.account.settlements[0].revenue = Money::dollars(2);
    world.seconds(5);
    assert_eq!(world.engine.trading_state(), TradingState::Active);
    world.seconds(10);
    assert_eq!(world.engine.trading_state(), TradingState::Reducing);
    assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement, "nothing is guessed");
}

#[test]
fn what_somebody_else_trades_is_adopted_alarmed_and_counted() {
    let mut world = World::ready();
    world.account.by_hand(MARKET, contracts(20), world.now.wall);
    world.seconds(32);
    assert!(world.said("no intent explains"), "{}", world.trace);
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"risk: position".to_owned()));
}

#[test]
fn cash_that_nothing_explains_stops_entries_at_the_second_sight() {
    let mut world = World::ready();
    world.seconds(2);
    world.account.cash += Money::from_micros(1);
    world.seconds(40);
    assert_eq!(world.engine.trading_state(), TradingState::Reducing, "{}", world.trace);
    assert_eq!(world.engine.last_tie_out(), Some(Money::from_micros(1)));
}

#[test]
fn an_account_that_cannot_be_read_any_more_stops_entries() {
    let mut world = World::ready();
    world.answers = false;
    world.seconds(130);
    assert!(world.view.is_none() && world.reasons().contains(&"not_reconciled".to_owned()), "{:?}", world.funnel);
    world.answers = true;
    world.answer_reading();
    world.second();
    assert!(world.view.is_some());
}

#[test]
fn books_open_only_on_a_whole_reading() {
    let mut world = World::new();
    world.answers = false;
    world.boot();
    world.read_spoiled(|read| read.balance = None);
    world.read_spoiled(|read| read.fills = Some(Read::Partial { got: Vec::new(), missing: "page 2".to_owned() }));
    assert!(world.engine.ledger().is_none() && !world.engine.is_reconciled());
    world.read_spoiled(|_| {});
    assert!(world.engine.is_reconciled());
    assert_eq!(world.journal.opened.unwrap().0, crate::settings::cash());
}

#[test]
fn fills_that_were_counted_and_never_come_are_alarmed_once_and_stop_entries() {
    let mut world = World::ready();
    assert!(world.buy_many(Side::Yes, 95, 2));
    let order = world.submits.pop_front().unwrap();
    let (accepted, _) = world.account.take(&order, contracts(1), world.now.wall);
    let accepted = recio_core::executor::Accepted { filled: contracts(2), remaining: contracts(0), ..accepted };
    world.end(&order, recio_core::engine::SubmitOutcome::Accepted(accepted));
    world.seconds(40);
    assert_eq!(world.engine.trading_state(), TradingState::Active, "reads may lag\n{}", world.trace);
    world.seconds(120);
    assert_eq!(world.engine.trading_state(), TradingState::Reducing, "{}", world.trace);
    assert_eq!(world.trace.matches("more than its fills make").count(), 1, "{}", world.trace);
}
