//! `map serve` killed with SIGKILL at every moment of the series and started again: what was acknowledged is
//! there, nothing is there twice, `map check` is clean.

use crate::harness::keys::{say, seed};
use map_tests::crash::Series;

/// As few as meet every moment.
const ROUNDS: usize = 3;

#[test]
fn killed_and_started_again_every_acknowledged_payment_is_there_and_none_twice() {
    let series = Series {
        seed: seed(),
        rounds: ROUNDS,
        callers: None,
    };
    let report = series.run(say);
    assert!(report.holds(), "{report}");
}
