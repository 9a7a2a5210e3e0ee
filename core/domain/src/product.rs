//! Whether a product is sound, and the release plan of its cards (decisions 24–26). Provisioning
//! refuses a product that is not, so that no card is ever opened from one.

use crate::catalogue::Product;
use crate::{Fen, ReleasePlan, Restrictions, Timestamp};

/// What is wrong with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductProblem {
    /// Which field, by the name it has in [`Product`].
    pub field: &'static str,
    /// What is expected of it.
    pub expected: &'static str,
}

/// A century: no plan or validity is longer.
const MAX_MONTHS: u32 = 1200;

/// Whether it holds, the field it is about, and what is expected of that.
type Rule = (bool, &'static str, &'static str);

impl Product {
    /// The release plan of a card that is activated now.
    pub fn plan(&self, activated_at: Timestamp) -> ReleasePlan {
        match self.uneven {
            Some((first, stage)) => ReleasePlan::uneven(first, self.stages, stage, activated_at),
            None => ReleasePlan::even(self.face_value, self.stages, activated_at),
        }
    }

    /// Everything that is wrong with the product; empty: it is sound.
    pub fn problems(&self) -> Vec<ProductProblem> {
        let rules = [self.face(), self.release(), self.spending()]
            .into_iter()
            .flatten();
        let broken = rules.filter(|(holds, ..)| !holds);
        broken
            .map(|(_, field, expected)| ProductProblem { field, expected })
            .collect()
    }

    /// What it is and costs.
    fn face(&self) -> Vec<Rule> {
        vec![
            (!self.name.is_empty(), "name", "a name"),
            (self.kind.is_sold(), "kind", "an instalment or a discount card"),
            (
                crate::id::is_digits(&self.number_prefix, 4)
                    && self.number_prefix.starts_with(&self.kind.code().to_string()),
                "number_prefix",
                "four digits that begin with those of the account type (20 instalment, 26 discount)",
            ),
            (self.price.is_positive(), "price", "an amount of 1 fen or more"),
            (
                self.face_value.is_positive(),
                "face_value",
                "an amount of 1 fen or more",
            ),
            (self.price <= self.face_value, "price", "at most the face value"),
        ]
    }

    /// When its face value is released, and until when it pays.
    fn release(&self) -> Vec<Rule> {
        let (last, end) = (self.last_release_month(), self.validity_months);
        let plan = match self.uneven {
            Some((first, stage)) => vec![
                (self.stages > 0, "stages", "1 or more for an uneven plan"),
                (
                    first.is_positive() && stage.is_positive() && self.sums_to_face_value(first, stage),
                    "uneven",
                    "first release and stages, each 1 fen or more, that sum to the face value",
                ),
            ],
            None => vec![(
                i64::from(self.stages)
                    .checked_mul(i64::from(self.stages))
                    .is_some_and(|least| least <= self.face_value.get()),
                "stages",
                "stages of at least as many fen as there are stages",
            )],
        };
        let mut rules = vec![
            (
                (1..=MAX_MONTHS).contains(&end),
                "validity_months",
                "1 to 1200 months",
            ),
            (self.stages <= MAX_MONTHS, "stages", "0 to 1200 stages"),
        ];
        rules.extend(plan);
        rules.push((
            end == 0 || last < end,
            "validity_months",
            "an end after the last release",
        ));
        rules
    }

    /// Where, when and for what it is spent.
    fn spending(&self) -> Vec<Rule> {
        let Restrictions {
            hours, fuel_products, ..
        } = &self.restrictions;
        vec![
            (
                hours.iter().all(|(from, to)| from < to && *to <= 24),
                "restrictions.hours",
                "hours from 0 to 24, each range with an end after its start",
            ),
            (
                fuel_products
                    .iter()
                    .all(|(code, name)| !code.is_empty() && !name.is_empty()),
                "restrictions.fuel_products",
                "a code and a name for each",
            ),
        ]
    }

    /// Whether an uneven plan is the face value, no more and no less.
    fn sums_to_face_value(&self, first: Fen, stage: Fen) -> bool {
        stage
            .checked_mul(i64::from(self.stages))
            .and_then(|rest| rest.checked_add(first))
            == Some(self.face_value)
    }

    /// How many months after activation the last release is.
    fn last_release_month(&self) -> u32 {
        match self.uneven {
            Some(_) => self.stages,
            None => self.stages.saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Product;
    use crate::{AccountType, Fen, ProductId, Restrictions};

    fn sound() -> Product {
        Product {
            id: ProductId::parse("P1").unwrap(),
            name: "分期卡".into(),
            short_name: "分期".into(),
            kind: AccountType::Instalment,
            number_prefix: "2001".into(),
            price: Fen::new(390_000),
            face_value: Fen::new(400_000),
            stages: 12,
            uneven: None,
            validity_months: 12,
            restrictions: Restrictions::default(),
            remark: String::new(),
            active: true,
        }
    }

    fn check(change: impl FnOnce(&mut Product), expect: &[&str]) {
        let mut product = sound();
        change(&mut product);
        let fields: Vec<_> = product
            .problems()
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, expect, "{product:?}");
    }

    #[test]
    fn sound_products_are_accepted() {
        check(|_| {}, &[]);
        check(|p| p.stages = 0, &[]);
        check(|p| p.price = p.face_value, &[]);
        check(
            |p| (p.stages, p.uneven) = (3, Some((Fen::new(100_000), Fen::new(100_000)))),
            &[],
        );
        check(
            |p| (p.kind, p.number_prefix) = (AccountType::Discount, "2601".into()),
            &[],
        );
        check(|p| p.restrictions.hours = vec![(0, 24), (6, 9)], &[]);
    }

    #[test]
    fn each_fault_names_its_field() {
        check(|p| p.name.clear(), &["name"]);
        check(
            |p| (p.kind, p.number_prefix) = (AccountType::Cash, "9501".into()),
            &["kind"],
        );
        check(|p| p.number_prefix = "2601".into(), &["number_prefix"]);
        check(|p| p.number_prefix = "200".into(), &["number_prefix"]);
        check(|p| p.number_prefix = "20x1".into(), &["number_prefix"]);
        check(|p| p.price = Fen::ZERO, &["price"]);
        check(|p| p.price = Fen::new(400_001), &["price"]);
        check(
            |p| (p.stages, p.face_value) = (0, Fen::ZERO),
            &["face_value", "price"],
        );
        check(|p| (p.stages, p.validity_months) = (0, 0), &["validity_months"]);
        check(|p| p.restrictions.hours = vec![(9, 9)], &["restrictions.hours"]);
        check(|p| p.restrictions.hours = vec![(9, 25)], &["restrictions.hours"]);
        check(
            |p| p.restrictions.fuel_products = vec![("1".into(), "".into())],
            &["restrictions.fuel_products"],
        );
    }

    #[test]
    fn a_plan_must_sum_to_the_face_value_and_end_before_the_card() {
        let uneven = |stages, first, stage| {
            move |p: &mut Product| (p.stages, p.uneven) = (stages, Some((Fen::new(first), Fen::new(stage))))
        };
        check(uneven(3, 100_000, 99_999), &["uneven"]);
        check(uneven(3, 400_000, 0), &["uneven"]);
        check(uneven(3, i64::MAX, i64::MAX), &["uneven"]);
        check(uneven(0, 400_000, 1), &["stages"]);
        check(uneven(12, 40_000, 30_000), &["validity_months"]);
        check(|p| p.validity_months = 11, &["validity_months"]);
        check(
            |p| (p.price, p.face_value) = (Fen::new(1), Fen::new(143)),
            &["stages"],
        );
        check(|p| (p.price, p.face_value) = (Fen::new(1), Fen::new(144)), &[]);
    }
}
