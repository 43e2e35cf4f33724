//! Which buckets a request is charged to, how much, and how urgent it is.

use super::costs::CostTable;
use crate::REST_BASE;
use crate::signing::KEY_HEADER;
use crate::transport::{HttpRequest, Method};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// More shards than the exchange has; an order that names a higher one is charged like one that names none.
pub(super) const MAX_SHARD: u16 = 63;

/// How urgent a request is. The first goes first; none waits behind a later kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Takes risk away: cancels, decreases, the trigger of an order group.
    Cancel,
    /// Finds out what became of an order: orders, fills, positions.
    LookUp,
    /// Any other write: creates, amends, transfers.
    Order,
    /// Any other read.
    Read,
}

/// The buckets that a request is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Asked without a key: the exchange does not charge it; ours alone.
    Unsigned,
    Read,
    /// Writes that name no shard or shard 0, and batches.
    Unscoped,
    /// A single order write that names its shard.
    Shard(u16),
    /// A single order write that the exchange has to route: the unscoped bucket and every shard's.
    Everywhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) scope: Scope,
    pub(super) cost: u64,
    pub(super) priority: Priority,
}

/// What matters of an order write's body.
#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    exchange_index: Option<i64>,
    #[serde(default)]
    orders: Option<Vec<IgnoredAny>>,
}

impl Charge {
    /// Source of scopes and batch costs: docs.kalshi.com/getting_started/rate_limits; read 2026-11-22.
    pub(super) fn of(request: &HttpRequest, costs: &CostTable) -> Self {
        let path = request.path.strip_prefix(REST_BASE).unwrap_or(&request.path);
        let cost = costs.cost(request.method.as_str(), &request.path);
        let priority = priority(request.method, path);
        if !request.headers.iter().any(|(name, _)| *name == KEY_HEADER) {
            return Self { scope: Scope::Unsigned, cost, priority };
        }
        if request.method == Method::Get {
            return Self { scope: Scope::Read, cost, priority };
        }
        // Written by this client a moment ago; one that cannot be read is the exchange's to refuse.
        let body: Body = serde_json::from_slice(&request.body).unwrap_or_default();
        if path.ends_with("/batched") {
            let items = body.orders.map_or(1, |orders| orders.len().max(1)) as u64;
            return Self { scope: Scope::Unscoped, cost: cost.saturating_mul(items), priority };
        }
        let named = request.query.iter().find(|(name, _)| *name == "exchange_index");
        let shard = named.and_then(|(_, value)| value.parse().ok()).or(body.exchange_index);
        let is_order = path
            .strip_prefix("/portfolio/events/orders")
            .is_some_and(|rest| !rest.is_empty() || request.method == Method::Post);
        let scope = match shard.map(u16::try_from) {
            _ if !is_order => Scope::Unscoped,
            Some(Ok(0)) => Scope::Unscoped,
            Some(Ok(shard)) if shard <= MAX_SHARD => Scope::Shard(shard),
            Some(_) | None => Scope::Everywhere,
        };
        Self { scope, cost, priority }
    }
}

fn priority(method: Method, path: &str) -> Priority {
    let takes_risk_away = || path.ends_with("/decrease") || path.ends_with("/trigger");
    match method {
        Method::Get
            if ["/portfolio/orders", "/portfolio/fills", "/portfolio/positions"]
                .iter()
                .any(|own| path.starts_with(own)) =>
        {
            Priority::LookUp
        }
        Method::Get => Priority::Read,
        Method::Delete if path.starts_with("/portfolio/events/orders") => Priority::Cancel,
        Method::Post | Method::Put if takes_risk_away() => Priority::Cancel,
        Method::Post | Method::Put | Method::Delete => Priority::Order,
    }
}

impl Scope {
    /// Whether two requests take from one bucket.
    pub(super) const fn shares(self, other: Self) -> bool {
        use Scope::{Everywhere, Read, Shard, Unscoped, Unsigned};
        match (self, other) {
            (Unsigned, Unsigned) | (Read, Read) | (Unscoped, Unscoped) => true,
            (Shard(one), Shard(another)) => one == another,
            (Everywhere, Everywhere | Unscoped | Shard(_)) | (Unscoped | Shard(_), Everywhere) => true,
            (Unsigned | Read | Unscoped | Shard(_) | Everywhere, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(method: Method, path: &str, query: Vec<(&'static str, String)>, body: &str) -> String {
        let request = HttpRequest {
            method,
            path: format!("{REST_BASE}{path}"),
            query,
            headers: vec![(KEY_HEADER, "k".into())],
            body: body.to_owned().into(),
        };
        let Charge { scope, cost, priority } = Charge::of(&request, &CostTable::default());
        format!("{scope:?} {cost} {priority:?}")
    }

    #[test]
    fn requests_and_their_buckets() {
        let shard = |index: &str| vec![("exchange_index", index.to_owned())];
        let none = Vec::new;
        let orders = "/portfolio/events/orders";
        let three = r#"{"orders":[{"order_id":"a"},{"order_id":"b"},{"order_id":"c"}]}"#;
        let table = [
            charge(Method::Post, orders, none(), r#"{"ticker":"X","exchange_index":2}"#),
            charge(Method::Post, orders, none(), r#"{"ticker":"X","exchange_index":0}"#),
            charge(Method::Post, orders, none(), r#"{"ticker":"X"}"#),
            charge(Method::Post, orders, none(), r#"{"ticker":"X","exchange_index":9999999}"#),
            charge(Method::Delete, &format!("{orders}/o-1"), shard("2"), "{}"),
            charge(Method::Delete, &format!("{orders}/o-1"), none(), "{}"),
            charge(Method::Delete, orders, none(), "{}"),
            charge(Method::Post, &format!("{orders}/o-1/amend"), shard("2"), "{}"),
            charge(Method::Post, &format!("{orders}/o-1/decrease"), shard("2"), "{}"),
            charge(Method::Post, &format!("{orders}/batched"), none(), three),
            charge(Method::Delete, &format!("{orders}/batched"), none(), three),
            charge(Method::Put, "/portfolio/order_groups/g/trigger", none(), "{}"),
            charge(Method::Post, "/portfolio/order_groups/create", none(), r#"{"exchange_index":2}"#),
            charge(Method::Get, "/portfolio/orders", none(), ""),
            charge(Method::Get, "/portfolio/orders/o-1", none(), ""),
            charge(Method::Get, "/portfolio/fills", none(), ""),
            charge(Method::Get, "/portfolio/balance", none(), ""),
            charge(Method::Get, "/cfbenchmarks/history/values", none(), ""),
        ];
        insta::assert_snapshot!(table.join("\n"), @r"
        Shard(2) 10 Order
        Unscoped 10 Order
        Everywhere 10 Order
        Everywhere 10 Order
        Shard(2) 2 Cancel
        Everywhere 2 Cancel
        Unscoped 2 Cancel
        Shard(2) 10 Order
        Shard(2) 10 Cancel
        Unscoped 30 Order
        Unscoped 6 Cancel
        Unscoped 10 Cancel
        Unscoped 10 Order
        Read 10 LookUp
        Read 2 LookUp
        Read 10 LookUp
        Read 10 Read
        Read 150 Read
        ");
        let unsigned = HttpRequest {
            method: Method::Get,
            path: format!("{REST_BASE}/markets"),
            query: Vec::new(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
        };
        assert_eq!(Charge::of(&unsigned, &CostTable::default()).scope, Scope::Unsigned);
    }
}
