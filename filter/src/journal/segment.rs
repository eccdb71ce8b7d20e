//! Segments: the files of a chain. `records-00000000000000000001.jsonl`, with `.gz` once closed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::line::{self, Class, Head, Kind, Line};

const PLAIN: &str = ".jsonl";
const PACKED: &str = ".jsonl.gz";
/// What is not yet whole.
const UNFINISHED: &str = ".part";

/// One file of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) class: Class,
    /// The number of its first line.
    pub(super) first: u64,
    pub(super) path: PathBuf,
    pub(super) is_packed: bool,
}

impl Segment {
    pub(super) fn new(directory: &Path, class: Class, first: u64) -> Self {
        let path = directory.join(format!("{}-{first:020}{PLAIN}", class.as_str()));
        Self { class, first, path, is_packed: false }
    }

    fn named(directory: &Path, name: &str) -> Option<Self> {
        let class = *Class::ALL.iter().find(|class| name.starts_with(class.as_str()))?;
        let rest = name.strip_prefix(class.as_str())?.strip_prefix('-')?;
        let (number, is_packed) = match rest.strip_suffix(PACKED) {
            Some(number) => (number, true),
            None => (rest.strip_suffix(PLAIN)?, false),
        };
        let first = number.parse().ok().filter(|first| (1..u64::MAX).contains(first))?;
        Some(Self { class, first, path: directory.join(name), is_packed })
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its lines; where it was compressed since it was looked for, those of the compressed file.
    pub(super) fn lines(&self) -> io::Result<Lines> {
        let (file, is_packed) = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_packed => {
                (File::open(self.packed()).map_err(|_| error)?, true)
            }
            opened => (opened?, self.is_packed),
        };
        let source: Box<dyn BufRead> = if is_packed {
            Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(BufReader::new(file))))
        } else {
            Box::new(BufReader::with_capacity(64 << 10, file))
        };
        Ok(Lines { source, bytes: Vec::new(), ended: false })
    }

    /// The first line, if it is a head.
    pub(super) fn head(&self) -> Option<Head> {
        let mut lines = self.lines().ok()?;
        let Ok(Some(Text::Whole(text))) = lines.next() else { return None };
        Line::parse(text).filter(|line| line.kind == Kind::Head)?.read::<Head>()
    }

    /// The compressed file of a plain one.
    pub(super) fn packed(&self) -> PathBuf {
        PathBuf::from(format!("{}.gz", self.path.display()))
    }

    /// Replaces the file by a compressed one: at every moment one of the two is whole.
    pub(super) fn pack(&self) -> io::Result<()> {
        let to = self.packed();
        let part = PathBuf::from(format!("{}{UNFINISHED}", to.display()));
        let mut from = File::open(&self.path)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o640).open(&part)?;
        let mut packed = GzEncoder::new(BufWriter::new(file), Compression::default());
        io::copy(&mut from, &mut packed)?;
        let file = packed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&part, &to)?;
        sync(self.path.parent().unwrap_or_else(|| Path::new(".")))?;
        fs::remove_file(&self.path)
    }
}

/// The segments of a chain in their order. Where one is there both plain and compressed, the plain one counts.
pub(super) fn list(directory: &Path, class: Class) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        found.extend(Segment::named(directory, &entry?.file_name().to_string_lossy()));
    }
    found.retain(|segment: &Segment| segment.class == class);
    found.sort_by_key(|segment| (segment.first, segment.is_packed));
    found.dedup_by_key(|segment| segment.first);
    Ok(found)
}

/// Removes what an interrupted compression has left.
pub(super) fn tidy(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.strip_suffix(UNFINISHED).is_some_and(|name| Segment::named(directory, name).is_some()) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Makes names in a directory last.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The lines of a segment, one at a time.
pub(super) struct Lines {
    source: Box<dyn BufRead>,
    bytes: Vec<u8>,
    ended: bool,
}

/// One line, as far as it is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    /// With its end, which is taken off.
    Whole(&'a str),
    /// The last one, without an end.
    Torn(usize),
    /// No text, or longer than a line can be.
    Unreadable(usize),
}

impl Lines {
    /// The next line; after an error there is none.
    pub(super) fn next(&mut self) -> io::Result<Option<Text<'_>>> {
        self.bytes.clear();
        if self.ended {
            return Ok(None);
        }
        let read = self.source.by_ref().take(line::BYTES as u64).read_until(b'\n', &mut self.bytes);
        self.ended = read.is_err();
        if read? == 0 {
            return Ok(None);
        }
        let mut length = self.bytes.len();
        let is_whole = self.bytes.last() == Some(&b'\n');
        if !is_whole && length < line::BYTES {
            return Ok(Some(Text::Torn(length)));
        }
        if !is_whole {
            length += self.skip()?;
            return Ok(Some(Text::Unreadable(length)));
        }
        let line = self.bytes.strip_suffix(b"\n").unwrap_or_default();
        Ok(Some(std::str::from_utf8(line).map_or(Text::Unreadable(length), Text::Whole)))
    }

    /// Goes to the end of a line that is too long.
    fn skip(&mut self) -> io::Result<usize> {
        let mut skipped = 0;
        loop {
            let buffer = self.source.fill_buf()?;
            let at = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let length = at.unwrap_or(buffer.len());
            skipped += length;
            self.source.consume(length);
            if at.is_some() || length == 0 {
                return Ok(skipped);
            }
        }
    }
}
