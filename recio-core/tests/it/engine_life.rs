//! A trade's life from the market's listing to the ledger's tie-out, and a reason for everything that is not entered.

use crate::settings::{MARKET, contracts, usd};
use crate::world::World;
use recio_core::engine::{Command, Engine, EngineState, Input};
use recio_core::market::{BookSnapshot, LifecycleEvent, MarketResult, Side, StrikeTerms};
use recio_core::market_data::{ExchangeStatus, MarketEvent};
use recio_core::strategy::Decision;
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::Money;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn from_listing_to_tie_out() {
    let mut world = World::new();
    world.boot();
    world.second();
    world.hold();
    world.seconds(2);
    insta::assert_snapshot!(world.take_trace(), @r#"
    0 market_watchdog: read series KXBTC15M
    0 market_watchdog: list markets of KXBTC15M
    0 price_watchdog: read history in Seconds
    0 account_sync: read account (1)
    0 market_watchdog: follow 1 markets
    0 market_watchdog: Info: the strike of KXBTC15M-TEST-15 is >= 79800.00
    0 price_watchdog: Info: 1860 past prices of BRTI read
    0 trade_manager: journal: opened with 100.000000
    0 trade_manager: record account_opened
    0 account_sync: Info: the account is reconciled with the exchange
    1 auto_entry_supervisor: evaluate, 299 s left
    1 trade_manager: record trade Pending, holds 0.00
    1 trade_executor: record intent
    1 auto_entry_supervisor: Info: htc enters KXBTC15M-TEST-15: buy 1.00 YES at 0.9500 or better; it is likely
    1 trade_executor: submit Entry buy 1.00 YES at 0.9500: it is likely
    1 auto_entry_supervisor: record decision
    1 trade_executor: record order Open, filled 0.00
    1 trade_executor: record order Filled, filled 1.00
    1 trade_manager: record fill
    1 trade_manager: record trade Pending, holds 1.00
    1 trade_manager: Info: htc buy 1.00 YES at 0.9500 (fee 0.003400) in KXBTC15M-TEST-15
    1 trade_manager: record trade Open, holds 1.00
    2 auto_entry_supervisor: evaluate, 298 s left
    3 auto_entry_supervisor: evaluate, 297 s left
    "#);
    world.until_left(-1);
    world.take_trace();
    assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement);
    world.settle(MarketResult::Yes);
    world.seconds(3);
    insta::assert_snapshot!(world.take_trace(), @r#"
    302 account_sync: read account (13)
    302 trade_manager: record settlement
    302 trade_manager: Info: KXBTC15M-TEST-15 settled Yes: 1.000000 paid
    302 trade_manager: record trade Closed, holds 0.00
    "#);
    let trade = world.trade();
    assert_eq!((trade.status, trade.close_reason), (TradeStatus::Closed, Some(CloseReason::Settled)));
    assert_eq!(trade.realized_pnl().unwrap(), world.account.cash - Money::dollars(100));
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
    assert!(world.engine.is_at_rest());
    world.engine.ledger().unwrap().check().unwrap();
}

#[test]
fn a_snapshot_taken_at_any_moment_goes_on_the_same() {
    let mut world = World::new();
    world.boot();
    world.second();
    world.hold();
    world.price = Some(usd(79_700));
    world.seconds(20);
    if !world.submits.is_empty() {
        world.accept(100);
    }
    world.until_left(-3);
    world.settle(MarketResult::No);
    world.seconds(3);
    let config = Arc::new(world.engine.config().clone());
    let mut whole = Engine::new(Arc::clone(&config), Arc::clone(&crate::settings::MODEL));
    let mut kept: Option<Engine> = None;
    for (at, (now, input)) in world.script.iter().enumerate() {
        if at % 7 == 0 {
            let bytes = postcard::to_stdvec(whole.state()).unwrap();
            let state: EngineState = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(&state, whole.state());
            kept = Some(Engine::restore(Arc::clone(&config), Arc::clone(&crate::settings::MODEL), state));
        }
        let outputs = whole.handle(*now, input);
        assert_eq!(kept.as_mut().unwrap().handle(*now, input), outputs, "input {at}");
    }
    assert_eq!(whole.state(), world.engine.state());
}

fn reason(change: impl FnOnce(&mut World), wanted: &str) {
    let mut world = World::ready();
    change(&mut world);
    let reasons = world.reasons();
    assert!(reasons.iter().any(|reason| reason == wanted), "{wanted} in {reasons:?}");
}

#[test]
fn what_keeps_a_whole_event_out_has_a_reason() {
    reason(|world| world.command(Command::Stop), "entry_disabled");
    reason(|world| _ = world.tell(Input::Stored(Err("disk full".to_owned()))), "store_down");
    reason(|world| _ = world.tell(Input::JournalFailed { reason: "disk full".to_owned() }), "store_down");
    reason(|world| world.price = None, "no_fresh_price");
    reason(|world| world.until_left(29), "outside_time_window");
    reason(|world| world.price = Some(usd(80_400)), "spike_pause");
    let mut blind = World::with(|_| {});
    blind.answers = false;
    blind.boot();
    assert_eq!(blind.reasons(), ["not_reconciled"]);
    let mut late = World::ready_with(|config| config.monitors[0].latest_close = Some(crate::settings::start()));
    assert_eq!(late.reasons(), ["closes_too_late"]);
    let mut empty = World::new();
    empty.tell(Input::Recovered(recio_core::engine::Recovered::default()));
    let markets = Ok(recio_core::read::Read::Complete(vec![crate::settings::market_named(MARKET)]));
    empty.tell(Input::Listed { series: "KXBTC15M".parse().unwrap(), markets });
    assert!(empty.reasons().contains(&"no_momentum".to_owned()), "{:?}", empty.funnel);
}

#[test]
fn what_keeps_a_wish_out_has_a_reason() {
    let refused = |change: &dyn Fn(&mut World), wanted: &str| {
        let mut world = World::ready();
        change(&mut world);
        assert!(!world.buy(Side::Yes, 95), "{wanted}: {}", world.trace);
        let reasons = world.reasons();
        assert!(reasons.iter().any(|reason| reason == wanted), "{wanted} in {reasons:?}");
    };
    let market = || MARKET.parse().unwrap();
    let halted = MarketEvent::Lifecycle { market: market(), event: LifecycleEvent::Deactivated };
    refused(&|world| _ = world.tell(Input::Market(halted.clone())), "not_trading");
    let paused = MarketEvent::Exchange(ExchangeStatus { exchange_active: true, trading_active: false });
    refused(&|world| _ = world.tell(Input::Market(paused.clone())), "not_trading");
    let void = MarketEvent::Void { markets: vec![market()], reason: "a gap".to_owned() };
    refused(&|world| _ = world.tell(Input::Market(void.clone())), "no_fresh_book");
    refused(&|world| world.command(Command::Stop), "entry_disabled");
    refused(&|world| world.command(Command::ReduceOnly { reason: "test".to_owned() }), "risk: reducing");
    refused(&|world| world.command(Command::Halt { reason: "test".to_owned() }), "risk: halted");
    refused(&|world| world.pass(Duration::from_millis(501)), "decision_too_old");
}

#[test]
fn a_market_is_entered_once_unless_it_may_be_again() {
    let mut world = World::ready();
    world.hold();
    world.second();
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"already_held".to_owned()));
    world.second();
    assert!(!world.buy(Side::No, 5));
    let id = world.trade().id.clone();
    world.command(Command::CloseTrade(id));
    world.second();
    world.accept(100);
    assert_eq!(world.trade().close_reason, Some(CloseReason::Manual));
    world.second();
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"no_re_entry".to_owned()));

    let mut again = World::ready_with(|config| config.monitors[0].entry.allow_re_entry = true);
    again.hold();
    let id = again.trade().id.clone();
    again.command(Command::CloseTrade(id));
    again.second();
    again.accept(100);
    again.second();
    assert!(!again.buy(Side::Yes, 95), "the strike rests after an attempt");
    again.seconds(11);
    assert!(again.buy(Side::Yes, 95), "{}", again.trace);
}

#[test]
fn an_order_that_fills_nothing_leaves_no_trade_behind_and_may_be_tried_again_after_the_cooldown() {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    world.accept(0);
    assert_eq!(
        (world.trade().status, world.trade().close_reason),
        (TradeStatus::Unfilled, Some(CloseReason::EntryUnfilled))
    );
    world.seconds(2);
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"cooldown".to_owned()));
    world.seconds(10);
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}

#[test]
fn a_wish_for_what_is_not_there_is_refused() {
    let mut world = World::ready();
    let view = world.view.take().unwrap();
    let mut decision = Decision::on(&view);
    decision.buy(&view.strikes[0], Side::Yes, crate::settings::cents(95), contracts(1), "why");
    decision.wishes[0].market = "ELSEWHERE".parse().unwrap();
    world.tell(Input::Decision(decision));
    assert!(world.submits.is_empty() && world.reasons().contains(&"bad_wish".to_owned()));
    let mut stale = Decision::on(&view);
    stale.buy(&view.strikes[0], Side::Yes, crate::settings::cents(95), contracts(1), "an answer to an older view");
    world.tell(Input::Decision(stale));
    assert!(world.submits.is_empty());
}

#[test]
fn a_book_channel_is_not_kept_fresh_by_pings_or_by_the_ticker() {
    let mut world = World::ready();
    world.book = None;
    for _ in 0..25 {
        world.tell(Input::Market(MarketEvent::Heartbeat));
        let ticker = recio_core::market::TickerUpdate {
            market: MARKET.parse().unwrap(),
            quote: recio_core::market::Quote::default(),
            last_price: None,
            volume: contracts(5_000),
            open_interest: contracts(1),
            exchange_time: world.now.wall,
        };
        world.tell(Input::Market(MarketEvent::Ticker(ticker)));
        world.second();
    }
    assert_eq!(world.view.as_ref().unwrap().strikes[0].quote, None);
}

#[test]
fn a_list_that_lags_takes_nothing_back_and_a_newer_one_does() {
    let mut world = World::ready();
    let listed = |status| {
        let market = recio_core::market::Market {
            status,
            strike: StrikeTerms::Known(recio_core::market::Strike::GreaterOrEqual { floor: usd(70_000) }),
            ..crate::settings::market_named(MARKET)
        };
        Input::Listed {
            series: "KXBTC15M".parse().unwrap(),
            markets: Ok(recio_core::read::Read::Complete(vec![market])),
        }
    };
    let trading = |world: &mut World| {
        world.second();
        let view = world.view.take().unwrap();
        (view.strikes[0].trading, view.strikes[0].strike.unwrap().level())
    };
    // Asked for before the stream told of the halt: older news.
    let halt = MarketEvent::Lifecycle { market: MARKET.parse().unwrap(), event: LifecycleEvent::Deactivated };
    world.tell(Input::Market(halt));
    world.tell(listed(recio_core::market::MarketStatus::Active));
    assert_eq!(trading(&mut world), (false, usd(79_800)));
    // A minute on, the market is listed anew.
    world.seconds(65);
    world.tell(listed(recio_core::market::MarketStatus::Active));
    assert_eq!(trading(&mut world), (true, usd(70_000)));
    world.seconds(65);
    world.tell(listed(recio_core::market::MarketStatus::Inactive));
    assert!(!trading(&mut world).0);
}

#[test]
fn a_close_that_moves_moves_the_trade() {
    let mut world = World::ready();
    world.hold();
    let later = crate::settings::close() + jiff::SignedDuration::from_secs(60);
    let moved = LifecycleEvent::CloseDateUpdated { close_time: later };
    world.tell(Input::Market(MarketEvent::Lifecycle { market: MARKET.parse().unwrap(), event: moved }));
    world.until_left(-30);
    assert_eq!((world.trade().status, world.trade().close_time), (TradeStatus::Open, later));
    world.until_left(-61);
    assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement);
}

#[test]
fn an_empty_or_crossed_book_is_no_price() {
    let mut world = World::ready();
    let empty = MarketEvent::Snapshot { market: MARKET.parse().unwrap(), book: BookSnapshot::default() };
    world.book = None;
    world.tell(Input::Market(empty));
    world.second();
    let quote = world.view.as_ref().unwrap().strikes[0].quote.unwrap();
    assert_eq!((quote.bid, quote.ask), (None, None));
    world.book = Some((96, 95));
    world.seconds(2);
    assert_eq!(world.view.as_ref().unwrap().strikes[0].quote, None);
}
