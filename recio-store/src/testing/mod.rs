//! PostgreSQL and Redis servers for tests, which end with the test.
//!
//! Not part of what recio promises: it serves the tests of recio's own crates.

mod redis;

pub use redis::{Memory, RedisServer};

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The URL of a server that every test of a run shares, each in a database of its own. `scripts/test` starts one and sets this.
pub const SERVER: &str = "RECIO_TEST_POSTGRES_URL";

/// The folder with `initdb` and `postgres`, where they are in an unusual place.
pub const PROGRAMS: &str = "RECIO_TEST_POSTGRES_BIN";

const PORT: u16 = 5432;

/// A new, empty database on the run's server, or on one of its own where the run has none.
#[derive(Debug)]
pub struct Database {
    url: String,
    /// Ends with it.
    _cluster: Option<Cluster>,
}

impl Database {
    /// Makes a database.
    ///
    /// # Panics
    /// There is no PostgreSQL here, or it does not start.
    #[must_use]
    pub fn create() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => Self { url: new_database(&server), _cluster: None },
            Err(_) => {
                let cluster = Cluster::start();
                Self { url: cluster.database(), _cluster: Some(cluster) }
            }
        }
    }

    /// Its URL, as `open` takes it. The user is a superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its URL with one more parameter, such as `schema=one`.
    #[must_use]
    pub fn url_with(&self, parameter: &str) -> String {
        with_parameter(&self.url, parameter)
    }

    /// The URL of one more new database on the same server.
    ///
    /// # Panics
    /// The server does not make it.
    #[must_use]
    pub fn another(&self) -> String {
        new_database(&self.url)
    }
}

/// A server of a test's own, on a Unix socket in a folder of its own. It listens nowhere else unless its settings say so.
///
/// Dropped, it ends, and its folder with it; so it does when the test's process dies in any way, because the shell that started it waits for
/// the end of the pipe between them.
#[derive(Debug)]
pub struct Cluster {
    /// The shell that has the server as its child.
    shell: Child,
    /// `None` once it is to end.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
    /// 5432 unless its settings say otherwise; it names the socket, too.
    port: u16,
}

impl Cluster {
    /// Starts a server.
    ///
    /// # Panics
    /// There is no PostgreSQL here, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with lines for `postgresql.conf`, such as `ssl = on`.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        Self::start_with_files(settings, &[])
    }

    /// Starts a server with lines for `postgresql.conf`, and with files in its folder that they may name: their paths from `data/`.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    #[must_use]
    pub fn start_with_files(settings: &[&str], files: &[(&str, &[u8])]) -> Self {
        Self::start_in(None, settings, files)
    }

    /// Starts a server in a place where the user `postgres` may make a folder, with lines for `postgresql.conf`: a server whose disk is
    /// measured has to be on one.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    #[must_use]
    pub fn start_at(place: &Path, settings: &[&str]) -> Self {
        Self::start_in(Some(place), settings, &[])
    }

    fn start_in(place: Option<&Path>, settings: &[&str], files: &[(&str, &[u8])]) -> Self {
        let mut cluster = Self::make(place);
        for (name, content) in files {
            cluster.write(&format!("data/{name}"), content);
        }
        let port = settings.iter().find_map(|line| line.strip_prefix("port = "));
        cluster.port = port.map_or(PORT, |port| port.parse().expect("the port is a number"));
        let conf = settings.iter().map(|line| format!("{line}\n")).collect::<String>();
        cluster.write("data/recio.conf", conf.as_bytes());
        cluster.order("start");
        cluster
    }

    /// Makes a server, and does not start it.
    fn make(place: Option<&Path>) -> Self {
        let programs = programs();
        let mut command = as_postgres(&["sh", "-c", SHELL, "sh"]);
        command.arg(&programs).args(place).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Whoever ends the test with its whole group must not end the shell, which has still to end the server.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut shell = command.spawn().expect("a shell starts");
        let orders = shell.stdin.take();
        let mut answers = BufReader::new(shell.stdout.take().expect("it is a pipe"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("the shell answers");
        let folder = line.trim().strip_prefix("folder ").unwrap_or_else(|| panic!("initdb: {line}"));
        Self { shell, orders, folder: PathBuf::from(folder), answers, port: PORT }
    }

    /// Ends the server with SIGKILL, without a good-bye. Nothing if it is not running.
    ///
    /// # Panics
    /// The shell is gone.
    pub fn kill(&mut self) {
        self.order("kill");
    }

    /// Ends the server in order, without waiting for its clients. Nothing if it is not running.
    ///
    /// # Panics
    /// The shell is gone.
    pub fn stop(&mut self) {
        self.order("stop");
    }

    /// Starts the server again after [`Cluster::kill`] or [`Cluster::stop`], and waits until it lets clients in.
    ///
    /// # Panics
    /// It does not start; the message has the end of its log.
    pub fn restart(&mut self) {
        self.order("start");
    }

    /// Writes a file that belongs to the server, into its folder; its parents are there already. Returns its path.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        let mut writer = as_postgres(&["sh", "-c", "umask 077; cat >\"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut input = writer.stdin.take().expect("it is a pipe");
        input.write_all(content).expect("the file takes it");
        drop(input);
        assert!(writer.wait().expect("the shell ends").success(), "{} was not written", path.display());
        path
    }

    /// The server's folder: the data in `data`, the socket, and `log`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of a database on it: `postgres` is always there.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let port = if self.port == PORT { String::new() } else { format!("&port={}", self.port) };
        format!("postgres://recio@/{database}?host={}{port}", self.folder.display())
    }

    /// Makes a new database. Returns its URL.
    ///
    /// # Panics
    /// The server does not make it.
    #[must_use]
    pub fn database(&self) -> String {
        new_database(&self.url("postgres"))
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("it is there until the cluster is dropped");
        writeln!(orders, "{order}").expect("the shell listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the shell answers");
        if line.trim() != "done" {
            let log = as_postgres(&["tail", "-n", "30"]).arg(self.folder.join("log")).output();
            let log =
                log.map_or_else(|error| error.to_string(), |log| String::from_utf8_lossy(&log.stdout).into_owned());
            panic!("{order}: the server answers `{}`:\n{log}", line.trim());
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its input: the shell ends the server, and removes the folder.
        self.orders = None;
        let _ = self.shell.wait();
    }
}

/// Runs SQL on a database with `psql`, as a person would. Returns what it prints, without headings.
///
/// # Panics
/// `psql` is not there, or the server refuses; the message says why.
pub fn psql(url: &str, sql: &str) -> String {
    match try_psql(url, sql) {
        Ok(rows) => rows,
        Err(why) => panic!("{sql}: {why}"),
    }
}

/// Runs SQL on a database with `psql`. Returns what it prints, or what went wrong.
///
/// # Errors
/// The server refuses.
///
/// # Panics
/// `psql` is not there.
pub fn try_psql(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(programs().join("psql"))
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        .output()
        .expect("psql runs");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A URL with one more parameter.
#[must_use]
pub fn with_parameter(url: &str, parameter: &str) -> String {
    format!("{url}{}{parameter}", if url.contains('?') { '&' } else { '?' })
}

fn new_database(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("recio_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    // A process of an earlier run may have had the same id on the same server.
    psql(server, &format!("DROP DATABASE IF EXISTS {name}"));
    psql(server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
    let (base, query) = server.split_once('?').map_or((server, None), |(base, query)| (base, Some(query)));
    let host = base.rfind('/').expect("a server's URL has a path");
    format!("{}/{name}{}", &base[..host], query.map(|query| format!("?{query}")).unwrap_or_default())
}

/// The folder of the newest PostgreSQL on this machine.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os(PROGRAMS) {
        return PathBuf::from(folder);
    }
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for folder in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = folder.file_name().to_string_lossy().parse();
        let programs = folder.path().join("bin");
        if let (Ok(version), true) = (version, programs.join("initdb").is_file()) {
            found.push((version, programs));
        }
    }
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = || std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
    found.pop().map(|(_, folder)| folder).or_else(in_path).unwrap_or_else(|| {
        panic!("the tests need PostgreSQL: install it (apt-get install postgresql), or set {PROGRAMS} or {SERVER}")
    })
}

/// A command that runs as somebody whom PostgreSQL's programs do not refuse: they refuse root.
fn as_postgres(command: &[&str]) -> Command {
    if is_root() {
        let mut runuser = Command::new("runuser");
        runuser.args(["-u", "postgres", "--"]).args(command).current_dir("/");
        return runuser;
    }
    let mut plain = Command::new(command[0]);
    plain.args(&command[1..]);
    plain
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let own: io::Result<std::fs::Metadata> = std::fs::metadata("/proc/self");
    own.is_ok_and(|own| own.uid() == 0)
}

/// Makes a cluster, says where it is, and does what it is told until its input ends. `scripts/test` runs it too.
const SHELL: &str = include_str!("cluster.sh");
