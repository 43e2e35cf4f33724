//! Exports: every table in every form says what the store says.

use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{OrderRow, Store};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};
use recio_store::MemoryStore;
use recio_store::archive::export::{ExportError, Form, Period, Table, export, export_file};
use recio_store::archive::sheet::{Cell, SheetInfo, Tabular, read_parquet};
use recio_store::contract::sample::{self, value};
use serde_json::Value;
use std::io::Seek;
use tempfile::tempdir;

async fn store() -> MemoryStore {
    let store = MemoryStore::new();
    let facts = [
        sample::account_opened(Money::dollars(100)),
        sample::cash_moved(1, value("2.5")),
        sample::intent("c-1", 1),
        sample::order_changed("c-1", Some("o-1"), OrderStatus::Filled, "2"),
        sample::filled(sample::fill("o-1", "f-1", "KXBTCD-A", BookSide::Bid, "0.93", "2")),
        sample::filled(sample::fill("o-2", "f-2", "KXBTCD-B", BookSide::Ask, "0.10", "1")),
        sample::settled("KXBTCD-B", MarketResult::No, Money::dollars(1), 1),
        sample::trade("t-1", TradeStatus::Closed, Quantity::contracts(2)),
        sample::decision(7),
    ];
    store.append(&facts).await.unwrap();
    store
}

async fn text(store: &MemoryStore, table: Table, form: Form, period: Period) -> (u64, String) {
    let mut bytes = Vec::new();
    let rows = export(store, table, form, period, &mut bytes).await.unwrap();
    (rows, String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn the_forms_agree_on_every_table() {
    let store = store().await;
    for table in Table::ALL {
        let (rows, csv) = text(&store, table, Form::Csv, Period::default()).await;
        let (_, jsonl) = text(&store, table, Form::Jsonl, Period::default()).await;
        let mut file = tempfile::tempfile().unwrap();
        export(&store, table, Form::Parquet, Period::default(), file.try_clone().unwrap()).await.unwrap();
        file.rewind().unwrap();
        let info = SheetInfo { kind: table.as_str(), version: 1 };
        let parquet: Vec<_> = read_parquet(file, table.columns(), info).unwrap().map(Result::unwrap).collect();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let csv: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let jsonl: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(rows > 0, "{table}");
        assert_eq!([csv.len(), jsonl.len(), parquet.len()], [usize::try_from(rows).unwrap(); 3], "{table}");
        for ((line, object), cells) in csv.iter().zip(&jsonl).zip(&parquet) {
            for (((name, field), cell), column) in names.iter().zip(line).zip(cells).zip(table.columns()) {
                let in_json = match &object[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                        other.to_string()
                    }
                };
                assert_eq!(in_json, field, "{table}.{name}");
                let in_parquet = match cell {
                    Cell::Integer(micros) if column.unit == recio_store::archive::sheet::Unit::Time => {
                        recio_core::units::from_micros(*micros).unwrap().to_string()
                    }
                    Cell::Integer(integer) => column.unit.decimal(*integer),
                    Cell::Real(real) => real.to_string(),
                    Cell::Flag(flag) => flag.to_string(),
                    Cell::Text(text) => text.to_string(),
                    Cell::Empty | Cell::TooLarge => String::new(),
                };
                assert_eq!(in_parquet, field, "{table}.{name}");
            }
        }
    }
}

#[tokio::test]
async fn the_columns_are_a_promise() {
    let store = MemoryStore::new();
    let mut headers = String::new();
    for table in Table::ALL {
        let (rows, csv) = text(&store, table, Form::Csv, Period::default()).await;
        assert_eq!(rows, 0);
        headers.push_str(&format!("{table}: {csv}"));
    }
    let expected = "\
trades: trade,strategy,market,event,close_time_utc,side,status,opened_time_utc,closed_time_utc,entry_reason,entry_probability,entry_asset_price_dollars,bought_contracts,sold_contracts,cost_dollars,proceeds_dollars,fees_dollars,realized_pnl_dollars,close_reason
orders: client_order_id,exchange_order_id,trade,strategy,market,event,close_time_utc,purpose,action,side,limit_dollars,quantity_contracts,time_in_force,post_only,created_time_utc,status,filled_contracts,reason,updated_time_utc
fills: exchange_order_id,fill_id,client_order_id,market,book_side,yes_price_dollars,quantity_contracts,fee_dollars,liquidity,exchange_time_utc
positions: market,position_contracts,cost_dollars,fees_dollars
settlements: market,event,result,yes_payout_dollars,revenue_dollars,settled_time_utc
ledger: sequence,line,environment,account,time_utc,booking,fact_key,ledger_account,market,amount_dollars
decisions: sequence,line,environment,account,strategy,view_number,view_time_utc,time_utc,event,close_time_utc,asset_price_dollars,momentum_percent,market,model,model_low,model_high,model_unknown,bid_dollars,bid_quantity_contracts,ask_dollars,ask_quantity_contracts,verdict,side,action,limit_dollars,quantity_contracts,reason,why
facts: sequence,time_utc,kind,environment,account,run,strategy,hash,body
";
    assert_eq!(headers.replace("\r\n", "\n"), expected);
}

#[tokio::test]
async fn the_ledger_sums_to_zero_and_its_cash_is_the_account() {
    let (_, csv) = text(&store().await, Table::Ledger, Form::Csv, Period::default()).await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut by_fact = std::collections::BTreeMap::<String, Money>::new();
    let mut cash = Money::ZERO;
    for line in reader.records() {
        let line = line.unwrap();
        let amount: Money = line[9].parse().unwrap();
        *by_fact.entry(line[0].to_owned()).or_default() += amount;
        if &line[7] == "cash" {
            cash += amount;
        }
    }
    assert_eq!(by_fact.len(), 5);
    assert!(by_fact.values().all(|sum| *sum == Money::ZERO));
    // 100 and 2.50 came in; 2 × 0.93 and 0.90 and two fees went out; 1 was paid.
    assert_eq!(cash, value("100.72"));
}

#[tokio::test]
async fn a_period_leaves_the_rest_out() {
    let store = store().await;
    let period = |from: &str, to: &str| Period { from: Some(value(from)), to: Some(value(to)) };
    let hour = period("2026-05-13T13:00:00Z", "2026-05-13T14:00:00Z");
    let later = period("2026-05-13T14:00:00Z", "2026-05-13T15:00:00Z");
    let rows = async |table, period| text(&store, table, Form::Csv, period).await.0;
    assert_eq!((rows(Table::Fills, hour).await, rows(Table::Fills, later).await), (2, 0));
    assert_eq!((rows(Table::Settlements, hour).await, rows(Table::Settlements, later).await), (0, 1));
    assert_eq!((rows(Table::Ledger, hour).await, rows(Table::Ledger, later).await), (10, 3));
    // The end is not part of it, the beginning is.
    assert_eq!(rows(Table::Fills, period("2026-05-13T13:00:01Z", "2026-05-13T13:00:02Z")).await, 2);
    assert_eq!(rows(Table::Fills, period("2026-05-13T13:00:00Z", "2026-05-13T13:00:01Z")).await, 0);
    let error = export(&store, Table::Positions, Form::Csv, hour, Vec::new()).await.unwrap_err();
    assert!(matches!(error, ExportError::NoTime));
}

#[tokio::test]
async fn a_file_is_whole_or_as_it_was() {
    let (store, directory) = (store().await, tempdir().unwrap());
    let path = directory.path().join("trades.csv");
    let exported = export_file(&store, Table::Trades, Form::Csv, Period::default(), &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((exported.rows, exported.bytes), (1, bytes.len() as u64));
    assert_eq!(exported.sha256, hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
    // An export that fails half-way leaves what was there.
    let error = export_file(
        &store,
        Table::Positions,
        Form::Csv,
        Period { from: Some(value("2026-05-13T13:00:00Z")), to: None },
        &path,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, ExportError::NoTime));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    let nowhere = directory.path().join("none/trades.csv");
    let error = export_file(&store, Table::Trades, Form::Csv, Period::default(), &nowhere).await.unwrap_err();
    assert!(error.to_string().starts_with(&nowhere.display().to_string()), "{error}");
}

#[test]
fn names_of_integers_end_as_the_stores_columns_do() {
    let names: Vec<String> = OrderRow::COLUMNS.iter().map(|column| column.integer_name()).collect();
    for name in ["close_time_us", "limit_units", "quantity_hundredths", "filled_hundredths", "post_only"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}
