//! How a market's outcome is set, disputed, corrected and paid.

use super::{AccountSettlement, Venue, VenueError, VenueEventKind};
use crate::market::{LifecycleEvent, MarketResult, MarketStatus};
use crate::trade::Settlement;
use crate::units::{AccountName, AssetPrice, MarketTicker, Money, Timestamp};

impl Venue {
    /// Sets the outcome of a closed market, with the index value that decided it where there is one.
    ///
    /// # Errors
    /// No such market, or it has not closed or was determined before.
    pub fn determine(
        &mut self,
        market: &MarketTicker,
        result: MarketResult,
        expiration_value: Option<AssetPrice>,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        self.advance(now);
        self.step(market, &[MarketStatus::Closed], MarketStatus::Determined, "determine it")?;
        self.set_result(market, result, expiration_value);
        Ok(())
    }

    /// Challenges the outcome of a determined market: it is not paid until it is determined again. Nothing is announced.
    ///
    /// # Errors
    /// No such market, or its outcome is not known or paid already.
    pub fn dispute(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        self.advance(now);
        self.step(market, &[MarketStatus::Determined, MarketStatus::Amended], MarketStatus::Disputed, "dispute it")
    }

    /// Sets the outcome of a market again: of a disputed one before it is paid, and of a paid one as a correction. It is announced again,
    /// and the next [`settle`](Self::settle) pays, for a paid market only what the correction changes.
    ///
    /// # Errors
    /// No such market, or it is neither disputed nor paid.
    pub fn redetermine(
        &mut self,
        market: &MarketTicker,
        result: MarketResult,
        expiration_value: Option<AssetPrice>,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        self.advance(now);
        let from = [MarketStatus::Disputed, MarketStatus::Finalized];
        self.step(market, &from, MarketStatus::Amended, "determine it again")?;
        self.set_result(market, result, expiration_value);
        Ok(())
    }

    /// Pays a determined market out: $1 for each contract of the winning outcome. Positions move to the settlements. Where a paid market was
    /// determined again, each settlement is corrected in its place and the difference is paid or taken back, once.
    ///
    /// # Errors
    /// No such market, or it was not determined or was paid before.
    pub fn settle(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        self.advance(now);
        let from = [MarketStatus::Determined, MarketStatus::Amended];
        self.step(market, &from, MarketStatus::Finalized, "pay it")?;
        let body = &self.markets[market].market;
        let Some(result) = body.result else { return Ok(()) };
        let settlement = Settlement {
            market: market.clone(),
            event: body.event.clone(),
            result,
            revenue: Money::ZERO,
            settled_time: self.now,
        };
        let shard = body.exchange_index;
        let paid = match self.recorded.paid.get(market).copied() {
            None => self.pay(&settlement, shard),
            Some(recorded) => self.correct(&settlement, recorded),
        };
        let event = LifecycleEvent::Settled { settled_time: self.now };
        self.push(market, VenueEventKind::Lifecycle(event));
        for (account, settled, paid) in paid {
            self.push(market, VenueEventKind::Settled { account, settlement: Box::new(settled), paid });
        }
        Ok(())
    }

    fn pay(&mut self, settlement: &Settlement, shard: u16) -> Vec<(AccountName, AccountSettlement, Money)> {
        let recorded = self.recorded.positions.remove(&settlement.market).unwrap_or_default();
        self.recorded.cash_micros += recorded * i128::from(settlement.result.yes_payout().units());
        self.recorded.paid.insert(settlement.market.clone(), recorded);
        let mut all = Vec::new();
        for (account, books) in &mut self.accounts {
            for (&wallet, purse) in books.purses.iter_mut().filter(|(wallet, _)| wallet.shard == shard) {
                let Some(held) = purse.positions.remove(&settlement.market) else { continue };
                let revenue = Settlement::payout(settlement.result, held.position);
                purse.cash += revenue;
                let settled =
                    AccountSettlement { wallet, settlement: Settlement { revenue, ..settlement.clone() }, held };
                books.settlements.push(settled.clone());
                all.push((account.clone(), settled, revenue));
            }
        }
        all
    }

    fn correct(&mut self, settlement: &Settlement, recorded: i128) -> Vec<(AccountName, AccountSettlement, Money)> {
        let mut all = Vec::new();
        let mut before = None;
        for (account, books) in &mut self.accounts {
            for settled in books.settlements.iter_mut().filter(|paid| paid.settlement.market == settlement.market) {
                before = Some(settled.settlement.result);
                let revenue = Settlement::payout(settlement.result, settled.held.position);
                let difference = revenue - settled.settlement.revenue;
                settled.settlement = Settlement { revenue, ..settlement.clone() };
                if let Some(purse) = books.purses.get_mut(&settled.wallet) {
                    purse.cash += difference;
                    purse.taken_back += (Money::ZERO - difference).max(Money::ZERO);
                }
                all.push((account.clone(), settled.clone(), difference));
            }
        }
        // Without an account in the market the recorded party held nothing either.
        if let Some(before) = before {
            let units = i128::from(settlement.result.yes_payout().units()) - i128::from(before.yes_payout().units());
            self.recorded.cash_micros += recorded * units;
        }
        all
    }

    fn set_result(&mut self, market: &MarketTicker, result: MarketResult, expiration_value: Option<AssetPrice>) {
        if let Some(book) = self.markets.get_mut(market) {
            book.market.result = Some(result);
            book.market.expiration_value = expiration_value;
        }
        let event = LifecycleEvent::Determined { result, determined_time: self.now };
        self.push(market, VenueEventKind::Lifecycle(event));
    }
}
