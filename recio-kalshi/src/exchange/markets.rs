//! `MarketData` over the client.

use crate::client::{KalshiClient, MarketFilter, Paged};
use crate::error::ReadError;
use crate::socket::{AccountEvent, MarketEvent as SocketEvent, Wanted};
use crate::wire;
use async_trait::async_trait;
use recio_core::market::{Market, Series};
use recio_core::market_data::{ExchangeStatus, MarketData, MarketDataError, MarketEvent};
use recio_core::price_feed::TimeRange;
use recio_core::read::Read;
use recio_core::units::{MarketTicker, SeriesTicker};
use tokio::sync::{Mutex, mpsc, watch};

/// Statuses of the exchange that nobody has taken yet; only the newest matters.
const STATUSES: usize = 8;

/// Kalshi's markets and books.
#[derive(Debug)]
pub struct KalshiMarkets {
    client: KalshiClient,
    exchange_index: u16,
    wanted: watch::Sender<Wanted>,
    events: Mutex<mpsc::Receiver<SocketEvent>>,
    /// The private stream where nobody reads it: it tells of lost connections alone then, and must not fill up.
    unread: Mutex<Option<mpsc::Receiver<AccountEvent>>>,
    status: (mpsc::Sender<ExchangeStatus>, Mutex<mpsc::Receiver<ExchangeStatus>>),
}

impl KalshiMarkets {
    pub(super) fn new(
        client: KalshiClient,
        exchange_index: u16,
        wanted: watch::Sender<Wanted>,
        events: mpsc::Receiver<SocketEvent>,
        unread: Option<mpsc::Receiver<AccountEvent>>,
    ) -> Self {
        let (status, statuses) = mpsc::channel(STATUSES);
        Self {
            client,
            exchange_index,
            wanted,
            events: Mutex::new(events),
            unread: Mutex::new(unread),
            status: (status, Mutex::new(statuses)),
        }
    }

    /// Reads whether the exchange trades, and hands it on as an event. The stream does not tell it; each list of markets asks.
    async fn look_at_status(&self) -> Result<(), ReadError> {
        let status = self.client.exchange_status().await?;
        // A full queue holds statuses that nobody has looked at; the next list brings another.
        let _ = self.status.0.try_send(status_of(&status, self.exchange_index));
        Ok(())
    }
}

#[async_trait]
impl MarketData for KalshiMarkets {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        self.client.series(series).await.map_err(read_error)
    }

    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        self.look_at_status().await.map_err(read_error)?;
        let filter = MarketFilter {
            series: Some(series.clone()),
            min_close: Some(closing.from),
            max_close: Some(closing.to),
            ..MarketFilter::default()
        };
        let read = read_of(self.client.markets(&filter).await.map_err(read_error)?);
        // The filter counts whole seconds.
        Ok(read.map(|mut markets| {
            markets.retain(|market| closing.from <= market.close_time && market.close_time < closing.to);
            markets
        }))
    }

    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError> {
        let books = markets.iter().cloned().collect();
        self.wanted.send_if_modified(|wanted| {
            let changed = wanted.books != books;
            wanted.books = books;
            changed
        });
        Ok(())
    }

    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        let mut statuses = self.status.1.lock().await;
        let mut events = self.events.lock().await;
        if let Some(unread) = &mut *self.unread.lock().await {
            while unread.try_recv().is_ok() {}
        }
        loop {
            tokio::select! {
                biased;
                Some(status) = statuses.recv() => return Ok(MarketEvent::Exchange(status)),
                event = events.recv() => match event {
                    Some(event) => if let Some(event) = translate(event) { return Ok(event) },
                    None => return Err(MarketDataError::Closed),
                },
            }
        }
    }
}

/// What the socket says in core's words; `None` for an announcement that means nothing to recio.
fn translate(event: SocketEvent) -> Option<MarketEvent> {
    Some(match event {
        SocketEvent::Snapshot { market, book, .. } => MarketEvent::Snapshot { market, book },
        SocketEvent::Delta { market, delta, exchange_time, .. } => {
            MarketEvent::Delta { market, delta, exchange_time: Some(exchange_time) }
        }
        SocketEvent::Void { markets, reason } => MarketEvent::Void { markets, reason },
        SocketEvent::Ticker(ticker) => MarketEvent::Ticker(ticker),
        SocketEvent::Trade(trade) => MarketEvent::Trade(trade),
        SocketEvent::Lifecycle(update) => MarketEvent::Lifecycle { market: update.market, event: update.event? },
        SocketEvent::Missed(channel) => {
            MarketEvent::Unreadable { reason: format!("frames of {} were missed", channel.name()) }
        }
        SocketEvent::Unreadable { channel, error } => {
            MarketEvent::Unreadable { reason: format!("{}: {error}", channel.name()) }
        }
        SocketEvent::Refused { channel, code, message } => {
            let channel = channel.map_or("a subscription", |channel| channel.name());
            MarketEvent::Unreadable { reason: format!("the exchange refuses {channel}: {code} {message}") }
        }
        SocketEvent::Connected => MarketEvent::Connected,
        SocketEvent::Disconnected { reason, .. } => MarketEvent::Disconnected { reason },
    })
}

/// Whether a shard trades. The top level describes shard 0, and speaks for all only where shards are not told apart: a list without ours says
/// nothing of ours, and nothing is not "it trades".
pub(super) fn status_of(status: &wire::ExchangeStatus, exchange_index: u16) -> ExchangeStatus {
    let (exchange_active, trading_active) = match &status.exchange_index_statuses {
        None => (status.exchange_active, status.trading_active),
        Some(shards) => shards
            .iter()
            .find(|shard| shard.exchange_index == exchange_index)
            .map_or((false, false), |shard| (shard.exchange_active, shard.trading_active)),
    };
    ExchangeStatus { exchange_active, trading_active }
}

/// What was read page by page, as core has it.
pub(super) fn read_of<T>(paged: Paged<T>) -> Read<Vec<T>> {
    if paged.complete {
        Read::Complete(paged.items)
    } else {
        let missing = paged.missing.unwrap_or_else(|| "the rest".to_owned());
        Read::Partial { got: paged.items, missing }
    }
}

pub(super) fn read_error(error: ReadError) -> MarketDataError {
    match error {
        ReadError::NotFound { what } => MarketDataError::NotFound(what),
        ReadError::RateLimited { .. } => MarketDataError::RateLimited,
        error @ ReadError::AuthLost { .. } => MarketDataError::AuthLost(error.into()),
        error @ ReadError::Unreadable { .. } => MarketDataError::Unreadable(error.into()),
        error @ (ReadError::Refused { .. } | ReadError::Unavailable { .. } | ReadError::NotSigned { .. }) => {
            MarketDataError::Unreachable(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(shards: &str) -> ExchangeStatus {
        let text = format!(r#"{{"exchange_active":true,"trading_active":true{shards}}}"#);
        status_of(&serde_json::from_str(&text).unwrap(), 2)
    }

    #[test]
    fn a_shard_that_is_not_told_of_does_not_trade() {
        let shard = |index: u16, trading: bool| {
            format!(
                r#","exchange_index_statuses":[{{"exchange_index":{index},"exchange_active":true,"trading_active":{trading}}}]"#
            )
        };
        let told = |exchange_active, trading_active| ExchangeStatus { exchange_active, trading_active };
        assert_eq!(status(""), told(true, true), "shards are not told apart");
        assert_eq!(status(&shard(2, false)), told(true, false), "ours, and not shard 0");
        assert_eq!(status(&shard(0, true)), told(false, false), "ours is missing");
    }
}
