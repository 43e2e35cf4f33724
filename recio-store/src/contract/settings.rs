//! What every `SettingsStore` has to do.

use crate::{AUDIT_VERSION, verify_settings};
use recio_core::settings::{
    AuditAction, AuditEntry, AuditResult, Change, NewVersion, Refusal, SettingError, SettingVersion, Settings,
    SettingsStore, WriteError, change,
};
use recio_core::units::{RunId, Timestamp};
use std::sync::Arc;

/// Two doors to one store: two people, each with a program of their own.
pub type Doors = (Arc<dyn SettingsStore>, Arc<dyn SettingsStore>);

/// Runs a store of settings through everything that recio relies on. `make` gives two doors to a new, empty store each time.
///
/// # Panics
/// The store does something else; the message says what.
pub async fn run_settings<M>(make: M)
where
    M: AsyncFn() -> Doors,
{
    an_empty_store_answers(make().await).await;
    versions_follow_each_other(make().await).await;
    texts_come_back_as_they_were(make().await).await;
    of_two_setters_one_is_told(make().await).await;
    many_setters_leave_no_hole(make().await).await;
    what_was_done_and_refused_is_in_the_log(make().await).await;
    the_log_is_read_in_pages(make().await).await;
    every_door_hears_of_a_new_version(make().await).await;
}

const KEY: &str = "risk.max_position";

fn version(key: &str, number: u64, value: Option<&str>) -> NewVersion {
    let version = SettingVersion {
        key: key.to_owned(),
        version: number,
        value: value.map(str::to_owned),
        run: None,
        who: "ana".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        why: "a test".to_owned(),
    };
    NewVersion { expected: number - 1, old: None, version }
}

fn wish(key: &str, value: Option<&str>, expected: Option<u64>) -> Change {
    Change {
        key: key.to_owned(),
        value: value.map(str::to_owned),
        expected,
        run: None,
        who: "ben".to_owned(),
        why: "a test".to_owned(),
        time: Timestamp::UNIX_EPOCH,
    }
}

async fn an_empty_store_answers((store, _): Doors) {
    assert_eq!(store.newest().await.expect("read"), []);
    assert_eq!(store.history(KEY, 10).await.expect("read"), []);
    assert_eq!(store.audit_log(0, 10).await.expect("read"), []);
    assert_eq!(store.audit_log(7, 10).await.expect("read"), []);
    assert_eq!(verify_settings(&*store).await.expect("sound").entries, 0);
    assert_eq!(AUDIT_VERSION, 1);
}

async fn versions_follow_each_other((store, other): Doors) {
    let mut expected = Vec::new();
    for (number, value) in (1..).zip([Some("5.00"), Some("4.00"), None, Some("3.00")]) {
        let added = store.add_version(&version(KEY, number, value)).await.expect("the version before was seen");
        assert_eq!(added, version(KEY, number, value).version);
        expected.insert(0, added);
    }
    store.add_version(&version("a", 1, None)).await.expect("a key of its own counts from 1");
    assert_eq!(other.history(KEY, 10).await.expect("read"), expected);
    assert_eq!(other.history(KEY, 2).await.expect("read"), expected[..2]);
    let newest: Vec<_> = other.newest().await.expect("read").into_iter().map(|one| (one.key, one.version)).collect();
    assert_eq!(newest, [("a".to_owned(), 1), (KEY.to_owned(), 4)], "the newest of each key, by key");
    let verified = verify_settings(&*store).await.expect("sound");
    assert_eq!((verified.entries, verified.versions), (5, 5));
}

async fn texts_come_back_as_they_were((store, other): Doors) {
    let odd = "it's \"so\"; -- Ω 🙂 \u{202e} \\ % _ $1";
    let mut new = version(r#"monitor."a.b'c".entry.enabled"#, 1, Some("true"));
    new.version.who = odd.to_owned();
    new.version.why = odd.to_owned();
    new.version.run = Some(RunId::new("20261122T170000Z-000001").expect("an id"));
    new.version.time = "2026-11-22T17:00:00.123456Z".parse().expect("a time");
    new.old = Some(odd.to_owned());
    let added = store.add_version(&new).await.expect("it is new");
    assert_eq!(other.history(&new.version.key, 1).await.expect("read"), [added]);
    let refused = AuditEntry { result: AuditResult::Refused { reason: odd.to_owned() }, ..new.audit_entry() };
    let record = store.record(&refused).await.expect("it is written");
    assert_eq!((record.sequence, &record.entry), (2, &refused));
    let log = other.audit_log(0, 10).await.expect("read");
    assert_eq!(log.iter().map(|record| &record.entry).collect::<Vec<_>>(), [&new.audit_entry(), &refused]);
    verify_settings(&*store).await.expect("sound");
}

async fn of_two_setters_one_is_told((ana, ben): Doors) {
    ana.add_version(&version(KEY, 1, Some("5.00"))).await.expect("it is the first");
    let (one, two) = (version(KEY, 2, Some("4.00")), version(KEY, 2, Some("3.00")));
    let (one, two) = tokio::join!(ana.add_version(&one), ben.add_version(&two));
    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("one has to win: {both:?}"),
    };
    let WriteError::Conflict { found: Some(found) } = lost else { panic!("the other has to be told: {lost:?}") };
    assert_eq!(*found, won);
    for expected in [0, 1, 7] {
        let late = NewVersion { expected, ..version(KEY, expected + 1, Some("1.00")) };
        let answer = ben.add_version(&late).await;
        assert!(matches!(answer, Err(WriteError::Conflict { found: Some(_) })), "{expected}: {answer:?}");
    }
    let early = ben.add_version(&version("b", 2, None)).await;
    assert!(matches!(early, Err(WriteError::Conflict { found: None })), "{early:?}");
    assert_eq!(ana.audit_log(0, 10).await.expect("read").len(), 2, "what was not written leaves nothing");
    verify_settings(&*ana).await.expect("sound");
}

async fn many_setters_leave_no_hole((ana, ben): Doors) {
    const EACH: u64 = 8;
    // Each looks, and tries again with what it then sees: in every round somebody wins, so that nobody tries more than all rounds together.
    let set = async |store: &dyn SettingsStore, key: &str| {
        for value in 0..EACH {
            let mut seen = 0;
            for _ in 0..=2 * EACH {
                let value = value.to_string();
                match store.add_version(&version(key, seen + 1, Some(&value))).await {
                    Ok(_) => break,
                    Err(WriteError::Conflict { found }) => seen = found.map_or(0, |found| found.version),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    tokio::join!(set(&*ana, KEY), set(&*ben, KEY), set(&*ana, "b"), set(&*ben, "c"));
    let verified = verify_settings(&*ben).await.expect("sound");
    assert_eq!((verified.entries, verified.versions), (4 * EACH, 4 * EACH));
    assert_eq!(ana.history(KEY, u32::MAX).await.expect("read").len() as u64, 2 * EACH);
}

async fn what_was_done_and_refused_is_in_the_log((store, other): Doors) {
    let base = Settings::default();
    let set = change(&*store, &base, &wish(KEY, Some("5"), None)).await.expect("it is tighter");
    assert_eq!((set.version, set.value.as_deref()), (1, Some("5.00")));
    for (wanted, refusal) in [
        (wish(KEY, Some("20.01"), None), "wider"),
        (wish(KEY, Some("x"), None), "bad"),
        (wish("risk.what", Some("1"), None), "unknown"),
        (wish(KEY, Some("4"), Some(0)), "conflict"),
        (Change { why: String::new(), ..wish(KEY, Some("4"), None) }, "unsigned"),
        (wish("risk.max_order_cost", None, None), "nothing to clear"),
    ] {
        let answer = change(&*other, &base, &wanted).await;
        let told = match (answer, refusal) {
            (Err(SettingError::Refused(Refusal::Wider { .. })), "wider")
            | (Err(SettingError::Refused(Refusal::BadValue { .. })), "bad")
            | (Err(SettingError::Refused(Refusal::Key(_))), "unknown")
            | (Err(SettingError::Refused(Refusal::Conflict { .. })), "conflict")
            | (Err(SettingError::Refused(Refusal::Unsigned(_))), "unsigned")
            | (Err(SettingError::Refused(Refusal::NothingToClear { .. })), "nothing to clear") => true,
            (answer, refusal) => panic!("{refusal}: {answer:?}"),
        };
        assert!(told);
    }
    change(&*other, &base, &wish(KEY, None, Some(1))).await.expect("it is there");
    let log: Vec<AuditEntry> =
        store.audit_log(0, 100).await.expect("read").into_iter().map(|record| record.entry).collect();
    let done = |entry: &&AuditEntry| entry.result == AuditResult::Done;
    let said: Vec<_> = log
        .iter()
        .filter(done)
        .map(|entry| (entry.action, entry.old.as_deref(), entry.new.as_deref(), entry.version))
        .collect();
    let expected =
        [(AuditAction::SettingSet, Some("20.00"), Some("5.00"), 1), (AuditAction::SettingClear, Some("5.00"), None, 2)];
    assert_eq!(said, expected);
    assert_eq!(log.len(), 8, "six refusals among them");
    assert!(log.iter().all(|entry| entry.who == "ben"));
    assert_eq!(store.history(KEY, 10).await.expect("read").len(), 2, "what was refused made no version");
    verify_settings(&*store).await.expect("sound");
}

async fn the_log_is_read_in_pages((store, _): Doors) {
    for number in 1..=5 {
        store.add_version(&version(KEY, number, Some("1"))).await.expect("the version before was seen");
    }
    let all = store.audit_log(0, u32::MAX).await.expect("read");
    assert_eq!(all.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(store.audit_log(2, 2).await.expect("read"), all[2..4]);
    assert_eq!(store.audit_log(4, 9).await.expect("read"), all[4..]);
    for after in [5, 6, u64::MAX] {
        assert_eq!(store.audit_log(after, 9).await.expect("read"), [], "{after}");
    }
    assert_eq!(store.audit_log(0, 0).await.expect("read"), []);
}

async fn every_door_hears_of_a_new_version((store, other): Doors) {
    let (mut own, mut others) = (store.news().await.expect("listen"), other.news().await.expect("listen"));
    for number in 1..=3 {
        let added = store.add_version(&version(KEY, number, Some("5"))).await.expect("add");
        // A hint may come before there is anything to see; the one that counts comes as well.
        for (news, door) in [(&mut own, &store), (&mut others, &other)] {
            while door.newest().await.expect("read") != [added.clone()] {
                news.changed().await.expect("hear");
            }
        }
    }
}
