use super::*;
use async_trait::async_trait;
use recio_core::engine::{EventView, Health, Input, Output, Role, ServiceHealth, Wish};
use recio_core::market::{Asset, Family};
use recio_core::price_feed::{FeedAbout, PriceEvent, PriceKind, PriceTick, Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::{AssetPrice, EventTicker, Monotonic, Now, Timestamp};
use recio_store::{
    MemoryStore, Observation, ObservationKind, ObservedBar, ObservedHealth, ObservedSources, ObservedStrikeTable,
    ObservedTick,
};
use std::sync::Mutex;

const ALL: TimeRange = TimeRange { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };

fn at(second: i64) -> Now {
    let wall = Timestamp::from_second(1_577_836_800 + second).unwrap();
    Now { wall, mono: Monotonic(u64::try_from(second).unwrap() * 1_000_000_000) }
}

fn price(second: i64) -> Input {
    let feed = FeedAbout { source: "BRTI".to_owned(), asset: Asset::Btc, kind: PriceKind::Index };
    let cents = u64::try_from(8_000_000 + second).unwrap();
    let tick = PriceTick { price: AssetPrice::from_cents(cents).unwrap(), exchange_time: at(second).wall };
    Input::Price { feed, event: PriceEvent::Tick(tick) }
}

fn table(event: &str, second: i64) -> Output {
    let view = EventView::new(
        "none".parse().unwrap(),
        "KXBTC15M".parse().unwrap(),
        event.parse().unwrap(),
        (Asset::Btc, Family::QuarterHour),
        at(second).wall,
        at(900).wall,
    );
    Output { role: Role::Coordinator, wish: Wish::Publish(Arc::new(view)) }
}

fn health(detail: &str) -> Output {
    let one = ServiceHealth { service: Role::PriceWatchdog, health: Health::Degraded, detail: detail.to_owned() };
    Output { role: Role::Coordinator, wish: Wish::Health(vec![one]) }
}

/// A run of so many seconds, as an observer sees it: a price and a table of two events each second.
fn see(observer: &mut impl Observer, seconds: std::ops::Range<i64>) {
    for second in seconds {
        observer.heard(at(second), &price(second));
        observer.wished(at(second), &table("A", second));
        observer.wished(at(second), &table("B", second));
    }
}

/// A store that does what a test wants: it takes, is away, refuses, or never answers.
#[derive(Default)]
struct Server {
    store: MemoryStore,
    mood: Mutex<Mood>,
    asked: Mutex<u32>,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Takes,
    Away,
    Refuses,
    Silent,
}

impl Server {
    fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

#[async_trait]
impl Observations for Server {
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError> {
        *self.asked.lock().unwrap() += 1;
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Takes => self.store.observe(observations).await,
            Mood::Away => Err(StoreError::Unavailable("connection refused".into())),
            Mood::Refuses => Err(StoreError::Unsupported("keep that")),
            Mood::Silent => std::future::pending().await,
        }
    }
    async fn ticks(
        &self,
        asset: Asset,
        of: &str,
        range: TimeRange,
        most: u32,
    ) -> Result<Vec<ObservedTick>, StoreError> {
        self.store.ticks(asset, of, range, most).await
    }
    async fn bars(
        &self,
        asset: Asset,
        of: &str,
        resolution: Resolution,
        range: TimeRange,
        most: u32,
    ) -> Result<Vec<ObservedBar>, StoreError> {
        self.store.bars(asset, of, resolution, range, most).await
    }
    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        most: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        self.store.strike_tables(event, range, most).await
    }
    async fn all_strike_tables(&self, range: TimeRange, most: u32) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        self.store.all_strike_tables(range, most).await
    }
    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError> {
        self.store.health().await
    }
    async fn all_health(&self, range: TimeRange, most: u32) -> Result<Vec<ObservedHealth>, StoreError> {
        self.store.all_health(range, most).await
    }
    async fn sources(&self) -> Result<ObservedSources, StoreError> {
        self.store.sources().await
    }
    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
        self.store.forget_before(kind, time).await
    }
}

fn keeper() -> (Arc<Server>, ObservationKeeper) {
    let server = Arc::new(Server::default());
    let keeper = ObservationKeeper::start(server.clone(), "sim:main", ObservingOptions::default());
    (server, keeper)
}

async fn ticks(server: &Server) -> usize {
    server.ticks(Asset::Btc, "BRTI", ALL, u32::MAX).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn ticks_and_bars_are_kept_whole_and_tables_at_their_pace() {
    let (server, keeper) = keeper();
    let mut observer = keeper.observer();
    see(&mut observer, 0..61);
    observer.wished(at(61), &health("late"));
    assert_eq!(*server.asked.lock().unwrap(), 0, "the run's own path writes nothing");
    let counts = keeper.finish().await;
    assert_eq!((counts.dropped, counts.left), (0, 0));
    assert_eq!(ticks(&server).await, 61);
    let bars = async |resolution| server.bars(Asset::Btc, "BRTI", resolution, ALL, u32::MAX).await.unwrap().len();
    assert_eq!((bars(Resolution::Second).await, bars(Resolution::Minute).await), (60, 1), "the last are not over");
    for event in ["A", "B"] {
        let tables = server.strike_tables(&event.parse().unwrap(), ALL, u32::MAX).await.unwrap();
        let times: Vec<_> = tables.iter().rev().map(|table| table.time.as_second() - at(0).wall.as_second()).collect();
        assert_eq!(times, [0, 10, 20, 30, 40, 50, 60], "{event}");
    }
    let told = server.health().await.unwrap();
    let told: Vec<_> =
        told.iter().map(|one| (one.service.as_str(), one.instance.as_str(), one.detail.as_str())).collect();
    assert_eq!(told, [("price_watchdog", "sim:main", "late")]);
    assert_eq!(counts.written, 61 + 60 + 1 + 14 + 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_while_the_store_is_away_comes_when_it_is_back() {
    let (server, keeper) = keeper();
    let mut observer = keeper.observer();
    server.becomes(Mood::Away);
    see(&mut observer, 0..100);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let asked = *server.asked.lock().unwrap();
    assert!((5..30).contains(&asked), "again and again, and ever more seldom: {asked}");
    see(&mut observer, 100..120);
    assert!(keeper.counts().left > 120 && ticks(&server).await == 0);
    server.becomes(Mood::Takes);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((ticks(&server).await, keeper.counts().left, keeper.counts().dropped), (120, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_full_drops_the_oldest_and_counts_them() {
    let (server, keeper) = keeper();
    let mut observer = keeper.observer();
    server.becomes(Mood::Away);
    // Of each second a tick and, but for the last, a bar: far more than the line holds.
    for second in 0..110_000 {
        observer.heard(at(second), &price(second));
    }
    let counts = keeper.counts();
    assert_eq!(counts.left, 200_000);
    assert!(counts.dropped > 0);
    server.becomes(Mood::Takes);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let kept = server.ticks(Asset::Btc, "BRTI", ALL, u32::MAX).await.unwrap();
    assert_eq!(kept.last().unwrap().tick.exchange_time, at(109_999).wall, "the newest are there");
    assert!(kept.first().unwrap().tick.exchange_time > at(0).wall, "the oldest are not");
    let end = keeper.finish().await;
    assert_eq!((end.left, end.dropped), (0, counts.dropped));
}

#[tokio::test(start_paused = true)]
async fn what_the_store_refuses_is_counted_and_holds_nothing_up() {
    let (server, keeper) = keeper();
    let mut observer = keeper.observer();
    server.becomes(Mood::Refuses);
    observer.heard(at(0), &price(0));
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.becomes(Mood::Takes);
    observer.heard(at(1), &price(1));
    let counts = keeper.finish().await;
    assert_eq!((ticks(&server).await, counts.dropped, counts.left), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_no_store_that_does_not_answer() {
    for mood in [Mood::Silent, Mood::Away] {
        let (server, keeper) = keeper();
        let mut observer = keeper.observer();
        server.becomes(mood);
        see(&mut observer, 0..30);
        let began = tokio::time::Instant::now();
        let counts = keeper.finish().await;
        assert!(began.elapsed() <= FINISH_WITHIN);
        assert!(counts.left >= 30 && counts.written == 0, "{counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_its_days_is_forgotten_once_a_day() {
    let (server, keeper) = keeper();
    let mut observer = keeper.observer();
    // 181 days before the newest price, and just within its days.
    see(&mut observer, 0..1);
    see(&mut observer, 86_400 * 10..86_400 * 10 + 1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(ticks(&server).await, 2);
    tokio::time::sleep(Duration::from_secs(601)).await;
    see(&mut observer, 86_400 * 182..86_400 * 182 + 1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    let left = server.ticks(Asset::Btc, "BRTI", ALL, u32::MAX).await.unwrap();
    let left: Vec<_> = left.iter().map(|tick| tick.tick.exchange_time).collect();
    assert_eq!(left, [at(86_400 * 10).wall, at(86_400 * 182).wall]);
}
