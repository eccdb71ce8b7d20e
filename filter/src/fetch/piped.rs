//! A program whose output is read within the time allowed.

use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Failed, Kind};

/// Of what a program says on standard error, kept.
const ERRORS: u64 = 64 << 10;

/// How a program ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) code: Option<i32>,
    /// What it said on standard error.
    pub(super) said: String,
}

/// What the end of a program means, once all its output has been read.
pub(super) type Judge = Box<dyn Fn(&End) -> Result<(), Failed>>;

/// A running program; reading it reads its output. It is ended, if it has not, when this goes.
pub(super) struct Piped {
    child: Child,
    output: ChildStdout,
    errors: Option<JoinHandle<Vec<u8>>>,
    until: Instant,
    judge: Judge,
    end: Option<End>,
}

impl Piped {
    pub(super) fn start(mut command: Command, until: Instant, judge: Judge) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipe"));
        };
        let errors = std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut errors = errors.take(ERRORS);
            let _ = errors.read_to_end(&mut said);
            // Read to the end, or a full pipe would stop the program.
            let _ = io::copy(&mut errors.into_inner(), &mut io::sink());
            said
        });
        Ok(Self { child, output, errors: Some(errors), until, judge, end: None })
    }

    /// How it ended, if it has.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    fn left(&self) -> Result<Duration, Failed> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Failed::new(Kind::Time, "")) } else { Ok(left) }
    }

    /// Waits until there is output or its end.
    fn wait_output(&self) -> Result<(), Failed> {
        loop {
            let left = Timespec::try_from(self.left()?).map_err(|_| Failed::new(Kind::Time, ""))?;
            let mut ready = [PollFd::new(&self.output, PollFlags::IN)];
            match poll(&mut ready, Some(&left)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(Failed::new(Kind::Program, error.to_string())),
            }
        }
    }

    /// Waits for the end of a program that has closed its output.
    fn wait_end(&mut self) -> Result<ExitStatus, Failed> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(5).min(self.left()?)),
                Err(error) => return Err(Failed::new(Kind::Program, error.to_string())),
            }
        }
    }

    fn finish(&mut self) -> Result<(), Failed> {
        if self.end.is_none() {
            let status = self.wait_end()?;
            let said = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
            self.end = Some(End { code: status.code(), said: String::from_utf8_lossy(&said).into_owned() });
        }
        self.end.as_ref().map_or(Ok(()), |end| (self.judge)(end))
    }
}

impl Read for Piped {
    /// The end of the output is an error where the program ended badly.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait_output().map_err(io::Error::other)?;
        let count = self.output.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.finish().map_err(io::Error::other)?;
        }
        Ok(count)
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        if self.end.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
