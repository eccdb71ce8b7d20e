//! The NAT log of another device: events of conntrack, or CSV.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use flate2::read::MultiGzDecoder;
use jiff::tz::Offset;

use super::index::{Host, Index, Seen, Source};
use crate::journal;

/// A translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Mapping {
    inside: (IpAddr, u16),
    public: (IpAddr, u16),
    far: (IpAddr, u16),
}

/// Reads a log, compressed with gzip or not. Lines of neither form are passed over; a log without any line of use is an
/// error.
pub(super) fn read(path: &Path, index: &mut Index, offset: Offset) -> Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let is_packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let source: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut open: HashMap<Mapping, i64> = HashMap::new();
    let mut useful = 0_u64;
    for line in BufReader::new(source).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let Some((time_us, event, mapping)) = conntrack(&line).or_else(|| csv(&line, offset)) else { continue };
        useful += 1;
        if !index.is_wanted(mapping.public.0) {
            continue;
        }
        match event {
            Event::New => _ = open.insert(mapping, time_us),
            Event::Destroy => {
                // One that was open before the log began.
                let since = open.remove(&mapping).unwrap_or(time_us);
                add(index, mapping, since, time_us);
            }
            Event::Seen => add(index, mapping, time_us, time_us),
        }
    }
    for (mapping, since) in open {
        add(index, mapping, since, i64::MAX);
    }
    if useful == 0 {
        bail!("no line is one of `conntrack -E -o timestamp` or of CSV time,proto,inside,iport,public,pport,far,fport");
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    New,
    Destroy,
    Seen,
}

fn add(index: &mut Index, mapping: Mapping, since_us: i64, until_us: i64) {
    let host = Host { ip: mapping.inside.0.to_string(), ..Host::default() };
    let seen = Seen {
        since_us,
        until_us,
        public_port: Some(mapping.public.1),
        inside_port: Some(mapping.inside.1),
        host: Arc::new(host),
        far: std::net::SocketAddr::from(mapping.far).to_string().into(),
        source: Source::NatLog,
        record: None,
    };
    index.add(mapping.public.0, seen);
}

/// `[1700000000.123456] [NEW] tcp 6 120 SYN_SENT src=.. dst=.. sport=.. dport=.. [UNREPLIED] src=.. dst=.. sport=.. dport=..`
fn conntrack(line: &str) -> Option<(i64, Event, Mapping)> {
    let (time, rest) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (seconds, fraction) = time.trim().split_once('.')?;
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let time_us = seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?;
    let event = match rest.trim_start().strip_prefix('[')?.split_once(']')?.0 {
        "NEW" => Event::New,
        "DESTROY" => Event::Destroy,
        _ => return None,
    };
    let all = |name: &str| {
        let mut found = rest.split_ascii_whitespace().filter_map(|word| word.strip_prefix(name));
        Some((found.next()?.to_owned(), found.next()?.to_owned()))
    };
    let (source, _) = all("src=")?;
    let (far, public) = all("dst=")?;
    let (sport, _) = all("sport=")?;
    let (dport, public_port) = all("dport=")?;
    let mapping = Mapping {
        inside: (source.parse().ok()?, sport.parse().ok()?),
        public: (public.parse().ok()?, public_port.parse().ok()?),
        far: (far.parse().ok()?, dport.parse().ok()?),
    };
    Some((time_us, event, mapping))
}

/// `time,proto,inside,iport,public,pport,far,fport`
fn csv(line: &str, offset: Offset) -> Option<(i64, Event, Mapping)> {
    let fields: Vec<_> = line.trim_end().split(',').map(|field| field.trim().trim_matches('"')).collect();
    let [time, _, inside, iport, public, pport, far, fport] = fields[..] else { return None };
    let mapping = Mapping {
        inside: (inside.parse().ok()?, iport.parse().ok()?),
        public: (public.parse().ok()?, pport.parse().ok()?),
        far: (far.parse().ok()?, fport.parse().ok()?),
    };
    Some((journal::at(time, offset).ok()?, Event::Seen, mapping))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let line = "[1700000000.5]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.5 dst=192.0.2.7 sport=50000 dport=3333 \
                    [UNREPLIED] src=192.0.2.7 dst=203.0.113.5 sport=3333 dport=40001";
        let mapping = Mapping {
            inside: ("10.0.0.5".parse().unwrap(), 50000),
            public: ("203.0.113.5".parse().unwrap(), 40001),
            far: ("192.0.2.7".parse().unwrap(), 3333),
        };
        assert_eq!(conntrack(line), Some((1_700_000_000_500_000, Event::New, mapping)));
        let destroy = line.replace("    [NEW]", "[DESTROY]").replace("6 120 SYN_SENT", "6");
        assert_eq!(conntrack(&destroy), Some((1_700_000_000_500_000, Event::Destroy, mapping)));
        let row = "2023-11-14T22:13:20.5Z,tcp,10.0.0.5,50000,203.0.113.5,40001,192.0.2.7,3333\r\n";
        assert_eq!(csv(row, Offset::UTC), Some((1_700_000_000_500_000, Event::Seen, mapping)));
        assert_eq!(csv("time,proto,inside,iport,public,pport,far,fport", Offset::UTC), None);
        for broken in ["", "[", "[1.2] [NEW]", "[x.y] [NEW] src=1 dst=2", &line[..60]] {
            assert_eq!(conntrack(broken), None);
        }
    }
}
