//! Syslog over TLS against openssl's server: who is trusted, and what is said when nobody is.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::super::transport;
use super::certificates::{self, sink};
use super::*;

/// `openssl s_server`, which shows what it is sent.
struct Server {
    child: Child,
    port: u16,
    _held: Port,
    shown: PathBuf,
}

impl Server {
    fn start(place: &Path, certificate: &str, more: &[&str]) -> Self {
        let held = Port::tcp().unwrap();
        let port = held.number();
        let shown = place.join(format!("shown-{port}"));
        let child = Command::new("openssl")
            .current_dir(place)
            .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}")])
            .args(["-cert", &format!("{certificate}.pem"), "-key", &format!("{certificate}.key")])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(fs::File::create(&shown).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("openssl listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { child, port, _held: held, shown }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open(settings: &str) -> std::io::Result<Box<dyn transport::Transport>> {
    let config::Sink::Syslog(settings) = from_toml(settings) else { panic!("syslog") };
    let mut transport = transport::new(&settings, Duration::from_secs(5)).unwrap();
    transport.open().map(|()| transport)
}

#[test]
fn who_is_not_trusted_is_told_with_what_helps() {
    let scratch = Scratch::new();
    let place = &scratch.0;
    certificates::make(place);
    let (server, elsewhere) = (Server::start(place, "server", &[]), Server::start(place, "elsewhere", &[]));
    let expired = Server::start(place, "expired", &[]);
    let demanding = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let strict = Server::start(place, "server", &demanding);
    let old = Server::start(place, "server", &[&demanding[..], &["-tls1_2"]].concat());
    for (settings, words) in [
        (sink(place, "localhost", server.port, "stranger-ca", None), "name the PEM file of its authority"),
        (sink(place, "localhost", elsewhere.port, "ca", None), "for another name"),
        (sink(place, "localhost", expired.port, "ca", None), "does not hold now"),
        (sink(place, "localhost", strict.port, "ca", None), "does not take our certificate"),
        (sink(place, "localhost", strict.port, "ca", Some("stranger")), "does not take our certificate"),
        (sink(place, "localhost", old.port, "ca", None), "does not take our certificate"),
    ] {
        // By TLS 1.3 a server that takes long to refuse is heard of only with the first message.
        let mut error = None;
        wait_until(&format!("{settings} is refused"), || {
            error = open(&settings).err();
            error.is_some()
        });
        let error = error.unwrap().to_string();
        assert!(error.contains(words), "{settings}: {error}");
    }
    for settings in [
        sink(place, "localhost", server.port, "ca", None),
        sink(place, "127.0.0.1", server.port, "ca", None),
        sink(place, "localhost", strict.port, "ca", Some("gw")),
        sink(place, "localhost", old.port, "ca", Some("gw")),
    ] {
        let mut transport = open(&settings).unwrap_or_else(|error| panic!("{settings}: {error}"));
        transport.send("heard").unwrap();
        // A server that takes long to close does so after it has shown it.
        let _ = transport.close();
    }
    for (server, times) in [(&server, 2), (&strict, 1), (&old, 1)] {
        wait_until("openssl shows it", || fs::read_to_string(&server.shown).unwrap() == "5 heard".repeat(times));
    }
}

#[test]
fn what_is_no_tls_is_told_and_does_not_hold_up() {
    let scratch = Scratch::new();
    certificates::make(&scratch.0);
    for (answer, words) in
        [(Some(&b"220 mail.example ESMTP\r\n"[..]), "does not speak TLS"), (None, "instead of speaking TLS")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 4096]);
            if let Some(answer) = answer {
                stream.write_all(answer).unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        let error = open(&sink(&scratch.0, "localhost", port, "ca", None)).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
        server.join().unwrap();
    }
    // One that takes the connection and says nothing is left after the time allowed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config::Sink::Syslog(settings) = from_toml(&sink(&scratch.0, "localhost", port, "ca", None)) else { panic!() };
    let mut transport = transport::new(&settings, Duration::from_millis(100)).unwrap();
    assert_eq!(transport.open().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn files_that_do_not_fit_are_told_when_the_configuration_is_checked() {
    let scratch = Scratch::new();
    let place = &scratch.0;
    certificates::make(place);
    fs::write(scratch.join("empty.pem"), "").unwrap();
    fs::write(scratch.join("empty.key"), "").unwrap();
    fs::copy(scratch.join("gw.pem"), scratch.join("mixed.pem")).unwrap();
    fs::copy(scratch.join("server.key"), scratch.join("mixed.key")).unwrap();
    for (settings, words) in [
        (sink(place, "localhost", 6514, "missing", None), &["authorities", "missing.pem"][..]),
        (sink(place, "localhost", 6514, "empty", None), &["authorities", "no certificate"]),
        (sink(place, "localhost", 6514, "ca", Some("missing")), &["certificate", "missing.pem"]),
        (sink(place, "localhost", 6514, "ca", Some("empty")), &["certificate", "no certificate"]),
        (sink(place, "localhost", 6514, "ca", Some("mixed")), &["key", "is not the key of the certificate"]),
        (
            sink(place, "localhost", 6514, "ca", None).replace("tls:", "tcp:"),
            &["authorities is for addresses such as tls://"],
        ),
    ] {
        let error = format!("{:#}", super::super::check(&from_toml(&settings)).unwrap_err());
        assert!(words.iter().all(|word| error.contains(word)), "{settings}: {error}");
    }
    super::super::check(&from_toml(&sink(place, "localhost", 6514, "ca", Some("gw")))).unwrap();
}
