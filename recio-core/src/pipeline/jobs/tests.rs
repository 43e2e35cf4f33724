//! What stands between a gated order and its one request.

use super::*;
use crate::engine::gated_order::tests::order;
use crate::executor::{Accepted, AccountEvent, Canceled};
use crate::market::{Market, Series};
use crate::market_data::{MarketDataError, MarketEvent};
use crate::pipeline::{Journal, SteppedClock};
use crate::read::Read;
use crate::trade::{Fill, OrderReport, PositionReport, Settlement};
use crate::units::{MarketTicker, Money, Quantity};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Mutex;

/// Takes what it is given, and counts.
#[derive(Default)]
struct Counting {
    submits: Mutex<u32>,
    answer: Mutex<Option<ExecutorError>>,
}

#[async_trait]
impl Executor for Counting {
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError> {
        *self.submits.lock().unwrap() += 1;
        match self.answer.lock().unwrap().take() {
            Some(error) => Err(error),
            None => {
                let (filled, remaining) = (order.intent().quantity, Quantity::ZERO);
                Ok(Accepted { exchange_id: "X1".parse().unwrap(), filled, remaining })
            }
        }
    }
    async fn cancel(&self, _: &CancelOrder) -> Result<Canceled, ExecutorError> {
        Err(ExecutorError::NotFound)
    }
    async fn orders(&self, _: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        Err(ExecutorError::RateLimited)
    }
    async fn fills(&self, _: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        Ok(Read::Partial { got: Vec::new(), missing: "page 2".to_owned() })
    }
    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }
    async fn settlements(&self, _: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }
    async fn balance(&self) -> Result<Money, ExecutorError> {
        Ok(Money::ZERO)
    }
    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        std::future::pending().await
    }
}

struct NoMarkets;

#[async_trait]
impl MarketData for NoMarkets {
    async fn series(&self, _: &SeriesTicker) -> Result<Series, MarketDataError> {
        Err(MarketDataError::RateLimited)
    }
    async fn markets(&self, _: &SeriesTicker, _: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        Err(MarketDataError::RateLimited)
    }
    async fn follow(&self, _: &[MarketTicker]) -> Result<(), MarketDataError> {
        Ok(())
    }
    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        std::future::pending().await
    }
}

struct Desk {
    hands: Hands,
    executor: Arc<Counting>,
    folder: tempfile::TempDir,
}

/// A sender at second 100 of its clock, whose journal is the one that `journal` makes of a fresh file.
fn desk(journal: impl FnOnce(Journal) -> Journal) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let (fresh, ..) = Journal::open(&file(folder.path())).unwrap();
    let clock = SteppedClock::new(Timestamp::from_second(1_778_677_200).unwrap());
    clock.set(Timestamp::from_second(1_778_677_300).unwrap());
    let executor = Arc::new(Counting::default());
    let hands = Hands {
        executor: Arc::clone(&executor) as Arc<dyn Executor>,
        market_data: Arc::new(NoMarkets),
        clock: Arc::new(clock),
        journal: SharedJournal::new(journal(fresh)),
        kill_latch: Some(folder.path().join("kill")),
        halted: Arc::default(),
        writes_in_line: false,
        unjournaled: Arc::default(),
    };
    Desk { hands, executor, folder }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("intents.journal")
}

impl Desk {
    async fn submit(&self, number: u64) -> (SubmitOutcome, Vec<Input>) {
        self.hands.unjournaled.fetch_add(1, Ordering::AcqRel);
        let Submitted { mut inputs, journaled } = self.hands.clone().submit(order(number), "why".to_owned()).await;
        let Input::Submitted { outcome, .. } = inputs.remove(0) else { panic!("{inputs:?}") };
        // Without the journal the store waits until the engine has heard that nothing was sent.
        let waits = self.hands.unjournaled.swap(0, Ordering::AcqRel);
        assert_eq!(waits, usize::from(!journaled));
        (outcome, inputs)
    }

    fn sent(&self) -> u32 {
        *self.executor.submits.lock().unwrap()
    }

    fn journaled(&self) -> Vec<Option<SubmitOutcome>> {
        let recovered = Journal::read(&file(self.folder.path())).unwrap();
        recovered.intents.into_iter().map(|intent| intent.outcome).collect()
    }
}

#[tokio::test]
async fn an_order_is_written_down_sent_once_and_its_end_written_down() {
    let desk = desk(|journal| journal);
    let (outcome, more) = desk.submit(1).await;
    assert!(matches!(outcome, SubmitOutcome::Accepted(_)) && more.is_empty());
    assert_eq!((desk.sent(), desk.journaled()), (1, vec![Some(outcome)]));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent_and_the_engine_hears_of_it() {
    let desk = desk(Journal::failing);
    for number in 1..3 {
        let (outcome, more) = desk.submit(number).await;
        assert!(matches!(outcome, SubmitOutcome::NotSent { .. }), "{outcome:?}");
        assert!(matches!(more[..], [Input::JournalFailed { .. }]), "{more:?}");
    }
    assert_eq!((desk.sent(), desk.journaled()), (0, Vec::new()));
}

#[tokio::test]
async fn latch_halt_and_lateness_hold_back_right_before_the_request() {
    let desk = desk(|journal| journal);
    let held = |outcome: SubmitOutcome, word: &str| {
        let SubmitOutcome::NotSent { reason } = &outcome else { panic!("{outcome:?}") };
        assert!(reason.contains(word), "{reason}");
    };
    let latch = desk.folder.path().join("kill");
    std::fs::write(&latch, "").unwrap();
    held(desk.submit(1).await.0, "kill latch");
    std::fs::remove_file(&latch).unwrap();
    desk.hands.halted.store(true, Ordering::Release);
    held(desk.submit(2).await.0, "halted");
    desk.hands.halted.store(false, Ordering::Release);
    let late = Hands {
        clock: Arc::new(SteppedClock::new(Timestamp::from_second(1_778_677_400).unwrap())),
        ..desk.hands.clone()
    };
    late.unjournaled.fetch_add(1, Ordering::AcqRel);
    let Submitted { inputs, .. } = late.submit(order(3), "why".to_owned()).await;
    let Input::Submitted { outcome, .. } = inputs[0].clone() else { panic!() };
    held(outcome, "closed");
    assert_eq!((desk.sent(), desk.journaled().len()), (0, 3));
}

#[tokio::test]
async fn a_latch_that_cannot_be_looked_at_counts_as_set() {
    let mut desk = desk(|journal| journal);
    // A file is no folder, so nothing can be found out about what lies in it.
    desk.hands.kill_latch = Some(file(desk.folder.path()).join("kill"));
    assert!(matches!(desk.submit(1).await.0, SubmitOutcome::NotSent { .. }));
    assert_eq!(desk.sent(), 0);
}

#[tokio::test]
async fn every_error_is_either_an_end_or_unknown() {
    let unreachable = || ExecutorError::Unreachable("reset".into());
    let cases: [(ExecutorError, &str); 8] = [
        (ExecutorError::OutcomeUnknown("cut off".to_owned()), "unknown"),
        (unreachable(), "unknown"),
        (ExecutorError::NotSent("no route".to_owned()), "not sent"),
        (ExecutorError::Closed, "not sent"),
        (ExecutorError::Refused { code: "x".to_owned(), details: None }, "refused"),
        (ExecutorError::RateLimited, "refused"),
        (ExecutorError::Paused("x".to_owned()), "refused"),
        (ExecutorError::AuthLost("x".to_owned()), "refused"),
    ];
    for (error, wanted) in cases {
        let desk = desk(|journal| journal);
        let text = error.to_string();
        *desk.executor.answer.lock().unwrap() = Some(error);
        let outcome = desk.submit(1).await.0;
        let found = match &outcome {
            SubmitOutcome::Accepted(_) => "accepted",
            SubmitOutcome::Refused { .. } => "refused",
            SubmitOutcome::NotSent { .. } => "not sent",
            SubmitOutcome::Unknown { .. } => "unknown",
        };
        assert_eq!(found, wanted, "{text}");
        assert_eq!((desk.sent(), desk.journaled()), (1, vec![Some(outcome)]));
    }
}

#[tokio::test]
async fn a_reading_says_what_it_lacks() {
    let inputs = desk(|journal| journal).hands.read_account(7, None).await;
    let Input::AccountRead(read) = &inputs[0] else { panic!() };
    assert_eq!((read.number, read.is_whole(), read.orders.is_none()), (7, false, true));
    assert_eq!(read.problems, ["orders: the exchange asks for fewer requests"]);
}

/// Refuses every read for the key's sake, as long as it is told to.
struct Revoked;

#[async_trait]
impl Executor for Revoked {
    async fn submit(&self, _: GatedOrder) -> Result<Accepted, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn cancel(&self, _: &CancelOrder) -> Result<Canceled, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn orders(&self, _: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn fills(&self, _: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn settlements(&self, _: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn balance(&self) -> Result<Money, ExecutorError> {
        Err(ExecutorError::AuthLost("revoked".to_owned()))
    }
    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_refused_key_stops_entries_and_is_said_once() {
    let Desk { hands, .. } = desk(|journal| journal);
    let other_trouble = hands.clone().read_account(1, None).await;
    assert!(matches!(&other_trouble[..], [Input::AccountRead(_)]), "a rate limit is no reason: {other_trouble:?}");

    let hands = Hands { executor: Arc::new(Revoked), ..hands };
    let inputs = hands.read_account(2, None).await;
    let [Input::AccountRead(read), Input::Command(Command::ReduceOnly { reason })] = &inputs[..] else {
        panic!("{inputs:?}")
    };
    assert_eq!(read.problems.len(), 5);
    assert!(reason.contains("revoked") && reason.contains("a person has to look"), "{reason}");
}
