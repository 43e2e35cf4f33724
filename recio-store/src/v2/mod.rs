//! REC.IO v2 brought along: its history taken over, and its tables' names kept alive.
//!
//! [`import`] reads v2's PostgreSQL database and its SQLite files, and keeps every record as a fact of a kind of its own
//! ([`FactBody::Imported`](recio_core::fact::FactBody::Imported)), with its words as they were beside what they mean in exact units. They are no
//! fills, orders or trades of recio's: v2 copied only the newest fifty rows of each list, booked fills by ticker and rounded in floats, so no
//! books can be opened on them, and a running engine must never take one of its trades for an open one. Prices become observations.
//!
//! Read whole, row by row, nothing is left out: what cannot be understood is kept as text, and said ([`Findings`]).
//!
//! # The views
//!
//! `recio db adopt-v2` (PostgreSQL alone) moves v2's tables aside and puts views under their names, for reading. v2's services have to be stopped
//! before: the views do not tell them to do anything (`auto_entry` is off, `auto_stop` is nothing), but they were never made to share an account.
//!
//! Rows that were imported have every column as v2 had it. In recio's own rows these are NULL:
//!
//! | view | columns | why |
//! |---|---|---|
//! | `users.trades_0001` | `volatility`, `momentum_delta` | v2 did not say what they are |
//! | | `momentum`, `symbol_close` | only where no decision, and no strike table of the last minute of the trade, was kept |
//! | `users.active_trades_0001` | `notes` | there are none |
//! | | `current_symbol_price`, `current_probability`, `buffer_from_entry`, `current_close_price`, `current_pnl` | only where no strike table of the event was kept, or the strike had no price or no opinion |
//! | `users.orders_0001` | `expiration_time`, `order_group_id` | recio's orders have none |
//! | | `queue_position`, `self_trade_prevention_type` | not kept |
//! | `users.fills_0001`, `orders_0001`, `positions_0001`, `settlements_0001` | `raw_json` | recio keeps facts, not the exchange's answers |
//! | `users.trade_logs_0001` | `ticket_id` | of alarms, which are of no trade |
//! | `users.auto_trade_settings_0001` | `auto_stop` | see above; stops are recio's own |
//! | `users.user_info_0001`, `master_users` | `password_hash` | shown to nobody |
//! | `live_data.live_price_log_1s_*` | `one_minute_avg`, `momentum`, `delta_*` | before the newest ten minutes; readers ask for the newest row |
//! | `live_data.market_kalshi_*` | `last_price`, `volume_24h`, `open_interest`, `liquidity` | not in a strike table |
//! | `historical_data.*_price_history` | `volume`, `momentum` | recio's bars have neither |
//! | `system.health_status` | `cpu_percent`, `memory_percent`, `disk_percent`, `supervisor_status` | not observed |
//!
//! `market_title` is the event's ticker. `live_data.market_data` and `websocket_market_data` have no rows: v2 had left them behind itself.
//! Tables that recio does not know (the fingerprints by bucket, among others) stay where they are.

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
mod sums;
mod tables;

#[cfg(feature = "postgres")]
pub use adopt::{AdoptAction, AdoptError, AdoptOptions, AdoptReport, AdoptSettings, Moved, adopt};
pub use eastern::How;
pub use exact::Exact;
pub use finding::{Finding, Findings, Found, Problem};
pub use import::{ImportError, ImportOptions, import, import_into};
pub use prices::{PriceLog, PriceRow, PriceSums};
pub use report::{ImportProgress, ImportReport, LeftTable, PricesReport, SumLine, TableReport};
pub use settings::{Proposal, Taken};
pub use source::{Role, SourceError, V2Source, V2Table};
pub use tables::Measure;
