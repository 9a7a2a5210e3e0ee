//! When the face value of a card becomes spendable (decision 25; 002 分期卡账户).

use crate::{Fen, Timestamp};

/// When the face value of a card becomes spendable. Nothing is posted at a release: the
/// whole face value is posted at opening, and what is not yet released is not available.
///
/// There are two kinds, told apart by what they sum to:
/// - *even*: `stages` stages of the face value's `stages`-th part. The first is released at activation,
///   the last takes the remainder.
/// - *uneven*: `first` at activation and `stages` further stages of `stage`; together exactly the face
///   value. (The documents' sample: 100000 at once and three times 100000 are 3 stages.)
///
/// An even plan could sum like an uneven one only where a stage is less than `stages` fen;
/// a product with such a plan is refused ([`crate::catalogue::Product::problems`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasePlan {
    /// How many stages there are; for an uneven plan without what activation releases. 0: everything at
    /// activation.
    pub stages: u32,
    /// Released at activation.
    pub first: Fen,
    /// Released by each further stage; the last one takes the remainder.
    pub stage: Fen,
    /// From which the months are counted; the day is clamped to the month's end.
    pub activated_at: Timestamp,
}

impl ReleasePlan {
    /// Everything at activation.
    pub const fn at_once(face_value: Fen, activated_at: Timestamp) -> Self {
        Self {
            stages: 0,
            first: face_value,
            stage: Fen::ZERO,
            activated_at,
        }
    }

    /// `stages` equal stages, the first at activation; 0: everything at activation.
    pub fn even(face_value: Fen, stages: u32, activated_at: Timestamp) -> Self {
        match face_value.get().checked_div(i64::from(stages)).map(Fen::new) {
            Some(stage) => Self {
                stages,
                first: stage,
                stage,
                activated_at,
            },
            None => Self::at_once(face_value, activated_at),
        }
    }

    /// `first` at activation, then `stages` stages of `stage`.
    pub const fn uneven(first: Fen, stages: u32, stage: Fen, activated_at: Timestamp) -> Self {
        Self {
            stages,
            first,
            stage,
            activated_at,
        }
    }

    /// What is released at activation and by so many further stages; `None` beyond the range of money.
    fn sum(&self, further: u32) -> Option<Fen> {
        self.stage
            .checked_mul(i64::from(further))?
            .checked_add(self.first)
    }

    /// How many stages are released after activation, one a month.
    fn monthly_stages(&self, face_value: Fen) -> u32 {
        if self.sum(self.stages) == Some(face_value) {
            self.stages
        } else {
            self.stages.saturating_sub(1)
        }
    }

    /// How much is released by now. What activation releases is released from the first, so that a
    /// clock that is set back a little does not take it away again.
    pub fn released(&self, face_value: Fen, now: Timestamp) -> Fen {
        let passed = now.months_since(self.activated_at);
        if passed >= self.monthly_stages(face_value) {
            return face_value;
        }
        // A sum beyond the range of money is beyond the face value.
        self.sum(passed)
            .map_or(face_value, |released| released.min(face_value))
    }

    /// How many stages are not yet released.
    pub fn remaining_stages(&self, face_value: Fen, now: Timestamp) -> u32 {
        self.monthly_stages(face_value)
            .saturating_sub(now.months_since(self.activated_at))
    }
}

#[cfg(test)]
mod tests {
    use super::ReleasePlan;
    use crate::{Fen, Timestamp};
    use jiff::civil::datetime;

    fn at(year: i16, month: i8, day: i8, hour: i8) -> Timestamp {
        Timestamp::from_civil(datetime(year, month, day, hour, 0, 0, 0))
    }

    #[test]
    fn an_even_plan_releases_a_part_each_month_and_the_remainder_last() {
        let plan = ReleasePlan::even(Fen::new(100_000), 3, at(2015, 1, 31, 10));
        let check = |now, released, remaining| {
            assert_eq!(
                plan.released(Fen::new(100_000), now),
                Fen::new(released),
                "{:?}",
                now.civil()
            );
            assert_eq!(
                plan.remaining_stages(Fen::new(100_000), now),
                remaining,
                "{:?}",
                now.civil()
            );
        };
        check(at(2015, 1, 30, 0), 33_333, 2);
        check(at(2015, 1, 31, 10), 33_333, 2);
        check(at(2015, 2, 28, 0).saturating_add_millis(-1), 33_333, 2);
        check(at(2015, 2, 28, 0), 66_666, 1);
        check(at(2015, 3, 30, 23), 66_666, 1);
        check(at(2015, 3, 31, 0), 100_000, 0);
        check(at(2035, 1, 1, 0), 100_000, 0);
    }

    #[test]
    fn an_uneven_plan_counts_its_stages_without_the_first_release() {
        // 002 线上开卡接口: 400000, three stages, three remaining.
        let face = Fen::new(400_000);
        let plan = ReleasePlan::uneven(Fen::new(100_000), 3, Fen::new(100_000), at(2015, 1, 1, 0));
        let check = |now, released, remaining| {
            assert_eq!(plan.released(face, now), Fen::new(released), "{:?}", now.civil());
            assert_eq!(plan.remaining_stages(face, now), remaining, "{:?}", now.civil());
        };
        check(at(2015, 1, 1, 0), 100_000, 3);
        check(at(2015, 2, 1, 0), 200_000, 2);
        check(at(2015, 3, 31, 23), 300_000, 1);
        check(at(2015, 4, 1, 0), 400_000, 0);
    }

    #[test]
    fn without_stages_everything_is_released_at_activation() {
        for stages in [0, 1] {
            let plan = ReleasePlan::even(Fen::new(10_001), stages, at(2015, 1, 1, 0));
            assert_eq!(
                plan.released(Fen::new(10_001), at(2015, 1, 1, 0)),
                Fen::new(10_001)
            );
            assert_eq!(plan.remaining_stages(Fen::new(10_001), at(2015, 1, 1, 0)), 0);
        }
    }

    #[test]
    fn an_even_plan_is_never_taken_for_an_uneven_one() {
        for stages in 1..=60_u32 {
            for face in (i64::from(stages) * i64::from(stages))..(i64::from(stages) * i64::from(stages) + 200)
            {
                let plan = ReleasePlan::even(Fen::new(face), stages, at(2015, 1, 1, 0));
                assert_eq!(
                    plan.monthly_stages(Fen::new(face)),
                    stages - 1,
                    "{face} in {stages}"
                );
            }
        }
    }
}
