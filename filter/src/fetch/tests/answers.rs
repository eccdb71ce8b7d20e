//! 200, 304, encodings, statuses, redirects, limits: what a sound server answers.

use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::site::{LIST, Site};
use super::*;

/// As gzip(1) does.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// By zstd(1); none, with a loud word, where it is not installed.
pub(super) fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    let started = Command::new("zstd").args(["-c", "-q", "-19"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        skipped("no zstd here, so none was decompressed; apt-get install zstd");
        return None;
    };
    let (mut input, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

#[test]
fn a_list_is_fetched_and_then_only_when_it_has_changed() {
    let Some(site) = Site::start() else { return };
    for mut client in Client::all() {
        site.put("list.txt", LIST);
        let url = site.url("/list.txt");
        let (body, bytes) = client.body(&url);
        assert_eq!(bytes, LIST.as_bytes());
        let agent = format!("GET /list.txt HTTP/1.1 200 \"minewall/{} (+", env!("CARGO_PKG_VERSION"));
        assert!(site.fetched(&agent, 1) > 0, "{}: {}", client.fetcher, site.log());
        if !sees_heads(client.fetcher) {
            continue;
        }
        let (etag, modified) = (body.etag.unwrap(), body.modified.unwrap());
        for (etag, modified) in
            [(Some(etag.clone()), None), (None, Some(modified.clone())), (Some(etag), Some(modified))]
        {
            (client.etag, client.modified) = (etag, modified);
            fs::write(client.file(), "of the last time").unwrap();
            assert!(matches!(client.fetch(&url), Ok(Fetched::Unchanged)), "{}", client.fetcher);
            assert_eq!(fs::read(client.file()).unwrap(), b"of the last time");
        }
        site.put("list.txt", "pool.example.com\nand more\n");
        client.modified = None;
        assert_eq!(client.body(&url).1, b"pool.example.com\nand more\n");
    }
}

#[test]
fn marks_that_are_no_header_are_not_sent() {
    let Some(site) = Site::start() else { return };
    for mut client in Client::all() {
        client.etag = Some("\"a\"\r\nX-Evil: 1".to_owned());
        client.modified = Some(String::new());
        assert_eq!(client.body(&site.url("/list.txt")).1, LIST.as_bytes());
    }
}

#[test]
fn encodings_come_off() {
    let Some(site) = Site::start() else { return };
    let large: String = (0..50_000).map(|n| format!("pool-{n}.example.org\n")).collect();
    site.put("large.txt", &large);
    site.put("list.gz", gzip(LIST.as_bytes()));
    site.put("two.gz", [gzip(LIST.as_bytes()), gzip(b"more\n")].concat());
    let zst = zstd(LIST.as_bytes()).map(|small| {
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        site.put("two.zst", [&small[..], &skippable, &small].concat());
        site.put("large.zst", zstd(large.as_bytes()).unwrap());
    });
    for client in Client::all() {
        let both =
            |path: &str, expected: &str| assert!(client.body(&site.url(path)).1 == expected.as_bytes(), "{path}");
        both("/gzip/large.txt", &large);
        both("/list.gz", LIST);
        both("/two.gz", &format!("{LIST}more\n"));
        both("/gzip/list.gz", LIST);
        if sees_heads(client.fetcher) {
            both("/as-gzip/list.gz", LIST);
            client.fails(&site.url("/as-br/list.txt"), &[Kind::Encoding]);
            client.fails(&site.url("/as-gzip/list.txt"), &[Kind::Encoding]);
        }
        if zst.is_none() {
            continue;
        }
        both("/two.zst", &LIST.repeat(2));
        both("/large.zst", &large);
        if sees_heads(client.fetcher) {
            both("/as-zstd/large.zst", &large);
            client.fails(&site.url("/as-zstd/list.txt"), &[Kind::Encoding]);
        }
    }
}

#[test]
fn what_is_compressed_and_damaged_is_refused() {
    let Some(site) = Site::start() else { return };
    let text = LIST.repeat(5000);
    let mut damaged = vec![("cut.gz", gzip(text.as_bytes())), ("flipped.gz", gzip(text.as_bytes()))];
    if let Some(bytes) = zstd(text.as_bytes()) {
        damaged.extend([("cut.zst", bytes.clone()), ("flipped.zst", bytes)]);
    }
    for (name, bytes) in &mut damaged {
        // Behind the data stand the checksums, of which one bit is turned; or the last three bytes are missing.
        let length = bytes.len();
        if name.starts_with("cut") {
            bytes.truncate(length - 3);
        } else {
            bytes[length - if name.ends_with("gz") { 8 } else { 1 }] ^= 1;
        }
        site.put(name, bytes);
    }
    for client in Client::all() {
        for (name, _) in &damaged {
            client.fails(&site.url(&format!("/{name}")), &[Kind::Short, Kind::Encoding]);
        }
    }
}

#[test]
fn statuses_are_told_with_their_wait() {
    let Some(site) = Site::start() else { return };
    for client in Client::all() {
        for (path, kind, permanent) in [
            ("/absent", Kind::Refused, true),
            ("/403", Kind::Refused, true),
            ("/500", Kind::Busy, false),
            ("/503", Kind::Busy, false),
            ("/429", Kind::Busy, false),
        ] {
            let failed = client.fails(&site.url(path), &[kind]);
            assert_eq!(failed.is_permanent(), permanent, "{failed}");
            let wait = failed.retry_after().map(|wait| wait.as_secs());
            let expected = match path {
                _ if !sees_heads(client.fetcher) => None,
                "/503" => Some(120),
                "/429" => Some(7 * 24 * 3600),
                _ => None,
            };
            assert_eq!(wait, expected, "{}: {failed}", client.fetcher);
        }
    }
}

#[test]
fn redirects_are_followed_to_the_fifth() {
    let Some(site) = Site::start() else { return };
    for client in Client::all() {
        assert_eq!(client.body(&site.url("/five/4")).1, LIST.as_bytes());
        assert_eq!(client.body(&site.url("/relative/here")).1, LIST.as_bytes());
        let endless = [Kind::Redirects, Kind::Refused];
        let kinds = if sees_heads(client.fetcher) { &endless[..1] } else { &endless };
        client.fails(&site.url("/six/5"), kinds);
        client.fails(&site.url("/loop"), kinds);
        if sees_heads(client.fetcher) {
            client.fails(&site.url("/nowhere"), &[Kind::Protocol]);
        }
    }
}

#[test]
fn no_more_is_taken_than_is_allowed() {
    let Some(site) = Site::start() else { return };
    site.put("long.txt", "pool.example.org\n".repeat(10_000));
    site.put("empty.txt", "");
    for mut client in Client::all() {
        client.limits.bytes = 169_999;
        for path in ["/long.txt", "/gzip/long.txt"] {
            let words = client.fails(&site.url(path), &[Kind::Large]).to_string();
            assert!(words.contains("169999 bytes") && words.contains("allow more"), "{words}");
        }
        client.limits.bytes = 170_000;
        for path in ["/long.txt", "/gzip/long.txt"] {
            assert_eq!(client.body(&site.url(path)).0.bytes, 170_000);
        }
        assert_eq!(client.body(&site.url("/empty.txt")).0.bytes, 0);
    }
}

#[test]
fn a_web_page_is_delivered_as_it_is() {
    let Some(site) = Site::start() else { return };
    let page = "<!doctype html><title>Please log in</title>\n";
    site.put("page.html", page);
    for client in Client::all() {
        assert_eq!(client.body(&site.url("/page.html")).1, page.as_bytes());
    }
}

#[test]
fn a_mebibyte_does_not_become_a_gibibyte() {
    let Some(site) = Site::start() else { return };
    let zeros = vec![0; 64 << 20];
    // Sixteen times 64 MiB.
    let gz = gzip(&zeros).repeat(16);
    assert!((1_000_000..2_000_000).contains(&gz.len()), "{}", gz.len());
    site.put("bomb.gz", gz);
    let zst = zstd(&zeros).map(|frame| site.put("bomb.zst", frame.repeat(16)));
    for client in Client::all() {
        client.fails(&site.url("/bomb.gz"), &[Kind::Large]);
        if sees_heads(client.fetcher) {
            client.fails(&site.url("/as-gzip/bomb.gz"), &[Kind::Large]);
        }
        if zst.is_some() {
            client.fails(&site.url("/bomb.zst"), &[Kind::Large]);
        }
    }
}
