//! Whose books a fact belongs to.

use recio_core::fact::Fact;
use recio_core::units::AccountName;

/// Within one of these an id names one thing: orders, fills, markets and trades of two accounts never mix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    // Its word, so that rows sort alike here and in a database.
    environment: &'static str,
    account: AccountName,
    subaccount: u8,
    exchange_index: u16,
}

impl Scope {
    pub(crate) fn of(fact: &Fact) -> Self {
        Self {
            environment: fact.environment.as_str(),
            account: fact.account.clone(),
            subaccount: fact.subaccount,
            exchange_index: fact.exchange_index,
        }
    }
}
