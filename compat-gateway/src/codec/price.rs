//! A unit price in fen, 0 or more: a record, so that a terminal may say that it knows none.

use super::fen::integer;
use crate::answer::Printed;
use crate::contract::Defect;
use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<i64, Refusal> {
    integer(value.text()).ok_or(value.malformed())
}

/// Prints.
pub(crate) fn print(fen: i64) -> Result<Printed<'static>, Defect> {
    Ok(Printed::Number(fen))
}
