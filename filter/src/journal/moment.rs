//! Moments on the command line.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

const EXAMPLES: &str = "write it like 2026-11-24T10:00:00+08:00, 2026-11-24 10:00:00, 2026-11-24, 7d, 12h or 30m";

/// A moment or a time ago, in microseconds since 1970-01-01T00:00:00Z; in UTC where it does not say.
pub(crate) fn since(text: &str) -> Result<i64, String> {
    let ago =
        |unit: char| text.strip_suffix(unit).and_then(|count| count.parse::<i64>().ok()).filter(|count| *count >= 0);
    let span = match (ago('d'), ago('h'), ago('m')) {
        (Some(days), _, _) => Span::new().try_hours(days.saturating_mul(24)),
        (_, Some(hours), _) => Span::new().try_hours(hours),
        (_, _, Some(minutes)) => Span::new().try_minutes(minutes),
        _ => return at(text, Offset::UTC),
    };
    let then = span.and_then(|span| Timestamp::now().checked_sub(span));
    then.map(|then| then.as_microsecond()).map_err(|_| format!("{text:?} is too long ago"))
}

/// A moment, with this offset from UTC where it does not say.
pub(crate) fn at(text: &str, offset: Offset) -> Result<i64, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_microsecond());
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    let civil = civil.map_err(|_| format!("{text:?} is no time; {EXAMPLES}"))?;
    let time = TimeZone::fixed(offset).to_timestamp(civil).map_err(|_| format!("{text:?} is no time; {EXAMPLES}"))?;
    Ok(time.as_microsecond())
}

/// An offset from UTC: `+08:00`, `-0330`, `Z`.
pub(crate) fn offset(text: &str) -> Result<Offset, String> {
    let wrong = || format!("{text:?} is no offset from UTC; write it like +08:00");
    if text == "Z" {
        return Ok(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", digits)) => (1, digits.replace(':', "")),
        Some(("-", digits)) => (-1, digits.replace(':', "")),
        _ => return Err(wrong()),
    };
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse::<i32>().ok());
    let (Some(hours), Some(minutes)) = (number(0..2), if digits.len() == 2 { Some(0) } else { number(2..4) }) else {
        return Err(wrong());
    };
    if digits.len() > 4 || minutes > 59 {
        return Err(wrong());
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_their_offset() {
        let utc = 1_763_949_600_000_000; // 2025-11-24T02:00:00Z
        let east = offset("+08:00").unwrap();
        for text in ["2025-11-24T10:00:00+08:00", "2025-11-24 10:00:00", "2025-11-24T10:00:00", "2025-11-24T02:00:00Z"]
        {
            assert_eq!(at(text, east), Ok(utc), "{text}");
        }
        assert_eq!(at("2025-11-24", Offset::UTC), Ok(utc - 7_200_000_000));
        assert_eq!(offset("-0330"), Offset::from_seconds(-12_600).map_err(|error| error.to_string()));
        assert_eq!(
            offset("+8:00").map(|_| ()),
            Err("\"+8:00\" is no offset from UTC; write it like +08:00".to_owned())
        );
        for wrong in ["", "yesterday", "2025-13-01", "2025-11-24 25:00:00", "-1d", "99999999999999999d"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
        let now = Timestamp::now().as_microsecond();
        let week = now - since("7d").unwrap();
        assert!((604_800_000_000 - 60_000_000..=604_800_000_000).contains(&week), "{week}");
        assert!(since("30m").unwrap() > since("12h").unwrap());
    }
}
