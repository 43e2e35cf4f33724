//! What the lane asks, and what it tells.

use super::*;
use crate::fact::Environment;
use crate::units::{RunId, Timestamp};

fn fact(number: u64) -> Fact {
    Fact {
        environment: Environment::Sim,
        account: "main".parse().unwrap(),
        subaccount: 0,
        exchange_index: 2,
        run: RunId::new("run").unwrap(),
        number,
        strategy: None,
        time: Timestamp::UNIX_EPOCH,
        body: FactBody::Alarm { text: "x".to_owned() },
    }
}

fn head(sequence: u64) -> StoreHead {
    StoreHead { sequence, hash: [7; 32] }
}

fn asks(lane: &mut StoreLane) -> String {
    match lane.next_task(Vec::new) {
        Some((StoreTask::Prove(head), pause)) => format!("prove {} after {pause:?}", head.sequence),
        Some((StoreTask::Append(batch), pause)) => format!("append {} after {pause:?}", batch.len()),
        Some((StoreTask::Compare(_), pause)) => format!("compare after {pause:?}"),
        None => "nothing".to_owned(),
    }
}

fn failed(why: &str, for_good: bool) -> StoreAnswer {
    StoreAnswer::Failed { for_good, why: why.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_down_proves_itself_takes_what_waits_and_agrees_before_it_counts_as_up() {
    let mut lane = StoreLane::default();
    assert_eq!(asks(&mut lane), "nothing");
    lane.push(fact(1)).unwrap();
    assert_eq!(asks(&mut lane), "append 1 after 0ns");
    assert_eq!(asks(&mut lane), "nothing", "one thing at a time");
    assert_eq!(lane.answered(StoreAnswer::Appended(Some(head(1)))), None);
    lane.push(fact(2)).unwrap();
    asks(&mut lane);
    assert_eq!(lane.answered(failed("gone", false)), Some(Err("gone".to_owned())));
    assert_eq!(asks(&mut lane), "prove 1 after 500ms");
    assert_eq!(lane.answered(failed("still gone", false)), None, "told once");
    assert_eq!(asks(&mut lane), "prove 1 after 500ms");
    assert_eq!(lane.answered(StoreAnswer::Proved), None);
    assert_eq!(asks(&mut lane), "append 1 after 0ns");
    assert_eq!(lane.answered(StoreAnswer::Appended(None)), None);
    assert_eq!(asks(&mut lane), "compare after 0ns");
    assert!(matches!(lane.answered(StoreAnswer::Differs("a".to_owned())), Some(Err(_))));
    assert_eq!(asks(&mut lane), "compare after 30s");
    assert_eq!(lane.answered(StoreAnswer::Differs("a".to_owned())), None);
    lane.push(fact(3)).unwrap();
    assert_eq!(asks(&mut lane), "append 1 after 0ns", "what comes may bring them together");
    lane.answered(StoreAnswer::Appended(Some(head(3))));
    asks(&mut lane);
    assert_eq!(lane.answered(StoreAnswer::Agrees), Some(Ok(())));
    assert_eq!((asks(&mut lane), lane.waiting(), lane.stored_before()), ("nothing".to_owned(), 0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_counts_as_down() {
    let mut lane = StoreLane::default();
    lane.push(fact(1)).unwrap();
    asks(&mut lane);
    assert_eq!(lane.patience_ends(), Some(Instant::now() + ANSWER_WITHIN));
    assert!(matches!(lane.lost_patience(), Some(Err(why)) if why.contains("5s")));
    assert_eq!(lane.patience_ends(), None);
    assert!(lane.is_down() && !lane.is_failing());
    // The answer comes after all.
    assert_eq!(lane.answered(StoreAnswer::Appended(Some(head(1)))), None);
    assert_eq!(asks(&mut lane), "prove 1 after 0ns");
    lane.answered(StoreAnswer::Proved);
    asks(&mut lane);
    assert_eq!(lane.answered(StoreAnswer::Agrees), Some(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_to_look_at_is_told_although_the_store_was_down_before() {
    let mut lane = StoreLane::default();
    lane.take_up(vec![(7, fact(1)), (8, fact(2))], Some(head(4)));
    assert_eq!((lane.stored_before(), lane.waiting()), (7, 2));
    assert_eq!(lane.waiting_from(8, 9).iter().map(|(place, _)| *place).collect::<Vec<_>>(), [8]);
    assert_eq!(asks(&mut lane), "prove 4 after 0ns", "nothing is written into a store that is not the one");
    assert!(
        matches!(lane.answered(failed("gone", false)), Some(Err(_))),
        "down from the start, and now it is known why"
    );
    assert_eq!(asks(&mut lane), "prove 4 after 500ms");
    assert_eq!(lane.answered(failed("another store", true)), Some(Err("another store".to_owned())));
    lane.push(fact(3)).unwrap();
    assert_eq!((asks(&mut lane), lane.waiting()), ("nothing".to_owned(), 3));
}
