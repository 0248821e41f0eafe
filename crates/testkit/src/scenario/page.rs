//! The lines of a page and the words of a line.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A line that commands or expects.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) words: Words,
    /// The words after `->`.
    pub(super) outcome: Words,
}

/// Words that are taken from the front, and options that are taken from anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(VecDeque<String>);

/// A line that nobody can read.
#[derive(Clone, Debug)]
pub(super) struct Unreadable(pub(super) String);

impl Words {
    fn split(text: &str) -> Self {
        let mut words = VecDeque::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let quote = rest
                .chars()
                .next()
                .filter(|first| ['"', '`'].contains(first));
            let (word, after) = match quote {
                Some(quote) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
                None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
            };
            words.push_back(word.to_owned());
            rest = after.trim_start();
        }
        Self(words)
    }

    pub(super) fn peek(&self) -> Option<&str> {
        self.0.front().map(String::as_str)
    }

    pub(super) fn take(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// The next word, which must be there.
    pub(super) fn word(&mut self, what: &str) -> Result<String, Unreadable> {
        self.take()
            .ok_or_else(|| Unreadable(format!("{what} is missing")))
    }

    /// The next word as a value.
    pub(super) fn value<T: FromStr<Err: fmt::Display>>(
        &mut self,
        what: &str,
    ) -> Result<T, Unreadable> {
        parse(&self.word(what)?, what)
    }

    /// The word after `name`, from anywhere in the rest of the line.
    pub(super) fn option(&mut self, name: &str) -> Result<Option<String>, Unreadable> {
        let Some(at) = self.0.iter().position(|word| word == name) else {
            return Ok(None);
        };
        self.0.remove(at);
        let value = self.0.remove(at);
        value
            .map(Some)
            .ok_or_else(|| Unreadable(format!("`{name}` is the last word")))
    }

    /// The word after `name` as a value.
    pub(super) fn option_value<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Unreadable> {
        self.option(name)?
            .map(|word| parse(&word, name))
            .transpose()
    }

    /// The two words after `name`, as `fee 0.5 USDT`.
    pub(super) fn option_pair(
        &mut self,
        name: &str,
    ) -> Result<Option<(String, String)>, Unreadable> {
        let Some(at) = self.0.iter().position(|word| word == name) else {
            return Ok(None);
        };
        self.0.remove(at);
        match (self.0.remove(at), self.0.remove(at)) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            _ => Err(Unreadable(format!("`{name}` is followed by two words"))),
        }
    }

    /// Whether `name` stands anywhere in the rest of the line; it is taken out.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|word| word == name);
        at.and_then(|at| self.0.remove(at)).is_some()
    }

    /// Adds an option as if the line had said it.
    pub(super) fn push_option(&mut self, name: &str, value: String) {
        self.0.push_back(name.to_owned());
        self.0.push_back(value);
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Unreadable> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(Unreadable(format!("nobody knows what `{word}` means here"))),
        }
    }
}

pub(super) fn parse<T: FromStr<Err: fmt::Display>>(
    word: &str,
    what: &str,
) -> Result<T, Unreadable> {
    word.parse()
        .map_err(|problem| Unreadable(format!("{what}: {problem}")))
}

/// The lines of a page that say something.
#[expect(clippy::panic, reason = "a test may stop")]
pub(super) fn read(page: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(page)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", page.display()));
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let said = line.split(" #").next().unwrap_or("").trim();
            if said.is_empty() || said.starts_with('#') {
                return None;
            }
            let (command, outcome) = said.split_once("->").unwrap_or((said, ""));
            Some(Line {
                number: at + 1,
                text: said.split_whitespace().collect::<Vec<_>>().join(" "),
                words: Words::split(command),
                outcome: Words::split(outcome),
            })
        })
        .collect()
}
