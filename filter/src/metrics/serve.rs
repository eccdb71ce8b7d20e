//! `GET /metrics` on this machine: HTTP/1.1, one answer a connection. A thread of its own listens, one more for each
//! client, few of them and for a short time; what they tell is made by the main thread when one asks.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::config::Listen;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::Desk;

/// Clients at one time.
const CLIENTS: usize = 4;

/// Octets of a request, without a body.
const REQUEST: usize = 4096;

/// How long a client may take for its request, and for its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long one that is too many may take to read that it is.
const REFUSED: Duration = Duration::from_millis(100);

/// How long nobody is taken in after the kernel refused to, such as for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// A client's thread needs little.
const STACK: usize = 128 << 10;

/// Whoever may enter the directory of the socket may ask, as whoever may enter that of the file may read it.
const ASKABLE: u32 = 0o666;

/// The listening thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Its thread reads the end of this socket, and ends.
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
    /// The socket's file.
    path: Option<PathBuf>,
}

impl Endpoint {
    /// Listens, and answers with what is laid on the desk.
    ///
    /// # Errors
    /// The address is taken, or the path cannot be used.
    pub(crate) fn start(listen: Listen<'_>, desk: Arc<Desk>) -> Result<Self> {
        let (listener, path) = match listen {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).with_context(|| {
                    format!("cannot listen for metrics at {address}; another program may (ss -ltnp)")
                })?;
                (Listener::Tcp(listener), None)
            }
            Listen::Unix(path) => {
                let listener = at_path(path).with_context(|| format!("cannot make the socket for metrics {path}"))?;
                (Listener::Unix(listener), Some(PathBuf::from(path)))
            }
        };
        listener.unblock().context("cannot listen for metrics without waiting")?;
        let (wake, woken) = UnixStream::pair().context("cannot make a pair of sockets")?;
        let thread = std::thread::Builder::new().name("metrics".into()).stack_size(STACK);
        let thread = thread.spawn(move || keep(&listener, &desk, &woken)).context("cannot start a thread")?;
        Ok(Self { wake, thread: Some(thread), path })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.wake.shutdown(std::net::Shutdown::Both);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that tells metrics had ended before");
        }
        if let Some(path) = &self.path
            && let Err(error) = fs::remove_file(path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "the socket for metrics stays behind");
        }
    }
}

/// Makes the socket in the place of one that was left behind, never of another file.
fn at_path(path: &str) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(ASKABLE))?;
    Ok(listener)
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// One client, whatever its socket.
trait Stream: Read + Write + Send {
    /// Bounds the next read or write.
    fn bound(&self, patience: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn bound(&self, patience: Duration) -> io::Result<()> {
        self.set_nonblocking(false)?;
        self.set_read_timeout(Some(patience))?;
        self.set_write_timeout(Some(patience))
    }
}

impl Stream for UnixStream {
    fn bound(&self, patience: Duration) -> io::Result<()> {
        self.set_nonblocking(false)?;
        self.set_read_timeout(Some(patience))?;
        self.set_write_timeout(Some(patience))
    }
}

impl Listener {
    fn unblock(&self) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => listener.set_nonblocking(true),
            Self::Unix(listener) => listener.set_nonblocking(true),
        }
    }

    fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept()?.0),
            Self::Unix(listener) => Box::new(listener.accept()?.0),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// Waits until somebody comes, however long; false: to end.
fn wait(listener: &Listener, woken: &UnixStream) -> bool {
    let mut fds = [PollFd::new(woken, PollFlags::IN), PollFd::new(listener, PollFlags::IN)];
    match poll(&mut fds, None) {
        Err(error) if error != Errno::INTR => {
            tracing::error!(%error, "metrics are told no more");
            false
        }
        _ => fds.first().is_some_and(|woken| woken.revents().is_empty()),
    }
}

fn keep(listener: &Listener, desk: &Arc<Desk>, woken: &UnixStream) {
    let clients = Arc::new(AtomicUsize::new(0));
    while wait(listener, woken) {
        let mut stream = match listener.accept() {
            Ok(stream) => stream,
            // The one that came has gone.
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => {
                // Such as: no more descriptors. Not again at once.
                tracing::debug!(%error, "one that asks for metrics was not taken");
                std::thread::sleep(BREATH);
                continue;
            }
        };
        if clients.load(Ordering::Acquire) >= CLIENTS {
            let _ = stream.bound(REFUSED).and_then(|()| stream.write_all(&answer(503, "too many ask", false)));
            continue;
        }
        clients.fetch_add(1, Ordering::AcqRel);
        let (mine, desk) = (Arc::clone(&clients), Arc::clone(desk));
        let thread = std::thread::Builder::new().name("metrics-client".into()).stack_size(STACK);
        let spawned = thread.spawn(move || {
            // Whoever does not listen is not told.
            let _ = serve(&mut *stream, &desk);
            mine.fetch_sub(1, Ordering::AcqRel);
        });
        if spawned.is_err() {
            clients.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Reads one request and answers it.
fn serve(stream: &mut dyn Stream, desk: &Desk) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    let reply = loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break respond(head.get(..end).unwrap_or_default(), desk);
        }
        if head.len() >= REQUEST {
            break answer(431, "the request is too long", false);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break answer(408, "the request took too long", false);
        }
        stream.bound(left)?;
        match stream.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => head.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    stream.bound(PATIENCE)?;
    stream.write_all(&reply)
}

/// The answer to a request's head (RFC 9112).
fn respond(head: &[u8], desk: &Desk) -> Vec<u8> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return answer(400, "that is no request", false);
    };
    if !version.starts_with("HTTP/1.") {
        return answer(400, "that is no request of HTTP/1", false);
    }
    let is_head = method == "HEAD";
    if method != "GET" && !is_head {
        return answer(405, "only GET and HEAD are answered", false);
    }
    match target.split('?').next() {
        Some("/metrics") => match desk.wait() {
            Some(text) => answer(200, &text, is_head),
            None => answer(503, "minewall is too busy to tell; its log says why", is_head),
        },
        Some("/") => answer(200, "minewall: what is counted is at /metrics\n", is_head),
        _ => answer(404, "what is counted is at /metrics", is_head),
    }
}

fn answer(status: u16, body: &str, is_head: bool) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    let end = if body.ends_with('\n') { "" } else { "\n" };
    let allow = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{allow}Connection: close\r\n\r\n",
        body.len() + end.len()
    );
    if is_head { head.into_bytes() } else { (head + body + end).into_bytes() }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// An endpoint at a free port, and what lays `text` down whenever it is wanted.
    fn endpoint(text: &'static str) -> (Endpoint, SocketAddr, Arc<Desk>, Arc<AtomicBool>) {
        let port = minewall_lab::Port::tcp().unwrap();
        let free = port.at();
        let desk = Arc::new(Desk::default());
        let endpoint = Endpoint::start(Listen::Tcp(free), Arc::clone(&desk)).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (teller, is_over) = (Arc::clone(&desk), Arc::clone(&over));
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                if teller.is_wanted() {
                    teller.lay(text);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        (endpoint, free, desk, over)
    }

    fn ask(mut stream: impl Read + Write, request: &[u8]) -> String {
        stream.write_all(request).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        all
    }

    #[test]
    fn requests_are_answered_by_their_kind() {
        let (_endpoint, at, _desk, over) = endpoint("minewall_x 1\n");
        let asked = |request: &[u8]| ask(TcpStream::connect(at).unwrap(), request);
        let told = asked(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.ends_with("\r\n\r\nminewall_x 1\n"), "{told}");
        assert!(
            told.contains("\r\nContent-Type: text/plain; version=0.0.4;") && told.contains("Content-Length: 13\r\n")
        );
        let told = asked(b"HEAD /metrics?a=b HTTP/1.0\r\n\r\n");
        assert!(told.contains("Content-Length: 13\r\n") && told.ends_with("\r\n\r\n"), "{told}");
        for (request, status) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], "200 "),
            (b"GET /other HTTP/1.1\r\n\r\n", "404 "),
            (b"POST /metrics HTTP/1.1\r\n\r\n", "405 "),
            (b"GET /metrics HTTP/2\r\n\r\n", "400 "),
            (b"\x16\x03\x01 not\r\n\r\n", "400 "),
        ] {
            let told = asked(request);
            assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
        }
        over.store(true, Ordering::Release);
    }

    #[test]
    fn one_that_says_too_much_or_too_little_is_let_go_of() {
        let (_endpoint, at, _desk, over) = endpoint("x\n");
        // Exactly what is read, or the kernel resets the connection before its answer is read.
        let told = ask(TcpStream::connect(at).unwrap(), &[b'a'; REQUEST]);
        assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
        let told = ask(TcpStream::connect(at).unwrap(), b"GET /metr");
        assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
        let silent: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect(at).unwrap()).collect();
        let refused = minewall_lab::until(Duration::from_secs(10), || {
            let told = ask(TcpStream::connect(at).unwrap(), b"");
            told.starts_with("HTTP/1.1 503 ").then_some(())
        });
        assert!(refused.is_some(), "a fifth at one time is told so");
        drop(silent);
        over.store(true, Ordering::Release);
    }

    #[test]
    fn a_socket_takes_the_place_of_an_old_one_only() {
        let path = std::env::temp_dir().join(format!("minewall-metrics-socket-{}", std::process::id()));
        let listen = Listen::Unix(path.to_str().unwrap());
        fs::write(&path, "kept").unwrap();
        assert!(Endpoint::start(listen, Arc::default()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        fs::remove_file(&path).unwrap();
        drop(UnixListener::bind(&path).unwrap());
        let desk = Arc::new(Desk::default());
        desk.lay("y 1\n");
        let endpoint = Endpoint::start(listen, Arc::clone(&desk)).unwrap();
        let told = ask(UnixStream::connect(&path).unwrap(), b"GET /metrics HTTP/1.1\r\n\r\n");
        assert!(told.ends_with("y 1\n"), "{told}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, ASKABLE);
        drop(endpoint);
        assert!(!path.exists());
    }
}
