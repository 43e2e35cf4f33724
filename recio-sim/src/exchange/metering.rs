//! How much an account may ask: token buckets for reads and for writes, one more write bucket for each further shard.
//!
//! Only signed requests are charged. A request that does not fit is refused whole and costs nothing. Source of tiers, costs and shards:
//! docs.kalshi.com/getting_started/rate_limits, state of October 2026; of the capacities also a live Basic account (200/600 and 100/100).

use super::Exchange;
use super::request::{Answer, ApiRequest, Failure, answer, rate_limited};
use recio_core::units::AccountName;
use recio_kalshi::transport::Method;
use recio_kalshi::wire;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a call costs that the table does not name.
const DEFAULT_COST: u64 = 10;
/// Shards beside shard 0, whose writes have a bucket of their own. Source: the shards seen in the exchange's status in 2026.
const SHARDS: [i64; 3] = [1, 2, 3];
/// Tokens are counted in thousandths, so that a bucket refills by whole units in a millisecond.
const UNITS: u64 = 1000;

/// Costs by method and path below the base path; `:x` is any segment, `*` any rest. Batches cost this for each of their items.
/// The archive's and the index's are the documented ones (a recording of the demo of June 2026 has 150 for the index).
const COSTS: [(Method, &str, u64); 8] = [
    (Method::Post, "/account/api_usage_level/upgrade", 30),
    (Method::Get, "/cfbenchmarks", 50),
    (Method::Get, "/cfbenchmarks/*endpoint", 50),
    (Method::Delete, "/portfolio/events/orders", 2),
    (Method::Delete, "/portfolio/events/orders/batched", 2),
    (Method::Delete, "/portfolio/events/orders/:order_id", 2),
    (Method::Post, "/portfolio/events/orders/batched", 10),
    (Method::Get, "/portfolio/orders/:order_id", 2),
];

/// An account's tier: what its buckets hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// 200 tokens a second for reads, 100 for writes.
    Basic,
    /// 300 and 300.
    Advanced,
    /// 600 and 600.
    Expert,
    /// 1,200 and 1,200.
    Premier,
    /// 2,400 and 2,400.
    Paragon,
    /// 4,800 and 4,800.
    Prime,
    /// 12,000 and 9,600.
    Prestige,
}

/// Every account's buckets.
#[derive(Debug, Default)]
pub(super) struct Meters(BTreeMap<AccountName, BTreeMap<BucketName, Bucket>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum BucketName {
    Read,
    /// Shard 0, batches, and whatever names no shard.
    Write,
    ShardWrite(i64),
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of tokens.
    level: u64,
    /// Milliseconds of the meter's clock at which the level was that.
    at_ms: i64,
}

impl Tier {
    /// As the API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Advanced => "advanced",
            Self::Expert => "expert",
            Self::Premier => "premier",
            Self::Paragon => "paragon",
            Self::Prime => "prime",
            Self::Prestige => "prestige",
        }
    }

    /// The bucket for reads.
    #[must_use]
    pub const fn read(self) -> wire::TokenBucket {
        match self {
            Self::Basic => bucket(200, 3),
            Self::Advanced => bucket(300, 3),
            Self::Expert => bucket(600, 1),
            Self::Premier => bucket(1200, 1),
            Self::Paragon => bucket(2400, 1),
            Self::Prime => bucket(4800, 1),
            Self::Prestige => bucket(12_000, 1),
        }
    }

    /// The bucket for writes; each shard beside shard 0 has one of the same size.
    #[must_use]
    pub const fn write(self) -> wire::TokenBucket {
        match self {
            Self::Basic => bucket(100, 1),
            Self::Advanced => bucket(300, 3),
            Self::Expert => bucket(600, 3),
            Self::Premier => bucket(1200, 3),
            Self::Paragon => bucket(2400, 3),
            Self::Prime => bucket(4800, 3),
            Self::Prestige => bucket(9600, 3),
        }
    }

    const fn size(self, name: BucketName) -> wire::TokenBucket {
        match name {
            BucketName::Read => self.read(),
            BucketName::Write | BucketName::ShardWrite(_) => self.write(),
        }
    }
}

const fn bucket(refill_rate: u64, seconds: u64) -> wire::TokenBucket {
    wire::TokenBucket { refill_rate, bucket_capacity: refill_rate * seconds }
}

impl Bucket {
    /// What it holds at a time. A clock that goes back adds nothing.
    fn refilled(self, size: wire::TokenBucket, now_ms: i64) -> Self {
        let passed = u64::try_from(now_ms.saturating_sub(self.at_ms)).unwrap_or(0);
        let level =
            self.level.saturating_add(passed.saturating_mul(size.refill_rate)).min(size.bucket_capacity * UNITS);
        Self { level, at_ms: self.at_ms.max(now_ms) }
    }
}

impl Meters {
    /// Takes a request's tokens out of all buckets that it is billed to, or out of none.
    fn take(&mut self, account: &AccountName, tier: Tier, names: &[BucketName], cost: u64, now_ms: i64) -> bool {
        let buckets = self.0.entry(account.clone()).or_default();
        let cost = cost.saturating_mul(UNITS);
        let mut fits = true;
        for name in names {
            let size = tier.size(*name);
            let full = Bucket { level: size.bucket_capacity * UNITS, at_ms: now_ms };
            let bucket = buckets.entry(*name).or_insert(full);
            *bucket = bucket.refilled(size, now_ms);
            fits &= bucket.level >= cost;
        }
        if fits {
            for name in names {
                if let Some(bucket) = buckets.get_mut(name) {
                    bucket.level -= cost;
                }
            }
        }
        fits
    }
}

impl Exchange {
    /// Charges a signed request, at a time of the meter's own clock.
    pub(super) fn charge(&mut self, account: &AccountName, request: &ApiRequest, now_ms: i64) -> Result<(), Failure> {
        let Some(tier) = self.realism.tier else { return Ok(()) };
        let names = billed(request);
        if self.meters.take(account, tier, &names, cost(request), now_ms) { Ok(()) } else { Err(rate_limited()) }
    }

    /// The account's limits. Where none are enforced, those of the Basic tier are told.
    pub(super) fn account_limits(&self) -> Answer {
        let tier = self.realism.tier.unwrap_or(Tier::Basic);
        let grants = if tier == Tier::Basic {
            Vec::new()
        } else {
            vec![wire::LimitGrant {
                exchange_instance: "event_contract".to_owned(),
                level: tier.as_str().to_owned(),
                source: "manual".to_owned(),
                expires_ts: None,
            }]
        };
        let usage_tier = tier.as_str().to_owned();
        answer(200, &wire::AccountLimits { usage_tier, read: tier.read(), write: tier.write(), grants })
    }
}

/// What calls cost, as everybody may ask.
pub(super) fn endpoint_costs() -> Answer {
    let cost = |(method, path, cost): &(Method, &str, u64)| wire::EndpointCost {
        method: method.as_str().to_owned(),
        path: format!("{}{path}", recio_kalshi::REST_BASE),
        cost: *cost,
    };
    answer(200, &wire::EndpointCosts { default_cost: DEFAULT_COST, endpoint_costs: COSTS.iter().map(cost).collect() })
}

/// What a request costs in all.
fn cost(request: &ApiRequest) -> u64 {
    let named = COSTS.iter().find(|(method, path, _)| *method == request.method && matches(path, &request.path));
    let one = named.map_or(DEFAULT_COST, |(_, _, cost)| *cost);
    if !request.path.ends_with("/orders/batched") {
        return one;
    }
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let items = body.as_ref().and_then(|body| body.get("orders")).and_then(Value::as_array).map_or(1, Vec::len);
    one.saturating_mul(u64::try_from(items.max(1)).unwrap_or(u64::MAX))
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut given = path.split('/');
    for part in pattern.split('/') {
        if part.starts_with('*') {
            return given.next().is_some();
        }
        let Some(segment) = given.next() else { return false };
        if !part.starts_with(':') && part != segment {
            return false;
        }
    }
    given.next().is_none()
}

/// The buckets that a request is billed to.
fn billed(request: &ApiRequest) -> Vec<BucketName> {
    if request.method == Method::Get {
        return vec![BucketName::Read];
    }
    let below = request.path.strip_prefix("/portfolio/events/orders");
    let one_order =
        below.is_some_and(|rest| rest != "/batched" && (request.method != Method::Delete || !rest.is_empty()));
    if !one_order {
        return vec![BucketName::Write];
    }
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let in_body = |field: &str| body.as_ref().and_then(|body| body.get(field)).cloned();
    let in_query = |field: &str| request.query.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str());
    let shard =
        in_query("exchange_index").and_then(|text| text.parse().ok()).or_else(|| in_body("exchange_index")?.as_i64());
    let has_market =
        in_body("ticker").is_some() || in_body("market_ticker").is_some() || in_query("market_ticker").is_some();
    match shard {
        Some(shard) if shard >= 1 => vec![BucketName::ShardWrite(shard)],
        Some(0) => vec![BucketName::Write],
        None if !has_market => vec![BucketName::Write],
        // The exchange finds the shard itself, and bills every bucket for it.
        _ => std::iter::once(BucketName::Write).chain(SHARDS.map(BucketName::ShardWrite)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

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
    fn calls_cost_what_the_exchange_says() {
        let orders = "/portfolio/events/orders";
        for (method, path, body, expected) in [
            (Method::Get, "/portfolio/balance", "", 10),
            (Method::Get, "/portfolio/orders", "", 10),
            (Method::Get, "/portfolio/orders/abc", "", 2),
            (Method::Get, "/cfbenchmarks/history/values", "", 50),
            (Method::Post, orders, "{}", 10),
            (Method::Delete, "/portfolio/events/orders/abc", "", 2),
            (Method::Post, "/portfolio/events/orders/abc/amend", "{}", 10),
            (Method::Delete, orders, "", 2),
            (Method::Post, "/portfolio/events/orders/batched", r#"{"orders":[{},{},{}]}"#, 30),
            (Method::Delete, "/portfolio/events/orders/batched", r#"{"orders":[{},{}]}"#, 4),
        ] {
            assert_eq!(cost(&request(method, path, &[], body)), expected, "{method:?} {path}");
        }
    }

    #[test]
    fn a_write_is_billed_to_its_shard_and_an_unrouted_one_to_all() {
        use BucketName::{Read, ShardWrite, Write};
        let orders = "/portfolio/events/orders";
        let everywhere = vec![Write, ShardWrite(1), ShardWrite(2), ShardWrite(3)];
        let of = |method, path, query: &[(&str, &str)], body| billed(&request(method, path, query, body));
        assert_eq!(of(Method::Get, "/portfolio/orders", &[], ""), [Read]);
        assert_eq!(of(Method::Post, orders, &[], r#"{"ticker":"M","exchange_index":2}"#), [ShardWrite(2)]);
        assert_eq!(of(Method::Post, orders, &[], r#"{"ticker":"M","exchange_index":0}"#), [Write]);
        assert_eq!(of(Method::Post, orders, &[], r#"{"ticker":"M"}"#), everywhere);
        assert_eq!(of(Method::Post, orders, &[], r#"{"ticker":"M","exchange_index":-1}"#), everywhere);
        assert_eq!(of(Method::Delete, "/portfolio/events/orders/a", &[("exchange_index", "2")], ""), [ShardWrite(2)]);
        assert_eq!(of(Method::Delete, "/portfolio/events/orders/a", &[("market_ticker", "M")], ""), everywhere);
        assert_eq!(of(Method::Delete, "/portfolio/events/orders/a", &[], ""), [Write]);
        assert_eq!(of(Method::Delete, orders, &[], ""), [Write]);
        assert_eq!(of(Method::Post, "/portfolio/events/orders/batched", &[], r#"{"exchange_index":2}"#), [Write]);
    }

    #[test]
    fn a_bucket_refills_with_time_and_a_batch_fits_whole_or_not() {
        let account = AccountName::new("a").unwrap();
        let mut meters = Meters::default();
        let mut write = |cost, ms| meters.take(&account, Tier::Basic, &[BucketName::Write], cost, ms);
        assert!(write(100, 0), "it begins full");
        assert!(!write(10, 99) && write(10, 100), "100 tokens a second");
        assert!(!write(110, 60_000), "more than the bucket ever holds");
        assert!(write(100, 60_000), "and the refusal cost nothing");
        assert!(!write(1, 59_000), "a clock that goes back adds nothing");
        let mut read = |cost, ms| meters.take(&account, Tier::Basic, &[BucketName::Read], cost, ms);
        assert!(read(600, 0) && !read(10, 49) && read(10, 50));
    }
}
