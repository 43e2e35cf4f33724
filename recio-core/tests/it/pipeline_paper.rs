//! The pipeline on paper and in the shadow, in lockstep: with delays, twice the same, and tied out.

use crate::fakes::{At, Eager, Exchange, FakeConductor, FakeFeed, FakeMarketData, FakeStore, exchange};
use crate::settings::{MARKET, MODEL, close, config, monitor, start};
use recio_core::engine::{EngineConfig, OrderMode, Output, Wish};
use recio_core::market::{LifecycleEvent, MarketResult};
use recio_core::market_data::{MarketData, MarketEvent};
use recio_core::pipeline::{
    BuildError, Ended, PaperTerms, PaperVenue, Pipeline, PipelineBuilder, ReplayOptions, SteppedClock, replay,
};
use recio_core::units::{Money, Timestamp};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

fn after_close(seconds: i64) -> Timestamp {
    close() + jiff::SignedDuration::from_secs(seconds)
}

/// The parts of a run that are the same on paper and in the shadow, with its market data apart.
fn parts(folder: &Path, config: EngineConfig) -> (PipelineBuilder, Arc<dyn MarketData>, Arc<SteppedClock>) {
    let clock = Arc::new(SteppedClock::new(start()));
    let exchange = exchange();
    let (prices, feed) = unbounded_channel();
    let (books, market_data) = unbounded_channel();
    let at = outcome(books.clone());
    let until = after_close(90);
    let conductor =
        FakeConductor { clock: Arc::clone(&clock), exchange: Arc::clone(&exchange), prices, books, until, at };
    let builder = Pipeline::builder()
        .model(Arc::clone(&MODEL))
        .price_feed(FakeFeed(feed))
        .store(Arc::new(FakeStore(exchange)))
        .strategy(monitor(), Eager)
        .conductor(Arc::new(conductor))
        .journal(folder.join("intents.journal"))
        .input_log(folder.join("log"))
        .config(config);
    (builder, Arc::new(FakeMarketData(tokio::sync::Mutex::new(market_data))), clock)
}

/// The exchange says how the market ended.
fn outcome(books: UnboundedSender<MarketEvent>) -> At {
    Box::new(move |now: Timestamp, _: &mut Exchange| {
        let tell = |event| books.send(MarketEvent::Lifecycle { market: MARKET.parse().unwrap(), event }).unwrap();
        if now == after_close(1) {
            tell(LifecycleEvent::Determined { result: MarketResult::Yes, determined_time: now });
        } else if now == after_close(61) {
            tell(LifecycleEvent::Settled { settled_time: now });
        }
    })
}

async fn on_paper(folder: &Path) -> (Ended, Arc<PaperVenue>, String) {
    let (builder, data, clock) = parts(folder, config());
    let file = folder.join("intents.paper");
    let paper = PaperVenue::open(data, clock, "main".parse().unwrap(), &file, PaperTerms::default()).unwrap();
    let seen = Arc::new(Mutex::new(String::new()));
    let text = Arc::clone(&seen);
    let observer = move |now, output: &Output| {
        if !matches!(output.wish, Wish::Publish(_)) {
            text.lock().unwrap().push_str(&format!("{now:?} {output:?}\n"));
        }
    };
    let built = builder.market_data(paper.clone()).executor(paper.clone()).observe(observer).build();
    let ended = built.unwrap().run(CancellationToken::new()).await.unwrap();
    let text = seen.lock().unwrap().clone();
    (ended, paper, text)
}

#[tokio::test(start_paused = true)]
async fn on_paper_a_trade_lives_from_entry_to_settlement_and_ties_out_twice_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for turn in ["a", "b"] {
        let (ended, paper, text) = on_paper(&folder.path().join(turn)).await;
        let engine = &ended.engine;
        assert_eq!(engine.trades().count(), 1, "{text}");
        assert!(engine.is_at_rest() && engine.trades().all(|trade| trade.realized_pnl().is_some()), "{text}");
        let ledger = engine.ledger().unwrap();
        assert_eq!(ledger.tie_out(paper.cash()), Money::ZERO);
        assert_ne!(paper.cash(), paper.opening_cash());
        paper.audit().unwrap();
        let report = replay(&ended.input_log.unwrap(), &MODEL, ReplayOptions::default(), |_, _| {}).unwrap();
        assert!(report.is_identical(), "{report:?}");
        runs.push((text, ledger.ledger_hash()));
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(start_paused = true)]
async fn in_the_shadow_nothing_is_held_and_a_shadow_with_an_executor_is_no_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = || EngineConfig { orders: OrderMode::Recorded, ..config() };
    let (builder, data, _) = parts(&folder.path().join("a"), recorded());
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let observer = move |_, output: &Output| {
        assert!(!matches!(output.wish, Wish::Submit { .. } | Wish::Cancel(_)));
        *count.lock().unwrap() +=
            u32::from(matches!(&output.wish, Wish::Record(fact) if fact.kind() == "shadow_order"));
    };
    let built = builder.market_data(data).shadow(Money::dollars(100)).observe(observer).build();
    let ended = built.unwrap().run(CancellationToken::new()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), 1);
    assert_eq!((ended.engine.orders().count(), ended.engine.trades().count()), (0, 0));
    assert_eq!(ended.engine.ledger().unwrap().cash(), Money::dollars(100));

    for (turn, config, shadow) in [("b", recorded(), false), ("c", config(), true)] {
        let folder = folder.path().join(turn);
        let (builder, data, clock) = parts(&folder, config);
        let terms = PaperTerms::default();
        let paper = PaperVenue::open(data, clock, "main".parse().unwrap(), &folder.join("paper"), terms).unwrap();
        let builder = builder.market_data(paper.clone());
        let builder = if shadow { builder.shadow(Money::ZERO) } else { builder.executor(paper) };
        assert!(matches!(builder.build(), Err(BuildError::Shadow)));
    }
}
