//! The price feeds of a run: listened to, and lent to whoever reads their past.

use crate::causes::in_full;
use crate::engine::Input;
use crate::market::Asset;
use crate::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, Resolution, TimeRange};
use futures_util::FutureExt;
use futures_util::future::select_all;
use std::time::Duration;

/// A reading of the past is given up after this long. The feed is not listened to meanwhile, and its prices wait in it: less than the five
/// seconds after which they would count as stale.
const READ_WITHIN: Duration = Duration::from_secs(4);

/// The feeds, each in its place unless it is lent.
pub(super) struct FeedSeats(Vec<Seat>);

struct Seat {
    about: FeedAbout,
    feed: Option<Box<dyn PriceFeed>>,
}

/// A feed that was lent, on its way back with what it read.
pub(super) struct Returned {
    seat: usize,
    feed: Box<dyn PriceFeed>,
}

impl FeedSeats {
    pub(super) fn new(feeds: Vec<Box<dyn PriceFeed>>) -> Self {
        Self(feeds.into_iter().map(|feed| Seat { about: feed.about(), feed: Some(feed) }).collect())
    }

    /// Waits for the next event of any feed. Cancel safe.
    pub(super) async fn next(&mut self) -> (FeedAbout, Result<PriceEvent, FeedError>) {
        let present: Vec<_> = self
            .0
            .iter_mut()
            .filter_map(|Seat { about, feed }| {
                let feed = feed.as_mut()?;
                Some(async move { (about.clone(), feed.next().await) }.boxed())
            })
            .collect();
        if present.is_empty() {
            return std::future::pending().await;
        }
        select_all(present).await.0
    }

    /// An event that a feed has without waiting, in the order of the feeds.
    pub(super) fn ready(&mut self) -> Option<(FeedAbout, PriceEvent)> {
        self.0.iter_mut().find_map(|Seat { about, feed }| {
            // Unconstrained, because tokio's budget would make a full channel look empty now and then.
            let event = tokio::task::unconstrained(feed.as_mut()?.next()).now_or_never()?;
            Some((about.clone(), event.ok()?))
        })
    }

    /// Lends the feed of an asset; `None` where there is none, or it is lent.
    pub(super) fn lend(&mut self, asset: Asset) -> Option<Returned> {
        let seat = self.0.iter().position(|seat| seat.about.asset == asset)?;
        let feed = self.0.get_mut(seat)?.feed.take()?;
        Some(Returned { seat, feed })
    }

    /// Takes a feed back.
    pub(super) fn give_back(&mut self, Returned { seat, feed }: Returned) {
        if let Some(seat) = self.0.get_mut(seat) {
            seat.feed = Some(feed);
        }
    }
}

impl Returned {
    /// Reads the past of the feed that was lent, and goes back with it.
    pub(super) async fn read(mut self, asset: Asset, resolution: Resolution, range: TimeRange) -> (Self, Input) {
        let about = self.feed.about();
        let read = match tokio::time::timeout(READ_WITHIN, self.feed.past(range, resolution)).await {
            Ok(Ok(past)) => Ok((about, past)),
            // That nothing of this length is kept is an answer: nothing is there, and asking again soon is no use.
            Ok(Err(FeedError::NoHistory)) => Ok((about, Vec::new())),
            Ok(Err(error)) => Err(in_full(&error)),
            Err(_) => Err(format!("{} did not answer within {READ_WITHIN:?}", about.source)),
        };
        (self, Input::History { asset, resolution, read })
    }
}
