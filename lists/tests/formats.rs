//! Every format against its golden cases: `formats/FORMAT/CASE.list` beside `CASE.entries`, a line for each entry or why
//! there is none. `MINEWALL_BLESS=1` writes them anew; read the difference before it is committed.

use minewall_lists::{Builder, Category, Entry, Format, ListMeta, Reader, Reason, Target, Unreadable};
use proptest::prelude::*;
use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf};

/// What a text gives, one line for each; what was refused after a `!`.
fn read(format: Format, text: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut said = Vec::new();
    let mut reader = Reader::new(format);
    let mut out = |entry: Result<Entry<'_>, Reason>, line: usize| {
        said.push(match entry {
            Ok(entry) => format!("{line}: {}", describe(&entry)),
            Err(reason) => format!("{line}: ! {reason:?}"),
        });
    };
    let mut rest = text;
    let mut end = Ok(());
    for cut in cuts {
        let (piece, behind) = rest.split_at((*cut).min(rest.len()));
        end = end.and_then(|()| reader.push(piece, &mut out));
        assert!(reader.held() < 11 << 20, "{} bytes are held", reader.held());
        rest = behind;
    }
    end = end.and_then(|()| reader.push(rest, &mut out));
    if let Some(serial) = reader.serial() {
        let end = end.and_then(|()| reader.end(&mut out));
        said.push(format!("serial {serial}, {end:?}"));
    } else if let Err(unreadable) = end.and_then(|()| reader.end(&mut out)) {
        said.push(format!("unreadable: {unreadable:?}"));
    }
    said
}

fn describe(entry: &Entry<'_>) -> String {
    let mut text = match entry.target {
        Target::Name(name) => format!("{name} {}", entry.scope),
        Target::Address(address) => address.to_string(),
        Target::Prefix(prefix) => prefix.to_string(),
    };
    if entry.except {
        text.insert_str(0, "except ");
    }
    if !entry.ports.is_empty() {
        write!(text, " ports {:?}", entry.ports).unwrap();
    }
    if let Some(confidence) = entry.confidence {
        write!(text, " {confidence}").unwrap();
    }
    for (what, value) in [("kind", entry.kind), ("coins", entry.coins), ("date", entry.date)] {
        if !value.is_empty() {
            write!(text, " {what} {value}").unwrap();
        }
    }
    text
}

/// Every case: its format, where it is, its bytes.
fn cases() -> Vec<(Format, PathBuf, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let mut found = Vec::new();
    for format in Format::all() {
        let directory = root.join(format.as_str());
        for entry in fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "list") {
                let text = fs::read(&path).unwrap();
                found.push((format, path, text));
            }
        }
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    found
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let bless = std::env::var_os("MINEWALL_BLESS").is_some();
    let mut wrong = Vec::new();
    for (format, path, text) in cases() {
        let got = read(format, &text, &[]).join("\n") + "\n";
        let beside = path.with_extension("entries");
        if bless {
            fs::write(&beside, &got).unwrap();
        }
        let want = fs::read_to_string(&beside).unwrap_or_default();
        for (got, want) in got.lines().zip(want.lines()).filter(|(got, want)| got != want) {
            wrong.push(format!("{}: got {got:?}, want {want:?}", path.display()));
        }
        if got.lines().count() != want.lines().count() {
            wrong.push(format!(
                "{}: {} lines instead of {}",
                path.display(),
                got.lines().count(),
                want.lines().count()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn found_out_line_by_line_the_entries_are_the_same() {
    for (format, path, text) in cases() {
        let entries = |format| read(format, &text, &[]).into_iter().filter(|said| !said.contains(": ! "));
        let auto: BTreeSet<_> = entries(Format::Auto).collect();
        for entry in entries(format) {
            assert!(auto.contains(&entry), "{} as {format}: {entry}", path.display());
        }
    }
}

#[test]
fn any_cut_of_the_bytes_gives_the_same() {
    for (format, path, text) in cases() {
        for format in [format, Format::Auto] {
            let whole = read(format, &text, &[]);
            for size in [1, 2, 3, 7, 64, 4096] {
                let cut = read(format, &text, &vec![size; text.len() / size + 1]);
                assert_eq!(cut, whole, "{} as {format} in pieces of {size}", path.display());
            }
        }
    }
}

#[test]
fn of_a_list_in_the_shape_of_nocoin_132_of_317_rules_are_no_hosts() {
    let (_, _, text) = cases().into_iter().find(|case| case.1.ends_with("adblock/nocoin.list")).unwrap();
    let said = read(Format::AdBlock, &text, &[]);
    let refused = said.iter().filter(|said| said.contains(": ! ")).count();
    assert_eq!((said.len(), refused), (317, 132));
}

#[test]
fn what_is_no_list_is_refused_whole() {
    let mut long = vec![b'<'];
    long.extend_from_slice(b"html>");
    long.resize(10_000, b'x');
    let cases: &[(&[u8], &str)] = &[
        (b"<html><body>a.b</body></html>", "Markup"),
        (b"\n\n  <!DOCTYPE html>\na.b\n", "Markup"),
        (b"\xef\xbb\xbf<!doctype HTML>\n", "Markup"),
        (b"# 404\n<HTML>\na.b\n", "Markup"),
        (b"<?xml version=\"1.0\"?>\n<list/>", "Markup"),
        (&long, "Markup"),
        (b"\x1f\x8b\x08\x08\x01\x02\x03list\x00", "Binary"),
        (b"\x1f\x8b\x08\x01\x01\x02\x03list\n", "Binary"),
        (b"\x28\xb5\x2f\xfd\x04\x00\n", "Binary"),
        (b"\x7fELF\x02\x01\x01\n", "Binary"),
        (b"a.example\nb.example\n\x00\nc.example\n", "Binary"),
        (b"a\x00.\x00b\x00\n\x00", "Binary"),
    ];
    for (text, want) in cases {
        for format in Format::all() {
            for cuts in [vec![], vec![1; text.len()]] {
                let said = read(format, text, &cuts);
                let last = said.last().map(String::as_str);
                assert_eq!(last, Some(format!("unreadable: {want}").as_str()), "{:?} as {format}", text.escape_ascii());
            }
        }
    }
    for list in ["a.b\n<html>\n", "{\"html\": \"<html>\"}", "a<b\n"] {
        assert!(!read(Format::Auto, list.as_bytes(), &[]).iter().any(|said| said.contains("unreadable")), "{list}");
    }
}

#[test]
fn a_text_is_read_up_to_64_mib() {
    let mut reader = Reader::new(Format::Auto);
    let mut count = 0;
    let mut out = |entry: Result<Entry<'_>, Reason>, _: usize| count += usize::from(entry.is_ok());
    let piece = "pool.example.org\n".repeat(1 << 16);
    let most = 64 << 20;
    for _ in 0..most / piece.len() {
        reader.push(piece.as_bytes(), &mut out).unwrap();
        assert!(reader.held() <= 8192, "{}", reader.held());
    }
    let rest = most % piece.len();
    reader.push(&piece.as_bytes()[..rest], &mut out).unwrap();
    assert_eq!(reader.push(b"\n", &mut out), Err(Unreadable::TooLong));
    assert_eq!(reader.push(b"\n", &mut out), Err(Unreadable::TooLong), "it stays so");
    assert_eq!(reader.end(&mut out), Err(Unreadable::TooLong));
    assert_eq!(count, most / "pool.example.org\n".len());
}

#[test]
fn what_the_reader_holds_is_bounded() {
    let wildcards: String = (0..400_000).map(|n| format!("*.h{n}.example CNAME .\n")).collect();
    let rows: String =
        (0..1000).map(|n| format!("{{\"domain\": \"{}h{n}.example\", \"a\": ", "x".repeat(400))).collect();
    let keys = format!("[{{\"hosts\": [{}]}}]", "\"a.example\",".repeat(200_000).trim_end_matches(','));
    let columns = format!("domain,notes\na.example,\"{}", "x\n".repeat(500_000));
    let ports = format!("{{\"domain\": \"a.example\", \"ports\": [{}]}}", vec!["1"; 500_000].join(","));
    let blanks = " ".repeat(1_000_000);
    for (text, most) in [
        (wildcards, 11 << 20),
        (rows, 1 << 20),
        (keys, 1 << 20),
        (columns, 1 << 16),
        (ports, 1 << 16),
        (blanks, 1 << 14),
    ] {
        let mut reader = Reader::new(Format::Auto);
        for piece in text.as_bytes().chunks(1 << 12) {
            reader.push(piece, &mut |_, _| {}).unwrap();
            assert!(reader.held() <= most, "{} bytes for {:?}", reader.held(), text.get(..40));
        }
        reader.end(&mut |_, _| {}).unwrap();
    }
}

/// Bytes that are nearly a list: pieces of the cases, broken and joined.
fn nearly_a_list() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<Vec<u8>> = cases()
        .iter()
        .flat_map(|(_, _, text)| {
            text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).take(60).collect::<Vec<_>>()
        })
        .collect();
    let line = prop::sample::select(lines);
    let broken = (line, any::<prop::sample::Index>(), any::<Option<u8>>()).prop_map(|(mut line, at, byte)| {
        let at = at.index(line.len());
        match byte {
            Some(byte) if byte > 64 => line.truncate(at),
            Some(byte) => line[at] = byte,
            None => {}
        }
        line
    });
    let noise = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(prop_oneof![8 => broken, 1 => noise], 0..24).prop_map(|lines| lines.concat())
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![3 => Just(Format::Auto), 1 => prop::sample::select(Format::all().collect::<Vec<_>>())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_the_bytes_the_cut_does_not_matter(
        text in nearly_a_list(),
        format in format(),
        cuts in prop::collection::vec(0usize..200, 0..40),
    ) {
        let whole = read(format, &text, &[]);
        prop_assert_eq!(&read(format, &text, &cuts), &whole);
        prop_assert_eq!(&read(format, &text, &vec![1; text.len()]), &whole);
        let lines = text.split(|byte| *byte == b'\n').count();
        for said in &whole {
            let line = said.split(':').next().and_then(|line| line.parse::<usize>().ok());
            prop_assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{}", said);
        }
    }

    #[test]
    fn every_entry_could_be_asked_for(text in nearly_a_list(), format in format()) {
        let mut reader = Reader::new(format);
        let mut names = Vec::new();
        let mut out = |entry: Result<Entry<'_>, Reason>, _: usize| match entry {
            Ok(Entry { target: Target::Name(name), .. }) => names.push(name.to_owned()),
            Ok(Entry { target: Target::Address(address), .. }) => assert!(!address.is_loopback() && !address.is_unspecified()),
            Ok(Entry { target: Target::Prefix(prefix), .. }) => {
                assert!(prefix.prefix_len() >= if prefix.addr().is_ipv4() { 8 } else { 19 });
                assert_eq!(prefix.addr(), prefix.network());
            }
            Err(_) => {}
        };
        let _ = reader.push(&text, &mut out).and_then(|()| reader.end(&mut out));
        for name in names {
            prop_assert!(name.is_ascii() && name.len() <= 253 && name.contains('.'), "{}", name);
            prop_assert!(name.split('.').all(|label| (1..=63).contains(&label.len())), "{}", name);
        }
    }

    #[test]
    fn read_at_once_or_in_pieces_the_index_is_the_same(text in nearly_a_list(), size in 1usize..50) {
        let meta = || ListMeta::new("x", Category::Custom);
        let (mut whole, mut pieces) = (Builder::new(), Builder::new());
        let tally = whole.add_text(meta(), &String::from_utf8_lossy(&text));
        let lossy = String::from_utf8_lossy(&text).into_owned();
        let mut reading = pieces.read(meta(), Format::Auto);
        for piece in lossy.as_bytes().chunks(size) {
            let _ = reading.push(piece);
        }
        if let Ok(read) = reading.end() {
            prop_assert_eq!(read, tally);
            prop_assert_eq!(pieces.build().len(), whole.build().len());
        }
    }
}
