use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, HaltReason, Options, SystemClock};
use journal::{InjectedFault, Journal, MemoryDisk};
use serde_json::{Value, json};
use server::{Server, ServerError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{Running, fill, open, settings, start};

#[tokio::test]
async fn health_and_readiness() {
    let server = Running::new().await;
    let health = server.get("/health").await;
    assert_eq!(
        health.json(),
        json!({"status": "alive", "version": env!("CARGO_PKG_VERSION")})
    );
    server.post("/v1/acks", &fill("A", 1, "buy", "1")).await;
    let ready = server.get("/ready").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.json(),
        json!({"ready": true, "halted": false, "reason": null, "sequence": 3})
    );
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_what_prometheus_reads() {
    let server = Running::new().await;
    server
        .post(
            "/v1/acks",
            &json!([
                fill("A", 1, "buy", "1"),
                fill("A", 1, "buy", "1"),
                fill("A", 1, "buy", "2"),
                {}
            ]),
        )
        .await;
    server.post("/v1/intents", &open("i1", "B")).await;
    server.get("/v1/no\"such").await;
    let reply = server.get("/metrics").await;
    assert!(
        reply.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let mut samples = std::collections::BTreeMap::new();
    for line in reply.text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(
            samples.insert(name.to_owned(), value.to_owned()).is_none(),
            "{line} comes twice"
        );
    }
    assert!(reply.text.ends_with("# EOF\n"));
    let sample = |name: &str| samples.get(name).map(String::as_str);
    for (kind, outcome) in [
        ("acknowledgement", "applied"),
        ("acknowledgement", "duplicate"),
        ("acknowledgement", "quarantined"),
        ("acknowledgement", "invalid"),
        ("intent", "accepted"),
    ] {
        let name = format!("posledger_commands_total{{kind=\"{kind}\",outcome=\"{outcome}\"}}");
        assert_eq!(sample(&name), Some("1"), "{name}\n{}", reply.text);
    }
    let head = server.get("/ready").await.json()["sequence"].to_string();
    assert_eq!(sample("posledger_head_sequence"), Some(head.as_str()));
    assert_eq!(sample("posledger_open_positions"), Some("2"));
    assert_eq!(sample("posledger_quarantined"), Some("1"));
    assert_eq!(sample("posledger_halted"), Some("0"));
    assert_eq!(sample("posledger_inbox_waiting"), Some("0"));
    let count = "posledger_request_duration_seconds_count{method=\"POST\",route=\"/v1/acks\",status=\"200\"}";
    assert_eq!(sample(count), Some("1"));
    assert!(
        samples
            .keys()
            .any(|name| name.contains("route=\"unmatched\",status=\"404\""))
    );
    server.stop().await;
}

#[tokio::test]
async fn the_reference_lists_every_route_and_holds_together() {
    let server = Running::new().await;
    let document = server.get("/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    let routes: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{method} {path}"))
        })
        .collect();
    let expected = [
        "get /health",
        "get /metrics",
        "get /openapi.json",
        "get /ready",
        "get /v1/events",
        "get /v1/fills",
        "get /v1/orders",
        "get /v1/positions",
        "get /v1/positions/{id}",
        "get /v1/positions/{id}/events",
        "get /v1/stats",
        "get /v1/trades",
        "post /v1/acks",
        "post /v1/config",
        "post /v1/intents",
        "post /v1/marks",
    ];
    assert_eq!(routes, expected.map(str::to_owned).into());
    // It is read back by its own types, and every reference leads somewhere.
    let again: utoipa::openapi::OpenApi = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(again.paths.paths.len(), paths.len());
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    // Every operation says how it fails, and what it is for.
    for item in paths.values() {
        for operation in item.as_object().unwrap().values() {
            assert!(!operation["summary"].as_str().unwrap().is_empty());
            assert!(operation["responses"]["200"].is_object());
        }
    }
    let names: Vec<&str> = document["paths"]["/v1/positions"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"state") && names.contains(&"cursor"),
        "{names:?}"
    );
    server.stop().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(reference) if name == "$ref" => found.push(reference.to_owned()),
                    Some(_) | None => collect_references(value, found),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn a_second_server_cannot_start_on_what_is_in_use() {
    let server = Running::new().await;
    let mut other = settings(server.dir.path());
    let error = start(&other).await.unwrap_err();
    assert!(matches!(error, ServerError::Engine { .. }), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    let words = format!("{source}: {:?}", source.source().map(ToString::to_string));
    assert!(words.contains("in use by"), "{words}");
    let dir = tempfile::tempdir().unwrap();
    other.data = dir.path().to_owned();
    other.listen = server.address;
    let error = start(&other).await.unwrap_err();
    assert!(matches!(error, ServerError::Listen { .. }), "{error}");
    server.stop().await;
}

#[tokio::test]
async fn all_is_there_again_after_a_restart() {
    let server = Running::new().await;
    let body: Vec<Value> = (0..500)
        .map(|number| fill("A", number, "buy", "1"))
        .collect();
    server.post("/v1/acks", &json!(body)).await;
    let before = server.get("/v1/positions").await.json();
    let server = Running::over(server.stop().await, |_| {}).await;
    assert_eq!(server.get("/v1/positions").await.json(), before);
    let again = server.post("/v1/acks", &json!(body)).await.json();
    assert!(
        again
            .as_array()
            .unwrap()
            .iter()
            .all(|receipt| receipt["outcome"] == "duplicate")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let server = Running::with(|settings| {
        settings.limits.header_timeout = Duration::from_millis(100);
        settings.limits.connections_max = 1;
    })
    .await;
    let mut slow = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    // The only connection there may be is given up, so that the next one is served.
    let health = server.get("/health").await;
    assert_eq!(health.status, 200);
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn it_may_listen_beyond_this_machine_if_told_so() {
    let server = Running::with(|settings| {
        settings.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    })
    .await;
    let url = format!("http://127.0.0.1:{}/health", server.address.port());
    assert_eq!(crate::reply(server.client.get(url)).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_ledger_that_halts_says_so_and_ends() {
    let disk = MemoryDisk::new();
    let (journal, _) = Journal::in_memory(&disk).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let (engine, report) = Engine::over(journal, dir.path(), &Options::default(), clock).unwrap();
    let settings = settings(dir.path());
    let server = Server::over(engine, report, &settings).await.unwrap();
    let url = format!("http://{}/v1/acks", server.address());
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let client = reqwest::Client::new();
    let first = crate::reply(client.post(&url).json(&fill("A", 1, "buy", "1"))).await;
    assert_eq!(first.status, 200);
    disk.inject(InjectedFault::Sync(disk.appends() + 1));
    let last = crate::reply(client.post(&url).json(&fill("A", 2, "buy", "1"))).await;
    assert_eq!(
        (last.status, last.json()["code"].as_str()),
        (500, Some("PL-0402"))
    );
    let halted = crate::in_time(serving).await.unwrap().unwrap_err();
    assert!(matches!(halted, HaltReason::Journal(_)), "{halted}");
    assert!(client.post(&url).send().await.is_err());
}
