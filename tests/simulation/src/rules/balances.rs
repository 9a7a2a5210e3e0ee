//! Every account's balance is the sum of its postings, and none is negative.

use super::Case;
use map_domain::LedgerAccount;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for holder in case.truth.customers.values() {
        for account in &holder.accounts {
            let ledger = LedgerAccount::Account(account.number.clone());
            let postings = holder.entries.iter().flat_map(|entry| &entry.postings);
            let its = postings.filter(|posting| posting.ledger == ledger);
            let sum: i64 = its.map(|posting| posting.amount.get()).sum();
            let balance = account.balance.get();
            if balance != sum || balance < 0 {
                let number = account.number.as_str();
                broken.push(format!(
                    "account {number} has {balance} fen, its postings sum to {sum}"
                ));
            }
        }
    }
    broken
}
