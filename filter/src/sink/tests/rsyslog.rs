//! Against Debian's rsyslogd, as a child with a configuration of its own: no system file or socket is touched.

use std::io::{self, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::*;

const RECORDS: u32 = 1000;

struct Rsyslogd {
    child: Child,
    scratch: Scratch,
    /// Of UDP, imtcp and imptcp.
    ports: [Port; 3],
}

/// None, and a loud word, where it is not installed.
pub(super) fn program() -> Option<&'static str> {
    // Not every user's path holds /usr/sbin.
    let works = |program: &&str| Command::new(program).arg("-v").stdout(Stdio::null()).status().is_ok();
    let program = ["rsyslogd", "/usr/sbin/rsyslogd"].into_iter().find(works);
    if program.is_none() {
        // Not eprintln: the harness would hold it back.
        let word = "\nSKIPPED: no rsyslogd here, so no sink was tested against it; apt-get install rsyslog\n";
        io::stderr().write_all(word.as_bytes()).unwrap();
    }
    program
}

impl Rsyslogd {
    /// None, and a loud word, where it is not installed.
    fn start() -> Option<Self> {
        let program = program()?;
        let scratch = Scratch::new();
        let ports = [Port::udp(), Port::tcp(), Port::tcp()].map(Result::unwrap);
        let [udp, imtcp, imptcp] = ports.each_ref().map(Port::number);
        fs::write(scratch.join("rsyslog.conf"), configuration(&scratch.0, udp, imtcp, imptcp)).unwrap();
        let child = Command::new(program)
            .args(["-n", "-f"])
            .arg(scratch.join("rsyslog.conf"))
            .arg("-i")
            .arg(scratch.join("pid"))
            .stdout(fs::File::create(scratch.join("log")).unwrap())
            .stderr(fs::File::create(scratch.join("errors")).unwrap())
            .spawn()
            .unwrap();
        let daemon = Self { child, scratch, ports };
        let stream = daemon.scratch.join("stream");
        wait_until("rsyslogd listens", || {
            stream.exists() && [imtcp, imptcp].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        Some(daemon)
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.scratch.join(file)).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
    }

    /// Sends `RECORDS` records, no more than `burst` at once, and compares each line of rsyslogd's file.
    fn check(&self, file: &str, address: String, burst: usize) {
        let sinks = start(syslog(address));
        for number in 0..RECORDS {
            send(&sinks, [number]);
            let sent = number as usize + 1;
            wait_until("the record is sent", || count(&sinks).waiting < 32 && !(sent == 1 && count(&sinks).sent == 0));
            if sent.is_multiple_of(burst) {
                wait_until("rsyslogd filed the burst", || self.lines(file).len() >= sent);
            }
        }
        wait_until("rsyslogd filed everything", || self.lines(file).len() >= RECORDS as usize);
        // At the stop, a server that takes long to close counts as one that may not have read everything.
        let errors = count(&sinks).errors;
        let counts = sinks.close(Duration::from_secs(10));
        assert_eq!((counts[0].sent, counts[0].lost, errors), (RECORDS as usize, 0, 0));
        let lines = self.lines(file);
        assert_eq!(lines.len(), RECORDS as usize);
        for (number, line) in (0..RECORDS).zip(&lines) {
            let record = record(number);
            let time = format!("2026-11-23T20:01:02.{:06}Z", 123_456 + number);
            let body = record.to_ascii_json(usize::MAX);
            let process = process::id();
            assert_eq!(*line, format!("gw-7.campus.example|{time}|minewall|{process}|mining|local4|warning|{body}"));
            assert_eq!(json(line.splitn(8, '|').nth(7).unwrap(), "/@timestamp"), time);
        }
        println!("{file}: {}", lines[0]);
    }
}

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One file for each input. The local socket has the two settings docs/records.md asks for.
fn configuration(directory: &Path, udp: u16, imtcp: u16, imptcp: u16) -> String {
    let directory = directory.display();
    let parts = "%HOSTNAME%|%TIMESTAMP:::date-rfc3339%|%APP-NAME%|%PROCID%|%MSGID%|%syslogfacility-text%|%syslogseverity-text%|%msg%\\n";
    let mut text = format!(
        "global(workDirectory=\"{directory}\")\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\nmodule(load=\"imudp\")\nmodule(load=\"imtcp\")\nmodule(load=\"imptcp\")\n\
         template(name=\"parts\" type=\"string\" string=\"{parts}\")\n"
    );
    let inputs = [
        (
            "datagram",
            format!(
                "type=\"imuxsock\" Socket=\"{directory}/datagram\" UseSpecialParser=\"off\" IgnoreTimestamp=\"off\""
            ),
        ),
        ("stream", format!("type=\"imptcp\" path=\"{directory}/stream\" unlink=\"on\"")),
        ("udp", format!("type=\"imudp\" address=\"127.0.0.1\" port=\"{udp}\"")),
        ("imtcp", format!("type=\"imtcp\" address=\"127.0.0.1\" port=\"{imtcp}\"")),
        ("imptcp", format!("type=\"imptcp\" address=\"127.0.0.1\" port=\"{imptcp}\"")),
    ];
    for (name, input) in inputs {
        text += &format!(
            "ruleset(name=\"{name}\") {{ action(type=\"omfile\" file=\"{directory}/{name}.out\" template=\"parts\") }}\n\
             input({input} ruleset=\"{name}\")\n"
        );
    }
    text
}

#[test]
fn rsyslogd_files_host_time_name_and_json_of_every_transport() {
    let Some(daemon) = Rsyslogd::start() else { return };
    let directory = daemon.scratch.0.display();
    let [udp, imtcp, imptcp] = daemon.ports.each_ref().map(Port::number);
    daemon.check("datagram.out", format!("unix:{directory}/datagram"), usize::MAX);
    daemon.check("stream.out", format!("unix:{directory}/stream"), usize::MAX);
    daemon.check("udp.out", format!("udp://127.0.0.1:{udp}"), 50);
    daemon.check("imtcp.out", format!("tcp://127.0.0.1:{imtcp}"), usize::MAX);
    daemon.check("imptcp.out", format!("tcp://localhost:{imptcp}"), usize::MAX);
}
