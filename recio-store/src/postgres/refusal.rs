//! Why a server did not let us in, and what to do about it.

use super::options::Target;
use crate::open::OpenError;
use crate::sql::Lost;
use recio_core::store::StoreError;
use std::io;

/// The server is not set up for what recio wants to do there.
#[derive(Debug, thiserror::Error)]
#[error("{why}: {remedy}")]
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) remedy: String,
}

/// The error of opening that a failure means.
pub(super) fn refused(target: &Target, error: StoreError) -> OpenError {
    let place = target.place.clone();
    let source = if let StoreError::Unavailable(source) = error {
        source
    } else {
        return OpenError::Store { place, source: error };
    };
    let source = match source.downcast::<Refusal>() {
        Ok(refusal) => return OpenError::Refused { place, remedy: refusal.remedy, source: refusal.why.into() },
        Err(source) => source,
    };
    let driver = source.downcast_ref::<Lost>().map(|lost| &*lost.0).or_else(|| source.downcast_ref::<sqlx::Error>());
    match driver.and_then(|error| remedy(target, error)) {
        Some(remedy) => OpenError::Refused { place, remedy, source },
        None if driver.is_some_and(is_silence) => {
            // The system's own words, without the driver's around them.
            let source = match driver {
                Some(sqlx::Error::Io(error)) => error.to_string().into(),
                Some(_) | None => source,
            };
            OpenError::NoServer { place, source }
        }
        None => OpenError::Store { place, source: StoreError::Unavailable(source) },
    }
}

/// Whether nobody was there, or nobody who can serve now.
fn is_silence(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || code(error).is_some_and(|code| code.starts_with("57P"))
}

/// What a person does about it.
fn remedy(target: &Target, error: &sqlx::Error) -> Option<String> {
    let (user, database) = (target.connect.get_username(), target.connect.get_database().unwrap_or_default());
    let host =
        target.connect.get_socket().map_or_else(|| target.connect.get_host().into(), |path| path.to_string_lossy());
    let at = format!("-h {host} -p {}", target.connect.get_port());
    // rustls tells what is wrong with a certificate as an error of input.
    let is_tls = matches!(error, sqlx::Error::Tls(_))
        || matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData);
    if is_tls {
        return Some(
            "TLS with it did not come about as `sslmode` asks for it: give the CA's certificate as `sslrootcert=FILE` and the host by the \
             name in the server's certificate, and have the server's `ssl` on"
                .to_owned(),
        );
    }
    let remedy = match code(error)?.as_str() {
        "3D000" => format!("there is no such database; make it with `createdb {at} -U {user} {database}`"),
        "28P01" | "28000" => format!(
            "it does not know `{user}` by this password, or pg_hba.conf does not let it in; give the password in the URL, in PGPASSWORD or \
             in ~/.pgpass, or make the user with `createuser {at} --pwprompt {user}`"
        ),
        "42501" => format!(
            "`{user}` lacks rights; make it the owner with `psql {at} -d {database} -c 'ALTER DATABASE \"{database}\" OWNER TO \"{user}\"'`, \
             or have the owner open the store for writing once and then grant what `PostgresStore::grants` lists"
        ),
        "53300" => "it has no connection left; end programs that use it, or raise its `max_connections`".to_owned(),
        _ => return None,
    };
    Some(remedy)
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|database| database.code()).map(|code| code.into_owned())
}
