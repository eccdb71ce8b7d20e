//! Resolvers for encrypted DNS: counted, and on request written down or cut.

use super::*;
use crate::policy::CategoryAction;
use crate::wire::quic::tests::{SEAL, crypto_frame, hello};

/// The server name of the hellos here.
const NAME: &str = "example.com";

fn resolver_engine(action: CategoryAction, listed: &str) -> Engine {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("resolvers", Category::Resolver), listed);
    let categories = Categories { resolver: action, ..Categories::default() };
    let policy = Policy::new(Mode::Block, categories, DnsAnswer::Nxdomain, Inside::default(), Vec::new());
    let (lists, policy) = (Arc::new(builder.build()), Arc::new(policy));
    Engine::new(Settings { lists, policy, ..settings(Mode::Block, Vec::new()) }, 1024, Seed::from(7))
}

/// The hello in a record of TLS (RFC 8446 section 5.1).
fn tls() -> Vec<u8> {
    let hello = hello();
    [&[0x16, 3, 1][..], &(hello.len() as u16).to_be_bytes(), &hello].concat()
}

/// A hello over TCP and one over QUIC to this end.
fn greet(engine: &mut Engine, far: &str) -> [Outcome; 2] {
    let (host, far) = ("10.0.0.5:40000".parse().unwrap(), far.parse().unwrap());
    let quic = udp::packet(host, far, &SEAL.seal(&crypto_frame(0, &hello()))).unwrap();
    [give(engine, &segment(host, far, 77, DATA, &tls())), give(engine, &quic)]
}

#[test]
fn ignored_resolvers_are_counted_and_pass() {
    for (listed, far, tls, https) in [
        (NAME, "203.0.113.9:853", 1, 0),
        (NAME, "203.0.113.9:443", 0, 1),
        ("203.0.113.9:443", "203.0.113.9:443", 0, 1),
        ("", "203.0.113.9:853", 1, 0),
    ] {
        let mut engine = resolver_engine(CategoryAction::Ignore, listed);
        for outcome in greet(&mut engine, far) {
            assert!(outcome.verdict == Verdict::Clear && outcome.record.is_none(), "{listed} {far}");
        }
        let counters = engine.counters();
        let counted = (counters.dns_over_tls, counters.dns_over_https, counters.dns_over_quic);
        assert_eq!(counted, (tls, https, 1), "{listed} {far}");
        assert_eq!(counters.findings(), 0);
    }
}

#[test]
fn other_servers_are_no_resolvers() {
    for listed in ["other.test", "203.0.113.9:853"] {
        let mut engine = resolver_engine(CategoryAction::Block, listed);
        for outcome in greet(&mut engine, "203.0.113.9:443") {
            assert!(outcome.verdict == Verdict::Clear && outcome.record.is_none());
        }
        let counters = engine.counters();
        assert_eq!((counters.dns_over_tls, counters.dns_over_https, counters.dns_over_quic), (0, 0, 0));
    }
}

#[test]
fn on_request_resolvers_are_cut_or_written_down() {
    for (listed, far, rule, layer) in [
        (NAME, "203.0.113.9:443", NAME, Layer::Sni),
        ("203.0.113.9:443", "203.0.113.9:443", "203.0.113.9:443", Layer::Address),
        ("", "203.0.113.9:853", "port 853", Layer::Address),
    ] {
        let cut = (CategoryAction::Block, Verdict::Cut, Action::Blocked);
        for (action, verdict, done) in [cut, (CategoryAction::Observe, Verdict::Clear, Action::Observed)] {
            for outcome in greet(&mut resolver_engine(action, listed), far) {
                assert_eq!(outcome.verdict, verdict, "{listed}");
                let record = outcome.record.unwrap();
                assert_eq!((&*record.finding.rule, record.finding.layer, record.action), (rule, layer, done));
                assert_eq!(record.finding.subject.as_str(), "resolver");
                assert_eq!(record.server_name.as_deref(), Some(NAME));
                assert_eq!(record.source.ip.to_string(), "10.0.0.5");
            }
        }
    }
}

#[test]
fn what_is_no_tls_on_the_port_of_dns_over_tls_is_not_taken_for_it() {
    let mut engine = resolver_engine(CategoryAction::Block, "");
    let (host, far) = ("10.0.0.5:40000".parse().unwrap(), "203.0.113.9:853".parse().unwrap());
    assert!(give(&mut engine, &segment(host, far, 77, DATA, b"SSH-2.0-x\r\n")).record.is_none());
    assert!(give(&mut engine, &udp::packet(host, far, b"\x01 else").unwrap()).record.is_none());
    assert_eq!(engine.counters().dns_over_tls + engine.counters().dns_over_quic, 0);
}
