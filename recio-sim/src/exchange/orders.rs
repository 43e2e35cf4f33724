//! Orders over REST: create, cancel, list.

use super::Exchange;
use super::history::DataTier;
use super::markets::market_not_found;
use super::private_frames::{outcome_word, stp_word, user_id};
use super::request::{Answer, ApiRequest, Failure, Query, answer, nested, not_found};
use super::writes::{read_body, subaccount_of};
use recio_core::market::BookSide;
use recio_core::trade::{ReportedStatus, TimeInForce};
use recio_core::units::{AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Money, OrderGroupId, Timestamp};
use recio_core::venue::{NewOrder, RefusalCode, SelfTradePrevention, Subaccount, VenueOrder};
use recio_kalshi::wire;
use serde_json::Value;

/// What has to be text in the body of a create.
pub(super) const CREATE_TEXT_FIELDS: [&str; 5] = ["price", "count", "ticker", "side", "client_order_id"];

/// Where a write looks for the order that it names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route<'a> {
    pub(super) subaccount: Subaccount,
    /// The shard; -1 is the order's own.
    pub(super) exchange_index: Option<i64>,
    pub(super) market_ticker: Option<&'a str>,
}

impl Exchange {
    pub(super) fn create_order(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let parsed: Option<Value> = serde_json::from_slice(&request.body).ok();
        self.count_post(account, parsed.as_ref());
        let body = read_body(request, "CreateOrderRequest", &CREATE_TEXT_FIELDS)?;
        answer(201, &self.place_order(account, &body)?)
    }

    /// Places what a create asks for, alone or as part of a batch.
    pub(super) fn place_order(
        &mut self,
        account: &AccountName,
        body: &wire::CreateOrder,
    ) -> Result<wire::CreateOrderResponse, Failure> {
        let order = self.new_order(body)?;
        let placed = self.venue.place(account, order, self.venue.now())?;
        Ok(wire::CreateOrderResponse {
            order_id: placed.order_id.to_string(),
            client_order_id: placed.client_order_id.as_ref().map(ToString::to_string),
            fill_count: placed.filled.to_string(),
            remaining_count: placed.remaining.to_string(),
            average_fill_price: placed.average_yes_price().map(four_decimals),
            average_fee_paid: placed.average_fee().map(four_decimals),
            ts_ms: placed.exchange_time.as_millisecond(),
        })
    }

    /// Counts what arrived, whatever is answered: the truth for a test that asks whether an order was sent twice.
    pub(super) fn count_post(&mut self, account: &AccountName, body: Option<&Value>) {
        let id = body.and_then(|body| body.get("client_order_id")).and_then(Value::as_str);
        let posts = self.posts.entry(account.clone()).or_default();
        *posts.entry(id.unwrap_or_default().to_owned()).or_default() += 1;
    }

    fn new_order(&self, body: &wire::CreateOrder) -> Result<NewOrder, Failure> {
        let invalid = |details: &str| nested(400, "invalid_parameters", Some(details));
        let market = MarketTicker::new(&body.ticker).map_err(|_| market_not_found())?;
        let listed = self.venue.market(&market).ok_or_else(market_not_found)?;
        if body.exchange_index.is_some_and(|shard| shard != -1 && shard != i32::from(listed.exchange_index)) {
            return Err(market_not_found());
        }
        let subaccount = subaccount_of(body.subaccount)?;
        let group = body.order_group_id.as_deref().filter(|id| !id.is_empty()).map(OrderGroupId::new).transpose();
        let order_group = group.map_err(|_| nested(400, RefusalCode::OrderGroupNotFound.as_str(), None))?;
        let book_side = match body.side.as_str() {
            "bid" => BookSide::Bid,
            "ask" => BookSide::Ask,
            _ => return Err(invalid("side must be bid or ask")),
        };
        let time_in_force = match body.time_in_force.as_str() {
            "good_till_canceled" => TimeInForce::GoodTillCanceled,
            "immediate_or_cancel" => TimeInForce::ImmediateOrCancel,
            "fill_or_kill" => TimeInForce::FillOrKill,
            _ => return Err(invalid("time_in_force is unknown")),
        };
        let self_trade_prevention = match body.self_trade_prevention_type.as_str() {
            "taker_at_cross" => SelfTradePrevention::TakerAtCross,
            "maker" => SelfTradePrevention::Maker,
            _ => return Err(invalid("self_trade_prevention_type is unknown")),
        };
        let client_order_id = body.client_order_id.as_deref().map(ClientOrderId::new).transpose();
        let expiration = body.expiration_time.map(Timestamp::from_second).transpose();
        Ok(NewOrder {
            market,
            client_order_id: client_order_id.map_err(|_| invalid("client_order_id is not usable"))?,
            book_side,
            yes_price: body.price.parse().map_err(|_| nested(400, RefusalCode::InvalidPrice.as_str(), None))?,
            quantity: body.count.parse().map_err(|_| nested(400, RefusalCode::InvalidOrderSize.as_str(), None))?,
            time_in_force,
            expiration: expiration.map_err(|_| invalid("expiration_time is out of range"))?,
            post_only: body.post_only.unwrap_or(false),
            reduce_only: body.reduce_only.unwrap_or(false),
            self_trade_prevention,
            cancel_on_pause: body.cancel_order_on_pause.unwrap_or(false),
            subaccount,
            order_group,
        })
    }

    pub(super) fn cancel_order(&mut self, account: &AccountName, order: &str, query: Query<'_>) -> Answer {
        let route = Route {
            subaccount: query.subaccount()?.unwrap_or_default(),
            exchange_index: query.number("exchange_index")?,
            market_ticker: query.get("market_ticker"),
        };
        answer(200, &self.take_order_out(account, order, route)?)
    }

    /// Cancels one order, alone or as part of a batch.
    pub(super) fn take_order_out(
        &mut self,
        account: &AccountName,
        order: &str,
        route: Route<'_>,
    ) -> Result<wire::CancelOrderResponse, Failure> {
        let id = self.routed_order(account, order, route)?;
        let canceled = self.venue.cancel(account, &id, self.venue.now())?;
        Ok(wire::CancelOrderResponse {
            order_id: canceled.order_id.to_string(),
            client_order_id: canceled.client_order_id.as_ref().map(ToString::to_string),
            reduced_by: canceled.reduced_by.to_string(),
            ts_ms: canceled.exchange_time.as_millisecond(),
        })
    }

    /// The order where a write looks for it. An id alone does not say on which shard it is: without shard and market it is looked for on
    /// shard 0, and an order of another subaccount is not found.
    pub(super) fn routed_order(
        &self,
        account: &AccountName,
        order: &str,
        route: Route<'_>,
    ) -> Result<ExchangeOrderId, Failure> {
        let id = ExchangeOrderId::new(order).map_err(|_| not_found())?;
        let found = self.venue.order(account, &id).ok_or_else(not_found)?;
        let market = found.terms.market.as_str();
        let routed = match (route.exchange_index, route.market_ticker) {
            (Some(-1), None) => true,
            (Some(-1) | None, Some(named)) => named == market,
            (Some(index), _) => index == i64::from(found.wallet.shard),
            (None, None) => found.wallet.shard == 0,
        };
        if routed && found.wallet.subaccount == route.subaccount { Ok(id) } else { Err(not_found()) }
    }

    pub(super) fn orders(&self, account: &AccountName, query: Query<'_>, tier: DataTier) -> Answer {
        let status = match query.get("status") {
            None => None,
            Some(word @ ("resting" | "canceled" | "executed")) => Some(word),
            Some(other) => return Err(query.invalid(&format!("status {other} is unknown"))),
        };
        let (min, max) = (query.seconds("min_ts")?, query.seconds("max_ts")?);
        let (markets, events) = (query.list("ticker"), query.list("event_ticker"));
        let (shard, subaccount) = (query.shard()?, query.subaccount()?);
        let fits = |order: &&VenueOrder| {
            let market = &order.terms.market;
            let listed = self.venue.market(market);
            let event = listed.map(|market| &market.event);
            tier.holds(!order.is_resting() && self.is_archived(order.updated_time))
                && status.is_none_or(|status| status == status_word(order.status))
                && shard.is_none_or(|shard| shard == i64::from(order.wallet.shard))
                && subaccount.is_none_or(|subaccount| subaccount == order.wallet.subaccount)
                && min.is_none_or(|min| order.created_time >= min)
                && max.is_none_or(|max| order.created_time <= max)
                && markets.as_ref().is_none_or(|markets| markets.contains(&market.as_str()))
                && events.as_ref().is_none_or(|events| event.is_some_and(|event| events.contains(&event.as_str())))
        };
        let newest_first = self.venue.orders(account).rev().filter(fits);
        let items = newest_first.map(|order| (order.id.to_string(), order)).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let orders = page.into_iter().map(|order| self.order_body(order)).collect();
        answer(200, &wire::OrdersPage { orders, cursor: Some(cursor) })
    }

    pub(super) fn order(&self, account: &AccountName, order: &str) -> Answer {
        let found = ExchangeOrderId::new(order).ok().and_then(|id| self.venue.order(account, &id));
        answer(200, &wire::OrderResponse { order: self.order_body(found.ok_or_else(not_found)?) })
    }

    fn order_body(&self, order: &VenueOrder) -> wire::Order {
        let terms = &order.terms;
        let outcome = outcome_word(terms.book_side);
        wire::Order {
            order_id: order.id.to_string(),
            user_id: Some(user_id(&order.account)),
            // Kalshi's own clients require it, also of an order that was given none.
            client_order_id: Some(terms.client_order_id.as_ref().map(ToString::to_string).unwrap_or_default()),
            ticker: terms.market.to_string(),
            side: Some(outcome.to_owned()),
            action: Some("buy".to_owned()),
            outcome_side: Some(outcome.to_owned()),
            book_side: terms.book_side.to_string(),
            order_type: Some("limit".to_owned()),
            status: status_word(order.status).to_owned(),
            yes_price_dollars: terms.yes_price.to_string(),
            no_price_dollars: Some(terms.yes_price.complement().to_string()),
            initial_count_fp: terms.quantity.to_string(),
            fill_count_fp: order.filled.to_string(),
            remaining_count_fp: order.remaining.to_string(),
            taker_fill_cost_dollars: Some(order.taker_fill_cost.to_string()),
            maker_fill_cost_dollars: Some(order.maker_fill_cost.to_string()),
            taker_fees_dollars: Some(order.taker_fees.to_string()),
            maker_fees_dollars: Some(order.maker_fees.to_string()),
            created_time: Some(order.created_time.to_string()),
            last_update_time: Some(order.updated_time.to_string()),
            expiration_time: terms.expiration.map(|time| time.to_string()),
            self_trade_prevention_type: Some(stp_word(terms.self_trade_prevention).to_owned()),
            order_group_id: terms.order_group.as_ref().map(ToString::to_string),
            cancel_order_on_pause: Some(terms.cancel_on_pause),
            subaccount_number: Some(order.wallet.subaccount.number()),
            exchange_index: Some(order.wallet.shard),
        }
    }
}

/// Rounded half up to $0.0001, as the answers to a create show averages.
pub(super) fn four_decimals(amount: Money) -> String {
    let units = (amount.micros() + 50).div_euclid(100);
    format!("{}.{:04}", units / 10_000, units % 10_000)
}

/// An order's status in the words of the wire.
pub(super) const fn status_word(status: ReportedStatus) -> &'static str {
    match status {
        ReportedStatus::Resting => "resting",
        ReportedStatus::Executed => "executed",
        ReportedStatus::Canceled => "canceled",
        ReportedStatus::Unknown => "unknown",
    }
}
