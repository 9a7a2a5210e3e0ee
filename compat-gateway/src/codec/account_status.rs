//! The status of an account. The documents know 正常, 冻结 and 锁定; a card that was never delivered or has
//! run out gets a word of its own, since each of those three would be untrue.

use crate::answer::Printed;
use crate::contract::Defect;
use map_proto::common::v1::AccountStatus;

/// Prints.
pub(crate) fn print(status: i32) -> Result<Printed<'static>, Defect> {
    let text = match AccountStatus::try_from(status) {
        Ok(AccountStatus::Normal) => "正常",
        Ok(AccountStatus::Frozen) => "冻结",
        Ok(AccountStatus::Locked) => "锁定",
        Ok(AccountStatus::Pending) => "未生效",
        Ok(AccountStatus::Expired) => "已过期",
        Ok(AccountStatus::Unspecified) | Err(_) => return Err(Defect::absent("status")),
    };
    Ok(Printed::text(text))
}
