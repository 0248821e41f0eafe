//! Where a list goes on: opaque to callers, and valid however much is recorded meanwhile, because it
//! names the last item that was given and not a number of items to pass over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::catalogue::codes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::question::Question;
use crate::values::Values;

/// Longer ones are not ours.
const CURSOR_BYTES_MAX: usize = 4096;

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Content<P> {
    /// The question it belongs to.
    #[serde(rename = "q")]
    question: u32,
    /// The last item that was given.
    #[serde(rename = "p")]
    place: P,
}

/// The cursor after `place` in the answer to `question`.
pub(crate) fn write<P: Serialize>(question: &impl Question, place: P) -> Option<String> {
    let content = Content {
        question: fingerprint(question),
        place,
    };
    serde_json::to_vec(&content)
        .ok()
        .map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// Where the answer to `question` goes on.
pub(crate) fn read<P: DeserializeOwned>(
    values: &mut Values,
    question: &impl Question,
    cursor: Option<&str>,
) -> Option<P> {
    let text = cursor?;
    let content = URL_SAFE_NO_PAD
        .decode(text.get(..CURSOR_BYTES_MAX).unwrap_or(text))
        .ok()
        .and_then(|json| serde_json::from_slice::<Content<P>>(&json).ok());
    match content {
        Some(content) if content.question == fingerprint(question) => Some(content.place),
        Some(_) => {
            values.refuse(
                codes::BAD_CURSOR,
                "cursor",
                text,
                "the next_cursor of a page of the same question",
                "repeat the question with the same filters and order; only limit may change",
            );
            None
        }
        None => {
            values.refuse(
                codes::BAD_CURSOR,
                "cursor",
                text,
                "next_cursor as it was in the page before",
                "begin again without a cursor",
            );
            None
        }
    }
}

/// What tells a question from others, its place and the size of its pages apart.
fn fingerprint(question: &impl Question) -> u32 {
    let pairs = question.to_pairs().into_iter();
    pairs
        .filter(|(name, _)| name != "cursor" && name != "limit" && name != "follow")
        .fold(0, |sum, (name, value)| {
            let sum = crc32c::crc32c_append(sum, name.as_bytes());
            let sum = crc32c::crc32c_append(sum, b"=");
            let sum = crc32c::crc32c_append(sum, value.as_bytes());
            crc32c::crc32c_append(sum, b"&")
        })
}
