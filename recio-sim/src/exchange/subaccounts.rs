//! Subaccounts over REST: made, and what lies in them.

use super::Exchange;
use super::portfolio::dollars;
use super::request::{Answer, ApiRequest, answer};
use super::transfers::known_shard;
use super::writes::{read_body, subaccount_of};
use recio_core::units::AccountName;
use recio_core::venue::{Balance, Wallet};
use recio_kalshi::wire;
use serde_json::{Map, Value};

impl Exchange {
    pub(super) fn create_subaccount(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::CreateSubaccount = read_body(request, "CreateSubaccountRequest", &[])?;
        let shard = known_shard(body.exchange_index)?;
        let subaccount = self.venue.create_subaccount(account, shard, self.venue.now())?;
        answer(201, &wire::CreateSubaccountResponse { subaccount_number: subaccount.number() })
    }

    /// What may be used in each wallet: as the balance, less what resting orders hold back.
    pub(super) fn subaccount_balances(&self, account: &AccountName) -> Answer {
        let body = |(wallet, balance): (Wallet, Balance)| wire::SubaccountBalance {
            subaccount_number: wallet.subaccount.number(),
            exchange_index: wallet.shard,
            balance: dollars(balance.available()),
            updated_ts: self.now().as_second(),
        };
        let subaccount_balances = self.venue.wallets(account).map(body).collect();
        answer(200, &wire::SubaccountBalances { subaccount_balances })
    }

    /// Whether positions of one event offset each other. It is kept and told; the simulator nets none of them.
    pub(super) fn subaccount_netting(&self, account: &AccountName) -> Answer {
        let enabled =
            |wallet: Wallet| self.moves.get(account).is_some_and(|moves| moves.netting.contains(&wallet.subaccount));
        let body = |(wallet, _): (Wallet, Balance)| wire::SubaccountNetting {
            subaccount_number: wallet.subaccount.number(),
            enabled: enabled(wallet),
            exchange_index: wallet.shard,
        };
        let netting_configs = self.venue.wallets(account).map(body).collect();
        answer(200, &wire::SubaccountNettings { netting_configs })
    }

    pub(super) fn set_subaccount_netting(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::UpdateSubaccountNetting = read_body(request, "UpdateSubaccountNettingRequest", &[])?;
        let subaccount = subaccount_of(Some(body.subaccount_number))?;
        let exists =
            subaccount.is_primary() || self.venue.wallets(account).any(|(wallet, _)| wallet.subaccount == subaccount);
        if !exists {
            return Err(super::request::not_found());
        }
        let netting = &mut self.moves.entry(account.clone()).or_default().netting;
        if body.enabled {
            netting.insert(subaccount);
        } else {
            netting.remove(&subaccount);
        }
        answer(200, &Map::<String, Value>::new())
    }
}
