//! What the account did and holds: fills, positions, cash, settlements; and how much it may ask.

use super::{KalshiClient, Paged, Query};
use crate::error::ReadError;
use crate::parse::{self, AccountBalance};
use crate::wire;
use recio_core::trade::{Fill, PositionReport, Settlement};
use recio_core::units::{EventTicker, ExchangeOrderId, MarketTicker, Money, Timestamp};

/// Which fills to list; without anything all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FillFilter {
    /// Of this market.
    pub market: Option<MarketTicker>,
    /// Of this order.
    pub order: Option<ExchangeOrderId>,
    /// From this time on; whole seconds.
    pub min_time: Option<Timestamp>,
    /// Up to this time; whole seconds.
    pub max_time: Option<Timestamp>,
    /// On this shard.
    pub exchange_index: Option<u16>,
}

impl FillFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new();
        query.extend(self.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(self.order.as_ref().map(|order| ("order_id", order.to_string())));
        query.extend(self.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(self.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        query.extend(self.exchange_index.map(|shard| ("exchange_index", shard.to_string())));
        query
    }
}

/// Which positions to list; without anything all in markets that have not settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionFilter {
    /// In this market.
    pub market: Option<MarketTicker>,
    /// In this event.
    pub event: Option<EventTicker>,
    /// On this shard.
    pub exchange_index: Option<u16>,
}

impl PositionFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new();
        query.extend(self.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(self.event.as_ref().map(|event| ("event_ticker", event.to_string())));
        query.extend(self.exchange_index.map(|shard| ("exchange_index", shard.to_string())));
        query
    }
}

/// Which settlements to list; without anything all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementFilter {
    /// Of this market.
    pub market: Option<MarketTicker>,
    /// Of this event.
    pub event: Option<EventTicker>,
    /// From this time on; whole seconds.
    pub min_time: Option<Timestamp>,
    /// Up to this time; whole seconds.
    pub max_time: Option<Timestamp>,
}

impl KalshiClient {
    /// All fills that fit the filter, without our client ids: the list does not carry them. `GET /portfolio/fills`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn fills(&self, filter: &FillFilter) -> Result<Paged<Fill>, ReadError> {
        let query = self.with_subaccount(filter.query());
        self.pages::<wire::FillsPage, _>("fills", "/portfolio/fills", query, 1_000, parse::fill).await
    }

    /// All positions in markets that have not settled. `GET /portfolio/positions`; of the primary account where the client has no subaccount.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn positions(&self) -> Result<Paged<PositionReport>, ReadError> {
        self.positions_of(&PositionFilter::default()).await
    }

    /// As [`positions`](Self::positions), of those that fit the filter.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn positions_of(&self, filter: &PositionFilter) -> Result<Paged<PositionReport>, ReadError> {
        let (path, query) = ("/portfolio/positions", self.with_subaccount(filter.query()));
        self.pages::<wire::PositionsPage, _>("positions", path, query, 1_000, parse::position).await
    }

    /// The account's cash, over all shards and by shard. `GET /portfolio/balance`; of the primary account where the client has no subaccount.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn balance(&self) -> Result<AccountBalance, ReadError> {
        let query = self.with_subaccount(Query::new());
        let body: wire::Balance = self.read("balance", "/portfolio/balance", query).await?;
        parse::balance(&body).map_err(|error| ReadError::parse("balance", error))
    }

    /// What all resting orders are worth. `GET /portfolio/summary/total_resting_order_value`; meant for members of a clearing firm.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn resting_order_value(&self) -> Result<Money, ReadError> {
        let what = "value of resting orders";
        let path = "/portfolio/summary/total_resting_order_value";
        let body: wire::RestingOrderValue = self.read(what, path, Query::new()).await?;
        parse::cents("resting orders", "total_resting_order_value", body.total_resting_order_value)
            .map_err(|error| ReadError::parse(what, error))
    }

    /// All settlements from a time on (whole seconds), or all. `GET /portfolio/settlements`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn settlements(&self, from: Option<Timestamp>) -> Result<Paged<Settlement>, ReadError> {
        self.settlements_of(&SettlementFilter { min_time: from, ..SettlementFilter::default() }).await
    }

    /// As [`settlements`](Self::settlements), of those that fit the filter.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn settlements_of(&self, filter: &SettlementFilter) -> Result<Paged<Settlement>, ReadError> {
        let mut query = Query::new();
        query.extend(filter.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(filter.event.as_ref().map(|event| ("event_ticker", event.to_string())));
        query.extend(filter.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(filter.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        let (path, query) = ("/portfolio/settlements", self.with_subaccount(query));
        self.pages::<wire::SettlementsPage, _>("settlements", path, query, 1_000, parse::settlement).await
    }

    /// How many requests the account may make. `GET /account/limits`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn account_limits(&self) -> Result<wire::AccountLimits, ReadError> {
        self.read("account limits", "/account/limits", Query::new()).await
    }

    /// What each kind of request costs. `GET /account/endpoint_costs`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn endpoint_costs(&self) -> Result<wire::EndpointCosts, ReadError> {
        self.read("endpoint costs", "/account/endpoint_costs", Query::new()).await
    }
}
