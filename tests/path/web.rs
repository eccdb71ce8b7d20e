//! What must pass while mining is cut.

use anyhow::Result;
use minewall_lab::addresses::{Family, ONLY};
use minewall_lab::service::{BIG_BYTES, NameServer, PAGE, Resolver, WebServer};
use minewall_lab::{Lab, ready, until};

use super::{LIMIT, bracketed, curl, must, start, url};

#[test]
fn pages_pass_by_name_and_by_address() -> Result<()> {
    if !ready("pages_pass_by_name_and_by_address") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _resolver = Resolver::start(&lab)?;
    let web = WebServer::start(&lab)?;
    let minewall = start(&lab, "block", "")?;
    for (family, flag) in [(Family::V4, "-4"), (Family::V6, "-6")] {
        let secure = format!("https://{}/", bracketed(family.internet()));
        for arguments in [
            &[flag, "http://www.example.org/"][..],
            &[flag, "-k", "https://www.example.org/"],
            &[&url(family.internet(), "")],
            &["-k", &secure],
        ] {
            assert_eq!(curl(&lab.host, arguments)?, PAGE, "{arguments:?}");
        }
        // nginx writes a request down behind its answer.
        let client = format!("{} - - ", family.gateway_outside());
        assert!(until(LIMIT, || web.log().contains(&client).then_some(())).is_some(), "NAT was in force");
    }
    assert_eq!(minewall.records()?.len(), 0, "records of an innocent host");
    Ok(())
}

#[test]
fn a_big_file_arrives_as_it_was_sent() -> Result<()> {
    if !ready("a_big_file_arrives_as_it_was_sent") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    // Not zeros: a swapped or repeated piece must show.
    let file = lab.directory().join("nginx/www/random");
    must(&lab.host, "openssl", &["rand", "-out", &file.to_string_lossy(), &BIG_BYTES.to_string()])?;
    let sum = |file: &std::path::Path| must(&lab.host, "sha256sum", &[&file.to_string_lossy()]);
    let sent = sum(&file)?;
    let features = must(&lab.host, "ethtool", &["-k", ONLY])?;
    assert!(features.contains("generic-segmentation-offload: on"), "{features}");
    let minewall = start(&lab, "block", "")?;
    for family in Family::BOTH {
        let got = lab.directory().join(format!("got-{family:?}"));
        curl(&lab.host, &["-o", &got.to_string_lossy(), &url(family.internet(), "random")])?;
        assert_eq!(sum(&got)?[..64], sent[..64], "{family:?}");
        // And up: the host's own big segments.
        let up = ["-sS", "--max-time", "20", "-X", "POST", "--data-binary", &format!("@{}", got.display())];
        let answer = lab.host.output("curl", &[&up[..], &[&url(family.internet(), "")]].concat(), LIMIT)?;
        assert!(answer.status.success(), "{answer:?}");
    }
    assert_eq!(minewall.records()?.len(), 0);
    Ok(())
}
