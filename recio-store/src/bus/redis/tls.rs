//! The files that a `rediss://` URL names.

use redis::{ClientTlsConfig, TlsCertificates};
use std::borrow::Cow;
use std::path::PathBuf;

/// Parameters of a URL that the driver knows itself. Any other would be passed over by it, and a misspelt one with it.
const OF_THE_DRIVER: [&str; 5] = ["db", "user", "pass", "protocol", "path"];

/// What certificates are checked against, and what is shown to a server that asks for one. The names are those of a `postgres://` URL.
#[derive(Debug, Default)]
pub(super) struct TlsFiles {
    /// `sslrootcert`: certificates of the authorities that are trusted, in place of the system's.
    root: Option<PathBuf>,
    /// `sslcert`: our own certificate.
    certificate: Option<PathBuf>,
    /// `sslkey`: its key.
    key: Option<PathBuf>,
}

impl TlsFiles {
    /// Takes them from a URL's parameters. The error says what to write, and nothing of what was written: it may be a password.
    pub(super) fn take<'a>(
        parameters: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        is_tls: bool,
    ) -> Result<Self, String> {
        let mut files = Self::default();
        for (name, value) in parameters {
            let file = match name.as_ref() {
                "sslrootcert" => &mut files.root,
                "sslcert" => &mut files.certificate,
                "sslkey" => &mut files.key,
                // A password in the parameters is one of a socket's URL alone.
                known if OF_THE_DRIVER.contains(&known) && !(is_tls && known != "protocol") => continue,
                _ => {
                    return Err("it has a parameter that means nothing there; for TLS there are sslrootcert, sslcert and sslkey, each with a file; \
                                user and password stand before the host"
                        .to_owned());
                }
            };
            if !is_tls {
                return Err("sslrootcert, sslcert and sslkey are for TLS: begin it with rediss://".to_owned());
            }
            *file = Some(PathBuf::from(value.as_ref()));
        }
        if files.certificate.is_some() != files.key.is_some() {
            return Err("sslcert and sslkey go together: a certificate, and its key".to_owned());
        }
        Ok(files)
    }

    /// Reads them.
    pub(super) fn read(&self) -> Result<TlsCertificates, String> {
        let read = |name: &str, path: &Option<PathBuf>| match path {
            None => Ok(None),
            Some(path) => match std::fs::read(path) {
                Ok(content) if content.windows(10).any(|window| window == b"-----BEGIN") => Ok(Some(content)),
                Ok(_) => Err(format!("{name}: {} holds nothing in PEM form", path.display())),
                Err(error) => Err(format!("{name}: {} cannot be read: {error}", path.display())),
            },
        };
        let root_cert = read("sslrootcert", &self.root)?;
        let client_tls = match (read("sslcert", &self.certificate)?, read("sslkey", &self.key)?) {
            (Some(client_cert), Some(client_key)) => Some(ClientTlsConfig { client_cert, client_key }),
            _ => None,
        };
        Ok(TlsCertificates { client_tls, root_cert })
    }
}
