//! Intents made durable: the journal beside a bare append and fdatasync of the same bytes.

use super::Ground;
use super::duel::duel;
use criterion::Criterion;
use recio::core::fact::FactBody;
use recio::core::pipeline::{Journal, JournalEntry, SharedJournal};
use recio::store::contract::sample;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Intents of one caller in one round are told apart by their number alone, so one text serves for all.
fn entry() -> JournalEntry {
    let fact = sample::intent("sim-main-1778677200000000-000001", 1);
    let FactBody::Intent(intent) = fact.body else { unreachable!("it was made as an intent") };
    JournalEntry::Submitting { intent: Box::new(intent), why: "edge 0.0312 after fees".to_owned(), epoch: 1 }
}

pub(super) fn benches(criterion: &mut Criterion, ground: &Ground) {
    for (name, callers) in [("one", 1), ("eight", 8)] {
        let (ours, bare) = (ground.file("intents.journal"), ground.file("bare"));
        let journal = Journal::open(&ours).expect("the disk is there").0;
        let shared = SharedJournal::new(journal);
        shared.append_now(&[entry()]).expect("the disk takes it");
        let written = std::fs::read(&ours).expect("it was just written");
        let line = written.split_inclusive(|byte| *byte == b'\n').next_back().expect("it has lines");
        let files: Vec<File> = (0..callers).map(|_| open(&bare)).collect();
        let ways: Vec<super::duel::Way<'_>> = vec![
            ("recio", Box::new(|passes| ground.runtime.block_on(recio(&shared, callers, passes)))),
            ("append and fdatasync", Box::new(|passes| plain(&files, line, passes))),
        ];
        duel(criterion, ("intents", name), callers, ways);
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("the disk is there")
}

async fn recio(journal: &SharedJournal, callers: u64, passes: u64) -> Duration {
    let entry = entry();
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (journal, entry) = (journal.clone(), entry.clone());
            tokio::spawn(async move {
                for _ in 0..passes {
                    journal.append(vec![entry.clone()]).await.expect("the disk takes it");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no caller panics");
    }
    start.elapsed()
}

/// Each on a thread of its own, as far as the disk lets them at once.
fn plain(files: &[File], line: &[u8], passes: u64) -> Duration {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for mut file in files {
            scope.spawn(move || {
                for _ in 0..passes {
                    file.write_all(line).and_then(|()| file.sync_data()).expect("the disk takes it");
                }
            });
        }
    });
    start.elapsed()
}
