//! A client of our own that logs in to a pool and listens. It is no mining software: it computes no hash.

mod lines;

pub use lines::{LOGINS, Login, WORKER, login_of, logins_of};

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::namespace::Namespace;

/// How bytes are put on the wire. Every piece is a segment of its own: no Nagle, and a pause after each but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Each line in one write; the next after the answer to it.
    Lines,
    /// All lines of the login in one write.
    Together,
    /// One byte a write, line after line.
    Bytes,
    /// Each line in two writes, the first of so many bytes (at most the line's length less one).
    Split(usize),
}

/// How the connection stands when the client looks for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Open; the time was up.
    Open,
    /// The server ended it in order (FIN).
    Finished,
    /// It was reset (RST) after it was established.
    Reset,
    /// It was refused while connecting (RST or ICMP).
    Refused,
    /// Nothing answered while connecting.
    Unanswered,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Complete lines the server sent.
    pub lines: Vec<String>,
    /// How the connection stands.
    pub ending: Ending,
    /// Bytes the client wrote before it stopped or was stopped.
    pub sent: usize,
    /// From connecting to the end or to the last look.
    pub elapsed: Duration,
}

/// Time between two pieces of one line.
const PAUSE: Duration = Duration::from_millis(2);

/// How long a connection, and a proxy's answer, may take.
const CONNECT: Duration = Duration::from_secs(20);

/// How long a login waits for an answer before it goes on to its next line.
const ANSWER: Duration = Duration::from_secs(2);

impl Login {
    /// Connects from `namespace`, logs in and listens until `listen` after the last line, or until cut.
    #[must_use]
    pub fn talk(&self, namespace: &Namespace, pool: SocketAddr, manner: Manner, listen: Duration) -> Heard {
        let mut session = match Session::connect(namespace, pool, CONNECT) {
            Ok(session) => session,
            Err((ending, elapsed)) => {
                return Heard { lines: Vec::new(), ending, sent: 0, elapsed };
            }
        };
        session.log_in(self, manner);
        session.listen(listen);
        session.heard()
    }

    /// Connects, logs in and waits until there is a line besides the answers, as a job is, or the connection was cut.
    ///
    /// # Errors
    /// There was no connection.
    pub fn until_a_job(
        &self,
        namespace: &Namespace,
        pool: SocketAddr,
        manner: Manner,
        limit: Duration,
    ) -> anyhow::Result<Session> {
        let mut session = Session::connect(namespace, pool, limit)
            .map_err(|(ending, elapsed)| anyhow::anyhow!("{}: {ending:?} after {elapsed:?}", self.client))?;
        session.log_in(self, manner);
        session.wait_lines(self.lines().len() + 1, limit);
        Ok(session)
    }
}

/// An open connection to a pool, for tests that need it to last.
#[derive(Debug)]
pub struct Session {
    stream: TcpStream,
    since: Instant,
    until: Option<Instant>,
    received: Vec<u8>,
    ending: Ending,
    sent: usize,
}

impl Session {
    /// Connects from `namespace`.
    ///
    /// # Errors
    /// How it failed and after what time.
    pub fn connect(namespace: &Namespace, pool: SocketAddr, timeout: Duration) -> Result<Self, (Ending, Duration)> {
        let since = Instant::now();
        let stream = namespace.run(|| TcpStream::connect_timeout(&pool, timeout)).map_err(|error| {
            let ending = match error.kind() {
                // Established, and reset before this was told so: a reset that answers the SYN is a refusal.
                ErrorKind::ConnectionReset => Ending::Reset,
                ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::PermissionDenied => Ending::Refused,
                _ => Ending::Unanswered,
            };
            (ending, since.elapsed())
        })?;
        let _ = stream.set_nodelay(true);
        Ok(Self { stream, since, until: None, received: Vec::new(), ending: Ending::Open, sent: 0 })
    }

    /// Sends `request` to a proxy and waits until what came back is an answer; that is taken away. Whether it came.
    pub fn ask(&mut self, request: &[u8], is_answer: impl Fn(&[u8]) -> bool) -> bool {
        if let Err(error) = self.stream.write_all(request) {
            self.note(error.kind());
            return false;
        }
        self.read_until(CONNECT, |session| is_answer(&session.received));
        let is_answered = is_answer(&self.received);
        self.received.clear();
        is_answered
    }

    /// Sends a whole login and waits for the answers to it; stops early when cut.
    pub fn log_in(&mut self, login: &Login, manner: Manner) {
        let lines: Vec<_> = login.lines().into_iter().map(|line| line + login.end).collect();
        if manner == Manner::Together {
            let before = self.line_count();
            self.send(&lines.concat(), manner);
            self.wait_lines(before + lines.len(), ANSWER);
            return;
        }
        for line in lines {
            let before = self.line_count();
            if self.ending != Ending::Open {
                return;
            }
            self.send(&line, manner);
            self.wait_lines(before + 1, ANSWER);
        }
    }

    /// Sends a made-up share in the way of `login` and waits for its answer.
    pub fn send_share(&mut self, login: &Login) {
        let before = self.line_count();
        self.send(&(login.share() + login.end), Manner::Lines);
        self.wait_lines(before + 1, ANSWER);
    }

    /// Sends any text.
    pub fn send(&mut self, text: &str, manner: Manner) {
        let bytes = text.as_bytes();
        let first = match manner {
            Manner::Lines | Manner::Together => bytes.len(),
            Manner::Bytes => 1,
            Manner::Split(at) => at.clamp(1, bytes.len().saturating_sub(1).max(1)),
        };
        let rest = if manner == Manner::Bytes { 1 } else { bytes.len() };
        let (head, tail) = bytes.split_at(first.min(bytes.len()));
        for piece in std::iter::once(head).chain(tail.chunks(rest.max(1))) {
            if self.sent > 0 && piece.len() < bytes.len() {
                thread::sleep(PAUSE);
            }
            if let Err(error) = self.stream.write_all(piece) {
                self.note(error.kind());
                return;
            }
            self.sent += piece.len();
        }
    }

    /// Listens until `time` has passed or the connection has ended; returns how it stands.
    pub fn listen(&mut self, time: Duration) -> Ending {
        self.read_until(time, |_| false);
        self.ending
    }

    /// Says that nothing more comes and listens until the pool ends it too: what is left unread would reset it.
    pub fn finish(mut self, timeout: Duration) {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.listen(timeout);
    }

    /// Complete lines received so far.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.received.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Waits until so many lines have come in all; whether they have.
    pub fn wait_lines(&mut self, count: usize, timeout: Duration) -> bool {
        self.read_until(timeout, |session| session.line_count() >= count);
        self.line_count() >= count
    }

    /// Everything so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        let mut lines: Vec<_> = self.received.split(|byte| *byte == b'\n').collect();
        lines.pop();
        Heard {
            lines: lines.into_iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect(),
            ending: self.ending,
            sent: self.sent,
            elapsed: self.until.unwrap_or_else(Instant::now) - self.since,
        }
    }

    fn read_until(&mut self, time: Duration, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + time;
        let mut buffer = [0; 4096];
        while self.ending == Ending::Open && !done(self) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return;
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => self.end(Ending::Finished),
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) => self.note(error.kind()),
            }
        }
    }

    fn note(&mut self, kind: ErrorKind) {
        match kind {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
            _ => self.end(Ending::Reset),
        }
    }

    fn end(&mut self, ending: Ending) {
        self.ending = ending;
        self.until = Some(Instant::now());
    }
}
