//! Announcements about our order groups.

use super::{Of, ParseError};
use crate::wire::OrderGroupMessage;
use recio_core::units::{Quantity, Timestamp};

/// What became of an order group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderGroupUpdate {
    /// The group.
    pub group: String,
    /// What happened.
    pub change: OrderGroupChange,
    /// When.
    pub exchange_time: Timestamp,
}

/// What happened to an order group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderGroupChange {
    /// It was made, with this limit of contracts in its window.
    Created(Quantity),
    /// Its limit was reached, or somebody triggered it: its orders are canceled, and it takes none until it is reset.
    Triggered,
    /// It takes orders again.
    Reset,
    /// It is gone, and its orders with it.
    Deleted,
    /// It has another limit.
    LimitUpdated(Quantity),
    /// A word that recio does not know: read the group over REST.
    Unknown(String),
}

/// Reads an announcement about an order group.
///
/// # Errors
/// A time or limit that is none, or a limit that is missing where it is announced.
pub fn order_group_update(message: &OrderGroupMessage<'_>) -> Result<OrderGroupUpdate, ParseError> {
    let of = Of("order group", &message.order_group_id);
    let limit = || -> Result<Quantity, ParseError> {
        let limit = of.optional("contracts_limit_fp", message.contracts_limit_fp.as_deref())?;
        of.required("contracts_limit_fp", limit)
    };
    let change = match &*message.event_type {
        "created" => OrderGroupChange::Created(limit()?),
        "triggered" => OrderGroupChange::Triggered,
        "reset" => OrderGroupChange::Reset,
        "deleted" => OrderGroupChange::Deleted,
        "limit_updated" => OrderGroupChange::LimitUpdated(limit()?),
        other => OrderGroupChange::Unknown(other.to_owned()),
    };
    let exchange_time = of.millis("ts_ms", message.ts_ms)?;
    Ok(OrderGroupUpdate { group: message.order_group_id.as_str().to_owned(), change, exchange_time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str, limit: Option<&'static str>) -> Result<OrderGroupChange, ParseError> {
        let message = OrderGroupMessage {
            event_type: event.to_owned().into(),
            order_group_id: "g-1".into(),
            contracts_limit_fp: limit.map(Into::into),
            ts_ms: 1,
        };
        order_group_update(&message).map(|update| update.change)
    }

    #[test]
    fn every_announcement_is_told_apart() {
        let fifty = Quantity::contracts(50);
        assert_eq!(read("created", Some("50.00")), Ok(OrderGroupChange::Created(fifty)));
        assert_eq!(read("limit_updated", Some("50.00")), Ok(OrderGroupChange::LimitUpdated(fifty)));
        assert_eq!(read("triggered", None), Ok(OrderGroupChange::Triggered));
        assert_eq!(read("reset", None), Ok(OrderGroupChange::Reset));
        assert_eq!(read("deleted", None), Ok(OrderGroupChange::Deleted));
        assert_eq!(read("trigger", None), Ok(OrderGroupChange::Unknown("trigger".into())));
        assert_eq!(read("created", None).unwrap_err().field, "contracts_limit_fp");
        assert!(read("limit_updated", Some("many")).is_err());
    }
}
