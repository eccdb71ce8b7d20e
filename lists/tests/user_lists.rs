//! Lists as users write them, and who wins over whom.

use minewall_lists::{Answer, Builder, Category, Confidence, ListMeta, Lists, Reason, Scope};
use std::net::IpAddr;

fn own(text: &str) -> Lists {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("mine", Category::Custom), text);
    builder.build()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn names_match_at_label_boundaries() {
    let lists = own("pool.com\n");
    for listed in ["pool.com", "POOL.com", "pool.COM.", "eu.pool.com", "a.b.c.Pool.Com."] {
        let entry = lists.name(listed).map(|hit| hit.entry.to_ascii_lowercase());
        assert_eq!(entry.as_deref(), Some("pool.com"), "{listed}");
    }
    for free in ["evilpool.com", "pool.com.evil", "com", "", ".", "pool", "pool.co", "pool.comm", r"a\.pool.com.x"] {
        assert_eq!(lists.look(free), Answer::Unlisted, "{free}");
    }
    assert_eq!(lists.look(r"evil\.pool.com"), Answer::Unlisted, "the dot is part of the label");
}

#[test]
fn an_exact_rule_speaks_for_one_name() {
    let lists = own("pool.com\texact\thigh\tsite\t-\t-\t2026-01-02\n");
    let hit = lists.name("Pool.com").unwrap();
    assert_eq!((hit.scope, hit.kind, hit.date), (Scope::Exact, "site", "2026-01-02"));
    assert_eq!(lists.name("eu.pool.com"), None);
}

#[test]
fn a_mixed_list_is_read_and_counted() {
    let text = "\u{feff}# my list\r\nPool.One\r\n*.pool.two\r\n0.0.0.0 pool.three pool.four # why\r\n\
        pool.one.\r\n10.0.0.1\r\n10.0.0.0/8\r\n10.0.0.1:3333\r\n[2001:db8::5]:14444\r\npool.five:3333\r\n\
        pool.five:4444\r\ncom\r\n! end\r\n||pool.six^\r\nno list\r\n";
    let mut builder = Builder::new();
    let tally = builder.add_text(ListMeta::new("mine", Category::Custom), text);
    assert_eq!((tally.accepted, tally.duplicates, tally.rejected()), (8, 2, 4));
    let refusals: Vec<_> = tally.refusals().map(|(reason, r)| (reason, r.count, r.first_line)).collect();
    let want = [
        (Reason::OneLabel, 1, 12),
        (Reason::BareAddress, 1, 6),
        (Reason::ReservedAddress, 1, 7),
        (Reason::UnknownShape, 1, 15),
    ];
    assert_eq!(refusals, want);
    assert!(Reason::BareAddress.to_string().contains("only with a port"));
    let lists = builder.build();
    assert_eq!((lists.len(), lists.metas()[0].entries), (8, 8));
    for listed in ["pool.one", "pool.two", "x.pool.two", "pool.three", "a.pool.four", "x.pool.six"] {
        assert!(lists.name(listed).is_some(), "{listed}");
    }
    assert_eq!(lists.name("eu.pool.five").unwrap().ports, [3333, 4444]);
}

#[test]
fn addresses_need_the_port() {
    let lists = own("10.0.0.1:3333\n10.0.0.1:4444\n[2001:db8::5]:14444\n");
    assert_eq!(lists.address(address("10.0.0.1"), Some(3333)).unwrap().entry, "10.0.0.1:3333");
    assert_eq!(lists.address(address("::ffff:10.0.0.1"), Some(4444)).unwrap().entry, "10.0.0.1:4444");
    assert_eq!(lists.address(address("2001:db8::5"), Some(14444)).unwrap().entry, "[2001:db8::5]:14444");
    assert_eq!(lists.address(address("10.0.0.1"), Some(443)), None);
    assert_eq!(lists.address(address("10.0.0.2"), Some(3333)), None);
    assert_eq!(lists.address(address("10.0.0.1"), None).unwrap().ports, [3333]);
    assert_eq!(lists.addresses().count(), 3);
}

#[test]
fn the_user_may_allow_addresses() {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("x", Category::Pool), "10.0.0.1:1\n10.0.0.1:2\n10.0.0.2:1\n");
    builder.allow("10.0.0.1:1").unwrap();
    builder.allow("10.0.0.2").unwrap();
    let lists = builder.build();
    assert_eq!(lists.address(address("10.0.0.1"), Some(1)), None);
    assert_eq!(lists.address(address("10.0.0.1"), None).unwrap().entry, "10.0.0.1:2");
    assert_eq!(lists.address(address("10.0.0.2"), None), None);
    assert_eq!(lists.addresses().collect::<Vec<_>>(), [(address("10.0.0.1"), 2)]);
}

#[test]
fn what_the_user_allows_is_never_listed() {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("mine", Category::Custom), "pool.com\neu.lab.pool.com\nother.com\n");
    builder.allow("*.Lab.pool.com.").unwrap();
    assert_eq!(builder.allow("nonsense"), Err(Reason::OneLabel));
    let lists = builder.build();
    assert_eq!(lists.look("eu.lab.pool.com"), Answer::Allowed("lab.pool.com"));
    assert_eq!(lists.look("lab.pool.com"), Answer::Allowed("lab.pool.com"));
    assert!(lists.name("us.pool.com").is_some());
}

#[test]
fn the_guard_wins_over_every_list_in_either_order() {
    let text =
        "google.com\nwww.google.com\tsuffix\thigh\t-\t-\t-\t-\nsina.com.cn\ncom.cn\nduckdns.org\nrig.duckdns.org\n";
    let mut guard_first = Builder::new();
    guard_first.shipped_guard();
    let tally = guard_first.add_text(ListMeta::new("mine", Category::Custom), text);
    let refused: Vec<_> = tally.refusals().map(|(reason, r)| (reason, r.count, r.first_line)).collect();
    assert_eq!(refused, [(Reason::Guarded, 4, 1)]);
    let mut guard_last = Builder::new();
    guard_last.add_text(ListMeta::new("mine", Category::Custom), text);
    guard_last.shipped_guard();
    for lists in [guard_first.build(), guard_last.build()] {
        for name in ["google.com", "www.google.com", "a.www.Google.com", "sina.com.cn", "news.sina.com.cn"] {
            assert!(matches!(lists.look(name), Answer::Guarded { .. }), "{name}");
        }
        assert_eq!(lists.guarded("mail.google.com"), Some("platform"));
        assert_eq!(lists.guarded("duckdns.org"), Some("dyndns"));
        assert!(lists.name("other.com.cn").is_some(), "the guard holds no more than it says");
        let hit = lists.name("rig.duckdns.org").unwrap();
        assert_eq!(hit.scope, Scope::Exact, "below shared hosting a rule speaks for its own name");
        assert_eq!(lists.name("x.rig.duckdns.org"), None);
        assert_eq!(lists.name("else.duckdns.org"), None);
    }
}

#[test]
fn the_user_may_guard_too() {
    let mut builder = Builder::new();
    builder.never_block("lab.example.edu").unwrap();
    builder.add_text(ListMeta::new("x", Category::Pool), "example.edu\n");
    let lists = builder.build();
    assert_eq!(lists.look("a.lab.example.edu"), Answer::Guarded { name: "lab.example.edu", why: "configured" });
    assert!(lists.name("pool.example.edu").is_some());
}

#[test]
fn the_users_own_list_wins_over_others() {
    let mut builder = Builder::new();
    let rows = "pool.com\tsuffix\thigh\tpool\tXMR\t-\t-\nwww.pool.com\texact\thigh\tsite\t-\t-\t-\n";
    builder.add_text(ListMeta::new("site", Category::PoolSite), rows);
    assert_eq!(builder.clone().build().name("www.pool.com").unwrap().category, Category::PoolSite);
    builder.add_text(ListMeta::new("mine", Category::Custom), "pool.com\n");
    let lists = builder.build();
    for name in ["www.pool.com", "pool.com", "eu.pool.com"] {
        assert_eq!(lists.name(name).unwrap().category, Category::Custom, "{name}");
    }
}

#[test]
fn of_two_lists_the_surer_wins_then_the_first() {
    let row = |confidence: &str| format!("pool.com\tsuffix\t{confidence}\t-\t-\t-\t-\n");
    for (first, second, winner) in [("low", "high", "b"), ("high", "low", "a"), ("medium", "medium", "a")] {
        let mut builder = Builder::new();
        builder.add_text(ListMeta::new("a", Category::Pool), &row(first));
        builder.add_text(ListMeta::new("b", Category::Pool), &row(second));
        assert_eq!(builder.build().name("pool.com").unwrap().list.name, winner);
    }
}

#[test]
fn what_an_entry_leaves_open_comes_from_its_list() {
    let mut meta = ListMeta::new("feed", Category::Pool);
    (meta.date, meta.confidence) = ("2026-02-03".into(), Confidence::Low);
    let mut builder = Builder::new();
    builder.add_text(meta, "a.pool\nb.pool\texact\thigh\t-\tXMR,ETC\t3333\t2026-05-06\n");
    let lists = builder.build();
    let (a, b) = (lists.name("a.pool").unwrap(), lists.name("b.pool").unwrap());
    assert_eq!((a.date, a.confidence, a.coins, a.ports), ("2026-02-03", Confidence::Low, "", &[][..]));
    assert_eq!((b.date, b.confidence, b.coins, b.ports), ("2026-05-06", Confidence::High, "XMR,ETC", &[3333][..]));
}

#[test]
fn a_million_names_load() {
    let mut text = String::new();
    for n in 0..1_000_000u32 {
        text.push_str(&format!("h{n:x}.pool{}.example\n", n % 977));
    }
    let mut builder = Builder::new();
    let tally = builder.add_text(ListMeta::new("big", Category::Custom), &text);
    assert_eq!((tally.accepted, tally.rejected()), (1_000_000, 0));
    let lists = builder.build();
    assert_eq!(lists.len(), 1_000_000);
    for n in (0..1_000_000u32).step_by(997) {
        assert!(lists.name(&format!("x.H{n:x}.pool{}.example.", n % 977)).is_some());
        assert!(lists.name(&format!("g{n:x}.pool{}.example", n % 977)).is_none());
    }
}

#[test]
fn lists_are_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Lists>();
}

#[test]
fn trust_is_the_most_an_entry_is_believed() {
    let mut builder = Builder::new();
    let mut meta = ListMeta::new("feed", Category::Pool);
    meta.trust = Confidence::Low;
    builder.add_text(meta, "sure.example\tsuffix\thigh\tpool\t-\t-\t-\nplain.example\n");
    let mut meta = ListMeta::new("trusted", Category::Custom);
    meta.trust = Confidence::Medium;
    builder.add_text(meta, "own.example\n");
    let lists = builder.build();
    for (name, confidence) in
        [("sure.example", Confidence::Low), ("plain.example", Confidence::Low), ("own.example", Confidence::Medium)]
    {
        assert_eq!(lists.name(name).unwrap().confidence, confidence, "{name}");
    }
}
