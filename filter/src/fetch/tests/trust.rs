//! Certificates.

use super::site::{Certificate, LIST, Site};
use super::*;

fn secure() -> Vec<Client> {
    let built_in = |fetcher: &Fetcher| *fetcher != Fetcher::BuiltIn || built_in::can(true);
    fetchers().into_iter().filter(built_in).map(Client::new).collect()
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let Some(site) = Site::start() else { return };
    let url = site.secure(Certificate::Good, "/list.txt");
    for mut client in secure() {
        client.fails(&url, &[Kind::Certificate]);
        client.authorities = Some(site.authority());
        assert_eq!(client.body(&url).1, LIST.as_bytes());
    }
}

#[test]
fn certificates_that_are_not_to_be_trusted_are_refused() {
    let Some(site) = Site::start() else { return };
    for mut client in secure() {
        client.authorities = Some(site.authority());
        for certificate in [Certificate::Other, Certificate::Expired, Certificate::SelfSigned] {
            let url = site.secure(certificate, "/list.txt");
            let words = client.fails(&url, &[Kind::Certificate]).to_string();
            assert!(words.contains("clock") && words.contains(&url), "{words}");
        }
    }
    assert!(!site.log().contains("list.txt"), "a request was sent over a connection not to be trusted");
}

#[test]
fn https_is_never_left_for_http() {
    let Some(site) = Site::start() else { return };
    for mut client in secure() {
        client.authorities = Some(site.authority());
        client.fails(&site.secure(Certificate::Good, "/down"), &[Kind::Downgrade]);
        if sees_heads(client.fetcher) {
            assert_eq!(client.body(&site.secure(Certificate::Good, "/five/4")).1, LIST.as_bytes());
            assert_eq!(client.body(&site.url("/up")).1, LIST.as_bytes());
        }
    }
    let expected = 2 * secure().iter().filter(|client| sees_heads(client.fetcher)).count();
    assert_eq!(site.fetched("GET /list.txt", expected), expected);
}

#[test]
fn tls_that_is_none_is_told() {
    let Some(site) = Site::start() else { return };
    for client in secure() {
        let url = site.url("/list.txt").replace("http:", "https:");
        client.fails(&url, &[Kind::Tls]);
    }
}

#[test]
fn authorities_that_cannot_be_read_are_named() {
    let Some(site) = Site::start() else { return };
    for mut client in secure() {
        client.authorities = Some(site.scratch.join("absent.pem"));
        client.fails(&site.secure(Certificate::Good, "/list.txt"), &[Kind::Authorities, Kind::Certificate]);
    }
}

#[test]
fn https_is_fetched_with_and_without_a_tls_of_our_own() {
    let Some(site) = Site::start() else { return };
    let url = site.secure(Certificate::Good, "/list.txt");
    let mut client = Client::new(Fetcher::Auto);
    client.authorities = Some(site.authority());
    assert_eq!(client.body(&url).1, LIST.as_bytes());
    if !built_in::can(true) {
        let words = Client::new(Fetcher::BuiltIn).fails(&url, &[Kind::NoTls]).to_string();
        assert!(words.contains("uclient-fetch"), "{words}");
    }
}
