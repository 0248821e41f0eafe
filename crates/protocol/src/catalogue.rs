//! Every error there is, each with its page in `docs/errors`.
//!
//! The pages are part of the program, so that `posledger explain PL-0104` works without the docs at
//! hand, and a code without a page does not compile.

use std::sync::LazyLock;

use crate::code::Code;

/// What an error means and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its number.
    pub code: Code,
    /// Its name in words with underscores, as in a receipt's `code`: `slot_occupied`.
    pub name: &'static str,
    /// Its meaning in a few words: `a number out of range`.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// The whole page, in Markdown.
    pub text: &'static str,
}

/// The kind of an error, by the first two digits of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// PL-01xx: the input could not be read; nothing was recorded.
    Malformed,
    /// PL-02xx: an intent was refused; the refusal is recorded.
    Refusal,
    /// PL-03xx: an acknowledgement is kept, but not applied.
    Quarantine,
    /// PL-04xx: the service could not answer.
    Service,
    /// PL-05xx: the journal or the process.
    Journal,
}

impl Kind {
    /// The number of hundreds its codes begin with.
    const fn hundreds(self) -> u16 {
        match self {
            Self::Malformed => 1,
            Self::Refusal => 2,
            Self::Quarantine => 3,
            Self::Service => 4,
            Self::Journal => 5,
        }
    }

    /// Whether `code` is of this kind.
    pub const fn holds(self, code: Code) -> bool {
        code.number() / 100 == self.hundreds()
    }
}

/// The page of an error, by its number (`PL-0104`, `104`) or its name (`slot_occupied`,
/// `exists_with_different_quantity`).
pub fn explain(text: &str) -> Option<&'static Page> {
    if let Ok(code) = text.parse::<Code>() {
        return page(code);
    }
    let name = base_name(text);
    PAGES.iter().find(|page| page.name == name)
}

/// The page of an error.
pub fn page(code: Code) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.code == code)
}

/// Every page, in the order of their numbers.
pub fn pages() -> &'static [Page] {
    &PAGES
}

/// The number of the error that a name stands for among those of one kind: the code of a refusal or
/// of an anomaly, as the ledger writes it.
pub fn code_of(kind: Kind, name: &str) -> Option<Code> {
    let name = base_name(name);
    PAGES
        .iter()
        .find(|page| kind.holds(page.code) && page.name == name)
        .map(|page| page.code)
}

/// `exists_with_different_quantity` names its field; the page is the same for all.
fn base_name(name: &str) -> &str {
    const NAMES_A_FIELD: &str = "exists_with_different";
    if name.starts_with(NAMES_A_FIELD) {
        NAMES_A_FIELD
    } else {
        name
    }
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    TEXTS
        .iter()
        .map(|(code, text)| Page::read(*code, text))
        .collect()
});

impl Page {
    /// Cuts a page into its sections; a test holds every page to having them.
    fn read(code: Code, text: &'static str) -> Self {
        let title = text
            .lines()
            .next()
            .and_then(|line| line.split_once(": "))
            .map_or("", |(_, title)| title);
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("Name: `"))
            .and_then(|rest| rest.strip_suffix('`'))
            .unwrap_or("");
        Self {
            code,
            name,
            title,
            meaning: section(text, "## Meaning\n"),
            remedy: section(text, "## What to do\n"),
            text,
        }
    }
}

fn section(text: &'static str, heading: &str) -> &'static str {
    text.split_once(heading).map_or("", |(_, rest)| {
        rest.split("\n## ").next().unwrap_or(rest).trim()
    })
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)+) => {
        /// The number of every error.
        pub mod codes {
            use crate::code::Code;

            $($(#[$doc])* pub const $name: Code = Code::new($number);)+
        }

        const TEXTS: &[(Code, &str)] = &[$((
            Code::new($number),
            include_str!(concat!("../../../docs/errors/PL-0", $number, ".md")),
        )),+];
    };
}

catalogue! {
    /// Not JSON.
    NOT_JSON = 101;
    /// Not UTF-8.
    BAD_ENCODING = 102;
    /// A line that is too long.
    LINE_TOO_LONG = 103;
    /// A number out of range.
    OUT_OF_RANGE = 104;
    /// Nested too deeply.
    TOO_DEEP = 105;
    /// Not an object.
    NOT_AN_OBJECT = 106;
    /// An unknown type.
    UNKNOWN_TYPE = 107;
    /// A type for another route.
    WRONG_FAMILY = 108;
    /// A missing field.
    FIELD_MISSING = 109;
    /// An unknown field.
    FIELD_UNKNOWN = 110;
    /// A field that comes twice.
    FIELD_TWICE = 111;
    /// A value of another type.
    WRONG_TYPE = 112;
    /// Not a decimal.
    NOT_A_DECIMAL = 113;
    /// A decimal that cannot be exact.
    NOT_EXACT = 114;
    /// Not a time.
    BAD_TIME = 115;
    /// An unknown word.
    UNKNOWN_WORD = 116;
    /// A text that cannot stand here.
    BAD_TEXT = 117;
    /// Not an id of this form.
    BAD_ID = 118;
    /// Fields that contradict each other.
    CONTRADICTION = 119;
    /// Too many entries.
    TOO_MANY_ENTRIES = 120;
    /// Nothing to read.
    EMPTY_BODY = 121;
    /// An intent id that is taken.
    REFUSED_EXISTS_WITH_DIFFERENT = 201;
    /// The ledger is halted by an operator.
    REFUSED_HALTED = 202;
    /// No position has this id.
    REFUSED_POSITION_NOT_FOUND = 203;
    /// The position is finished.
    REFUSED_POSITION_FINAL = 204;
    /// No order has this client order id.
    REFUSED_ORDER_NOT_FOUND = 205;
    /// The order has ended.
    REFUSED_ORDER_FINAL = 206;
    /// The slot holds a position already.
    REFUSED_SLOT_OCCUPIED = 207;
    /// The position is not in the queue.
    REFUSED_NOT_QUEUED = 208;
    /// The position holds nothing.
    REFUSED_NOTHING_HELD = 209;
    /// The position cannot take more.
    REFUSED_NOT_OPEN = 210;
    /// An exit for all of it is on its way.
    REFUSED_ALREADY_CLOSING = 211;
    /// More than is held.
    REFUSED_EXCEEDS_HELD = 212;
    /// The position cannot be monitored now.
    REFUSED_NOT_MONITORABLE = 213;
    /// The last stop or target is not acknowledged yet.
    REFUSED_PROTECTION_IN_FLIGHT = 214;
    /// The price is on the wrong side of the mark.
    REFUSED_WRONG_SIDE_OF_MARK = 215;
    /// Nothing matches.
    REFUSED_NOTHING_MATCHES = 216;
    /// The account holds positions.
    REFUSED_ACCOUNT_IN_USE = 217;
    /// Positions are held in the instrument.
    REFUSED_INSTRUMENT_IN_USE = 218;
    /// The same execution with other content.
    QUARANTINED_EXISTS_WITH_DIFFERENT = 301;
    /// The leg is missing.
    QUARANTINED_LEG_MISSING = 302;
    /// A fill that closes nothing.
    QUARANTINED_NOTHING_TO_CLOSE = 303;
    /// A reduce-only fill that would grow the position.
    QUARANTINED_REDUCE_ONLY_WOULD_GROW = 304;
    /// A price that an inverse instrument cannot have.
    QUARANTINED_PRICE_NOT_POSITIVE = 305;
    /// Arithmetic that cannot be exact.
    QUARANTINED_INEXACT = 306;
    /// The ledger is busy.
    BUSY = 401;
    /// The ledger has halted.
    LEDGER_HALTED = 402;
    /// The ledger is shutting down.
    STOPPING = 403;
    /// Nothing has this name.
    NOT_FOUND = 404;
    /// The body is too large.
    BODY_TOO_LARGE = 405;
    /// A query that cannot be read.
    BAD_QUERY = 406;
    /// A cursor that does not fit.
    BAD_CURSOR = 407;
    /// A kind of content that is not read here.
    UNSUPPORTED_MEDIA = 408;
    /// A moment that has not come.
    AS_OF_AHEAD = 409;
    /// A method that the route does not have.
    METHOD_NOT_ALLOWED = 410;
    /// A format that is not known.
    UNKNOWN_FORMAT_NAME = 411;
    /// What one command leads to does not fit in one frame of the journal.
    TOO_LARGE = 412;
    /// The data directory is in use.
    IN_USE = 501;
    /// The journal is damaged.
    CORRUPT = 502;
    /// The directory holds no journal.
    NOT_A_JOURNAL = 503;
    /// A journal of another version.
    UNKNOWN_FORMAT = 504;
    /// The two copies of the journal disagree.
    COPIES_DISAGREE = 505;
    /// A write could not be made durable.
    NOT_DURABLE = 506;
    /// The address is taken.
    PORT_TAKEN = 507;
    /// A configuration that cannot be read.
    BAD_CONFIG = 508;
    /// The data directory cannot be written.
    NOT_WRITABLE = 509;
    /// A backup that differs from its journal.
    BACKUP_DIFFERS = 510;
    /// There is no journal here.
    NO_JOURNAL = 511;
    /// The daemon cannot be reached.
    UNREACHABLE = 512;
}
