//! SMS codes: who may send how many, and who may present them (decision 32).

use crate::world::{DAY, MINUTE, RIGHT, WRONG, at, caller};
use map_domain::command::send_sms::{self, PresentSmsCode, SendSmsCode, Sent};
use map_domain::sms::SmsState;
use map_domain::{CodeDigest, Context, Operation, OrderKey, Policy, Refusal, Timestamp};

/// One mobile number and the time.
struct Phone {
    state: SmsState,
    now: Timestamp,
}

fn key(who: &str, operation: Operation, number: &str) -> OrderKey {
    OrderKey::Caller {
        caller: caller(who),
        operation,
        number: number.into(),
    }
}

impl Phone {
    fn new() -> Self {
        Self {
            state: SmsState::default(),
            now: at(2015, 1, 31, 12),
        }
    }

    fn context(&self) -> Context {
        Context {
            now: self.now,
            policy: Policy::default(),
        }
    }

    fn pass(&mut self, ms: i64) {
        self.now = self.now.saturating_add_millis(ms);
    }

    /// Whether a message is sent; `false`: it was sent before.
    fn send(&mut self, who: &str, number: &str, digest: CodeDigest) -> Result<bool, Refusal> {
        let sent = self.write(who, number, digest)?;
        let command = Self::command(who, number, digest);
        if let Some(state) = send_sms::handed_over(&self.state, &command) {
            self.state = state;
        }
        Ok(sent)
    }

    /// The same up to the message, which is not handed over.
    fn write(&mut self, who: &str, number: &str, digest: CodeDigest) -> Result<bool, Refusal> {
        let command = Self::command(who, number, digest);
        match send_sms::decide(&self.state, &command, &self.context())? {
            Sent::Already { .. } => Ok(false),
            Sent::Written { .. } => Ok(true),
            Sent::Send { state, expires_at } => {
                assert_eq!(expires_at.millis_since(self.now), 5 * MINUTE);
                self.state = state;
                Ok(true)
            }
        }
    }

    fn command(who: &str, number: &str, digest: CodeDigest) -> SendSmsCode {
        SendSmsCode {
            key: key(who, Operation::SendSmsCode, number),
            caller: caller(who),
            digest,
        }
    }

    fn present(&mut self, who: &str, order: &str, digest: CodeDigest) -> Result<(), Refusal> {
        let command = PresentSmsCode {
            key: key(who, Operation::OpenCard, order),
            caller: caller(who),
            digest,
        };
        let presented = send_sms::present(&self.state, &command, &self.context());
        if let Some(state) = presented.state {
            self.state = state;
        }
        presented.answer
    }
}

const NO: Result<(), Refusal> = Err(Refusal::SmsCodeWrong);

#[test]
fn one_message_in_a_minute_and_ten_in_a_day_whoever_asks() {
    let mut phone = Phone::new();
    for message in 0..10 {
        let who = if message % 2 == 0 { "app/a1" } else { "app/a2" };
        assert_eq!(
            phone.send(who, &message.to_string(), RIGHT),
            Ok(true),
            "{message}"
        );
        phone.pass(MINUTE - 1);
        assert_eq!(phone.send("app/a3", "x", RIGHT), Err(Refusal::SmsRateLimited));
        phone.pass(1);
    }
    assert_eq!(phone.send("app/a1", "11", RIGHT), Err(Refusal::SmsRateLimited));
    phone.pass(DAY - 10 * MINUTE - 1);
    assert_eq!(phone.send("app/a1", "11", RIGHT), Err(Refusal::SmsRateLimited));
    phone.pass(1);
    assert_eq!(
        phone.send("app/a1", "11", RIGHT),
        Ok(true),
        "the first is a day old"
    );
    assert_eq!(phone.state.sent.len(), 10, "what is older is forgotten");
}

#[test]
fn the_same_key_sends_one_message() {
    let mut phone = Phone::new();
    assert_eq!(phone.send("app/a1", "1", RIGHT), Ok(true));
    let before = phone.state.clone();
    phone.pass(2 * MINUTE);
    assert_eq!(phone.send("app/a1", "1", WRONG), Ok(false));
    assert_eq!(phone.state, before);
    assert_eq!(phone.present("app/a1", "O1", RIGHT), Ok(()));
}

#[test]
fn a_code_that_is_not_known_to_be_sent_is_sent_again_under_its_key_and_counts() {
    let mut phone = Phone::new();
    assert_eq!(phone.write("app/a1", "1", RIGHT), Ok(true));
    // The same request looks again: nothing is to be written.
    let before = phone.state.clone();
    assert_eq!(phone.write("app/a1", "1", RIGHT), Ok(true));
    assert_eq!(phone.state, before);
    // A repeat has another code and waits for no pause; another key does.
    assert_eq!(phone.write("app/a1", "2", WRONG), Err(Refusal::SmsRateLimited));
    assert_eq!(phone.write("app/a1", "1", WRONG), Ok(true));
    assert_eq!(phone.state.sent.len(), 2);
    // The first message, late, says nothing about the second.
    let late = Phone::command("app/a1", "1", RIGHT);
    assert_eq!(send_sms::handed_over(&phone.state, &late), None);
    assert_eq!(phone.send("app/a1", "1", WRONG), Ok(true));
    assert_eq!(phone.send("app/a1", "1", RIGHT), Ok(false));
    assert_eq!(phone.present("app/a1", "O1", WRONG), Ok(()));
}

#[test]
fn a_code_is_valid_for_five_minutes() {
    let check = |ms, expect| {
        let mut phone = Phone::new();
        phone.send("app/a1", "1", RIGHT).unwrap();
        phone.pass(ms);
        assert_eq!(phone.present("app/a1", "O1", RIGHT), expect, "{ms}");
    };
    check(0, Ok(()));
    check(5 * MINUTE - 1, Ok(()));
    check(5 * MINUTE, NO);
}

#[test]
fn a_code_is_valid_only_for_the_caller_that_asked() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    assert_eq!(phone.present("app/a2", "O1", RIGHT), NO);
    assert_eq!(phone.present("app/a1", "O1", RIGHT), Ok(()));
}

#[test]
fn a_code_is_used_up_by_one_key_which_may_present_it_again() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    assert_eq!(phone.present("app/a1", "O1", RIGHT), Ok(()));
    assert_eq!(phone.present("app/a1", "O2", RIGHT), NO);
    phone.pass(DAY);
    assert_eq!(phone.present("app/a1", "O1", WRONG), NO);
    assert_eq!(phone.present("app/a1", "O1", RIGHT), Ok(()));
}

#[test]
fn five_wrong_tries_make_a_code_worthless() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    for _ in 0..4 {
        assert_eq!(phone.present("app/a1", "O1", WRONG), NO);
    }
    let mut fifth = Phone {
        state: phone.state.clone(),
        now: phone.now,
    };
    assert_eq!(
        fifth.present("app/a1", "O1", RIGHT),
        Ok(()),
        "the fifth try may be right"
    );
    assert_eq!(phone.present("app/a1", "O1", WRONG), NO);
    assert_eq!(phone.present("app/a1", "O1", RIGHT), NO);
}

#[test]
fn a_new_code_takes_the_place_of_the_caller_s_earlier_one_only() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    phone.pass(MINUTE);
    phone.send("app/a2", "1", RIGHT).unwrap();
    phone.pass(MINUTE);
    phone.send("app/a1", "2", WRONG).unwrap();
    assert_eq!(phone.present("app/a1", "O1", RIGHT), NO);
    assert_eq!(phone.present("app/a1", "O1", WRONG), Ok(()));
    assert_eq!(phone.present("app/a2", "O1", RIGHT), Ok(()));
    assert_eq!(phone.state.codes.len(), 2);
}

#[test]
fn a_code_that_a_key_used_up_stays_its_own_when_a_newer_one_was_sent() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    assert_eq!(phone.present("app/a1", "O1", RIGHT), Ok(()));
    phone.pass(MINUTE);
    phone.send("app/a1", "2", WRONG).unwrap();
    assert_eq!(
        phone.present("app/a1", "O1", RIGHT),
        Ok(()),
        "a retry is not refused"
    );
    assert_eq!(phone.present("app/a1", "O2", RIGHT), NO);
    assert_eq!(phone.present("app/a1", "O2", WRONG), Ok(()));
}

/// Found by simulation: a repeat was refused for a code that had expired meanwhile, and the first attempt,
/// which had looked before, used the code up and went through.
#[test]
fn a_refusal_is_written_so_that_an_earlier_look_can_not_use_the_code_up_after_it() {
    let mut phone = Phone::new();
    phone.send("app/a1", "1", RIGHT).unwrap();
    phone.pass(5 * MINUTE);
    for digest in [RIGHT, WRONG] {
        let command = PresentSmsCode {
            key: key("app/a1", Operation::OpenCard, "O1"),
            caller: caller("app/a1"),
            digest,
        };
        let presented = send_sms::present(&phone.state, &command, &phone.context());
        assert_eq!(
            (presented.answer, presented.state),
            (NO, Some(phone.state.clone()))
        );
    }
}

#[test]
fn used_codes_are_remembered_however_the_clock_jumps_but_not_without_end() {
    let mut phone = Phone::new();
    for order in 0..30 {
        let name = order.to_string();
        phone.pass(3 * DAY);
        phone.send("app/a1", &name, RIGHT).unwrap();
        assert_eq!(phone.present("app/a1", &name, RIGHT), Ok(()));
        phone.pass(30 * DAY);
        assert_eq!(phone.present("app/a1", &name, RIGHT), Ok(()), "{order}");
    }
    assert_eq!(phone.state.codes.len(), 17, "sixteen before the last");
    assert_eq!(phone.present("app/a1", "20", RIGHT), Ok(()));
    assert_eq!(phone.present("app/a1", "2", RIGHT), NO);
}
