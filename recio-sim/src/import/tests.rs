use super::*;
use crate::recording::{Boundary, RecordBody, Recording};
use recio_core::market::{BookSide, Level, LifecycleEvent, MarketResult, StrikeTerms};
use recio_core::units::{Price, Quantity, Timestamp};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const A: &str = "KXBTC15M-26MAY130900-00";
const B: &str = "KXBTC15M-26MAY130915-15";

/// A tiny set of files around 13:00:00 UTC of 13 May 2026 (1778677200 s): two markets, two subscriptions.
fn files() -> BTreeMap<&'static str, String> {
    let sessions = format!(
        "session,start_utc,end_utc,market_tickers,n_ticker,n_delta,n_snapshot,kind,origin_run\nT,x,y,{A},0,0,1,ticker_only,r\nS,x,y,{A} {B},2,4,3,full_book,r\n"
    );
    let snapshots = [
        format!(r#"{{"session":"S","recv_us":1778677190500000,"seq":1,"market_ticker":"{A}","yes_dollars_fp":[["0.9000","10.00"],["0.9100","5.00"]],"no_dollars_fp":[["0.0500","7.00"]]}}"#),
        format!(r#"{{"session":"S","recv_us":1778677206500000,"seq":4,"market_ticker":"{A}","yes_dollars_fp":[],"no_dollars_fp":[]}}"#),
        format!(r#"{{"session":"S","recv_us":1778677210500000,"seq":1,"market_ticker":"{B}","yes_dollars_fp":[["0.4900","1.05"]],"no_dollars_fp":[["0.5000","2.00"]]}}"#),
        r#"{"session":"other","recv_us":1778677210500000,"seq":1,"market_ticker":"X","yes_dollars_fp":[],"no_dollars_fp":[]}"#.to_owned(),
    ];
    let deltas = [
        "session,recv_us,exch_us,seq,market_ticker,side,price_dollars,delta_fp".to_owned(),
        format!("S,1778677191000000,1778677190400000,2,{A},yes,0.9100,-5.00"),
        format!("S,1778677192000000,1778677191400000,3,{A},no,0.0600,3.50"),
        format!("S,1778677211000000,1778677210300000,2,{B},no,0.5000,-0.01"),
        format!("S,1778677212000000,1778677210200000,3,{B},yes,0.5000,1.00"),
        format!("other,1,2,3,{B},maybe,9,x"),
    ];
    let ticker = [
        "session,recv_us,exch_us,market_ticker,yes_bid_dollars,yes_ask_dollars,yes_bid_size_fp,yes_ask_size_fp,last_price_dollars,last_trade_size_fp,volume_fp,open_interest_fp".to_owned(),
        format!("S,1778677192100000,1778677191400000,{A},0.9000,0.9400,10.00,3.50,0.9100,1.00,55.50,40.00"),
        format!("S,1778677209000000,1778677208000000,{B},0.0000,1.0000,0.00,0.00,0.0000,0.00,0.00,0.00"),
    ];
    let markets = [
        "ticker,open_time,close_time,floor_strike,expiration_value,result,settlement_ts,next_floor_strike".to_owned(),
        format!(
            "{A},2026-05-13T12:45:00Z,2026-05-13T13:00:00Z,80077.29,80193.52,yes,2026-05-13T13:00:06.356Z,80193.52"
        ),
        format!("{B},2026-05-13T13:00:00Z,2026-05-13T13:15:00Z,,80285.68,yes,2026-05-13T13:15:06.978Z,80285.68"),
    ];
    let ticks = [
        "exch_us,recv_us,trade_id,price",
        "1778677000000000,1778677000500000,1,80100.00",
        "1778677185000000,1778677185500000,7,80100.01",
        "1778677186000000,1778677186500000,8,80100.2",
        "1778677200000000,1778677200500000,11,80100",
        "1778677299000000,1778677299500000,12,80100",
    ];
    BTreeMap::from([
        ("kxbtc15m_ws_sessions_x.csv", sessions),
        ("kxbtc15m_ws_snapshots_x.jsonl", snapshots.join("\n")),
        ("kxbtc15m_ws_deltas_x.csv", deltas.join("\n")),
        ("kxbtc15m_ws_ticker_x.csv", ticker.join("\n")),
        ("kxbtc15m_markets.csv", markets.join("\n")),
        ("btcusd_ticks_coinbase_x.csv", ticks.join("\n")),
    ])
}

fn folder(files: &BTreeMap<&'static str, String>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn options(folder: &Path) -> ImportOptions {
    ImportOptions {
        source: folder.to_owned(),
        session: "S".to_owned(),
        pre_roll_from: Some("2026-05-13T12:59:40Z".parse().unwrap()),
        origin: "made up for a test".to_owned(),
        out: folder.join("out.rec"),
    }
}

/// The error after one text in one file was replaced by another, without the folder's name.
fn error_after(file: &'static str, old: &str, new: &str) -> String {
    let mut files = files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(old), "{old} is not in {file}");
    *text = text.replacen(old, new, 1);
    error_of(&files, |_| {})
}

fn error_of(files: &BTreeMap<&'static str, String>, change: impl FnOnce(&mut ImportOptions)) -> String {
    let folder = folder(files);
    let mut options = options(folder.path());
    change(&mut options);
    let error = import(&options).unwrap_err().to_string();
    assert!(!options.out.exists(), "nothing is left behind");
    error.replace(&format!("{}/", folder.path().display()), "")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_session_becomes_a_recording() {
    let folder = folder(&files());
    let report = import(&options(folder.path())).unwrap();
    assert_eq!((report.snapshots, report.deltas, report.crossed, report.times_raised), (3, 4, 1, 1));
    assert_eq!(report.streams.iter().map(|s| s.records).collect::<Vec<_>>(), [11, 5, 1, 7, 2, 3]);

    let recording = Recording::open(&report.recording).unwrap();
    assert_eq!(recording.verify().unwrap().sha256, report.sha256);
    assert_eq!(recording.header().gaps, report.gaps);
    let records: Vec<_> = recording.records().unwrap().map(Result::unwrap).collect();
    assert!(records.is_sorted_by_key(|record| record.exchange_time));
    assert_eq!(records[0].body, RecordBody::Boundary(Boundary::PreRollBegins));
    assert_eq!(records.last().unwrap().body, RecordBody::Boundary(Boundary::SessionEnds));

    // Snapshots: the next change's time shifted by the difference of receipts; the empty one follows the change before.
    let snapshots: Vec<_> = records.iter().filter(|r| matches!(r.body, RecordBody::BookSnapshot { .. })).collect();
    let times: Vec<_> = snapshots.iter().map(|record| record.exchange_time.to_string()).collect();
    assert_eq!(times, ["2026-05-13T12:59:49.9Z", "2026-05-13T13:00:05.9Z", "2026-05-13T13:00:09.8Z"]);
    let level = |units, hundredths| Level {
        price: Price::from_units(units).unwrap(),
        quantity: Quantity::from_hundredths(hundredths).unwrap(),
    };
    assert_eq!(
        snapshots[0].body,
        RecordBody::BookSnapshot {
            market: A.parse().unwrap(),
            bids: vec![level(9_100, 500), level(9_000, 1_000)],
            asks: vec![level(9_500, 700)],
        }
    );
    let delta = records.iter().find(|r| matches!(r.body, RecordBody::BookDelta { side: BookSide::Ask, .. })).unwrap();
    assert_eq!(
        delta.body,
        RecordBody::BookDelta { market: A.parse().unwrap(), side: BookSide::Ask, price: Price::cents(94), change: 350 }
    );
    assert_eq!(delta.received_time, Some(time("2026-05-13T12:59:52Z")));

    // Lifecycle: A's strike is known from the start, B's comes after A's close, and only A ends within the session.
    let lives: Vec<String> = records
        .iter()
        .filter_map(|record| match &record.body {
            RecordBody::Market(market) => {
                Some(format!("{} {} {:?}", record.exchange_time, market.ticker, market.strike))
            }
            RecordBody::Lifecycle { market, event: LifecycleEvent::StrikeUpdated { strike } } => {
                Some(format!("{} {market} {strike:?}", record.exchange_time))
            }
            RecordBody::Lifecycle { market, event } => Some(format!("{} {market} {event:?}", record.exchange_time)),
            RecordBody::Outcome(outcome) => {
                Some(format!("{} {} {}", record.exchange_time, outcome.market, outcome.expiration_value))
            }
            RecordBody::Boundary(_)
            | RecordBody::Gap(_)
            | RecordBody::BookSnapshot { .. }
            | RecordBody::BookDelta { .. }
            | RecordBody::Ticker(_)
            | RecordBody::SpotTrade { .. }
            | RecordBody::IndexPrint { .. }
            | RecordBody::Trade(_)
            | RecordBody::Exchange(_) => None,
        })
        .collect();
    assert_eq!(
        lives,
        [
            "2026-05-13T12:59:40Z KXBTC15M-26MAY130900-00 Known(GreaterOrEqual { floor: AssetPrice(8007729) })",
            "2026-05-13T12:59:40Z KXBTC15M-26MAY130915-15 ToBeAnnounced",
            "2026-05-13T13:00:00.5Z KXBTC15M-26MAY130915-15 Known(GreaterOrEqual { floor: AssetPrice(8019352) })",
            "2026-05-13T13:00:01Z KXBTC15M-26MAY130900-00 Determined { result: Yes, determined_time: 2026-05-13T13:00:01Z }",
            "2026-05-13T13:00:01Z KXBTC15M-26MAY130900-00 80193.52",
            "2026-05-13T13:00:06.356Z KXBTC15M-26MAY130900-00 Settled { settled_time: 2026-05-13T13:00:06.356Z }",
        ]
    );
    let body =
        records.iter().find_map(|r| if let RecordBody::Market(body) = &r.body { Some(body) } else { None }).unwrap();
    assert_eq!(body.created_time, time("2026-05-12T20:00:00Z"));
    assert_eq!((body.event.as_str(), body.series.as_str()), ("KXBTC15M-26MAY130900", "KXBTC15M"));
    assert_eq!(MarketResult::Yes.yes_payout(), Price::ONE);
    assert_ne!(body.strike, StrikeTerms::ToBeAnnounced);

    // The spot tape: what lies before the pre-roll and after the end is not taken, holes are marked by number.
    let spot: Vec<_> = report.gaps.iter().filter(|gap| gap.market.is_none()).map(|gap| gap.why.as_str()).collect();
    assert_eq!(spot, ["nothing was recorded before the first trade", "2 trades are missing by their numbers"]);
}

#[test]
fn gzipped_files_give_the_same() {
    use std::io::Write;
    let (plain, packed) = (folder(&files()), tempfile::tempdir().unwrap());
    for (name, text) in files() {
        let file = fs::File::create(packed.path().join(format!("{name}.gz"))).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap();
    }
    let (plain, packed) = (import(&options(plain.path())).unwrap(), import(&options(packed.path())).unwrap());
    assert_eq!(plain.sha256, packed.sha256);
}

#[test]
fn no_pre_roll_begins_with_the_session() {
    let folder = folder(&files());
    let report = import(&ImportOptions { pre_roll_from: None, ..options(folder.path()) }).unwrap();
    assert_eq!(report.from, report.session_from);
    let first = Recording::open(&report.recording).unwrap().records().unwrap().next().unwrap().unwrap();
    assert_eq!(first.body, RecordBody::Boundary(Boundary::SessionBegins));
}

#[test]
fn the_set_has_to_be_complete_and_unambiguous() {
    for name in files().into_keys() {
        let mut without = files();
        without.remove(name);
        let error = error_of(&without, |_| {});
        assert!(
            error.contains("there is no file `") && error.ends_with("name the folder with the whole set"),
            "{error}"
        );
    }
    let mut twice = files();
    twice.insert("kxbtc15m_markets_2.csv", String::new());
    let error = error_of(&twice, |_| {});
    assert!(
        error.ends_with(
            "both kxbtc15m_markets.csv and kxbtc15m_markets_2.csv begin with `kxbtc15m_markets`; leave one of them"
        ),
        "{error}"
    );
    let error = error_of(&files(), |options| options.source = "/nowhere/at/all".into());
    assert!(error.starts_with("/nowhere/at/all: cannot be read; check"), "{error}");
}

#[test]
fn a_session_has_to_be_there_with_whole_books() {
    assert_eq!(
        error_of(&files(), |options| options.session = "0".to_owned()),
        "kxbtc15m_ws_sessions_x.csv: session 0 is not listed; choose one of those that the file lists"
    );
    assert_eq!(
        error_of(&files(), |options| options.session = "T".to_owned()),
        "kxbtc15m_ws_sessions_x.csv: session T is of kind `ticker_only`: it has no books; choose one whose `kind` is `full_book`"
    );
    assert!(
        error_of(&files(), |options| options.pre_roll_from = Some(time("2026-05-13T14:00:00Z")))
            .contains("before the pre-roll")
    );
    let unnamed = error_after("kxbtc15m_ws_sessions_x.csv", &format!("{A} {B}"), A);
    assert_eq!(
        unnamed,
        format!(
            "kxbtc15m_ws_sessions_x.csv: session S has messages of {B}, which its row does not name; add the market to `market_tickers`"
        )
    );
    let none = error_after("kxbtc15m_ws_sessions_x.csv", &format!("{A} {B}"), "");
    assert!(none.contains(":3: column `market_tickers`: `` names no market; "), "{none}");
}

const MEND: &str = "; mend the line, or take a fresh copy of the file";

#[test]
fn every_bad_cell_is_named_with_file_line_and_column() {
    let deltas = "kxbtc15m_ws_deltas_x.csv";
    let ticker = "kxbtc15m_ws_ticker_x.csv";
    let markets = "kxbtc15m_markets.csv";
    let ticks = "btcusd_ticks_coinbase_x.csv";
    let cases = [
        (
            deltas,
            "yes,0.9100,-5",
            "yes,1.9100,-5",
            ":2: column `price_dollars`: `1.9100` is refused (a price lies between $0 and $1, this one is 19100 ten-thousandths of a dollar)",
        ),
        (
            deltas,
            "yes,0.9100,-5",
            "yes,,-5",
            ":2: column `price_dollars`: `` is refused (`` is not a plain decimal number)",
        ),
        (
            deltas,
            "0.0600,3.50",
            "0.0600,3.505",
            ":3: column `delta_fp`: `3.505` is refused (`3.505` has more than 2 decimals)",
        ),
        (deltas, ",no,0.0600", ",NO,0.0600", ":3: column `side`: `NO` is neither `yes` nor `no`"),
        (
            deltas,
            "1778677190400000",
            "1778677190",
            ":2: column `exch_us`: `1778677190` is not a time in microseconds since 1970 (from 2010 to 2100)",
        ),
        (
            deltas,
            "0000,3,KXBTC15M-26MAY130900",
            "0000,x,KXBTC15M-26MAY130900",
            ":3: column `seq`: `x` is refused (invalid digit found in string)",
        ),
        (
            deltas,
            ",KXBTC15M-26MAY130900-00,yes",
            ",,yes",
            ":2: column `market_ticker`: `` is refused (`` is not a market ticker: it needs 1 to 128 visible ASCII characters)",
        ),
        (
            ticker,
            "55.50",
            "-55.50",
            ":2: column `volume_fp`: `-55.50` is refused (-5550 hundredths of a contract are outside what recio handles)",
        ),
        (
            ticker,
            "0.0000,1.0000,0.00",
            "0.0000,1.0000,4.00",
            ":3: column `yes_bid_dollars`: `0.0000` has contracts at the end of the scale, where no order can lie",
        ),
        (
            ticker,
            "10.00,3.50",
            "0.00,3.50",
            ":2: column `yes_bid_size_fp`: `0.00` is nothing at a price where something lies",
        ),
        (
            ticker,
            "1778677208000000",
            "1778677180000000",
            ":3: column `exch_us`: `1778677180000000` the exchange's time falls by 11400000 us, more than the 1000000 us allowed",
        ),
        (markets, "yes,2026", "maybe,2026", ":2: column `result`: `maybe` is neither `yes` nor `no` nor empty"),
        (markets, "yes,2026", "no,2026", ":2: column `result`: `no` does not follow from strike and expiration value"),
        (
            markets,
            "80077.29,8",
            "0,8",
            ":2: column `floor_strike`: `0` is refused (`0 cents (a price is above $0, up to $10^10)` is too large)",
        ),
        (
            markets,
            "13:00:06.356Z",
            "12:00:06.356Z",
            ":2: column `settlement_ts`: `2026-05-13T12:00:06.356Z` is before the outcome can be known",
        ),
        (
            markets,
            "2026-05-13T13:00:00Z",
            "2026-05-13T12:00:00Z",
            ":2: column `close_time`: `2026-05-13T12:00:00Z` is not after the open time",
        ),
        (
            ticks,
            ",8,80100.2",
            ",8,80100.205",
            ":4: column `price`: `80100.205` is refused (`80100.205` has more than 2 decimals)",
        ),
        (ticks, ",8,80100.2", ",7,80100.2", ":4: column `trade_id`: `7` does not rise"),
    ];
    for (file, old, new, expected) in cases {
        assert_eq!(error_after(file, old, new), format!("{file}{expected}{MEND}"));
    }
    let time = error_after(markets, "2026-05-13T12:45:00Z", "yesterday");
    assert!(time.starts_with("kxbtc15m_markets.csv:2: column `open_time`: `yesterday` is refused ("), "{time}");
}

#[test]
fn every_bad_line_is_named() {
    let deltas = "kxbtc15m_ws_deltas_x.csv";
    let snapshots = "kxbtc15m_ws_snapshots_x.jsonl";
    let markets = "kxbtc15m_markets.csv";
    let gone = "leave less than nothing of 500";
    let cases = [
        (deltas, ",0.9100,-5.00", ",0.9100", ":2: it has 7 cells instead of 8"),
        (
            deltas,
            "0000,3,KXBTC15M-26MAY130900",
            "0000,4,KXBTC15M-26MAY130900",
            ":3: the subscription goes from number 2 to 4: messages are missing",
        ),
        (deltas, "0.9100,-5.00", "0.9100,-5.01", &format!(":2: -501 hundredths at YES 0.9100 {gone}")),
        (
            deltas,
            "3,KXBTC15M-26MAY130915-15",
            "3,KXBTC15M-26MAY130900-00",
            ":5: KXBTC15M-26MAY130900-00 has no snapshot in this subscription",
        ),
        (
            deltas,
            "1778677210200000",
            "1778677209200000",
            ":5: the exchange's time falls by 1100000 us, more than the 1000000 us allowed",
        ),
        (
            snapshots,
            r#"["0.0500""#,
            r#"["0.9500""#,
            ":1: its best bid and best offer cross; NO levels have to be in NO prices",
        ),
        (snapshots, r#""5.00""#, r#""0.00""#, ":1: it has a level with nothing in it"),
        (snapshots, r#"["0.9000""#, r#"["0.9100""#, ":1: level 0.9100 does not lie above level 0.9100"),
        (
            snapshots,
            r#""recv_us":1778677190500000"#,
            r#""recv_us":5"#,
            ":1: `recv_us` is not a time in microseconds since 1970 (from 2010 to 2100)",
        ),
        (markets, "80193.52,yes", ",yes", &format!(":2: {A} closes within the session and has no `expiration_value`")),
        (
            markets,
            "80193.52,yes,2026-05-13T13:00:06.356Z",
            "80193.52,,2026-05-13T13:00:06.356Z",
            &format!(":2: {A} closes within the session and has no `result`"),
        ),
        (
            markets,
            "13:15:00Z,,",
            "13:15:00Z,1.00,",
            &format!(":3: {B}'s strike 1.00 is not 80193.52, the value that settled the quarter before"),
        ),
        (
            markets,
            "12:45:00Z,2026-05-13T13:00:00Z,80077.29",
            "12:45:00Z,2026-05-13T13:00:00Z,",
            &format!(":2: {A} has no `floor_strike`, and the quarter before no value"),
        ),
    ];
    for (file, old, new, expected) in cases {
        assert_eq!(error_after(file, old, new), format!("{file}{expected}{MEND}"));
    }
    let json = error_after(snapshots, r#""seq":1"#, r#""seq":-1"#);
    assert!(
        json.starts_with("kxbtc15m_ws_snapshots_x.jsonl:1: it is no book snapshot (invalid value: integer `-1`"),
        "{json}"
    );
    assert_eq!(
        error_after(deltas, "price_dollars", "price"),
        "kxbtc15m_ws_deltas_x.csv:1: there is no column `price_dollars`; the first line names the columns; take the file as it was published"
    );
    assert_eq!(
        error_after(markets, B, "KXBTC15M-26MAY130930-30"),
        format!(
            "kxbtc15m_markets.csv:3: the list ends without market {B}; add the market's row, or choose a session whose markets are listed"
        )
    );
}

#[test]
fn a_snapshot_alone_has_no_time() {
    let mut files = files();
    let deltas = files.get_mut("kxbtc15m_ws_deltas_x.csv").unwrap();
    *deltas = deltas.lines().filter(|line| !line.contains(B)).collect::<Vec<_>>().join("\n");
    let error = error_of(&files, |_| {});
    assert!(error.starts_with("kxbtc15m_ws_snapshots_x.jsonl:3: no change came in its subscription"), "{error}");
}

#[test]
fn a_damaged_archive_is_an_error_with_its_name() {
    let folder = folder(&files());
    fs::remove_file(folder.path().join("kxbtc15m_markets.csv")).unwrap();
    fs::write(folder.path().join("kxbtc15m_markets.csv.gz"), b"\x1f\x8b\x08 not gzip").unwrap();
    let error = import(&options(folder.path())).unwrap_err();
    assert!(
        matches!(error, ImportError::Read { ref file, .. } if file.ends_with("kxbtc15m_markets.csv.gz")),
        "{error}"
    );
}

fn bars(text: &str) -> Result<Vec<recio_core::model::Bar>, String> {
    let reader = BarReader::new(text.as_bytes(), Path::new("bars.csv")).map_err(|error| error.to_string())?;
    reader.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

#[test]
fn minute_bars_are_read_row_by_row() {
    let good =
        "ts,open,high,low,close,volume\n1747699200,106000.015,106010,105990.5,106001,1.5\n1747699320,1,1,1,1,0\n";
    let read = bars(good).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].start, time("2025-05-20T00:00:00Z"));
    assert_eq!((read[0].open.to_string(), read[0].low.to_string()), ("106000.02".to_owned(), "105990.50".to_owned()));
    let cases = [
        ("106010,", "105995,", "bars.csv:2: column `high`: `105995` is below open or close"),
        ("105990.5", "106000.5", "bars.csv:2: column `low`: `106000.5` is above open or close"),
        ("106001,", "nan,", "bars.csv:2: column `close`: `nan` is refused (`nan` is not a plain decimal number)"),
        ("1747699320", "1747699200", "bars.csv:3: column `ts`: `1747699200` is not later than the bar before"),
        (
            "1747699320",
            "1747699320000",
            "bars.csv:3: column `ts`: `1747699320000` is not a time in seconds since 1970 (from 2010 to 2100)",
        ),
        ("1,1,1,1,0", "1,1,1", "bars.csv:3: it has 4 cells instead of 6"),
    ];
    for (old, new, expected) in cases {
        assert_eq!(bars(&good.replacen(old, new, 1)).unwrap_err(), format!("{expected}{MEND}"));
    }
    assert!(bars("ts,open\n").unwrap_err().starts_with("bars.csv:1: there is no column `high`; "));
    let mut failed =
        BarReader::new("ts,open,high,low,close\nx,1,1,1,1\n1747699320,1,1,1,1\n".as_bytes(), Path::new("b")).unwrap();
    assert!(failed.next().unwrap().is_err() && failed.next().is_none());
}
