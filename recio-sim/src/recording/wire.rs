//! How a record lies in a block: types of the file format, apart from recio's own, and the way between the two.
//!
//! The order of variants and fields is the format. Add at the end of an enum only, and raise the format's version for anything else.

use super::{Boundary, Gap, Header, MarketBody, Outcome, Record, RecordBody, StreamId};
use recio_core::market::{
    BookSide, Level, LifecycleEvent, MarketResult, PriceBand, PriceGrid, PublicTrade, Quote, Side, Strike, StrikeTerms,
    TickerUpdate,
};
use recio_core::market_data::ExchangeStatus;
use recio_core::units::{
    AssetPrice, EventTicker, FillId, MarketTicker, Price, Quantity, SeriesTicker, Timestamp, from_micros, micros,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

#[derive(Serialize, Deserialize)]
pub(super) struct WireRecord {
    stream: u8,
    seq: u64,
    /// Microseconds since the record before; since the header's `from` for the first of the file.
    after: u64,
    /// Microseconds from exchange time to receipt.
    received: Option<i64>,
    body: WireBody,
}

type WireLevel = (u16, u64);

#[derive(Serialize, Deserialize)]
pub(super) enum WireBody {
    PreRollBegins,
    SessionBegins,
    SessionEnds,
    Gap { stream: u8, market: Option<u16>, from: i64, to: i64, why: String },
    Market(Box<WireMarket>),
    Lifecycle { market: u16, event: WireLifecycle },
    Outcome { market: u16, result: WireResult, value: u64 },
    Snapshot { market: u16, bids: Vec<WireLevel>, asks: Vec<WireLevel> },
    BidDelta { market: u16, price: u16, change: i64 },
    AskDelta { market: u16, price: u16, change: i64 },
    Ticker { market: u16, bid: Option<WireLevel>, ask: Option<WireLevel>, last: Option<u16>, volume: u64, open: u64 },
    SpotTrade { source: u16, price: u64, trade_id: Option<u64> },
    IndexPrint { index: u16, price: u64 },
    Trade { market: u16, id: String, price: u16, quantity: u64, taker_yes: bool },
    Exchange { exchange_active: bool, trading_active: bool },
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireMarket {
    market: u16,
    event: String,
    series: String,
    strike: WireStrike,
    created: i64,
    open: i64,
    close: i64,
    grid: Vec<(u16, u16, u16)>,
    exchange_index: u16,
    settlement_timer: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) enum WireStrike {
    ToBeAnnounced,
    Unsupported(String),
    Greater(u64),
    GreaterOrEqual(u64),
    Less(u64),
    LessOrEqual(u64),
    Between(u64, u64),
}

#[derive(Serialize, Deserialize)]
pub(super) enum WireResult {
    Yes,
    No,
    Scalar(u16),
}

#[derive(Serialize, Deserialize)]
pub(super) enum WireLifecycle {
    Created,
    Activated,
    Deactivated,
    CloseDateUpdated(i64),
    StrikeUpdated(WireStrike),
    GridUpdated(Vec<(u16, u16, u16)>),
    Determined(WireResult, i64),
    Settled(i64),
}

/// The header's lists, both ways, and the time of the record before.
#[derive(Debug)]
pub(super) struct Codec {
    markets: Vec<MarketTicker>,
    market_places: BTreeMap<MarketTicker, u16>,
    sources: Vec<Arc<str>>,
    source_places: BTreeMap<Arc<str>, u16>,
    last: Timestamp,
}

/// What does not fit, in words.
type Fault = String;

impl Codec {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            markets: header.markets.clone(),
            market_places: (0..).zip(&header.markets).map(|(place, market)| (market.clone(), place)).collect(),
            sources: header.sources.clone(),
            source_places: (0..).zip(&header.sources).map(|(place, source)| (source.clone(), place)).collect(),
            last: header.from,
        }
    }

    /// Without any market or source yet: [`learn_market`](Self::learn_market) gives them their places.
    pub(super) fn empty() -> Self {
        Self {
            markets: Vec::new(),
            market_places: BTreeMap::new(),
            sources: Vec::new(),
            source_places: BTreeMap::new(),
            last: Timestamp::UNIX_EPOCH,
        }
    }

    /// Gives a market the next place; whether it had none before.
    pub(super) fn learn_market(&mut self, market: &MarketTicker) -> Result<bool, Fault> {
        if self.market_places.contains_key(market) {
            return Ok(false);
        }
        let place = u16::try_from(self.markets.len()).map_err(|_| "it would be market 65537".to_owned())?;
        self.markets.push(market.clone());
        self.market_places.insert(market.clone(), place);
        Ok(true)
    }

    /// Gives a source the next place; whether it had none before.
    pub(super) fn learn_source(&mut self, source: &Arc<str>) -> Result<bool, Fault> {
        if self.source_places.contains_key(source) {
            return Ok(false);
        }
        let place = u16::try_from(self.sources.len()).map_err(|_| "it would be source 65537".to_owned())?;
        self.sources.push(source.clone());
        self.source_places.insert(source.clone(), place);
        Ok(true)
    }

    pub(super) fn encode(&mut self, record: &Record) -> Result<WireRecord, Fault> {
        let time = micros(whole_micros(record.exchange_time)?);
        let after = u64::try_from(time - micros(self.last)).map_err(|_| {
            format!(
                "its time {} lies before {}, the record before; merge the streams first",
                record.exchange_time, self.last
            )
        })?;
        let received = record.received_time.map(whole_micros).transpose()?.map(|received| micros(received) - time);
        let body = self.encode_body(&record.body, record.exchange_time)?;
        self.last = record.exchange_time;
        Ok(WireRecord { stream: record.stream.0, seq: record.seq, after, received, body })
    }

    pub(super) fn decode(&mut self, wire: WireRecord) -> Result<Record, Fault> {
        let exchange_time = i64::try_from(wire.after)
            .ok()
            .and_then(|after| micros(self.last).checked_add(after))
            .ok_or_else(|| format!("its time lies {} us after the record before", wire.after))
            .and_then(time)?;
        let received_time = match wire.received {
            None => None,
            Some(later) => {
                let received = micros(exchange_time).checked_add(later);
                Some(received.ok_or_else(|| "its time of receipt is beyond all years".to_owned()).and_then(time)?)
            }
        };
        let body = self.decode_body(wire.body, exchange_time)?;
        self.last = exchange_time;
        Ok(Record { exchange_time, received_time, stream: StreamId(wire.stream), seq: wire.seq, body })
    }

    pub(super) fn encode_body(&self, body: &RecordBody, exchange_time: Timestamp) -> Result<WireBody, Fault> {
        Ok(match body {
            RecordBody::Boundary(Boundary::PreRollBegins) => WireBody::PreRollBegins,
            RecordBody::Boundary(Boundary::SessionBegins) => WireBody::SessionBegins,
            RecordBody::Boundary(Boundary::SessionEnds) => WireBody::SessionEnds,
            RecordBody::Gap(gap) => WireBody::Gap {
                stream: gap.stream.0,
                market: gap.market.as_ref().map(|market| self.place(market)).transpose()?,
                from: micros(whole_micros(gap.from)?),
                to: micros(whole_micros(gap.to)?),
                why: gap.why.clone(),
            },
            RecordBody::Market(market) => WireBody::Market(Box::new(self.encode_market(market)?)),
            RecordBody::Lifecycle { market, event } => {
                WireBody::Lifecycle { market: self.place(market)?, event: encode_lifecycle(event)? }
            }
            RecordBody::Outcome(outcome) => WireBody::Outcome {
                market: self.place(&outcome.market)?,
                result: encode_result(outcome.result),
                value: outcome.expiration_value.cents(),
            },
            RecordBody::BookSnapshot { market, bids, asks } => WireBody::Snapshot {
                market: self.place(market)?,
                bids: bids.iter().map(encode_level).collect(),
                asks: asks.iter().map(encode_level).collect(),
            },
            RecordBody::BookDelta { market, side: BookSide::Bid, price, change } => {
                WireBody::BidDelta { market: self.place(market)?, price: price.units(), change: *change }
            }
            RecordBody::BookDelta { market, side: BookSide::Ask, price, change } => {
                WireBody::AskDelta { market: self.place(market)?, price: price.units(), change: *change }
            }
            RecordBody::Ticker(ticker) => {
                if ticker.exchange_time != exchange_time {
                    return Err(format!(
                        "the ticker's time {} is not the record's {exchange_time}",
                        ticker.exchange_time
                    ));
                }
                WireBody::Ticker {
                    market: self.place(&ticker.market)?,
                    bid: ticker.quote.bid.as_ref().map(encode_level),
                    ask: ticker.quote.ask.as_ref().map(encode_level),
                    last: ticker.last_price.map(Price::units),
                    volume: ticker.volume.hundredths(),
                    open: ticker.open_interest.hundredths(),
                }
            }
            RecordBody::SpotTrade { source, price, trade_id } => {
                WireBody::SpotTrade { source: self.source_place(source)?, price: price.cents(), trade_id: *trade_id }
            }
            RecordBody::IndexPrint { index, price } => {
                WireBody::IndexPrint { index: self.source_place(index)?, price: price.cents() }
            }
            RecordBody::Trade(trade) => {
                if trade.exchange_time != exchange_time {
                    return Err(format!(
                        "the trade's time {} is not the record's {exchange_time}",
                        trade.exchange_time
                    ));
                }
                WireBody::Trade {
                    market: self.place(&trade.market)?,
                    id: trade.id.as_str().to_owned(),
                    price: trade.yes_price.units(),
                    quantity: trade.quantity.hundredths(),
                    taker_yes: trade.taker_side == Side::Yes,
                }
            }
            RecordBody::Exchange(ExchangeStatus { exchange_active, trading_active }) => {
                WireBody::Exchange { exchange_active: *exchange_active, trading_active: *trading_active }
            }
        })
    }

    pub(super) fn decode_body(&self, body: WireBody, exchange_time: Timestamp) -> Result<RecordBody, Fault> {
        Ok(match body {
            WireBody::PreRollBegins => RecordBody::Boundary(Boundary::PreRollBegins),
            WireBody::SessionBegins => RecordBody::Boundary(Boundary::SessionBegins),
            WireBody::SessionEnds => RecordBody::Boundary(Boundary::SessionEnds),
            WireBody::Gap { stream, market, from, to, why } => RecordBody::Gap(Gap {
                stream: StreamId(stream),
                market: market.map(|place| self.market(place)).transpose()?,
                from: time(from)?,
                to: time(to)?,
                why,
            }),
            WireBody::Market(market) => RecordBody::Market(Box::new(self.decode_market(*market)?)),
            WireBody::Lifecycle { market, event } => {
                RecordBody::Lifecycle { market: self.market(market)?, event: decode_lifecycle(event)? }
            }
            WireBody::Outcome { market, result, value } => RecordBody::Outcome(Outcome {
                market: self.market(market)?,
                result: decode_result(&result)?,
                expiration_value: asset_price(value)?,
            }),
            WireBody::Snapshot { market, bids, asks } => RecordBody::BookSnapshot {
                market: self.market(market)?,
                bids: bids.into_iter().map(decode_level).collect::<Result<_, _>>()?,
                asks: asks.into_iter().map(decode_level).collect::<Result<_, _>>()?,
            },
            WireBody::BidDelta { market, price: units, change } => RecordBody::BookDelta {
                market: self.market(market)?,
                side: BookSide::Bid,
                price: price(units)?,
                change,
            },
            WireBody::AskDelta { market, price: units, change } => RecordBody::BookDelta {
                market: self.market(market)?,
                side: BookSide::Ask,
                price: price(units)?,
                change,
            },
            WireBody::Ticker { market, bid, ask, last, volume, open } => RecordBody::Ticker(TickerUpdate {
                market: self.market(market)?,
                quote: Quote { bid: bid.map(decode_level).transpose()?, ask: ask.map(decode_level).transpose()? },
                last_price: last.map(price).transpose()?,
                volume: quantity(volume)?,
                open_interest: quantity(open)?,
                exchange_time,
            }),
            WireBody::SpotTrade { source, price, trade_id } => {
                RecordBody::SpotTrade { source: self.source(source)?, price: asset_price(price)?, trade_id }
            }
            WireBody::IndexPrint { index, price } => {
                RecordBody::IndexPrint { index: self.source(index)?, price: asset_price(price)? }
            }
            WireBody::Trade { market, id, price: units, quantity: hundredths, taker_yes } => {
                RecordBody::Trade(PublicTrade {
                    id: FillId::new(&id).map_err(|error| error.to_string())?,
                    market: self.market(market)?,
                    yes_price: price(units)?,
                    quantity: quantity(hundredths)?,
                    taker_side: if taker_yes { Side::Yes } else { Side::No },
                    exchange_time,
                })
            }
            WireBody::Exchange { exchange_active, trading_active } => {
                RecordBody::Exchange(ExchangeStatus { exchange_active, trading_active })
            }
        })
    }

    fn encode_market(&self, market: &MarketBody) -> Result<WireMarket, Fault> {
        Ok(WireMarket {
            market: self.place(&market.ticker)?,
            event: market.event.as_str().to_owned(),
            series: market.series.as_str().to_owned(),
            strike: encode_strike(&market.strike),
            created: micros(whole_micros(market.created_time)?),
            open: micros(whole_micros(market.open_time)?),
            close: micros(whole_micros(market.close_time)?),
            grid: encode_grid(&market.grid),
            exchange_index: market.exchange_index,
            settlement_timer: u64::try_from(market.settlement_timer.as_micros())
                .map_err(|_| "its settlement timer is beyond all years".to_owned())?,
        })
    }

    fn decode_market(&self, market: WireMarket) -> Result<MarketBody, Fault> {
        Ok(MarketBody {
            ticker: self.market(market.market)?,
            event: EventTicker::new(&market.event).map_err(|error| error.to_string())?,
            series: SeriesTicker::new(&market.series).map_err(|error| error.to_string())?,
            strike: decode_strike(market.strike)?,
            created_time: time(market.created)?,
            open_time: time(market.open)?,
            close_time: time(market.close)?,
            grid: decode_grid(market.grid)?,
            exchange_index: market.exchange_index,
            settlement_timer: Duration::from_micros(market.settlement_timer),
        })
    }

    pub(super) fn place(&self, market: &MarketTicker) -> Result<u16, Fault> {
        let place = self.market_places.get(market).copied();
        place.ok_or_else(|| format!("its market {market} is not in the header's list"))
    }

    pub(super) fn market(&self, place: u16) -> Result<MarketTicker, Fault> {
        let market = self.markets.get(usize::from(place)).cloned();
        market.ok_or_else(|| format!("it is about market {place} of a list of {}", self.markets.len()))
    }

    fn source_place(&self, source: &Arc<str>) -> Result<u16, Fault> {
        let place = self.source_places.get(source).copied();
        place.ok_or_else(|| format!("its source {source} is not in the header's list"))
    }

    fn source(&self, place: u16) -> Result<Arc<str>, Fault> {
        let source = self.sources.get(usize::from(place)).cloned();
        source.ok_or_else(|| format!("it is from source {place} of a list of {}", self.sources.len()))
    }
}

fn encode_lifecycle(event: &LifecycleEvent) -> Result<WireLifecycle, Fault> {
    Ok(match event {
        LifecycleEvent::Created => WireLifecycle::Created,
        LifecycleEvent::Activated => WireLifecycle::Activated,
        LifecycleEvent::Deactivated => WireLifecycle::Deactivated,
        LifecycleEvent::CloseDateUpdated { close_time } => {
            WireLifecycle::CloseDateUpdated(micros(whole_micros(*close_time)?))
        }
        LifecycleEvent::StrikeUpdated { strike } => WireLifecycle::StrikeUpdated(encode_strike(strike)),
        LifecycleEvent::GridUpdated { grid } => WireLifecycle::GridUpdated(encode_grid(grid)),
        LifecycleEvent::Determined { result, determined_time } => {
            WireLifecycle::Determined(encode_result(*result), micros(whole_micros(*determined_time)?))
        }
        LifecycleEvent::Settled { settled_time } => WireLifecycle::Settled(micros(whole_micros(*settled_time)?)),
    })
}

fn decode_lifecycle(event: WireLifecycle) -> Result<LifecycleEvent, Fault> {
    Ok(match event {
        WireLifecycle::Created => LifecycleEvent::Created,
        WireLifecycle::Activated => LifecycleEvent::Activated,
        WireLifecycle::Deactivated => LifecycleEvent::Deactivated,
        WireLifecycle::CloseDateUpdated(close) => LifecycleEvent::CloseDateUpdated { close_time: time(close)? },
        WireLifecycle::StrikeUpdated(strike) => LifecycleEvent::StrikeUpdated { strike: decode_strike(strike)? },
        WireLifecycle::GridUpdated(grid) => LifecycleEvent::GridUpdated { grid: decode_grid(grid)? },
        WireLifecycle::Determined(result, at) => {
            LifecycleEvent::Determined { result: decode_result(&result)?, determined_time: time(at)? }
        }
        WireLifecycle::Settled(at) => LifecycleEvent::Settled { settled_time: time(at)? },
    })
}

fn encode_strike(strike: &StrikeTerms) -> WireStrike {
    match strike {
        StrikeTerms::ToBeAnnounced => WireStrike::ToBeAnnounced,
        StrikeTerms::Unsupported(kind) => WireStrike::Unsupported(kind.clone()),
        StrikeTerms::Known(Strike::Greater { floor }) => WireStrike::Greater(floor.cents()),
        StrikeTerms::Known(Strike::GreaterOrEqual { floor }) => WireStrike::GreaterOrEqual(floor.cents()),
        StrikeTerms::Known(Strike::Less { cap }) => WireStrike::Less(cap.cents()),
        StrikeTerms::Known(Strike::LessOrEqual { cap }) => WireStrike::LessOrEqual(cap.cents()),
        StrikeTerms::Known(Strike::Between { floor, cap }) => WireStrike::Between(floor.cents(), cap.cents()),
    }
}

fn decode_strike(strike: WireStrike) -> Result<StrikeTerms, Fault> {
    let strike = match strike {
        WireStrike::ToBeAnnounced => return Ok(StrikeTerms::ToBeAnnounced),
        WireStrike::Unsupported(kind) => return Ok(StrikeTerms::Unsupported(kind)),
        WireStrike::Greater(floor) => Strike::Greater { floor: asset_price(floor)? },
        WireStrike::GreaterOrEqual(floor) => Strike::GreaterOrEqual { floor: asset_price(floor)? },
        WireStrike::Less(cap) => Strike::Less { cap: asset_price(cap)? },
        WireStrike::LessOrEqual(cap) => Strike::LessOrEqual { cap: asset_price(cap)? },
        WireStrike::Between(floor, cap) => Strike::Between { floor: asset_price(floor)?, cap: asset_price(cap)? },
    };
    Ok(StrikeTerms::Known(strike))
}

fn encode_result(result: MarketResult) -> WireResult {
    match result {
        MarketResult::Yes => WireResult::Yes,
        MarketResult::No => WireResult::No,
        MarketResult::Scalar(value) => WireResult::Scalar(value.units()),
    }
}

fn decode_result(result: &WireResult) -> Result<MarketResult, Fault> {
    Ok(match result {
        WireResult::Yes => MarketResult::Yes,
        WireResult::No => MarketResult::No,
        WireResult::Scalar(units) => MarketResult::Scalar(price(*units)?),
    })
}

fn encode_grid(grid: &PriceGrid) -> Vec<(u16, u16, u16)> {
    grid.bands().iter().map(|band| (band.start.units(), band.end.units(), band.step.units())).collect()
}

fn decode_grid(bands: Vec<(u16, u16, u16)>) -> Result<PriceGrid, Fault> {
    let band = |(start, end, step)| Ok(PriceBand { start: price(start)?, end: price(end)?, step: price(step)? });
    let bands = bands.into_iter().map(band).collect::<Result<Vec<_>, Fault>>()?;
    PriceGrid::new(bands).map_err(|error| error.to_string())
}

fn encode_level(level: &Level) -> WireLevel {
    (level.price.units(), level.quantity.hundredths())
}

fn decode_level((units, hundredths): WireLevel) -> Result<Level, Fault> {
    Ok(Level { price: price(units)?, quantity: quantity(hundredths)? })
}

fn price(units: u16) -> Result<Price, Fault> {
    Price::from_units(units).map_err(|error| error.to_string())
}

fn quantity(hundredths: u64) -> Result<Quantity, Fault> {
    Quantity::from_hundredths(hundredths).map_err(|error| error.to_string())
}

fn asset_price(cents: u64) -> Result<AssetPrice, Fault> {
    AssetPrice::from_cents(cents).map_err(|error| error.to_string())
}

fn time(micros: i64) -> Result<Timestamp, Fault> {
    from_micros(micros).map_err(|error| format!("a time of {micros} us: {error}"))
}

fn whole_micros(time: Timestamp) -> Result<Timestamp, Fault> {
    let whole = time.subsec_nanosecond() % 1000 == 0;
    whole.then_some(time).ok_or_else(|| format!("the time {time} is finer than a microsecond; cut it first"))
}
