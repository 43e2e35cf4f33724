use super::*;
use recio_core::pipeline::SteppedClock;
use recio_core::price_feed::PriceKind;
use recio_core::units::AssetPrice;
use tokio::sync::mpsc::UnboundedSender;

/// 2026-05-11T12:09:00Z and so many milliseconds.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_778_501_340_000 + millis).unwrap()
}

fn tick(millis: i64, cents: u64) -> PriceTick {
    PriceTick { price: AssetPrice::from_cents(cents).unwrap(), exchange_time: at(millis) }
}

fn subject(simulated: bool) -> BasisSubject {
    BasisSubject {
        asset: Asset::Btc,
        index: "BRTI".to_owned(),
        spot: "median".to_owned(),
        sources: ["coinbase", "kraken"].map(str::to_owned).into(),
        simulated,
    }
}

/// Measured over 20 minutes: the index 10 and 12 dollars above spot in turn.
fn figure() -> BasisFigure {
    let mut pairing = BasisPairing::new(config(Asset::Btc));
    for minute in 0..20 {
        pairing.on_spot(&PriceEvent::Tick(tick(minute * 60_000 - 500, 8_000_000)));
        assert!(pairing.on_index(tick(minute * 60_000, 8_001_000 + 200 * u64::try_from(minute % 2).unwrap())));
    }
    pairing.figure(at(20 * 60_000))
}

fn record() -> BasisRecord {
    BasisRecord::of(&figure(), &subject(false)).unwrap()
}

#[test]
fn a_print_is_paired_with_the_last_spot_price_of_about_its_time() {
    let mut pairing = BasisPairing::new(config(Asset::Btc));
    assert!(!pairing.on_index(tick(0, 8_001_000)), "there is no spot price");
    pairing.on_spot(&PriceEvent::Tick(tick(900, 8_000_000)));
    assert!(!pairing.on_index(tick(3_000, 8_001_000)), "2.1 s are too far apart");
    pairing.on_spot(&PriceEvent::Tick(tick(3_900, 8_000_500)));
    pairing.on_spot(&PriceEvent::Heartbeat);
    assert!(pairing.on_index(tick(4_000, 8_001_500)));
    assert!(!pairing.on_index(tick(5_000, 8_001_500)), "one a minute");
    pairing.on_spot(&PriceEvent::Tick(tick(63_900, 8_000_500)));
    pairing.on_spot(&PriceEvent::Disconnected { reason: "cut".to_owned() });
    assert!(!pairing.on_index(tick(64_000, 8_001_500)), "the median is gone");
    pairing.on_spot(&PriceEvent::Connected);
    assert!(!pairing.on_index(tick(65_000, 8_001_500)), "its old price does not come back with it");
    pairing.on_spot(&PriceEvent::Tick(tick(65_100, 8_000_500)));
    assert!(pairing.on_index(tick(66_000, 8_001_500)));
    assert_eq!(pairing.figure(at(70_000)).samples, 2);
}

#[test]
fn the_file_holds_what_was_measured_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let board = BasisBoard::in_dir(&folder.path().join("made"), Asset::Btc);
    assert_eq!(board.read().unwrap(), None);
    assert!(!board.subscribe().borrow().is_measured());
    assert_eq!(BasisRecord::of(&board.subscribe().borrow(), &subject(false)), None, "a prior is no record");

    let measured = record();
    board.write(&measured).unwrap();
    assert_eq!(board.read().unwrap(), Some(measured.clone()));
    let names: Vec<_> =
        std::fs::read_dir(folder.path().join("made")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["basis-btc.json"], "nothing else is left");
    assert_eq!(measured.basis().unwrap(), figure().basis().unwrap());

    let text = std::fs::read_to_string(board.file()).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(board.file(), text.replace(from, to)).unwrap();
        board.read().unwrap_err().to_string()
    };
    assert!(refused("\"version\": 1", "\"version\": 2").contains("version 2"));
    assert!(refused("\"BTC\"", "\"ETH\"").contains("about ETH"));
    assert!(refused("\"sd_usd\": ", "\"sd_usd\": -").contains("makes no sense"));
    assert!(refused("\"standard_error_usd\": ", "\"standard_error_usd\": -").contains("makes no sense"));
    assert!(refused("\"as_of\"", "\"at\"").contains("as_of"));
    assert!(refused("{", "").contains("remove it"));
    // A later recio may say more.
    std::fs::write(board.file(), text.replacen('{', "{ \"more\": 1,", 1)).unwrap();
    assert_eq!(board.read().unwrap(), Some(measured));
}

#[test]
fn a_run_goes_by_the_measurement_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let board = BasisBoard::in_dir(folder.path(), Asset::Btc);
    let measured = record();
    let fresh = measured.as_of.checked_add(FRESH_FOR).unwrap();
    let stale = fresh.checked_add(Duration::from_micros(1)).unwrap();
    let prior_because = |in_use: BasisInUse, why: &str| {
        assert_eq!(in_use.measured, None);
        assert_eq!((in_use.basis.mean_usd(), in_use.basis.sd_usd()), (10.9, 12.0));
        assert!(in_use.stated.starts_with("a prior: ") && in_use.stated.contains(why), "{}", in_use.stated);
    };
    prior_because(board.in_use("median", false, fresh), "is not there");
    board.write(&measured).unwrap();
    let in_use = board.in_use("median", false, fresh);
    assert_eq!(in_use.measured, Some(measured.clone()));
    assert_eq!(in_use.basis, measured.basis().unwrap());
    assert_eq!(
        in_use.stated,
        "measured: BRTI minus median 11.00 ± 0.23 USD, spread 1.03 (20 pairs, 20.0 effective at a half-life of 24 h, as of 2026-05-11T12:28:00Z)"
    );
    prior_because(board.in_use("median", false, stale), "not within 24 h");
    let before = measured.as_of.checked_sub(2 * FRESH_FOR).unwrap();
    prior_because(board.in_use("median", false, before), "not within 24 h");
    prior_because(board.in_use("coinbase", false, fresh), "the spot price `median`, not `coinbase`");
    prior_because(board.in_use("median", true, fresh), "measured at the exchange, and this is a simulator");
    std::fs::write(board.file(), "{}").unwrap();
    prior_because(board.in_use("median", false, fresh), "holds no measured basis");
}

#[test]
fn no_prior_is_narrower_than_what_was_allowed_for_before() {
    let of = |asset| (prior(asset).0.mean_usd(), prior(asset).0.sd_usd());
    assert_eq!((of(Asset::Btc), of(Asset::Eth)), ((10.9, 12.0), (0.0, 2.0)));
}

/// A feed of what a test says.
struct Told(&'static str, mpsc::UnboundedReceiver<PriceEvent>);

#[async_trait]
impl PriceFeed for Told {
    fn about(&self) -> FeedAbout {
        FeedAbout { source: self.0.to_owned(), asset: Asset::Btc, kind: PriceKind::Index }
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        self.1.recv().await.ok_or(FeedError::Closed { source_name: self.0.to_owned() })
    }

    async fn history(&mut self, _: TimeRange, _: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        Err(FeedError::NoHistory)
    }
}

fn told(name: &'static str) -> (UnboundedSender<PriceEvent>, Box<dyn PriceFeed>) {
    let (say, heard) = mpsc::unbounded_channel();
    (say, Box::new(Told(name, heard)))
}

#[tokio::test]
async fn beside_a_run_the_figure_is_published_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let board = BasisBoard::in_dir(folder.path(), Asset::Btc);
    let mut figures = board.subscribe();
    let clock = Arc::new(SteppedClock::new(at(0)));
    let (print, index) = told("BRTI");
    let (trade, spot) = told("median");
    let closing = CancellationToken::new();
    let (mut index, work) = beside(index, spot, subject(true), board.clone(), clock.clone(), closing.clone());
    let work = tokio::spawn(work);
    assert_eq!(index.about().source, "BRTI");
    for minute in 0..12 {
        // The clock is where it is before anybody is told; spot is taken up only while no print waits.
        clock.set(at(minute * 60_000 + 1));
        trade.send(PriceEvent::Tick(tick(minute * 60_000, 8_000_000))).unwrap();
        // Prints of the next seconds are paired until one is taken.
        for second in 0..60 {
            let said = PriceEvent::Tick(tick(minute * 60_000 + second, 8_001_100));
            print.send(said.clone()).unwrap();
            assert_eq!(index.next().await.unwrap(), said, "the run hears every print");
            tokio::task::yield_now().await;
            if figures.has_changed().unwrap() {
                break;
            }
        }
        figures.wait_for(|figure| figure.samples > usize::try_from(minute).unwrap()).await.unwrap();
        assert_eq!(board.read().unwrap().is_some(), minute >= 10, "older pairs weigh a little less: eleven are ten");
    }
    let kept = board.read().unwrap().unwrap();
    assert!((kept.samples, kept.simulated) == (12, true) && (kept.mean_usd - 11.0).abs() < 1e-9, "{kept:?}");
    closing.cancel();
    work.await.unwrap();
    // The run goes on without it.
    print.send(PriceEvent::Heartbeat).unwrap();
    assert_eq!(index.next().await.unwrap(), PriceEvent::Heartbeat);
}
