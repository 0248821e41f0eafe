//! Lines out of the pieces of a stream, and the answers to them.

use protocol::Problem;
use protocol::catalogue::codes;

/// A line of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its number, counted from one; empty lines count.
    pub(crate) number: u64,
    /// Its bytes, without its end.
    pub(crate) bytes: &'a [u8],
}

/// Cuts the pieces of a stream into lines. It holds one line at most, and of a line that is too long only
/// its length.
#[derive(Debug)]
pub(crate) struct Splitter {
    bytes_max: usize,
    /// What has come of the line so far.
    rest: Vec<u8>,
    /// How much has come of it.
    length: usize,
    number: u64,
}

impl Splitter {
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            rest: Vec::new(),
            length: 0,
            number: 0,
        }
    }

    /// Hands every line that ends in `piece` to `take`, but for empty ones.
    pub(crate) fn push(&mut self, piece: &[u8], mut take: impl FnMut(Result<Line<'_>, Problem>)) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            let part = piece.get(from..end).unwrap_or_default();
            from = end.saturating_add(1);
            if self.length == 0 {
                // The usual case: a whole line, which need not be copied.
                self.number = self.number.saturating_add(1);
                self.hand(part, part.len(), &mut take);
            } else {
                self.keep(part);
                self.end(&mut take);
            }
        }
        self.keep(piece.get(from..).unwrap_or_default());
    }

    /// Hands over the last line, which has no end.
    pub(crate) fn finish(&mut self, mut take: impl FnMut(Result<Line<'_>, Problem>)) {
        if self.length > 0 {
            self.end(&mut take);
        }
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.bytes_max.saturating_sub(self.rest.len());
        self.rest
            .extend_from_slice(part.get(..room).unwrap_or(part));
        self.length = self.length.saturating_add(part.len());
    }

    fn end(&mut self, take: &mut impl FnMut(Result<Line<'_>, Problem>)) {
        self.number = self.number.saturating_add(1);
        let rest = std::mem::take(&mut self.rest);
        self.hand(&rest, self.length, take);
        self.rest = rest;
        self.rest.clear();
        self.length = 0;
    }

    fn hand(&self, bytes: &[u8], length: usize, take: &mut impl FnMut(Result<Line<'_>, Problem>)) {
        let number = self.number;
        if length > self.bytes_max {
            take(Err(self.too_long(length)));
        } else if !bytes.iter().all(u8::is_ascii_whitespace) {
            take(Ok(Line { number, bytes }));
        }
    }

    fn too_long(&self, length: usize) -> Problem {
        Problem {
            code: codes::LINE_TOO_LONG,
            line: Some(self.number),
            field: String::new(),
            found: format!("{length} bytes"),
            expected: format!("at most {} bytes on a line", self.bytes_max),
            remedy: "one object a line; large payloads do not belong into the journal".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]], bytes_max: usize) -> Vec<Result<(u64, String), u64>> {
        let mut lines = Vec::new();
        let mut take = |line: Result<Line<'_>, Problem>| {
            lines.push(match line {
                Ok(line) => Ok((
                    line.number,
                    String::from_utf8_lossy(line.bytes).into_owned(),
                )),
                Err(problem) => Err(problem.line.unwrap()),
            });
        };
        let mut splitter = Splitter::new(bytes_max);
        for piece in pieces {
            splitter.push(piece, &mut take);
        }
        splitter.finish(&mut take);
        lines
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_cut() {
        let text = b"one\n\n  \ntwo two\r\nlong long long\nlast";
        let expected = [
            Ok((1, "one".to_owned())),
            Ok((4, "two two\r".to_owned())),
            Err(5),
            Ok((6, "last".to_owned())),
        ];
        for size in 1..=text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(split(&pieces, 8), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_held() {
        let mut splitter = Splitter::new(10);
        for _ in 0..1000 {
            splitter.push(&[b'x'; 1000], |_| panic!("no line has ended"));
        }
        assert!(splitter.rest.capacity() < 1000);
        let mut length = String::new();
        splitter.finish(|line| length = line.unwrap_err().found);
        assert_eq!(length, "1000000 bytes");
    }
}
