//! Events posted to a URL as JSON, signed.
//!
//! A request is `POST`, its body an array of events, or one event where `batch` is 1. `X-Minewall-Signature` is
//! `t=SECONDS,v1=HEX`, with the HMAC-SHA256 of `SECONDS.BODY` by the secret. `Idempotency-Key` is the same for the same
//! body. What is answered by 2xx is taken; by 408, 425, 429, 5xx or nothing, tried again; by another 4xx, given up.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use minewall_core::config;
use sha2::{Digest, Sha256};
use ureq::Agent;

use super::{Later, Outlet, SpoolKind, Taken};
use crate::fetch::{self, Url};
use crate::hex::encode;

/// Bytes of an answer that are read, so that the connection may be used again.
const ANSWER: u64 = 16 << 10;

/// The longest that a peer is left alone for.
const LONGEST: Duration = Duration::from_secs(3600);

/// Refusals are told this often at the most.
const TELL: Duration = Duration::from_secs(60);

struct Webhook {
    agent: Agent,
    url: Url,
    secret: Option<Hmac<Sha256>>,
    batch: usize,
    /// So many go one by one: among them is one that made the peer refuse all.
    singly: usize,
    told: Option<Instant>,
}

/// The name and the outlet.
///
/// # Errors
/// The URL is none, or the secret or the authorities cannot be read, with what may stand there.
pub(super) fn outlet(settings: &config::Webhook) -> Result<(String, Box<dyn Outlet>)> {
    let wrong = || format!("url {:?} is no place to post to; write https://HOST/PATH", settings.url);
    let url = Url::parse(&settings.url).with_context(wrong)?;
    if !matches!(url.scheme(), "https" | "http") {
        bail!(wrong());
    }
    let secret = match settings.secret.as_str() {
        "" => None,
        path => Some(read_secret(Path::new(path)).context("secret")?),
    };
    let builder = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(32 << 10)
        .max_idle_connections(1)
        .timeout_global(Some(Duration::from_secs(settings.timeout.into())))
        .user_agent(concat!("minewall/", env!("CARGO_PKG_VERSION")));
    let authorities = Some(settings.authorities.as_str()).filter(|path| !path.is_empty()).map(Path::new);
    let builder = match url.scheme() {
        "https" => fetch::secured(builder, authorities).map_err(|failed| failed.about(&url)).context("authorities")?,
        _ => builder,
    };
    let agent = Agent::new_with_config(builder.build());
    // The query and what logs in may be secret.
    let name = format!("webhook:{}://{}{}", url.scheme(), url.host(), url.path());
    Ok((name, Box::new(Webhook { agent, url, secret, batch: settings.batch, singly: 0, told: None })))
}

fn read_secret(path: &Path) -> Result<Hmac<Sha256>> {
    let secret = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let secret = secret.trim_ascii();
    if !(16..=1024).contains(&secret.len()) {
        bail!(
            "{} holds {} bytes; write 16 to 1,024, such as `openssl rand -hex 32` gives",
            path.display(),
            secret.len()
        );
    }
    Hmac::new_from_slice(secret).with_context(|| format!("{} cannot be used", path.display()))
}

impl Outlet for Webhook {
    fn open(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Any answer is one: what a server says to HEAD is its own affair.
    fn probe(&mut self) -> Result<&'static str> {
        self.agent.head(self.url.as_str()).call().context("no answer to a request of HEAD")?;
        Ok("answers")
    }

    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        let messages = messages.get(..messages.len().min(self.most())).unwrap_or_default();
        let Some(first) = messages.first() else { return Ok(Taken::default()) };
        let body = if self.batch == 1 { first.to_string() } else { format!("[{}]", messages.join(",")) };
        let (status, after) = self.post(body.as_bytes())?;
        let count = messages.len();
        match status {
            200..=299 => {
                self.singly = self.singly.saturating_sub(count);
                Ok(Taken { sent: count, refused: 0 })
            }
            400 | 413 | 422 if count > 1 => {
                self.singly = count;
                Ok(Taken::default())
            }
            408 | 425 | 429 | 500.. => {
                let later = Later {
                    after: after.unwrap_or_default().min(LONGEST),
                    words: format!("the peer answers {status}"),
                };
                Err(io::Error::other(later))
            }
            400..=499 => {
                self.singly = self.singly.saturating_sub(count);
                if self.told.is_none_or(|told| told.elapsed() >= TELL) {
                    tracing::warn!(
                        "sink {}: the peer answers {status}, and what it was given is given up",
                        self.url.path()
                    );
                    self.told = Some(Instant::now());
                }
                Ok(Taken { sent: 0, refused: count })
            }
            _ => {
                let words = format!("the peer answers {status}, which is not followed; write the URL it leads to");
                Err(io::Error::other(words))
            }
        }
    }

    fn most(&self) -> usize {
        if self.singly > 0 { 1 } else { self.batch }
    }

    fn spool_kind(&self) -> Option<SpoolKind> {
        Some(SpoolKind { name: "json", is_unsure: false })
    }
}

impl Webhook {
    /// The status of the answer, and how long the peer wants to be left alone.
    fn post(&self, body: &[u8]) -> io::Result<(u16, Option<Duration>)> {
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut request = self
            .agent
            .post(self.url.as_str())
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", encode(Sha256::digest(body).get(..16).unwrap_or_default()));
        if let Some(secret) = &self.secret {
            request = request.header("X-Minewall-Signature", signature(secret, seconds, body));
        }
        let answer = request.send(body).map_err(|error| io::Error::other(error.to_string()))?;
        let (head, body) = answer.into_parts();
        let _ = io::copy(&mut body.into_reader().take(ANSWER), &mut io::sink());
        let after = head.headers.get("retry-after").and_then(|value| fetch::wait(value.to_str().ok()?));
        Ok((head.status.as_u16(), after))
    }
}

/// What is said of a body at a moment.
pub(super) fn signature(secret: &Hmac<Sha256>, seconds: u64, body: &[u8]) -> String {
    let mut mac = secret.clone();
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!("t={seconds},v1={}", encode(&mac.finalize().into_bytes()))
}
