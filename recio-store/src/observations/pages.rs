//! All observations of a stretch of time, a page at a time.

use recio_core::price_feed::TimeRange;
use recio_core::store::StoreError;
use recio_core::units::Timestamp;

/// Rows read at a time.
pub(crate) const PAGE: u32 = 10_000;
/// Strike tables read at a time: each has some forty strikes.
pub(crate) const TABLES: u32 = 500;
/// More observations of one source within one microsecond are no observations.
const MAX_PAGE: u32 = 1_000_000;

/// How far the reading of a stretch has come.
pub(crate) struct Pages {
    range: TimeRange,
    page: u32,
    limit: u32,
    ended: bool,
}

impl Pages {
    pub(crate) const fn new(range: TimeRange, page: u32) -> Self {
        Self { range, page, limit: page, ended: false }
    }

    /// The next observations, oldest first, each once; `None` at the end.
    pub(crate) async fn next<T>(
        &mut self,
        time: impl Fn(&T) -> Timestamp,
        read: impl AsyncFn(TimeRange, u32) -> Result<Vec<T>, StoreError>,
    ) -> Result<Option<Vec<T>>, StoreError> {
        while !self.ended {
            let mut found = read(self.range, self.limit).await?;
            self.ended = found.len() < self.limit as usize;
            if !self.ended {
                // More of the last moment may follow: it is read again from its beginning.
                let last = found.last().map(&time);
                found.retain(|one| Some(time(one)) != last);
                self.range.from = last.unwrap_or(self.range.to);
            }
            if !found.is_empty() {
                self.limit = self.page;
                return Ok(Some(found));
            }
            if !self.ended && self.limit >= MAX_PAGE {
                let what = format!("there are more than {MAX_PAGE} observations at {}", self.range.from);
                return Err(StoreError::Unavailable(what.into()));
            }
            self.limit = self.limit.saturating_mul(10);
        }
        Ok(None)
    }
}
