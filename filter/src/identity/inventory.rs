//! The inventory: a CSV file of the operator's that says where which address or device belongs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;

use super::mac;
use super::provider::{Answer, Host, Provider, Told};

/// Bytes of the file, and entries, at the most: some hundred bytes a device of a large campus.
const LONGEST: u64 = 64 << 20;
const ENTRIES: usize = 262_144;

/// What a column holds, and what it may be called: in English, and as schools in China do.
#[rustfmt::skip]
const COLUMNS: &[(Column, &[&str])] = &[
    (Column::Place, &["address", "ip", "prefix", "range", "mac", "地址", "ip地址", "网段", "地址段", "mac地址"]),
    (Column::Name, &["hostname", "host", "name", "主机名", "设备名称"]),
    (Column::Unit, &["unit", "department", "单位", "部门", "学院"]),
    (Column::Room, &["room", "location", "房间", "房间号", "地点", "位置"]),
    (Column::Person, &["person", "owner", "负责人", "责任人", "使用人", "姓名"]),
    (Column::Contact, &["contact", "phone", "email", "联系方式", "联系电话", "电话", "邮箱"]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Contact,
    Name,
    Person,
    Place,
    Room,
    Unit,
}

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Entries {
    macs: HashMap<[u8; 6], Arc<Told>>,
    /// By address and prefix.
    nets: HashMap<IpNet, Arc<Told>>,
    /// The lengths of prefixes there are, the longest first.
    lengths: Vec<u8>,
    /// First and last address, the narrowest first.
    ranges: Vec<(IpAddr, IpAddr, Arc<Told>)>,
    bad: Vec<String>,
}

/// The file, and what was read of it.
#[derive(Debug)]
pub(super) struct Inventory {
    path: PathBuf,
    entries: Mutex<(Option<SystemTime>, Arc<Entries>)>,
}

impl Inventory {
    /// # Errors
    /// The file cannot be used.
    pub(super) fn open(path: &str) -> Result<Self> {
        let path = PathBuf::from(path);
        let (written, entries) = load(&path)?;
        tell_bad(&path, &entries);
        Ok(Self { path, entries: Mutex::new((written, Arc::new(entries))) })
    }
}

fn tell_bad(path: &Path, entries: &Entries) {
    if let Some(first) = entries.bad.first() {
        tracing::warn!(file = %path.display(), bad = entries.bad.len(), first, "lines of the inventory are passed over");
    }
}

fn load(path: &Path) -> Result<(Option<SystemTime>, Entries)> {
    let within = || format!("the inventory {} cannot be used", path.display());
    let meta = std::fs::metadata(path).with_context(within)?;
    if meta.len() > LONGEST {
        bail!("{}: it is longer than 64 MiB", within());
    }
    let bytes = std::fs::read(path).with_context(within)?;
    Ok((meta.modified().ok(), Entries::read(&bytes).with_context(within)?))
}

impl Provider for Inventory {
    fn tell(&self, host: &Host) -> Answer {
        let entries = Arc::clone(&self.entries.lock().unwrap_or_else(PoisonError::into_inner).1);
        let told = entries.tell(host.ip, &[host.mac, host.lease_mac]);
        if told == Told::default() {
            return Answer::Nothing;
        }
        Answer::Told { told: Arc::new(told), from_us: None, until_us: None }
    }

    fn look(&self) {
        let written = std::fs::metadata(&self.path).and_then(|meta| meta.modified()).ok();
        let mut held = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_none() || written == held.0 {
            return;
        }
        held.0 = written;
        drop(held);
        match load(&self.path) {
            Ok((written, entries)) => {
                tell_bad(&self.path, &entries);
                let mut held = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
                *held = (written, Arc::new(entries));
            }
            Err(error) => tracing::warn!("the former inventory stays: {error:#}"),
        }
    }
}

impl Entries {
    /// # Errors
    /// It is no UTF-8, or its first line names no column of addresses.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let Ok(text) = std::str::from_utf8(bytes) else {
            bail!(
                "it is no UTF-8 but probably GBK, as spreadsheets in China save CSV; save it as \"CSV UTF-8\", or run \
                 `iconv -f GBK -t UTF-8`"
            );
        };
        let header = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|byte| header.bytes().filter(|b| b == byte).count());
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).flexible(true).from_reader(text.as_bytes());
        let columns: Vec<Option<Column>> = reader.headers()?.iter().map(column).collect();
        if !columns.contains(&Some(Column::Place)) {
            bail!(
                "its first line names no column of addresses; write a line of headers such as \
                 \"address,unit,room,person,contact\" or \"地址,单位,房间,负责人,联系方式\""
            );
        }
        let mut entries = Self::default();
        let mut count = 0;
        for row in reader.records() {
            count += 1;
            match row {
                Ok(_) if count > ENTRIES => entries.bad.push(format!("more than {ENTRIES} lines")),
                Ok(row) => entries.add(&row, &columns),
                Err(error) => entries.bad.push(error.to_string()),
            }
            entries.bad.truncate(1000);
        }
        entries.sort();
        Ok(entries)
    }

    fn add(&mut self, row: &csv::StringRecord, columns: &[Option<Column>]) {
        let cells = || columns.iter().zip(row).filter(|(_, cell)| !cell.trim().is_empty());
        let text = |wanted| {
            let cell = cells().find(|(column, _)| **column == Some(wanted));
            cell.map(|(_, cell)| cell.trim().to_owned())
        };
        let told = Arc::new(Told {
            hostname: text(Column::Name),
            unit: text(Column::Unit),
            room: text(Column::Room),
            person: text(Column::Person),
            contact: text(Column::Contact),
            ..Told::default()
        });
        for (_, place) in cells().filter(|(column, _)| **column == Some(Column::Place)) {
            let place = place.trim();
            if let Some(mac) = mac::read(place) {
                self.macs.insert(mac, Arc::clone(&told));
            } else if let Ok(ip) = place.parse::<IpAddr>() {
                self.nets.insert(ip.into(), Arc::clone(&told));
            } else if let Ok(net) = place.parse::<IpNet>() {
                self.nets.insert(net.trunc(), Arc::clone(&told));
            } else if let Some((first, last)) = range(place) {
                self.ranges.push((first, last, Arc::clone(&told)));
            } else {
                let line = row.position().map_or(0, csv::Position::line);
                self.bad.push(format!("line {line}: {place:?} is no address, prefix, range or hardware address"));
            }
        }
    }

    fn sort(&mut self) {
        self.lengths = self.nets.keys().map(IpNet::prefix_len).collect();
        self.lengths.sort_unstable_by(|one, other| other.cmp(one));
        self.lengths.dedup();
        self.ranges.sort_by_key(|(first, last, _)| number(*last) - number(*first));
    }

    /// What is said of a host: first of the device, then of the address, then of ranges and prefixes around it, the
    /// narrower first; what one does not say, the next may.
    pub(super) fn tell(&self, ip: IpAddr, macs: &[Option<[u8; 6]>]) -> Told {
        let mut told = Told::default();
        for mac in macs.iter().flatten() {
            if let Some(entry) = self.macs.get(mac) {
                told.fill(entry);
            }
        }
        let exact = IpNet::from(ip);
        if let Some(entry) = self.nets.get(&exact) {
            told.fill(entry);
        }
        let around = self.ranges.iter().filter(|(first, last, _)| {
            first.is_ipv4() == ip.is_ipv4() && (number(*first)..=number(*last)).contains(&number(ip))
        });
        let wide = |first: &IpAddr, last: &IpAddr| number(*last) - number(*first);
        let ranges = around.map(|(first, last, entry)| (wide(first, last), entry));
        let nets = self.lengths.iter().filter_map(|length| {
            let net = IpNet::new(ip, *length).ok()?.trunc();
            let entry = self.nets.get(&net).filter(|_| net != exact)?;
            Some((number(net.broadcast()) - number(net.network()), entry))
        });
        let mut all: Vec<_> = ranges.chain(nets).collect();
        all.sort_by_key(|(width, _)| *width);
        for (_, entry) in all {
            told.fill(entry);
        }
        told
    }
}

fn column(header: &str) -> Option<Column> {
    let header = header.trim().to_lowercase().replace(' ', "");
    COLUMNS.iter().find(|(_, names)| names.contains(&header.as_str())).map(|(column, _)| *column)
}

/// Reads `10.0.0.5-10.0.0.9`, or of the last byte only `10.0.0.5-9`.
fn range(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = text.split_once(['-', '~'])?;
    let first = first.trim().parse::<IpAddr>().ok()?;
    let last = match (first, last.trim().parse::<u8>()) {
        (IpAddr::V4(v4), Ok(byte)) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::from([a, b, c, byte])
        }
        _ => last.trim().parse().ok()?,
    };
    (first.is_ipv4() == last.is_ipv4() && first <= last).then_some((first, last))
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u32::from(v4).into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "address,unit,room,person,contact\r\n10.5.0.0/16,Physics,,Prof. Example,\r\n\
        10.5.3.0/24,,Building 3,,5550104\r\n10.5.3.7,,B204,Li Lei,\r\n10.5.4.10-20,Library,,,\r\n\
        02-00-00-00-00-05,Network centre,,,\r\n2001:db8:5::/48,Physics,,,\r\n";

    fn told(entries: &Entries, ip: &str, mac: Option<[u8; 6]>) -> [String; 4] {
        let told = entries.tell(ip.parse().unwrap(), &[mac]);
        [told.unit, told.room, told.person, told.contact].map(Option::unwrap_or_default)
    }

    #[test]
    fn the_narrower_entry_tells_first() {
        let entries = Entries::read(ENGLISH.as_bytes()).unwrap();
        assert_eq!(told(&entries, "10.5.3.7", None), ["Physics", "B204", "Li Lei", "5550104"]);
        assert_eq!(told(&entries, "10.5.3.8", None), ["Physics", "Building 3", "Prof. Example", "5550104"]);
        assert_eq!(told(&entries, "10.5.4.15", None), ["Library", "", "Prof. Example", ""]);
        assert_eq!(told(&entries, "10.5.4.21", None), ["Physics", "", "Prof. Example", ""]);
        assert_eq!(told(&entries, "2001:db8:5:1::9", None), ["Physics", "", "", ""]);
        assert_eq!(told(&entries, "10.6.0.1", None), [""; 4]);
        assert_eq!(told(&entries, "10.5.3.7", Some([2, 0, 0, 0, 0, 5]))[0], "Network centre");
        assert!(entries.bad.is_empty());
    }

    #[test]
    fn chinese_headers_a_byte_order_mark_and_other_delimiters_are_taken() {
        for delimiter in [",", ";", "\t"] {
            let text = "\u{feff}IP 地址,MAC地址,单位,房间,负责人,联系方式,备注\n\
                        10.0.0.5,02:00:00:00:00:05,物理学院,实验楼204,张三,13900000000,无\n";
            let entries = Entries::read(text.replace(',', delimiter).as_bytes()).unwrap();
            let all = ["物理学院", "实验楼204", "张三", "13900000000"];
            assert_eq!(told(&entries, "10.0.0.5", None), all);
            assert_eq!(told(&entries, "10.9.9.9", Some([2, 0, 0, 0, 0, 5])), all);
        }
    }

    #[test]
    fn gbk_and_files_without_headers_are_refused_with_the_remedy() {
        // "地址,单位" in GBK.
        let gbk = b"\xb5\xd8\xd6\xb7,\xb5\xa5\xce\xbb\n10.0.0.5,x\n";
        let error = format!("{:#}", Entries::read(gbk).unwrap_err());
        assert!(error.contains("CSV UTF-8") && error.contains("iconv"), "{error}");
        let error = format!("{:#}", Entries::read(b"10.0.0.5,x\n").unwrap_err());
        assert!(error.contains("address,unit,room,person,contact"), "{error}");
        assert!(Entries::read(b"").is_err());
    }

    #[test]
    fn bad_lines_are_counted_and_told() {
        let entries = Entries::read(b"address,unit\nnowhere,a\n10.0.0.9-10.0.0.5,b\n10.0.0.5,c\n,d\n").unwrap();
        assert_eq!(entries.bad.len(), 2);
        assert!(entries.bad[0].contains("line 2") && entries.bad[0].contains("nowhere"), "{:?}", entries.bad);
        assert_eq!(told(&entries, "10.0.0.5", None)[0], "c");
    }

    #[test]
    fn no_part_of_a_file_breaks_it() {
        for text in [ENGLISH.as_bytes(), "地址,单位\n10.0.0.5,物理\n\"10.0.0.6,x\n".as_bytes()] {
            for end in 0..text.len() {
                if let Ok(entries) = Entries::read(&text[..end]) {
                    told(&entries, "10.5.3.7", None);
                }
            }
        }
    }
}
