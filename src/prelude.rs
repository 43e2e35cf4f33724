//! What the file of a strategy needs, in one line: `use recio::prelude::*;`.

pub use async_trait::async_trait;
pub use recio_core::engine::{EventView, Reason, StrikeView};
pub use recio_core::market::Side;
pub use recio_core::model::Fair;
pub use recio_core::read::BoxError;
pub use recio_core::strategy::{Decision, Strategy};
pub use recio_core::trade::{Fill, Trade};
pub use recio_core::units::{Money, Price, Probability, Quantity};
#[cfg(feature = "pipeline")]
pub use tokio_util::sync::CancellationToken;

#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub use crate::{
    demo::{DemoOptions, demo},
    session::Watch,
};
