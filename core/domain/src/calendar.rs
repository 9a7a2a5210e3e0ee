//! Time as the business reads it: milliseconds that are passed in, and the calendar of
//! Asia/Shanghai (UTC+8 all year since 1991; decision 7).
//!
//! It reads no clock and no time zone database, and it formats nothing: what a time looks like on a
//! wire is the edge's business.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Shanghai, all year.
const SHANGHAI: Offset = Offset::constant(8);

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The end of time: later than every other.
    pub const MAX: Self = Self(i64::MAX);

    /// This many milliseconds since the epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time `ms` later (or earlier, where negative), at most the end of time.
    pub const fn saturating_add_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this; negative where it is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// What clocks in Shanghai show. Times outside the years −9999 to 9999 show as the first or last
    /// moment of them.
    pub fn civil(self) -> DateTime {
        let limit = if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        SHANGHAI.to_datetime(jiff::Timestamp::from_millisecond(self.0).unwrap_or(limit))
    }

    /// When clocks in Shanghai show this; the end of time for what lies after the year 9999's last day.
    pub fn from_civil(civil: DateTime) -> Self {
        SHANGHAI.to_timestamp(civil).map_or_else(
            |_| {
                if civil.year() < 0 {
                    Self(i64::MIN)
                } else {
                    Self::MAX
                }
            },
            |instant| Self(instant.as_millisecond()),
        )
    }

    /// 00:00 of this date in Shanghai.
    fn midnight(date: Date) -> Self {
        Self::from_civil(date.to_datetime(jiff::civil::Time::midnight()))
    }

    /// 00:00 of this day in Shanghai.
    pub fn start_of_day(self) -> Self {
        Self::midnight(self.civil().date())
    }

    /// The end of this day in Shanghai (exclusive), printed as `24:00:00`: 00:00 of the next.
    pub fn end_of_day(self) -> Self {
        self.civil().date().tomorrow().map_or(Self::MAX, Self::midnight)
    }

    /// 00:00 in Shanghai of the day that is so many months after this one, clamped to the month's end:
    /// one month after 31 January is 28 or 29 February, two months after it 31 March (decision 25).
    pub fn add_months(self, months: u32) -> Self {
        let date = self.civil().date();
        Span::new()
            .try_months(i64::from(months))
            .and_then(|span| date.checked_add(span))
            .map_or(Self::MAX, Self::midnight)
    }

    /// How many months of [`Timestamp::add_months`] have passed since `earlier`; 0 where it is later.
    pub fn months_since(self, earlier: Self) -> u32 {
        let (now, then) = (self.civil().date(), earlier.civil().date());
        let years = i64::from(now.year()).saturating_sub(i64::from(then.year()));
        let months = years
            .saturating_mul(12)
            .saturating_add(i64::from(now.month()))
            .saturating_sub(i64::from(then.month()));
        // Negative: earlier than `earlier`.
        let months = u32::try_from(months).unwrap_or_default();
        if months > 0 && earlier.add_months(months) > self {
            months.saturating_sub(1)
        } else {
            months
        }
    }

    /// The hour of the day in Shanghai, 0–23.
    pub fn hour_of_day(self) -> u8 {
        self.civil().hour().unsigned_abs()
    }

    /// The date in Shanghai as the number `yyyyMMdd`, such as 20150131.
    pub fn business_day(self) -> u32 {
        let date = self.civil().date();
        u32::from(date.year().max(0).unsigned_abs())
            .saturating_mul(100)
            .saturating_add(u32::from(date.month().unsigned_abs()))
            .saturating_mul(100)
            .saturating_add(u32::from(date.day().unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use jiff::civil::datetime;

    /// Midnight, or the time of day, in Shanghai.
    fn at(year: i16, month: i8, day: i8, hour: i8) -> Timestamp {
        Timestamp::from_civil(datetime(year, month, day, hour, 0, 0, 0))
    }

    #[test]
    fn shanghai_is_eight_hours_ahead() {
        let epoch = Timestamp::from_millis(0);
        assert_eq!(epoch.civil(), datetime(1970, 1, 1, 8, 0, 0, 0));
        assert_eq!(Timestamp::from_civil(epoch.civil()), epoch);
        assert_eq!((epoch.hour_of_day(), epoch.business_day()), (8, 19_700_101));
    }

    #[test]
    fn a_day_turns_at_midnight_in_shanghai() {
        let last = at(2015, 5, 31, 0).end_of_day().saturating_add_millis(-1);
        assert_eq!(last.business_day(), 20_150_531);
        assert_eq!(last.saturating_add_millis(1).business_day(), 20_150_601);
        assert_eq!(last.start_of_day(), at(2015, 5, 31, 0));
        assert_eq!(last.end_of_day(), at(2015, 6, 1, 0));
    }

    #[test]
    fn months_are_clamped_to_the_month_s_end() {
        let check = |from: Timestamp, months: u32, expect: Timestamp| {
            assert_eq!(
                from.add_months(months),
                expect,
                "{months} months after {:?}",
                from.civil()
            );
        };
        check(at(2015, 1, 31, 17), 1, at(2015, 2, 28, 0));
        check(at(2016, 1, 31, 17), 1, at(2016, 2, 29, 0));
        check(at(2016, 1, 31, 17), 2, at(2016, 3, 31, 0));
        check(at(2016, 1, 31, 17), 3, at(2016, 4, 30, 0));
        check(at(2016, 2, 29, 0), 12, at(2017, 2, 28, 0));
        check(at(2016, 2, 29, 0), 48, at(2020, 2, 29, 0));
        check(at(2015, 12, 15, 23), 1, at(2016, 1, 15, 0));
        check(at(2015, 12, 15, 23), 0, at(2015, 12, 15, 0));
        check(at(2015, 12, 15, 23), u32::MAX, Timestamp::MAX);
    }

    #[test]
    fn months_since_counts_what_add_months_made() {
        for start in [at(2015, 1, 31, 17), at(2016, 2, 29, 0), at(2015, 12, 1, 23)] {
            for months in 1..60 {
                let edge = start.add_months(months);
                assert_eq!(edge.months_since(start), months);
                assert_eq!(edge.saturating_add_millis(-1).months_since(start), months - 1);
            }
            assert_eq!(start.months_since(start), 0);
            assert_eq!(
                start.saturating_add_millis(-86_400_000 * 90).months_since(start),
                0
            );
        }
    }

    #[test]
    fn times_out_of_range_stay_in_order() {
        for ms in [i64::MIN, i64::MAX] {
            let _ = Timestamp::from_millis(ms).business_day();
            assert!(Timestamp::from_millis(ms).end_of_day() >= Timestamp::from_millis(ms).start_of_day());
        }
    }
}
