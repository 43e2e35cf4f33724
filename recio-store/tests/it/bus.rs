//! The bus in memory: the contract, facts told from a store, the engine's outputs, and followers that are told too little or wrong things.

use recio_core::engine::{EventView, Health, Notice, NoticeLevel, Output, Role, ServiceHealth, StrikeView, Wish};
use recio_core::fact::Fact;
use recio_core::market::{Asset, Family as MarketFamily, Level, Quote, Strike};
use recio_core::model::{Fair, UnknownReason};
use recio_core::store::{Store, StoreError, StoredFact};
use recio_core::units::{Money, Monotonic, Now};
use recio_store::bus::{
    Bus, BusObserver, Event, FactPublisher, FollowError, Follower, FollowerOptions, MemoryBus, PriceNow, Publisher,
    PublisherName, QuoteNow, Start, Subscription, ToldFact, Topic, contract,
};
use recio_store::contract::sample::{self, alarm, cash_moved, time, value};
use recio_store::{MemoryStore, verify};
use std::sync::Arc;
use std::time::Duration;

/// A follower that never reads the store because of quiet alone: what it sees, it sees for a reason.
fn patient() -> FollowerOptions {
    FollowerOptions { quiet: Duration::from_secs(3_600), interrupted: Duration::from_secs(3_600), page: 7 }
}

fn publisher(bus: &MemoryBus, epoch: u64) -> Publisher {
    Publisher::new(Arc::new(bus.clone()), PublisherName::new("trade_manager").unwrap(), epoch)
}

fn facts(from: u64, to: u64) -> Vec<Fact> {
    (from..=to).map(|number| cash_moved(number, Money::dollars(1))).collect()
}

async fn read(follower: &mut Follower, count: usize) -> Vec<StoredFact> {
    let mut facts = Vec::new();
    while facts.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(120), follower.next());
        facts.push(next.await.expect("facts come").unwrap());
    }
    facts
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::run(async || Arc::new(MemoryBus::new()) as Arc<dyn Bus>).await;
}

#[tokio::test]
async fn facts_are_told_in_order_with_their_place_in_the_store() {
    let (bus, store) = (MemoryBus::new(), MemoryStore::new());
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], Start::Newest).await.unwrap();
    store.append(&[alarm(1, "told before")]).await.unwrap();
    let teller = FactPublisher::new(publisher(&bus, 1));
    let reading = async {
        assert!(matches!(reader.next().await.unwrap(), Event::Gap(_)), "a start is told as a gap");
        let intent = sample::intent("c-1", 1);
        store.append(&[intent.clone(), cash_moved(1, Money::dollars(1))]).await.unwrap();
        for (sequence, topic) in [(2, "trades.intent"), (3, "trades.cash_moved")] {
            let Event::Message(delivery) = reader.next().await.unwrap() else { panic!("a fact is a message") };
            assert_eq!((delivery.envelope.fact, delivery.envelope.topic.as_str()), (Some(sequence), topic));
            let told: ToldFact = delivery.envelope.read().unwrap();
            let stored = store.facts(sequence - 1, 1).await.unwrap().remove(0);
            assert_eq!((told.fact, told.hash), (stored.fact, hex::encode(stored.hash)));
        }
    };
    tokio::select! {
        ended = teller.run(&store, Some(1), time(0)) => panic!("telling ended: {ended:?}"),
        () = reading => {}
    }
}

#[tokio::test]
async fn a_follower_has_every_fact_once_whatever_the_bus_does() {
    let (bus, store) = (MemoryBus::new(), Arc::new(MemoryStore::new()));
    store.append(&facts(1, 20)).await.unwrap();
    let mut follower = Follower::start(&bus, store.clone(), 5, patient()).await.unwrap();
    let mut seen = read(&mut follower, 15).await;
    assert_eq!(follower.counts().from_store, 15, "what was there comes from the store");

    let teller = FactPublisher::new(publisher(&bus, 1));
    let append = async |from, to| {
        store.append(&facts(from, to)).await.unwrap();
        store.facts(from - 1, (to - from + 1) as u32).await.unwrap()
    };
    for stored in append(21, 23).await {
        teller.tell(&stored).unwrap();
    }
    seen.extend(read(&mut follower, 3).await);
    assert_eq!(follower.counts().from_bus, 3, "what the bus tells needs no reading");

    // Told twice, in the wrong order, and not at all.
    let lost = append(24, 30).await;
    for at in [0, 0, 4, 2, 6] {
        teller.tell(&lost[at]).unwrap();
    }
    seen.extend(read(&mut follower, 7).await);

    // Facts that the store does not have, or has otherwise, and messages that are no facts.
    let mut forged = append(31, 31).await.remove(0);
    forged.fact = alarm(9, "send all the money");
    teller.tell(&forged).unwrap();
    forged.sequence = 900;
    teller.tell(&forged).unwrap();
    let foreign = publisher(&bus, 2);
    foreign.publish("trades.fill".parse().unwrap(), None, time(0), &"no fact").unwrap();
    seen.extend(read(&mut follower, 1).await);
    for stored in append(32, 40).await {
        teller.tell(&stored).unwrap();
    }
    seen.extend(read(&mut follower, 9).await);

    assert_eq!(seen, store.facts(5, 100).await.unwrap(), "every fact, once, in order, as the store has it");
    let counts = follower.counts();
    assert!(counts.repeated > 0 && counts.gaps > 0 && counts.unproved > 0, "{counts:?}");
    verify(&*store).await.unwrap();
}

#[tokio::test]
async fn a_follower_without_a_word_from_the_bus_reads_the_store() {
    let (bus, store) = (MemoryBus::new(), Arc::new(MemoryStore::new()));
    let options = FollowerOptions { quiet: Duration::from_millis(1), ..FollowerOptions::default() };
    let mut follower = Follower::start(&bus, store.clone(), 0, options).await.unwrap();
    store.append(&facts(1, 3)).await.unwrap();
    assert_eq!(read(&mut follower, 3).await, store.facts(0, 10).await.unwrap());
    assert_eq!(follower.counts().from_bus, 0);
}

#[tokio::test]
async fn a_gap_alone_makes_a_follower_read_the_store() {
    let (bus, store) = (MemoryBus::new(), Arc::new(MemoryStore::new()));
    let mut follower = Follower::start(&bus, store.clone(), 0, patient()).await.unwrap();
    store.append(&facts(1, 1)).await.unwrap();
    read(&mut follower, 1).await;
    // What was committed while nobody told: the teller's start is all that is heard.
    store.append(&facts(2, 3)).await.unwrap();
    publisher(&bus, 1).announce_gap(Topic::facts(), time(0), &"started").unwrap();
    assert_eq!(read(&mut follower, 2).await, store.facts(1, 10).await.unwrap());
}

#[tokio::test]
async fn a_follower_does_not_go_on_in_another_store() {
    let bus = MemoryBus::new();
    let store = Arc::new(MemoryStore::new());
    store.append(&facts(1, 3)).await.unwrap();
    let error = Follower::start(&bus, store, 4, patient()).await.unwrap_err();
    assert!(matches!(&error, FollowError::Store(StoreError::Damaged { sequence: 4, .. })), "{error}");
}

#[tokio::test]
async fn a_slow_reader_of_facts_is_told_of_the_gap_and_keeps_up_by_the_store() {
    let (bus, store) = (MemoryBus::new(), Arc::new(MemoryStore::new()));
    let mut follower =
        Follower::start(&bus, store.clone(), 0, FollowerOptions { page: 500, ..patient() }).await.unwrap();
    let mut reader = bus.subscribe(&["trades.cash_moved".parse().unwrap()], Start::Newest).await.unwrap();
    let kept = recio_store::bus::Family::Trades.kept() as u64;
    let teller = publisher(&bus, 1);
    for number in 1..=kept + 10 {
        teller.publish("trades.cash_moved".parse().unwrap(), None, time(0), &number).unwrap();
    }
    let mut first = bus.subscribe(&["trades.*".parse().unwrap()], Start::After("0-0".parse().unwrap())).await.unwrap();
    let Event::Message(delivery) = first.next().await.unwrap() else { panic!("messages are kept") };
    assert_eq!(delivery.envelope.sequence, 11, "a stream has an end");
    assert_eq!(told(&mut *reader).await, "gap: the bus has forgotten what was not read");
    assert_eq!(told(&mut *reader).await, "trades.cash_moved -");
    store.append(&facts(1, 1_200)).await.unwrap();
    assert_eq!(read(&mut follower, 1_200).await.len(), 1_200);
}

fn now() -> Now {
    Now { wall: time(1), mono: Monotonic(1) }
}

fn output(wish: Wish) -> Output {
    Output { role: Role::Coordinator, wish }
}

fn table(bid: &str) -> EventView {
    let mut view = EventView::new(
        value("hourly"),
        value("KXBTCD"),
        value("KXBTCD-26MAY1310"),
        (Asset::Btc, MarketFamily::of(&value("KXBTCD")).unwrap().1),
        time(0),
        time(3_600_000),
    );
    view.asset_price = Some(value("91204.11"));
    for (market, bid) in [("KXBTCD-26MAY1310-T91249.99", bid), ("KXBTCD-26MAY1310-T91499.99", "0.2")] {
        let strike = Strike::Greater { floor: value("91249.99") };
        let mut strike = StrikeView::new(value(market), strike, Fair::Unknown(UnknownReason::NoStrike));
        strike.quote = Some(Quote { bid: Some(Level { price: value(bid), quantity: value("3") }), ask: None });
        view.strikes.push(strike);
    }
    view
}

async fn told(reader: &mut dyn Subscription) -> String {
    match reader.next().await.unwrap() {
        Event::Message(delivery) => {
            format!("{} {}", delivery.envelope.topic, delivery.envelope.key.as_deref().unwrap_or("-"))
        }
        Event::Gap(gap) => format!("gap: {}", gap.reason),
        Event::Interrupted => "interrupted".to_owned(),
    }
}

#[tokio::test]
async fn the_engines_outputs_are_told_and_newer_ones_take_their_place() {
    let bus = MemoryBus::new();
    let mut reader =
        bus.subscribe(&["market_data.*".parse().unwrap(), "system.*".parse().unwrap()], Start::Newest).await.unwrap();
    let observer = BusObserver::new(publisher(&bus, 1));
    let mut observe = observer.observe();
    for bid in ["0.5", "0.55", "0.6"] {
        observe(now(), &output(Wish::Publish(Arc::new(table(bid)))));
    }
    observe(now(), &output(Wish::Supervised(Vec::new())));
    observe(now(), &output(Wish::WakeAt(time(0))));
    let notice = Notice { level: NoticeLevel::Warning, text: "no quotes".to_owned(), event: None };
    observe(now(), &output(Wish::Say(notice.clone())));
    assert!(bus.counts().topics.is_empty(), "the engine's path publishes nothing");
    observer.tell_waiting().unwrap();
    let mut all = Vec::new();
    for _ in 0..6 {
        all.push(told(&mut *reader).await);
    }
    assert_eq!(
        all,
        [
            "market_data.strike_table hourly/KXBTCD-26MAY1310",
            "market_data.price BTC",
            "market_data.quote KXBTCD-26MAY1310-T91249.99",
            "market_data.quote KXBTCD-26MAY1310-T91499.99",
            "market_data.active_trades all",
            "system.notice -",
        ]
    );
    assert_eq!(observer.counts().replaced, 2);
    let newest = bus.newest(&Topic::strike_table(), "hourly/KXBTCD-26MAY1310").await.unwrap().unwrap();
    assert_eq!(newest.read::<EventView>().unwrap(), table("0.6"), "the newest table is there to be read");
    let price: PriceNow = bus.newest(&Topic::price(), "BTC").await.unwrap().unwrap().read().unwrap();
    assert_eq!(price.price, Some(value("91204.11")));

    // Only what changed is told again.
    observe(now(), &output(Wish::Publish(Arc::new(table("0.7")))));
    observer.tell_waiting().unwrap();
    assert_eq!(told(&mut *reader).await, "market_data.strike_table hourly/KXBTCD-26MAY1310");
    assert_eq!(told(&mut *reader).await, "market_data.quote KXBTCD-26MAY1310-T91249.99");
    let health = |health, detail: &str| ServiceHealth { service: Role::Coordinator, health, detail: detail.to_owned() };
    observe(now(), &output(Wish::Health(vec![health(Health::Degraded, "late")])));
    observe(now(), &output(Wish::Health(vec![health(Health::Up, "1 event is in sight")])));
    observer.tell_waiting().unwrap();
    assert_eq!(told(&mut *reader).await, "system.health coordinator");
    assert_eq!(observer.counts().replaced, 3, "the newest health counts");
    let newest = bus.newest(&Topic::health(), "coordinator").await.unwrap().unwrap();
    assert_eq!(newest.read::<ServiceHealth>().unwrap(), health(Health::Up, "1 event is in sight"));
    let quote: QuoteNow =
        bus.newest(&Topic::quote(), "KXBTCD-26MAY1310-T91249.99").await.unwrap().unwrap().read().unwrap();
    assert_eq!(quote.quote.unwrap().bid.unwrap().price, value("0.7"));
}

#[tokio::test]
async fn too_many_notices_drop_the_oldest_and_tell_a_gap() {
    let bus = MemoryBus::new();
    let mut reader = bus.subscribe(&["system.*".parse().unwrap()], Start::Newest).await.unwrap();
    let observer = BusObserver::new(publisher(&bus, 1));
    let mut observe = observer.observe();
    for number in 0..1_030 {
        let text = format!("notice {number}");
        observe(now(), &output(Wish::Say(Notice { level: NoticeLevel::Info, text, event: None })));
    }
    observer.tell_waiting().unwrap();
    assert_eq!(observer.counts().dropped_notices, 6);
    assert_eq!(told(&mut *reader).await, "gap: its publisher says: \"6 notices were dropped\"");
    let Event::Message(delivery) = reader.next().await.unwrap() else { panic!("notices are messages") };
    assert_eq!(delivery.envelope.read::<Notice>().unwrap().text, "notice 6");
}

#[tokio::test]
async fn the_end_of_a_bus_is_told_after_its_last_message() {
    let bus = MemoryBus::new();
    let mut reader = bus.subscribe(&["user.*".parse().unwrap()], Start::Newest).await.unwrap();
    publisher(&bus, 1).publish("user.login".parse().unwrap(), None, time(0), &1).unwrap();
    drop(bus);
    assert!(matches!(reader.next().await, Ok(Event::Message(_))));
    assert!(matches!(reader.next().await, Err(recio_store::bus::BusError::Closed)));
}
