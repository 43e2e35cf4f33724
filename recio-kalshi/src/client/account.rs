//! What the account did and holds: fills, positions, cash, settlements, limits.

use super::{KalshiClient, Paged, Query};
use crate::error::ReadError;
use crate::parse::{self, AccountBalance};
use crate::wire;
use recio_core::trade::{Fill, PositionReport, Settlement};
use recio_core::units::{ExchangeOrderId, MarketTicker, Timestamp};

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
}

impl KalshiClient {
    /// All fills that fit the filter, without our client ids: the list does not carry them.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn fills(&self, filter: &FillFilter) -> Result<Paged<Fill>, ReadError> {
        let mut query = Query::new();
        query.extend(filter.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(filter.order.as_ref().map(|order| ("order_id", order.to_string())));
        query.extend(filter.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(filter.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        self.pages::<wire::FillsPage, _>("fills", "/portfolio/fills", query, 1_000, parse::fill).await
    }

    /// All positions in markets that have not settled.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn positions(&self) -> Result<Paged<PositionReport>, ReadError> {
        let path = "/portfolio/positions";
        self.pages::<wire::PositionsPage, _>("positions", path, Query::new(), 1_000, parse::position).await
    }

    /// The account's cash, over all shards and by shard.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn balance(&self) -> Result<AccountBalance, ReadError> {
        let body: wire::Balance = self.read("balance", "/portfolio/balance", Query::new()).await?;
        parse::balance(&body).map_err(|error| ReadError::parse("balance", error))
    }

    /// All settlements from a time on (whole seconds), or all.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn settlements(&self, from: Option<Timestamp>) -> Result<Paged<Settlement>, ReadError> {
        let query = from.map(|time| ("min_ts", time.as_second().to_string())).into_iter().collect();
        let path = "/portfolio/settlements";
        self.pages::<wire::SettlementsPage, _>("settlements", path, query, 1_000, parse::settlement).await
    }

    /// How many requests the account may make.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn account_limits(&self) -> Result<wire::AccountLimits, ReadError> {
        self.read("account limits", "/account/limits", Query::new()).await
    }
}
