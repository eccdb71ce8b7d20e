//! Messages that are not text, and the frames other messages go in.

use anyhow::{Result, bail};

use crate::random::Random;

/// A TLS 1.3 ClientHello (RFC 8446 section 4.1.2) in one record, as OpenSSL orders it.
pub(crate) fn hello(name: Option<&str>) -> Vec<u8> {
    let mut extensions = Vec::new();
    let mut extension = |kind: u16, body: &[u8]| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(framed(body));
    };
    if let Some(name) = name {
        extension(0, &framed(&[&[0][..], &framed(name.as_bytes())].concat()));
    }
    let mut random = Random::from_text(name.unwrap_or_default());
    extension(11, &[3, 0, 1, 2]);
    extension(10, &framed(&[0, 29, 0, 23, 0, 24]));
    extension(13, &framed(&[4, 3, 5, 3, 8, 7, 8, 4, 4, 1]));
    extension(43, &[4, 3, 4, 3, 3]);
    extension(45, &[1, 1]);
    extension(51, &framed(&[&[0, 29, 0, 32][..], &random.octets(32)].concat()));
    let mut body = vec![3, 3];
    body.extend(random.octets(32));
    body.push(32);
    body.extend(random.octets(32));
    body.extend(framed(&[0x13, 2, 0x13, 3, 0x13, 1, 0xc0, 0x2c, 0xc0, 0x30, 0, 0xff]));
    body.extend([1, 0]);
    body.extend(framed(&extensions));
    let message = [&[1, 0][..], &framed(&body)].concat();
    [&[22, 3, 1][..], &framed(&message)].concat()
}

/// A question (RFC 1035 section 4).
pub(crate) fn question(name: &str, kind: &str) -> Result<Vec<u8>> {
    let kind: u16 = match kind {
        "A" => 1,
        "TXT" => 16,
        "AAAA" => 28,
        "HTTPS" => 65,
        _ => bail!("no such kind of question: {kind}"),
    };
    let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    Ok(message)
}

/// An answer to a question for an address, of one record that holds ten minutes.
pub(crate) fn answer(question: &[u8], address: std::net::Ipv4Addr) -> Vec<u8> {
    let mut message = question.to_vec();
    message[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 0x58, 0, 4]);
    message.extend(address.octets());
    message
}

/// Behind its length in two octets.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes()[..], body].concat()
}

/// A WebSocket text message (RFC 6455 section 5.2) in so many frames; what a client sends is masked.
pub(crate) fn websocket(text: &[u8], frames: usize, masks: Option<&mut Random>) -> Vec<u8> {
    let size = text.len().div_ceil(frames.max(1)).max(1);
    let count = text.len().div_ceil(size).max(1);
    let mut masks = masks;
    let mut octets = Vec::new();
    for number in 0..count {
        let part = text.get(number * size..text.len().min((number + 1) * size)).unwrap_or_default();
        let last = if number + 1 == count { 0x80 } else { 0 };
        let masked = if masks.is_some() { 0x80 } else { 0 };
        octets.push(last | u8::from(number == 0));
        match part.len() {
            small @ 0..126 => octets.push(masked | small as u8),
            middle @ 126..65_536 => {
                octets.push(masked | 126);
                octets.extend((middle as u16).to_be_bytes());
            }
            large => {
                octets.push(masked | 127);
                octets.extend((large as u64).to_be_bytes());
            }
        }
        let key = masks.as_mut().map(|random| random.octets(4)).unwrap_or_default();
        octets.extend(&key);
        let keys = key.iter().copied().chain([0].into_iter().filter(|_| key.is_empty())).cycle();
        octets.extend(part.iter().zip(keys).map(|(octet, key)| octet ^ key));
    }
    octets
}

/// An HTTP/1.1 message: these lines of its head, the length of its body, and the body.
pub(crate) fn http(head: &[u8], body: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let mut octets = Vec::new();
    for line in head.lines() {
        octets.extend(line.bytes());
        octets.extend(b"\r\n");
    }
    if !body.is_empty() {
        octets.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    octets.extend(b"\r\n");
    octets.extend(body);
    octets
}
