//! What an import did, as tables.

use super::{Align, Listing, Printer};
use recio_store::v2::{ImportReport, LeftTable, Measure, PricesReport, Proposal, SumLine, TableReport, Taken};
use serde::Serialize;
use std::io;

/// Writes the whole report: rows, prices, sums, odd values, settings, and a last line that says whether all is accounted for.
///
/// # Errors
/// It cannot be written.
pub(crate) fn import_report(report: &ImportReport, printer: &mut Printer<'_>) -> io::Result<()> {
    if printer.is_json() {
        return printer.json(&Whole { agrees: report.agrees(), report });
    }
    section(printer, "Rows", &report.tables)?;
    section(printer, "Prices", &report.prices)?;
    section(printer, "Sums by month: read = stored - gone + merged + rounded", &report.sums)?;
    let odd: Vec<Odd> = report
        .findings
        .iter()
        .map(|(table, column, problem, found)| Odd {
            table: table.to_owned(),
            column: column.to_owned(),
            count: found.count,
            example: found
                .first
                .first()
                .map(|first| format!("row {}: `{}`", first.row, first.value))
                .unwrap_or_default(),
            done: problem.done(),
        })
        .collect();
    section(printer, "Odd values (--json has the rows)", &odd)?;
    section(printer, "v2's settings; none was set", &report.settings)?;
    section(printer, "Tables that were left", &report.left)?;
    for table in report.tables.iter().filter(|table| !table.lacking.is_empty()) {
        let columns = table.lacking.join(", ");
        printer.text(&format!("\n{} {} lacks columns: {columns}", table.source, table.table))?;
    }
    if !report.absent.is_empty() {
        let kinds: Vec<&str> = report.absent.iter().map(|kind| kind.as_str()).collect();
        printer.text(&format!("\nno table was found of: {} (--from takes several stores)", kinds.join(", ")))?;
    }
    let end = match (report.agrees(), report.dry_run) {
        (true, false) => "every row and every micro-dollar is accounted for",
        (true, true) => "a dry run: nothing was written; every row and every micro-dollar would be accounted for",
        (false, _) => "NOT all is accounted for: look at the differences above; nothing in v2's stores was changed",
    };
    printer.text(&format!("\n{end}"))
}

/// A list under a heading; nothing where it is empty.
fn section<L: Listing>(printer: &mut Printer<'_>, heading: &str, rows: &[L]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    printer.text(&format!("\n{heading}"))?;
    printer.list(rows)
}

#[derive(Serialize)]
struct Whole<'a> {
    agrees: bool,
    #[serde(flatten)]
    report: &'a ImportReport,
}

/// Odd values of one kind.
#[derive(Serialize)]
struct Odd {
    table: String,
    column: String,
    count: u64,
    example: String,
    done: &'static str,
}

impl Listing for Odd {
    const NAME: &'static str = "findings";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("table", Align::Left),
        ("column", Align::Left),
        ("values", Align::Right),
        ("first", Align::Left),
        ("what it is, and what was done", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.table.clone(),
            self.column.clone(),
            self.count.to_string(),
            self.example.clone(),
            self.done.to_owned(),
        ]
    }
}

impl Listing for TableReport {
    const NAME: &'static str = "tables";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("table", Align::Left),
        ("read", Align::Right),
        ("new", Align::Right),
        ("changed", Align::Right),
        ("there", Align::Right),
        ("merged", Align::Right),
        ("differing", Align::Right),
        ("from", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        let counts = [self.read, self.imported, self.changed, self.already, self.merged, self.differing];
        let mut cells = vec![self.table.clone()];
        cells.extend(counts.iter().map(ToString::to_string));
        cells.push(self.source.clone());
        cells
    }
}

impl Listing for PricesReport {
    const NAME: &'static str = "prices";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("table", Align::Left),
        ("asset", Align::Left),
        ("read", Align::Right),
        ("new", Align::Right),
        ("there", Align::Right),
        ("skipped", Align::Right),
        ("agrees", Align::Left),
        ("from", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        let counts = [self.read, self.added, self.already, self.skipped].map(|count| count.to_string());
        let mut cells = vec![self.table.clone(), self.asset.to_owned()];
        cells.extend(counts);
        cells.extend([if self.agrees { "yes" } else { "NO" }.to_owned(), self.source.clone()]);
        cells
    }
}

impl Listing for SumLine {
    const NAME: &'static str = "sums";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("table", Align::Left),
        ("month", Align::Left),
        ("sum", Align::Left),
        ("read", Align::Right),
        ("stored", Align::Right),
        ("gone", Align::Right),
        ("merged", Align::Right),
        ("rounded", Align::Right),
        ("difference", Align::Right),
    ];

    fn cells(&self) -> Vec<String> {
        let mut cells =
            vec![self.table.to_string(), self.month.clone(), self.measure.map_or("rows", Measure::as_str).to_owned()];
        let sums = [self.read, self.stored, self.gone, self.merged, self.rounded, self.difference];
        cells.extend(sums.map(|sum| match self.measure {
            Some(_) => sum.to_string(),
            None => sum.to_string().split('.').next().unwrap_or_default().to_owned(),
        }));
        cells
    }
}

impl Listing for Proposal {
    const NAME: &'static str = "settings";
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("v2's setting", Align::Left), ("value", Align::Left), ("in the config's monitor", Align::Left)];

    fn cells(&self) -> Vec<String> {
        let taken = match &self.taken {
            Taken::Line { section, key, toml } => format!("{section}.{key} = {toml}"),
            Taken::Not(why) => format!("({why})"),
        };
        vec![self.setting.clone(), self.value.clone(), taken]
    }
}

impl Listing for LeftTable {
    const NAME: &'static str = "left";
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("table", Align::Left), ("rows", Align::Right), ("why", Align::Left), ("from", Align::Left)];

    fn cells(&self) -> Vec<String> {
        vec![self.table.clone(), self.rows.to_string(), self.why.to_owned(), self.source.clone()]
    }
}
