//! What a client sends: its kind, its size and its pace.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;

use crate::failure::Failure;
use crate::settings::Limits;

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// One object or a list.
    Json,
    /// A stream of lines.
    Lines,
}

/// What lines of JSON are called by those who send them.
const LINES: [&str; 4] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];

impl Media {
    /// Reads the kind of a body from the head of its request; JSON where nothing is said.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
            && encoding != "identity"
        {
            let found = String::from_utf8_lossy(encoding.as_bytes());
            return Err(Failure::unsupported_media("Content-Encoding", &found));
        }
        let Some(value) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Self::Json);
        };
        let text = String::from_utf8_lossy(value.as_bytes());
        let essence = text.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if LINES
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
        {
            Ok(Self::Lines)
        } else {
            Err(Failure::unsupported_media("Content-Type", &text))
        }
    }
}

/// Whether the client asks for lines.
pub(crate) fn accepts_lines(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split(',').any(|part| {
            let essence = part.split(';').next().unwrap_or_default().trim();
            LINES
                .iter()
                .any(|known| essence.eq_ignore_ascii_case(known))
        })
    })
}

/// A body that comes piece by piece, and has to keep coming.
#[derive(Debug)]
pub(crate) struct Incoming {
    body: Body,
    limits: Limits,
}

impl Incoming {
    pub(crate) const fn new(body: Body, limits: Limits) -> Self {
        Self { body, limits }
    }

    /// The next piece; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let idle = self.limits.idle_timeout;
            let frame = tokio::time::timeout(idle, self.body.frame())
                .await
                .map_err(|_| Failure::too_slow(idle.as_secs()))?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::unreadable_body(&error)),
                // Trailers say nothing to us.
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// All of it, if it is not too large.
    pub(crate) async fn whole(mut self) -> Result<Vec<u8>, Failure> {
        let bytes_max = self.limits.body_bytes_max;
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len().saturating_add(bytes.len()) > bytes_max {
                return Err(Failure::body_too_large(bytes_max));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }
}
