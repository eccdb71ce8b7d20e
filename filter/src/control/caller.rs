//! The other end of the control socket, for commands.

use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use minewall_core::config::Config;
use minewall_core::incident::Incident;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ask::Request;
use super::{ANSWER_BYTES, SOCKET, VERSION};
use crate::incidents::Filter;
use crate::tree;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take until an order is carried out: a reload reads all lists.
const ORDERED: Duration = Duration::from_secs(300);

/// Nobody answers at this socket.
#[derive(Debug)]
pub(crate) struct Absent(PathBuf);

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no minewall runs here (nobody answers at {}): start it with `minewall run`, or name the configuration it \
             runs with by -c FILE",
            self.0.display()
        )
    }
}

impl std::error::Error for Absent {}

/// A connection to the running daemon.
#[derive(Debug)]
pub(crate) struct Caller {
    stream: BufReader<UnixStream>,
}

/// A line of the daemon.
#[derive(Deserialize)]
struct Line {
    v: u64,
    ok: Option<Value>,
    error: Option<String>,
    remedy: Option<String>,
}

impl Caller {
    /// Connects to the daemon of this configuration.
    ///
    /// # Errors
    /// None runs there ([`Absent`]), or this user may not ask it.
    pub(crate) fn connect(config: &Config) -> Result<Self> {
        let path = Path::new(&config.runtime.directory).join(SOCKET);
        let stream = UnixStream::connect(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Absent(path.clone()).into(),
            ErrorKind::PermissionDenied => {
                anyhow!("only root and the daemon's own user may ask at {}: use sudo", path.display())
            }
            _ => anyhow!("cannot reach the control socket {}: {error}", path.display()),
        })?;
        stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks; answers come by [`Self::hear`].
    ///
    /// # Errors
    /// The daemon is gone.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<()> {
        let line = format!("{}\n", serde_json::to_string(request)?);
        // One that is refused is told so before it asks.
        match self.stream.get_mut().write_all(line.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot ask the daemon"),
            _ => Ok(()),
        }
    }

    /// Asks, and gives what is told: the member of the answer that is called as the ask.
    ///
    /// # Errors
    /// The daemon refused, or is gone.
    pub(crate) fn tell<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T> {
        self.ask(request)?;
        self.hear(&request.ask)
    }

    /// Has something done, and waits until it is: the member `name` of what is told.
    ///
    /// # Errors
    /// The daemon refused, or is gone.
    pub(crate) fn order<T: DeserializeOwned>(&mut self, request: &Request, name: &str) -> Result<T> {
        self.stream.get_ref().set_read_timeout(Some(ORDERED))?;
        self.ask(request)?;
        self.hear(name)
    }

    /// The next answer: the member `name` of what is told.
    ///
    /// # Errors
    /// The daemon refused, or is gone.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let value = self.hear_any()?.remove(name);
        let value =
            value.with_context(|| format!("the daemon told no {name}: it is of another version; restart it"))?;
        tree::of_json(&value).context("the daemon is of another version; restart it")
    }

    fn hear_any(&mut self) -> Result<serde_json::Map<String, Value>> {
        let mut line = String::new();
        let read = (&mut self.stream).take(ANSWER_BYTES).read_line(&mut line);
        match read {
            Ok(0) => bail!("the daemon has ended, or let go of this connection; ask again"),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                bail!("the daemon does not answer; its log says why")
            }
            Err(error) => return Err(error).context("the daemon has ended"),
        }
        let line: Line = serde_json::from_str(&line).context("the daemon told what is no answer")?;
        if let Some(error) = line.error {
            bail!("{error}: {}", line.remedy.unwrap_or_default());
        }
        ensure!(line.v == VERSION, "the daemon speaks version {} of its protocol: restart it", line.v);
        match line.ok {
            Some(Value::Object(ok)) => Ok(ok),
            _ => bail!("the daemon told what is no answer"),
        }
    }

    /// The open incidents that `filter` lets through.
    ///
    /// # Errors
    /// As with [`Self::hear`].
    pub(crate) fn incidents(&mut self, filter: &Filter) -> Result<Vec<Incident>> {
        self.ask(&Request { filter: filter.clone(), ..Request::new("incidents") })?;
        let mut all = Vec::new();
        loop {
            let mut told = self.hear_any()?;
            match told.remove("incident") {
                Some(incident) => {
                    all.push(tree::of_json(&incident).context("the daemon is of another version; restart it")?);
                }
                None => return Ok(all),
            }
        }
    }
}
