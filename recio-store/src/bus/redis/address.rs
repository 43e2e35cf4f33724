//! Where Redis is, without telling anybody how to get in; and connections to it.

use super::refusal::remedy;
use super::tls::TlsFiles;
use crate::bus::BusError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, RedisError};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// For a connection, and for an answer: a Redis on the other side of the world answers within; one that does not is as good as dead.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The first wait after a lost connection, doubled up to the last one.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A Redis, as a URL names it.
pub(super) struct Address {
    client: Client,
    /// The URL without user, password and parameters.
    shown: String,
}

/// What a URL says, before anything that it names is read.
pub(super) struct Form {
    plain: Client,
    shown: String,
    /// For TLS alone.
    files: Option<TlsFiles>,
}

/// What the parser says of a text that it cannot read may hold parts of it: its words are not passed on.
fn refused(why: &str) -> BusError {
    BusError::Request(format!("the bus's URL is not one of Redis: {why}"))
}

impl Form {
    pub(super) fn parse(url: &str) -> Result<Self, BusError> {
        if url.starts_with("memory:") {
            return Err(refused(
                "a bus in memory reaches nobody outside of its program, so it is for programs that embed recio alone; write redis://HOST:PORT/0",
            ));
        }
        let form = "write redis://HOST:PORT/0, rediss://USER:PASSWORD@HOST:PORT/0 for TLS, or unix:///PATH";
        let parsed = redis::parse_redis_url(url).ok_or_else(|| refused(form))?;
        let is_tls = matches!(parsed.scheme(), "rediss" | "valkeys");
        let files = TlsFiles::take(parsed.query_pairs(), is_tls).map_err(|why| refused(&why))?;
        let plain = Client::open(parsed).map_err(|_| refused(form))?;
        let info = plain.get_connection_info();
        let database = info.redis_settings().db();
        let shown = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("redis://{host}:{port}/{database}"),
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(refused("TLS without a look at the certificate protects nothing: leave #insecure out"));
            }
            ConnectionAddr::TcpTls { host, port, .. } => format!("rediss://{host}:{port}/{database}"),
            ConnectionAddr::Unix(path) => format!("unix://{}", path.display()),
            _ => return Err(refused(form)),
        };
        Ok(Self { plain, shown, files: is_tls.then_some(files) })
    }
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, BusError> {
        let Form { plain, shown, files } = Form::parse(url)?;
        let Some(files) = files else { return Ok(Self { client: plain, shown }) };
        // The driver takes the process's cryptography, and panics where there is none. One that the program has chosen stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let certificates = files.read().map_err(|why| refused(&why))?;
        // Its words are about files that were named, and hold nothing of them.
        let client = Client::build_with_tls(plain.get_connection_info().clone(), certificates)
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Self { client, shown })
    }

    /// Connects. An answer may take as long as a command blocks, and a moment more.
    pub(super) async fn connect(&self, blocks: Duration) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_response_timeout(Some(blocks + ANSWER_WITHIN));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// What an error means for whoever uses the bus.
    pub(super) fn error(&self, error: RedisError) -> BusError {
        let bus = self.shown.clone();
        match remedy(&error) {
            Some(remedy) => BusError::Refused { bus, remedy, source: Box::new(error) },
            None => BusError::Unavailable { bus, source: Box::new(error) },
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Longer and longer waits between tries.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    pub(super) async fn wait(&mut self) {
        let wait = self.last.map_or(FIRST_WAIT, |last| (2 * last).min(LAST_WAIT));
        self.last = Some(wait);
        tokio::time::sleep(wait).await;
    }

    /// Something worked.
    pub(super) const fn reset(&mut self) {
        self.last = None;
    }
}

/// A connection for single commands, made when it is needed, and made again after any failure.
pub(super) struct Commands {
    address: Arc<Address>,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Commands {
    pub(super) fn new(address: Arc<Address>) -> Self {
        Self { address, connection: Mutex::default() }
    }

    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, BusError> {
        let known = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut connection = match known {
            Some(connection) => connection,
            None => self.address.connect(Duration::ZERO).await.map_err(|error| self.address.error(error))?,
        };
        let answer = command.query_async(&mut connection).await;
        let kept = answer.is_ok().then_some(connection);
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        answer.map_err(|error| self.address.error(error))
    }
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_holds_no_secret() {
        for (url, shown) in [
            ("redis://user:hunter2@host:7000/3", "redis://host:7000/3"),
            ("redis://:hunter2@host", "redis://host:6379/0"),
            ("rediss://user:hunter2@host:7000", "rediss://host:7000/0"),
            ("unix:///run/redis.sock?pass=hunter2", "unix:///run/redis.sock"),
            ("redis://host?protocol=resp3", "redis://host:6379/0"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), shown);
            let told = format!("{address:?}") + &format!("{:?}", Commands::new(Arc::new(address)));
            assert!(!told.contains("hunter2"), "{told}");
        }
        let bad = [
            "",
            "redis",
            "http://user:hunter2@host",
            "redis://user:hunter2@host:port/0",
            "redis://user:hunter2@host:1/x",
            "rediss://user:hunter2@host:1/#insecure",
            "rediss://user:hunter2@host:1/#insecure?sslrootcert=/ca.pem",
            "rediss://user:hunter2@host:1/?sslrootcert=/not/there",
            "rediss://user:hunter2@host:1/?sslrootcrt=/ca.pem",
            "rediss://user:hunter2@host:1/?sslcert=/dev/null",
            "redis://user:hunter2@host:1/?sslrootcert=/dev/null",
            "redis://host:1/?password=hunter2",
            "memory:",
        ];
        for url in bad {
            let error = Address::parse(url).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(told.contains("not one of Redis") && !told.contains("hunter2"), "{url}: {told}");
        }
    }
}
