//! Accounts, their plans and restrictions.

use super::{Flaw, fen, id, list, optional_id, required, time, wire};
use map_domain::catalogue::FuelProduct;
use map_domain::{
    Account, AccountNumber, AccountType, CallerId, ProductId, ReleasePlan, Restrictions, SellerId,
    TerminalId, Validity,
};

super::body!(Account, wire::Account, "account");
super::body!(FuelProduct, wire::FuelProduct, "fuel product");

pub(super) const fn account_type(kind: AccountType) -> wire::AccountType {
    match kind {
        AccountType::Instalment => wire::AccountType::Instalment,
        AccountType::Discount => wire::AccountType::Discount,
        AccountType::Cash => wire::AccountType::Cash,
        AccountType::Investment => wire::AccountType::Investment,
    }
}

pub(super) fn read_account_type(field: &'static str, number: i32) -> Result<AccountType, Flaw> {
    match wire::AccountType::try_from(number) {
        Ok(wire::AccountType::Instalment) => Ok(AccountType::Instalment),
        Ok(wire::AccountType::Discount) => Ok(AccountType::Discount),
        Ok(wire::AccountType::Cash) => Ok(AccountType::Cash),
        Ok(wire::AccountType::Investment) => Ok(AccountType::Investment),
        Ok(wire::AccountType::Unspecified) | Err(_) => Err(Flaw(field)),
    }
}

impl From<&Account> for wire::Account {
    fn from(account: &Account) -> Self {
        Self {
            number: account.number.as_str().to_owned(),
            kind: account_type(account.kind).into(),
            product: account.product.as_ref().map(ToString::to_string),
            face_value_fen: account.face_value.get(),
            price_fen: account.price.get(),
            balance_fen: account.balance.get(),
            plan: Some(wire::ReleasePlan {
                stages: account.plan.stages,
                first_fen: account.plan.first.get(),
                stage_fen: account.plan.stage.get(),
                activated_at_ms: account.plan.activated_at.as_millis(),
            }),
            validity: Some(wire::Validity {
                from_ms: account.validity.from.as_millis(),
                until_ms: account.validity.until.map(|until| until.as_millis()),
            }),
            frozen: account.frozen,
            pending: account.pending,
            restrictions: Some((&account.restrictions).into()),
            opened_at_ms: account.opened_at.as_millis(),
            opened_by: account.opened_by.to_string(),
        }
    }
}

impl TryFrom<wire::Account> for Account {
    type Error = Flaw;

    fn try_from(account: wire::Account) -> Result<Self, Flaw> {
        let plan = account.plan.ok_or(Flaw("plan"))?;
        let validity = account.validity.ok_or(Flaw("validity"))?;
        Ok(Self {
            number: id("number", &account.number, AccountNumber::parse)?,
            kind: read_account_type("kind", account.kind)?,
            product: optional_id("product", account.product.as_deref(), ProductId::parse)?,
            face_value: fen(account.face_value_fen),
            price: fen(account.price_fen),
            balance: fen(account.balance_fen),
            plan: ReleasePlan {
                stages: plan.stages,
                first: fen(plan.first_fen),
                stage: fen(plan.stage_fen),
                activated_at: time(plan.activated_at_ms),
            },
            validity: Validity {
                from: time(validity.from_ms),
                until: validity.until_ms.map(time),
            },
            frozen: account.frozen,
            pending: account.pending,
            restrictions: required("restrictions", account.restrictions)?,
            opened_at: time(account.opened_at_ms),
            opened_by: id("opened_by", &account.opened_by, CallerId::parse)?,
        })
    }
}

impl From<&Restrictions> for wire::Restrictions {
    fn from(restrictions: &Restrictions) -> Self {
        Self {
            sellers: restrictions.sellers.iter().map(ToString::to_string).collect(),
            terminals: restrictions.terminals.iter().map(ToString::to_string).collect(),
            fuel_products: restrictions
                .fuel_products
                .iter()
                .map(|(code, name)| wire::FuelProduct {
                    code: code.clone(),
                    name: name.clone(),
                })
                .collect(),
            hours: restrictions
                .hours
                .iter()
                .map(|(from, to)| wire::Hours {
                    from: (*from).into(),
                    to: (*to).into(),
                })
                .collect(),
        }
    }
}

impl TryFrom<wire::Restrictions> for Restrictions {
    type Error = Flaw;

    fn try_from(restrictions: wire::Restrictions) -> Result<Self, Flaw> {
        let hour = |hour: u32| u8::try_from(hour).map_err(|_| Flaw("restrictions.hours"));
        Ok(Self {
            sellers: restrictions
                .sellers
                .iter()
                .map(|seller| id("restrictions.sellers", seller, SellerId::parse))
                .collect::<Result<_, _>>()?,
            terminals: restrictions
                .terminals
                .iter()
                .map(|terminal| id("restrictions.terminals", terminal, TerminalId::parse))
                .collect::<Result<_, _>>()?,
            fuel_products: list::<_, FuelProduct>(restrictions.fuel_products)?
                .into_iter()
                .map(|product| (product.code, product.name))
                .collect(),
            hours: restrictions
                .hours
                .iter()
                .map(|hours| Ok((hour(hours.from)?, hour(hours.to)?)))
                .collect::<Result<_, Flaw>>()?,
        })
    }
}

impl From<&FuelProduct> for wire::FuelProduct {
    fn from(product: &FuelProduct) -> Self {
        Self {
            code: product.code.clone(),
            name: product.name.clone(),
        }
    }
}

impl TryFrom<wire::FuelProduct> for FuelProduct {
    type Error = Flaw;

    fn try_from(product: wire::FuelProduct) -> Result<Self, Flaw> {
        Ok(Self {
            code: product.code,
            name: product.name,
        })
    }
}
