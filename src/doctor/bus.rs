//! What the doctor finds of the bus.

use super::Check;

const NAME: &str = "bus";

/// Whether the bus can be used. A run does without it, so nothing here is worse than a warning but what a person has to put right.
#[cfg(feature = "redis")]
pub(super) async fn bus(url: &str) -> Check {
    use super::in_full;
    use recio_store::bus::{BusError, RedisBus, RedisOptions};

    let bus = match RedisBus::open(url, RedisOptions::default()) {
        Ok(bus) => bus,
        Err(error) => {
            return Check::failed(NAME, in_full(&error), "set bus.url, or --bus of `recio run`, to the right URL");
        }
    };
    match bus.check().await {
        Ok(version) => Check::ok(NAME, format!("answers, and lets recio in (Redis {version})")),
        Err(BusError::Refused { bus, remedy, source }) => Check::failed(NAME, format!("{bus}: {source}"), remedy),
        Err(error) => {
            let remedy =
                "start it, or set bus.url to where it is; a run goes on without it, and connects when it is there";
            Check::warning(NAME, in_full(&error), remedy)
        }
    }
}

#[cfg(not(feature = "redis"))]
#[expect(clippy::unused_async, reason = "the other one asks a server")]
pub(super) async fn bus(_: &str) -> Check {
    Check::failed(NAME, "this build knows no Redis", "build it with the feature `redis`")
}
