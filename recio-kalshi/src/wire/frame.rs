//! A frame of the WebSocket, read in one pass: `type` decides how `msg` is read while the reader stands at it. Changes of books, of which there
//! are a hundred for every other frame, have a way of their own (`delta_frame`).

use super::Text;
use super::frame_bodies::{
    CommandError, DeltaMessage, EventFeeUpdateMessage, EventLifecycleMessage, FastIndexMessage, FillMessage,
    IndexValueMessage, LifecycleMessage, OkMessage, OrderGroupMessage, PositionMessage, SnapshotMessage,
    SubscribedMessage, TickerMessage, TradeMessage, UserOrderMessage,
};
use super::object::{Strictly, read_text};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData};

/// One text frame from the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The subscription it belongs to.
    pub sid: Option<u64>,
    /// Its number within the subscription, on channels that count.
    pub seq: Option<u64>,
    /// The command it answers.
    pub id: Option<u64>,
    /// When the exchange queued it, in Unix milliseconds.
    pub sending_ts_ms: Option<i64>,
    /// What it says.
    pub body: FrameBody<'a>,
}

/// What a frame says, by its `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameBody<'a> {
    /// `subscribed`: a channel has its subscription id.
    Subscribed(SubscribedMessage),
    /// `ok`: a subscription was changed.
    Ok(OkMessage),
    /// `unsubscribed`: a subscription has ended.
    Unsubscribed,
    /// `error`: a command failed, or a subscription died.
    Error(CommandError),
    /// `orderbook_snapshot`: a whole book.
    Snapshot(SnapshotMessage<'a>),
    /// `orderbook_delta`: one changed level.
    Delta(DeltaMessage<'a>),
    /// `ticker`: a market's summary.
    Ticker(TickerMessage<'a>),
    /// `trade`: a print.
    Trade(TradeMessage<'a>),
    /// `market_lifecycle_v2`: a market's life.
    Lifecycle(Box<LifecycleMessage<'a>>),
    /// `event_lifecycle`: an event was made.
    EventLifecycle(EventLifecycleMessage<'a>),
    /// `event_fee_update`: an event's fees differ from its series'.
    EventFeeUpdate(EventFeeUpdateMessage<'a>),
    /// `fill`: one of our orders was executed.
    Fill(Box<FillMessage<'a>>),
    /// `user_order`: one of our orders changed.
    UserOrder(Box<UserOrderMessage<'a>>),
    /// `market_position`: one of our positions changed.
    Position(Box<PositionMessage<'a>>),
    /// `cfbenchmarks_value`: a print of the settlement index.
    IndexValue(Box<IndexValueMessage<'a>>),
    /// `cfbenchmarks_value_5hz`: a print of the settlement index, of five a second.
    FastIndexValue(Box<FastIndexMessage<'a>>),
    /// `order_group_updates`: one of our order groups changed.
    OrderGroup(OrderGroupMessage<'a>),
    /// A type that recio does not use.
    Other(Text<'a>),
}

/// A frame that is not what the API describes. It stands for nothing: no price, no order follows from it.
#[derive(Debug, thiserror::Error)]
#[error("cannot read a frame: {error}: `{start}`")]
pub struct FrameError {
    start: String,
    error: serde_json::Error,
}

/// The outside of a frame whose `msg` cannot be read: enough to keep count of its subscription.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FrameHead<'a> {
    /// Its type.
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    /// The subscription it belongs to.
    #[serde(default)]
    pub sid: Option<u64>,
    /// Its number within the subscription.
    #[serde(default)]
    pub seq: Option<u64>,
}

impl<'a> Frame<'a> {
    /// Reads a text frame; a trailing line break is fine.
    ///
    /// # Errors
    /// Not JSON, a required field is missing, or one is of another kind. Unknown keys and types are no errors.
    pub fn parse(text: &'a [u8]) -> Result<Self, FrameError> {
        // Asking once whether all of it is UTF-8 is faster than serde_json's asking for each string. What is not gets serde_json's own words.
        let read = match std::str::from_utf8(text) {
            Ok(text) => match super::delta_frame::read(text) {
                Some(frame) => return Ok(frame),
                None => serde_json::from_str(text),
            },
            Err(_) => serde_json::from_slice(text),
        };
        read.map_err(|error| {
            let start = String::from_utf8_lossy(&text[..text.len().min(480)]);
            FrameError { start: start.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect(), error }
        })
    }

    /// A frame of a subscription, for a simulator to send.
    #[must_use]
    pub const fn new(sid: u64, seq: Option<u64>, body: FrameBody<'a>) -> Self {
        Self { sid: Some(sid), seq, id: None, sending_ts_ms: None, body }
    }

    /// When the exchange sent it, or made what it tells, in Unix milliseconds; `None` where it does not say so in a number.
    #[must_use]
    pub const fn sent_ms(&self) -> Option<i64> {
        match (self.sending_ts_ms, &self.body) {
            (Some(time), _) => Some(time),
            (None, FrameBody::Delta(delta)) => delta.ts_ms,
            (None, FrameBody::IndexValue(print)) => Some(print.received_at),
            (None, _) => None,
        }
    }

    /// The text that goes over the wire.
    ///
    /// # Errors
    /// Never for a frame of sound parts; serde_json's signature has an error.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl<'a> FrameHead<'a> {
    /// Reads the outside of a frame; `None` where there is none.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

impl FrameBody<'_> {
    /// The frame's `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Subscribed(_) => "subscribed",
            Self::Ok(_) => "ok",
            Self::Unsubscribed => "unsubscribed",
            Self::Error(_) => "error",
            Self::Snapshot(_) => "orderbook_snapshot",
            Self::Delta(_) => "orderbook_delta",
            Self::Ticker(_) => "ticker",
            Self::Trade(_) => "trade",
            Self::Lifecycle(_) => "market_lifecycle_v2",
            Self::EventLifecycle(_) => "event_lifecycle",
            Self::EventFeeUpdate(_) => "event_fee_update",
            Self::Fill(_) => "fill",
            Self::UserOrder(_) => "user_order",
            Self::Position(_) => "market_position",
            Self::IndexValue(_) => "cfbenchmarks_value",
            Self::FastIndexValue(_) => "cfbenchmarks_value_5hz",
            Self::OrderGroup(_) => "order_group_updates",
            Self::Other(kind) => kind,
        }
    }

    /// Reads `msg` as what `kind` says it is; `next` is where it is read from.
    fn read<'de: 'a, 'a, E>(kind: Text<'a>, next: impl ReadMessage<'de, Error = E>) -> Result<FrameBody<'a>, E> {
        Ok(match kind.as_str() {
            "orderbook_delta" => FrameBody::Delta(next.read()?),
            "orderbook_snapshot" => FrameBody::Snapshot(next.read()?),
            "ticker" => FrameBody::Ticker(next.read()?),
            "trade" => FrameBody::Trade(next.read()?),
            "cfbenchmarks_value" => FrameBody::IndexValue(next.read()?),
            "cfbenchmarks_value_5hz" => FrameBody::FastIndexValue(next.read()?),
            "order_group_updates" => FrameBody::OrderGroup(next.read()?),
            "fill" => FrameBody::Fill(next.read()?),
            "user_order" => FrameBody::UserOrder(next.read()?),
            "market_position" => FrameBody::Position(next.read()?),
            "market_lifecycle_v2" => FrameBody::Lifecycle(next.read()?),
            "event_lifecycle" => FrameBody::EventLifecycle(next.read()?),
            "event_fee_update" => FrameBody::EventFeeUpdate(next.read()?),
            "subscribed" => FrameBody::Subscribed(next.read()?),
            "ok" => FrameBody::Ok(next.read()?),
            "error" => FrameBody::Error(next.read()?),
            "unsubscribed" => {
                next.read::<IgnoredAny>()?;
                FrameBody::Unsubscribed
            }
            _ => {
                next.read::<IgnoredAny>()?;
                FrameBody::Other(kind)
            }
        })
    }
}

/// The place a message is read from: the reader itself, or the raw text where `msg` came before `type`.
trait ReadMessage<'de> {
    type Error;
    fn read<T: Deserialize<'de>>(self) -> Result<T, Self::Error>;
}

struct AtValue<'m, A>(&'m mut A);
struct FromRaw<'de>(&'de RawValue);

impl<'de, A: MapAccess<'de>> ReadMessage<'de> for AtValue<'_, A> {
    type Error = A::Error;
    fn read<T: Deserialize<'de>>(self) -> Result<T, A::Error> {
        self.0.next_value_seed(Strictly(PhantomData))
    }
}

impl<'de> ReadMessage<'de> for FromRaw<'de> {
    type Error = serde_json::Error;
    fn read<T: Deserialize<'de>>(self) -> Result<T, serde_json::Error> {
        read_text(self.0.get())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Type,
    Sid,
    Seq,
    Id,
    Msg,
    SendingTsMs,
    #[serde(other)]
    Unknown,
}

impl<'de: 'a, 'a> Deserialize<'de> for Frame<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FrameVisitor(PhantomData))
    }
}

struct FrameVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for FrameVisitor<'a> {
    type Value = Frame<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame with a `type`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Frame<'a>, A::Error> {
        let (mut sid, mut seq, mut id, mut sending_ts_ms) = (None, None, None, None);
        let mut kind: Option<Text<'a>> = None;
        let mut early: Option<&'de RawValue> = None;
        let mut body = None;
        while let Some(key) = map.next_key()? {
            match key {
                Key::Type => kind = Some(map.next_value()?),
                Key::Sid => sid = map.next_value()?,
                Key::Seq => seq = map.next_value()?,
                Key::Id => id = map.next_value()?,
                Key::SendingTsMs => sending_ts_ms = map.next_value()?,
                Key::Msg => match kind.take() {
                    Some(known) => {
                        body = Some(FrameBody::read(known.clone(), AtValue(&mut map))?);
                        kind = Some(known);
                    }
                    None => early = Some(map.next_value()?),
                },
                Key::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("type"))?;
        let body = match (body, early) {
            (Some(body), _) => body,
            (None, Some(raw)) => FrameBody::read(kind, FromRaw(raw)).map_err(A::Error::custom)?,
            // Without a message only these two say anything.
            (None, None) => match FrameBody::read(kind, Absent) {
                Ok(body) => body,
                Err(Absent) => return Err(A::Error::missing_field("msg")),
            },
        };
        Ok(Frame { sid, seq, id, sending_ts_ms, body })
    }
}

/// Where no message came at all: good enough for what ignores its message.
struct Absent;

impl<'de> ReadMessage<'de> for Absent {
    type Error = Self;
    fn read<T: Deserialize<'de>>(self) -> Result<T, Self> {
        T::deserialize(serde::de::value::UnitDeserializer::<serde::de::value::Error>::new()).map_err(|_| Self)
    }
}

impl Serialize for Frame<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.body.kind())?;
        for (name, value) in [("id", self.id), ("sid", self.sid), ("seq", self.seq)] {
            if let Some(value) = value {
                map.serialize_entry(name, &value)?;
            }
        }
        match &self.body {
            FrameBody::Subscribed(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Ok(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Error(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Snapshot(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Delta(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Ticker(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Trade(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Lifecycle(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::EventLifecycle(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::EventFeeUpdate(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Fill(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::UserOrder(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Position(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::IndexValue(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::FastIndexValue(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::OrderGroup(msg) => map.serialize_entry("msg", msg)?,
            FrameBody::Unsubscribed | FrameBody::Other(_) => {}
        }
        if let Some(time) = self.sending_ts_ms {
            map.serialize_entry("sending_ts_ms", &time)?;
        }
        map.end()
    }
}
