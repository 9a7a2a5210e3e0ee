//! How a command ends: 0, 1 or 2.

use std::path::Path;
use std::process::ExitCode;

/// Why a command did not do what it was told.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It tried and failed. Exit code 1.
    Failed(String),
    /// It was told something that can't be: arguments, configuration, a file. Exit code 2.
    Usage(String),
}

impl Stop {
    /// Failed, for this reason.
    pub(crate) fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// The same, about a folder of another name.
    pub(crate) fn about(self, folder: &Path, name: &Path) -> Self {
        let told = |text: String| text.replace(&folder.display().to_string(), &name.display().to_string());
        match self {
            Self::Failed(text) => Self::Failed(told(text)),
            Self::Usage(text) => Self::Usage(told(text)),
        }
    }

    /// Told something that can't be, for this reason.
    pub(crate) fn usage(reason: impl std::fmt::Display) -> Self {
        Self::Usage(reason.to_string())
    }
}

/// Says on standard error what went wrong, and makes the exit code.
pub(crate) fn exit_code(outcome: Result<(), Stop>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Failed(reason)) => {
            crate::ui::note(&format!("map: {reason}"));
            ExitCode::from(1)
        }
        Err(Stop::Usage(reason)) => {
            crate::ui::note(&format!("map: {reason}"));
            ExitCode::from(2)
        }
    }
}
