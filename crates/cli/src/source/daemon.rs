//! A daemon, over HTTP.

use std::io::{BufRead, BufReader};
use std::thread;
use std::time::Duration;

use ledger::{Command, PositionId};
use protocol::Problem;
use protocol::catalogue::codes;
use protocol::views::{PositionView, ProblemView, Ready, ReceiptView};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::Submission;
use crate::failure::Failure;

/// How long a daemon may take to answer the door.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a busy daemon is asked again at most.
const PATIENCE: u32 = 120;

const LINES: &str = "application/x-ndjson";

/// A daemon at an address.
#[derive(Debug)]
pub(crate) struct Daemon {
    url: String,
    client: Client,
}

impl Daemon {
    /// The daemon at `url`; nobody is asked yet.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let bad = || Failure::BadUrl {
            url: url.to_owned(),
        };
        let parsed = reqwest::Url::parse(url).map_err(|_| bad())?;
        if parsed.scheme() != "http" || parsed.host_str().is_none() {
            return Err(bad());
        }
        // An answer over a long journal may take its time; only the door must open soon.
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(None)
            .build()
            .map_err(|_| bad())?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client,
        })
    }

    /// The answer of a route.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<T, Failure> {
        let request = self.client.get(format!("{}{path}", self.url)).query(pairs);
        let response = self.send(request)?;
        self.read(self.granted(response)?)
    }

    /// Whether it takes commands; it says so with 503 as well.
    pub(crate) fn ready(&self) -> Result<Ready, Failure> {
        let response = self.send(self.client.get(format!("{}/ready", self.url)))?;
        self.read(response)
    }

    /// The position that `prefix` is the beginning of.
    pub(crate) fn resolve(&self, prefix: &str) -> Result<PositionId, Failure> {
        // What is no id does not become a path.
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(Failure::Problems(vec![Problem {
                code: codes::BAD_ID,
                line: None,
                field: "position".to_owned(),
                found: format!("{prefix:?}"),
                expected: "a position's UUID, or at least its first 4 digits".to_owned(),
                remedy: "take it from a receipt or from a list of positions".to_owned(),
            }]));
        }
        let view: PositionView = self.get(&format!("/v1/positions/{prefix}"), &[])?;
        Ok(view.position_id)
    }

    /// The lines of the event stream, for as long as the daemon sends them.
    pub(crate) fn follow(&self, from: u64) -> Result<impl BufRead + use<>, Failure> {
        let pairs = [("from", from.to_string()), ("follow", "true".to_owned())];
        let request = self
            .client
            .get(format!("{}/v1/events", self.url))
            .query(&pairs)
            .header(ACCEPT, LINES);
        let response = self.send(request)?;
        Ok(BufReader::new(self.granted(response)?))
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Hands a batch in: each run of commands of one kind to the route of that kind, so that their order
    /// is kept.
    pub(crate) fn submit(&self, batch: &[Submission]) -> Result<Vec<ReceiptView>, Failure> {
        let mut receipts = Vec::with_capacity(batch.len());
        for run in batch.chunk_by(|a, b| route(&a.command) == route(&b.command)) {
            let Some(first) = run.first() else { continue };
            let path = route(&first.command);
            let lines: Vec<&[u8]> = run
                .iter()
                .map(|submission| submission.line.as_slice())
                .collect();
            let mut body = lines.join(&b'\n');
            body.push(b'\n');
            receipts.extend(self.post(path, &body, run.len())?);
        }
        Ok(receipts)
    }

    fn post(&self, path: &str, body: &[u8], count: usize) -> Result<Vec<ReceiptView>, Failure> {
        for _ in 0..PATIENCE {
            let request = self
                .client
                .post(format!("{}{path}", self.url))
                .header(CONTENT_TYPE, LINES)
                .body(body.to_vec());
            let response = self.send(request)?;
            if response.status() == StatusCode::SERVICE_UNAVAILABLE
                && let Some(pause) = retry_after(&response)
            {
                wait(pause);
                continue;
            }
            let text = self.text(self.granted(response)?)?;
            let receipts: Vec<ReceiptView> = text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()
                .map_err(|error| self.foreign(error.to_string()))?;
            if receipts.len() != count {
                return Err(
                    self.foreign(format!("{} receipts for {count} commands", receipts.len()))
                );
            }
            return Ok(receipts);
        }
        Err(Failure::Submit(engine::SubmitError::Busy))
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().map_err(|source| Failure::Unreachable {
            url: self.url.clone(),
            source: source.without_url(),
        })
    }

    /// The response, unless it is a refusal.
    fn granted(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = self.text(response)?;
        match serde_json::from_str::<ProblemView>(&text) {
            // What the question lacks is told as it is of a journal opened here.
            Ok(view) if status.is_client_error() && !view.problems.is_empty() => {
                Err(Failure::Problems(view.problems))
            }
            Ok(view) => Err(Failure::Refused(Box::new(view))),
            Err(_) => Err(self.foreign(format!("status {status}"))),
        }
    }

    fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let text = self.text(response)?;
        serde_json::from_str(&text).map_err(|error| self.foreign(error.to_string()))
    }

    fn text(&self, response: Response) -> Result<String, Failure> {
        response.text().map_err(|error| Failure::BrokenOff {
            url: self.url.clone(),
            source: std::io::Error::other(error.without_url()),
        })
    }

    fn foreign(&self, detail: String) -> Failure {
        Failure::Foreign {
            url: self.url.clone(),
            detail,
        }
    }
}

/// Where commands of a kind go.
const fn route(command: &Command) -> &'static str {
    match command {
        Command::Intent(_) => "/v1/intents",
        Command::Acknowledgement(_) => "/v1/acks",
        Command::Mark(_) => "/v1/marks",
        Command::Configuration(_) => "/v1/config",
    }
}

/// How long a busy daemon asks to wait.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).clamp(Duration::from_millis(100), Duration::from_secs(30)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the daemon says how long to wait; there is nothing here to wait for"
)]
fn wait(pause: Duration) {
    thread::sleep(pause);
}
