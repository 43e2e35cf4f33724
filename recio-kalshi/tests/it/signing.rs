//! Keys and signatures.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use recio_kalshi::signing::{GeneratedKey, KeyError, KeyType, SigningKey, generate_ed25519, generate_rsa_2048};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write as _;

const PATH: &str = "/trade-api/v2/portfolio/events/orders";

fn check(generated: &GeneratedKey, other: &GeneratedKey) {
    let verifying = generated.key.verifying_key();
    let headers = generated.key.sign(1_790_366_400_123, "POST", &format!("{PATH}?subaccount=0")).unwrap();
    assert_eq!((headers.key_id.as_str(), headers.timestamp.as_str()), (generated.key.id(), "1790366400123"));
    let verify =
        |time: &str, method: &str, path: &str, signature: &str| verifying.verify(time, method, path, signature).is_ok();
    assert!(verify("1790366400123", "POST", PATH, &headers.signature));
    assert!(verify("1790366400123", "POST", &format!("{PATH}?x=y"), &headers.signature), "the query is not signed");
    assert!(!verify("1790366400124", "POST", PATH, &headers.signature));
    assert!(!verify("1790366400123", "DELETE", PATH, &headers.signature));
    assert!(!verify("1790366400123", "POST", "/trade-api/v2/portfolio/orders", &headers.signature));
    assert!(!verify("1790366400123", "POST", PATH, "not base64!"));
    assert!(!verify("1790366400123", "POST", PATH, ""));
    assert!(other.key.verifying_key().verify("1790366400123", "POST", PATH, &headers.signature).is_err());

    let secret = generated.pem.expose_secret();
    let shown = format!("{:?} {:?} {verifying:?}", generated, generated.key);
    for line in secret.lines().filter(|line| !line.starts_with("-----")) {
        assert!(!shown.contains(line), "a key shows in Debug");
    }
}

#[test]
fn both_kinds_sign_and_verify() {
    let (rsa, ed25519) = (generate_rsa_2048("rsa-1").unwrap(), generate_ed25519("ed-1").unwrap());
    assert_eq!((rsa.key.key_type(), ed25519.key.key_type()), (KeyType::Rsa, KeyType::Ed25519));
    check(&rsa, &ed25519);
    check(&ed25519, &rsa);
    check(&ed25519, &generate_ed25519("ed-2").unwrap());
}

fn pem(label: &str, der: &[u8]) -> SecretString {
    let mut text = format!("-----BEGIN {label}-----\n");
    for chunk in BASE64_STANDARD.encode(der).as_bytes().chunks(64) {
        writeln!(text, "{}", std::str::from_utf8(chunk).unwrap()).unwrap();
    }
    writeln!(text, "-----END {label}-----").unwrap();
    text.into()
}

fn der(pem: &SecretString) -> Vec<u8> {
    let body: String = pem.expose_secret().lines().filter(|line| !line.starts_with('-')).collect();
    BASE64_STANDARD.decode(body).unwrap()
}

#[test]
fn rsa_loads_as_pkcs1_and_pkcs8_whatever_the_label_says() {
    let generated = generate_rsa_2048("k").unwrap();
    let pkcs8 = der(&generated.pem);
    // PKCS#8 of a 2048-bit key is 26 bytes of frame around the PKCS#1 body.
    let pkcs1 = &pkcs8[26..];
    let signed = |pem: &SecretString| {
        let key = SigningKey::from_pem("k", pem).unwrap();
        assert_eq!(key.key_type(), KeyType::Rsa);
        let headers = key.sign(1, "GET", PATH).unwrap();
        generated.key.verifying_key().verify("1", "GET", PATH, &headers.signature).unwrap();
    };
    signed(&pem("PRIVATE KEY", &pkcs8));
    signed(&pem("RSA PRIVATE KEY", pkcs1));
    signed(&pem("RSA PRIVATE KEY", &pkcs8));
    signed(&pem("PRIVATE KEY", pkcs1));
    let ed25519 = der(&generate_ed25519("k").unwrap().pem);
    let key = SigningKey::from_pem("k", &pem("RSA PRIVATE KEY", &ed25519)).unwrap();
    assert_eq!(key.key_type(), KeyType::Ed25519);
}

#[test]
fn what_is_no_key_is_refused_without_showing_it() {
    let refused = |text: &str| SigningKey::from_pem("k", &SecretString::from(text)).unwrap_err();
    assert!(matches!(refused(""), KeyError::NotPem));
    assert!(matches!(refused("c2VjcmV0"), KeyError::NotPem));
    let damaged = SigningKey::from_pem("k", &pem("PRIVATE KEY", b"secret-bytes")).unwrap_err();
    assert!(matches!(damaged, KeyError::UnsupportedKey));
    assert!(!format!("{damaged} {damaged:?}").contains(&BASE64_STANDARD.encode(b"secret-bytes")));
    let good = generate_ed25519("k").unwrap();
    for id in ["", "a b", "a\nb"] {
        assert!(matches!(SigningKey::from_pem(id, &good.pem), Err(KeyError::BadKeyId)), "{id:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_open_to_others_is_refused_with_its_remedy() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key.pem");
    std::fs::write(&file, generate_ed25519("k").unwrap().pem.expose_secret()).unwrap();
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    for open in [0o644, 0o640, 0o602, 0o660] {
        mode(open);
        let error = SigningKey::from_file("k", &file).unwrap_err().to_string();
        assert!(error.contains(&format!("chmod 600 {}", file.display())), "{error}");
        assert!(error.contains(&format!("{open:03o}")), "{error}");
    }
    mode(0o600);
    assert_eq!(SigningKey::from_file("k", &file).unwrap().key_type(), KeyType::Ed25519);
    assert!(matches!(SigningKey::from_file("k", &dir.path().join("none.pem")), Err(KeyError::Unreadable { .. })));
    assert!(matches!(SigningKey::from_file("k", dir.path()), Err(KeyError::NotAKeyFile { .. })));
    std::fs::write(&file, "nothing").unwrap();
    let error = SigningKey::from_file("k", &file).unwrap_err();
    assert!(matches!(error, KeyError::InFile { .. }), "{error:?}");
}
