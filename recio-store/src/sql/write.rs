//! Transactions that write: facts with the tables they make, and the tables anew.

use super::connection::Connection;
use super::error::{not_twice, was_there};
use super::known::{Known, Remembered, START};
use super::lease::held;
use super::rows::{facts, is_known};
use super::tables::empty;
use super::writes::Writes;
use crate::chain::same_economics;
use crate::scope::Scope;
use recio_core::fact::{Fact, FactBody};
use recio_core::kill_point::{KillPoint, reached_if};
use recio_core::store::{Appended, StoreError};
use std::collections::BTreeMap;

/// Facts read at a time.
const PAGE: u32 = 1_000;

/// A fact with its canonical form.
pub(crate) type Sealed = (Fact, String);

/// Appends the facts of several callers in one transaction; where that does not work out, each in its own. Answers each.
pub(crate) async fn append(
    connection: &mut Connection,
    groups: &[&[Sealed]],
    epoch: u64,
    remembered: &Remembered,
) -> Vec<Result<Appended, StoreError>> {
    let error = match together(connection, groups, epoch, remembered).await {
        Ok(answers) => return answers.into_iter().map(Ok).collect(),
        Err(error) => error,
    };
    if groups.len() == 1 {
        return vec![Err(error)];
    }
    let mut answers = Vec::with_capacity(groups.len());
    for alone in groups.chunks(1) {
        match together(connection, alone, epoch, remembered).await {
            Ok(own) => answers.extend(own.into_iter().map(Ok)),
            Err(error) => answers.push(Err(error)),
        }
    }
    answers
}

/// Empties the tables and makes them from the facts again. Returns the number of facts.
pub(crate) async fn rebuild(
    connection: &mut Connection,
    epoch: u64,
    remembered: &Remembered,
) -> Result<u64, StoreError> {
    remembered.forget();
    held(connection, epoch, async |connection, _| rebuild_in(connection).await).await
}

/// Appends facts and what they make of the tables: all, or nothing. Most facts are new; only once one turns out not to be is each looked for.
async fn together(
    connection: &mut Connection,
    groups: &[&[Sealed]],
    epoch: u64,
    remembered: &Remembered,
) -> Result<Vec<Appended>, StoreError> {
    let mut appended = attempt(connection, groups, epoch, remembered, Expect::New).await;
    if appended.as_ref().is_err_and(was_there) {
        appended = attempt(connection, groups, epoch, remembered, Expect::Known).await.map_err(not_twice);
    }
    reached_if(KillPoint::K11, || appended.is_ok() && hold_a_fill(groups));
    appended
}

/// What is expected of facts that are to be appended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// All are new.
    New,
    /// Some may be known, and are passed over.
    Known,
}

async fn attempt(
    connection: &mut Connection,
    groups: &[&[Sealed]],
    epoch: u64,
    remembered: &Remembered,
    expect: Expect,
) -> Result<Vec<Appended>, StoreError> {
    let (answers, known) = held(connection, epoch, async |connection, end| {
        let mut known = remembered.take(end);
        let mut writes = Writes::default();
        let mut here = BTreeMap::new();
        let mut answers = Vec::with_capacity(groups.len());
        for facts in groups {
            let before = known.last();
            for (fact, body) in *facts {
                if expect == Expect::Known && (is_here(&mut here, fact)? || is_known(connection, fact).await?) {
                    continue;
                }
                known.read_for(connection, fact).await?;
                known.append(fact, body, epoch)?.into_iter().for_each(|write| writes.add(write));
            }
            answers.push(Appended { last_sequence: known.last(), added: known.last() - before });
        }
        writes.run(connection).await?;
        reached_if(KillPoint::K10, || known.last() > end.0 && hold_a_fill(groups));
        Ok((answers, known))
    })
    .await?;
    remembered.keep(known);
    Ok(answers)
}

/// Whether a fact of the same key comes earlier in the same transaction.
fn is_here<'f>(here: &mut BTreeMap<(Scope, String), &'f Fact>, fact: &'f Fact) -> Result<bool, StoreError> {
    let first = *here.entry((Scope::of(fact), fact.key())).or_insert(fact);
    if std::ptr::eq(first, fact) {
        return Ok(false);
    }
    same_economics(first, fact).map(|()| true)
}

fn hold_a_fill(groups: &[&[Sealed]]) -> bool {
    groups.iter().flat_map(|facts| *facts).any(|(fact, _)| matches!(fact.body, FactBody::Fill { .. }))
}

async fn rebuild_in(connection: &mut Connection) -> Result<u64, StoreError> {
    empty(connection).await?;
    let mut known = Known::of(START);
    let mut last = 0;
    loop {
        let page = facts(connection, last, PAGE).await?;
        if page.is_empty() {
            return Ok(last);
        }
        let mut writes = Writes::default();
        for stored in page {
            // From the first fact on, all books are known.
            known.rows(stored.sequence, &stored.fact)?.into_iter().for_each(|write| writes.add(write));
            last = stored.sequence;
        }
        writes.run(connection).await.map_err(not_twice)?;
    }
}
