//! Words from the wire, made safe to be read: by a person on a terminal, by a line reader, by a log system.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use jiff::Timestamp;

use crate::limits;

/// What stands at the end of a text that was cut short.
const CUT: &str = "...";

/// The text with every invisible character written out, at most `max_bytes` bytes of UTF-8.
///
/// This is the one place where text from the wire becomes text in a record. Control characters (C0, DEL, C1), line and
/// paragraph separators, direction marks and overrides, zero-width and other invisible formatting, and the byte order
/// mark become `\u{hex}`: they can break no line, hide nothing and turn nothing around. Everything else stays, the
/// backslash too; the exact bytes are in the excerpt. Longer text ends in `...`.
#[must_use]
pub fn printable(text: &str, max_bytes: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_bytes));
    let mut fits = 0; // the length that leaves room for the mark
    for c in text.chars() {
        if is_invisible(c) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
        if out.len() > max_bytes {
            out.truncate(fits);
            out.push_str(CUT.get(..max_bytes.min(CUT.len())).unwrap_or_default());
            return out;
        }
        if out.len() + CUT.len() <= max_bytes {
            fits = out.len();
        }
    }
    out
}

/// The bytes as ASCII: printable ones as they are, a backslash as `\\`, every other as `\xNN` with two lower-case
/// digits; at most [`limits::EXCERPT`] bytes of the wire. It can be turned back exactly.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes.iter().take(limits::EXCERPT) {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out
}

/// The moment as RFC 3339 text in UTC with exactly six digits of the second: `2026-11-23T20:01:02.123456Z`.
///
/// `time_us` counts microseconds since 1970-01-01T00:00:00Z; a moment before that reads as its start, one after the
/// year 9999 as the last that can be written.
#[must_use]
pub fn timestamp(time_us: i64) -> String {
    let moment = Timestamp::from_microsecond(time_us.max(0)).unwrap_or(Timestamp::MAX);
    format!("{moment:.6}")
}

/// Characters that cannot be seen or that change how others are seen (Unicode 16, general categories Cc, Zl, Zp and
/// Cf, noncharacters): none of them carries meaning in a name, a wallet or an agent.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
        | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
