//! Stretches of time as people name them: dates, RFC 3339, `7d`, `last-week`.

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan};

/// What may stand after --since and --until.
const FORMS: &str = "a date such as 2026-11-24, a moment such as 2026-11-24T10:00:00+08:00 or \"2026-11-24 10:00\", \
                     30m, 12h, 7d or 4w, today, yesterday, this-week, last-week, this-month, last-month";

/// The stretch of time asked for.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct When {
    /// From here on: a date, a moment (RFC 3339), 12h, 7d (today and six days before), 4w, today, yesterday,
    /// this-week, last-week, this-month, last-month
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Up to here, days whole; without it, to the end of last-week and its like, else to now
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The offset from UTC of days and times, such as +08:00; without it, that of the configuration
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub(crate) offset: Option<String>,
}

/// A stretch of time, in microseconds since 1970-01-01T00:00:00Z; `until_us` is the first moment after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) since_us: i64,
    pub(crate) until_us: i64,
    /// Whose days count.
    pub(crate) offset: Offset,
}

impl Range {
    /// The day a moment lies in.
    #[cfg(feature = "report")]
    pub(crate) fn date(&self, time_us: i64) -> Date {
        self.civil(time_us).date()
    }

    /// The moment on the wall's clock there.
    pub(crate) fn civil(&self, time_us: i64) -> DateTime {
        self.offset.to_datetime(Timestamp::from_microsecond(time_us).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// The first and the last day that has a part in it.
    #[cfg(feature = "report")]
    pub(crate) fn days(&self) -> (Date, Date) {
        (self.date(self.since_us), self.date(self.until_us.saturating_sub(1).max(self.since_us)))
    }
}

impl When {
    /// The stretch asked for; `offset` is used where none is named, and without --since it begins in 1970.
    ///
    /// # Errors
    /// A text that is no time, with what may stand there; an end before its beginning.
    pub(crate) fn range(&self, now: Timestamp, offset: &str) -> Result<Range> {
        let offset = self::offset(self.offset.as_deref().unwrap_or(offset)).context("--offset")?;
        let now = offset.to_datetime(now);
        let read = |text: &str| Named::read(text, now, offset);
        let since = self.since.as_deref().map(|text| read(text).context("--since")).transpose()?;
        let until = self.until.as_deref().map(|text| read(text).context("--until")).transpose()?;
        let end = until.map(|until| until.end).or_else(|| since.as_ref()?.own_end());
        let us = |time: DateTime| offset.to_timestamp(time).map(Timestamp::as_microsecond);
        let until_us = us(end.unwrap_or(now))?;
        let since_us = since.map_or(Ok(0), |since| us(since.start))?;
        ensure!(since_us < until_us, "--since is not before --until: exchange them, or name an earlier --since");
        Ok(Range { since_us, until_us, offset })
    }
}

/// What a word names: from `start` up to, without, `end`.
struct Named {
    start: DateTime,
    end: DateTime,
    /// Whether it is over at `end`, not at now.
    is_closed: bool,
}

impl Named {
    fn own_end(&self) -> Option<DateTime> {
        self.is_closed.then_some(self.end)
    }

    fn read(text: &str, now: DateTime, offset: Offset) -> Result<Self> {
        let today = now.date();
        let days = |first: Date, days: Span, is_closed: bool| -> Result<Self> {
            let midnight = |date: Date| date.to_datetime(Time::midnight());
            Ok(Self { start: midnight(first), end: midnight(first.checked_add(days)?), is_closed })
        };
        let monday = || today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
        match text {
            "today" => return days(today, 1.day(), false),
            "yesterday" => return days(today.yesterday()?, 1.day(), true),
            "this-week" => return days(monday()?, 7.days(), false),
            "last-week" => return days(monday()?.checked_sub(7.days())?, 7.days(), true),
            "this-month" => return days(today.first_of_month(), 1.month(), false),
            "last-month" => return days(today.first_of_month().checked_sub(1.month())?, 1.month(), true),
            _ => {}
        }
        if let Some((number, unit)) = quantity(text) {
            let start = match unit {
                'm' => now.checked_sub(number.minutes())?,
                'h' => now.checked_sub(number.hours())?,
                'd' => today.checked_sub((number - 1).days())?.to_datetime(Time::midnight()),
                _ => today.checked_sub((number * 7 - 1).days())?.to_datetime(Time::midnight()),
            };
            return Ok(Self { end: start, start, is_closed: false });
        }
        if let Some(date) = text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-24".len()) {
            return days(date, 1.day(), false);
        }
        let moment = text.parse::<Timestamp>().map(|moment| offset.to_datetime(moment));
        let moment = moment.or_else(|_| text.parse::<DateTime>());
        let Ok(moment) = moment else { bail!("{text:?} is no time; give {FORMS}") };
        Ok(Self { start: moment, end: moment, is_closed: false })
    }
}

/// `7d` in its parts: 1 to 36,600 of a unit.
fn quantity(text: &str) -> Option<(i64, char)> {
    let unit = text.chars().last().filter(|unit| matches!(unit, 'm' | 'h' | 'd' | 'w'))?;
    let number = text.strip_suffix(unit)?.parse::<u16>().ok().filter(|number| (1..=36_600).contains(number))?;
    Some((i64::from(number), unit))
}

/// The offset written as `+08:00`, `-3` or `Z`.
///
/// # Errors
/// It is none.
pub(crate) fn offset(text: &str) -> Result<Offset> {
    let fixed = || {
        if text == "Z" || text.is_empty() {
            return Some(Offset::UTC);
        }
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let digits = text.strip_prefix(['+', '-'])?;
        let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
        let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
        let sound = hours <= 14 && minutes < 60 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        sound.then(|| Offset::from_seconds(sign * seconds).ok()).flatten()
    };
    let Some(fixed) = fixed() else { bail!("{text:?} is no offset from UTC; give one such as +08:00 or Z") };
    Ok(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(since: &str, until: &str) -> Result<(String, String)> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        // A Tuesday, 02:30 in Beijing, Monday still in UTC.
        let now: Timestamp = "2026-11-23T18:30:00Z".parse()?;
        let range = When { since: some(since), until: some(until), offset: None }.range(now, "+08:00")?;
        Ok((range.civil(range.since_us).to_string(), range.civil(range.until_us).to_string()))
    }

    #[test]
    fn times_are_read_as_people_name_them() {
        let now = "2026-11-24T02:30:00";
        for (since, until, start, end) in [
            ("2026-11-01", "", "2026-11-01T00:00:00", now),
            ("2026-11-01", "2026-11-07", "2026-11-01T00:00:00", "2026-11-08T00:00:00"),
            ("7d", "", "2026-11-18T00:00:00", now),
            ("1d", "", "2026-11-24T00:00:00", now),
            ("2w", "", "2026-11-11T00:00:00", now),
            ("12h", "30m", "2026-11-23T14:30:00", "2026-11-24T02:00:00"),
            ("today", "", "2026-11-24T00:00:00", now),
            ("yesterday", "", "2026-11-23T00:00:00", "2026-11-24T00:00:00"),
            ("this-week", "", "2026-11-23T00:00:00", now),
            ("last-week", "", "2026-11-16T00:00:00", "2026-11-23T00:00:00"),
            ("this-month", "", "2026-11-01T00:00:00", now),
            ("last-month", "", "2026-10-01T00:00:00", "2026-11-01T00:00:00"),
            ("last-month", "2026-10-10", "2026-10-01T00:00:00", "2026-10-11T00:00:00"),
            ("2026-11-23T10:00:00Z", "", "2026-11-23T18:00:00", now),
            ("2026-11-23T10:00:00+09:00", "2026-11-23 10:00", "2026-11-23T09:00:00", "2026-11-23T10:00:00"),
            ("", "last-month", "1970-01-01T08:00:00", "2026-11-01T00:00:00"),
        ] {
            assert_eq!(range(since, until).unwrap(), (start.to_owned(), end.to_owned()), "{since} {until}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_with_the_remedy() {
        for (since, until, words) in [
            ("soon", "", ["--since", "2026-11-24"]),
            ("0d", "", ["--since", "7d"]),
            ("7d", "2026-13-01", ["--until", "last-week"]),
            ("2026-11-24", "2026-11-20", ["--since", "not before"]),
            ("2026-11-30", "", ["--since", "not before"]),
        ] {
            let error = format!("{:#}", range(since, until).unwrap_err());
            assert!(words.iter().all(|word| error.contains(word)), "{since} {until}: {error}");
        }
        for offset in ["8", "+15", "+8:60", "+-8", "+", "Asia/Shanghai"] {
            assert!(super::offset(offset).is_err(), "{offset}");
        }
    }
}
