//! Text as it is. Lengths beyond the documented ones are the core's to refuse.

use crate::answer::Printed;
use crate::contract::Defect;
use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<String, Refusal> {
    Ok(value.text().to_owned())
}

/// Prints.
pub(crate) fn print(text: &str) -> Result<Printed<'_>, Defect> {
    Ok(Printed::text(text))
}
