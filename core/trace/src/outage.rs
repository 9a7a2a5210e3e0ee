//! Something that is out of order for a while.

/// Whether it is out of order, as the last look found it. Said when it begins and when it ends, not at every look.
#[derive(Debug, Default)]
pub struct Outage {
    present: bool,
}

impl Outage {
    /// Takes what a look found: what is wrong, or nothing. Where that began now, `begins` says so; where it ended
    /// now, `ends` does. Another reason in the midst of it is the same outage.
    pub fn look<E>(&mut self, wrong: Option<E>, begins: impl FnOnce(E), ends: impl FnOnce()) {
        let was = std::mem::replace(&mut self.present, wrong.is_some());
        match wrong {
            Some(wrong) if !was => begins(wrong),
            None if was => ends(),
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outage;
    use std::cell::RefCell;

    #[test]
    fn an_outage_is_said_when_it_begins_and_when_it_ends_whatever_is_found_meanwhile() {
        let said = RefCell::new(Vec::new());
        let mut outage = Outage::default();
        for wrong in [None, Some("a"), Some("b"), Some("a"), None, None, Some("b"), None] {
            outage.look(
                wrong,
                |wrong| said.borrow_mut().push(wrong),
                || said.borrow_mut().push("over"),
            );
        }
        assert_eq!(said.into_inner(), ["a", "over", "b", "over"]);
    }
}
