//! Trading on paper, and in the shadow: live data, and no order that leaves this machine.

use crate::basis::BasisInUse;
use crate::composition::{Composition, apart, series_of};
use crate::live_data::{DataQuality, DataSource, LiveLink};
use crate::remembering_feed::RememberingFeed;
use crate::session::{RunFiles, SessionError, Watch, new_run};
use recio_core::engine::{BookSource, EngineConfig, Freshness, Monitor, OrderMode, RiskLimits, WarmStart};
use recio_core::fact::Environment;
use recio_core::local_cache::LocalCache;
use recio_core::model::Model;
use recio_core::pipeline::{BookTiming, Ended, Observer, PaperTerms, PaperVenue, Pipeline, PipelineBuilder};
use recio_core::price_feed::PriceKind;
use recio_core::store::Store;
use recio_core::units::{AccountName, Money, RunId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Without the settlement index nothing is entered this close to the close: the last minute is the mean of index prints, which are not seen.
pub const NO_ENTRY_WITHOUT_INDEX: Duration = Duration::from_secs(180);

/// What becomes of what is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaperMode {
    /// Orders trade at a venue of recio's own.
    Paper(PaperTerms),
    /// Orders are recorded, and nothing else.
    Shadow {
        /// What limits are measured by.
        cash: Money,
    },
}

/// What a run on paper or in the shadow needs.
pub struct PaperSession {
    /// Where data come from.
    pub source: DataSource,
    /// What becomes of what is decided.
    pub mode: PaperMode,
    /// The account's name in the records.
    pub account: AccountName,
    /// What is traded.
    pub watches: Vec<Watch>,
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// When data counts as stale. Books that are polled are given at least the time of [`Freshness::polled`].
    pub freshness: Freshness,
    /// How much of the past has to be there before anything is entered.
    pub warm_start: WarmStart,
    /// What strikes are priced with.
    pub model: Arc<Model>,
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// What a restart without the store goes by; `None` where nothing restarts.
    pub cache: Option<Arc<dyn LocalCache>>,
    /// Where the run's files are. The paper account stands beside the journal.
    pub files: RunFiles,
    /// Who looks on.
    pub observers: Vec<Box<dyn Observer>>,
}

/// How a run on paper or in the shadow ended.
#[derive(Debug)]
pub struct PaperEnded {
    /// The run itself.
    pub ended: Ended,
    /// The account on paper; `None` in the shadow.
    pub venue: Option<Arc<PaperVenue>>,
    /// What its data were.
    pub quality: DataQuality,
    /// The basis that it went by; `None` where its price was the index itself.
    pub basis: Option<BasisInUse>,
}

impl std::fmt::Debug for PaperSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperSession")
            .field("source", &self.source)
            .field("mode", &self.mode)
            .field("watches", &self.watches)
            .finish_non_exhaustive()
    }
}

impl PaperMode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Paper(_) => "paper",
            Self::Shadow { .. } => "shadow",
        }
    }
}

impl PaperEnded {
    /// Cash of the account on paper less cash by recio's ledger; nothing but zero is right at rest. `None` in the shadow, and where the run ended
    /// before the books were open.
    #[must_use]
    pub fn tie_out(&self) -> Option<Money> {
        Some(self.ended.engine.ledger()?.tie_out(self.venue.as_ref()?.cash()))
    }
}

impl PaperSession {
    /// What is said before anything else: that it is simulated, and by what data.
    #[must_use]
    pub fn banner(&self) -> String {
        let quality = self.source.quality();
        let what = match &self.mode {
            PaperMode::Paper(_) => "PAPER: fills are simulated, no order leaves this machine",
            PaperMode::Shadow { .. } => "SHADOW: decisions are recorded, nothing is ordered",
        };
        let from = if quality.simulated_exchange { " of a simulator" } else { "" };
        let entries = match quality.index {
            PriceKind::Index => String::new(),
            PriceKind::StandIn => format!("; no entries in the last {} s", NO_ENTRY_WITHOUT_INDEX.as_secs()),
        };
        format!("{what}. Data{from}: {}{entries}.", quality.label())
    }

    /// Runs until `stop` is cancelled, or a simulator's recording ends. Where the price is not the index, the log says by which basis it goes: the
    /// measured one of [`DataSource::basis`], or a prior.
    ///
    /// # Errors
    /// The data cannot be had, the account belongs to another run, the parts do not fit together, or the run could not go on.
    ///
    /// # Cancel safety
    /// Not cancel safe: use `stop`. A dropped session is like a killed one, which the next one recovers from.
    pub async fn run(mut self, stop: CancellationToken) -> Result<PaperEnded, SessionError> {
        // No key and no exchange owns this account, so its name does; a real key's files are never taken for it.
        let owner = format!("{}:{}", self.mode.as_str(), self.account);
        crate::account_claim::claim(&self.files.journal, &*self.store, &owner).await?;
        tracing::warn!("{}", self.banner());
        let series = series_of(&self.watches);
        let (mut config, strategies) = self.config();
        let mut link = self.source.open(series).await?;
        let (price, basis) = link.take_price()?;
        if let Some(basis) = &basis {
            tracing::warn!("the basis from the price to the settlement index is {}", basis.stated);
            config.basis = BTreeMap::from([(link.asset, basis.basis)]);
        }
        let price = RememberingFeed::of_run(Box::new(price), self.cache.as_ref(), &self.store);
        let composition = Composition {
            config,
            strategies,
            model: self.model,
            store: self.store,
            cache: self.cache,
            files: self.files,
            observers: self.observers,
        };
        let LiveLink { markets, clock, conductor, quality, connection, .. } = link;
        let file = composition.files.journal.with_extension("paper");
        let (builder, venue) = match self.mode {
            PaperMode::Paper(terms) => {
                let books = match quality.books {
                    BookSource::Streamed => BookTiming::Current,
                    BookSource::Polled => BookTiming::NextRead,
                };
                let terms = PaperTerms { books, ..terms };
                let venue = PaperVenue::open(markets, Arc::clone(&clock), self.account, &file, terms)?;
                (Pipeline::builder().market_data(venue.clone()).executor(venue.clone()), Some(venue))
            }
            PaperMode::Shadow { cash } => (Pipeline::builder().market_data(markets).shadow(cash), None),
        };
        let builder: PipelineBuilder = builder.price_feed(price).clock(clock);
        let builder = match conductor {
            Some(conductor) => builder.conductor(conductor),
            None => builder,
        };
        let stop = stop.child_token();
        connection.stop_at_the_end(stop.clone());
        let ended = composition.build(builder)?.run(stop).await;
        connection.close().await;
        Ok(PaperEnded { ended: ended?, venue, quality, basis })
    }

    /// What the engine is told, and who decides.
    fn config(&mut self) -> (EngineConfig, Vec<Box<dyn recio_core::strategy::Strategy>>) {
        let quality = self.source.quality();
        let (mut monitors, strategies) = apart(std::mem::take(&mut self.watches));
        let ends = self.source.place.ends();
        for Monitor { entry, latest_close, .. } in &mut monitors {
            *latest_close = latest_close.iter().copied().chain(ends).min();
            if quality.books == BookSource::Polled {
                entry.min_time_to_close = entry.min_time_to_close.max(NO_ENTRY_WITHOUT_INDEX);
            }
        }
        let freshness = match quality.books {
            BookSource::Streamed => self.freshness.clone(),
            BookSource::Polled => at_least(&self.freshness, &Freshness::polled()),
        };
        let warm_start = self.source.waits_for(&self.warm_start);
        let config = EngineConfig {
            environment: Environment::Paper,
            account: self.account.clone(),
            run: run_of(quality),
            exchange_index: 2,
            epoch: 1,
            monitors,
            risk: self.risk.clone(),
            freshness,
            // Known once the price is there.
            basis: BTreeMap::new(),
            warm_start,
            books: quality.books,
            orders: match self.mode {
                PaperMode::Paper(_) => OrderMode::Sent,
                PaperMode::Shadow { .. } => OrderMode::Recorded,
            },
            tickers_name_close_times: self.source.place.tickers_name_close_times(),
        };
        (config, strategies)
    }
}

/// The name of the run: every fact carries it, so that it tells of facts that rest on delayed data.
fn run_of(quality: DataQuality) -> RunId {
    let run = new_run();
    match quality.books {
        BookSource::Streamed => run,
        BookSource::Polled => RunId::new(&format!("{run}-delayed")).expect("a name and a word are visible ASCII"),
    }
}

/// The longer of each two times.
fn at_least(given: &Freshness, least: &Freshness) -> Freshness {
    Freshness {
        transport: given.transport.max(least.transport),
        price_channel: given.price_channel.max(least.price_channel),
        price_content: given.price_content.max(least.price_content),
        book_channel: given.book_channel.max(least.book_channel),
        order_inputs: given.order_inputs.max(least.order_inputs),
        decision: given.decision.max(least.decision),
    }
}
