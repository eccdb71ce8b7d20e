//! A real rsyslogd that is killed under load and started again: by every way, with a spool, nothing is missing afterwards.

use std::collections::HashSet;
use std::net::TcpStream;
use std::process::{Child, Command};

use super::certificates;
use super::rsyslog::program;
use super::*;

struct Daemon {
    program: &'static str,
    place: PathBuf,
    ready: u16,
    child: Option<Child>,
}

impl Daemon {
    /// With certificates, one of these inputs a way, and the first port it is to listen at.
    fn with(program: &'static str, place: &Path, ready: u16, inputs: &[(&str, String)]) -> Self {
        certificates::make(place);
        fs::write(place.join("rsyslog.conf"), configuration(place, driver(), inputs)).unwrap();
        let mut daemon = Self { program, place: place.to_owned(), ready, child: None };
        daemon.start();
        daemon
    }

    fn start(&mut self) {
        let (place, log) =
            (&self.place, fs::OpenOptions::new().append(true).create(true).open(self.place.join("log")).unwrap());
        let mut command = Command::new(self.program);
        command.args(["-n", "-f"]).arg(place.join("rsyslog.conf")).arg("-i").arg(place.join("pid"));
        self.child = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let ready = self.ready;
        wait_until("rsyslogd listens", || TcpStream::connect(("127.0.0.1", ready)).is_ok());
    }

    /// As a crash does: it writes nothing down any more.
    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let _ = fs::remove_file(self.place.join("pid"));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// A file for each way, with one id a line.
fn configuration(place: &Path, driver: &str, inputs: &[(&str, String)]) -> String {
    let shown = place.display();
    let mut text = format!(
        "global(workDirectory=\"{shown}\" DefaultNetstreamDriver=\"{driver}\" DefaultNetstreamDriverCAFile=\"{shown}/ca.pem\"\n\
         DefaultNetstreamDriverCertFile=\"{shown}/server.pem\" DefaultNetstreamDriverKeyFile=\"{shown}/server.key\")\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\nmodule(load=\"imudp\")\nmodule(load=\"imptcp\")\n\
         module(load=\"imtcp\" StreamDriver.Name=\"{driver}\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"x509/name\" \
         PermittedPeer=[\"gw.example\"])\n\
         template(name=\"json\" type=\"string\" string=\"%msg%\\n\")\n"
    );
    for (name, input) in inputs {
        text += &format!(
            "ruleset(name=\"{name}\") {{ action(type=\"omfile\" file=\"{shown}/{name}.out\" template=\"json\") }}\n\
             input({input} ruleset=\"{name}\")\n"
        );
    }
    text
}

fn filed(place: &Path, name: &str) -> Vec<u32> {
    let text = fs::read_to_string(place.join(format!("{name}.out"))).unwrap_or_default();
    // A line the crash cut off is none.
    ids(text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()))
}

/// A connection that broke is followed by another at the first attempt, also where certificates are asked for.
#[test]
fn rsyslogd_is_returned_to_by_tls() {
    let Some(program) = program() else { return };
    let scratch = Scratch::new();
    let place = scratch.0.clone();
    let port = Port::tcp().unwrap();
    let tls = port.number();
    let inputs = [("tls", format!("type=\"imtcp\" address=\"127.0.0.1\" port=\"{tls}\""))];
    let _daemon = Daemon::with(program, &place, tls, &inputs);
    let settings = certificates::sink(&place, "localhost", tls, "ca", Some("gw"));
    let config::Sink::Syslog(settings) = from_toml(&settings) else { panic!("syslog") };
    let mut transport = super::super::transport::new(&settings, Duration::from_secs(5)).unwrap();
    for time in ["first", "second", "third"] {
        transport.open().unwrap_or_else(|error| panic!("the {time} time: {error}"));
    }
}

fn driver() -> &'static str {
    if Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so").exists() { "ossl" } else { "gtls" }
}

/// `MINEWALL_OUTAGE` seconds for a longer one by hand, `MINEWALL_OUTAGE_RATE` records a second.
fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn rsyslogd_killed_under_load_misses_nothing() {
    let Some(program) = program() else { return };
    let scratch = Scratch::new();
    let place = scratch.0.clone();
    let shown = place.display();
    // Nobody else is given them while the daemon is dead.
    let ports = [Port::tcp(), Port::tcp(), Port::udp()].map(Result::unwrap);
    let [plain, tls, udp] = ports.each_ref().map(Port::number);
    let inputs = [
        ("tcp", format!("type=\"imptcp\" address=\"127.0.0.1\" port=\"{plain}\"")),
        ("tls", format!("type=\"imtcp\" address=\"127.0.0.1\" port=\"{tls}\"")),
        ("udp", format!("type=\"imudp\" address=\"127.0.0.1\" port=\"{udp}\" rcvbufSize=\"4m\"")),
        ("unix", format!("type=\"imuxsock\" Socket=\"{shown}/socket\" UseSpecialParser=\"off\"")),
    ];
    let mut daemon = Daemon::with(program, &place, plain, &inputs);
    let way = |name: &str, address: String| {
        let more = if name == "tls" { certificates::sink(&place, "localhost", tls, "ca", Some("gw")) } else { address };
        from_toml(&format!("{more}spool = \"{shown}/spool-{name}\"\nspool_bytes = 268435456"))
    };
    let plainly = |address: String| format!("type = \"syslog\"\naddress = {address:?}\n");
    let sinks = [
        way("tcp", plainly(format!("tcp://127.0.0.1:{plain}"))),
        way("tls", String::new()),
        way("udp", plainly(format!("udp://127.0.0.1:{udp}"))),
        way("unix", plainly(format!("unix:{shown}/socket"))),
    ];
    let pace = Pace { events: 4096, patience: Duration::from_secs(2), ..FAST };
    let sinks = Sinks::start_at(&sinks, "gw-7.campus.example", pace).unwrap();
    wait_until("all are connected", || sinks.counters().iter().all(|count| count.connected));
    let (outage, rate) = (from_environment("MINEWALL_OUTAGE", 1), from_environment("MINEWALL_OUTAGE_RATE", 500));
    let mut given = 0;
    let mut load = |seconds: f64| {
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < end {
            let more = u32::try_from(rate.div_ceil(100)).unwrap();
            send(&sinks, given..given + more);
            given += more;
            thread::sleep(Duration::from_millis(10));
        }
        given
    };
    load(0.7);
    for round in 0..2 {
        daemon.kill();
        load(if round == 0 { outage as f64 } else { 0.5 });
        daemon.start();
        load(0.7);
    }
    let given = load(0.1);
    wait_until("all is sent", || sinks.counters().iter().all(|count| count.waiting == 0));
    let counts = sinks.close(Duration::from_secs(10));
    for ((name, _), count) in inputs.iter().zip(&counts) {
        let all = || filed(&place, name).into_iter().collect::<HashSet<_>>().len();
        assert_eq!(count.lost, 0, "{name}: {count:?}");
        wait_until("rsyslogd filed everything", || all() == given as usize);
        let twice = filed(&place, name).len() - given as usize;
        println!("{name}: {given} given, {given} filed, {twice} of them twice; {} failures", count.errors);
    }
}
