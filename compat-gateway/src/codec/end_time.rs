//! The end of a validity, which is exclusive: midnight is printed as `24:00:00` of the day before, as the
//! documents do. None, as a cash account has none, is an empty text.

use super::time::local;
use crate::answer::Printed;
use crate::contract::Defect;
use jiff::civil::Time;
use prost_types::Timestamp;
use std::borrow::Cow;

/// Prints.
pub(crate) fn print(time: Option<&Timestamp>) -> Result<Printed<'static>, Defect> {
    let Some(time) = time else {
        return Ok(Printed::default());
    };
    let local = local(time)?;
    let text = if local.time() == Time::midnight() {
        let day = local
            .date()
            .yesterday()
            .map_err(|_| Defect::absent("time in range"))?;
        day.strftime("%Y-%m-%d 24:00:00").to_string()
    } else {
        local.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    Ok(Printed::Text(Cow::Owned(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_the_end_of_the_day_before() {
        let at = |text: &str| Timestamp {
            seconds: text.parse::<jiff::Timestamp>().unwrap().as_second(),
            nanos: 999,
        };
        for (utc, start, end) in [
            (
                "2015-05-31T16:00:00Z",
                "2015-06-01 00:00:00",
                "2015-05-31 24:00:00",
            ),
            (
                "2015-12-31T16:00:00Z",
                "2016-01-01 00:00:00",
                "2015-12-31 24:00:00",
            ),
            (
                "2015-05-31T15:59:59Z",
                "2015-05-31 23:59:59",
                "2015-05-31 23:59:59",
            ),
        ] {
            assert_eq!(super::super::time::print(&at(utc)).unwrap(), Printed::text(start));
            assert_eq!(print(Some(&at(utc))).unwrap(), Printed::text(end));
        }
        assert_eq!(print(None).unwrap(), Printed::text(""));
    }
}
