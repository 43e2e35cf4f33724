//! REST: a request finds its route; query, paging and the four shapes of errors.
//!
//! Source of routes, bodies and codes: docs.kalshi.com/api-reference and recorded answers, state of October 2026.

use super::Exchange;
use super::caller::Caller;
use super::history::DataTier;
use bytes::Bytes;
use recio_core::units::{AccountName, Timestamp};
use recio_core::venue::{Refusal, Subaccount};
use recio_kalshi::transport::{HttpResponse, Method};
use recio_kalshi::wire::{ErrorBody, ErrorInfo};
use serde::Serialize;

/// A request below the base path, its signature checked or absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path below `/trade-api/v2`, as it came: percent-encoded, without query.
    pub path: String,
    /// The query's names and values, decoded.
    pub query: Vec<(String, String)>,
    /// The content type, where one was named.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// An answer that is an error.
pub(super) struct Failure {
    status: u16,
    body: ErrorBody,
}

pub(super) type Answer = Result<HttpResponse, Failure>;

impl Failure {
    /// The same as an item of a batch carries it: flat, beside the items that went well.
    pub(super) fn into_info(self) -> ErrorInfo {
        match self.body {
            ErrorBody::Nested { error } | ErrorBody::Flat(error) => error,
            ErrorBody::Text { error: message } | ErrorBody::Validation { msg: message } => {
                ErrorInfo { code: "bad_request".to_owned(), message, details: None }
            }
        }
    }
}

/// The query of a request, with the operation's name for error texts.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) operation: &'static str,
    pub(super) pairs: &'a [(String, String)],
}

impl Exchange {
    /// Answers a REST request of somebody who may do everything and is not limited. `account` is whose key signed it; without one only public
    /// data is answered.
    pub fn request(&mut self, account: Option<&AccountName>, request: &ApiRequest) -> HttpResponse {
        let answer = self.route(account, request);
        self.publish();
        if request.method != Method::Get && answer.is_ok() {
            self.note_change();
        }
        answer.unwrap_or_else(|failure| to_response(failure.status, &failure.body))
    }

    /// Answers a request that was signed with a key: by its scopes, and as long as the account's tokens last. `meter_ms` is the time of the clock
    /// that refills them, in milliseconds from anywhere.
    pub fn request_by(&mut self, caller: &Caller, request: &ApiRequest, meter_ms: i64) -> HttpResponse {
        let charged = self.charge(&caller.account, request, meter_ms);
        match charged.and_then(|()| caller.admit(request)) {
            Ok(request) => self.request(Some(&caller.account), &request),
            Err(failure) => to_response(failure.status, &failure.body),
        }
    }

    fn route(&mut self, account: Option<&AccountName>, request: &ApiRequest) -> Answer {
        let decoded: Vec<String> = request.path.split('/').skip(1).map(percent_decoded).collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        if request.method == Method::Get
            && let Some(answer) = self.public_route(&segments, &request.query)
        {
            return answer;
        }
        let Some(account) = account else {
            return Err(if needs_key(&segments) { unsigned() } else { not_found() });
        };
        if request.method == Method::Get
            && let Some(answer) = self.account_route(account, &segments, &request.query)
        {
            return answer;
        }
        let written = if request.method == Method::Get {
            self.lagging(|this| this.write_route(account, request, &segments))
        } else {
            self.write_route(account, request, &segments)
        };
        if let Some(answer) = written {
            return answer;
        }
        let query = |operation| Query::new(operation, &request.query);
        match (request.method, &segments[..]) {
            (Method::Post, ["portfolio", "orders", ..]) | (Method::Delete, ["portfolio", "orders", _]) => {
                Err(nested(410, "deprecated_v1_order_endpoint", None))
            }
            (Method::Get, ["portfolio", "orders"]) => {
                self.lagging(|this| this.orders(account, query("GetOrders"), DataTier::Live))
            }
            (Method::Get, ["portfolio", "orders", order]) => self.lagging(|this| this.order(account, order)),
            (Method::Post | Method::Put | Method::Delete, ["portfolio", ..]) => {
                Err(nested(501, "not_simulated", Some("recio's simulator has no such call")))
            }
            _ => Err(not_found()),
        }
    }
}

impl<'a> Query<'a> {
    pub(super) const fn new(operation: &'static str, pairs: &'a [(String, String)]) -> Self {
        Self { operation, pairs }
    }

    /// All values of a name that may come more than once, lists with commas taken apart.
    pub(super) fn all(self, name: &str) -> Vec<&'a str> {
        let given = self.pairs.iter().filter(|(key, _)| key == name);
        given.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect()
    }

    /// A value; an empty one counts as absent.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    }

    /// A list with commas; `None` where absent.
    pub(super) fn list(self, name: &str) -> Option<Vec<&'a str>> {
        self.get(name).map(|text| text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect())
    }

    pub(super) fn number(self, name: &str) -> Result<Option<i64>, Failure> {
        let parse = |text: &str| text.parse().map_err(|_| self.invalid(&format!("{name} must be an integer")));
        self.get(name).map(parse).transpose()
    }

    /// A time filter in Unix seconds.
    pub(super) fn seconds(self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let parse = |s| Timestamp::from_second(s).map_err(|_| self.invalid(&format!("{name} is out of range")));
        self.number(name)?.map(parse).transpose()
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The shard that is asked for; `None` is all.
    pub(super) fn shard(self) -> Result<Option<i64>, Failure> {
        Ok(self.number("exchange_index")?.filter(|shard| *shard >= 0))
    }

    /// The subaccount that is asked for; `None` where none is named.
    pub(super) fn subaccount(self) -> Result<Option<Subaccount>, Failure> {
        let out_of_range = || self.invalid("subaccount must be between 0 and 63");
        let number = self.number("subaccount")?.map(|number| u16::try_from(number).map_err(|_| out_of_range()));
        number.transpose()?.map(|number| Subaccount::new(number).map_err(|_| out_of_range())).transpose()
    }

    /// The error of a parameter that is not allowed.
    pub(super) fn invalid(self, what: &str) -> Failure {
        let msg = format!("Parameter validation failed for {}: {what}", self.operation);
        Failure { status: 400, body: ErrorBody::Validation { msg } }
    }

    /// One page of a list, and the cursor of the next (empty on the last). Keys say which item is which while the list grows. A cursor that
    /// is none counts as the first page, as recorded.
    pub(super) fn page<T>(self, items: Vec<(String, T)>, max: i64) -> Result<(Vec<T>, String), Failure> {
        let limit = self.number("limit")?.unwrap_or(max.min(if self.operation == "GetEvents" { 200 } else { 100 }));
        if !(1..=max).contains(&limit) {
            return Err(self.invalid(&format!("limit must be between 1 and {max}")));
        }
        let limit = usize::try_from(limit).unwrap_or(1);
        let after = self.get("cursor").and_then(|cursor| hex::decode(cursor).ok());
        let found = after.and_then(|key| items.iter().position(|(item, _)| item.as_bytes() == key));
        let start = found.map_or(0, |at| at + 1);
        let more = items.len() > start + limit;
        let cursor = items.get(start + limit - 1).filter(|_| more).map(|(key, _)| hex::encode(key)).unwrap_or_default();
        Ok((items.into_iter().skip(start).take(limit).map(|(_, item)| item).collect(), cursor))
    }
}

/// An answer with a JSON body.
pub(super) fn answer(status: u16, body: &impl Serialize) -> Answer {
    Ok(to_response(status, body))
}

fn to_response(status: u16, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(body) => HttpResponse { status, body: body.into() },
        Err(_) => HttpResponse { status: 500, body: Bytes::from_static(br#"{"error":{"code":"internal_error"}}"#) },
    }
}

/// The nested shape of an error; its message is the code with spaces, as recorded.
pub(super) fn nested(status: u16, code: &str, details: Option<&str>) -> Failure {
    Failure { status, body: ErrorBody::nested(code, &code.replace('_', " "), details) }
}

/// The flat shape of an error: a body that is not what the call takes.
pub(super) fn flat(code: &str, message: &str) -> Failure {
    let info = ErrorInfo { code: code.to_owned(), message: message.to_owned(), details: None };
    Failure { status: 400, body: ErrorBody::Flat(info) }
}

pub(super) fn not_found() -> Failure {
    nested(404, "not_found", None)
}

/// The error of who has asked too often.
pub(super) fn rate_limited() -> Failure {
    Failure { status: 429, body: ErrorBody::Text { error: "too many requests".to_owned() } }
}

/// Whether a path that nobody without a key is answered exists at all.
fn needs_key(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["portfolio" | "account" | "cfbenchmarks", ..]
            | ["exchange", "user_data_timestamp"]
            | ["historical", "fills" | "orders" | "positions"]
    )
}

fn unsigned() -> Failure {
    nested(401, "signature_is_missing_from_headers", None)
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        nested(refusal.code.http_status(), refusal.code.as_str(), refusal.details.as_deref())
    }
}

/// Writes have to say that they are JSON, also where nothing is to be said; but Kalshi's own TypeScript client cancels without a word of it.
pub(super) fn require_json(request: &ApiRequest) -> Result<(), Failure> {
    if request.method == Method::Delete && request.body.is_empty() && request.content_type.is_none() {
        return Ok(());
    }
    let named = request.content_type.as_deref().unwrap_or_default();
    let kind = named.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(flat("invalid_content_type", "Content-Type must be application/json"))
    }
}

fn percent_decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| segment.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
