//! What breaks on the way.

use std::net::TcpListener;
use std::time::Instant;

use super::raw::Raw;
use super::site::Site;
use super::*;

#[test]
fn what_ends_too_early_is_refused() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
    for (text, kinds) in [
        (format!("{head}Content-Length: 1000\r\n\r\npool.example.org\n"), &[Kind::Short][..]),
        (format!("{head}Content-Length: 1000\r\n\r\n"), &[Kind::Short]),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n11\r\npool.example.org\n\r\n"), &[Kind::Short]),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n1f\r\npool.example"), &[Kind::Short]),
        (format!("{head}Content-Le"), &[Kind::Short, Kind::Protocol]),
        (String::new(), &[Kind::Short, Kind::Protocol]),
    ] {
        let server = Raw::saying(text.as_str());
        for client in Client::all() {
            // wget does not notice it in every case, so that no such answer is taken from it.
            let chunks = client.fetcher == Fetcher::Wget && text.contains("chunked");
            client.fails(&server.url, if chunks { &[Kind::Program] } else { kinds });
        }
    }
}

#[test]
fn chunks_are_put_together() {
    let server = Raw::saying(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npool.\r\nc\r\nexample.org\n\r\n0\r\n\r\n",
    );
    for client in Client::all().iter().filter(|client| client.fetcher != Fetcher::Wget) {
        assert_eq!(client.body(&server.url).1, b"pool.example.org\n");
    }
}

#[test]
fn what_is_longer_than_promised_is_cut_there() {
    let server = Raw::saying("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\npool.example.org\nsmuggled.example.org\n");
    for client in Client::all() {
        assert_eq!(client.body(&server.url).1, b"pool.example.org\n");
    }
}

#[test]
fn what_is_no_http_is_refused() {
    for text in ["SSH-2.0-OpenSSH_9.2p1\r\n".to_owned(), "HTTP/1.1 abc\r\n\r\n".to_owned()] {
        let server = Raw::saying(text);
        for client in Client::all() {
            client.fails(&server.url, &[Kind::Protocol, Kind::Short, Kind::Program]);
        }
    }
}

#[test]
fn heads_without_end_are_refused() {
    let header = format!("X-Long: {}\r\n", "a".repeat(1000));
    let server = Raw::saying(format!("HTTP/1.1 200 OK\r\n{}\r\nlist\n", header.repeat(2000)));
    for client in Client::all() {
        client.fails(&server.url, &[Kind::Protocol, Kind::Short]);
    }
}

#[test]
fn who_drips_is_given_up() {
    let Some(site) = Site::start() else { return };
    site.put("slow.txt", "pool.example.org\n".repeat(1000));
    // Both drip for longer than the test lets a slow machine take.
    let head = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 17\r\n\r\n", "a".repeat(200));
    let head = Raw::dripping(&head, Duration::from_millis(200));
    for mut client in Client::all() {
        client.limits.total = Duration::from_millis(1500);
        for url in [&site.url("/drip/slow.txt"), &head.url] {
            let begin = Instant::now();
            client.fails(url, &[Kind::Time]);
            let took = begin.elapsed();
            assert!(took < Duration::from_secs(15), "{} took {took:?} for {url}", client.fetcher);
        }
    }
}

#[test]
fn who_takes_the_connection_and_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/list", silent.local_addr().unwrap());
    for mut client in Client::all() {
        client.limits.total = Duration::from_millis(1000);
        client.fails(&url, &[Kind::Time]);
    }
}

#[test]
fn a_port_where_nobody_is_and_a_name_that_is_not() {
    let port = minewall_lab::Port::tcp().unwrap();
    for client in Client::all() {
        let failed = client.fails(&format!("http://{}/list", port.at()), &[Kind::Connect]);
        assert!(!failed.is_permanent());
        client.fails("http://nowhere.invalid/list", &[Kind::Name, Kind::Connect]);
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let client = Client::new(Fetcher::UclientFetch);
    if Command::new("uclient-fetch").arg("--help").output().is_err() {
        let words = client.fails("http://127.0.0.1:9/list", &[Kind::Program]).to_string();
        assert!(words.contains("uclient-fetch") && words.contains("another fetcher"), "{words}");
    }
}
