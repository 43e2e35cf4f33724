//! The shells around the engine: they act on its wishes and tell it what came of them.
//!
//! [`Pipeline`] drives one engine over live or simulated sources; [`replay`] drives one over the recorded inputs of an earlier run.

mod bar_keeper;
mod builder;
mod cache_lane;
mod clock;
mod command_lane;
mod conductor;
mod feed_seats;
mod input_log;
mod jobs;
mod journal;
mod keeping;
mod lockstep;
mod observer;
mod paper;
mod replay;
mod seats;
mod settings_lane;
mod settlement_numbers;
mod shadow;
mod shared_journal;
mod shell;
mod store_lane;

pub use bar_keeper::BarKeeper;
pub use builder::{BuildError, Pipeline, PipelineBuilder};
pub use clock::{Clock, PacedClock, SteppedClock, SystemClock};
pub use conductor::{Conductor, Step};
pub use input_log::{InputLog, InputLogError, InputLogReader, LoggedInput, SegmentHeader};
pub use journal::{Journal, JournalEntry, JournalError};
pub use observer::Observer;
pub use paper::{BookTiming, PaperError, PaperTerms, PaperVenue};
pub use replay::{ReplayError, ReplayOptions, ReplayReport, replay};
pub use shared_journal::SharedJournal;
pub use shell::{EndReason, Ended, NOTICES, PipelineError};
