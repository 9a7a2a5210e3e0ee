//! An operator's act on the catalogue: one conditional commit, with the act's order under its key.

use crate::catalogue::CATALOGUE_ROUNDS;
use crate::failure::Failure;
use map_domain::Order;
use map_store::codec::Body;
use map_store::records::{index_rows, order_claim};
use map_store::{Commit, PartitionId, Row, RowWrite, Version, keys};
use std::future::Future;

/// Makes attempts until one is settled; `None`: somebody else was faster. After an unknown outcome nothing else
/// is said until the store has told what became of it: a later "no" may have come after ours.
pub(super) async fn settled<T, A>(what: &str, attempt: impl Fn() -> A) -> Result<T, Failure>
where
    A: Future<Output = Result<Option<T>, Failure>>,
{
    let mut unknown = false;
    for _ in 0..CATALOGUE_ROUNDS {
        match attempt().await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            Err(Failure::OutcomeUnknown) => {
                tracing::warn!(what, "looked at again after an unknown outcome");
                unknown = true;
            }
            Err(_) if unknown => return Err(Failure::OutcomeUnknown),
            Err(failure) => return Err(failure),
        }
    }
    Err(if unknown {
        Failure::OutcomeUnknown
    } else {
        Failure::Unavailable
    })
}

/// The act's rows and its order, at the version that it was decided on.
pub(super) fn commit(expected: Version, mut rows: Vec<RowWrite>, order: &Order) -> Commit {
    rows.push(RowWrite::Insert(Row {
        key: keys::order_row(&order.key),
        body: order.to_body(),
    }));
    Commit {
        partition: PartitionId::Catalogue,
        expected,
        rows,
        claims: vec![order_claim(&order.key, PartitionId::Catalogue, order.content, 0)],
        index: index_rows(&PartitionId::Catalogue, order, None),
        business_day: None,
    }
}
