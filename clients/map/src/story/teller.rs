//! Tells the story: what was sent, what came back, what it proves.

use super::abridge::abridge;
use crate::outcome::Stop;
use crate::ui::{Style, Ui};
use tokio::time::Instant;

/// Tells the story and counts its steps.
pub(super) struct Teller {
    ui: Ui,
    step: u32,
    title: String,
    began: Instant,
}

impl Teller {
    pub(super) fn new() -> Self {
        Self {
            ui: Ui::new(),
            step: 0,
            title: String::new(),
            began: Instant::now(),
        }
    }

    /// Where everything is written to.
    pub(super) const fn ui(&self) -> Ui {
        self.ui
    }

    /// How long the story has taken so far.
    pub(super) fn took(&self) -> String {
        let ms = self.began.elapsed().as_millis();
        format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
    }

    /// How many steps were told.
    pub(super) const fn steps(&self) -> u32 {
        self.step
    }

    /// A new step.
    pub(super) fn step(&mut self, title: &str) {
        self.step = self.step.saturating_add(1);
        title.clone_into(&mut self.title);
        self.ui.line("");
        self.ui.styled(Style::Bold, &format!("{:>2}  {title}", self.step));
    }

    /// What is about to happen, in a sentence.
    pub(super) fn say(&self, text: &str) {
        self.ui.line(&format!("    {}", self.ui.paint(Style::Dim, text)));
    }

    /// What was sent.
    pub(super) fn sent(&self, what: &str) {
        self.ui
            .line(&format!("    {} {what}", self.ui.paint(Style::Cyan, "→")));
    }

    /// What came back.
    pub(super) fn got(&self, what: &str) {
        self.ui
            .line(&format!("    {} {what}", self.ui.paint(Style::Yellow, "←")));
    }

    /// A JSON body that was sent.
    pub(super) fn sent_json(&self, path: &str, body: &str) {
        self.sent(&format!("POST {path}"));
        self.json(body);
    }

    /// A JSON body that came back.
    pub(super) fn got_json(&self, body: &str) {
        let mut lines = abridge(body).into_iter();
        self.got(&lines.next().unwrap_or_default());
        lines.for_each(|line| self.ui.line(&format!("      {line}")));
    }

    fn json(&self, body: &str) {
        abridge(body)
            .iter()
            .for_each(|line| self.ui.line(&format!("      {line}")));
    }

    /// What the step proves; the story ends here where it does not hold.
    pub(super) fn proves(&self, holds: bool, what: &str) -> Result<(), Stop> {
        if holds {
            self.ui
                .line(&format!("    {} {what}", self.ui.paint(Style::Green, "✓")));
            return Ok(());
        }
        self.ui
            .line(&format!("    {} {what}", self.ui.paint(Style::Red, "✗")));
        Err(self.failed(&format!("this does not hold: {what}")))
    }

    /// The failure of this step.
    pub(super) fn failed(&self, reason: &str) -> Stop {
        Stop::failed(format!(
            "the story went wrong at step {} ({}): {reason}",
            self.step, self.title
        ))
    }
}
