//! Lines out of a stream, in bounded memory.

use std::io::{self, BufRead};

use ledger::{Command, Tenant};

use super::body::Item;
use super::{Family, encoding_problem, foreign_encoding};
use crate::catalogue::codes;
use crate::problem::Problem;

/// A line that is worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number in the stream, counted from one; empty lines count.
    pub number: u64,
    /// Its bytes, without the line's end.
    pub bytes: &'a [u8],
}

impl Line<'_> {
    /// Reads the command, as [`parse_command`](crate::parse_command) does, and says on which line a
    /// problem is.
    ///
    /// # Errors
    /// Returns every problem of the line.
    pub fn parse(&self, family: Option<Family>, tenant: &Tenant) -> Result<Command, Vec<Problem>> {
        Item::from(*self).parse(family, tenant)
    }
}

impl<'a> From<Line<'a>> for Item<'a> {
    fn from(line: Line<'a>) -> Self {
        Self {
            line: Some(line.number),
            bytes: line.bytes,
        }
    }
}

/// The lines of a stream.
///
/// Empty ones are passed over. A line longer than allowed is reported and passed over without being
/// held in memory. A stream in UTF-16 or compressed has no lines of ours: it is reported once, and ends.
#[derive(Debug)]
pub struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    bytes_max: usize,
    number: u64,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `source`, each at most `bytes_max` bytes long.
    pub const fn new(source: R, bytes_max: usize) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            bytes_max,
            number: 0,
            ended: false,
        }
    }

    /// How many lines have been read, the empty ones included.
    pub const fn count(&self) -> u64 {
        self.number
    }

    /// The next line that is not empty, or what is wrong with it; nothing at the end.
    ///
    /// # Errors
    /// Returns the stream's own error.
    pub fn next_line(&mut self) -> io::Result<Option<Result<Line<'_>, Problem>>> {
        loop {
            if self.ended {
                return Ok(None);
            }
            self.buffer.clear();
            let length = self.fill()?;
            if length == 0 {
                self.ended = true;
                return Ok(None);
            }
            self.number = self.number.saturating_add(1);
            if let Some(problem) = self.unreadable() {
                return Ok(Some(Err(problem)));
            }
            if length > u64::try_from(self.bytes_max).unwrap_or(u64::MAX) {
                return Ok(Some(Err(too_long(self.number, length, self.bytes_max))));
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        Ok(Some(Ok(Line {
            number: self.number,
            bytes: &self.buffer,
        })))
    }

    /// Reads up to the end of the line and returns its whole length, its end included where it counts
    /// (so that an empty line is not the end of the stream); only what may be read is kept.
    fn fill(&mut self) -> io::Result<u64> {
        let mut length = 0_u64;
        loop {
            let available = match self.source.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(length);
            }
            let end = memchr::memchr(b'\n', available);
            let line = end
                .and_then(|end| available.get(..end))
                .unwrap_or(available);
            let room = self.bytes_max.saturating_sub(self.buffer.len());
            self.buffer
                .extend_from_slice(line.get(..room).unwrap_or(line));
            length = length.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
            let used = line.len().saturating_add(usize::from(end.is_some()));
            self.source.consume(used);
            if end.is_some() {
                return Ok(length.max(1));
            }
        }
    }

    /// A stream that has no lines of ours, as its first bytes show.
    fn unreadable(&mut self) -> Option<Problem> {
        if self.number != 1 {
            return None;
        }
        let found = foreign_encoding(&self.buffer)?;
        self.ended = true;
        Some(Problem {
            line: Some(1),
            ..encoding_problem(found)
        })
    }
}

pub(super) fn too_long(number: u64, length: impl std::fmt::Display, bytes_max: usize) -> Problem {
    Problem {
        code: codes::LINE_TOO_LONG,
        line: Some(number),
        field: String::new(),
        found: format!("{length} bytes"),
        expected: format!("at most {bytes_max} bytes on a line"),
        remedy: "one object a line; large payloads do not belong into the journal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::LINE_BYTES_MAX;
    use super::*;

    const MARK: &str = r#"{"type":"mark","venue":"v","symbol":"S","price":"1","occurred_at":"2024-05-01T12:00:00Z"}"#;

    /// 100 MB without an end of line, from a source that makes them as they are read.
    struct Endless {
        left: usize,
        chunk: Vec<u8>,
    }

    impl Read for Endless {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("only read through its buffer"))
        }
    }

    impl BufRead for Endless {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            let length = self.left.min(self.chunk.len());
            Ok(&self.chunk[..length])
        }

        fn consume(&mut self, amount: usize) {
            self.left -= amount;
        }
    }

    #[test]
    fn a_line_of_100_megabytes_is_passed_over_without_being_held() {
        let source = Endless {
            left: 100 << 20,
            chunk: vec![b'x'; 64 << 10],
        };
        let rest = format!("\n{MARK}\n");
        let mut lines = Lines::new(source.chain(rest.as_bytes()), LINE_BYTES_MAX);
        let problem = lines.next_line().unwrap().unwrap().unwrap_err();
        assert_eq!(problem.code.to_string(), "PL-0103");
        assert_eq!(
            (problem.line, problem.found.as_str()),
            (Some(1), "104857600 bytes")
        );
        let line = lines.next_line().unwrap().unwrap().unwrap();
        assert_eq!(line.number, 2);
        assert!(line.parse(None, &Tenant::default_tenant()).is_ok());
        assert!(lines.next_line().unwrap().is_none());
        assert!(
            lines.buffer.capacity() <= 2 * LINE_BYTES_MAX,
            "{}",
            lines.buffer.capacity()
        );
    }
}
