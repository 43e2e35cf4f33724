//! Errors as people read them.

use std::error::Error;

/// An error with all its causes, in one line: `the store is not available: connection refused`.
#[must_use]
pub fn in_full(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{says}")]
    struct Because {
        says: &'static str,
        source: Option<Box<Self>>,
    }

    #[test]
    fn every_cause_is_told_once_from_the_outermost_in() {
        let inner = Because { says: "no route", source: None };
        let middle = Because { says: "connection refused", source: Some(Box::new(inner)) };
        let outer = Because { says: "the store is away", source: Some(Box::new(middle)) };
        assert_eq!(in_full(&outer), "the store is away: connection refused: no route");
        assert_eq!(in_full(&Because { says: "alone", source: None }), "alone");
    }
}
