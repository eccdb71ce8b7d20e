//! What one text has that the other has not.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use anyhow::Result;
use minewall_lists::Format;

use super::text::{each, shown};

/// How many are shown of each side.
const SHOWN: usize = 5;

/// The entries that came and went.
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
    /// Between two files; without a former one, all has come. Of each entry its hash alone is kept.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn between(format: Format, former: Option<&Path>, new: &Path) -> Result<Self> {
        let state = RandomState::new();
        let hashes = |path: &Path| {
            let mut all = HashSet::new();
            each(format, path, &mut |entry| _ = all.insert(state.hash_one(shown(entry))))?;
            Ok::<_, anyhow::Error>(all)
        };
        let beyond = |path: &Path, mut known: HashSet<u64>| {
            let mut side = Side::default();
            each(format, path, &mut |entry| {
                let shown = shown(entry);
                // Each once.
                if known.insert(state.hash_one(&shown)) {
                    side.add(&shown);
                }
            })?;
            Ok::<_, anyhow::Error>(side)
        };
        let (came, went) = match former {
            Some(former) => (beyond(new, hashes(former)?)?, beyond(former, hashes(new)?)?),
            None => (beyond(new, HashSet::new())?, Side::default()),
        };
        Ok(Self { came, went })
    }
}

impl Side {
    fn add(&mut self, entry: &str) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(entry.to_owned());
        }
    }
}

impl fmt::Display for Diff {
    /// `+2 -1`, then the first, each with its sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{} -{}", self.came.count, self.went.count)?;
        for (sign, side) in [('+', &self.came), ('-', &self.went)] {
            side.first.iter().try_for_each(|entry| write!(f, "\n  {sign} {entry}"))?;
            let more = side.count - side.first.len();
            if more > 0 {
                write!(f, "\n  {sign} ... {more} more")?;
            }
        }
        Ok(())
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
        std::fs::write(&new, "# of today\nb.example\nd.example\nD.example\n\x1b[2Je.example\n192.0.2.1:1\n").unwrap();
        let diff = Diff::between(Format::Auto, Some(&old), &new).unwrap().to_string();
        assert_eq!(diff, "+2 -2\n  + d.example\n  + 192.0.2.1 port 1\n  - a.example\n  - c.example");
        assert_eq!(Diff::between(Format::Auto, Some(&old), &old).unwrap().to_string(), "+0 -0");
        let many: String = (0..9).map(|number| format!("{number}.example\n")).collect();
        std::fs::write(&new, many).unwrap();
        assert!(Diff::between(Format::Auto, None, &new).unwrap().to_string().ends_with("+ 4.example\n  + ... 4 more"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
