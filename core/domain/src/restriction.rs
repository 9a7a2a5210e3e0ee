//! Where and for what an account pays (decision 26).

use crate::order::Purchase;
use crate::{PosKey, SellerId, TerminalId, Timestamp};

/// Where and for what an account pays. An empty list restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restrictions {
    /// Sellers.
    pub sellers: Vec<SellerId>,
    /// Terminals.
    pub terminals: Vec<TerminalId>,
    /// Fuel products: code and name, either of which a payment may carry.
    pub fuel_products: Vec<(String, String)>,
    /// Hours of the day in Shanghai, `from` inclusive, `to` exclusive, 0–24.
    pub hours: Vec<(u8, u8)>,
}

impl Restrictions {
    /// Whether they allow this purchase at this terminal now: every list that is not empty names it.
    pub fn allow(&self, terminal: &PosKey, purchase: &Purchase, now: Timestamp) -> bool {
        let product = purchase.product_name.as_str();
        let hour = now.hour_of_day();
        allows(&self.sellers, |seller| *seller == terminal.seller)
            && allows(&self.terminals, |id| *id == terminal.terminal)
            && allows(&self.fuel_products, |(code, name)| {
                product == code || product == name
            })
            && allows(&self.hours, |(from, to)| (*from..*to).contains(&hour))
    }
}

/// An empty list allows everything, another what one of its items allows.
fn allows<T>(list: &[T], matches: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::Restrictions;
    use crate::order::Purchase;
    use crate::{BatchNumber, PosKey, SellerId, SerialNumber, TerminalId, Timestamp};
    use jiff::civil::datetime;

    fn restrictions() -> Restrictions {
        Restrictions {
            sellers: vec![SellerId::parse("S1").unwrap()],
            terminals: vec![TerminalId::parse("T1").unwrap(), TerminalId::parse("T2").unwrap()],
            fuel_products: vec![("1010".into(), "92#".into()), ("1020".into(), "95#".into())],
            hours: vec![(6, 9), (22, 24)],
        }
    }

    fn check(
        restrictions: &Restrictions,
        seller: &str,
        terminal: &str,
        product: &str,
        hour: i8,
        expect: bool,
    ) {
        let key = PosKey {
            seller: SellerId::parse(seller).unwrap(),
            terminal: TerminalId::parse(terminal).unwrap(),
            generation: 0,
            batch: BatchNumber::parse("1").unwrap(),
            serial: SerialNumber::parse("1").unwrap(),
        };
        let purchase = Purchase {
            product_name: product.into(),
            ..Purchase::default()
        };
        let now = Timestamp::from_civil(datetime(2015, 6, 1, hour, 59, 59, 0));
        assert_eq!(
            restrictions.allow(&key, &purchase, now),
            expect,
            "{seller} {terminal} {product} {hour}"
        );
    }

    #[test]
    fn every_list_must_name_the_purchase() {
        let all = restrictions();
        check(&all, "S1", "T2", "1010", 6, true);
        check(&all, "S1", "T2", "95#", 8, true);
        check(&all, "S1", "T1", "92#", 23, true);
        check(&all, "S2", "T1", "92#", 8, false);
        check(&all, "S1", "T3", "92#", 8, false);
        check(&all, "S1", "T1", "98#", 8, false);
        check(&all, "S1", "T1", "", 8, false);
        check(&all, "S1", "T1", "92#", 9, false);
        check(&all, "S1", "T1", "92#", 5, false);
        check(&all, "S1", "T1", "92#", 21, false);
        check(&all, "S1", "T1", "92#", 0, false);
    }

    #[test]
    fn empty_lists_restrict_nothing() {
        check(&Restrictions::default(), "S9", "T9", "", 3, true);
    }
}
