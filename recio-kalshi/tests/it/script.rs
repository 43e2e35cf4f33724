//! A transport that answers by a script.

use async_trait::async_trait;
use recio_kalshi::client::KalshiClient;
use recio_kalshi::signing::{SigningKey, generate_ed25519};
use recio_kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Transport, TransportError};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Gives the next answer to each request and keeps the requests.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) answers: Mutex<VecDeque<Result<HttpResponse, TransportError>>>,
    pub(crate) requests: Mutex<Vec<HttpRequest>>,
}

#[async_trait]
impl Transport for Script {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.requests.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("an answer for every request")
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        Err(TransportError::NotSent("no socket here".into()))
    }
}

pub(crate) const NOW_MS: i64 = 1_795_356_000_000;

pub(crate) fn setup(answers: &[(u16, &str)]) -> (KalshiClient, Arc<Script>, Arc<SigningKey>) {
    let script = Arc::new(Script::default());
    for (status, body) in answers {
        let answer = HttpResponse { status: *status, body: body.to_string().into() };
        script.answers.lock().unwrap().push_back(Ok(answer));
    }
    let key = Arc::new(generate_ed25519("key-1").unwrap().key);
    (KalshiClient::new(script.clone(), Some(key.clone()), Arc::new(|| NOW_MS)), script, key)
}

impl Script {
    /// The requests so far, one in a line: method, path below the base, query, body. Forgets them.
    pub(crate) fn take(&self) -> String {
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        let line = |request: &HttpRequest| {
            let path = request.path.strip_prefix("/trade-api/v2").unwrap();
            let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            let line = format!("{} {path}{mark}{} ", request.method.as_str(), query.join("&"));
            (line + &String::from_utf8_lossy(&request.body)).trim_end().to_owned()
        };
        requests.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Adds an answer.
    pub(crate) fn answer(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back(Ok(HttpResponse { status, body: body.to_owned().into() }));
    }
}
