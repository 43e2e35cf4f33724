//! The part of the contract about newest values.

use super::{PATIENCE, publisher, tell, topic};
use crate::bus::Bus;
use crate::contract::sample::time;
use std::sync::Arc;

pub(super) async fn the_newest_of_a_key_is_read(bus: Arc<dyn Bus>) {
    let quote = topic("market_data.quote");
    assert!(bus.newest(&quote, "A").await.expect("the bus reads").is_none());
    let publisher = publisher(&bus, 1);
    for number in 1..=50 {
        tell(&publisher, "market_data.quote", Some(if number % 2 == 0 { "A" } else { "B" }), number);
    }
    tell(&publisher, "system.health", Some("coordinator"), 7);
    tell(&publisher, "system.notice", None, 8);
    bus.flush(PATIENCE).await.expect("everything is sent");
    for (topic, key, wanted) in
        [(&quote, "A", 50), (&quote, "B", 49), (&super::topic("system.health"), "coordinator", 7)]
    {
        let found = bus.newest(topic, key).await.expect("the bus reads").expect("there is a newest value");
        assert_eq!(found.read::<u32>().expect("a number"), wanted);
        assert_eq!(found.time, time(i64::from(wanted)), "its time tells how old it is");
        assert_eq!((&found.topic, found.key.as_deref()), (topic, Some(key)));
    }
    assert!(bus.newest(&quote, "coordinator").await.expect("the bus reads").is_none(), "topics part the keys");
}
