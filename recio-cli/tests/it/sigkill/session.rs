//! One session: a simulator that goes on, and runs that are killed.

use super::plan::{Kill, Moment};
use recio_core::engine::{JournaledIntent, SubmitOutcome};
use recio_core::pipeline::Journal;
use recio_core::units::ClientOrderId;
use recio_sim::Endpoint;
use recio_sim::control::ControlClient;
use recio_sim::exchange::AccountTruth;
use recio_store::{Access, OpenError, Storage, open_storage};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A run that has not come this far by then hangs.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks at a file or a process.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Three monitors that trade back and forth, each with a size of its own, and one that holds to the settlement: so that at any time there are
/// entries, exits, and something held.
pub(crate) const CONFIG: &str = r#"
version = 1

[risk]
max_orders_per_second = 10
max_orders_per_minute = 300
repeat_window = 0.0
breaker_failures = 1000

"#;

/// What was on its way when a run was killed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InFlight {
    /// Intents without an outcome in the journal, since the kill before: their orders may be at the exchange.
    pub(super) unanswered: u64,
    /// Fills that the store has not got.
    pub(super) fills: u64,
    /// Contracts held.
    pub(super) held: u64,
    /// Payouts that the store has not got.
    pub(super) payouts: u64,
}

/// A simulator in a process of its own, and the files of its runs.
pub(crate) struct Session {
    pub(super) directory: TempDir,
    pub(super) number: usize,
    pub(super) endpoint: Endpoint,
    pub(super) runtime: Runtime,
    simulator: Child,
    store_url: String,
    /// The program under test.
    program: PathBuf,
    runs: usize,
    /// Intents that kills have left without an outcome. The journal never gets one: each start looks these orders up again.
    unanswered: BTreeSet<ClientOrderId>,
    /// An order was never sent, and nobody but the end of its market can say so: until then nothing is entered.
    pub(super) is_fenced: bool,
}

impl Session {
    /// Starts a simulator whose time stands still until its run has handled everything. Without the URL of a store, the runs have a SQLite file
    /// beside them.
    pub(crate) fn start(number: usize, program: &Path, store_url: Option<String>) -> Self {
        let mut config = CONFIG.to_owned();
        // The keeper first, because only where something was traded there is a payout; the others apart, so that a kill seldom meets two at once.
        config.push_str(&monitor("keeper", 4, 900, None));
        for (id, size, from, stop_after) in [("one", 1, 670, 5), ("two", 2, 667, 7), ("three", 3, 664, 9)] {
            config.push_str(&monitor(id, size, from, Some(stop_after)));
        }
        Self::start_with(&config, "lockstep", number, program, store_url)
    }

    /// The same at another pace, and with another config.
    pub(crate) fn start_with(
        config: &str,
        speed: &str,
        number: usize,
        program: &Path,
        store_url: Option<String>,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let beside = || format!("sqlite://{}", directory.path().join("store.db").display());
        let store_url = store_url.unwrap_or_else(beside);
        std::fs::write(directory.path().join("recio.toml"), config).unwrap();
        let ready = directory.path().join("ready.json");
        let mut serve = command(program, directory.path());
        serve.args(["sim", "serve", "--speed", speed, "--ready-file"]).arg(&ready);
        serve.env("RECIO__PATHS__DATA_DIR", directory.path().join("simulator"));
        let simulator = spawn(&mut serve, directory.path().join("simulator.log"));
        let mut session = Self {
            endpoint: Endpoint::clone(&wait_for(|| Endpoint::read(&ready).ok(), "the simulator's ready file")),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            directory,
            number,
            simulator,
            store_url,
            program: program.to_owned(),
            runs: 0,
            unanswered: BTreeSet::new(),
            is_fenced: false,
        };
        assert!(session.simulator.try_wait().unwrap().is_none(), "the simulator has ended");
        session
    }

    /// A command of the program under test, in the session's directory.
    pub(crate) fn recio(&self) -> Command {
        command(&self.program, self.directory.path())
    }

    /// The same command each time.
    pub(crate) fn command(&self) -> Command {
        let mut run = self.recio();
        run.args(["run", "--mode", "sim", "--endpoint", "ready.json", "--store", &self.store_url]);
        run
    }

    fn run(&mut self, environment: &[(&str, String)]) -> Child {
        self.runs += 1;
        let mut command = self.command();
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        spawn(&mut command, self.log())
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join(format!("run-{}.log", self.runs))
    }

    /// Starts a run, and kills it.
    pub(super) fn kill(&mut self, kill: &Kill) -> InFlight {
        let marker = self.directory.path().join(format!("marker-{}", self.runs));
        let environment = match kill.moment {
            Moment::At(point) => vec![
                ("RECIO_KILL_POINT", format!("{point}@{}", kill.visit)),
                ("RECIO_KILL_MARKER", marker.display().to_string()),
            ],
            Moment::After(_) => Vec::new(),
        };
        let mut run = self.run(&environment);
        match kill.moment {
            Moment::At(_) => {
                let reached = wait_for(
                    || if marker.exists() { Some(None) } else { run.try_wait().unwrap().map(Some) },
                    &format!("{kill:?} in {}", self.log().display()),
                );
                assert_eq!(reached, None, "session {}: {kill:?} was not met: {}", self.number, self.tail());
            }
            Moment::After(wait) => std::thread::sleep(wait),
        }
        let ended = run.try_wait().unwrap();
        assert_eq!(ended, None, "session {}: over before {kill:?}: {}", self.number, self.tail());
        // SIGKILL, on Unix.
        run.kill().unwrap();
        run.wait().unwrap();
        self.in_flight()
    }

    /// Runs to the end of the recording.
    pub(super) fn finish(&mut self) {
        let mut run = self.run(&[]);
        let end = wait_for(|| run.try_wait().unwrap(), "the end of the recording");
        assert_eq!(end.code(), Some(0), "session {}: {}", self.number, self.tail());
    }

    /// What the exchange itself says of the account.
    pub(crate) fn truth(&self) -> AccountTruth {
        let control = ControlClient::new(&self.endpoint.control).unwrap();
        self.runtime.block_on(control.account(&self.endpoint.key_id)).unwrap()
    }

    pub(crate) fn store_url(&self) -> &str {
        &self.store_url
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.directory.path().join("recio-data/accounts").join(&self.endpoint.key_id).join("journal")
    }

    /// The intents in the journal; none before the first run has made it.
    pub(crate) fn journaled(&self) -> Vec<JournaledIntent> {
        if self.journal().exists() { Journal::read(&self.journal()).unwrap().intents } else { vec![] }
    }

    /// The store for reading; `None` before the first run has made it.
    pub(crate) fn store(&self) -> Option<Box<dyn Storage>> {
        match self.runtime.block_on(open_storage(&self.store_url, Access::Reader)) {
            Ok(store) => Some(store),
            Err(OpenError::Missing { .. }) => None,
            // Killed while it made the store.
            Err(OpenError::Store { .. }) if self.runs == 1 => None,
            Err(error) => panic!("session {}: {error:?}", self.number),
        }
    }

    fn in_flight(&mut self) -> InFlight {
        let truth = self.truth();
        let journaled = self.journaled();
        let (fills, paid) = match self.store() {
            Some(store) => {
                self.runtime.block_on(async { (store.fills().await.unwrap(), store.settlements().await.unwrap()) })
            }
            None => (Vec::new(), Vec::new()),
        };
        let stored: BTreeSet<_> = fills.iter().map(|fill| (&fill.order, &fill.id)).collect();
        let missing = truth.fills.iter().filter(|fill| !stored.contains(&(&fill.order, &fill.id)));
        self.is_fenced = journaled.iter().any(|journaled| {
            let id = journaled.intent.client_order_id.as_str();
            let is_answered =
                matches!(journaled.outcome, Some(SubmitOutcome::Accepted(_) | SubmitOutcome::Refused { .. }));
            !is_answered && !truth.posts_per_client_order_id.contains_key(id)
        });
        let unanswered = journaled.into_iter().filter(|journaled| journaled.outcome.is_none());
        let unanswered =
            unanswered.filter(|journaled| self.unanswered.insert(journaled.intent.client_order_id.clone()));
        InFlight {
            unanswered: unanswered.count() as u64,
            fills: missing.count() as u64,
            held: truth.positions.values().map(|held| held.position.size().hundredths() / 100).sum(),
            payouts: truth.settlements.len().saturating_sub(paid.len()) as u64,
        }
    }

    /// The last lines that the last run said.
    fn tail(&self) -> String {
        let said = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = said.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that fails must not leave a process behind. What does not work here has no remedy.
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
        if std::thread::panicking() {
            let kept = std::env::temp_dir().join(format!("recio-sigkill-{}-{}", std::process::id(), self.number));
            let _ = std::fs::rename(self.directory.path(), &kept);
            let told = format!("the files of session {} are kept in {}\n", self.number, kept.display());
            let _ = std::io::stderr().write_all(told.as_bytes());
        }
    }
}

/// A monitor that enters from so many seconds before the close on, and sells again after so many; without those it holds.
pub(crate) fn monitor(id: &str, size: u32, from: u32, stop_after: Option<u32>) -> String {
    let (trades, after) = (stop_after.is_some(), stop_after.unwrap_or(0));
    format!(
        r#"
[[monitor]]
id = "{id}"
account = "sim"
series = "KXBTC15M"

[monitor.params]
min_probability = 50.0
min_differential = -100.0
after_fees = false
careful = false
max_price = "0.99"
min_volume = "0"
position_size = "{size}"

[monitor.entry]
enabled = true
min_time_to_close = 20.0
max_time_to_close = {from}.0
allow_re_entry = {trades}
cooldown = 3.0
spike_pause = false

[monitor.stop]
enabled = {trades}
probability = 100.0
verification = {after}.0
min_time_to_close = 30.0
momentum_enabled = false
"#
    )
}

/// As `crate::recio`, of another program file.
fn command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env_clear();
    command
}

fn spawn(command: &mut Command, log: PathBuf) -> Child {
    let log = File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>, what: &str) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
