//! What holds after any sequence of everything that accounts can ask for: orders and their changes, groups, subaccounts, transfers.

use super::properties::Heard;
use super::{account, amend, at, market, order, ticker};
use crate::market::{BookSide, Market, MarketResult, PublicTrade, Side};
use crate::trade::{FeeSchedule, TimeInForce};
use crate::units::{ExchangeOrderId, MarketTicker, Money, OrderGroupId, Price, Quantity};
use crate::venue::{
    Amend, BookView, Decrease, ExpirationChange, NewOrder, PostOnlyCross, SelfTradePrevention, Subaccount, Transfer,
    Venue, VenueOptions, Wallet,
};
use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest, strategy::Strategy};

/// The shards of the two markets.
const SHARDS: [u16; 2] = [2, 3];

/// One call to the venue, from small numbers so that calls meet each other.
#[derive(Clone, Debug)]
enum Step {
    Delta { ask: bool, cents: u16, change: i64 },
    Print { yes: bool, cents: u16, hundredths: u64 },
    Place { who: usize, place: u8, ask: bool, cents: u16, hundredths: u64, kind: u8, group: usize },
    Amend { which: usize, cents: u16, hundredths: u64, expiration: u8 },
    Decrease { which: usize, hundredths: u64, to: bool },
    Cancel { which: usize },
    CancelAll { who: usize, subaccount: Option<u8> },
    Group { which: usize, act: u8, limit: u32 },
    Move { who: usize, from: u8, to: u8, cents: i64, id: u8 },
    Wait { seconds: i64 },
    Pause,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let any = proptest::bool::ANY;
    let delta = (any, 0_u16..9, -700_i64..900).prop_map(|(ask, level, change)| Step::Delta {
        ask,
        cents: if ask { 50 + level } else { 50 - level },
        change,
    });
    let print =
        (any, 44_u16..57, 1_u64..900).prop_map(|(yes, cents, hundredths)| Step::Print { yes, cents, hundredths });
    let place = (0_usize..2, 0_u8..6, any, 42_u16..59, 1_u64..1_500, 0_u8..8, 0_usize..12).prop_map(
        |(who, place, ask, cents, hundredths, kind, group)| Step::Place {
            who,
            place,
            ask,
            cents,
            hundredths,
            kind,
            group,
        },
    );
    let amend = (0_usize..60, 42_u16..59, 0_u64..1_500, 0_u8..6)
        .prop_map(|(which, cents, hundredths, expiration)| Step::Amend { which, cents, hundredths, expiration });
    let decrease =
        (0_usize..60, 0_u64..900, any).prop_map(|(which, hundredths, to)| Step::Decrease { which, hundredths, to });
    let group = (0_usize..6, 0_u8..5, 1_u32..12).prop_map(|(which, act, limit)| Step::Group { which, act, limit });
    let cash = (0_usize..2, 0_u8..6, 0_u8..6, 1_i64..600, 0_u8..40).prop_map(|(who, from, to, cents, id)| Step::Move {
        who,
        from,
        to,
        cents,
        id,
    });
    prop_oneof![
        6 => delta,
        2 => print,
        14 => place,
        9 => amend,
        3 => decrease,
        2 => (0_usize..60).prop_map(|which| Step::Cancel { which }),
        1 => (0_usize..2, proptest::option::of(0_u8..3)).prop_map(|(who, subaccount)| Step::CancelAll { who, subaccount }),
        3 => group,
        4 => cash,
        2 => (0_i64..20).prop_map(|seconds| Step::Wait { seconds }),
        1 => proptest::strategy::Just(Step::Pause),
        1 => proptest::strategy::Just(Step::Reopen),
    ]
}

/// One of three subaccounts on one of two shards.
fn wallet(place: u8) -> Wallet {
    Wallet { subaccount: Subaccount::new(u16::from(place) / 2).unwrap(), shard: SHARDS[usize::from(place) % 2] }
}

fn other() -> MarketTicker {
    "KXOTHER-1".parse().unwrap()
}

/// The venue with what was done at it.
struct Play {
    venue: Venue,
    heard: [Heard; 2],
    orders: Vec<(usize, ExchangeOrderId)>,
    groups: Vec<(usize, Wallet, OrderGroupId)>,
    seconds: i64,
    paused: bool,
}

impl Play {
    fn new(cash: i32, options: VenueOptions) -> Self {
        let mut venue = Venue::new(options, at(0));
        venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
        let second = Market { ticker: other(), exchange_index: SHARDS[1], ..market() };
        venue.add_market(second, FeeSchedule::quadratic()).unwrap();
        for name in ["ann", "bob"].map(account) {
            let cash = SHARDS.map(|shard| (shard, Money::dollars(cash)));
            venue.open_account_on(name.clone(), &cash).unwrap();
            for shard in SHARDS {
                venue.create_subaccount(&name, shard, at(0)).unwrap();
                venue.create_subaccount(&name, shard, at(0)).unwrap();
            }
        }
        Self {
            venue,
            heard: [Heard::default(), Heard::default()],
            orders: Vec::new(),
            groups: Vec::new(),
            seconds: 0,
            paused: false,
        }
    }

    /// Does one step; `Some` says whose balances may not have changed, because the venue refused.
    fn take(&mut self, step: &Step) -> Option<usize> {
        let now = at(self.seconds);
        let names = ["ann", "bob"].map(account);
        let quantity = |hundredths| Quantity::from_hundredths(hundredths).unwrap();
        match *step {
            Step::Delta { ask, cents, change } => {
                let side = if ask { BookSide::Ask } else { BookSide::Bid };
                let _ = self.venue.recorded_delta(&ticker(), side, Price::cents(cents), change, now);
                None
            }
            Step::Print { yes, cents, hundredths } => {
                let trade = PublicTrade {
                    id: "print".parse().unwrap(),
                    market: ticker(),
                    yes_price: Price::cents(cents),
                    quantity: quantity(hundredths),
                    taker_side: if yes { Side::Yes } else { Side::No },
                    exchange_time: now,
                };
                self.venue.recorded_trade(&trade, now).unwrap();
                None
            }
            Step::Place { who, place, ask, cents, hundredths, kind, group } => {
                let wallet = wallet(place);
                let side = if ask { BookSide::Ask } else { BookSide::Bid };
                let tif = match kind {
                    0..=5 => TimeInForce::GoodTillCanceled,
                    6 => TimeInForce::ImmediateOrCancel,
                    _ => TimeInForce::FillOrKill,
                };
                let wanted = NewOrder {
                    market: if wallet.shard == SHARDS[0] { ticker() } else { other() },
                    yes_price: Price::cents(cents),
                    quantity: quantity(hundredths),
                    post_only: kind == 1,
                    expiration: (kind == 2).then(|| at(self.seconds + 20)),
                    cancel_on_pause: kind == 3,
                    self_trade_prevention: if kind % 2 == 0 {
                        SelfTradePrevention::Maker
                    } else {
                        SelfTradePrevention::TakerAtCross
                    },
                    subaccount: wallet.subaccount,
                    order_group: self.groups.get(group).map(|(_, _, group)| group.clone()),
                    ..order(side, "0.50", "1", tif)
                };
                match self.venue.place(&names[who], wanted, now) {
                    Ok(placed) => self.orders.push((who, placed.order_id)),
                    Err(_) => return Some(who),
                }
                None
            }
            Step::Amend { which, cents, hundredths, expiration } => {
                let (who, id) = self.orders.get(which)?.clone();
                let kept = self.venue.order(&names[who], &id).unwrap().clone();
                let wanted = Amend {
                    market: kept.terms.market.clone(),
                    subaccount: kept.wallet.subaccount,
                    yes_price: if cents % 3 == 0 { kept.terms.yes_price } else { Price::cents(cents) },
                    quantity: quantity(hundredths),
                    expiration: match expiration {
                        0 => ExpirationChange::Clear,
                        1 => ExpirationChange::Set(at(self.seconds + 7)),
                        _ => ExpirationChange::Keep,
                    },
                    ..amend(kept.terms.book_side, "0.50", "1")
                };
                let answer = self.venue.amend(&names[who], &id, &wanted, now);
                let after = self.venue.order(&names[who], &id).unwrap();
                match answer {
                    Ok(amended) => {
                        assert!(kept.is_resting() && !self.paused && wanted.quantity >= kept.filled);
                        assert_eq!(amended.filled, after.filled.checked_sub(kept.filled).unwrap());
                        if amended.filled.is_zero() && after.is_resting() {
                            assert_eq!(after.terms.quantity, wanted.quantity);
                        }
                        let moved = after.terms.yes_price != kept.terms.yes_price
                            || wanted.quantity.saturating_sub(kept.filled) > kept.remaining;
                        assert!(
                            !after.is_resting() || moved == (after.turn > kept.turn),
                            "only a better order loses its turn"
                        );
                        if let Some(price) = amended.average_yes_price() {
                            let limit = Money::from_micros(i64::from(wanted.yes_price.units()) * 100);
                            assert!(match wanted.book_side {
                                BookSide::Bid => price <= limit,
                                BookSide::Ask => price >= limit,
                            });
                        }
                        None
                    }
                    Err(_) => {
                        // Its expiration may have come with this call.
                        assert!(*after == kept || !after.is_resting());
                        Some(who)
                    }
                }
            }
            Step::Decrease { which, hundredths, to } => {
                let (who, id) = self.orders.get(which)?.clone();
                let kept = self.venue.order(&names[who], &id).unwrap().clone();
                let wanted = if to { Decrease::To(quantity(hundredths)) } else { Decrease::By(quantity(hundredths)) };
                let ahead = self.venue.queue_position(&names[who], &id);
                let answer = self.venue.decrease(&names[who], kept.wallet.subaccount, &id, wanted, now);
                if let Ok(left) = &answer {
                    assert!(left.remaining <= kept.remaining && left.filled.is_zero());
                    let after = self.venue.queue_position(&names[who], &id);
                    assert!(after.is_none() || after == ahead, "a decrease keeps its turn");
                }
                answer.is_err().then_some(who)
            }
            Step::Cancel { which } => {
                let (who, id) = self.orders.get(which)?.clone();
                let rested = self.venue.order(&names[who], &id).unwrap().is_resting();
                let canceled = self.venue.cancel(&names[who], &id, now).is_ok();
                assert!(!canceled || rested);
                None
            }
            Step::CancelAll { who, subaccount } => {
                let subaccount = subaccount.map(|number| Subaccount::new(u16::from(number)).unwrap());
                self.venue.cancel_all_of(&names[who], subaccount, now).unwrap();
                let left = self.venue.orders(&names[who]).filter(|order| {
                    order.is_resting() && subaccount.is_none_or(|wanted| order.wallet.subaccount == wanted)
                });
                assert_eq!(left.count(), 0);
                None
            }
            Step::Group { which, act, limit } => {
                let limit = Quantity::contracts(limit);
                let Some((who, wallet, group)) = self.groups.get(which).cloned() else {
                    let (who, wallet) = (which % 2, wallet(act));
                    let group = self.venue.create_group(&names[who], wallet, limit, now).unwrap();
                    self.groups.push((who, wallet, group));
                    return None;
                };
                let name = &names[who];
                match act {
                    0 => self.venue.trigger_group(name, wallet, &group, now),
                    1 | 2 => self.venue.reset_group(name, wallet, &group, now),
                    3 => self.venue.limit_group(name, wallet, &group, limit, now),
                    _ => {
                        self.groups.remove(which);
                        self.venue.delete_group(name, wallet, &group, now)
                    }
                }
                .unwrap();
                None
            }
            Step::Move { who, from, to, cents, id } => {
                let transfer = Transfer {
                    id: format!("t{id}").parse().ok(),
                    from: wallet(from),
                    to: wallet(to),
                    amount: Money::from_micros(cents * 10_000),
                };
                self.venue.transfer(&names[who], &transfer, now).is_err().then_some(who)
            }
            Step::Wait { seconds } => {
                self.seconds += seconds;
                self.venue.advance(at(self.seconds));
                None
            }
            Step::Pause => {
                self.paused = !self.paused;
                self.venue.pause_trading(self.paused, now);
                None
            }
            // As an account on paper does: written down, and read in another run.
            Step::Reopen => {
                let written = serde_json::to_string(&self.venue).unwrap();
                self.venue = serde_json::from_str(&written).unwrap();
                assert_eq!(serde_json::to_string(&self.venue).unwrap(), written);
                None
            }
        }
    }

    fn listen(&mut self) {
        for event in self.venue.take_events() {
            self.heard[usize::from(event.market != ticker())].hear(&event.kind);
        }
    }
}

proptest! {
    #[test]
    fn cash_contracts_and_queues_add_up(
        steps in vec(step(), 1..120),
        cash in 1_i32..25,
        outcomes in (0_u8..3, 0_u8..3),
        modes in 0_u8..4,
    ) {
        let options = VenueOptions {
            post_only_cross: if modes % 2 == 0 { PostOnlyCross::Refuse } else { PostOnlyCross::Cancel },
            cancel_all_tail: modes / 2 == 1,
            ..VenueOptions::default()
        };
        let mut play = Play::new(cash, options);
        let names = ["ann", "bob"].map(account);
        for step in &steps {
            play.venue.advance(at(play.seconds));
            let before = names.clone().map(|name| play.venue.wallets(&name).collect::<Vec<_>>());
            if let Some(who) = play.take(step) {
                let after: Vec<_> = play.venue.wallets(&names[who]).collect();
                prop_assert_eq!(&before[who], &after, "a refusal moves no cash: {:?}", step);
            }
            play.listen();
            prop_assert_eq!(play.venue.audit(), Ok(()), "{:?}", step);
            for (market, heard) in [ticker(), other()].iter().zip(&play.heard) {
                let book = play.venue.book(market, BookView::Combined).unwrap();
                prop_assert_eq!(heard, &Heard::of(&book.bids, &book.asks), "{:?}", step);
            }
        }
        let result = |outcome| match outcome {
            0 => MarketResult::Yes,
            1 => MarketResult::No,
            _ => MarketResult::Scalar("0.37".parse().unwrap()),
        };
        for market in [ticker(), other()] {
            play.venue.determine(&market, result(outcomes.0), None, at(901)).unwrap();
            play.venue.settle(&market, at(902)).unwrap();
            prop_assert_eq!(play.venue.audit(), Ok(()));
            play.venue.redetermine(&market, result(outcomes.1), None, at(903)).unwrap();
            play.venue.settle(&market, at(904)).unwrap();
            prop_assert_eq!(play.venue.audit(), Ok(()));
        }
        for name in &names {
            let balance = play.venue.balance(name).unwrap();
            let pnl: Money = play.venue.settlements(name).map(|paid| paid.pnl_before_fees() - paid.held.fees).sum();
            prop_assert_eq!(balance.cash, Money::dollars(cash) + Money::dollars(cash) + pnl);
            prop_assert_eq!(balance.reserved, Money::ZERO);
            prop_assert!(play.venue.wallet_positions(name).next().is_none());
        }
    }
}
