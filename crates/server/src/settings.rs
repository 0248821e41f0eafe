//! The settings: from the command line, the environment and a file, every problem at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use protocol::catalogue::codes;
use protocol::{LINE_BYTES_MAX, Problem};

use crate::arguments::Arguments;

/// What the names of our variables in the environment begin with.
const ENVIRONMENT_PREFIX: &str = "POSLEDGER_";

/// How the process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The directory of the journal.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the log is written.
    pub log_format: LogFormat,
    /// How much is logged.
    pub log: String,
    /// How many submissions may wait for the writer.
    pub inbox_max: usize,
    /// How many records lie between two checkpoints.
    pub checkpoint_every_records: u64,
    /// What a client may ask for.
    pub limits: Limits,
}

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body that is not a stream of lines, in bytes.
    pub body_bytes_max: usize,
    /// The longest line of a stream, in bytes.
    pub line_bytes_max: usize,
    /// How many requests are worked on at a time; one more is answered with 503.
    pub requests_max: usize,
    /// How many connections are open at a time; one more waits.
    pub connections_max: usize,
    /// How long the head of the first or next request on a connection may take to come.
    pub header_timeout: Duration,
    /// How long a client may send nothing of a body, or take nothing of an answer. An empty line is
    /// something: a stream of lines can be kept alive with it.
    pub idle_timeout: Duration,
    /// How long requests may take to end once the process is asked to stop.
    pub stop_timeout: Duration,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 << 20,
            line_bytes_max: LINE_BYTES_MAX,
            requests_max: 256,
            connections_max: 1024,
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// The defaults, with the journal in `data`.
    pub fn new(data: impl Into<PathBuf>, listen: SocketAddr) -> Self {
        let engine = engine::Options::default();
        Self {
            data: data.into(),
            listen,
            log_format: LogFormat::Text,
            log: "info".to_owned(),
            inbox_max: engine.inbox_max,
            checkpoint_every_records: engine.checkpoint_every_records,
            limits: Limits::default(),
        }
    }

    /// Reads the settings: the command line wins over the environment, that over the file, and that over
    /// the defaults.
    ///
    /// # Errors
    /// Returns every problem of all three.
    pub fn load(
        arguments: &Arguments,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<Problem>> {
        let mut sources = Sources::default();
        sources.take_arguments(arguments);
        sources.take_environment(environment);
        if let Some(path) = sources.config_file(arguments) {
            sources.take_file(&path);
        }
        let settings = sources.settings();
        sources.refuse_unknown();
        if sources.problems.is_empty() {
            Ok(settings)
        } else {
            Err(sources.problems)
        }
    }
}

/// A whole number above zero.
struct AboveZero(usize);

impl FromStr for AboveZero {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number: u32 = text.parse().map_err(|_| ())?;
        match usize::try_from(number) {
            Ok(0) | Err(_) => Err(()),
            Ok(number) => Ok(Self(number)),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
struct Found {
    text: String,
    place: Place,
}

/// Where a value stands.
#[derive(Clone, Debug)]
enum Place {
    Argument,
    Environment,
    File { line: Option<u64> },
}

/// All values by the names of their settings, and the problems so far.
#[derive(Debug, Default)]
struct Sources {
    values: BTreeMap<String, Found>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Sources {
    fn take_arguments(&mut self, arguments: &Arguments) {
        let Arguments {
            data,
            listen,
            config: _,
            log_format,
            log,
        } = arguments;
        let given = [
            ("data", data),
            ("listen", listen),
            ("log_format", log_format),
            ("log", log),
        ];
        for (name, value) in given {
            if let Some(text) = value {
                self.take(name, text, Place::Argument);
            }
        }
    }

    fn take_environment(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        for (name, value) in variables {
            let name = name.to_string_lossy();
            if let Some(name) = name.strip_prefix(ENVIRONMENT_PREFIX) {
                let name = name.to_lowercase();
                self.take(&name, &value.to_string_lossy(), Place::Environment);
            }
        }
    }

    /// The file, which clap has taken from the command line or the environment.
    fn config_file(&mut self, arguments: &Arguments) -> Option<String> {
        self.known.push("config");
        self.values.remove("config");
        arguments.config.clone()
    }

    fn take_file(&mut self, path: &str) {
        let content = match std::fs::read_to_string(path) {
            Ok(content) => content,
            Err(error) => {
                let expected = "a file that can be read";
                return self.refuse(
                    "config",
                    None,
                    format!("{path}: {error}"),
                    expected,
                    "check the path",
                );
            }
        };
        let table: toml::Table = match content.parse() {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let line = line_of(&content, at);
                let found = error.message().replace('\n', ", ");
                return self.refuse(
                    "config",
                    line,
                    found,
                    "TOML",
                    "write name = value on each line",
                );
            }
        };
        for (name, value) in table {
            let place = Place::File {
                line: content
                    .lines()
                    .position(|line| line.trim_start().starts_with(&name))
                    .and_then(|at| u64::try_from(at.saturating_add(1)).ok()),
            };
            match value {
                toml::Value::String(text) => self.take(&name, &text, place),
                toml::Value::Integer(number) => self.take(&name, &number.to_string(), place),
                other @ (toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_)) => self.take(&name, &other.to_string(), place),
            }
        }
    }

    /// Keeps a value, unless a source that comes before it has one.
    fn take(&mut self, name: &str, text: &str, place: Place) {
        self.values.entry(name.to_owned()).or_insert(Found {
            text: text.to_owned(),
            place,
        });
    }

    fn settings(&mut self) -> Settings {
        let defaults = Settings::new(PathBuf::new(), SocketAddr::from(([127, 0, 0, 1], 7171)));
        let limits = defaults.limits;
        let data = self.required_path("data");
        let settings = Settings {
            data: data.unwrap_or_default(),
            listen: self.parsed(
                "listen",
                "an address with its port, as in 127.0.0.1:7171",
                defaults.listen,
            ),
            log_format: self.parsed("log_format", "text or json", defaults.log_format),
            log: self.parsed(
                "log",
                "a level: error, warn, info, debug or trace",
                defaults.log,
            ),
            inbox_max: self.number("inbox_max", defaults.inbox_max),
            checkpoint_every_records: u64::try_from(self.number(
                "checkpoint_every_records",
                usize::try_from(defaults.checkpoint_every_records).unwrap_or(usize::MAX),
            ))
            .unwrap_or(u64::MAX),
            limits: Limits {
                body_bytes_max: self.number("body_bytes_max", limits.body_bytes_max),
                line_bytes_max: self.number("line_bytes_max", limits.line_bytes_max),
                requests_max: self.number("requests_max", limits.requests_max),
                connections_max: self.number("connections_max", limits.connections_max),
                header_timeout: self.seconds("header_timeout_seconds", limits.header_timeout),
                idle_timeout: self.seconds("idle_timeout_seconds", limits.idle_timeout),
                stop_timeout: self.seconds("stop_timeout_seconds", limits.stop_timeout),
            },
        };
        if settings.limits.requests_max > settings.inbox_max {
            // So that a stream, which cannot be told to come again, never finds the inbox full.
            self.refuse(
                "requests_max",
                None,
                settings.limits.requests_max.to_string(),
                format!("at most inbox_max, which is {}", settings.inbox_max),
                "each request has at most one submission waiting",
            );
        }
        settings
    }

    fn required_path(&mut self, name: &'static str) -> Option<PathBuf> {
        self.known.push(name);
        let found = self.values.remove(name).map(|found| found.text);
        let path = found.filter(|text| !text.is_empty());
        if path.is_none() {
            let remedy = "say it with --data DIR";
            self.refuse(
                name,
                None,
                "nothing",
                "the directory of the journal",
                remedy,
            );
        }
        path.map(PathBuf::from)
    }

    fn parsed<T: FromStr>(&mut self, name: &'static str, expected: &str, default: T) -> T {
        self.known.push(name);
        let Some(found) = self.values.remove(name) else {
            return default;
        };
        found.text.parse().unwrap_or_else(|_| {
            let remedy = "correct it, or leave it out for the default";
            self.refuse_found(name, &found, expected, remedy);
            default
        })
    }

    fn number(&mut self, name: &'static str, default: usize) -> usize {
        let expected = "a whole number from 1 to 4294967295";
        self.parsed(name, expected, AboveZero(default)).0
    }

    fn seconds(&mut self, name: &'static str, default: Duration) -> Duration {
        let seconds = self.number(
            name,
            usize::try_from(default.as_secs()).unwrap_or(usize::MAX),
        );
        Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
    }

    /// What nobody asked for is unknown: in the file always, in the environment only where it is close to
    /// a name of ours, because other programs of this family read the same environment.
    fn refuse_unknown(&mut self) {
        for (name, found) in std::mem::take(&mut self.values) {
            let near = self
                .known
                .iter()
                .copied()
                .min_by_key(|known| strsim::damerau_levenshtein(known, &name))
                .filter(|known| strsim::damerau_levenshtein(known, &name) <= 2);
            if near.is_none() && matches!(found.place, Place::Environment) {
                continue;
            }
            let remedy = near.map_or_else(
                || "leave it out".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            let expected = self.known.join(", ");
            let unknown = Found {
                text: format!("an unknown name, {name:?}"),
                place: found.place,
            };
            self.refuse_found(&name, &unknown, &expected, &remedy);
        }
    }

    fn refuse_found(&mut self, name: &str, found: &Found, expected: &str, remedy: &str) {
        let (name, line) = match found.place {
            Place::Argument => (format!("--{}", name.replace('_', "-")), None),
            Place::Environment => (format!("{ENVIRONMENT_PREFIX}{}", name.to_uppercase()), None),
            Place::File { line } => (name.to_owned(), line),
        };
        self.refuse(&name, line, found.text.clone(), expected, remedy);
    }

    fn refuse(
        &mut self,
        field: &str,
        line: Option<u64>,
        found: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.push(Problem {
            code: codes::BAD_CONFIG,
            line,
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
            remedy: remedy.into(),
        });
    }
}

/// The number of the line that holds byte `at`.
fn line_of(content: &str, at: usize) -> Option<u64> {
    let before = content.get(..at)?;
    let ends = before.bytes().filter(|byte| *byte == b'\n').count();
    u64::try_from(ends.saturating_add(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
        let words = std::iter::once(&"posledgerd").chain(arguments);
        let arguments = <Arguments as clap::Parser>::try_parse_from(words).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Settings::load(&arguments, environment)
    }

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let file =
            file("data = \"f\"\nlisten = \"127.0.0.1:1\"\nlog = \"warn\"\nbody_bytes_max = 7\n");
        let settings = load(
            &["--data", "a", "--config", file.path().to_str().unwrap()],
            &[
                ("POSLEDGER_DATA", "e"),
                ("POSLEDGER_LISTEN", "127.0.0.1:2"),
                ("POSLEDGER_URL", "for the command line tool"),
            ],
        )
        .unwrap();
        assert_eq!(settings.data, PathBuf::from("a"));
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.log, "warn");
        assert_eq!(settings.limits.body_bytes_max, 7);
        assert_eq!(settings.limits.requests_max, Limits::default().requests_max);
    }

    #[test]
    fn every_problem_of_all_sources_is_reported() {
        let file = file("# ours\nlisten_addres = \"x\"\nrequests_max = 0\nlog_format = true\n");
        let path = file.path().to_str().unwrap();
        let problems = load(
            &["--listen", "nowhere", "--config", path],
            &[("POSLEDGER_BODY_BYTE_MAX", "1")],
        )
        .unwrap_err();
        let places: Vec<(&str, Option<u64>)> = problems
            .iter()
            .map(|problem| (problem.field.as_str(), problem.line))
            .collect();
        assert_eq!(
            places,
            [
                ("data", None),
                ("--listen", None),
                ("log_format", Some(4)),
                ("requests_max", Some(3)),
                ("POSLEDGER_BODY_BYTE_MAX", None),
                ("listen_addres", Some(2)),
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let file = file("data = \"d\"\nlisten 5\n");
        let problems = load(&["--config", file.path().to_str().unwrap()], &[]).unwrap_err();
        let lines: Vec<Option<u64>> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(2), None]);
        assert!(load(&["--data", "d", "--config", "/no/such"], &[]).is_err());
    }
}
