//! One call of the core for one endpoint: the generated code gives the two conversions.

use crate::answer::Object;
use crate::contract::{Defect, Endpoint};
use crate::core::{Core, Meta};
use crate::directory::Caller;
use crate::envelope::Values;
use crate::outcome;
use crate::refusal::Refusal;
use crate::settings::UndoUnknown;
use map_proto::common::v1::ErrorReason;
use prost::Message;
use std::time::Duration;
use tonic::Code;

/// What a call needs.
pub(crate) struct Call<'a> {
    pub core: &'a Core,
    pub endpoint: &'static Endpoint,
    pub caller: &'a Caller,
    pub values: &'a Values<'a>,
    pub request_id: &'a str,
    pub deadline: Duration,
}

/// Why there is no documented success.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The gateway refused before the core was asked.
    Refused(Refusal),
    /// The core decided.
    Declined {
        /// Its reason.
        reason: ErrorReason,
        /// The canonical field it complains about.
        field: Option<String>,
    },
    /// Nobody knows whether it happened.
    Unknown {
        /// The status.
        code: Code,
        /// The core's reason, where it gave one.
        reason: Option<ErrorReason>,
    },
    /// It happened, but the answer can't be printed.
    Defect(Defect),
}

impl Call<'_> {
    /// Converts, calls, and prints the answer's fields.
    pub(crate) async fn run<Q, R>(
        self,
        request: fn(&Values<'_>) -> Result<Q, Refusal>,
        answer: fn(&Values<'_>, &R, &mut Object) -> Result<(), Defect>,
    ) -> Result<Object, CallError>
    where
        Q: Message + Send + Sync + 'static,
        R: Message + Default + Send + Sync + 'static,
    {
        let message = request(self.values).map_err(CallError::Refused)?;
        let meta = Meta {
            on_behalf_of: Some(self.caller.on_behalf_of()),
            request_id: self.request_id,
            deadline: self.deadline,
        };
        let mut out = Object::new();
        match self.core.unary::<Q, R>(self.endpoint.rpc, message, &meta).await {
            Ok(response) => answer(self.values, &response, &mut out).map_err(CallError::Defect)?,
            Err(status) => {
                let error = outcome::classify(&status);
                let fallback = self.fallback(&error).ok_or(error)?;
                fallback(self.values, &mut out).map_err(CallError::Defect)?;
            }
        }
        Ok(out)
    }

    /// The printer of the success that the caller's setting makes of this refusal.
    fn fallback(&self, error: &CallError) -> Option<crate::contract::Fallback> {
        let (name, fallback) = self.endpoint.success_by_setting?;
        let declined = match error {
            CallError::Declined { reason, .. } => {
                reason.as_str_name().trim_start_matches("ERROR_REASON_") == name
            }
            CallError::Refused(_) | CallError::Unknown { .. } | CallError::Defect(_) => false,
        };
        (declined && self.caller.settings.undo_unknown == UndoUnknown::Success).then_some(fallback)
    }
}
