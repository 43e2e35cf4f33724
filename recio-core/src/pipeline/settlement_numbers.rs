//! Which version of a market's payout a fact is, counted over all runs.
//!
//! A run counts the outcomes that it saw itself. One that starts after the exchange has amended an outcome sees the new one alone, and calls it
//! the first; to the store it is the next. The store takes another outcome under a known number for damage, and rightly so.

use crate::fact::{Environment, Fact, FactBody};
use crate::store::{Store, StoreError};
use crate::trade::Settlement;
use crate::units::{AccountName, MarketTicker};
use std::collections::BTreeMap;

/// Facts read at a time.
const PAGE: u32 = 1_000;

type Market = (Environment, AccountName, u8, u16, MarketTicker);

/// The newest payout of every market that the store knows, with its number.
#[derive(Debug, Default)]
pub(super) struct SettlementNumbers {
    /// `None` until they were read: a run in which nothing settles never asks.
    newest: Option<BTreeMap<Market, (u32, Settlement)>>,
}

impl SettlementNumbers {
    /// Gives the payouts of a batch the numbers that they have in the store. Reads the store once in a run.
    pub(super) async fn number(&mut self, store: &dyn Store, batch: &mut [Fact]) -> Result<(), StoreError> {
        if !batch.iter().any(|fact| matches!(fact.body, FactBody::Settlement { .. })) {
            return Ok(());
        }
        if self.newest.is_none() {
            self.newest = Some(read(store).await?);
        }
        // What this batch adds is kept only when it is stored.
        let mut newest = self.newest.clone().unwrap_or_default();
        for fact in batch {
            let market = market_of(fact);
            let (FactBody::Settlement { settlement, version }, Some(market)) = (&mut fact.body, market) else {
                continue;
            };
            *version = match newest.get(&market) {
                Some((number, known)) if (known.result, known.revenue) == (settlement.result, settlement.revenue) => {
                    *number
                }
                Some((number, _)) => number + 1,
                None => 1,
            };
            newest.insert(market, (*version, settlement.clone()));
        }
        Ok(())
    }

    /// A numbered batch is in the store.
    pub(super) fn stored(&mut self, batch: &[Fact]) {
        if let Some(newest) = &mut self.newest {
            batch.iter().for_each(|fact| take_up(newest, fact));
        }
    }
}

async fn read(store: &dyn Store) -> Result<BTreeMap<Market, (u32, Settlement)>, StoreError> {
    let mut newest = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = store.facts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(newest) };
        after = last.sequence;
        page.iter().for_each(|stored| take_up(&mut newest, &stored.fact));
    }
}

fn take_up(newest: &mut BTreeMap<Market, (u32, Settlement)>, fact: &Fact) {
    if let (FactBody::Settlement { settlement, version }, Some(market)) = (&fact.body, market_of(fact)) {
        let known = newest.entry(market).or_insert_with(|| (*version, settlement.clone()));
        if known.0 < *version {
            *known = (*version, settlement.clone());
        }
    }
}

fn market_of(fact: &Fact) -> Option<Market> {
    let FactBody::Settlement { settlement, .. } = &fact.body else { return None };
    let market = settlement.market.clone();
    Some((fact.environment, fact.account.clone(), fact.subaccount, fact.exchange_index, market))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::MarketResult;
    use crate::store::{Appended, Changes, OrderRow, PositionRow, StoredFact};
    use crate::trade::{Fill, Trade};
    use crate::units::{Money, RunId, Timestamp};
    use async_trait::async_trait;

    /// A store that holds these facts.
    struct Holds(Vec<Fact>);

    #[async_trait]
    impl Store for Holds {
        async fn append(&self, _: &[Fact]) -> Result<Appended, StoreError> {
            unreachable!("nothing is stored here")
        }
        async fn facts(&self, after: u64, _: u32) -> Result<Vec<StoredFact>, StoreError> {
            let stored = |(fact, sequence): (&Fact, u64)| StoredFact { sequence, hash: [0; 32], fact: fact.clone() };
            Ok(self.0.iter().zip(1..).map(stored).filter(|stored| stored.sequence > after).collect())
        }
        async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
            Ok(Vec::new())
        }
        async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
            Ok(Vec::new())
        }
        async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
            Ok(Vec::new())
        }
        async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
            Ok(Vec::new())
        }
        async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
            Ok(Vec::new())
        }
        async fn changes(&self, _: u64) -> Result<Box<dyn Changes>, StoreError> {
            Err(StoreError::Unsupported("push its facts"))
        }
    }

    fn payout(market: &str, result: MarketResult, version: u32) -> Fact {
        let settlement = Settlement {
            market: market.parse().unwrap(),
            event: "E".parse().unwrap(),
            result,
            revenue: if result == MarketResult::Yes { Money::dollars(1) } else { Money::ZERO },
            settled_time: Timestamp::UNIX_EPOCH,
        };
        Fact {
            environment: Environment::Sim,
            account: "main".parse().unwrap(),
            subaccount: 0,
            exchange_index: 2,
            run: RunId::new("run").unwrap(),
            number: 1,
            strategy: None,
            time: Timestamp::UNIX_EPOCH,
            body: FactBody::Settlement { settlement, version },
        }
    }

    fn versions(facts: &[Fact]) -> Vec<u32> {
        facts
            .iter()
            .filter_map(|fact| if let FactBody::Settlement { version, .. } = fact.body { Some(version) } else { None })
            .collect()
    }

    #[tokio::test]
    async fn an_outcome_that_was_amended_between_two_runs_is_the_next_one() {
        use MarketResult::{No, Yes};
        let store = Holds(vec![payout("A", Yes, 1), payout("B", Yes, 1), payout("B", No, 2)]);
        let mut numbers = SettlementNumbers::default();
        // The new run saw one outcome of each, and calls it the first.
        let mut batch = vec![payout("A", No, 1), payout("B", No, 1), payout("C", Yes, 1)];
        numbers.number(&store, &mut batch).await.unwrap();
        assert_eq!(versions(&batch), [2, 2, 1], "A was amended, B is known, C is new");
        // An append that failed is numbered again, from the facts as they were told.
        let mut again = vec![payout("A", No, 1)];
        numbers.number(&store, &mut again).await.unwrap();
        assert_eq!(versions(&again), [2]);
        numbers.stored(&batch);
        let mut later = vec![payout("A", No, 1), payout("A", Yes, 2)];
        numbers.number(&store, &mut later).await.unwrap();
        assert_eq!(versions(&later), [2, 3]);
    }
}
