//! One call of the core for one endpoint: the generated code gives the two conversions.

use crate::answer::Object;
use crate::contract::{Defect, Endpoint};
use crate::core::{Core, Meta};
use crate::directory::Caller;
use crate::envelope::Values;
use crate::outcome;
use crate::pages::MAX_PAGES;
use crate::refusal::Refusal;
use crate::settings::UndoUnknown;
use map_proto::common::v1::ErrorReason;
use prost::Message;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

/// What a call needs.
pub(crate) struct Call<'a> {
    pub core: &'a Core,
    pub endpoint: &'static Endpoint,
    pub caller: &'a Caller,
    pub values: &'a Values<'a>,
    pub request_id: &'a str,
    /// What the caller presented to authorise it, as 64 hex digits.
    pub proof: Option<&'a str>,
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

/// Adds a page to those before it, and turns the request to the next; `false`: it was the last.
pub(crate) type Turn<Q, R> = fn(&mut Q, &mut R, R) -> bool;

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
        let asked = self.ask(message, self.deadline).await;
        self.print(asked, answer)
    }

    /// The same for a list, of which every page is asked for within the one deadline.
    pub(crate) async fn run_paged<Q, R>(
        self,
        request: fn(&Values<'_>) -> Result<Q, Refusal>,
        turn: Turn<Q, R>,
        answer: fn(&Values<'_>, &R, &mut Object) -> Result<(), Defect>,
    ) -> Result<Object, CallError>
    where
        Q: Message + Clone + Send + Sync + 'static,
        R: Message + Default + Send + Sync + 'static,
    {
        let mut message = request(self.values).map_err(CallError::Refused)?;
        let begun = Instant::now();
        let mut whole = R::default();
        for _ in 0..MAX_PAGES {
            let left = self.deadline.saturating_sub(begun.elapsed());
            match self.ask(message.clone(), left).await {
                Ok(page) => {
                    if !turn(&mut message, &mut whole, page) {
                        return self.print(Ok(whole), answer);
                    }
                }
                refused @ Err(_) => return self.print(refused, answer),
            }
        }
        Err(CallError::Defect(Defect::absent("next_page_token")))
    }

    async fn ask<Q, R>(&self, message: Q, deadline: Duration) -> Result<R, Status>
    where
        Q: Message + Send + Sync + 'static,
        R: Message + Default + Send + Sync + 'static,
    {
        let meta = Meta {
            on_behalf_of: Some(self.caller.on_behalf_of()),
            request_id: self.request_id,
            proof: self.proof,
            deadline,
        };
        self.core.unary(self.endpoint.rpc, message, &meta).await
    }

    fn print<R>(
        &self,
        asked: Result<R, Status>,
        answer: fn(&Values<'_>, &R, &mut Object) -> Result<(), Defect>,
    ) -> Result<Object, CallError> {
        let mut out = Object::new();
        match asked {
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
            CallError::Declined { reason, .. } => reason.name() == name,
            CallError::Refused(_) | CallError::Unknown { .. } | CallError::Defect(_) => false,
        };
        (declined && self.caller.settings.undo_unknown == UndoUnknown::Success).then_some(fallback)
    }
}
