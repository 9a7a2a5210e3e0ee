//! Where nothing goes wrong any more, who asks is told yes or no.

use super::Case;
use crate::history::Answer;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let last = case.history.calls.iter().filter(|call| call.last);
    let open = last.filter(|call| matches!(call.answer(), None | Some(Answer::Unsure(_))));
    let internal = case
        .history
        .calls
        .iter()
        .filter(|call| call.no() == Some("INTERNAL"));
    open.chain(internal).map(ToString::to_string).collect()
}
