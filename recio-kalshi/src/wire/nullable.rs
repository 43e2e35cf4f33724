//! Fields that may be null but must be there.

use serde::{Deserialize, Deserializer};

/// Reads a field that may be null and must be there: with this, serde takes an absent one for an error instead of a null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}
