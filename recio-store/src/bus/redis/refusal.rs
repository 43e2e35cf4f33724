//! Why a Redis does not serve us although it is there, and what a person does about it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What a person does about it; `None` where waiting may help.
pub(super) fn remedy(error: &RedisError) -> Option<String> {
    let remedy = match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS")) => {
            "it does not take this user and password: put the right ones into the URL, redis://USER:PASSWORD@HOST, with signs such as @ and / \
             written as %40 and %2F"
        }
        (_, Some("NOAUTH")) => {
            "it wants a password: write it into the URL, redis://:PASSWORD@HOST or redis://USER:PASSWORD@HOST"
        }
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => {
            "its user lacks rights; give them with `ACL SETUSER USER ~recio:* +@all -@admin -@dangerous +info`"
        }
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => "it is a replica, which takes no writes: name the primary",
        (ErrorKind::Io, _) => return of_tls(&error.to_string()).map(str::to_owned),
        _ => return None,
    };
    Some(remedy.to_owned())
}

/// rustls tells by texts what is wrong, and the driver hands them on as errors of input and output.
fn of_tls(text: &str) -> Option<&'static str> {
    if text.contains("not valid for name") || text.contains("NotValidForName") {
        Some("its certificate is for another host: write the host as the certificate names it")
    } else if text.contains("invalid peer certificate") {
        Some(
            "its certificate is not one that is trusted here: name the certificate of its authority with ?sslrootcert=FILE",
        )
    } else if text.contains("CertificateRequired") {
        Some("it wants a certificate from us: name one and its key with ?sslcert=FILE&sslkey=FILE")
    } else if text.contains("received fatal alert") {
        Some(
            "it does not take our TLS: look into its log, and at ?sslcert=FILE&sslkey=FILE where it wants a certificate",
        )
    } else if text.contains("corrupt message") {
        Some("it does not speak TLS there: name its TLS port, or write redis:// for a connection without TLS")
    } else {
        None
    }
}
