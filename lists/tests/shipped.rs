//! The lists that are shipped: every line reads, the known names hit, the innocent do not.

use minewall_lists::{Answer, Builder, Category, Confidence, ListMeta, Lists, Shipped};
use proptest::prelude::*;
use std::sync::LazyLock;

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut builder = Builder::new();
    builder.shipped();
    builder.build()
});

static SHIPPED: LazyLock<Shipped> = LazyLock::new(Shipped::unpack);

/// The rows of a shipped text, in columns.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[test]
fn every_line_is_taken() {
    let mut total = 0;
    for (text, shipped) in SHIPPED.lists().zip(LISTS.metas()) {
        let mut builder = Builder::new();
        builder.shipped_guard();
        let tally = builder.add_text(ListMeta::new("x", shipped.category), text);
        let entries = rows(text).count();
        assert_eq!(tally.refusals().collect::<Vec<_>>(), [], "{}", shipped.name);
        assert_eq!((tally.accepted, tally.duplicates), (entries, 0), "{}", shipped.name);
        assert_eq!(shipped.entries, entries);
        assert!(text.contains(&format!("\n# entries: {entries}\n")), "{}", shipped.name);
        total += text.len();
    }
    assert_eq!(LISTS.metas().len(), SHIPPED.lists().count());
    assert!(total + SHIPPED.guard().len() < 300_000, "{total} bytes are embedded");
}

#[test]
fn every_list_says_where_it_comes_from() {
    let names: Vec<_> = LISTS.metas().iter().map(|meta| (meta.name.as_str(), meta.category)).collect();
    let want = [
        ("malware", Category::Malware),
        ("pools", Category::Pool),
        ("pool-sites", Category::PoolSite),
        ("browser-miners", Category::Browser),
        ("addresses", Category::Pool),
        ("resolvers", Category::Resolver),
    ];
    assert_eq!(names, want);
    for meta in LISTS.metas() {
        assert!(!meta.source.is_empty() && !meta.licence.is_empty(), "{}", meta.name);
        assert!(!meta.licence.contains("GPL") && !meta.licence.contains("CC"), "{}", meta.name);
        assert_eq!(meta.date.len(), "2026-01-01".len(), "{}", meta.name);
    }
}

#[test]
fn rows_are_sorted_and_say_what_they_must() {
    for text in SHIPPED.lists().chain([SHIPPED.guard()]) {
        let rows: Vec<_> = rows(text).collect();
        assert!(rows.is_sorted());
        for row in rows {
            assert_eq!(row.len(), 7, "{row:?}");
            assert!(row[2].parse::<Confidence>().is_ok_and(|confidence| confidence > Confidence::Low), "{row:?}");
            assert!(row.iter().all(|column| !column.is_empty() && column.trim() == *column), "{row:?}");
        }
    }
}

#[test]
fn every_shipped_name_is_listed() {
    for (text, meta) in SHIPPED.lists().zip(LISTS.metas()).filter(|(_, meta)| meta.category != Category::Resolver) {
        for row in rows(text) {
            if let Ok(address) = row[0].parse() {
                for port in row[5].split(',') {
                    assert!(LISTS.address(address, port.parse().ok()).is_some(), "{row:?}");
                }
                continue;
            }
            let hit = LISTS.name(row[0]).unwrap_or_else(|| panic!("{row:?}"));
            assert_eq!(hit.entry, row[0]);
            if row[2] == "high" && hit.list == meta {
                assert_eq!(hit.confidence, Confidence::High, "{row:?}");
            }
            let below = format!("x7.{}", row[0]);
            if row[1] == "suffix" {
                assert!(LISTS.name(&below).is_some(), "{below}");
            }
        }
    }
}

#[test]
fn every_shipped_resolver_is_found_and_not_listed() {
    let shipped = SHIPPED.lists().zip(LISTS.metas()).filter(|(_, meta)| meta.category == Category::Resolver);
    let mut found = 0;
    for row in shipped.flat_map(|(text, _)| rows(text)) {
        let hit = if let Ok(address) = row[0].parse() {
            assert_eq!(LISTS.address(address, None), None, "{row:?}");
            assert_eq!(LISTS.resolver_address(address, 53), None, "{row:?}");
            for port in [443, 853] {
                assert!(LISTS.resolver_address(address, port).is_some(), "{row:?}");
            }
            LISTS.resolver_address(address, 853)
        } else {
            assert_eq!(LISTS.name(row[0]), None, "{row:?}");
            assert_eq!(LISTS.resolver(&format!("x7.{}", row[0])).is_some(), row[1] == "suffix", "{row:?}");
            LISTS.resolver(row[0])
        };
        assert_eq!(hit.map(|hit| hit.category), Some(Category::Resolver), "{row:?}");
        found += 1;
    }
    assert!(found > 100);
    assert_eq!(LISTS.guarded("dns.google"), Some("dns"), "the guard stays as it is");
    for name in ["google.com", "www.cloudflare.com", "one.one", "nextdns.io", "quad9.net", "xmr.2miners.com", "cn"] {
        assert_eq!(LISTS.resolver(name), None, "{name}");
    }
}

#[test]
fn what_the_user_allows_is_no_resolver() {
    let mut builder = Builder::new();
    builder.shipped();
    builder.allow("dns.google").unwrap();
    builder.allow("9.9.9.9").unwrap();
    builder.allow("8.8.8.8:443").unwrap();
    let lists = builder.build();
    let found = |address: &str, port| lists.resolver_address(address.parse().unwrap(), port).is_some();
    assert_eq!([found("9.9.9.9", 853), found("8.8.8.8", 443), found("8.8.8.8", 853)], [false, false, true]);
    assert!(lists.resolver("dns.google").is_none() && lists.resolver("dns.quad9.net").is_some());
}

#[test]
fn known_pools_hit_with_what_is_known() {
    for (name, coin, port) in [
        ("xmr.2miners.com", "", 2222),
        ("pool.supportxmr.com", "XMR", 3333),
        ("eu.stratum.slushpool.com", "BTC", 3333),
        ("litecoinpool.org", "LTC", 3333),
    ] {
        let hit = LISTS.name(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((hit.category, hit.confidence, hit.kind), (Category::Pool, Confidence::High, "endpoint"), "{name}");
        assert!(hit.coins.contains(coin) && hit.ports.contains(&port), "{hit:?}");
        assert!(hit.date > "2020", "{hit:?}");
    }
    for name in ["new-region.2miners.com", "btc.f2pool.com", "stratum+x.nanopool.org", "gulf.moneroocean.stream"] {
        assert_eq!(LISTS.name(name).map(|hit| hit.category), Some(Category::Pool), "{name}");
    }
}

#[test]
fn a_pools_web_site_is_told_apart() {
    for name in ["2miners.com", "www.2miners.com", "f2pool.com", "www.f2pool.com", "supportxmr.com", "www.nicehash.com"]
    {
        let hit = LISTS.name(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((hit.category, hit.kind), (Category::PoolSite, "site"), "{name}");
    }
}

#[test]
fn other_categories_hit() {
    for (name, category) in [
        ("crypto-loot.com", Category::Browser),
        ("x.coin-have.com", Category::Browser),
        ("teamtnt.red", Category::Malware),
        ("t.zer9g.com", Category::Malware),
    ] {
        assert_eq!(LISTS.name(name).map(|hit| hit.category), Some(category), "{name}");
    }
    let hit = LISTS.address("65.108.57.232".parse().unwrap(), Some(3053)).unwrap();
    assert_eq!((hit.category, hit.ports), (Category::Pool, &[3052, 3053][..]));
}

#[test]
fn the_innocent_are_not_listed() {
    let names = "github.com google.com coinbase.com binance.com baidu.com 163.com qq.com aliyun.com edu.cn \
        tsinghua.edu.cn microsoft.com reddit.com emercoin.com bitcoin.org getmonero.org monero.org kaspa.org \
        mooo.com 3322.net ddns.net duckdns.org dyndns.org amazonaws.com herokuapp.com cloudflare.com one.one.one.one \
        dns.google hdrezka.kz debian.org openwrt.org ubuntu.com wikipedia.org zoom.us bilibili.com gov.cn \
        ac.uk python.org crates.io docker.io npmjs.com pool.ntp.org ntp.org swimmingpool.com carpool.com \
        connectionpool.net evil2miners.com 2miners.com.cn localhost in-addr.arpa com net org";
    for name in names.split_whitespace() {
        for name in [name.to_owned(), format!("www.{name}"), format!("api.{name}."), name.to_uppercase()] {
            let answer = LISTS.look(&name);
            assert!(matches!(answer, Answer::Unlisted | Answer::Guarded { .. }), "{name}: {answer:?}");
        }
    }
}

#[test]
fn the_guard_holds_each_of_its_names() {
    let mut names = 0;
    for row in rows(SHIPPED.guard()) {
        assert_eq!(LISTS.guarded(row[0]), Some(row[3]), "{row:?}");
        let below = format!("x7.{}", row[0]);
        assert_eq!(LISTS.guarded(&below).is_some(), row[1] == "suffix", "{below}");
        assert_eq!(LISTS.name(&below), None, "{below}");
        names += 1;
    }
    assert!(names > 100);
}

/// Recall over the research tables; set MINEWALL_SHARED to the directory that holds `lists/pools.csv`.
#[test]
fn recall_over_the_research_tables() {
    let Some(shared) = std::env::var_os("MINEWALL_SHARED") else {
        eprintln!("SKIPPED: MINEWALL_SHARED is not set");
        return;
    };
    let text = std::fs::read_to_string(std::path::Path::new(&shared).join("lists/pools.csv")).unwrap();
    for (confidence, licence, least) in
        [("high", "permissive", 1.0), ("high", "", 0.98), ("medium", "permissive", 0.88), ("medium", "", 0.88)]
    {
        let all: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let rows: Vec<_> = all.iter().filter(|row| row[5] == confidence && row[8].contains(licence)).collect();
        let missed: Vec<_> = rows.iter().filter(|row| LISTS.name(row[0]).is_none()).map(|row| row[0]).collect();
        let recall = 1.0 - missed.len() as f64 / rows.len() as f64;
        println!("{confidence:7} {licence:11} {:5} names, recall {recall:.3}, missed {missed:?}", rows.len());
        assert!(recall >= least, "{confidence} {licence}: {recall}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_question_is_answered(name in "\\PC{0,300}|([a-z0-9-]{1,9}\\.){1,9}(2miners\\.com|ddns\\.net|qq\\.com)") {
        let is_hit = matches!(LISTS.look(&name), Answer::Listed(_));
        prop_assert_eq!(is_hit, LISTS.name(&name).is_some());
        if name.ends_with(".2miners.com") {
            prop_assert!(is_hit);
        }
        if name.ends_with(".qq.com") || name.ends_with(".ddns.net") {
            prop_assert!(!is_hit);
        }
    }
}
