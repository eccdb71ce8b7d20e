//! What holds for any bytes. A law that is broken panics.

use minewall_lists::{Builder, Category, Entry, Format, ListMeta, Reader, Reason, Target, Unreadable};

/// Bytes a reader may hold, whatever it is given.
const MAX_HELD: usize = 11 << 20;

/// What an input did, as far as a search wants to know: equal for inputs that took the same ways.
pub type Ways = u64;

/// A list text: the first byte chooses the format, the second how the rest is cut.
pub fn lists(data: &[u8]) -> Ways {
    let [format, cut, text @ ..] = data else { return 0 };
    let formats: Vec<_> = Format::all().collect();
    let format = formats[usize::from(*format) % formats.len()];
    let (whole, end) = read(format, text.chunks(text.len().max(1)));
    let lines = text.split_inclusive(|byte| *byte == b'\n').count().max(1);
    assert!(whole.iter().all(|(line, _)| (1..=lines).contains(line)), "{lines} lines");
    let cut = usize::from(*cut) % 64 + 1;
    assert_eq!(read(format, text.chunks(cut)), (whole.clone(), end), "{format} in pieces of {cut}");
    index(format, text, end);
    ways(format, &whole, end)
}

/// The first byte of an input for this format.
pub fn chooses(format: Format) -> u8 {
    let at = Format::all().position(|known| known == format);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// What a text gives, line by line, and how it ends.
type Said = (Vec<(usize, Result<String, Reason>)>, Result<(), Unreadable>);

/// Everything a text gives, in words.
fn read<'t>(format: Format, pieces: impl Iterator<Item = &'t [u8]>) -> Said {
    let mut said = Vec::new();
    let mut reader = Reader::new(format);
    let mut out = |entry: Result<Entry<'_>, Reason>, line: usize| {
        said.push((line, entry.map(|entry| checked(&entry))));
    };
    let mut end = Ok(());
    for piece in pieces {
        end = reader.push(piece, &mut out);
        assert!(reader.held() <= MAX_HELD, "{} bytes are held", reader.held());
    }
    let end = end.and_then(|()| reader.end(&mut out));
    (said, end)
}

/// An entry in words; what it names is what it claims to be.
fn checked(entry: &Entry<'_>) -> String {
    match entry.target {
        Target::Name(name) => {
            assert!(name.is_ascii() && name.len() <= 253 && name.contains('.'), "{name:?}");
            assert!(name.split('.').all(|label| (1..=63).contains(&label.len())), "{name:?}");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{name:?}");
        }
        Target::Address(address) => assert!(!address.is_loopback() && !address.is_unspecified(), "{address}"),
        Target::Prefix(prefix) => {
            assert!(prefix.prefix_len() >= if prefix.addr().is_ipv4() { 8 } else { 19 }, "{prefix}");
            assert_eq!(prefix.addr(), prefix.network());
        }
    }
    assert!(entry.ports.len() <= 256 && entry.ports.is_sorted() && !entry.ports.contains(&0));
    format!("{entry:?}")
}

/// What was read can be asked for: a name of a rule is listed.
fn index(format: Format, text: &[u8], end: Result<(), Unreadable>) {
    let mut builder = Builder::new();
    let mut reading = builder.read(ListMeta::new("fuzz", Category::Custom), format);
    let _ = reading.push(text);
    let Ok(tally) = reading.end() else { return };
    assert_eq!(end, Ok(()));
    let lists = builder.build();
    assert!(lists.is_empty() == (tally.accepted == 0), "{tally:?}");
}

fn ways(format: Format, said: &[(usize, Result<String, Reason>)], end: Result<(), Unreadable>) -> Ways {
    let mut kinds: Vec<u64> = said
        .iter()
        .map(|(_, entry)| match entry {
            Ok(entry) => u64::from(entry.contains("except: true")) << 8 | entry.contains("Name(") as u64 | 64,
            Err(reason) => *reason as u64 + 512,
        })
        .collect();
    kinds.dedup();
    kinds.truncate(6);
    kinds.push(end.err().map_or(0, |unreadable| unreadable as u64 + 1));
    kinds.push(u64::from(chooses(format)));
    kinds.iter().fold(0xcbf2_9ce4_8422_2325, |hash, kind| (hash ^ kind).wrapping_mul(0x0000_0100_0000_01b3))
}
