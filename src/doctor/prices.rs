//! The doctor on prices: how old they are at each venue, how old the index is, and what is known of the basis between the two.

use super::{Check, Patient};
use crate::basis::{BasisBoard, prior};
use crate::sim_clock::paced_clock;
use jiff::SignedDuration;
use recio_core::causes::in_full;
use recio_core::market::Asset;
use recio_core::pipeline::Clock;
use recio_core::price_feed::{PriceEvent, PriceFeed, PriceKind, PriceTick};
use recio_core::read::BoxError;
use recio_core::units::Timestamp;
use recio_feeds::{FeedConfig, Hosts, Venue, VenueFeed};
use recio_kalshi::client::wall_clock;
use recio_kalshi::exchange::{Care, KalshiData, KalshiOptions};
use recio_kalshi::signing::SigningKey;
use recio_kalshi::transport::{Endpoint, NetworkTransport, Timeouts};
use recio_sim::control::{ControlClient, Mode};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a source may take to tell a price.
const PRICE_WITHIN: Duration = Duration::from_secs(20);
/// A price that is older is none to trade on.
const PRICE_AGE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Waits for a venue's first price.
pub(super) async fn venue_age(name: String, venue: Venue, hosts: Hosts, clock: &dyn Clock) -> Check {
    let remedy = "check the network; a run goes on with the other venues";
    match VenueFeed::open(venue, Asset::Btc, hosts, FeedConfig::default()) {
        Ok(mut feed) => age(name, first_price(&mut feed).await, clock, remedy),
        Err(error) => Check::failed(name, in_full(&error), remedy),
    }
}

/// Waits for the first print of the index, by the exchange's own time where that is not this machine's: a simulator's.
pub(super) async fn index_age(name: String, patient: &Patient, hosts: &Endpoint, clock: &Arc<dyn Clock>) -> Check {
    let remedy = "check the network and the key; without the index nothing is entered";
    let (id, file) = (patient.key_id.as_deref().unwrap_or_default(), patient.key_file.as_deref());
    // Read again, because the client of the other checks has taken the first.
    let key = match SigningKey::from_file(id, file.unwrap_or(Path::new(""))) {
        Ok(key) => key,
        Err(error) => return Check::failed(name, in_full(&error), "see the key's own check"),
    };
    let (clock, care): (Arc<dyn Clock>, Care) = match &patient.control {
        None => (Arc::clone(clock), Care::live(&wall_clock())),
        Some(control) => match simulated(control).await {
            Ok(Some(clock)) => {
                let care = crate::sim_link::paced(&clock);
                (clock, care)
            }
            Ok(None) => {
                return Check::skipped(name, "the simulator is in lockstep: its time stands until clients join");
            }
            Err(error) => return Check::failed(name, in_full(&*error), "check that the simulator runs"),
        },
    };
    let transport = match NetworkTransport::new(hosts.clone(), Timeouts::default()) {
        Ok(transport) => Arc::new(transport),
        Err(error) => {
            return Check::failed(name, in_full(&*error), "report this: the TLS library cannot be set up");
        }
    };
    let options =
        KalshiOptions { asset: Asset::Btc, index_kind: PriceKind::Index, exchange_index: 2, series: BTreeSet::new() };
    // The markets are held, because the socket ends with its readers.
    let KalshiData { markets: _markets, mut index, socket, .. } =
        KalshiData::new(transport, key, wall_clock(), options, care);
    let closing = CancellationToken::new();
    let first = async {
        let first = first_price(&mut index).await;
        closing.cancel();
        first
    };
    let ((), first) = tokio::join!(socket.run(closing.clone()), first);
    age(name, first, &*clock, remedy)
}

/// The clock of a simulator; `None` in lockstep.
async fn simulated(control: &str) -> Result<Option<Arc<dyn Clock>>, BoxError> {
    let control = ControlClient::new(control)?;
    if control.about().await?.mode == Mode::Lockstep {
        return Ok(None);
    }
    Ok(Some(Arc::new(paced_clock(&control).await?)))
}

/// The first price, or why there is none within the time for it.
async fn first_price(feed: &mut dyn PriceFeed) -> Result<PriceTick, String> {
    let mut trouble = None;
    let first = async {
        loop {
            match feed.next().await {
                Ok(PriceEvent::Tick(tick)) => return Some(tick),
                Ok(PriceEvent::Disconnected { reason }) => trouble = Some(reason),
                Ok(PriceEvent::Heartbeat | PriceEvent::Connected) => {}
                Err(error) => {
                    trouble = Some(in_full(&error));
                    return None;
                }
            }
        }
    };
    let first = tokio::time::timeout(PRICE_WITHIN, first).await.ok().flatten();
    first.ok_or_else(|| {
        let why = trouble.map_or_else(String::new, |why| format!(": {why}"));
        format!("no price within {} s{why}", PRICE_WITHIN.as_secs())
    })
}

fn age(name: String, first: Result<PriceTick, String>, clock: &dyn Clock, remedy: &str) -> Check {
    match first {
        Ok(tick) => {
            let age = clock.now().wall.duration_since(tick.exchange_time);
            let what = format!("{} USD, {:.1} s old", tick.price, age.as_secs_f64());
            if age > PRICE_AGE_MAX { Check::warning(name, what, remedy) } else { Check::ok(name, what) }
        }
        Err(why) => Check::failed(name, why, remedy),
    }
}

/// What a run without the index goes by, and how old that is.
pub(super) fn basis(board: &BasisBoard, now: Timestamp) -> Check {
    let name = format!("basis of {}", board.asset());
    let remedy = "run with a key beside the spot venues for a while; until then runs without a key go by a prior";
    match board.read() {
        Ok(None) => Check::skipped(name, format!("not measured; runs without a key go by {}", prior(board.asset()).1)),
        Err(error) => Check::failed(name, in_full(&error), "remove the file; a run with a key measures anew"),
        Ok(Some(record)) => {
            let what = format!("{record}, {:.1} h old", record.age(now).as_secs_f64() / 3_600.0);
            match board.in_use(&record.spot, record.simulated, now).measured {
                Some(_) if record.simulated => Check::warning(name, format!("{what}, of a simulator"), remedy),
                Some(_) => Check::ok(name, what),
                None => Check::warning(name, format!("{what}: too old to be used"), remedy),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::{BasisRecord, FRESH_FOR};
    use crate::doctor::Finding;

    #[test]
    fn the_basis_is_shown_with_uncertainty_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let board = BasisBoard::in_dir(folder.path(), Asset::Eth);
        let as_of: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let now = as_of.checked_add(Duration::from_secs(5_400)).unwrap();
        let finding = |now| basis(&board, now).finding;
        assert_eq!(finding(now), Finding::Skipped);
        let mut record = BasisRecord {
            version: 1,
            asset: Asset::Eth,
            index: "ETHUSD_RTI".to_owned(),
            spot: "median".to_owned(),
            sources: vec!["kraken".to_owned(), "gemini".to_owned()],
            simulated: false,
            mean_usd: 0.25,
            sd_usd: 0.5,
            standard_error_usd: 0.05,
            samples: 120,
            effective: 100.0,
            half_life_seconds: 86_400,
            as_of,
        };
        board.write(&record).unwrap();
        let check = basis(&board, now);
        assert_eq!(check.finding, Finding::Ok);
        assert_eq!(
            check.what,
            "ETHUSD_RTI minus median 0.25 ± 0.05 USD, spread 0.50 (120 pairs, 100.0 effective at a half-life of 24 h, as of 2026-11-22T12:00:00Z), \
             1.5 h old"
        );
        assert_eq!(finding(now.checked_add(FRESH_FOR).unwrap()), Finding::Warning);
        record.simulated = true;
        board.write(&record).unwrap();
        assert_eq!(finding(now), Finding::Warning);
        std::fs::write(board.file(), "not JSON").unwrap();
        assert_eq!(finding(now), Finding::Failed);
    }
}
