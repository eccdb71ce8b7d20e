use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use minewall_core::config::Config;
use serde_json::{Value, json};

use super::table::TABLE;
use super::{Board, Caller, LINE_BYTES, Request, SOCKET, Server, Status, Top};
use crate::incidents::Filter;
use crate::report::sample;

const LIMIT: Duration = Duration::from_secs(30);

/// A server, and a thread that publishes as the daemon's do: while somebody asks.
struct House {
    directory: PathBuf,
    server: Option<Server>,
    ends: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl House {
    fn new(name: &str, incidents: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("minewall-control-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (board, ends): (Arc<Board>, Arc<AtomicBool>) = Default::default();
        let server = Server::start(&directory, Arc::clone(&board)).unwrap();
        let incidents: Vec<_> = incidents.iter().map(|id| sample::incident(id)).collect();
        let stop = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if board.wants_figures() {
                    board.publish_status(Status { mode: "block".to_owned(), ..Status::default() });
                }
                if board.wants_counters() {
                    board.publish_counters(json!({ "minewall_lost_records_total": [{ "value": 3 }] }));
                }
                if board.wants_incidents() {
                    board.publish_incidents(incidents.clone());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self { directory, server: Some(server), ends, thread: Some(thread) }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.directory.join(SOCKET)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    fn config(&self) -> Config {
        let mut config = Config::default();
        config.runtime.directory = self.directory.to_str().unwrap().to_owned();
        config
    }

    /// The answers to these lines, up to the end of the connection.
    fn talk(&self, lines: &[u8]) -> Vec<Value> {
        let mut stream = self.connect();
        stream.write_all(lines).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        drop(self.server.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn every_ask_is_answered_and_the_socket_is_its_owners() {
    let house = House::new("asks", &["ab1", "ab2", "c3"]);
    let socket = house.directory.join(SOCKET);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let lines = br#"{"v":1,"ask":"status"}
{"v":1,"ask":"counters"}

{"v":1,"ask":"incidents","filter":{"host":"10.20.3.17"}}
{"v":1,"ask":"incidents","filter":{"unit":"law"}}
{"v":1,"ask":"incident","id":"c"}
{"v":1,"ask":"asks"}
"#;
    let answers = house.talk(lines);
    assert_eq!(answers.len(), 9, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["v"] == 1), "{answers:?}");
    assert_eq!(answers[0]["ok"]["status"]["mode"], "block");
    assert_eq!(answers[1]["ok"]["counters"]["minewall_lost_records_total"][0]["value"], 3);
    assert_eq!(answers[3]["ok"]["incident"]["id"], "ab2");
    assert_eq!(answers[5]["ok"]["told"], 3);
    assert_eq!(answers[6]["ok"]["told"], 0);
    assert_eq!(answers[7]["ok"]["incident"]["id"], "c3");
    assert_eq!(answers[8]["ok"]["asks"].as_array().unwrap().len(), TABLE.len());
    drop(house);
    assert!(!socket.exists(), "it goes with the daemon");
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_remedy_and_the_next_is_answered() {
    let house = House::new("refusals", &["ab1", "ab2"]);
    for (line, words) in [
        (&b"garbage"[..], "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (br#"{"ask":"status"}"#, "names no version"),
        (br#"{"v":2,"ask":"status","new":1}"#, "version 2 is not spoken"),
        (br#"{"v":1,"ask":"reboot"}"#, "nobody knows this ask"),
        (br#"{"v":1,"ask":"status","colour":1}"#, "unknown field `colour`"),
        (br#"{"v":1,"ask":"incidents","filter":{"planet":"x"}}"#, "unknown field `planet`"),
        (br#"{"v":1,"ask":"incident"}"#, "which incident"),
        (br#"{"v":1,"ask":"incident","id":"x"}"#, "no incident of this id"),
        (br#"{"v":1,"ask":"incident","id":"ab"}"#, "several incidents begin so: ab1, ab2"),
    ] {
        let answers = house.talk(&[line, b"\n{\"v\":1,\"ask\":\"status\"}\n"].concat());
        assert_eq!(answers.len(), 2, "{words}: {answers:?}");
        let error = answers[0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(words), "{words}: {answers:?}");
        assert!(!answers[0]["remedy"].as_str().unwrap_or_default().is_empty(), "{answers:?}");
        assert_eq!(answers[1]["ok"]["status"]["mode"], "block");
    }
    let long = house.talk(&vec![b'x'; LINE_BYTES]);
    assert!(long[0]["error"].as_str().unwrap().contains("more than 65536 octets"), "{long:?}");
    assert_eq!(long.len(), 1);
}

#[test]
fn commands_ask_by_the_same_socket() {
    let house = House::new("caller", &["ab1", "ab2"]);
    let config = house.config();
    let mut caller = Caller::connect(&config).unwrap();
    assert_eq!(caller.incidents(&Filter::default()).unwrap().len(), 2);
    caller.ask(&Request { id: Some("ab".to_owned()), ..Request::new("incident") }).unwrap();
    let error = caller.hear::<Value>("incident").unwrap_err().to_string();
    assert!(error.contains("ab1, ab2: name more of the id"), "{error}");
    caller.ask(&Request::new("top")).unwrap();
    for _ in 0..2 {
        let top: Top = caller.hear("top").unwrap();
        assert_eq!((top.open, top.hosts.len(), &*top.status.mode), (2, 2, "block"));
        assert_eq!(top.hosts[0].watts, Some(240.0));
    }
    drop(house);
    let error = caller.hear::<Top>("top").and_then(|_| caller.hear::<Top>("top")).unwrap_err().to_string();
    assert!(error.contains("has ended"), "{error}");
    let error = Caller::connect(&config).unwrap_err().to_string();
    assert!(error.contains("no minewall runs here") && error.contains("minewall run"), "{error}");
}

#[test]
fn those_who_never_read_or_never_ask_keep_nobody_out() {
    let ids: Vec<_> = (0..4000).map(|at| format!("id{at}")).collect();
    let house = House::new("hostile", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    // Two that ask for megabytes and read nothing of them.
    let deaf: Vec<_> = (0..2).map(|_| house.connect()).collect();
    for mut stream in &deaf {
        for _ in 0..50 {
            stream.write_all(b"{\"v\":1,\"ask\":\"incidents\"}\n").unwrap();
        }
    }
    // A thousand that say nothing; those that found no room are told.
    let silent: Vec<_> = (0..1000).map(|_| house.connect()).collect();
    let mut last = String::new();
    BufReader::new(&silent[999]).read_line(&mut last).unwrap();
    assert!(last.contains("8 clients ask already") || last.is_empty(), "{last}");
    let answered = minewall_lab::until(LIMIT, || {
        let mut caller = Caller::connect(&house.config()).ok()?;
        caller.ask(&Request::new("status")).ok()?;
        caller.hear::<Status>("status").ok()
    });
    assert_eq!(answered.unwrap().mode, "block");
    // One that reads gets all of it, the deaf ones or not.
    drop(silent);
    let all = minewall_lab::until(LIMIT, || Caller::connect(&house.config()).ok()?.incidents(&Filter::default()).ok());
    assert_eq!(all.unwrap().len(), 4000);
}

#[test]
fn a_socket_left_behind_is_replaced() {
    let house = House::new("left", &[]);
    let socket = house.directory.join(SOCKET);
    let server = Server::start(&house.directory, Arc::default()).unwrap();
    assert!(socket.exists());
    drop(server);
    assert!(!socket.exists());
    assert!(Server::start(Path::new("/proc/nowhere"), Arc::default()).is_err());
}

#[test]
fn the_documentation_has_every_ask() {
    let text = include_str!("../../../docs/control.md");
    for ask in TABLE {
        assert!(text.contains(&format!("| `{}` | {} |", ask.name, ask.help)), "docs/control.md lacks {}", ask.name);
    }
}
