//! `lists keygen`, `lists sign`, `lists verify`, and the program minisign, which must understand what they make and
//! make what they understand.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use minewall_lab::skipped;

use super::program::{Files, Ran, minewall};

const PLAN: &str = "feed = \"campus\"\n\n[[file]]\nname = \"pools.txt\"\ncategory = \"pool\"\nlicence = \"CC0-1.0\"\n\n\
                    [[file]]\nname = \"web.txt\"\ncategory = \"browser\"\nconfidence = \"high\"\n";

/// A directory with a feed that can be signed.
struct Feed {
    files: Files,
}

impl Feed {
    fn new() -> Self {
        let files = Files::new();
        files.write("feed.toml", PLAN);
        files.write("pools.txt", "pool.example.org\nxmr.pool.example.net:3333\nnot a name\n");
        files.write("web.txt", "0.0.0.0 coin.example.com\n");
        Self { files }
    }

    fn path(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    fn directory(&self) -> String {
        self.files.path().to_str().unwrap().to_owned()
    }

    fn keygen(&self) -> String {
        let ran = minewall(&["lists", "keygen", "--no-password", &self.path("feed.key")]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        ran.out.trim().to_owned()
    }

    fn sign(&self) -> Ran {
        minewall(&["lists", "sign", "--key", &self.path("feed.key"), &self.directory()])
    }

    fn verify(&self, key: &str) -> Ran {
        minewall(&["lists", "verify", "--key", key, &self.directory()])
    }
}

/// The program, with a loud word where it is not installed.
fn minisign(arguments: &[&str]) -> Option<bool> {
    match Command::new("minisign").args(arguments).output() {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            skipped("what minisign says of it", "apt-get install minisign");
            None
        }
    }
}

#[test]
fn a_feed_is_made_signed_and_verified() {
    let feed = Feed::new();
    let key = feed.keygen();
    assert!(key.starts_with("RW") && key.len() == 56, "{key}");
    let mode = fs::metadata(feed.path("feed.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for version in 1..=3 {
        let ran = feed.sign();
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains(&format!("version {version} of \"campus\", 2 files, 3 entries")), "{}", ran.out);
        assert!(ran.err.contains("pools.txt: 1 lines are of no use, the first is line 3"), "{}", ran.err);
    }
    // The key itself, its file, and another key beside it.
    let other = Feed::new();
    let (file, stranger) = (feed.path("feed.key.pub"), other.keygen());
    for keys in [vec!["--key", &key], vec!["--key", &file], vec!["--key", &stranger, "--key", &key]] {
        let directory = feed.directory();
        let ran = minewall(&[&["lists", "verify"][..], &keys, &[&directory]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.starts_with("feed \"campus\", version 3, made 20"), "{}", ran.out);
        let row = ran.out.lines().find(|line| line.contains("pools.txt")).unwrap();
        assert_eq!(
            row.split_whitespace().collect::<Vec<_>>(),
            ["pools.txt", "pool", "auto", "2", "54", "CC0-1.0", "good"]
        );
    }
    let ran = feed.verify(&stranger);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("a key that is not among those of this feed"), "{}", ran.err);
}

#[test]
fn what_is_changed_behind_the_signature_is_found() {
    let feed = Feed::new();
    let key = feed.keygen();
    assert_eq!(feed.sign().code, 0);
    feed.files.write("web.txt", "0.0.0.0 coin.example.net\n");
    let ran = feed.verify(&key);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("web.txt is not the file that was signed"), "{}", ran.err);
    assert!(ran.out.contains("refused") && ran.out.contains("good"), "{}", ran.out);
    let manifest = fs::read_to_string(feed.path("manifest.toml")).unwrap();
    feed.files.write("manifest.toml", manifest.replace("version = 1", "version = 9"));
    let ran = feed.verify(&key);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("the signature of the manifest does not fit"), "{}", ran.err);
}

#[test]
fn minisign_understands_our_keys_and_signatures() {
    let feed = Feed::new();
    let key = feed.keygen();
    assert_eq!(feed.sign().code, 0);
    let manifest = feed.path("manifest.toml");
    let Some(good) = minisign(&["-V", "-P", &key, "-m", &manifest]) else { return };
    assert!(good, "minisign does not take our signature by the key we print");
    assert_eq!(minisign(&["-V", "-p", &feed.path("feed.key.pub"), "-m", &manifest]), Some(true));
    // Signed again by minisign with our key.
    fs::remove_file(feed.path("manifest.toml.minisig")).unwrap();
    assert_eq!(minisign(&["-S", "-s", &feed.path("feed.key"), "-m", &manifest]), Some(true));
    let ran = feed.verify(&key);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn keys_and_signatures_of_minisign_are_understood() {
    let feed = Feed::new();
    let (public, secret) = (feed.path("mini.pub"), feed.path("feed.key"));
    if minisign(&["-G", "-W", "-p", &public, "-s", &secret]).is_none() {
        return;
    }
    assert!(Path::new(&secret).exists());
    let ran = feed.sign();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(minisign(&["-V", "-p", &public, "-m", &feed.path("manifest.toml")]), Some(true));
    assert_eq!(feed.verify(&public).code, 0);
    // The old kind of signature.
    assert_eq!(minisign(&["-S", "-l", "-s", &secret, "-m", &feed.path("manifest.toml")]), Some(true));
    let ran = feed.verify(&public);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("old kind") && ran.err.contains("minisign -SH"), "{}", ran.err);
}

#[test]
fn a_key_may_have_a_password() {
    let feed = Feed::new();
    let password = feed.files.write("password", "correct horse\nsecond line\n");
    let wrong = feed.files.write("wrong", "battery staple\n");
    let (key, directory) = (feed.path("feed.key"), feed.directory());
    let made = minewall(&["lists", "keygen", "--password-file", &password, &key]);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let sign = |password: &str| minewall(&["lists", "sign", "--key", &key, "--password-file", password, &directory]);
    let ran = sign(&wrong);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("cannot be opened; check the password"), "{}", ran.err);
    assert!(!Path::new(&feed.path("manifest.toml")).exists());
    assert_eq!(sign(&password).code, 0);
    assert_eq!(feed.verify(made.out.trim()).code, 0);
}

#[test]
fn what_cannot_be_signed_says_why() {
    let feed = Feed::new();
    feed.keygen();
    let refused = |words: &[&str]| {
        let ran = feed.sign();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        words.iter().for_each(|word| assert!(ran.err.contains(word), "{word}: {}", ran.err));
        assert!(!Path::new(&feed.path("manifest.toml.minisig")).exists());
    };
    let plan = |from: &str, to: &str| feed.files.write("feed.toml", PLAN.replace(from, to));
    plan("web.txt", "../web.txt");
    refused(&["../web.txt"]);
    plan("web.txt", "absent.txt");
    refused(&["absent.txt"]);
    plan("browser", "cars");
    refused(&["cars", "web.txt", "pool-site"]);
    plan("\"high\"", "\"sure\"");
    refused(&["sure", "medium"]);
    plan("web.txt", "pools.txt");
    refused(&["pools.txt twice"]);
    plan("feed =", "fed =");
    refused(&["fed", "feed"]);
    plan("\"campus\"\n", "\"campus\"\nvalid_days = 0\n");
    refused(&["valid_days", "0"]);
    plan("", "");
    feed.files.write("web.txt", "# none today\n");
    refused(&["web.txt has no entry"]);
    feed.files.write("web.txt", "<html>\n");
    refused(&["web.txt", "HTML"]);
    plan("web.txt\"\ncategory", "web.txt\"\nformat = \"word\"\ncategory");
    refused(&["format \"word\" of web.txt", "adblock"]);
    plan("", "");
    feed.files.write("web.txt", "coin.example.com\n");
    feed.files.write("manifest.toml", "half a manif");
    refused(&["published last", "put back"]);
    fs::remove_file(feed.path("feed.toml")).unwrap();
    refused(&["feed.toml", "such as", "[[file]]"]);
    let ran = minewall(&["lists", "sign", "--key", "/nowhere/key", &feed.directory()]);
    assert_eq!(ran.code, 2);
    feed.files.write("feed.toml", PLAN);
    fs::remove_file(feed.path("manifest.toml")).unwrap();
    let ran = minewall(&["lists", "sign", "--key", "/nowhere/key", &feed.directory()]);
    assert!(ran.err.contains("/nowhere/key") && ran.err.contains("keygen"), "{}", ran.err);
}

#[test]
fn no_key_is_overwritten() {
    let feed = Feed::new();
    feed.keygen();
    let before = fs::read(feed.path("feed.key")).unwrap();
    let ran = minewall(&["lists", "keygen", "--no-password", &feed.path("feed.key")]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("exists; name another"), "{}", ran.err);
    assert_eq!(fs::read(feed.path("feed.key")).unwrap(), before);
}

#[test]
fn what_is_no_key_and_no_feed_is_told() {
    let feed = Feed::new();
    let key = feed.keygen();
    for (key, place, word) in [
        ("RWabc", feed.directory(), "neither a public key nor a file"),
        (&feed.path("web.txt"), feed.directory(), "not a public key of minisign"),
        (&key, "/nowhere".to_owned(), "neither a URL nor a directory"),
        (&key, feed.directory(), "manifest.toml"),
        (&key, "ftp://a.example/manifest.toml".to_owned(), "https://"),
    ] {
        let ran = minewall(&["lists", "verify", "--key", key, &place]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}
