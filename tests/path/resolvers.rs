//! Resolvers for encrypted DNS: let pass, or refused on request.

use anyhow::Result;
use minewall_lab::addresses::Family;
use minewall_lab::service::WebServer;
use minewall_lab::{Lab, ready};

use super::listed::{RESET, fetch};
use super::{LIMIT, must, start, text_at};

/// The web server of the internet answers on the port of DNS over TLS too.
fn lab() -> Result<Lab> {
    let lab = Lab::new()?;
    for program in ["iptables", "ip6tables"] {
        let words = "-w -t nat -A PREROUTING -p tcp --dport 853 -j REDIRECT --to-ports 443";
        must(&lab.internet, program, &words.split(' ').collect::<Vec<_>>())?;
    }
    Ok(lab)
}

#[test]
fn encrypted_dns_passes_and_is_refused_on_request() -> Result<()> {
    if !ready("encrypted_dns_passes_and_is_refused_on_request") {
        return Ok(());
    }
    let lab = lab()?;
    let _web = WebServer::start(&lab)?;
    let mut minewall = start(&lab, "block", "")?;
    let cases = [("dns.google", 443), ("dns.google", 853), ("www.example.org", 853)];
    for family in Family::BOTH {
        for (name, port) in cases {
            assert!(fetch(&lab.host, name, family.internet(), port)?.is_ok(), "{name} {port}");
        }
    }
    assert!(minewall.records()?.is_empty());
    minewall.stop()?;

    let minewall = start(&lab, "block", "[category]\nresolver = \"block\"\n")?;
    for family in Family::BOTH {
        for (name, port) in cases {
            let (code, said) = fetch(&lab.host, name, family.internet(), port)?.expect_err("a resolver passed");
            assert!(RESET.contains(&code), "{name} {port}: {code} {said}");
            let is_it = |record: &serde_json::Value| {
                text_at(record, "/tls/client/server_name") == name
                    && record["destination"]["port"] == port
                    && text_at(record, "/source/ip") == family.host().to_string()
            };
            let record = minewall.wait_record(is_it, LIMIT)?;
            assert_eq!(record["minewall"]["category"], "resolver", "{record}");
            assert_eq!(record["event"]["action"], "blocked", "{record}");
        }
        assert!(fetch(&lab.host, "www.example.org", family.internet(), 443)?.is_ok());
    }
    Ok(())
}
