//! A failing run, with as few steps as it takes.

use crate::plan::Step;
use map_store::faulty::Odds;

/// So many runs are tried at most.
const MOST_RUNS: usize = 1_500;

/// Leaves steps out, and then faults, as long as the run still fails (delta debugging). `fails` plays steps.
pub fn shorten(steps: Vec<Step>, mut fails: impl FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut runs = 0;
    let mut still_fails = |steps: &[Step]| {
        runs += 1;
        runs <= MOST_RUNS && fails(steps)
    };
    let mut steps = steps;
    let mut size = steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut shorter = false;
        while from < steps.len() {
            let mut without = steps.clone();
            without.drain(from..(from + size).min(steps.len()));
            if still_fails(&without) {
                steps = without;
                shorter = true;
            } else {
                from += size;
            }
        }
        if size == 1 && !shorter {
            break;
        }
        size = size.div_ceil(2).max(1);
    }
    for at in 0..steps.len() {
        let mut calmer = steps.clone();
        calmer[at].odds = Odds::NONE;
        if still_fails(&calmer) {
            steps = calmer;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::shorten;
    use crate::plan::plan;
    use map_store::faulty::Odds;

    #[test]
    fn what_it_takes_is_left_and_nothing_else() {
        let steps = plan(1, 100);
        let takes = |steps: &[crate::plan::Step]| {
            let has = |number| steps.iter().any(|step| step.number == number);
            has(17) && has(18) && has(93)
        };
        let shortened = shorten(steps, takes);
        let numbers: Vec<_> = shortened.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [17, 18, 93]);
        assert!(shortened.iter().all(|step| step.odds == Odds::NONE));
    }
}
