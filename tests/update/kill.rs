//! Killed and failed at every step: whatever happens, a whole generation is in use, the former or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use minewall_lab::ready;

use super::place::{BINARY, Place};

/// What changes something, and what makes sure that it has; each as strace names it.
const STEPS: &str = "mkdir,mkdirat,open,openat,write,copy_file_range,sendfile,splice,fsync,fdatasync,link,linkat,symlink,symlinkat,\
                     rename,renameat,renameat2,unlink,unlinkat,rmdir,ftruncate,flock";

/// A step of the update that touches the store or the scratch: the call, how many calls of this name it takes to
/// get there, and the line of strace.
#[derive(Debug)]
struct Step {
    call: String,
    nth: u32,
    line: String,
}

/// A place where an update has something to do: `one` has changed, `two` has not, `three` is new.
fn changed() -> Place {
    let place = Place::new(&[("one", ""), ("two", ""), ("three", "")]);
    place.serve("one", "old.example\n");
    place.serve("two", "same.example\n");
    place.update(&[]).must(1, &["three: not taken"]);
    place.serve("one", "old.example\nnew.example\n");
    place.update(&[]).must(0, &["one: 2 entries"]);
    place.serve("one", "new.example\n");
    place.serve("three", "third.example\n");
    place
}

/// Puts the store and the scratch back to how they were.
struct Former<'a>(&'a Place);

impl<'a> Former<'a> {
    fn keep(place: &'a Place) -> Self {
        copy(&place.store(), &place.path("former-lists"));
        copy(&place.path("run"), &place.path("former-run"));
        Self(place)
    }

    fn restore(&self) {
        for (name, former) in [("lists", "former-lists"), ("run", "former-run")] {
            fs::remove_dir_all(self.0.path(name)).unwrap();
            copy(&self.0.path(former), &self.0.path(name));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// The update under strace with further options.
fn traced(place: &Place, options: &[&str]) -> std::process::Output {
    let update = ["--", BINARY, "lists", "update", "one", "two", "three", "--accept", "--force"];
    let log = place.path("strace.log");
    let all = [&["-f", "-y", "-o", log.to_str().unwrap()], options, &update].concat();
    place.command(Path::new("strace"), &all).output().unwrap()
}

fn log(place: &Place) -> Vec<String> {
    // Each line begins with the process.
    let text = fs::read_to_string(place.path("strace.log")).unwrap();
    text.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest.trim_start().to_owned()).collect()
}

/// The steps of one undisturbed update.
fn steps(place: &Place) -> Vec<Step> {
    let ran = traced(place, &["-e", &format!("trace={STEPS}")]);
    assert!(ran.status.success(), "{ran:?}");
    let mut counts = BTreeMap::new();
    let ours = [place.store(), place.path("run")].map(|path| path.to_str().unwrap().to_owned());
    let mut steps = Vec::new();
    for line in log(place) {
        let Some((call, _)) = line.split_once('(') else { continue };
        let count = counts.entry(call.to_owned()).or_insert(0);
        *count += 1;
        if ours.iter().any(|path| line.contains(path.as_str())) {
            steps.push(Step { call: call.to_owned(), nth: *count, line });
        }
    }
    assert!(steps.len() > 25, "{steps:#?}");
    steps
}

/// Which of the names are listed: of the former `one`, of its new text, of `two`, of `three`.
fn listed(place: &Place) -> [bool; 4] {
    ["old.example", "new.example", "same.example", "third.example"].map(|name| place.lists(name))
}

/// What the former and the new generation list.
const FORMER: [bool; 4] = [true, true, true, false];
const NEW: [bool; 4] = [false, true, true, true];

/// The former or the new generation is in use; whether the new.
fn holds(place: &Place, step: &Step) -> bool {
    let listed = listed(place);
    assert!(listed == FORMER || listed == NEW, "{listed:?} of neither generation, at {step:?}");
    listed == NEW
}

#[test]
fn killed_at_every_step_one_whole_generation_is_in_use() {
    if !ready("killed_at_every_step_one_whole_generation_is_in_use") {
        return;
    }
    let place = changed();
    let former = Former::keep(&place);
    let steps = steps(&place);
    let mut kinds = [0, 0];
    for step in &steps {
        former.restore();
        let inject = format!("inject={}:signal=KILL:when={}", step.call, step.nth);
        let ran = traced(&place, &["-e", &format!("trace={STEPS}"), "-e", &inject]);
        assert_eq!(ran.status.signal(), Some(9), "{step:?}: {ran:?}");
        kinds[usize::from(holds(&place, step))] += 1;
        // The next update finds its way, and leaves nothing behind.
        place.update(&["one", "two", "three", "--accept", "--force"]).must(0, &["three: "]);
        assert!(holds(&place, step), "{step:?}");
        let entries = place.entries();
        let left = entries.iter().filter(|name| name.starts_with("generation-")).count();
        assert!(entries.len() <= 4 && (2..=3).contains(&left), "{entries:?} at {step:?}");
        let scratch: Vec<_> =
            fs::read_dir(place.path("run/lists")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            scratch.iter().all(|name| name.to_str().unwrap().starts_with("attempts.json")),
            "{scratch:?} at {step:?}"
        );
    }
    assert!(kinds[0] > 10 && kinds[1] > 2, "{kinds:?}");
    // At the latest with the next change.
    place.serve("one", "new.example\nnext.example\n");
    place.update(&[]).must(0, &[]);
    assert_eq!(place.entries().len(), 3, "{:?}", place.entries());
}

#[test]
fn failed_at_every_step_the_former_generation_stays_or_the_new_one_is_whole() {
    if !ready("failed_at_every_step_the_former_generation_stays_or_the_new_one_is_whole") {
        return;
    }
    let place = changed();
    let former = Former::keep(&place);
    let mut refused = 0;
    for step in &steps(&place) {
        former.restore();
        let error = if step.call == "write" { "ENOSPC" } else { "EIO" };
        let inject = format!("inject={}:error={error}:when={}", step.call, step.nth);
        let ran = traced(&place, &["-e", &format!("trace={STEPS}"), "-e", &inject]);
        let listed = listed(&place);
        let said = String::from_utf8_lossy(&ran.stderr);
        match ran.status.code() {
            Some(0) => assert_eq!(listed, NEW, "{step:?}: {said}"),
            // A feed whose text cannot be worked on stays as it was.
            Some(1) => {
                let [old, new, same, third] = listed;
                assert!(
                    new && same && (old || third || said.contains("three: not taken")),
                    "{listed:?} at {step:?}: {said}"
                );
                assert!(said.contains(": not taken, ") || said.contains(" stays: "), "{step:?}: {said}");
            }
            Some(2) => {
                assert_eq!(listed, FORMER, "{step:?}: {said}");
                assert!(said.starts_with("minewall: "), "{step:?}: {said}");
                refused += 1;
            }
            _ => panic!("{step:?}: {ran:?}"),
        }
        place.update(&["one", "two", "three", "--accept", "--force"]).must(0, &[]);
        assert!(holds(&place, step), "{step:?}");
    }
    assert!(refused > 10, "{refused}");
}

#[test]
fn the_link_is_replaced_when_all_it_leads_to_is_on_disk() {
    if !ready("the_link_is_replaced_when_all_it_leads_to_is_on_disk") {
        return;
    }
    let place = changed();
    let store = place.store();
    let store = store.to_str().unwrap();
    let lines: Vec<_> = steps(&place).into_iter().map(|step| step.line).collect();
    let at = |what: &str, words: &[&str]| {
        let found = |line: &String| line.starts_with(what) && words.iter().all(|word| line.contains(word));
        lines.iter().position(found).unwrap_or_else(|| panic!("no {what} with {words:?} in {lines:#?}"))
    };
    let last = |words: &[&str]| {
        let found = |line: &String| line.starts_with("fsync(") && words.iter().all(|word| line.contains(word));
        lines.iter().rposition(found).unwrap_or_else(|| panic!("no fsync with {words:?} in {lines:#?}"))
    };
    let replaced = at("rename", &["current.new", "current\""]);
    let new = format!("{store}/generation-3");
    for file in ["one.list", "three.list", "state.json"] {
        let made = at("openat(", &[&format!("{new}/{file}\""), "O_CREAT|O_EXCL"]);
        let kept = at("fsync(", &[&format!("<{new}/{file}>")]);
        assert!(made < kept && kept < replaced, "{file}: {lines:#?}");
    }
    let linked = at("link", &["generation-2/two.list", "generation-3/two.list"]);
    let directory = at("fsync(", &[&format!("<{new}>")]);
    let written = at("fsync(", &[&format!("<{new}/state.json>")]);
    assert!(linked < directory && written < directory && directory < replaced, "{lines:#?}");
    let symlink = at("symlink", &["generation-3", "current.new"]);
    let names = at("fsync(", &[&format!("<{store}>")]);
    assert!(directory < symlink && symlink < names && names < replaced, "{lines:#?}");
    // The former one goes when the link is on disk.
    let removed = lines.iter().position(|line| line.starts_with("unlink") && line.contains("generation-1")).unwrap();
    let sealed = last(&[&format!("<{store}>")]);
    assert!(replaced < sealed && sealed < removed, "{lines:#?}");
}
