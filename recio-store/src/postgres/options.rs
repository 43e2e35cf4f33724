//! How a store on a server is opened, and what its URL says.

use crate::open::{Access, OpenError, bad_url};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// How a store is opened. Where it is, and as whom to go there, is in the URL.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// To write, or to read alone.
    pub access: Access,
    /// What another writer is told of who has the store.
    pub holder: String,
    /// How long opening waits for another writer to end.
    pub lock_wait: Duration,
    /// How long the server may take to let a connection in.
    pub connect_timeout: Duration,
    /// How long the server works on one statement before it gives it up. Five seconds more, and the connection counts as lost.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock of another transaction.
    pub lock_timeout: Duration,
    /// After how long the server ends a transaction in which nothing happens: a program that hangs must not hold locks.
    pub idle_in_transaction_timeout: Duration,
    /// After how long without work a connection is asked whether it is still there, and made anew where it is not.
    pub idle_check: Duration,
    /// Connections that read. Reads share them, the writer has its own.
    pub readers: NonZeroUsize,
}

impl PostgresOptions {
    /// The process id as holder; two seconds for another writer; five seconds to connect, for a lock, and between looks at an idle
    /// connection; thirty seconds for a statement and for an idle transaction; two connections that read.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            access,
            holder: format!("process {}", std::process::id()),
            lock_wait: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(30),
            idle_check: Duration::from_secs(5),
            readers: NonZeroUsize::MIN.saturating_add(1),
        }
    }
}

/// The parameters that a URL may have. sqlx passes over others with a warning; a limit or a certificate that is not there must not go
/// unnoticed.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "schema",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// What a URL says.
#[derive(Clone)]
pub(super) struct Target {
    /// With the password. The driver prints it in `Debug`, so nothing that holds this derives that.
    pub(super) connect: PgConnectOptions,
    /// For people, without the password.
    pub(super) place: String,
    /// Where the tables are; where none is named, the server's `search_path` says.
    pub(super) schema: Option<String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl Target {
    /// Reads a `postgres://` URL.
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        let bad = |why: &str| bad_url(url, why);
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(bad("write postgres://USER@HOST/DATABASE"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut schema, mut mode) = (Vec::new(), None, None);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                name if !PARAMETERS.contains(&name) => {
                    return Err(bad(&format!("it has no parameter `{name}`; these it has: {}", PARAMETERS.join(", "))));
                }
                "schema" => schema = Some(schema_name(value).ok_or_else(|| bad(SCHEMA))?),
                "sslmode" | "ssl-mode" => mode = Some(value),
                // The driver would call a missing file a missing server.
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" if !Path::new(value).is_file() => {
                    return Err(bad("the file of `sslrootcert` is not there; name the one with the CA's certificate"));
                }
                _ => {}
            }
            if name != "schema" {
                kept.push(parameter);
            }
        }
        if mode == Some("allow") {
            return Err(bad("`sslmode=allow` never encrypts; write `verify-full`, or `disable` to say so"));
        }
        // What psql takes, sqlx's parser does not: a user and no host, which the parameter gives.
        let base = base.replacen("@/", "@localhost/", 1);
        let kept = if kept.is_empty() { base } else { format!("{base}?{}", kept.join("&")) };
        let mut connect = PgConnectOptions::from_str(&kept).map_err(|error| bad(&error.to_string()))?;
        let Some(database) = connect.get_database().map(str::to_owned) else {
            return Err(bad("it names no database; write postgres://USER@HOST/DATABASE"));
        };
        if mode.is_none() && std::env::var_os("PGSSLMODE").is_none() && !is_local(&connect) {
            connect = connect.ssl_mode(PgSslMode::VerifyFull);
        }
        let user = connect.get_username();
        let place = match connect.get_socket() {
            Some(socket) => format!("postgres://{user}@/{database}?host={}", socket.display()),
            None => format!("postgres://{user}@{}:{}/{database}", connect.get_host(), connect.get_port()),
        };
        Ok(Self { connect, place, schema })
    }
}

const SCHEMA: &str = "a schema is a lower-case name of letters, digits and _, at most 63 characters, and not `pg_…`";

/// A name that means the same with and without quotes.
fn schema_name(name: &str) -> Option<String> {
    let first = name.chars().next()?;
    let sound = (first.is_ascii_lowercase() || first == '_')
        && name.len() <= 63
        && !name.starts_with("pg_")
        && name.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_');
    sound.then(|| name.to_owned())
}

/// Whether the way there leaves this machine: if not, nobody can listen in or stand in for the server.
fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host();
    connect.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_another_machine_is_verified_unless_the_url_says_otherwise() {
        let mode = |url: &str| format!("{:?}", Target::parse(url).unwrap().connect.get_ssl_mode());
        assert_eq!(mode("postgres://u@db.example/recio"), "VerifyFull");
        assert_eq!(mode("postgres://u@203.0.113.7:5433/recio"), "VerifyFull");
        assert_eq!(mode("postgres://u@db.example/recio?sslmode=require"), "Require");
        for local in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://u@{local}/recio")), "Prefer", "{local}");
        }
        assert_eq!(mode("postgres://u@/recio?host=/run/postgresql"), "Prefer");
    }

    #[test]
    fn no_password_is_ever_shown() {
        for url in [
            "postgres://u:secret@h/recio",
            "postgres://u@h/recio?password=secret",
            "postgres://u:se%20cret@h/recio?host=/run/secret",
        ] {
            let target = Target::parse(url).unwrap();
            let shown = format!("{target:?} {}", target.place).replace("/run/secret", "");
            assert!(!shown.contains("cret"), "{shown}");
        }
        for url in [
            "postgres://u:secret@h",
            "postgres://u:secret@h:port/recio",
            "postgres://u@h/recio?password=secret&mode=x",
            "postgres://u:secret@h/recio?sslmode=allow",
            "postgres://u:secret@h/recio?schema=Bad",
            "postgres://u:secret@h/recio?sslrootcert=/not/there.pem",
            "postgres://u:secret@h/recio?sslmode=sometimes",
        ] {
            let error = Target::parse(url).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, OpenError::BadUrl { .. }) && !shown.contains("secret"), "{shown}");
        }
    }
}
