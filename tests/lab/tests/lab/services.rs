//! The web and names, through the gateway.

use anyhow::Result;
use minewall_lab::addresses::{Family, HOST_V4, INTERNET_V4, INTERNET_V6};
use minewall_lab::service::{BIG_BYTES, NameServer, PAGE, Resolver, WebServer};
use minewall_lab::{Lab, ready};

use crate::{curl, dig};

#[test]
fn the_web_works_by_name_and_address_over_both_families() -> Result<()> {
    if !ready("the_web_works_by_name_and_address_over_both_families") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _resolver = Resolver::start(&lab)?;
    let web = WebServer::start(&lab)?;
    assert_eq!(curl(&lab.host, &[&format!("http://{INTERNET_V4}/")])?, PAGE);
    assert_eq!(curl(&lab.host, &[&format!("http://[{INTERNET_V6}]/")])?, PAGE);
    for family in ["-4", "-6"] {
        assert_eq!(curl(&lab.host, &[family, "http://www.example.org/"])?, PAGE);
        assert_eq!(curl(&lab.host, &[family, "-k", "https://www.example.org/"])?, PAGE);
        let size = ["-o", "/dev/null", "-w", "%{size_download}"];
        let big = curl(&lab.host, &[&[family, "http://www.example.org/big"], &size[..]].concat())?;
        assert_eq!(big, BIG_BYTES.to_string());
    }
    let log = web.log();
    for family in Family::BOTH {
        assert!(log.contains(&format!("{} - - ", family.gateway_outside())), "no NAT address in {log}");
        assert!(!log.contains(&format!("{} - - ", family.host())), "the inside address shows in {log}");
    }
    Ok(())
}

#[test]
fn names_resolve_directly_and_through_the_gateway() -> Result<()> {
    if !ready("names_resolve_directly_and_through_the_gateway") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let resolver = Resolver::start(&lab)?;
    for family in Family::BOTH {
        for server in [family.internet(), family.gateway_inside()] {
            for transport in ["+notcp", "+tcp"] {
                for name in ["pool.supportxmr.com", "xmr.2miners.com", "www.example.org", "www.test"] {
                    let ask = |kind| dig(&lab.host, &server.to_string(), &["+short", transport, name, kind]);
                    assert_eq!(ask("A")?.trim(), INTERNET_V4.to_string(), "{server} {transport} {name}");
                    assert_eq!(ask("AAAA")?.trim(), INTERNET_V6.to_string(), "{server} {transport} {name}");
                }
                let absent = dig(&lab.host, &server.to_string(), &[transport, "absent.test", "A"])?;
                assert!(absent.contains("status: NXDOMAIN"), "{absent}");
            }
        }
    }
    let https = dig(&lab.host, &INTERNET_V4.to_string(), &["+short", "pool.supportxmr.com", "TYPE65"])?;
    assert!(https.starts_with('1') || https.contains("\\#"), "{https}");
    let log = resolver.log();
    assert!(log.contains(&format!("query[A] pool.supportxmr.com from {HOST_V4}")), "{log}");
    Ok(())
}
