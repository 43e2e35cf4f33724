//! `MarketData`: everything is handed on, and played into the venue.

use super::PaperVenue;
use crate::market::{Market, Series};
use crate::market_data::{MarketData, MarketDataError, MarketEvent};
use crate::price_feed::TimeRange;
use crate::read::Read;
use crate::trade::{FeeQuantum, FeeSchedule};
use crate::units::{MarketTicker, SeriesTicker, Timestamp};
use async_trait::async_trait;
use std::sync::PoisonError;
use std::time::Duration;

/// Outcomes of closed markets are asked for no more often than this: a market is paid a minute or so after its close.
const OUTCOMES_EVERY: Duration = Duration::from_secs(5);

#[async_trait]
impl MarketData for PaperVenue {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        let read = self.data.series(series).await?;
        let fees = FeeSchedule {
            fee_type: read.fee_type.clone(),
            multiplier: read.fee_multiplier,
            quantum: FeeQuantum::CentiCent,
        };
        self.fees.lock().unwrap_or_else(PoisonError::into_inner).insert(series.clone(), fees);
        Ok(read)
    }

    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        let read = self.data.markets(series, closing).await?;
        let mut desk = self.lock();
        desk.list(read.got(), self.clock.now().wall);
        self.tell(&desk);
        Ok(read)
    }

    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError> {
        self.data.follow(markets).await
    }

    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        let event = self.data.next().await?;
        // Nothing is awaited from here on, so that no event is lost.
        let mut desk = self.lock();
        desk.play(&event, self.clock.now());
        self.tell(&desk);
        Ok(event)
    }
}

impl PaperVenue {
    /// Asks the exchange how markets ended that are held on paper: after a restart, or where a stream does not tell, nobody else does.
    pub(super) async fn look_for_outcomes(&self) {
        let now = self.clock.now();
        let awaited = self.lock().awaited(now.wall);
        if awaited.is_empty() {
            return;
        }
        {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            if asked.is_some_and(|at| now.mono.since(at) < OUTCOMES_EVERY) {
                return;
            }
            *asked = Some(now.mono);
        }
        for (series, close_time) in awaited {
            let after = close_time.checked_add(Duration::from_secs(1)).unwrap_or(Timestamp::MAX);
            match self.data.markets(&series, TimeRange { from: close_time, to: after }).await {
                Ok(read) => {
                    let mut desk = self.lock();
                    desk.list(read.got(), self.clock.now().wall);
                    self.tell(&desk);
                }
                // Held until it is told; it is asked again.
                Err(error) => tracing::debug!(%series, %close_time, "the outcome cannot be read: {error}"),
            }
        }
    }

    /// What fills of a series cost; asked of the exchange where it has not been told yet.
    pub(super) async fn fees_of(&self, series: &SeriesTicker) -> Option<FeeSchedule> {
        let known = || self.fees.lock().unwrap_or_else(PoisonError::into_inner).get(series).cloned();
        if known().is_none()
            && let Err(error) = self.series(series).await
        {
            tracing::warn!(%series, "its fees cannot be read: {error}");
        }
        known()
    }
}
