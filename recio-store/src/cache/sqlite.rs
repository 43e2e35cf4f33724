//! `SqliteCache`: a local cache in one SQLite file.

use super::{rows, schema};
use crate::sql::{Connect, Connection, Lane, Query, WRITE, store_error, transaction};
use async_trait::async_trait;
use recio_core::local_cache::{CacheUpdate, LocalCache, Remembered};
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{FeedAbout, PastPrices, Resolution, TimeRange};
use recio_core::store::StoreError;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a statement waits for another program that holds the file, such as a backup.
const BUSY: Duration = Duration::from_secs(2);
/// Files set aside that are told apart by number; the last one is overwritten from then on.
const SET_ASIDE: u32 = 20;

/// A [`LocalCache`] in one SQLite file.
///
/// WAL, synced at each commit (`synchronous = FULL`): for as long as the store is down, the file holds the only copy of facts such as decisions and
/// alarms, and one sync a second costs nothing. Beside `NAME` lie SQLite's `NAME-wal` and `NAME-shm`.
///
/// Dropped, it finishes what was handed over and closes in the background; [`SqliteCache::close`] waits for that.
#[derive(Debug)]
pub struct SqliteCache {
    path: PathBuf,
    lane: Lane,
}

/// A cache file that could not be used, and where it lies now.
#[derive(Debug)]
pub struct SetAside {
    /// Where it lies now.
    pub to: PathBuf,
    /// What was wrong with it.
    pub why: StoreError,
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the local cache could not be used ({}); it lies at {} now, and a new one was begun. Stops verify anew, and facts that waited in it for the \
             store are not in the new one",
            self.why,
            self.to.display()
        )
    }
}

impl SqliteCache {
    /// Opens the cache of an account, or makes it. A file that is damaged, foreign, of another version or of another owner is set aside first, and the
    /// second value says so: show it to a person.
    ///
    /// `owner` names whose trades these are, such as `sim:main`.
    ///
    /// # Errors
    /// The file can neither be used nor set aside nor made: a full disk, a folder that may not be written.
    pub async fn open(path: &Path, owner: &str) -> Result<(Self, Option<SetAside>), StoreError> {
        let why = match Self::open_as_it_is(path, owner).await {
            Ok(cache) => return Ok((cache, None)),
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            Err(error) => error,
        };
        let to = set_aside(path).map_err(|error| StoreError::Unavailable(error.into()))?;
        let cache = Self::open_as_it_is(path, owner).await?;
        Ok((cache, Some(SetAside { to, why })))
    }

    async fn open_as_it_is(path: &Path, owner: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let owner = owner.to_owned();
        let check = async move |connection: &mut Connection| {
            schema::prepare(connection, &owner).await?;
            // What a start will read is read once now: a row that is none is found here.
            rows::recall(connection).await.map(drop)
        };
        let lane = Lane::connect(File { options }).await?.checked_by(check).await?;
        Ok(Self { path: path.to_owned(), lane })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until all work handed over is done and the file is closed.
    pub async fn close(self) {
        self.lane.close().await;
    }
}

struct File {
    options: SqliteConnectOptions,
}

#[async_trait(?Send)]
impl Connect for File {
    async fn connect(&mut self) -> Result<Connection, StoreError> {
        let connection = self.options.connect().await.map(Connection::Sqlite).map_err(store_error)?;
        // A file that went away while a run used it is not begun anew behind its back.
        self.options = self.options.clone().create_if_missing(false);
        Ok(connection)
    }
}

#[async_trait]
impl LocalCache for SqliteCache {
    async fn recall(&self) -> Result<Remembered, StoreError> {
        self.lane.call(async |connection| rows::recall(connection).await).await
    }

    async fn keep(&self, update: Arc<CacheUpdate>) -> Result<(), StoreError> {
        self.lane
            .call(async move |connection| {
                transaction(connection, WRITE, async |connection| rows::keep(connection, &update).await).await
            })
            .await
    }

    async fn forget_head(&self) -> Result<(), StoreError> {
        let sql = "UPDATE cache SET head_sequence = NULL, head_hash = NULL WHERE id = 1";
        self.lane.call(async move |connection| Query::new(sql).execute(connection).await.map(drop)).await
    }
}

#[async_trait]
impl PastKeeper for SqliteCache {
    async fn past(
        &self,
        feed: &FeedAbout,
        range: TimeRange,
        resolution: Resolution,
    ) -> Result<Vec<PastPrices>, StoreError> {
        let asset = feed.asset;
        self.lane.call(async move |connection| rows::past(connection, asset, range, resolution).await).await
    }
}

/// Moves a cache with its companions out of the way.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let free = (1..SET_ASIDE).map(|number| format!(".aside-{number}")).find(|ending| !with(ending).exists());
    let ending = free.unwrap_or_else(|| format!(".aside-{SET_ASIDE}"));
    let to = with(&ending);
    std::fs::rename(path, &to)?;
    for companion in ["-wal", "-shm"] {
        // What the log holds goes with the file that it belongs to; a new file must not find it.
        match std::fs::rename(with(companion), with(&format!("{ending}{companion}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use recio_core::engine::{OpenTrade, StopState};
    use recio_core::fact::{Fact, FactBody};
    use recio_core::local_cache::{KeptBar, StoreHead};
    use recio_core::market::Asset;
    use recio_core::model::Bar;
    use recio_core::price_feed::{FeedAbout, PriceKind, PriceTick};
    use recio_core::trade::{CloseReason, TradeStatus};
    use recio_core::units::{AssetPrice, Money, Quantity, Timestamp};
    use std::time::Duration;

    fn about(source: &str, kind: PriceKind) -> FeedAbout {
        FeedAbout { source: source.to_owned(), asset: Asset::Btc, kind }
    }

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn bar(source: &str, kind: PriceKind, resolution: Resolution, second: i64) -> KeptBar {
        let price = |cents| AssetPrice::from_cents(cents).unwrap();
        let bar = Bar { start: time(second), open: price(200), high: price(300), low: price(100), close: price(250) };
        KeptBar { source: about(source, kind), resolution, bar }
    }

    fn open(id: &str, stop: StopState) -> OpenTrade {
        let fact = sample::trade(id, TradeStatus::Open, Quantity::contracts(2));
        let FactBody::Trade(trade) = fact.body else { panic!("a trade's fact holds a trade") };
        OpenTrade { trade, stop }
    }

    fn waiting(places: std::ops::Range<u64>) -> Vec<(u64, Fact)> {
        places.map(|place| (place, sample::alarm(place, "x"))).collect()
    }

    fn update(second: i64) -> CacheUpdate {
        let tick = PriceTick { price: AssetPrice::from_cents(8_000_000).unwrap(), exchange_time: time(second) };
        CacheUpdate {
            time: time(second),
            ticks: vec![(about("BRTI", PriceKind::Index), tick)],
            ..CacheUpdate::default()
        }
    }

    async fn whole(cache: &dyn LocalCache) -> String {
        let day = TimeRange { from: time(0), to: time(1_000_000) };
        let btc = about("BRTI", PriceKind::Index);
        let seconds = cache.past(&btc, day, Resolution::Second).await.unwrap();
        let minutes = cache.past(&btc, day, Resolution::Minute).await.unwrap();
        format!("{:#?}\n{seconds:#?}\n{minutes:#?}", cache.recall().await.unwrap())
    }

    #[tokio::test]
    async fn a_file_and_memory_remember_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let (file, aside) = SqliteCache::open(&path, "sim:main").await.unwrap();
        assert!(aside.is_none());
        let memory = crate::MemoryCache::new();
        let (index, median) = (("BRTI", PriceKind::Index), ("median", PriceKind::StandIn));
        let updates = [
            CacheUpdate {
                trades: vec![
                    open("b", StopState::Watching),
                    open("a", StopState::Closing { why: CloseReason::MomentumStop }),
                ],
                balance: Some((Money::dollars(7), time(100))),
                head: Some(StoreHead { sequence: 3, hash: [5; 32] }),
                bars: vec![
                    bar(median.0, median.1, Resolution::Second, 101),
                    bar(index.0, index.1, Resolution::Second, 100),
                    bar(index.0, index.1, Resolution::Minute, 60),
                ],
                waiting: waiting(4..8),
                ..update(100)
            },
            // The newest counts; what is not told stays; what is stored goes.
            CacheUpdate {
                trades: vec![open("a", StopState::Verifying { below_for: Duration::from_millis(7_250) })],
                waiting: waiting(8..9),
                stored_before: 6,
                ..update(101)
            },
            // An hour later the seconds are gone, the minutes are not.
            CacheUpdate {
                bars: vec![bar(index.0, index.1, Resolution::Minute, 3_660)],
                stored_before: 6,
                ..update(3_720)
            },
        ];
        for update in updates {
            let update = Arc::new(update);
            file.keep(Arc::clone(&update)).await.unwrap();
            memory.keep(update).await.unwrap();
            assert_eq!(whole(&file).await, whole(&memory).await);
        }
        let before = whole(&file).await;
        file.close().await;
        let (again, aside) = SqliteCache::open(&path, "sim:main").await.unwrap();
        assert!(aside.is_none());
        assert_eq!(whole(&again).await, before);
        let remembered = again.recall().await.unwrap();
        assert_eq!(remembered.waiting, waiting(6..9));
        assert_eq!((remembered.trades.len(), remembered.written_time), (0, Some(time(3_720))));
        assert_eq!(remembered.balance, Some((Money::dollars(7), time(100))));
        assert_eq!(remembered.head, Some(StoreHead { sequence: 3, hash: [5; 32] }));
        again.forget_head().await.unwrap();
        memory.forget_head().await.unwrap();
        assert_eq!(again.recall().await.unwrap(), Remembered { head: None, ..remembered });
        assert_eq!(whole(&again).await, whole(&memory).await);
    }

    #[tokio::test]
    async fn a_file_that_is_no_cache_of_ours_is_set_aside_and_keeps_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let damage: [(&str, &str); 4] = [
            ("UPDATE cache SET owner = 'kalshi:other'", "cache of kalshi:other"),
            ("PRAGMA user_version = 9", "schema version 9"),
            ("PRAGMA application_id = 1", "another program"),
            ("INSERT INTO waiting_facts VALUES (7, 'k', 1, '{')", "EOF"),
        ];
        for (number, (sql, says)) in (1..).zip(damage) {
            let (cache, _) = SqliteCache::open(&path, "sim:main").await.unwrap();
            cache.keep(Arc::new(CacheUpdate { waiting: waiting(0..2), ..update(1) })).await.unwrap();
            cache.lane.call(async move |connection| Query::new(sql).execute(connection).await).await.unwrap();
            cache.close().await;
            let (cache, aside) = SqliteCache::open(&path, "sim:main").await.unwrap();
            let aside = aside.expect("it cannot be used");
            assert!(aside.to_string().contains(says), "{aside}");
            assert!(aside.to.ends_with(format!("cache.db.aside-{number}")) && aside.to.is_file());
            assert!(cache.recall().await.unwrap().waiting.is_empty());
            cache.close().await;
        }
        std::fs::write(&path, "no database at all, but long enough to be read as the header of one: it is not\n")
            .unwrap();
        let (cache, aside) = SqliteCache::open(&path, "sim:main").await.unwrap();
        assert!(std::fs::read_to_string(aside.unwrap().to).unwrap().starts_with("no database"));
        cache.close().await;
    }

    #[tokio::test]
    async fn a_full_disk_and_a_read_only_file_pass_and_nothing_is_kept_by_halves() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, _) = SqliteCache::open(&folder.path().join("cache.db"), "sim:main").await.unwrap();
        cache.keep(Arc::new(update(1))).await.unwrap();
        let many: Vec<_> = (0..400).map(|place| (place, sample::alarm(place, &"x".repeat(1_000)))).collect();
        let large = Arc::new(CacheUpdate { waiting: many, ..update(2) });
        for (hurdle, gone) in [
            ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"),
            ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        ] {
            let pragma = async |sql: &'static str| {
                cache
                    .lane
                    .call(async move |connection| Query::new(sql).fetch_optional(connection).await.map(drop))
                    .await
            };
            pragma(hurdle).await.unwrap();
            let answer = cache.keep(Arc::clone(&large)).await;
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{hurdle}: {answer:?}");
            assert_eq!(cache.recall().await.unwrap().written_time, Some(time(1)), "{hurdle}");
            pragma(gone).await.unwrap();
        }
        cache.keep(large).await.unwrap();
        assert_eq!(cache.recall().await.unwrap().waiting.len(), 400);
    }
}
