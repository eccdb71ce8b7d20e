//! Running the binary, and files that go away with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_minewall");

/// A directory of this test's own.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("minewall-cli-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path as text.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A configuration without the shipped lists, with a list that names `pool.example.org` and `192.0.2.9:3333`.
    pub(crate) fn config(&self) -> String {
        let list = self.write("own.list", "pool.example.org\n192.0.2.9:3333\n[2001:db8:9::9]:3333\n");
        self.write(
            "minewall.toml",
            format!(
                "observer.name = \"gw\"\n[lists]\nshipped = false\nallow = [\"web.pool.example.org\"]\n\
                 [[lists.file]]\nname = \"own\"\npath = {list:?}\ncategory = \"pool\"\n"
            ),
        )
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// Standard output as JSON: every line is one object.
    pub(crate) fn records(&self) -> Vec<Value> {
        let read = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            assert!(value.is_object(), "{line:?}");
            value
        };
        self.out.split_terminator('\n').map(read).collect()
    }
}

pub(crate) fn minewall(arguments: &[&str]) -> Ran {
    Command::new(BINARY).args(arguments).stdin(Stdio::null()).output().unwrap().into()
}

/// `replay --format json` with the configuration of [`Files::config`].
pub(crate) fn replay(files: &Files, more: &[&str]) -> Ran {
    let config = files.config();
    let mut arguments = vec!["replay", "--format", "json", "-c", &config];
    arguments.extend(more);
    minewall(&arguments)
}
