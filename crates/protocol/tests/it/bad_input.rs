//! Every file in `fixtures/bad_input`, and the report it leads to.
//!
//! `BLESS=1 cargo test -p protocol --test it` writes the reports anew; read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use ledger::Tenant;
use protocol::catalogue::{Kind, pages};
use protocol::{Family, Item, Lines, Problem, closing_line, report, split_body};

/// Short, so that a line that is too long fits into a fixture.
const LINE_BYTES_MAX: usize = 4096;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/bad_input")
}

fn fixtures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "txt"))
        .collect();
    paths.sort();
    paths
}

/// `name.intents.jsonl` is read as a route for intents would read it.
fn family(name: &str) -> Option<Family> {
    if name.contains(".intents.") {
        Some(Family::Intent)
    } else if name.contains(".acks.") {
        Some(Family::Acknowledgement)
    } else {
        None
    }
}

fn problems_of(item: Result<Item<'_>, Problem>, family: Option<Family>) -> Vec<Problem> {
    match item {
        Ok(item) => item
            .parse(family, &Tenant::default_tenant())
            .err()
            .unwrap_or_default(),
        Err(problem) => vec![problem],
    }
}

/// The problems of a file of lines (`.jsonl`) or of the body of a request (`.json`), and its lines.
fn problems(path: &Path, family: Option<Family>) -> (Vec<Problem>, u64) {
    let bytes = fs::read(path).unwrap();
    let mut problems = Vec::new();
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        match split_body(&bytes, false) {
            Ok(body) => {
                for item in body.items {
                    problems.extend(problems_of(item, family));
                }
            }
            Err(problem) => problems.push(problem),
        }
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        return (problems, u64::try_from(lines).unwrap());
    }
    let mut lines = Lines::new(bytes.as_slice(), LINE_BYTES_MAX);
    while let Some(line) = lines.next_line().unwrap() {
        problems.extend(problems_of(line.map(Item::from), family));
    }
    (problems, lines.count())
}

#[test]
fn every_fixture_leads_to_its_report() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in fixtures() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (problems, lines) = problems(&path, family(&name));
        let mut text: String = problems
            .iter()
            .map(|problem| report(problem, Some(&name)))
            .collect();
        text += &closing_line(u64::try_from(problems.len()).unwrap(), lines);
        let expected = path.with_file_name(format!("{name}.txt"));
        if bless {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{name} now leads to:\n{text}"));
        }
        if let Some((code, _)) = name.split_once('_').filter(|_| name.starts_with("PL-")) {
            let named = problems
                .iter()
                .any(|problem| problem.code.to_string() == code);
            assert!(named, "{name} does not lead to {code}:\n{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_malformed_input_has_a_fixture() {
    let names: Vec<String> = fixtures()
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(
        names.len() > 20,
        "the fixtures are not where they should be"
    );
    for page in pages()
        .iter()
        .filter(|page| Kind::Malformed.holds(page.code))
    {
        let code = page.code.to_string();
        assert!(
            names.iter().any(|name| name.starts_with(&code)),
            "{code} ({}) has no fixture",
            page.name
        );
    }
}
