//! The exchange itself: whether it is open, when it will be, how old the account's reads are.

use super::{KalshiClient, Query};
use crate::error::{ReadError, classify_read};
use crate::parse::{self, Schedule};
use crate::wire;
use recio_core::units::Timestamp;

impl KalshiClient {
    /// Whether the exchange is open. It may say so with status 503 and a sound body. `GET /exchange/status`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn exchange_status(&self) -> Result<wire::ExchangeStatus, ReadError> {
        let what = "exchange status";
        let answer = self.get(what, "/exchange/status", Query::new()).await?;
        if answer.status == 503
            && let Ok(status) = wire::read_body(&answer.body)
        {
            return Ok(status);
        }
        let body = classify_read(what, answer.status, &answer.body)?;
        wire::read_body(body).map_err(|error| ReadError::unreadable(what, error))
    }

    /// The hours of trading, in Eastern time, and the planned maintenance. `GET /exchange/schedule`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn schedule(&self) -> Result<Schedule, ReadError> {
        let what = "schedule";
        let body: wire::ScheduleResponse = self.read(what, "/exchange/schedule", Query::new()).await?;
        parse::schedule(&body.schedule).map_err(|error| ReadError::parse(what, error))
    }

    /// The time up to which reads of orders, fills, positions and cash are complete, about. `GET /exchange/user_data_timestamp`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn account_data_time(&self) -> Result<Timestamp, ReadError> {
        let what = "time of the account's data";
        let body: wire::UserDataTimestamp = self.read(what, "/exchange/user_data_timestamp", Query::new()).await?;
        let of = parse::Of("account data", "of the exchange");
        of.time("as_of_time", &body.as_of_time).map_err(|error| ReadError::parse(what, error))
    }
}
