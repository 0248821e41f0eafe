//! Commands: one, a list, or a stream of lines.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::SubmitError;
use ledger::{Command, Tenant};
use protocol::views::{ProblemView, ReceiptOutcome, ReceiptView};
use protocol::{Family, Item, Problem, Shape, split_body};
use tokio::sync::mpsc;

use crate::body::{Incoming, Media};
use crate::failure::Failure;
use crate::lines::{Line, Splitter};
use crate::openapi::requests;
use crate::state::App;

/// How many commands of one request are handed in at once.
const COMMANDS_MAX: usize = 4096;

/// Larger bodies are read by a thread that may be busy for a while.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// How many pieces of a stream are read ahead of the writer.
const PIECES_AHEAD_MAX: usize = 4;

/// How many answers wait for a client that does not read, each to at most [`COMMANDS_MAX`] lines: so
/// that one which first sends all and then reads can send some ten thousand lines.
const ANSWERS_WAITING_MAX: usize = 64;

/// What came of reading a command.
type Read = Result<Command, Vec<Problem>>;

/// Takes intents.
///
/// One object, a list, or lines (`application/x-ndjson`); the reply has the same shape and order. A stream
/// of lines is answered while it comes: read while sending.
#[utoipa::path(
    post, path = "/v1/intents", tag = "commands",
    request_body(
        content((requests::IntentRequest = "application/json"), (Vec<requests::IntentRequest> = "application/json"), (requests::IntentRequest = "application/x-ndjson")),
        description = "One intent, a list of them, or one on each line"
    ),
    responses(
        (status = 200, description = "The receipt, or a receipt for each of a list, in order", content((ReceiptView = "application/json"), (Vec<ReceiptView> = "application/json"), (ReceiptView = "application/x-ndjson"))),
        (status = 408, description = "The body did not come", body = ProblemView),
        (status = 409, description = "Refused", body = ReceiptView),
        (status = 413, description = "Too large", body = ProblemView),
        (status = 415, description = "Not JSON", body = ProblemView),
        (status = 422, description = "Invalid: nothing was recorded", body = ReceiptView),
        (status = 500, description = "The ledger has halted", body = ProblemView),
        (status = 503, description = "Busy or stopping: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn intents(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    take(app, Family::Intent, request).await
}

/// Takes acknowledgements.
///
/// One object, a list, or lines (`application/x-ndjson`); the reply has the same shape and order. A stream
/// of lines is answered while it comes: read while sending.
#[utoipa::path(
    post, path = "/v1/acks", tag = "commands",
    request_body(
        content((requests::AcknowledgementRequest = "application/json"), (Vec<requests::AcknowledgementRequest> = "application/json"), (requests::AcknowledgementRequest = "application/x-ndjson")),
        description = "One acknowledgement, a list of them, or one on each line"
    ),
    responses(
        (status = 200, description = "The receipt, or a receipt for each of a list, in order", content((ReceiptView = "application/json"), (Vec<ReceiptView> = "application/json"), (ReceiptView = "application/x-ndjson"))),
        (status = 408, description = "The body did not come", body = ProblemView),
        (status = 413, description = "Too large", body = ProblemView),
        (status = 415, description = "Not JSON", body = ProblemView),
        (status = 422, description = "Invalid: nothing was recorded", body = ReceiptView),
        (status = 500, description = "The ledger has halted", body = ProblemView),
        (status = 503, description = "Busy or stopping: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn acks(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    take(app, Family::Acknowledgement, request).await
}

/// Takes marks.
///
/// One object, a list, or lines (`application/x-ndjson`); the reply has the same shape and order.
#[utoipa::path(
    post, path = "/v1/marks", tag = "commands",
    request_body(
        content((requests::MarkRequest = "application/json"), (Vec<requests::MarkRequest> = "application/json"), (requests::MarkRequest = "application/x-ndjson")),
        description = "One mark, a list of them, or one on each line"
    ),
    responses(
        (status = 200, description = "The receipt, or a receipt for each of a list, in order", content((ReceiptView = "application/json"), (Vec<ReceiptView> = "application/json"), (ReceiptView = "application/x-ndjson"))),
        (status = 408, description = "The body did not come", body = ProblemView),
        (status = 413, description = "Too large", body = ProblemView),
        (status = 415, description = "Not JSON", body = ProblemView),
        (status = 422, description = "Invalid: nothing was recorded", body = ReceiptView),
        (status = 500, description = "The ledger has halted", body = ProblemView),
        (status = 503, description = "Busy or stopping: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn marks(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    take(app, Family::Mark, request).await
}

/// Takes settings of accounts and instruments.
///
/// One object, a list, or lines (`application/x-ndjson`); the reply has the same shape and order.
#[utoipa::path(
    post, path = "/v1/config", tag = "commands",
    request_body(
        content((requests::ConfigurationRequest = "application/json"), (Vec<requests::ConfigurationRequest> = "application/json"), (requests::ConfigurationRequest = "application/x-ndjson")),
        description = "One setting, a list of them, or one on each line"
    ),
    responses(
        (status = 200, description = "The receipt, or a receipt for each of a list, in order", content((ReceiptView = "application/json"), (Vec<ReceiptView> = "application/json"), (ReceiptView = "application/x-ndjson"))),
        (status = 408, description = "The body did not come", body = ProblemView),
        (status = 409, description = "Refused: the account or instrument is in use", body = ReceiptView),
        (status = 413, description = "Too large", body = ProblemView),
        (status = 415, description = "Not JSON", body = ProblemView),
        (status = 422, description = "Invalid: nothing was recorded", body = ReceiptView),
        (status = 500, description = "The ledger has halted", body = ProblemView),
        (status = 503, description = "Busy or stopping: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn config(State(app): State<App>, request: Request) -> Result<Response, Failure> {
    take(app, Family::Configuration, request).await
}

async fn take(app: App, family: Family, request: Request) -> Result<Response, Failure> {
    let media = Media::read(request.headers())?;
    if *app.stopping.borrow() {
        return Err(Failure::stopping());
    }
    let incoming = Incoming::new(request.into_body(), app.limits);
    match media {
        Media::Json => take_json(&app, family, incoming.whole().await?).await,
        Media::Lines => Ok(take_lines(app, family, incoming)),
    }
}

/// Takes one object or a list.
async fn take_json(app: &App, family: Family, body: Vec<u8>) -> Result<Response, Failure> {
    let tenant = app.tenant.clone();
    let (shape, read) = if body.len() <= INLINE_BYTES_MAX {
        read_json(&body, family, &tenant)
    } else {
        let reading = tokio::task::spawn_blocking(move || read_json(&body, family, &tenant));
        reading.await.map_err(|_| Failure::broken())?
    };
    let mut replies = Vec::with_capacity(read.len());
    let mut rest = read.into_iter();
    loop {
        let chunk: Vec<Read> = rest.by_ref().take(COMMANDS_MAX).collect();
        if chunk.is_empty() {
            break;
        }
        replies.extend(submit(app, family, chunk).await?);
    }
    Ok(match (shape, replies.pop()) {
        (Shape::One, Some(reply)) => (status_of(family, &reply), Json(reply)).into_response(),
        (_, last) => {
            replies.extend(last);
            Json(replies).into_response()
        }
    })
}

/// Reads one object or a list. What is neither is answered as one object.
fn read_json(body: &[u8], family: Family, tenant: &Tenant) -> (Shape, Vec<Read>) {
    match split_body(body, false) {
        Err(problem) => (Shape::One, vec![Err(vec![problem])]),
        Ok(body) => {
            let read = body.items.into_iter().map(|item| match item {
                Ok(item) => item.parse(Some(family), tenant),
                Err(problem) => Err(vec![problem]),
            });
            (body.shape, read.collect())
        }
    }
}

/// The status of the reply to one object. Who repeats a refused intent is told the same as before.
fn status_of(family: Family, reply: &ReceiptView) -> StatusCode {
    match reply.outcome {
        ReceiptOutcome::Rejected => StatusCode::CONFLICT,
        ReceiptOutcome::Duplicate if family == Family::Intent && reply.code.is_some() => {
            StatusCode::CONFLICT
        }
        ReceiptOutcome::Accepted
        | ReceiptOutcome::Applied
        | ReceiptOutcome::Duplicate
        | ReceiptOutcome::Quarantined => StatusCode::OK,
        ReceiptOutcome::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Hands in what could be read, and puts the replies in order with what could not.
async fn submit(
    app: &App,
    family: Family,
    read: Vec<Read>,
) -> Result<Vec<ReceiptView>, SubmitError> {
    let mut invalid = Vec::with_capacity(read.len());
    let mut commands = Vec::with_capacity(read.len());
    for command in read {
        match command {
            Ok(command) => {
                commands.push(command);
                invalid.push(None);
            }
            Err(problems) => invalid.push(Some(problems)),
        }
    }
    let receipts = if commands.is_empty() {
        Vec::new()
    } else {
        app.handle.submit(commands).await?
    };
    let mut receipts = receipts.iter();
    let replies = invalid.into_iter().filter_map(|problems| match problems {
        Some(problems) => Some(ReceiptView::invalid(problems)),
        None => receipts.next().map(ReceiptView::from),
    });
    let replies: Vec<ReceiptView> = replies.collect();
    app.metrics.count(family, &replies);
    Ok(replies)
}

/// Takes a stream of lines and answers it with a stream of lines.
///
/// One task reads and parses, ahead of the writer by a few pieces; one hands in and answers. Each waits
/// for the other and for the client, so that memory is bounded and nobody outruns the disk.
fn take_lines(app: App, family: Family, incoming: Incoming) -> Response {
    let (pieces, parsed) = mpsc::channel(PIECES_AHEAD_MAX);
    let (answers, answered) = mpsc::channel(ANSWERS_WAITING_MAX);
    tokio::spawn(read_lines(app.clone(), family, incoming, pieces));
    tokio::spawn(answer_lines(app, family, parsed, answers));
    let stream = futures_util::stream::unfold(answered, |mut answered| async {
        answered.recv().await.map(|answer| (answer, answered))
    });
    let mut response = Response::new(Body::from_stream(stream));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    response
}

/// What comes of reading a stream on.
enum Piece {
    /// Some lines.
    Read(Vec<Read>),
    /// That was all.
    End,
    /// There is more, but it cannot be read.
    Cut(String),
}

async fn read_lines(app: App, family: Family, mut incoming: Incoming, pieces: mpsc::Sender<Piece>) {
    let mut splitter = Splitter::new(app.limits.line_bytes_max);
    loop {
        let next = tokio::select! {
            next = incoming.next() => next,
            () = app.stopped() => Err(Failure::stopping()),
        };
        let mut read = Vec::new();
        let mut take =
            |line: Result<Line<'_>, Problem>| read.push(parse(line, family, &app.tenant));
        let last = match next {
            Ok(Some(bytes)) => {
                splitter.push(&bytes, &mut take);
                None
            }
            Ok(None) => {
                splitter.finish(&mut take);
                Some(Piece::End)
            }
            Err(failure) => Some(Piece::Cut(failure.to_string())),
        };
        if !read.is_empty() && pieces.send(Piece::Read(read)).await.is_err() {
            return;
        }
        if let Some(last) = last {
            let _ = pieces.send(last).await;
            return;
        }
    }
}

fn parse(line: Result<Line<'_>, Problem>, family: Family, tenant: &Tenant) -> Read {
    let line = line.map_err(|problem| vec![problem])?;
    let item = Item {
        line: Some(line.number),
        bytes: line.bytes,
    };
    item.parse(Some(family), tenant)
}

/// Hands in whatever has been read and sends the replies. A stream that cannot go on is cut, not ended:
/// whoever sees the cut sends again what was not answered, and what was recorded is recognised.
async fn answer_lines(
    app: App,
    family: Family,
    mut pieces: mpsc::Receiver<Piece>,
    answers: mpsc::Sender<Result<Bytes, StreamCut>>,
) {
    let cut = loop {
        let (read, last) = gather(&mut pieces).await;
        let answer = match submit(&app, family, read).await {
            Ok(replies) => lines_of(&replies),
            Err(error) => break StreamCut(error.to_string()),
        };
        if !answer.is_empty() {
            let sending = answers.send_timeout(Ok(answer), app.limits.idle_timeout);
            if sending.await.is_err() {
                tracing::warn!("a stream was cut: its client takes no replies");
                return;
            }
        }
        match last {
            None => {}
            Some(Piece::Read(_) | Piece::End) => return,
            Some(Piece::Cut(reason)) => break StreamCut(reason),
        }
    };
    tracing::warn!(reason = %cut, "a stream was cut");
    let _ = answers.send(Err(cut)).await;
}

/// All that has been read meanwhile, up to a commit's worth, and what ended it, if something did.
async fn gather(pieces: &mut mpsc::Receiver<Piece>) -> (Vec<Read>, Option<Piece>) {
    let mut read = Vec::new();
    let mut next = pieces.recv().await;
    loop {
        match next {
            Some(Piece::Read(more)) => read.extend(more),
            Some(last) => return (read, Some(last)),
            None => {
                // Every reader says how it ended, unless it failed.
                let failed = Piece::Cut("the lines could not be read".to_owned());
                return (read, Some(failed));
            }
        }
        if read.len() >= COMMANDS_MAX {
            return (read, None);
        }
        next = match pieces.try_recv() {
            Ok(piece) => Some(piece),
            Err(mpsc::error::TryRecvError::Empty) => return (read, None),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        };
    }
}

/// Why a stream was cut.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct StreamCut(String);

fn lines_of(replies: &[ReceiptView]) -> Bytes {
    let mut lines = Vec::with_capacity(replies.len().saturating_mul(128));
    for reply in replies {
        // A view serializes to JSON without an error, and memory takes it.
        let _ = serde_json::to_writer(&mut lines, reply);
        lines.push(b'\n');
    }
    lines.into()
}
