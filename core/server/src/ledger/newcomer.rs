//! Customers and accounts that come into being: whose a mobile number is, and new numbers.

use super::Ledger;
use super::number::{bits, customer_id};
use super::tries::Halt;
use crate::failure::Failure;
use crate::validate::CustomerName;
use map_domain::account_number::CASH_PREFIX;
use map_domain::catalogue::Product;
use map_domain::{AccountNumber, CustomerId, MobileNumber};
use map_store::records;

impl Ledger {
    /// The owner of a mobile number. `None`: nobody ever had it.
    pub(super) async fn owner(&self, mobile: &MobileNumber) -> Result<Option<CustomerId>, Halt> {
        let owner = records::owner_of_mobile(&*self.core.store, mobile)
            .await
            .map_err(Halt::read)?;
        Ok(owner.map(|owner| owner.customer))
    }

    /// The customer of this name. An identifier says who it would be, not that there is one.
    pub(super) async fn named(&self, name: &CustomerName) -> Result<Option<CustomerId>, Halt> {
        match name {
            CustomerName::Mobile(mobile) => self.owner(mobile).await,
            CustomerName::Id(customer) => Ok(Some(*customer)),
        }
    }

    /// The owner of a mobile number; a new customer where nobody ever had it.
    ///
    /// The number is taken before anything is bound to the customer, so that two first orders
    /// meet in one partition. It says who the customer will be, not that there is one.
    pub(super) async fn owner_or_newcomer(&self, mobile: &MobileNumber) -> Result<CustomerId, Halt> {
        if let Some(customer) = self.owner(mobile).await? {
            return Ok(customer);
        }
        let claim = records::mobile_claim(mobile, 0, customer_id(&*self.core.random));
        let said = self.core.store.claim(vec![claim]).await.map_err(Halt::read)?;
        match said.first() {
            Some(value) => records::bound_to(value).map_err(Halt::read),
            None => Err(Halt::Final(Failure::Internal(
                "a claim without an answer".to_owned(),
            ))),
        }
    }

    /// A number for a new cash account. Whether it is free is told by the commit.
    pub(super) fn new_cash_number(&self) -> Result<AccountNumber, Halt> {
        self.new_number(CASH_PREFIX)
    }

    /// A number for a new card.
    pub(super) fn new_card_number(&self, product: Option<&Product>) -> Result<AccountNumber, Halt> {
        self.new_number(product.map_or(CASH_PREFIX, |product| &product.number_prefix))
    }

    fn new_number(&self, prefix: &str) -> Result<AccountNumber, Halt> {
        let region = self.core.catalogue().region.clone().unwrap_or_default();
        AccountNumber::build(prefix, &region, bits(&*self.core.random))
            .map_err(|error| Halt::Final(Failure::Internal(format!("no account number: {error}"))))
    }
}
