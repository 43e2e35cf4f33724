//! The other side of a signature: what an exchange, real or simulated, checks.

use super::{pem::Pair, signed_text};
use aws_lc_rs::{
    rsa::PublicKey,
    signature::{ED25519, KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The types of key that the exchange takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// RSA with PSS.
    Rsa,
    /// Ed25519.
    Ed25519,
}

/// A public key. Checks what its private part signed.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    key_type: KeyType,
    /// PKCS#1 or X.509 for RSA, the 32 raw bytes for Ed25519.
    bytes: Vec<u8>,
}

/// The signature is not one of this key over this time, method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this key, time, method and path")]
pub struct BadSignature;

impl VerifyingKey {
    pub(super) fn of(pair: &Pair) -> Self {
        match pair {
            Pair::Rsa(pair) => Self { key_type: KeyType::Rsa, bytes: public_rsa(pair.public_key()) },
            Pair::Ed25519(pair) => Self { key_type: KeyType::Ed25519, bytes: pair.public_key().as_ref().to_vec() },
        }
    }

    /// The key's type.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Checks a signature in standard base64 over the text of [`TIMESTAMP_HEADER`](super::TIMESTAMP_HEADER), method and path.
    /// A query of `path` is left out.
    ///
    /// # Errors
    /// Not base64, or not a signature of this key over these.
    pub fn verify(&self, timestamp: &str, method: &str, path: &str, signature: &str) -> Result<(), BadSignature> {
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| BadSignature)?;
        let text = signed_text(timestamp, method, path);
        let checked = match self.key_type {
            KeyType::Rsa => {
                UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.bytes).verify(text.as_bytes(), &signature)
            }
            KeyType::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes).verify(text.as_bytes(), &signature),
        };
        checked.map_err(|_| BadSignature)
    }
}

fn public_rsa(key: &PublicKey) -> Vec<u8> {
    key.as_ref().to_vec()
}
