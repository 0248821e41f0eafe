//! Reads the texts of a question and notes every problem on the way.

use std::fmt;
use std::str::FromStr;

use ledger::{AccountId, AccountName, Mode, Tenant, Venue};
use protocol::catalogue::codes;
use protocol::{Code, Problem};

use crate::error::QueryError;
use crate::{LIMIT_DEFAULT, LIMIT_MAX};

/// The problems of a question so far.
#[derive(Debug, Default)]
pub(crate) struct Values {
    problems: Vec<Problem>,
}

/// An account, named in full or by its name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountMatch {
    /// This one.
    Whole(AccountId),
    /// Every one of this name.
    Name(AccountName),
}

impl AccountMatch {
    pub(crate) fn admits(&self, account: &AccountId) -> bool {
        match self {
            Self::Whole(whole) => whole == account,
            Self::Name(name) => *name == account.name,
        }
    }
}

impl Values {
    /// Notes a problem with the value of `field`.
    pub(crate) fn refuse(
        &mut self,
        code: Code,
        field: &str,
        found: impl fmt::Debug,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems
            .push(problem(code, field, found, expected, remedy));
    }

    /// A value of a type that reads itself.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        field: &str,
        text: Option<&str>,
        code: Code,
        expected: &str,
        remedy: &str,
    ) -> Option<T> {
        let text = text?;
        let value = text.parse().ok();
        if value.is_none() {
            self.refuse(code, field, text, expected, remedy);
        }
        value
    }

    /// A name that its owner chose.
    pub(crate) fn name<T: FromStr>(&mut self, field: &str, text: Option<&str>) -> Option<T> {
        let expected = "1 to 128 bytes of text without control characters";
        let remedy = "use the name as its owner writes it";
        self.parsed(field, text, codes::BAD_TEXT, expected, remedy)
    }

    /// One word out of a list.
    pub(crate) fn word<T: Copy>(
        &mut self,
        field: &str,
        text: Option<&str>,
        allowed: &[(&str, T)],
    ) -> Option<T> {
        let text = text?;
        let found = allowed.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            self.unknown_word(field, text, allowed);
        }
        found.map(|(_, value)| *value)
    }

    /// Words out of a list, with commas between them; each unknown one is a problem of its own.
    pub(crate) fn words<T: Copy>(
        &mut self,
        field: &str,
        text: &str,
        allowed: &[(&str, T)],
    ) -> Vec<T> {
        text.split(',')
            .map(str::trim)
            .filter_map(|word| self.word(field, Some(word), allowed))
            .collect()
    }

    fn unknown_word<T>(&mut self, field: &str, found: &str, allowed: &[(&str, T)]) {
        let words: Vec<&str> = allowed.iter().map(|(word, _)| *word).collect();
        let distance = |word: &&&str| strsim::damerau_levenshtein(word, &found.to_lowercase());
        let near = words.iter().min_by_key(distance);
        let near = near.filter(|word| distance(word) <= 2);
        let remedy = near.map_or_else(
            || "use one of these words, in lower case".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        self.refuse(codes::UNKNOWN_WORD, field, found, words.join(", "), remedy);
    }

    /// `venue:mode:name`, or the name alone.
    pub(crate) fn account(&mut self, tenant: &Tenant, text: Option<&str>) -> Option<AccountMatch> {
        let text = text?;
        if !text.contains(':') {
            return self.name("account", Some(text)).map(AccountMatch::Name);
        }
        let whole = AccountId::parse(tenant.clone(), text).ok();
        if whole.is_none() {
            self.refuse_account(text);
        }
        whole.map(AccountMatch::Whole)
    }

    fn refuse_account(&mut self, text: &str) {
        let mut parts = text.splitn(3, ':');
        let venue_is_good = parts
            .next()
            .is_some_and(|part| part.parse::<Venue>().is_ok());
        let mode = parts.next().unwrap_or_default();
        let remedy = if venue_is_good && mode.parse::<Mode>().is_err() {
            format!("{mode:?} is no mode: live, paper or sim")
        } else {
            "as in binance-usdm:live:main".to_owned()
        };
        let expected = "an account as venue:mode:name, or its name alone";
        self.refuse(codes::BAD_QUERY, "account", text, expected, remedy);
    }

    /// How many items a page shall have.
    pub(crate) fn limit(&mut self, limit: Option<u32>) -> usize {
        let wanted = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&wanted) {
            self.problems.push(Problem {
                code: codes::OUT_OF_RANGE,
                line: None,
                field: "limit".to_owned(),
                found: wanted.to_string(),
                expected: format!("a whole number from 1 to {LIMIT_MAX}"),
                remedy: "ask for the next page with cursor=".to_owned(),
            });
        }
        usize::try_from(wanted.clamp(1, LIMIT_MAX)).unwrap_or(1)
    }

    /// Notes the problems of another reading.
    pub(crate) fn also<T>(
        &mut self,
        result: Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(QueryError::Invalid(problems)) => {
                self.problems.extend(problems);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the reading.
    pub(crate) fn finish(self) -> Result<(), QueryError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(QueryError::Invalid(self.problems))
        }
    }
}

/// A problem with the value of `field`.
pub(crate) fn problem(
    code: Code,
    field: &str,
    found: impl fmt::Debug,
    expected: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    const FOUND_CHARACTERS_MAX: usize = 80;
    let mut found = format!("{found:?}");
    if let Some((at, _)) = found.char_indices().nth(FOUND_CHARACTERS_MAX) {
        found.truncate(at);
        found.push('…');
    }
    Problem {
        code,
        line: None,
        field: field.to_owned(),
        found,
        expected: expected.into(),
        remedy: remedy.into(),
    }
}
