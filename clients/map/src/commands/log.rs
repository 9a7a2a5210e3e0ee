//! `map log`: reads the commit log of a data folder.

use crate::cli::{LogArgs, LogCommand};
use crate::outcome::Stop;
use crate::runtime::blocking;
use crate::ui::{Style, Ui, counted};
use map_store_embedded::LogReport;
use std::path::Path;

pub(super) async fn run(args: LogArgs) -> Result<(), Stop> {
    match args.command {
        LogCommand::Verify { dir } => {
            let read = dir.clone();
            let report = blocking(move || map_store_embedded::verify(&read)).await?;
            show(Ui::new(), &report.map_err(|error| at(&dir, &error))?)
        }
        LogCommand::Dump { dir, from, limit } => {
            let read = dir.clone();
            let tell = move || {
                let ui = Ui::new();
                map_store_embedded::dump(&read, from, limit, &mut |line| ui.line(line))
            };
            blocking(tell).await?.map_err(|error| at(&dir, &error))
        }
    }
}

fn at(dir: &Path, error: &std::io::Error) -> Stop {
    Stop::failed(format!("{}: {error}", dir.display()))
}

fn show(ui: Ui, report: &LogReport) -> Result<(), Stop> {
    ui.line(&summary(report));
    for finding in &report.findings {
        ui.line(&finding.to_string());
    }
    if report.is_sound() {
        ui.styled(Style::Green, "The log is sound.");
        return Ok(());
    }
    let found = counted(report.findings.len(), "finding");
    Err(Stop::failed(format!("{found} in the log")))
}

/// What the log holds, for people.
pub(super) fn summary(report: &LogReport) -> String {
    format!(
        "{}, records {} to {}, {}, {} at the end",
        counted(report.segments, "segment"),
        report.first,
        report.last,
        counted(report.commits, "commit"),
        counted(report.torn_bytes, "torn byte"),
    )
}
