//! What a series has seen, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// What was acknowledged is there.
    Kept,
    /// Nothing happens twice, or although it was undone.
    Twice,
    /// A good call is answered with a success, or not at all.
    Answered,
    /// `map check` and the trial balance find nothing.
    Clean,
}

impl Promise {
    /// This promise was broken.
    pub fn broken(self, text: String) -> Finding {
        Finding { promise: self, text }
    }
}

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Finding {
    pub promise: Promise,
    pub text: String,
}

/// When the kill came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Load,
    Files,
    Draining,
    Opening,
}

impl Moment {
    pub const ALL: [Self; 4] = [Self::Load, Self::Files, Self::Draining, Self::Opening];
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Load => "under load",
            Self::Files => "as files are written",
            Self::Draining => "while draining",
            Self::Opening => "while opening",
        })
    }
}

/// What a series has seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub rounds: usize,
    /// Kills, each at its moment for sure.
    kills: [usize; Moment::ALL.len()],
    /// The files, without their numbers, that came or went when a kill waited for it.
    pub(super) files: BTreeMap<String, usize>,
    pub acknowledged: usize,
    pub unanswered: usize,
    /// Payments that were not answered and had happened.
    pub happened: usize,
    /// Deals that were asked for after a restart.
    pub asked: usize,
    /// Folders that `map check` found clean.
    pub checks: usize,
    pub findings: Vec<Finding>,
    /// Left for a person to look at, where something was found.
    pub folder: Option<PathBuf>,
}

impl Report {
    /// Counts a kill.
    pub fn killed(&mut self, moment: Moment) {
        self.kills[moment as usize] += 1;
    }

    /// How many kills came at this moment.
    pub fn kills(&self, moment: Moment) -> usize {
        self.kills[moment as usize]
    }

    /// Whether every promise held and every moment was met.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.kills.iter().all(|kills| *kills > 0)
    }

    fn broken(&self, promise: Promise) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.promise == promise).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |what: &str, count: usize| writeln!(f, "{what:<44}{count:>8}");
        line("rounds", self.rounds)?;
        for moment in Moment::ALL {
            line(&format!("killed {moment}"), self.kills(moment))?;
            if moment == Moment::Files {
                for (file, kills) in &self.files {
                    line(&format!("  at {file}"), *kills)?;
                }
            }
        }
        line("calls acknowledged", self.acknowledged)?;
        line("calls without an answer", self.unanswered)?;
        line("  payments among them that had happened", self.happened)?;
        line("asked for after a restart", self.asked)?;
        line("acknowledged and lost", self.broken(Promise::Kept))?;
        line("happened twice", self.broken(Promise::Twice))?;
        line("refused without a reason", self.broken(Promise::Answered))?;
        line("folders checked and clean", self.checks)?;
        line("folders or books with a fault", self.broken(Promise::Clean))?;
        for Finding { promise, text } in &self.findings {
            writeln!(f, "{promise:?}: {text}")?;
        }
        if let Some(folder) = &self.folder {
            writeln!(f, "the server's folder is left at {}", folder.display())?;
        }
        Ok(())
    }
}
