//! The risk gate: every limit refuses what is beyond it, and no wish, however wild, gets an order past any of them.

use crate::settings::{Dice, MARKET, cents, contracts};
use crate::world::World;
use proptest::{prop_assert, proptest};
use recio_core::engine::{EngineConfig, Input, RiskLimits};
use recio_core::market::{Action, PriceBand, PriceGrid, Side};
use recio_core::strategy::Decision;
use recio_core::trade::{FeeSchedule, Purpose, TimeInForce};
use recio_core::units::{Money, Price, Quantity};
use std::time::Duration;

fn refused(change: impl FnOnce(&mut RiskLimits), act: impl FnOnce(&mut World), wanted: &str) {
    let mut world = World::ready_with(|config| {
        config.risk.repeat_window = Duration::ZERO;
        config.monitors[0].entry.cooldown = Duration::ZERO;
        config.monitors[0].entry.allow_re_entry = true;
        change(&mut config.risk);
    });
    act(&mut world);
    let before = world.submits.len();
    assert!(!world.buy(Side::Yes, 95) && world.submits.len() == before, "{wanted}: {}", world.trace);
    let reasons = world.reasons();
    assert!(reasons.iter().any(|reason| reason == wanted), "{wanted} in {reasons:?}");
}

/// Tries an order that fills nothing, and goes on to the next second.
fn try_in_vain(world: &mut World) {
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
    world.accept(0);
    world.second();
}

#[test]
fn each_limit_refuses() {
    refused(|risk| risk.max_order_quantity = "0.99".parse().unwrap(), |_| {}, "risk: order_quantity");
    // One contract at 95 cents costs 0.9534 with its fee.
    refused(|risk| risk.max_order_cost = "0.953399".parse().unwrap(), |_| {}, "risk: order_cost");
    refused(|risk| risk.max_position = "0.99".parse().unwrap(), |_| {}, "risk: position");
    refused(|risk| risk.max_event_exposure = "0.953399".parse().unwrap(), |_| {}, "risk: event_exposure");
    refused(|risk| risk.max_total_exposure = "0.953399".parse().unwrap(), |_| {}, "risk: total_exposure");
    refused(|risk| risk.max_orders_per_minute = 1, try_in_vain, "risk: rate");
    refused(|risk| risk.repeat_window = Duration::from_secs(5), try_in_vain, "risk: repeated");
    refused(|risk| risk.close_guard = Duration::from_secs(300), |_| {}, "risk: closing_soon");
    refused(
        |risk| risk.book_collar_units = 100,
        |world| {
            world.book = Some((90, 93));
            world.seconds(2);
        },
        "risk: book_collar",
    );
    refused(
        |risk| risk.model_collar_units = 0,
        |world| {
            world.price = Some(crate::settings::usd(79_900));
            world.second();
        },
        "risk: model_collar",
    );
    let poor = |world: &mut World| {
        // Cash that is gone at the exchange is gone here once a fill says so.
        world.account.by_hand("ELSEWHERE", contracts(199), world.now.wall);
        world.seconds(32);
    };
    let wide = |risk: &mut RiskLimits| {
        risk.max_event_exposure = Money::dollars(1_000);
        risk.max_total_exposure = Money::dollars(1_000);
    };
    refused(wide, poor, "risk: cash");
    refused(
        |_| {},
        |world| {
            let mut series = crate::settings::series();
            series.fee_type = recio_core::market::FeeType::Unsupported("new".to_owned());
            world.tell(Input::Series(series));
        },
        "risk: unknown_fee",
    );
}

#[test]
fn at_each_limit_an_order_still_goes_through() {
    let mut world = World::ready_with(|config| {
        config.risk.max_order_quantity = contracts(1);
        config.risk.max_position = contracts(1);
        let cost: Money = "0.9534".parse().unwrap();
        config.risk.max_order_cost = cost;
        config.risk.max_event_exposure = cost;
        config.risk.max_total_exposure = cost;
    });
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}

#[test]
fn the_grid_is_one_of_yes_prices() {
    // Tenths of a cent below ten cents of YES only: NO at 94.5 cents is on it, NO at 5.5 cents is not.
    let band = |from: u16, to: u16, step| PriceBand {
        start: Price::from_units(from).unwrap(),
        end: Price::from_units(to).unwrap(),
        step: Price::from_units(step).unwrap(),
    };
    let grid = PriceGrid::new(vec![band(0, 1_000, 10), band(1_000, 10_000, 100)]).unwrap();
    for (units, fits) in [(9_450, true), (550, false)] {
        let mut world = World::ready_with(|config| config.risk.model_collar_units = 10_000);
        let event = recio_core::market::LifecycleEvent::GridUpdated { grid: grid.clone() };
        let market = MARKET.parse().unwrap();
        world.tell(Input::Market(recio_core::market_data::MarketEvent::Lifecycle { market, event }));
        world.book = Some((5, 6));
        world.seconds(2);
        let view = world.view.take().unwrap();
        let mut decision = Decision::on(&view);
        decision.buy_no(&view.strikes[0], Price::from_units(units).unwrap(), contracts(1), "why");
        world.tell(Input::Decision(decision));
        assert_eq!(world.submits.len(), usize::from(fits), "{units}: {}", world.trace);
    }
}

/// Limits that bite, and nothing else in the way.
fn narrow(config: &mut EngineConfig) {
    let monitor = &mut config.monitors[0];
    monitor.entry.cooldown = Duration::ZERO;
    monitor.entry.allow_re_entry = true;
    monitor.entry.spike_pause = false;
    config.risk = RiskLimits {
        max_order_quantity: contracts(5),
        max_order_cost: Money::dollars(3),
        max_position: contracts(8),
        max_event_exposure: Money::dollars(6),
        max_total_exposure: Money::dollars(6),
        max_orders_per_second: 1,
        max_orders_per_minute: 12,
        breaker_failures: 100,
        ..RiskLimits::default()
    };
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn no_order_exceeds_any_limit(seed: u64) {
        let mut dice = Dice(seed);
        let mut world = World::ready_with(narrow);
        let limits = world.engine.config().risk.clone();
        let mut sent: Vec<u64> = Vec::new();
        for _ in 0..150 {
            if dice.below(4) == 0 {
                let bid = 1 + u16::try_from(dice.below(97)).unwrap();
                world.book = Some((bid, bid + 1));
            }
            world.second();
            if let Some(view) = world.view.take() {
                let mut decision = Decision::on(&view);
                for _ in 0..=dice.below(3) {
                    let side = if dice.below(2) == 0 { Side::Yes } else { Side::No };
                    let quantity = Quantity::from_hundredths([1, 50, 100, 300, 500, 501, 10_000, 100_000_000_000_000][usize::try_from(dice.below(8)).unwrap()]).unwrap();
                    decision.buy(&view.strikes[0], side, cents(u16::try_from(dice.below(101)).unwrap()), quantity, "wild");
                    let wish = decision.wishes.last_mut().unwrap();
                    wish.action = if dice.below(9) == 0 { Action::Sell } else { Action::Buy };
                    wish.time_in_force = [TimeInForce::ImmediateOrCancel, TimeInForce::GoodTillCanceled][usize::try_from(dice.below(2)).unwrap()];
                }
                world.tell(Input::Decision(decision));
            }
            while let Some(order) = world.submits.front() {
                let intent = order.intent().clone();
                if intent.purpose == Purpose::Entry {
                    sent.push(world.now.mono.0);
                    let fee = FeeSchedule::quadratic().taker_fee(intent.limit, intent.quantity).unwrap();
                    prop_assert!(intent.quantity <= limits.max_order_quantity && !intent.quantity.is_zero());
                    prop_assert!(intent.limit * intent.quantity + fee <= limits.max_order_cost);
                }
                match dice.below(5) {
                    0 => { world.lose_answer(None); }
                    1 => { world.lose_answer(Some(intent.quantity.hundredths())); }
                    2 => world.refuse(),
                    _ => { let most = intent.quantity.hundredths() + 1; world.accept(dice.below(most)); }
                }
            }
            if dice.below(10) == 0 && let Some(trade) = world.engine.trades().last() {
                let id = trade.id.clone();
                world.command(recio_core::engine::Command::CloseTrade(id));
            }
            // The most that can be lost: what is held, and all that may still come of orders, at the limit.
            let held: Money = world.engine.trades().filter(|t| !t.held().is_zero()).map(|t| (t.cost + t.fees - t.proceeds).max(Money::ZERO)).sum();
            let coming: Money = world.engine.orders().filter(|o| o.intent().purpose == Purpose::Entry).map(|o| o.intent().limit * o.may_still_fill()).sum();
            prop_assert!(held + coming <= limits.max_total_exposure, "{held} and {coming}");
            let contracts_held = world.engine.trades().map(|t| t.held().hundredths()).sum::<u64>()
                + world.engine.orders().filter(|o| o.intent().purpose == Purpose::Entry).map(|o| o.may_still_fill().hundredths()).sum::<u64>();
            prop_assert!(contracts_held <= limits.max_position.hundredths());
        }
        for (at, time) in sent.iter().enumerate() {
            let within = |micros: u64| sent[..at].iter().filter(|before| time - **before < micros).count();
            prop_assert!(within(1_000_000) < 1 && within(60_000_000) < 12);
        }
        world.engine.ledger().unwrap().check().unwrap();
    }
}

#[test]
fn what_is_on_its_way_counts_against_every_limit() {
    type Narrow = fn(&mut RiskLimits);
    let cases: [(Narrow, &str); 3] = [
        (|risk| risk.max_total_exposure = "1.90".parse().unwrap(), "risk: total_exposure"),
        (|risk| risk.max_event_exposure = "1.90".parse().unwrap(), "risk: event_exposure"),
        (|risk| risk.max_position = "1.99".parse().unwrap(), "risk: position"),
    ];
    for (narrow, wanted) in cases {
        let mut world = World::ready_with(|config| {
            config.risk.repeat_window = Duration::ZERO;
            narrow(&mut config.risk);
            let other = recio_core::engine::Monitor { id: "two".parse().unwrap(), ..config.monitors[0].clone() };
            config.monitors.push(other);
        });
        let view = world.view.take().unwrap();
        for (strategy, number) in [("htc", view.number - 1), ("two", view.number)] {
            let mut decision = Decision::on(&view);
            (decision.strategy, decision.view) = (strategy.parse().unwrap(), number);
            decision.buy_yes(&view.strikes[0], cents(95), contracts(1), "both want it");
            world.tell(Input::Decision(decision));
        }
        // The first is on its way and has no answer; the second would be too much.
        assert_eq!(world.submits.len(), 1, "{wanted}: {}", world.trace);
        assert!(world.reasons().iter().any(|reason| reason == wanted), "{wanted} in {:?}", world.funnel);
    }
}
