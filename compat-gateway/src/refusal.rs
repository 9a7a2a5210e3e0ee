//! What the gateway refuses by itself: requests whose same bytes can never succeed (or, where
//! [`Refusal::is_passing`], are just not served now). Every other decision is the core's.
//!
//! Some of the former rest on what is provisioned: the app, its keys, its addresses, the listener's network. An
//! operator who deactivates an app, takes an address away or changes a key accepts that its repeats are
//! refused, whatever became of the first time (decision 16); its undos and cancels are not refused for a
//! deactivation (decision 17).

/// A refusal. Its text never repeats what the caller sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No endpoint has this path.
    UnknownPath,
    /// Not a POST.
    Method,
    /// The body is said to be compressed, or otherwise encoded.
    ContentEncoding,
    /// The body is longer than the limit.
    TooLarge,
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is not a JSON object.
    NotJson,
    /// An object has a key twice: two readers could see two amounts.
    DuplicateKey,
    /// Nested deeper than the limit.
    TooDeep,
    /// The listener belongs to no POS network, or to one that is unknown or inactive.
    NoNetwork,
    /// The app is unknown or inactive, or has no key.
    CallerUnknown,
    /// The caller's address is not in its list.
    AddressRefused,
    /// `app.signature` is wrong.
    AppSignature,
    /// A required field is missing, null or blank.
    Missing(&'static str),
    /// A field has the wrong type or form.
    Malformed(&'static str),
    /// A field is longer than documented.
    TooLong(&'static str),
    /// `tsig.orderMD5` is wrong.
    OrderDigest,
    /// `tsig.signature` is wrong.
    Tsig,
    /// The time stamp lies outside the app's freshness window.
    NotFresh,
    /// A field can't be decrypted.
    Undecryptable(&'static str),
    /// Too much work at once.
    Busy,
    /// The caller's settings can't be used, or the directory isn't loaded yet.
    Unavailable,
}

impl Refusal {
    /// The reason in the words of the contract, after the endpoint's prefix.
    pub fn text(self) -> String {
        match self {
            Self::UnknownPath => "接口不存在".into(),
            Self::Method => "请求方式错误，必须为POST".into(),
            Self::ContentEncoding => "不支持的请求报文编码".into(),
            Self::TooLarge => "请求报文过大".into(),
            Self::NotUtf8 => "请求报文不是UTF-8编码".into(),
            Self::NotJson => "请求报文不是有效的JSON对象".into(),
            Self::DuplicateKey => "请求报文含有重复的参数".into(),
            Self::TooDeep => "请求报文嵌套过深".into(),
            Self::NoNetwork => "该地址不提供此接口".into(),
            Self::CallerUnknown => "应用不存在或未启用".into(),
            Self::AddressRefused => "来源地址未授权".into(),
            Self::AppSignature => "应用签名错误".into(),
            Self::Missing(name) => format!("缺少参数{name}"),
            Self::Malformed(name) => format!("参数{name}格式错误"),
            Self::TooLong(name) => format!("参数{name}过长"),
            Self::OrderDigest => "订单摘要orderMD5错误".into(),
            Self::Tsig => "交易签名错误".into(),
            Self::NotFresh => "时间戳已失效".into(),
            Self::Undecryptable(name) => format!("参数{name}解密失败"),
            Self::Busy => "系统繁忙，请稍后再试".into(),
            Self::Unavailable => "系统暂不可用，请稍后再试".into(),
        }
    }

    /// The code under `errcodes = "detailed"`. Numbers are never reused.
    pub const fn code(self) -> i32 {
        match self {
            Self::UnknownPath => 21001,
            Self::Method => 21002,
            Self::TooLarge => 21003,
            Self::NotUtf8 => 21004,
            Self::NotJson => 21005,
            Self::DuplicateKey => 21006,
            Self::TooDeep => 21007,
            Self::NoNetwork => 21008,
            Self::CallerUnknown => 21009,
            Self::AddressRefused => 21010,
            Self::AppSignature => 21011,
            Self::Missing(_) => 21012,
            Self::Malformed(_) => 21013,
            Self::TooLong(_) => 21014,
            Self::OrderDigest => 21015,
            Self::Tsig => 21016,
            Self::NotFresh => 21017,
            Self::Undecryptable(_) => 21018,
            Self::Busy => 21019,
            Self::Unavailable => 21020,
            Self::ContentEncoding => 21021,
        }
    }

    /// Whether it depends on when the request came: the same bytes may have succeeded before, or might
    /// later, so a call whose "no" binds ([`crate::contract::Effect::is_binding`]) must get no answer instead.
    pub const fn is_passing(self) -> bool {
        match self {
            Self::NotFresh | Self::Busy | Self::Unavailable => true,
            Self::UnknownPath
            | Self::Method
            | Self::ContentEncoding
            | Self::TooLarge
            | Self::NotUtf8
            | Self::NotJson
            | Self::DuplicateKey
            | Self::TooDeep
            | Self::NoNetwork
            | Self::CallerUnknown
            | Self::AddressRefused
            | Self::AppSignature
            | Self::Missing(_)
            | Self::Malformed(_)
            | Self::TooLong(_)
            | Self::OrderDigest
            | Self::Tsig
            | Self::Undecryptable(_) => false,
        }
    }

    /// A short name for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown_path",
            Self::Method => "method",
            Self::ContentEncoding => "content_encoding",
            Self::TooLarge => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::DuplicateKey => "duplicate_key",
            Self::TooDeep => "too_deep",
            Self::NoNetwork => "no_network",
            Self::CallerUnknown => "caller_unknown",
            Self::AddressRefused => "address_refused",
            Self::AppSignature => "app_signature",
            Self::Missing(_) => "missing",
            Self::Malformed(_) => "malformed",
            Self::TooLong(_) => "too_long",
            Self::OrderDigest => "order_digest",
            Self::Tsig => "tsig",
            Self::NotFresh => "not_fresh",
            Self::Undecryptable(_) => "undecryptable",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }
}
