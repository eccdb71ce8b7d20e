//! `cargo xtask demo`: minewall at work between a host and an internet of namespaces, in half a minute.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use minewall_lab::addresses::{Family, GATEWAY_OUTSIDE_V4, HOST_V4};
use minewall_lab::login::{Ending, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{NameServer, Resolver, WebServer};
use minewall_lab::{Dialect, Lab, Minewall, why_not};
use serde_json::Value;

use crate::{build, install};

const SECONDS: Duration = Duration::from_secs(10);

/// A listed pool; in the lab its name leads to the lab's own internet.
const POOL: &str = "pool.supportxmr.com";

/// Installs, builds, shows, cleans up.
pub(crate) fn perform() -> Result<()> {
    install::packages(&[])?;
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let binary = build::minewall(false)?;
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _resolver = Resolver::start(&lab)?;
    let _web = WebServer::start(&lab)?;
    let pool = Pool::start(&lab, Options::default())?;
    println!(
        "host {HOST_V4} -- gateway with minewall, NAT to {GATEWAY_OUTSIDE_V4} -- internet with DNS, web and a pool\n"
    );

    println!("1. Without minewall the host mines:");
    println!("   {}", log_in(&lab, &pool)?);

    let mut minewall = Minewall::start(&lab, &binary, &configuration(&lab))?;
    println!("\n2. minewall runs on the gateway (process {}).", minewall.pid());

    println!("\n3. The web works:");
    show(
        &lab,
        "curl",
        &["-sS", "-o", "/dev/null", "-w", "HTTP %{http_code}, %{size_download} bytes\n", "http://www.example.org/"],
    )?;
    println!("\n4. The pool's name is refused:");
    show(&lab, "dig", &["+noall", "+comments", POOL])?;
    println!("\n5. A login by address is reset, and the pool hears nothing:");
    println!("   {}", log_in(&lab, &pool)?);

    println!("\n6. The records just written:");
    minewall.wait_record(|record| record["minewall"]["layer"] == "payload", SECONDS)?;
    for record in minewall.records()? {
        println!("{}", describe(&record));
    }
    let status = minewall.stop().context("minewall did not stop")?;
    println!("\n7. minewall stopped ({status}); the namespaces are removed.");
    Ok(())
}

fn configuration(lab: &Lab) -> String {
    format!(
        "mode = \"block\"\n[observer]\nname = \"gateway\"\n[runtime]\ndirectory = \"{}\"\n[[sink]]\ntype = \"file\"\npath = \"{}\"\nevents = [\"record\"]\nheld = true\n",
        lab.directory().join("run").display(),
        Minewall::records_file(lab).display(),
    )
}

/// What XMRig's login leads to.
fn log_in(lab: &Lab, pool: &Pool) -> Result<String> {
    let login = login_of("xmrig").context("the lab knows no XMRig login")?;
    let before = pool.sessions().len();
    let to = SocketAddr::new(Family::V4.internet(), Dialect::CryptoNote.port());
    let heard = login.talk(&lab.host, to, Manner::Lines, Duration::from_millis(600));
    let lines: usize = pool.sessions().iter().skip(before).map(|session| session.lines().len()).sum();
    let ending = match heard.ending {
        Ending::Reset => "the connection was reset",
        Ending::Open => "the connection stays open",
        _ => "the connection ended",
    };
    Ok(format!("login to {to}: {ending}; lines the pool received: {lines}, lines it sent: {}", heard.lines.len()))
}

/// Runs a command on the host and shows what it says.
fn show(lab: &Lab, program: &str, arguments: &[&str]) -> Result<()> {
    println!("   $ {program} {}", arguments.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    let output = lab.host.output(program, arguments, SECONDS)?;
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.is_empty()) {
        println!("   {line}");
    }
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// As it would be typed.
fn quoted(word: &str) -> String {
    if word.contains([' ', '\n', '%']) { format!("'{}'", word.escape_default()) } else { word.to_owned() }
}

fn describe(record: &Value) -> String {
    let text = |pointer| record.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
    format!(
        "   {}  {}  host {} ({})\n      {}\n      coin {}, wallet {}, worker {}, agent {}",
        text("/@timestamp"),
        text("/event/action"),
        text("/source/ip"),
        text("/source/mac"),
        text("/event/reason"),
        text("/minewall/coin"),
        text("/minewall/wallet"),
        text("/minewall/worker"),
        text("/minewall/agent"),
    )
}
