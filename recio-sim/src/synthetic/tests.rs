//! The world as its readers see it: deterministic, in order, by the exchange's rules, and playable.

use super::{SyntheticError, SyntheticOptions, SyntheticWorld};
use crate::exchange::Exchange;
use crate::recording::{Record, RecordBody};
use jiff::SignedDuration;
use recio_core::market::{LifecycleEvent, MarketResult, MarketStatus, StrikeTerms, check_ticker};
use recio_core::units::{MarketTicker, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn options(hours: u32, seed: u64) -> SyntheticOptions {
    SyntheticOptions { hourly_strikes: 5, ..SyntheticOptions::new(at("2026-11-22T14:05:00Z"), hours, seed) }
}

fn records(options: SyntheticOptions) -> Vec<Record> {
    SyntheticWorld::new(options).unwrap().records().map(Result::unwrap).collect()
}

#[test]
fn a_world_may_have_a_day_of_prices_before_its_first_market() {
    let from = at("2026-11-22T14:05:00Z");
    let day = SyntheticOptions { pre_roll: Duration::from_secs(24 * 3_600), ..SyntheticOptions::new(from, 1, 1) };
    let world = SyntheticWorld::new(day).unwrap();
    let exchange = Exchange::new(world.header(), world.records(), 0).unwrap();
    assert_eq!(exchange.now(), from);
    assert_eq!(exchange.prices_from(), Some(at("2026-11-21T14:00:00Z")));
    let world = SyntheticWorld::new(SyntheticOptions { pre_roll: Duration::from_secs(600), ..day }).unwrap();
    let exchange = Exchange::new(world.header(), world.records(), 0).unwrap();
    assert_eq!(exchange.prices_from(), Some(at("2026-11-22T13:50:00Z")));
}

#[test]
fn the_same_seed_makes_the_same_world_and_another_seed_another() {
    let (one, again, other) = (records(options(1, 1)), records(options(1, 1)), records(options(1, 2)));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let without = records(SyntheticOptions { hourly_strikes: 0, ..options(1, 1) });
    let prints = |records: &[Record]| -> Vec<_> {
        let print = |record: &Record| {
            let RecordBody::IndexPrint { price, .. } = &record.body else { return None };
            Some((record.exchange_time, *price))
        };
        records.iter().filter_map(print).collect()
    };
    assert_eq!(prints(&one), prints(&without), "hourly markets do not change the price");
}

#[test]
fn outcomes_follow_the_sixty_prints_and_strikes_are_handed_over() {
    let (mut prints, mut strikes, mut outcomes) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut bodies = BTreeMap::new();
    for record in records(options(3, 9)) {
        match record.body {
            RecordBody::IndexPrint { price, .. } => {
                assert_eq!(record.exchange_time.subsec_nanosecond(), 0);
                prints.insert(record.exchange_time.as_second(), price.cents());
            }
            RecordBody::Market(body) => {
                check_ticker(&body.to_market(MarketStatus::Active)).unwrap();
                if let StrikeTerms::Known(strike) = body.strike {
                    strikes.insert(body.ticker.clone(), strike);
                }
                bodies.insert(body.ticker.clone(), *body);
            }
            RecordBody::Lifecycle { market, event: LifecycleEvent::StrikeUpdated { strike } } => {
                let open = bodies[&market].open_time;
                assert_eq!(record.exchange_time.duration_since(open), SignedDuration::from_millis(500));
                let StrikeTerms::Known(strike) = strike else { panic!("{market}") };
                strikes.insert(market, strike);
            }
            RecordBody::Outcome(outcome) => outcomes.push((record.exchange_time, outcome)),
            RecordBody::Boundary(_)
            | RecordBody::Gap(_)
            | RecordBody::Lifecycle { .. }
            | RecordBody::BookSnapshot { .. }
            | RecordBody::BookDelta { .. }
            | RecordBody::Ticker(_)
            | RecordBody::SpotTrade { .. }
            | RecordBody::Trade(_)
            | RecordBody::Exchange(_) => {}
        }
    }
    let mean = |close: i64| {
        let sum: u64 = (close - 60..close).map(|second| prints[&second]).sum();
        (2 * sum + 60) / 120
    };
    assert!(outcomes.len() >= 12 + 2 * 5, "{}", outcomes.len());
    let (mut yes, mut no) = (0, 0);
    for (time, outcome) in outcomes {
        let body = &bodies[&outcome.market];
        let close = body.close_time.as_second();
        let after = if body.series.as_str() == "KXBTC15M" { 1 } else { 90 };
        assert_eq!(time.as_second(), close + after);
        assert_eq!(outcome.expiration_value.cents(), mean(close));
        let strike = strikes[&outcome.market];
        assert_eq!(outcome.result == MarketResult::Yes, strike.pays_yes(outcome.expiration_value));
        if outcome.result == MarketResult::Yes {
            yes += 1
        } else {
            no += 1
        }
        if body.series.as_str() == "KXBTC15M" {
            assert_eq!(strike.level().cents(), mean(body.open_time.as_second()), "handed over by the quarter before");
        }
    }
    assert!(yes > 0 && no > 0, "{yes} {no}");
}

#[test]
fn a_world_says_that_it_is_none_and_can_be_written_as_a_recording() {
    let world = SyntheticWorld::new(options(1, 4)).unwrap();
    let header = world.header();
    assert!(header.title.contains("SYNTHETIC") && header.title.contains("seed 4"), "{}", header.title);
    assert!(header.streams.iter().all(|stream| stream.origin.contains("SYNTHETIC")));
    assert!(header.notes[0].contains("SYNTHETIC"));
    // The writer refuses records that go back in time, name what the header does not list, or are not numbered.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.rec");
    let entries =
        world.records().map(Result::unwrap).map(|record| (record.stream, record.exchange_time, None, record.body));
    crate::recording::write_file(&path, header.clone(), entries).unwrap();
    let read = crate::recording::Recording::open(&path).unwrap();
    assert_eq!(read.header().title, header.title);
    let back: Vec<Record> = read.records().unwrap().map(Result::unwrap).collect();
    assert_eq!(back, records(options(1, 4)));
    let named: std::collections::BTreeSet<MarketTicker> = back
        .iter()
        .filter_map(|record| {
            let RecordBody::Market(body) = &record.body else { return None };
            Some(body.ticker.clone())
        })
        .collect();
    assert_eq!(named, header.markets.iter().cloned().collect());
}

#[test]
fn the_exchange_plays_it_to_the_end_with_two_sided_books() {
    let world = SyntheticWorld::new(options(2, 5)).unwrap();
    let mut exchange = Exchange::new(world.header(), world.records(), 0).unwrap();
    assert_eq!(exchange.now(), at("2026-11-22T14:05:00Z"));
    exchange.advance(exchange.recording_ends()).unwrap();
    assert!(exchange.ended());
    exchange.audit().unwrap();
}

#[test]
fn days_on_which_clocks_change_have_their_hours() {
    for from in ["2026-11-01T04:30:00Z", "2027-03-14T05:30:00Z", "2026-12-31T23:50:00Z"] {
        let options = SyntheticOptions { hourly_strikes: 2, ..SyntheticOptions::new(at(from), 4, 1) };
        let world = SyntheticWorld::new(options).unwrap();
        let mut exchange = Exchange::new(world.header(), world.records(), 0).unwrap();
        exchange.advance(exchange.recording_ends()).unwrap();
        let markets = world.header().markets;
        let unique: std::collections::BTreeSet<_> = markets.iter().collect();
        assert_eq!(unique.len(), markets.len(), "{from}");
        // An hour that repeats has the names of the first time alone.
        let hours = if from.starts_with("2026-11-01") { 4 } else { 5 };
        assert_eq!(markets.iter().filter(|market| market.as_str().starts_with("KXBTCD-")).count(), 2 * hours, "{from}");
    }
}

#[test]
fn options_that_make_no_world_are_refused_with_what_to_choose() {
    let bad = |options: SyntheticOptions| SyntheticWorld::new(options).unwrap_err();
    assert!(matches!(bad(options(0, 1)), SyntheticError::Hours(0)));
    assert!(bad(options(745, 1)).to_string().contains("choose 1 to 744"));
    assert!(matches!(bad(SyntheticOptions { hourly_strikes: 201, ..options(1, 1) }), SyntheticError::Strikes(201)));
    assert!(matches!(
        bad(SyntheticOptions { from: at("2026-11-22T14:05:00.5Z"), ..options(1, 1) }),
        SyntheticError::From(_)
    ));
    let cheap = "1999.99".parse().unwrap();
    for pre_roll in [Duration::from_secs(59), Duration::from_secs(48 * 3_600 + 1)] {
        assert_eq!(bad(SyntheticOptions { pre_roll, ..options(1, 1) }), SyntheticError::PreRoll(pre_roll));
    }
    assert!(matches!(bad(SyntheticOptions { opening: cheap, ..options(1, 1) }), SyntheticError::Opening(_)));
}
