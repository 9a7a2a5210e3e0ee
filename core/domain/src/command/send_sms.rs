//! Send an SMS code, and present one (decision 32). Both look at one mobile number's own partition.

use crate::sms::{SmsCode, SmsState};
use crate::{CallerId, CodeDigest, Context, OrderKey, Refusal, Timestamp};

/// Codes that were used up and are remembered, the last of them.
const USED_KEPT: usize = 16;

/// Messages to one number within 24 hours.
const PER_DAY: usize = 10;

/// 24 hours, in ms.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Wrong tries of one code; with the last it is worth nothing.
const MAX_TRIES: u32 = 5;

/// Send a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendSmsCode {
    /// The caller's key: the same key sends one message.
    pub key: OrderKey,
    /// For whom the code will be valid.
    pub caller: CallerId,
    /// A keyed digest of the code to be sent.
    pub digest: CodeDigest,
}

/// What comes of asking for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Write this, then send it.
    Send {
        /// The new state.
        state: SmsState,
        /// Until when the code is valid.
        expires_at: Timestamp,
    },
    /// This very request wrote it, and has not sent it yet: send it.
    Written {
        /// Until when the code is valid.
        expires_at: Timestamp,
    },
    /// The same key sent it before; nothing to write, nothing to send.
    Already {
        /// Until when the code is valid.
        expires_at: Timestamp,
    },
}

/// Decides whether a code is sent. A new code takes the place of the caller's earlier one that nobody
/// used. So does the code of a repeat whose first message is not known to be sent: it waits for no
/// pause, but counts.
///
/// # Errors
/// [`Refusal::SmsRateLimited`]: less than the policy's pause since the last one, or ten within 24 hours, whoever
/// asked.
pub fn decide(state: &SmsState, command: &SendSmsCode, context: &Context) -> Result<Sent, Refusal> {
    let now = context.now;
    let known = state.codes.iter().find(|code| code.request == command.key);
    if let Some(code) = known.filter(|code| code.handed_over || code.digest == command.digest) {
        let expires_at = code.expires_at();
        return Ok(if code.handed_over {
            Sent::Already { expires_at }
        } else {
            Sent::Written { expires_at }
        });
    }
    let recent = |sent: &&Timestamp| now.millis_since(**sent) < DAY_MS;
    let mut sent: Vec<_> = state.sent.iter().filter(recent).copied().collect();
    let pause_ms = context.policy.sms_interval_ms;
    let too_soon = known.is_none() && sent.iter().any(|sent| now.millis_since(*sent) < pause_ms);
    if too_soon || sent.len() >= PER_DAY {
        return Err(Refusal::SmsRateLimited);
    }
    sent.push(now);
    let code = SmsCode {
        digest: command.digest,
        caller: command.caller.clone(),
        request: command.key.clone(),
        sent_at: now,
        tries: 0,
        used_by: None,
        handed_over: false,
    };
    let expires_at = code.expires_at();
    let others = state.codes.iter().filter(|code| match code.used_by {
        // Its key may present it again, whatever the clock says meanwhile.
        Some(_) => true,
        None => code.caller != command.caller && recent(&&code.sent_at),
    });
    let mut codes: Vec<_> = others.cloned().chain([code]).collect();
    let used = codes.iter().filter(|code| code.used_by.is_some()).count();
    let mut too_many = used.saturating_sub(USED_KEPT);
    codes.retain(|code| {
        let forgotten = too_many > 0 && code.used_by.is_some();
        too_many = too_many.saturating_sub(usize::from(forgotten));
        !forgotten
    });
    Ok(Sent::Send {
        state: SmsState { sent, codes },
        expires_at,
    })
}

/// How long [`decide`] refuses this request for the limits, in ms; 0: not at all.
pub fn wait_ms(state: &SmsState, command: &SendSmsCode, context: &Context) -> i64 {
    let over =
        |sent: &Timestamp, lasts_ms: i64| lasts_ms.saturating_sub(context.now.millis_since(*sent)).max(0);
    let known = state.codes.iter().any(|code| code.request == command.key);
    let last = state.sent.iter().max().filter(|_| !known);
    let pause = last.map_or(0, |sent| over(sent, context.policy.sms_interval_ms));
    // With the one after it, the last of this many is within the day.
    let mut newest_first: Vec<_> = state.sent.iter().collect();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    let full = newest_first.get(PER_DAY.saturating_sub(1));
    pause.max(full.map_or(0, |sent| over(sent, DAY_MS)))
}

/// The state once this request's message is handed over; `None`: its code is there no more, or
/// that is known already.
pub fn handed_over(state: &SmsState, command: &SendSmsCode) -> Option<SmsState> {
    let mut after = state.clone();
    let code = after
        .codes
        .iter_mut()
        .find(|code| code.request == command.key && code.digest == command.digest && !code.handed_over)?;
    code.handed_over = true;
    Some(after)
}

/// Present a code under the key of the order that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentSmsCode {
    /// The order that needs it.
    pub key: OrderKey,
    /// Who presents it.
    pub caller: CallerId,
    /// A keyed digest of what was presented.
    pub digest: CodeDigest,
}

/// What comes of presenting a code: the new state to write (a wrong try counts), and whether it is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The new state; `None`: nothing changes.
    pub state: Option<SmsState>,
    /// Right, or refused.
    pub answer: Result<(), Refusal>,
}

/// Decides whether a presented code is right. It is used up by the key that presents it: that key may
/// present it again, even after its end or when a newer one was sent, and no other may.
///
/// A refusal is written, too, though it changes nothing: what looked at the state before it can't use the
/// code up after it, so that nothing happens under a key whose caller was told "no" for it.
pub fn present(state: &SmsState, command: &PresentSmsCode, context: &Context) -> Presented {
    let refused = |codes: &[SmsCode]| Presented {
        state: (!codes.is_empty()).then(|| state.clone()),
        answer: Err(Refusal::SmsCodeWrong),
    };
    let own = |code: &&SmsCode| code.caller == command.caller;
    let of_key = |code: &SmsCode| code.used_by.as_ref() == Some(&command.key);
    let mut owned = state.codes.iter().filter(own);
    if owned
        .clone()
        .any(|code| of_key(code) && code.digest == command.digest)
    {
        return Presented {
            state: None,
            answer: Ok(()),
        };
    }
    let Some(code) = owned.find(|code| code.used_by.is_none()) else {
        return refused(&state.codes);
    };
    if context.now >= code.expires_at() || code.tries >= MAX_TRIES {
        return refused(&state.codes);
    }
    let right = code.digest == command.digest;
    let changed = if right {
        SmsCode {
            used_by: Some(command.key.clone()),
            ..code.clone()
        }
    } else {
        SmsCode {
            tries: code.tries.saturating_add(1),
            ..code.clone()
        }
    };
    let unused = |code: &SmsCode| own(&code) && code.used_by.is_none();
    let mut after = state.clone();
    for code in after.codes.iter_mut().filter(|code| unused(code)) {
        *code = changed.clone();
    }
    Presented {
        state: Some(after),
        answer: if right { Ok(()) } else { Err(Refusal::SmsCodeWrong) },
    }
}
