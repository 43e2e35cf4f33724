//! What the venue tells, step by step, for one case each; every step is audited.

mod amend;
mod groups;
mod life;
mod orders;
mod properties;
mod recording;
mod settling;
mod wallets;
mod writes;

use super::{
    Amend, ExpirationChange, NewOrder, Refusal, SelfTradePrevention, Subaccount, UpdateReason, Venue, VenueEventKind,
    VenueOptions,
};
use crate::market::{BookSide, Level, Market, MarketStatus, PriceGrid, PublicTrade, Side, Strike, StrikeTerms};
use crate::trade::{FeeSchedule, TimeInForce};
use crate::units::{AccountName, ExchangeOrderId, MarketTicker, Timestamp};
use std::time::Duration;

fn ticker() -> MarketTicker {
    "KXBTC15M-26MAY130915-15".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_778_677_200 + seconds).unwrap()
}

/// A quarter-hour market that opens at 0 s and closes at 900 s.
fn market() -> Market {
    Market {
        ticker: ticker(),
        event: "KXBTC15M-26MAY130915".parse().unwrap(),
        series: "KXBTC15M".parse().unwrap(),
        strike: StrikeTerms::Known(Strike::GreaterOrEqual { floor: "80193.52".parse().unwrap() }),
        open_time: at(0),
        close_time: at(900),
        status: MarketStatus::Initialized,
        grid: PriceGrid::tapered_deci_cent(),
        exchange_index: 2,
        settlement_timer: Duration::from_secs(1),
        result: None,
        expiration_value: None,
    }
}

fn account(name: &str) -> AccountName {
    name.parse().unwrap()
}

fn order(book_side: BookSide, price: &str, quantity: &str, time_in_force: TimeInForce) -> NewOrder {
    NewOrder {
        market: ticker(),
        client_order_id: None,
        book_side,
        yes_price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        time_in_force,
        expiration: None,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        subaccount: Subaccount::PRIMARY,
        order_group: None,
    }
}

/// An amend of an order of subaccount 0 that changes price and size alone.
fn amend(book_side: BookSide, price: &str, quantity: &str) -> Amend {
    Amend {
        market: ticker(),
        book_side,
        subaccount: Subaccount::PRIMARY,
        yes_price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        client_order_id: None,
        updated_client_order_id: None,
        expiration: ExpirationChange::Keep,
    }
}

/// A venue with one market, and a note of everything that it tells. Every step is audited.
struct Stage {
    venue: Venue,
    told: Vec<String>,
}

impl Stage {
    fn new(cash: &str) -> Self {
        let mut venue = Venue::new(VenueOptions::default(), at(-60));
        venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
        for name in ["ann", "bob"] {
            venue.open_account(account(name), cash.parse().unwrap()).unwrap();
        }
        venue.advance(at(0));
        Self { venue, told: Vec::new() }
    }

    /// A venue whose recorded book has these levels, `(price, contracts)`.
    fn with_book(cash: &str, bids: &[(&str, &str)], asks: &[(&str, &str)]) -> Self {
        let mut stage = Self::new(cash);
        let levels = |rows: &[(&str, &str)]| -> Vec<Level> {
            rows.iter().map(|(p, q)| Level { price: p.parse().unwrap(), quantity: q.parse().unwrap() }).collect()
        };
        stage.venue.recorded_snapshot(&ticker(), &levels(bids), &levels(asks), at(0)).unwrap();
        stage.venue.take_events();
        stage
    }

    fn note(&mut self, what: String) {
        self.told.push(what);
        for event in self.venue.take_events() {
            let text = line(&event.kind);
            self.told.push(format!("  {text}"));
        }
        for update in self.venue.take_group_updates() {
            let text = format!("group of {} {}: {:?}", update.account, update.wallet, update.kind);
            self.told.push(format!("  {text}"));
        }
        self.venue.audit().unwrap();
    }

    fn place(&mut self, name: &str, id: &str, order: NewOrder, seconds: i64) -> Option<ExchangeOrderId> {
        let asked = format!(
            "{name} {id}: {} {} @ {} {:?}",
            order.book_side, order.quantity, order.yes_price, order.time_in_force
        );
        let order = NewOrder { client_order_id: Some(id.parse().unwrap()), ..order };
        let answer = self.venue.place(&account(name), order, at(seconds));
        let said = match &answer {
            Ok(placed) => format!(
                "201 filled {} remaining {} price {} fee {}",
                placed.filled,
                placed.remaining,
                placed.average_yes_price().unwrap_or_default(),
                placed.average_fee().unwrap_or_default(),
            ),
            Err(refusal) => format!("{} {refusal}", refusal.code.http_status()),
        };
        self.note(format!("{asked} -> {said}"));
        answer.ok().map(|placed| placed.order_id)
    }

    fn amend(&mut self, name: &str, id: &ExchangeOrderId, amend: &Amend, seconds: i64) -> Option<Refusal> {
        let answer = self.venue.amend(&account(name), id, amend, at(seconds));
        let said = match &answer {
            Ok(amended) => format!(
                "200 filled {} remaining {} price {} fee {}",
                amended.filled,
                amended.remaining,
                amended.average_yes_price().unwrap_or_default(),
                amended.average_fee().unwrap_or_default(),
            ),
            Err(refusal) => format!("{} {refusal}", refusal.code.http_status()),
        };
        self.note(format!("{name} amends to {} @ {} -> {said}", amend.quantity, amend.yes_price));
        answer.err()
    }

    fn delta(&mut self, side: BookSide, price: &str, change: i64, seconds: i64) {
        self.venue.recorded_delta(&ticker(), side, price.parse().unwrap(), change * 100, at(seconds)).unwrap();
        self.note(format!("recorded: {side} @ {price} {change:+}"));
    }

    fn print(&mut self, taker_side: Side, price: &str, quantity: &str, seconds: i64) {
        let trade = PublicTrade {
            id: "print".parse().unwrap(),
            market: ticker(),
            yes_price: price.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            taker_side,
            exchange_time: at(seconds),
        };
        self.venue.recorded_trade(&trade, at(seconds)).unwrap();
        self.note(format!("print: {quantity} @ {price}, taker buys {taker_side}"));
    }

    fn cash(&mut self, name: &str) {
        let balance = self.venue.balance(&account(name)).unwrap();
        self.told.push(format!("{name} has {} with {} held back", balance.cash, balance.reserved));
    }

    fn told(&self) -> String {
        self.told.join("\n")
    }
}

fn line(kind: &VenueEventKind) -> String {
    match kind {
        VenueEventKind::OrderUpdate(order) => format!(
            "order {} {}: {:?} filled {} remaining {} {}",
            order.account,
            order.terms.client_order_id.as_ref().map_or("-", |id| id.as_str()),
            order.status,
            order.filled,
            order.remaining,
            order.last_update_reason.map_or("-", UpdateReason::as_str),
        ),
        VenueEventKind::Fill { account, fill, post_position, .. } => format!(
            "fill {account}: {} {} @ {} {:?} fee {} holds {post_position}",
            fill.book_side, fill.quantity, fill.yes_price, fill.liquidity, fill.fee
        ),
        VenueEventKind::BookChange { book_side, yes_price, change_hundredths, origin } => format!(
            "book {book_side} @ {yes_price} {change_hundredths:+}{}",
            origin.as_ref().map_or(String::new(), |origin| format!(" by {}", origin.account)),
        ),
        VenueEventKind::BookSnapshot { bids, asks } => format!("book anew: {} bids, {} asks", bids.len(), asks.len()),
        VenueEventKind::PublicTrade(trade) => {
            format!("trade {} @ {}, taker bought {}", trade.quantity, trade.yes_price, trade.taker_side)
        }
        VenueEventKind::Lifecycle(event) => format!("life {event:?}"),
        VenueEventKind::Settled { account, settlement, .. } => format!(
            "settled {account}: {} for {} (YES {} for {}, NO {} for {}, fees {})",
            settlement.settlement.revenue,
            settlement.held.position,
            settlement.held.yes_quantity,
            settlement.held.yes_cost,
            settlement.held.no_quantity,
            settlement.held.no_cost,
            settlement.held.fees,
        ),
    }
}
