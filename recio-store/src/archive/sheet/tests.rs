use super::*;
use proptest::{prop_assert_eq, proptest};
use recio_core::units::Money;
use std::fs::File;
use std::io::{Read, Seek};

const ALL: &[Column] = &[
    Column::new("name", Unit::Text, "words"),
    Column::new("number", Unit::Count, "a count").optional(),
    Column::new("chance", Unit::Real, "a float").optional(),
    Column::new("known", Unit::Flag, "a flag").optional(),
    Column::new("opened_time", Unit::Time, "a moment"),
    Column::new("cost", Unit::Money, "money").optional(),
    Column::new("limit", Unit::Price, "a price").optional(),
    Column::new("held", Unit::Quantity, "contracts").optional(),
    Column::new("level", Unit::AssetPrice, "an asset's price").optional(),
];
const INFO: SheetInfo = SheetInfo { kind: "samples", version: 1 };

fn rows() -> Vec<Vec<Cell<'static>>> {
    vec![
        vec![
            Cell::text("says \"yes\", or no\r\nand ends"),
            Cell::Integer(7),
            Cell::Real(0.1 + 0.2),
            Cell::Flag(true),
            Cell::Integer(1_778_677_200_000_001),
            Cell::Integer(-17_500),
            Cell::Integer(5_600),
            Cell::Integer(-205),
            Cell::Integer(9_120_411),
        ],
        [Cell::text("é, ∞"), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Integer(-1)]
            .into_iter()
            .chain(std::iter::repeat_n(Cell::Empty, 4))
            .collect(),
        vec![
            Cell::text(""),
            Cell::Integer(i64::MAX),
            Cell::Real(1e-300),
            Cell::Flag(false),
            Cell::Integer(0),
            Cell::Integer(i64::MIN),
            Cell::Integer(0),
            Cell::Integer(1),
            Cell::Integer(1),
        ],
    ]
}

fn in_form(mut sheet: Box<dyn Sheet + '_>, rows: &[Vec<Cell<'_>>]) {
    for row in rows {
        sheet.row(row).unwrap();
    }
    sheet.finish().unwrap();
}

fn csv_text(rows: &[Vec<Cell<'_>>]) -> String {
    let mut bytes = Vec::new();
    in_form(Box::new(CsvSheet::new(&mut bytes, ALL).unwrap()), rows);
    String::from_utf8(bytes).unwrap()
}

fn parquet(rows: &[Vec<Cell<'_>>]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    in_form(Box::new(ParquetSheet::new(file.try_clone().unwrap(), ALL, INFO).unwrap()), rows);
    file.rewind().unwrap();
    file
}

#[test]
fn csv_is_decimals_and_quotes() {
    assert_eq!(
        csv_text(&rows()),
        concat!(
            "name,number,chance,known,opened_time_utc,cost_dollars,limit_dollars,held_contracts,level_dollars\r\n",
            "\"says \"\"yes\"\", or no\r\nand ends\",7,0.30000000000000004,true,2026-05-13T13:00:00.000001Z,-0.017500,0.5600,-2.05,91204.11\r\n",
            "\"é, ∞\",,,,1969-12-31T23:59:59.999999Z,,,,\r\n",
            ",9223372036854775807,0.",
        )
        .to_owned()
            + &"0".repeat(299)
            + "1,false,1970-01-01T00:00:00Z,-9223372036854.775808,0.0000,0.01,0.01\r\n"
    );
    assert_eq!(csv_text(&[]).lines().count(), 1);
}

#[test]
fn csv_reads_back_to_the_same_numbers() {
    let text = csv_text(&rows());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(read.len(), 3);
    assert_eq!(&read[0][0], "says \"yes\", or no\r\nand ends");
    assert_eq!(read[2][5].parse::<Money>().unwrap(), Money::from_micros(i64::MIN));
    assert_eq!(read[0][2].parse::<f64>().unwrap().to_bits(), (0.1_f64 + 0.2).to_bits());
}

#[test]
fn json_lines_keep_money_as_text() {
    let mut bytes = Vec::new();
    in_form(Box::new(JsonLines::new(&mut bytes, ALL)), &rows());
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["cost_dollars"], "-0.017500");
    assert_eq!((&lines[0]["number"], &lines[0]["known"]), (&7.into(), &true.into()));
    assert_eq!(lines[1]["cost_dollars"], serde_json::Value::Null);
    assert_eq!(lines[2]["number"].as_i64(), Some(i64::MAX));
    assert!(text.starts_with(r#"{"name":"says \"yes\", or no\r\nand ends","number":7,"chance":0.30000000000000004,"#));
}

#[test]
fn parquet_gives_the_rows_back() {
    let read: Vec<_> = read_parquet(parquet(&rows()), ALL, INFO).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, rows());
    assert_eq!(read_parquet(parquet(&[]), ALL, INFO).unwrap().count(), 0);
}

#[test]
fn more_than_a_row_group_comes_back() {
    let row = |number: i64| {
        let mut row = rows()[usize::try_from(number % 3).unwrap()].clone();
        row[4] = Cell::Integer(number);
        row
    };
    let count = i64::try_from(ROW_GROUP_ROWS).unwrap() + 5;
    let file = tempfile::tempfile().unwrap();
    let mut sheet = ParquetSheet::new(file.try_clone().unwrap(), ALL, INFO).unwrap();
    for number in 0..count {
        sheet.row(&row(number)).unwrap();
    }
    sheet.into_inner().unwrap();
    let mut expected = 0;
    for read in read_parquet(file, ALL, INFO).unwrap() {
        assert_eq!(read.unwrap(), row(expected));
        expected += 1;
    }
    assert_eq!(expected, count);
}

#[test]
fn the_same_rows_make_the_same_bytes() {
    let bytes = |mut file: File| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(bytes(parquet(&rows())), bytes(parquet(&rows())));
}

#[test]
fn other_rows_are_refused() {
    let refused = |columns, info| read_parquet(parquet(&rows()), columns, info).unwrap_err().to_string();
    assert_eq!(
        refused(ALL, SheetInfo { kind: "ticks", version: 1 }),
        "it holds rows of the kind `samples`, not `ticks`"
    );
    assert!(
        refused(ALL, SheetInfo { version: 2, ..INFO }).starts_with("its `samples` are of version 1, this recio reads")
    );
    assert_eq!(refused(&ALL[1..], INFO), "its columns are not those of `samples`");
    let nothing = tempfile::tempfile().unwrap();
    assert!(read_parquet(nothing, ALL, INFO).is_err());
}

#[test]
fn a_row_that_does_not_fit_is_refused() {
    let mut sheet = CsvSheet::new(Vec::new(), ALL).unwrap();
    let mut refused = |change: &dyn Fn(&mut Vec<Cell<'static>>)| {
        let mut row = rows().remove(0);
        change(&mut row);
        sheet.row(&row).unwrap_err().to_string()
    };
    assert_eq!(refused(&|row| drop(row.pop())), "a row has 8 cells, and there are 9 columns");
    let of = |column: &str, what: &str| format!("a cell of column `{column}` cannot be written: {what}");
    assert_eq!(refused(&|row| row[0] = Cell::Empty), of("name", "it is empty, and the column's cells never are"));
    assert_eq!(refused(&|row| row[5] = Cell::Real(1.5)), of("cost_micros", "it is not of the column's kind"));
    assert_eq!(refused(&|row| row[1] = u64::MAX.into()), of("number", "its number is larger than 2^63 - 1"));
    assert_eq!(refused(&|row| row[2] = Cell::Real(f64::NAN)), of("chance", "it is not a finite number"));
}

#[test]
fn a_file_says_what_its_numbers_count() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let file = SerializedFileReader::new(parquet(&rows())).unwrap();
    let about = file.metadata().file_metadata().key_value_metadata().unwrap();
    let legend = about.iter().find(|entry| entry.key == "recio.columns").unwrap().value.clone().unwrap();
    let legend: serde_json::Value = serde_json::from_str(&legend).unwrap();
    assert_eq!(legend["cost_micros"], "money; in millionths of a dollar");
    assert_eq!(legend["number"], "a count");
    let packed = file.metadata().row_group(0).column(0).compression();
    assert!(matches!(packed, parquet::basic::Compression::ZSTD(_)), "{packed:?}");
}

proptest! {
    #[test]
    fn a_decimal_reads_back_as_the_same_money(micros in proptest::num::i64::ANY) {
        prop_assert_eq!(Unit::Money.decimal(micros).parse(), Ok(Money::from_micros(micros)));
        prop_assert_eq!(Unit::Money.decimal(micros), Money::from_micros(micros).to_string());
    }
}
