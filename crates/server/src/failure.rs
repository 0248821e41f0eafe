//! Why a request got no answer of its own kind.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::SubmitError;
use protocol::catalogue::{self, codes};
use protocol::views::ProblemView;
use protocol::{Code, Problem};
use query::QueryError;

/// After how many seconds a client may come again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Why a request got no answer of its own kind.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: Code,
    problems: Vec<Problem>,
}

impl Failure {
    const fn new(status: StatusCode, code: Code) -> Self {
        Self {
            status,
            code,
            problems: Vec::new(),
        }
    }

    fn with(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    pub(crate) const fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, codes::BUSY)
    }

    pub(crate) const fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, codes::STOPPING)
    }

    /// A bug, or a disk that cannot be read. The log says which.
    pub(crate) const fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, codes::LEDGER_HALTED)
    }

    pub(crate) fn route_not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, codes::NOT_FOUND).with(problem(
            codes::NOT_FOUND,
            "path",
            format!("{path:?}"),
            "one of the routes in /openapi.json",
            "check the path",
        ))
    }

    pub(crate) fn method_not_allowed(method: &str, path: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, codes::METHOD_NOT_ALLOWED).with(problem(
            codes::METHOD_NOT_ALLOWED,
            "method",
            format!("{method} {path}"),
            "a method that the route has: see Allow",
            "commands are sent with POST, questions are asked with GET",
        ))
    }

    pub(crate) fn body_too_large(bytes_max: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, codes::BODY_TOO_LARGE).with(problem(
            codes::BODY_TOO_LARGE,
            "body",
            format!("more than {bytes_max} bytes"),
            format!("at most {bytes_max} bytes"),
            "send lines with Content-Type: application/x-ndjson: a stream has no limit",
        ))
    }

    pub(crate) fn unsupported_media(field: &str, found: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, codes::UNSUPPORTED_MEDIA).with(problem(
            codes::UNSUPPORTED_MEDIA,
            field,
            format!("{found:?}"),
            "Content-Type application/json or application/x-ndjson, without Content-Encoding",
            "send JSON or lines of JSON, uncompressed",
        ))
    }

    pub(crate) fn too_slow(seconds: u64) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, codes::EMPTY_BODY).with(problem(
            codes::EMPTY_BODY,
            "body",
            format!("nothing for {seconds} seconds"),
            "the rest of the body",
            "send it again in one go; an empty line keeps a stream of lines alive",
        ))
    }

    pub(crate) fn unreadable_body(error: &dyn std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, codes::EMPTY_BODY).with(problem(
            codes::EMPTY_BODY,
            "body",
            error.to_string(),
            "a whole body",
            "the connection was cut, or the body is not framed as its head says: send it again",
        ))
    }
}

fn problem(
    code: Code,
    field: &str,
    found: impl Into<String>,
    expected: impl Into<String>,
    remedy: &str,
) -> Problem {
    Problem {
        code,
        line: None,
        field: field.to_owned(),
        found: found.into(),
        expected: expected.into(),
        remedy: remedy.to_owned(),
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy => Self::busy(),
            SubmitError::Halted(_) => Self::broken(),
            SubmitError::Stopped => Self::stopping(),
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(problems) => {
                let code = match problems.as_slice() {
                    [problem] => problem.code,
                    _ => codes::BAD_QUERY,
                };
                Self {
                    problems,
                    ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
                }
            }
            QueryError::NotFound(problem) => {
                Self::new(StatusCode::NOT_FOUND, codes::NOT_FOUND).with(problem)
            }
            QueryError::Journal(_) | QueryError::History(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot read");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, codes::CORRUPT)
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(title(self.code))?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, ": found {}", problem.found))
    }
}

/// What an error means, in a few words.
fn title(code: Code) -> &'static str {
    catalogue::page(code).map_or("", |page| page.title)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let view = ProblemView {
            code: self.code,
            title: title(self.code).to_owned(),
            problems: self.problems,
        };
        let mut response = (self.status, Json(view)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
