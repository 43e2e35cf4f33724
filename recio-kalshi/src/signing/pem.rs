//! Private keys from PEM text and files.

use aws_lc_rs::{rsa, signature::Ed25519KeyPair};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A key file is 3 kB at most (RSA 4096); more is not a key.
const MAX_FILE_BYTES: u64 = 64 * 1024;

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

pub(super) fn read_private_file(path: &Path) -> Result<SecretString, KeyError> {
    let unreadable = |error| KeyError::Unreadable { file: path.to_owned(), error };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that it cannot be swapped between the look and the read.
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
        return Err(KeyError::NotAKeyFile { file: path.to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::OpenToOthers { file: path.to_owned(), mode });
        }
    }
    // Exactly as long as the file, so that no copy is left behind by growing or shrinking.
    let mut text = String::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    let read = file.take(MAX_FILE_BYTES).read_to_string(&mut text);
    let secret = SecretString::from(text);
    read.map_err(unreadable)?;
    Ok(secret)
}
