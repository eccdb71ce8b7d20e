//! By a server that says what is unchanged, and when it wants to be left alone.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::place::Place;

/// How long nothing comes where nothing does: longer than whoever asks waits.
const SILENCE: Duration = Duration::from_secs(3);

/// A server on a port of its own that gives one answer to each request, in order, and what it was asked.
struct Server {
    at: SocketAddr,
    asked: JoinHandle<Vec<String>>,
}

impl Server {
    fn start(answers: Vec<String>) -> Self {
        Self::with(answers.into_iter().map(String::into_bytes).collect())
    }

    /// The same with answers of any bytes; an empty one is silence.
    fn with(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let asked = thread::spawn(move || {
            let answer = |answer: Vec<u8>| {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                if answer.is_empty() {
                    thread::sleep(SILENCE);
                }
                // Whoever has enough of it may have gone.
                let _ = stream.write_all(&answer);
                head.join("\n").to_ascii_lowercase()
            };
            answers.into_iter().map(answer).collect()
        });
        Self { at, asked }
    }

    /// What it was asked, once every answer is given.
    fn asked(self) -> Vec<String> {
        self.asked.join().unwrap()
    }
}

/// The feed `one` is at this server from now on.
fn move_to(place: &Place, server: &Server) {
    let path = place.path("minewall.toml");
    let text = fs::read_to_string(&path).unwrap();
    let file = format!("file://{}", place.path("one.txt").display());
    fs::write(path, text.replace(&file, &format!("http://{}/one.txt", server.at))).unwrap();
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

#[test]
fn what_the_server_calls_unchanged_is_not_sent_nor_written() {
    let place = Place::new(&[("one", "")]);
    let text = "a.example\nb.example\n";
    let date = "Last-Modified: Tue, 24 Nov 2026 12:00:00 GMT\r\n";
    let server = Server::start(vec![
        answer("200 OK", &format!("ETag: \"v1\"\r\n{date}"), text),
        "HTTP/1.1 304 Not Modified\r\nConnection: close\r\nETag: \"v1\"\r\n\r\n".to_owned(),
        // Another server of the same name marks the same text otherwise.
        answer("200 OK", "ETag: \"other\"\r\n", text),
        "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned(),
        answer("200 OK", "ETag: \"v2\"\r\n", "b.example\nc.example\n"),
    ]);
    move_to(&place, &server);
    place.update(&[]).must(0, &["one: 2 entries, new"]);
    let before = place.written();
    for _ in 0..3 {
        place.update(&[]).must(0, &["one: unchanged"]);
        assert_eq!(place.written(), before, "nothing new, nothing written");
    }
    place.update(&[]).must(0, &["one: 2 entries, 2 before"]);
    assert!(place.lists("c.example") && !place.lists("a.example"));
    let asked = server.asked();
    assert!(!asked[0].contains("if-"), "{asked:?}");
    for (at, mark) in [(1, "\"v1\""), (2, "\"v1\""), (3, "\"other\""), (4, "\"other\"")] {
        assert!(asked[at].contains(&format!("if-none-match: {mark}")), "{at}: {asked:?}");
    }
    assert!(asked[1].contains("if-modified-since: tue, 24 nov 2026 12:00:00 gmt"), "{asked:?}");
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let place = Place::with("[lists.update]\njitter = 1\n", &[("one", "")]);
    let server = Server::start(vec![
        answer("200 OK", "", "a.example\n"),
        answer("503 Service Unavailable", "Retry-After: 7200\r\n", "later"),
        answer("404 Not Found", "", "<html>\n"),
        answer("200 OK", "", "a.example\nb.example\n"),
    ]);
    move_to(&place, &server);
    place.update(&[]).must(0, &["one: 1 entries, new"]);
    place.update(&[]).must(1, &["one: that of 20", "503"]);
    let wait = |place: &Place| place.status()["feeds"][0]["next_try"].as_i64().unwrap() - super::course::now();
    assert!((7100..=7200).contains(&wait(&place)), "{}", wait(&place));
    // Nobody asks meanwhile.
    place.update(&[]).must(0, &["one: not tried before 20", "503"]);
    assert!(place.lists("a.example"));
    place.update(&["--force"]).must(1, &["404"]);
    assert!((1700..=1800).contains(&wait(&place)), "twice the first wait: {}", wait(&place));
    place.update(&["--force", "--jitter"]).must(0, &["one: 2 entries, 1 before"]);
    assert_eq!(place.status()["feeds"][0]["failures"], 0);
    assert_eq!(server.asked().len(), 4);
}

/// What can go wrong on the way, each with a word of what is said of it.
fn faults() -> Vec<(&'static str, Vec<Vec<u8>>, &'static str)> {
    let one = |text: String| vec![text.into_bytes()];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..80 {
        bomb.write_all(&[b'\n'; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let moved = answer("302 Found", "Location: /one.txt\r\n", "");
    vec![
        ("gone", one(answer("404 Not Found", "", "a.example\nb.example\n")), "404"),
        ("broken", one(answer("500 Internal Server Error", "", "")), "500"),
        ("a page", one(answer("200 OK", "", "<!DOCTYPE html>\n<title>Log in</title>\n")), "HTML"),
        ("binary", one(answer("200 OK", "", "a.example\n\0\0\0\0\n")), "it is "),
        ("short", one(answer("200 OK", "", "c.example\n").replace("Length: 10", "Length: 900")), ""),
        ("no web server", one("220 mail.example ESMTP\r\n".to_owned()), ""),
        ("in circles", vec![moved.into_bytes(); 6], "redirect"),
        ("a bomb", vec![[head.into_bytes(), bomb].concat()], ""),
        ("silent", vec![Vec::new()], ""),
    ]
}

#[test]
fn whatever_goes_wrong_on_the_way_the_last_good_list_serves() {
    for fetcher in ["built-in", "curl", "wget"] {
        if fetcher != "built-in" && Command::new(fetcher).arg("--version").output().is_err() {
            continue;
        }
        let settings = format!("[lists.update]\nfetcher = {fetcher:?}\n");
        let place = Place::with(&settings, &[("one", "")]);
        let server = Server::start(vec![answer("200 OK", "", "a.example\nb.example\n")]);
        let original = fs::read_to_string(place.path("minewall.toml")).unwrap();
        move_to(&place, &server);
        place.update(&[]).must(0, &["one: 2 entries, new"]);
        let before = place.written();
        for (what, answers, word) in faults() {
            // Of those that end by themselves none is to be taken for one that is silent.
            let limits = if what == "silent" { "timeout = 1\nconnect = 1\n" } else { "" };
            let limited = original.replace("[lists.update]\n", &format!("[lists.update]\n{limits}"));
            fs::write(place.path("minewall.toml"), limited).unwrap();
            let server = Server::with(answers);
            move_to(&place, &server);
            let ran = place.update(&["--force"]);
            ran.must(1, &["one: that of 20", " stays: ", word]);
            assert_eq!(place.written(), before, "{fetcher}, {what}: {ran:?}");
            assert!(place.lists("a.example") && place.lists("b.example"), "{fetcher}, {what}");
            assert!(place.status()["feeds"][0]["error"].as_str().is_some_and(|why| !why.is_empty()), "{what}");
        }
    }
}
