//! The corpus: a directory a case, with its capture, the records it gives and what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::capture::capture;
use crate::case::{Case, read};
use crate::expect::judge;
use crate::page;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Compare what stands there with what the catalogue and the program give.
    Check,
    /// Write it.
    Write,
}

/// The project's corpus and the program that is asked.
#[derive(Debug)]
pub struct Corpus {
    /// The project's root.
    pub root: PathBuf,
    /// The `minewall` binary.
    pub program: PathBuf,
}

impl Corpus {
    /// Every case.
    ///
    /// # Errors
    /// The catalogue cannot be read.
    pub fn cases(root: &Path) -> Result<Vec<Case>> {
        read(&root.join("tests/catalogue/cases"))
    }

    /// Writes or checks everything; gives what is wrong, a line each.
    ///
    /// # Errors
    /// The catalogue cannot be read, files not be written, or the program not be run.
    pub fn perform(&self, task: Task) -> Result<Vec<String>> {
        let cases = Self::cases(&self.root)?;
        let mut wrong = Vec::new();
        let mut files = BTreeMap::new();
        let mut told = Vec::new();
        for case in &cases {
            let made = capture(&case.conversation).with_context(|| case.directory())?;
            let directory = self.directory().join(case.directory());
            files.insert(directory.join("README.md"), page::of_case(case).into_bytes());
            // The program reads what is to be written, not what stands there.
            let scratch = std::env::temp_dir().join(format!("minewall-corpus-{}.pcap", std::process::id()));
            fs::write(&scratch, &made.octets)?;
            let records = self.replay(&scratch).with_context(|| case.directory());
            fs::remove_file(&scratch)?;
            let records = records?;
            match judge(case, &made, &records) {
                Ok(telling) => {
                    told.extend(telling.map(|message| (case, message)));
                    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
                    files.insert(directory.join("expected.jsonl"), lines.into_bytes());
                }
                Err(error) => wrong.push(format!("{}: {error:#}", case.directory())),
            }
            files.insert(directory.join("capture.pcap"), made.octets);
        }
        files.insert(self.root.join("docs/corpus.md"), page::of_all(&cases, &told).into_bytes());
        match task {
            Task::Check => self.check(&files, &mut wrong)?,
            Task::Write => self.write(&files)?,
        }
        Ok(wrong)
    }

    fn directory(&self) -> PathBuf {
        self.root.join("tests/corpus")
    }

    /// The records of a capture, without what is different each time.
    fn replay(&self, capture: &Path) -> Result<Vec<Value>> {
        let arguments = ["replay", "--format", "json", "-c", "replay.toml"];
        let directory = self.root.join("tests/catalogue");
        let mut command = Command::new(&self.program);
        let output = command.current_dir(directory).args(arguments).arg(capture).output().context("cannot run it")?;
        if !output.status.success() {
            bail!("replay failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let read = |line: &str| -> Result<Value> {
            let mut record: Value = serde_json::from_str(line)?;
            if let Some(event) = record.get_mut("event").and_then(Value::as_object_mut) {
                event.remove("id");
            }
            Ok(record)
        };
        text.lines().map(read).collect()
    }

    /// What stands in the corpus now.
    fn present(&self) -> Result<BTreeSet<PathBuf>> {
        let mut present = BTreeSet::new();
        if !self.directory().exists() {
            return Ok(present);
        }
        for case in fs::read_dir(self.directory())? {
            for file in fs::read_dir(case?.path())? {
                present.insert(file?.path());
            }
        }
        Ok(present)
    }

    fn check(&self, files: &BTreeMap<PathBuf, Vec<u8>>, wrong: &mut Vec<String>) -> Result<()> {
        for (path, octets) in files {
            if fs::read(path).ok().as_ref() != Some(octets) {
                wrong.push(format!("{} is not what `cargo xtask corpus` writes", path.display()));
            }
        }
        let strays = self.present()?.into_iter().filter(|path| !files.contains_key(path));
        wrong.extend(strays.map(|path| format!("{} belongs to no case", path.display())));
        Ok(())
    }

    fn write(&self, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
        for path in self.present()? {
            if !files.contains_key(&path) {
                fs::remove_file(&path)?;
                // The directory of a case that is no more.
                path.parent().map(fs::remove_dir);
            }
        }
        for (path, octets) in files {
            path.parent().map(fs::create_dir_all).transpose()?;
            fs::write(path, octets)?;
        }
        Ok(())
    }
}
