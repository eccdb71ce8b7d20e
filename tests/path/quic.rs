//! Server names of a real QUIC client (quinn) on its way to a real server.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_MAC};
use minewall_lab::{Lab, Minewall, Namespace, kernel, ready};
use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::pem::PemObject as _;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use quinn::{ClientConfig, Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig};

use super::{LIMIT, mac_in_records, must, start, text_at};

const LISTED: [&str; 2] = ["pool.supportxmr.com", "EU.xmr.2Miners.com"];
const FINE: &str = "www.example.org";

/// How long a client tries that is to be cut: it does not listen to ICMP, as others do.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is sent there and back where it passes.
const ECHOED: usize = 300_000;

/// A certificate for every name of these tests, which is its own root.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn make(lab: &Lab) -> Result<Self> {
        let at = |name: &str| lab.directory().join(name).display().to_string();
        let (certificate, key) = (at("quic.pem"), at("quic.key"));
        let names = format!("subjectAltName=DNS:{FINE},DNS:{},DNS:{}", LISTED[0], LISTED[1].to_ascii_lowercase());
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab";
        let more =
            ["-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate];
        must(&lab.gateway, "openssl", &words.split(' ').chain(more).collect::<Vec<_>>())?;
        Ok(Self { certificate: CertificateDer::from_pem_file(certificate)?, key: PrivateKeyDer::from_pem_file(key)? })
    }

    /// A client that gives up after so long.
    fn client(&self, patience: Duration) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let mut config = ClientConfig::with_root_certificates(Arc::new(roots))?;
        let mut transport = TransportConfig::default();
        transport.max_idle_timeout(Some(IdleTimeout::try_from(patience)?));
        config.transport_config(Arc::new(transport));
        Ok(config)
    }

    fn server(&self) -> Result<ServerConfig> {
        Ok(ServerConfig::with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?)
    }
}

/// An endpoint on a socket made in `namespace`.
fn endpoint(namespace: &Namespace, at: SocketAddr, server: Option<ServerConfig>) -> Result<Endpoint> {
    let socket = namespace.run(|| UdpSocket::bind(at))?;
    Ok(Endpoint::new(EndpointConfig::default(), server, socket, Arc::new(TokioRuntime))?)
}

/// Who came to servers: one that waits too long asks twice.
type Guests = Arc<Mutex<BTreeSet<(u16, SocketAddr)>>>;

/// Echoes streams for ever; asks every client for a token first (RFC 9000 section 8.1.2). Notes those who came.
async fn serve(endpoint: Endpoint, came: Guests) {
    let port = endpoint.local_addr().map_or(0, |address| address.port());
    while let Some(incoming) = endpoint.accept().await {
        if !incoming.remote_address_validated() {
            came.lock().unwrap().insert((port, incoming.remote_address()));
            _ = incoming.retry();
            continue;
        }
        let Ok(connection) = incoming.await else { continue };
        tokio::spawn(async move {
            while let Ok((mut sender, mut receiver)) = connection.accept_bi().await {
                let Ok(said) = receiver.read_to_end(ECHOED).await else { return };
                _ = sender.write_all(&said).await;
                _ = sender.finish();
            }
        });
    }
}

/// Sends [`ECHOED`] bytes under a server name, and gets them back.
async fn echo(client: &Endpoint, server: SocketAddr, name: &str) -> Result<()> {
    let connection = client.connect(server, name)?.await?;
    let (mut sender, mut receiver) = connection.open_bi().await?;
    let text: Vec<u8> = (0..ECHOED).map(|index| index as u8).collect();
    sender.write_all(&text).await?;
    sender.finish()?;
    assert!(receiver.read_to_end(ECHOED).await? == text, "what came back is what was sent");
    connection.close(0_u8.into(), b"");
    Ok(())
}

fn any(family: Family) -> SocketAddr {
    SocketAddr::new(if family == Family::V4 { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) }, 0)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn check_record(minewall: &Minewall, family: Family, name: &str, port: u16) -> Result<()> {
    let record = minewall.wait_record(
        |record| {
            text_at(record, "/tls/client/server_name").eq_ignore_ascii_case(name)
                && text_at(record, "/source/ip") == family.host().to_string()
                && record["destination"]["port"] == port
        },
        LIMIT,
    )?;
    assert_eq!(record["minewall"]["layer"], "sni", "{record}");
    assert_eq!(record["event"]["action"], "blocked", "{record}");
    assert_eq!(record["network"]["protocol"], "quic", "{record}");
    assert_eq!(record["network"]["transport"], "udp", "{record}");
    assert_eq!(record["source"]["mac"], mac_in_records(HOST_MAC), "{record}");
    assert_eq!(text_at(&record, "/destination/ip"), family.internet().to_string(), "{record}");
    Ok(())
}

#[test]
fn a_listed_quic_server_name_is_cut_and_another_passes() -> Result<()> {
    if !ready("a_listed_quic_server_name_is_cut_and_another_passes") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let identity = Identity::make(&lab)?;
    let minewall = start(&lab, "block", "")?;
    let came = Guests::default();
    let (mut passed, mut connections) = (0, Vec::new());
    runtime()?.block_on(async {
        for family in Family::BOTH {
            for port in [443, 853] {
                let server = SocketAddr::new(family.internet(), port);
                let serving = endpoint(&lab.internet, server, Some(identity.server()?))?;
                tokio::spawn(serve(serving, Arc::clone(&came)));
                for name in LISTED {
                    let mut client = endpoint(&lab.host, any(family), None)?;
                    client.set_default_client_config(identity.client(PATIENCE)?);
                    let error = echo(&client, server, name).await.expect_err("a listed name passed");
                    assert!(error.to_string().contains("timed out"), "{name}: {error}");
                    check_record(&minewall, family, name, port)?;
                }
                let mut client = endpoint(&lab.host, any(family), None)?;
                client.set_default_client_config(identity.client(LIMIT)?);
                echo(&client, server, FINE).await.with_context(|| format!("{server}"))?;
                passed += 1;
                if family == Family::V4 && port == 443 {
                    // The kernel forgets it after half a minute.
                    connections = kernel::connections_to(&lab.gateway, family.internet(), port)?;
                }
            }
        }
        anyhow::Ok(())
    })?;
    assert_eq!(came.lock().unwrap().len(), passed, "no server heard of a listed name: {came:?}");
    assert_eq!(minewall.records()?.len(), Family::BOTH.len() * 2 * LISTED.len(), "one record a cut connection");
    let settled = |mark: u32| connections.iter().filter(|line| line.contains(&format!("mark={mark}"))).count();
    assert_eq!(
        (settled(0x1000_0000), connections.len()),
        (1, 1),
        "what is cut at once is not tracked: {connections:?}"
    );
    Ok(())
}

/// The first datagrams of a client that asks for this name.
fn first_datagram(identity: &Identity, name: &str) -> Result<Vec<u8>> {
    let listener = UdpSocket::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    runtime()?.block_on(async {
        let mut client = Endpoint::client("127.0.0.1:0".parse()?)?;
        client.set_default_client_config(identity.client(PATIENCE)?);
        let _connecting = client.connect(at, name)?;
        let listener = tokio::net::UdpSocket::from_std(listener)?;
        let mut datagram = vec![0; 2000];
        let length = tokio::time::timeout(LIMIT, listener.recv(&mut datagram)).await??;
        datagram.truncate(length);
        Ok(datagram)
    })
}

/// Sends a datagram from a connected socket, which hears of ICMP, until something is heard.
fn heard(lab: &Lab, family: Family, datagram: &[u8], wait: Duration) -> Result<Option<ErrorKind>> {
    let socket = lab.host.run(|| UdpSocket::bind(any(family)))?;
    socket.set_read_timeout(Some(wait))?;
    socket.connect((family.internet(), 443))?;
    socket.send(datagram)?;
    Ok(socket.recv(&mut [0; 2000]).err().map(|error| error.kind()))
}

#[test]
fn the_client_is_told_at_once_or_not_at_all() -> Result<()> {
    if !ready("the_client_is_told_at_once_or_not_at_all") {
        return Ok(());
    }
    told_or_not(Lab::new)
}

#[test]
fn over_a_bridge_the_client_is_told_at_once_or_not_at_all() -> Result<()> {
    if !ready("over_a_bridge_the_client_is_told_at_once_or_not_at_all") {
        return Ok(());
    }
    told_or_not(Lab::bridged)
}

fn told_or_not(lab: fn() -> Result<Lab>) -> Result<()> {
    let quiet = Duration::from_millis(700);
    for (action, expected, wait) in
        [("reset", ErrorKind::ConnectionRefused, LIMIT), ("drop", ErrorKind::WouldBlock, quiet)]
    {
        let lab = lab()?;
        let identity = Identity::make(&lab)?;
        let datagram = first_datagram(&identity, LISTED[0])?;
        let minewall = start(&lab, "block", &format!("[tcp]\naction = \"{action}\"\n"))?;
        for family in Family::BOTH {
            let sink = lab.internet.run(|| UdpSocket::bind((family.internet(), 443)))?;
            sink.set_read_timeout(Some(quiet))?;
            assert_eq!(heard(&lab, family, &datagram, wait)?, Some(expected), "{action} {family:?}");
            check_record(&minewall, family, LISTED[0], 443)?;
            assert!(sink.recv(&mut [0; 2000]).is_err(), "nothing passed");
            // What is no QUIC passes.
            assert_eq!(heard(&lab, family, b"\x01 something else", quiet)?, Some(ErrorKind::WouldBlock));
            assert_eq!(sink.recv(&mut [0; 2000])?, 16);
        }
    }
    Ok(())
}
