//! Syslog over TLS (RFC 5425): octet-counted as over TCP, the server's name held against its certificate.

#[cfg(feature = "tls")]
pub(super) use built_in::make;

#[cfg(not(feature = "tls"))]
pub(super) fn make(
    _: &str,
    settings: &minewall_core::config::Syslog,
    _: std::time::Duration,
) -> super::transport::Made {
    Err(crate::features::without("tls").context(format!("address {:?} cannot be used", settings.address)))
}

#[cfg(feature = "tls")]
mod built_in {
    use std::io::{self, Read, Write};
    use std::net::TcpStream;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result, bail};
    use minewall_core::config::Syslog;
    use rustix::io::Errno;
    use rustix::net::{RecvFlags, recv};
    use rustls::client::Resumption;
    use rustls::pki_types::pem::{self, PemObject};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};

    use super::super::transport::{self, Made, Transport, closed, connect, frame};

    /// TLS 1.3 lets us speak before the server has looked at our certificate. So long it may take to refuse it before
    /// anything is said; a server that takes it usually answers at once, with tickets.
    const REFUSAL: Duration = Duration::from_millis(300);

    struct Tls {
        peer: String,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
        patience: Duration,
        session: Option<Session>,
    }

    struct Session {
        tls: ClientConnection,
        tcp: TcpStream,
    }

    pub(crate) fn make(peer: &str, settings: &Syslog, patience: Duration) -> Made {
        let host = peer.rsplit_once(':').map(|(host, _)| host.trim_matches(['[', ']']));
        let name =
            host.filter(|_| transport::is_peer(peer)).and_then(|host| ServerName::try_from(host.to_owned()).ok());
        let Some(name) = name else { return Ok(None) };
        let config = Arc::new(config(settings)?);
        Ok(Some(Box::new(Tls { peer: peer.to_owned(), name, config, patience, session: None })))
    }

    fn config(settings: &Syslog) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.with_root_certificates(authorities(&settings.authorities)?);
        if settings.certificate.is_empty() {
            return Ok(anew_each_time(builder.with_no_client_auth()));
        }
        let chain = certificates(&settings.certificate).context("certificate")?;
        let key = PrivateKeyDer::from_pem_file(&settings.key).map_err(|error| unreadable(&settings.key, error));
        let key = key.context("a PEM file with an unencrypted private key is needed").context("key")?;
        let fits = || format!("{} is not the key of the certificate in {}", settings.key, settings.certificate);
        builder.with_client_auth_cert(chain, key).map(anew_each_time).with_context(fits).context("key")
    }

    /// No session is taken up again: an rsyslogd that asks for certificates (ossl) refuses one that is.
    fn anew_each_time(mut config: ClientConfig) -> ClientConfig {
        config.resumption = Resumption::disabled();
        config
    }

    fn authorities(path: &str) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if path.is_empty() {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
            if roots.is_empty() {
                bail!(
                    "this machine has no certificates of authorities; install ca-certificates, or name a PEM file in authorities"
                );
            }
            return Ok(roots);
        }
        for certificate in certificates(path).context("authorities")? {
            roots
                .add(certificate)
                .with_context(|| format!("{path} holds a certificate that cannot be used"))
                .context("authorities")?;
        }
        Ok(roots)
    }

    fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
        let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
        let certificates = read().map_err(|error| unreadable(path, error))?;
        if certificates.is_empty() {
            bail!("there is no certificate in {path}; name a PEM file");
        }
        Ok(certificates)
    }

    fn unreadable(path: &str, error: pem::Error) -> anyhow::Error {
        match error {
            pem::Error::Io(error) => anyhow::Error::new(error).context(format!("cannot read {path}")),
            error => anyhow::Error::msg(error.to_string()).context(format!("{path} is no sound PEM file")),
        }
    }

    impl Transport for Tls {
        fn open(&mut self) -> io::Result<()> {
            self.session = None;
            let tcp = connect(&self.peer, self.patience)?;
            let tls =
                ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(|error| told(&error))?;
            let mut session = Session { tls, tcp };
            session.shake_hands(Instant::now() + self.patience)?;
            if session.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
                session.tcp.set_read_timeout(Some(REFUSAL.min(self.patience)))?;
                if session.tcp.peek(&mut [0]).is_ok() {
                    session.hear()?;
                }
            }
            self.session = Some(session);
            Ok(())
        }

        fn send(&mut self, message: &str) -> io::Result<()> {
            let session = self.session.as_mut().ok_or_else(closed)?;
            session.hear()?;
            session.tls.writer().write_all(frame(message).as_bytes())?;
            session.flush()
        }

        fn close(&mut self) -> io::Result<()> {
            let Some(mut session) = self.session.take() else { return Ok(()) };
            session.hear()?;
            session.tls.send_close_notify();
            session.flush()?;
            transport::finish(&session.tcp)
        }
    }

    impl Session {
        /// Done by `until`, however slowly the peer speaks.
        fn shake_hands(&mut self, until: Instant) -> io::Result<()> {
            while self.tls.is_handshaking() {
                self.flush()?;
                if !self.tls.is_handshaking() {
                    break;
                }
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes too long to agree on TLS"));
                }
                self.tcp.set_read_timeout(Some(left))?;
                let mut read = [0; 4096];
                match self.tcp.read(&mut read) {
                    Ok(0) => {
                        let words = "the peer closed instead of speaking TLS; check the port";
                        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, words));
                    }
                    Ok(length) => self.take(read.get(..length).unwrap_or_default())?,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            self.flush()
        }

        fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
            while !bytes.is_empty() {
                self.tls.read_tls(&mut bytes)?;
                if let Err(error) = self.tls.process_new_packets() {
                    // The peer is told why.
                    let _ = self.flush();
                    return Err(told(&error));
                }
                // A syslog peer says nothing; should it, that is thrown away.
                while self.tls.reader().read(&mut [0; 256]).is_ok_and(|length| length > 0) {}
            }
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            while self.tls.wants_write() {
                if self.tls.write_tls(&mut self.tcp)? == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
            }
            Ok(())
        }

        /// Fails when the peer has closed, or says that it will.
        fn hear(&mut self) -> io::Result<()> {
            let mut heard = [0_u8; 4096];
            loop {
                match recv(&self.tcp, &mut heard[..], RecvFlags::DONTWAIT) {
                    Ok((_, 0)) => return Err(closed()),
                    Ok((_, length)) => self.take(heard.get(..length).unwrap_or_default())?,
                    Err(Errno::AGAIN) => break,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let is_closed = self.tls.process_new_packets().map_err(|error| told(&error))?.peer_has_closed();
            if is_closed { Err(closed()) } else { Ok(()) }
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            self.tls.send_close_notify();
            let _ = self.tcp.set_write_timeout(Some(REFUSAL));
            let _ = self.flush();
        }
    }

    /// What is wrong, and what helps.
    fn told(error: &rustls::Error) -> io::Error {
        use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
        let remedy = match error {
            InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                "the peer's certificate is of no authority that is trusted; name the PEM file of its authority in authorities"
            }
            InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
                "the peer's certificate is for another name; write the name it is for in address"
            }
            InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => "the peer's certificate does not hold now; renew it, or check the clock of this machine",
            AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::AccessDenied
                | AlertDescription::HandshakeFailure,
            ) => "the peer does not take our certificate; set certificate and key to what it accepts",
            InvalidMessage(_) => "the peer does not speak TLS; check the port",
            _ => "no TLS with the peer",
        };
        io::Error::new(io::ErrorKind::InvalidData, format!("{remedy} ({error})"))
    }
}
