//! The clients' keys: made anew for every simulator, so that nothing of one opens another.

use super::SimError;
use crate::endpoint::EndpointKey;
use recio_kalshi::signing::{KeyType, SigningKey, VerifyingKey, generate_ed25519, generate_rsa_2048};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// One client's key, its private part on disk.
pub(super) struct ClientKey {
    pub(super) key_id: String,
    pub(super) verifying: VerifyingKey,
    file: PathBuf,
}

impl ClientKey {
    pub(super) fn endpoint_key(&self) -> EndpointKey {
        EndpointKey { key_id: self.key_id.clone(), key_file: self.file.clone() }
    }
}

/// Makes so many keys, each in a file of its own that only its owner may read.
pub(super) fn generate(count: usize, key_type: KeyType, folder: &Path) -> Result<Vec<ClientKey>, SimError> {
    let failed = |file: &Path, source| SimError::KeyFile { file: file.to_owned(), source };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let folder = std::path::absolute(folder).map_err(|source| failed(folder, source))?;
    (0..count)
        .map(|_| {
            let made = match key_type {
                KeyType::Rsa => generate_rsa_2048("unnamed")?,
                KeyType::Ed25519 => generate_ed25519("unnamed")?,
            };
            let key_id = id_of(&made.key)?;
            let file = folder.join(format!("{key_id}.pem"));
            write_private(&file, made.pem.expose_secret()).map_err(|source| failed(&file, source))?;
            Ok(ClientKey { key_id, verifying: made.key.verifying_key(), file })
        })
        .collect()
}

/// A UUID hashed from a signature of the key: as random as the key, and without a source of randomness of our own.
fn id_of(key: &SigningKey) -> Result<String, SimError> {
    let signed = key.sign(0, "GET", "recio key id").map_err(|error| SimError::Task(error.into()))?;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(signed.signature)[..16]);
    Ok(uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string())
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
