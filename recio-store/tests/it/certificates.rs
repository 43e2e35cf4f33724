//! Certificates for servers of tests, made with `openssl`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA in `NAME.pem`.
pub(crate) fn authority(folder: &Path, name: &str) -> PathBuf {
    let request = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
    );
    openssl(folder, &request);
    folder.join(format!("{name}.pem"))
}

/// A certificate of a CA for these names (`DNS:localhost`) in `NAME.pem`, its key in `NAME.key`.
pub(crate) fn issue(folder: &Path, authority: &str, name: &str, names: &str) {
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ),
    );
    std::fs::write(folder.join("names"), format!("subjectAltName = {names}\n")).unwrap();
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
        ),
    );
}
