//! A throwaway Redis.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a killed Redis knows after it was started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Nothing.
    Forgets,
    /// What it had written a second ago (`appendonly`, `everysec`).
    Remembers,
}

/// A Redis server of a test's own, on a Unix socket in a folder of its own. It listens nowhere else unless its arguments say so.
///
/// Dropped, it ends, and its folder with it; so it does when the test's process dies in any way, because the shell that started it waits for
/// the end of the pipe between them.
#[derive(Debug)]
pub struct RedisServer {
    folder: PathBuf,
    memory: Memory,
    arguments: Vec<String>,
    shell: Option<Child>,
}

/// Runs the server until it is told to kill it, or until its input ends: then the folder goes too.
const SHELL: &str = r#"
folder=$1; shift
trap '' HUP INT TERM
"$@" </dev/null >>"$folder/log" 2>&1 &
pid=$!
order=
read -r order
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
[ "$order" = kill ] || rm -rf "$folder"
"#;

impl RedisServer {
    /// Starts a server, and returns before it answers.
    ///
    /// # Panics
    /// A folder cannot be made, or there is no shell.
    #[must_use]
    pub fn start(memory: Memory) -> Self {
        Self::start_with(memory, &[])
    }

    /// Starts a server with more arguments, such as `--tls-port 6380`.
    ///
    /// # Panics
    /// As [`RedisServer::start`].
    #[must_use]
    pub fn start_with(memory: Memory, arguments: &[String]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("recio-redis-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        // Short: the path of a socket has some hundred characters at most.
        let folder = std::env::temp_dir().join(name);
        // A process of an earlier run may have had the same id.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let mut server = Self { folder, memory, arguments: arguments.to_vec(), shell: None };
        server.launch();
        server
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its URL, as the bus takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// SIGKILL, and waits until it is dead. Nothing if it is not running.
    ///
    /// # Panics
    /// The shell is gone.
    pub fn kill(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            let mut orders = shell.stdin.take().expect("it is a pipe");
            writeln!(orders, "kill").expect("the shell listens");
            shell.wait().expect("the shell ends");
        }
        let _ = std::fs::remove_file(self.socket());
    }

    /// Starts it again, and returns before it answers.
    ///
    /// # Panics
    /// It runs already, or there is no shell.
    pub fn launch(&mut self) {
        assert!(self.shell.is_none(), "it runs already");
        let append_only = if self.memory == Memory::Remembers { "yes" } else { "no" };
        let mut command = Command::new("sh");
        command.args(["-c", SHELL, "sh"]).arg(&self.folder).arg("redis-server");
        // An argument that is given twice counts as it was given last.
        command.args(["--port", "0", "--save", "", "--appendonly", append_only, "--loglevel", "warning"]);
        command.arg("--unixsocket").arg(self.socket()).arg("--dir").arg(&self.folder).args(&self.arguments);
        // Whoever ends the test with its whole group must not end the shell, which has still to end the server.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.shell = Some(command.spawn().expect("a shell starts"));
    }

    /// Waits until it answers.
    ///
    /// # Panics
    /// It does not within a minute; the message has what it said.
    pub fn answers(&self) {
        for _ in 0..3_000 {
            if self.answer().is_some_and(|answer| answer.starts_with(['+', '-']) && !answer.starts_with("-LOADING")) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!(
            "redis-server did not answer within a minute; is it installed (Debian, Ubuntu: apt-get install redis-server)? {log}"
        );
    }

    fn answer(&self) -> Option<String> {
        let mut socket = UnixStream::connect(self.socket()).ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        socket.write_all(b"PING\r\n").ok()?;
        let mut answer = [0; 64];
        let length = socket.read(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            // The end of its input.
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
