//! Webhooks against a server that fails in every way, and against a real one over TLS.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

const SECRET: &str = "0123456789abcdef0123";

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Answer(u16),
    /// With a header of its own.
    With(u16, &'static str),
    /// Nothing is answered.
    Silent,
    /// It closes within its answer.
    Torn,
    /// It closes without reading.
    Deaf,
}

#[derive(Clone, Debug)]
struct Request {
    key: String,
    body: String,
    ids: Vec<u32>,
}

/// The requests that were answered by 2xx, and all of them.
#[derive(Default)]
struct Log {
    taken: Vec<Request>,
    all: Vec<Request>,
}

/// Serves by these manners, then by 204. `poison`: a request with this id in it is answered by 400.
fn serve(manners: &[Manner], poison: Option<u32>) -> (String, Arc<Mutex<Log>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?token=hidden", listener.local_addr().unwrap());
    let (log, mut manners) = (Arc::<Mutex<Log>>::default(), VecDeque::from(manners.to_vec()));
    let logged = Arc::clone(&log);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            while let Some(manner) = manners.pop_front().or(Some(Manner::Answer(204))) {
                if matches!(manner, Manner::Deaf) {
                    break;
                }
                let Some(request) = read(&mut reader) else {
                    manners.push_front(manner);
                    break;
                };
                let is_poisoned = poison.is_some_and(|id| request.ids.contains(&id));
                let manner = if is_poisoned { Manner::Answer(400) } else { manner };
                let mut log = logged.lock().unwrap();
                log.all.push(request.clone());
                let (status, header) = match manner {
                    Manner::Answer(status) => (status, "X-Nothing: 1"),
                    Manner::With(status, header) => (status, header),
                    Manner::Silent => {
                        silent.push(reader.into_inner());
                        break;
                    }
                    _ => {
                        let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Le");
                        break;
                    }
                };
                if (200..300).contains(&status) {
                    log.taken.push(request);
                }
                drop(log);
                let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
                let answer = format!("HTTP/1.1 {status} So\r\n{length}{header}\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (url, log)
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        headers.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let of = headers.iter().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        of.unwrap_or_else(|| panic!("no {name} in {headers:?}"))
    };
    let mut body = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    assert!(headers[0].starts_with("POST /hook?token=hidden "), "{headers:?}");
    assert_eq!(header("content-type"), "application/json");
    // As a receiver verifies it.
    let signature = header("x-minewall-signature");
    let (time, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut ours = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    ours.update(format!("{time}.{body}").as_bytes());
    let hex: String = ours.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(mac, hex);
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let events = value.as_array().cloned().unwrap_or_else(|| vec![value]);
    let ids = events.iter().map(|event| event["event"]["id"].as_str().map_or(u32::MAX, |id| id.parse().unwrap()));
    Some(Request { key: header("idempotency-key"), ids: ids.collect(), body })
}

fn webhook(scratch: &Scratch, url: &str, more: &str) -> config::Sink {
    fs::write(scratch.join("secret"), format!("{SECRET}\n")).unwrap();
    let secret = scratch.join("secret");
    from_toml(&format!("type = \"webhook\"\nurl = {url:?}\nsecret = {secret:?}\nevents = [\"record\"]\n{more}"))
}

/// The ids that were taken, in order.
fn taken(log: &Mutex<Log>) -> Vec<u32> {
    log.lock().unwrap().taken.iter().flat_map(|request| request.ids.clone()).collect()
}

#[test]
fn what_fails_is_posted_again_under_the_same_key() {
    use Manner::{Answer, Deaf, Silent, Torn, With};
    let scratch = Scratch::new();
    let manners = [Answer(500), Torn, Deaf, Silent, With(429, "Retry-After: 1"), Answer(503), Answer(408), Answer(201)];
    let (url, log) = serve(&manners, None);
    let sinks = start(webhook(&scratch, &url, "batch = 5\ntimeout = 3"));
    send(&sinks, 0..40);
    wait_until("all is taken", || count(&sinks).sent == 40);
    let counts = sinks.close(Duration::from_secs(10));
    assert!(!counts[0].name.contains("hidden"), "the query may be a secret: {}", counts[0].name);
    assert_eq!((counts[0].lost, counts[0].waiting), (0, 0));
    assert_eq!(taken(&log), Vec::from_iter(0..40));
    let log = log.lock().unwrap();
    let first: Vec<_> = log.all.iter().filter(|request| request.ids.contains(&0)).collect();
    assert!(first.len() >= 7, "six failures that were read, and the last try: {}", first.len());
    for other in &log.all {
        assert!(other.ids.len() <= 5 && other.body.starts_with('['));
        let is_same = |request: &&Request| (request.key == other.key) == (request.body == other.body);
        assert!(log.all.iter().all(|request| is_same(&request)), "a key for a body");
    }
}

#[test]
fn what_the_peer_will_never_take_is_given_up_alone() {
    let scratch = Scratch::new();
    let (url, log) = serve(&[], Some(7));
    let sinks = start(webhook(&scratch, &url, "batch = 10"));
    send(&sinks, 0..30);
    wait_until("all is done with", || count(&sinks).waiting == 0);
    send(&sinks, 30..40);
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].errors), (39, 1, 0));
    let log_of = taken(&log);
    let numbers: Vec<_> = log_of.iter().copied().filter(|id| *id != u32::MAX).collect();
    assert_eq!(numbers, Vec::from_iter((0..40).filter(|id| *id != 7)));
    assert!(log_of.contains(&u32::MAX), "and it is told of the loss");
    // One that is refused for ever is given up whole.
    let (url, _) = serve(&[Manner::Answer(401); 4], None);
    let sinks = start(webhook(&scratch, &url, "batch = 10"));
    send(&sinks, 0..10);
    wait_until("it is given up", || count(&sinks).lost > 0);
}

#[test]
fn one_event_a_request_and_a_spool() {
    let scratch = Scratch::new();
    let port = Port::tcp().unwrap();
    let gone = port.at();
    let spool = format!("batch = 1\nspool = {:?}", scratch.join("spool"));
    let sinks = start(webhook(&scratch, &format!("http://{gone}/hook"), &spool));
    send(&sinks, 0..50);
    wait_until("it fails", || count(&sinks).errors > 0);
    let counts = sinks.close(Duration::from_secs(2));
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].waiting), (0, 0, 50));
    let (url, log) = serve(&[], None);
    let sinks = start(webhook(&scratch, &url, &spool));
    wait_until("all is taken", || count(&sinks).sent == 50);
    sinks.close(Duration::from_secs(10));
    assert_eq!(taken(&log), Vec::from_iter(0..50));
    assert!(log.lock().unwrap().all.iter().all(|request| request.body.starts_with("{\"@timestamp\"")));
    // A spool of another kind is no place for it.
    let settings = format!("type = \"syslog\"\naddress = \"tcp://{gone}\"\nspool = {:?}", scratch.join("spool"));
    let sinks = start(from_toml(&settings));
    send(&sinks, [1]);
    sinks.close(Duration::from_secs(2));
    let wrong = format!("{:#}", super::super::check(&webhook(&scratch, "http://localhost/", &spool)).unwrap_err());
    assert!(wrong.contains("another kind of sink"), "{wrong}");
}

#[test]
fn settings_that_cannot_be_are_told() {
    let scratch = Scratch::new();
    let short = scratch.join("short");
    fs::write(&short, "too short\n").unwrap();
    let valid = webhook(&scratch, "https://soc.example/", "");
    if cfg!(feature = "tls") {
        super::super::check(&valid).unwrap();
    }
    for (text, words) in [
        ("url = \"soc.example\"".to_owned(), "https://HOST/PATH"),
        ("url = \"ftp://soc.example/\"".to_owned(), "https://HOST/PATH"),
        (format!("url = \"http://a/\"\nsecret = {short:?}"), "16 to 1,024"),
        ("url = \"http://a/\"\nsecret = \"/does/not/exist\"".to_owned(), "/does/not/exist"),
        ("url = \"https://a/\"\nauthorities = \"/does/not/exist\"".to_owned(), "/does/not/exist"),
    ] {
        let error = super::super::check(&from_toml(&format!("type = \"webhook\"\n{text}"))).unwrap_err();
        assert!(format!("{error:#}").contains(words), "{text}: {error:#}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn nginx_takes_them_over_tls() {
    use std::process::{Command, Stdio};

    let works = |program: &&str| Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok();
    let Some(nginx) = ["nginx", "/usr/sbin/nginx"].into_iter().find(works) else {
        eprintln!("SKIPPED: no nginx here; apt-get install nginx-light");
        return;
    };
    let scratch = Scratch::new();
    certificates::make(&scratch.0);
    let held = Port::tcp().unwrap();
    let port = held.number();
    let place = scratch.0.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .collect();
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let settings = format!(
        "daemon off;\nmaster_process off;\n{user}pid {place}/pid;\nerror_log {place}/errors;\nevents {{}}\nhttp {{\n{temporary}\
         log_format asked '$request_method $uri $status $ssl_protocol';\naccess_log {place}/asked asked;\n\
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {place}/server.pem; ssl_certificate_key {place}/server.key;\n\
         location / {{ return 204; }} }} }}\n"
    );
    fs::write(scratch.join("nginx.conf"), settings).unwrap();
    let mut child =
        Command::new(nginx).arg("-c").arg(scratch.join("nginx.conf")).stderr(Stdio::null()).spawn().unwrap();
    wait_until("nginx listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let url = format!("https://localhost:{port}/hook");
    let authority = scratch.join("ca.pem");
    let sinks = start(webhook(&scratch, &url, &format!("authorities = {authority:?}\nbatch = 1")));
    send(&sinks, 0..20);
    let counts = sinks.close(Duration::from_secs(10));
    // Another authority is not trusted, and nothing is said to that peer.
    let stranger = scratch.join("stranger-ca.pem");
    let other = start(webhook(&scratch, &url, &format!("authorities = {stranger:?}")));
    send(&other, 0..20);
    wait_until("it is not trusted", || count(&other).errors > 1);
    other.close(Duration::from_millis(50));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].errors), (20, 0, 0));
    let asked = fs::read_to_string(scratch.join("asked")).unwrap();
    assert_eq!(asked.lines().filter(|line| line.starts_with("POST /hook 204 TLSv1.")).count(), 20, "{asked}");
    assert_eq!(asked.lines().count(), 20, "{asked}");
}
