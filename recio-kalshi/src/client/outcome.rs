//! What the answer to a write amounts to: done, refused, or not known.

use crate::error::{Doubt, WriteError, classify_refusal, start_of};
use crate::parse::ParseError;
use crate::transport::HttpResponse;
use crate::wire::{ErrorInfo, read_body};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads the answer to a write whose success has a body.
pub(super) fn answered<T: DeserializeOwned>(answer: &HttpResponse) -> Result<T, WriteError> {
    if !(200..300).contains(&answer.status) {
        return Err(classify_refusal(answer.status, &answer.body));
    }
    read_body(&answer.body).map_err(|error| unclear(answer, &error.to_string()))
}

/// As [`answered`], of one order: a 404 says only that it does not rest, and the answer must be about this very order.
pub(super) fn answered_of_order<T: DeserializeOwned>(
    answer: &HttpResponse,
    order_id: &str,
    id_of: fn(&T) -> &str,
) -> Result<T, WriteError> {
    match answered::<T>(answer) {
        Ok(body) if id_of(&body) == order_id => Ok(body),
        Ok(body) => Err(unclear(answer, &format!("it is for order `{}`", id_of(&body)))),
        Err(WriteError::Refused { .. }) if answer.status == 404 => Err(WriteError::NotResting),
        Err(error) => Err(error),
    }
}

/// Reads the answer to a write whose success says nothing more: `{}`, or no body with status 204.
pub(super) fn done(answer: &HttpResponse) -> Result<(), WriteError> {
    if answer.status == 204 {
        return Ok(());
    }
    answered::<Map<String, Value>>(answer).map(|_| ())
}

/// The exchange did something, but a part of what it says about it cannot be read.
pub(super) fn unreadable(answer: &HttpResponse, error: &ParseError) -> WriteError {
    unclear(answer, &error.to_string())
}

pub(super) fn unclear(answer: &HttpResponse, reason: &str) -> WriteError {
    Doubt::Unclear { status: answer.status, reason: reason.to_owned(), body: start_of(&answer.body) }.into()
}

/// Reads the error of one item of a batch. It has no status of its own, so that only a code known for a refusal is one; any other may stand for
/// trouble in the middle of the work.
pub(super) fn item_error(answer: &HttpResponse, error: &ErrorInfo) -> WriteError {
    let code = || match &error.details {
        Some(details) => format!("{} ({details})", error.code),
        None => error.code.clone(),
    };
    match error.code.as_str() {
        "order_already_exists" => Doubt::Exists.into(),
        "trading_is_paused" | "exchange_is_paused" => WriteError::Paused { code: code() },
        "market_inactive" | "market_already_closed" => WriteError::Closed { code: code() },
        "fill_or_kill_insufficient_resting_volume" => WriteError::Refused { code: code(), look_up: true },
        known if REFUSALS.contains(&known) => WriteError::Refused { code: code(), look_up: false },
        _ => unclear(answer, &format!("the error `{}` does not tell whether anything was done", code())),
    }
}

/// Codes with which the exchange refuses an order and does nothing. Source: recorded answers of 2026 and docs.kalshi.com/getting_started/errors.
const REFUSALS: [&str; 13] = [
    "available_balance_too_low",
    "bad_request",
    "exceeded_order_group_risk_limit",
    "exceeded_per_market_risk_limit",
    "insufficient_balance",
    "invalid_order",
    "invalid_order_size",
    "invalid_parameters",
    "invalid_price",
    "market_not_found",
    "not_found",
    "order_group_not_found",
    "order_not_found",
];
