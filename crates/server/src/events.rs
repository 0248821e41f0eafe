//! The journal as pages and as a stream.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ledger::Sequence;
use protocol::views::{EventView, Page, ProblemView};
use query::{EventQuery, Events, PositionEventsQuery, QueryError, Service};
use tokio::sync::mpsc;

use crate::body::accepts_lines;
use crate::failure::Failure;
use crate::listings::question;
use crate::state::App;

/// How many records go into one piece of a stream.
const RECORDS_A_PIECE: usize = 512;

/// How many pieces wait for a client that does not read.
const PIECES_WAITING_MAX: usize = 4;

/// Records of the journal, in order.
///
/// With `Accept: application/x-ndjson` a stream of lines; with `follow=true` one that stays open.
#[utoipa::path(
    get, path = "/v1/events", tag = "journal", params(EventQuery),
    responses(
        (status = 200, description = "The records", content((Page<EventView> = "application/json"), (EventView = "application/x-ndjson"))),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The journal cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn events(
    State(app): State<App>,
    RawQuery(text): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let query: EventQuery = question(text.as_deref())?;
    if accepts_lines(&headers) || query.follow == Some(true) {
        let from = app.service.events_begin(&query)?;
        return Ok(stream(app, from, &query));
    }
    let page = app.ask(move |service| service.events(&query)).await?;
    Ok(Json(page).into_response())
}

/// The records of one position, in order.
#[utoipa::path(
    get, path = "/v1/positions/{id}/events", tag = "positions",
    params(("id" = String, Path, description = "Its id, or as much of its beginning as is unambiguous"), PositionEventsQuery),
    responses(
        (status = 200, description = "The records", body = Page<EventView>),
        (status = 404, description = "There is no such position at that moment", body = ProblemView),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The journal cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn position_events(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<EventView>>, Failure> {
    let query: PositionEventsQuery = question(text.as_deref())?;
    app.ask(move |service| {
        let id = service.resolve_position(&id)?;
        service.position_events(id, &query)
    })
    .await
    .map(Json)
}

fn stream(app: App, from: Sequence, query: &EventQuery) -> Response {
    let left = query.limit.map_or(u64::MAX, u64::from);
    let follow = query.follow.unwrap_or(false);
    let (pieces, waiting) = mpsc::channel(PIECES_WAITING_MAX);
    tokio::spawn(send(
        app,
        Tail {
            from,
            left,
            events: None,
        },
        follow,
        pieces,
    ));
    let stream = futures_util::stream::unfold(waiting, |mut waiting| async {
        waiting.recv().await.map(|piece| (piece, waiting))
    });
    let mut response = Response::new(Body::from_stream(stream));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    response
}

/// What of the journal is still to be sent.
struct Tail {
    from: Sequence,
    left: u64,
    /// The records up to what was the head when it was last looked at.
    events: Option<Events>,
}

impl Tail {
    /// The next piece as lines; empty at the head.
    fn read(mut self, service: &Service) -> Result<(Self, Vec<u8>), QueryError> {
        let mut lines = Vec::new();
        let mut events = self.events.take();
        for _ in 0..RECORDS_A_PIECE {
            if self.left == 0 {
                break;
            }
            let current = events.get_or_insert_with(|| service.events_from(self.from));
            let Some(event) = current.next() else {
                events = None;
                break;
            };
            let event = event?;
            self.from = event.sequence.next();
            self.left = self.left.saturating_sub(1);
            // A view serializes to JSON without an error, and memory takes it.
            let _ = serde_json::to_writer(&mut lines, &event);
            lines.push(b'\n');
        }
        self.events = events;
        Ok((self, lines))
    }
}

/// Sends the journal piece by piece, as fast as the client takes it.
async fn send(
    app: App,
    mut tail: Tail,
    follow: bool,
    pieces: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let mut head = app.service.follow();
    loop {
        // Seen before reading, so that what comes meanwhile is a change.
        head.borrow_and_update();
        let read = app.ask(move |service| tail.read(service)).await;
        let Ok((rest, lines)) = read else {
            let cut = std::io::Error::other("the journal cannot be read");
            let _ = pieces.send(Err(cut)).await;
            return;
        };
        tail = rest;
        let is_at_head = lines.is_empty();
        if !is_at_head {
            let sending = pieces.send_timeout(Ok(lines.into()), app.limits.idle_timeout);
            if sending.await.is_err() {
                return;
            }
            continue;
        }
        if tail.left == 0 || !follow {
            return;
        }
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            () = app.stopped() => return,
            () = pieces.closed() => return,
        }
    }
}
