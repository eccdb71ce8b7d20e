//! `check-config` and `--help`.

use super::program::{Files, minewall};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/minewall.toml");

#[test]
fn the_example_is_sound() {
    let ran = minewall(&["check-config", "-c", EXAMPLE]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("the configuration is sound; "), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 1);
}

#[test]
fn what_is_commented_out_in_the_example_is_sound_too() {
    let files = Files::new();
    let list = files.write("own.list", "pool.example.org\n");
    let records = files.path().join("records.jsonl");
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    let uncomment = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with("[[") || rest.contains(" = ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<_> = text.lines().map(uncomment).collect();
    let text = text.join("\n").replace("/etc/minewall/own.list", &list);
    let text = text.replace("/var/log/minewall/records.jsonl", records.to_str().unwrap());
    let secret = files.write("webhook.secret", "0123456789abcdef\n");
    let text = text.replace("/etc/minewall/webhook.secret", &secret);
    let (spools, eve) = (files.path().join("spool"), files.path().join("eve.json"));
    let text = text.replace("/var/lib/minewall/spool", spools.to_str().unwrap());
    let text = text.replace("/var/log/minewall/eve.json", eve.to_str().unwrap());
    for word in ["\n[[exempt]]", "\n[[lists.file]]", "\n[[lists.feed]]", "\n[[sink]]", "\nexpires ="] {
        assert!(text.contains(word), "{word} is not in the example any more");
    }
    let ran = minewall(&["check-config", "-c", &files.write("all.toml", text)]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(!records.exists() && !spools.exists() && !eve.exists(), "checking makes no file");
}

#[test]
fn every_mistake_names_file_line_setting_and_remedy() {
    let files = Files::new();
    let list = "[[lists.file]]\nname = \"own\"\n";
    let feed = "[[lists.feed]]\nname = \"a\"\nurl = \"https://lists.example/a\"\ncategory = \"pool\"\n";
    let syslog = "[[sink]]\ntype = \"syslog\"\naddress = \"tcp://192.0.2.1:601\"\n";
    let exempt = "[[exempt]]\nowner = \"a\"\nreason = \"b\"\n";
    let cases: &[(&str, usize, &[&str])] = &[
        ("mode = \"blok\"\n", 1, &["mode = \"blok\"", "expected `block` or `observe`"]),
        ("\nmod = \"block\"\n", 2, &["unknown field `mod`", "`mode`"]),
        ("mode = block\n", 1, &["mode = block"]),
        ("[dns\n", 1, &["[dns"]),
        ("mode = \"block\"\nmode = \"observe\"\n", 2, &["mode", "duplicate", "change it there"]),
        ("inside = [\"10.0.0\"]\n", 1, &["\"10.0.0\" is no address or prefix", "10.0.0.0/8"]),
        ("[observer]\nname = 7\n", 2, &["name = 7", "expected a string"]),
        ("[dns]\naction = \"refuse\"\n", 2, &["refuse", "nxdomain", "sinkhole"]),
        ("\n[dns]\naction = \"sinkhole\"\n", 2, &["dns.sinkhole", "192.0.2.1"]),
        ("[dns]\nsinkhole = [\"192.0.2.1\", \"192.0.2.2\"]\n", 2, &["dns.sinkhole", "0 to 1"]),
        ("[tcp]\naction = \"kill\"\n", 2, &["kill", "reset"]),
        ("[category]\npool = \"cut\"\n", 2, &["cut", "observe", "ignore"]),
        ("[category]\nminers = \"block\"\n", 2, &["miners", "pool-site"]),
        ("[look]\npackets = 0\n", 2, &["look.packets", "1 to 1000"]),
        ("[look]\n# how much\nbytes = 100\n", 3, &["look.bytes", "512 to 32768"]),
        ("[look]\nflows = 1\n", 2, &["look.flows", "1024 to 4194304"]),
        ("queue.count = 100\n", 1, &["queue.count", "0 to 64"]),
        ("queue = { length = 1 }\n", 1, &["queue.length", "64 to 1048576"]),
        ("[queue]\nfirst = 65535\n", 2, &["queue.first", "0 to 65471"]),
        ("[queue]\nfirst = 70000\n", 2, &["first = 70000", "u16"]),
        ("[queue]\nfail = \"shut\"\n", 2, &["shut", "closed"]),
        ("[queue]\nfail = { dns = \"shut\" }\n", 2, &["shut", "closed"]),
        ("[queue]\nfail = { quic = \"open\" }\n", 2, &["quic", "`dns`", "`tcp`"]),
        ("[queue]\nfail = true\n", 2, &["fail = true", "\"open\"", "{ dns = \"closed\", tcp = \"open\" }"]),
        ("[queue]\nfail.dns = \"closed\"\nfirst = 65450\n", 3, &["queue.first", "0 to 65407"]),
        ("[metrics]\ninterval = 0\n", 2, &["metrics.interval", "1 to 3600"]),
        ("[metrics]\nfile = \"minewall.prom\"\n", 2, &["metrics.file", "absolute", "/minewall.prom"]),
        ("[metrics]\nfile = \"/nonexistent/x.prom\"\n", 2, &["metrics.file", "create the directory /nonexistent"]),
        ("[metrics]\nfile = \"/tmp\"\n", 2, &["metrics.file", "name a file in it"]),
        ("[kernel]\nbackend = \"ebtables\"\n", 2, &["ebtables", "nft"]),
        ("[kernel]\nmark = \"0x7\"\n", 2, &["exactly two bits", "0x30000000"]),
        ("[lists]\nallow = [\"com\"]\n", 2, &["lists.allow", "\"com\"", "single label"]),
        (&format!("{syslog}spool = \"spool\"\n"), 4, &["sink.spool", "absolute"]),
        (&format!("{syslog}spool = \"/dev/null/spool\"\n"), 1, &["sink", "the spool", "/dev/null is no directory"]),
        (&format!("{syslog}spool = \"/s\"\nspool_bytes = 1\n"), 5, &["sink.spool_bytes", "1048576 to"]),
        (&format!("{syslog}key = \"/k\"\n"), 4, &["sink.key", "certificate is missing"]),
        (&format!("{syslog}authorities = \"/a\"\n"), 1, &["sink", "authorities is for addresses such as tls://"]),
        (&format!("{syslog}format = \"leef\"\n"), 1, &["leef", "`cef` or `json`"]),
        (&format!("{syslog}events = [\"dns\"]\n"), 1, &["dns", "`incident`, `notice`, `record`"]),
        (&format!("{syslog}events = []\n"), 4, &["sink.events", "\"incident\""]),
        ("[[sink]]\ntype = \"webhook\"\nurl = \"soc.example\"\n", 1, &["sink", "soc.example", "https://HOST/PATH"]),
        ("[[sink]]\ntype = \"webhook\"\nurl = \"https://a/\"\nbatch = 0\n", 4, &["sink.batch", "1 to 500"]),
        ("[[sink]]\ntype = \"eve\"\npath = \"unix:eve\"\n", 1, &["sink", "unix:eve", "unix:/run/eve.sock"]),
        (&format!("{list}path = \"/nonexistent/own.list\"\n"), 1, &["lists.file", "\"own\"", "/nonexistent/own.list"]),
        (&format!("{list}path = \"/dev/null\"\ncategory = \"pools\"\n"), 1, &["lists.file", "pools", "pool-site"]),
        (list, 1, &["missing field `path`"]),
        (&feed.replace("name = \"a\"", "name = \"No Coin\""), 2, &["lists.feed.name", "No Coin", "\"nocoin\""]),
        (&format!("{feed}\n{feed}"), 7, &["lists.feed.name", "\"a\"", "another feed"]),
        (&feed.replace("https", "ftp"), 3, &["lists.feed.url", "ftp://lists.example/a", "https://HOST/PATH"]),
        (&feed.replace("https:", "file:"), 3, &["lists.feed.url", "file:///PATH"]),
        (&feed.replace("pool", "pools"), 4, &["pools", "pool-site"]),
        (&format!("{feed}trust = \"full\"\n"), 5, &["full", "high, medium, low"]),
        (&format!("{feed}format = \"xml\"\n"), 5, &["xml", "adblock"]),
        (&format!("{feed}min = 5\nmax = 2\n"), 5, &["lists.feed.min", "5 is more than max, which is 2"]),
        (&format!("{feed}rejects = 101\n"), 5, &["lists.feed.rejects", "0 to 100"]),
        (&format!("{feed}keys = [\"abc\"]\n"), 5, &["lists.feed.keys", "minisign"]),
        ("[[lists.feed]]\nname = \"a\"\ncategory = \"pool\"\n", 1, &["missing field `url`"]),
        ("[lists.update]\nshrink = 101\n", 2, &["lists.update.shrink", "0 to 100"]),
        ("[lists.update]\ngrowth = 50\n", 2, &["lists.update.growth", "100 to 1000000"]),
        ("[lists.update]\nconnect = 0\n", 2, &["lists.update.connect", "1 to 300"]),
        ("[lists.update]\ndirectory = \"lists\"\n", 2, &["lists.update.directory", "absolute"]),
        ("[lists.update]\ndirectory = \"/a\"\nscratch = \"/a\"\n", 3, &["lists.update.scratch", "tmpfs"]),
        ("[lists.update]\nfetcher = \"ftp\"\n", 2, &["ftp", "built-in", "uclient-fetch"]),
        (&format!("{exempt}prefix = \"lab\"\n"), 4, &["\"lab\" is no address or prefix", "10.1.2.3"]),
        (&format!("{exempt}prefix = \"10.1.2.3\"\nexpires = \"soon\"\n"), 5, &["\"soon\" is no date", "2027-01-31"]),
        ("[[exempt]]\nprefix = \"10.1.2.3\"\nreason = \"x\"\n", 1, &["missing field `owner`"]),
        ("[[sink]]\ntype = \"smtp\"\n", 2, &["smtp", "syslog"]),
        (
            "[[sink]]\ntype = \"file\"\npath = \"/nonexistent/x.jsonl\"\n",
            1,
            &["sink", "create the directory /nonexistent"],
        ),
        ("[[sink]]\ntype = \"file\"\npath = \"/tmp\"\n", 1, &["sink", "/tmp", "name a file in it"]),
        ("[[sink]]\ntype = \"syslog\"\naddress = \"10.0.0.1\"\n", 1, &["sink", "udp://192.0.2.1:514"]),
        (
            "[[sink]]\ntype = \"syslog\"\naddress = \"unix:/dev/log\"\n\n[[sink]]\ntype = \"syslog\"\n\
             address = \"unix:/dev/log\"\nfacility = \"local9\"\n",
            5,
            &["sink", "\"local9\"", "local4"],
        ),
    ];
    for (text, line, words) in cases {
        let file = files.write("wrong.toml", text);
        let ran = minewall(&["check-config", "-c", &file]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}");
        assert!(ran.err.starts_with(&format!("minewall: in the configuration {file}: ")), "{}", ran.err);
        assert!(ran.err.contains(&format!("line {line}")), "line {line} of {text}: {}", ran.err);
        for word in *words {
            assert!(ran.err.contains(word), "{word:?} of {text}: {}", ran.err);
        }
        assert!(!ran.err.ends_with("\n\n"), "{:?}", ran.err);
    }
}

#[test]
fn a_missing_configuration_is_told() {
    let ran = minewall(&["check-config", "-c", "/nonexistent/minewall.toml"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    for words in ["-c FILE", "/nonexistent/minewall.toml", "No such file"] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn lines_of_lists_that_are_lost_are_told_but_no_mistake() {
    let files = Files::new();
    let list = files.write("own.list", "pool.example.org\n矿池.cn\ncom\n");
    let config = files.write("c.toml", format!("[[lists.file]]\nname = \"own\"\npath = {list:?}\n"));
    let ran = minewall(&["check-config", "-c", &config]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("2 entries taken, 1 not") && ran.out.contains("first in line 3"), "{}", ran.out);
}

#[test]
fn every_help_has_examples_and_fits() {
    let commands: &[&[&str]] = &[
        &[],
        &["run"],
        &["replay"],
        &["check"],
        &["check-config"],
        &["lists"],
        &["lists", "report"],
        &["lists", "update"],
        &["lists", "status"],
        &["lists", "rollback"],
        &["lists", "search"],
        &["lists", "export"],
        &["lists", "verify"],
        &["rules"],
        &["rules", "print"],
    ];
    // Those of who makes feeds may be left out of a build.
    let makers: [&[&str]; 2] = [&["lists", "sign"], &["lists", "keygen"]];
    for command in commands.iter().chain(makers.iter().filter(|_| cfg!(feature = "sign"))) {
        let ran = minewall(&[*command, &["--help"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let (_, examples) = ran.out.split_once("Examples:\n").unwrap_or_else(|| panic!("{command:?} has no examples"));
        for example in examples.lines() {
            assert!(example.trim_start().starts_with(&["minewall", &command.join(" ")].join(" ")), "{example}");
        }
        let long = ran.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{command:?}");
    }
    let ran = minewall(&["--version"]);
    assert_eq!((ran.code, ran.out.lines().next()), (0, Some(concat!("minewall ", env!("CARGO_PKG_VERSION")))));
    assert!(ran.out.contains("\nfeatures: "), "{}", ran.out);
    for wrong in [&["replya"][..], &["replay", "--fromat", "json", "x"], &[]] {
        let ran = minewall(wrong);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?}");
        assert!(!ran.err.is_empty());
    }
}
