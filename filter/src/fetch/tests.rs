//! Every fetcher against real servers on this machine: a real nginx, and a raw one for what no sound server does.
//!
//! | module | holds |
//! |---|---|
//! | `site` | nginx with every answer that is asked for, over http and https |
//! | `raw` | a server that says what it is told to say, also what is wrong |
//! | `answers` | 200, 304, encodings, statuses, redirects, limits |
//! | `faults` | what breaks on the way |
//! | `trust` | certificates |

mod answers;
mod faults;
mod raw;
pub(crate) mod site;
mod trust;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

/// A directory of its own for each test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("minewall-fetch-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The fetchers there are on this machine; says once which are not.
fn fetchers() -> Vec<Fetcher> {
    static FOUND: OnceLock<Vec<Fetcher>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> Vec<Fetcher> {
    let there = |fetcher: &Fetcher| {
        let program = fetcher.to_string();
        let is_there = *fetcher == Fetcher::BuiltIn || Command::new(&program).arg("--help").output().is_ok();
        if !is_there {
            skipped(&format!("no {program} here, so nothing was fetched with it"));
        }
        is_there
    };
    let all = [Fetcher::BuiltIn, Fetcher::Curl, Fetcher::Wget, Fetcher::UclientFetch];
    all.into_iter().filter(there).collect()
}

/// Said past the harness, which holds back what a passing test prints.
fn skipped(why: &str) {
    std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes()).unwrap();
}

/// What it can do that others cannot: see the heads of answers.
fn sees_heads(fetcher: Fetcher) -> bool {
    fetcher != Fetcher::UclientFetch
}

/// One fetcher with what it asks for next.
struct Client {
    fetcher: Fetcher,
    scratch: Scratch,
    etag: Option<String>,
    modified: Option<String>,
    authorities: Option<PathBuf>,
    limits: Limits,
}

impl Client {
    fn new(fetcher: Fetcher) -> Self {
        let limits = Limits { connect: Duration::from_secs(5), total: Duration::from_secs(30), bytes: 8 << 20 };
        Self { fetcher, scratch: Scratch::new(), etag: None, modified: None, authorities: None, limits }
    }

    fn all() -> Vec<Self> {
        fetchers().into_iter().map(Self::new).collect()
    }

    fn file(&self) -> PathBuf {
        self.scratch.join("fetched")
    }

    fn fetch(&self, url: &str) -> Result<Fetched, Failed> {
        let request = Request {
            url,
            etag: self.etag.as_deref(),
            modified: self.modified.as_deref(),
            authorities: self.authorities.as_deref(),
            limits: self.limits,
        };
        fetch(self.fetcher, &request, &self.file())
    }

    /// Fetches; what it says of the file is so.
    fn body(&self, url: &str) -> (Body, Vec<u8>) {
        let fetched = self.fetch(url).unwrap_or_else(|failed| panic!("{}: {failed}", self.fetcher));
        let Fetched::Body(body) = fetched else { panic!("{}: {url} is said to be unchanged", self.fetcher) };
        let bytes = fs::read(self.file()).unwrap();
        assert_eq!(body.bytes, bytes.len() as u64);
        assert_eq!(body.sha256, <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
        (body, bytes)
    }

    /// Fails to fetch: says what is wrong and with what, and leaves nothing behind.
    fn failure(&self, url: &str) -> Failed {
        fs::write(self.file(), "of an earlier try").unwrap();
        let failed = match self.fetch(url) {
            Err(failed) => failed,
            Ok(fetched) => panic!("{}: {url} gave {fetched:?}", self.fetcher),
        };
        let words = failed.to_string();
        assert!(words.contains("; ") && words.contains("://"), "neither place nor remedy: {words}");
        assert!(!words.contains('\n'), "{words}");
        let left = fs::read(self.file()).unwrap_or_default();
        assert!(left.is_empty() || left == b"of an earlier try", "{}: {url} left a file", self.fetcher);
        failed
    }

    /// Fails for one of these reasons.
    fn fails(&self, url: &str, kinds: &[Kind]) -> Failed {
        let failed = self.failure(url);
        assert!(kinds.contains(&failed.kind()), "{}: {url}: {:?}: {failed}", self.fetcher, failed.kind());
        failed
    }
}

#[test]
fn a_fetcher_is_known_by_its_name() {
    for (word, fetcher) in Fetcher::all() {
        assert_eq!(word.parse(), Ok(fetcher));
        assert_eq!(fetcher.to_string(), word);
    }
    assert!("lynx".parse::<Fetcher>().unwrap_err().contains("uclient-fetch"));
}

#[test]
fn a_file_of_this_machine_is_fetched_when_it_has_changed() {
    let mut client = Client::new(Fetcher::Auto);
    let path = client.scratch.join("own list");
    fs::write(&path, "pool.example.org\n").unwrap();
    let url = Url::from_file_path(&path).unwrap();
    let (body, bytes) = client.body(url.as_str());
    assert_eq!(bytes, b"pool.example.org\n");
    client.etag = body.etag;
    assert!(matches!(client.fetch(url.as_str()), Ok(Fetched::Unchanged)));
    fs::write(&path, "pool.example.net, another\n").unwrap();
    assert_eq!(client.body(url.as_str()).1.len(), 26);
    client.fails("file:///nowhere/at/all", &[Kind::Read]);
    client.fails(Url::from_file_path(&client.scratch.0).unwrap().as_str(), &[Kind::Read]);
    client.fails("file://elsewhere.example/list", &[Kind::Url]);
}

#[test]
fn what_is_no_url_is_refused() {
    for text in ["", "pool.example.org", "/etc/passwd", "ftp://a.example/list", "http://", "https://a b/"] {
        let client = Client::new(Fetcher::Auto);
        match client.fetch(text) {
            Err(failed) => assert_eq!(failed.kind(), Kind::Url, "{text}: {failed}"),
            Ok(fetched) => panic!("{text} gave {fetched:?}"),
        }
    }
}

#[test]
fn the_file_cannot_be_made() {
    let client = Client::new(Fetcher::BuiltIn);
    let request =
        Request { url: "file:///etc/hostname", etag: None, modified: None, authorities: None, limits: client.limits };
    let failed = fetch(client.fetcher, &request, Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(failed.kind(), Kind::Write, "{failed}");
}

#[test]
fn a_password_is_not_written_down() {
    let port = minewall_lab::Port::tcp().unwrap();
    for client in Client::all() {
        let words = client.failure(&format!("http://me:secret@{}/list", port.at())).to_string();
        assert!(words.contains("me:***@") && !words.contains("secret"), "{words}");
    }
}
