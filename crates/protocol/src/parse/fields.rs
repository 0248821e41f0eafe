//! The fields of one JSON object, taken one by one, and every problem with them.
//!
//! Values stay slices of the line until a field asks for them, so that a number keeps its digits and
//! nothing is allocated on the way.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Fault, Read, Token, quote};
use crate::catalogue::codes;
use crate::code::Code;
use crate::problem::Problem;

/// How deep objects and lists may be nested in one another.
pub(super) const DEPTH_MAX: usize = 32;

/// How many unknown fields are worth a problem each.
const REPORTED_MAX: usize = 64;

/// The fields of one object.
pub(super) struct Fields<'a> {
    entries: Vec<Entry<'a>>,
    /// The names that were asked for: what is not among them is unknown.
    asked: Vec<&'static str>,
    /// Where the object is in the line; empty for the line itself.
    path: &'static str,
    problems: Vec<Problem>,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    value: &'a RawValue,
    taken: bool,
}

impl<'a> Fields<'a> {
    /// Reads the outer shape of an object.
    pub(super) fn parse(text: &'a str, path: &'static str) -> Result<Self, serde_json::Error> {
        let Entries(entries) = serde_json::from_str(text)?;
        Ok(Self {
            entries,
            asked: Vec::with_capacity(24),
            path,
            problems: Vec::new(),
        })
    }

    /// A field that has to be there.
    pub(super) fn required<T: Read<'a>>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            Some(token) if !token.is_null() => self.read(name, token),
            found @ (Some(_) | None) => {
                let found = if found.is_some() { "null" } else { "nothing" };
                self.missing(name, found, T::EXPECTED);
                None
            }
        }
    }

    /// A field that may be absent; `null` is the same as absent.
    pub(super) fn optional<T: Read<'a>>(&mut self, name: &'static str) -> Option<T> {
        let token = self.take(name).filter(|token| !token.is_null())?;
        self.read(name, token)
    }

    /// A field that is an object with fields of its own; it may be absent.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let token = self.take(name).filter(|token| !token.is_null())?;
        let Some(mut inner) = token
            .object()
            .and_then(|text| Fields::parse(text, name).ok())
        else {
            self.fault(name, token.source(), &Fault::shape("an object"));
            return None;
        };
        let value = read(&mut inner);
        let Err(problems) = inner.finish() else {
            return value;
        };
        self.problems.extend(problems);
        None
    }

    /// A field that is an object with names of the caller's own; absent is the same as empty.
    pub(super) fn map<T: Read<'a>>(
        &mut self,
        name: &'static str,
        entries_max: usize,
    ) -> Vec<(Cow<'a, str>, T)> {
        let Some(token) = self.take(name).filter(|token| !token.is_null()) else {
            return Vec::new();
        };
        let Some(inner) = token
            .object()
            .and_then(|text| Fields::parse(text, name).ok())
        else {
            self.fault(name, token.source(), &Fault::shape("an object"));
            return Vec::new();
        };
        if inner.entries.len() > entries_max {
            let problem = too_many(self.place(name), inner.entries.len(), entries_max);
            self.problems.push(problem);
            return Vec::new();
        }
        self.read_map(name, inner)
    }

    fn read_map<T: Read<'a>>(
        &mut self,
        name: &'static str,
        inner: Fields<'a>,
    ) -> Vec<(Cow<'a, str>, T)> {
        self.problems.extend(inner.problems);
        let mut values: Vec<(Cow<'a, str>, T)> = Vec::with_capacity(inner.entries.len());
        let mut seen: std::collections::BTreeSet<Cow<'a, str>> = std::collections::BTreeSet::new();
        for entry in inner.entries {
            let place = format!("{}.{}", self.place(name), written(&entry.name));
            if !seen.insert(entry.name.clone()) {
                self.problems.push(twice(place));
                continue;
            }
            if let Err(fault) = super::value::check_name(&entry.name) {
                self.problems
                    .push(fault.at(place, &format!("{:?}", entry.name)));
                continue;
            }
            let token = Token::of(entry.value);
            match T::read(token) {
                Ok(value) => values.push((entry.name, value)),
                Err(fault) => self.problems.push(fault.at(place, token.source())),
            }
        }
        values
    }

    /// Whether a field is there and not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name == name && !Token::of(entry.value).is_null())
    }

    /// The source text of a field, for a problem with its meaning.
    fn source(&self, name: &str) -> &'a str {
        self.entries
            .iter()
            .find(|entry| entry.name == name)
            .map_or("nothing", |entry| entry.value.get())
    }

    /// Says that a field's value, although well formed, cannot stand.
    pub(super) fn refuse(
        &mut self,
        code: Code,
        name: &'static str,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let problem = Problem {
            code,
            line: None,
            field: self.place(name),
            found: quote(self.source(name)).into_owned(),
            expected: expected.into(),
            remedy: remedy.into(),
        };
        self.problems.push(problem);
    }

    /// Says that a field that others make necessary is not there.
    pub(super) fn missing(&mut self, name: &'static str, found: &str, expected: &str) {
        let problem = Problem {
            code: codes::FIELD_MISSING,
            line: None,
            field: self.place(name),
            found: found.to_owned(),
            expected: expected.to_owned(),
            remedy: format!("add \"{name}\""),
        };
        self.problems.push(problem);
    }

    /// Forgets which fields were asked for and reports nothing about them: the object is of a type
    /// that is not known.
    pub(super) fn give_up(self) -> Vec<Problem> {
        self.problems
    }

    /// Ends the reading: what nobody asked for is unknown.
    pub(super) fn finish(mut self) -> Result<(), Vec<Problem>> {
        if self.entries.iter().any(|entry| !entry.taken) {
            self.report_rest();
        }
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.problems)
        }
    }

    fn report_rest(&mut self) {
        let count = self.entries.iter().filter(|entry| !entry.taken).count();
        if count > REPORTED_MAX {
            let path = self.path;
            self.problems.push(too_many(path.to_owned(), count, 0));
            return;
        }
        let known = self.asked.clone();
        let rest: Vec<Problem> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.taken)
            .map(|(at, entry)| {
                let place = self.place(&written(&entry.name));
                let mut before = self.entries.iter().take(at);
                let is_twice = before.any(|first| first.name == entry.name);
                if is_twice {
                    twice(place)
                } else {
                    unknown(place, &entry.name, &known)
                }
            })
            .collect();
        self.problems.extend(rest);
    }

    /// Takes the first field of this name; a second one stays behind and is reported at the end.
    fn take(&mut self, name: &'static str) -> Option<Token<'a>> {
        self.asked.push(name);
        let entry = self.entries.iter_mut().find(|entry| entry.name == name)?;
        entry.taken = true;
        Some(Token::of(entry.value))
    }

    fn read<T: Read<'a>>(&mut self, name: &'static str, token: Token<'a>) -> Option<T> {
        match T::read(token) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(name, token.source(), &fault);
                None
            }
        }
    }

    fn fault(&mut self, name: &str, source: &str, fault: &Fault) {
        let problem = fault.at(self.place(name), source);
        self.problems.push(problem);
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// What is nested too deeply to be looked at.
    pub(super) fn too_deep(&self) -> Vec<Problem> {
        self.entries
            .iter()
            .map(|entry| (entry, Token::of(entry.value)))
            .filter(|(_, token)| token.is_nested() && depth_exceeds(token.source(), DEPTH_MAX))
            .map(|(entry, token)| Problem {
                code: codes::TOO_DEEP,
                line: None,
                field: self.place(&written(&entry.name)),
                found: quote(token.source()).into_owned(),
                expected: format!("at most {DEPTH_MAX} levels of objects and lists"),
                remedy: "send a deep payload as a string".to_owned(),
            })
            .collect()
    }
}

/// A name as it is written in a place: in quotation marks where it could be misread.
fn written(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("{:?}", quote(name)))
    }
}

fn too_many(field: String, found: usize, allowed: usize) -> Problem {
    Problem {
        code: codes::TOO_MANY_ENTRIES,
        line: None,
        field,
        found: if allowed == 0 {
            format!("{found} fields that are not known here")
        } else {
            format!("{found} entries")
        },
        expected: if allowed == 0 {
            "none".to_owned()
        } else {
            format!("at most {allowed}")
        },
        remedy: "keep what is worth finding again with the position".to_owned(),
    }
}

fn twice(field: String) -> Problem {
    Problem {
        code: codes::FIELD_TWICE,
        line: None,
        field,
        found: "the same field again".to_owned(),
        expected: "each field once".to_owned(),
        remedy: "keep the one that is meant".to_owned(),
    }
}

fn unknown(field: String, name: &str, known: &[&'static str]) -> Problem {
    let remedy = match nearest(name, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "leave it out, or put it into \"metadata\" or \"raw\"".to_owned(),
    };
    let remedy =
        if known.contains(&"metadata") || known.contains(&"raw") || remedy.starts_with("did") {
            remedy
        } else {
            "leave it out".to_owned()
        };
    Problem {
        code: codes::FIELD_UNKNOWN,
        line: None,
        field,
        found: "a field that is not known here".to_owned(),
        expected: format!("only {}", list(known)),
        remedy,
    }
}

/// The word that was probably meant.
pub(super) fn nearest(found: &str, allowed: &[&'static str]) -> Option<&'static str> {
    // The distance is quadratic: nobody mistypes a word of a page's length.
    if found.len() > 64 {
        return None;
    }
    let found = found.to_ascii_lowercase().replace(['-', ' '], "_");
    allowed
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&found, word), *word))
        .filter(|(distance, word)| {
            *distance <= 2.min(word.len() / 2) || *distance * 4 <= word.len()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Words in a sentence.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Whether brackets are nested more than `limit` levels deep; texts are skipped.
pub(super) fn depth_exceeds(json: &str, limit: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    for byte in json.bytes() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                if depth >= limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The entries of an object as they come, names that come twice included.
struct Entries<'a>(Vec<Entry<'a>>);

/// A name, borrowed where it needs no unescaping.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::with_capacity(24);
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            entries.push(Entry {
                name,
                value,
                taken: false,
            });
        }
        Ok(Entries(entries))
    }
}
