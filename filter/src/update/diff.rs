//! What one text has that the other has not.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// How many are shown of each side.
const SHOWN: usize = 5;

/// Bytes of the longest line that is looked at.
const LINE: u64 = 4096;

/// The lines that came and went; comments and blank lines aside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    came: Side,
    went: Side,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Side {
    count: usize,
    first: Vec<String>,
}

impl Diff {
    /// Between two files; without a former one, all has come. Of each line its hash alone is kept.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn between(former: Option<&Path>, new: &Path) -> io::Result<Self> {
        let state = RandomState::new();
        let hashes = |path: &Path| {
            let mut all = HashSet::new();
            lines(path, |line| _ = all.insert(state.hash_one(line)))?;
            Ok::<_, io::Error>(all)
        };
        let beyond = |path: &Path, mut known: HashSet<u64>| {
            let mut side = Side::default();
            // Each once.
            lines(path, |line| {
                if known.insert(state.hash_one(line)) {
                    side.add(line);
                }
            })?;
            Ok::<_, io::Error>(side)
        };
        let (came, went) = match former {
            Some(former) => (beyond(new, hashes(former)?)?, beyond(former, hashes(new)?)?),
            None => (beyond(new, HashSet::new())?, Side::default()),
        };
        Ok(Self { came, went })
    }
}

impl Side {
    fn add(&mut self, line: &str) {
        self.count += 1;
        if self.first.len() < SHOWN {
            // Whoever made the list does not move the cursor here.
            self.first.push(minewall_core::evidence::printable(line, 100));
        }
    }
}

impl fmt::Display for Diff {
    /// `+2 -1`, then the first lines, each with its sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{} -{}", self.came.count, self.went.count)?;
        for (sign, side) in [('+', &self.came), ('-', &self.went)] {
            side.first.iter().try_for_each(|line| write!(f, "\n  {sign} {line}"))?;
            let more = side.count - side.first.len();
            if more > 0 {
                write!(f, "\n  {sign} ... {more} more")?;
            }
        }
        Ok(())
    }
}

fn lines(path: &Path, mut each: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() && !text.starts_with(['#', '!', ';']) {
            each(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_is_counted_once_and_shown() {
        let directory = std::env::temp_dir().join(format!("minewall-diff-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (old, new) = (directory.join("old"), directory.join("new"));
        std::fs::write(&old, "# of yesterday\na.example\nb.example\r\n\nc.example").unwrap();
        std::fs::write(&new, "# of today\nb.example\nd.example\nd.example\n\x1b[2Je.example\n").unwrap();
        let diff = Diff::between(Some(&old), &new).unwrap().to_string();
        assert_eq!(diff, "+2 -2\n  + d.example\n  + \\u{1b}[2Je.example\n  - a.example\n  - c.example");
        assert_eq!(Diff::between(Some(&old), &old).unwrap().to_string(), "+0 -0");
        let many: String = (0..9).map(|number| format!("{number}.example\n")).collect();
        std::fs::write(&new, many).unwrap();
        assert!(Diff::between(None, &new).unwrap().to_string().ends_with("+ 4.example\n  + ... 4 more"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
