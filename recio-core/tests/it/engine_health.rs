//! How the services are, told when it changes and every half minute.

use crate::settings::{MARKET, usd};
use crate::world::World;
use recio_core::engine::{Command, Engine, Health, Input, Recovered, Role, Wish};
use recio_core::market_data::{ExchangeStatus, MarketEvent};
use std::time::Duration;

/// What was told last of a service.
fn newest(world: &World, service: Role) -> (Health, &str) {
    let (_, services) = world.health.last().expect("health was told");
    assert_eq!(services.iter().map(|one| one.service).collect::<Vec<_>>(), Role::ALL, "all of them, in order");
    let one = services.iter().find(|one| one.service == service).expect("every service is told of");
    (one.health, &one.detail)
}

fn connected() -> World {
    let mut world = World::ready();
    world.tell(Input::Market(MarketEvent::Connected));
    world.seconds(2);
    world
}

#[test]
fn a_run_that_is_ready_says_that_all_is_well_and_says_it_again() {
    let mut world = connected();
    for service in Role::ALL {
        assert_eq!(newest(&world, service).0, Health::Up, "{service:?}: {}", newest(&world, service).1);
    }
    world.health.clear();
    world.seconds(95);
    let times: Vec<_> = world.health.iter().map(|(now, _)| now.mono).collect();
    assert_eq!(times.len(), 3, "every half minute, and nothing changed between: {:?}", world.health);
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) == Duration::from_secs(30)));
}

#[test]
fn each_trouble_is_told_within_a_second_and_so_is_its_end() {
    let mut world = connected();
    world.health.clear();
    // A feed that falls silent: the limit is five seconds.
    world.price = None;
    world.seconds(12);
    assert_eq!(world.health.len(), 1, "told once, although the price grows older: {:?}", world.health);
    assert_eq!(newest(&world, Role::PriceWatchdog), (Health::Down, "the price of BTC is 6 s old"));
    world.price = Some(usd(80_000));
    world.second();
    assert_eq!(newest(&world, Role::PriceWatchdog), (Health::Up, "prices are fresh"));

    world.tell(Input::Stored(Err("no space left".to_owned())));
    world.second();
    assert_eq!(newest(&world, Role::TradeManager), (Health::Degraded, "the store does not write, entries wait"));
    assert_eq!(newest(&world, Role::AutoEntrySupervisor).0, Health::Degraded);
    world.tell(Input::Stored(Ok(())));
    world.second();
    assert_eq!(newest(&world, Role::TradeManager).0, Health::Up);

    let reason = "the book's numbers have a hole".to_owned();
    world.book = None;
    world.tell(Input::Market(MarketEvent::Void { markets: vec![MARKET.parse().unwrap()], reason }));
    world.second();
    assert_eq!(newest(&world, Role::MarketWatchdog), (Health::Down, "books of 1 of 1 markets are not known"));
    // The price is told first, and the second's look comes with it.
    world.book = Some((94, 95));
    world.seconds(2);
    assert_eq!(newest(&world, Role::MarketWatchdog), (Health::Up, "books known: 1"));

    let closed = ExchangeStatus { exchange_active: true, trading_active: false };
    world.tell(Input::Market(MarketEvent::Exchange(closed)));
    world.second();
    assert_eq!(newest(&world, Role::MarketWatchdog), (Health::Degraded, "the exchange does not trade now"));
    world.tell(Input::Market(MarketEvent::Disconnected { reason: "gone".to_owned() }));
    world.second();
    assert_eq!(newest(&world, Role::MarketWatchdog), (Health::Down, "market data is not connected"));

    world.tell(Input::JournalFailed { reason: "the disk is full".to_owned() });
    world.second();
    assert_eq!(newest(&world, Role::TradeExecutor).0, Health::Down);
    world.tell(Input::Command(Command::Halt { reason: "enough".to_owned() }));
    world.second();
    assert_eq!(newest(&world, Role::TradeManager).0, Health::Down);

    world.answers = false;
    world.seconds(125);
    let (health, detail) = newest(&world, Role::AccountSync);
    assert_eq!(health, Health::Down);
    assert!(detail.starts_with("the account was last read whole"), "{detail}");

    // No cycle for five seconds: the machine was asleep, for one.
    world.now.wall += Duration::from_secs(5);
    world.now.mono.0 += 5_000_000_000;
    world.second();
    assert_eq!(newest(&world, Role::Coordinator).0, Health::Degraded);
    world.second();
    assert_eq!(newest(&world, Role::Coordinator).0, Health::Up);
}

#[test]
fn an_open_trade_that_cannot_be_judged_is_told() {
    let mut world = connected();
    world.hold();
    world.seconds(2);
    assert_eq!(newest(&world, Role::ActiveTradeSupervisor).0, Health::Up);
    world.price = None;
    world.seconds(8);
    let told = (Health::Degraded, "1 of 1 open trades have no fresh book or no known value");
    assert_eq!(newest(&world, Role::ActiveTradeSupervisor), told);
}

#[test]
fn a_run_that_begins_says_what_is_not_there_yet() {
    let mut world = World::new();
    world.tell(Input::Recovered(Recovered::default()));
    assert_eq!(newest(&world, Role::AccountSync), (Health::Down, "the account is not reconciled"));
    assert_eq!(newest(&world, Role::PriceWatchdog), (Health::Down, "no price of BTC has come yet"));
    assert_eq!(newest(&world, Role::TradeManager), (Health::Degraded, "the account's books are not open yet"));
    assert_eq!(newest(&world, Role::AutoEntrySupervisor).0, Health::Degraded);
}

#[test]
fn a_snapshot_tells_the_same_as_the_run_that_went_on() {
    let mut world = connected();
    world.seconds(7);
    let state = postcard::to_stdvec(world.engine.state()).unwrap();
    let config = std::sync::Arc::new(world.engine.config().clone());
    let mut again =
        Engine::restore(config, std::sync::Arc::clone(&crate::settings::MODEL), postcard::from_bytes(&state).unwrap());
    let from = world.script.len();
    world.health.clear();
    world.price = None;
    world.seconds(40);
    let mut told = Vec::new();
    for (now, input) in &world.script[from..] {
        for output in again.handle(*now, input) {
            if let Wish::Health(services) = output.wish {
                told.push((*now, services));
            }
        }
    }
    assert_eq!(told, world.health);
    assert!(told.len() >= 2);
}

#[test]
fn the_word_for_a_service_is_the_one_it_is_written_with() {
    for service in Role::ALL {
        assert_eq!(serde_json::to_string(&service).unwrap(), format!("\"{}\"", service.as_str()));
    }
    for health in [Health::Up, Health::Degraded, Health::Down] {
        assert_eq!(serde_json::to_string(&health).unwrap(), format!("\"{}\"", health.as_str()));
    }
}
