use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use ledger::{Record, Sequence, Source};
use proptest::prelude::*;

use super::samples::{Draw, KINDS, Richness};
use super::{StoredRecord, decode, encode, tag_of};

fn bytes_of(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).unwrap();
    bytes
}

fn record_of(sequence: Sequence, mut bytes: &[u8]) -> Record {
    let stored = StoredRecord::split_off(&mut bytes).unwrap();
    assert!(bytes.is_empty());
    decode(sequence, stored, None).unwrap()
}

/// The samples that have golden bytes: each kind of event, bare and full, and as many of those with
/// choices in them as it takes to see every choice.
fn golden() -> Vec<(String, Record)> {
    let (monitoring_started, intent_rejected, quarantined) = (9, 12, 35);
    let plain = (0..KINDS).flat_map(|kind| {
        [
            (Richness::Bare, kind as u64, kind, "bare".to_owned()),
            (Richness::Full, kind as u64, kind, "full".to_owned()),
        ]
    });
    let mixed = [monitoring_started, intent_rejected, quarantined]
        .into_iter()
        .flat_map(|kind| {
            (100..160).map(move |seed| (Richness::Mixed, seed, kind, format!("mixed-{seed}")))
        });
    plain
        .chain(mixed)
        .map(|(richness, seed, kind, name)| {
            let sequence = Sequence::new(seed + 1);
            let record = Draw::new(seed, richness).record(sequence, kind);
            let (tag, version) = tag_of(&record.event);
            let event = record.event.name();
            (format!("{tag} {version} {event} {name}"), record)
        })
        .collect()
}

#[test]
fn the_golden_samples_have_every_choice() {
    let mut choices = BTreeSet::new();
    for (_, record) in golden() {
        if let Source::Intent(intent) = &record.source {
            choices.insert(format!("request {}", intent.request.name()));
        }
        let words = format!("{:?}", record.event);
        for choice in ["refusal", "anomaly", "fact"] {
            if let Some((_, rest)) = words.split_once(&format!("{choice}: ")) {
                choices.insert(format!("{choice} {}", word(rest)));
            }
        }
    }
    let count = |kind: &str| choices.iter().filter(|at| at.starts_with(kind)).count();
    assert_eq!(
        ["request", "refusal", "anomaly", "fact"].map(count),
        [14, 18, 6, 11],
        "{choices:?}"
    );
}

/// The first word of `text`.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

fn golden_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/journal/v1/records.hex")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// `BLESS=1 cargo test -p journal golden` writes lines for events that have none yet. It never
/// changes a line: what was once written has to be read for ever.
#[test]
fn golden_bytes_are_written_and_read_as_ever() {
    let path = golden_path();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut missing = String::new();
    for (name, record) in golden() {
        let bytes = hex(&bytes_of(&record));
        let prefix = format!("{name} ");
        match text.lines().find_map(|line| line.strip_prefix(&prefix)) {
            Some(golden) => {
                assert_eq!(bytes, golden, "{name}: new bytes are not the golden ones");
                let read = record_of(record.sequence, &unhex(golden));
                assert_eq!(read, record, "{name}: old bytes are read as something else");
            }
            None => writeln!(missing, "{prefix}{bytes}").unwrap(),
        }
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text + &missing).unwrap();
    } else {
        assert_eq!(missing, "", "events without golden bytes");
    }
}

#[test]
fn every_kind_of_event_is_drawn_and_every_tag_is_its_own() {
    let tags: BTreeSet<_> = golden()
        .iter()
        .map(|(_, record)| tag_of(&record.event).0)
        .collect();
    assert_eq!(tags.len(), KINDS);
}

#[test]
fn what_is_not_a_record_is_a_fault() {
    let record = Draw::new(7, Richness::Full).record(Sequence::FIRST, 16);
    let bytes = bytes_of(&record);
    let stored = StoredRecord::split_off(&mut bytes.as_slice()).unwrap();
    let fault = |stored| {
        decode(Sequence::FIRST, stored, None)
            .unwrap_err()
            .to_string()
    };

    let longer = [stored.payload, &[0]].concat();
    let trailing = StoredRecord {
        payload: &longer,
        ..stored
    };
    assert_eq!(fault(trailing), "bytes are left over");

    let unknown = StoredRecord { tag: 999, ..stored };
    assert_eq!(fault(unknown), "form 1 of event 999 is not known");
    let newer = StoredRecord {
        event_version: 2,
        ..stored
    };
    assert_eq!(fault(newer), "form 2 of event 104 is not known");
    let newer = StoredRecord {
        record_version: 2,
        ..stored
    };
    assert_eq!(fault(newer), "form 2 of a record is not known");
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_went(seed: u64, kind in 0..KINDS) {
        let mut draw = Draw::new(seed, Richness::Mixed);
        let sequence = draw.sequence();
        let record = draw.record(sequence, kind);
        let bytes = bytes_of(&record);
        prop_assert_eq!(record_of(sequence, &bytes), record);
    }

    /// Whatever the bytes are, the answer is a record or a fault; and a record has those bytes.
    #[test]
    fn no_bytes_are_read_as_something_that_is_written_otherwise(
        seed: u64, kind in 0..KINDS, place: prop::sample::Index, flip in 1_u8..,
    ) {
        let record = Draw::new(seed, Richness::Mixed).record(Sequence::FIRST, kind);
        let mut bytes = bytes_of(&record);
        let at = place.index(bytes.len());
        bytes[at] ^= flip;
        let mut rest = bytes.as_slice();
        if let Some(stored) = StoredRecord::split_off(&mut rest)
            && let Ok(read) = decode(Sequence::FIRST, stored, None)
        {
            // Not every form has one spelling only (a decimal may have trailing zeros, a number more
            // bytes than it needs), so the meaning is compared.
            prop_assert_eq!(record_of(Sequence::FIRST, &bytes_of(&read)), read);
        }
    }
}
