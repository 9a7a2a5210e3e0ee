//! A small number, such as stages.

use crate::answer::Printed;
use crate::contract::Defect;

/// Prints.
pub(crate) fn print(count: i32) -> Result<Printed<'static>, Defect> {
    Ok(Printed::Number(i64::from(count)))
}
