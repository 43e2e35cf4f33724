//! How fast recio's parts are, each beside the bare loop that is its limit where there is one. `benches/README.md` says how to read it.

mod book;
mod bus;
mod engine;
mod model;
mod money;
mod signing;
mod store;
mod support;

use criterion::Criterion;

fn main() {
    if let Some(url) = store::to_follow() {
        return store::follow_as_a_process(&url);
    }
    // Test runners start benches too, without this flag. There is nothing to be tested here, and the setup plays a whole demo.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    model::benches(&mut criterion);
    money::benches(&mut criterion);
    book::benches(&mut criterion);
    engine::benches(&mut criterion);
    signing::benches(&mut criterion);
    bus::benches(&mut criterion);
    store::benches(&mut criterion);
    criterion.final_summary();
}
