use super::format::{BLOCK, BlockHead, MAGIC, TRAILER};
use super::*;
use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq, proptest};
use recio_core::market::{
    BookSide, Level, LifecycleEvent, MarketResult, MarketStatus, PriceGrid, Quote, Strike, StrikeTerms, TickerUpdate,
};
use recio_core::units::{AssetPrice, MarketTicker, Price, Quantity, Timestamp};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_778_677_200_000 + millis).unwrap()
}

fn market(name: &str) -> MarketTicker {
    MarketTicker::new(name).unwrap()
}

fn usd(text: &str) -> AssetPrice {
    text.parse().unwrap()
}

fn level(cents: u16, contracts: u32) -> Level {
    Level { price: Price::cents(cents), quantity: Quantity::contracts(contracts) }
}

fn header() -> Header {
    let stream = |id, name: &str, stand_in_for: Option<&str>| StreamInfo {
        id: StreamId(id),
        name: name.to_owned(),
        origin: "made up for a test".to_owned(),
        stand_in_for: stand_in_for.map(str::to_owned),
    };
    Header {
        format_version: FORMAT_VERSION,
        title: "a small recording".to_owned(),
        created_by: "test".to_owned(),
        from: at(0),
        session_from: at(10),
        to: at(100_000),
        markets: vec![market("KXBTC15M-26MAY130915-15"), market("KXBTC15M-26MAY130930-30")],
        sources: vec!["coinbase".into(), "BRTI".into()],
        streams: vec![stream(0, "all", None), stream(1, "spot", Some("BRTI"))],
        gaps: vec![gap()],
        notes: vec!["nothing in here was recorded".to_owned()],
    }
}

fn gap() -> Gap {
    Gap {
        stream: StreamId(1),
        market: Some(market("KXBTC15M-26MAY130930-30")),
        from: at(1),
        to: at(200_000),
        why: "nobody was there".to_owned(),
    }
}

/// One of every kind of record.
fn bodies() -> Vec<RecordBody> {
    let first = market("KXBTC15M-26MAY130915-15");
    let strikes = [
        StrikeTerms::ToBeAnnounced,
        StrikeTerms::Unsupported("functional".to_owned()),
        StrikeTerms::Known(Strike::Greater { floor: usd("1.23") }),
        StrikeTerms::Known(Strike::GreaterOrEqual { floor: usd("80193.52") }),
        StrikeTerms::Known(Strike::Less { cap: usd("2") }),
        StrikeTerms::Known(Strike::LessOrEqual { cap: usd("3") }),
        StrikeTerms::Known(Strike::Between { floor: usd("3"), cap: usd("4") }),
    ];
    let mut events = vec![
        LifecycleEvent::Created,
        LifecycleEvent::Activated,
        LifecycleEvent::Deactivated,
        LifecycleEvent::CloseDateUpdated { close_time: at(5) },
        LifecycleEvent::GridUpdated { grid: PriceGrid::linear_cent() },
        LifecycleEvent::Determined { result: MarketResult::Scalar(Price::cents(40)), determined_time: at(6) },
        LifecycleEvent::Determined { result: MarketResult::No, determined_time: at(6) },
        LifecycleEvent::Settled { settled_time: at(7) },
    ];
    events.extend(strikes.iter().cloned().map(|strike| LifecycleEvent::StrikeUpdated { strike }));
    let body = |strike: &StrikeTerms| {
        RecordBody::Market(Box::new(MarketBody {
            ticker: first.clone(),
            event: "KXBTC15M-26MAY130915".parse().unwrap(),
            series: "KXBTC15M".parse().unwrap(),
            strike: strike.clone(),
            created_time: at(-1_000_000),
            open_time: at(0),
            close_time: at(900_000),
            grid: PriceGrid::tapered_deci_cent(),
            exchange_index: 2,
            settlement_timer: Duration::from_secs(1),
        }))
    };
    let mut bodies = vec![
        RecordBody::Boundary(Boundary::PreRollBegins),
        RecordBody::Boundary(Boundary::SessionBegins),
        RecordBody::Gap(gap()),
        RecordBody::Gap(Gap { market: None, ..gap() }),
    ];
    bodies.extend(strikes.iter().map(body));
    bodies.extend(events.into_iter().map(|event| RecordBody::Lifecycle { market: first.clone(), event }));
    bodies.extend([
        RecordBody::Outcome(Outcome {
            market: first.clone(),
            result: MarketResult::Yes,
            expiration_value: usd("80285.68"),
        }),
        RecordBody::BookSnapshot { market: first.clone(), bids: vec![level(49, 2), level(48, 7)], asks: vec![] },
        RecordBody::BookDelta { market: first.clone(), side: BookSide::Bid, price: Price::cents(49), change: -105 },
        RecordBody::BookDelta { market: first.clone(), side: BookSide::Ask, price: Price::cents(51), change: 5 },
        RecordBody::SpotTrade { source: "coinbase".into(), price: usd("80193.52"), trade_id: Some(1_016_361_845) },
        RecordBody::SpotTrade { source: "coinbase".into(), price: usd("80193.53"), trade_id: None },
        RecordBody::IndexPrint { index: "BRTI".into(), price: usd("80190.01") },
        RecordBody::Boundary(Boundary::SessionEnds),
    ]);
    bodies
}

/// All of [`bodies`] and a few tickers, over two streams.
fn entries() -> Vec<(StreamId, Timestamp, Option<Timestamp>, RecordBody)> {
    let tickers = [None, Some(level(49, 3))].map(|best| {
        RecordBody::Ticker(TickerUpdate {
            market: market("KXBTC15M-26MAY130930-30"),
            quote: Quote { bid: best, ask: None },
            last_price: best.map(|best| best.price),
            volume: Quantity::contracts(12),
            open_interest: Quantity::contracts(7),
            exchange_time: at(0),
        })
    });
    let times = (0..).map(|step: i64| at(step / 2 * 10));
    let all = times.zip(bodies().into_iter().chain(tickers)).enumerate();
    all.map(|(place, (time, mut body))| {
        if let RecordBody::Ticker(ticker) = &mut body {
            ticker.exchange_time = time;
        }
        let received = (place % 3 == 0).then(|| time + Duration::from_micros(562));
        (StreamId(u8::from(place % 2 == 1)), time, received, body)
    })
    .collect()
}

const NAME: &str = "small.rec";

fn written() -> Vec<u8> {
    let mut writer = RecordingWriter::new(Vec::new(), Path::new(NAME), header()).unwrap();
    for (stream, time, received, body) in entries() {
        writer.push(stream, time, received, body).unwrap();
    }
    writer.finish().unwrap().0
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, RecordingError> {
    RecordingReader::new(bytes, Path::new(NAME))?.collect()
}

fn error_of(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// A file whose checksums are right, with anything in its one block.
fn forged(raw: &[u8], records: u32) -> Vec<u8> {
    let mut bytes = RecordingWriter::new(Vec::new(), Path::new(NAME), header()).unwrap().finish().unwrap().0;
    bytes.truncate(bytes.len() - 1 - 16 - 32);
    let packed = zstd::bulk::compress(raw, 1).unwrap();
    bytes.push(BLOCK);
    bytes.extend(BlockHead::new(u32::try_from(raw.len()).unwrap(), records, &packed).to_bytes());
    bytes.extend(packed);
    bytes.push(TRAILER);
    bytes.extend(u64::from(records).to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

#[test]
fn every_kind_of_record_comes_back_as_it_was() {
    let records = read(&written()).unwrap();
    let back: Vec<_> = records.iter().map(|r| (r.stream, r.exchange_time, r.received_time, r.body.clone())).collect();
    assert_eq!(back, entries());
    for stream in [0, 1] {
        let numbers: Vec<u64> = records.iter().filter(|r| r.stream == StreamId(stream)).map(|r| r.seq).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn the_header_is_read_without_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    let summary = write_file(&path, header(), entries()).unwrap();
    let recording = Recording::open(&path).unwrap();
    assert_eq!(recording.header(), &header());
    assert_eq!(recording.header().stand_ins().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["spot"]);
    assert_eq!(recording.header().stream("spot").unwrap().id, StreamId(1));
    assert_eq!(recording.verify().unwrap(), summary);
    assert_eq!(summary.records, entries().len() as u64);
    assert!(!path.with_file_name("small.rec.part").exists());

    // Even where nothing but the header is left.
    let bytes = std::fs::read(&path).unwrap();
    let length = u32::from_le_bytes(bytes[10..14].try_into().unwrap()) as usize;
    std::fs::write(&path, &bytes[..18 + length]).unwrap();
    assert_eq!(Recording::open(&path).unwrap().header().title, "a small recording");
    assert!(Recording::open(&path).unwrap().verify().is_err());
}

#[test]
fn a_body_becomes_a_market_without_an_outcome() {
    let body =
        bodies().into_iter().find_map(|body| if let RecordBody::Market(body) = body { Some(body) } else { None });
    let market = body.unwrap().to_market(MarketStatus::Active);
    assert_eq!((market.status, market.result, market.expiration_value), (MarketStatus::Active, None, None));
    assert_eq!(market.close_time, at(900_000));
}

#[test]
fn records_come_before_the_end_is_read() {
    let mut header = header();
    header.to = at(i64::from(u32::MAX));
    let mut writer = RecordingWriter::new(Vec::new(), Path::new(NAME), header).unwrap();
    for step in 0..100_000_i64 {
        let price = AssetPrice::from_cents(8_000_000 + step.unsigned_abs() * 7919 % 99_991).unwrap();
        let body = RecordBody::SpotTrade { source: "coinbase".into(), price, trade_id: Some(step.unsigned_abs() * 31) };
        writer.push(StreamId(1), at(step), None, body).unwrap();
    }
    let (bytes, summary) = writer.finish().unwrap();
    assert!(summary.blocks >= 3, "{summary:?}");
    let length = bytes.len() as u64;
    let mut cursor = Cursor::new(bytes);
    let mut reader = RecordingReader::new(cursor.by_ref(), Path::new(NAME)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().seq, 1);
    assert_eq!(reader.summary(), None);
    drop(reader);
    assert!(cursor.position() < length / 2, "{} of {length}", cursor.position());
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(
        error_of(b"PK\x03\x04 not a recording at all"),
        "small.rec: is not a recio recording: it does not begin with `RECIOREC`; name a file made by `recio data import`"
    );
    assert!(matches!(read(b"").unwrap_err().problem, RecordingProblem::NotARecording));
    let mut later = written();
    later[MAGIC.len()] = 2;
    assert_eq!(
        error_of(&later),
        "small.rec: is a recording of format 2, this recio reads format 1; use a newer recio, or import it again"
    );
    let missing = Recording::open("/nowhere/at/all.rec").unwrap_err().to_string();
    assert!(missing.starts_with("/nowhere/at/all.rec: cannot be read at byte 0; check"), "{missing}");
    assert!(missing.ends_with("; check the path, its rights and the disk"), "{missing}");
}

#[test]
fn damage_is_named_with_its_place() {
    let good = written();
    let cut = error_of(&good[..good.len() - 40]);
    let end = good.len() - 48;
    assert_eq!(
        cut,
        format!(
            "small.rec: is damaged at byte {end}, after record {}: it ends in the middle of the trailer; \
             take a fresh copy, or make it again with `recio data import`",
            entries().len()
        )
    );
    let mut longer = good.clone();
    longer.push(b'\n');
    assert!(error_of(&longer).contains("something follows the trailer"));
    let mut flipped = good;
    flipped[end - 10] ^= 1;
    assert!(error_of(&flipped).contains("after record 0: a block's checksum does not fit"));
}

#[test]
fn a_reader_stops_at_its_first_error() {
    let mut bytes = written();
    let place = bytes.len() - 1;
    bytes[place] ^= 1;
    let mut reader = RecordingReader::new(&bytes[..], Path::new(NAME)).unwrap();
    assert_eq!(reader.by_ref().filter(Result::is_ok).count(), entries().len());
    assert!(reader.summary().is_none());
    assert!(reader.next().is_none());
}

#[test]
fn a_sound_frame_with_wrong_records_is_refused() {
    // stream, seq, after, received, body: `2` is the end of the session.
    let record = |stream: u8, seq: u8, body: u8| [stream, seq, 0, 0, body];
    assert!(read(&forged(&record(0, 1, 2), 1)).is_ok());
    let cases: [(Vec<u8>, u32, &str); 7] = [
        (record(9, 1, 2).into(), 1, "stream 9, which the header does not name"),
        (record(0, 2, 2).into(), 1, "stream 0 goes on with number 2 instead of 1"),
        (record(0, 1, 99).into(), 1, "the next record cannot be decoded"),
        ([record(0, 1, 2), record(0, 2, 2)].concat(), 1, "a block holds more than its records"),
        (record(0, 1, 2).into(), 2, "the next record cannot be decoded"),
        (vec![0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 2], 1, "us after the record before"),
        // A spot trade (11) of source 7.
        (vec![1, 1, 0, 0, 11, 7, 5, 0], 1, "it is from source 7 of a list of 2"),
    ];
    for (raw, records, expected) in cases {
        let error = error_of(&forged(&raw, records));
        assert!(error.contains(expected), "{error}");
    }
    // A spot trade at no price at all: never a price of zero.
    assert!(error_of(&forged(&[1, 1, 0, 0, 11, 0, 0, 0], 1)).contains("0 cents"));
    // A bid delta (8) at more than a dollar.
    assert!(error_of(&forged(&[0, 1, 0, 0, 8, 0, 0x91, 0x4e, 2], 1)).contains("a price lies between $0 and $1"));
}

#[test]
fn the_writer_refuses_what_does_not_belong() {
    let trade = |source: &str| RecordBody::SpotTrade { source: Arc::from(source), price: usd("1"), trade_id: None };
    let refused = |pushes: Vec<(u8, Timestamp, RecordBody)>| {
        let mut writer = RecordingWriter::new(Vec::new(), Path::new(NAME), header()).unwrap();
        let mut last = Ok(0);
        for (stream, time, body) in pushes {
            last = writer.push(StreamId(stream), time, None, body);
        }
        last.unwrap_err().to_string()
    };
    let back = refused(vec![(0, at(20), trade("coinbase")), (1, at(19), trade("coinbase"))]);
    assert_eq!(
        back,
        "record 2 is refused: its time 2026-05-13T13:00:00.019Z lies before 2026-05-13T13:00:00.02Z, the record before; \
         merge the streams first"
    );
    assert!(refused(vec![(7, at(20), trade("coinbase"))]).contains("the header names no stream 7"));
    assert!(refused(vec![(0, at(-1), trade("coinbase"))]).contains("is not between"));
    assert!(refused(vec![(0, at(100_001), trade("coinbase"))]).contains("is not between"));
    assert!(refused(vec![(0, at(20), trade("kraken"))]).contains("its source kraken is not in the header's list"));
    let finer = at(20) + Duration::from_nanos(1);
    assert!(refused(vec![(0, finer, trade("coinbase"))]).contains("finer than a microsecond"));
    let other = RecordBody::Lifecycle { market: market("KXBTC15M-X"), event: LifecycleEvent::Created };
    assert!(refused(vec![(0, at(20), other)]).contains("its market KXBTC15M-X is not in the header's list"));
}

#[test]
fn a_header_that_is_not_sound_is_refused() {
    let refused = |change: fn(&mut Header)| {
        let mut header = header();
        change(&mut header);
        RecordingWriter::new(Vec::new(), Path::new(NAME), header).unwrap_err().to_string()
    };
    assert!(refused(|header| header.to = at(0)).contains("its times are not in order"));
    assert!(refused(|header| header.streams[1].id = StreamId(0)).contains("stream `spot` has id 0 in place 1"));
    assert!(refused(|header| header.markets[1] = header.markets[0].clone()).contains("a market twice"));
    assert!(refused(|header| header.sources[1] = "coinbase".into()).contains("a source twice"));
    assert!(refused(|header| header.from = at(0) - Duration::from_nanos(1)).contains("finer than a microsecond"));
}

#[test]
fn a_failed_write_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    std::fs::write(&path, b"what was there").unwrap();
    let mut wrong = entries();
    wrong.reverse();
    assert!(write_file(&path, header(), wrong).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = write_file(Path::new("/nowhere/at/all.rec"), header(), entries()).unwrap_err().to_string();
    assert!(nowhere.ends_with("; check the path, its rights and free space"), "{nowhere}");
}

#[test]
fn the_order_of_kinds_in_the_file_is_fixed() {
    // Taken once from the first version; if this changes, old recordings read as something else: raise the format version.
    let digest = Sha256::digest(records_in_wire_form());
    assert_eq!(hex::encode(digest), "6a8acfc6eae77316eb7251fc86abe9d9e50e7a07d96780cecced8ce88b632413");
}

/// The blocks of the small recording, unpacked.
fn records_in_wire_form() -> Vec<u8> {
    let bytes = written();
    let length = u32::from_le_bytes(bytes[10..14].try_into().unwrap()) as usize;
    let begin = 18 + length + 1;
    let head = BlockHead::from_bytes(bytes[begin..begin + BlockHead::SIZE].try_into().unwrap());
    let packed = &bytes[begin + BlockHead::SIZE..][..head.packed as usize];
    zstd::bulk::decompress(packed, head.raw as usize).unwrap()
}

proptest! {
    #[test]
    fn no_changed_byte_goes_unnoticed(place in 0_usize..100_000, flip in 1_u8..=255) {
        let mut bytes = written();
        let place = place % bytes.len();
        bytes[place] ^= flip;
        prop_assert!(read(&bytes).is_err(), "byte {place}");
    }

    #[test]
    fn no_cut_goes_unnoticed(length in 0_usize..100_000) {
        let bytes = written();
        prop_assert!(read(&bytes[..length % bytes.len()]).is_err());
    }

    #[test]
    fn anything_behind_a_good_beginning_is_an_error(keep in 0_usize..100_000, tail in vec(0_u8..=255, 1..200)) {
        let good = written();
        let mut bytes = good[..keep % good.len()].to_vec();
        bytes.extend(tail);
        if bytes != good {
            prop_assert!(read(&bytes).is_err());
        }
    }

    #[test]
    fn any_content_in_a_sound_frame_is_read_or_refused(raw in vec(0_u8..20, 1..64), records in 1_u32..8) {
        if let Ok(read) = read(&forged(&raw, records)) {
            prop_assert_eq!(read.len(), records as usize);
        }
    }
}
