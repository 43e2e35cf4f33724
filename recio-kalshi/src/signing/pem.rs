//! Private keys from PEM text and files.

use aws_lc_rs::{rsa, signature::Ed25519KeyPair};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use std::{io, path::PathBuf};

pub(super) enum Pair {
    Rsa(Box<rsa::KeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Why a private key was not taken. No part of the key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be opened or read.
    #[error("cannot read the key file {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Others than the owner may use the file.
    #[error("the key file {file} is open to others (mode {mode:03o}): run `chmod 600 {file}`", file = file.display())]
    OpenToOthers {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to somebody else, who can change it and read it.
    #[error("the key file {file} belongs to user {owner}, not to user {user} who runs this: run `chown {user} {file}`", file = file.display())]
    ForeignOwner {
        /// The file.
        file: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// Our number.
        user: u32,
    },
    /// Others can put another file in its place.
    #[error("the folder {folder} of the key file is writable for everybody: run `chmod o-w {folder}`", folder = folder.display())]
    OpenFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is no regular file, or far too large for a key.
    #[error("{} is not a key file: it has to be a regular file of at most 64 kB", file.display())]
    NotAKeyFile {
        /// The file.
        file: PathBuf,
    },
    /// No private key in PEM form.
    #[error("no private key in PEM form: expected `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`")]
    NotPem,
    /// A key of a type that the exchange does not take, or a damaged one.
    #[error(
        "the private key is neither RSA of 2048 bits or more nor Ed25519, or it is damaged: make a new one at the exchange"
    )]
    UnsupportedKey,
    /// The key's id cannot be sent as a header.
    #[error("the key id has to be the id that the exchange shows for the key, in visible ASCII")]
    BadKeyId,
    /// The content of a file was not taken.
    #[error("key file {}", file.display())]
    InFile {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: Box<KeyError>,
    },
    /// The cryptographic library failed.
    #[error("cannot make a key: the cryptographic library failed")]
    Generate,
}

pub(super) fn read(pem: &SecretString) -> Result<Pair, KeyError> {
    let mut key = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).map_err(|_| KeyError::NotPem)?;
    let pair = of_der(key.secret_der());
    key.zeroize();
    pair
}

fn of_der(der: &[u8]) -> Result<Pair, KeyError> {
    // The label may lie ("RSA PRIVATE KEY" over a PKCS#8 body is seen in the wild), so each form is tried on the bytes themselves.
    let rsa = rsa::KeyPair::from_pkcs8(der).or_else(|_| rsa::KeyPair::from_der(der));
    if let Ok(pair) = rsa {
        return if pair.public_modulus_len() >= 256 {
            Ok(Pair::Rsa(Box::new(pair)))
        } else {
            Err(KeyError::UnsupportedKey)
        };
    }
    Ed25519KeyPair::from_pkcs8(der).map(|pair| Pair::Ed25519(Box::new(pair))).map_err(|_| KeyError::UnsupportedKey)
}
