//! What Prometheus scrapes.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::Status;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family as Metric;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::Family;
use protocol::views::ReceiptView;

use crate::failure::Failure;
use crate::state::App;

/// The upper bounds of the buckets of durations, in seconds: from a question answered from memory to a
/// fold over the whole journal.
const BUCKETS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

type Number = Gauge<u64, AtomicU64>;

/// All metrics of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    commands: Metric<CommandLabels, Counter>,
    requests: Metric<RequestLabels, Histogram>,
    in_flight: Gauge,
    head: Number,
    projection_lag: Number,
    history_lag: Number,
    inbox_waiting: Number,
    inbox_capacity: Number,
    positions: Number,
    quarantined: Number,
    halted: Number,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("posledger");
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The running program", Info::new(version));
        let commands = Metric::default();
        registry.register("commands", "Commands by kind and outcome", commands.clone());
        let requests = Metric::new_with_constructor(new_histogram as fn() -> Histogram);
        registry.register_with_unit(
            "request_duration",
            "How long requests took, up to the first byte of the answer",
            Unit::Seconds,
            requests.clone(),
        );
        let in_flight = Gauge::default();
        let help = "Requests that are being worked on";
        registry.register("requests_in_flight", help, in_flight.clone());
        let mut number = |name: &str, help: &str| {
            let gauge = Number::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let head = number("head_sequence", "The last durable record");
        let projection_lag = number(
            "projection_lag_records",
            "Durable records that the read models do not hold yet",
        );
        let history_lag = number(
            "history_lag_records",
            "Durable records whose rows are not in the history on disk yet",
        );
        let inbox_waiting = number("inbox_waiting", "Submissions that wait for the writer");
        let inbox_capacity = number("inbox_capacity", "Submissions that may wait for the writer");
        let positions = number("open_positions", "Positions that are not final");
        let quarantined = number("quarantined", "Quarantined facts that nobody has resolved");
        let halted = number("halted", "1 if the ledger has halted");
        Self {
            registry,
            commands,
            requests,
            in_flight,
            head,
            projection_lag,
            history_lag,
            inbox_waiting,
            inbox_capacity,
            positions,
            quarantined,
            halted,
        }
    }

    /// Counts what became of commands.
    pub(crate) fn count(&self, family: Family, replies: &[ReceiptView]) {
        let kind = match family {
            Family::Intent => "intent",
            Family::Acknowledgement => "acknowledgement",
            Family::Mark => "mark",
            Family::Configuration => "configuration",
        };
        // Runs of the same outcome are counted at once: a stream is mostly one.
        for run in replies.chunk_by(|a, b| a.outcome == b.outcome) {
            let Some(first) = run.first() else { continue };
            let labels = CommandLabels {
                kind,
                outcome: first.outcome.as_str(),
            };
            let count = u64::try_from(run.len()).unwrap_or(u64::MAX);
            self.commands.get_or_create(&labels).inc_by(count);
        }
    }

    pub(crate) fn request_began(&self) {
        self.in_flight.inc();
    }

    pub(crate) fn request_ended(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.in_flight.dec();
        let labels = RequestLabels {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// All metrics as text, with the engine as it is now.
    fn write(&self, status: &Status, is_halted: bool) -> Result<String, std::fmt::Error> {
        let lag = |behind: ledger::Sequence| status.durable_head.get().saturating_sub(behind.get());
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.head.set(status.durable_head.get());
        self.projection_lag.set(lag(status.projected_head));
        self.history_lag.set(lag(status.archived_head));
        self.inbox_waiting.set(number(status.inbox_waiting));
        self.inbox_capacity.set(number(status.inbox_capacity));
        self.positions.set(number(status.positions));
        self.quarantined.set(number(status.quarantined));
        self.halted.set(u64::from(is_halted));
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn new_histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// Metrics for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Failure> {
    let reader = app.reader.clone();
    let (status, ready) = app
        .ask(move |service| Ok((reader.status(), service.ready())))
        .await?;
    let text = app
        .metrics
        .write(&status, ready.halted)
        .map_err(|_| Failure::broken())?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    Ok((headers, text).into_response())
}
