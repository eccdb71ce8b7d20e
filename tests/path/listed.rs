//! TLS server names and addresses on lists.

use std::net::IpAddr;

use anyhow::Result;
use minewall_lab::addresses::Family;
use minewall_lab::service::{PAGE, WebServer};
use minewall_lab::{Lab, Minewall, Namespace, ready, until};

use super::{LIMIT, bracketed, curl, start, text_at, words};

/// Fetches `https://NAME:PORT/` from `address`; the page, or curl's exit code and words.
pub(super) fn fetch(
    host: &Namespace,
    name: &str,
    address: IpAddr,
    port: u16,
) -> Result<std::result::Result<String, (i32, String)>> {
    let (resolve, url) = (format!("{name}:{port}:{}", bracketed(address)), format!("https://{name}:{port}/"));
    let output = host.output("curl", &["-sS", "-k", "--max-time", "20", "--resolve", &resolve, &url], LIMIT)?;
    Ok(match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        code => Err((code.unwrap_or(-1), words(&output))),
    })
}

/// curl's exit code for a connection that was reset while TLS was set up, and for one reset later.
pub(super) const RESET: [i32; 2] = [35, 56];

/// curl's exit code for a connection that was not let begin.
pub(super) const REFUSED: i32 = 7;

#[test]
fn a_listed_server_name_is_cut_and_no_other() -> Result<()> {
    if !ready("a_listed_server_name_is_cut_and_no_other") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let web = WebServer::start(&lab)?;
    let minewall = start(&lab, "block", "")?;
    for family in Family::BOTH {
        for name in ["xmr.2miners.com", "pool.supportxmr.com", "EU.xmr.2Miners.com"] {
            let (code, said) = fetch(&lab.host, name, family.internet(), 443)?.expect_err("a listed name passed");
            assert!(RESET.contains(&code), "{name} {family:?}: {code} {said}");
            let lower = name.to_ascii_lowercase();
            let record = minewall.wait_record(
                |record| {
                    text_at(record, "/tls/client/server_name").eq_ignore_ascii_case(&lower)
                        && text_at(record, "/source/ip") == family.host().to_string()
                },
                LIMIT,
            )?;
            assert_eq!(record["minewall"]["layer"], "sni", "{record}");
            assert_eq!(record["event"]["action"], "blocked", "{record}");
            assert_eq!(record["network"]["protocol"], "tls", "{record}");
            assert_eq!(text_at(&record, "/destination/ip"), family.internet().to_string(), "{record}");
            assert_eq!(record["destination"]["port"], 443, "{record}");
            assert!(text_at(&record, "/destination/domain").eq_ignore_ascii_case(name), "{record}");
        }
        for name in ["www.example.org", "2miners.com.example.org", "not2miners.com"] {
            assert_eq!(fetch(&lab.host, name, family.internet(), 443)?, Ok(PAGE.to_owned()), "{name} {family:?}");
        }
    }
    // nginx writes a request down behind its answer.
    until(LIMIT, || (web.log().matches("GET / ").count() >= 6).then_some(()));
    assert_eq!(web.log().matches("GET / ").count(), 6, "only unlisted names reach the server: {}", web.log());
    assert_eq!(minewall.records()?.len(), 6, "one record a cut connection");
    Ok(())
}

#[test]
fn the_web_site_of_a_pool_is_written_down_and_passes() -> Result<()> {
    if !ready("the_web_site_of_a_pool_is_written_down_and_passes") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let minewall = start(&lab, "block", "")?;
    for family in Family::BOTH {
        assert_eq!(fetch(&lab.host, "supportxmr.com", family.internet(), 443)?, Ok(PAGE.to_owned()), "{family:?}");
        let record =
            minewall.wait_record(|record| text_at(record, "/source/ip") == family.host().to_string(), LIMIT)?;
        assert_eq!(record["event"]["action"], "observed", "{record}");
        assert_eq!(record["minewall"]["category"], "pool-site", "{record}");
    }
    Ok(())
}

#[test]
fn a_listed_address_is_cut_at_its_port_only() -> Result<()> {
    if !ready("a_listed_address_is_cut_at_its_port_only") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    // Of real hosters; within the lab they belong to its own web server.
    let addresses: [IpAddr; 2] = ["94.23.23.52".parse()?, "2a01:4f8:c0c::52".parse()?];
    for address in addresses {
        lab.add_internet_address(address)?;
    }
    let list = lab.directory().join("own.list");
    std::fs::write(&list, format!("{}:80\n{}:80\n", addresses[0], bracketed(addresses[1])))?;
    let more = format!("[[lists.file]]\nname = \"own\"\npath = {list:?}\ncategory = \"custom\"\n");
    let minewall = start(&lab, "block", &more)?;
    check_tally(&minewall);
    for (family, address) in Family::BOTH.into_iter().zip(addresses) {
        let output = lab.host.output("curl", &["-sS", "--max-time", "20", &super::url(address, "")], LIMIT)?;
        assert_eq!(output.status.code(), Some(REFUSED), "{}", words(&output));
        let record = minewall.wait_record(|record| text_at(record, "/destination/ip") == address.to_string(), LIMIT)?;
        assert_eq!(record["minewall"]["layer"], "address", "{record}");
        assert_eq!(record["minewall"]["category"], "custom", "{record}");
        assert_eq!(record["rule"]["ruleset"], "own", "{record}");
        assert_eq!(record["event"]["action"], "blocked", "{record}");
        assert_eq!(record["destination"]["port"], 80, "{record}");
        assert_eq!(text_at(&record, "/source/ip"), family.host().to_string(), "{record}");
        assert_eq!(fetch(&lab.host, "www.example.org", address, 443)?, Ok(PAGE.to_owned()), "port 443 is not listed");
        assert_eq!(curl(&lab.host, &[&super::url(family.internet(), "")])?, PAGE, "another address");
    }
    assert_eq!(minewall.records()?.len(), 2);
    Ok(())
}

/// Nothing of the own list was refused when it was read.
fn check_tally(minewall: &Minewall) {
    assert!(!minewall.log().contains("entries taken"), "{}", minewall.log());
}
