//! What clients asked and were told, in order: all that the rules know of a run, but for the rows that
//! are there at its end.

use crate::request::{Proof, Request};
use map_domain::OrderKey;
use std::fmt;

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It happened.
    Yes(Yes),
    /// It did not, and why.
    No(String),
    /// Nobody knows, or nobody said: the reason, or what became of the connection.
    Unsure(String),
}

/// It happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Yes {
    /// The order number of what was done; empty where none is told.
    pub number: String,
    /// The order number of the payment it was done to, where it was done to one.
    pub payment: String,
    /// The account that is told of, where one is.
    pub account: String,
    /// The whole answer.
    pub said: String,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The step that it belongs to; `None`: before the first or after the last.
    pub step: Option<usize>,
    /// Which server was asked.
    pub server: usize,
    /// What was asked.
    pub request: Request,
    /// What it was signed with, where a gateway sent it.
    pub proof: Option<Proof>,
    /// When it was asked, as a place in the order of all beginnings and ends.
    pub asked: u64,
    /// When it was told, and what. A call that has no end was never answered.
    pub told: Option<(u64, Answer)>,
    /// Whether it was asked at the end, where nothing went wrong any more.
    pub last: bool,
}

impl Call {
    /// The key it stands for.
    pub fn key(&self) -> OrderKey {
        self.request.key()
    }

    /// What was told.
    pub fn answer(&self) -> Option<&Answer> {
        self.told.as_ref().map(|(_, answer)| answer)
    }

    /// The "yes", where it was one.
    pub fn yes(&self) -> Option<&Yes> {
        match self.answer() {
            Some(Answer::Yes(yes)) => Some(yes),
            _ => None,
        }
    }

    /// The reason of the "no", where it was one.
    pub fn no(&self) -> Option<&str> {
        match self.answer() {
            Some(Answer::No(reason)) => Some(reason),
            _ => None,
        }
    }

    /// What was told, in a word.
    pub fn in_a_word(&self) -> String {
        match self.answer() {
            Some(Answer::Yes(_)) => "yes".to_owned(),
            Some(Answer::No(reason)) => format!("no: {reason}"),
            Some(Answer::Unsure(reason)) => format!("neither: {reason}"),
            None => "nothing".to_owned(),
        }
    }

    /// Whether this was asked after the other one had been told.
    pub fn is_after(&self, other: &Self) -> bool {
        other.told.as_ref().is_some_and(|(told, _)| *told < self.asked)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self
            .step
            .map_or_else(|| "    ".to_owned(), |step| format!("{step:>4}"));
        write!(
            f,
            "{step} [{}] server {}: {:?}",
            self.asked, self.server, self.request
        )?;
        if let Some(Proof(number)) = self.proof {
            write!(f, " signed by step {number}")?;
        }
        match &self.told {
            Some((told, answer)) => write!(f, "\n       [{told}] {answer:?}"),
            None => write!(f, "\n       never answered"),
        }
    }
}

/// All calls of a run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In the order in which they were asked.
    pub calls: Vec<Call>,
    moment: u64,
}

impl History {
    /// A call begins; its place.
    pub fn ask(
        &mut self,
        step: Option<usize>,
        server: usize,
        (request, proof): (Request, Option<Proof>),
        last: bool,
    ) -> usize {
        self.moment += 1;
        self.calls.push(Call {
            step,
            server,
            request,
            proof,
            asked: self.moment,
            told: None,
            last,
        });
        self.calls.len() - 1
    }

    /// A call ends.
    pub fn tell(&mut self, call: usize, answer: Answer) {
        self.moment += 1;
        self.calls[call].told = Some((self.moment, answer));
    }

    /// The first call of a step.
    pub fn of_step(&self, step: usize) -> Option<&Call> {
        self.calls.iter().find(|call| call.step == Some(step))
    }

    /// The calls under a key, in the order in which they were asked.
    pub fn under<'a>(&'a self, key: &OrderKey) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.key() == *key)
    }
}
