//! Signed feeds: what their maker signed is used, and nothing else.

use std::fs;
use std::process::Command;

use minewall_lab::skipped;

use super::place::{BINARY, Place, Ran, names};

/// Three lists: two of pools, and one that a feed of pools does not take.
const PLAN: &str = "feed = \"campus\"\n\n[[file]]\nname = \"good\"\ncategory = \"pool\"\nconfidence = \"high\"\n\n\
                    [[file]]\nname = \"more\"\ncategory = \"pool\"\n\n\
                    [[file]]\nname = \"web\"\ncategory = \"browser\"\n";

/// A feed in a directory, and who takes it from there. Its manifest is called `campus.txt`.
struct Campus {
    place: Place,
    key: String,
}

impl Campus {
    fn new() -> Self {
        let place = Place::new(&[]);
        let key = keygen(&place, "one.key");
        let campus = Self { place, key };
        campus.trust(&[&campus.key]);
        for (name, count) in [("good", 10), ("more", 5), ("web", 3)] {
            campus.put(name, &names(&format!("{name}.example"), count));
        }
        fs::write(campus.place.path("feed.toml"), PLAN).unwrap();
        campus.publish("one.key");
        campus.place.update(&[]).must(0, &["campus: 15 entries, new"]);
        campus
    }

    fn trust(&self, keys: &[&str]) {
        self.place.configure("", &[("campus", &format!("keys = {keys:?}"))]);
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.place.path(name), text).unwrap();
    }

    fn publish(&self, key: &str) {
        let key = self.place.path(key);
        let sign =
            ["lists", "sign", "--key", key.to_str().unwrap(), self.place.path("").to_str().unwrap()].map(str::to_owned);
        Ran::from(Command::new(BINARY).args(sign).output().unwrap()).must(0, &["of \"campus\""]);
        self.serve();
    }

    /// The manifest and its signature to where they are fetched from.
    fn serve(&self) {
        for end in ["", ".minisig"] {
            let from = self.place.path(&format!("manifest.toml{end}"));
            fs::copy(from, self.place.path(&format!("campus.txt{end}"))).unwrap();
        }
    }

    /// An update refuses it with these words; what was taken before is in use, untouched.
    fn refused(&self, words: &[&str]) {
        let before = self.place.written();
        self.place.update(&["--force"]).must(1, &["campus: that of 20"]).must(1, words);
        assert_eq!(self.place.written(), before);
        assert!(self.place.lists("n0.good.example") && self.place.lists("n4.more.example"));
        let left: Vec<_> =
            fs::read_dir(self.place.path("run/lists")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().contains("parts")), "{left:?}");
    }
}

/// Makes keys and gives the public one.
fn keygen(place: &Place, name: &str) -> String {
    let file = place.path(name);
    let words = ["lists", "keygen", "--no-password", file.to_str().unwrap()];
    let ran = Ran::from(Command::new(BINARY).args(words).output().unwrap());
    ran.must(0, &["RW"]).out.trim().to_owned()
}

#[test]
fn the_lists_of_its_category_are_used() {
    let campus = Campus::new();
    let place = &campus.place;
    assert!(place.lists("n9.good.example") && place.lists("n4.more.example"));
    assert!(!place.lists("n0.web.example"), "a list of another category");
    let written = place.written();
    place.update(&[]).must(0, &["campus: unchanged"]);
    campus.publish("one.key");
    place.update(&[]).must(0, &["campus: unchanged"]);
    campus.put("web", "another.web.example\n");
    campus.publish("one.key");
    place.update(&[]).must(0, &["campus: unchanged"]);
    assert_eq!(place.written(), written, "nothing that is used has changed");
    campus.put("more", &names("more.example", 6));
    campus.publish("one.key");
    place.update(&[]).must(0, &["campus: 16 entries, 15 before"]);
    assert!(place.lists("n9.good.example") && place.lists("n5.more.example"));
    // A list that is gone from the feed.
    fs::write(
        place.path("feed.toml"),
        PLAN.replace("name = \"more\"\ncategory = \"pool\"", "name = \"more\"\ncategory = \"malware\""),
    )
    .unwrap();
    campus.publish("one.key");
    place.update(&["--accept", "campus"]).must(0, &["campus: 10 entries, 16 before"]);
    let status = place.status();
    let shown = &status["feeds"][0];
    assert!(
        shown["version"].as_u64() > Some(1) && shown["valid_until"].as_i64() > shown["fetched"].as_i64(),
        "{shown}"
    );
    place.run(&["lists", "status"]).must(0, &[&format!("version {} until 20", shown["version"])]);
    assert!(place.lists("n9.good.example") && !place.lists("n5.more.example"));
}

#[test]
fn what_nobody_signed_is_not_used() {
    let campus = Campus::new();
    let place = &campus.place;
    campus.put("good", &names("good.example", 12));
    campus.publish("one.key");
    campus.put("good", &names("good.example", 11));
    campus.refused(&["good is not the file that was signed"]);
    fs::remove_file(place.path("good")).unwrap();
    campus.refused(&["cannot be read"]);
    campus.put("good", &names("good.example", 12));
    let manifest = fs::read_to_string(place.path("campus.txt")).unwrap();
    campus.put("campus.txt", &manifest.replace("version = 2", "version = 3"));
    campus.refused(&["signature of the manifest does not fit"]);
    campus.put("campus.txt", "<!doctype html><title>Please log in</title>\n");
    campus.refused(&["signature of the manifest does not fit"]);
    fs::remove_file(place.path("campus.txt.minisig")).unwrap();
    campus.refused(&["campus.txt.minisig", "cannot be read"]);
    campus.serve();
    place.update(&["--force"]).must(0, &["campus: 17 entries, 15 before"]);
}

#[test]
fn what_is_older_is_not_used() {
    let campus = Campus::new();
    let old = ["good", "campus.txt", "campus.txt.minisig"]
        .map(|name| (name, fs::read_to_string(campus.place.path(name)).unwrap()));
    campus.put("good", &names("good.example", 12));
    campus.publish("one.key");
    campus.place.update(&[]).must(0, &["campus: 17 entries"]);
    for (name, text) in &old {
        campus.put(name, text);
    }
    campus.refused(&["version 1 is older than 2"]);
}

#[test]
fn what_is_past_its_time_is_not_used() {
    let campus = Campus::new();
    let path = campus.place.path("manifest.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let line = manifest.lines().find(|line| line.starts_with("valid_until")).unwrap();
    let past = manifest.replace(line, "valid_until = \"2026-01-01T00:00:00Z\"").replace("version = 1", "version = 2");
    fs::write(&path, past).unwrap();
    let (key, path) = (campus.place.path("one.key"), path.to_str().unwrap().to_owned());
    let signed = Command::new("minisign").args(["-S", "-s", key.to_str().unwrap(), "-m", &path]).output();
    let Ok(signed) = signed else {
        skipped("a feed past its time", "apt-get install minisign");
        return;
    };
    assert!(signed.status.success());
    campus.serve();
    campus.refused(&["was valid until 2026-01-01"]);
}

#[test]
fn a_manifest_past_its_time_is_told_while_it_is_used() {
    let campus = Campus::new();
    let place = &campus.place;
    let row = place.status()["feeds"][0].clone();
    assert_eq!((&row["expired"], &row["alarm"]), (&false.into(), &false.into()), "{row}");
    // Its time passes: what is known of it lies in the past.
    let state = place.path("lists/generation-1/state.json");
    let text = fs::read_to_string(&state).unwrap();
    let until = text.split("\"valid_until\": \"").nth(1).unwrap().split('"').next().unwrap();
    fs::write(&state, text.replace(until, "2026-01-01T00:00:00Z")).unwrap();
    let row = place.status()["feeds"][0].clone();
    assert_eq!((&row["expired"], &row["alarm"]), (&true.into(), &true.into()), "{row}");
    let shown = place.run(&["lists", "status"]);
    shown.must(1, &["(!)"]);
    assert!(!shown.out.contains("ago (!)"), "it was looked at just now: {shown:?}");
    let doctor = place.run(&["doctor", "--format", "json"]);
    assert!(doctor.out.contains("its signed manifest was valid until 2026-01-01"), "{doctor:?}");
    assert!(place.lists("n0.good.example"), "it is used still");
}

#[test]
fn keys_are_rolled_over() {
    let campus = Campus::new();
    let second = keygen(&campus.place, "two.key");
    campus.put("good", &names("good.example", 12));
    campus.publish("two.key");
    campus.refused(&["a key that is not among those of this feed"]);
    campus.trust(&[&campus.key, &second]);
    campus.place.update(&["--force"]).must(0, &["campus: 17 entries, 15 before"]);
    campus.trust(&[&second]);
    campus.place.update(&[]).must(0, &["campus: unchanged"]);
    campus.publish("one.key");
    campus.refused(&["a key that is not among those of this feed"]);
}

#[test]
fn a_feed_without_a_list_of_the_category_says_so() {
    let campus = Campus::new();
    campus.place.configure("", &[("campus", &format!("category = \"malware\"\nkeys = [{:?}]", campus.key))]);
    campus.place.update(&["--force"]).must(1, &["the feed has no list of category malware"]);
}
