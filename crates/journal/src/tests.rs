use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ledger::{Record, Sequence, Source};
use tempfile::TempDir;

use crate::codec::samples::records;
use crate::*;

/// Small segments, so that there are many.
fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 4 << 10,
        program: "test".to_owned(),
        cache_bytes: 8 << 20,
        ..JournalOptions::default()
    }
}

fn checked() -> JournalOptions {
    JournalOptions {
        check: Check::All,
        ..options()
    }
}

fn open(dir: &Path) -> (Journal, OpenReport) {
    Journal::open(dir, &options()).unwrap()
}

/// Appends frames of one, two, three, … records.
fn fill(journal: &mut Journal, frames: u64) {
    for count in 1..=frames {
        let next = journal.head().next();
        journal.append(next, &records(next, count)).unwrap();
    }
}

fn all(journal: &Journal) -> Vec<Record> {
    let read = journal.reader().records_from(Sequence::FIRST);
    read.collect::<Result<_, _>>().unwrap()
}

/// A journal with ten frames, 55 records, in many segments.
fn written() -> (TempDir, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, report) = open(dir.path());
    assert!(report.created);
    fill(&mut journal, 10);
    let written = all(&journal);
    assert_eq!(written, records(Sequence::FIRST, 55));
    (dir, written)
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.join("journal/segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "frames"))
        .collect();
    files.sort();
    files
}

fn flip(path: &Path, offset: u64, mask: u8) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    byte[0] ^= mask;
    file.write_all_at(&byte, offset).unwrap();
}

fn findings(dir: &Path) -> Vec<String> {
    verify(dir, &options(), |_| {})
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Opens the journal and expects all records there, this repair, and nothing left to find.
fn expect_repaired(dir: &Path, options: &JournalOptions, written: &[Record], repair: &str) {
    let (mut journal, report) = Journal::open(dir, options).unwrap();
    let repairs: Vec<_> = report.repairs.iter().map(ToString::to_string).collect();
    assert!(
        repairs.iter().any(|at| at.contains(repair)),
        "{repair}: {repairs:?}"
    );
    assert_eq!(all(&journal), written);
    let next = journal.head().next();
    journal.append(next, &records(next, 1)).unwrap();
    drop(journal);
    assert_eq!(findings(dir), [""; 0]);
}

#[test]
fn what_was_appended_is_there_when_it_is_opened_again() {
    let (dir, written) = written();
    let (journal, report) = open(dir.path());
    assert!(!report.created);
    assert_eq!(report.repairs, []);
    assert_eq!(all(&journal), written);
    assert!(segment_files(dir.path()).len() > 3);
    drop(journal);
    assert_eq!(findings(dir.path()), [""; 0]);
}

#[test]
fn a_reader_reads_from_anywhere_while_the_journal_grows() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let reader = journal.reader();
    assert_eq!(reader.head(), Sequence::ZERO);
    assert_eq!(reader.records_from(Sequence::FIRST).count(), 0);
    fill(&mut journal, 12);
    let written = records(Sequence::FIRST, 78);
    for record in &written {
        assert_eq!(&reader.record(record.sequence).unwrap(), record);
        let tail: Vec<_> = reader
            .records_from(record.sequence)
            .map(Result::unwrap)
            .collect();
        assert_eq!(
            tail,
            written[usize::try_from(record.sequence.get()).unwrap() - 1..]
        );
        let info = reader.frame_of(record.sequence).unwrap();
        let frame = reader.frames_from(record.sequence).next().unwrap().unwrap();
        assert_eq!(frame.info, info);
        assert!(frame.records.contains(record));
    }
    let beyond = reader.record(Sequence::new(79)).unwrap_err();
    assert_eq!(
        beyond.to_string(),
        "there is no record 79; the journal ends at 78"
    );
    assert!(reader.record(Sequence::ZERO).is_err());
}

#[test]
fn only_the_next_sequence_can_be_appended() {
    let (mut journal, _) = Journal::in_memory(&MemoryDisk::new()).unwrap();
    fill(&mut journal, 2);
    let conflict = journal.append(Sequence::new(3), &records(Sequence::new(3), 1));
    assert_eq!(
        conflict.unwrap_err().to_string(),
        "expected to append at sequence 3, but the journal is at 4"
    );
    let gap = journal.append(Sequence::new(4), &records(Sequence::new(5), 1));
    assert_eq!(gap.unwrap_err().to_string(), "expected record 4, found 5");
    let mut torn = records(Sequence::new(4), 3);
    torn.remove(1);
    let gap = journal.append(Sequence::new(4), &torn);
    assert_eq!(gap.unwrap_err().to_string(), "expected record 5, found 6");
    let empty = journal.append(Sequence::new(4), &[]).unwrap_err();
    assert_eq!(empty.to_string(), "there is nothing to append");
    // None of this was an accident on the disk, so the journal goes on.
    assert!(!journal.is_poisoned());
    journal
        .append(Sequence::new(4), &records(Sequence::new(4), 1))
        .unwrap();
}

#[test]
fn a_failed_append_poisons_until_it_is_opened_again() {
    for fault in [
        InjectedFault::Append(3),
        InjectedFault::Sync(3),
        InjectedFault::Torn {
            append: 3,
            bytes: 0,
        },
        InjectedFault::Torn {
            append: 3,
            bytes: 50,
        },
        InjectedFault::Torn {
            append: 3,
            bytes: 400,
        },
    ] {
        let disk = MemoryDisk::new();
        disk.inject(fault);
        let (mut journal, _) = Journal::in_memory(&disk).unwrap();
        let reader = journal.reader();
        fill(&mut journal, 2);
        let next = Sequence::new(4);
        assert!(
            journal.append(next, &records(next, 3)).is_err(),
            "{fault:?}"
        );
        assert_eq!(reader.head(), Sequence::new(3), "nothing unsure is shown");
        let again = journal.append(next, &records(next, 3)).unwrap_err();
        assert!(matches!(again, JournalError::Poisoned), "{fault:?}");
        drop(journal);

        let (mut journal, report) = Journal::in_memory(&disk).unwrap();
        let (kept, repairs) = match fault {
            InjectedFault::Append(_) | InjectedFault::Torn { bytes: 0, .. } => (3, 0),
            InjectedFault::Torn { .. } => (3, 1),
            InjectedFault::Sync(_) => (6, 0),
        };
        assert_eq!(journal.head(), Sequence::new(kept), "{fault:?}");
        assert_eq!(report.repairs.len(), repairs, "{fault:?}");
        let next = journal.head().next();
        journal.append(next, &records(next, 2)).unwrap();
        assert_eq!(all(&journal), records(Sequence::FIRST, kept + 2));
        assert_eq!(verify_memory(&disk).len(), 0);
    }
}

#[test]
fn verify_finds_every_flipped_bit_and_names_its_frame() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = Journal::in_memory(&disk).unwrap();
    fill(&mut journal, 2);
    let frames: Vec<_> = journal
        .reader()
        .frames_from(Sequence::FIRST)
        .map(|frame| frame.unwrap().info)
        .collect();
    let bytes = frames.iter().map(|info| info.bytes).sum::<u64>();
    assert!(bytes > 1000, "a test of too little");
    let mut ends = frames.iter().scan(0, |end, info| {
        *end += info.bytes;
        Some((*end, info.first_sequence))
    });
    let mut frame = ends.next().unwrap();
    for at in 0..bytes {
        if at == frame.0 {
            frame = ends.next().unwrap();
        }
        for bit in 0..8 {
            let change = |all: &mut Vec<u8>| all[usize::try_from(at).unwrap()] ^= 1 << bit;
            disk.damage(change);
            let found = verify_memory(&disk);
            assert!(!found.is_empty(), "bit {bit} of byte {at} is not found");
            assert_eq!(found[0].sequence, frame.1, "bit {bit} of byte {at}");
            disk.damage(change);
        }
    }
    assert_eq!(verify_memory(&disk).len(), 0);
}

#[test]
fn a_forged_frame_breaks_the_chain_after_it() {
    let (disk, forgery) = (MemoryDisk::new(), MemoryDisk::new());
    let (mut journal, _) = Journal::in_memory(&disk).unwrap();
    fill(&mut journal, 3);
    let (mut other, _) = Journal::in_memory(&forgery).unwrap();
    let mut record = records(Sequence::FIRST, 1).remove(0);
    record.source = Source::Raw(b"never happened".to_vec());
    let forged = other.append(Sequence::FIRST, &[record]).unwrap();
    let mut bytes = Vec::new();
    forgery.damage(|all| bytes.clone_from(all));
    let first = journal.reader().frame_of(Sequence::FIRST).unwrap();
    assert_ne!(first.hash, forged.hash);
    let end = usize::try_from(first.bytes).unwrap();
    disk.damage(|all| drop(all.splice(..end, bytes)));

    let found = verify_memory(&disk);
    assert_eq!(found.len(), 1);
    assert!(matches!(found[0].fault, Fault::Chain));
    assert_eq!(found[0].sequence, Sequence::new(2));
    let (journal, _) = Journal::in_memory(&forgery).unwrap();
    assert_eq!(journal.head(), Sequence::FIRST);
    let error = Journal::in_memory(&disk).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
}

#[test]
fn a_torn_tail_of_the_segments_is_cut_off() {
    let (dir, written) = written();
    let last = segment_files(dir.path()).pop().unwrap();
    let end = fs::metadata(&last).unwrap().len();
    let file = OpenOptions::new().write(true).open(&last).unwrap();
    file.write_all_at(b"PLJF\x01\0\0\0torn", end).unwrap();
    assert_eq!(
        findings(dir.path()),
        ["segments: record 56: the bytes end within a frame"]
    );
    expect_repaired(dir.path(), &options(), &written, "cut 12 bytes");
}

#[test]
fn a_flipped_bit_anywhere_in_the_segments_is_named_and_repaired_from_sled() {
    let (dir, mut written) = written();
    for (position, path) in segment_files(dir.path()).into_iter().enumerate() {
        let first = path.file_stem().unwrap().to_str().unwrap();
        let first: u64 = first.parse().unwrap();
        flip(&path, 200, 0x10);
        let found = findings(dir.path());
        assert!(
            found[0].starts_with(&format!("segments: record {first}: the checksum")),
            "{position}: {found:?}"
        );
        expect_repaired(dir.path(), &checked(), &written, "damaged segment");
        // The repair check appends a record.
        let next = Sequence::new(written.len() as u64 + 1);
        written.extend(records(next, 1));
    }
}

#[test]
fn damage_in_the_last_segment_is_repaired_without_being_asked() {
    let dir = tempfile::tempdir().unwrap();
    let one_segment = JournalOptions {
        segment_bytes: 1 << 20,
        ..options()
    };
    let (mut journal, _) = Journal::open(dir.path(), &one_segment).unwrap();
    fill(&mut journal, 10);
    let written = all(&journal);
    drop(journal);
    flip(&segment_files(dir.path())[0], 3000, 1);
    expect_repaired(dir.path(), &one_segment, &written, "damaged segment");
}

#[test]
fn a_damaged_record_is_never_returned() {
    let (dir, _) = written();
    let (journal, _) = open(dir.path());
    flip(&segment_files(dir.path())[2], 150, 4);
    let first = segment_files(dir.path())[2]
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse();
    let first = Sequence::new(first.unwrap());
    let error = journal.reader().record(first).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the segments copy of the journal is damaged at record {first}")
    );
    let mut read = journal.reader().records_from(Sequence::FIRST);
    assert!(read.any(|record| record.is_err()));
    assert!(read.next().is_none(), "it ends after the first error");
}

#[test]
fn damaged_sled_is_written_anew_from_the_segments() {
    let (dir, mut written) = written();
    let mut replaced = 0;
    for round in 0..12 {
        let sled = dir.path().join("journal/sled/db");
        let bytes = fs::metadata(&sled).unwrap().len();
        for step in 0..40 {
            flip(
                &sled,
                (round * 7919 + step * 104_729) % bytes.min(60_000),
                0x40,
            );
        }
        let (mut journal, report) = Journal::open(dir.path(), &checked()).unwrap();
        replaced += report.repairs.len();
        assert_eq!(all(&journal), written, "round {round}");
        let next = journal.head().next();
        journal.append(next, &records(next, 1)).unwrap();
        written = all(&journal);
        drop(journal);
        assert_eq!(findings(dir.path()), [""; 0]);
    }
    assert!(replaced >= 6, "too little was damaged: {replaced}");
}

#[test]
fn a_lost_copy_is_written_anew_from_the_other() {
    let (dir, written) = written();
    fs::remove_dir_all(dir.path().join("journal/segments")).unwrap();
    expect_repaired(
        dir.path(),
        &options(),
        &written,
        "gave records 1 to 55 to the segments",
    );
    let (dir, written) = self::written();
    fs::remove_dir_all(dir.path().join("journal/sled")).unwrap();
    expect_repaired(dir.path(), &options(), &written, "it was missing");
    let (dir, written) = self::written();
    fs::remove_file(segment_files(dir.path()).pop().unwrap()).unwrap();
    expect_repaired(dir.path(), &options(), &written, "to the segments copy");
    let (dir, written) = self::written();
    fs::remove_file(&segment_files(dir.path())[1]).unwrap();
    expect_repaired(dir.path(), &checked(), &written, "damaged segment");
    let (dir, written) = self::written();
    fs::remove_file(&segment_files(dir.path())[0]).unwrap();
    expect_repaired(
        dir.path(),
        &options(),
        &written,
        "damaged segment from record 1 ",
    );
}

#[test]
fn when_both_copies_are_damaged_it_refuses_and_names_them() {
    let (dir, _) = written();
    let sled = dir.path().join("journal/sled/db");
    fs::write(&sled, vec![0xa5; 1 << 16]).unwrap();
    let last = segment_files(dir.path()).pop().unwrap();
    let end = fs::metadata(&last).unwrap().len();
    flip(&last, end - 5, 1);
    let error = Journal::open(dir.path(), &options()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("both copies of the journal are damaged"),
        "{text}"
    );
    assert!(text.contains("after record 45"), "{text}");
    let found = findings(dir.path());
    assert!(
        found.iter().any(|at| at.starts_with("segments: record 46")),
        "{found:?}"
    );
    assert!(found.iter().any(|at| at.starts_with("sled")), "{found:?}");
}

#[test]
fn copies_of_two_journals_are_not_mixed() {
    let (here, _) = written();
    let (there, _) = written();
    let sled = |dir: &TempDir| dir.path().join("journal/sled");
    fs::remove_dir_all(sled(&here)).unwrap();
    fs::rename(sled(&there), sled(&here)).unwrap();
    let error = Journal::open(here.path(), &options()).unwrap_err();
    assert!(
        matches!(error, JournalError::CopiesDiffer { .. }),
        "{error}"
    );
}

#[test]
fn a_journal_that_is_open_cannot_be_opened_and_says_by_whom_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let error = Journal::open(dir.path(), &options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the journal in `{}` is in use by test (process {})",
            dir.path().display(),
            std::process::id()
        )
    );
    drop(journal);
    open(dir.path());
}

#[test]
fn a_mistyped_path_is_no_journal_and_stays_empty() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_path_buf(), dir.path().join("nowhere")] {
        let error = Journal::open(&path, &JournalOptions::existing()).unwrap_err();
        assert!(matches!(error, JournalError::NotAJournal { .. }));
        assert!(verify(&path, &options(), |_| {}).is_err());
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_record_of_any_size_up_to_the_limit_is_in_both_copies() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let mut expected = Vec::new();
    for bytes in [70 << 10, 5 << 20, 10] {
        let next = journal.head().next();
        let mut record = records(next, 1).remove(0);
        record.source = Source::Raw((0..=255).cycle().take(bytes).collect());
        journal.append(next, std::slice::from_ref(&record)).unwrap();
        expected.push(record);
    }
    let next = journal.head().next();
    let mut record = records(next, 1).remove(0);
    record.source = Source::Raw(vec![0; FRAME_BYTES_LIMIT]);
    let error = journal.append(next, &[record]).unwrap_err();
    assert!(matches!(error, JournalError::TooLarge { .. }), "{error}");
    assert_eq!(all(&journal), expected);
    drop(journal);
    assert_eq!(findings(dir.path()), [""; 0]);
    assert_eq!(
        fs::read_dir(dir.path().join("journal/sled/blobs"))
            .unwrap()
            .count(),
        0,
        "sled never syncs its blobs"
    );
    fs::remove_dir_all(dir.path().join("journal/segments")).unwrap();
    expect_repaired(dir.path(), &options(), &expected, "gave records 1 to 3");
}

#[test]
fn a_lost_identity_is_found_in_the_first_frame() {
    let (dir, written) = written();
    let path = dir.path().join("journal/JOURNAL");
    let text = fs::read_to_string(&path).unwrap();
    flip(&path, 40, 1);
    assert!(findings(dir.path())[0].contains("which journal this is"));
    expect_repaired(dir.path(), &options(), &written, "identity");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_frame_takes_a_group_whole_or_not_at_all() {
    let mut builder = FrameBuilder::new();
    let mut next = Sequence::FIRST;
    let groups = loop {
        let group = records(next, 7);
        let before = (builder.len(), builder.bytes());
        match builder.push_all(&group).unwrap() {
            Fit::Taken => next = next.plus(7),
            Fit::Full => {
                assert_eq!(before, (builder.len(), builder.bytes()));
                break builder.len() / 7;
            }
        }
    };
    assert!(groups > 5);
    assert!(builder.bytes() <= FRAME_BYTES_MAX);
    let (mut journal, _) = Journal::in_memory(&MemoryDisk::new()).unwrap();
    let info = journal.append_frame(Sequence::FIRST, &mut builder).unwrap();
    assert_eq!(info.last_sequence.next(), next);
    assert!(builder.is_empty());
    assert_eq!(
        all(&journal),
        records(Sequence::FIRST, info.last_sequence.get())
    );
}

#[test]
fn a_checkpoint_is_used_only_for_the_journal_and_version_it_was_made_for() {
    let (dir, _) = written();
    let (journal, _) = open(dir.path());
    let reader = journal.reader();
    let state = Checkpoints::new(dir.path(), "state", "1");
    assert!(state.load(&reader).unwrap().found.is_none());
    for sequence in [0, 10, 40, 55] {
        let blob = vec![7; sequence];
        state
            .save(&reader, Sequence::new(sequence as u64), &blob)
            .unwrap();
    }
    let found = state.load(&reader).unwrap().found.unwrap();
    assert_eq!((found.sequence, found.blob.len()), (Sequence::new(55), 55));
    let mut files: Vec<_> = fs::read_dir(dir.path().join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 2, "only the last two are kept");

    let newer = Checkpoints::new(dir.path(), "state", "2")
        .load(&reader)
        .unwrap();
    assert!(newer.found.is_none());
    assert_eq!(newer.passed_over[0].1.to_string(), "it has version `1`");
    let other = Checkpoints::new(dir.path(), "other", "1")
        .load(&reader)
        .unwrap();
    assert!(other.found.is_none());

    // Whatever is changed in the newest, the one before is used.
    let bytes = fs::metadata(&files[1]).unwrap().len();
    for at in 0..bytes {
        flip(&files[1], at, 1);
        let search = state.load(&reader).unwrap();
        assert_eq!(search.passed_over.len(), 1, "byte {at}");
        assert_eq!(search.found.unwrap().sequence, Sequence::new(40));
        flip(&files[1], at, 1);
    }
    for length in 0..bytes {
        let whole = fs::read(&files[1]).unwrap();
        fs::write(&files[1], &whole[..usize::try_from(length).unwrap()]).unwrap();
        assert_eq!(state.load(&reader).unwrap().passed_over.len(), 1);
        fs::write(&files[1], whole).unwrap();
    }

    let (there, _) = self::written();
    let (journal, _) = open(there.path());
    let search = state.load(&journal.reader()).unwrap();
    assert!(search.found.is_none());
    assert_eq!(
        search.passed_over[0].1.to_string(),
        "it is not of this journal"
    );
}
