//! The client of our own: ureq, with rustls where feature `tls` is on.

use std::io::{self, Read};
use std::path::Path;

use ureq::Agent;
use ureq::config::{Config, ConfigBuilder};
use ureq::typestate::AgentScope;

use super::head::Head;
use super::{AGENT, Answer, Ask, Failed, Kind};

/// Whether it can fetch, from an `https:` URL where it `is_secure`.
pub(super) const fn can(is_secure: bool) -> bool {
    !is_secure || cfg!(feature = "tls")
}

/// Headers of an answer, in bytes.
const HEADERS: usize = 32 << 10;

pub(super) fn get(ask: &Ask<'_>) -> Result<Answer, Failed> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(HEADERS)
        .max_idle_connections(0)
        .timeout_connect(Some(ask.connect))
        .timeout_global(Some(ask.left()))
        .user_agent(AGENT);
    let config = if ask.url.scheme() == "https" { tls::with(config, ask.authorities)? } else { config };
    let config: Config = config.build();
    let mut request = Agent::new_with_config(config).get(ask.url.as_str());
    for (name, value) in ask.headers() {
        request = request.header(name, value);
    }
    let answer = request.call().map_err(failed)?;
    let (parts, body) = answer.into_parts();
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
    let head = Head { status: parts.status.as_u16(), headers: headers.collect() };
    Ok(Answer { head, body: Box::new(Translated(body.into_reader())) })
}

/// An agent's settings with the authorities of the system and those of a file.
#[cfg(feature = "webhook")]
pub(crate) fn secured(
    config: ConfigBuilder<AgentScope>,
    authorities: Option<&Path>,
) -> Result<ConfigBuilder<AgentScope>, Failed> {
    tls::with(config, authorities)
}

/// A body whose errors are told as ours.
struct Translated<R>(R);

impl<R: Read> Read for Translated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| io::Error::other(failed(error.into())))
    }
}

fn failed(error: ureq::Error) -> Failed {
    match error {
        ureq::Error::HostNotFound => Failed::new(Kind::Name, ""),
        ureq::Error::Timeout(stage) => Failed::new(Kind::Time, stage.to_string()),
        ureq::Error::Io(error) => io_failed(&error),
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => {
            Failed::new(Kind::Connect, error.to_string())
        }
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => Failed::new(Kind::Url, error.to_string()),
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => Failed::new(Kind::Tls, error.to_string()),
        #[cfg(feature = "tls")]
        ureq::Error::Rustls(error) => tls::failed(&error),
        _ => Failed::new(Kind::Protocol, error.to_string()),
    }
}

fn io_failed(error: &io::Error) -> Failed {
    #[cfg(feature = "tls")]
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return tls::failed(error);
    }
    let kind = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Kind::Time,
        io::ErrorKind::UnexpectedEof => Kind::Short,
        // The standard library has no kind for it.
        _ if error.to_string().contains("failed to lookup address") => Kind::Name,
        _ => Kind::Connect,
    };
    Failed::new(kind, error.to_string())
}

#[cfg(feature = "tls")]
mod tls {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use ureq::config::ConfigBuilder;
    use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
    use ureq::typestate::AgentScope;

    use super::{Failed, Kind};

    type Builder = ConfigBuilder<AgentScope>;

    /// With the authorities of the system, wherever it keeps them, and those of the file.
    pub(super) fn with(config: Builder, authorities: Option<&Path>) -> Result<Builder, Failed> {
        let system = rustls_native_certs::load_native_certs();
        let mut roots: Vec<_> = system.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        if let Some(path) = authorities {
            let wrong = |words: String| Failed::new(Kind::Authorities, format!("{}: {words}", path.display()));
            let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let before = roots.len();
            for item in parse_pem(&pem) {
                if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
                    roots.push(certificate);
                }
            }
            if roots.len() == before {
                return Err(wrong("no certificate in it".to_owned()));
            }
        }
        if roots.is_empty() {
            let why = system.errors.first().map(ToString::to_string).unwrap_or_default();
            return Err(Failed::new(Kind::Authorities, why));
        }
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        Ok(config.tls_config(tls))
    }

    pub(super) fn failed(error: &rustls::Error) -> Failed {
        let kind = match error {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => Kind::Certificate,
            _ => Kind::Tls,
        };
        Failed::new(kind, error.to_string())
    }
}

#[cfg(not(feature = "tls"))]
mod tls {
    use std::path::Path;

    use super::{Failed, Kind};

    pub(super) fn with<B>(_: B, _: Option<&Path>) -> Result<B, Failed> {
        Err(Failed::new(Kind::NoTls, ""))
    }
}
