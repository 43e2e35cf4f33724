//! Prints of the settlement index.

use super::{Of, ParseError};
use crate::wire::{FastIndexMessage, IndexData, IndexHistory, IndexValueMessage, read_text};
use recio_core::units::{AssetPrice, Timestamp};

/// One print of an index, in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPrint {
    /// The index, such as `BRTI`.
    pub index: String,
    /// The value.
    pub price: AssetPrice,
    /// The publisher's time, which says which settlement window it belongs to.
    pub source_time: Timestamp,
    /// When the exchange received it.
    pub exchange_time: Timestamp,
}

/// Reads a print from its frame. The value is in a JSON text inside the frame, whose id has to be the frame's.
///
/// # Errors
/// The inner text is not what it should be, is of another index, or its value is not in whole cents.
pub fn index_print(message: &IndexValueMessage<'_>) -> Result<IndexPrint, ParseError> {
    let of = Of("index", &message.index_id);
    let data: IndexData<'_> = read_text(&message.data).map_err(|error| of.error("data", &message.data, error))?;
    if data.id != message.index_id {
        return Err(of.error("data.id", &data.id, "it is another index than the frame's"));
    }
    Ok(IndexPrint {
        index: message.index_id.as_str().to_owned(),
        price: of.field("data.value", &data.value)?,
        source_time: of.millis("data.time", data.time)?,
        exchange_time: of.millis("received_at", message.received_at)?,
    })
}

/// Reads a print of the stream of five a second.
///
/// # Errors
/// Its value is not in whole cents, or a time that is none.
pub fn fast_index_print(message: &FastIndexMessage<'_>) -> Result<IndexPrint, ParseError> {
    let of = Of("index", &message.index_id);
    Ok(IndexPrint {
        index: message.index_id.as_str().to_owned(),
        price: of.field("value_usd", &message.value_usd)?,
        source_time: of.millis("source_ts_ms", message.source_ts_ms)?,
        exchange_time: of.millis("received_at", message.received_at)?,
    })
}

/// Reads an hour of history: source times with values, rounded half up to cents.
///
/// # Errors
/// A time or value that is none.
pub fn index_history(index: &str, body: &IndexHistory) -> Result<Vec<(Timestamp, AssetPrice)>, ParseError> {
    let of = Of("index", index);
    let mut prints = Vec::with_capacity(body.data.payload.len());
    for value in &body.data.payload {
        let price = AssetPrice::parse_rounded(&value.value).map_err(|error| of.error("value", &value.value, error))?;
        prints.push((of.millis("time", value.time)?, price));
    }
    Ok(prints)
}
