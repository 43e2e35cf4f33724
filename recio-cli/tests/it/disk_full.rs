//! A disk that is full under a run: nothing is sent that is not in the journal, open trades are sold as soon as that can be written, nothing is entered
//! until the store is back, and both are found again without help.
//!
//! The disk is a limit on the size of files that is set to the running process, which Linux alone can do.

use crate::sigkill::check::{self, Disk};
use crate::sigkill::session::{CONFIG, Session, monitor, wait_for};
use recio_core::engine::SubmitOutcome;
use recio_core::trade::Purpose;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

/// A run, and what it has said. Ended with the test.
struct Run {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Run {
    fn start(session: &Session) -> Self {
        let mut child = session.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let sources: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        for source in sources {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(source).lines().map_while(Result::ok) {
                    said.lock().unwrap().push_str(&(line + "\n"));
                }
            });
        }
        Self { child, said }
    }

    /// No file of the run grows beyond this.
    fn limit(&self, current: Option<u64>) {
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for what is looked for; a run that ends meanwhile fails the test.
    fn until(&mut self, what: &str, mut look: impl FnMut(&str) -> bool) {
        let mut ended = None;
        wait_for(
            || {
                ended = self.child.try_wait().unwrap();
                (look(&self.said()) || ended.is_some()).then_some(())
            },
            what,
        );
        assert_eq!(ended, None, "it ended before {what}: {}", self.said());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // What does not work here has no remedy.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// Orders of this purpose that the exchange took.
fn accepted(session: &Session, purpose: Purpose) -> usize {
    let is_one = |outcome: &Option<SubmitOutcome>| matches!(outcome, Some(SubmitOutcome::Accepted(_)));
    session.journaled().iter().filter(|known| known.intent.purpose == purpose && is_one(&known.outcome)).count()
}

#[test]
fn a_full_disk_holds_back_what_it_must_and_passes() {
    // One to hold, and one that is sold again after a minute; half a minute for each quarter of an hour.
    let config = format!("{CONFIG}{}{}", monitor("keeper", 4, 900, None), monitor("one", 1, 670, Some(60)));
    let session = Session::start_with(&config, "30", 0, Path::new(env!("CARGO_BIN_EXE_recio")), None);
    let store: PathBuf = session.store_url().strip_prefix("sqlite://").unwrap().into();
    let mut run = Run::start(&session);
    run.until("two trades", |_| accepted(&session, Purpose::Entry) >= 2);

    // Not a byte more.
    run.limit(Some(0));
    run.until("the store fails", |said| said.contains("the store does not write, entries wait"));
    run.until("the journal fails", |said| said.contains("the intent journal does not write"));
    let before = session.truth().posts_per_client_order_id.len();
    let (entries, exits) = (accepted(&session, Purpose::Entry), accepted(&session, Purpose::Exit));
    assert_eq!((before, exits), (entries, 0), "{}", run.said());

    // Room for the journal, none for the store: the stop sells.
    let log = store.with_extension("db-wal");
    assert!(length(&log) > length(&session.journal()) + 100_000);
    run.limit(Some(length(&log)));
    run.until("the journal writes", |said| said.contains("the intent journal writes again"));
    run.until("the stop", |_| accepted(&session, Purpose::Exit) > 0);
    assert_eq!(accepted(&session, Purpose::Entry), entries, "entered without a store: {}", run.said());
    assert!(!run.said().contains("the store writes again"), "{}", run.said());

    run.limit(None);
    run.until("the store writes", |said| said.contains("the store writes again"));
    let end = wait_for(|| run.child.try_wait().unwrap(), "the end of the recording");
    assert_eq!(end.code(), Some(0), "{}", run.said());
    assert!(check::books(&session, Disk::WasFull) > before, "nothing was ordered after that");
    let alarms = check::alarms(&session);
    let is_expected = |text: &String| text.starts_with("the intent journal does not write");
    assert!(alarms.len() == 1 && alarms.iter().all(is_expected), "{alarms:?}");
}
