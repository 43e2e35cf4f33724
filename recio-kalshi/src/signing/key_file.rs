//! Key files: what may hold a private key.

use super::KeyError;
use secrecy::SecretString;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::Path;

/// A key file is 3 kB at most (RSA 4096); more is not a key.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads a file that passes the rules of [`SigningKey::from_file`](super::SigningKey::from_file).
pub(super) fn read(path: &Path) -> Result<SecretString, KeyError> {
    let unreadable = |error| KeyError::Unreadable { file: path.to_owned(), error };
    // Before it is opened, as opening a pipe waits until somebody writes into it.
    check_kind(path, &fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    // Asked again of the open file, so that it cannot be swapped between the look and the read.
    let meta = file.metadata().map_err(unreadable)?;
    check_kind(path, &meta)?;
    #[cfg(unix)]
    {
        check_access(path, &meta)?;
        // The file at the end of a link, and the link itself, each in its own folder.
        let end = fs::canonicalize(path).map_err(unreadable)?;
        for place in [path, &end] {
            let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            check_folder(folder, &fs::metadata(folder).map_err(unreadable)?)?;
        }
    }
    // Exactly as long as the file, so that no copy is left behind by growing or shrinking.
    let mut text = String::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    let read = file.take(MAX_BYTES).read_to_string(&mut text);
    let secret = SecretString::from(text);
    read.map_err(unreadable)?;
    Ok(secret)
}

fn check_kind(path: &Path, meta: &Metadata) -> Result<(), KeyError> {
    if meta.is_file() && meta.len() <= MAX_BYTES {
        Ok(())
    } else {
        Err(KeyError::NotAKeyFile { file: path.to_owned() })
    }
}

#[cfg(unix)]
fn check_access(path: &Path, meta: &Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    const ROOT: u32 = 0;
    let (owner, user, mode) = (meta.uid(), rustix::process::geteuid().as_raw(), meta.mode() & 0o777);
    if owner != user && owner != ROOT {
        return Err(KeyError::ForeignOwner { file: path.to_owned(), owner, user });
    }
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers { file: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(unix)]
fn check_folder(folder: &Path, meta: &Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    if meta.mode() & 0o002 != 0 && meta.mode() & STICKY == 0 {
        return Err(KeyError::OpenFolder { folder: folder.to_owned() });
    }
    Ok(())
}
