//! A configuration with feeds in files, and the program run on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_minewall");

/// A directory of this test's own, with a configuration, feeds and all that comes of them.
pub(super) struct Place(PathBuf);

/// What a run of the binary gave.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// It ended with this code and said these words, on either stream.
    pub(super) fn must(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word:?} is not in {self:?}");
        }
        self
    }
}

impl Place {
    /// With these feeds: names, and settings of each besides name and url.
    pub(super) fn new(feeds: &[(&str, &str)]) -> Self {
        Self::with("", feeds)
    }

    /// The same with further settings: of the root first, then tables.
    pub(super) fn with(settings: &str, feeds: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("minewall-update-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        let place = Self(path);
        place.configure(settings, feeds);
        place
    }

    /// Writes the configuration anew.
    pub(super) fn configure(&self, settings: &str, feeds: &[(&str, &str)]) {
        let mut text = format!("{settings}\n[runtime]\ndirectory = {:?}\n", self.path("run"));
        if !settings.contains("[lists.update]") {
            text += "[lists.update]\n";
        }
        if let Some((before, after)) = text.clone().split_once("[lists.update]\n") {
            text = format!("{before}[lists.update]\ndirectory = {:?}\n{after}", self.store());
        }
        for (name, more) in feeds {
            let url = format!("file://{}", self.path(&format!("{name}.txt")).display());
            let category = if more.contains("category") { "" } else { "category = \"pool\"\n" };
            text += &format!("[[lists.feed]]\nname = {name:?}\nurl = {url:?}\n{category}{more}\n");
        }
        fs::write(self.path("minewall.toml"), text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where the generations are.
    pub(super) fn store(&self) -> PathBuf {
        self.path("lists")
    }

    /// What the source of a feed holds from now on.
    pub(super) fn serve(&self, feed: &str, text: &str) {
        fs::write(self.path(&format!("{feed}.txt")), text).unwrap();
    }

    /// Runs `minewall` with the words and this configuration.
    pub(super) fn run(&self, words: &[&str]) -> Ran {
        self.command(Path::new(BINARY), words).output().unwrap().into()
    }

    /// The same, but run by another program.
    pub(super) fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).arg("-c").arg(self.path("minewall.toml")).stdin(Stdio::null());
        command
    }

    /// `lists update` with further words.
    pub(super) fn update(&self, words: &[&str]) -> Ran {
        self.run(&[&["lists", "update"], words].concat())
    }

    /// Whether a name is listed by what the daemon would load.
    pub(super) fn lists(&self, name: &str) -> bool {
        let ran = self.run(&["check", name]);
        assert_eq!(ran.err, "", "{name}");
        ran.code == Some(0)
    }

    /// `lists status --json`.
    pub(super) fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["lists", "status", "--json"]).out).unwrap()
    }

    /// Every file and directory of the store with what changes when it is written.
    pub(super) fn written(&self) -> BTreeMap<PathBuf, (u64, u64, i64, i64)> {
        let mut all = BTreeMap::new();
        let mut waiting = vec![self.store()];
        while let Some(path) = waiting.pop() {
            let Ok(meta) = fs::symlink_metadata(&path) else { continue };
            if meta.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            all.insert(path, (meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()));
        }
        all
    }

    /// The names in the store's directory, sorted.
    pub(super) fn entries(&self) -> Vec<String> {
        let entries = fs::read_dir(self.store()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// So many names below a domain, a line each.
pub(super) fn names(domain: &str, count: usize) -> String {
    (0..count).map(|number| format!("n{number}.{domain}\n")).collect()
}
