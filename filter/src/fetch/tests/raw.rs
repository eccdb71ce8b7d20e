//! A server that says what it is told to say.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Says one text to everyone who asks, in pieces with pauses between them, then hangs up.
pub(super) struct Raw {
    pub(super) url: String,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Raw {
    pub(super) fn saying(text: impl Into<Vec<u8>>) -> Self {
        Self::start(vec![text.into()], Duration::ZERO)
    }

    /// One byte after the other.
    pub(super) fn dripping(text: &str, pause: Duration) -> Self {
        Self::start(text.bytes().map(|byte| vec![byte]).collect(), pause)
    }

    fn start(pieces: Vec<Vec<u8>>, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/list.txt", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((mut client, _)) => {
                        client.set_nonblocking(false).unwrap();
                        client.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
                        let _ = client.read(&mut [0; 4096]);
                        for piece in &pieces {
                            if until.load(Ordering::Relaxed) || client.write_all(piece).is_err() {
                                break;
                            }
                            std::thread::sleep(pause);
                        }
                        let _ = client.shutdown(Shutdown::Write);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(5)),
                    Err(error) => panic!("{error}"),
                }
            }
        });
        Self { url, over, thread: Some(thread) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
