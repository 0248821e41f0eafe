//! What stands between the network and a handler: how many at a time, how long, and what if one fails.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::failure::Failure;
use crate::state::App;

/// Lets a limited number of requests through; the next one is told to come again. A stream counts until
/// it has ended.
pub(crate) async fn limit_requests(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let Ok(permit) = app.requests.clone().try_acquire_owned() else {
        return Failure::busy().into_response();
    };
    let response = next.run(request).await;
    response.map(|body| {
        Body::new(Permitted {
            body,
            _permit: permit,
        })
    })
}

/// A body that keeps its request's permit until it has been sent.
struct Permitted {
    body: Body,
    _permit: OwnedSemaphorePermit,
}

impl HttpBody for Permitted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Counts and times requests, by route.
pub(crate) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let began = Instant::now();
    app.metrics.request_began();
    let response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    // A method of a client's own making would be a label of its own making.
    let known = ["GET", "POST", "HEAD", "OPTIONS"];
    let name = known.into_iter().find(|known| *known == method.as_str());
    app.metrics
        .request_ended(name.unwrap_or("other"), &route, status, took);
    tracing::debug!(%method, route, status, took_us = took.as_micros(), "request");
    response
}

/// The answer when a handler panics: a bug, which does not end the process.
#[expect(
    clippy::needless_pass_by_value,
    reason = "this is how the layer hands the cause over"
)]
pub(crate) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let words = cause
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| cause.downcast_ref::<String>().cloned());
    tracing::error!(
        cause = words.as_deref().unwrap_or("unknown"),
        "a request panicked: this is a bug"
    );
    Failure::broken().into_response()
}
