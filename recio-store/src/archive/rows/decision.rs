//! Decisions: every strike, with model, market and verdict.

use super::{Archived, word};
use crate::archive::Kind;
use crate::archive::sheet::{Cell, Cells, Column, Tabular, Unit};
use recio_core::engine::Verdict;
use recio_core::fact::FactBody;
use recio_core::model::Fair;
use recio_core::store::StoredFact;
use recio_core::units::{AssetPrice, Price, Probability, Quantity, Timestamp};

/// One strike of a decision, as the store's table `decisions` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    /// The fact's place in the store.
    pub sequence: u64,
    /// Its place in the decision, from 1.
    pub line: u64,
    /// Which exchange.
    pub environment: String,
    /// The account.
    pub account: String,
    /// The monitor.
    pub strategy: String,
    /// The view that was answered.
    pub view_number: u64,
    /// When the view was made.
    pub view_time: Timestamp,
    /// When the answer was taken up.
    pub time: Timestamp,
    /// The event.
    pub event: String,
    /// When trading of it ends.
    pub close_time: Timestamp,
    /// The asset's price.
    pub asset_price: Option<AssetPrice>,
    /// The weighted momentum.
    pub momentum_percent: Option<f64>,
    /// The market.
    pub market: String,
    /// The model's value of YES.
    pub model: Option<f64>,
    /// The low end of its 90 % interval.
    pub model_low: Option<f64>,
    /// The high end.
    pub model_high: Option<f64>,
    /// Why there is no value.
    pub model_unknown: Option<String>,
    /// The best bid for YES.
    pub bid: Option<Price>,
    /// Contracts that are wanted there.
    pub bid_quantity: Option<Quantity>,
    /// The best offer of YES.
    pub ask: Option<Price>,
    /// Contracts that are offered there.
    pub ask_quantity: Option<Quantity>,
    /// `entered`, `refused`, `skipped` or `silent`.
    pub verdict: String,
    /// The outcome that was wished for.
    pub side: Option<String>,
    /// Buy or sell.
    pub action: Option<String>,
    /// The limit, in the outcome's own terms.
    pub limit: Option<Price>,
    /// Contracts wished for.
    pub quantity: Option<Quantity>,
    /// The code of why not.
    pub reason: Option<String>,
    /// The strategy's words for why.
    pub why: Option<String>,
}

impl DecisionRow {
    /// The strikes of a fact that is a decision; none for any other.
    #[must_use]
    pub fn of(stored: &StoredFact) -> Vec<Self> {
        let fact = &stored.fact;
        let FactBody::Decision(decision) = &fact.body else { return Vec::new() };
        let row = |(line, strike): (u64, &recio_core::engine::StrikeDecision)| {
            let (model, model_low, model_high, model_unknown) = match &strike.fair {
                Some(Fair::Known { value, low, high }) => (Some(*value), Some(*low), Some(*high), None),
                Some(Fair::Unknown(why)) => (None, None, None, Some(why.kind())),
                None => (None, None, None, None),
            };
            let (bid, ask) = strike.quote.map_or((None, None), |quote| (quote.bid, quote.ask));
            let (verdict, wanted, reason) = match &strike.verdict {
                Verdict::Entered(wanted) => ("entered", Some(wanted), None),
                Verdict::Refused { wanted, reason } => ("refused", Some(wanted), Some(reason)),
                Verdict::Skipped { reason } => ("skipped", None, Some(reason)),
                Verdict::Silent => ("silent", None, None),
            };
            Self {
                sequence: stored.sequence,
                line,
                environment: fact.environment.as_str().to_owned(),
                account: fact.account.to_string(),
                strategy: decision.strategy.to_string(),
                view_number: decision.view,
                view_time: decision.view_time,
                time: decision.time,
                event: decision.event.to_string(),
                close_time: decision.close_time,
                asset_price: decision.asset_price,
                momentum_percent: decision.momentum,
                market: strike.market.to_string(),
                model: model.map(Probability::into),
                model_low: model_low.map(Probability::into),
                model_high: model_high.map(Probability::into),
                model_unknown,
                bid: bid.map(|level| level.price),
                bid_quantity: bid.map(|level| level.quantity),
                ask: ask.map(|level| level.price),
                ask_quantity: ask.map(|level| level.quantity),
                verdict: verdict.to_owned(),
                side: wanted.map(|wanted| word(&wanted.side)),
                action: wanted.map(|wanted| word(&wanted.action)),
                limit: wanted.map(|wanted| wanted.limit),
                quantity: wanted.map(|wanted| wanted.quantity),
                reason: reason.cloned(),
                why: wanted.map(|wanted| wanted.why.clone()),
            }
        };
        (1..).zip(&decision.strikes).map(row).collect()
    }
}

impl Tabular for DecisionRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("sequence", Unit::Count, "the fact's place in the store"),
        Column::new("line", Unit::Count, "the strike's place in the decision, from 1"),
        Column::new("environment", Unit::Text, "which exchange"),
        Column::new("account", Unit::Text, "the account"),
        Column::new("strategy", Unit::Text, "the monitor"),
        Column::new("view_number", Unit::Count, "the view that was answered"),
        Column::new("view_time", Unit::Time, "when the view was made: model and market are of that moment"),
        Column::new("time", Unit::Time, "when the answer was taken up"),
        Column::new("event", Unit::Text, "the event"),
        Column::new("close_time", Unit::Time, "when trading of it ends"),
        Column::new("asset_price", Unit::AssetPrice, "the asset's price").optional(),
        Column::new("momentum_percent", Unit::Real, "the weighted momentum in percent").optional(),
        Column::new("market", Unit::Text, "the market"),
        Column::new("model", Unit::Real, "the model's probability of YES").optional(),
        Column::new("model_low", Unit::Real, "the low end of its 90 % interval").optional(),
        Column::new("model_high", Unit::Real, "the high end of its 90 % interval").optional(),
        Column::new("model_unknown", Unit::Text, "why the model has no value").optional(),
        Column::new("bid", Unit::Price, "the best bid for YES").optional(),
        Column::new("bid_quantity", Unit::Quantity, "contracts wanted there").optional(),
        Column::new("ask", Unit::Price, "the best offer of YES").optional(),
        Column::new("ask_quantity", Unit::Quantity, "contracts offered there").optional(),
        Column::new("verdict", Unit::Text, "entered, refused, skipped or silent"),
        Column::new("side", Unit::Text, "the outcome that was wished for").optional(),
        Column::new("action", Unit::Text, "buy or sell").optional(),
        Column::new("limit", Unit::Price, "the limit, in the outcome's own terms").optional(),
        Column::new("quantity", Unit::Quantity, "contracts wished for").optional(),
        Column::new("reason", Unit::Text, "the code of why not").optional(),
        Column::new("why", Unit::Text, "the strategy's words for why").optional(),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        let real = |real: Option<f64>| real.map_or(Cell::Empty, Cell::Real);
        vec![
            self.sequence.into(),
            self.line.into(),
            self.environment.as_str().into(),
            self.account.as_str().into(),
            self.strategy.as_str().into(),
            self.view_number.into(),
            self.view_time.into(),
            self.time.into(),
            self.event.as_str().into(),
            self.close_time.into(),
            self.asset_price.into(),
            real(self.momentum_percent),
            self.market.as_str().into(),
            real(self.model),
            real(self.model_low),
            real(self.model_high),
            self.model_unknown.as_deref().into(),
            self.bid.into(),
            self.bid_quantity.into(),
            self.ask.into(),
            self.ask_quantity.into(),
            self.verdict.as_str().into(),
            self.side.as_deref().into(),
            self.action.as_deref().into(),
            self.limit.into(),
            self.quantity.into(),
            self.reason.as_deref().into(),
            self.why.as_deref().into(),
        ]
    }
}

impl Archived for DecisionRow {
    const KIND: Kind = Kind::Decisions;
    const VERSION: u32 = 1;

    fn time(&self) -> Timestamp {
        self.time
    }

    fn symbol(&self) -> String {
        self.strategy.clone()
    }

    fn read(cells: &mut Cells<'_>) -> Result<Self, String> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Self {
            sequence: cells.count()?,
            line: cells.count()?,
            environment: cells.text()?.to_owned(),
            account: cells.text()?.to_owned(),
            strategy: cells.text()?.to_owned(),
            view_number: cells.count()?,
            view_time: cells.time()?,
            time: cells.time()?,
            event: cells.text()?.to_owned(),
            close_time: cells.time()?,
            asset_price: cells.optional_asset_price()?,
            momentum_percent: cells.optional_real()?,
            market: cells.text()?.to_owned(),
            model: cells.optional_real()?,
            model_low: cells.optional_real()?,
            model_high: cells.optional_real()?,
            model_unknown: owned(cells.optional_text()?),
            bid: cells.optional_price()?,
            bid_quantity: cells.optional_quantity()?,
            ask: cells.optional_price()?,
            ask_quantity: cells.optional_quantity()?,
            verdict: cells.text()?.to_owned(),
            side: owned(cells.optional_text()?),
            action: owned(cells.optional_text()?),
            limit: cells.optional_price()?,
            quantity: cells.optional_quantity()?,
            reason: owned(cells.optional_text()?),
            why: owned(cells.optional_text()?),
        })
    }
}
