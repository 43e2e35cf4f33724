//! New key pairs: for a simulator's demo account and for tests.

use super::{KeyError, SigningKey};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{self, KeySize},
    signature::Ed25519KeyPair,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::SecretString;
use std::fmt;

/// A new private key in PEM form (PKCS#8) and ready to sign.
pub struct GeneratedKey {
    /// The PEM text, for a file with mode 0600.
    pub pem: SecretString,
    /// The same key, loaded.
    pub key: SigningKey,
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Makes a new Ed25519 key.
///
/// # Errors
/// A bad key id, or the cryptographic library failed.
pub fn generate_ed25519(key_id: &str) -> Result<GeneratedKey, KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generate)?;
    finish(key_id, der.as_ref())
}

/// Makes a new RSA key of 2048 bits. Takes up to a second.
///
/// # Errors
/// A bad key id, or the cryptographic library failed.
pub fn generate_rsa_2048(key_id: &str) -> Result<GeneratedKey, KeyError> {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generate)?;
    finish(key_id, der.as_ref())
}

fn finish(key_id: &str, der: &[u8]) -> Result<GeneratedKey, KeyError> {
    let base64 = BASE64_STANDARD.encode(der);
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    for (at, letter) in base64.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END PRIVATE KEY-----\n");
    let pem = SecretString::from(text);
    let key = SigningKey::from_pem(key_id, &pem)?;
    Ok(GeneratedKey { pem, key })
}
