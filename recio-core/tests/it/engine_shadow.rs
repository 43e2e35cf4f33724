//! A run in the shadow: everything is decided, and no order is made.

use crate::settings::{cents, contracts};
use crate::world::World;
use recio_core::engine::OrderMode;
use recio_core::fact::FactBody;
use recio_core::market::Side;

fn shadow() -> World {
    World::ready_with(|config| config.orders = OrderMode::Recorded)
}

#[test]
fn what_would_have_been_ordered_is_recorded_once_with_its_edge_and_nothing_is_sent() {
    let mut world = shadow();
    assert!(!world.buy(Side::Yes, 95));
    let recorded: Vec<_> = world
        .facts
        .iter()
        .filter_map(|fact| if let FactBody::Shadow(order) = &fact.body { Some(order.clone()) } else { None })
        .collect();
    assert_eq!(recorded.len(), 1);
    let order = &recorded[0];
    assert_eq!((order.side, order.limit, order.quantity), (Side::Yes, cents(95), contracts(1)));
    let fair = order.fair.unwrap().get();
    // 0.07 × 0.95 × 0.05 is 0.3325 c, charged as 34 ten-thousandths.
    let edge = order.edge_units.unwrap();
    assert!((edge - (fair * 10_000.0 - 9_500.0 - 34.0)).abs() < 1.0, "{edge} at {fair}");
    assert_eq!(order.why, "it is likely");
    assert!(world.said("shadow, nothing is sent: htc would enter"), "{}", world.trace);

    world.seconds(30);
    assert!(!world.buy(Side::Yes, 95), "it counts as held from then on");
    assert_eq!(world.facts.iter().filter(|fact| fact.kind() == "shadow_order").count(), 1);
    world.until_left(-10);
    assert!(world.submits.is_empty() && world.cancels.is_empty());
    assert_eq!((world.engine.trades().count(), world.engine.orders().count()), (0, 0));
    assert!(world.engine.is_at_rest());
}

#[test]
fn limits_hold_in_the_shadow_as_well() {
    let mut world = shadow();
    assert!(!world.buy_many(Side::Yes, 95, 1_000));
    assert!(!world.facts.iter().any(|fact| fact.kind() == "shadow_order"));
    assert!(world.reasons().iter().any(|reason| reason == "risk: order_quantity"), "{}", world.trace);
}
