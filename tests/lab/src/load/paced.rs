//! DNS questions at a pace, and how long each waited for its answer: what others feel while the gateway is busy.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::questions::{serve, server};
use crate::addresses::Family;
use crate::dns;
use crate::lab::{Lab, unspecified};
use crate::wait::patient;

/// Questions are sent so many at a time: a pause shorter than a millisecond is not kept by a sleeping thread.
const TICK: Duration = Duration::from_millis(1);

/// How long the last answers may take.
const LAST: Duration = Duration::from_millis(500);

/// How long questions waited.
#[derive(Debug, Clone)]
pub struct Delays {
    /// Of each that was answered, the shortest first.
    pub sorted: Vec<Duration>,
    /// Questions without an answer.
    pub lost: usize,
}

impl Delays {
    /// The delay that `part` of all did not exceed; zero where there is none.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get((last as f64 * part).round() as usize).copied().unwrap_or_default()
    }

    /// How many took longer.
    #[must_use]
    pub fn over(&self, limit: Duration) -> usize {
        self.sorted.len() - self.sorted.partition_point(|delay| *delay <= limit)
    }
}

/// Asks the internet's port 53 from the host `pace` questions a second for `time`, whatever becomes of the answers.
///
/// # Errors
/// When the port is taken or the sockets cannot be made.
pub fn paced(lab: &Lab, family: Family, pace: usize, time: Duration) -> Result<Delays> {
    let server = server(lab, family)?;
    let host = lab.host.run(|| -> std::io::Result<UdpSocket> {
        let socket = UdpSocket::bind((unspecified(family), 0))?;
        socket.connect((family.internet(), 53))?;
        socket.set_read_timeout(Some(LAST / 10))?;
        Ok(socket)
    })?;
    let count = (pace as f64 * time.as_secs_f64()) as usize;
    let (stopping, start) = (AtomicBool::new(false), Instant::now());
    let (sent, came) = thread::scope(|scope| {
        scope.spawn(|| serve(&server, &stopping));
        let answers = scope.spawn(|| hear(&host, count, start, &stopping));
        let sent = ask(&host, count, pace, start);
        thread::sleep(patient(LAST));
        stopping.store(true, Ordering::Relaxed);
        (sent, answers.join())
    });
    let came = came.ok().context("the thread that hears the answers broke")?;
    let mut sorted: Vec<_> =
        sent.iter().zip(&came).filter_map(|(sent, came)| Some(came.as_ref()?.saturating_sub(*sent))).collect();
    sorted.sort_unstable();
    Ok(Delays { lost: sent.len() - sorted.len(), sorted })
}

/// When each question was sent.
fn ask(host: &UdpSocket, count: usize, pace: usize, start: Instant) -> Vec<Duration> {
    let mut sent = Vec::with_capacity(count);
    while sent.len() < count {
        let due = (start.elapsed().as_secs_f64() * pace as f64) as usize;
        while sent.len() < due.min(count) {
            // The number stands in the name too: ids come round.
            let message = dns::question(sent.len() as u16, &format!("host-{}.example.org", sent.len()), 1);
            sent.push(start.elapsed());
            let _ = host.send(&message);
        }
        thread::sleep(TICK);
    }
    sent
}

/// When each answer came, by the number in its name.
fn hear(host: &UdpSocket, count: usize, start: Instant, stopping: &AtomicBool) -> Vec<Option<Duration>> {
    let (mut came, mut message) = (vec![None; count], [0; 512]);
    while !stopping.load(Ordering::Relaxed) {
        let Ok(length) = host.recv(&mut message) else { continue };
        if let Some(place) = number(&message[..length]).and_then(|number| came.get_mut(number)) {
            *place = Some(start.elapsed());
        }
    }
    came
}

/// The number in the first label of the name that is answered.
fn number(message: &[u8]) -> Option<usize> {
    let length = usize::from(*message.get(12)?);
    std::str::from_utf8(message.get(13..13 + length)?).ok()?.strip_prefix("host-")?.parse().ok()
}
