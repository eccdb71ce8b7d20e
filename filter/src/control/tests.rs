use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use minewall_core::config::Config;
use serde_json::{Value, json};

use super::table::{Needs, TABLE};
use super::{Board, By, Caller, Door, LINE_BYTES, Order, Paused, Refusal, Request, SOCKET, Server, Status, Top};
use crate::incidents::Filter;
use crate::report::sample;

const LIMIT: Duration = Duration::from_secs(30);

/// A main thread that does at once what it is told, but for a pause that observes: that one it forgets; and refuses to
/// reload.
fn orderly() -> Door {
    Box::new(|ordered| {
        let outcome = match &ordered.order {
            Order::Pause(pause) if pause.observe => return true,
            Order::Pause(pause) => Ok(json!({ "paused": { "by": ordered.by, "reason": pause.reason, "until": 7 } })),
            Order::Reload => Err(Refusal::new("the former configuration stays: line 1", "mend it")),
            Order::Resume => return false,
        };
        ordered.answer(outcome);
        true
    })
}

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
        let server = Server::start(&directory, Arc::clone(&board), orderly()).unwrap();
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
                if board.wants_metrics() {
                    board.publish_metrics("minewall_paused 0\n");
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
{"v":1,"ask":"metrics"}
"#;
    let answers = house.talk(lines);
    assert_eq!(answers.len(), 10, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["v"] == 1), "{answers:?}");
    assert_eq!(answers[0]["ok"]["status"]["mode"], "block");
    assert_eq!(answers[1]["ok"]["counters"]["minewall_lost_records_total"][0]["value"], 3);
    assert_eq!(answers[3]["ok"]["incident"]["id"], "ab2");
    assert_eq!(answers[5]["ok"]["told"], 3);
    assert_eq!(answers[6]["ok"]["told"], 0);
    assert_eq!(answers[7]["ok"]["incident"]["id"], "c3");
    assert_eq!(answers[8]["ok"]["asks"].as_array().unwrap().len(), TABLE.len());
    assert_eq!(answers[9]["ok"]["metrics"], "minewall_paused 0\n");
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
        (br#"{"v":1,"ask":"pause"}"#, "for how long"),
        (br#"{"v":1,"ask":"pause","seconds":-1}"#, "invalid value"),
        (br#"{"v":1,"ask":"pause","seconds":59}"#, "59 seconds are too few"),
        (br#"{"v":1,"ask":"pause","seconds":86401}"#, "86401 seconds are too few or too many"),
        (br#"{"v":1,"ask":"pause","seconds":60,"observe":true}"#, "has ended, and did not do it"),
        (br#"{"v":1,"ask":"reload"}"#, "the former configuration stays: line 1"),
        (br#"{"v":1,"ask":"resume"}"#, "too much to do"),
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
fn what_no_longer_holds_is_waited_for_and_shown_meanwhile_to_those_who_look_on() {
    let board = Board::default();
    let publish = |mode: &str| {
        board.publish_status(Status { mode: mode.to_owned(), ..Status::default() });
        board.publish_counters(json!({ "minewall_paused": 0 }));
        board.publish_metrics("minewall_paused 0\n");
        board.publish_incidents(vec![sample::incident("ab1")]);
    };
    publish("block");
    let asked = Instant::now();
    let all = [Needs::Figures, Needs::Counters, Needs::Metrics, Needs::Incidents, Needs::All];
    assert_eq!(all.map(|needs| board.has(needs, asked)), [true; 5]);
    board.outdate();
    assert_eq!(all.map(|needs| board.has(needs, asked)), [false, false, false, true, false]);
    assert!(board.wants_metrics(), "whoever waits for them has them made");
    assert_eq!((&*board.top().status.mode, board.top().open), ("block", 1), "never an empty screen");
    publish("observe");
    assert_eq!(all.map(|needs| board.has(needs, asked)), [true; 5]);
    assert_eq!(board.status().mode, "observe");
}

#[test]
fn commands_ask_by_the_same_socket() {
    let house = House::new("caller", &["ab1", "ab2"]);
    let config = house.config();
    let mut caller = Caller::connect(&config).unwrap();
    assert_eq!(caller.incidents(&Filter::default()).unwrap().len(), 2);
    let request = Request { id: Some("ab".to_owned()), ..Request::new("incident") };
    let error = caller.tell::<Value>(&request).unwrap_err().to_string();
    assert!(error.contains("ab1, ab2: name more of the id"), "{error}");
    caller.ask(&Request::new("top")).unwrap();
    for _ in 0..2 {
        let top: Top = caller.hear("top").unwrap();
        assert_eq!((top.open, top.hosts.len(), &*top.status.mode), (2, 2, "block"));
        assert_eq!(top.hosts[0].watts, Some(240.0));
    }
    drop(house);
    // What was told before is heard first.
    let error = (0..100).find_map(|_| caller.hear::<Top>("top").err()).unwrap().to_string();
    assert!(error.contains("has ended"), "{error}");
    let error = Caller::connect(&config).unwrap_err().to_string();
    assert!(error.contains("no minewall runs here") && error.contains("minewall run"), "{error}");
}

#[test]
fn orders_are_carried_out_for_whoever_the_kernel_says_it_is() {
    let house = House::new("orders", &[]);
    let mut caller = Caller::connect(&house.config()).unwrap();
    let reason = Some(" the uplink moves ".to_owned());
    let request = Request { seconds: Some(86_400), reason, ..Request::new("pause") };
    let paused: Paused = caller.order(&request, "paused").unwrap();
    assert_eq!((paused.until, paused.reason.as_deref()), (7, Some("the uplink moves")));
    let By { uid, pid, .. } = paused.by;
    assert_eq!((uid, pid), (rustix::process::getuid().as_raw(), std::process::id()));
    let long = Request { reason: Some("x".repeat(201)), ..request };
    let error = caller.order::<Paused>(&long, "paused").unwrap_err().to_string();
    assert!(error.contains("say it in 200 characters"), "{error}");
    let error = caller.order::<Value>(&Request::new("reload"), "reloaded").unwrap_err().to_string();
    assert_eq!(error, "the former configuration stays: line 1: mend it");
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
        caller.tell::<Status>(&Request::new("status")).ok()
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
    let server = Server::start(&house.directory, Arc::default(), orderly()).unwrap();
    assert!(socket.exists());
    drop(server);
    assert!(!socket.exists());
    assert!(Server::start(Path::new("/proc/nowhere"), Arc::default(), orderly()).is_err());
}

#[test]
fn the_documentation_has_every_ask() {
    let text = include_str!("../../../docs/control.md");
    for ask in TABLE {
        assert!(text.contains(&format!("| `{}` | {} |", ask.name, ask.help)), "docs/control.md lacks {}", ask.name);
    }
}
