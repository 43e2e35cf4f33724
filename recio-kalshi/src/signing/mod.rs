//! Proof of who asks: three headers with a signature over time, method and path.
//!
//! The signed text is the Unix time in milliseconds, the method in upper case and the path without its query, with nothing between them and
//! without the body. RSA keys sign with PSS (SHA-256, MGF1 with SHA-256, a salt as long as the digest), Ed25519 keys the text itself.
//! Source: docs.kalshi.com/getting_started/api_keys; read 2026-11-22.

mod generate;
mod key_file;
mod pem;
mod pool;
mod verify;

pub use generate::{GeneratedKey, generate_ed25519, generate_rsa_2048};
pub use pem::KeyError;
pub use pool::{HeaderPool, PoolCounts, PooledRoute};
pub use verify::{BadSignature, KeyType, VerifyingKey};

use aws_lc_rs::{rand::SystemRandom, signature};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use pem::Pair;
use std::{fmt, path::Path};

/// Header with the key's id.
pub const KEY_HEADER: &str = "KALSHI-ACCESS-KEY";
/// Header with the Unix time in milliseconds that was signed.
pub const TIMESTAMP_HEADER: &str = "KALSHI-ACCESS-TIMESTAMP";
/// Header with the signature in standard base64.
pub const SIGNATURE_HEADER: &str = "KALSHI-ACCESS-SIGNATURE";

/// A private key with the id under which the exchange knows it.
///
/// Nothing of the key itself shows in `Debug` or in an error.
pub struct SigningKey {
    id: String,
    pair: Pair,
}

/// The headers of one signed request.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthHeaders {
    /// For [`KEY_HEADER`].
    pub key_id: String,
    /// For [`TIMESTAMP_HEADER`].
    pub timestamp: String,
    /// For [`SIGNATURE_HEADER`].
    pub signature: String,
}

/// The random source or the signature itself failed; the request was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot sign the request: the cryptographic library failed")]
pub struct SignError;

impl SigningKey {
    /// Reads a private key from PEM text: RSA in PKCS#1 or PKCS#8, Ed25519 in PKCS#8. The type is found from the key, not from the label.
    ///
    /// # Errors
    /// No private key in the text, a type the exchange does not take, or an id that is not visible ASCII.
    pub fn from_pem(key_id: &str, pem: &secrecy::SecretString) -> Result<Self, KeyError> {
        if key_id.is_empty() || !key_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(KeyError::BadKeyId);
        }
        Ok(Self { id: key_id.to_owned(), pair: pem::read(pem)? })
    }

    /// Reads a private key from a PEM file that nobody but its owner may read.
    ///
    /// The file has to be a regular one, belong to the user of this process or to root, and be closed to group and others; the folder that it lies
    /// in must not be writable for others, who could put another file in its place (unless it is sticky, as `/tmp` is: there only the owner
    /// can). A symbolic link is followed: what counts is the file at its end and that file's folder, and the folder that the link lies in
    /// is held to the same rule. On systems other than Unix only the kind and the size of the file are checked.
    ///
    /// # Errors
    /// As [`SigningKey::from_pem`]; also a file that cannot be read, is too large for a key, or breaks one of these rules.
    pub fn from_file(key_id: &str, file: &Path) -> Result<Self, KeyError> {
        let pem = key_file::read(file)?;
        Self::from_pem(key_id, &pem).map_err(|error| KeyError::InFile { file: file.to_owned(), error: Box::new(error) })
    }

    /// The id under which the exchange knows the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key's type.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        match self.pair {
            Pair::Rsa(_) => KeyType::Rsa,
            Pair::Ed25519(_) => KeyType::Ed25519,
        }
    }

    /// The public part, which checks what this key signs.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::of(&self.pair)
    }

    /// Signs a request. A query or fragment of `path` is left out, as the exchange leaves it out.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub fn sign(&self, timestamp_ms: i64, method: &str, path: &str) -> Result<AuthHeaders, SignError> {
        let text = signed_text(&timestamp_ms.to_string(), method, path);
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
                    .map_err(|_| SignError)?;
                BASE64_STANDARD.encode(signature)
            }
            Pair::Ed25519(pair) => BASE64_STANDARD.encode(pair.sign(text.as_bytes())),
        };
        Ok(AuthHeaders { key_id: self.id.clone(), timestamp: timestamp_ms.to_string(), signature })
    }
}

impl AuthHeaders {
    /// Names and values, as they go into the request.
    #[must_use]
    pub fn into_pairs(self) -> [(&'static str, String); 3] {
        [(KEY_HEADER, self.key_id), (TIMESTAMP_HEADER, self.timestamp), (SIGNATURE_HEADER, self.signature)]
    }
}

impl fmt::Debug for AuthHeaders {
    // The signature proves who asks, for as long as its time is fresh.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, timestamp, .. } = self;
        f.debug_struct("AuthHeaders").field("key_id", key_id).field("timestamp", timestamp).finish_non_exhaustive()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("type", &self.key_type()).finish_non_exhaustive()
    }
}

fn signed_text(timestamp: &str, method: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    format!("{timestamp}{}{path}", method.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_time_method_and_bare_path() {
        let text = signed_text("1790366400123", "post", "/trade-api/v2/portfolio/events/orders?subaccount=0#x");
        assert_eq!(text, "1790366400123POST/trade-api/v2/portfolio/events/orders");
    }
}
