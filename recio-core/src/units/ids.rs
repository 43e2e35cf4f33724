//! Names of things, one type each, so that an order's id cannot be passed for a fill's.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}: it needs 1 to {MAX_LENGTH} visible ASCII characters")]
pub struct IdError {
    /// What the text should have been.
    pub kind: &'static str,
    /// The text, cut short.
    pub text: String,
}

/// Longer than any id the exchange sends; bounds what a foreign text can make us keep.
const MAX_LENGTH: usize = 128;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Makes an id from text.
            ///
            /// # Errors
            /// Empty, longer than 128 characters, or with characters that are not visible ASCII.
            pub fn new(text: &str) -> Result<Self, IdError> {
                let fits = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
                if fits {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError { kind: $kind, text: text.chars().take(40).collect() })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", &self.0)
            }
        }
    )*};
}

id! {
    /// A family of events, such as `KXBTCD`.
    SeriesTicker, "a series ticker";
    /// One hour (or quarter) of a series, such as `KXBTCD-26NOV2217`.
    EventTicker, "an event ticker";
    /// One strike of an event, such as `KXBTCD-26NOV2217-T91249.99`.
    MarketTicker, "a market ticker";
    /// Our name for an order, made before it is sent; the exchange accepts each one once, for ever.
    ClientOrderId, "a client order id";
    /// The exchange's name for an order.
    ExchangeOrderId, "an exchange order id";
    /// A group of orders whose fills within 15 seconds are limited; the exchange names it.
    OrderGroupId, "an order group id";
    /// Our name for a transfer between subaccounts or shards; the exchange applies each one once, for ever.
    ClientTransferId, "a client transfer id";
    /// One execution; the public trade of the same execution carries the same id.
    FillId, "a fill id";
    /// One of our trades, from entry signal to settlement.
    TradeId, "a trade id";
    /// An account, as the config names it.
    AccountName, "an account name";
    /// One start of the program.
    RunId, "a run id";
    /// One monitor of the config: a strategy with its series and parameters.
    StrategyId, "a strategy id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_visible_ascii() {
        assert!(MarketTicker::new("KXBTCD-26NOV2217-T91249.99").is_ok());
        for bad in ["", "a b", "é", "x\n", &"x".repeat(129)] {
            assert!(MarketTicker::new(bad).is_err(), "{bad}");
        }
    }
}
