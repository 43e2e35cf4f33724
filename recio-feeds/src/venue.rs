//! The four venues, and where they are reached.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A spot venue whose BTC-USD and ETH-USD trades are read without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Venue {
    /// Coinbase Exchange.
    Coinbase,
    /// Kraken.
    Kraken,
    /// Bitstamp.
    Bitstamp,
    /// Gemini.
    Gemini,
}

/// A name that is none of the four.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of coinbase, kraken, bitstamp, gemini")]
pub struct UnknownVenue(pub String);

/// Where a venue is reached: its WebSocket, and the root of its REST addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    socket: Url,
    rest: Url,
}

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not an address of a price venue: {reason}")]
pub struct BadHosts {
    /// The address.
    pub url: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Venue {
    /// All four, in the order in which recio names them.
    pub const ALL: [Self; 4] = [Self::Coinbase, Self::Kraken, Self::Bitstamp, Self::Gemini];

    /// Its name in configuration, logs and recordings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coinbase => "coinbase",
            Self::Kraken => "kraken",
            Self::Bitstamp => "bitstamp",
            Self::Gemini => "gemini",
        }
    }

    /// Its real hosts. Sources: the modules of [`protocol`](crate::protocol).
    ///
    /// # Panics
    /// Never: the addresses are constants, and a test makes all four.
    #[must_use]
    pub fn hosts(self) -> Hosts {
        let (socket, rest) = match self {
            Self::Coinbase => ("wss://ws-feed.exchange.coinbase.com", "https://api.exchange.coinbase.com"),
            Self::Kraken => ("wss://ws.kraken.com/v2", "https://api.kraken.com"),
            Self::Bitstamp => ("wss://ws.bitstamp.net", "https://www.bitstamp.net"),
            Self::Gemini => ("wss://ws.gemini.com", "https://api.gemini.com"),
        };
        Hosts::new(socket, rest).expect("the four venues' addresses are well formed")
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Venue {
    type Err = UnknownVenue;
    fn from_str(text: &str) -> Result<Self, UnknownVenue> {
        Self::ALL.into_iter().find(|venue| venue.name() == text).ok_or_else(|| UnknownVenue(text.to_owned()))
    }
}

impl Hosts {
    /// Takes a WebSocket address with its path, such as `wss://ws.kraken.com/v2`, and the root of the REST addresses.
    ///
    /// # Errors
    /// Not a URL, with user, query or fragment, or without TLS to anywhere but the loopback.
    pub fn new(socket: &str, rest: &str) -> Result<Self, BadHosts> {
        let mut socket = check(socket, "wss", "ws")?;
        let rest = check(rest, "https", "http")?;
        // The handshake is an HTTP request; the HTTP client knows these schemes by their HTTP names.
        let scheme = if socket.scheme() == "wss" { "https" } else { "http" };
        if socket.set_scheme(scheme).is_err() {
            return Err(BadHosts { url: socket.to_string(), reason: "its scheme cannot be mapped to HTTP".into() });
        }
        Ok(Self { socket, rest })
    }

    pub(crate) const fn socket(&self) -> &Url {
        &self.socket
    }

    /// A REST address below the root.
    pub(crate) fn rest(&self, path: &str, query: &[(&'static str, String)]) -> Url {
        let mut url = self.rest.clone();
        url.set_path(&format!("{}{path}", self.rest.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.rest.scheme() == "http" || self.socket.scheme() == "http"
    }
}

fn check(text: &str, secure: &str, plain: &str) -> Result<Url, BadHosts> {
    let bad = |reason: String| BadHosts { url: text.to_owned(), reason };
    let url: Url = text.parse().map_err(|error| bad(format!("{error}")))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        // Not shown as it came: it may hold a password.
        let shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        return Err(BadHosts { url: shown, reason: "it has to be scheme, host, port and path alone".into() });
    }
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let loopback = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    if url.scheme() == secure || (url.scheme() == plain && loopback) {
        Ok(url)
    } else {
        Err(bad(format!("its scheme has to be {secure} ({plain} for the loopback alone)")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_real_hosts() {
        for venue in Venue::ALL {
            assert_eq!(venue.name().parse(), Ok(venue));
            assert!(!venue.hosts().is_plain());
        }
        assert!("binance".parse::<Venue>().is_err());
    }

    #[test]
    fn plain_text_only_on_the_loopback() {
        assert!(Hosts::new("ws://127.0.0.1:9/kraken", "http://[::1]:9/kraken").is_ok());
        for (socket, rest) in [
            ("ws://ws.kraken.com", "https://api.kraken.com"),
            ("wss://ws.kraken.com", "http://api.kraken.com"),
            ("wss://u:secret@ws.kraken.com", "https://api.kraken.com"),
            ("wss://ws.kraken.com", "https://api.kraken.com?x=1"),
            ("kraken", "https://api.kraken.com"),
        ] {
            let error = Hosts::new(socket, rest).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
