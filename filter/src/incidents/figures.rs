//! Figures as people read them.

use jiff::Timestamp;
use jiff::tz::Offset;
use minewall_core::evidence::printable;
pub(crate) use minewall_core::incident::duration as span;

use crate::stamp;

/// Three digits, as many as an estimate deserves: `0.24`, `8.3`, `240`.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        value => format!("{value:.2}"),
    }
}

/// A value in the unit that suits it: `12.3 k`, `1.20 M`; to be followed by the unit's name.
pub(crate) fn scaled(value: f64) -> String {
    let units = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // What would be written as 1000 has the next unit.
    match units.into_iter().find(|(unit, _)| value >= unit * 0.9995) {
        Some((unit, name)) => format!("{} {name}", number(value / unit)),
        None => format!("{} ", number(value)),
    }
}

/// The unit of a rate: equihash counts solutions, and cycles are graphs.
pub(crate) fn rate_unit(algorithm: Option<&str>) -> &'static str {
    let algorithm = algorithm.unwrap_or_default().to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| algorithm.starts_with(word));
    match () {
        () if begins(&["equi", "zhash", "beamhash"]) => "Sol/s",
        () if begins(&["cuck"]) => "G/s",
        () => "H/s",
    }
}

/// Watts.
pub(crate) fn watts(watts: f64) -> String {
    scaled(watts) + "W"
}

/// How long ago, in the largest unit of which there are two.
pub(crate) fn ago(now_us: i64, then_us: i64) -> String {
    ago_s(now_us.saturating_sub(then_us).max(0) / 1_000_000)
}

/// The same of so many seconds: `3 h ago`.
pub(crate) fn ago_s(seconds: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    match units.into_iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name} ago", seconds / unit),
        None => format!("{seconds} s ago"),
    }
}

/// Octets.
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn octets(octets: u64) -> String {
    scaled(octets as f64) + "B"
}

/// `2026-11-24 10:00:00`.
pub(crate) fn moment(time_us: i64, offset: Offset) -> String {
    let time = Timestamp::from_microsecond(time_us).unwrap_or_default();
    stamp::second(offset.to_datetime(time))
}

/// What came from a wire or a file, printable and at most so many characters: its middle is left out, for wallets are told
/// apart by their ends.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let text = printable(text, usize::MAX);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most {
        return text;
    }
    let ends = most.saturating_sub(1);
    let (head, tail) = (ends - ends / 3, ends / 3);
    let head: String = chars.iter().take(head).collect();
    let tail: String = chars.iter().skip(chars.len() - tail).collect();
    format!("{head}…{tail}")
}

/// The same, and what is left out is its end.
pub(crate) fn head(text: &str, most: usize) -> String {
    let text = printable(text, usize::MAX);
    if text.chars().count() <= most {
        return text;
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_people_read_them() {
        for (value, text) in [
            (0.0, "0 "),
            (0.244, "0.24 "),
            (999.4, "999 "),
            (999.6, "1.00 k"),
            (9_996.0, "10.0 k"),
            (1_234.0, "1.23 k"),
            (110e12, "110 T"),
            (2.5e18, "2.50 E"),
        ] {
            assert_eq!(scaled(value), text, "{value}");
        }
        assert_eq!((watts(240.0), octets(50_000)), ("240 W".into(), "50.0 kB".into()));
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3600, "1 h"),
            (5400, "1 h 30 min"),
            (86_400, "1 d"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!((ago(10, 20), ago(119_000_000, 0)), ("0 s ago".into(), "119 s ago".into()));
        assert_eq!((ago(7_200_000_000, 0), ago(1, i64::MIN)), ("2 h ago".into(), "106751991 d ago".into()));
        assert_eq!(moment(0, Offset::constant(8)), "1970-01-01 08:00:00");
        assert_eq!((rate_unit(Some("Equihash 200,9")), rate_unit(None)), ("Sol/s", "H/s"));
    }

    #[test]
    fn long_words_lose_their_middle_and_nothing_moves_the_cursor() {
        assert_eq!((clip("48edfHu7V9Z84Yzz", 10), clip("short", 10)), ("48edfH…Yzz".into(), "short".into()));
        assert_eq!((head("School of Physics", 11), head("short", 5)), ("School of…".into(), "short".into()));
        assert_eq!(clip("a\u{1b}[2J", 40), "a\\u{1b}[2J");
        for most in 0..20 {
            assert!(clip(&"x".repeat(40), most).chars().count() <= most.max(1));
        }
    }
}
