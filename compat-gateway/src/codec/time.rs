//! A time in Asia/Shanghai, `yyyy-MM-dd HH:mm:ss`. The zone has had no summer time since 1991, so it is a
//! fixed offset and needs no zone database.

use crate::answer::Printed;
use crate::contract::Defect;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use prost_types::Timestamp;
use std::borrow::Cow;

const SHANGHAI: Offset = Offset::constant(8);

/// Prints.
pub(crate) fn print(time: &Timestamp) -> Result<Printed<'static>, Defect> {
    Ok(Printed::Text(Cow::Owned(
        local(time)?.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )))
}

/// The local time, whole seconds.
pub(super) fn local(time: &Timestamp) -> Result<DateTime, Defect> {
    let time = jiff::Timestamp::from_second(time.seconds).map_err(|_| Defect::absent("time in range"))?;
    Ok(SHANGHAI.to_datetime(time))
}
