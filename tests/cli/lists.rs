//! `minewall lists`: in which lists a word stands; what is blocked, in the formats of other programs, whose own checks
//! accept it and which, read back, answers the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::process::{Command, Stdio};

use minewall_lists::{
    Answer, Builder, Category, Entry, Format, ListMeta, Lists, Reader, Reason, Scope, Shipped, Target,
};

use super::program::{Files, minewall};

const OWN: &str = "pool.example.org\n0.0.0.0 hosts.example.net\n||ads.example.net^\n192.0.2.9:3333\n[2001:db8:9::9]:14444\n\
    exact.example.org\texact\thigh\tscript\tXMR\t3333\t2026-05-06\n矿池.example.org\nduckdns.org\nrig.duckdns.org\n\
    *.sina.com.cn\ncom.cn\nx.y.pool.example.org\n";
const SITES: &str = "site.pool.example.org\texact\thigh\tsite\t-\t-\t-\ninner.web.pool.example.org\n";

/// A configuration with all that may decide: lists of two categories, one of them not blocked, what is allowed, the guard.
fn config(files: &Files, shipped: bool) -> String {
    let (own, sites) = (files.write("own.list", OWN), files.write("sites.list", SITES));
    files.write(
        "minewall.toml",
        format!(
            "[lists]\nshipped = {shipped}\nallow = [\"web.pool.example.org\", \"192.0.2.9:1\", \"*.ok.example.net\"]\n\
             [[lists.file]]\nname = \"own\"\npath = {own:?}\ncategory = \"pool\"\n\
             [[lists.file]]\nname = \"sites\"\npath = {sites:?}\ncategory = \"pool-site\"\n"
        ),
    )
}

/// The same lists as an index, and every name that stands anywhere.
fn index(shipped: bool) -> (Lists, BTreeSet<String>) {
    let mut builder = Builder::new();
    let come = Shipped::unpack();
    let mut texts = vec![(Format::Auto, OWN), (Format::Auto, SITES), (Format::Own, come.guard())];
    if shipped {
        builder.shipped();
        texts.extend(come.lists().map(|text| (Format::Own, text)));
    } else {
        builder.shipped_guard();
    }
    for name in ["web.pool.example.org", "192.0.2.9:1", "*.ok.example.net"] {
        builder.allow(name).unwrap();
    }
    builder.add_text(ListMeta::new("own", Category::Pool), OWN);
    builder.add_text(ListMeta::new("sites", Category::PoolSite), SITES);
    let mut names: BTreeSet<String> = ["web.pool.example.org", "ok.example.net"].map(str::to_owned).into();
    for (format, text) in texts {
        names.extend(entries(format, text).into_iter().filter_map(|(target, ..)| match target {
            Asked::Name(name) => Some(name),
            Asked::Address(_) => None,
        }));
    }
    (builder.build(), names)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Name(String),
    Address(IpAddr),
}

/// Every entry of a text: what it names, whether it is excepted, how far it reaches, its ports. All of it must be read.
fn entries(format: Format, text: &str) -> Vec<(Asked, bool, Scope, Vec<u16>)> {
    let mut seen = Vec::new();
    let mut reader = Reader::new(format);
    let mut out = |entry: Result<Entry<'_>, Reason>, line: usize| {
        // What is below a name without the name dnsmasq knows, and we do not read.
        let below_only = format == Format::Dnsmasq && matches!(entry, Err(Reason::BelowOnly));
        let Ok(entry) = entry.map_err(|reason| assert!(below_only, "line {line}: {reason}")) else { return };
        let asked = match entry.target {
            Target::Name(name) => Asked::Name(name.to_ascii_lowercase()),
            Target::Address(address) => Asked::Address(address),
            Target::Prefix(prefix) => panic!("{prefix}"),
        };
        seen.push((asked, entry.except, entry.scope, entry.ports));
    };
    reader.push(text.as_bytes(), &mut out).unwrap();
    reader.end(&mut out).unwrap();
    seen
}

/// A text read back: what it says of a name alone, and of a name and what is below it.
#[derive(Default)]
struct ReadBack {
    exact: BTreeMap<String, bool>,
    suffix: BTreeMap<String, bool>,
    /// What is below it alone, as dnsmasq says it and we do not read it.
    below: BTreeSet<String>,
}

impl ReadBack {
    fn new(format: Format, text: &str) -> Self {
        let mut read = Self::default();
        let below = text.lines().filter_map(|line| line.strip_prefix("address=/*.")?.strip_suffix('/'));
        read.below.extend(below.map(str::to_owned));
        for (asked, except, scope, _) in entries(format, text) {
            let Asked::Name(name) = asked else { panic!("{asked:?}") };
            match scope {
                Scope::Exact => read.exact.insert(name, !except),
                Scope::Suffix => read.suffix.insert(name, !except),
            };
        }
        read
    }

    fn blocks(&self, name: &str) -> bool {
        let above = |(at, _): (usize, char)| match &name[at + 1..] {
            above if self.below.contains(above) => Some(&true),
            above => self.suffix.get(above),
        };
        let exact = self.exact.get(name).or_else(|| self.suffix.get(name));
        let dots = name.char_indices().filter(|(_, letter)| *letter == '.');
        exact.copied().unwrap_or_else(|| dots.map(above).find_map(Option::<&bool>::copied).unwrap_or(false))
    }
}

fn blocked(lists: &Lists, name: &str) -> bool {
    let wanted = |category| category != Category::PoolSite;
    matches!(lists.look(name), Answer::Listed(hit) if wanted(hit.category))
}

/// Each name, one below it, and whether both are blocked.
fn asked<'a>(lists: &'a Lists, names: &'a BTreeSet<String>) -> impl Iterator<Item = (&'a String, String, bool, bool)> {
    names.iter().map(|name| {
        let below = format!("deep.er.{name}");
        let both = (blocked(lists, name), blocked(lists, &below));
        (name, below, both.0, both.1)
    })
}

fn export(config: &str, form: &str) -> String {
    let ran = minewall(&["lists", "export", "-c", config, "--format", form]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

#[test]
fn a_zone_read_back_answers_the_same() {
    for shipped in [false, true] {
        let files = Files::new();
        let zone = export(&config(&files, shipped), "rpz");
        let (lists, names) = index(shipped);
        let read = ReadBack::new(Format::Rpz, &zone);
        let mut count = 0;
        for (name, below, here, under) in asked(&lists, &names) {
            assert_eq!(read.blocks(name), here, "{name}");
            assert_eq!(read.blocks(&below), under, "below {name}");
            count += usize::from(here);
        }
        assert!(count >= if shipped { 2000 } else { 6 }, "{count} names are blocked");
        for line in [
            "pool.example.org CNAME .\n*.pool.example.org CNAME .\n",
            "\nweb.pool.example.org CNAME rpz-passthru.\n*.web.pool.example.org CNAME rpz-passthru.\n",
            "\nsite.pool.example.org CNAME rpz-passthru.\n*.site.pool.example.org CNAME .\n",
            "\nexact.example.org CNAME .\n",
            "\nrig.duckdns.org CNAME .\n",
            "\nsina.com.cn CNAME rpz-passthru.\n*.sina.com.cn CNAME rpz-passthru.\n",
        ] {
            assert!(zone.contains(line), "{line:?} is not in\n{zone:.2000}");
        }
        assert!(!zone.contains("*.exact.example.org") && !zone.contains("\nduckdns.org") && !zone.contains("x.y.pool"));
    }
}

#[test]
fn settings_of_dnsmasq_names_and_hosts_block_no_more_than_minewall() {
    let files = Files::new();
    let config = config(&files, true);
    let (lists, names) = index(true);
    let dnsmasq = ReadBack::new(Format::Dnsmasq, &export(&config, "dnsmasq"));
    let plain = ReadBack::new(Format::Plain, &export(&config, "plain"));
    let hosts = ReadBack::new(Format::Hosts, &export(&config, "hosts"));
    for (name, below, here, under) in asked(&lists, &names) {
        assert_eq!(dnsmasq.blocks(name), here, "{name}");
        assert_eq!(dnsmasq.blocks(&below), under, "below {name}");
        // These two have no exceptions; plain has no exact names, and hosts nothing below.
        assert!(plain.blocks(name) || !(here && under), "{name}");
        assert_eq!(hosts.suffix.contains_key(name), here, "{name}");
    }
    let invented: Vec<_> = plain.suffix.keys().filter(|name| !names.contains(*name)).collect();
    assert!(invented.is_empty(), "{invented:?}");
    assert!(plain.suffix.iter().all(|(name, _)| blocked(&lists, name) && blocked(&lists, &format!("x.{name}"))));
}

#[test]
fn sets_of_nftables_read_back_are_the_endpoints() {
    let files = Files::new();
    let text = export(&config(&files, true), "nft");
    let (lists, _) = index(true);
    let mut read = BTreeSet::new();
    for (asked, _, _, ports) in entries(Format::Nft, &text) {
        let Asked::Address(address) = asked else { panic!("{asked:?}") };
        read.extend(ports.into_iter().map(|port| (address, port)));
    }
    assert_eq!(read, lists.addresses().collect::<BTreeSet<_>>());
    assert!(read.len() > 2);
}

/// Runs the check of another program on a text.
fn accepted(text: &str, program: &str, arguments: &dyn Fn(&str) -> Vec<String>) {
    let files = Files::new();
    let path = files.write("exported", text);
    let mut command = Command::new(program);
    command.args(arguments(&path)).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}; cargo xtask test installs it"));
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{program}: {said}");
}

#[test]
fn the_programs_they_are_for_accept_them() {
    let files = Files::new();
    let config = config(&files, true);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    accepted(&export(&config, "rpz"), "named-checkzone", &|path| words(&["minewall.rpz", path]));
    accepted(&export(&config, "dnsmasq"), "dnsmasq", &|path| words(&["--test", &format!("--conf-file={path}")]));
    accepted(&export(&config, "hosts"), "dnsmasq", &|path| words(&["--test", &format!("--addn-hosts={path}")]));
    accepted(&export(&config, "nft"), "nft", &|path| words(&["-c", "-f", path]));
}

#[test]
fn exports_are_sorted_and_chosen_by_category() {
    let files = Files::new();
    let config = config(&files, false);
    let own = export(&config, "plain");
    let want = "# made by minewall: each name with everything below it\ncom.cn\nads.example.net\nhosts.example.net\n\
        pool.example.org\nxn--btwv1w.example.org\n";
    assert_eq!(own, want);
    let sites = minewall(&["lists", "export", "-c", &config, "--format", "hosts", "--category", "pool-site"]);
    assert_eq!((sites.code, sites.out.lines().skip(1).collect::<Vec<_>>()), (0, vec!["0.0.0.0 site.pool.example.org"]));
    let none = minewall(&["lists", "export", "-c", &config, "--format", "rpz", "--category", "malware"]);
    assert_eq!((none.code, none.out.as_str()), (2, ""));
    assert!(none.err.contains("nothing of these categories"), "{}", none.err);
    let wrong = minewall(&["lists", "export", "--format", "rpz", "--category", "pools"]);
    assert!(wrong.code == 2 && wrong.err.contains("pool, pool-site"), "{}", wrong.err);
}

#[test]
fn a_word_is_found_with_its_list_and_line() {
    let files = Files::new();
    let config = config(&files, false);
    for (words, code, want) in [
        (
            &["EXAMPLE.net"][..],
            0,
            "own, pool, line 2: hosts.example.net and below\nown, pool, line 3: ads.example.net and below\n",
        ),
        (&["192.0.2"], 0, "own, pool, line 4: 192.0.2.9, ports 3333\n"),
        (&["2001:db8:9::9"], 0, "own, pool, line 5: 2001:db8:9::9, ports 14444\n"),
        (&["xmr"], 0, "own, pool, line 6: exact.example.org, ports 3333, script, coins XMR, 2026-05-06\n"),
        (&["矿池.example.org"], 0, "own, pool, line 7: xn--btwv1w.example.org and below\n"),
        (
            &["site.pool", "rig."],
            0,
            "own, pool, line 9: rig.duckdns.org and below\nsites, pool-site, line 1: site.pool.example.org, site\n",
        ),
        (&["nowhere.example.net.x"], 1, ""),
    ] {
        let ran = minewall(&[&["lists", "search", "-c", &config], words].concat());
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (code, want, ""), "{words:?}");
    }
    let shipped = minewall(&["lists", "search", "nicehash.com"]);
    assert!(shipped.code == 0 && shipped.out.contains("pools, pool, line "), "{}", shipped.out);
    let missing = minewall(&["lists", "search", "-c", "/nonexistent", "x"]);
    assert!(missing.code == 2 && missing.err.contains("/nonexistent"), "{}", missing.err);
}
