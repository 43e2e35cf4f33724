//! Each invariant finds what breaks it: a check that cannot fail shows nothing.

use super::*;
use crate::simulation::{AtRisk, Known, OrderState};
use recio_core::fact::Environment;
use recio_core::market::BookSide;
use recio_core::trade::Liquidity;
use recio_core::units::{AccountName, Price, RunId};

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_356_000 + second).unwrap()
}

/// A simulation in which nothing happened.
struct Quiet {
    truth: AccountTruth,
    posts: BTreeMap<String, u64>,
    sent: Vec<SentOrder>,
    facts: Vec<Fact>,
    ledger: Option<Ledger>,
    record: Record,
    risk: RiskLimits,
    freshness: Freshness,
    killed: Option<(Timestamp, Timestamp)>,
}

impl Quiet {
    fn new() -> Self {
        let truth = AccountTruth {
            simulator: true,
            account: AccountName::new("sim-1").unwrap(),
            cash_start: Money::dollars(1_000),
            cash: Money::dollars(1_000),
            reserved: Money::ZERO,
            wallets: Vec::new(),
            positions: BTreeMap::new(),
            orders: Vec::new(),
            fills: Vec::new(),
            settlements: Vec::new(),
            posts_per_client_order_id: BTreeMap::new(),
        };
        let (risk, freshness) = (RiskLimits::default(), Freshness::default());
        let facts = vec![fact(FactBody::AccountOpened { cash: Money::dollars(1_000) })];
        let (posts, sent, record) = (BTreeMap::new(), Vec::new(), Record::default());
        Self { truth, posts, sent, facts, ledger: None, record, risk, freshness, killed: None }
    }

    fn seen(&self, now: Timestamp) -> Evidence<'_> {
        Evidence {
            truth: &self.truth,
            posts: &self.posts,
            sent: &self.sent,
            facts: &self.facts,
            ledger: self.ledger.as_ref(),
            record: &self.record,
            risk: &self.risk,
            freshness: &self.freshness,
            killed: self.killed,
            now,
        }
    }

    /// What is broken after every session.
    fn broken(&self) -> Vec<&'static str> {
        during(&self.seen(moment(1_000))).into_iter().map(|violation| violation.invariant).collect()
    }

    /// What is broken at rest, where store and exchange agree by what a client reads.
    fn broken_at_rest(&self) -> Vec<&'static str> {
        let agreed = Reconciliation {
            orders: 0,
            fills: 0,
            settlements: 0,
            cash_store: Money::ZERO,
            cash_exchange: Money::ZERO,
            tie_out: Money::ZERO,
            differences: Vec::new(),
        };
        let found = at_rest(&self.seen(moment(1_000)), &agreed, &[]);
        found.into_iter().map(|violation| violation.invariant).collect()
    }
}

fn fact(body: FactBody) -> Fact {
    Fact {
        environment: Environment::Sim,
        account: AccountName::new("sim-1").unwrap(),
        subaccount: 0,
        exchange_index: 2,
        run: RunId::new("run").unwrap(),
        number: 1,
        strategy: None,
        time: moment(0),
        body,
    }
}

fn fill(id: &str, book_side: BookSide) -> Fill {
    Fill {
        id: id.parse().unwrap(),
        order: "order-1".parse().unwrap(),
        client_order_id: None,
        market: "M".parse().unwrap(),
        book_side,
        yes_price: Price::cents(40),
        quantity: Quantity::contracts(1),
        fee: Money::from_micros(10_000),
        liquidity: Liquidity::Taker,
        exchange_time: moment(1),
    }
}

/// An order that breaks nothing but that no journal has it.
fn sent(second: i64) -> SentOrder {
    let heard = Some(moment(second));
    SentOrder {
        session: 1,
        time: moment(second),
        client_order_id: format!("id-{second}"),
        market: "M".parse().unwrap(),
        intent: None,
        purpose: Purpose::Entry,
        quantity: Quantity::contracts(1),
        limit: Price::cents(40),
        known: Known { price: heard, book: heard, book_whole: true, best: Some(Price::cents(40)) },
        at_risk: AtRisk::default(),
        latched: false,
        heard: Heard::Taken,
    }
}

#[test]
fn where_nothing_happened_nothing_is_broken() {
    let quiet = Quiet::new();
    assert_eq!((quiet.broken(), quiet.broken_at_rest()), (vec![], vec![]));
}

#[test]
fn i1_finds_an_order_that_was_sent_twice() {
    let mut quiet = Quiet::new();
    quiet.posts.insert("id-1".to_owned(), 1);
    assert_eq!(quiet.broken(), [""; 0]);
    quiet.posts.insert("id-1".to_owned(), 2);
    assert_eq!(quiet.broken(), ["I1"]);
}

#[test]
fn i2_finds_a_fill_that_is_missing_twice_there_or_made_up() {
    let mut quiet = Quiet::new();
    let owned = |fill: &Fill| fact(FactBody::Fill { fill: fill.clone(), trade: Some("run-1".parse().unwrap()) });
    let (buy, sell) = (fill("a", BookSide::Bid), fill("b", BookSide::Ask));
    quiet.truth.fills = vec![buy.clone(), sell.clone()];
    quiet.truth.cash = Money::dollars(1_000) - Money::from_micros(20_000);
    quiet.facts.extend([owned(&buy), owned(&sell)]);
    assert_eq!(quiet.broken_at_rest(), [""; 0]);
    let lost = quiet.facts.pop().unwrap();
    assert!(quiet.broken_at_rest().contains(&"I2"));
    quiet.facts.extend([lost.clone(), lost]);
    assert!(quiet.broken_at_rest().contains(&"I2"));
    quiet.facts.pop();
    quiet.facts.push(owned(&fill("c", BookSide::Bid)));
    assert!(quiet.broken_at_rest().contains(&"I2"));
}

#[test]
fn i3_finds_a_position_that_fills_do_not_make_and_a_fill_without_an_owner() {
    let mut quiet = Quiet::new();
    let (buy, sell) = (fill("a", BookSide::Bid), fill("b", BookSide::Ask));
    quiet.truth.cash = Money::dollars(1_000) - Money::from_micros(20_000);
    quiet.truth.fills = vec![buy.clone(), sell.clone()];
    quiet.facts.extend([buy, sell].map(|fill| fact(FactBody::Fill { fill, trade: None })));
    assert_eq!(quiet.broken_at_rest(), ["I3", "I3"]);
    quiet.truth.fills.pop();
    assert!(quiet.broken_at_rest().iter().filter(|broken| **broken == "I3").count() > 2);
}

#[test]
fn i4_finds_an_order_that_the_journal_does_not_have() {
    let mut quiet = Quiet::new();
    quiet.sent.push(sent(1));
    assert_eq!(quiet.broken(), ["I4"]);
}

#[test]
fn i5_finds_a_micro_dollar() {
    let mut quiet = Quiet::new();
    quiet.truth.cash -= Money::from_micros(1);
    assert_eq!((quiet.broken(), quiet.broken_at_rest()), (vec!["I5"], vec!["I5"]));

    let mut quiet = Quiet::new();
    let ledger = |micros| {
        let cash = Money::dollars(1_000) + Money::from_micros(micros);
        Some(Ledger::open(AccountName::new("sim-1").unwrap(), cash, moment(0)).unwrap())
    };
    quiet.ledger = ledger(0);
    assert_eq!(quiet.broken(), [""; 0]);
    quiet.ledger = ledger(1);
    assert_eq!(quiet.broken(), ["I5"]);
}

#[test]
fn i6_finds_a_way_back_and_a_fill_that_is_undone() {
    use OrderStatus as S;
    let state = |status, hundredths, reason: &str| OrderState {
        session: 1,
        order: "id-1".parse().unwrap(),
        status,
        filled: Quantity::from_hundredths(hundredths).unwrap(),
        reason: Some(reason.to_owned()),
    };
    let broken = |states: &[OrderState]| {
        let mut quiet = Quiet::new();
        quiet.record.order_states = states.to_vec();
        quiet.broken()
    };
    assert_eq!(broken(&[state(S::Unknown, 0, ""), state(S::Open, 0, ""), state(S::Filled, 100, "")]), [""; 0]);
    assert_eq!(broken(&[state(S::Canceled, 50, ""), state(S::Filled, 100, "")]), [""; 0]);
    assert_eq!(broken(&[state(S::Absent, 0, ""), state(S::Open, 0, "found at the exchange")]), [""; 0]);
    assert_eq!(broken(&[state(S::Absent, 0, ""), state(S::Open, 0, "")]), ["I6"]);
    assert_eq!(broken(&[state(S::Open, 0, ""), state(S::Unknown, 0, "")]), ["I6"]);
    assert_eq!(broken(&[state(S::Filled, 0, ""), state(S::Rejected, 0, "")]), ["I6"]);
    assert_eq!(broken(&[state(S::Open, 50, ""), state(S::Open, 0, "")]), ["I6"]);
}

#[test]
fn i7_finds_each_limit_that_is_exceeded() {
    let broken = |change: &dyn Fn(&mut SentOrder)| {
        let mut quiet = Quiet::new();
        quiet.sent.push(sent(1));
        change(&mut quiet.sent[0]);
        quiet.broken().into_iter().filter(|broken| *broken == "I7").count()
    };
    assert_eq!(broken(&|_| ()), 0);
    assert_eq!(broken(&|sent| sent.quantity = Quantity::contracts(11)), 1);
    assert_eq!(broken(&|sent| sent.at_risk.position = Quantity::contracts(21)), 1);
    assert_eq!(broken(&|sent| sent.at_risk.event = Money::from_micros(25_000_001)), 1);
    assert_eq!(broken(&|sent| sent.at_risk.total = Money::from_micros(50_000_001)), 1);
    assert_eq!(broken(&|sent| sent.known.best = Some(Price::cents(29))), 1);
    assert_eq!(broken(&|sent| sent.known.best = None), 1);
    let mut quiet = Quiet::new();
    quiet.sent = (0..3).map(|_| sent(1)).collect();
    assert!(quiet.broken().contains(&"I7"), "three in a second where two may be");
    quiet.sent = (0..31).map(|second| sent(2 * second - second / 30)).collect();
    assert!(quiet.broken().contains(&"I7"), "31 in a minute where 30 may be");
}

#[test]
fn i8_finds_what_left_under_the_latch() {
    let mut quiet = Quiet::new();
    quiet.sent = vec![sent(10), sent(300)];
    quiet.killed = Some((moment(10), moment(200)));
    assert!(!quiet.broken().contains(&"I8"));
    quiet.sent.push(sent(11));
    assert!(quiet.broken().contains(&"I8"));
    quiet.sent.pop();
    quiet.sent[1].latched = true;
    assert!(quiet.broken().contains(&"I8"));
}

#[test]
fn i9_finds_old_and_broken_data() {
    let broken = |change: &dyn Fn(&mut SentOrder)| {
        let mut quiet = Quiet::new();
        quiet.sent.push(sent(100));
        change(&mut quiet.sent[0]);
        quiet.broken().contains(&"I9")
    };
    assert!(!broken(&|sent| sent.known.price = Some(moment(98))));
    assert!(broken(&|sent| sent.known.price = Some(moment(97))));
    assert!(broken(&|sent| sent.known.price = None));
    assert!(broken(&|sent| sent.known.book = Some(moment(97))));
    assert!(broken(&|sent| sent.known.book_whole = false));
    let exit = |sent: &mut SentOrder, book| {
        sent.purpose = Purpose::Exit;
        sent.known = Known { price: None, book: Some(moment(book)), ..sent.known };
    };
    assert!(!broken(&|sent| exit(sent, 90)));
    assert!(broken(&|sent| exit(sent, 70)));
}
