//! `minewall check`: listed, not listed, error; by which list and entry; addresses of names in the lab.

use std::process::Stdio;

use minewall_lab::addresses::{INTERNET_V4, INTERNET_V6};
use minewall_lab::service::{NameServer, Resolver};
use minewall_lab::{Lab, ready};

use super::program::{BINARY, Files, Ran, minewall};

#[test]
fn listed_not_listed_and_wrong() {
    let files = Files::new();
    let config = files.config();
    let pool = "pool, by entry pool.example.org and below, of list own, confidence medium";
    let four = "pool, by entry 192.0.2.9:3333 of list own, confidence medium, ports 3333";
    let six = "pool, by entry [2001:db8:9::9]:3333 of list own, confidence medium, ports 3333";
    let cases = [
        ("pool.example.org", 0, pool),
        ("POOL.Example.ORG", 0, pool),
        ("stratum+ssl://user@pool.example.org:3333/?x=y", 0, pool),
        ("https://web.pool.example.org/pool.example.org", 1, "not listed; allowed by web.pool.example.org"),
        ("http://192.0.2.9:3333/", 0, four),
        ("http://192.0.2.9/", 1, "not listed"),
        ("eu.pool.example.org.", 0, pool),
        ("pool.example.org:443", 0, pool),
        ("192.0.2.9:3333", 0, four),
        ("192.0.2.9", 0, four),
        ("[2001:db8:9::9]:3333", 0, six),
        ("2001:db8:9::9", 0, six),
        ("[2001:DB8:9:0::9]", 0, six),
        ("::ffff:192.0.2.9", 0, four),
        ("notpool.example.org", 1, "not listed"),
        ("example.org", 1, "not listed"),
        ("web.pool.example.org", 1, "not listed; allowed by web.pool.example.org"),
        ("www.web.pool.example.org", 1, "not listed; allowed by web.pool.example.org"),
        ("192.0.2.9:3334", 1, "not listed"),
        ("192.0.2.10", 1, "not listed"),
        ("[2001:db8:9::9]:1", 1, "not listed"),
        ("xn--fiq228c.cn", 1, "not listed"),
        ("github.com", 1, "not listed; github.com is never blocked ("),
    ];
    for (what, code, words) in cases {
        let ran = minewall(&["check", "-c", &config, what]);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{what}");
        assert!(ran.out.starts_with(&format!("{what}: {words}")), "{what}: {}", ran.out);
        assert_eq!(ran.out.lines().count(), 1, "{what}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_told() {
    let cases = [
        ("https:///x", "a URL without a host"),
        ("https://pool.example.org:x/", "is no port"),
        ("pool.example.org:0", "is no port"),
        ("pool.example.org:99999", "is no port"),
        ("192.0.2.0/24", "is a prefix"),
        ("192.0.2.999", "neither a name nor an address"),
        ("pool..example.org", "neither a name nor an address"),
        ("a b", "neither a name nor an address"),
        ("", "neither a name nor an address"),
    ];
    for (what, words) in cases {
        let ran = minewall(&["check", what]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{what}");
        assert!(ran.err.starts_with(&format!("minewall: {what:?}")) && ran.err.contains(words), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1);
    }
    assert_eq!(minewall(&["check"]).code, 2);
    assert_eq!(minewall(&["check", "-c", "/nonexistent.toml", "a.b"]).code, 2);
}

#[test]
fn several_are_told_in_order_and_an_error_hides_none() {
    let files = Files::new();
    let config = files.config();
    let ran = minewall(&["check", "-c", &config, "example.org", "pool.example.org"]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 2));
    let ran = minewall(&["check", "-c", &config, "pool.example.org", "http://", "example.org"]);
    assert_eq!((ran.code, ran.err.lines().count()), (2, 1));
    let starts: Vec<_> = ran.out.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(starts, ["pool.example.org", "example.org"]);
}

#[test]
fn entries_that_a_list_lost_are_told() {
    let files = Files::new();
    let list = files.write("own.list", "pool.example.org\n192.0.2.9\ngithub.com\n");
    let config = files.write("c.toml", format!("[[lists.file]]\nname = \"own\"\npath = {list:?}\n"));
    let ran = minewall(&["check", "-c", &config, "github.com"]);
    assert_eq!(ran.code, 1);
    for words in [&list, "1 entries taken, 2 not", "line 2", "without a port", "line 3", "never-block guard"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

#[test]
fn the_shipped_lists_tell_their_source() {
    let ran = minewall(&["check", "xmr.2miners.com"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for words in ["pool, by entry ", " of list pools (20", "confidence high"] {
        assert!(ran.out.contains(words), "{}", ran.out);
    }
    for (what, words) in [
        (
            "dns.google",
            "not listed; dns.google is never blocked (dns); a resolver for encrypted DNS, by entry dns.google",
        ),
        ("1.1.1.1:853", "not listed; a resolver for encrypted DNS, by entry 1.1.1.1:853 of list resolvers\n"),
        ("1.1.1.1:80", "not listed\n"),
    ] {
        let ran = minewall(&["check", what]);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""));
        assert!(ran.out.starts_with(&format!("{what}: {words}")), "{}", ran.out);
    }
}

#[test]
fn what_would_be_done_is_told() {
    let files = Files::new();
    let list =
        files.write("own.list", "own.example\n192.0.2.9:3333\n192.0.2.0/24\nunsure.example\tsuffix\tlow\t-\t-\t-\t-\n");
    let lists = format!("[[lists.file]]\nname = \"own\"\npath = {list:?}\ncategory = ");
    for (settings, category, what, words, action) in [
        (
            "mode = \"block\"",
            "pool",
            "own.example",
            "questions for it are refused (NXDOMAIN), connections to it are reset",
            "block",
        ),
        ("mode = \"block\"\ntcp.action = \"drop\"", "pool", "192.0.2.9:3333", "connections to it are dropped", "block"),
        (
            "mode = \"block\"\ndns.action = \"drop\"",
            "custom",
            "own.example",
            "questions for it are not answered, connections to it are reset",
            "block",
        ),
        ("mode = \"observe\"", "pool", "own.example", "it passes and is written down (mode = \"observe\")", "observe"),
        ("mode = \"block\"", "pool-site", "own.example", "(category.pool-site = \"observe\")", "observe"),
        ("mode = \"block\"", "adjacent", "own.example", "it passes (category.adjacent = \"ignore\")", "ignore"),
        ("mode = \"block\"", "malware", "unsure.example", "it passes and is written down (confidence low)", "observe"),
        ("mode = \"block\"", "pool", "192.0.2.9", "nothing is cut by an address without its port", "none"),
    ] {
        let config = files.write("c.toml", format!("{settings}\n{lists}\"{category}\"\n"));
        let ran = minewall(&["check", "-c", &config, what]);
        assert!(ran.out.trim_end().ends_with(words), "{settings} {category}: {}", ran.out);
        let ran = minewall(&["check", "-c", &config, "--json", what]);
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((told["action"].as_str(), told["answer"].as_str()), (Some(action), Some("listed")), "{told}");
        assert_eq!((told["list"].as_str(), told["category"].as_str()), (Some("own"), Some(category)), "{told}");
    }
}

#[test]
fn files_of_names_are_answered_line_by_line() {
    let files = Files::new();
    let config = files.config();
    let asked = files.write(
        "asked",
        "\u{feff}# of a log\r\nexample.org\r\n\npool.example.org # twice\na b\nhttp://pool.example.org/\n",
    );
    let ran = minewall(&["check", "-c", &config, "--file", &asked]);
    assert_eq!((ran.code, ran.out.lines().count(), ran.err.lines().count()), (2, 3, 1), "{}{}", ran.out, ran.err);
    let ran = minewall(&["check", "-c", &config, "--listed", "--file", &asked, "--file", &asked]);
    assert_eq!((ran.code, ran.out.lines().count()), (2, 4), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.contains(": pool, by entry pool.example.org")), "{}", ran.out);
    let ran = minewall(&["check", "-c", &config, "--file", "/nonexistent"]);
    assert!(ran.code == 2 && ran.err.contains("cannot read /nonexistent"), "{}", ran.err);
}

/// Runs `check` on the lab's host, which resolves by the gateway.
fn on_host(lab: &Lab, arguments: &[&str]) -> Ran {
    let mut command = lab.host.command(BINARY);
    command.arg("check").args(arguments).stdin(Stdio::null());
    Ran::from(minewall_lab::finish_within(&mut command, std::time::Duration::from_secs(30)).unwrap())
}

#[test]
fn names_are_resolved_by_the_name_servers_of_the_machine() {
    if !ready("names_are_resolved_by_the_name_servers_of_the_machine") {
        return;
    }
    let lab = Lab::new().unwrap();
    let _names = NameServer::start(&lab).unwrap();
    let _resolver = Resolver::start(&lab).unwrap();
    let files = Files::new();
    let list = files.write("own.list", format!("{INTERNET_V4}:3333\n[{INTERNET_V6}]:3333\nlisted.example.org\n"));
    let config =
        files.write("c.toml", format!("[lists]\nshipped = false\n[[lists.file]]\nname = \"own\"\npath = {list:?}\n"));
    let check = |what: &str| on_host(&lab, &["-c", &config, "--resolve", what]);
    let lines = |ran: &Ran| {
        let mut lines: Vec<_> = ran.out.lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    let (four, six) = (format!("{INTERNET_V4}:3333"), format!("[{INTERNET_V6}]:3333"));
    let by = |entry: &str| {
        format!(
            "custom, by entry {entry} of list own, confidence high, ports 3333; it passes and is written down (mode = \"observe\")"
        )
    };

    let ran = check("hidden.example.net:3333");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let told = [format!("  {four}: {}", by(&four)), format!("  {six}: {}", by(&six))];
    assert_eq!(lines(&ran)[0], "hidden.example.net:3333: not listed");
    assert_eq!(lines(&ran)[1..], told);

    let ran = check("hidden.example.net:443");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert_eq!(
        lines(&ran)[1..],
        [format!("  {INTERNET_V4}:443: not listed"), format!("  [{INTERNET_V6}]:443: not listed")]
    );

    let bare = |entry: &str| {
        by(entry).replace(
            "it passes and is written down (mode = \"observe\")",
            "nothing is cut by an address without its port",
        )
    };
    let ran = check("listed.example.org");
    assert_eq!(ran.code, 0);
    assert!(lines(&ran)[0].contains("by entry listed.example.org"), "{}", ran.out);
    assert_eq!(
        lines(&ran)[1..],
        [format!("  {INTERNET_V6}: {}", bare(&six)), format!("  {INTERNET_V4}: {}", bare(&four))]
    );

    let ran = check("nowhere.test");
    assert_eq!((ran.code, ran.out.as_str()), (2, "nowhere.test: not listed\n"));
    assert_eq!(ran.err, "minewall: cannot resolve nowhere.test: there is no such name\n");
}
