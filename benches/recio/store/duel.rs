//! Two or more ways to the same end, measured by turns in short rounds: what else the machine does strikes all of them alike.

use criterion::{Criterion, SamplingMode, Throughput};
use std::time::Duration;

/// A way to do something so many times, and how long it took.
pub(super) type Way<'w> = (&'static str, Box<dyn FnMut(u64) -> Duration + 'w>);

/// How often criterion samples; each sample is a round of all ways.
const ROUNDS: usize = 40;

/// Measures ours, under `group/name`, with the bare ways beside it; `each` is how many things one pass makes. Criterion shows ours; what the
/// others took and the ratio are printed below it.
pub(super) fn duel(criterion: &mut Criterion, (group, name): (&str, &str), each: u64, mut ways: Vec<Way<'_>>) {
    let mut rounds: Vec<(u64, Vec<Duration>)> = Vec::new();
    let mut shown = criterion.benchmark_group(group);
    shown.sample_size(ROUNDS).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(each));
    shown.bench_function(name, |bencher| {
        bencher.iter_custom(|passes| {
            let mut took = vec![Duration::ZERO; ways.len()];
            // Who begins takes turns too.
            let first = rounds.len() % ways.len();
            for at in (first..ways.len()).chain(0..first) {
                took[at] = ways[at].1(passes);
            }
            let ours = took[0];
            rounds.push((passes, took));
            ours
        });
    });
    shown.finish();
    // Criterion warms up with rounds of other lengths.
    let passes = rounds.last().map_or(0, |(passes, _)| *passes);
    rounds.retain(|(of, _)| *of == passes);
    let keep = rounds.len().min(ROUNDS);
    print(&format!("{group}/{name}"), each * passes, &ways, &rounds[rounds.len() - keep..]);
}

#[expect(clippy::print_stdout, reason = "a bench speaks to whoever started it")]
fn print(name: &str, things: u64, ways: &[Way<'_>], rounds: &[(u64, Vec<Duration>)]) {
    // Nothing was measured: it was not asked for.
    if rounds.is_empty() {
        return;
    }
    for (at, (way, _)) in ways.iter().enumerate() {
        let seconds = quartiles(rounds.iter().map(|(_, took)| took[at].as_secs_f64() / things as f64));
        let [low, middle, high] = quartiles(rounds.iter().map(|(_, took)| took[at].div_duration_f64(took[0])));
        let (time, rate) = (seconds[1] * 1e6, 1.0 / seconds[1]);
        println!(
            "  {name}: {way} {time:.1} µs each, {rate:.0}/s; recio's rate over it {middle:.2} ({low:.2}–{high:.2}), {} rounds",
            rounds.len()
        );
    }
}

/// The first quartile, the median and the third.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}
