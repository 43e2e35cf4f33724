//! Decimal text to scaled integers and back, without a float in between.

use std::fmt;

/// Why a decimal text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not a plain decimal number (digits, one point, an optional sign).
    #[error("`{0}` is not a plain decimal number")]
    NotDecimal(String),
    /// The text has non-zero digits beyond the unit's precision.
    #[error("`{text}` has more than {places} decimals")]
    TooPrecise {
        /// The text as it came.
        text: String,
        /// Decimals that the unit keeps.
        places: u32,
    },
    /// The value does not fit.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// A decimal number as an integer count of 10⁻ᴾ.
///
/// Accepts an optional sign, digits and one point. Zeros beyond `P` decimals are accepted ("91204.11000000"), other digits are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled<const P: u32>(pub i128);

impl<const P: u32> std::str::FromStr for Scaled<P> {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let not_decimal = || DecimalError::NotDecimal(clip(text));
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            all => (false, all),
        };
        let point = digits.iter().position(|&b| b == b'.');
        let (whole, fraction) = match point {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, &digits[..0]),
        };
        if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
            return Err(not_decimal());
        }
        // Nothing the exchange sends is longer than this, and so much fits 64 bits, which are several times as fast.
        if whole.len() + P as usize <= SHORT
            && fraction.len() <= P as usize
            && let Some(value) = short(whole, fraction, P as usize)
        {
            return Ok(Self(i128::from(if negative { -value } else { value })));
        }
        let mut value: i128 = 0;
        let mut push = |byte: u8| -> Result<(), DecimalError> {
            if !byte.is_ascii_digit() {
                return Err(not_decimal());
            }
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(i128::from(byte - b'0')))
                .ok_or_else(|| DecimalError::TooLarge(clip(text)))?;
            Ok(())
        };
        for &byte in whole {
            push(byte)?;
        }
        let places = P as usize;
        for at in 0..places {
            push(fraction.get(at).copied().unwrap_or(b'0'))?;
        }
        for &byte in fraction.iter().skip(places) {
            match byte {
                b'0' => {}
                b'1'..=b'9' => return Err(DecimalError::TooPrecise { text: clip(text), places: P }),
                _ => return Err(not_decimal()),
            }
        }
        Ok(Self(if negative { -value } else { value }))
    }
}

impl<const P: u32> fmt::Display for Scaled<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u128.pow(P);
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = match P {
            0 => format!("{sign}{size}"),
            places => format!("{sign}{}.{:0width$}", size / scale, size % scale, width = places as usize),
        };
        f.pad(&text)
    }
}

/// So many decimal digits fit an `i64`.
const SHORT: usize = 18;

/// The value of at most [`SHORT`] digits in all; `None` where one is no digit.
fn short(whole: &[u8], fraction: &[u8], places: usize) -> Option<i64> {
    let mut value = 0;
    for &byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    for _ in fraction.len()..places {
        value *= 10;
    }
    Some(value)
}

/// Keeps an error's quotation of foreign text short.
fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Gives a unit type its decimal text form (`FromStr`, `Display`) and serde on top: text for people, an integer for binary formats.
macro_rules! decimal_unit {
    ($name:ident, $places:literal, $raw:ty, $error:ty) => {
        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                let scaled: $crate::units::Scaled<$places> = text.parse()?;
                Self::from_scaled(scaled.0)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::units::Scaled::<$places>(i128::from(self.0)), f)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serde::Serialize::serialize(&self.0, serializer)
                }
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    let raw = <$raw as serde::Deserialize>::deserialize(deserializer)?;
                    Self::from_scaled(i128::from(raw)).map_err(serde::de::Error::custom)
                }
            }
        }
    };
}
pub(crate) use decimal_unit;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn plain_decimals_only() {
        assert_eq!("12.3".parse(), Ok(Scaled::<4>(123_000)));
        assert_eq!("-0.0001".parse(), Ok(Scaled::<4>(-1)));
        assert_eq!("91204.11000000".parse(), Ok(Scaled::<2>(9_120_411)));
        for bad in ["", ".", "1.", ".5", "1e3", "NaN", "1,000", " 1", "--1", "0x1", "1.2.3", "1.000x"] {
            assert!(bad.parse::<Scaled<2>>().is_err(), "{bad}");
        }
        assert!(matches!("0.001".parse::<Scaled<2>>(), Err(DecimalError::TooPrecise { .. })));
        assert!(matches!("9".repeat(60).parse::<Scaled<2>>(), Err(DecimalError::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn text_round_trips(raw in -10_i128.pow(30)..10_i128.pow(30)) {
            let text = Scaled::<6>(raw).to_string();
            prop_assert_eq!(text.parse(), Ok(Scaled::<6>(raw)));
        }

        /// Leading zeros make a text longer, and lead it past the way for short ones, but mean nothing.
        #[test]
        fn short_and_long_texts_are_read_alike(text in "[-+]?[0-9]{0,12}(\\.[0-9x]{0,6})?") {
            let sign = text.len() - text.trim_start_matches(['-', '+']).len();
            let long = format!("{}{}{}", &text[..sign], "0".repeat(20), &text[sign..]);
            // What begins with the point is a number only with the zeros in front of it.
            proptest::prop_assume!(text.as_bytes().get(sign).is_some_and(u8::is_ascii_digit));
            let read = |text: &str| text.parse::<Scaled<4>>().map_err(|error| std::mem::discriminant(&error));
            prop_assert_eq!(read(&text), read(&long));
        }

        #[test]
        fn never_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<Scaled<4>>();
        }
    }
}
