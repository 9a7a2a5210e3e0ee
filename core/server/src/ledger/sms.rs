//! SMS codes: sent, and presented under the key of the order that needs them (decision 32).
//!
//! All that is known of a mobile number's codes is the header of its own partition. A wrong try
//! counts, and a code is used up by a key, before the order itself is committed: the same key
//! may present it again, so a retry is never refused for it.
//!
//! A message is sent after its code is written, and that it was sent is written after that: what
//! dies in between leaves a code that the repeat of its key sends anew. Two messages are better
//! than none.

use super::book::Book;
use super::claims::{Asked, Held};
use super::number::below;
use super::proofs::proof_claim;
use super::tries::Halt;
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::SmsCodeText;
use map_domain::command::send_sms::{self, PresentSmsCode, SendSmsCode, Sent};
use map_domain::sms::{SmsCode, SmsState};
use map_domain::{Context, MobileNumber, Operation, Refusal, Timestamp};
use map_store::codec::Body;
use map_store::{Claim, Commit, CommitOutcome, Load, PartitionId, Row, RowKey, RowWrite, Version, records};
use std::sync::Arc;
use std::time::Duration;

/// How often a presentation, or what came of a message, is tried against others of the same number.
const ROUNDS: usize = 8;

impl Ledger {
    /// Sends a code; until when it is valid.
    ///
    /// # Errors
    /// [`Refusal::SmsRateLimited`]; [`Failure::SmsNotSent`], after which the same key may ask again.
    pub async fn send_sms_code(
        self: &Arc<Self>,
        caller: Caller,
        mobile: MobileNumber,
        number: String,
    ) -> Result<Timestamp, Failure> {
        self.to_its_end(|ledger| async move {
            let key = caller_key(&caller.id, Operation::SendSmsCode, &number);
            let code = format!("{:04}", below(&*ledger.core.random, 10_000));
            let proof = proof_claim(&caller, &key, content::send_sms(&mobile));
            let command = SendSmsCode {
                key,
                caller: caller.id,
                digest: ledger.core.secrets.sms_code(&mobile, &code),
            };
            ledger.bound(proof.as_ref()).await?;
            // Others with the same key wait: they are told what came of the message.
            let _turn = ledger.requests.take(&command.key).await;
            ledger
                .settled(|_| ledger.try_to_send(&mobile, &command, &code))
                .await
        })
        .await
    }

    async fn try_to_send(
        &self,
        mobile: &MobileNumber,
        command: &SendSmsCode,
        code: &str,
    ) -> Result<Timestamp, Halt> {
        let (version, state) = self.sms_state(mobile).await?;
        let context = self.core.context();
        let decided = send_sms::decide(&state, command, &context).map_err(|refusal| {
            Halt::Refused(if refusal == Refusal::SmsRateLimited {
                Failure::TooSoon(wait(&state, command, &context))
            } else {
                refusal.into()
            })
        });
        let expires_at = match decided? {
            Sent::Already { expires_at } => return Ok(expires_at),
            Sent::Written { expires_at } => expires_at,
            Sent::Send { state, expires_at } => {
                self.write_code(mobile, command, version, &state).await?;
                expires_at
            }
        };
        if let Err(error) = self.core.sms.send(mobile, code, self.core.clock.now()).await {
            tracing::warn!(%error, "an SMS code was not sent");
            self.amend(mobile, |state| withdrawn(state, command)).await;
            return Err(Halt::Final(Failure::SmsNotSent));
        }
        self.amend(mobile, |state| send_sms::handed_over(state, command))
            .await;
        Ok(expires_at)
    }

    /// Writes a new code and takes its key.
    async fn write_code(
        &self,
        mobile: &MobileNumber,
        command: &SendSmsCode,
        expected: Version,
        state: &SmsState,
    ) -> Result<(), Halt> {
        let claim = records::order_claim(
            &command.key,
            PartitionId::Sms(mobile.clone()),
            content::send_sms(mobile),
            0,
        );
        match self.write_sms(mobile, expected, state, vec![claim]).await? {
            CommitOutcome::Applied(_) => Ok(()),
            CommitOutcome::ClaimHeld { .. } => Err(Halt::no(Refusal::IdempotencyKeyReused)),
            CommitOutcome::Stale | CommitOutcome::RowExists(_) => Err(Halt::Raced),
        }
    }

    /// Notes what came of a message. Where that fails it is as if the process had died: the
    /// repeat sends again.
    async fn amend(&self, mobile: &MobileNumber, change: impl Fn(&SmsState) -> Option<SmsState>) {
        for _ in 0..ROUNDS {
            let Ok((version, state)) = self.sms_state(mobile).await else {
                continue;
            };
            let Some(state) = change(&state) else {
                return;
            };
            if let Ok(CommitOutcome::Applied(_)) = self.write_sms(mobile, version, &state, Vec::new()).await {
                return;
            }
        }
        tracing::warn!("what came of an SMS code could not be written");
    }

    /// Presents a code for a key that is free: right, or nothing goes on.
    pub(super) async fn require_sms_code(
        &self,
        asked: &Asked,
        mobile: &MobileNumber,
        code: Option<&SmsCodeText>,
    ) -> Result<(), Halt> {
        let presented = self.present_sms_code(asked, mobile, code).await?;
        presented.map_err(|refusal| Halt::Refused(refusal.into()))
    }

    /// Presents a code again where its key is bound and nothing was decided yet: whoever bound it may
    /// have had the right code, and this request not.
    pub(super) async fn present_again(
        &self,
        asked: &Asked,
        held: Held,
        book: &Book,
        mobile: &MobileNumber,
        code: Option<&SmsCodeText>,
    ) -> Result<Result<(), Refusal>, Halt> {
        if held.bound && book.order(&asked.key).is_none() {
            self.present_sms_code(asked, mobile, code).await
        } else {
            Ok(Ok(()))
        }
    }

    /// Presents a code under an order's key: right, or refused. A wrong try is counted. Where none is
    /// given, none is needed.
    async fn present_sms_code(
        &self,
        asked: &Asked,
        mobile: &MobileNumber,
        code: Option<&SmsCodeText>,
    ) -> Result<Result<(), Refusal>, Halt> {
        let Some(code) = code else {
            return Ok(Ok(()));
        };
        let command = PresentSmsCode {
            key: asked.key.clone(),
            caller: asked.caller.id.clone(),
            digest: self.core.secrets.sms_code(mobile, &code.0),
        };
        for _ in 0..ROUNDS {
            let (version, state) = self.sms_state(mobile).await?;
            let presented = send_sms::present(&state, &command, &self.core.context());
            let Some(state) = presented.state else {
                return Ok(presented.answer);
            };
            // Nothing of the order depends on whether this was written: it is presented again.
            let written = self.write_sms(mobile, version, &state, Vec::new()).await;
            match written.map_err(|halt| {
                if let Halt::Store(error) = halt {
                    Halt::read(error)
                } else {
                    halt
                }
            })? {
                CommitOutcome::Applied(_) => return Ok(presented.answer),
                CommitOutcome::Stale | CommitOutcome::RowExists(_) | CommitOutcome::ClaimHeld { .. } => {}
            }
        }
        Err(Halt::Raced)
    }

    async fn sms_state(&self, mobile: &MobileNumber) -> Result<(Version, SmsState), Halt> {
        let partition = PartitionId::Sms(mobile.clone());
        let loaded = self
            .core
            .store
            .load(&partition, Load::default())
            .await
            .map_err(Halt::read)?;
        Ok((loaded.version, records::decode_sms(&loaded).map_err(Halt::read)?))
    }

    async fn write_sms(
        &self,
        mobile: &MobileNumber,
        expected: Version,
        state: &SmsState,
        claims: Vec<Claim>,
    ) -> Result<CommitOutcome, Halt> {
        let commit = Commit {
            partition: PartitionId::Sms(mobile.clone()),
            expected,
            rows: vec![RowWrite::Put(Row {
                key: RowKey::HEADER,
                body: state.to_body(),
            })],
            claims,
            index: Vec::new(),
            business_day: None,
        };
        self.core.commit(commit).await.map_err(Halt::Store)
    }
}

/// How long to wait, in whole seconds: when another caller asked is not told more closely than that.
fn wait(state: &SmsState, command: &SendSmsCode, context: &Context) -> Duration {
    let ms = send_sms::wait_ms(state, command, context);
    Duration::from_secs(u64::try_from(ms).unwrap_or_default().div_ceil(1000).max(1))
}

/// The state without a code that was not sent, so that its key may ask again. That it was asked for
/// still counts against the limits.
fn withdrawn(state: &SmsState, command: &SendSmsCode) -> Option<SmsState> {
    let ours = |code: &SmsCode| code.request == command.key && code.digest == command.digest;
    let mut after = state.clone();
    // It may have arrived all the same, and been used.
    after.codes.retain(|code| !ours(code) || code.used_by.is_some());
    (after != *state).then_some(after)
}
