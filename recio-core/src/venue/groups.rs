//! Order groups: a breaker over the orders of one wallet.
//!
//! A group counts the contracts of its members that were executed in the last 15 seconds. Where they exceed its limit, its members are
//! canceled and it takes no orders until it is reset. What one incoming order executes is one step: the limit is looked at after it, so
//! it can be exceeded by that much. Source: docs.kalshi.com on order groups, state of October 2026; that more than the limit triggers, and
//! not as much as it, is not confirmed.

use super::{GroupUpdate, GroupUpdateKind, Refusal, RefusalCode, UpdateReason, Venue, VenueOrder, Wallet};
use crate::units::{AccountName, ExchangeOrderId, OrderGroupId, Quantity, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// How long an execution counts.
const WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// The largest limit of a group, in contracts.
const MAX_LIMIT: Quantity = Quantity::contracts(1_000_000);

/// How many groups an account may have.
const MAX_GROUPS: usize = 100_000;

/// An order group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroup {
    /// Its id.
    pub id: OrderGroupId,
    /// Whose it is.
    pub account: AccountName,
    /// Which wallet's orders may be in it.
    pub wallet: Wallet,
    /// Contracts that may be executed within 15 seconds.
    pub limit: Quantity,
    /// Whether it takes no orders until it is reset.
    pub triggered: bool,
    /// What was executed, oldest first; what is older than the window goes with the next execution.
    pub(super) executed: VecDeque<(Timestamp, Quantity)>,
    /// Numbers of its orders that are not over.
    pub(super) members: BTreeSet<u64>,
}

impl OrderGroup {
    /// Contracts that were executed within the 15 seconds before `now`.
    #[must_use]
    pub fn executed(&self, now: Timestamp) -> Quantity {
        self.executed
            .iter()
            .filter(|(time, _)| now.duration_since(*time) < WINDOW)
            .fold(Quantity::ZERO, |sum, (_, quantity)| sum.saturating_add(*quantity))
    }

    fn count(&mut self, now: Timestamp, quantity: Quantity) {
        while self.executed.front().is_some_and(|(time, _)| now.duration_since(*time) >= WINDOW) {
            self.executed.pop_front();
        }
        self.executed.push_back((now, quantity));
    }
}

impl Venue {
    /// Creates an order group for orders of one wallet.
    ///
    /// # Errors
    /// The exchange's refusal: no such account or subaccount, a limit outside 1 to 1,000,000 contracts, 100,000 groups are there, or the
    /// exchange is paused.
    pub fn create_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        limit: Quantity,
        now: Timestamp,
    ) -> Result<OrderGroupId, Refusal> {
        self.check_group_write(account, now)?;
        check_limit(limit)?;
        if !self.accounts[account].has(wallet) {
            return Err(RefusalCode::InvalidParameters.with("no such subaccount on this shard"));
        }
        if self.groups(account).count() >= MAX_GROUPS {
            return Err(RefusalCode::InvalidParameters.with("there are 100000 order groups"));
        }
        let id = self.next_group_id();
        let group = OrderGroup {
            id: id.clone(),
            account: account.clone(),
            wallet,
            limit,
            triggered: false,
            executed: VecDeque::new(),
            members: BTreeSet::new(),
        };
        self.groups.insert(id.clone(), group);
        self.tell_group(&id, GroupUpdateKind::Created { limit });
        Ok(id)
    }

    /// Cancels a group's orders, and lets it take none until it is reset.
    ///
    /// # Errors
    /// The exchange's refusal: no such group in this wallet, or the exchange is paused.
    pub fn trigger_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        group: &OrderGroupId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.own_group(account, wallet, group, now)?;
        self.trip(group);
        Ok(())
    }

    /// Lets a group count from zero and take orders.
    ///
    /// # Errors
    /// As [`trigger_group`](Self::trigger_group).
    pub fn reset_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        group: &OrderGroupId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let kept = self.own_group(account, wallet, group, now)?;
        kept.triggered = false;
        kept.executed.clear();
        self.tell_group(group, GroupUpdateKind::Reset);
        Ok(())
    }

    /// Changes a group's limit; one below what was executed in the last 15 seconds triggers it at once.
    ///
    /// # Errors
    /// As [`trigger_group`](Self::trigger_group), or a limit outside 1 to 1,000,000 contracts.
    pub fn limit_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        group: &OrderGroupId,
        limit: Quantity,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let kept = self.own_group(account, wallet, group, now)?;
        check_limit(limit)?;
        kept.limit = limit;
        self.tell_group(group, GroupUpdateKind::LimitUpdated { limit });
        let kept = &self.groups[group];
        if !kept.triggered && kept.executed(self.now) > limit {
            self.trip(group);
        }
        Ok(())
    }

    /// Cancels a group's orders and forgets it.
    ///
    /// # Errors
    /// As [`trigger_group`](Self::trigger_group).
    pub fn delete_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        group: &OrderGroupId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.own_group(account, wallet, group, now)?;
        self.cancel_members(group);
        self.tell_group(group, GroupUpdateKind::Deleted);
        self.groups.remove(group);
        Ok(())
    }

    /// An account's order groups, by id.
    pub fn groups(&self, account: &AccountName) -> impl Iterator<Item = &OrderGroup> {
        self.groups.values().filter(move |group| group.account == *account)
    }

    /// One order group of an account; `None` also for another account's.
    #[must_use]
    pub fn group(&self, account: &AccountName, group: &OrderGroupId) -> Option<&OrderGroup> {
        self.groups.get(group).filter(|group| group.account == *account)
    }

    /// The orders of a group that are not over, oldest first.
    pub fn group_orders(&self, group: &OrderGroup) -> Vec<ExchangeOrderId> {
        group.members.iter().map(|number| self.orders[number].id.clone()).collect()
    }

    /// Checks that an order may be in the group that it names.
    pub(super) fn check_group(
        &self,
        account: &AccountName,
        wallet: Wallet,
        group: Option<&OrderGroupId>,
    ) -> Result<(), Refusal> {
        let Some(group) = group else { return Ok(()) };
        let group = self.group(account, group).filter(|group| group.wallet == wallet);
        let group = group.ok_or(RefusalCode::OrderGroupNotFound)?;
        if group.triggered { Err(RefusalCode::ExceededOrderGroupRiskLimit.into()) } else { Ok(()) }
    }

    pub(super) fn join_group(&mut self, number: u64, group: Option<&OrderGroupId>) {
        if let Some(group) = group.and_then(|group| self.groups.get_mut(group)) {
            group.members.insert(number);
        }
    }

    /// The order is over.
    pub(super) fn leave_group(&mut self, number: u64) {
        let group = self.orders.get(&number).and_then(|order| order.terms.order_group.as_ref());
        if let Some(group) = group.and_then(|group| self.groups.get_mut(group)) {
            group.members.remove(&number);
        }
    }

    /// Counts an execution of an order for its group.
    pub(super) fn count_for_group(&mut self, order: &VenueOrder, quantity: Quantity) {
        let now = self.now;
        let Some(group) = order.terms.order_group.as_ref().and_then(|group| self.groups.get_mut(group)) else { return };
        group.count(now, quantity);
        if !group.triggered && group.executed(now) > group.limit {
            self.tripped.insert(group.id.clone());
        }
    }

    /// Triggers the groups whose limit the last execution exceeded.
    pub(super) fn trip_groups(&mut self) {
        for group in std::mem::take(&mut self.tripped) {
            self.trip(&group);
        }
    }

    fn trip(&mut self, group: &OrderGroupId) {
        if let Some(kept) = self.groups.get_mut(group) {
            kept.triggered = true;
            self.tell_group(group, GroupUpdateKind::Triggered);
            self.cancel_members(group);
        }
    }

    fn cancel_members(&mut self, group: &OrderGroupId) {
        let members = self.groups.get(group).map(|group| group.members.clone()).unwrap_or_default();
        for number in members {
            self.end_order(number, Some(UpdateReason::Decrease));
        }
    }

    fn check_group_write(&mut self, account: &AccountName, now: Timestamp) -> Result<(), Refusal> {
        self.advance(now);
        self.check_account(account)?;
        if self.exchange_paused { Err(RefusalCode::ExchangeIsPaused.into()) } else { Ok(()) }
    }

    fn own_group(
        &mut self,
        account: &AccountName,
        wallet: Wallet,
        group: &OrderGroupId,
        now: Timestamp,
    ) -> Result<&mut OrderGroup, Refusal> {
        self.check_group_write(account, now)?;
        let kept = self.groups.get_mut(group).filter(|kept| kept.account == *account && kept.wallet == wallet);
        kept.ok_or_else(|| RefusalCode::NotFound.into())
    }

    fn tell_group(&mut self, group: &OrderGroupId, kind: GroupUpdateKind) {
        let Some(kept) = self.groups.get(group) else { return };
        let update = GroupUpdate {
            account: kept.account.clone(),
            wallet: kept.wallet,
            group: group.clone(),
            exchange_time: self.now,
            kind,
        };
        self.group_updates.push(update);
    }
}

fn check_limit(limit: Quantity) -> Result<(), Refusal> {
    if (Quantity::contracts(1)..=MAX_LIMIT).contains(&limit) {
        Ok(())
    } else {
        Err(RefusalCode::InvalidParameters.with("contracts_limit must be between 1 and 1000000"))
    }
}
