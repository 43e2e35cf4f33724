//! What a call costs.

use crate::REST_BASE;
use crate::wire::EndpointCosts;

/// The exchange's list: a default, and the calls that differ from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CostTable {
    default: u64,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    method: String,
    path: Vec<Segment>,
    cost: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Exact(String),
    /// `:name`: one segment, whatever it is.
    One,
    /// `*name`: all that follows.
    Rest,
}

impl Default for CostTable {
    /// The costs of October 2026, until the exchange's own list was read. Source: docs.kalshi.com/getting_started/rate_limits; read 2026-11-22.
    fn default() -> Self {
        let rule = |method: &str, path: &str, cost| Rule::new(method, &format!("{REST_BASE}{path}"), cost);
        Self {
            default: 10,
            rules: vec![
                rule("DELETE", "/portfolio/events/orders", 2),
                rule("DELETE", "/portfolio/events/orders/:order_id", 2),
                rule("DELETE", "/portfolio/events/orders/batched", 2),
                rule("GET", "/portfolio/orders/:order_id", 2),
                rule("GET", "/cfbenchmarks/*endpoint", 150),
                rule("POST", "/account/api_usage_level/upgrade", 30),
            ],
        }
    }
}

impl From<&EndpointCosts> for CostTable {
    fn from(list: &EndpointCosts) -> Self {
        let rules = list.endpoint_costs.iter().map(|row| Rule::new(&row.method, &row.path, row.cost)).collect();
        Self { default: list.default_cost, rules }
    }
}

impl Rule {
    fn new(method: &str, path: &str, cost: u64) -> Self {
        let segment = |text: &str| match text.as_bytes() {
            [b':', ..] => Segment::One,
            [b'*', ..] => Segment::Rest,
            _ => Segment::Exact(text.to_owned()),
        };
        Self { method: method.to_ascii_uppercase(), path: path.split('/').map(segment).collect(), cost }
    }

    /// How many segments are named as they are; `None` where the path is another.
    fn matches(&self, path: &str) -> Option<usize> {
        let mut exact = 0;
        let mut segments = path.split('/');
        for expected in &self.path {
            match expected {
                Segment::Rest => return segments.next().map(|_| exact),
                Segment::One => {
                    segments.next().filter(|segment| !segment.is_empty())?;
                }
                Segment::Exact(text) => {
                    segments.next().filter(|segment| segment == text)?;
                    exact += 1;
                }
            }
        }
        segments.next().is_none().then_some(exact)
    }
}

impl CostTable {
    /// What one call costs; for a batch, what each item of it costs. Where rules overlap, the one that names more of the path counts.
    pub(super) fn cost(&self, method: &str, path: &str) -> u64 {
        let rules = self.rules.iter().filter(|rule| rule.method == method);
        let best = rules.filter_map(|rule| rule.matches(path).map(|exact| (exact, rule.cost))).max();
        best.map_or(self.default, |(_, cost)| cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded from the demo exchange (`tests/data/demo_account__endpoint_costs.json`).
    fn recorded() -> CostTable {
        let text = include_str!("../../tests/data/demo_account__endpoint_costs.json");
        CostTable::from(&serde_json::from_str::<EndpointCosts>(text).unwrap())
    }

    #[test]
    fn the_exchanges_list_names_paths_with_holes() {
        let table = recorded();
        let cost = |method: &str, path: &str| table.cost(method, &format!("{REST_BASE}{path}"));
        assert_eq!(cost("DELETE", "/portfolio/events/orders/9b0f6b43"), 2);
        assert_eq!(cost("DELETE", "/portfolio/events/orders/batched"), 2);
        assert_eq!(cost("POST", "/portfolio/events/orders"), 10);
        assert_eq!(cost("GET", "/portfolio/orders/9b0f6b43"), 2);
        assert_eq!(cost("GET", "/portfolio/orders"), 10);
        assert_eq!(cost("GET", "/portfolio/orders/9b0f6b43/queue_position"), 10);
        assert_eq!(cost("GET", "/cfbenchmarks/history/values"), 150);
        assert_eq!(cost("GET", "/cfbenchmarks"), 150);
        assert_eq!(cost("GET", "/markets"), 10);
        assert_eq!(cost("PUT", "/portfolio/orders/9b0f6b43"), 10);
    }

    #[test]
    fn what_is_known_beforehand_agrees_with_the_list() {
        let (built_in, list) = (CostTable::default(), recorded());
        for (method, path) in [
            ("DELETE", "/portfolio/events/orders/x"),
            ("DELETE", "/portfolio/events/orders/batched"),
            ("POST", "/portfolio/events/orders"),
            ("GET", "/portfolio/orders/x"),
            ("GET", "/cfbenchmarks/history/values"),
            ("GET", "/series/KXBTCD"),
        ] {
            let path = format!("{REST_BASE}{path}");
            assert_eq!(built_in.cost(method, &path), list.cost(method, &path), "{method} {path}");
        }
    }
}
