use url::Url as Theirs;

use super::*;

/// What both say a text is.
fn both(text: &str) -> (Option<String>, Option<String>) {
    let theirs = Theirs::parse(text).ok().map(|mut url| {
        url.set_fragment(None);
        url.to_string()
    });
    (Url::parse(text).ok().map(|url| url.as_str().to_owned()), theirs)
}

#[test]
fn urls_are_read_as_a_library_reads_them() {
    for text in [
        "https://lists.example.org/pools.txt",
        " HTTPS://Lists.Example.ORG:443/a/../b/./c?x=1&y=%20#part ",
        "http://example.org",
        "http://example.org:80?q=a b",
        "http://example.org:8080/\u{e4}/%e4 \"x\"/{y}",
        "https://user:pass@example.org:8443/x",
        "https://user@example.org/",
        "https://[2001:DB8::0:1]:8443/x",
        "https://192.0.2.7/x/",
        "https://example.org/a/b/..",
        "https://example.org/../../a",
        "https://example.org/a//b/%2e%2E/c",
        "file:///etc/minewall/lists/a%20b.txt",
        "file://localhost/tmp/x",
    ] {
        let (ours, theirs) = both(text);
        assert!(ours.is_some(), "{text:?} is refused: {:?}", Url::parse(text));
        assert_eq!(ours, theirs, "{text:?}");
    }
}

#[cfg(feature = "webhook")]
#[test]
fn host_and_path_are_told() {
    for text in ["https://u:p@example.org:8443/a?b", "http://[2001:db8::1]:81", "http://192.0.2.7/x/y"] {
        let (ours, theirs) = (Url::parse(text).unwrap(), Theirs::parse(text).unwrap());
        assert_eq!((Some(ours.host()), ours.path()), (theirs.host_str(), theirs.path()), "{text}");
    }
}

#[test]
fn what_is_none_is_refused_with_its_reason() {
    for (text, why) in [
        ("lists/pools.txt", "no scheme"),
        ("", "no scheme"),
        ("https://", "no host"),
        ("https:///x", "no host"),
        ("https://:8443/x", "no host"),
        ("https://example.org:x/", "no number"),
        ("https://example.org:70000/", "65535"),
        ("https://exa mple.org/", "letters"),
        ("https://exa\nmple.org/", "letters"),
        ("https://example.org%2f/", "letters"),
        ("https://[::g]/", "IPv6"),
        ("https://[::1/", "IPv6"),
        ("ftp://example.org/", "unknown scheme ftp:"),
        ("mailto:a@example.org", "unknown scheme mailto:"),
        ("https:example.org", "two slashes"),
        ("file://example.org/x", "another machine"),
    ] {
        let error = Url::parse(text).map_err(|error| error.to_string());
        assert!(error.clone().is_err_and(|error| error.contains(why)), "{text:?}: {error:?}");
    }
}

#[test]
fn ways_from_a_url_lead_where_a_library_says() {
    let base = "https://user:pass@example.org:8443/lists/feed/manifest.toml?v=1";
    for text in [
        "pools.txt",
        "/pools.txt",
        "//other.example/x",
        "http://other.example/x",
        "?v=2",
        "",
        "../a/b",
        "../../../x",
        ".",
        "a b\u{e4}",
        "x?y#z",
        "./",
        "%2e%2e/x",
        "a/..",
    ] {
        let theirs = Theirs::parse(base).unwrap().join(text).map(|mut url| {
            url.set_fragment(None);
            url.to_string()
        });
        let ours = Url::parse(base).unwrap().join(text).map(|url| url.as_str().to_owned());
        assert_eq!(ours.ok(), theirs.ok(), "{text:?}");
    }
    assert!(Url::parse(base).unwrap().join("javascript:alert(1)").is_err());
}

#[test]
fn passwords_are_masked_and_nothing_else() {
    for (text, shown) in [
        ("https://user:pa:ss@example.org/x?y=a:b@c", "https://user:***@example.org/x?y=a:b@c"),
        ("https://user@example.org/", "https://user@example.org/"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
    ] {
        assert_eq!(Url::parse(text).unwrap().masked(), shown);
    }
}

#[test]
fn files_come_back_whatever_they_are_called() {
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/a b/100%/\xff?#[x].txt"));
    for path in [Path::new("/"), Path::new("/etc/minewall/own.list"), Path::new("/tmp/\u{4e2d}\u{6587}"), odd] {
        let url = Url::from_file_path(path).unwrap();
        assert_eq!(url.to_file_path().as_deref(), Some(path));
        assert_eq!(Theirs::parse(url.as_str()).unwrap().to_file_path().as_deref(), Ok(path));
    }
    assert_eq!(Url::from_file_path(Path::new("own.list")), None);
    assert_eq!(Url::parse("https://example.org/x").unwrap().to_file_path(), None);
    assert_eq!(Url::parse("file:///a%00b").unwrap().to_file_path(), None);
}
