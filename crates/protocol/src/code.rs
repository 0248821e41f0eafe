//! The number of an error, as it is printed and looked up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// The number of an error; displayed as `PL-0104`. It never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The error with this number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PL-{:04}", self.0)
    }
}

/// Text that is not the number of an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an error code; they look like PL-0104")]
pub struct NotACode(SmolStr);

impl FromStr for Code {
    type Err = NotACode;

    /// Reads `PL-0104`; also `pl-0104`, `0104` and `104`, because people type it.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let digits = text
            .strip_prefix("PL-")
            .or_else(|| text.strip_prefix("pl-"))
            .unwrap_or(text);
        if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACode(SmolStr::new(text)));
        }
        digits
            .parse()
            .map(Self)
            .map_err(|_| NotACode(SmolStr::new(text)))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_printed_and_as_people_type_it() {
        let code = Code::new(104);
        assert_eq!(code.to_string(), "PL-0104");
        for text in ["PL-0104", "pl-0104", "0104", "104"] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        for text in ["", "PL-", "PL-01040", "PL-01a4", "PL--104", "+104"] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }
}
