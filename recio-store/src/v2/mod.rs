//! REC.IO v2 brought along: its history taken over, and its tables' names kept alive.
//!
//! [`import`] reads v2's PostgreSQL database and its SQLite files, and keeps every record as a fact of a kind of its own
//! ([`FactBody::Imported`](recio_core::fact::FactBody::Imported)), with its words as they were beside what they mean in exact units. They are no
//! fills, orders or trades of recio's: v2 copied only the newest fifty rows of each list, booked fills by ticker and rounded in floats, so no
//! books can be opened on them, and a running engine must never take one of its trades for an open one. Prices become observations.
//!
//! Read whole, row by row, nothing is left out: what cannot be understood is kept as text, and said ([`Findings`]).
//!
//! `recio db adopt-v2` (PostgreSQL alone) moves v2's tables aside and puts views under their names.

#[cfg(feature = "postgres")]
mod adopt;
mod eastern;
mod exact;
mod finding;
mod import;
mod merge;
mod prices;
mod report;
mod row;
mod settings;
mod source;
mod tables;

#[cfg(feature = "postgres")]
pub use adopt::{AdoptAction, AdoptError, AdoptOptions, AdoptReport, Moved, adopt};
pub use eastern::How;
pub use exact::Exact;
pub use finding::{Finding, Findings, Found, Problem};
pub use import::{ImportError, ImportOptions, import, import_into};
pub use prices::{PriceLog, PriceRow, PriceSums};
pub use report::{ImportReport, LeftTable, PricesReport, SumLine, TableReport};
pub use settings::{Proposal, Taken};
pub use source::{Role, SourceError, V2Source, V2Table};
pub use tables::Measure;
