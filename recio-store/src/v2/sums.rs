//! The sums of both sides: of v2's rows as they were read, and of recio's records as they are stored.

use super::exact::Exact;
use super::merge::{Known, Verdict};
use super::report::SumLine;
use super::row::RawRow;
use super::tables::{Measure, month};
use recio_core::imported::ImportedTable;
use std::collections::BTreeMap;

type Month = (ImportedTable, String);
type Amounts = BTreeMap<Measure, Exact>;

/// What was read of v2's rows, and what of it is not in the store one to one, by table and month.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    read: BTreeMap<Month, Read>,
    apart: BTreeMap<Month, Apart>,
}

#[derive(Clone, Debug, Default)]
struct Read {
    rows: u64,
    amounts: Amounts,
}

/// Merged rows, and rounding.
#[derive(Clone, Debug, Default)]
struct Apart {
    merged_rows: u64,
    merged: Amounts,
    rounded: Amounts,
}

impl Books {
    /// Adds a row up, in a reading of its own.
    pub(super) fn read(&mut self, kind: ImportedTable, row: &RawRow) {
        let sums = self.read.entry((kind, month(kind, &row.columns))).or_default();
        sums.rows += 1;
        for measure in Measure::of(kind) {
            add(&mut sums.amounts, *measure, measure.read(kind, row));
        }
    }

    /// Notes what became of a row: `rounded` is what rounding took off the record that it would make.
    pub(super) fn judged(&mut self, kind: ImportedTable, row: &RawRow, verdict: &Verdict, rounded: Amounts) {
        let apart = self.apart.entry((kind, month(kind, &row.columns))).or_default();
        match verdict {
            Verdict::New(_) | Verdict::Changed(_) | Verdict::Already => {
                for (measure, rest) in rounded {
                    add(&mut apart.rounded, measure, rest);
                }
            }
            Verdict::Merged | Verdict::Differs(_) => {
                let stored = if let Verdict::Differs(Some(stored)) = verdict { stored.as_slice() } else { &[] };
                apart.merged_rows += u64::from(stored.is_empty());
                for measure in Measure::of(kind) {
                    let instead = stored.iter().find(|(other, _)| other == measure).map_or(Exact::ZERO, |(_, x)| *x);
                    add(&mut apart.merged, *measure, measure.read(kind, row).minus(instead));
                }
            }
        }
    }

    /// Compares with what is `there`. `known` says which of it v2's stores have.
    pub(super) fn compare(
        &self,
        known: &BTreeMap<ImportedTable, Known>,
        there: &BTreeMap<ImportedTable, Known>,
    ) -> Vec<SumLine> {
        let mut lines = Vec::new();
        for kind in ImportedTable::ALL.into_iter().filter(|kind| *kind != ImportedTable::Settings) {
            let planned = known.get(&kind).map(Known::sums).unwrap_or_default();
            let there = there.get(&kind).map(Known::sums).unwrap_or_default();
            let mut months: Vec<&String> =
                self.read.keys().filter(|(table, _)| *table == kind).map(|(_, month)| month).collect();
            months.extend(there.keys().chain(planned.keys()));
            months.sort();
            months.dedup();
            for month in months {
                let key = (kind, month.clone());
                let read = self.read.get(&key).cloned().unwrap_or_default();
                let apart = self.apart.get(&key).cloned().unwrap_or_default();
                let there = there.get(month).cloned().unwrap_or_default();
                let planned = planned.get(month).cloned().unwrap_or_default();
                let rows = [read.rows, there.count, planned.gone_count, apart.merged_rows, 0]
                    .map(|count| Exact::whole(i64::try_from(count).unwrap_or(i64::MAX)));
                lines.push(line(kind, month, None, rows));
                for measure in Measure::of(kind) {
                    let of = |amounts: &Amounts| amounts.get(measure).copied().unwrap_or_default();
                    let stored = there.amounts.get(measure).map_or(Exact::ZERO, |(stored, _)| *stored);
                    let gone = planned.amounts.get(measure).map_or(Exact::ZERO, |(_, gone)| *gone);
                    let parts = [of(&read.amounts), stored, gone, of(&apart.merged), of(&apart.rounded)];
                    lines.push(line(kind, month, Some(*measure), parts));
                }
            }
        }
        lines
    }
}

fn add(amounts: &mut Amounts, measure: Measure, amount: Exact) {
    let sum = amounts.entry(measure).or_default();
    *sum = sum.plus(amount);
}

fn line(table: ImportedTable, month: &str, measure: Option<Measure>, parts: [Exact; 5]) -> SumLine {
    let [read, stored, gone, merged, rounded] = parts;
    let difference = read.minus(stored).plus(gone).minus(merged).minus(rounded);
    SumLine { table, month: month.to_owned(), measure, read, stored, gone, merged, rounded, difference }
}
