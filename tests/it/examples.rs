//! The examples compile and run. They are included as modules, so that the tests need no other binary.

use crate::support::{short_recording, tempdir};

#[expect(dead_code, reason = "the tests hand `run` a shorter recording")]
#[path = "../../examples/bot.rs"]
mod bot;
#[expect(dead_code, reason = "the tests hand `run` a shorter recording")]
#[path = "../../examples/follow.rs"]
mod follow;
#[expect(dead_code, reason = "the tests hand `run` a shorter recording")]
#[path = "../../examples/price_feed.rs"]
mod price_feed;
#[path = "../../examples/strategy.rs"]
mod strategy;

#[test]
fn the_strategy_plays_the_bundled_recording() {
    strategy::main().unwrap();
}

#[test]
fn a_strategy_takes_less_than_forty_lines() {
    assert!(include_str!("../../examples/strategy.rs").lines().count() < 40);
}

#[test]
fn every_example_says_that_it_simulates() {
    for source in [
        include_str!("../../examples/bot.rs"),
        include_str!("../../examples/follow.rs"),
        include_str!("../../examples/price_feed.rs"),
        include_str!("../../examples/strategy.rs"),
    ] {
        assert!(source.contains("println!(\"Simulated"), "{source}");
    }
}

#[tokio::test]
async fn the_price_feed_feeds_a_pipeline() {
    let files = tempdir();
    let (ended, held_back) = price_feed::run(short_recording(files.path()), files.path(), 1).await.unwrap();
    assert!(ended.decisions > 100, "{} decisions", ended.decisions);
    assert_eq!(ended.facts_not_stored, 0);
    assert!((1..100).contains(&held_back), "{held_back} prices jumped by more than a basis point");
}

#[tokio::test]
async fn the_bot_trades_and_ties_out() {
    let files = tempdir();
    let (ended, tie_out) = bot::run(short_recording(files.path()), files.path()).await.unwrap();
    let trades: Vec<_> = ended.engine.trades().map(ToString::to_string).collect();
    let [trade] = &trades[..] else { panic!("one trade, not {trades:?}") };
    assert!(trade.contains(", settled, pnl "), "{trade}");
    assert!(tie_out.is_zero(), "{tie_out}");
}

#[tokio::test]
async fn trades_are_followed_in_the_program_that_runs() {
    let files = tempdir();
    let options = recio::demo::DemoOptions {
        recording: Some(short_recording(files.path())),
        ..recio::demo::DemoOptions::in_dir(files.path())
    };
    let (report, states) = follow::run(options).await.unwrap();
    let [trade] = &report.trades[..] else { panic!("one trade, not {:?}", report.trades) };
    assert!(states.len() > 1 && states.iter().all(|state| state.id == trade.id), "{states:?}");
    assert_eq!(states.last(), Some(trade), "the last state that was followed is how it ended");
}
