//! A throwaway Redis: on a unix socket in a directory of its own, gone with the test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What a killed Redis knows after it was started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing.
    Forgets,
    /// What it had written a second ago (`appendonly`, `everysec`).
    Remembers,
}

/// A Redis server of this test's own. Dropped, it is killed, also by a test that fails.
pub(crate) struct RedisServer {
    directory: TempDir,
    memory: Memory,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) fn start(memory: Memory) -> Self {
        let directory = tempfile::Builder::new().prefix("recio-redis").tempdir().unwrap();
        let mut server = Self { directory, memory, child: None };
        server.launch();
        server
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn client(&self) -> redis::Client {
        redis::Client::open(self.url()).unwrap()
    }

    /// SIGKILL, and waits until it is dead.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let _ = std::fs::remove_file(self.socket());
    }

    /// Starts it, and returns before it answers.
    pub(crate) fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let append_only = if self.memory == Memory::Remembers { "yes" } else { "no" };
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", append_only, "--loglevel", "warning"])
            .arg("--unixsocket")
            .arg(self.socket())
            .arg("--dir")
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests start redis-server: install it (Debian, Ubuntu: apt-get install redis-server)");
        self.child = Some(child);
    }

    /// Waits until it answers.
    pub(crate) async fn answers(&mut self) {
        let client = self.client();
        for _ in 0..3_000 {
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && redis::cmd("PING").exec_async(&mut connection).await.is_ok()
            {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "redis-server ended with {ended:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server did not answer within a minute");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
