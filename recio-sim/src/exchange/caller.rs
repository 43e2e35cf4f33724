//! Who asks, and what that key may do.
//!
//! Source of the scopes: docs.kalshi.com on API keys, state of October 2026. The code of the 403 is not confirmed.

use super::request::{ApiRequest, Failure, nested};
use recio_core::units::AccountName;
use recio_kalshi::transport::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `read`: all reads.
    Read,
    /// `read::portfolio_balance`: the balance alone.
    ReadBalance,
    /// `write`: all writes.
    Write,
    /// `write::trade`: orders and order groups.
    WriteTrade,
    /// `write::transfer`: cash between subaccounts and shards.
    WriteTransfer,
}

/// Whose key it is, and what the key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountName,
    /// What the key may do.
    pub scopes: BTreeSet<Scope>,
    /// The subaccount that the key is locked to: it is meant where none is named, and another one is refused.
    pub subaccount: Option<u16>,
}

impl Caller {
    /// A key that may do everything.
    #[must_use]
    pub fn unlimited(account: AccountName) -> Self {
        Self { account, scopes: BTreeSet::from([Scope::Read, Scope::Write]), subaccount: None }
    }

    /// Refuses what the key may not do, and fills in the subaccount that it is locked to.
    pub(super) fn admit(&self, request: &ApiRequest) -> Result<ApiRequest, Failure> {
        let allowed = allowing(request);
        if !self.scopes.iter().any(|scope| allowed.contains(scope)) {
            return Err(nested(403, "forbidden", Some("the API key does not have the scope for this")));
        }
        match self.subaccount {
            Some(number) => lock(request, number),
            None => Ok(request.clone()),
        }
    }
}

/// The scopes of which one is enough.
fn allowing(request: &ApiRequest) -> &'static [Scope] {
    if request.method == Method::Get {
        return if request.path == "/portfolio/balance" { &[Scope::Read, Scope::ReadBalance] } else { &[Scope::Read] };
    }
    let moves_cash = ["/portfolio/subaccounts", "/portfolio/intra_exchange", "/portfolio/target_balance_allocation"];
    if moves_cash.iter().any(|path| request.path.starts_with(path)) {
        &[Scope::Write, Scope::WriteTransfer]
    } else {
        &[Scope::Write, Scope::WriteTrade]
    }
}

/// The request as a key means it that is locked to a subaccount.
fn lock(request: &ApiRequest, number: u16) -> Result<ApiRequest, Failure> {
    let refused = || nested(403, "forbidden", Some("the API key is locked to another subaccount"));
    if request.path.starts_with("/portfolio/subaccounts") || request.path.starts_with("/portfolio/intra_exchange") {
        return Err(refused());
    }
    let mut request = request.clone();
    match request.query.iter().find(|(name, _)| name == "subaccount") {
        Some((_, given)) if given.parse() != Ok(number) => return Err(refused()),
        Some(_) => {}
        None if request.path.starts_with("/portfolio/") || request.path.starts_with("/historical/") => {
            request.query.push(("subaccount".to_owned(), number.to_string()));
        }
        None => {}
    }
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) {
        let batch = body.get_mut("orders").and_then(Value::as_array_mut);
        let items: Vec<&mut Value> = batch.map(|items| items.iter_mut().collect()).unwrap_or_default();
        let in_batch = !items.is_empty();
        for item in items {
            if let Value::Object(order) = item {
                fill_in(order, number).map_err(|()| refused())?;
            }
        }
        if !in_batch {
            fill_in(&mut body, number).map_err(|()| refused())?;
        }
        request.body = serde_json::to_vec(&body).unwrap_or_default().into();
    }
    Ok(request)
}

fn fill_in(body: &mut serde_json::Map<String, Value>, number: u16) -> Result<(), ()> {
    match body.get("subaccount") {
        Some(given) if given.as_u64() != Some(u64::from(number)) => Err(()),
        Some(_) => Ok(()),
        None => {
            body.insert("subaccount".to_owned(), number.into());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn caller(scopes: &[Scope], subaccount: Option<u16>) -> Caller {
        let account = AccountName::new("a").unwrap();
        Caller { account, scopes: scopes.iter().copied().collect(), subaccount }
    }

    fn request(method: Method, path: &str, query: &[(&str, &str)], body: &str) -> ApiRequest {
        ApiRequest {
            method,
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            content_type: None,
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn a_key_does_what_its_scopes_say() {
        use Scope::{Read, ReadBalance, Write, WriteTrade, WriteTransfer};
        let (balance, fills) = ("/portfolio/balance", "/portfolio/fills");
        let (orders, transfer) = ("/portfolio/events/orders", "/portfolio/subaccounts/transfer");
        for (scopes, allowed) in [
            (&[Read][..], [true, true, false, false]),
            (&[ReadBalance], [true, false, false, false]),
            (&[Write], [false, false, true, true]),
            (&[WriteTrade], [false, false, true, false]),
            (&[Read, WriteTransfer], [true, true, false, true]),
            (&[], [false; 4]),
        ] {
            let caller = caller(scopes, None);
            let may = |method, path| caller.admit(&request(method, path, &[], "{}")).is_ok();
            let found = [
                may(Method::Get, balance),
                may(Method::Get, fills),
                may(Method::Post, orders),
                may(Method::Post, transfer),
            ];
            assert_eq!(found, allowed, "{scopes:?}");
        }
    }

    #[test]
    fn a_locked_key_means_its_subaccount_and_no_other() {
        let caller = caller(&[Scope::Read, Scope::Write], Some(3));
        let admitted = |query: &[(&str, &str)], body| {
            caller.admit(&request(Method::Post, "/portfolio/events/orders", query, body)).ok()
        };
        let one = admitted(&[], r#"{"ticker":"M"}"#).unwrap();
        assert_eq!(one.query, [("subaccount".to_owned(), "3".to_owned())]);
        assert_eq!(&one.body[..], br#"{"subaccount":3,"ticker":"M"}"#);
        let batch = admitted(&[], r#"{"orders":[{"ticker":"M"},{"subaccount":3}]}"#).unwrap();
        assert_eq!(&batch.body[..], br#"{"orders":[{"subaccount":3,"ticker":"M"},{"subaccount":3}]}"#);
        assert!(admitted(&[("subaccount", "0")], "{}").is_none());
        assert!(admitted(&[], r#"{"subaccount":0}"#).is_none());
        assert!(admitted(&[], r#"{"orders":[{"subaccount":1}]}"#).is_none());
        assert!(caller.admit(&request(Method::Post, "/portfolio/subaccounts/transfer", &[], "{}")).is_err());
    }
}
