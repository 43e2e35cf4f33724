//! JSON numbers that must not pass through a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// A JSON number as its literal text: a strike of 92799.99 stays these eight characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonNumber(String);

impl JsonNumber {
    /// Takes a number's text, such as `92799.99`.
    ///
    /// Returns `None` where the text is not a JSON number.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        is_number.then(|| Self(text.to_owned()))
    }

    /// The literal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::new(raw.get()).ok_or_else(|| {
            D::Error::custom(format_args!(
                "expected a number, found {}",
                raw.get().chars().take(40).collect::<String>()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_stay_as_they_came() {
        for text in ["92799.99", "0.1", "12345678901234567890.123456789", "-1", "1e3", "1.10"] {
            let number: JsonNumber = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
        for bad in [r#""1""#, "true", "[1]", "null"] {
            assert!(serde_json::from_str::<JsonNumber>(bad).is_err(), "{bad}");
        }
        for bad in ["", " 1", "1 ", "01", "1.", "x", "NaN"] {
            assert_eq!(JsonNumber::new(bad), None, "{bad}");
        }
    }
}
