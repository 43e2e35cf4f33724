//! Sample rows as tables and as JSON.

use super::{Listing, Printer, TradeView};
use recio_core::market::{Action, BookSide, MarketResult, Side};
use recio_core::store::{OrderRow, PositionRow};
use recio_core::trade::{
    CloseReason, Fill, Intent, Liquidity, OrderStatus, Purpose, Settlement, TimeInForce, Trade, TradeStatus,
};
use recio_core::units::{Money, Probability, Quantity};

const MARKET: &str = "KXBTC15M-26MAY130915-15";
const EVENT: &str = "KXBTC15M-26MAY130915";

fn printed<L: Listing>(rows: &[L], json: bool) -> String {
    let mut out = Vec::new();
    Printer::new(&mut out, json).list(rows).unwrap();
    String::from_utf8(out).unwrap()
}

fn trade() -> Trade {
    Trade {
        id: "t-1".parse().unwrap(),
        strategy: "hourly".parse().unwrap(),
        market: MARKET.parse().unwrap(),
        event: EVENT.parse().unwrap(),
        close_time: "2026-05-13T13:15:00Z".parse().unwrap(),
        side: Side::Yes,
        status: TradeStatus::Closed,
        opened_time: "2026-05-13T13:07:12.345678Z".parse().unwrap(),
        closed_time: Some("2026-05-13T13:15:09Z".parse().unwrap()),
        entry_reason: "97.12% for 0.93 after fees".to_owned(),
        entry_probability: Some(Probability::new(0.9712).unwrap()),
        entry_asset_price: Some("80193.52".parse().unwrap()),
        bought: Quantity::contracts(2),
        sold: Quantity::ZERO,
        cost: "1.86".parse().unwrap(),
        proceeds: "2".parse().unwrap(),
        fees: "0.0092".parse().unwrap(),
        close_reason: Some(CloseReason::Settled),
    }
}

fn open_trade() -> Trade {
    let status = TradeStatus::AwaitingSettlement;
    Trade {
        status,
        closed_time: None,
        proceeds: Money::ZERO,
        close_reason: None,
        id: "t-2".parse().unwrap(),
        ..trade()
    }
}

fn order() -> OrderRow {
    OrderRow {
        intent: Intent {
            client_order_id: "6a1ad2a5-9f0c-8f51-9d5a-0b6a2a1f0c11".parse().unwrap(),
            number: 1,
            trade: "t-1".parse().unwrap(),
            strategy: "hourly".parse().unwrap(),
            market: MARKET.parse().unwrap(),
            event: EVENT.parse().unwrap(),
            close_time: "2026-05-13T13:15:00Z".parse().unwrap(),
            side: Side::Yes,
            action: Action::Buy,
            limit: "0.93".parse().unwrap(),
            quantity: Quantity::contracts(2),
            time_in_force: TimeInForce::ImmediateOrCancel,
            post_only: false,
            purpose: Purpose::Entry,
            created_time: "2026-05-13T13:07:12.345678Z".parse().unwrap(),
        },
        status: OrderStatus::AbsentProvisional,
        exchange_id: None,
        filled: "1.5".parse().unwrap(),
        reason: Some("no answer within 2 s".to_owned()),
        updated_time: "2026-05-13T13:07:14Z".parse().unwrap(),
    }
}

fn fill() -> Fill {
    Fill {
        id: "f-1".parse().unwrap(),
        order: "o-1".parse().unwrap(),
        client_order_id: Some("6a1ad2a5-9f0c-8f51-9d5a-0b6a2a1f0c11".parse().unwrap()),
        market: MARKET.parse().unwrap(),
        book_side: BookSide::Bid,
        yes_price: "0.93".parse().unwrap(),
        quantity: "1.5".parse().unwrap(),
        fee: "0.0069".parse().unwrap(),
        liquidity: Liquidity::Taker,
        exchange_time: "2026-05-13T13:07:12.4Z".parse().unwrap(),
    }
}

fn position() -> PositionRow {
    PositionRow {
        market: MARKET.parse().unwrap(),
        position: "-1.5".parse().unwrap(),
        cost: "1.395".parse().unwrap(),
        fees: "0.0069".parse().unwrap(),
    }
}

fn settlement(result: MarketResult) -> Settlement {
    Settlement {
        market: MARKET.parse().unwrap(),
        event: EVENT.parse().unwrap(),
        result,
        revenue: "1.5".parse().unwrap(),
        settled_time: "2026-05-13T13:15:09Z".parse().unwrap(),
    }
}

#[test]
fn trades() {
    let (closed, open) = (trade(), open_trade());
    let rows = [TradeView::from(&open), TradeView::from(&closed)];
    insta::assert_snapshot!(printed(&rows, false), @r"
     opened (UTC)          monitor   market                    side   status                bought   held    price       fees        pnl   ended by
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-13 13:07:12   hourly    KXBTC15M-26MAY130915-15   YES    awaiting settlement     2.00   2.00   0.9300   0.009200          -   -
     2026-05-13 13:07:12   hourly    KXBTC15M-26MAY130915-15   YES    closed                  2.00   0.00   0.9300   0.009200   0.130800   settled
    ");
    insta::assert_snapshot!(printed(&rows[1..], true), @r#"
    {
      "trades": [
        {
          "id": "t-1",
          "strategy": "hourly",
          "market": "KXBTC15M-26MAY130915-15",
          "event": "KXBTC15M-26MAY130915",
          "close_time": "2026-05-13T13:15:00Z",
          "side": "yes",
          "status": "closed",
          "opened_time": "2026-05-13T13:07:12.345678Z",
          "closed_time": "2026-05-13T13:15:09Z",
          "entry_reason": "97.12% for 0.93 after fees",
          "entry_probability": 0.9712,
          "entry_asset_price": "80193.52",
          "bought": "2.00",
          "sold": "0.00",
          "cost": "1.860000",
          "proceeds": "2.000000",
          "fees": "0.009200",
          "close_reason": "settled",
          "held": "0.00",
          "average_price": "0.9300",
          "realized_pnl": "0.130800"
        }
      ]
    }
    "#);
}

#[test]
fn orders() {
    insta::assert_snapshot!(printed(&[order()], false), @r"
     created (UTC)         monitor   market                    purpose   action   side    limit   quantity   filled   status               reason                 client order id
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-13 13:07:12   hourly    KXBTC15M-26MAY130915-15   entry     buy      YES    0.9300       2.00     1.50   absent provisional   no answer within 2 s   6a1ad2a5-9f0c-8f51-9d5a-0b6a2a1f0c11
    ");
    insta::assert_snapshot!(printed(&[order()], true), @r#"
    {
      "orders": [
        {
          "intent": {
            "client_order_id": "6a1ad2a5-9f0c-8f51-9d5a-0b6a2a1f0c11",
            "number": 1,
            "trade": "t-1",
            "strategy": "hourly",
            "market": "KXBTC15M-26MAY130915-15",
            "event": "KXBTC15M-26MAY130915",
            "close_time": "2026-05-13T13:15:00Z",
            "side": "yes",
            "action": "buy",
            "limit": "0.9300",
            "quantity": "2.00",
            "time_in_force": "immediate_or_cancel",
            "post_only": false,
            "purpose": "entry",
            "created_time": "2026-05-13T13:07:12.345678Z"
          },
          "status": "absent_provisional",
          "exchange_id": null,
          "filled": "1.50",
          "reason": "no answer within 2 s",
          "updated_time": "2026-05-13T13:07:14Z"
        }
      ]
    }
    "#);
}

#[test]
fn fills() {
    insta::assert_snapshot!(printed(&[fill()], false), @r"
     executed (UTC)        market                    book side   YES price   quantity        fee   liquidity   order   fill
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-13 13:07:12   KXBTC15M-26MAY130915-15   bid            0.9300       1.50   0.006900   taker       o-1     f-1
    ");
    insta::assert_snapshot!(printed(&[fill()], true), @r#"
    {
      "fills": [
        {
          "id": "f-1",
          "order": "o-1",
          "client_order_id": "6a1ad2a5-9f0c-8f51-9d5a-0b6a2a1f0c11",
          "market": "KXBTC15M-26MAY130915-15",
          "book_side": "bid",
          "yes_price": "0.9300",
          "quantity": "1.50",
          "fee": "0.006900",
          "liquidity": "taker",
          "exchange_time": "2026-05-13T13:07:12.4Z"
        }
      ]
    }
    "#);
}

#[test]
fn positions() {
    insta::assert_snapshot!(printed(&[position()], false), @r"
     market                     YES     NO       cost       fees
    ─────────────────────────────────────────────────────────────
     KXBTC15M-26MAY130915-15   0.00   1.50   1.395000   0.006900
    ");
    insta::assert_snapshot!(printed(&[position()], true), @r#"
    {
      "positions": [
        {
          "market": "KXBTC15M-26MAY130915-15",
          "position": "-1.50",
          "cost": "1.395000",
          "fees": "0.006900"
        }
      ]
    }
    "#);
}

#[test]
fn settlements() {
    let rows = [settlement(MarketResult::Yes), settlement(MarketResult::Scalar("0.25".parse().unwrap()))];
    insta::assert_snapshot!(printed(&rows, false), @r"
     settled (UTC)         market                    result   YES pays    revenue
    ──────────────────────────────────────────────────────────────────────────────
     2026-05-13 13:15:09   KXBTC15M-26MAY130915-15   YES        1.0000   1.500000
     2026-05-13 13:15:09   KXBTC15M-26MAY130915-15   scalar     0.2500   1.500000
    ");
    insta::assert_snapshot!(printed(&rows, true), @r#"
    {
      "settlements": [
        {
          "market": "KXBTC15M-26MAY130915-15",
          "event": "KXBTC15M-26MAY130915",
          "result": "yes",
          "revenue": "1.500000",
          "settled_time": "2026-05-13T13:15:09Z"
        },
        {
          "market": "KXBTC15M-26MAY130915-15",
          "event": "KXBTC15M-26MAY130915",
          "result": {
            "scalar": "0.2500"
          },
          "revenue": "1.500000",
          "settled_time": "2026-05-13T13:15:09Z"
        }
      ]
    }
    "#);
}

#[test]
fn nothing_is_an_empty_list_in_json_and_no_table() {
    assert_eq!(printed::<Fill>(&[], false), "");
    assert_eq!(printed::<Fill>(&[], true), "{\n  \"fills\": []\n}\n");
}
