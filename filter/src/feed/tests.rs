//! What is taken of a feed, and what is not. Keys and signatures by the crate `minisign`; the program of that name is
//! asked in tests/cli/feed.rs.

use std::fs;

use jiff::Timestamp;
use minisign::{KeyPair, SecretKey};
use sha2::{Digest, Sha256};
use url::Url;

use super::key::BadSignature;
use super::manifest::{Hash, verify};
use super::*;
use crate::fetch::tests::Scratch;
use crate::fetch::tests::site::Site;
use crate::fetch::{Fetcher, Limits};

const LIST: &str = "pool.example.org\nxmr.pool.example.net:3333\n";

fn keys() -> (SecretKey, Key) {
    let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair().unwrap();
    (sk, pk.to_base64().parse().unwrap())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    time("2026-11-24T12:00:00Z")
}

fn file(name: &str, text: &str) -> File {
    File {
        name: name.to_owned(),
        category: "pool".to_owned(),
        format: "auto".to_owned(),
        confidence: "medium".to_owned(),
        licence: "CC0-1.0".to_owned(),
        entries: text.lines().count() as u64,
        bytes: text.len() as u64,
        sha256: Sha256::digest(text).into(),
    }
}

fn manifest(version: u64, files: Vec<File>) -> Manifest {
    let (made, valid_until) = (time("2026-11-20T12:00:00Z"), time("2026-12-20T12:00:00Z"));
    Manifest { format: 1, feed: "a feed".to_owned(), version, made, valid_until, files }
}

fn signature(text: &str, key: &SecretKey) -> String {
    minisign::sign(None, key, text.as_bytes(), None, None).unwrap().into_string()
}

fn last(version: u64) -> Last {
    let valid_until = time("2026-12-20T12:00:00Z");
    Last { feed: "a feed".to_owned(), version, valid_until, etag: None, modified: None, files: Default::default() }
}

/// A feed in a directory, as it is published.
struct Published {
    scratch: Scratch,
    secret: SecretKey,
    keys: Vec<Key>,
}

impl Published {
    fn new() -> Self {
        let (secret, key) = keys();
        let scratch = Scratch::new();
        fs::create_dir(scratch.join("feed")).unwrap();
        fs::create_dir(scratch.join("fetched")).unwrap();
        Self { scratch, secret, keys: vec![key] }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.scratch.join("feed").join(name), text).unwrap();
    }

    fn publish(&self, manifest: &Manifest) {
        let text = toml::to_string(manifest).unwrap();
        self.put(MANIFEST, &text);
        self.put("manifest.toml.minisig", &signature(&text, &self.secret));
    }

    fn fetch(&self, last: Option<&Last>, now: Timestamp) -> Result<Signed, Wrong> {
        let url = Url::from_file_path(self.scratch.join("feed").join(MANIFEST)).unwrap();
        self.fetch_from(url.as_str(), last, now)
    }

    fn fetch_from(&self, url: &str, last: Option<&Last>, now: Timestamp) -> Result<Signed, Wrong> {
        let (fetcher, limits) = (Fetcher::Auto, Limits::default());
        let source = Source { url, keys: &self.keys, fetcher, authorities: None, limits, last, only: None };
        fetch_signed(&source, now, &self.scratch.join("fetched"), &mut count)
    }

    fn taken(&self, last: Option<&Last>) -> Taken {
        match self.fetch(last, now()) {
            Ok(Signed::Taken(taken)) => taken,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_manifest_signed_by_any_of_our_keys_is_taken() {
    let ((old, old_key), (new, new_key), (stranger, _)) = (keys(), keys(), keys());
    let ours = [old_key, new_key.clone()];
    let made = manifest(7, vec![file("pools.txt", LIST)]);
    let text = toml::to_string(&made).unwrap();
    for secret in [&old, &new] {
        assert_eq!(verify(text.as_bytes(), &signature(&text, secret), &ours, now(), Some(&last(7))), Ok(made.clone()));
    }
    let refusal =
        |text: &str, signature: &str, keys: &[Key]| verify(text.as_bytes(), signature, keys, now(), None).unwrap_err();
    let good = signature(&text, &old);
    // Rolled over: the old key is no longer ours.
    assert_eq!(refusal(&text, &good, &[new_key]), Refused::Signature(BadSignature::Stranger));
    assert_eq!(refusal(&text, &signature(&text, &stranger), &ours), Refused::Signature(BadSignature::Stranger));
    assert_eq!(refusal(&text, &good, &[]), Refused::NoKeys);
    assert_eq!(refusal(&text, "", &ours), Refused::Signature(BadSignature::Unreadable));
    assert_eq!(refusal(&text, &text, &ours), Refused::Signature(BadSignature::Unreadable));
    let other = text.replace("version = 7", "version = 8");
    assert_ne!(other, text);
    assert_eq!(refusal(&other, &good, &ours), Refused::Signature(BadSignature::Wrong));
}

#[test]
fn no_bit_of_manifest_or_signature_can_be_turned() {
    let (secret, key) = keys();
    let text = toml::to_string(&manifest(7, vec![file("pools.txt", LIST)])).unwrap();
    let good = signature(&text, &secret);
    let holds = |text: &[u8], signature: &[u8]| {
        let signature = String::from_utf8_lossy(signature);
        verify(text, &signature, std::slice::from_ref(&key), now(), None).is_ok()
    };
    assert!(holds(text.as_bytes(), good.as_bytes()));
    for at in 0..text.len() {
        let mut turned = text.clone().into_bytes();
        turned[at] ^= 1;
        assert!(!holds(&turned, good.as_bytes()), "byte {at}");
    }
    // The first line of a signature is the one comment nobody vouches for.
    let from = good.find('\n').unwrap() + 1;
    for at in from..good.trim_end().len() {
        let mut turned = good.clone().into_bytes();
        turned[at] ^= 1;
        assert!(!holds(text.as_bytes(), &turned), "byte {at} of the signature");
    }
}

#[test]
fn what_is_old_is_refused_though_it_was_signed() {
    let (secret, key) = keys();
    let check = |manifest: &Manifest, now, last: &Last| {
        let text = toml::to_string(manifest).unwrap();
        verify(text.as_bytes(), &signature(&text, &secret), std::slice::from_ref(&key), now, Some(last))
    };
    let seven = manifest(7, Vec::new());
    assert_eq!(check(&seven, now(), &last(8)), Err(Refused::Rollback { is: 7, was: 8 }));
    assert_eq!(check(&seven, now(), &last(6)), Ok(seven.clone()));
    assert!(check(&seven, seven.valid_until, &last(7)).is_ok());
    let after = time("2026-12-20T12:00:01Z");
    assert_eq!(check(&seven, after, &last(7)), Err(Refused::Expired(seven.valid_until)));
    // A clock that stands at its beginning keeps nobody from updating.
    assert!(check(&seven, Timestamp::UNIX_EPOCH, &last(7)).is_ok());
    let other = Manifest { feed: "another".to_owned(), ..seven };
    assert!(matches!(check(&other, now(), &last(6)), Err(Refused::OtherFeed { .. })));
}

#[test]
fn what_a_manifest_may_not_say_is_refused() {
    let (secret, key) = keys();
    let refusal = |text: &str| {
        verify(text.as_bytes(), &signature(text, &secret), std::slice::from_ref(&key), now(), None).unwrap_err()
    };
    let text = |files| toml::to_string(&manifest(7, files)).unwrap();
    for name in [
        "../pools.txt",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "",
        "A.txt",
        "a b",
        "a\\b",
        "..",
        "manifest.toml",
        "manifest.toml.minisig",
        "feed.toml",
        "-rf",
        "pöols",
        "a\n",
        "a%2fb",
        &"a".repeat(65),
    ] {
        assert_eq!(refusal(&text(vec![file(name, LIST)])), Refused::Name(name.chars().take(40).collect()));
    }
    let twice = vec![file("a.txt", LIST), file("a.txt", LIST)];
    assert_eq!(refusal(&text(twice)), Refused::Twice("a.txt".to_owned()));
    let many = (0..257).map(|n| file(&format!("list-{n}"), LIST)).collect();
    assert_eq!(refusal(&text(many)), Refused::TooMany(257));
    for licence in ["\u{1b}[2J".to_owned(), "x".repeat(201)] {
        let words = refusal(&text(vec![File { licence, ..file("a.txt", LIST) }])).to_string();
        assert!(words.contains("control characters") && !words.contains('\u{1b}') && words.len() < 200, "{words}");
    }
    let sound = text(vec![file("a.txt", LIST)]);
    let newer = sound.replace("format = 1\n", "format = 2\nshape = \"another\"\n");
    assert_eq!(refusal(&newer), Refused::Format(2));
    assert_eq!(refusal("format = 3\n"), Refused::Format(3));
    for unreadable in ["", "format = \"1\"", "format = 1\n", &sound.replace("sha256 = \"", "sha256 = \"0")] {
        assert!(matches!(refusal(unreadable), Refused::Unreadable(_)), "{unreadable}");
    }
    // What a later minewall may add is passed over.
    let more = sound.replace("format = 1\n", "format = 1\nmaker = \"somebody\"\n");
    assert!(verify(more.as_bytes(), &signature(&more, &secret), &[key], now(), None).is_ok());
}

#[test]
fn only_what_is_new_is_fetched() {
    let feed = Published::new();
    let more = "pool.example.com\n";
    feed.put("a.txt", LIST);
    feed.put("b.txt", more);
    feed.publish(&manifest(1, vec![file("a.txt", LIST), file("b.txt", more)]));
    let taken = feed.taken(None);
    let fetched = |name: &str| feed.scratch.join("fetched").join(name);
    assert_eq!(taken.files.len(), 2);
    assert!(taken.files.iter().all(|got| matches!(got, Ok(Got::New(_)))), "{:?}", taken.files);
    assert_eq!(fs::read_to_string(fetched("a.txt")).unwrap(), LIST);
    let kept = taken.keep(None);
    // As text and back: the updater keeps it in a file.
    let kept: Last = toml::from_str(&toml::to_string(&kept).unwrap()).unwrap();
    assert!(matches!(feed.fetch(Some(&kept), now()), Ok(Signed::Unchanged)));

    fs::remove_file(fetched("a.txt")).unwrap();
    let changed = "pool.example.com\nand.example.com\n";
    feed.put("b.txt", changed);
    feed.publish(&manifest(2, vec![file("a.txt", LIST), file("b.txt", changed)]));
    let taken = feed.taken(Some(&kept));
    assert_eq!(taken.files[0].as_ref().unwrap(), &Got::Same);
    assert_eq!(taken.files[1].as_ref().unwrap(), &Got::New(fetched("b.txt")));
    assert!(!fetched("a.txt").exists());
    assert_eq!(taken.keep(Some(&kept)).version, 2);
}

#[test]
fn who_says_unchanged_for_ever_is_found_out() {
    let feed = Published::new();
    feed.put("a.txt", LIST);
    feed.publish(&manifest(1, vec![file("a.txt", LIST)]));
    let kept = feed.taken(None).keep(None);
    let late = feed.fetch(Some(&kept), time("2027-01-01T00:00:00Z")).unwrap_err();
    assert!(matches!(late, Wrong::Refused(Refused::Expired(_))), "{late}");
}

#[test]
fn a_bad_file_keeps_the_others_from_nothing() {
    let feed = Published::new();
    feed.put("good.txt", LIST);
    feed.put("changed.txt", &LIST.replace("pool", "bank"));
    feed.put("longer.txt", &format!("{LIST}google.com\n"));
    feed.put("fewer.txt", LIST);
    let fewer = File { entries: 30, ..file("fewer.txt", LIST) };
    let names = ["good.txt", "changed.txt", "longer.txt", "absent.txt"];
    let mut files: Vec<_> = names.iter().map(|name| file(name, LIST)).collect();
    files.push(fewer);
    feed.publish(&manifest(1, files));
    let before = Last { files: [("changed.txt".to_owned(), Hash([7; 32]))].into(), ..last(0) };
    let taken = feed.taken(Some(&before));
    let words: Vec<_> =
        taken.files.iter().map(|got| got.as_ref().map_or_else(ToString::to_string, |_| String::new())).collect();
    assert_eq!(words[0], "");
    assert!(words[1].starts_with("changed.txt is not the file that was signed"), "{}", words[1]);
    assert!(words[2].contains("longer than is allowed"), "{}", words[2]);
    assert!(words[3].contains("cannot be read") && words[3].contains("absent.txt"), "{}", words[3]);
    assert!(words[4].starts_with("fewer.txt has 2 entries") && words[4].contains("counted 30"), "{}", words[4]);
    let kept = taken.keep(Some(&before));
    assert_eq!(kept.files.keys().collect::<Vec<_>>(), ["changed.txt", "good.txt"]);
    assert_eq!(kept.files["changed.txt"], Hash([7; 32]));
    // Not as if all had been taken: the next time the files are tried again.
    assert_eq!(kept.etag, None);
    let left: Vec<_> = fs::read_dir(feed.scratch.join("fetched")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_feed_without_a_signature_is_not_taken() {
    let feed = Published::new();
    feed.publish(&manifest(1, Vec::new()));
    fs::remove_file(feed.scratch.join("feed/manifest.toml.minisig")).unwrap();
    let words = feed.fetch(None, now()).unwrap_err().to_string();
    assert!(words.contains("manifest.toml.minisig"), "{words}");
}

#[test]
fn a_feed_comes_from_a_web_server() {
    let Some(site) = Site::start() else { return };
    let feed = Published::new();
    let text = toml::to_string(&manifest(1, vec![file("list.txt", LIST)])).unwrap();
    site.put("list.txt", LIST);
    site.put(MANIFEST, &text);
    site.put("manifest.toml.minisig", signature(&text, &feed.secret));
    let url = site.url("/gzip/manifest.toml");
    let Ok(Signed::Taken(taken)) = feed.fetch_from(&url, None, now()) else { panic!("not taken") };
    assert!(matches!(&taken.files[..], [Ok(Got::New(_))]), "{:?}", taken.files);
    let kept = taken.keep(None);
    assert!(matches!(feed.fetch_from(&url, Some(&kept), now()), Ok(Signed::Unchanged)));
    assert_eq!(site.fetched("GET /gzip/manifest.toml HTTP/1.1 304", 1), 1, "{}", site.log());
    assert_eq!(site.fetched("list.txt", 1), 1, "{}", site.log());
}
