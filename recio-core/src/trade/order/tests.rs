//! Readable lives of orders, the whole table of (state, event), and what holds in every life.

use super::*;
use crate::market::{Action, Side};
use crate::trade::{Liquidity, Purpose, TimeInForce};
use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, prop_assert_ne, proptest};

const STATES: [OrderStatus; 10] = [
    OrderStatus::Submitting,
    OrderStatus::Unknown,
    OrderStatus::AbsentProvisional,
    OrderStatus::Open,
    OrderStatus::CancelPending,
    OrderStatus::Filled,
    OrderStatus::Canceled,
    OrderStatus::Rejected,
    OrderStatus::NotSent,
    OrderStatus::Absent,
];

/// One word of a replay for each row of the table: two for acceptance, which may leave something resting or not.
const EVENTS: [&str; 12] = [
    "accept",
    "accept 0 left 0",
    "fill 1",
    "cancel",
    "cancel failed",
    "canceled",
    "rejected",
    "not sent",
    "unknown",
    "not found",
    "absent",
    "adopt",
];

fn order(contracts: &str) -> Order {
    Order::new(Intent {
        client_order_id: "ours".parse().unwrap(),
        number: 1,
        trade: "t".parse().unwrap(),
        strategy: "s".parse().unwrap(),
        market: "M".parse().unwrap(),
        event: "E".parse().unwrap(),
        close_time: Timestamp::UNIX_EPOCH,
        side: Side::Yes,
        action: Action::Buy,
        limit: Price::cents(50),
        quantity: contracts.parse().unwrap(),
        time_in_force: TimeInForce::GoodTillCanceled,
        post_only: false,
        purpose: Purpose::Entry,
        created_time: Timestamp::UNIX_EPOCH,
    })
}

fn fill(id: &str, quantity: &str) -> Fill {
    Fill {
        id: id.parse().unwrap(),
        order: "theirs".parse().unwrap(),
        client_order_id: None,
        market: "M".parse().unwrap(),
        book_side: BookSide::Bid,
        yes_price: Price::cents(44),
        quantity: quantity.parse().unwrap(),
        fee: Money::from_micros(100),
        liquidity: Liquidity::Maker,
        exchange_time: Timestamp::UNIX_EPOCH,
    }
}

/// Reads an event from words: `accept [filled] [left N]`, `fill N [#id]`, `canceled [filled]`, and the rest as they stand in [`EVENTS`].
/// A fill without an id gets a new one.
fn event(words: &str, order: &Order, count: usize) -> OrderEvent {
    let exchange_id = || "theirs".parse::<ExchangeOrderId>().unwrap();
    let parts: Vec<&str> = words.split_whitespace().collect();
    let quantity = |at: usize| parts.get(at).map_or(Quantity::ZERO, |text| text.parse().unwrap());
    match parts[..] {
        ["accept", ..] => {
            let filled = quantity(1);
            let remaining = if parts.len() > 3 { quantity(3) } else { order.intent.quantity.saturating_sub(filled) };
            OrderEvent::Accepted { exchange_id: exchange_id(), filled, remaining }
        }
        ["fill", quantity, id] => OrderEvent::Filled(fill(id, quantity)),
        ["fill", quantity] => OrderEvent::Filled(fill(&format!("new-{count}"), quantity)),
        ["cancel"] => OrderEvent::CancelRequested,
        ["cancel", "failed"] => OrderEvent::CancelFailed,
        ["canceled", ..] => OrderEvent::Canceled { filled: quantity(1) },
        ["rejected"] => OrderEvent::Rejected,
        ["not", "sent"] => OrderEvent::NotSent,
        ["unknown"] => OrderEvent::OutcomeUnknown,
        ["not", "found"] => OrderEvent::NotFound,
        ["absent"] => OrderEvent::ConfirmedAbsent,
        ["adopt"] => OrderEvent::Adopted { exchange_id: exchange_id() },
        _ => panic!("{words} is no event"),
    }
}

/// Lives an order from words, first `submit N`, and writes a line for each.
fn replay(script: &str) -> String {
    let mut steps = script.split(';').map(str::trim);
    let contracts = steps.next().and_then(|first| first.strip_prefix("submit ")).expect("a script starts with submit");
    let mut order = order(contracts);
    let mut lines = vec![line("submit", &order, "")];
    for (count, words) in steps.enumerate() {
        let event = event(words, &order, count);
        let note = match order.apply(&event) {
            Ok(Applied::Changed) => String::new(),
            Ok(Applied::AlreadyKnown) => "nothing new".to_owned(),
            Err(error) => error.to_string(),
        };
        lines.push(line(words, &order, &note));
    }
    lines.join("\n")
}

fn line(words: &str, order: &Order, note: &str) -> String {
    let (status, filled, may) = (format!("{:?}", order.status()), order.filled(), order.may_still_fill());
    format!("{words:<17} {status:<17} filled {filled} may fill {may}  {note}").trim_end().to_owned()
}

#[test]
fn a_fill_that_crosses_our_cancel_is_kept() {
    insta::assert_snapshot!(replay("submit 2; accept; cancel; fill 1 #a; canceled 1; fill 1 #late; fill 1 #late"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    accept            Open              filled 0.00 may fill 2.00
    cancel            CancelPending     filled 0.00 may fill 2.00
    fill 1 #a         CancelPending     filled 1.00 may fill 1.00
    canceled 1        Canceled          filled 1.00 may fill 0.00
    fill 1 #late      Filled            filled 2.00 may fill 0.00
    fill 1 #late      Filled            filled 2.00 may fill 0.00  nothing new
    ");
}

#[test]
fn fills_overtake_the_answer_and_come_twice() {
    insta::assert_snapshot!(replay("submit 3; fill 1 #a; fill 1 #a; accept 2 left 1; fill 1 #b; accept; fill 1 #c; fill 1 #c"), @r"
    submit            Submitting        filled 0.00 may fill 3.00
    fill 1 #a         Open              filled 1.00 may fill 2.00
    fill 1 #a         Open              filled 1.00 may fill 2.00  nothing new
    accept 2 left 1   Open              filled 1.00 may fill 2.00
    fill 1 #b         Open              filled 2.00 may fill 1.00
    accept            Open              filled 2.00 may fill 1.00  nothing new
    fill 1 #c         Filled            filled 3.00 may fill 0.00
    fill 1 #c         Filled            filled 3.00 may fill 0.00  nothing new
    ");
}

#[test]
fn an_immediate_order_that_gets_part_ends_when_its_fills_are_here() {
    insta::assert_snapshot!(replay("submit 3; accept 1.5 left 0; fill 0.5; fill 1"), @r"
    submit            Submitting        filled 0.00 may fill 3.00
    accept 1.5 left 0 Canceled          filled 0.00 may fill 1.50
    fill 0.5          Canceled          filled 0.50 may fill 1.00
    fill 1            Canceled          filled 1.50 may fill 0.00
    ");
    insta::assert_snapshot!(replay("submit 3; accept 3 left 0; fill 1; fill 2"), @r"
    submit            Submitting        filled 0.00 may fill 3.00
    accept 3 left 0   Open              filled 0.00 may fill 3.00
    fill 1            Open              filled 1.00 may fill 2.00
    fill 2            Filled            filled 3.00 may fill 0.00
    ");
}

#[test]
fn silence_is_not_an_answer() {
    insta::assert_snapshot!(replay("submit 2; unknown; rejected; not found; unknown; accept; not found; fill 2"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    unknown           Unknown           filled 0.00 may fill 2.00
    rejected          Unknown           filled 0.00 may fill 2.00  order ours: rejected cannot happen to an order that is Unknown
    not found         AbsentProvisional filled 0.00 may fill 2.00
    unknown           AbsentProvisional filled 0.00 may fill 2.00  nothing new
    accept            Open              filled 0.00 may fill 2.00
    not found         Open              filled 0.00 may fill 2.00  nothing new
    fill 2            Filled            filled 2.00 may fill 0.00
    ");
    insta::assert_snapshot!(replay("submit 2; unknown; not found; not found; absent; fill 1; adopt; fill 1; accept 1"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    unknown           Unknown           filled 0.00 may fill 2.00
    not found         AbsentProvisional filled 0.00 may fill 2.00
    not found         AbsentProvisional filled 0.00 may fill 2.00  nothing new
    absent            Absent            filled 0.00 may fill 0.00
    fill 1            Absent            filled 0.00 may fill 0.00  order ours: filled cannot happen to an order that is Absent
    adopt             Open              filled 0.00 may fill 2.00
    fill 1            Open              filled 1.00 may fill 1.00
    accept 1          Open              filled 1.00 may fill 1.00  nothing new
    ");
}

#[test]
fn a_failed_cancel_tells_nothing_of_the_order() {
    insta::assert_snapshot!(replay("submit 2; accept; cancel; unknown; cancel failed; cancel; fill 2; cancel failed; canceled 2"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    accept            Open              filled 0.00 may fill 2.00
    cancel            CancelPending     filled 0.00 may fill 2.00
    unknown           CancelPending     filled 0.00 may fill 2.00  nothing new
    cancel failed     Open              filled 0.00 may fill 2.00
    cancel            CancelPending     filled 0.00 may fill 2.00
    fill 2            Filled            filled 2.00 may fill 0.00
    cancel failed     Filled            filled 2.00 may fill 0.00  nothing new
    canceled 2        Filled            filled 2.00 may fill 0.00  nothing new
    ");
}

#[test]
fn a_report_that_lags_does_not_wake_a_canceled_order_but_adoption_does() {
    insta::assert_snapshot!(replay("submit 2; accept; cancel; canceled; accept; adopt; accept; cancel; canceled"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    accept            Open              filled 0.00 may fill 2.00
    cancel            CancelPending     filled 0.00 may fill 2.00
    canceled          Canceled          filled 0.00 may fill 0.00
    accept            Canceled          filled 0.00 may fill 0.00  nothing new
    adopt             Open              filled 0.00 may fill 2.00
    accept            Open              filled 0.00 may fill 2.00  nothing new
    cancel            CancelPending     filled 0.00 may fill 2.00
    canceled          Canceled          filled 0.00 may fill 0.00
    ");
}

#[test]
fn more_than_was_ordered_is_an_error() {
    insta::assert_snapshot!(replay("submit 2; accept; fill 1.5; fill 0.51; accept 2.01; canceled 3; fill 0.5; fill 0.01"), @r"
    submit            Submitting        filled 0.00 may fill 2.00
    accept            Open              filled 0.00 may fill 2.00
    fill 1.5          Open              filled 1.50 may fill 0.50
    fill 0.51         Open              filled 1.50 may fill 0.50  order ours: 2.01 filled of 2.00 ordered
    accept 2.01       Open              filled 1.50 may fill 0.50  order ours: 2.01 filled of 2.00 ordered
    canceled 3        Open              filled 1.50 may fill 0.50  order ours: 3.00 filled of 2.00 ordered
    fill 0.5          Filled            filled 2.00 may fill 0.00
    fill 0.01         Filled            filled 2.00 may fill 0.00  order ours: 2.01 filled of 2.00 ordered
    ");
}

#[test]
fn what_belongs_to_another_order_is_refused() {
    let accepted = || {
        let mut order = order("2");
        order.apply(&event("accept", &order, 0)).unwrap();
        order
    };
    let ours = fill("f", "1");
    for other in [
        Fill { order: "another".parse().unwrap(), ..ours.clone() },
        Fill { market: "N".parse().unwrap(), ..ours.clone() },
        Fill { book_side: BookSide::Ask, ..ours.clone() },
        Fill { client_order_id: Some("another".parse().unwrap()), ..ours.clone() },
    ] {
        let (mut order, before) = (accepted(), accepted());
        assert!(matches!(order.apply(&OrderEvent::Filled(other)), Err(OrderError::OtherOrder { .. })));
        assert_eq!(order, before);
    }
    let mut submitting = order("2");
    let foreign = Fill { client_order_id: Some("another".parse().unwrap()), ..ours.clone() };
    assert!(submitting.apply(&OrderEvent::Filled(foreign)).is_err(), "an order learns no id from another's fill");
    assert_eq!(submitting.exchange_id(), None);

    let mut order = accepted();
    order.apply(&OrderEvent::Filled(ours.clone())).unwrap();
    let before = order.clone();
    let fee = Fill { id: "g".parse().unwrap(), fee: Money::from_micros(i64::MAX), ..ours };
    assert!(matches!(order.apply(&OrderEvent::Filled(fee)), Err(OrderError::FeesTooLarge { .. })));
    assert_eq!(order, before);
}

#[test]
fn a_report_says_only_what_its_counts_bear_out() {
    let report = |status, filled: &str, remaining: &str| OrderReport {
        exchange_id: "theirs".parse().unwrap(),
        client_order_id: None,
        market: "M".parse().unwrap(),
        book_side: BookSide::Bid,
        yes_price: Price::cents(50),
        status,
        initial: "3".parse().unwrap(),
        filled: filled.parse().unwrap(),
        remaining: remaining.parse().unwrap(),
        created_time: None,
    };
    use ReportedStatus as R;
    let mut lines = Vec::new();
    for (status, filled, remaining) in [
        (R::Resting, "1", "2"),
        (R::Resting, "1", "0"),
        (R::Resting, "3", "0"),
        (R::Canceled, "1", "0"),
        (R::Canceled, "1", "2"),
        (R::Executed, "3", "0"),
        (R::Executed, "2", "0"),
        (R::Executed, "3", "1"),
        (R::Unknown, "1", "2"),
    ] {
        let mut order = order("3");
        let after = report(status, filled, remaining).event().map_or("nothing follows".to_owned(), |event| {
            order.apply(&event).unwrap();
            format!("{:?}, {} to come", order.status(), order.fills_to_come())
        });
        lines.push(format!("{status:?} {filled} filled {remaining} left: {after}"));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    Resting 1 filled 2 left: Open, 1.00 to come
    Resting 1 filled 0 left: nothing follows
    Resting 3 filled 0 left: Open, 3.00 to come
    Canceled 1 filled 0 left: Canceled, 1.00 to come
    Canceled 1 filled 2 left: Canceled, 1.00 to come
    Executed 3 filled 0 left: Open, 3.00 to come
    Executed 2 filled 0 left: nothing follows
    Executed 3 filled 1 left: nothing follows
    Unknown 1 filled 2 left: nothing follows
    ");
}

/// An order of two contracts in a state; nothing of it is filled unless all of it is.
fn in_state(status: OrderStatus) -> Order {
    let script = match status {
        OrderStatus::Submitting => "",
        OrderStatus::Unknown => "unknown",
        OrderStatus::AbsentProvisional => "unknown; not found",
        OrderStatus::Open => "accept",
        OrderStatus::CancelPending => "accept; cancel",
        OrderStatus::Filled => "fill 2",
        OrderStatus::Canceled => "accept; canceled",
        OrderStatus::Rejected => "rejected",
        OrderStatus::NotSent => "not sent",
        OrderStatus::Absent => "unknown; absent",
    };
    let mut order = order("2");
    for words in script.split(';').map(str::trim).filter(|words| !words.is_empty()) {
        order.apply(&event(words, &order, 99)).unwrap();
    }
    assert_eq!(order.status(), status);
    order
}

/// Every (state, event): the state after it, `=` where the order is as it was, `-` where the event is an error.
#[test]
fn the_whole_table() {
    let short = |text: &str| text.chars().take(9).collect::<String>();
    let head: Vec<String> = EVENTS.map(|words| format!("{:<9}", short(words.trim_start_matches("accept 0 ")))).to_vec();
    let mut lines = vec![format!("{:<17} {}", "", head.join(" ").trim_end())];
    for status in STATES {
        let mut row = format!("{:<17}", format!("{status:?}"));
        for words in EVENTS {
            let mut order = in_state(status);
            let cell = match order.apply(&event(words, &order, 0)) {
                Ok(Applied::AlreadyKnown) => "=".to_owned(),
                Ok(Applied::Changed) => short(&format!("{:?}", order.status())),
                Err(_) => "-".to_owned(),
            };
            row.push_str(&format!(" {cell:<9}"));
        }
        lines.push(row.trim_end().to_owned());
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
                      accept    left 0    fill 1    cancel    cancel fa canceled  rejected  not sent  unknown   not found absent    adopt
    Submitting        Open      Canceled  Open      -         -         Canceled  Rejected  NotSent   Unknown   -         -         -
    Unknown           Open      Canceled  Open      -         -         Canceled  -         -         =         AbsentPro Absent    -
    AbsentProvisional Open      Canceled  Open      -         -         Canceled  -         -         =         =         Absent    -
    Open              =         Canceled  Open      CancelPen =         Canceled  -         -         =         =         -         -
    CancelPending     =         Canceled  CancelPen =         Open      Canceled  -         -         =         =         -         -
    Filled            =         =         -         -         =         =         -         -         =         =         -         -
    Canceled          =         =         Canceled  -         =         =         -         -         =         =         -         Open
    Rejected          -         -         -         -         -         -         -         -         -         =         -         Open
    NotSent           -         -         -         -         -         -         -         -         -         =         -         Open
    Absent            -         -         -         -         -         -         -         -         -         =         -         Open
    ");
}

/// The table's events are all that there are: a new one does not compile here until it is added.
#[test]
fn the_table_has_every_event() {
    let row = |event: &OrderEvent| match event {
        OrderEvent::Accepted { .. } => 0,
        OrderEvent::Filled(_) => 2,
        OrderEvent::CancelRequested => 3,
        OrderEvent::CancelFailed => 4,
        OrderEvent::Canceled { .. } => 5,
        OrderEvent::Rejected => 6,
        OrderEvent::NotSent => 7,
        OrderEvent::OutcomeUnknown => 8,
        OrderEvent::NotFound => 9,
        OrderEvent::ConfirmedAbsent => 10,
        OrderEvent::Adopted { .. } => 11,
    };
    let rows: Vec<usize> = EVENTS.iter().map(|words| row(&event(words, &order("2"), 0))).collect();
    assert_eq!(rows, [0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}

proptest! {
    /// Any events in any order, most of them nonsense.
    #[test]
    fn in_every_life(
        steps in vec((0_usize..13, 0_u64..260, 0_u64..260, 0_usize..6), 1..60),
        quantity in 1_u64..250,
    ) {
        let size = Quantity::from_hundredths(quantity).unwrap();
        let mut order = order(&size.to_string());
        let part = |hundredths: u64| Quantity::from_hundredths(hundredths).unwrap();
        for (kind, a, b, id) in steps {
            let event = match kind {
                0 => OrderEvent::Accepted { exchange_id: "theirs".parse().unwrap(), filled: part(a), remaining: part(b) },
                5 => OrderEvent::Canceled { filled: part(a) },
                2 | 12 => OrderEvent::Filled(fill(&format!("f{id}"), &part(a / 4).to_string())),
                other => event(EVENTS[other], &order, id),
            };
            let before = order.clone();
            let applied = order.apply(&event);
            match applied {
                Err(_) | Ok(Applied::AlreadyKnown) => prop_assert_eq!(&order, &before),
                Ok(Applied::Changed) => prop_assert_ne!(&order, &before),
            }
            prop_assert!(order.filled() >= before.filled() && order.filled() <= size, "filled never falls, never exceeds");
            prop_assert!(order.reported_filled >= before.reported_filled && order.reported_filled <= size);
            prop_assert!(order.fees() >= before.fees() && order.fill_ids().is_superset(before.fill_ids()));
            prop_assert!(order.filled() <= order.reported_filled);
            prop_assert!(before.exchange_id().is_none() || order.exchange_id() == before.exchange_id());
            if before.status().is_final() && order.status() != before.status() {
                let adopted = matches!(event, OrderEvent::Adopted { .. }) && order.status() == OrderStatus::Open;
                let completed = matches!(event, OrderEvent::Filled(_))
                    && (before.status(), order.status()) == (OrderStatus::Canceled, OrderStatus::Filled);
                prop_assert!(adopted || completed, "{:?} to {:?} by {}", before.status(), order.status(), event.name());
            }
            prop_assert_eq!(order.status() == OrderStatus::Filled, order.filled() == size);
            prop_assert_eq!(order.may_still_fill() == size.saturating_sub(order.filled()) || order.status().is_final(), true);
            // The same event again says nothing new, or is refused.
            if applied.is_ok() {
                let once = order.clone();
                let again = order.apply(&event);
                prop_assert!(again != Ok(Applied::Changed), "{} twice", event.name());
                prop_assert_eq!(&order, &once);
            }
            let bytes = postcard::to_stdvec(&order).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Order>(&bytes).unwrap(), &order);
        }
    }

    /// Fills of one order in any order, each any number of times, around any answer: the same order at the end.
    #[test]
    fn the_order_of_arrival_does_not_matter(parts in vec(1_u64..100, 1..8), turns in vec(0_usize..8, 0..20), answer in 0_usize..8) {
        let total: u64 = parts.iter().sum();
        let size = Quantity::from_hundredths(total).unwrap();
        let fills: Vec<OrderEvent> = parts
            .iter()
            .enumerate()
            .map(|(n, &part)| OrderEvent::Filled(fill(&format!("f{n}"), &Quantity::from_hundredths(part).unwrap().to_string())))
            .collect();
        let accepted = OrderEvent::Accepted { exchange_id: "theirs".parse().unwrap(), filled: Quantity::ZERO, remaining: size };
        let mut straight = order(&size.to_string());
        straight.apply(&accepted).unwrap();
        for fill in &fills {
            straight.apply(fill).unwrap();
        }
        let mut other = order(&size.to_string());
        for (n, turn) in turns.into_iter().chain((0..fills.len()).rev()).enumerate() {
            if n == answer {
                other.apply(&accepted).unwrap();
            }
            other.apply(&fills[turn % fills.len()]).unwrap();
        }
        prop_assert_eq!(other.status(), OrderStatus::Filled);
        prop_assert_eq!(other, straight);
    }
}
