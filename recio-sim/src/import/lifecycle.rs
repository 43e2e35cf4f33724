//! Stand-ins for what was not recorded of a market's life: its body, its strike's arrival, its determination.
//!
//! Times and outcomes come from the market list (which has the exchange's own values). How the exchange announces them is its documented and
//! observed way for 15-minute Bitcoin markets (docs.kalshi.com: market lifecycle channel; observations of 2026): a day's markets are made at
//! about 20:00 UTC the day before; the strike is the value that settles the quarter before, and comes as `metadata_updated` about 0.5 s after
//! that quarter's close; the outcome is determined about 1 s after close and paid about 7 s after close.

use super::ImportError;
use super::source::{Table, find, line_error, open};
use crate::recording::{MarketBody, Outcome, RecordBody};
use recio_core::market::{LifecycleEvent, MarketResult, PriceGrid, Strike, StrikeTerms};
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, SeriesTicker, Timestamp, to_micros_precision};
use std::path::{Path, PathBuf};
use std::time::Duration;

const COLUMNS: &[&str] = &[
    "ticker",
    "open_time",
    "close_time",
    "floor_strike",
    "expiration_value",
    "result",
    "settlement_ts",
    "next_floor_strike",
];

const SERIES: &str = "KXBTC15M";
/// The strike arrives this long after the close of the quarter before.
const STRIKE_AFTER: Duration = Duration::from_millis(500);
/// The outcome is announced this long after close.
const DETERMINED_AFTER: Duration = Duration::from_secs(1);
/// The payout is announced this long after close, where its time was not recorded.
const SETTLED_AFTER: Duration = Duration::from_secs(7);

/// The market list.
pub(super) struct MarketList {
    file: PathBuf,
    rows: Vec<MarketRow>,
}

struct MarketRow {
    line: u64,
    ticker: MarketTicker,
    open: Timestamp,
    close: Timestamp,
    floor: Option<AssetPrice>,
    value: Option<AssetPrice>,
    result: Option<MarketResult>,
    settled: Option<Timestamp>,
    next_floor: Option<AssetPrice>,
}

/// A market of the session with what is known of its life.
pub(super) struct MarketLife {
    pub(super) body: MarketBody,
    /// In order of time; lifecycle announcements and the outcome.
    pub(super) events: Vec<(Timestamp, RecordBody)>,
    /// Whether the time of payout is a stand-in too.
    pub(super) settled_guessed: bool,
}

impl MarketList {
    pub(super) fn read(folder: &Path) -> Result<Self, ImportError> {
        let file = find(folder, "kxbtc15m_markets", "csv")?;
        let mut table = Table::new(open(&file)?, &file, COLUMNS)?;
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            let result = match row.text(5) {
                "" => None,
                "yes" => Some(MarketResult::Yes),
                "no" => Some(MarketResult::No),
                _ => return Err(row.cell(5, "is neither `yes` nor `no` nor empty")),
            };
            let time = |column| row.parse::<Timestamp>(column).map(to_micros_precision);
            let (open, close) = (time(1)?, time(2)?);
            if close <= open {
                return Err(row.cell(2, "is not after the open time"));
            }
            let (floor, value) = (row.parse_some::<AssetPrice>(3)?, row.parse_some::<AssetPrice>(4)?);
            if let (Some(floor), Some(value), Some(result)) = (floor, value, result) {
                let paid = if value >= floor { MarketResult::Yes } else { MarketResult::No };
                if paid != result {
                    return Err(row.cell(5, "does not follow from strike and expiration value"));
                }
            }
            let settled = row.parse_some::<Timestamp>(6)?.map(to_micros_precision);
            if settled.is_some_and(|settled| settled < close + DETERMINED_AFTER) {
                return Err(row.cell(6, "is before the outcome can be known"));
            }
            let (line, ticker, next_floor) = (row.line(), row.parse(0)?, row.parse_some(7)?);
            rows.push(MarketRow { line, ticker, open, close, floor, value, result, settled, next_floor });
        }
        Ok(Self { file, rows })
    }

    /// A market's life between `from` and `to`, as far as it may be told by then.
    pub(super) fn life(
        &self,
        ticker: &MarketTicker,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<MarketLife, ImportError> {
        let row = self.rows.iter().find(|row| row.ticker == *ticker);
        let row = row.ok_or_else(|| ImportError::Line {
            file: self.file.clone(),
            line: self.rows.last().map_or(1, |row| row.line),
            problem: format!("the list ends without market {ticker}"),
            remedy: "add the market's row, or choose a session whose markets are listed",
        })?;
        let error = |problem: &str| line_error(&self.file, row.line, format!("{ticker} {problem}"));
        let strike = self.strike(row)?;
        let announced = row.open + STRIKE_AFTER;
        let mut events = Vec::new();
        if announced > from && announced <= to {
            let strike = StrikeTerms::Known(strike);
            let event = LifecycleEvent::StrikeUpdated { strike };
            events.push((announced, RecordBody::Lifecycle { market: ticker.clone(), event }));
        }
        let determined = row.close + DETERMINED_AFTER;
        if determined <= to {
            let result = row.result.ok_or_else(|| error("closes within the session and has no `result`"))?;
            let value = row.value.ok_or_else(|| error("closes within the session and has no `expiration_value`"))?;
            let event = LifecycleEvent::Determined { result, determined_time: determined };
            events.push((determined, RecordBody::Lifecycle { market: ticker.clone(), event }));
            let outcome = Outcome { market: ticker.clone(), result, expiration_value: value };
            events.push((determined, RecordBody::Outcome(outcome)));
        }
        let settled = row.settled.unwrap_or(row.close + SETTLED_AFTER);
        if settled <= to {
            let event = LifecycleEvent::Settled { settled_time: settled };
            events.push((settled, RecordBody::Lifecycle { market: ticker.clone(), event }));
        }
        let (event, _) = ticker
            .as_str()
            .rsplit_once('-')
            .filter(|(event, _)| event.strip_prefix(SERIES).is_some_and(|rest| rest.starts_with('-')))
            .ok_or_else(|| error("is not a ticker of KXBTC15M"))?;
        let body = MarketBody {
            ticker: ticker.clone(),
            event: EventTicker::new(event).map_err(|fault| error(&fault.to_string()))?,
            series: SeriesTicker::new(SERIES).map_err(|fault| error(&fault.to_string()))?,
            strike: if announced <= from { StrikeTerms::Known(strike) } else { StrikeTerms::ToBeAnnounced },
            created_time: created(row.open),
            open_time: row.open,
            close_time: row.close,
            grid: PriceGrid::tapered_deci_cent(),
            exchange_index: 2,
            settlement_timer: Duration::from_secs(1),
        };
        Ok(MarketLife { body, events, settled_guessed: settled <= to && row.settled.is_none() })
    }

    /// The strike: as listed, or the value that settled the quarter before; where both are known they have to agree.
    fn strike(&self, row: &MarketRow) -> Result<Strike, ImportError> {
        let before = self.rows.iter().find(|before| before.close == row.open);
        let handed = before.and_then(|before| before.value.or(before.next_floor));
        let floor = match (row.floor, handed) {
            (Some(floor), Some(handed)) if floor != handed => {
                let problem = format!(
                    "{}'s strike {floor} is not {handed}, the value that settled the quarter before",
                    row.ticker
                );
                return Err(line_error(&self.file, row.line, problem));
            }
            (Some(floor), _) | (None, Some(floor)) => floor,
            (None, None) => {
                let problem = format!("{} has no `floor_strike`, and the quarter before no value", row.ticker);
                return Err(line_error(&self.file, row.line, problem));
            }
        };
        Ok(Strike::GreaterOrEqual { floor })
    }
}

/// 20:00 UTC on the day before the market's own day, which is a day in the east of the United States.
fn created(open: Timestamp) -> Timestamp {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    let eastern = open.as_second() - 4 * HOUR;
    let seconds = eastern.div_euclid(DAY) * DAY - DAY + 20 * HOUR;
    Timestamp::from_second(seconds).unwrap_or(open)
}
