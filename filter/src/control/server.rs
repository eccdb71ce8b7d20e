//! The thread that holds the clients of the control socket: one for all, none of them waited for.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;

use super::SOCKET;
use super::ask::Refusal;
use super::board::Board;
use super::client::{Client, Office};
use super::order::Door;

/// Clients at one time.
const CLIENTS: usize = 8;

/// A client that was silent for so long makes room for another.
const SILENT: Duration = Duration::from_secs(1);

/// New clients looked at before the others have their turn.
const NEWCOMERS: usize = 64;

/// The socket and its thread, until it is dropped.
pub(crate) struct Server {
    path: PathBuf,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Makes the socket in `directory`, in the place of one that was left behind: the lock is held. Orders leave by `door`.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn start(directory: &Path, board: Arc<Board>, door: Door) -> Result<Self> {
        let path = directory.join(SOCKET);
        let listener = listen(&path).with_context(|| format!("cannot make the control socket {}", path.display()))?;
        let (wake, woken) = UnixStream::pair().context("cannot make a pair of sockets")?;
        let thread = std::thread::Builder::new().name("control".into());
        let house = House { listener, woken, clients: Vec::new(), office: Office { board, door } };
        let thread = thread.spawn(move || house.keep()).context("cannot start the thread of the control socket")?;
        Ok(Self { path, wake, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whether it could be told or not, it reads the end of this socket.
        let _ = self.wake.write_all(b"!");
        let _ = self.wake.shutdown(std::net::Shutdown::Both);
        let is_broken = self.thread.take().is_some_and(|thread| thread.join().is_err());
        if is_broken {
            tracing::error!("the thread of the control socket had ended before");
        }
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "the control socket stays behind");
        }
    }
}

/// Nobody else may so much as connect, at no time: it gets its name once its mode is set.
fn listen(path: &Path) -> std::io::Result<UnixListener> {
    let new = path.with_extension("new");
    for old in [&new, path] {
        match fs::remove_file(old) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let listener = UnixListener::bind(&new)?;
    listener.set_nonblocking(true)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, path)?;
    Ok(listener)
}

/// What the thread holds.
struct House {
    listener: UnixListener,
    woken: UnixStream,
    clients: Vec<Client>,
    office: Office,
}

impl House {
    fn keep(mut self) {
        while let Some(ready) = self.wait() {
            let now = Instant::now();
            for (client, ready) in self.clients.iter_mut().zip(&ready.clients) {
                if ready.intersects(PollFlags::IN) {
                    client.hear();
                }
            }
            let office = &self.office;
            let mut ready_of = ready.clients.iter();
            self.clients.retain_mut(|client| {
                let flags = ready_of.next().copied().unwrap_or(PollFlags::empty());
                // Both directions are closed: nobody would hear an answer.
                let is_gone = flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
                !is_gone && client.go(office, now)
            });
            if ready.newcomers {
                self.admit();
            }
        }
    }

    /// Waits until there is something to do; none: to end.
    fn wait(&self) -> Option<Ready> {
        let now = Instant::now();
        let patience = self.clients.iter().map(|client| client.patience(now)).min();
        let patience = patience.map(|patience| Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(1),
            // As wide as the processor's words; a second's nanoseconds fit either way.
            tv_nsec: patience.subsec_nanos().cast_signed().into(),
        });
        let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        fds.extend(self.clients.iter().map(|client| PollFd::new(client.stream(), client.interest())));
        if let Err(error) = poll(&mut fds, patience.as_ref())
            && error != rustix::io::Errno::INTR
        {
            tracing::error!(%error, "the control socket is given up");
            return None;
        }
        let mut flags = fds.iter().map(PollFd::revents);
        let is_over = flags.next().is_some_and(|flags| !flags.is_empty());
        let newcomers = flags.next().is_some_and(|flags| !flags.is_empty());
        (!is_over).then(|| Ready { newcomers, clients: flags.collect() })
    }

    fn admit(&mut self) {
        for _ in 0..NEWCOMERS {
            match self.listener.accept() {
                Ok((stream, _)) => self.meet(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => {
                    // Such as: no more descriptors. Not again at once.
                    tracing::debug!(%error, "a client of the control socket was not taken");
                    std::thread::sleep(Duration::from_millis(50));
                    return;
                }
            }
        }
    }

    /// Takes a client in, or tells it why not.
    fn meet(&mut self, mut stream: UnixStream) {
        let refusal = match socket_peercred(&stream) {
            Ok(peer) if !peer.uid.is_root() && peer.uid != rustix::process::geteuid() => {
                Refusal::new("only root and the daemon's own user may ask", "ask as root: sudo minewall top")
            }
            Ok(peer) if self.make_room() => {
                if let Ok(client) = Client::new(stream, peer) {
                    self.clients.push(client);
                }
                return;
            }
            Ok(_) => Refusal::new(format!("{CLIENTS} clients ask already"), "close one, or ask again in a second"),
            Err(error) => Refusal::new(format!("the kernel does not say who asks: {error}"), "ask again"),
        };
        // The buffer of a new socket takes a line at once, or the client does not get it.
        let _ = stream.set_nonblocking(true);
        let _ = stream.write_all(refusal.line().as_bytes());
    }

    /// Whether there is room for one more: one that was silent the longest may have to go.
    fn make_room(&mut self) -> bool {
        if self.clients.len() < CLIENTS {
            return true;
        }
        let silent = self.clients.iter().enumerate();
        let silent = silent.filter_map(|(at, client)| client.silent_since().map(|since| (since, at)));
        match silent.min() {
            Some((since, at)) if since.elapsed() >= SILENT => {
                self.clients.swap_remove(at);
                true
            }
            _ => false,
        }
    }
}

/// What there is to do.
struct Ready {
    newcomers: bool,
    /// What the socket of each client says.
    clients: Vec<PollFlags>,
}
