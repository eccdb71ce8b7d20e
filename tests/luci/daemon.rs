//! Pages of a real daemon in the lab, which sees a login of a host with a hostile name. With `MINEWALL_BLESS` set, what it says
//! of itself is recorded for the pages of `pages`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_MAC};
use minewall_lab::login::{Ending, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, Minewall, ready, until};
use serde_json::{Value, json};

use super::acl::Acl;
use super::browser::Browser;
use super::router::Router;
use super::uci::Uci;
use crate::path::{LIMIT, QUIET, binary, configuration, pool_at, start};

/// A router whose commands ask the daemon of the lab.
fn router(lab: &Lab, config: &Path) -> Router {
    let (gateway, config) = (lab.gateway.name().to_owned(), config.display().to_string());
    let runs = move |words: &[String]| {
        let arguments =
            words[1..].iter().map(|word| if word == "/var/etc/minewall/minewall.toml" { &config } else { word });
        Command::new("ip").args(["netns", "exec", &gateway]).arg(binary()).args(arguments).output().unwrap()
    };
    let uci = Uci::new(&[("minewall", "global", json!({ "enabled": "1", "mode": "observe" }))]);
    Router::start(Acl::of_app(true), "en", uci, Box::new(runs))
}

/// What a command says of the daemon, as one object.
fn ask(lab: &Lab, config: &Path, command: &str) -> Result<Value> {
    let program = binary().to_str().context("a path")?;
    let config = config.to_str().context("a path")?;
    let told = lab.gateway.output(program, &[command, "--format", "json", "-c", config], LIMIT)?;
    serde_json::from_slice(&told.stdout).with_context(|| format!("{told:?}"))
}

/// Keeps the status for the made up pages, if it is to be blessed.
fn record(status: &Value) -> Result<()> {
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/luci/recorded/status.json");
        fs::write(path, format!("{status}\n"))?;
    }
    Ok(())
}

#[test]
fn pages_show_what_a_real_daemon_sees_and_pause_it() -> Result<()> {
    if !ready("pages_show_what_a_real_daemon_sees_and_pause_it") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    // A lease as dnsmasq writes it: the name is what the host says it is called.
    let leases = lab.directory().join("leases");
    fs::write(&leases, format!("4102444800 {HOST_MAC} {} <img/src=x> *\n", Family::V4.host()))?;
    let more = format!("[identity]\nusual = false\ndnsmasq = [{leases:?}]\n");
    let mut minewall: Minewall = start(&lab, "block", &more)?;
    let config = lab.directory().join("asks.toml");
    fs::write(&config, configuration(&lab, "block", &more))?;
    let login = login_of("xmrig").context("xmrig")?;
    let heard = login.talk(&lab.host, pool_at(Family::V4, login.dialect), Manner::Lines, LIMIT);
    assert_eq!(heard.ending, Ending::Reset, "{heard:?}");

    let router = router(&lab, &config);
    let mut browser = Browser::start(lab.directory());
    browser.size(1280, 900);
    let seen = until(LIMIT, || {
        browser.open(&router.page("incidents"));
        browser.text("document.body.innerText").contains("<img/src=x>").then_some(())
    });
    seen.with_context(|| minewall.log())?;
    browser.click("#mw-incidents button");
    browser.wait("document.querySelector('.modal').innerText.includes('XMR')");
    browser.open(&router.page("overview"));
    browser.wait("document.body.innerText.includes('Cuts mining')");
    browser.wait(
        "!document.querySelector('#mw-doctor .spinning') && document.querySelector('#mw-doctor').children.length",
    );
    assert!(!browser.text("document.getElementById('mw-doctor').innerText").contains("cannot be told"));
    assert_eq!(browser.run("document.querySelectorAll('#maincontent img, .modal img').length"), 0);
    record(&ask(&lab, &config, "status")?)?;

    browser.click("#mw-pause");
    browser.run("document.getElementById('mw-pause-time').value = '1h'");
    browser.click("#mw-pause-do");
    browser.wait("document.getElementById('mw-resume')");
    let status = ask(&lab, &config, "status")?;
    assert_eq!(status["paused"]["reason"], "LuCI", "{status}");
    let left = status["paused"]["until"].as_i64().context("a time")?
        - status["time_us"].as_i64().context("a time")? / 1_000_000;
    assert!((3_000..=3_601).contains(&left), "{status}");
    let heard = login.talk(&lab.host, pool_at(Family::V4, login.dialect), Manner::Lines, QUIET);
    assert_ne!(heard.ending, Ending::Reset, "it is paused: {heard:?}");
    browser.click("#mw-resume");
    browser.wait("document.getElementById('mw-pause') && document.body.innerText.includes('Cuts mining')");
    assert_eq!(ask(&lab, &config, "status")?["paused"], Value::Null);
    assert_eq!(router.refused(), Vec::<String>::new());
    let doctor = ask(&lab, &config, "doctor")?;
    let results = doctor["results"].as_array().context("results")?;
    for result in results {
        let texts = ["what", "state", "seen"].map(|field| result[field].is_string());
        assert!(texts == [true; 3] && (result["remedy"].is_null() || result["remedy"].is_string()), "{result}");
    }
    assert!(!results.is_empty(), "{doctor}");

    assert!(minewall.stop()?.success());
    browser.open(&router.page("overview"));
    browser.wait("document.body.innerText.includes('Not running')");
    browser.open(&router.page("incidents"));
    browser.wait("document.body.innerText.includes('no minewall runs here')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    Ok(())
}
