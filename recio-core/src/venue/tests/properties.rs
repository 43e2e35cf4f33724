//! What holds after any sequence of recorded changes and orders.

use super::{account, at, market, order, ticker};
use crate::market::{BookSide, Level, MarketResult, PublicTrade, Side};
use crate::trade::{FeeSchedule, ReportedStatus, TimeInForce};
use crate::units::{ExchangeOrderId, Money, Price, Quantity};
use crate::venue::{BookView, NewOrder, RefusalCode, SelfTradePrevention, Venue, VenueEventKind, VenueOptions};
use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest, strategy::Strategy};
use std::collections::BTreeMap;

/// One call to the venue, from small numbers so that calls meet each other.
#[derive(Clone, Debug)]
enum Step {
    Delta { ask: bool, cents: u16, change: i64 },
    Snapshot { bids: Vec<(u16, u64)>, asks: Vec<(u16, u64)> },
    Print { yes: bool, cents: u16, hundredths: u64 },
    Place { who: usize, ask: bool, cents: u16, hundredths: u64, kind: u8, id: u8 },
    Cancel { which: usize },
    Wait { seconds: i64 },
    Halt,
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    let side = proptest::bool::ANY;
    // Bids and asks of the recording mostly keep apart; at 50 they touch, so that crossed data occur.
    let delta = (side, 0_u16..9, -700_i64..900).prop_map(|(ask, level, change)| Step::Delta {
        ask,
        cents: if ask { 50 + level } else { 50 - level },
        change,
    });
    let levels = || vec((1_u16..8, 1_u64..900), 0..4);
    let snapshot = (levels(), levels()).prop_map(|(bids, asks)| Step::Snapshot {
        bids: bids.into_iter().map(|(level, size)| (50 - level, size)).collect(),
        asks: asks.into_iter().map(|(level, size)| (50 + level, size)).collect(),
    });
    let print =
        (side, 44_u16..57, 1_u64..900).prop_map(|(yes, cents, hundredths)| Step::Print { yes, cents, hundredths });
    let place = (0_usize..2, side, 42_u16..59, 1_u64..1_500, 0_u8..8, 0_u8..60)
        .prop_map(|(who, ask, cents, hundredths, kind, id)| Step::Place { who, ask, cents, hundredths, kind, id });
    prop_oneof![
        8 => delta,
        1 => snapshot,
        3 => print,
        10 => place,
        2 => (0_usize..40).prop_map(|which| Step::Cancel { which }),
        2 => (0_i64..40).prop_map(|seconds| Step::Wait { seconds }),
        1 => proptest::strategy::Just(Step::Halt),
        1 => proptest::strategy::Just(Step::Pause),
    ]
}

fn new_order(step: &Step, seconds: i64) -> Option<(usize, NewOrder)> {
    let &Step::Place { who, ask, cents, hundredths, kind, id } = step else { return None };
    let time_in_force = match kind {
        0..=3 => TimeInForce::GoodTillCanceled,
        4 | 5 => TimeInForce::ImmediateOrCancel,
        _ => TimeInForce::FillOrKill,
    };
    let side = if ask { BookSide::Ask } else { BookSide::Bid };
    Some((
        who,
        NewOrder {
            client_order_id: Some(format!("id-{id}").parse().unwrap()),
            quantity: Quantity::from_hundredths(hundredths).unwrap(),
            yes_price: Price::cents(cents),
            post_only: kind == 1,
            expiration: (kind == 2).then(|| at(seconds + 20)),
            cancel_on_pause: kind == 3,
            reduce_only: kind == 5,
            self_trade_prevention: if id % 2 == 0 {
                SelfTradePrevention::Maker
            } else {
                SelfTradePrevention::TakerAtCross
            },
            ..order(side, "0.50", "1", time_in_force)
        },
    ))
}

/// The visible book that a client has who only hears the events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard(BTreeMap<(BookSide, Price), i64>);

impl Heard {
    pub(super) fn hear(&mut self, kind: &VenueEventKind) {
        match kind {
            VenueEventKind::BookChange { book_side, yes_price, change_hundredths, .. } => {
                *self.0.entry((*book_side, *yes_price)).or_default() += change_hundredths;
                self.0.retain(|_, size| *size != 0);
            }
            VenueEventKind::BookSnapshot { bids, asks } => *self = Self::of(bids, asks),
            VenueEventKind::OrderUpdate(_)
            | VenueEventKind::Fill { .. }
            | VenueEventKind::PublicTrade(_)
            | VenueEventKind::Lifecycle(_)
            | VenueEventKind::Settled { .. } => {}
        }
    }

    pub(super) fn of(bids: &[Level], asks: &[Level]) -> Self {
        let rows = bids.iter().map(|l| (BookSide::Bid, l)).chain(asks.iter().map(|l| (BookSide::Ask, l)));
        Self(rows.map(|(side, l)| ((side, l.price), l.quantity.hundredths().cast_signed())).collect())
    }
}

fn levels(rows: &[(u16, u64)]) -> Vec<Level> {
    rows.iter()
        .map(|&(cents, size)| Level { price: Price::cents(cents), quantity: Quantity::from_hundredths(size).unwrap() })
        .collect()
}

proptest! {
    #[test]
    fn the_books_are_right_after_every_step(steps in vec(step(), 1..90), cash in 1_i32..40, yes_wins: bool) {
        let names = [account("ann"), account("bob")];
        let mut venue = Venue::new(VenueOptions::default(), at(0));
        venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
        for name in &names {
            venue.open_account(name.clone(), Money::dollars(cash)).unwrap();
        }
        let (mut seconds, mut heard, mut halted, mut paused) = (0_i64, Heard::default(), false, false);
        let mut placed_ids: Vec<(usize, ExchangeOrderId)> = Vec::new();
        let mut used: Vec<(usize, String)> = Vec::new();
        for step in &steps {
            let now = at(seconds);
            match step {
                Step::Delta { ask, cents, change } => {
                    let side = if *ask { BookSide::Ask } else { BookSide::Bid };
                    let before = venue.book(&ticker(), BookView::Recorded);
                    if venue.recorded_delta(&ticker(), side, Price::cents(*cents), *change, now).is_err() {
                        prop_assert_eq!(before, venue.book(&ticker(), BookView::Recorded));
                    }
                }
                Step::Snapshot { bids, asks } => {
                    venue.recorded_snapshot(&ticker(), &levels(bids), &levels(asks), now).unwrap();
                }
                Step::Print { yes, cents, hundredths } => {
                    let trade = PublicTrade {
                        id: "print".parse().unwrap(),
                        market: ticker(),
                        yes_price: Price::cents(*cents),
                        quantity: Quantity::from_hundredths(*hundredths).unwrap(),
                        taker_side: if *yes { Side::Yes } else { Side::No },
                        exchange_time: now,
                    };
                    venue.recorded_trade(&trade, now).unwrap();
                }
                Step::Place { who, .. } => {
                    let (_, order) = new_order(step, seconds).unwrap();
                    let name = &names[*who];
                    let id = (*who, order.client_order_id.as_ref().unwrap().to_string());
                    let before = venue.balance(name).unwrap();
                    match venue.place(name, order.clone(), now) {
                        Ok(placed) => {
                            prop_assert!(!used.contains(&id), "{:?} was accepted twice", id);
                            used.push(id);
                            let kept = venue.order(name, &placed.order_id).unwrap();
                            match order.time_in_force {
                                TimeInForce::FillOrKill => {
                                    prop_assert_eq!(kept.status, ReportedStatus::Executed);
                                    prop_assert_eq!(placed.filled, order.quantity);
                                }
                                TimeInForce::ImmediateOrCancel => prop_assert!(!kept.is_resting()),
                                TimeInForce::GoodTillCanceled => {}
                            }
                            if let Some(price) = placed.average_yes_price() {
                                let limit = Money::from_micros(i64::from(order.yes_price.units()) * 100);
                                prop_assert!(!order.post_only);
                                match order.book_side {
                                    BookSide::Bid => prop_assert!(price <= limit),
                                    BookSide::Ask => prop_assert!(price >= limit),
                                }
                            }
                            placed_ids.push((*who, placed.order_id));
                        }
                        Err(refusal) => {
                            if refusal.code == RefusalCode::FillOrKillInsufficientRestingVolume {
                                used.push(id);
                            }
                            prop_assert_eq!(before, venue.balance(name).unwrap(), "{}", refusal);
                        }
                    }
                }
                Step::Cancel { which } => {
                    if let Some((who, id)) = placed_ids.get(*which) {
                        let rested = venue.order(&names[*who], id).unwrap().is_resting();
                        let canceled = venue.cancel(&names[*who], id, now).is_ok();
                        prop_assert!(!canceled || rested);
                        prop_assert!(!venue.order(&names[*who], id).unwrap().is_resting() || !canceled);
                    }
                }
                Step::Wait { seconds: more } => {
                    seconds += more;
                    venue.advance(at(seconds));
                }
                Step::Halt if seconds < 900 => {
                    let changed = if halted { venue.activate(&ticker(), now) } else { venue.deactivate(&ticker(), now) };
                    changed.unwrap();
                    halted = !halted;
                }
                Step::Halt => {}
                Step::Pause => {
                    paused = !paused;
                    venue.pause_trading(paused, now);
                }
            }
            for event in venue.take_events() {
                if let VenueEventKind::Fill { .. } = event.kind {
                    prop_assert!(event.exchange_time < at(900), "a fill after the close");
                    prop_assert!(!halted && !paused || matches!(step, Step::Halt | Step::Pause));
                }
                heard.hear(&event.kind);
            }
            prop_assert_eq!(venue.audit(), Ok(()));
            let book = venue.book(&ticker(), BookView::Combined).unwrap();
            prop_assert_eq!(&heard, &Heard::of(&book.bids, &book.asks));
            let quote = venue.quote(&ticker()).unwrap();
            prop_assert_eq!((quote.bid, quote.ask), (book.bids.first().copied(), book.asks.first().copied()));
        }
        let result = if yes_wins { MarketResult::Yes } else { MarketResult::No };
        venue.determine(&ticker(), result, None, at(seconds.max(900))).unwrap();
        venue.settle(&ticker(), at(seconds.max(907))).unwrap();
        prop_assert_eq!(venue.audit(), Ok(()));
        for name in &names {
            let balance = venue.balance(name).unwrap();
            let pnl: Money = venue.settlements(name).map(|paid| paid.pnl_before_fees() - paid.held.fees).sum();
            prop_assert_eq!(balance.cash, Money::dollars(cash) + pnl);
            prop_assert_eq!(balance.reserved, Money::ZERO);
        }
    }
}
