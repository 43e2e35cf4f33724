//! Recorded fills, repeats, late fills, amendments, and random markets against a plain count of cash.

use super::*;
use crate::market::{BookSide, MarketResult};
use crate::trade::{FeeSchedule, Liquidity};
use crate::units::{Price, Quantity};
use proptest::collection::vec;
use proptest::sample::Index;
use proptest::{prop_assert, prop_assert_eq, proptest};

const CASH: Money = Money::dollars(100);

fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_356_000 + second).unwrap()
}

fn ledger() -> Ledger {
    Ledger::open("demo".parse().unwrap(), CASH, at(0)).unwrap()
}

fn fill(id: &str, market: &str, book_side: BookSide, yes_price: &str, quantity: &str, fee: &str) -> Fill {
    Fill {
        id: id.parse().unwrap(),
        order: format!("order-{id}").parse().unwrap(),
        client_order_id: None,
        market: market.parse().unwrap(),
        book_side,
        yes_price: yes_price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        fee: usd(fee),
        liquidity: Liquidity::Taker,
        exchange_time: at(1),
    }
}

fn settlement(market: &str, result: MarketResult, revenue: &str) -> Settlement {
    let revenue = usd(revenue);
    Settlement { market: market.parse().unwrap(), event: "E".parse().unwrap(), result, revenue, settled_time: at(2) }
}

fn external(id: &str, kind: ExternalKind, amount: &str) -> ExternalCash {
    ExternalCash { id: id.into(), kind, amount: usd(amount), note: "test".into(), time: at(3) }
}

/// Everything booked, a transaction a line, and the balances at the end.
fn trace(ledger: &Ledger) -> String {
    let mut lines = Vec::new();
    for transaction in ledger.transactions() {
        let entries: Vec<String> = transaction.entries.iter().map(|e| format!("{} {}", e.account, e.amount)).collect();
        lines.push(format!("{} {}: {}", transaction.number, described(&transaction.booking), entries.join(", ")));
    }
    let balances: Vec<String> = ledger.balances().iter().map(|(account, sum)| format!("{account} {sum}")).collect();
    lines.push(format!("= {}", balances.join(", ")));
    ledger.check().unwrap();
    lines.join("\n")
}

/// The exchange's own numbers: three fills of June 2026 on its demo environment (`GET /portfolio/fills`), the fees it charged for each,
/// and its `GET /portfolio/positions` of the same moment, which says 2.500000 of cost and 0.018900 of fees.
#[test]
fn recorded_fills_make_the_recorded_position_and_fees() {
    let market = "KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP";
    let recorded = [
        ("83268e7f-cd64-6e51-e0f9-a7cb32f1d22d", "99ca79c3-4c96-4bfa-97c1-f924f37cc285", "0.9900", "0.000700"),
        ("441b3078-b4e4-4be1-36ee-6f536e5802bd", "e8051642-92f6-4296-a244-0b02e456b6a1", "0.9900", "0.000700"),
        ("f4a42159-b500-57c6-efa2-c31d94d916c1", "97ec18b7-10d3-4557-9de0-8598aad625f0", "0.5200", "0.017500"),
    ];
    let mut ledger = ledger();
    for (id, order, price, fee) in recorded {
        let fill = Fill { order: order.parse().unwrap(), ..fill(id, market, BookSide::Bid, price, "1.00", fee) };
        let computed = FeeSchedule::quadratic().taker_fee(fill.yes_price, fill.quantity).unwrap();
        assert_eq!(computed, fill.fee, "the fee that was charged is the fee that we compute");
        assert_eq!(ledger.record_fill(&fill).unwrap().len(), 1);
    }
    let held = ledger.holding(&market.parse().unwrap()).unwrap();
    assert_eq!((held.position(), held.cost()), ("3.00".parse().unwrap(), usd("2.500000")));
    assert_eq!((held.fees(), ledger.fees_total()), (usd("0.018900"), usd("0.018900")));
    // The balance recorded after the first two fills was 98.0186, from a start of 100.
    assert_eq!(ledger.transactions()[..3].iter().map(Transaction::cash).sum::<Money>(), usd("98.0186"));
    assert_eq!(ledger.tie_out(usd("97.4811")), Money::ZERO);
    assert_eq!(ledger.tie_out(usd("97.481101")), usd("0.000001"));
}

#[test]
fn a_day_of_trading_adds_up() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "3", "0.0504")).unwrap();
    ledger.record_fill(&fill("b", "M", BookSide::Ask, "0.70", "1", "0.0147")).unwrap();
    ledger.record_fill(&fill("c", "N", BookSide::Ask, "0.20", "2", "0.0224")).unwrap();
    ledger.record_external(&external("x", ExternalKind::Withdrawal, "-10")).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::Yes, "2"), 1).unwrap();
    ledger.record_settlement(&settlement("N", MarketResult::Yes, "0"), 1).unwrap();
    insta::assert_snapshot!(trace(&ledger), @r"
    1 opening 100.000000: cash 100.000000, opening equity -100.000000
    2 fill M bid 0.6000 3.00 0.050400: cash -1.850400, position M 1.800000, fees 0.050400
    3 fill M ask 0.7000 1.00 0.014700: cash 0.685300, position M -0.600000, fees 0.014700, realized pnl -0.100000
    4 fill N ask 0.2000 2.00 0.022400: cash -1.622400, position N 1.600000, fees 0.022400
    5 withdrawal -10.000000: cash -10.000000, external 10.000000
    6 settlement M yes 2.000000: cash 2.000000, position M -1.200000, realized pnl -0.800000
    7 settlement N yes 0.000000: position N -1.600000, realized pnl 1.600000
    = cash 89.212500, position M 0.000000, position N 0.000000, fees 0.087500, realized pnl 0.700000, opening equity -100.000000, external 10.000000
    ");
    insta::assert_snapshot!(ledger.economic_facts(), @r"
    recio ledger 1
    opening 100.000000
    fill M ask 0.7000 1.00 0.014700
    fill M bid 0.6000 3.00 0.050400
    fill N ask 0.2000 2.00 0.022400
    settlement M yes 2.000000
    settlement N yes 0.000000
    withdrawal -10.000000
    cash 89.212500
    ");
    insta::assert_snapshot!(ledger.ledger_hash(), @"52ff68afa102b26fc6ba15065aa0333f5bdaf664021b694c9fcd1bb44966c1f4");
    assert_eq!(ledger.realized() - ledger.fees_total(), ledger.cash() - CASH + usd("10"));
    assert_eq!(ledger.transactions_since(5).len(), 2);
    assert_eq!((ledger.transactions_since(0).len(), ledger.transactions_since(99).len()), (7, 0));
}

#[test]
fn telling_it_again_changes_nothing_and_telling_it_differently_is_refused() {
    let mut ledger = ledger();
    let first = fill("a", "M", BookSide::Bid, "0.60", "3", "0.0504");
    let paid = settlement("M", MarketResult::Yes, "3");
    let deposit = external("x", ExternalKind::Deposit, "5");
    ledger.record_fill(&first).unwrap();
    ledger.record_settlement(&paid, 1).unwrap();
    ledger.record_external(&deposit).unwrap();
    let before = ledger.clone();
    // The stream and the list give other times for one fill, and only the stream has our id.
    let from_stream = Fill { exchange_time: at(9), client_order_id: Some("c".parse().unwrap()), ..first.clone() };
    assert_eq!(ledger.record_fill(&from_stream), Ok(&[][..]));
    assert_eq!(ledger.record_settlement(&Settlement { settled_time: at(9), ..paid.clone() }, 1), Ok(&[][..]));
    assert_eq!(ledger.record_external(&deposit), Ok(&[][..]));
    let told = [
        ledger.record_fill(&Fill { fee: usd("0.0505"), ..first.clone() }).unwrap_err(),
        ledger.record_fill(&Fill { market: "N".parse().unwrap(), ..first }).unwrap_err(),
        ledger.record_settlement(&Settlement { revenue: usd("0"), result: MarketResult::No, ..paid }, 1).unwrap_err(),
        ledger.record_external(&ExternalCash { amount: usd("6"), ..deposit }).unwrap_err(),
    ]
    .map(|error| error.to_string());
    insta::assert_snapshot!(told.join("\n"), @r"
    fill a of order order-a is booked as fill M bid 0.6000 3.00 0.050400, and is now told as fill M bid 0.6000 3.00 0.050500; stop, and compare with the exchange
    fill a of order order-a is booked as fill M bid 0.6000 3.00 0.050400, and is now told as fill N bid 0.6000 3.00 0.050400; stop, and compare with the exchange
    settlement 1 of M is booked as yes 3.000000, and is now told as no 0.000000; stop, and compare with the exchange
    outside cash x is booked as deposit 5.000000, and is now told as deposit 6.000000; stop, and compare with the exchange
    ");
    assert_eq!(ledger, before);
}

#[test]
fn what_does_not_fit_is_not_booked() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "3", "0.0504")).unwrap();
    let before = ledger.clone();
    let huge = Fill { fee: Money::from_micros(i64::MAX), ..fill("h", "M", BookSide::Bid, "0.60", "1", "0") };
    let tiny = Fill { fee: Money::from_micros(i64::MIN), ..huge.clone() };
    let told = [
        ledger.record_settlement(&settlement("M", MarketResult::Yes, "2"), 1).unwrap_err(),
        ledger.record_settlement(&settlement("M", MarketResult::No, "0.01"), 1).unwrap_err(),
        ledger.record_settlement(&settlement("M", MarketResult::Scalar(Price::cents(50)), "1.49"), 1).unwrap_err(),
        ledger.record_settlement(&settlement("N", MarketResult::No, "0"), 1).unwrap_err(),
        ledger.record_external(&external("x", ExternalKind::Deposit, "-1")).unwrap_err(),
        ledger.record_external(&external("x", ExternalKind::Correction, "9223372036854.775807")).unwrap_err(),
        ledger.record_fill(&huge).unwrap_err(),
        ledger.record_fill(&tiny).unwrap_err(),
        ledger.record_fill(&fill("q", "M", BookSide::Bid, "0.01", "1000000000000", "0")).unwrap_err(),
    ]
    .map(|error| error.to_string());
    insta::assert_snapshot!(told.join("\n"), @r"
    settlement of M: the exchange paid 2.000000, our position of 3.00 is worth 3.000000; read the market's fills, then book it again
    settlement of M: the exchange paid 0.010000, our position of 3.00 is worth 0.000000; read the market's fills, then book it again
    settlement of M: the exchange paid 1.490000, our position of 3.00 is worth 1.500000; read the market's fills, then book it again
    settlement of N: no fill of it is booked; read the market's fills, then book it again
    deposit x of -1.000000: a deposit is above zero, a withdrawal below, a correction not zero
    account cash: the balance would be larger than recio handles; the amount cannot be right
    market M: position, cost or fees would be larger than recio handles; the fill cannot be right
    account cash: the balance would be larger than recio handles; the amount cannot be right
    market M: position, cost or fees would be larger than recio handles; the fill cannot be right
    ");
    assert_eq!(ledger, before);
}

#[test]
fn a_scalar_payout_may_be_rounded_to_the_cent() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "0.50", "0")).unwrap();
    let paid = settlement("M", MarketResult::Scalar("0.2530".parse().unwrap()), "0.13");
    ledger.record_settlement(&paid, 1).unwrap();
    assert_eq!((ledger.cash(), ledger.realized()), (usd("99.83"), usd("-0.17")));
    ledger.check().unwrap();
}

#[test]
fn an_amendment_takes_back_and_books_anew() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "3", "0.05")).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::Yes, "3"), 1).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::No, "0"), 2).unwrap();
    insta::assert_snapshot!(trace(&ledger), @r"
    1 opening 100.000000: cash 100.000000, opening equity -100.000000
    2 fill M bid 0.6000 3.00 0.050000: cash -1.850000, position M 1.800000, fees 0.050000
    3 settlement M yes 3.000000: cash 3.000000, position M -1.800000, realized pnl -1.200000
    4 reversal M: cash -3.000000, position M 1.800000, realized pnl 1.200000
    5 settlement M no 0.000000: position M -1.800000, realized pnl 1.800000
    = cash 98.150000, position M 0.000000, fees 0.050000, realized pnl 1.800000, opening equity -100.000000
    ");
    assert_eq!(ledger.settlement(&"M".parse().unwrap()).unwrap().0, 2);
    let before = ledger.clone();
    assert_eq!(ledger.record_settlement(&settlement("M", MarketResult::Yes, "3"), 1), Ok(&[][..]), "an old reading");
    assert!(ledger.record_settlement(&settlement("M", MarketResult::Yes, "2"), 3).is_err());
    assert_eq!(ledger, before);

    let mut straight = self::ledger();
    straight.record_fill(&fill("z", "M", BookSide::Bid, "0.60", "3", "0.05")).unwrap();
    straight.record_settlement(&settlement("M", MarketResult::No, "0"), 1).unwrap();
    assert_eq!(straight.ledger_hash(), ledger.ledger_hash(), "the outcome is the same, and so is the cash");

    // The other way round: what is paid in the end is checked against what was held when the market ended.
    straight.record_settlement(&settlement("M", MarketResult::Yes, "3"), 2).unwrap();
    assert_eq!((straight.cash(), straight.realized()), (usd("101.15"), usd("1.2")));
    straight.check().unwrap();
}

#[test]
fn a_late_fill_reopens_the_settlement_until_it_fits() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "3", "0")).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::No, "0"), 1).unwrap();
    // One more losing contract: the payout of nothing still fits.
    let made = ledger.record_fill(&fill("b", "M", BookSide::Bid, "0.50", "1", "0")).unwrap().len();
    assert_eq!((made, ledger.owed_settlements().count()), (3, 0));
    // Six contracts the other way would have been paid: something is still missing.
    let made = ledger.record_fill(&fill("c", "M", BookSide::Ask, "0.50", "6", "0")).unwrap().len();
    assert_eq!((made, ledger.owed_settlements().count(), ledger.settlement(&"M".parse().unwrap())), (2, 1, None));
    assert!(matches!(
        ledger.record_settlement(&settlement("M", MarketResult::No, "0"), 1),
        Err(LedgerError::PayoutDiffers { .. })
    ));
    let made = ledger.record_fill(&fill("d", "M", BookSide::Bid, "0.40", "2", "0")).unwrap().len();
    assert_eq!((made, ledger.owed_settlements().count()), (2, 0));
    insta::assert_snapshot!(trace(&ledger), @r"
    1 opening 100.000000: cash 100.000000, opening equity -100.000000
    2 fill M bid 0.6000 3.00 0.000000: cash -1.800000, position M 1.800000
    3 settlement M no 0.000000: position M -1.800000, realized pnl 1.800000
    4 reversal M: position M 1.800000, realized pnl -1.800000
    5 fill M bid 0.5000 1.00 0.000000: cash -0.500000, position M 0.500000
    6 settlement M no 0.000000: position M -2.300000, realized pnl 2.300000
    7 reversal M: position M 2.300000, realized pnl -2.300000
    8 fill M ask 0.5000 6.00 0.000000: cash 1.000000, position M -1.300000, realized pnl 0.300000
    9 fill M bid 0.4000 2.00 0.000000: cash 1.200000, position M -1.000000, realized pnl -0.200000
    10 settlement M no 0.000000: 
    = cash 99.900000, position M 0.000000, realized pnl 0.100000, opening equity -100.000000
    ");
    assert_eq!(ledger.record_settlement(&settlement("M", MarketResult::No, "0"), 1), Ok(&[][..]));
}

#[test]
fn saved_books_come_back_and_damaged_ones_do_not() {
    let mut ledger = ledger();
    ledger.record_fill(&fill("a", "M", BookSide::Bid, "0.60", "3", "0.05")).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::Yes, "3"), 1).unwrap();
    ledger.record_settlement(&settlement("M", MarketResult::No, "0"), 2).unwrap();
    ledger.record_external(&external("x", ExternalKind::Correction, "-0.000001")).unwrap();
    let bytes = postcard::to_stdvec(&ledger).unwrap();
    assert_eq!(postcard::from_bytes::<Ledger>(&bytes).unwrap(), ledger);
    let json = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);

    for (was, is) in
        [("\"fee\":\"0.050000\"", "\"fee\":\"0.050001\""), ("-1.850000", "-1.840000"), ("\"number\":3", "\"number\":4")]
    {
        let damaged = json.replacen(was, is, 1);
        assert_ne!(damaged, json, "{was}");
        assert!(serde_json::from_str::<Ledger>(&damaged).is_err(), "{was}");
    }
    let saved = Saved::from(ledger);
    // Something twice, with the number it would have: refused by its key, not by its entries.
    let twice = |at: usize| {
        let repeated = Transaction { number: at as u64 + 2, ..saved.transactions[at].clone() };
        [&saved.transactions[..=at], &[repeated]].concat()
    };
    // A second payout of nothing onto a flat market moves no amount, and is refused all the same.
    let mut paid_twice = twice(4);
    paid_twice[5].entries.clear();
    let opening_missing = saved.transactions[1..].to_vec();
    for transactions in [vec![], opening_missing, paid_twice, twice(0), twice(1), twice(2), twice(3), twice(5)] {
        assert!(Ledger::try_from(Saved { account: saved.account.clone(), transactions }).is_err());
    }
}

proptest! {
    /// Any fills over three markets, told in any order and any number of times, then settled: cash is the plain sum, the books are in
    /// balance after every step, and two orders of telling have one hash.
    #[test]
    fn books_add_up_whatever_comes(
        fills in vec((0_usize..3, proptest::bool::ANY, 1_u16..10_000, 1_u64..500, 0_i64..20_000), 1..25),
        again in vec(proptest::num::usize::ANY, 0..10),
        early in proptest::bool::ANY,
        yes in proptest::array::uniform3(proptest::bool::ANY),
        swap in proptest::arbitrary::any::<Index>(),
    ) {
        let markets = ["M0", "M1", "M2"];
        let mut told: Vec<Fill> = fills
            .iter()
            .enumerate()
            .map(|(n, &(market, bid, price, quantity, fee))| Fill {
                yes_price: Price::from_units(price).unwrap(),
                quantity: Quantity::from_hundredths(quantity).unwrap(),
                fee: Money::from_micros(fee),
                ..fill(&n.to_string(), markets[market], if bid { BookSide::Bid } else { BookSide::Ask }, "0", "0", "0")
            })
            .collect();
        let (mut positions, mut cash) = ([Position::FLAT; 3], CASH);
        for (n, &(market, ..)) in fills.iter().enumerate() {
            let flow = told[n].net(positions[market]).unwrap();
            positions[market] = flow.position;
            cash += flow.proceeds - flow.cost - told[n].fee;
        }
        let payments: Vec<Settlement> = (0..3)
            .filter(|&m| fills.iter().any(|fill| fill.0 == m))
            .map(|m| {
                let result = if yes[m] { MarketResult::Yes } else { MarketResult::No };
                let revenue = Settlement::payout(result, positions[m]);
                Settlement { revenue, ..settlement(markets[m], result, "0") }
            })
            .collect();
        cash += payments.iter().map(|payment| payment.revenue).sum();

        let mut ledger = ledger();
        for n in 0..told.len() {
            ledger.record_fill(&told[n]).unwrap();
            if let Some(repeat) = again.get(n) {
                prop_assert!(ledger.record_fill(&told[repeat % (n + 1)]).unwrap().is_empty());
            }
        }
        for payment in &payments {
            ledger.record_settlement(payment, 1).unwrap();
        }
        ledger.check().unwrap();
        prop_assert_eq!(ledger.cash(), cash);
        prop_assert_eq!(ledger.realized() - ledger.fees_total(), cash - CASH);
        prop_assert!(ledger.holdings().values().all(|held| held.position().is_flat() && held.cost().is_zero()));

        // The other order of telling, and settlements that may come before the last fills.
        let swap = swap.index(told.len());
        told.rotate_left(swap);
        let mut other = self::ledger();
        for fill in &told {
            other.record_fill(fill).unwrap();
            if early {
                for payment in &payments {
                    let _ = other.record_settlement(payment, 1);
                }
            }
        }
        for payment in &payments {
            other.record_settlement(payment, 1).unwrap();
        }
        other.check().unwrap();
        prop_assert_eq!(other.owed_settlements().count(), 0);
        prop_assert_eq!(other.cash(), cash);
        prop_assert_eq!(other.ledger_hash(), ledger.ledger_hash());
    }
}
