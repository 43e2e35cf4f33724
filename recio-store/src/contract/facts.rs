//! The part of the contract about facts: numbers, keys, chain.

use super::sample::{
    account_opened, alarm, cash_moved, decision, fill, filled, intent, order_changed, settled, shadow_order, time,
    trade, value,
};
use super::{all, append};
use crate::chain::{GENESIS, canonical, next_hash};
use crate::verify::verify;
use recio_core::fact::{Environment, Fact, FactBody};
use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{Appended, Store, StoreError};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity, Timestamp};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

pub(super) async fn an_empty_store_answers(store: &dyn Store) {
    assert_eq!(append(store, &[]).await, Appended::default(), "appending nothing to an empty store");
    assert!(all(store).await.is_empty(), "an empty store has no facts");
    assert!(store.trades().await.expect("trades").is_empty());
    assert!(store.orders().await.expect("orders").is_empty());
    assert!(store.fills().await.expect("fills").is_empty());
    assert!(store.positions().await.expect("positions").is_empty());
    assert!(store.settlements().await.expect("settlements").is_empty());
    assert_eq!(verify(store).await.expect("an empty store is sound").hash, GENESIS);
}

pub(super) async fn numbers_follow_the_order_of_appending(store: &dyn Store) {
    let facts: Vec<Fact> = (1..=7).map(|number| cash_moved(number, Money::dollars(1))).collect();
    assert_eq!(append(store, &facts[..4]).await, Appended { last_sequence: 4, added: 4 });
    assert_eq!(append(store, &facts[4..]).await, Appended { last_sequence: 7, added: 3 });
    let stored = all(store).await;
    assert_eq!(stored.iter().map(|one| one.sequence).collect::<Vec<_>>(), (1..=7).collect::<Vec<_>>());
    assert!(stored.iter().map(|one| &one.fact).eq(&facts), "facts come in the order of appending");
    for (after, limit, wanted) in
        [(0, 3, 0..3), (3, 3, 3..6), (6, 3, 6..7), (7, 3, 7..7), (99, 3, 7..7), (u64::MAX, 3, 7..7), (2, 0, 2..2)]
    {
        let page = store.facts(after, limit).await.expect("the store reads a page");
        assert_eq!(page, stored[wanted], "the page after {after}, at most {limit}");
    }
}

pub(super) async fn what_is_known_is_passed_over(store: &dyn Store) {
    let facts = [account_opened(Money::dollars(100)), cash_moved(1, Money::dollars(5)), alarm(1, "a")];
    append(store, &facts).await;
    let before = all(store).await;
    assert_eq!(append(store, &facts).await, Appended { last_sequence: 3, added: 0 }, "the answer to a write was lost");
    let mut told_again = facts[1].clone();
    told_again.time = time(77);
    told_again.run = value("run-2");
    assert_eq!(append(store, &[told_again]).await.added, 0, "time and run are not what makes a fact another one");
    assert_eq!(all(store).await, before, "what is known stays as it was first told");
    let fourth = cash_moved(2, Money::dollars(1));
    let group = [facts[0].clone(), fourth.clone(), facts[2].clone(), fourth];
    assert_eq!(append(store, &group).await, Appended { last_sequence: 4, added: 1 }, "a key twice in one group");
}

pub(super) async fn other_amounts_under_a_key_conflict(store: &dyn Store) {
    let first = fill("o", "f", "M", BookSide::Bid, "0.60", "1");
    append(store, &[filled(first.clone())]).await;
    let before = all(store).await;
    let mut other = first;
    other.fee = value("0.02");
    let group = [cash_moved(1, Money::dollars(1)), filled(other), cash_moved(2, Money::dollars(1))];
    match store.append(&group).await {
        Err(StoreError::Conflict { key }) => assert_eq!(key, "fill/o/f"),
        answer => panic!("another fee under the key of a fill gave {answer:?}"),
    }
    let twice = [cash_moved(1, Money::dollars(1)), cash_moved(1, Money::dollars(2))];
    let answer = store.append(&twice).await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "a conflict within one group gave {answer:?}");
    assert_eq!(all(store).await, before, "nothing of a group with a conflict is kept");
    assert_eq!(store.fills().await.expect("fills").len(), 1);
    assert_eq!(append(store, &group[..1]).await, Appended { last_sequence: 2, added: 1 }, "the store goes on");
    verify(store).await.expect("the store is sound after a conflict");
}

pub(super) async fn a_key_counts_within_its_scope(store: &dyn Store) {
    let fact = account_opened(Money::dollars(1));
    let others: [fn(&mut Fact); 4] = [
        |fact| fact.environment = Environment::KalshiDemo,
        |fact| fact.account = value("second"),
        |fact| fact.subaccount = 1,
        |fact| fact.exchange_index = 0,
    ];
    let mut facts = vec![fact.clone()];
    for change in others {
        let mut other = account_opened(Money::dollars(2));
        change(&mut other);
        facts.push(other);
    }
    assert_eq!(append(store, &facts).await.added, 5, "environment, account, subaccount and shard part the keys");
    assert_eq!(append(store, &facts).await.added, 0);
}

pub(super) async fn every_kind_comes_back_exactly(store: &dyn Store) {
    let mut fine = alarm(2, "quotes \" ' \\, lines \n\r\t, \u{0} and \u{1F4B8}, '); DROP TABLE facts; --");
    fine.time = Timestamp::from_nanosecond(1_778_677_200_123_456_789).expect("within jiff's years");
    fine.strategy = Some(value("hourly"));
    fine.environment = Environment::Kalshi;
    (fine.subaccount, fine.exchange_index) = (u8::MAX, u16::MAX);
    let mut early = cash_moved(u64::MAX, Money::from_micros(-i64::MAX));
    early.time = Timestamp::from_microsecond(-1).expect("within jiff's years");
    let facts = [
        account_opened(Money::from_micros(i64::MAX)),
        early,
        intent("c-1", 1),
        order_changed("c-1", Some("x-1"), OrderStatus::Rejected, "0"),
        filled(fill("x-1", "f-1", "M", BookSide::Ask, "0.0001", "0.01")),
        settled("M", MarketResult::Scalar(value("0.2501")), value("0.007499"), u32::MAX),
        trade("t-1", TradeStatus::Closed, Quantity::contracts(10)),
        decision(1),
        shadow_order("M"),
        alarm(1, ""),
        fine,
    ];
    append(store, &facts).await;
    let stored = all(store).await;
    for (wanted, got) in facts.iter().zip(&stored) {
        assert_eq!(&got.fact, wanted, "a fact comes back as it was");
    }
    assert_eq!(stored.len(), facts.len());
    verify(store).await.expect("a store with every kind of fact is sound");
}

pub(super) async fn the_chain_is_the_shared_one(store: &dyn Store) {
    let facts = [account_opened(Money::dollars(1)), intent("c-1", 1), alarm(1, "x")];
    append(store, &facts).await;
    let mut hash = GENESIS;
    for stored in all(store).await {
        hash = next_hash(&hash, &canonical(&stored.fact).expect("a fact has a canonical form"));
        assert_eq!(stored.hash, hash, "the hash of fact {}", stored.sequence);
    }
    let verified = verify(store).await.expect("the store is sound");
    assert_eq!((verified.last_sequence, verified.hash), (3, hash));
}

pub(super) async fn a_dropped_append_is_all_or_nothing(store: &dyn Store) {
    for polls in 0..8_u64 {
        let before = all(store).await.len();
        let group: Vec<Fact> = (0..5).map(|at| cash_moved(polls * 10 + at, Money::dollars(1))).collect();
        {
            let mut append = pin!(store.append(&group));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if append.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                std::thread::yield_now();
            }
        }
        // Whatever became of the dropped one: the same again leaves all of it, once.
        append(store, &group).await;
        assert_eq!(all(store).await.len(), before + group.len(), "an append dropped after {polls} polls");
    }
    verify(store).await.expect("the store is sound after dropped appends");
}

pub(super) async fn concurrent_appends_leave_no_hole(store: &dyn Store) {
    let groups: Vec<Vec<Fact>> =
        (0..4_u64).map(|group| (0..5).map(|at| cash_moved(group * 10 + at, Money::dollars(1))).collect()).collect();
    let (a, b, c, d) = tokio::join!(
        store.append(&groups[0]),
        store.append(&groups[1]),
        store.append(&groups[2]),
        store.append(&groups[3])
    );
    for answer in [a, b, c, d] {
        assert_eq!(answer.expect("appends wait for each other").added, 5);
    }
    let stored = all(store).await;
    assert_eq!(stored.len(), 20);
    for group in stored.chunks(5) {
        let tens: Vec<u64> = group.iter().map(|one| number(&one.fact) / 10).collect();
        assert!(tens.windows(2).all(|pair| pair[0] == pair[1]), "a group stays together: {tens:?}");
    }
    verify(store).await.expect("the store is sound after concurrent appends");
}

fn number(fact: &Fact) -> u64 {
    if let FactBody::CashMoved { number, .. } = &fact.body { *number } else { u64::MAX }
}
