//! The command line of `posledgerd`.

use clap::Parser;

/// The ledger process: takes intents and acknowledgements over HTTP and keeps them in one durable
/// journal.
///
/// Every option can also stand in the file given with --config (as `log_format = "json"`) and in the
/// environment (as `POSLEDGER_LOG_FORMAT=json`). The command line wins over the environment, and that
/// over the file.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "posledgerd", version)]
pub struct Arguments {
    /// The directory of the journal; made if there is none.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Where to listen; port 0 takes any that is free. [default: 127.0.0.1:7171]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// A file with more settings.
    #[arg(long, value_name = "FILE.toml", env = "POSLEDGER_CONFIG")]
    pub config: Option<String>,
    /// How the log on standard error is written: text or json. [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// How much is logged: error, warn, info, debug or trace, also for each part. [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
}

impl Arguments {
    /// Reads the command line of this process; ends it with a message where it is wrong, or where only
    /// help or the version is asked for.
    pub fn from_command_line() -> Self {
        Self::parse()
    }
}
