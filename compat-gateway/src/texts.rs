//! Canonical reasons in the words of the contract. The text is chosen by the reason alone; the core's
//! message never leaves the house.

use crate::contract::Endpoint;
use map_proto::common::v1::ErrorReason;

/// What follows the prefix of a failure.
pub(crate) fn text(endpoint: &Endpoint, reason: ErrorReason, field: Option<&str>) -> String {
    if let Some((_, text)) = endpoint.texts.iter().find(|(own, _)| *own == reason.name()) {
        return (*text).to_owned();
    }
    if reason == ErrorReason::MalformedRequest
        && let Some(field) = field.and_then(|path| documented(endpoint, path))
    {
        return format!("参数{field}格式错误");
    }
    common(reason).to_owned()
}

/// The documented name of a canonical field.
fn documented(endpoint: &Endpoint, path: &str) -> Option<&'static str> {
    endpoint
        .fields
        .iter()
        .find(|field| field.core == Some(path))
        .map(|field| field.name)
}

/// The code under `errcodes = "detailed"`.
pub(crate) fn code(reason: ErrorReason) -> i32 {
    20_000_i32.saturating_add(i32::from(reason))
}

fn common(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::MalformedRequest => "请求参数错误",
        ErrorReason::NetworkNotAllowed => "没有该终端的权限",
        ErrorReason::TerminalUnknown => "商户、门店或终端不存在",
        ErrorReason::IdempotencyKeyReused => "流水号或订单号重复",
        ErrorReason::ProofReused => "签名已用于其他请求",
        ErrorReason::ReplayWindowPassed => "流水号已被使用",
        ErrorReason::PaymentReversed => "交易已冲正",
        ErrorReason::PaymentCancelled => "交易已撤销",
        ErrorReason::KeyClosed => "交易已登记冲正，不再扣款",
        ErrorReason::PaymentUnknownKeyClosed => "原交易不存在或未成功，已登记不再扣款",
        ErrorReason::KeyHoldsNoPayment => "该流水号不是消费交易",
        ErrorReason::PaymentNotFound => "原交易不存在",
        ErrorReason::PaymentNotPaid => "原交易未成功",
        ErrorReason::ReversalWindowPassed => "原交易已超过可撤销期限",
        ErrorReason::AlreadyReversed => "原交易已退回",
        ErrorReason::SellerInactive => "商户未启用",
        ErrorReason::TerminalInactive => "终端未启用",
        ErrorReason::ConsumerUnknown => "消费号码不存在",
        ErrorReason::CustomerNotFound => "用户不存在",
        ErrorReason::AccountNotFound => "账户不存在",
        ErrorReason::AccountNotOwned => "账户与手机号码不符",
        ErrorReason::AccountFrozen => "账户已冻结",
        ErrorReason::PaymentCodeLocked => "支付密码已锁定",
        ErrorReason::PaymentCodeNotSet => "未设置支付密码",
        ErrorReason::PaymentCodeRequired => "缺少支付密码",
        ErrorReason::PinBlockUnreadable => "支付密码格式错误",
        ErrorReason::PaymentCodeWrong => "支付密码错误",
        ErrorReason::AccountPending => "卡未生效",
        ErrorReason::AccountNotYetValid => "账户未到有效期",
        ErrorReason::AccountExpired => "账户已过有效期",
        ErrorReason::RuleMismatch => "不符合消费规则",
        ErrorReason::InsufficientBalance => "余额不足",
        ErrorReason::NotTransferable => "该类账户不能转账",
        ErrorReason::AmountOutOfRange => "金额超出范围",
        ErrorReason::SmsCodeWrong => "短信验证码错误",
        ErrorReason::SmsRateLimited => "短信验证码发送过于频繁",
        ErrorReason::SmsNotSent => "短信发送失败",
        ErrorReason::ProductUnknown => "产品不存在或已停售",
        ErrorReason::IdentityMismatch => "实名不符",
        ErrorReason::OpeningNotFound => "订单不存在",
        ErrorReason::OrderNumberAmbiguous => "订单号不唯一",
        ErrorReason::OpeningExpired => "开卡请求已超时失效",
        ErrorReason::NotSupported => "暂不支持",
        // No call of an endpoint is told the last of these, and none of the others is a decision; only reads
        // are told.
        ErrorReason::Overloaded
        | ErrorReason::CallerInactive
        | ErrorReason::PermissionDenied
        | ErrorReason::Unavailable
        | ErrorReason::OutcomeUnknown
        | ErrorReason::Internal
        | ErrorReason::Unauthenticated
        | ErrorReason::Unspecified
        | ErrorReason::CatalogueChanged => "系统繁忙，请稍后再试",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;
    use std::collections::BTreeMap;

    /// All but those that no call is told.
    fn reasons() -> impl Iterator<Item = (i32, String)> {
        let known = (0..1_000).filter_map(|number| ErrorReason::try_from(number).ok());
        let told = known.filter(|reason| common(*reason) != common(ErrorReason::Internal));
        told.map(|reason| (code(reason), common(reason).to_owned()))
    }

    fn refusals() -> impl Iterator<Item = (i32, String)> {
        use Refusal as R;
        let all = [
            R::UnknownPath,
            R::Method,
            R::ContentEncoding,
            R::TooLarge,
            R::NotUtf8,
            R::NotJson,
            R::DuplicateKey,
            R::TooDeep,
            R::NoNetwork,
            R::CallerUnknown,
            R::AddressRefused,
            R::AppSignature,
            R::Missing("…"),
            R::Malformed("…"),
            R::TooLong("…"),
            R::OrderDigest,
            R::Tsig,
            R::NotFresh,
            R::Undecryptable("…"),
            R::Busy,
            R::Unavailable,
        ];
        all.into_iter().map(|refusal| (refusal.code(), refusal.text()))
    }

    #[test]
    fn the_guide_lists_every_code_with_its_reason() {
        let guide = include_str!("../../docs/legacy-contract.md");
        let row = |line: &str| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            Some((cells.next()?.parse().ok()?, cells.next()?.to_owned()))
        };
        let listed: BTreeMap<i32, String> = guide.lines().filter_map(row).collect();
        assert_eq!(listed, reasons().chain(refusals()).collect());
    }
}
