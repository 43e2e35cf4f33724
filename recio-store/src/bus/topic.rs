//! Topics: what a message is about, and what may happen to it on its way.

use recio_core::fact::Fact;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longer than any name that recio gives; bounds what a foreign text can make us keep.
const MAX_NAME: usize = 64;

/// The first word of a topic. Each family is one stream, so that its messages have one order.
///
/// Facts of different kinds are told on different topics, and their order is the store's: in one stream it stays. And the four streams are
/// known beforehand: nobody has to look for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Prices, quotes, strike tables, open trades as their supervisor sees them. Only the newest of a key matters.
    MarketData,
    /// The store's facts, each with its sequence there.
    Trades,
    /// Health, notices, why nothing was entered.
    System,
    /// What people did: logins, preferences.
    User,
}

/// What may happen to a message that cannot be sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A newer message of its key takes its place; with too many keys the oldest is dropped. Both are counted.
    Newest,
    /// It waits its turn. With too many waiting the oldest is dropped, which is counted, and told to every reader as a [gap](super::Gap).
    Kept,
}

/// What a message is about: a [`Family`] and a name, such as `trades.fill`.
///
/// | topic | key | REC.IO v2's plan called it |
/// |---|---|---|
/// | `market_data.price` | asset | `market_data:btc_price` |
/// | `market_data.quote` | market | `market_data:kalshi_events` |
/// | `market_data.strike_table` | monitor/event | `market_data:strike_updates` |
/// | `market_data.active_trades` | `all` | `market_data:position_changes` |
/// | `trades.intent` | | `trades:new_order` |
/// | `trades.order_changed`, `trades.fill` | | `trades:order_filled`, `trades:order_cancelled` |
/// | `trades.trade`, `trades.settlement` | | `trades:position_update`, `trades:pnl_update` |
/// | `trades.` and any other [kind of fact](Fact::kind) | | |
/// | `system.health` | service | `system:health_check`, `system:service_status` |
/// | `system.notice` | | `system:error_alert` |
/// | `system.funnel` | monitor | |
/// | `user.` and what was done | | `user:login`, … |
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    family: Family,
    text: Arc<str>,
}

/// One topic, or all of a family: `trades.fill`, `trades.*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicPattern {
    /// Every topic of a family.
    All(Family),
    /// One.
    One(Topic),
}

/// Why a text is no topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a topic: write market_data, trades, system or user, a full stop, and a name of a-z, 0-9 and _, such as trades.fill"
)]
pub struct TopicError(String);

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MarketData, Self::Trades, Self::System, Self::User];

    /// The word for it, as topics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MarketData => "market_data",
            Self::Trades => "trades",
            Self::System => "system",
            Self::User => "user",
        }
    }

    /// What may happen to its messages.
    #[must_use]
    pub const fn policy(self) -> Policy {
        match self {
            Self::MarketData => Policy::Newest,
            Self::Trades | Self::System | Self::User => Policy::Kept,
        }
    }

    /// Messages that its stream keeps, for readers that come back.
    ///
    /// Facts: more than a day of trading, at about a kilobyte each; who was away for longer reads the store. Market data: some minutes, at up to
    /// 20 kB for a strike table; older ones are of no use to anybody. The others: weeks.
    #[must_use]
    pub const fn kept(self) -> usize {
        match self {
            Self::MarketData => 2_000,
            Self::Trades => 20_000,
            Self::System | Self::User => 10_000,
        }
    }

    /// Messages of one of its topics that may wait to be sent: for market data more keys than are followed at once; for the others some
    /// minutes of the busiest trading, within ten megabytes.
    #[cfg(feature = "redis")]
    pub(super) const fn waiting(self) -> usize {
        match self {
            Self::MarketData => 1_024,
            Self::Trades | Self::System | Self::User => 10_000,
        }
    }
}

impl Topic {
    /// Reads a topic.
    ///
    /// # Errors
    /// It is none.
    pub fn new(text: &str) -> Result<Self, TopicError> {
        let refused = || TopicError(text.chars().take(80).collect());
        let (family, name) = text.split_once('.').ok_or_else(refused)?;
        let family = Family::ALL.into_iter().find(|known| known.as_str() == family).ok_or_else(refused)?;
        let fits = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if fits { Ok(Self { family, text: text.into() }) } else { Err(refused()) }
    }

    /// The topic of a fact: `trades.` and its kind.
    #[must_use]
    pub fn of_fact(fact: &Fact) -> Self {
        Self::known(Family::Trades, fact.kind())
    }

    /// All facts: here their publisher tells gaps alone.
    #[must_use]
    pub fn facts() -> Self {
        Self::known(Family::Trades, "facts")
    }

    /// The asset's price; key: the asset.
    #[must_use]
    pub fn price() -> Self {
        Self::known(Family::MarketData, "price")
    }

    /// Best bid and ask of a market; key: the market.
    #[must_use]
    pub fn quote() -> Self {
        Self::known(Family::MarketData, "quote")
    }

    /// An event's strikes as one monitor sees them; key: monitor/event.
    #[must_use]
    pub fn strike_table() -> Self {
        Self::known(Family::MarketData, "strike_table")
    }

    /// Open trades as their supervisor sees them; key: `all`.
    #[must_use]
    pub fn active_trades() -> Self {
        Self::known(Family::MarketData, "active_trades")
    }

    /// How a service is; key: the service.
    #[must_use]
    pub fn health() -> Self {
        Self::known(Family::System, "health")
    }

    /// What the operator is told.
    #[must_use]
    pub fn notice() -> Self {
        Self::known(Family::System, "notice")
    }

    /// Why nothing was entered in a minute; key: the monitor.
    #[must_use]
    pub fn funnel() -> Self {
        Self::known(Family::System, "funnel")
    }

    /// The first word.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The whole topic.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn known(family: Family, name: &str) -> Self {
        Self { family, text: format!("{}.{name}", family.as_str()).into() }
    }
}

impl TopicPattern {
    /// The family it is about.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::All(family) => *family,
            Self::One(topic) => topic.family(),
        }
    }

    /// Whether a topic is meant.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        match self {
            Self::All(family) => *family == topic.family,
            Self::One(one) => one == topic,
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl FromStr for TopicPattern {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let all = text.strip_suffix(".*");
        match all.and_then(|word| Family::ALL.into_iter().find(|family| family.as_str() == word)) {
            Some(family) => Ok(Self::All(family)),
            None => Topic::new(text).map(Self::One),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_back_and_others_refused() {
        for good in ["trades.fill", "market_data.strike_table", "system.health", "user.login_2"] {
            assert_eq!(good.parse::<Topic>().unwrap().to_string(), good);
        }
        for bad in ["", "trades", "trades.", "orders.fill", "trades.Fill", "trades.a.b", "trades.*", "trades.a b"] {
            let error = bad.parse::<Topic>().unwrap_err().to_string();
            assert!(error.contains("is not a topic"), "{error}");
        }
        assert!(format!("trades.{}", "x".repeat(65)).parse::<Topic>().is_err());
    }

    #[test]
    fn patterns_match_their_family_or_their_topic() {
        let fill: Topic = "trades.fill".parse().unwrap();
        assert!("trades.*".parse::<TopicPattern>().unwrap().matches(&fill));
        assert!("trades.fill".parse::<TopicPattern>().unwrap().matches(&fill));
        assert!(!"trades.fil".parse::<TopicPattern>().unwrap().matches(&fill));
        assert!(!"user.*".parse::<TopicPattern>().unwrap().matches(&fill));
        for bad in ["*", "*.fill", "trades.f*", "orders.*"] {
            assert!(bad.parse::<TopicPattern>().is_err(), "{bad}");
        }
    }
}
