//! Many customers at once: decided by the domain as openings and transfers are, and written through
//! the store's import. Each has a payment code, an empty card, and money in cash.

use super::payments::{APP, PAYMENT_CODE, PRODUCT, mixed, mobile};
use crate::child::Place;
use crate::config::{Layers, MapConfig, load};
use crate::outcome::Stop;
use crate::runtime::{close_store, open_store};
use crate::ui::note;
use map_domain::catalogue::Product;
use map_domain::command::{open_card, transfer};
use map_domain::{
    AccountNumber, AccountType, CallerId, CodeProof, ContentDigest, Context, Customer, CustomerId,
    CustomerState, Decision, Fen, IdentityDigest, MobileNumber, Operation, OrderId, OrderKey,
    PaymentCodeState, Policy, ProductId, Restrictions,
};
use map_server::adapters::SystemClock;
use map_server::ports::Clock as _;
use map_server::secrets::Secrets;
use map_store::{BulkRow, PartitionId, RowWrite, Store as _, Version, records};
use md5::{Digest as _, Md5};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// What each customer has in cash: a million yuan.
pub(super) const BALANCE: Fen = Fen::new(100_000_000);

/// Entries and orders of a customer that has not paid yet: the opening and the transfer.
pub(super) const ENTRIES: u64 = 2;

/// Customers that are written at once.
const CHUNK: u64 = 1000;
/// How often is told how far it is.
const TOLD: u64 = 100_000;

/// Makes the ledger of this folder with so many customers.
pub(super) async fn import(place: &Place, customers: u64) -> Result<(), Stop> {
    if customers == 0 || customers > 10_000_000 {
        return Err(Stop::usage("--customers: 1 to 10,000,000"));
    }
    let began = Instant::now();
    let file = place.config_file();
    let layers = Layers {
        file: Some(&file),
        environment: Vec::new(),
        flags: place.settings(),
    };
    let config: MapConfig = load(&layers).map_err(Stop::usage)?;
    let (store, secrets) = open_store(&config).await?;
    let context = Context {
        now: SystemClock.now(),
        policy: Policy::default(),
    };
    let make = |from: u64| {
        let (secrets, to) = (secrets.clone(), from.saturating_add(CHUNK).min(customers));
        tokio::task::spawn_blocking(move || rows(from..to, &secrets, &context))
    };
    let mut from = 0_u64;
    let mut making = make(from);
    while from < customers {
        let rows = making.await.map_err(Stop::failed)??;
        from = from.saturating_add(CHUNK);
        // The next ones are made while these are written.
        making = make(from.min(customers));
        store.import(rows).await.map_err(Stop::failed)?;
        if from.is_multiple_of(TOLD) {
            note(&format!("{from} of {customers} customers"));
        }
    }
    close_store(store).await?;
    let ms = began.elapsed().as_millis();
    note(&format!("{customers} customers made in {ms} ms"));
    Ok(())
}

fn rows(numbers: std::ops::Range<u64>, secrets: &Secrets, context: &Context) -> Result<Vec<BulkRow>, Stop> {
    let mut rows = Vec::new();
    for number in numbers {
        let made = Newcomer::new(number, secrets).and_then(|newcomer| newcomer.rows(context));
        rows.extend(made.map_err(|error| Stop::failed(format!("customer {number}: {error}")))?);
    }
    Ok(rows)
}

/// Why a customer can't be made; a defect.
type Defect = Box<dyn std::error::Error + Send + Sync>;

/// A customer to be.
struct Newcomer {
    number: u64,
    customer: CustomerId,
    mobile: MobileNumber,
    card: AccountNumber,
    cash: AccountNumber,
    code: PaymentCodeState,
    caller: CallerId,
}

impl Newcomer {
    fn new(number: u64, secrets: &Secrets) -> Result<Self, Defect> {
        let [high, low] = [number, !number].map(|half| mixed(half).to_be_bytes());
        let mut id = [0; 16];
        id.iter_mut()
            .zip(high.into_iter().chain(low))
            .for_each(|(to, from)| *to = from);
        let customer = CustomerId::new(id);
        let md5 = format!("{:x}", Md5::digest(PAYMENT_CODE.as_bytes()));
        Ok(Self {
            number,
            customer,
            mobile: MobileNumber::parse(&mobile(number))?,
            card: AccountNumber::parse(&format!("2001888{number:09}"))?,
            cash: AccountNumber::parse(&format!("9501888{number:09}"))?,
            code: PaymentCodeState::set(secrets.payment_code(&customer, &md5)),
            caller: CallerId::parse(APP)?,
        })
    }

    /// An order number of the platform's form, from a time before there was a platform.
    fn order(&self, place: u64) -> Result<OrderId, Defect> {
        let number = self.number.saturating_mul(ENTRIES).saturating_add(place);
        Ok(OrderId::parse(&format!("ud{number:020}"))?)
    }

    fn key(&self, operation: Operation) -> OrderKey {
        OrderKey::Caller {
            caller: self.caller.clone(),
            operation,
            number: format!("bench-{}", self.number),
        }
    }

    fn rows(&self, context: &Context) -> Result<Vec<BulkRow>, Defect> {
        let customer = Customer {
            payment_code: self.code.clone(),
            ..Customer::new(self.customer, Some(self.mobile.clone()), context.now)
        };
        let new = CustomerState {
            customer,
            accounts: Vec::new(),
            orders: BTreeMap::new(),
        };
        let opening = open_card::decide(&new, &self.open_card(context)?, context)
            .map_err(|refusal| format!("{refusal:?}"))?;
        let opened = CustomerState {
            customer: opening.customer.clone().ok_or("no header")?,
            accounts: opening.accounts.clone(),
            orders: BTreeMap::new(),
        };
        let moving = transfer::decide(&opened, &self.transfer()?, context)
            .map_err(|refusal| format!("{refusal:?}"))?;
        let accounts = [&self.card, &self.cash];
        let claims = accounts
            .into_iter()
            .map(|number| records::account_claim(number, self.customer))
            .chain([records::mobile_claim(&self.mobile, 0, self.customer)]);
        let mut rows: Vec<BulkRow> = claims.map(BulkRow::Claim).collect();
        self.write(Version::NONE, &new, &opening, &mut rows)?;
        self.write(Version::NONE.next(), &opened, &moving, &mut rows)?;
        Ok(rows)
    }

    /// What the commit of this decision would have written.
    fn write(
        &self,
        expected: Version,
        state: &CustomerState,
        decision: &Decision,
        rows: &mut Vec<BulkRow>,
    ) -> Result<(), Defect> {
        decision.check(state).map_err(|defect| defect.to_string())?;
        let order = decision
            .answer
            .as_ref()
            .map_err(|refusal| format!("{refusal:?}"))?;
        let partition = PartitionId::Customer(self.customer);
        let claim = records::order_claim(&order.key, partition.clone(), order.content, 0);
        let commit = records::CommitBuilder::new(expected, state, decision)
            .claims([claim])
            .build()
            .ok_or("nothing to write")?;
        rows.push(BulkRow::Partition {
            id: partition.clone(),
            version: expected.next(),
        });
        let row = |write: RowWrite| BulkRow::Row {
            partition: partition.clone(),
            row: write.row().clone(),
        };
        rows.extend(commit.rows.into_iter().map(row));
        rows.extend(commit.claims.into_iter().map(BulkRow::Claim));
        rows.extend(commit.index.into_iter().map(BulkRow::Index));
        Ok(())
    }

    fn open_card(&self, context: &Context) -> Result<open_card::OpenCard, Defect> {
        let product = ProductId::parse(PRODUCT)?;
        Ok(open_card::OpenCard {
            key: self.key(Operation::OpenCard),
            id: self.order(0)?,
            content: ContentDigest([1; 32]),
            caller: self.caller.clone(),
            identity: IdentityDigest([2; 32]),
            product: Some(Product {
                id: product.clone(),
                name: "A large card".to_owned(),
                short_name: String::new(),
                kind: AccountType::Instalment,
                number_prefix: "2001".to_owned(),
                price: BALANCE,
                face_value: BALANCE,
                stages: 0,
                uneven: None,
                validity_months: 12,
                restrictions: Restrictions::default(),
                remark: String::new(),
                active: true,
            }),
            product_id: product,
            card_number: self.card.clone(),
            cash_number: self.cash.clone(),
            received_at: context.now,
            channel: String::new(),
            channel_order: String::new(),
            remark: String::new(),
        })
    }

    fn transfer(&self) -> Result<transfer::TransferToCash, Defect> {
        Ok(transfer::TransferToCash {
            key: self.key(Operation::TransferToCash),
            id: self.order(1)?,
            content: ContentDigest([3; 32]),
            caller: self.caller.clone(),
            from: self.card.clone(),
            amount: BALANCE,
            code: CodeProof::Absent,
            may_omit_code: true,
            cash_number: self.cash.clone(),
            remark: String::new(),
        })
    }
}
