//! What can go wrong with a call, cut by what the caller does next; and the reading of an answer to an order.

use crate::parse::ParseError;
use crate::signing::SignError;
use crate::transport::{BoxError, TransportError};
use crate::wire::{CancelOrderResponse, CreateOrderResponse, ErrorBody, read_body};

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Too many requests: wait, then ask again.
    #[error("{what}: the exchange's rate limit is reached")]
    RateLimited {
        /// The call.
        what: String,
    },
    /// The key is not accepted (any more), or may not do this: a person has to look.
    #[error("{what}: the exchange does not accept the key: {code}")]
    AuthLost {
        /// The call.
        what: String,
        /// The exchange's code and details.
        code: String,
    },
    /// There is no such thing (or not yet: reads lag behind).
    #[error("{what}: not found")]
    NotFound {
        /// The call.
        what: String,
    },
    /// The exchange refuses the question: asking again in the same words is no use.
    #[error("{what}: refused with status {status}: {code}")]
    Refused {
        /// The call.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The exchange's code and details, or the start of its body.
        code: String,
    },
    /// The exchange is in trouble, or out of reach: ask again later.
    #[error("{what}: no answer")]
    Unavailable {
        /// The call.
        what: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The answer is not what the API describes. Nothing follows from it.
    #[error("{what}: the answer cannot be read")]
    Unreadable {
        /// The call.
        what: String,
        /// Where it deviates.
        #[source]
        source: BoxError,
    },
    /// The call could not be signed.
    #[error("{what}: not asked")]
    NotSigned {
        /// The call.
        what: String,
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// Why an order write did not give what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The exchange refused, and did nothing. The same order would be refused again.
    #[error("refused: {code}")]
    Refused {
        /// The exchange's code, with its details.
        code: String,
        /// Whether the order should be looked up by its client id all the same (any 409).
        look_up: bool,
    },
    /// Nothing left this machine.
    #[error("not sent")]
    NotSent(#[source] BoxError),
    /// Refused for being one request too many; nothing was done. The intent is used up all the same.
    #[error("refused: the exchange's rate limit is reached")]
    RateLimited,
    /// Nobody knows whether it was done: look it up before anything else happens.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] BoxError),
    /// The key is not accepted (any more); nothing was done. A person has to look.
    #[error("the exchange does not accept the key: {code}")]
    AuthLost {
        /// The exchange's code, with its details.
        code: String,
    },
    /// Trading, the exchange or the market is halted; nothing was done.
    #[error("trading is paused: {code}")]
    Paused {
        /// The exchange's code.
        code: String,
    },
    /// The market does not take orders any more; nothing was done.
    #[error("the market is closed: {code}")]
    Closed {
        /// The exchange's code.
        code: String,
    },
    /// No resting order has this id. It may have been executed, canceled, or never have been: ask, it is not "canceled".
    #[error("no resting order has this id: it may be executed or canceled")]
    NotResting,
}

/// Why the outcome of a write is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// A status that says nothing about what was done.
    #[error("status {status}: {body}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        body: String,
    },
    /// The status is decisive, but the body is not the API's: somebody else may have answered.
    #[error("status {status} with a body that is not the API's: {body}")]
    ForeignBody {
        /// The HTTP status.
        status: u16,
        /// The start of the body.
        body: String,
    },
    /// "Done", without the order that was done.
    #[error("status {status} without the order: {reason}: {body}")]
    NoOrder {
        /// The HTTP status.
        status: u16,
        /// What is missing.
        reason: String,
        /// The start of the body.
        body: String,
    },
    /// A status that says "done", but what was done cannot be read from the body.
    #[error("status {status}, which does not say what was done: {reason}: {body}")]
    Unclear {
        /// The HTTP status.
        status: u16,
        /// What is missing or odd.
        reason: String,
        /// The start of the body.
        body: String,
    },
    /// The exchange says that an order with this client id was there before. We send each id once, so it is ours.
    #[error("an order with this client id exists already")]
    Exists,
}

impl From<TransportError> for WriteError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(source) => Self::NotSent(source),
            lost @ (TransportError::Lost(_) | TransportError::HandshakeRefused(_)) => Self::OutcomeUnknown(lost.into()),
        }
    }
}

impl From<SignError> for WriteError {
    fn from(error: SignError) -> Self {
        Self::NotSent(error.into())
    }
}

impl From<Doubt> for WriteError {
    fn from(doubt: Doubt) -> Self {
        Self::OutcomeUnknown(doubt.into())
    }
}

/// Reads the answer to a create: accepted only if the body is an order with an id and, where it carries one, our client id.
///
/// An accepted order need not rest: its counts tell. Source: docs.kalshi.com/getting_started/errors (any code on 400, 403, 404, 409, 410 and
/// 429 means that nothing was done; after 408 or any 5xx that is not known); read 2026-11-22. A body that is not the API's on one of these
/// decides nothing either: something between us and the exchange may have written it.
///
/// # Errors
/// Everything else, cut by what to do next.
pub fn classify_create(client_order_id: &str, status: u16, body: &[u8]) -> Result<CreateOrderResponse, WriteError> {
    if !(200..300).contains(&status) {
        return Err(classify_refusal(status, body));
    }
    let no_order = |reason: String| Doubt::NoOrder { status, reason, body: start_of(body) };
    let order: CreateOrderResponse = read_body(body).map_err(|error| no_order(error.to_string()))?;
    if order.order_id.is_empty() {
        return Err(no_order("the order id is empty".into()).into());
    }
    match &order.client_order_id {
        Some(id) if id != client_order_id => Err(no_order(format!("it is for client order id `{id}`")).into()),
        Some(_) | None => Ok(order),
    }
}

/// Reads the answer to a cancel.
///
/// # Errors
/// Everything but a 2xx with our order's id. A 404 is [`WriteError::NotResting`]: the exchange answers the same for executed, canceled and
/// unknown orders.
pub fn classify_cancel(order_id: &str, status: u16, body: &[u8]) -> Result<CancelOrderResponse, WriteError> {
    if !(200..300).contains(&status) {
        let error = classify_refusal(status, body);
        let not_resting = status == 404 && matches!(error, WriteError::Refused { .. });
        return Err(if not_resting { WriteError::NotResting } else { error });
    }
    let no_order = |reason: String| Doubt::NoOrder { status, reason, body: start_of(body) };
    let order: CancelOrderResponse = read_body(body).map_err(|error| no_order(error.to_string()))?;
    if order.order_id == order_id {
        Ok(order)
    } else {
        Err(no_order(format!("it is for order `{}`", order.order_id)).into())
    }
}

pub(crate) fn classify_refusal(status: u16, body: &[u8]) -> WriteError {
    if !matches!(status, 400 | 401 | 403 | 404 | 409 | 410 | 429) {
        return Doubt::Status { status, body: start_of(body) }.into();
    }
    let Some(error) = ErrorBody::parse(body) else {
        return Doubt::ForeignBody { status, body: start_of(body) }.into();
    };
    let code = error.describe();
    match (status, error.code().unwrap_or_default()) {
        (401, _) => WriteError::AuthLost { code },
        (429, _) => WriteError::RateLimited,
        (_, "order_already_exists") => Doubt::Exists.into(),
        (_, "trading_is_paused" | "exchange_is_paused") => WriteError::Paused { code },
        (_, "market_inactive" | "market_already_closed") => WriteError::Closed { code },
        (409, _) => WriteError::Refused { code, look_up: true },
        _ => WriteError::Refused { code, look_up: false },
    }
}

/// Reads the answer to a read: the body of a 200, or why there is none.
///
/// # Errors
/// Any other status, cut by what to do next.
pub fn classify_read<'a>(what: &str, status: u16, body: &'a [u8]) -> Result<&'a [u8], ReadError> {
    let what = || what.to_owned();
    let code = || ErrorBody::parse(body).map_or_else(|| start_of(body), |error| error.describe());
    match status {
        200..300 => Ok(body),
        // Something between us and the exchange may refuse with such a status too: that says nothing about the key.
        401 | 403 if ErrorBody::parse(body).is_none() => {
            let source = Doubt::ForeignBody { status, body: start_of(body) };
            Err(ReadError::Unavailable { what: what(), source: source.into() })
        }
        401 | 403 => Err(ReadError::AuthLost { what: what(), code: code() }),
        404 => Err(ReadError::NotFound { what: what() }),
        429 => Err(ReadError::RateLimited { what: what() }),
        408 | 500.. => {
            Err(ReadError::Unavailable { what: what(), source: Doubt::Status { status, body: start_of(body) }.into() })
        }
        _ => Err(ReadError::Refused { what: what(), status, code: code() }),
    }
}

impl ReadError {
    pub(crate) fn transport(what: &str, error: TransportError) -> Self {
        Self::Unavailable { what: what.to_owned(), source: error.into() }
    }

    pub(crate) fn unreadable(what: &str, error: impl Into<BoxError>) -> Self {
        Self::Unreadable { what: what.to_owned(), source: error.into() }
    }

    pub(crate) fn parse(what: &str, error: ParseError) -> Self {
        Self::unreadable(what, error)
    }
}

/// Enough of a foreign body to recognise it by, in one line.
pub(crate) fn start_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(status: u16, body: &str) -> String {
        match classify_create("c-1", status, body.as_bytes()) {
            Ok(order) => {
                format!("accepted {} filled {} left {}", order.order_id, order.fill_count, order.remaining_count)
            }
            Err(error) => describe(error),
        }
    }

    fn cancel(status: u16, body: &str) -> String {
        match classify_cancel("o-1", status, body.as_bytes()) {
            Ok(order) => format!("canceled {}", order.reduced_by),
            Err(error) => describe(error),
        }
    }

    fn describe(error: WriteError) -> String {
        match error {
            WriteError::OutcomeUnknown(why) => format!("unknown: {why}"),
            WriteError::Refused { code, look_up } => format!("refused {code}, look up: {look_up}"),
            other @ (WriteError::NotSent(_)
            | WriteError::RateLimited
            | WriteError::AuthLost { .. }
            | WriteError::Paused { .. }
            | WriteError::Closed { .. }
            | WriteError::NotResting) => format!("{other}"),
        }
    }

    #[test]
    fn answers_to_a_create() {
        let code = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let order =
            r#"{"order_id":"o","client_order_id":"c-1","fill_count":"4.00","remaining_count":"6.00","ts_ms":1}"#;
        let table = [
            (201, order.to_owned()),
            (200, order.to_owned()),
            (201, order.replace("c-1", "c-2")),
            (201, order.replace(r#""order_id":"o""#, r#""order_id":"""#)),
            (201, r#"{"message":"this endpoint is deprecated"}"#.into()),
            (201, order[..40].into()),
            (201, "<html>".into()),
            (400, code("invalid_price")),
            (400, r#"{"error":{"code":"invalid_order","message":"m","details":"post only cross"}}"#.into()),
            (400, r#"{"code":"bad_request","message":"bad request","details":"json: cannot"}"#.into()),
            (400, r#"{"msg":"Parameter validation failed"}"#.into()),
            (400, "<html>bad gateway</html>".into()),
            (400, r#"["blocked"]"#.into()),
            (400, r#"{"error":["blocked"]}"#.into()),
            (201, r#"["o","c-1","4.00","6.00",null,null,1]"#.into()),
            (400, code("market_inactive")),
            (401, code("header_timestamp_expired")),
            (403, code("forbidden")),
            (404, code("market_not_found")),
            (408, code("timeout")),
            (409, code("order_already_exists")),
            (409, code("fill_or_kill_insufficient_resting_volume")),
            (409, code("trading_is_paused")),
            (409, code("exchange_is_paused")),
            (410, code("deprecated_v1_order_endpoint")),
            (429, r#"{"error":"too many requests"}"#.into()),
            (302, "moved".into()),
            (422, code("x")),
            (500, code("internal")),
            (503, "upstream".into()),
        ];
        let trace: Vec<_> =
            table.iter().map(|(status, body)| format!("{status} -> {}", create(*status, body))).collect();
        insta::assert_snapshot!(trace.join("\n"), @r#"
        201 -> accepted o filled 4.00 left 6.00
        200 -> accepted o filled 4.00 left 6.00
        201 -> unknown: status 201 without the order: it is for client order id `c-2`: {"order_id":"o","client_order_id":"c-2","fill_count":"4.00","remaining_count":"6.00","ts_ms":1}
        201 -> unknown: status 201 without the order: the order id is empty: {"order_id":"","client_order_id":"c-1","fill_count":"4.00","remaining_count":"6.00","ts_ms":1}
        201 -> unknown: status 201 without the order: missing field `order_id` at line 1 column 41: {"message":"this endpoint is deprecated"}
        201 -> unknown: status 201 without the order: EOF while parsing a value at line 1 column 40: {"order_id":"o","client_order_id":"c-1",
        201 -> unknown: status 201 without the order: expected value at line 1 column 1: <html>
        400 -> refused invalid_price, look up: false
        400 -> refused invalid_order (post only cross), look up: false
        400 -> refused bad_request (json: cannot), look up: false
        400 -> refused Parameter validation failed, look up: false
        400 -> unknown: status 400 with a body that is not the API's: <html>bad gateway</html>
        400 -> unknown: status 400 with a body that is not the API's: ["blocked"]
        400 -> unknown: status 400 with a body that is not the API's: {"error":["blocked"]}
        201 -> unknown: status 201 without the order: invalid type: sequence, expected struct CreateOrderResponse at line 1 column 0: ["o","c-1","4.00","6.00",null,null,1]
        400 -> the market is closed: market_inactive
        401 -> the exchange does not accept the key: header_timestamp_expired
        403 -> refused forbidden, look up: false
        404 -> refused market_not_found, look up: false
        408 -> unknown: status 408: {"error":{"code":"timeout","message":"m"}}
        409 -> unknown: an order with this client id exists already
        409 -> refused fill_or_kill_insufficient_resting_volume, look up: true
        409 -> trading is paused: trading_is_paused
        409 -> trading is paused: exchange_is_paused
        410 -> refused deprecated_v1_order_endpoint, look up: false
        429 -> refused: the exchange's rate limit is reached
        302 -> unknown: status 302: moved
        422 -> unknown: status 422: {"error":{"code":"x","message":"m"}}
        500 -> unknown: status 500: {"error":{"code":"internal","message":"m"}}
        503 -> unknown: status 503: upstream
        "#);
    }

    #[test]
    fn only_the_exchange_itself_can_refuse_the_key() {
        let refused = br#"{"error":{"code":"authentication_error","message":"m","details":"NOT_FOUND"}}"#;
        for status in [401, 403] {
            assert!(matches!(classify_read("orders", status, refused), Err(ReadError::AuthLost { .. })));
            let foreign = classify_read("orders", status, b"<html>Request blocked</html>");
            assert!(matches!(foreign, Err(ReadError::Unavailable { .. })), "{foreign:?}");
        }
    }

    #[test]
    fn answers_to_a_cancel() {
        let table = [
            (200, r#"{"order_id":"o-1","reduced_by":"1.00","ts_ms":1}"#),
            (200, r#"{"order_id":"o-2","reduced_by":"1.00","ts_ms":1}"#),
            (200, "{}"),
            (404, r#"{"error":{"code":"not_found","message":"not found"}}"#),
            (404, "404 page not found"),
            (409, r#"{"error":{"code":"exchange_is_paused","message":"m"}}"#),
            (400, r#"{"error":{"code":"market_inactive","message":"m"}}"#),
            (500, ""),
        ];
        let trace: Vec<_> =
            table.iter().map(|(status, body)| format!("{status} -> {}", cancel(*status, body))).collect();
        insta::assert_snapshot!(trace.join("\n"), @r#"
        200 -> canceled 1.00
        200 -> unknown: status 200 without the order: it is for order `o-2`: {"order_id":"o-2","reduced_by":"1.00","ts_ms":1}
        200 -> unknown: status 200 without the order: missing field `order_id` at line 1 column 2: {}
        404 -> no resting order has this id: it may be executed or canceled
        404 -> unknown: status 404 with a body that is not the API's: 404 page not found
        409 -> trading is paused: exchange_is_paused
        400 -> the market is closed: market_inactive
        500 -> unknown: status 500:
        "#);
    }
}
