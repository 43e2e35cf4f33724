//! Who asks: the three signature headers, checked as the exchange checks them.
//!
//! Source of the tolerance and the bodies: recordings of Kalshi's demo of 2026 (−30 s is refused, +30 s accepted; the exact edges are not
//! confirmed).

use crate::exchange::Caller;
use recio_core::units::AccountName;
use recio_kalshi::signing::{KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, VerifyingKey};
use recio_kalshi::transport::HttpResponse;
use recio_kalshi::wire::ErrorBody;
use std::collections::{BTreeMap, BTreeSet};

/// How long after it was signed a request is still taken.
const STALE_MS: i64 = 20_000;
/// How far in the future a signature may be.
const EARLY_MS: i64 = 45_000;

/// The keys that the simulator knows, each with its account and what it may do. An account may have several.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRing(BTreeMap<String, (VerifyingKey, Caller)>);

/// The headers of a request, as far as they are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthClaim {
    pub(crate) key_id: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) signature: Option<String>,
}

impl AuthClaim {
    /// Takes the headers from wherever they are; names are compared without regard to case.
    pub(crate) fn from_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut claim = Self::default();
        for (name, value) in headers {
            for (header, field) in [
                (KEY_HEADER, &mut claim.key_id),
                (TIMESTAMP_HEADER, &mut claim.timestamp),
                (SIGNATURE_HEADER, &mut claim.signature),
            ] {
                if name.eq_ignore_ascii_case(header) {
                    *field = Some(value.to_owned());
                }
            }
        }
        claim
    }

    /// Whether the request claims to be anybody's.
    pub(crate) const fn is_absent(&self) -> bool {
        self.key_id.is_none() && self.timestamp.is_none() && self.signature.is_none()
    }
}

impl KeyRing {
    pub(crate) fn add(&mut self, key_id: &str, key: VerifyingKey, caller: Caller) {
        self.0.insert(key_id.to_owned(), (key, caller));
    }

    /// How many accounts have a key.
    pub(crate) fn account_count(&self) -> usize {
        self.0.values().map(|(_, caller)| &caller.account).collect::<BTreeSet<_>>().len()
    }

    /// The account of a key.
    pub(crate) fn account(&self, key_id: &str) -> Option<&AccountName> {
        self.0.get(key_id).map(|(_, caller)| &caller.account)
    }

    /// Whose request this is, or the 401 to answer. `real_ms` is the real time: signatures do not follow a simulated one.
    pub(crate) fn check(
        &self,
        claim: &AuthClaim,
        method: &str,
        path: &str,
        real_ms: i64,
    ) -> Result<&Caller, HttpResponse> {
        let (Some(key_id), Some(timestamp), Some(signature)) = (&claim.key_id, &claim.timestamp, &claim.signature)
        else {
            return Err(unauthorized("signature_is_missing_from_headers", "signature is missing from headers", None));
        };
        let age = timestamp.parse::<i64>().ok().and_then(|signed| real_ms.checked_sub(signed));
        if !age.is_some_and(|age| (-EARLY_MS..=STALE_MS).contains(&age)) {
            return Err(unauthorized("header_timestamp_expired", "header timestamp expired", None));
        }
        let refused = |details| unauthorized("authentication_error", "authentication_error", Some(details));
        let (key, caller) = self.0.get(key_id).ok_or_else(|| refused("NOT_FOUND"))?;
        let checked = key.verify(timestamp, method, path, signature);
        checked.map_err(|_| refused("INCORRECT_API_KEY_SIGNATURE"))?;
        Ok(caller)
    }
}

fn unauthorized(code: &str, message: &str, details: Option<&str>) -> HttpResponse {
    let body = serde_json::to_vec(&ErrorBody::nested(code, message, details)).unwrap_or_default();
    HttpResponse { status: 401, body: body.into() }
}
