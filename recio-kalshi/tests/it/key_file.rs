//! Key files: whose they may be, where they may lie; and that nothing of a key shows anywhere.

use recio_kalshi::signing::{KeyError, SigningKey, generate_ed25519, generate_rsa_2048};
use secrecy::ExposeSecret;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::{Path, PathBuf};

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn key_in(folder: &Path) -> PathBuf {
        let file = folder.join("key.pem");
        fs::write(&file, generate_ed25519("k").unwrap().pem.expose_secret()).unwrap();
        chmod(&file, 0o600);
        file
    }

    #[test]
    fn a_folder_in_which_others_can_swap_the_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = key_in(dir.path());
        SigningKey::from_file("k", &file).unwrap();
        chmod(dir.path(), 0o777);
        let error = SigningKey::from_file("k", &file).unwrap_err();
        assert!(matches!(error, KeyError::OpenFolder { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("chmod o-w {}", dir.path().display())), "{error}");
        chmod(dir.path(), 0o1777);
        SigningKey::from_file("k", &file).unwrap();
        chmod(dir.path(), 0o700);
    }

    #[test]
    fn a_link_counts_as_what_it_leads_to_and_as_where_it_lies() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = key_in(dir.path());
        let link = elsewhere.path().join("link.pem");
        symlink(&file, &link).unwrap();
        SigningKey::from_file("k", &link).unwrap();
        for folder in [dir.path(), elsewhere.path()] {
            chmod(folder, 0o777);
            assert!(matches!(SigningKey::from_file("k", &link), Err(KeyError::OpenFolder { .. })));
            chmod(folder, 0o700);
        }
        chmod(&file, 0o644);
        assert!(matches!(SigningKey::from_file("k", &link), Err(KeyError::OpenToOthers { .. })));
        fs::remove_file(&file).unwrap();
        assert!(matches!(SigningKey::from_file("k", &link), Err(KeyError::Unreadable { .. })));
        let own = dir.path().join("loop.pem");
        symlink(&own, &own).unwrap();
        assert!(matches!(SigningKey::from_file("k", &own), Err(KeyError::Unreadable { .. })));
    }

    #[test]
    fn somebody_elses_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = key_in(dir.path());
        // Only root can give a file away; others cannot make this case.
        if chown(&file, Some(65_534), None).is_ok() {
            let error = SigningKey::from_file("k", &file).unwrap_err();
            assert!(matches!(error, KeyError::ForeignOwner { owner: 65_534, .. }), "{error:?}");
            assert!(error.to_string().contains("chown"), "{error}");
        }
    }

    #[test]
    fn a_device_is_no_key_file() {
        let refused = SigningKey::from_file("k", Path::new("/dev/zero"));
        assert!(matches!(refused, Err(KeyError::NotAKeyFile { .. })), "{refused:?}");
    }
}

/// Takes all that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Requests that are signed, lost, refused and shown, with all logging on: no line of the key and no signature is in any of it.
#[tokio::test]
async fn nothing_of_a_key_shows_in_logs_errors_or_debug() {
    use recio_kalshi::client::KalshiClient;
    use recio_kalshi::exchange::Care;
    use recio_kalshi::signing::HeaderPool;
    use recio_kalshi::transport::{Endpoint, NetworkTransport, Timeouts, Transport};
    let log = Log::default();
    let sink = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || sink.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut shown = String::new();
    let mut canaries = Vec::new();
    for generated in [generate_ed25519("key-id-ed").unwrap(), generate_rsa_2048("key-id-rsa").unwrap()] {
        let lines = generated.pem.expose_secret().lines().filter(|line| !line.starts_with("-----"));
        // Pieces, so that a key that is cut or wrapped in another way is found too.
        canaries.extend(
            lines
                .flat_map(|line| line.as_bytes().chunks(16))
                .map(|piece| piece.to_vec())
                .filter(|piece| piece.len() == 16),
        );
        // A port of the loopback that nobody listens on any more.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let endpoint =
            Endpoint::new(&format!("http://{closed}/trade-api/v2"), &format!("ws://{closed}/trade-api/ws/v2")).unwrap();
        let transport: Arc<dyn Transport> = Arc::new(NetworkTransport::new(endpoint, Timeouts::default()).unwrap());
        let clock: recio_kalshi::client::SignatureClock = Arc::new(|| 1_790_366_400_123);
        let key = Arc::new(generated.key);
        let headers = key.sign(1, "GET", "/x").unwrap();
        canaries.push(headers.signature.as_bytes()[..20].to_vec());
        let pool = Arc::new(HeaderPool::new(key.clone(), clock.clone(), Vec::new()));
        let care = Care::live(&clock);
        let client = KalshiClient::new(care.limits.as_ref().unwrap().around(transport), Some(key.clone()), clock)
            .with_pool(pool.clone());
        for (name, value) in client.socket_headers().unwrap() {
            if name.ends_with("SIGNATURE") {
                canaries.push(value.as_bytes()[..20].to_vec());
            }
        }
        let read = client.balance().await.unwrap_err();
        let handshake = client.transport().connect(client.socket_headers().unwrap()).await.map(|_| ()).unwrap_err();
        shown += &format!("{headers:?} {key:?} {pool:?} {care:?} {client:?} {read} {read:?} {handshake} {handshake:?}");
        let bad = SigningKey::from_pem("k", &generated.pem.expose_secret()[..80].to_owned().into()).unwrap_err();
        shown += &format!("{bad} {bad:?}");
    }
    drop(guard);
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.windows(9).any(|window| window == b"127.0.0.1"), "the requests were logged by somebody");
    for canary in canaries {
        let found = |text: &[u8]| text.windows(canary.len()).any(|window| window == canary);
        assert!(!found(&logged), "in the log: {}", String::from_utf8_lossy(&canary));
        assert!(!found(shown.as_bytes()), "in {shown}");
    }
}
