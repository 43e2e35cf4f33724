//! A feed whose past other sources stand in for: the settlement index, whose history needs a right that not every key has, and lags.

use async_trait::async_trait;
use recio_core::causes::in_full;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PastPrices, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use std::time::Duration;
use tokio::time::timeout;

/// The feed's own past is given up after this long. A run waits 4 s for all of it, and the stand-ins need their time as well.
const OWN_WITHIN: Duration = Duration::from_millis(900);

/// Live events of one feed, and the past of the first source that has it.
///
/// What the feed itself has comes first, always under its own name; what it has not is filled by the first stand-in that has any of it, under that
/// one's name. Whoever takes it up knows which is which, and minutes of two sources are never mixed into one.
pub struct HistoryChain {
    live: Box<dyn PriceFeed>,
    stand_ins: Vec<Box<dyn PriceFeed>>,
    /// The feed refused its past: the right to it does not come while it is connected, and each question costs.
    refused: Option<String>,
}

impl HistoryChain {
    /// Puts stand-ins for its past behind a feed. Of the stand-ins nothing but their past is asked.
    #[must_use]
    pub fn new(live: Box<dyn PriceFeed>, stand_ins: Vec<Box<dyn PriceFeed>>) -> Self {
        Self { live, stand_ins, refused: None }
    }

    /// The feed's own past, or why there is none.
    async fn own(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        if let Some(why) = &self.refused {
            return Err(FeedError::AuthLost(why.clone().into()));
        }
        let late = |_| Err(FeedError::Unreachable(format!("no answer within {OWN_WITHIN:?}").into()));
        let read = timeout(OWN_WITHIN, self.live.past(range, resolution)).await.unwrap_or_else(late);
        if let Err(FeedError::AuthLost(why)) = &read {
            self.refused = Some(why.to_string());
        }
        read
    }

    async fn of_stand_ins(&mut self, range: TimeRange, resolution: Resolution) -> Vec<PastPrices> {
        for stand_in in &mut self.stand_ins {
            match stand_in.past(range, resolution).await {
                Ok(past) if past.iter().any(|past| !past.bars.got().is_empty()) => return past,
                Ok(_) | Err(FeedError::NoHistory) => {}
                Err(error) => {
                    let source = stand_in.about().source;
                    tracing::warn!(%source, error = in_full(&error), "cannot read the past prices that stand in");
                }
            }
        }
        Vec::new()
    }
}

#[async_trait]
impl PriceFeed for HistoryChain {
    fn about(&self) -> FeedAbout {
        self.live.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let event = self.live.next().await?;
        if event == PriceEvent::Connected {
            self.refused = None;
        }
        Ok(event)
    }

    /// The feed's own past alone.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.live.history(range, resolution).await
    }

    async fn past(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        let own = self.own(range, resolution).await;
        if own.as_ref().is_ok_and(|own| own.iter().any(|past| past.bars.is_complete())) {
            return own;
        }
        let stood_in = self.of_stand_ins(range, resolution).await;
        match own {
            own if stood_in.is_empty() => own,
            Ok(own) => Ok(own.into_iter().chain(stood_in).collect()),
            Err(error) => {
                let bars = Read::Partial { got: Vec::new(), missing: in_full(&error) };
                Ok(std::iter::once(PastPrices { source: self.about(), bars }).chain(stood_in).collect())
            }
        }
    }
}

impl std::fmt::Debug for HistoryChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stand_ins: Vec<_> = self.stand_ins.iter().map(|source| source.about().source).collect();
        f.debug_struct("HistoryChain")
            .field("live", &self.live.about().source)
            .field("stand_ins", &stand_ins)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::market::Asset;
    use recio_core::price_feed::PriceKind;
    use recio_core::units::{AssetPrice, Timestamp};
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    type Answer = Result<Read<Vec<Bar>>, FeedError>;

    /// Answers what it is given, in order; then it never does.
    struct Scripted {
        about: FeedAbout,
        answers: Arc<Mutex<VecDeque<Answer>>>,
        events: VecDeque<PriceEvent>,
    }

    #[async_trait]
    impl PriceFeed for Scripted {
        fn about(&self) -> FeedAbout {
            self.about.clone()
        }
        async fn next(&mut self) -> Result<PriceEvent, FeedError> {
            self.events.pop_front().ok_or(FeedError::NoHistory)
        }
        async fn history(&mut self, _: TimeRange, _: Resolution) -> Answer {
            let answer = self.answers.lock().unwrap().pop_front();
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }
    }

    fn feed(source: &str, kind: PriceKind, answers: Vec<Answer>) -> (Box<dyn PriceFeed>, Arc<Mutex<VecDeque<Answer>>>) {
        let about = FeedAbout { source: source.to_owned(), asset: Asset::Btc, kind };
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        let events = VecDeque::from([PriceEvent::Connected]);
        (Box::new(Scripted { about, answers: Arc::clone(&answers), events }), answers)
    }

    fn chain(own: Vec<Answer>, venues: Vec<Answer>) -> HistoryChain {
        let (live, _) = feed("BRTI", PriceKind::Index, own);
        HistoryChain::new(live, vec![feed("median", PriceKind::StandIn, venues).0])
    }

    fn bars(minutes: std::ops::Range<i64>) -> Vec<Bar> {
        let price = AssetPrice::from_cents(8_000_000).unwrap();
        let bar = |minute| Bar {
            start: Timestamp::from_second(60 * minute).unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
        };
        minutes.map(bar).collect()
    }

    const HOUR: TimeRange = TimeRange { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };

    async fn read(chain: &mut HistoryChain) -> Vec<(String, PriceKind, usize, bool)> {
        let past = chain.past(HOUR, Resolution::Minute).await.unwrap();
        let told =
            |past: PastPrices| (past.source.source, past.source.kind, past.bars.got().len(), past.bars.is_complete());
        past.into_iter().map(told).collect()
    }

    fn refused() -> Answer {
        Err(FeedError::AuthLost("403".into()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_feed_has_whole_is_all_that_is_read() {
        let mut chain = chain(vec![Ok(Read::Complete(bars(0..60)))], Vec::new());
        assert_eq!(read(&mut chain).await, [("BRTI".to_owned(), PriceKind::Index, 60, true)]);
        assert_eq!(chain.about().source, "BRTI");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stand_in_fills_under_its_own_name_what_lags_or_does_not_answer() {
        let lags = Ok(Read::Partial { got: bars(0..45), missing: "everything after 00:45".to_owned() });
        let whole = || Ok(Read::Complete(bars(0..60)));
        // The second question is never answered by the index: it is given up in time.
        let mut chain = chain(vec![lags], vec![whole(), whole()]);
        let stood_in = ("median".to_owned(), PriceKind::StandIn, 60, true);
        assert_eq!(read(&mut chain).await, [("BRTI".to_owned(), PriceKind::Index, 45, false), stood_in.clone()]);
        assert_eq!(read(&mut chain).await, [("BRTI".to_owned(), PriceKind::Index, 0, false), stood_in]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_right_is_asked_for_again_after_a_new_connection_alone() {
        let whole = || Ok(Read::Complete(bars(0..60)));
        let (live, own) = feed("BRTI", PriceKind::Index, vec![refused(), whole()]);
        let (venues, _) = feed("median", PriceKind::StandIn, vec![whole(), whole()]);
        let mut chain = HistoryChain::new(live, vec![venues]);
        for _ in 0..2 {
            let past = chain.past(HOUR, Resolution::Minute).await.unwrap();
            assert!(matches!(&past[0].bars, Read::Partial { missing, .. } if missing.contains("403")), "{past:?}");
            assert_eq!(past[1].source.kind, PriceKind::StandIn);
        }
        assert_eq!(own.lock().unwrap().len(), 1, "the second was not asked");
        assert_eq!(chain.next().await.unwrap(), PriceEvent::Connected);
        assert_eq!(read(&mut chain).await, [("BRTI".to_owned(), PriceKind::Index, 60, true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_has_any_the_feeds_own_error_stands() {
        let none = || Err(FeedError::NoHistory);
        let mut chain = chain(vec![refused(), none()], vec![none(), none()]);
        assert!(matches!(chain.past(HOUR, Resolution::Second).await, Err(FeedError::AuthLost(_))));
        chain.refused = None;
        assert!(matches!(chain.past(HOUR, Resolution::Second).await, Err(FeedError::NoHistory)));
        // A wrapper that knows of `history` alone never sees a stand-in's prices.
        let (live, _) = feed("BRTI", PriceKind::Index, vec![refused()]);
        let (venues, _) = feed("median", PriceKind::StandIn, vec![Ok(Read::Complete(bars(0..60)))]);
        let mut chain = HistoryChain::new(live, vec![venues]);
        assert!(chain.history(HOUR, Resolution::Minute).await.is_err());
    }
}
