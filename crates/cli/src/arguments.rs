//! What the command line looks like.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::screen::Color;

/// The options that every command has.
const HEADING: &str = "Every command";

/// Where a daemon listens unless told otherwise.
pub(crate) const URL_DEFAULT: &str = "http://127.0.0.1:7171";

const EXAMPLES: &str = "\
Examples:
  posledger --data ./ledger import fills.jsonl --format acks
  posledger positions
  posledger trades --symbol BTCUSDT --newest-first
  posledger replay 018f0781
  posledger explain 018f0781 realized_pnl
  posledger export --out ./snapshot --format parquet

Without --data a running daemon is asked, at --url.
Exit codes: 0 done, 1 findings or refusals, 2 could not run.";

/// The single source of truth for trading positions: import, look, replay, explain, verify.
#[derive(Debug, Parser)]
#[command(
    name = "posledger",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    /// Where to read.
    #[command(flatten)]
    pub(crate) target: Target,
    /// When to write in colour.
    #[arg(
        long,
        global = true, help_heading = HEADING,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        hide_possible_values = true,
        help = "Colour: auto, always or never"
    )]
    pub(crate) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Where to read: a journal that no daemon has open, or a daemon.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// Open the journal in this directory; no daemon may have it open
    #[arg(
        long,
        global = true, help_heading = HEADING,
        value_name = "DIR",
        env = "POSLEDGER_DATA",
        hide_env_values = true
    )]
    pub(crate) data: Option<PathBuf>,
    /// Ask the daemon at this address
    #[arg(long, global = true, help_heading = HEADING, value_name = "URL", env = "POSLEDGER_URL", default_value = URL_DEFAULT, hide_env_values = true)]
    pub(crate) url: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Append intents, acknowledgements, marks and configuration from files
    Import(Import),
    /// List positions, the open ones by default
    Positions(Positions),
    /// List finished positions
    Trades(Trades),
    /// List orders
    Orders(Orders),
    /// List fills
    Fills(Fills),
    /// Sum up what was traded, realized and unrealized
    Stats(Stats),
    /// Rebuild one position from the journal alone and tell its story
    Replay(Replay),
    /// Show where a number of a position comes from, or what an error code means
    Explain(Explain),
    /// Print the journal as JSONL
    Events(Events),
    /// Write a consistent snapshot of all projections
    Export(Export),
    /// Prove the journal and recompute everything that follows from it
    Verify(Verify),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  posledger completions zsh > ~/.zfunc/_posledger")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people: what matters, in columns that fit.
    Table,
    /// One JSON document with every field and all digits.
    Json,
    /// Comma-separated with every field and all digits.
    Csv,
}

/// Text for people, or JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Whose time a moment is meant by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockName {
    /// When we recorded it: what was known then.
    Recorded,
    /// When it happened at the venue: what was the case then, as known today.
    Occurred,
}

impl ClockName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Occurred => "occurred",
        }
    }
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct When {
    /// Show the moment after this sequence, or at this time (2024-05-01T12:00:00Z)
    #[arg(long, value_name = "X")]
    pub(crate) as_of: Option<String>,
    /// Whose time: `recorded` is ours, `occurred` the venue's
    #[arg(long, value_enum, requires = "as_of", value_name = "CLOCK")]
    pub(crate) clock: Option<ClockName>,
}

impl When {
    pub(crate) fn clock(&self) -> Option<String> {
        self.clock.map(|clock| clock.as_str().to_owned())
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Output {
    /// How to print: a table for people, or every field and digit for programs
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: ListFormat,
    /// At most this many rows; 0 for all [default: 200 for a table, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger --data ./ledger import day1.jsonl day2.jsonl
  zcat day3.jsonl.gz | posledger import -

All lines are read first; if one is wrong, all problems are told and nothing is recorded
(--keep-going records the good ones). Importing again is safe: what is known is a duplicate.
Exit code 1 if any line was invalid, rejected or quarantined.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Import {
    /// Files to read; `-` is standard input
    #[arg(required_unless_present = "list_formats", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the files hold; --list-formats says what there is
    #[arg(long, default_value = "acks", value_parser = ["acks"])]
    pub(crate) format: String,
    /// Record the good lines even if others are wrong
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Only check; record nothing and need no ledger
    #[arg(long, conflicts_with = "keep_going")]
    pub(crate) dry_run: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Say what each format is
    #[arg(long)]
    pub(crate) list_formats: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger positions --sort -unrealized_pnl
  posledger positions --state all --strategy breakout --format csv
  posledger positions --as-of 2024-05-01T12:00:00Z --clock occurred")]
pub(crate) struct Positions {
    /// States, with commas between them, or `all`
    #[arg(long, value_name = "STATES")]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[arg(
        long,
        value_name = "FIELDS",
        allow_hyphen_values = true,
        help = "Order by a field, - in front for descending: -unrealized_pnl"
    )]
    pub(crate) sort: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Which positions.
#[derive(Clone, Debug, Args)]
pub(crate) struct Filter {
    /// venue:mode:name, or the name alone
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// In the venue's own spelling
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// Who decided, or has a share
    #[arg(long)]
    pub(crate) strategy: Option<String>,
    /// The person behind it
    #[arg(long)]
    pub(crate) trader: Option<String>,
    /// The id of the signal behind it
    #[arg(long, value_name = "ID")]
    pub(crate) signal: Option<String>,
    /// long or short
    #[arg(long)]
    pub(crate) side: Option<String>,
    /// gaining or losing
    #[arg(long)]
    pub(crate) profit: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger trades --symbol BTCUSDT --profit losing
  posledger trades --format csv > trades.csv")]
pub(crate) struct Trades {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// The newest first
    #[arg(long)]
    pub(crate) newest_first: bool,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger orders --status working
  posledger orders --position 018f0781")]
pub(crate) struct Orders {
    /// Of this position: its id or the beginning of it
    #[arg(long, value_name = "POSITION")]
    pub(crate) position: Option<String>,
    /// venue:mode:name, or the name alone
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// In the venue's own spelling
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// Who decided
    #[arg(long)]
    pub(crate) strategy: Option<String>,
    /// Statuses, with commas between them, or `working`
    #[arg(long, value_name = "STATUSES")]
    pub(crate) status: Option<String>,
    /// Our name for it
    #[arg(long, value_name = "ID")]
    pub(crate) client_order_id: Option<String>,
    /// The venue's name for it
    #[arg(long, value_name = "ID")]
    pub(crate) venue_order_id: Option<String>,
    /// The newest first
    #[arg(long)]
    pub(crate) newest_first: bool,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger fills --position 018f0781
  posledger fills --symbol BTCUSDT --side sell --newest-first --limit 20")]
pub(crate) struct Fills {
    /// Of this position: its id or the beginning of it
    #[arg(long, value_name = "POSITION")]
    pub(crate) position: Option<String>,
    /// venue:mode:name, or the name alone
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// In the venue's own spelling
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// The strategy of its order
    #[arg(long)]
    pub(crate) strategy: Option<String>,
    /// buy or sell
    #[arg(long)]
    pub(crate) side: Option<String>,
    /// The venue's name for it
    #[arg(long, value_name = "ID")]
    pub(crate) execution_id: Option<String>,
    /// The newest first
    #[arg(long)]
    pub(crate) newest_first: bool,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger stats --by day --from 2024-05-01
  posledger stats --by strategy --account binance-usdm:live:main")]
pub(crate) struct Stats {
    /// What to group by: day, symbol, strategy or account
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// venue:mode:name, or the name alone
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// In the venue's own spelling
    #[arg(long)]
    pub(crate) symbol: Option<String>,
    /// The shares of this strategy
    #[arg(long)]
    pub(crate) strategy: Option<String>,
    /// Closed on this day or later: 2024-05-01
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// Closed on this day or earlier
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How a position is named on the command line.
const POSITION_HELP: &str = "Its id, the beginning of it, or @N: the one that record N is about";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger replay 018f0781
  posledger replay 018f0781 --diff
  posledger replay @812 --as-of 2024-04-23T00:30:00Z --clock occurred
  posledger replay 018f0781 --format json | jq .position")]
pub(crate) struct Replay {
    #[arg(help = POSITION_HELP)]
    pub(crate) position: String,
    /// For each record only the fields that it changed
    #[arg(long)]
    pub(crate) diff: bool,
    #[command(flatten)]
    pub(crate) when: When,
    /// Text for people, or {position, events} as JSON
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "posledger explain <POSITION> <FIELD>\n       posledger explain <CODE>",
    after_help = "\
Fields:
  quantity, cost, entry_price, exit_price, realized_pnl, realized_pnl_percent,
  unrealized_pnl, venue_realized_pnl, fees, funding, mae, mfe

Examples:
  posledger explain 018f0781 realized_pnl
  posledger explain PL-0104
  posledger explain slot_occupied"
)]
pub(crate) struct Explain {
    /// A position, or the code or name of an error
    #[arg(value_name = "POSITION|CODE")]
    pub(crate) subject: String,
    /// The number to explain
    pub(crate) field: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    /// Text for people, or JSON
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger events --from 4700 | jq 'select(.type == \"order_rejected\")'
  posledger events --follow")]
pub(crate) struct Events {
    /// The first sequence to print
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) from: u64,
    /// Stay, and print every new record; needs a running daemon
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  posledger export --out ./snapshot --format parquet
  posledger export --out ./audit --format jsonl --as-of 120000 --events

All files show the same moment of the ledger; manifest.json says which, with a hash of each file.
The directory is complete or not there at all.")]
pub(crate) struct Export {
    /// The directory to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// How to write the files: jsonl, csv or parquet
    #[arg(long, default_value = "jsonl")]
    pub(crate) format: export::Format,
    /// The journal too
    #[arg(long)]
    pub(crate) events: bool,
    #[command(flatten)]
    pub(crate) when: When,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  posledger --data ./ledger verify
  posledger --data ./ledger verify --repair

Checks both copies of the journal byte by byte, folds every record under the invariants, and compares
what the ledger shows with a full recomputation. Nothing is repaired without --repair. Exit code 1 with
findings.")]
pub(crate) struct Verify {
    /// First give back to each copy of the journal what it lost and the other has; the damaged files
    /// are kept beside
    #[arg(long)]
    pub(crate) repair: bool,
    /// Text for people, or JSON
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextFormat,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// Returns what clap says, help and version included.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut read =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        // What is typed wins over the environment; both typed is a contradiction.
        let typed = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        match (typed("data"), typed("url")) {
            (true, true) => {
                return Err(command.error(
                    clap::error::ErrorKind::ArgumentConflict,
                    "--data and --url cannot be used together: a journal is read directly, or its daemon is asked",
                ));
            }
            (false, true) => read.target.data = None,
            (true | false, false) => {}
        }
        Ok(read)
    }
}

/// Writes the completion script of a shell.
pub(crate) fn completions(shell: Shell, out: &mut dyn Write) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "posledger", &mut script);
    // Where nobody listens there is nobody to tell.
    let _ = out.write_all(&script);
}
