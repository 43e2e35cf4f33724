//! A whole synthetic world: its head, and its records in their order.

use super::event::{HOUR, Kind, QUARTER, body, ladder, second};
use super::path::PricePath;
use super::records::SyntheticRecords;
use super::{SyntheticError, SyntheticOptions};
use crate::exchange::Records;
use crate::recording::{FORMAT_VERSION, Header, StreamId, StreamInfo};
use recio_core::units::MarketTicker;
use std::sync::Arc;

/// The world goes on for so long after its hours, so that the last close is settled: hourly events take 155 s.
const TAIL: i64 = 180;

pub(super) const SESSION: StreamId = StreamId(0);
pub(super) const LIFECYCLE: StreamId = StreamId(1);
pub(super) const BOOK: StreamId = StreamId(2);
pub(super) const TICKER: StreamId = StreamId(3);
pub(super) const INDEX: StreamId = StreamId(4);
/// How many streams there are.
pub(super) const STREAMS: usize = 5;
/// The index of the prints.
pub(super) const INDEX_NAME: &str = "BRTI";

/// A world by seed. The same options give the same records, byte for byte, on every machine.
#[derive(Clone, Debug)]
pub struct SyntheticWorld {
    options: SyntheticOptions,
    plan: Arc<Plan>,
}

/// When what begins, in Unix seconds; and the price around which each hourly event's strikes lie.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) options: SyntheticOptions,
    /// The first second of the pre-roll.
    pub(super) begin: i64,
    pub(super) session: i64,
    /// The last second.
    pub(super) end: i64,
    /// The open of the first quarter.
    pub(super) first_quarter: i64,
    /// The open of the first hourly event.
    pub(super) first_hour: i64,
    /// The price at the open of each hourly event, in cents.
    pub(super) hours: Vec<u64>,
}

impl SyntheticWorld {
    /// Plans a world.
    ///
    /// # Errors
    /// The options make no world.
    pub fn new(options: SyntheticOptions) -> Result<Self, SyntheticError> {
        options.check()?;
        let session = options.from.as_second();
        let first_quarter = session.div_euclid(QUARTER) * QUARTER;
        let first_hour = session.div_euclid(HOUR) * HOUR;
        let pre_roll = i64::try_from(options.pre_roll.as_secs()).unwrap_or(HOUR);
        let begin = first_hour.min(first_quarter) - pre_roll;
        let end = session + i64::from(options.hours) * HOUR + TAIL;
        // The strikes of an hour are in its markets' names, and the names stand in the head: so the walk is walked once ahead.
        let mut hours = Vec::new();
        if options.hourly_strikes > 0 {
            let mut path = PricePath::new(options.seed, options.opening);
            for now in begin..=end {
                let price = path.step();
                if now >= first_hour && (now - first_hour) % HOUR == 0 {
                    hours.push(price);
                }
            }
        }
        let plan = Plan { seed: options.seed, options, begin, session, end, first_quarter, first_hour, hours };
        Ok(Self { options, plan: Arc::new(plan) })
    }

    /// What the world says about itself.
    #[must_use]
    pub fn header(&self) -> Header {
        let SyntheticOptions { hours, seed, .. } = self.options;
        Header {
            format_version: FORMAT_VERSION,
            title: format!(
                "SYNTHETIC, never happened: {hours} h of KXBTC15M{} by seed {seed}",
                if self.plan.hours.is_empty() { "" } else { " and KXBTCD" }
            ),
            created_by: format!("recio-sim {} (synthetic world)", env!("CARGO_PKG_VERSION")),
            from: second(self.plan.begin),
            session_from: second(self.plan.session),
            to: second(self.plan.end),
            markets: self.plan.markets(),
            sources: vec![INDEX_NAME.into()],
            streams: streams(seed),
            gaps: Vec::new(),
            notes: NOTES.map(str::to_owned).into(),
        }
    }

    /// Its records, made as they are read.
    #[must_use]
    pub fn records(&self) -> Records {
        Box::new(SyntheticRecords::new(Arc::clone(&self.plan)))
    }
}

impl Plan {
    /// The opens of the quarters whose markets appear.
    pub(super) fn quarters(&self) -> impl Iterator<Item = i64> + use<> {
        let (first, end) = (self.first_quarter, self.end);
        (0..).map(move |n| first + n * QUARTER).take_while(move |open| *open <= end)
    }

    fn markets(&self) -> Vec<MarketTicker> {
        let hourly = self.hours.iter().zip(0_i64..).flat_map(|(price, number)| {
            let open = self.first_hour + number * HOUR;
            let strikes = ladder(*price, self.options.hourly_strikes);
            strikes.into_iter().filter_map(move |floor| body(Kind::Hourly, open, Some(floor), second(open)))
        });
        let quarters = self.quarters().filter_map(|open| body(Kind::Quarter, open, None, second(open)));
        quarters.chain(hourly).map(|body| body.ticker).collect()
    }
}

const NOTES: [&str; 8] = [
    "SYNTHETIC: nothing in here was recorded. Prices, books and outcomes are made by chance from the seed.",
    "The index is a random walk with three kinds of weather (3, 7 and 18 USD per square root of a second) and a jump of 50 to 400 USD about every 90 minutes.",
    "Books lie around the value that the walk's own law gives, with noise: they know more than any market does, so nothing follows for what a strategy would earn.",
    "Outcomes follow the exchange's rule: the mean of the 60 prints stamped 60 to 1 seconds before the close, rounded half up to a cent.",
    "The strike of a quarter is the value that settled the quarter before, and comes half a second after its open.",
    "Quarters are announced as determined 1 s and paid 7 s after the close, hourly events 90 s and 155 s after it.",
    "In the autumn hour that New York's clocks repeat, only the first of two events of one name is there.",
    "Markets are listed when they open, not the day before; there are no public trades; the other party's orders are never ours.",
];

fn streams(seed: u64) -> Vec<StreamInfo> {
    let stream = |id, name: &str| StreamInfo {
        id,
        name: name.to_owned(),
        origin: format!("SYNTHETIC: made by recio-sim {} from seed {seed}", env!("CARGO_PKG_VERSION")),
        stand_in_for: None,
    };
    vec![
        stream(SESSION, "session"),
        stream(LIFECYCLE, "lifecycle"),
        stream(BOOK, "book"),
        stream(TICKER, "ticker"),
        stream(INDEX, "index"),
    ]
}
