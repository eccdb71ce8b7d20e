//! Times as people read them. By hand, for what reads and writes them by patterns is one of the larger parts of the program for
//! routers.

use jiff::civil::DateTime;

/// `2026-11-24 10:00:00`.
pub(crate) fn second(time: DateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    format!("{date} {:02}:{:02}:{:02}", clock.hour(), clock.minute(), clock.second())
}

/// `2026-11-24 10:00`.
pub(crate) fn minute(time: DateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    format!("{date} {:02}:{:02}", clock.hour(), clock.minute())
}

/// `11-24 10:00`.
pub(crate) fn in_year(time: DateTime) -> String {
    let (date, clock) = (time.date(), time.time());
    format!("{:02}-{:02} {:02}:{:02}", date.month(), date.day(), clock.hour(), clock.minute())
}

/// Of `2026/11/24 10:00:00`.
pub(crate) fn read(text: &str) -> Option<DateTime> {
    let (date, clock) = text.split_once(' ')?;
    let mut date = date.split('/');
    let mut clock = clock.split(':');
    let next =
        |part: Option<&str>| part?.parse::<i8>().ok().filter(|_| part.is_some_and(|part| !part.starts_with('+')));
    let year = date.next()?.parse().ok()?;
    let (month, day) = (next(date.next())?, next(date.next())?);
    let (hour, minute, second) = (next(clock.next())?, next(clock.next())?, next(clock.next())?);
    // A second that is put in is the one before it.
    let second = if second == 60 { 59 } else { second };
    let rest = date.next().or_else(|| clock.next());
    if rest.is_some() { None } else { DateTime::new(year, month, day, hour, minute, second, 0).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_a_library_writes_them() {
        for text in ["2026-11-24T10:07:09.9", "0001-01-01T00:00:00", "9999-12-31T23:59:59"] {
            let time: DateTime = text.parse().unwrap();
            assert_eq!(second(time), time.strftime("%F %T").to_string());
            assert_eq!(minute(time), time.strftime("%F %H:%M").to_string());
            assert_eq!(in_year(time), time.strftime("%m-%d %H:%M").to_string());
        }
    }

    #[test]
    fn times_of_leases_are_read_as_a_library_reads_them() {
        for text in [
            "2024/11/21 10:37:29",
            "2024/02/29 00:00:00",
            "2016/12/31 23:59:60",
            "2016/12/31 23:59:61",
            "2023/02/29 00:00:00",
            "2024/11/21",
            "2024/11/21 10:37",
            "2024/11/21 24:00:00",
            "2024/13/01 00:00:00",
            "2024/11/21 10:37:29:1",
            "2024/11/21/1 10:37:29",
            "",
            "never",
        ] {
            let theirs = DateTime::strptime("%Y/%m/%d %H:%M:%S", text).ok();
            assert_eq!(read(text), theirs, "{text:?}");
        }
    }
}
