//! Syslog messages of RFC 5424.

use std::io;
use std::time::Duration;

use anyhow::{Result, bail};
use minewall_core::evidence::{SHORTENED_BYTES, timestamp};

use super::transport::{self, Transport};
use super::{Event, Outlet};

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
    transport: Box<dyn Transport>,
}

impl Syslog {
    /// # Errors
    /// An unknown facility or a malformed address, with what may stand there.
    pub(super) fn new(address: &str, facility: &str, patience: Duration) -> Result<Self> {
        let Some(number) = FACILITIES.iter().position(|keyword| *keyword == facility) else {
            bail!("facility {facility:?} is unknown; use one of {}", FACILITIES.join(", "));
        };
        Ok(Self { facility: number, transport: transport::new(address, patience)? })
    }
}

impl Outlet for Syslog {
    fn open(&mut self) -> io::Result<()> {
        self.transport.open()
    }

    fn deliver(&mut self, event: &Event) -> io::Result<()> {
        self.transport.send(&message(self.facility, std::process::id(), event))
    }
}

/// `<PRI>1 TIMESTAMP HOSTNAME minewall PROCID MSGID - MSG`, all of it ASCII without control characters.
pub(super) fn message(facility: usize, process: u32, event: &Event) -> String {
    let (severity, id) = event.syslog_kind();
    let priority = facility * 8 + usize::from(severity);
    let (time, host) = (timestamp(event.time_us()), hostname(event.observer()));
    let header = format!("<{priority}>1 {time} {host} minewall {process} {id} - ");
    let json = event.ascii_json(MESSAGE_BYTES - header.len());
    header + &json
}

/// PRINTUSASCII of RFC 5424 section 6, 1 to 255 characters; `-` stands for an unknown name.
fn hostname(observer: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() { c } else { '-' };
    let name: String = observer.chars().take(255).map(printable).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}
