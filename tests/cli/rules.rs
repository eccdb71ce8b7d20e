//! `minewall rules print`: the text is what is loaded, and the programs that load it take it.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use minewall_lab::{Lab, Minewall, Namespace, kernel, ready, skipped};

use super::program::{BINARY, Files, minewall};

/// Runs a program in the namespace with this text on its standard input.
fn feed(namespace: &Namespace, program: &str, arguments: &[&str], text: &str) -> Output {
    let mut command = namespace.command(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The two texts for `iptables-restore` and `ip6tables-restore`.
fn families(text: &str) -> (&str, &str) {
    let text = text.strip_prefix("# iptables-restore --noflush\n").unwrap();
    text.split_once("# ip6tables-restore --noflush\n").unwrap()
}

fn print(arguments: &[&str]) -> String {
    let ran = minewall(&[&["rules", "print"], arguments].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

#[test]
fn the_configuration_is_followed() {
    let files = Files::new();
    let config = files.write(
        "c.toml",
        "[queue]\nfirst = 900\ncount = 3\nfail = \"closed\"\n[kernel]\nbackend = \"nft\"\nmark = \"0x00000300\"\n\
         [tcp]\naction = \"drop\"\n",
    );
    let nft = print(&["-c", &config]);
    assert!(nft.contains("table inet minewall {"), "{nft}");
    assert!(nft.contains("queue to 900-902") && nft.contains("0x00000300"), "{nft}");
    assert!(!nft.contains("bypass") && !nft.contains("reject"), "{nft}");
    let iptables = print(&["-c", &config, "--backend", "iptables"]);
    assert!(iptables.contains("--queue-balance 900:902") && iptables.contains("/0x300"), "{iptables}");
    assert!(!iptables.contains("--queue-bypass") && !iptables.contains("REJECT"), "{iptables}");
    let plain = print(&["--backend", "nft"]);
    assert!(plain.contains("flags bypass to 4700") && plain.contains("reject with tcp reset"), "{plain}");
    assert_eq!(print(&["--backend", "nft"]), plain);
}

#[test]
fn a_bad_configuration_or_backend_is_told() {
    let files = Files::new();
    let config = files.write("c.toml", "[queue]\ncount = 65\n");
    let ran = minewall(&["rules", "print", "-c", &config]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("line 2") && ran.err.contains("queue.count"), "{}", ran.err);
    let ran = minewall(&["rules", "print", "--backend", "pf"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("iptables, nft"), "{}", ran.err);
}

#[test]
fn nft_and_iptables_take_the_text() {
    if !ready("nft_and_iptables_take_the_text") {
        return;
    }
    let lab = Lab::new().unwrap();
    let before = kernel::rules(&lab.gateway).unwrap();
    let probe = "table inet probe { chain probe { type filter hook input priority 0; queue to 0; } }\n";
    if feed(&lab.gateway, "nft", &["-c", "-f", "-"], probe).status.success() {
        let output = feed(&lab.gateway, "nft", &["-c", "-f", "-"], &print(&["--backend", "nft"]));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    } else {
        skipped("the nft part of nft_and_iptables_take_the_text", "this kernel has no queue expression for nft");
    }
    let text = print(&["--backend", "iptables"]);
    let (four, six) = families(&text);
    for (program, text) in [("iptables-restore", four), ("ip6tables-restore", six)] {
        let output = feed(&lab.gateway, program, &["--noflush", "--test"], text);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(kernel::rules(&lab.gateway).unwrap(), before, "testing changes nothing");
}

/// The lines about our chains, of all tables, in the kernel's words.
fn own(rules: &str) -> Vec<&str> {
    rules.lines().filter(|line| line.contains("MINEWALL_")).collect()
}

#[test]
fn what_is_printed_is_what_is_loaded() {
    if !ready("what_is_printed_is_what_is_loaded") {
        return;
    }
    let lab = Lab::new().unwrap();
    let runtime = lab.directory().join("runtime");
    let text = format!("kernel.backend = \"iptables\"\nqueue.count = 2\nruntime.directory = {runtime:?}\n");
    let files = Files::new();
    let printed = print(&["-c", &files.write("c.toml", &text)]);
    let (four, six) = families(&printed);
    let mut minewall = Minewall::start(&lab, Path::new(BINARY), &text).unwrap();
    let loaded = kernel::rules(&lab.gateway).unwrap();
    minewall.stop().unwrap();
    // The printed text, loaded by hand elsewhere: the kernel words both the same way.
    for (program, text) in [("iptables-restore", four), ("ip6tables-restore", six)] {
        let output = feed(&lab.host, program, &["--noflush"], text);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let by_hand = kernel::rules(&lab.host).unwrap();
    assert_eq!(own(&loaded.iptables), own(&by_hand.iptables));
    assert_eq!(own(&loaded.ip6tables), own(&by_hand.ip6tables));
    assert!(own(&loaded.iptables).len() > 20 && own(&loaded.ip6tables).len() > 20);
    assert_eq!(own(&kernel::rules(&lab.gateway).unwrap().iptables), [""; 0]);
}

#[test]
fn auto_prints_what_the_kernel_can_do() {
    if !ready("auto_prints_what_the_kernel_can_do") {
        return;
    }
    let lab = Lab::new().unwrap();
    let output = lab.gateway.output(BINARY, &["rules", "print"], Duration::from_secs(20)).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let named = ["nft", "iptables"].map(|backend| print(&["--backend", backend]));
    assert!(named.contains(&text), "{text}");
}
