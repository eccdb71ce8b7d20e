//! Syslog messages of RFC 5424.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use minewall_core::config::{self, Form};
use minewall_core::evidence::{SHORTENED_BYTES, timestamp};

use super::transport::{self, Transport};
use super::{Event, Outlet, SpoolKind, Taken, Writer, cef};

/// The longest message, header included: what rsyslogd takes unless told otherwise. A longer JSON is written shorter.
const MESSAGE_BYTES: usize = 8_192;
/// The longest header, RFC 5424 section 6: its host name has 255 characters at the most, all other parts fewer than 100.
const HEADER_BYTES: usize = 400;
const _: () = assert!(HEADER_BYTES + SHORTENED_BYTES <= MESSAGE_BYTES);

/// The facilities by number, RFC 5424 table 1, with the keywords of Debian's rsyslogd and `logger`.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

pub(super) struct Syslog {
    facility: usize,
    form: Form,
    transport: Box<dyn Transport>,
}

impl Syslog {
    /// # Errors
    /// An unknown facility, a malformed address or a file that cannot be used, with what may stand there.
    pub(super) fn new(settings: &config::Syslog, patience: Duration) -> Result<Self> {
        let facility = &settings.facility;
        let Some(number) = FACILITIES.iter().position(|keyword| keyword == facility) else {
            bail!("facility {facility:?} is unknown; use one of {}", FACILITIES.join(", "));
        };
        Ok(Self { facility: number, form: settings.format, transport: transport::new(settings, patience)? })
    }
}

impl Outlet for Syslog {
    fn open(&mut self) -> io::Result<()> {
        self.transport.open()
    }

    fn writer(&self) -> Writer {
        let (facility, form) = (self.facility, self.form);
        Box::new(move |event| message(facility, std::process::id(), form, event))
    }

    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        let Some(message) = messages.first() else { return Ok(Taken::default()) };
        self.transport.send(message)?;
        Ok(Taken::ONE)
    }

    fn close(&mut self) -> io::Result<()> {
        self.transport.close()
    }

    fn probe(&mut self) -> Result<&'static str> {
        let how = self.transport.reached();
        super::probe::opened(self, how)
    }

    fn spool_kind(&self) -> Option<SpoolKind> {
        Some(SpoolKind { name: "syslog", is_unsure: true })
    }
}

/// `<PRI>1 TIMESTAMP HOSTNAME minewall PROCID MSGID - MSG`, all of it ASCII without control characters.
pub(super) fn message(facility: usize, process: u32, form: Form, event: &Event) -> String {
    let priority = facility * 8 + usize::from(event.severity());
    let (time, host) = (timestamp(event.time_us()), hostname(event.observer()));
    let header = format!("<{priority}>1 {time} {host} minewall {process} {} - ", event.id());
    let left = MESSAGE_BYTES - header.len();
    let text = match form {
        Form::Cef => cef::line(event, left),
        Form::Json => event.ascii_json(left),
    };
    header + &text
}

/// PRINTUSASCII of RFC 5424 section 6, 1 to 255 characters; `-` stands for an unknown name.
fn hostname(observer: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() { c } else { '-' };
    let name: String = observer.chars().take(255).map(printable).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}
