//! The engine: one step on a change of a book, one step with a whole cycle in it, and the replay of all that the demo was told.

use crate::support::{DemoRun, demo_run};
use criterion::{BatchSize, Criterion, Throughput};
use recio::core::engine::{Engine, EngineState, Input, Wish};
use recio::core::market::BookDelta;
use recio::core::market_data::MarketEvent;
use recio::core::pipeline::{LoggedInput, ReplayOptions, replay};
use recio::core::units::{QuantityChange, Timestamp};
use std::sync::Arc;

/// Steps are measured in the middle of the market's quarter hour, with all momentum and volatility there.
const MIDDLE: &str = "2026-05-13T13:08:00Z";

pub(crate) fn benches(criterion: &mut Criterion) {
    let run = demo_run();
    steps(criterion, run);
    whole_replay(criterion, run);
}

fn steps(criterion: &mut Criterion, run: &DemoRun) {
    let mut group = criterion.benchmark_group("engine_step");
    let (state, cycle, delta) = middle(run);

    group.bench_function("book_delta", |bencher| {
        // To and fro, so that the book stays as it is; at one moment, so that no cycle is due.
        let back = Input::Market(reversed(&delta.input));
        let mut engine = Engine::restore(Arc::clone(&run.config), Arc::clone(&run.model), state.clone());
        engine.handle(delta.now, &cycle.input);
        let mut forth = true;
        bencher.iter(|| {
            let outputs = engine.handle(delta.now, if forth { &delta.input } else { &back });
            forth = !forth;
            assert!(outputs.is_empty());
        });
    });
    group.bench_function("cycle", |bencher| {
        bencher.iter_batched_ref(
            || Engine::restore(Arc::clone(&run.config), Arc::clone(&run.model), state.clone()),
            |engine| engine.handle(cycle.now, &cycle.input),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// What the engine remembers in the middle, the next input that brings a cycle with views for strategies, and the first change of a book after it.
fn middle(run: &DemoRun) -> (EngineState, &LoggedInput, LoggedInput) {
    let middle: Timestamp = MIDDLE.parse().expect("a time of 2026");
    let mut engine = Engine::restore(Arc::clone(&run.config), Arc::clone(&run.model), run.state.clone());
    for (at, logged) in run.inputs.iter().enumerate() {
        let before = (logged.now.wall >= middle).then(|| engine.state().clone());
        let outputs = engine.handle(logged.now, &logged.input);
        let evaluates = outputs.iter().any(|output| matches!(output.wish, Wish::Evaluate(_)));
        if let (Some(before), true) = (before, evaluates) {
            let is_delta = |logged: &&LoggedInput| matches!(logged.input, Input::Market(MarketEvent::Delta { .. }));
            let delta = run.inputs[at + 1..].iter().find(is_delta).expect("the book changes all the time").clone();
            return (before, logged, LoggedInput { now: logged.now, ..delta });
        }
    }
    panic!("the recording has no cycle after {MIDDLE}");
}

fn reversed(input: &Input) -> MarketEvent {
    let Input::Market(MarketEvent::Delta { market, delta, exchange_time }) = input else {
        panic!("a change of a book was picked")
    };
    let change = QuantityChange::from_hundredths(-delta.change.hundredths()).expect("as large as the change itself");
    let delta = BookDelta { change, ..*delta };
    MarketEvent::Delta { market: market.clone(), delta, exchange_time: *exchange_time }
}

fn whole_replay(criterion: &mut Criterion, run: &DemoRun) {
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10).throughput(Throughput::Elements(run.inputs.len() as u64));
    group.bench_function("demo_recording", |bencher| {
        bencher.iter(|| {
            let report = replay(&run.log, &run.model, ReplayOptions::default(), |_, _| {}).expect("the log is whole");
            assert!(report.is_identical());
        });
    });
    group.bench_function("engine_alone", |bencher| {
        bencher.iter_batched_ref(
            || Engine::restore(Arc::clone(&run.config), Arc::clone(&run.model), run.state.clone()),
            |engine| {
                for logged in &run.inputs {
                    engine.handle(logged.now, &logged.input);
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}
