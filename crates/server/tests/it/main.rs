//! A server that runs, and a client that is not ours.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod commands;
mod operations;
mod questions;
mod streams;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{HaltReason, SystemClock};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use server::{Server, ServerError, Settings};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running server and a client of it.
struct Running {
    address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), HaltReason>>,
    dir: tempfile::TempDir,
}

/// What came back.
struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn lines(&self) -> Vec<Value> {
        let lines = self.text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn settings(dir: &Path) -> Settings {
    Settings::new(dir, SocketAddr::from(([127, 0, 0, 1], 0)))
}

async fn start(settings: &Settings) -> Result<Server, ServerError> {
    Server::start(settings, Arc::new(SystemClock)).await
}

impl Running {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(tempfile::tempdir().unwrap(), change).await
    }

    async fn over(dir: tempfile::TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings(dir.path());
        change(&mut settings);
        let server = start(&settings).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.serve(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            client: reqwest::Client::new(),
            stop,
            serving,
            dir,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn get(&self, path: &str) -> Reply {
        reply(self.client.get(self.url(path))).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.client.post(self.url(path)).json(body)).await
    }

    async fn post_text(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.client.post(self.url(path)).header(CONTENT_TYPE, kind);
        reply(request.body(body)).await
    }

    /// Ends it as a signal does, and hands its directory back.
    async fn stop(self) -> tempfile::TempDir {
        self.stop.send(()).unwrap();
        in_time(self.serving).await.unwrap().unwrap();
        self.dir
    }
}

/// What does not come within a time that no machine needs will never come.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let waiting = tokio::time::timeout(Duration::from_mins(1), future);
    waiting.await.unwrap()
}

async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let response = in_time(request.send()).await.unwrap();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// The `number`-th fill of a symbol.
fn fill(symbol: &str, number: u32, side: &str, quantity: &str) -> Value {
    json!({
        "type": "order_filled", "venue": "sim", "mode": "sim", "account": "main", "symbol": symbol,
        "execution_id": number.to_string(), "side": side, "price": "100", "quantity": quantity,
        "occurred_at": "2024-04-22T22:34:32Z",
    })
}

fn open(intent_id: &str, symbol: &str) -> Value {
    json!({
        "type": "open_position", "intent_id": intent_id, "venue": "sim", "mode": "sim",
        "account": "main", "symbol": symbol, "side": "long", "quantity": "1",
    })
}
