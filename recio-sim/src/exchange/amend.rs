//! Changing orders over REST, and where they stand: amend, decrease, queue positions.

use super::Exchange;
use super::orders::{Route, four_decimals};
use super::request::{Answer, ApiRequest, Query, answer, nested, not_found};
use super::writes::read_body;
use recio_core::market::BookSide;
use recio_core::units::{AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Timestamp};
use recio_core::venue::{Amend, Decrease, ExpirationChange, RefusalCode, VenueOrder};
use recio_kalshi::wire;

/// What has to be text in the body of an amend.
const AMEND_TEXT_FIELDS: [&str; 6] = ["price", "count", "ticker", "side", "client_order_id", "updated_client_order_id"];

impl Exchange {
    pub(super) fn amend_order(
        &mut self,
        account: &AccountName,
        order: &str,
        request: &ApiRequest,
        query: Query<'_>,
    ) -> Answer {
        let body: wire::AmendOrder = read_body(request, "AmendOrderRequest", &AMEND_TEXT_FIELDS)?;
        let invalid = |details: &str| nested(400, RefusalCode::InvalidParameters.as_str(), Some(details));
        let subaccount = query.subaccount()?.unwrap_or_default();
        // The body names the market, so an amend without a shard finds its way by itself.
        let exchange_index = body.exchange_index.map_or(Some(-1), |index| Some(i64::from(index)));
        let id = self.routed_order(account, order, Route { subaccount, exchange_index, market_ticker: None })?;
        let book_side = match body.side.as_str() {
            "bid" => BookSide::Bid,
            "ask" => BookSide::Ask,
            _ => return Err(invalid("side must be bid or ask")),
        };
        let named = |id: Option<&str>| {
            id.map(ClientOrderId::new).transpose().map_err(|_| invalid("client_order_id is not usable"))
        };
        let expiration = match body.expiration_time {
            None => ExpirationChange::Keep,
            Some(0) => ExpirationChange::Clear,
            Some(seconds) => ExpirationChange::Set(
                Timestamp::from_second(seconds).map_err(|_| invalid("expiration_time is out of range"))?,
            ),
        };
        let amend = Amend {
            market: MarketTicker::new(&body.ticker).map_err(|_| not_found())?,
            book_side,
            subaccount,
            yes_price: body.price.parse().map_err(|_| nested(400, RefusalCode::InvalidPrice.as_str(), None))?,
            quantity: body.count.parse().map_err(|_| nested(400, RefusalCode::InvalidOrderSize.as_str(), None))?,
            client_order_id: named(body.client_order_id.as_deref())?,
            updated_client_order_id: named(body.updated_client_order_id.as_deref())?,
            expiration,
        };
        let amended = self.venue.amend(account, &id, &amend, self.venue.now())?;
        let response = wire::AmendOrderResponse {
            order_id: amended.order_id.to_string(),
            client_order_id: amended.client_order_id.as_ref().map(ToString::to_string),
            remaining_count: Some(amended.remaining.to_string()),
            fill_count: Some(amended.filled.to_string()),
            average_fill_price: amended.average_yes_price().map(four_decimals),
            average_fee_paid: amended.average_fee().map(four_decimals),
            ts_ms: amended.exchange_time.as_millisecond(),
        };
        answer(200, &response)
    }

    pub(super) fn decrease_order(
        &mut self,
        account: &AccountName,
        order: &str,
        request: &ApiRequest,
        query: Query<'_>,
    ) -> Answer {
        let body: wire::DecreaseOrder = read_body(request, "DecreaseOrderRequest", &["reduce_by", "reduce_to"])?;
        let size = |text: &str| text.parse().map_err(|_| nested(400, RefusalCode::InvalidOrderSize.as_str(), None));
        let decrease = match (&body.reduce_by, &body.reduce_to) {
            (Some(by), None) => Decrease::By(size(by)?),
            (None, Some(to)) => Decrease::To(size(to)?),
            (Some(_), Some(_)) | (None, None) => {
                let details = Some("exactly one of reduce_by and reduce_to is needed");
                return Err(nested(400, RefusalCode::InvalidParameters.as_str(), details));
            }
        };
        let subaccount = query.subaccount()?.unwrap_or_default();
        let route = Route {
            subaccount,
            exchange_index: body.exchange_index.map(i64::from),
            market_ticker: body.market_ticker.as_deref(),
        };
        let id = self.routed_order(account, order, route)?;
        let left = self.venue.decrease(account, subaccount, &id, decrease, self.venue.now())?;
        let response = wire::DecreaseOrderResponse {
            order_id: left.order_id.to_string(),
            client_order_id: left.client_order_id.as_ref().map(ToString::to_string),
            remaining_count: left.remaining.to_string(),
            ts_ms: left.exchange_time.as_millisecond(),
        };
        answer(200, &response)
    }

    pub(super) fn queue_position(&self, account: &AccountName, order: &str) -> Answer {
        let id = ExchangeOrderId::new(order).map_err(|_| not_found())?;
        let ahead = self.venue.queue_position(account, &id).ok_or_else(not_found)?;
        answer(200, &wire::QueuePositionResponse { queue_position_fp: ahead.to_string() })
    }

    /// Where the resting orders of some markets stand. (That the exchange tells it for shard 2 is not confirmed.)
    pub(super) fn queue_positions(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let (markets, event) = (query.list("market_tickers"), query.get("event_ticker"));
        if markets.is_none() && event.is_none() {
            return Err(query.invalid("market_tickers or event_ticker is needed"));
        }
        let subaccount = query.subaccount()?.unwrap_or_default();
        let fits = |order: &&VenueOrder| {
            let market = &order.terms.market;
            let of_event = || self.venue.market(market).is_some_and(|listed| Some(listed.event.as_str()) == event);
            order.is_resting()
                && order.wallet.subaccount == subaccount
                && (markets.as_ref().is_some_and(|markets| markets.contains(&market.as_str())) || of_event())
        };
        let position = |order: &VenueOrder| {
            let ahead = self.venue.queue_position(account, &order.id)?;
            Some(wire::QueuePosition {
                order_id: order.id.to_string(),
                market_ticker: order.terms.market.to_string(),
                queue_position_fp: ahead.to_string(),
            })
        };
        let queue_positions = self.venue.orders(account).filter(fits).filter_map(position).collect();
        answer(200, &wire::QueuePositions { queue_positions })
    }
}
