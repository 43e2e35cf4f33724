//! The bodies that come with an error: four shapes.

use super::object::object;
use serde::{Deserialize, Serialize};

/// An error's body. Branch on [`ErrorBody::code`] and [`ErrorBody::details`], never on a message.
///
/// Source: recorded answers of 2026 and docs.kalshi.com/getting_started/errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ErrorBody {
    /// `{"error":{"code":…,"message":…,"details":…}}`: most errors.
    Nested {
        /// What is wrong.
        #[serde(deserialize_with = "object")]
        error: ErrorInfo,
    },
    /// `{"error":"too many requests"}`.
    Text {
        /// What is wrong, in words.
        error: String,
    },
    /// `{"code":…,"message":…,"details":…}`: a body that is not JSON as the API wants it; items of a batch.
    Flat(ErrorInfo),
    /// `{"msg":"Parameter validation failed for …"}`: a query that is not allowed.
    Validation {
        /// What is wrong, in words.
        msg: String,
    },
}

/// Code and words of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorInfo {
    /// The word to branch on. Some end in a changing id (`user_not_found:_…`).
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// A finer word to branch on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl ErrorBody {
    /// Reads a body; `None` where it has none of the four shapes.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        // Its shapes are kept as values first, out of the reach of a strict reader.
        let error = object(&mut reader).ok()?;
        reader.end().ok().map(|()| error)
    }

    /// The nested shape, which most answers have.
    #[must_use]
    pub fn nested(code: &str, message: &str, details: Option<&str>) -> Self {
        Self::Nested {
            error: ErrorInfo { code: code.into(), message: message.into(), details: details.map(Into::into) },
        }
    }

    /// The code, where the shape has one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Nested { error } | Self::Flat(error) => Some(&error.code),
            Self::Text { .. } | Self::Validation { .. } => None,
        }
    }

    /// The details, where there are any.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        match self {
            Self::Nested { error } | Self::Flat(error) => error.details.as_deref(),
            Self::Text { .. } | Self::Validation { .. } => None,
        }
    }

    /// Code and details in one line, or the words where there is no code; cut short.
    #[must_use]
    pub fn describe(&self) -> String {
        let text = match self {
            Self::Nested { error } | Self::Flat(error) => match &error.details {
                Some(details) => format!("{} ({details})", error.code),
                None => error.code.clone(),
            },
            Self::Text { error } => error.clone(),
            Self::Validation { msg } => msg.clone(),
        };
        text.chars().take(200).collect()
    }
}
