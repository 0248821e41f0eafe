//! A real daemon in a process of its own, and the command line beside it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A running `posledgerd`; killed without warning when dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    pub(crate) url: String,
}

impl Daemon {
    /// Starts it on any free port and waits until it says that it is ready.
    pub(crate) fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_posledgerd"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            let mut words = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut words);
            panic!("the daemon did not start: {line}{words}");
        };
        let url = url.to_owned();
        // Its log must not fill the pipe.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, url }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an operator would, and says how it ended.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let response = reqwest::blocking::get(format!("{}{path}", self.url)).unwrap();
        let status = response.status();
        let body = response.text().unwrap();
        assert!(status.is_success(), "GET {path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `posledger` with these arguments.
pub(crate) fn posledger(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_posledger"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs `posledger` and reads its answer as JSON.
pub(crate) fn posledger_json(arguments: &[&str]) -> Value {
    let output = posledger(arguments);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "posledger {arguments:?}: {words}");
    serde_json::from_slice(&output.stdout).unwrap()
}
