//! Whether the exchange is open, and how much may be asked of it.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// Answer of `GET /exchange/status`. The flags at the top describe shard 0; crypto is shard 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeStatus {
    pub exchange_active: bool,
    pub trading_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intra_exchange_transfers_active: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_estimated_resume_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index_statuses: Option<Vec<ExchangeIndexStatus>>,
}

/// One shard of the exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeIndexStatus {
    pub exchange_index: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub exchange_active: bool,
    pub trading_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intra_exchange_transfers_active: Option<bool>,
}

/// Answer of `GET /exchange/schedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleResponse {
    pub schedule: Schedule,
}

/// When the exchange trades, and when it is looked after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub standard_hours: Vec<WeeklySchedule>,
    pub maintenance_windows: Vec<MaintenanceWindow>,
}

/// The hours of a week, from one moment to another. A day without sessions does not trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklySchedule {
    pub start_time: String,
    pub end_time: String,
    pub monday: Vec<DailySchedule>,
    pub tuesday: Vec<DailySchedule>,
    pub wednesday: Vec<DailySchedule>,
    pub thursday: Vec<DailySchedule>,
    pub friday: Vec<DailySchedule>,
    pub saturday: Vec<DailySchedule>,
    pub sunday: Vec<DailySchedule>,
}

/// One session: `HH:MM` in US Eastern. From 00:00 to 00:00 is the whole day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailySchedule {
    pub open_time: String,
    pub close_time: String,
}

/// A time in which the exchange may be away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    pub start_datetime: String,
    pub end_datetime: String,
}

/// Answer of `GET /exchange/user_data_timestamp`: reads of the account show everything up to about this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDataTimestamp {
    pub as_of_time: String,
}

/// Answer of `GET /account/limits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLimits {
    pub usage_tier: String,
    pub read: TokenBucket,
    pub write: TokenBucket,
    #[serde(default)]
    pub grants: Vec<LimitGrant>,
}

/// A bucket of tokens: refilled per second, up to its capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    pub refill_rate: u64,
    pub bucket_capacity: u64,
}

/// Why an account has its tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitGrant {
    pub exchange_instance: String,
    pub level: String,
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ts: Option<i64>,
}

/// Answer of `GET /account/endpoint_costs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointCosts {
    pub default_cost: u64,
    pub endpoint_costs: Vec<EndpointCost>,
}

/// What one call costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointCost {
    pub method: String,
    pub path: String,
    pub cost: u64,
}
